"""What targets are about, counted over the runs of several days: the units and licences of each scope, and what changed between two days.

A unit counts under its own account (else that of its site), a licence under the account and the product of its contract line, as on the
page of licences. Countries and saved segments are those of the unit. A segment holds the same units on every day: those in it now.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from musterroll.domain.installed_base.targets import PARTS, Measure, Move, MoveReason, Scope, ScopeCounts, ScopeKind
from musterroll.storage.engine.columns import Columns

_SHOWN, _UNITS = 10, 20  # accounts or products, and units, of a bridge
_WARRANTY = {"unit_id": "BIGINT", **dict.fromkeys(("starts_on", "ends_on", "voided_on"), "DATE")}
_PRODUCT = {"id": "BIGINT", "maker": "VARCHAR", "model": "VARCHAR"}
_ACCOUNT = {"id": "BIGINT", "ref": "VARCHAR", "name": "VARCHAR"}
_COVERED = """
SELECT DISTINCT unit_id FROM target_warranty
WHERE starts_on <= $on AND (ends_on IS NULL OR ends_on > $on) AND (voided_on IS NULL OR voided_on > $on)"""
_UNIT = """
SELECT c.unit_id, c.account_id, c.product_id, coalesce(a.segment, '') AS segment,
  coalesce(nullif(s.country, ''), a.country, '') AS country, (c.cell & 2) > 0 AS deployed, (c.cell & 3) = 3 AS operating,
  c.cell = 7 AS attached, (c.cell & 2) > 0 AND ((c.cell & 4) > 0 OR w.unit_id IS NOT NULL) AS covered
FROM run_cell c LEFT JOIN account a ON a.id = c.account_id LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN target_covered w ON w.unit_id = c.unit_id"""
_LICENCE = """
WITH used AS (SELECT t.line_id, max(c.product_id) AS product_id FROM run_seat t JOIN run_cell c ON c.unit_id = t.unit_id GROUP BY 1)
SELECT u.unit_id, l.account_id, coalesce(l.product_id, used.product_id) AS product_id, coalesce(a.segment, '') AS segment, u.country,
  count(*) AS licences
FROM run_seat t JOIN run_line l ON l.id = t.line_id AND l.in_force JOIN used ON used.line_id = l.id
JOIN target_unit u ON u.unit_id = t.unit_id JOIN run_cell c ON c.unit_id = t.unit_id AND c.operating
LEFT JOIN account a ON a.id = l.account_id GROUP BY ALL"""
_FLAGS = ("deployed", "operating", "attached", "covered")
_GROUPS = f"""
SELECT account_id, product_id, segment, country, {", ".join(f"count(*) FILTER (WHERE {flag}) AS {flag}" for flag in _FLAGS)}
FROM target_unit GROUP BY ALL"""  # noqa: S608  our own
_LICENCE_GROUPS = "SELECT account_id, product_id, segment, country, sum(licences) AS licences FROM target_licence GROUP BY ALL"
_BELOW = """
WITH RECURSIVE below(id) AS (SELECT CAST($root AS BIGINT) UNION SELECT a.id FROM run_account a JOIN below b ON a.parent_id = b.id)
SELECT id FROM below"""
_WHERE = {
    ScopeKind.FLEET: "TRUE",
    ScopeKind.PRODUCT: "product_id = CAST($key AS BIGINT)",
    ScopeKind.CUSTOMER_SEGMENT: "segment = $key",
    ScopeKind.COUNTRY: "country = $key",
}
_CHANGED = f"""
SELECT coalesce(n.unit_id, o.unit_id) AS unit_id, coalesce(n.account_id, o.account_id) AS account_id,
  coalesce(n.product_id, o.product_id) AS product_id, coalesce(n.segment, o.segment) AS segment, coalesce(n.country, o.country) AS country,
  {", ".join(f"coalesce(CAST(o.{flag} AS BIGINT), 0) AS {flag}_0, coalesce(CAST(n.{flag} AS BIGINT), 0) AS {flag}_1" for flag in _FLAGS)}
FROM {{opening}}_unit o FULL JOIN target_unit n ON n.unit_id = o.unit_id
WHERE {" OR ".join(f"coalesce(n.{flag}, FALSE) <> coalesce(o.{flag}, FALSE)" for flag in _FLAGS)}"""  # noqa: S608
_CHANGED_LICENCES = """
SELECT unit_id, account_id, product_id, segment, country, sum(licences_0) AS licences_0, sum(licences_1) AS licences_1 FROM (
  SELECT unit_id, account_id, product_id, segment, country, licences AS licences_0, 0 AS licences_1 FROM {opening}_licence
  UNION ALL SELECT unit_id, account_id, product_id, segment, country, 0, licences FROM target_licence) GROUP BY ALL
HAVING sum(licences_0) <> sum(licences_1)"""
_MOVED = """
SELECT unit_id, account_id, product_id, part_1 - part_0 AS part, whole_1 - whole_0 AS whole,
  CASE WHEN whole_1 > whole_0 THEN 'entered' WHEN whole_1 < whole_0 THEN 'left' WHEN part_1 > part_0 THEN 'gained' ELSE 'lost' END AS reason
FROM (SELECT unit_id, account_id, product_id, {parts} FROM {changed} WHERE {where}) WHERE part_0 <> part_1 OR whole_0 <> whole_1"""
_SUMS = "count(DISTINCT unit_id), sum(part), sum(whole)"
_BY = {
    "reason": f"SELECT reason, '', {_SUMS} FROM target_move GROUP BY ALL ORDER BY ALL",  # noqa: S608
    "account": f"""SELECT coalesce(a.ref, ''), coalesce(a.name, ''), {_SUMS} FROM target_move m
      LEFT JOIN target_account a ON a.id = m.account_id GROUP BY ALL""",  # noqa: S608
    "product": f"""SELECT CAST(m.product_id AS VARCHAR), coalesce(p.maker || ' ' || p.model, ''), {_SUMS} FROM target_move m
      LEFT JOIN target_product p ON p.id = m.product_id GROUP BY ALL""",  # noqa: S608
}
_FIRST = "SELECT unit_id, min(reason) FROM target_move GROUP BY 1 ORDER BY sum(abs(part)) DESC, 1 LIMIT {shown}"


class Moves(NamedTuple):
    """What changed a measure of a scope. `units`: row ids of some units, with the reason."""

    reasons: list[Move]
    accounts: list[Move]
    products: list[Move]
    units: list[tuple[int, MoveReason]]


def read(columns: Columns) -> None:
    """Read what days are counted by, beside the history of units."""
    columns.read("target_warranty", "SELECT unit_id, starts_on, ends_on, voided_on FROM warranty_period", _WARRANTY)
    columns.read("target_product", "SELECT id, maker, model FROM product", _PRODUCT)
    columns.read("target_account", "SELECT id, ref, name FROM account", _ACCOUNT)


def make_scopes(columns: Columns, scopes: Sequence[Scope], segments: Mapping[str, Collection[int]]) -> dict[Scope, str]:
    """The conditions of scopes, whose accounts are tables; of a segment, the units are given."""
    conditions = {}
    for number, scope in enumerate(scopes):
        table = f"target_scope_{number}"
        if scope.kind is ScopeKind.ACCOUNT:
            columns.make(table, _BELOW, root=int(scope.key))
            conditions[scope] = f"account_id IN (FROM {table})"
        elif scope.kind is ScopeKind.SEGMENT:
            columns.fill(table, {"id": "BIGINT"}, [(unit,) for unit in segments.get(scope.key, ())])
            conditions[scope] = f"unit_id IN (FROM {table})"
        else:
            conditions[scope] = _WHERE[scope.kind].replace("$key", _quoted(scope.key))
    return conditions


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def make_day(columns: Columns, on: date) -> None:
    """Make `target_unit`, `target_licence` and their groups of a run."""
    columns.make("target_covered", _COVERED, on=on)
    columns.make("target_unit", _UNIT)
    columns.make("target_licence", _LICENCE)
    columns.make("target_group", _GROUPS)
    columns.make("target_licence_group", _LICENCE_GROUPS)


def counts(columns: Columns, conditions: Mapping[Scope, str]) -> dict[Scope, ScopeCounts]:
    """The counts of each scope on the day of `make_day`."""
    by_scope = {}
    for scope, where in conditions.items():
        of_units = scope.kind is ScopeKind.SEGMENT
        sums = ", ".join(f"count(*) FILTER (WHERE {flag})" if of_units else f"sum({flag})" for flag in _FLAGS)
        units = columns.rows(f"SELECT {sums} FROM {'target_unit' if of_units else 'target_group'} WHERE {where}")[0]  # noqa: S608
        table = "target_licence" if of_units else "target_licence_group"
        licences = columns.rows(f"SELECT sum(licences) FROM {table} WHERE {where}")[0][0]  # noqa: S608
        by_scope[scope] = ScopeCounts(*(int(number or 0) for number in (*units, licences)))
    return by_scope


def keep(columns: Columns, name: str) -> None:
    """Keep the units and licences of this day as the opening of a bridge."""
    columns.make(f"{name}_unit", "FROM target_unit")
    columns.make(f"{name}_licence", "FROM target_licence")


def make_changes(columns: Columns, name: str) -> None:
    """Make what changed from the day kept under a name to this one."""
    columns.define(opening=name)
    columns.make("target_changed", _CHANGED)
    columns.make("target_changed_licences", _CHANGED_LICENCES)


def moves(columns: Columns, measure: Measure, where: str) -> Moves:
    """What of the changes moved a measure of the scope with this condition."""
    part, whole = PARTS[measure]
    sides = ", ".join(f"{part}_{side} AS part_{side}, {whole + f'_{side}' if whole else 0} AS whole_{side}" for side in (0, 1))
    changed = "target_changed" if whole else "target_changed_licences"
    columns.make("target_move", _MOVED.replace("{parts}", sides).replace("{changed}", changed).replace("{where}", where))
    by = {name: [Move(row[0], row[1], *map(int, row[2:])) for row in columns.rows(query)] for name, query in _BY.items()}
    units: list[Any] = columns.rows(_FIRST.replace("{shown}", str(_UNITS)))
    return Moves(by["reason"], by["account"], by["product"], [(int(row[0]), MoveReason(row[1])) for row in units])
