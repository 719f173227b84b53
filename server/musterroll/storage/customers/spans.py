"""The periods of customers, from the contracts and units of accounts. Days are days since 1970.

A unit counts from its first day on record: bought, shipped, installed or registered. One without a day counts from the first day that is
known of its account. One returned or retired counts until that day, and as a purchase only where the day is not on record.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlmodel import Session, SQLModel

from musterroll.domain.customers.standing import GAP
from musterroll.domain.usage.periods import date_of
from musterroll.domain.values.dates import Span
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import WORD, Columns

_OPEN = 9_999_999  # a day after all others
_AFTER = "('returned', 'retired')"
# What was never deployed makes no customer: units in stock or shipped, and those retired before.
_UNITS = f"""
SELECT coalesce(u.account_id, s.account_id) AS account_id,
  CASE WHEN u.lifecycle IN {_AFTER} THEN (
    SELECT max(c.at) / 86400000 FROM unit_state_change c WHERE c.unit_id = u.id AND c.axis = 'lifecycle' AND c.old = 'deployed'
      AND c.new IN {_AFTER} AND c.withdrawn_at IS NULL) END AS gone,
  u.lifecycle AS lifecycle, u.purchased_on AS purchased_on, u.shipped_on AS shipped_on, u.installed_on AS installed_on,
  u.registered_on AS registered_on, u.left_on AS left_on
FROM (SELECT * FROM {{unit}}) u LEFT JOIN site s ON s.id = u.site_id
WHERE u.merged_into_id IS NULL AND u.lifecycle IN ('deployed', 'returned', 'retired')
  AND coalesce(u.account_id, s.account_id) IS NOT NULL"""  # noqa: S608  our own
_UNIT = {
    **{"account_id": "BIGINT", "gone": "BIGINT", "lifecycle": WORD},
    **dict.fromkeys(("purchased_on", "shipped_on", "installed_on", "registered_on", "left_on"), "DATE"),
}
_DAY = "datediff('day', DATE '1970-01-01', {})"
_UNIT_SPANS = f"""
SELECT account_id, least($today, {_DAY.format("least(purchased_on, shipped_on, installed_on, registered_on)")}) AS first,
  CASE WHEN lifecycle = 'deployed' THEN {_OPEN} ELSE least($today, coalesce({_DAY.format("left_on")}, gone)) END AS last
FROM customer_unit
WHERE lifecycle = 'deployed' OR installed_on IS NOT NULL OR gone IS NOT NULL"""  # noqa: S608
_SPANS = """
WITH span AS (
  SELECT DISTINCT account_id, first, last FROM customer_unit_span
  UNION SELECT account_id, first, last FROM customer_contract_span),
begun AS (SELECT account_id, coalesce(first, min(first) OVER (PARTITION BY account_id)) AS first, last FROM span),
dated AS (SELECT DISTINCT account_id, first, greatest(first + 1, coalesce(last, first + 1)) AS last FROM begun WHERE first IS NOT NULL),
marked AS (
  SELECT *, max(last) OVER (PARTITION BY account_id ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
  FROM dated),
numbered AS (
  SELECT *, sum(CASE WHEN first > before + $gap THEN 1 ELSE 0 END) OVER (
    PARTITION BY account_id ORDER BY first, last ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS period
  FROM marked)
SELECT account_id, min(first), max(last) FROM numbered GROUP BY account_id, period ORDER BY 1, 2"""
_LEFT = f"SELECT account_id, max(last) FROM customer_unit_span WHERE last < {_OPEN} GROUP BY account_id"  # noqa: S608

_DEPLOYED = "SELECT DISTINCT account_id FROM customer_unit WHERE lifecycle = 'deployed'"


class Histories(NamedTuple):
    """By account: its periods in order, and the day its units left last. `deployed`: accounts with a deployed unit."""

    periods: dict[int, list[Span]]
    units_left: dict[int, date]
    deployed: set[int]


def histories(session: Session, contracts: Sequence[tuple[int, Span]], today: date) -> Histories:
    """`contracts`: what each makes of its account, of those the session sees."""
    columns, on = Columns(session, whole=not account_scope.limited(session)), _day(today)
    columns.define(unit=account_scope.as_seen(session, SQLModel.metadata.tables["unit"]))
    columns.read("customer_unit", _UNITS, _UNIT)
    columns.make("customer_unit_span", _UNIT_SPANS, today=on)
    rows = [(account, _day(span.starts_on), _day(span.ends_on) if span.ends_on else _OPEN) for account, span in contracts]
    columns.fill("customer_contract_span", {"account_id": "BIGINT", "first": "BIGINT", "last": "BIGINT"}, rows)
    periods: dict[int, list[Span]] = defaultdict(list)
    for account, first, last in columns.rows(_SPANS, gap=GAP.days):
        periods[account].append(Span(date_of(first), None if last >= _OPEN else date_of(last)))
    left = {account: date_of(last) for account, last in columns.rows(_LEFT)}
    return Histories(periods, left, set(columns.ids(_DEPLOYED)))


def _day(on: date) -> int:
    return on.toordinal() - date(1970, 1, 1).toordinal()
