"""Enrolment on both databases: what a token allows, who waits for a person, and races."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from musterroll.domain.enrolment.secrets import matches
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, DomainError, Forbidden, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest, EnrolResult
from sqlmodel import func, select

from tests.support import records

ACTIVE, PENDING, REFUSED, REVOKED = CredentialStatus.ACTIVE, CredentialStatus.PENDING, CredentialStatus.REFUSED, CredentialStatus.REVOKED


@pytest.fixture
def issue(database: Database, now: datetime) -> Callable[..., str]:
    """Makes claim tokens, good for ten uses and a day unless told otherwise."""

    def make(**wanted: Any) -> str:
        defaults: dict[str, Any] = {"label": "t", "life": timedelta(days=1), "uses": 10, "serials": [], "account": None, "site": None}
        with database.transaction() as session:
            return enrol.create_token(session, actor="ann", now=now, **(defaults | wanted))[1]

    return make


@pytest.fixture
def places(database: Database) -> None:
    """The sites S-1 of account A-1 and S-9 of A-7."""
    with database.transaction() as session:
        for account, site in (("A-1", "S-1"), ("A-7", "S-9")):
            records.site(session, site, records.account(session, account, f"Customer {account}"))


@pytest.fixture
def enroll(database: Database, now: datetime) -> Callable[..., EnrolResult]:
    def one(
        token: str, serial: str = "ABC-123", maker: str = "Dell Inc.", model: str = "R640", at: datetime = now, **more: Any
    ) -> EnrolResult:
        with database.transaction() as session:
            return enrol.enroll(session, EnrolRequest(token, maker, model, serial, **more), at)

    return one


def _count(database: Database, table: Any) -> int:
    with database.snapshot() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def _unit(database: Database, uid: str) -> Unit:
    with database.snapshot() as session:
        return session.exec(select(Unit).where(Unit.uid == uid)).one()


def _statuses(database: Database) -> list[CredentialStatus]:
    with database.snapshot() as session:
        return list(session.exec(select(Credential.status).order_by(Credential.id)))  # type: ignore[arg-type]


def _uses(database: Database) -> int:
    with database.snapshot() as session:
        return session.exec(select(func.sum(ClaimToken.uses))).one()


def test_a_new_serial_becomes_an_unrecorded_unit_with_an_active_credential(database: Database, issue: Any, enroll: Any) -> None:
    found = enroll(issue(), " abc-123 ", evidence={"mac": "00:11"}, agent="0.1.0")
    unit = _unit(database, found.uid)
    assert (found.status, unit.lifecycle, unit.serial, unit.serial_key) == (ACTIVE, Lifecycle.UNRECORDED, "abc-123", "ABC123")
    with database.snapshot() as session:
        kept = session.exec(select(Credential)).one()
    assert kept.evidence == {"mac": "00:11", "agent": "0.1.0"}
    assert matches(found.secret, kept.secret_hash)
    assert found.secret not in kept.secret_hash


def test_only_a_hash_of_a_claim_token_is_kept(database: Database, issue: Any) -> None:
    plain = issue()
    with database.snapshot() as session:
        row = session.exec(select(ClaimToken)).one().model_dump()
    assert len(plain) == 43
    assert plain not in str(row)


def test_a_unit_known_by_paper_is_found_by_its_key_whatever_the_spelling(database: Database, issue: Any, enroll: Any) -> None:
    token = issue()
    first = enroll(token, "ABC-123", "Dell Inc.", "PowerEdge R640")
    second = enroll(token, "abc 123", "DELL", "poweredge r640")
    assert first.uid == second.uid
    assert _count(database, Unit) == 1
    assert _count(database, Product) == 1


def test_another_maker_with_the_same_serial_is_another_unit(database: Database, issue: Any, enroll: Any) -> None:
    token = issue()
    assert enroll(token, maker="Dell").uid != enroll(token, maker="Dell EMC").uid


def test_two_models_of_one_family_share_their_serials(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    with database.transaction() as session:
        for model in ("R640", "R640 XS"):
            key = model.replace(" ", "").lower()
            session.add(
                Product(maker="Dell", model=model, family="R640", maker_key="dell", model_key=key, family_key="r640", created_at=now)
            )
    token = issue()
    assert enroll(token, model="R640").uid == enroll(token, model="R640 XS").uid


@pytest.mark.parametrize(
    ("token", "at", "code"),
    [
        ({"life": timedelta(minutes=1)}, timedelta(minutes=1), "token_expired"),
        ({"serials": ["XYZ-1", "0ABC123"]}, timedelta(), "serial_not_listed"),
    ],
)
def test_a_token_that_does_not_allow_it_is_refused_and_not_consumed(
    database: Database, issue: Any, enroll: Any, now: datetime, token: dict[str, Any], at: timedelta, code: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        enroll(issue(**token), at=now + at)
    assert refused.value.code == code
    assert (_uses(database), _count(database, Unit), _count(database, Product)) == (0, 0, 0)


def test_an_unknown_token_is_refused(database: Database, enroll: Any) -> None:
    with pytest.raises(Forbidden, match="claim token is unknown") as refused:
        enroll("guess")
    assert refused.value.code == "token_unknown"


def test_a_revoked_token_is_refused(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    plain = issue()
    with database.transaction() as session:
        for _ in range(2):
            enrol.revoke_token(session, enrol.tokens(session)[0].id or 0, "ann", now)
    with pytest.raises(Forbidden) as refused:
        enroll(plain)
    assert refused.value.code == "token_revoked"
    with database.transaction() as session, pytest.raises(NotFound):
        enrol.revoke_token(session, 999, "ann", now)


def test_a_token_good_for_one_lets_no_second_in(database: Database, issue: Any, enroll: Any) -> None:
    token = issue(uses=1)
    enroll(token, "A1B2")
    with pytest.raises(Forbidden) as refused:
        enroll(token, "A1B3")
    assert refused.value.code == "token_used_up"
    assert _count(database, Unit) == 1


def test_a_listed_serial_is_compared_by_its_key(database: Database, issue: Any, enroll: Any) -> None:
    assert enroll(issue(serials=["abc 123"]), "ABC-123").status is ACTIVE


@pytest.mark.parametrize(
    "claim",
    [
        {"serial": "To Be Filled By O.E.M."},
        {"serial": "00000000"},
        {"serial": ""},
        {"serial": "AB\x00C"},
        {"serial": "\ud800"},
        {"serial": "-" * 300 + "A1"},
        {"maker": ""},
        {"maker": "!!!"},
        {"model": "R\x00640"},
        {"model": "\udcff"},
        {"model": "m" * 201},
    ],
)
def test_a_claim_that_cannot_be_is_refused_and_nothing_is_consumed(
    database: Database, issue: Any, enroll: Any, claim: dict[str, Any]
) -> None:
    token = issue()
    with pytest.raises(DomainError) as refused:
        enroll(token, **claim)
    assert refused.value.code in {"bad_serial", "bad_claim"}
    assert "\n" not in str(refused.value)
    assert (_uses(database), _count(database, Unit)) == (0, 0)


@pytest.mark.parametrize(
    "wanted",
    [{"life": timedelta()}, {"life": timedelta(days=4000)}, {"uses": 0}, {"uses": 10**9}, {"serials": ["N/A"]}, {"site": "s" * 81}],
)
def test_a_token_that_cannot_be_is_refused(database: Database, issue: Any, wanted: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        issue(**wanted)
    assert _count(database, ClaimToken) == 0


def test_a_token_of_a_place_deploys_the_unit_there_that_day(
    database: Database, places: None, issue: Any, enroll: Any, now: datetime
) -> None:
    unit = _unit(database, enroll(issue(account="A-7", site="S-9")).uid)
    with database.snapshot() as session:
        account, site = (
            session.exec(select(Account).where(Account.ref == "A-7")).one(),
            session.exec(select(Site).where(Site.ref == "S-9")).one(),
        )
        moved = session.exec(select(UnitStateChange).where(UnitStateChange.axis == "lifecycle")).one()
    assert (unit.lifecycle, unit.account_id, unit.site_id) == (Lifecycle.DEPLOYED, account.id, site.id)
    assert unit.installed_on == now.date()
    assert (moved.old, moved.new) == ("unrecorded", "deployed")
    assert "account A-7 at site S-9" in moved.cause


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"site": "S-2"},
            "there is no site 'S-2'; the nearest are S-1, S-9: enter one of these numbers, or add the site under Records first",
        ),
        ({"account": "A-77"}, "there is no account 'A-77'; the nearest are A-7 (Customer A-7), A-1 (Customer A-1): enter one"),
        ({"account": "customer a-7"}, "there is no account 'customer a-7'; the nearest are A-7 (Customer A-7), A-1"),
        (
            {"account": "Nobody Ltd"},
            "there is no account 'Nobody Ltd'; none of those registered is like it: add the account under Records first",
        ),
    ],
)
def test_an_unknown_place_is_refused_with_the_nearest_ones(
    database: Database, places: None, issue: Any, wanted: dict[str, str], sentence: str
) -> None:
    with pytest.raises(NotFound) as refused:
        issue(**wanted)
    assert str(refused.value).startswith(sentence)
    assert (_count(database, ClaimToken), _count(database, Account), _count(database, Site)) == (0, 2, 2)


def test_the_day_of_installation_on_paper_stays(database: Database, places: None, issue: Any, enroll: Any, now: datetime) -> None:
    uid = enroll(issue()).uid
    day = now.date() - timedelta(days=30)
    with database.transaction() as session:
        unit = session.exec(select(Unit)).one()
        unit.installed_on, unit.lifecycle = day, Lifecycle.SHIPPED
        session.delete(session.exec(select(Credential)).one())
    enroll(issue(site="S-1"))
    assert (_unit(database, uid).installed_on, _unit(database, uid).lifecycle) == (day, Lifecycle.DEPLOYED)


def test_a_site_of_another_account_is_refused(places: None, issue: Any) -> None:
    with pytest.raises(Conflict, match="S-1 does not belong to account"):
        issue(account="A-7", site="S-1")


def test_a_retired_unit_is_not_deployed_by_a_token(database: Database, places: None, issue: Any, enroll: Any) -> None:
    plain, token = issue(), issue(account="A-1")
    enroll(plain)
    with database.transaction() as session:
        session.exec(select(Unit)).one().lifecycle = Lifecycle.RETIRED
        session.delete(session.exec(select(Credential)).one())
    with pytest.raises(Conflict, match="retired"):
        enroll(token)
    assert _uses(database) == 1


def test_a_second_credential_waits_and_moves_nothing(database: Database, places: None, issue: Any, enroll: Any) -> None:
    first, second = enroll(issue()), enroll(issue(account="A-1", label="the clone"))
    unit = _unit(database, first.uid)
    assert (second.uid, second.status, unit.lifecycle, unit.account_id) == (first.uid, PENDING, Lifecycle.UNRECORDED, None)
    with database.snapshot() as session:
        (waiting,) = enrol.pending(session)
    assert (waiting.uid, waiting.serial, waiting.maker, waiting.token) == (first.uid, "ABC-123", "Dell Inc.", "the clone")


def test_accepting_revokes_the_old_refuses_the_others_and_deploys(
    database: Database, places: None, issue: Any, enroll: Any, now: datetime
) -> None:
    uid = enroll(issue()).uid
    enroll(issue())
    enroll(issue(account="A-1"))
    with database.transaction() as session:
        enrol.decide(session, enrol.pending(session)[1].credential_id, True, "ann", now)
    assert _statuses(database) == [REVOKED, REFUSED, ACTIVE]
    assert _unit(database, uid).lifecycle is Lifecycle.DEPLOYED
    with database.snapshot() as session:
        history = session.exec(select(UnitStateChange).where(UnitStateChange.axis == "identity").order_by(UnitStateChange.id)).all()  # type: ignore[arg-type]
    assert [(one.old, one.new) for one in history[3:]] == [("active", "revoked"), ("pending", "active"), ("pending", "refused")]
    assert {one.actor for one in history[3:]} == {"ann"}


def test_refusing_leaves_the_credential_in_use_alone(database: Database, issue: Any, enroll: Any, now: datetime) -> None:
    enroll(issue())
    enroll(issue())
    with database.transaction() as session:
        waiting = enrol.pending(session)[0].credential_id
        enrol.decide(session, waiting, False, "ann", now)
    assert _statuses(database) == [ACTIVE, REFUSED]
    with database.transaction() as session, pytest.raises(Conflict, match="already been decided: refused"):
        enrol.decide(session, waiting, True, "ann", now)
    with database.transaction() as session, pytest.raises(NotFound):
        enrol.decide(session, 999, True, "ann", now)


def _at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    def safe(number: int) -> Any:
        try:
            return work(number)
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(safe, range(count)))


def test_a_token_good_for_five_lets_in_exactly_five_of_twelve_at_once(database: Database, issue: Any, enroll: Any) -> None:
    token = issue(uses=5)
    found = _at_once(12, lambda number: enroll(token, f"RACE{number}"))
    assert found.count("token_used_up") == 7
    assert (_uses(database), _count(database, Unit)) == (5, 5)


def test_one_new_serial_enrolled_at_once_is_one_unit_with_one_active_credential(database: Database, issue: Any, enroll: Any) -> None:
    tokens = [issue(label=f"t{number}") for number in range(8)]  # a token each: one token's row lock would queue them up
    found = _at_once(8, lambda number: enroll(tokens[number], "SAME-1"))
    assert len({one.uid for one in found}) == 1
    assert sorted(_statuses(database)) == [ACTIVE] + [PENDING] * 7
    assert (_count(database, Unit), _count(database, Product)) == (1, 1)


def test_two_people_accepting_different_enrolments_at_once_leave_one_active(
    database: Database, issue: Any, enroll: Any, now: datetime
) -> None:
    for _ in range(5):
        enroll(issue())
    with database.snapshot() as session:
        waiting = [one.credential_id for one in enrol.pending(session)]

    def accept(number: int) -> None:
        with database.transaction() as session:
            enrol.decide(session, waiting[number], True, f"person {number}", now)

    assert sorted(map(str, _at_once(4, accept))) == ["None"] + ["already_decided"] * 3
    assert sorted(_statuses(database)) == [ACTIVE, REFUSED, REFUSED, REFUSED, REVOKED]
