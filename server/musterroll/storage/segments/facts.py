"""What the ready-made segments are worked out from, in columns of the whole fleet. Days are days since 1970."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.segments.pairs import FEWEST, Owned
from musterroll.storage.engine.columns import WORD, Columns
from musterroll.storage.fleet.segments import OwnerSums

# As of the last reconciliation; values as `storage.fleet.segments` has them.
_UNITS = """
SELECT u.id AS unit_id, coalesce(u.account_id, t.account_id, 0) AS account_id, coalesce(u.account_id, 0) AS own_id, u.product_id,
  coalesce(r.cell, 0) AS cell, coalesce(l.price, p.list_price) AS value,
  CASE WHEN l.price IS NULL THEN p.currency ELSE coalesce(nullif(l.currency, ''), c.currency) END AS currency,
  coalesce(u.purchased_on, u.shipped_on) AS bought
FROM unit u JOIN product p ON p.id = u.product_id LEFT JOIN site t ON t.id = u.site_id
  LEFT JOIN unit_reconciliation r ON r.unit_id = u.id
  LEFT JOIN contract_line l ON l.id = r.line_id LEFT JOIN contract c ON c.id = l.contract_id
WHERE u.merged_into_id IS NULL"""
_UNIT = {
    **{"unit_id": "BIGINT", "account_id": "BIGINT", "own_id": "BIGINT", "product_id": "BIGINT", "cell": "BIGINT", "value": "BIGINT"},
    **{"currency": WORD, "bought": "DATE"},
}
_USES = "SELECT unit_id, counter_id, last_day FROM unit_use"
_USE = {"unit_id": "BIGINT", "counter_id": "BIGINT", "last_day": "BIGINT"}
_SUMS = """SELECT account_id, product_id, counter_id, sum(use) AS use FROM usage_sum WHERE day > :since AND day <= :until AND account_id > 0
GROUP BY account_id, product_id, counter_id"""
_SUM = {"account_id": "BIGINT", "product_id": "BIGINT", "counter_id": "BIGINT", "use": "DOUBLE"}
# Counters that operating units report, by the account that the sums of use are kept for.
_REPORTS = """
SELECT u.own_id AS account_id, u.product_id, s.counter_id, u.unit_id, s.last_day, u.value, u.currency
FROM segment_unit u JOIN segment_use s USING (unit_id) WHERE u.cell & 3 = 3 AND u.own_id > 0"""
_VALUED = "account_id, coalesce(currency, ''), count(*), sum(value), count(value)"
DEPLOYED, SILENT = "cell & 2 = 2", "cell & 3 = 2"


class Evidence(NamedTuple):
    """An account that a rule holds for, by a product and a counter: what was measured, what it is compared with, of how many."""

    account_id: int
    product_id: int
    counter_id: int
    units: int
    measured: float
    compared: float
    accounts: int


class PairMember(NamedTuple):
    account_id: int
    a_id: int
    b_id: int
    units: int  # of A


def read(session: Session, today: int, engaged_days: int) -> Columns:
    """Read all units and their use."""
    columns = Columns(session)
    columns.read("segment_unit", _UNITS, _UNIT)
    columns.read("segment_use", _USES, _USE)
    columns.read("segment_sum", _SUMS, _SUM, since=today - engaged_days, until=today)
    columns.make("segment_report", _REPORTS)
    return columns


def sums(columns: Columns, where: str) -> list[OwnerSums]:
    """Units of accounts that meet a condition, by account and currency."""
    return _owner_sums(columns, f"SELECT {_VALUED} FROM segment_unit WHERE account_id > 0 AND ({where}) GROUP BY ALL")  # noqa: S608  our own


def states(columns: Columns) -> dict[int, tuple[int, int]]:
    """By account: units deployed, and units on contract lines."""
    counts = "count(*) FILTER (WHERE cell & 2 = 2), count(*) FILTER (WHERE cell & 4 = 4)"
    return {row[0]: (row[1], row[2]) for row in columns.rows(f"SELECT account_id, {counts} FROM segment_unit GROUP BY ALL")}  # noqa: S608


def bought(columns: Columns, since: date, until: date, times: int) -> tuple[dict[int, int], list[OwnerSums]]:
    """Accounts that bought in at least so many months from a day to another: the months, and the units bought."""
    within = "account_id > 0 AND bought BETWEEN $since AND $until"
    months = "count(DISTINCT date_trunc('month', bought))"
    columns.make(
        "segment_buyer",
        f"SELECT account_id, {months} AS months FROM segment_unit WHERE {within} GROUP BY ALL HAVING months >= $times",  # noqa: S608
        **{"since": since, "until": until, "times": times},
    )
    units = f"SELECT {_VALUED} FROM segment_unit SEMI JOIN segment_buyer USING (account_id) WHERE {within} GROUP BY ALL"  # noqa: S608
    return dict(columns.rows("FROM segment_buyer")), _owner_sums(columns, units, since=since, until=until)


_OWNS = f"SELECT DISTINCT account_id, product_id FROM segment_unit WHERE {DEPLOYED} AND account_id > 0"  # noqa: S608
_PAIRS = """
WITH product AS (SELECT product_id, count(*) AS owners FROM segment_owns GROUP BY ALL),
pair AS (
  SELECT a.product_id AS a, b.product_id AS b, count(*) AS owners
  FROM segment_owns a JOIN segment_owns b ON a.account_id = b.account_id AND a.product_id < b.product_id GROUP BY ALL)
SELECT p.a, p.b, (SELECT count(DISTINCT account_id) FROM segment_owns), x.owners, y.owners, p.owners
FROM pair p JOIN product x ON x.product_id = p.a JOIN product y ON y.product_id = p.b WHERE p.owners >= $fewest ORDER BY ALL"""


def owned(columns: Columns) -> tuple[list[Owned], int]:
    """Pairs of products that enough accounts own together, and how many products enough accounts own."""
    columns.make("segment_owns", _OWNS)
    often = "SELECT product_id FROM segment_owns GROUP BY ALL HAVING count(*) >= $fewest"
    ((products,),) = columns.rows(f"SELECT count(*) FROM ({often})", fewest=FEWEST)  # noqa: S608
    return [Owned(*row) for row in columns.rows(_PAIRS, fewest=FEWEST)], products


_LACKING = """
SELECT u.account_id, p.a_id, p.b_id, u.unit_id, u.value, u.currency FROM segment_unit u JOIN segment_pair p ON p.a_id = u.product_id
WHERE u.cell & 2 = 2 AND u.account_id > 0
  AND NOT EXISTS (FROM segment_owns o WHERE o.account_id = u.account_id AND o.product_id = p.b_id)"""


def lacking(columns: Columns, pairs: Collection[tuple[int, int]]) -> tuple[list[PairMember], list[OwnerSums]]:
    """Accounts that own A but not B, for each of these pairs; and their units of A, each once. Needs `owned`."""
    columns.fill("segment_pair", {"a_id": "BIGINT", "b_id": "BIGINT"}, list(pairs))
    columns.make("segment_lacking", _LACKING)
    members = columns.rows("SELECT account_id, a_id, b_id, count(*) FROM segment_lacking GROUP BY ALL ORDER BY ALL")
    return [PairMember(*row) for row in members], _distinct(columns, "segment_lacking")


_UNUSED = """
WITH account AS (
  SELECT product_id, counter_id, account_id, count(*) AS units, coalesce(max(last_day) > $today - $days, FALSE) AS used
  FROM segment_report WHERE counter_id <> $operating GROUP BY ALL),
usual AS (
  SELECT product_id, counter_id, count(*) AS accounts, count(*) FILTER (WHERE used) / count(*) AS share
  FROM account GROUP BY ALL HAVING accounts >= $fewest AND share >= $least)
SELECT account_id, product_id, counter_id, units, 0.0 AS measured, share, accounts
FROM account JOIN usual USING (product_id, counter_id) WHERE NOT used"""


def unused(columns: Columns, today: int, *, days: int, operating: int, fewest: int, least: float) -> tuple[list[Evidence], list[OwnerSums]]:
    """Accounts that use a counter not at all which others use: of these the share that does, and how many there are."""
    columns.make("segment_flagged", _UNUSED, today=today, days=days, operating=operating, fewest=fewest, least=least)
    return _flagged(columns)


_ENGAGED = """
WITH account AS (
  SELECT account_id, product_id, counter_id, count(*) AS units FROM segment_report GROUP BY ALL HAVING units >= $units),
rate AS (
  SELECT a.*, coalesce(s.use, 0) / a.units AS rate FROM account a LEFT JOIN segment_sum s USING (account_id, product_id, counter_id)),
usual AS (
  SELECT product_id, counter_id, median(rate) AS usual, count(*) AS accounts FROM rate GROUP BY ALL
  HAVING accounts >= $accounts AND usual > 0)
SELECT account_id, product_id, counter_id, units, rate, usual, accounts FROM rate JOIN usual USING (product_id, counter_id) WHERE """


def engaged(columns: Columns, times: float, *, low: bool, units: int, accounts: int) -> tuple[list[Evidence], list[OwnerSums]]:
    """Accounts with less (`low`), or at least, so many times the median use per unit: their use, and the median."""
    rule = "rate < $times * usual" if low else "rate >= $times * usual"
    columns.make("segment_flagged", _ENGAGED + rule, times=times, units=units, accounts=accounts)
    return _flagged(columns)


def _flagged(columns: Columns) -> tuple[list[Evidence], list[OwnerSums]]:
    evidence = [Evidence(*row) for row in columns.rows("FROM segment_flagged ORDER BY ALL")]
    columns.make("segment_units", "FROM segment_report SEMI JOIN segment_flagged USING (account_id, product_id, counter_id)")
    return evidence, _distinct(columns, "segment_units")


def _distinct(columns: Columns, table: str) -> list[OwnerSums]:
    units = f"(SELECT DISTINCT account_id, unit_id, value, currency FROM {table})"  # noqa: S608
    return _owner_sums(columns, f"SELECT {_VALUED} FROM {units} GROUP BY ALL")  # noqa: S608


def _owner_sums(columns: Columns, query: str, **values: Any) -> list[OwnerSums]:
    return [OwnerSums(*row) for row in columns.rows(f"{query} ORDER BY ALL", **values)]
