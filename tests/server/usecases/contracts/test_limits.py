"""Limits of contract lines: what incidents use of them, on both databases and against a count day by day."""

import struct
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from musterroll.domain.contracts.limits import Limit, LimitKind, LimitLevel, LimitPeriod, LimitUse, allowance
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.usage.days import Reading
from musterroll.domain.usage.periods import day_of
from musterroll.domain.values.dates import Span, add_months
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.readers.fields import BadRow
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.units import Incident, Unit
from musterroll.storage.tables.usage import LineUse, UnitUse, UsageSum
from musterroll.storage.usage import readings
from musterroll.storage.usage.readings import UnitCounters
from musterroll.usecases.contracts.limits import limits, set_limit
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.imports import export
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.segments import count
from musterroll.usecases.undo.undo import undo
from musterroll.usecases.usage import measure
from sqlmodel import Session, col, select

from tests.support import documents
from tests.support.documents import document, outcomes, take

NOW = datetime.fromisoformat("2026-11-01T12:00:00+00:00")
CALLS, HOURS = Limit(LimitKind.CALLS, Decimal(4), LimitPeriod.YEAR), Limit(LimitKind.HOURS, Decimal(10), LimitPeriod.QUARTER, carried=True)
RECORDS = {
    "accounts": "Account ID,Account Name\nA1,Umber\nA2,Ochre\n",
    "units": "Serial Number,Manufacturer,Model,Install Date,Status,Account ID\n"
    + "".join(f"SN{number},Acme,Pump,2026-01-15,Installed,A1\n" for number in range(1, 5)),
    "contracts": "Contract Number,Account ID,Start Date,End Date,Status,Currency\nC1,A1,2026-02-01,2028-01-31,Active,EUR\n",
    "contract-lines": "Contract Number,Line,Model,Account ID,Quantity,Price Per Year\nC1,1,Pump,A1,3,40\n",
}


@pytest.fixture
def fleet(database: Database) -> Database:
    for kind, content in RECORDS.items():
        take(database, NOW, kind, content)
    with database.transaction() as session:
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    return database


def incidents(session: Session, *rows: tuple[str, str, date, str | None]) -> None:
    units = {unit.serial: unit.id for unit in session.exec(select(Unit))}
    for ref, serial, on, hours in rows:
        session.add(Incident(ref=ref, unit_id=units[serial], serial=serial, opened_on=on, hours=hours and Decimal(hours)))
    session.flush()


def test_calls_and_hours_of_the_units_on_a_line_use_its_limits(fleet: Database) -> None:
    with fleet.transaction() as session:
        assert set_limit(session, "C1", "1", CALLS, "ann", NOW)
        assert set_limit(session, "C1", "1", HOURS, "ann", NOW)
        assert set_limit(session, "C1", "1", HOURS, "ann", NOW) is None
        first, second, third = date(2026, 2, 1), date(2026, 9, 30), date(2026, 11, 1)
        incidents(session, ("T0", "SN1", date(2026, 1, 31), "9"), ("T1", "SN1", first, "2.5"), ("T2", "SN2", second, None))
        incidents(session, ("T3", "SN3", third, "1"), ("T4", "SN4", third, "7"), ("T5", "SN3", date(2026, 11, 2), "7"))  # SN4: no seat
        calls, hours = limits(session, NOW, "C1", None, 0, 10).uses
        assert (calls.use.used, calls.use.left, calls.use.level) == (3, 1, LimitLevel.WITHIN)
        assert (hours.use.used, hours.use.allowance) == (Decimal("3.5"), (Span(first, date(2027, 2, 1)), Decimal(40)))
        assert coverage(session, "SN2", None, NOW).reasons[-2:] == (
            "1 of 4 calls left on contract line C1/1 until 31 January 2027.",
            "36.5 of 40 hours left on contract line C1/1 until 31 January 2027.",
        )
        incidents(session, ("T6", "SN2", third, None))
        assert [of.says for of in limits(session, NOW, None, LimitLevel.REACHED, 0, 10).uses] == [
            "No calls left on contract line C1/1 until 31 January 2027: 4 of 4 used."
        ]
        assert all("left on" not in reason for reason in coverage(session, "SN4", None, NOW).reasons)


def test_visits_are_incidents_that_a_part_was_used_for_also_of_a_pool(fleet: Database) -> None:
    with fleet.transaction() as session:
        for pooled in (False, True):
            visits = Limit(LimitKind.VISITS, Decimal(4), LimitPeriod.YEAR, pooled=pooled)
            set_limit(session, "C1", "1", visits, "ann", NOW)
            if not pooled:
                incidents(session, *((f"T{n}", f"SN{n}", date(2026, 10, n), None) for n in range(1, 5)))
                for incident in session.exec(select(Incident)):
                    incident.parts = {"T1": 2, "T2": 0, "T4": 1}.get(incident.ref)
                session.flush()
            (of,) = limits(session, NOW, "C1", None, 0, 10).uses
            assert of.says.split(";")[0] == f"{2 if pooled else 3} of 4 visits left on contract line C1/1 until 31 January 2027."


def test_credits_are_those_of_incidents_or_of_a_counter_and_an_unlimited_limit_is_never_near(fleet: Database) -> None:
    with fleet.transaction() as session:
        set_limit(session, "C1", "1", Limit(LimitKind.CREDITS, Decimal(10), LimitPeriod.YEAR), "ann", NOW)
        assert set_limit(session, "C1", "1", CALLS._replace(amount=None), "ann", NOW)
        assert set_limit(session, "C1", "1", CALLS._replace(amount=None), "ann", NOW) is None
        incidents(session, ("T1", "SN1", date(2026, 9, 30), None), ("T2", "SN2", date(2026, 10, 1), None))
        for incident in session.exec(select(Incident)):
            incident.credits = Decimal("4.25")
        session.flush()
        assert [of.says.split(" until")[0] for of in limits(session, NOW, "C1", None, 0, 10).uses] == [
            "Calls unlimited on contract line C1/1",
            "1.5 of 10 credits left on contract line C1/1",
        ]
        assert [of.use.limit.kind for of in limits(session, NOW, None, LimitLevel.NEAR, 0, 10).uses] == [LimitKind.CREDITS]


def line_limits(fleet: Database) -> str:
    with fleet.snapshot() as session:
        return export.page(session, "contract-lines", 0, 10, NOW)[0][1]["limits"]


LINES = 'Contract Number,Line,Model,Limits,Included Visits,Limit Period\nC1,1,Pump,"{}",{},quarter\n'


def test_contract_lines_carry_their_limits_and_import_again_unchanged(fleet: Database) -> None:
    _, taken = take(fleet, NOW, "contract-lines", LINES.format("10 hours per quarter, carried over; unlimited named seats", "2"))
    wanted = "10 hours per quarter, carried over; unlimited named seats per year; 2 visits per quarter"
    assert line_limits(fleet) == wanted
    assert outcomes(take(fleet, NOW, "contract-lines", LINES.format(wanted, ""))[0]) == ["same"]
    _, removed = take(fleet, NOW, "contract-lines", LINES.format("0 hours per quarter", "3"))
    assert line_limits(fleet) == "unlimited named seats per year; 3 visits per quarter"
    for done, before in ((removed, wanted), (taken, "")):
        with fleet.transaction() as session:
            documents.undo(session, done.run_id or 0, "ann", NOW)
        assert line_limits(fleet) == before


@pytest.mark.parametrize("wrong", ["four calls", "4 calls per week", "4 use per month", "4 calls; 5 calls", "4 visits", "-1 calls"])
def test_a_contract_line_with_a_limit_that_cannot_be_is_rejected(wrong: str) -> None:
    (row,) = document("contract-lines", LINES.format(wrong, "2")).rows()
    assert isinstance(row, BadRow)


def test_a_new_line_with_limits_goes_with_them_when_its_import_is_undone(fleet: Database) -> None:
    content = "Contract Number,Line,Model,Account ID,Quantity,Included Calls\nC1,2,Pump,A1,1,unlimited\n"
    _, taken = take(fleet, NOW, "contract-lines", content)
    with fleet.transaction() as session:
        assert export.page(session, "contract-lines", 0, 10, NOW)[1][1]["limits"] == "unlimited calls per year"
        documents.undo(session, taken.run_id or 0, "ann", NOW)
        assert [row["number"] for _, row in export.page(session, "contract-lines", 0, 10, NOW)] == ["1"]


def test_a_limit_is_changed_removed_and_undone(fleet: Database) -> None:
    with fleet.transaction() as session:
        set_limit(session, "C1", "1", CALLS, "ann", NOW)
        removed = set_limit(session, "C1", "1", CALLS._replace(amount=Decimal(0)), "ann", NOW)
        assert removed
        assert limits(session, NOW, "C1", None, 0, 10) == ([], None)
        undo(session, removed.id or 0, "ann", NOW)
        assert [of.use.limit for of in limits(session, NOW, "C1", None, 0, 10).uses] == [CALLS]
        for wrong in (CALLS._replace(amount=Decimal(-1)), CALLS._replace(amount=Decimal("NaN"))):
            with pytest.raises(Conflict):
                set_limit(session, "C1", "1", wrong, "ann", NOW)
        for contract, line in (("C1", "9"), ("C9", "1"), ("C1", "\0")):
            with pytest.raises(NotFound):
                set_limit(session, contract, line, CALLS, "ann", NOW)


def test_limited_users_see_and_set_those_of_their_accounts(fleet: Database) -> None:
    with fleet.transaction() as session:
        set_limit(session, "C1", "1", CALLS, "ann", NOW)
        other = session.exec(select(Account.id).where(Account.ref == "A2")).one() or 0
    with fleet.transaction([other]) as session:
        assert limits(session, NOW, None, None, 0, 10).uses == []
        with pytest.raises(NotFound):
            set_limit(session, "C1", "1", CALLS._replace(amount=Decimal(9)), "lee", NOW)


LATER = NOW + timedelta(days=60)


def use_of(session: Session, dice: Random) -> pd.DataFrame:
    """Some use of two counters by units of A1 and of its subsidiary A2, stored as it is measured, and the same as a frame."""
    names = readings.counter_ids(session, {"pages", "operating"})
    today, rows = day_of(LATER.date()), []
    for unit in session.exec(select(Unit)):
        for counter, counter_id in names.items():
            days = {today - back: float(dice.randint(1, 90)) for back in range(100) if dice.random() < 0.4}
            use = [days.get(day, 0.0) for day in range(min(days), max(days) + 1)]
            stored = {"day": max(days), "days": struct.pack(f"<{len(use)}d", *use)}
            session.add(UnitUse(unit_id=unit.id, counter_id=counter_id, at=0, value=0, **stored))
            rows += [(unit.serial, unit.account_id, unit.product_id, counter, counter_id, day, amount) for day, amount in days.items()]
    frame = pd.DataFrame(rows, columns=["serial", "account_id", "product_id", "counter", "counter_id", "day", "use"])
    key = ["account_id", "product_id", "counter_id", "day"]
    for values, part in frame.groupby(key):
        session.add(UsageSum(**dict(zip(key, map(int, values), strict=True)), use=float(part["use"].sum()), units=len(part)))
    return frame


@pytest.mark.parametrize("seed", [1, 2])
def test_use_and_seats_are_those_of_pandas_on_the_line_and_in_the_pool(fleet: Database, seed: int) -> None:
    take(fleet, NOW, "units", "Serial Number,Manufacturer,Model,Install Date,Status,Account ID\nSN9,Acme,Pump,2026-01-15,Installed,A2\n")
    with fleet.transaction() as session:
        parent = session.exec(select(Account.id).where(Account.ref == "A1")).one()
        session.exec(select(Account).where(Account.ref == "A2")).one().parent_id = parent
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
        frame = use_of(session, Random(seed))
        quarter, month = day_of(date(2026, 11, 1)), day_of(date(2026, 12, 1))  # of the term, which began on 1 February
        seated = frame[frame["serial"].isin(["SN1", "SN2", "SN3"])]
        pages, hours = frame[frame["counter"] == "pages"], frame[frame["counter"] == "operating"]["use"].sum() / 3600
        own = seated[(seated["counter"] == "pages") & (seated["day"] >= quarter)]
        usage = Limit(LimitKind.USAGE, Decimal(10**6), LimitPeriod.QUARTER, counter="pages")
        floating = Limit(LimitKind.FLOATING, Decimal(10), LimitPeriod.MONTH, counter="pages", pooled=True)
        cases = [
            (usage, own["use"].sum()),
            (usage._replace(counter="operating", pooled=True, period=LimitPeriod.TERM), hours),
            (Limit(LimitKind.NAMED, Decimal(10), LimitPeriod.TERM, pooled=True), frame["serial"].nunique()),
            (floating, pages[pages["day"] >= month].groupby("day").size().max()),
            (floating._replace(pooled=False, period=LimitPeriod.QUARTER), own.groupby("day").size().max()),
        ]
        for limit, expected in cases:
            set_limit(session, "C1", "1", limit, "ann", NOW)
            (use,) = (of.use for of in limits(session, LATER, "C1", None, 0, 20).uses if _same(of.use.limit, limit))
            assert float(use.used) == pytest.approx(float(expected), abs=1e-4), limit
            assert use.used > 0


def test_use_of_a_year_on_a_line_is_that_of_pandas_though_units_keep_fifteen_weeks(fleet: Database) -> None:
    dice, begins = Random(3), datetime.fromisoformat("2026-02-11T00:00:00+00:00")
    days = [begins + timedelta(days=n) for n in range(0, 261, 9)]
    grown = pd.DataFrame([[dice.randint(0, 50) for _ in days] for _ in range(4)], columns=days)
    grown[days[0]] = 0  # the first reading
    values = grown.cumsum(axis=1)
    with fleet.transaction() as session:
        set_limit(session, "C1", "1", Limit(LimitKind.USAGE, Decimal(10**6), LimitPeriod.YEAR, counter="pages"), "ann", NOW)
        units = session.exec(select(Unit).order_by(col(Unit.serial))).all()
        for day in days:
            counted = [
                UnitCounters(unit.id or 0, unit.account_id or 0, unit.product_id, {"pages": Reading(to_ms(day), float(values.at[n, day]))})
                for n, unit in enumerate(units)
            ]
            measure.read(session, counted, day)
        (of,) = limits(session, NOW, "C1", None, 0, 10).uses
        assert float(of.use.used) == pytest.approx(grown.loc[:2].to_numpy().sum(), abs=1e-3)  # SN4 has no seat
        assert len(session.exec(select(LineUse)).all()) > 100


def _same(a: Limit, b: Limit) -> bool:
    return (a.kind, a.counter, a.pooled) == (b.kind, b.counter, b.pooled)


@pytest.mark.parametrize(
    "limit",
    [
        Limit(LimitKind.USAGE, Decimal(1), LimitPeriod.MONTH),
        Limit(LimitKind.CALLS, Decimal(1), LimitPeriod.MONTH, counter="pages"),
        Limit(LimitKind.FLOATING, Decimal(1), LimitPeriod.YEAR, counter="pages", pooled=True),
        Limit(LimitKind.NAMED, Decimal(1), LimitPeriod.YEAR, carried=True),
    ],
)
def test_what_cannot_be_counted_cannot_be_a_limit(fleet: Database, limit: Limit) -> None:
    with fleet.transaction() as session, pytest.raises(Conflict):
        set_limit(session, "C1", "1", limit, "ann", NOW)


def test_a_limit_near_its_end_is_an_event_with_its_day_once_a_period_and_a_mark_in_renewals(fleet: Database) -> None:
    with fleet.transaction() as session:
        set_limit(session, "C1", "1", CALLS._replace(period=LimitPeriod.TERM), "ann", NOW)
        incidents(session, *((f"T{n}", "SN1", date(2026, 10, n + 1), None) for n in range(4)))
        set_limit(session, "C1", "1", CALLS._replace(period=LimitPeriod.TERM, amount=Decimal(5)), "ann", NOW)
    for later in (NOW, NOW + timedelta(hours=1)):
        with fleet.snapshot() as session:
            counted = count.count(session, later)
        with fleet.transaction() as session:
            count.keep(session, counted, later)
    with fleet.transaction() as session:
        (event,) = session.exec(select(EventRow).where(EventRow.kind == EventKind.LIMIT_USED)).all()
        assert (event.variant, event.on) == ("near", date(2027, 1, 9))
        assert event.detail == "1 of 5 calls left on contract line C1/1 until 31 January 2028; at this pace used up on 9 January 2027."
        assert [member.why for member in counted.members["upsell"]] == [event.detail]
        (due,) = renewals.due_contracts(session, datetime(2027, 6, 1, tzinfo=UTC)).value.due
        assert [words.split(";")[0] for words in due.limits] == ["1 of 5 calls left on contract line C1/1 until 31 January 2028"]


days = st.dates(date(2024, 1, 1), date(2027, 12, 31))


@given(days, st.integers(0, 1500), st.one_of(st.none(), st.integers(1, 60)), st.sampled_from(LimitPeriod), st.booleans())
@example(date(2024, 1, 30), 30, None, LimitPeriod.MONTH, False)
def test_the_allowance_is_that_of_the_periods_begun(
    starts_on: date, after: int, months: int | None, period: LimitPeriod, carried: bool
) -> None:
    term = Span(starts_on, None if months is None else add_months(starts_on, months))
    on = starts_on + timedelta(after)
    if not term.holds(on):
        return
    of = allowance(Limit(LimitKind.CALLS, Decimal(4), period, carried), term, on)
    assert of.span.holds(on)
    if period is LimitPeriod.TERM:
        assert of == (term, 4)
        return
    step = {"month": 1, "quarter": 3, "year": 12}[period]
    begins = [(clipped := add_months(starts_on, number * step)) + timedelta(clipped.day != starts_on.day) for number in range(80)]
    begun = [first for first in begins if first <= on]  # a day that a month lacks is the 1st of the next
    assert of.amount == 4 * (len(begun) if carried else 1)
    assert of.span.starts_on == (starts_on if carried else begun[-1])


@given(st.integers(1, 20), st.integers(0, 30), st.integers(0, 364))
def test_at_this_pace_it_is_used_up_when_the_days_before_bring_as_much(amount: int, used: int, day: int) -> None:
    span = Span(date(2026, 1, 1), date(2027, 1, 1))
    limit = Limit(LimitKind.CALLS, Decimal(amount), LimitPeriod.TERM)
    use = LimitUse(limit, allowance(limit, span, span.starts_on), Decimal(used), span.starts_on + timedelta(day))
    until = [number for number in range(day + 1, 366) if used * number >= amount * (day + 1)]
    expected = span.starts_on + timedelta(until[0] - 1) if until and 0 < used < amount else None
    assert use.used_up_on == (expected if expected and expected < date(2027, 1, 1) else None)
    assert (use.level is LimitLevel.REACHED) is (used >= amount)
    assert (use.level is LimitLevel.NEAR) is (4 * amount <= 5 * used < 5 * amount)
