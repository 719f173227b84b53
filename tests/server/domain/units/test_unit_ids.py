from musterroll.domain.units.serials import UID_ALPHABET, new_uid, new_uids


def test_ids_that_are_drawn_together_differ_and_lie_together() -> None:
    """An index takes them in few of its pages: those of ids in no order are all over it."""
    uids = new_uids(5_000)
    assert len(set(uids)) == 5_000
    assert uids == sorted(uids)
    assert {uid[:2] for uid in uids} == {uids[0][:2]}
    assert {len(uid) for uid in uids} == {10}
    assert set("".join(uids)) <= set(UID_ALPHABET)
    assert len({new_uid()[:2] for _ in range(200)}) > 1
