"""Moves by people and replacements, on both databases."""

from datetime import date, datetime, timedelta

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.undo.undo import undo
from musterroll.usecases.units.move import move_unit
from musterroll.usecases.units.replace import replace
from musterroll.usecases.warranty.periods import apply_policies
from sqlmodel import Session, select

from tests.support import records
from tests.support.records import dump

TODAY = date(2026, 11, 1)


@pytest.fixture
def place(database: Database) -> tuple[str, str]:
    """A unit in stock, by its uid, and a customer's site."""
    with database.transaction() as session:
        owner = records.account(session, "A1")
        records.site(session, "S1", owner)
        records.site(session, "S2", records.account(session, "A2"))
        return records.unit(session, "SN1", records.product(session), lifecycle=Lifecycle.STOCK).uid, "S1"


def lifecycles(session: Session) -> list[tuple[str | None, str, str, str]]:
    return [(row.old, row.new, row.cause, row.actor) for row in session.exec(select(UnitStateChange).order_by(UnitStateChange.id))]  # type: ignore[arg-type]


def test_a_unit_is_deployed_at_a_site_by_somebody_for_a_reason(database: Database, now: datetime, place: tuple[str, str]) -> None:
    with database.transaction() as session:
        move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, reason="order 7", site=place[1])
        unit = session.exec(select(Unit)).one()
        assert (unit.lifecycle, unit.account_id, unit.site_id, unit.installed_on) == (Lifecycle.DEPLOYED, 1, 1, TODAY)
        assert lifecycles(session) == [("stock", "deployed", "order 7", "anna")]


def test_a_move_is_undone_to_the_same_bytes(database: Database, now: datetime, place: tuple[str, str]) -> None:
    with database.transaction() as session:
        apply_policies(session, [1], now)
        state = dump(session)
        change = move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, site=place[1])
        assert dump(session) != state
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state
        assert base_as_of.base(session, now, on=TODAY).all.deployed == 0


def test_going_out_again_dates_nothing_anew(database: Database, now: datetime, place: tuple[str, str]) -> None:
    with database.transaction() as session:
        day = TODAY - timedelta(days=30)
        move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, site="S1", on=day)
        move_unit(session, place[0], Lifecycle.RETURNED, actor="anna", now=now, on=day + timedelta(days=9))
        move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, site="S2")
        unit = session.exec(select(Unit)).one()
        assert (unit.installed_on, unit.account_id, unit.site_id) == (day, 2, 2)
        counts = [base_as_of.base(session, now, on=day + timedelta(days=later)).all.deployed for later in (-1, 0, 8, 9, 20, 30)]
        assert counts == [0, 1, 1, 0, 0, 1]
        assert base_as_of.base(session, now, on=day, known=TODAY - timedelta(days=1)).all.deployed == 0


def test_moving_to_another_account_leaves_the_site_of_the_old_one(database: Database, now: datetime, place: tuple[str, str]) -> None:
    with database.transaction() as session:
        move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, site="S1")
        move_unit(session, place[0], Lifecycle.DEPLOYED, actor="anna", now=now, account="A2")
        unit = session.exec(select(Unit)).one()
        assert (unit.account_id, unit.site_id) == (2, None)
        move_unit(session, place[0], Lifecycle.RETURNED, actor="anna", now=now)
        move_unit(session, place[0], Lifecycle.STOCK, actor="anna", now=now)
        assert (session.exec(select(Unit)).one().account_id, len(lifecycles(session))) == (None, 3)


def test_what_cannot_be_is_said(database: Database, now: datetime, place: tuple[str, str]) -> None:
    uid = place[0]
    wrong: list[tuple[type[DomainError], str, dict[str, object]]] = [
        (Conflict, "a stock unit cannot become returned", {"to": Lifecycle.RETURNED}),
        (Conflict, "SN1 is already stock", {"to": Lifecycle.STOCK}),
        (DomainError, "2026-11-02 is in the future", {"to": Lifecycle.SHIPPED, "on": date(2026, 11, 2)}),
        (Conflict, "site S2 does not belong to account A1", {"to": Lifecycle.DEPLOYED, "account": "A1", "site": "S2"}),
        (NotFound, "there is no site 'S9'", {"to": Lifecycle.DEPLOYED, "site": "S9"}),
        (NotFound, "there is no account 'A9'", {"to": Lifecycle.DEPLOYED, "account": "A9"}),
        (NotFound, "no unit 'nobody' is registered", {"to": Lifecycle.DEPLOYED, "uid": "nobody"}),
        (DomainError, "a unit in stock belongs to no customer", {"to": Lifecycle.STOCK, "account": "A1"}),
    ]
    for kind, sentence, given in wrong:
        with pytest.raises(kind, match=sentence), database.transaction() as session:
            move_unit(session, **{"uid": uid, "actor": "anna", "now": now, **given})  # type: ignore[arg-type]


def test_a_replacement_takes_over_place_line_and_what_is_left_of_the_warranty(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made, owner = records.product(session), records.account(session, "A1")
        where = records.site(session, "S1", owner)
        dates = {"installed_on": date(2026, 1, 1), "warranty_months": 24, "account_id": owner.id, "site_id": where.id}
        old = records.unit(session, "OLD1", made, lifecycle=Lifecycle.DEPLOYED, **dates)
        new = records.unit(session, "NEW1", made, lifecycle=Lifecycle.STOCK, warranty_months=3)
        running = records.line(session, records.contract(session, "C1", owner), "1", "OLD1")
        over = records.line(
            session, records.contract(session, "C2", owner, starts_on=date(2024, 1, 1), ends_on=date(2025, 1, 1)), "1", "OLD1"
        )
        apply_policies(session, [old.id or 0, new.id or 0], now)
        state = dump(session)
        change = replace(session, old.uid, new.uid, actor="anna", now=now, reason="RMA 12", on=TODAY)
        assert (new.lifecycle, new.site_id, old.lifecycle, old.replaced_by_id) == (Lifecycle.DEPLOYED, where.id, Lifecycle.RETURNED, new.id)
        assert [session.get_one(ContractLine, one.id).serial_key for one in (running, over)] == ["NEW1", "OLD1"]
        periods = session.exec(select(WarrantyPeriod).where(WarrantyPeriod.unit_id == new.id)).all()
        assert {(row.kind.value, row.starts_on, row.ends_on) for row in periods} == {
            ("standard", TODAY, date(2027, 2, 1)),
            ("inherited", TODAY, date(2028, 1, 1)),
        }
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state


def test_replacements_make_chains_but_no_circle(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made = records.product(session)
        a, b, c = (records.unit(session, serial, made, lifecycle=Lifecycle.DEPLOYED).uid for serial in ("AA1", "BB1", "CC1"))
        replace(session, a, b, actor="anna", now=now)
        replace(session, b, c, actor="anna", now=now)
    wrong = [
        (c, a, "AA1 was itself replaced by CC1"),
        (a, c, "AA1 has already been replaced by BB1"),
        (c, c, "CC1 cannot replace itself"),
    ]
    for uid, by, sentence in wrong:
        with pytest.raises(Conflict, match=sentence), database.transaction() as session:
            replace(session, uid, by, actor="anna", now=now)
