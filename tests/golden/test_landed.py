from tests.golden import landed


def test_migrations_that_have_landed_are_never_rewritten() -> None:
    """Databases in use were made by them. New migrations may be missing from the list: `python -m tests.golden.make` adds them."""
    present = landed.hashes()
    changed = sorted(name for name, digest in landed.listed().items() if present.get(name) != digest)
    assert not changed, f"{', '.join(changed)} landed and may not be changed or removed: restore it, and write a new migration instead"
    assert landed.listed()
