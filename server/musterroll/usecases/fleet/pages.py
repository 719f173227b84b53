"""Pages of the fleet list, and counts of the installed base."""

from datetime import date, datetime, timedelta
from threading import Lock
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session

from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.units.serials import SEPARATORS, name_key
from musterroll.domain.values import cursors
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.fleet import by_lists
from musterroll.storage.fleet import filters as fleet_filters
from musterroll.storage.fleet import pages as fleet_queries
from musterroll.storage.liveness.states import counts, hearing
from musterroll.usecases.fleet import firmware as fleet_firmware
from musterroll.usecases.units.unit_card import UnitCard, unit_card_of

NONE = "-"  # as a filter value: units without one
OLDEST = 5  # years; the last age group is open
USED_DAYS = 30
_DAY = 86_400_000  # ms


class FleetFilter(NamedTuple):
    """Which units; all given fields must match. `text`: the start of a serial, or the name of an account, a site or a product."""

    lifecycle: Lifecycle | None = None
    liveness: Liveness | None = None
    text: str = ""
    account: str | None = None  # ref
    site: str | None = None  # ref
    maker: str | None = None  # with model: one product
    model: str | None = None
    under: str | None = None  # account ref, includes subsidiaries
    segment: str | None = None  # of the account; NONE: without one
    country: str | None = None  # of the site, else of the account; NONE: unknown
    firmware: str | None = None  # as reported; NONE: never reported
    age: str | None = None  # whole years since installation, OLDEST: and older; NONE: unknown
    cells: str | None = None  # quadrant codes, separated by spaces
    contract: str | None = None  # ref; units on its lines
    operating: bool | None = None  # operating or late, or not
    warranty: bool | None = None  # in force today, or not
    covered: bool | None = None  # on a contract or in warranty, or neither
    ending: int | None = None  # days within which the warranty ends
    over: bool | None = None  # on or beyond a line with more units than its quantity
    outdated: bool | None = None  # the firmware is older than the newest of its product
    kind: UnitKind | None = None
    provisioned: bool | None = None  # deployed, or enrolled and neither returned nor retired
    heard: int | None = None  # days within which it has reported
    used: str | None = None  # a lifetime counter that grew within USED_DAYS
    owner: str | None = None  # account ref, of the unit or else of its site; NONE: without one


class FleetPage(NamedTuple):
    """Cards in serial order; `next`: the cursor of the next page, None at the end."""

    cards: list[UnitCard]
    next: str | None


class InstalledBase(NamedTuple):
    """Counts at an instant. `lifecycle` and `liveness` have all values, and each sums to `registered`."""

    registered: int
    lifecycle: dict[Lifecycle, int]
    liveness: dict[Liveness, int]
    deployed: int
    operating: int  # of the deployed: operating or late
    listed: int  # of the operating: known from imported lists only
    unknown: int  # of the deployed: known from lists only, which are too old


def fleet(session: Session, filters: FleetFilter, after: str | None, limit: int, now: datetime) -> FleetPage:
    """A page of at most `limit` units. Raises DomainError for a bad cursor."""
    if any(isinstance(value, str) and "\0" in value for value in filters):
        return FleetPage([], None)  # not storable; PostgreSQL rejects it even in comparisons
    listening, ms = hearing(session), to_ms(now)
    where = conditions(session, filters, now)
    branches = _branches(session, filters.text.strip())
    if filters.text.strip() and not branches:
        return FleetPage([], None)
    position = cursors.decode(after, str, int)
    page = fleet_queries.page(session, where, branches, None if position is None else (position[0], position[1]), limit + 1)
    rows, following = cursors.cut(page, limit, lambda row: (row.serial_key, row.id))
    cards = [unit_card_of(row, listening, ms) for row in rows]
    return FleetPage(cards, following)


def installed_base(session: Session, now: datetime) -> InstalledBase:
    """Units by lifecycle and by liveness, from one count, so that all figures add up."""
    lifecycle = dict.fromkeys(Lifecycle, 0)
    liveness = dict.fromkeys(Liveness, 0)
    operating, listening = 0, hearing(session)
    for stage, states in counts(session, listening, to_ms(now)).items():
        for state, count in states.items():
            lifecycle[stage] += count
            liveness[state] += count
            operating += count if stage is Lifecycle.DEPLOYED and state.operating else 0
    return InstalledBase(
        sum(lifecycle.values()),
        lifecycle,
        liveness,
        lifecycle[Lifecycle.DEPLOYED],
        operating,
        *by_lists.deployed(session, listening, to_ms(now)),
    )


class LatestBase:
    """The installed base for frequent polling. A small fleet is counted every time; a large one at most once a second and for at most a
    twentieth of the time. While it is being counted, others get the last count."""

    KEY = "musterroll.installed_base"
    _LARGE = 20_000  # units
    _KEPT = timedelta(seconds=1)
    _SHARE = 20

    def __init__(self) -> None:
        self._lock = Lock()
        self._last: tuple[InstalledBase, datetime] | None = None
        self._kept = self._KEPT

    def __call__(self, session: Session, now: datetime) -> tuple[InstalledBase, datetime]:
        """The counts, and when they were taken. For a user who sees only some accounts they are always counted now."""
        if limited(session):
            return installed_base(session, now), now
        last = self._last
        if last is not None and last[0].registered >= self._LARGE and (abs(now - last[1]) < self._kept or not self._lock.acquire(False)):
            return last
        if last is None or last[0].registered < self._LARGE:
            return self._count(session, now)
        try:
            return self._count(session, now)
        finally:
            self._lock.release()

    def _count(self, session: Session, now: datetime) -> tuple[InstalledBase, datetime]:
        began = perf_counter()
        self._last = installed_base(session, now), now
        self._kept = max(self._KEPT, timedelta(seconds=self._SHARE * (perf_counter() - began)))
        return self._last


def all_conditions(session: Session, filters: FleetFilter, now: datetime) -> list[ColumnElement[bool]] | None:
    """All conditions of a filter, text included, over `unit` left-joined with `unit_status`; None if no unit can match."""
    if any(isinstance(value, str) and "\0" in value for value in filters):
        return None
    branches = _branches(session, filters.text.strip())
    if filters.text.strip() and not branches:
        return None
    return [*conditions(session, filters, now), *([or_(*branches)] if branches else []), fleet_queries.is_registered()]


def conditions(session: Session, filters: FleetFilter, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a filter without its text, over `unit` left-joined with `unit_status`."""
    listening, ms = hearing(session), to_ms(now)
    where = [*_of_unit(filters), *_of_owner(session, filters), *_of_cover(session, filters, now)]
    if filters.liveness:
        where.append(fleet_queries.is_liveness(session, filters.liveness, listening, ms))
    if filters.heard is not None:
        where.append(fleet_filters.heard_after(session, ms - filters.heard * _DAY))
    if filters.used is not None:
        where.append(fleet_filters.used_after(session, filters.used, ms // _DAY - USED_DAYS))
    if filters.operating is not None:
        where.append(fleet_queries.is_operating(listening, ms) == filters.operating)
    return where


def _of_unit(filters: FleetFilter) -> list[ColumnElement[bool]]:
    where = []
    if filters.lifecycle:
        where.append(fleet_queries.is_lifecycle(filters.lifecycle))
    if filters.account is not None:
        where.append(fleet_queries.of_account(filters.account))
    if filters.site is not None:
        where.append(fleet_queries.of_site(filters.site))
    if filters.maker is not None and filters.model is not None:
        where.append(fleet_queries.of_product(name_key(filters.maker), name_key(filters.model)))
    if filters.kind is not None:
        where.append(fleet_filters.of_kind(filters.kind))
    if filters.provisioned is not None:
        where.append(fleet_filters.provisioned() == filters.provisioned)
    if filters.firmware is not None:
        where.append(fleet_filters.of_firmware(_word(filters.firmware)))
    return where


def _of_owner(session: Session, filters: FleetFilter) -> list[ColumnElement[bool]]:
    where = []
    if filters.under is not None:
        where.append(fleet_filters.under(session, filters.under))
    if filters.owner is not None:
        where.append(fleet_filters.of_owner(_word(filters.owner)))
    if filters.segment is not None:
        where.append(fleet_filters.of_segment(_word(filters.segment)))
    if filters.country is not None:
        where.append(fleet_filters.in_country(_word(filters.country)))
    return where


def _of_cover(session: Session, filters: FleetFilter, now: datetime) -> list[ColumnElement[bool]]:
    where, today = [], now.date()
    if filters.age is not None:
        where.append(fleet_filters.installed(*_installed(filters.age, today)))
    if filters.cells is not None:
        cells = [int(code, 2) for code in filters.cells.split() if code in CELLS]
        where.append(fleet_filters.in_cells(session, cells))
    if filters.contract is not None:
        where.append(fleet_filters.on_contract(session, fleet_filters.contract_ids(session, filters.contract)))
    if filters.warranty is not None:
        where.append(fleet_filters.in_warranty(today) == filters.warranty)
    if filters.covered is not None:
        contracted = fleet_filters.in_cells(session, [int(code, 2) for code in CELLS if code[0] == "1"])
        where.append(or_(contracted, fleet_filters.in_warranty(today)) == filters.covered)
    if filters.ending is not None:
        where.append(fleet_filters.warranty_ends(today, today + timedelta(filters.ending)))
    if filters.over is not None:
        where.append(fleet_filters.over_quantity(filters.over))
    if filters.outdated is not None:
        where.append(fleet_filters.outdated(fleet_firmware.old(session, now)) == filters.outdated)
    return where


def _installed(age: str, today: date) -> tuple[date | None, date | None]:
    """After and up to which day units of an age were installed."""
    if not age.isdecimal():
        return None, None
    years = min(int(age), OLDEST)
    after = None if years == OLDEST else add_months(today, -12 * (years + 1))
    return after, add_months(today, -12 * years) if years else None  # units to be installed in the future count as new


def _word(value: str) -> str:
    return "" if value == NONE else value


def _branches(session: Session, text: str) -> list[ColumnElement[bool]]:
    """A condition for each way a text can match."""
    if not text:
        return []
    branches = fleet_queries.names(session, text)
    prefix = "".join(c for c in text.upper() if c not in SEPARATORS and not c.isspace())
    if prefix.isascii() and prefix.isalnum():
        branches.append(fleet_queries.serial_begins(prefix))
    named = "".join(text.upper().split())
    if named != prefix and named.isascii() and (named[:1].isalnum()):
        branches.append(fleet_queries.serial_begins(named))  # of what is no device, signs count
    return branches
