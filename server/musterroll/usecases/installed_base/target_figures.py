"""What targets are compared with: the figures of each scope at the ends of the last months and now, and what changed since the last one.

The schedule computes them in one run over the history of the fleet; pages read what it stored. Past days are by the present records.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.installed_base.targets import (
    FLEET,
    Measure,
    Move,
    MovedUnit,
    Scope,
    ScopeCounts,
    ScopeKind,
    TargetBridge,
    TargetPeriod,
    Value,
)
from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.fleet import pages as fleet_queries
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.installed_base import target_counts
from musterroll.storage.installed_base.target_counts import Moves
from musterroll.storage.operations import figure_cache as stored_figures
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.units import unit_card as unit_cards
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.fleet import segments
from musterroll.usecases.installed_base import targets
from musterroll.usecases.installed_base.targets import TargetOf
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure
from musterroll.usecases.reconciliation.run import run_at

MONTHS = 12  # that are compared with
_SHOWN = 10  # accounts and products of a bridge
_REFRESH = timedelta(hours=1)
_Day = tuple[date, ScopeCounts]
_Counted = dict[Scope, list[_Day]]


class ScopeFigures(NamedTuple):
    """The counts of a scope on the last days of months, oldest first, and at last; bridges by measure and period."""

    scope: Scope
    days: list[tuple[date, ScopeCounts]]
    bridges: dict[str, TargetBridge]

    def value(self, measure: Measure, on: date) -> Value | None:
        return next((counts.value(measure) for day, counts in self.days if day == on), None)

    def bridge(self, measure: Measure, period: TargetPeriod) -> TargetBridge | None:
        return self.bridges.get(f"{measure} {period}")


class TargetFigures(NamedTuple):
    """`on`: the day that was counted last, up to when the figures were."""

    on: date
    scopes: list[ScopeFigures]

    def of(self, scope: Scope) -> ScopeFigures | None:
        return next((figures for figures in self.scopes if figures.scope == scope), None)

    def has(self, of: TargetOf) -> bool:
        figures = self.of(of.scope)
        return figures is not None and figures.bridge(of.measure, of.period) is not None


def stored(session: Session, now: datetime) -> CountedFigure[TargetFigures] | None:
    """The figures as last computed; those of a small fleet now, where they never were. None where the schedule must compute them first."""
    row = cached_figures.last_counted(session, FIGURES)
    if row is None and not limited(session) and not cached_figures.large(session):
        return CountedFigure(_count(session, now), now)
    return row


def last(session: Session) -> CountedFigure[TargetFigures] | None:
    """The figures as last computed by the schedule."""
    return cached_figures.last_counted(session, FIGURES)


def due(session: Session, now: datetime) -> list[Figure[TargetFigures]]:
    """Whether they are to be computed: every hour, on a new day, and after an import or for a new target."""
    if not stored_figures.units(session):
        return []
    imported = from_ms(import_runs.last_imported_at(session) or 0)
    if cached_figures.older(session, FIGURES, max(now - _REFRESH, min(imported, now))):
        return [FIGURES]
    row = cached_figures.last_counted(session, FIGURES)
    known = row is not None and row.value.on == now.date() and all(row.value.has(of) for of in wanted(session, now))
    return [] if known else [FIGURES]


def wanted(session: Session, now: datetime) -> list[TargetOf]:
    """Every measure of the whole fleet, and what targets are about."""
    fleet = [TargetOf(measure, FLEET, period) for measure in Measure for period in TargetPeriod]
    return list(dict.fromkeys([*fleet, *(course.of for course in targets.current(session, now))]))


def measure(
    session: Session, of: Sequence[TargetOf], closing: date | datetime, now: datetime, known: TargetFigures | None = None
) -> TargetFigures:
    """The figures at the end of a past day, or at an instant, and at the ends of the months before.

    `known`: figures of the same scopes and day, of which the ends of months are taken as far as no bridge begins there.
    """
    last = run_at(closing, now)
    openings = {period: period.before(last.on) for period in TargetPeriod}
    days = sorted({*openings.values(), last.on}) if known else [*ends_before(last.on), last.on]
    moments = [*days[:-1], closing]
    columns_of_days = run_statements.of_past(session, [run_at(moment, now) for moment in moments], to_ms(now))
    scopes = list(dict.fromkeys(each.scope for each in of))
    counted: _Counted = {scope: [] for scope in scopes}
    conditions: dict[Scope, str] | None = None
    for day, columns in zip(days, columns_of_days, strict=True):
        if conditions is None:
            target_counts.read(columns)
            conditions = target_counts.make_scopes(columns, scopes, _segment_units(session, scopes, now))
        target_counts.make_day(columns, day)
        for scope, counts in target_counts.counts(columns, conditions).items():
            counted[scope].append((day, counts))
        for period, opening in openings.items():
            if day == opening:
                target_counts.keep(columns, f"opening_{period}")
    for scope, figures in ((scope, known.of(scope)) for scope in scopes) if known else ():
        counted[scope] = sorted((dict(figures.days if figures else []) | dict(counted[scope])).items())
    bridges: dict[Scope, dict[str, TargetBridge]] = {scope: {} for scope in scopes}
    for period, opening in openings.items():
        target_counts.make_changes(columns, f"opening_{period}")
        for each in of:
            if each.period is period:
                moves = target_counts.moves(columns, each.measure, (conditions or {})[each.scope])
                bridges[each.scope][f"{each.measure} {period}"] = _bridge(session, each.measure, opening, counted[each.scope], moves)
    return TargetFigures(last.on, [ScopeFigures(scope, counted[scope], bridges[scope]) for scope in scopes])


def ends_before(on: date) -> list[date]:
    """The last days of the months before the one that contains a day, oldest first."""
    first = on.replace(day=1)
    return [last_day(add_months(first, -back)) for back in range(MONTHS - 1, -1, -1)]


def _segment_units(session: Session, of: Iterable[Scope], now: datetime) -> dict[str, Collection[int]]:
    units: dict[str, Collection[int]] = {}
    for scope in of:
        if scope.kind is ScopeKind.SEGMENT:
            try:
                where = fleet_pages.all_conditions(session, segments.segment(session, scope.key).filters, now)
            except NotFound:  # deleted since
                where = None
            units[scope.key] = [] if where is None else fleet_queries.unit_ids(session, where)
    return units


def _bridge(session: Session, measure: Measure, opening: date, days: Sequence[_Day], moves: Moves) -> TargetBridge:
    before, after = dict(days)[opening].value(measure), days[-1][1].value(measure)
    counts = (len(moves.accounts), len(moves.products))
    bridge = TargetBridge(opening, before, after, moves.reasons, [], [], *counts, _units(session, moves))
    return bridge._replace(accounts=_largest(bridge, moves.accounts), products=_largest(bridge, moves.products))


def _largest(bridge: TargetBridge, moves: Sequence[Move]) -> list[Move]:
    return sorted(moves, key=lambda move: (-abs(bridge.effect(move) or 0), -move.units, move.key))[:_SHOWN]


def _units(session: Session, moves: Moves) -> list[MovedUnit]:
    cards = {row.id: row for row in unit_cards.by_ids(session, [unit for unit, _ in moves.units])}
    rows = ((cards[unit], reason) for unit, reason in moves.units if unit in cards)
    return [MovedUnit(card.uid, card.serial, card.model, card.account or "", reason) for card, reason in rows]


def _count(session: Session, now: datetime) -> TargetFigures:
    """The ends of months are counted on a new day, after an import, and where a target is new; else only what bridges need."""
    of, row = wanted(session, now), last(session)
    imported = from_ms(import_runs.last_imported_at(session) or 0)
    same = row is not None and row.value.on == now.date() and imported < row.at <= now and all(row.value.has(each) for each in of)
    return measure(session, of, now, now, row.value if row and same else None)


FIGURES = Figure[TargetFigures]("targets", TypeAdapter(TargetFigures), _count)
