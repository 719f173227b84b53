"""The contract lines in force on a day, staged for a run.

`domain.contracts.terms` decides for each contract whether it is in force; what follows for its lines is decided here, in SQL.
"""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from musterroll.domain.contracts import terms as rules
from musterroll.domain.values.dates import Span
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.bulk import among
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.tables.contracts import Contract

# In force: the day is in the contract's term and in the line's; a line that ends with the first term renews with the contract.
_LINES = """
WITH begun AS (
  SELECT l.id, (c.ref || '/' || l.number){by_bytes} AS ref, l.scope, l.place_id, l.serial_key, l.product_id, l.quantity, l.price,
    CASE WHEN l.price IS NOT NULL THEN coalesce(nullif(l.currency, ''), c.currency) END AS currency, l.contract_id, c.account_id,
    coalesce(i.payment = 'overdue', FALSE) AS overdue,
    c.state || ' ' || CAST(c.starts_on AS TEXT) || ' ' || coalesce(CAST(c.ends_on AS TEXT), '-') || ' '
      || coalesce(CAST(l.price AS TEXT) || ' ' || coalesce(nullif(l.currency, ''), c.currency), '-') AS terms,
    CASE WHEN l.ends_on = c.ends_on THEN NULL ELSE l.ends_on END AS own_end, t.in_force, t.ends
  FROM contract_line l
  JOIN contract c ON c.id = l.contract_id
  JOIN run_term t ON t.contract_id = c.id
  LEFT JOIN invoice i ON i.contract_id = c.id
  WHERE (l.starts_on IS NULL OR l.starts_on <= :on) {lines})
SELECT id, ref, scope, place_id, nullif(serial_key, '') AS serial_key, product_id, quantity, price, currency,
  contract_id, account_id, overdue, ref || ' ' || terms AS fact,
  in_force = 1 AND (own_end IS NULL OR own_end > :on) AS in_force,
  CASE WHEN own_end IS NOT NULL AND CAST(own_end AS TEXT) < ends THEN CAST(own_end AS TEXT) ELSE ends END AS ends
FROM begun
WHERE scope = 'serial' OR (in_force = 1 AND (own_end IS NULL OR own_end > :on))"""


def stage_lines(session: Session, staging: Staging, on: date, contract_ids: Collection[int] | None = None) -> None:
    """Stage `run_line`: lines in force on a day, and lines for a serial that have ended; of these contracts, or of all."""
    staging.fill("run_term", {"contract_id": int, "in_force": int, "ends": str}, list(_terms(session, on, contract_ids)))
    staging.make("run_line", _LINES, by="id")


def _terms(session: Session, on: date, contract_ids: Collection[int] | None) -> Iterator[tuple[int, int, str]]:
    """Contracts that have started: whether in force, and when the last term ended (at the latest `on`)."""
    c = account_scope.whole(Contract).c
    columns = (c.id, c.ref, c.account_id, c.state, c.starts_on, c.ends_on, c.auto_renew, c.renewal_months, c.notice_days, c.notice_on)
    query = select(*columns, c.ended_on, c.currency)
    if contract_ids is not None:
        query = query.where(among(session, c.id, contract_ids))
    for row in session.execute(query):
        contract = contract_terms(row)
        if contract.state is not rules.ContractState.DRAFT and contract.span.starts_on <= on:
            yield contract.id, int(rules.term_on(contract, on) is not None), rules.last_end(contract, on).isoformat()


def contract_terms(row: Row[Any] | Contract) -> rules.ContractTerms:
    """A contract for the rules."""
    return rules.ContractTerms(
        row.id or 0,
        row.ref,
        row.account_id,
        row.state,
        Span(row.starts_on, row.ends_on),
        row.auto_renew,
        row.renewal_months,
        row.notice_days,
        row.notice_on,
        row.ended_on,
        row.currency,
    )
