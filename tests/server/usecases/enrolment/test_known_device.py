"""A device that asks again, and one whose maker or model has another name, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from musterroll.domain.enrolment.secrets import matches
from musterroll.domain.values.errors import Forbidden
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.matching import Proposal
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.enrolment import broker_logins, enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest, EnrolResult
from musterroll.usecases.matching import proposals
from musterroll.usecases.messages import births, receive
from musterroll.usecases.messages.births import UnitBirth
from musterroll_wire.messages import Birth
from sqlmodel import col, func, select

ACTIVE, PENDING = CredentialStatus.ACTIVE, CredentialStatus.PENDING
MAC = {"mac": "02:42:ac:11:00:02", "board_serial": "PGX77"}


@pytest.fixture
def issue(database: Database, now: datetime) -> Callable[..., str]:
    def make(uses: int = 1, **wanted: Any) -> str:
        defaults: dict[str, Any] = {"label": "t", "life": timedelta(days=1), "serials": [], "account": None, "site": None}
        with database.transaction() as session:
            return enrol.create_token(session, actor="ann", now=now, uses=uses, **(defaults | wanted))[1]

    return make


@pytest.fixture
def enroll(database: Database, now: datetime) -> Callable[..., EnrolResult]:
    def one(token: str, serial: str = "K400-7", maker: str = "Acme", model: str = "Pump", evidence: object = MAC) -> EnrolResult:
        with database.transaction() as session:
            return enrol.enroll(session, EnrolRequest(token, maker, model, serial, evidence, "0.1.0"), now)

    return one


def counts(database: Database) -> tuple[int, int, int]:
    """Units, credentials and uses of tokens."""
    with database.snapshot() as session:
        rows = [session.exec(select(func.count()).select_from(table)).one() for table in (Unit, Credential)]
        return (rows[0], rows[1], session.exec(select(func.sum(ClaimToken.uses))).one())


def birth(database: Database, uid: str, now: datetime, serial: str = "K400-7", evidence: dict[str, str] = MAC) -> None:
    with database.transaction() as session:
        ids = receive.ensure_status_rows(session, [uid])
        births.record_births(session, [UnitBirth(ids[uid], Birth(1, 1, 1, 0, serial, "Acme", "Pump", 60, evidence=evidence))], now)


def test_an_answer_lost_on_the_way_costs_no_use_and_no_row(database: Database, issue: Any, enroll: Any) -> None:
    token = issue()
    answers = [enroll(token) for _ in range(4)]
    assert {(answer.uid, answer.status) for answer in answers} == {(answers[0].uid, ACTIVE)}
    assert counts(database) == (1, 1, 1)
    with database.snapshot() as session:
        login = [broker_logins.authenticate(session, answer.uid, answer.secret) for answer in answers]
        causes = session.exec(select(UnitStateChange.cause).where(UnitStateChange.axis == "identity")).all()
    assert [bool(credential) for credential in login] == [False, False, False, True]
    assert len([cause for cause in causes if "has a new secret" in cause]) == 1


def test_each_retry_tells_the_brokers(database: Database, issue: Any, enroll: Any) -> None:
    token = issue()
    enroll(token)
    with database.snapshot() as session:
        before = broker_logins.revision(session)
    enroll(token)
    with database.snapshot() as session:
        assert broker_logins.revision(session) > before


def test_a_pending_enrolment_is_repeated_too(database: Database, issue: Any, enroll: Any) -> None:
    enroll(issue())
    token = issue()
    waiting = [enroll(token) for _ in range(3)]
    assert {answer.status for answer in waiting} == {PENDING}
    assert counts(database) == (1, 2, 2)
    with database.snapshot() as session:
        (row,) = enrol.pending(session)
        kept = session.get_one(Credential, row.credential_id)
    assert matches(waiting[-1].secret, kept.secret_hash)


def test_a_device_that_has_reported_is_not_replaced_by_a_retry(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    token, few = issue(), issue(uses=2)
    birth(database, enroll(few).uid, now)
    assert enroll(few).status is PENDING
    birth(database, enroll(token, "K400-8", evidence={}).uid, now, "K400-8")
    with pytest.raises(Forbidden) as refusal:
        enroll(token, "K400-8", evidence={})
    assert refusal.value.code == "token_used_up"


def test_a_list_that_knows_of_the_unit_does_not_count_as_its_report(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    token = issue()
    uid = enroll(token).uid
    with database.transaction() as session:
        receive.ensure_status_rows(session, [uid])
        session.exec(select(UnitStatus)).one().heard_at = to_ms(now) + 1000
    assert enroll(token).status is ACTIVE


@pytest.mark.parametrize("change", [{"evidence": {"mac": "02:42:ac:11:00:03"}}, {"evidence": {}}, {"serial": "K400-9"}])
def test_another_device_spends_a_use_of_its_own(database: Database, issue: Any, enroll: Any, change: dict[str, Any]) -> None:
    token = issue()
    enroll(token)
    with pytest.raises(Forbidden) as refusal:
        enroll(token, **change)
    assert refusal.value.code == "token_used_up"
    assert counts(database) == (1, 1, 1)


def test_a_revoked_token_repeats_nothing(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    token = issue()
    enroll(token)
    with database.transaction() as session:
        enrol.revoke_token(session, enrol.tokens(session)[0].id or 0, "ann", now)
    with pytest.raises(Forbidden) as refusal:
        enroll(token)
    assert refusal.value.code == "token_revoked"


def test_retries_at_once_are_one_enrolment(database: Database, issue: Any, enroll: Any) -> None:
    token = issue()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: enroll(token), range(8)))
    assert counts(database) == (1, 1, 1)
    with database.snapshot() as session:
        assert sum(bool(broker_logins.authenticate(session, answer.uid, answer.secret)) for answer in answers) == 1


@pytest.mark.parametrize(
    ("evidence", "kept"),
    [
        ({"mac": "02:42:ac:11:00:02\t\n"}, {"mac": "02:42:ac:11:00:02"}),
        ({"mac": "\x00", "board_serial": "AB\x00\ud8007"}, {"board_serial": "AB 7"}),
        ({"deep": {"er": 1}, "slots": 4, "none": None, "uuid": "u1"}, {"uuid": "u1"}),
        ({f"k{number:02}": "v" for number in range(40)}, {f"k{number:02}": "v" for number in range(32)}),
        ({"uuid": "v" * 300}, {"uuid": "v" * 256}),
        (["mac"], {}),
        (None, {}),
    ],
)
def test_rubbish_in_what_only_corroborates_is_no_refusal(
    database: Database, issue: Any, enroll: Any, evidence: object, kept: dict[str, str]
) -> None:
    assert enroll(issue(), evidence=evidence).status is ACTIVE
    with database.snapshot() as session:
        stored = session.exec(select(Credential)).one().evidence
    assert stored == kept | {"agent": "0.1.0"}


def test_another_name_of_the_maker_is_the_same_unit_and_waits_for_a_person(database: Database, issue: Any, enroll: Any) -> None:
    first = enroll(issue())
    second = enroll(issue(), "k400 7", "Acme Pumps International", "Pump III", {"mac": "02-42-AC-11-00-02"})
    assert (second.uid, second.status) == (first.uid, PENDING)
    with database.snapshot() as session:
        (waiting,) = enrol.pending(session)
        products = session.exec(select(Product.maker)).all()
    assert (waiting.maker, waiting.evidence["maker"], waiting.evidence["model"]) == ("Acme", "Acme Pumps International", "Pump III")
    assert list(products) == ["Acme"]


@pytest.mark.parametrize("evidence", [{}, {"mac": "02:42:ac:11:00:09"}, {"machine_id": "m1"}])
def test_one_serial_of_two_makers_is_two_units(database: Database, issue: Any, enroll: Any, evidence: dict[str, str]) -> None:
    assert enroll(issue(), evidence=evidence | {"machine_id": "m1"}).uid != enroll(issue(), maker="Tarn").uid


def test_a_mac_address_of_many_machines_makes_no_two_units_one(database: Database, issue: Any, enroll: Any) -> None:
    shared = {"mac": "00:00:00:00:00:00", "board_serial": "Default string"}
    assert enroll(issue(), evidence=shared).uid != enroll(issue(), maker="Tarn", evidence=shared).uid


def test_two_units_that_turn_out_to_be_one_device_are_proposed_once(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    first, second = enroll(issue(), evidence={}), enroll(issue(), maker="Acme Pumps International", evidence={})
    assert first.uid != second.uid
    birth(database, first.uid, now)
    birth(database, second.uid, now)
    with database.transaction() as session:
        (proposal,) = session.exec(select(Proposal)).all()
        assert (proposal.kind, proposal.state) == ("unit_twin", "open")
        assert {row["field"] for row in proposal.evidence} >= {"serial", "hardware"}
        proposals.find_matches(session, now)
        assert session.exec(select(Proposal.state)).all() == ["open"]
        proposals.reject(session, proposal.id or 0, actor="ann", now=now)
    with database.transaction() as session:
        ids = receive.ensure_status_rows(session, [second.uid])
        births.record_births(session, [UnitBirth(ids[second.uid], Birth(2, 1, 1, 0, "K400-7", "A", "P", 60, evidence=MAC))], now)
        assert session.exec(select(col(Proposal.state))).all() == ["rejected"]


def test_two_devices_with_one_serial_and_hardware_of_their_own_are_not_proposed(
    database: Database, issue: Any, enroll: Any, now: datetime
) -> None:
    for number, maker in enumerate(("Acme", "Tarn")):
        birth(database, enroll(issue(), maker=maker, evidence={}).uid, now, evidence={"mac": f"02:42:ac:11:00:0{number}"})
    with database.snapshot() as session:
        assert session.exec(select(Proposal)).all() == []
