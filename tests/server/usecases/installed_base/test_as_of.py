"""The installed base on any day as known on any other, and what moved it, on both databases."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.installed_base.bridge import MERGED, SPLIT, BridgeStep
from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.columns import Columns
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base.counts import BaseCount
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.storage.units import as_of as unit_as_of
from musterroll.storage.units import past, transitions
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import BaseScope, Slice
from musterroll.usecases.liveness.stale_sweep import sweep
from musterroll.usecases.messages.receive import Batch, receive
from sqlalchemy import insert, select
from sqlmodel import Session, col

from tests.support import records
from tests.support.bridge_replay import UnitState
from tests.support.reporting import enrol

DAY = timedelta(days=1)
HEARD_ALWAYS = ListeningWindow(0, 10**15)
VALUES: dict[str, list[str]] = {"lifecycle": [*Lifecycle], "liveness": [*Liveness], "identity": [MERGED, SPLIT, "active"]}
on_both = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def history(random: Random, units: Iterable[int], span: int) -> list[dict[str, object]]:
    """Transitions in the order they were recorded: some tell of long ago, some were withdrawn."""
    rows = []
    for recorded in sorted(random.randrange(span) for _ in range(40)):
        axis = random.choice(sorted(VALUES))
        rows.append(
            {
                **{"unit_id": random.choice(list(units)), "axis": axis, "new": random.choice(VALUES[axis])},
                "old": random.choice([None, "unrecorded", "stock"]) if axis == "lifecycle" else None,
                **{
                    "cause": "test",
                    "actor": "test",
                    "recorded_at": recorded,
                    "at": random.choice([recorded, random.randrange(recorded + 1)]),
                },
                "withdrawn_at": random.choice([None, None, None, random.randrange(recorded, span)]),
            }
        )
    return rows


def fleet(session: Session, count: int) -> list[int]:
    made = records.product(session)
    return [records.unit(session, f"SN{number}", made, created_at=datetime(1970, 1, 1, tzinfo=UTC)).id or 0 for number in range(count)]


def replayed(rows: list[dict[str, object]], unit: int, instant: int, known: int) -> UnitState:
    """What the last known word on each axis says; of the time before the first on its lifecycle, what that left or, without a day, said."""
    said: dict[str, str] = {}
    began = None
    for row in rows:
        withdrawn = row["withdrawn_at"] is not None and row["withdrawn_at"] <= known  # type: ignore[operator]
        told = row["recorded_at"] <= known and not withdrawn and row["new"] != "active"  # type: ignore[operator]
        if row["unit_id"] != unit or not told:
            continue
        if row["axis"] == "lifecycle" and began is None:
            began = str(row["new"] if row["old"] is None and row["at"] == row["recorded_at"] else row["old"] or "unrecorded")
        if row["at"] <= instant:  # type: ignore[operator]
            said[str(row["axis"])] = str(row["new"])
    axes = Lifecycle(said.get("lifecycle", began or "unrecorded")), Liveness(said.get("liveness", "never_heard"))
    return UnitState(*axes, said.get("identity") == MERGED)


@on_both
@given(seed=st.integers(0, 2**32))
def test_the_axes_as_sql_say_what_a_replay_says(database: Database, seed: int) -> None:
    random = Random(seed)
    with database.transaction() as session:
        units = fleet(session, 4)
        rows = history(random, units, 100)
        session.execute(insert(UnitStateChange), rows)
        columns = Columns(session)
        past.read(columns)
        for _ in range(6):
            instant, known = random.randrange(100), random.randrange(100)
            axes = (
                unit_as_of.lifecycle_at(instant, known),
                unit_as_of.liveness_at(HEARD_ALWAYS, instant, known),
                unit_as_of.merged_at(instant, known),
            )
            query = select(col(Unit.id), *axes).outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
            for read in (session.execute(query), columns.rows(past.words(query))):
                found = {row[0]: UnitState(Lifecycle(row[1]), Liveness(row[2]), bool(row[3])) for row in read}
                assert found == {unit: replayed(rows, unit, instant, known) for unit in units}
        session.rollback()


@settings(on_both, max_examples=12)  # each computes nine bases and bridges
@given(seed=st.integers(0, 2**32))
def test_a_bridge_adds_up_from_the_base_before_the_month_to_the_base_after_it(database: Database, now: datetime, seed: int) -> None:
    random, start = Random(seed), datetime(2026, 8, 1, tzinfo=UTC)
    with database.transaction() as session:
        units = fleet(session, 6)
        rows = history(random, units, 90 * 86_400_000)
        shift = {"at": to_ms(start), "recorded_at": to_ms(start), "withdrawn_at": to_ms(start)}
        moved = [
            {name: value + shift[name] if name in shift and value is not None else value for name, value in row.items()} for row in rows
        ]  # type: ignore[operator]
        session.execute(insert(UnitStateChange), moved)
        for unit in units[:3]:  # heard, and no transition tells of it
            end = random.choice([datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC), now])
            session.add(UnitStatus(unit_id=unit, heard_at=to_ms(end) - random.choice([1000, 100_000, 10**9, 4 * 10**9])))
        for month in (date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 15)):
            known = random.choice([None, date(2026, 9, 20), now.date()])
            first = month.replace(day=1)
            bridge = base_as_of.bridge(session, month, now, known=known)
            opening, closing = (base_as_of.base(session, now, on=day, known=known) for day in (first - DAY, last_of(first)))
            assert bridge.opening + sum(bridge.steps.values()) == bridge.closing
            assert (bridge.opening, bridge.closing) == (opening.all.operating, closing.all.operating)
        session.rollback()


def last_of(first: date) -> date:
    return (first + 31 * DAY).replace(day=1) - DAY


def test_what_units_and_the_sweep_did_reads_back_day_by_day(database: Database, now: datetime) -> None:
    one, other = enrol(database, 2)
    with database.transaction() as session:
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(now - 40 * DAY), to_ms(now + DAY)
        moved = [
            transitions.NewStateChange(unit.id, to_ms(now - 20 * DAY), "lifecycle", None, "deployed", "a file", "anna")
            for unit in (one, other)
        ]
        transitions.add(session, moved, recorded_at=to_ms(now - 2 * DAY))
        for unit in (one, other):
            session.get_one(Unit, unit.id).lifecycle = Lifecycle.DEPLOYED
    for day, speaking in ((10, [one, other]), (5, [one]), (0, [one])):
        at = now - day * DAY
        with database.transaction() as session:
            receive(session, Batch([unit.arrival(unit.heartbeat(beat=100 - day)) for unit in speaking]), at)
            sweep(session, at)
            if day:
                sweep(session, at + timedelta(minutes=10))
    with database.snapshot() as session:
        counted = {day: base_as_of.base(session, now, on=(now - day * DAY).date()).all for day in (30, 15, 10, 7, 5)}
        assert counted == {
            30: BaseCount(2, 0, 0),
            15: BaseCount(2, 2, 0),
            10: BaseCount(2, 2, 0),
            7: BaseCount(2, 2, 0),
            5: BaseCount(2, 2, 0),
        }
        assert base_as_of.base(session, now).all == base_as_of.base(session, now, on=now.date()).all == BaseCount(2, 2, 1)
        assert base_as_of.base(session, now, on=(now - 5 * DAY).date(), known=(now - 5 * DAY).date()).all == BaseCount(2, 0, 0)
        bridge = base_as_of.bridge(session, (now - DAY).date(), now)
        assert (bridge.opening, bridge.closing) == (0, 0)
        assert {step: count for step, count in bridge.steps.items() if count} == {
            BridgeStep.FIRST_HEARD: 2,
            BridgeStep.REVIVED: 1,
            BridgeStep.GONE_STALE: -3,
        }


def test_accounts_are_counted_with_those_below_them_and_everything_adds_up(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made = records.product(session)
        parent = records.account(session, "P", "Parent", segment="Public", country="NL")
        child = records.account(session, "C", "Child", parent, segment="Public", country="DE")
        place = records.site(session, "S", child, country="FR")
        deployed = {"lifecycle": Lifecycle.DEPLOYED}
        records.unit(session, "SN1", made, account_id=parent.id, **deployed)
        records.unit(session, "SN2", made, account_id=child.id, **deployed)
        records.unit(session, "SN3", made, site_id=place.id)  # its account is its site's
        records.unit(session, "SN4", made)
        records.unit(session, "SN5", made, merged_into_id=1, **deployed)
        found = base_as_of.base(session, now, by=Slice.ACCOUNT)
        assert [(part.ref, part.parent, part.counts.units, part.own.units) for part in found.parts] == [
            ("P", "", 3, 1),
            ("C", "P", 2, 2),
            ("", "", 1, 1),
        ]
        assert found.all == BaseCount(4, 2, 0)
        for by in Slice:
            assert sum(part.own.units for part in base_as_of.base(session, now, by=by).parts) == 4
        assert {part.name: part.counts.units for part in base_as_of.base(session, now, by=Slice.COUNTRY).parts} == {
            "": 1,
            "DE": 1,
            "FR": 1,
            "NL": 1,
        }
        assert base_as_of.base(session, now, scope=BaseScope(account="P")).all.units == 3
        assert base_as_of.base(session, now, scope=BaseScope(account="C", country="FR")).all.units == 1
        assert base_as_of.base(session, now, scope=BaseScope(maker="ACME Inc.", model="pump-3", segment="Public")).all.units == 3


@pytest.mark.parametrize("scope", [BaseScope(account="nobody"), BaseScope(site="nowhere"), BaseScope(maker="No", model="Such")])
def test_a_scope_that_is_not_there_is_said(database: Database, now: datetime, scope: BaseScope) -> None:
    with database.snapshot() as session, pytest.raises(NotFound, match="there is no"):
        base_as_of.base(session, now, scope=scope)


def test_a_day_to_come_is_refused(database: Database, now: datetime) -> None:
    with database.snapshot() as session, pytest.raises(DomainError, match="2026-11-02 is in the future"):
        base_as_of.base(session, now, on=date(2026, 11, 2))
    with database.snapshot() as session, pytest.raises(DomainError, match="December 2026 has not begun"):
        base_as_of.bridge(session, date(2026, 12, 1), now)
