"""Facts of the whole fleet for planning: units, incidents, contracts, as columns or few rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from numpy.typing import NDArray
from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from musterroll.domain.capacity.exposure import NEVER
from musterroll.storage.capacity.exposure_sums import completed_months
from musterroll.storage.capacity.units import AFTER, BEFORE
from musterroll.storage.engine.columns import Columns
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.reconciliation import ReconcileQueue
from musterroll.storage.tables.units import Incident, Unit

_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # ms
_SITES = "SELECT id, country FROM site WHERE country <> '' AND {placed}"
_ACCOUNTS = "SELECT id, country FROM account WHERE country <> '' AND {seen}"
_PLACE = {"id": "BIGINT", "country": "VARCHAR"}
# Registered units that have reported or are deployed: place, silence, age and remaining cover in completed months.
_FLEET = f"""
WITH promised AS (
  SELECT unit_id, max(coalesce(ends_on - DATE '1970-01-01', {NEVER})) AS ends FROM plan_period WHERE voided_on IS NULL GROUP BY unit_id)
SELECT c.unit_id, c.product_id, coalesce(c.account_id, 0) AS account_id, c.cell, c.line_id, u.stage, u.hardware, u.first_heard_at,
  u.stale_since,
  coalesce(site.country, account.country) AS region,
  {completed_months("$today", "coalesce(u.installed_on - DATE '1970-01-01', u.first_heard_at // 86400000, 0)")} AS age,
  CASE WHEN greatest(p.ends, l.ends) > $today THEN (greatest(p.ends, l.ends) - $today - 1) * 16 // 487 END AS covered
FROM plan_cell c
JOIN plan_unit u ON u.unit_id = c.unit_id AND u.registered = 1
LEFT JOIN promised p ON p.unit_id = c.unit_id
LEFT JOIN plan_line_days l ON l.line_id = c.line_id
LEFT JOIN plan_site site ON site.id = c.site_id
LEFT JOIN plan_account account ON account.id = c.account_id"""  # noqa: S608  our own
_SILENT = """
SELECT count(*) FILTER (first_heard_at IS NULL), count(*) FILTER (first_heard_at IS NOT NULL) FROM plan_fleet
WHERE hardware = 1 AND cell & 3 = 2"""
_OF_ACCOUNTS = """
SELECT account_id, count(*) FILTER (cell & 1 = 1),
  count(*) FILTER (first_heard_at < $before AND (cell & 1 = 1 OR stale_since >= $before)), count(*)
FROM plan_fleet WHERE cell & 2 = 2 GROUP BY account_id"""
_PRICES = """
SELECT currency, price FROM (
  SELECT l.currency, l.price, row_number() OVER (PARTITION BY l.currency ORDER BY f.unit_id) - 1 AS place,
    count(*) OVER (PARTITION BY l.currency) AS units
  FROM plan_fleet f JOIN plan_line l ON l.id = f.line_id
  WHERE f.cell & 1 = 1 AND l.price IS NOT NULL) priced
WHERE place % CAST(ceil(units / $most) AS BIGINT) = 0
ORDER BY currency, place"""
# In force on the day: a line that ends with the first term renews with the contract.
_WORTH = """
SELECT l.contract_id, l.currency, CAST(sum(l.price * l.quantity) AS BIGINT) FROM plan_line l
JOIN plan_worth_day t ON t.contract_id = l.contract_id
WHERE l.price IS NOT NULL AND (l.starts_on IS NULL OR l.starts_on - DATE '1970-01-01' <= t.day)
  AND (l.ends_on IS NULL OR l.ends_on - DATE '1970-01-01' = t.first_end OR l.ends_on - DATE '1970-01-01' > t.day)
GROUP BY ALL ORDER BY ALL"""
_INCIDENTS = """
SELECT unit_id, parts, CASE WHEN closed_on IS NOT NULL THEN hours END AS hours, id, opened_on, category FROM incident
WHERE unit_id IS NOT NULL AND opened_on < :on AND {mine}"""
_INCIDENT = {**dict.fromkeys(("unit_id", "parts", "hours", "id"), "BIGINT"), "opened_on": "DATE", "category": "VARCHAR"}
_BORN = "coalesce(u.installed_on - DATE '1970-01-01', u.first_heard_at // 86400000, i.opened_on - DATE '1970-01-01')"
_HAPPENED = f"""
SELECT i.opened_on - DATE '1970-01-01' AS day, u.product_id AS product,
  {completed_months("(i.opened_on - DATE '1970-01-01')", _BORN)} AS age,
  coalesce(i.parts, -1) AS parts, coalesce(i.hours, -1) AS hours, i.category
FROM plan_incident i JOIN plan_unit u ON u.unit_id = i.unit_id AND u.hardware = 1 WHERE i.opened_on >= $since ORDER BY i.opened_on, i.id"""  # noqa: S608


def matches_last_run(session: Session, on: date) -> bool:
    """Whether the last reconciliation matches the units on a day, but for at most one in a thousand."""
    run = cell_counters.last_run(session)
    if (
        run is None
        or run.on != on
        or session.execute(select(col(ReconcileQueue.id)).where(col(ReconcileQueue.unit_id).is_(None)).limit(1)).first()
    ):
        return False
    units = sum(cell_counters.counts(session).values())
    queued = select(col(ReconcileQueue.id)).limit(units // 1000 + 1).subquery()
    return int(session.execute(select(func.count()).select_from(queued)).scalar_one()) * 1000 <= units


def make_fleet(columns: Columns, today: int) -> None:
    """Make `plan_fleet` as of a day since 1970."""
    columns.read("plan_site", _SITES, _PLACE)
    columns.read("plan_account", _ACCOUNTS, _PLACE)
    columns.make("plan_fleet", _FLEET, today=today)


def at_work(columns: Columns, by: str) -> list[tuple[int, Any, int]]:
    """Units by product and `age`, `region` or `covered`: those that operate and are not recorded as returned or retired."""
    counted = f"SELECT product_id, {by}, count(*) FROM plan_fleet WHERE cell & 1 = 1 AND hardware = 1 AND stage <> {AFTER} GROUP BY ALL"  # noqa: S608
    return columns.rows(f"{counted} ORDER BY ALL NULLS FIRST")


def shipped(columns: Columns) -> dict[int, int]:
    """Units by product that are on their way or in stock."""
    waiting = f"SELECT product_id, count(*) FROM plan_fleet WHERE cell & 1 = 0 AND hardware = 1 AND stage = {BEFORE} GROUP BY product_id"  # noqa: S608
    return dict(columns.rows(waiting))


def silent(columns: Columns) -> tuple[int, int]:
    """Units deployed that do not operate: never heard, and heard once."""
    return tuple(columns.rows(_SILENT)[0])


def of_accounts(columns: Columns, before: int) -> dict[int, tuple[int, int, int]]:
    """Of the deployed units of each account: how many operate, how many did at an instant before (ms), and all."""
    return {account: (now, then, deployed) for account, now, then, deployed in columns.rows(_OF_ACCOUNTS, before=before)}


def prices(columns: Columns, most: int) -> list[tuple[str, int]]:
    """Currency and price (ten-thousandths) of the lines of operating units: an even sample of at most so many of each currency."""
    return columns.rows(_PRICES, most=most)


def worth(columns: Columns, days: Sequence[tuple[int, date, date | None]]) -> list[tuple[int, str, int]]:
    """Annual value (ten-thousandths) by contract and currency of the lines in force on a day of each contract in force.

    `days`: contract, day, and when its first term ends.
    """
    dated = [(contract, _day(day), NEVER if end is None else _day(end)) for contract, day, end in days]
    columns.fill("plan_worth_day", dict.fromkeys(("contract_id", "day", "first_end"), "BIGINT"), dated)
    return columns.rows(_WORTH)


def incidents(columns: Columns, since: date, until: date) -> Mapping[str, NDArray[Any]]:
    """Incidents of units opened from a day to just before another, in order of time: day, product, completed months of age, parts
    (-1 unknown), hours of a closed one in ten-thousandths (-1 unknown), category."""
    columns.read("plan_incident", _INCIDENTS, _INCIDENT, on=until)
    return columns.arrays(_HAPPENED, since=since)


class Lifetime(NamedTuple):
    """Days of birth, first report, last report, and of the first incident with a part used (None: none); firmware now, and number of
    the site."""

    born: int
    first: int
    last: int
    failed: int | None
    firmware: str
    site: str


def lifetimes(session: Session, product_id: int, at: int) -> list[Lifetime]:
    """Units of a product heard before `at` (ms), with their last report at the latest then."""
    visited = select(func.min(col(Incident.opened_on))).where(col(Incident.unit_id) == col(Unit.id), col(Incident.parts) > 0)
    query = select(col(Unit.installed_on), col(UnitStatus.first_heard_at), col(UnitStatus.heard_at), visited.scalar_subquery())
    query = query.add_columns(col(Unit.firmware), col(Site.ref))
    heard = query.join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).where(col(UnitStatus.first_heard_at) < at)
    placed = heard.outerjoin(Site, col(Site.id) == col(Unit.site_id))
    units = session.execute(placed.where(col(Unit.product_id) == product_id, col(Unit.merged_into_id).is_(None)))
    return [_lifetime(row, at) for row in units]


def _lifetime(row: Any, at: int) -> Lifetime:
    born, first, last, failed, firmware, site = row
    days = (first // _DAY if born is None else _day(born), first // _DAY, min(last, at) // _DAY, None if failed is None else _day(failed))
    return Lifetime(*days, firmware, site or "")


def _day(day: date) -> int:
    return (day - _EPOCH).days


def unmatched_incidents(session: Session, since: date, until: date) -> int:
    """Number of incidents on unknown serials."""
    i = Incident
    query = select(func.count()).where(col(i.unit_id).is_(None), col(i.opened_on) >= since, col(i.opened_on) < until)
    return int(session.execute(query).scalar_one())


def products(session: Session) -> list[Row[Any]]:
    p = Product
    return list(session.execute(select(col(p.id), col(p.maker), col(p.model), col(p.maker_key), col(p.family_key), col(p.family))))


def account_names(session: Session) -> dict[int, tuple[str, str, str]]:
    """Number, name and segment by row id."""
    a = Account
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(select(col(a.id), col(a.ref), col(a.name), col(a.segment)))}
