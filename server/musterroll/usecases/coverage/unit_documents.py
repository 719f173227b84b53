"""Records about a unit: its warranty periods and its contract lines on a day."""

from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.contracts.terms import LineScope, line_ended_on, line_in_force
from musterroll.domain.coverage.seat_allocation import Candidate, SeatAllocation, allocate_seats
from musterroll.domain.coverage.verdict import Cover, UnitRecords, place_missing
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.domain.warranty import periods as warranty_rules
from musterroll.domain.warranty.periods import CoveragePeriod, StandardWarranty, UnitDates
from musterroll.domain.warranty.unit_claims import describe_claim, disagreement, read_claim
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.coverage import competing_units, unit_facts
from musterroll.storage.reconciliation import unit_states
from musterroll.storage.reconciliation.unit_states import JudgedSql
from musterroll.storage.warranty import periods as stored_periods
from musterroll.usecases.coverage.limits import line_limits


class UnitDocuments:
    """The records of a unit on a day, fetched when needed. Which units operate, if a seat depends on it, is assessed at `instant`."""

    def __init__(self, session: Session, unit: Row[Any], on: date, instant: datetime, now: datetime) -> None:
        self._session, self.unit, self.on = session, unit, on
        self._instant, self._now = instant, now

    @cached_property
    def periods(self) -> tuple[CoveragePeriod, ...]:
        stored = stored_periods.of_unit(self._session, self.unit.id) if self.unit.kind.hardware else ()
        known = any(period.kind is warranty_rules.PeriodKind.STANDARD for period in stored)
        return stored if known or not self.standard.period else (self.standard.period, *stored)

    @cached_property
    def standard(self) -> StandardWarranty:
        """The standard warranty by the policy."""
        unit = self.unit
        if not unit.kind.hardware:
            return StandardWarranty(None)
        heard_at = None if unit.first_heard_at is None else from_ms(unit.first_heard_at)
        own = (unit.purchased_on, unit.warranty_starts_on, unit.warranty_ends_on)
        dates = UnitDates(unit.registered_on, unit.installed_on, heard_at, unit.shipped_on, unit.warranty_months, *own)
        policy = stored_periods.policies(self._session)[unit.policy_id]
        return warranty_rules.standard_warranty(policy, dates, ZoneInfo(unit.zone or "UTC"))

    @cached_property
    def in_warranty(self) -> bool | None:
        """None: unknown."""
        if warranty_rules.in_warranty(self.periods, self.on):
            return True
        known = any(period.kind is warranty_rules.PeriodKind.STANDARD for period in self.periods) or not self.standard.missing
        return False if known else None

    @cached_property
    def _kept(self) -> int | None:
        """The line the last run allocated to it; None if that may be outdated."""
        return unit_facts.last_seat(self.unit, self.on)

    @cached_property
    def _found(self) -> list[Cover]:
        """The lines that name its serial, and the one the last run allocated."""
        return contract_lines.of_unit(self._session, self.unit.serial_key, self._kept or 0)

    @cached_property
    def named(self) -> list[Cover]:
        """The lines that name this unit, in force or not."""
        key, covers = self.unit.serial_key, [cover for cover in self._found if cover.line.scope is LineScope.SERIAL]
        if not covers:
            return []
        holders = unit_facts.holders(self._session, key)
        units = [Candidate(unit, key, product, None, None, False, False) for unit, product in holders.items()]
        mine = allocate_seats([cover.line for cover in covers], units, {}).lines.get(self.unit.id, ())
        return [cover for cover in covers if cover.line.id in mine]

    @cached_property
    def seats(self) -> list[Cover]:
        """The lines in force that cover it."""
        named = [cover for cover in self.named if self._holds(cover)]
        return sorted(named or self._of_quantity(), key=lambda cover: (cover.line.ref, cover.line.id))

    @cached_property
    def ended(self) -> list[Cover]:
        """The lines that named it and have ended, by their end."""
        by_end = [(end, cover) for cover in self.named if (end := line_ended_on(cover.line, cover.contract, self.on)) is not None]
        return [cover for _, cover in sorted(by_end, key=lambda pair: (pair[0], pair[1].line.ref, pair[1].line.id))]

    def whole(self) -> UnitRecords:
        """The records for the coverage verdict."""
        account = unit_facts.account(self.unit)
        mine = {cover.line.id: cover for cover in (*self.seats, *self.named)}
        missing = () if any(period.kind is warranty_rules.PeriodKind.STANDARD for period in self.periods) else self.standard.missing
        return UnitRecords(
            self.periods,
            tuple(mine.values()),
            missing,
            place_missing(account, self.unit.site_id),
            (*self._limits(), *(self._beside() if self.unit.kind.hardware else ())),
            self.unit.kind.hardware,
        )

    def _limits(self) -> tuple[str, ...]:
        """What is left of the limits of its lines."""
        return tuple(of.says for of in line_limits(self._session, self.seats, self.on))

    def _beside(self) -> tuple[str, ...]:
        claim = read_claim(self.unit.card)
        if not self.periods and self.unit.warranty_months == 0:
            return ("Sold without warranty: its record says 0 months.",)
        other = disagreement(claim, self.periods)
        if other:
            return (f"{other.says[0].upper()}{other.says[1:]}; to be reviewed.",)
        return (describe_claim(claim),) if claim and not self.periods else ()

    def _of_quantity(self) -> list[Cover]:
        if self._kept is None:
            return self._worked_out()
        seats = [cover for cover in self._found if cover.line.id == self._kept and cover.line.scope is not LineScope.SERIAL]
        return [cover for cover in seats if self._holds(cover)]

    def _worked_out(self) -> list[Cover]:
        unit, session, account = self.unit, self._session, unit_facts.account(self.unit)
        places = competing_units.places_in_reach(unit.site_id, account, competing_units.ancestors(session, [account] if account else []))
        if not any(self._holds(cover) for cover in contract_lines.at_places(session, unit.product_id, places)):
            return []
        judged = unit_states.judged(session, to_ms(self._instant), to_ms(self._now))
        allocated = allocate_at(session, judged, unit.product_id, places, self.on)
        mine = allocated.assignment.lines.get(unit.id, ())
        return [cover for cover in allocated.lines if cover.line.id in mine and cover.line.scope is not LineScope.SERIAL]

    def _holds(self, cover: Cover) -> bool:
        return line_in_force(cover.line, cover.contract, self.on) is not None


class LocalAllocation:
    """The allocation among the units that compete for the quantities at some places."""

    def __init__(self, lines: list[Cover], units: list[Candidate], assignment: SeatAllocation) -> None:
        self.lines, self.units, self.assignment = lines, units, assignment


def allocate_at(session: Session, judged: JudgedSql, product: int, places: set[contract_lines.Place], on: date) -> LocalAllocation:
    """Allocate the lines in force at these places, exactly as an allocation of the whole fleet would."""

    def holds(cover: Cover) -> bool:
        return line_in_force(cover.line, cover.contract, on) is not None

    competing = competing_units.competing_at(session, judged, product, places, holds)
    keys = {unit.serial_key for unit in competing.units}
    naming = [cover for cover in contract_lines.naming_serials(session, keys) if holds(cover)] if keys else []
    ours = {unit.unit for unit in competing.units}
    named = {cover.line.serial_key for cover in naming}
    # Units elsewhere with the same serial decide which unit a line for it covers; they take no seat here.
    others = [
        rival._replace(deployed=False, operating=False)
        for rival in competing_units.units_with_serials(session, judged, named)
        if rival.unit not in ours
    ]
    lines = [*competing.lines, *naming]
    return LocalAllocation(
        lines, competing.units, allocate_seats([cover.line for cover in lines], [*competing.units, *others], competing.parents)
    )
