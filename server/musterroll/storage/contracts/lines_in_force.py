"""The contract lines in force on a day, as `run_line` of a run.

`domain.contracts.terms` decides for each contract whether it is in force; what follows for its lines is decided here, in SQL.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from musterroll.domain.contracts import terms as rules
from musterroll.domain.values.dates import Span
from musterroll.storage.engine.columns import WORD, Columns
from musterroll.storage.tables.contracts import Contract

_ROWS = """
SELECT l.id, l.contract_id, l.number, l.scope, l.place_id, l.serial_key, l.product_id, l.quantity, l.price, l.currency,
  l.starts_on, l.ends_on, 0 AS taken FROM contract_line l"""
_ROW = {
    **{"id": "BIGINT", "contract_id": "BIGINT", "number": "VARCHAR", "scope": WORD, "place_id": "BIGINT", "serial_key": WORD},
    **{"product_id": "BIGINT", "quantity": "BIGINT", "price": "BIGINT", "currency": WORD, "starts_on": "DATE", "ends_on": "DATE"},
    "taken": "BIGINT",  # seats of units that the run leaves where they are
}
_CONTRACTS = """
SELECT c.id, c.ref, c.account_id, c.state, c.starts_on, c.ends_on, c.auto_renew, c.renewal_months, c.notice_days, c.notice_on, c.ended_on,
  c.currency, coalesce(i.payment = 'overdue', FALSE) AS overdue
FROM contract c LEFT JOIN invoice i ON i.contract_id = c.id"""
_SOME = _CONTRACTS.replace("FROM contract c", "FROM {contracts} t CROSS JOIN contract c") + " WHERE c.id = t.id"
_CONTRACT = {
    **{"id": "BIGINT", "ref": "VARCHAR", "account_id": "BIGINT", "state": WORD, "starts_on": "DATE", "ends_on": "DATE"},
    **{"auto_renew": "BOOLEAN", "renewal_months": "BIGINT", "notice_days": "BIGINT", "notice_on": "DATE", "ended_on": "DATE"},
    **{"currency": "VARCHAR", "overdue": "BOOLEAN"},
}
# In force: the day is in the contract's term and in the line's; a line that ends with the first term renews with the contract.
_LINES = """
WITH begun AS (
  SELECT l.id, c.ref || '/' || l.number AS ref, l.scope, l.place_id, l.serial_key, l.product_id, l.quantity, l.taken, l.price,
    CASE WHEN l.price IS NOT NULL THEN coalesce(l.currency, c.currency) END AS currency, l.contract_id, c.account_id, c.overdue,
    c.state || ' ' || CAST(c.starts_on AS VARCHAR) || ' ' || coalesce(CAST(c.ends_on AS VARCHAR), '-') || ' '
      || coalesce(CAST(l.price AS VARCHAR) || ' ' || coalesce(l.currency, c.currency), '-') AS terms,
    CASE WHEN l.ends_on = c.ends_on THEN NULL ELSE l.ends_on END AS own_end, t.in_force = 1 AS term, CAST(t.ends AS DATE) AS ends,
    CAST(t.until AS DATE) AS until
  FROM run_row l
  JOIN run_contract c ON c.id = l.contract_id
  JOIN run_term t ON t.contract_id = c.id
  WHERE l.starts_on IS NULL OR l.starts_on <= $on)
SELECT id, ref, scope, place_id, serial_key, product_id, quantity, taken, price, currency,
  contract_id, account_id, overdue, ref || ' ' || terms AS fact,
  term AND (own_end IS NULL OR own_end > $on) AS in_force, least(own_end, ends) AS ends, least(own_end, until) AS until
FROM begun
WHERE scope = 'serial' OR (term AND (own_end IS NULL OR own_end > $on))"""


def read_all(columns: Columns) -> None:
    columns.read("run_row", _ROWS, _ROW)
    columns.read("run_contract", _CONTRACTS, _CONTRACT)


def read_some(columns: Columns, condition: str, **given: Any) -> None:
    """Read the lines `l` that meet a condition, and their contracts."""
    columns.read("run_row", f"{_ROWS} WHERE {condition}", _ROW, **given)
    ids = columns.ids("SELECT DISTINCT contract_id FROM run_row")
    columns.read("run_contract", _SOME, _CONTRACT, contracts=ids)


def make_lines(columns: Columns, on: date) -> None:
    """Make `run_line`: lines in force on a day, and lines for a serial that have ended."""
    columns.fill(
        "run_term", {"contract_id": "BIGINT", "in_force": "BIGINT", "ends": "VARCHAR", "until": "VARCHAR"}, list(_terms(columns, on))
    )
    columns.make("run_line", _LINES, on=on)


def _terms(columns: Columns, on: date) -> Iterator[tuple[int, int, str, str | None]]:
    """Contracts that have started: whether in force, when the last term ended (at the latest `on`), and when the present one ends."""
    begun = "FROM run_contract WHERE state <> $draft AND starts_on <= $on"
    for row in columns.rows(begun, draft=rules.ContractState.DRAFT.value, on=on):
        yield row[0], *_term(row, on)


@lru_cache(1 << 16)  # contracts are the same from run to run, mostly
def _term(row: tuple[Any, ...], on: date) -> tuple[int, str, str | None]:
    contract = terms_of(row)
    term = rules.term_on(contract, on)
    until = term.ends_on.isoformat() if term and term.ends_on else None
    return int(term is not None), rules.last_end(contract, on).isoformat(), until


def terms_of(row: Sequence[Any]) -> rules.ContractTerms:
    """A row of `run_contract` for the rules."""
    id_, ref, account, state, starts_on, ends_on, renews, months, notice_days, notice_on, ended_on, currency, *_ = row
    renewal = (renews, months, notice_days, notice_on, ended_on)
    return rules.ContractTerms(id_, ref, account, rules.ContractState(state), Span(starts_on, ends_on), *renewal, currency)


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
        row.renews,
    )
