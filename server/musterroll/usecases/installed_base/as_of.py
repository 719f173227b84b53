"""The installed base on a day as known on another day, with breakdowns; and the bridge of a month."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base.bridge import BaseChange, Bridge
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.domain.values.instants import day_end, from_ms, to_ms
from musterroll.storage.accounts import hierarchy
from musterroll.storage.installed_base import bridge as month_bridge
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
    if on is None and known is None:
        counted = base_counts.base_counts(session, base_counts.axes_now(listening, instant), _key(by, instant), where)
        return _base(session, by, instant, known_at, counted)
    columns, axes = base_counts.read(session, where), base_counts.axes_at(listening, instant, known_at)
    undated = base_counts.may_be_deployed(columns, instant, known_at)
    return _base(session, by, instant, known_at, base_counts.counts_of(columns, axes, _key(by, instant)), undated)


def slices(session: Session, by_each: Sequence[Slice], now: datetime) -> Iterator[Base]:
    """The installed base now by each of these, all counted from one reading."""
    axes, instant = base_counts.axes_now(hearing(session), to_ms(now)), to_ms(now)
    columns = base_counts.read(session, BaseConditions(), changes=False)
    for by in by_each:
        yield _base(session, by, instant, instant, base_counts.counts_of(columns, axes, _key(by, instant)))


def _key(by: Slice | None, instant: int) -> Any:
    return base_counts.age(from_ms(instant).date(), OLDEST) if by is Slice.AGE else by.value if by else "all"


def _base(session: Session, by: Slice | None, instant: int, known_at: int, counted: dict[Any, BaseCount], undated: int = 0) -> Base:
    parts = [] if by is None else _parts(session, by, counted)
    return Base(from_ms(instant), from_ms(known_at), reduce(_plus, counted.values(), NONE), parts, undated)


class MonthBridge(NamedTuple):
    """The bridge of a month, and the first units (row id) that entered or left by each step, in order."""

    bridge: Bridge
    changes: list[BaseChange]


def bridge(session: Session, month: date, now: datetime, *, known: Moment | None = None, scope: BaseScope = EVERYTHING) -> Bridge:
    """The bridge of the installed base over the month that contains `month`, up to now if it is not over.

    Opening and closing are the counts of `base` on the last day before the month and on its last day. Raises as `base`.
    """
    return next(bridges(session, [month], now, known=known, scope=scope)).bridge


def bridges(
    session: Session, months: Sequence[date], now: datetime, *, known: Moment | None = None, scope: BaseScope = EVERYTHING, most: int = 0
) -> Iterator[MonthBridge]:
    """The bridges of months, from one reading of the history, with at `most` so many changes of each step. Raises as `base`."""
    known_at, listening = _instant(known, now), hearing(session)
    columns = base_counts.read(session, rows_of(session, scope))
    for first in (month.replace(day=1) for month in months):
        since = to_ms(datetime(first.year, first.month, 1, tzinfo=UTC))
        if since > to_ms(now):
            raise DomainError(f"{first:%B %Y} has not begun yet", "day_to_come")
        last = _instant(add_months(first, 1) - timedelta(days=1), now, cut=True)
        opening, closing = (base_counts.axes_at(listening, instant, known_at) for instant in (since - 1, last))
        moves = unit_as_of.effective(since, last + 1, known_at)
        unrecorded = unit_as_of.changed_unrecorded(listening, since - 1, min(last, known_at))
        month_bridge.make_changes(columns, opening, closing, moves, unrecorded, last)
        before, steps = base_counts.counts_of(columns, opening, "all").get(0, NONE).operating, month_bridge.steps(columns)
        yield MonthBridge(Bridge(before, steps, before + sum(steps.values())), month_bridge.first_changes(columns, most))


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
