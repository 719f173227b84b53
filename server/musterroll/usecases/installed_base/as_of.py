"""The installed base on a day as known on another day, with breakdowns; and the bridge of a month."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.installed_base import bridge as month_bridge
from musterroll.domain.installed_base.bridge import AxisChange, BaseChange, Bridge, UnitState
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.domain.values.instants import day_end, from_ms, to_ms
from musterroll.storage.accounts import hierarchy
from musterroll.storage.installed_base import counts as base_counts
from musterroll.storage.installed_base.counts import BaseConditions, BaseCount
from musterroll.storage.liveness.states import hearing
from musterroll.storage.units import as_of as unit_as_of
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.fleet.pages import OLDEST

Moment = date | datetime  # the end of a day (UTC), or an aware instant


class Slice(StrEnum):
    ACCOUNT = "account"  # includes subsidiaries
    SITE = "site"
    PRODUCT = "product"
    SEGMENT = "segment"
    COUNTRY = "country"
    FIRMWARE = "firmware"
    AGE = "age"  # whole years since installation, OLDEST: and older


class BasePart(NamedTuple):
    """A row of a breakdown. `ref` and `name` are empty for units without one; `own` excludes subsidiaries."""

    ref: str
    name: str
    parent: str  # number of the parent account
    counts: BaseCount
    own: BaseCount


class Base(NamedTuple):
    """`all` counts every unit once. Parts add up to it; for accounts, their `own` counts do.

    `undated`: units that may have been deployed as well, as no record says when they were returned or retired.
    """

    on: datetime
    known: datetime
    all: BaseCount
    parts: list[BasePart]
    undated: int = 0


class BaseScope(NamedTuple):
    """Which units are counted; all given fields must match."""

    account: str | None = None  # number, includes subsidiaries
    site: str | None = None  # number
    maker: str | None = None  # with model: one product
    model: str | None = None
    segment: str | None = None
    country: str | None = None


EVERYTHING = BaseScope()
_WORDS = (Slice.SEGMENT, Slice.COUNTRY, Slice.FIRMWARE, Slice.AGE)
NONE = BaseCount(0, 0, 0)


def base(
    session: Session,
    now: datetime,
    *,
    on: date | None = None,
    known: date | None = None,
    by: Slice | None = None,
    scope: BaseScope = EVERYTHING,
) -> Base:
    """The installed base at the end of the day `on` (or now) as it was known at the end of the day `known` (or now).

    The state of units is as it was then; their account and site are the present ones. Raises NotFound, and DomainError for a future day.
    """
    instant, known_at = _instant(on, now), _instant(known, now)
    listening, where = hearing(session), rows_of(session, scope)
    present = on is None and known is None
    axes = base_counts.axes_now(listening, instant) if present else base_counts.axes_at(listening, instant, known_at)
    key = base_counts.age(from_ms(instant).date(), OLDEST) if by is Slice.AGE else by.value if by else "all"
    counted = base_counts.base_counts(session, axes, key, where)
    parts = [] if by is None else _parts(session, by, counted)
    undated = 0 if present else base_counts.may_be_deployed(session, instant, known_at, where)
    return Base(from_ms(instant), from_ms(known_at), reduce(_plus, counted.values(), NONE), parts, undated)


class MonthBridge(NamedTuple):
    """The bridge of a month, and every unit (row id) that entered or left, in order."""

    bridge: Bridge
    passages: list[BaseChange]


def bridge(session: Session, month: date, now: datetime, *, known: Moment | None = None, scope: BaseScope = EVERYTHING) -> Bridge:
    """The bridge of the installed base over the month that contains `month`, up to now if it is not over.

    Opening and closing are the counts of `base` on the last day before the month and on its last day. Raises as `base`.
    """
    return bridge_with_changes(session, month, now, known=known, scope=scope).bridge


def bridge_with_changes(
    session: Session, month: date, now: datetime, *, known: Moment | None = None, scope: BaseScope = EVERYTHING
) -> MonthBridge:
    """The bridge, with the units that entered or left. Raises as `base`."""
    first = month.replace(day=1)
    since = to_ms(datetime(first.year, first.month, 1, tzinfo=UTC))
    if since > to_ms(now):
        raise DomainError(f"{first:%B %Y} has not begun yet", "day_to_come")
    last, known_at = _instant(add_months(first, 1) - timedelta(days=1), now, cut=True), _instant(known, now)
    where, listening = rows_of(session, scope), hearing(session)
    opening = base_counts.axes_at(listening, since - 1, known_at)
    closing = base_counts.axes_at(listening, last, known_at)
    effective, unrecorded = (
        unit_as_of.effective(since, last + 1, known_at),
        unit_as_of.changed_unrecorded(listening, since - 1, min(last, known_at)),
    )
    others = base_counts.changed_units(session, opening, closing, effective, unrecorded, where)
    moves = base_counts.moves_of(session, effective, [row.id for row in others]) if others else []
    start = {row.id: _state(row, "0") for row in others}
    moves += _unrecorded(start, moves, others, last)
    bridge_of_moves = month_bridge.bridge(start, moves)
    before = base_counts.base_counts(session, opening, "all", where).get(0, NONE).operating
    whole = Bridge(before, bridge_of_moves.steps, before - bridge_of_moves.opening + bridge_of_moves.closing)
    return MonthBridge(whole, list(month_bridge.base_changes(start, moves)))


def _unrecorded(start: dict[int, UnitState], moves: list[AxisChange], others: list[Row[Any]], last: int) -> list[AxisChange]:
    """Liveness that no state change records yet, as changes at the end of the month, so that the bridge ends at the closing count."""
    units = dict(start)
    for move in sorted(moves):
        units[move.unit] = month_bridge.after_change(units[move.unit], move)
    liveness = {row.id: _state(row, "1").liveness for row in others}
    newest = max((move.id for move in moves), default=0) + 1
    return [AxisChange(last, newest, unit, "liveness", liveness[unit]) for unit, state in units.items() if state.liveness != liveness[unit]]


def _state(row: Row[Any], end: str) -> UnitState:
    columns = row._mapping
    return UnitState(Lifecycle(columns[f"l{end}"]), Liveness(columns[f"v{end}"]), bool(columns[f"m{end}"]))


def _instant(on: Moment | None, now: datetime, *, cut: bool = False) -> int:
    """An instant, the end of a day, or now; a day that is not over ends now. Raises DomainError for a future one unless `cut`."""
    if on is None:
        return to_ms(now)
    if not cut and (on > now if isinstance(on, datetime) else on > now.date()):
        raise DomainError(f"{on} is in the future; the installed base is known up to today", "day_to_come")
    return min(to_ms(on if isinstance(on, datetime) else day_end(on)), to_ms(now))


def rows_of(session: Session, scope: BaseScope) -> BaseConditions:
    """The scope as row ids. Raises NotFound."""
    return BaseConditions(
        None if scope.account is None else hierarchy.below(session, account(session, scope.account).id or 0),
        _site(session, scope.site),
        _product(session, scope.maker, scope.model),
        scope.segment,
        scope.country,
    )


def _site(session: Session, ref: str | None) -> int | None:
    site_id = None if ref is None else base_counts.site_id(session, ref)
    if ref is not None and site_id is None:
        raise NotFound(f"there is no site {ref!r}")
    return site_id


def _product(session: Session, maker: str | None, model: str | None) -> int | None:
    if maker is None or model is None:
        return None
    product_id = base_counts.product_id(session, name_key(maker), name_key(model))
    if product_id is None:
        raise NotFound(f"there is no product {maker} {model}")
    return product_id


def _parts(session: Session, by: Slice, counted: dict[Any, BaseCount]) -> list[BasePart]:
    if by in _WORDS:
        return [BasePart(key, key, "", tally, tally) for key, tally in sorted(counted.items())]
    if by is Slice.ACCOUNT:
        return _account_parts(session, counted)
    named = base_counts.names(session, by.value) | {0: ("", "")}
    return sorted(BasePart(*named[key], "", tally, tally) for key, tally in counted.items())


def _account_parts(session: Session, counted: dict[int, BaseCount]) -> list[BasePart]:
    """Accounts with units, subsidiaries included, in tree order; last, units without an account."""
    nodes = hierarchy.tree(session, None)
    refs = {node.id: node.ref for node in nodes}
    rolled = {node.id: counted.get(node.id, NONE) for node in nodes}
    for node in sorted(nodes, key=lambda account: -account.depth):
        if node.parent_id in rolled:
            rolled[node.parent_id] = _plus(rolled[node.parent_id], rolled[node.id])
    parts = [
        BasePart(node.ref, node.name, refs.get(node.parent_id or 0, ""), rolled[node.id], counted.get(node.id, NONE))
        for node in nodes
        if rolled[node.id].units
    ]
    return [*parts, *(BasePart("", "", "", counted[key], counted[key]) for key in counted if key not in refs)]


def _plus(left: BaseCount, right: BaseCount) -> BaseCount:
    return BaseCount(*(one + other for one, other in zip(left, right, strict=True)))
