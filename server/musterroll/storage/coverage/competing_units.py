"""The units that compete for the same quantities: all that are needed to allocate their seats, and no more.

A unit competes with those that can use a pool it can use, they with those that can use another of their pools, and so on.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, text
from sqlmodel import Session

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.coverage.seat_allocation import Candidate, lineage
from musterroll.domain.coverage.verdict import Cover
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.contracts.lines import Place
from musterroll.storage.engine.bulk import ids, postgres
from musterroll.storage.reconciliation.unit_states import JudgedSql


class CompetingUnits(NamedTuple):
    """Quantity lines in force, the units that compete for them, and the parents of their accounts."""

    lines: list[Cover]
    units: list[Candidate]
    parents: dict[int, int | None]


_UP = """
WITH RECURSIVE up(id, parent_id, steps) AS (
  SELECT id, parent_id, 0 FROM account WHERE id IN {accounts}
  UNION ALL SELECT account.id, account.parent_id, steps + 1 FROM account JOIN up ON account.id = up.parent_id WHERE steps < 64)
SELECT DISTINCT id, parent_id FROM up"""
_DOWN = """
WITH RECURSIVE down(id, parent_id, steps) AS (
  SELECT id, parent_id, 0 FROM account WHERE id IN {accounts}
  UNION ALL SELECT account.id, account.parent_id, steps + 1 FROM account JOIN down ON account.parent_id = down.id WHERE steps < 64)
SELECT DISTINCT id, parent_id FROM down"""
_CANDIDATES = """
SELECT unit.id, unit.serial_key, unit.product_id, coalesce(unit.account_id, site.account_id), unit.site_id, {lifecycle} = 'deployed',
  coalesce({operating}, FALSE), unit.installed_on
FROM unit LEFT JOIN unit_status ON unit_status.unit_id = unit.id LEFT JOIN site ON site.id = unit.site_id
WHERE unit.merged_into_id IS NULL AND """
# Each alternative by its own index: as one condition, a million units would be scanned.
_AT_PLACES = """unit.product_id = :product AND unit.id IN (
  SELECT u.id FROM unit u WHERE u.site_id IN {sites}
  UNION ALL SELECT u.id FROM unit u WHERE u.account_id IN {accounts}
  UNION ALL SELECT u.id FROM site s JOIN unit u ON u.site_id = s.id WHERE u.account_id IS NULL AND s.account_id IN {accounts})"""


def ancestors(session: Session, accounts: Collection[int]) -> dict[int, int | None]:
    """These accounts and their ancestors, each with its parent."""
    return dict(_rows(session, _UP, accounts=accounts)) if accounts else {}


def _rows(session: Session, query: str, words: dict[str, str] | None = None, **given: Collection[int] | int) -> list[Any]:
    """Rows of a query; each list replaces the braces of its name."""
    lists = {name: value for name, value in given.items() if not isinstance(value, int)}
    value_list = "(SELECT unnest(:{}))" if postgres(session) else "(SELECT value FROM json_each(:{}))"
    filled = query.format_map({**(words or {}), **{name: value_list.format(name) for name in lists}})
    return list(session.execute(text(filled), given | {name: ids(session, list(value)) for name, value in lists.items()}).all())


def places_in_reach(site: int | None, account: int | None, parents: dict[int, int | None]) -> set[Place]:
    """The places whose quantities can cover a unit."""
    places: set[Place] = {(LineScope.SUBTREE, ancestor) for ancestor in lineage(account, parents)}
    return places | ({(LineScope.SITE, site)} if site else set()) | ({(LineScope.ACCOUNT, account)} if account else set())


def units_with_serials(session: Session, judged: JudgedSql, serial_keys: Collection[str]) -> list[Candidate]:
    """All units with one of these serials."""
    if not serial_keys:
        return []
    words = judged._asdict()
    query = text(_CANDIDATES.format(**words) + "unit.serial_key IN :keys").bindparams(bindparam("keys", expanding=True))
    return [_candidate(row) for row in session.execute(query, {"keys": list(serial_keys)})]


def competing_at(
    session: Session, judged: JudgedSql, product: int, places: Iterable[Place], holds: Callable[[Cover], bool]
) -> CompetingUnits:
    """The units competing for the quantities at these places, with the lines that `holds` accepts."""
    parents: dict[int, int | None] = {}
    asked: set[Place] = set()
    lines: list[Cover] = []
    units: dict[int, Candidate] = {}
    new = set(places)
    while new:
        asked |= new
        covers = [cover for cover in contract_lines.at_places(session, product, new) if holds(cover)]
        lines += covers
        fresh = [unit for unit in _reaching(session, judged, product, covers, parents) if unit.unit not in units]
        units |= {unit.unit: unit for unit in fresh}
        new = set().union(*(places_in_reach(unit.site, unit.account, parents) for unit in fresh)) - asked
    return CompetingUnits(lines, list(units.values()), parents)


def _reaching(session: Session, judged: JudgedSql, product: int, lines: list[Cover], parents: dict[int, int | None]) -> list[Candidate]:
    """The units of a product that one of these lines can cover; adds their ancestors to `parents`."""
    at = {scope: {cover.line.place or 0 for cover in lines if cover.line.scope is scope} for scope in LineScope}
    below = dict(_rows(session, _DOWN, accounts=at[LineScope.SUBTREE])) if at[LineScope.SUBTREE] else {}
    accounts = at[LineScope.ACCOUNT] | below.keys()
    if not accounts and not at[LineScope.SITE]:
        return []
    rows = _rows(session, _CANDIDATES + _AT_PLACES, judged._asdict(), product=product, sites=at[LineScope.SITE], accounts=accounts)
    units = [_candidate(row) for row in rows]
    parents |= ancestors(session, {unit.account for unit in units if unit.account} - parents.keys())
    return units


def _candidate(row: Any) -> Candidate:
    unit, key, product, account, site, deployed, operating, installed = row
    return Candidate(unit, key, product, account, site, bool(deployed), bool(operating), _day(installed))


def _day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value
