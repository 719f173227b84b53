from datetime import datetime

import pytest
from musterroll.domain.liveness import Liveness
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.usecases.units.look_up import look_up, unit_card

from tests.support.unit_rows import LONG_AGO, listening, place, unit


@pytest.mark.parametrize("code", ["tn5520-qdm mrtsk", "TN5520QDMMRTSK", " tn5520qdm_mrtsk\n", "uuuuuuuuu1", "UUUUUUUUU1"])
def test_a_serial_in_any_writing_and_a_unit_id_find_the_unit(database: Database, now: datetime, code: str) -> None:
    with database.transaction() as session:
        unit(session, "TN5520QDMMRTSK", uid="uuuuuuuuu1")
    with database.snapshot() as session:
        found = look_up(session, code, now)
    assert [card.uid for card in found.units] == ["uuuuuuuuu1"]
    assert found.problem is None


@pytest.mark.parametrize("tail", ["", "/", "?from=label", "#vitals"])
def test_our_own_link_finds_the_unit(database: Database, now: datetime, tail: str) -> None:
    with database.transaction() as session:
        unit(session, "SN1", uid="uuuuuuuuu1")
    with database.snapshot() as session:
        found = look_up(session, f"https://roll.example/units/uuuuuuuuu1{tail}", now)
    assert [card.serial for card in found.units] == ["SN1"]


def test_a_link_to_a_unit_that_is_not_there_says_so(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        found = look_up(session, "https://roll.example/units/gone", now)
    assert not found.units
    assert "no unit has the ID gone" in str(found.problem)


def test_one_serial_of_two_makers_gives_both(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit(session, "SN-77", maker="Acme")
        unit(session, "sn77", maker="Zenith")
    with database.snapshot() as session:
        assert [card.maker for card in look_up(session, "SN77", now).units] == ["Acme", "Zenith"]


def test_a_twin_is_suggested_and_never_taken_for_the_unit(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit(session, "00O17")
    with database.snapshot() as session:
        found = look_up(session, "0017", now)
    assert found.units == []
    assert [card.serial for card in found.twins] == ["00O17"]
    assert "no registered unit has the serial 0017" in str(found.problem)


@pytest.mark.parametrize("code", ["https://roll.example/u/UUUUUUUUU1", "]d2010950600013435221SN-1", "010950600013435221SN1", "S/N: sn1"])
def test_a_scanned_label_finds_the_unit(database: Database, now: datetime, code: str) -> None:
    with database.transaction() as session:
        unit(session, "SN1", uid="uuuuuuuuu1")
    with database.snapshot() as session:
        assert [card.uid for card in look_up(session, code, now).units] == ["uuuuuuuuu1"]


def test_a_text_that_reads_two_ways_gives_both_units(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit(session, "SN:12")
        unit(session, "12AB")
        unit(session, "SN12AB")
    with database.snapshot() as session:
        found = look_up(session, "SN:12AB", now)
    assert {card.serial for card in found.units} == {"SN12AB", "12AB"}


def test_a_slip_is_suggested_only_where_few_units_are_that_near(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit(session, "K400MVX7")
        for n in range(9):
            unit(session, f"AC1000{n}")
    with database.snapshot() as session:
        typed, other, crowded = (look_up(session, code, now) for code in ("K400MXV7", "K'àà?VXè", "AC1000Z"))
    assert [card.serial for card in typed.near] == [card.serial for card in other.near] == ["K400MVX7"]
    assert typed.units == typed.twins == []
    assert crowded.crowded
    assert crowded.near == []


def test_an_article_number_is_told_from_a_serial(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        assert "article number" in str(look_up(session, "4006381333931", now).problem)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [("  ", "enter or scan"), ("Default string", "placeholder"), ("%%%", "letters and digits"), ("A" * 401, "401 characters")],
)
def test_what_cannot_be_a_code_gets_a_sentence(database: Database, now: datetime, code: str, sentence: str) -> None:
    with database.snapshot() as session:
        found = look_up(session, code, now)
    assert sentence in str(found.problem)
    assert not found.units + found.twins


def test_a_card_tells_place_state_and_credentials(database: Database, now: datetime) -> None:
    ms = to_ms(now)
    with database.transaction() as session:
        listening(session, 0, ms)
        account, site = place(session, "A1", "S1")
        made = unit(session, "SN1", account_id=account, site_id=site, status={"heard_at": ms - 70_000})
        session.add(Credential(unit_id=made.id, secret_hash="x", status=CredentialStatus.PENDING, created_at=LONG_AGO))
    with database.snapshot() as session:
        card = unit_card(session, made.uid, now)
    assert (card.liveness, card.liveness_since) == (Liveness.LATE, ms - 4_000)
    assert (card.account_ref, card.site_ref, card.enrolled, card.pending) == ("A1", "S1", False, True)


def test_a_unit_without_a_voice_was_never_heard(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made = unit(session, "SN1")
    with database.snapshot() as session:
        card = unit_card(session, made.uid, now)
    assert (card.liveness, card.heard_at, card.interval) == (Liveness.NEVER_HEARD, None, 0)


@pytest.mark.parametrize("uid", ["gone", "", "'; --", "x" * 65, "\x00"])
def test_an_unknown_unit_id_is_not_found(database: Database, now: datetime, uid: str) -> None:
    with database.snapshot() as session, pytest.raises(NotFound):
        unit_card(session, uid, now)
