"""The installed base for planners: breakdowns, days, months and map."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.installed_base.bridge import Bridge, BridgeStep
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import day_end, to_ms
from musterroll.storage.accounts import hierarchy
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.storage.fleet.sums import BaseSums, MapPlace
from musterroll.storage.installed_base import undated
from musterroll.storage.units import unit_card as unit_cards
from musterroll.storage.units.unit_card import UnitName
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base import stored_days
from musterroll.usecases.installed_base.as_of import EVERYTHING, Base, BaseScope, Slice
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure, FiguresTogether

DAYS = 91  # of the trend
MONTHS = 12  # with a bridge
_SHOWN = 200  # units per step
_NOBODY = UnitName("", "", "")


class SubAccount(NamedTuple):
    """An account, including its subsidiaries."""

    ref: str
    name: str
    sums: BaseSums
    deeper: bool  # has subsidiaries


class TreeLevel(NamedTuple):
    """An account (or the top of the tree): its path, its direct subsidiaries and its own units."""

    path: list[tuple[str, str]]  # number and name, from the root
    below: list[SubAccount]
    own: BaseSums


class BaseDay(NamedTuple):
    on: date
    units: int
    deployed: int
    operating: int  # of the deployed
    undated: int = 0  # may have been deployed as well: no record says when they were returned or retired


class UnitChange(NamedTuple):
    """A unit that entered or left the base at `at` (ms)."""

    uid: str
    serial: str
    model: str
    at: int
    sign: int


class MonthChanges(NamedTuple):
    """The bridge of a month, and the first units of each step."""

    first: date
    bridge: Bridge
    units: dict[BridgeStep, list[UnitChange]]


def slices(session: Session, by: Slice, now: datetime, of_account: str | None = None) -> CountedFigure[Base]:
    """The installed base broken down, of all accounts or of one and its subsidiaries. Raises NotFound."""
    if of_account is None:
        return cached_figures.counted_figure(session, sliced(by), now)
    return CountedFigure(base_as_of.base(session, now, by=by, scope=BaseScope(account=of_account)), now)


def sliced(by: Slice) -> Figure[Base]:
    return Figure(f"base:{by}", TypeAdapter(Base), lambda session, now: base_as_of.base(session, now, by=by))


def all_sliced(by_each: Sequence[Slice]) -> FiguresTogether:
    return FiguresTogether([sliced(by) for by in by_each], lambda session, now: base_as_of.slices(session, by_each, now))


def level(session: Session, of_account: str | None) -> TreeLevel:
    """A level of the account tree, as of the last reconciliation. Raises NotFound."""
    root = None if of_account is None else account(session, of_account).id
    path = hierarchy.path(session, root) if root else []
    children = fleet_sums.children(session, root)
    deep = hierarchy.parents_among(session, [child[0] for child in children])
    below = [SubAccount(ref, name, sums, row_id in deep) for row_id, ref, name, sums in children]
    return TreeLevel(path, below, fleet_sums.of_accounts(session, [root or 0]))


def trend(session: Session, now: datetime, of_account: str | None = None) -> list[BaseDay]:
    """The stored days of the last quarter, oldest first. Raises NotFound."""
    days = stored_days.days(session, now.date() - timedelta(DAYS), now.date(), BaseScope(account=of_account))
    may_be = _undated(session, now, of_account)
    return [_day(day, may_be.get(day.on, 0)) for day in days]


def _undated(session: Session, now: datetime, of_account: str | None) -> dict[date, int]:
    if of_account is None:
        return cached_figures.counted_figure(session, UNDATED, now).value
    return _may_be_deployed(session, now, hierarchy.below(session, account(session, of_account).id or 0))


def _may_be_deployed(session: Session, now: datetime, accounts: Any = None) -> dict[date, int]:
    """Of the days of the trend, those on which more units may have been deployed than are counted."""
    days = [now.date() - timedelta(back) for back in range(DAYS, -1, -1)]
    counts = undated.on_instants(session, [to_ms(day_end(day)) for day in days], accounts)
    return {day: units for day, units in zip(days, counts, strict=True) if units}


def month(session: Session, first: date, now: datetime, of_account: str | None = None) -> CountedFigure[MonthChanges]:
    """The changes in a month. Raises NotFound, and DomainError for a future month."""
    if of_account is None:
        return cached_figures.counted_figure(session, month_figure(first), now)
    return CountedFigure(next(_months(session, [first], now, BaseScope(account=of_account))), now)


def month_figure(first: date) -> Figure[MonthChanges]:
    return Figure(f"month:{first:%Y-%m}", TypeAdapter(MonthChanges), lambda session, now: next(_months(session, [first], now)))


def month_figures(firsts: Sequence[date]) -> FiguresTogether:
    return FiguresTogether([month_figure(first) for first in firsts], lambda session, now: _months(session, firsts, now))


def months(now: datetime) -> list[date]:
    """The months offered, this one first."""
    this = now.date().replace(day=1)
    return [add_months(this, -back) for back in range(MONTHS)]


def month_of(now: datetime, text: str | None) -> date:
    """The month of a URL, such as 2026-10; by default this one. Raises NotFound."""
    known = {f"{first:%Y-%m}": first for first in months(now)}
    if not text:
        return next(iter(known.values()))
    if text not in known:
        raise NotFound(f"{text[:20]!r} is not a month from {min(known)} to {max(known)}")
    return known[text]


def _months(session: Session, firsts: Sequence[date], now: datetime, scope: BaseScope = EVERYTHING) -> Iterator[MonthChanges]:
    for first, month in zip(firsts, base_as_of.bridges(session, firsts, now, scope=scope, most=_SHOWN), strict=True):
        named = unit_cards.by_id(session, {change.unit for change in month.changes})
        units: dict[BridgeStep, list[UnitChange]] = {step: [] for step in BridgeStep}
        for change in month.changes:
            units[change.step].append(UnitChange(*named.get(change.unit, _NOBODY), at=change.at, sign=change.sign))
        yield MonthChanges(first, month.bridge, units)


def _day(day: stored_days.Day, may_be: int) -> BaseDay:
    deployed = sum(units for code, units in day.cells.items() if code[1] == "1")
    return BaseDay(day.on, sum(day.cells.values()), deployed, day.cells["111"] + day.cells["011"], may_be)


def places(session: Session, box: tuple[float, float, float, float] | None, now: datetime) -> CountedFigure[list[MapPlace]]:
    """The base on a map, everywhere or in a box (west, south, east, north); too many sites are grouped by proximity."""
    within = fleet_sums.places(session, *(box or (-180, -90, 180, 90)))
    return cached_figures.counted_figure(session, PLACES, now) if within is None else CountedFigure(within, now)


def _grid(session: Session, _now: datetime) -> list[MapPlace]:
    return fleet_sums.grid(session)


UNDATED = Figure[dict[date, int]]("undated", TypeAdapter(dict[date, int]), _may_be_deployed)
PLACES = Figure[list[MapPlace]]("places", TypeAdapter(list[MapPlace]), _grid)
