"""`domain.contracts.book` as SQL, over the lines and seats of a run. A property test compares the two."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from musterroll.domain.contracts.book import ENDING, BookEntry
from musterroll.domain.contracts.terms import renewal, term_on
from musterroll.storage.contracts.lines_in_force import terms_of
from musterroll.storage.engine.columns import Columns

_ID = {"id": "BIGINT"}
_ACCOUNTS = "SELECT id, ref, name, segment FROM account"
_ACCOUNT = {"id": "BIGINT", "ref": "VARCHAR", "name": "VARCHAR", "segment": "VARCHAR"}
_PRODUCTS = "SELECT id, maker, model FROM product"
_PRODUCT = {"id": "BIGINT", "maker": "VARCHAR", "model": "VARCHAR"}
_DUE = "SELECT c.* FROM run_contract c JOIN run_term t ON t.contract_id = c.id WHERE t.in_force = 1 AND CAST(t.until AS DATE) <= $by"
_ENTRIES = """
WITH used AS (
  SELECT s.line_id, max(c.product_id) AS product_id, count(*) FILTER (WHERE c.operating) AS operating,
    count(*) FILTER (WHERE c.cell = 6) AS silent
  FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id GROUP BY s.line_id),
line AS (
  SELECT l.account_id, coalesce(l.product_id, u.product_id) AS product_id, coalesce(l.currency, '') AS currency, l.quantity AS seats,
    l.price, coalesce(u.silent, 0) AS silent, l.quantity - coalesce(u.operating, 0) - coalesce(u.silent, 0) AS unused, l.overdue,
    CASE WHEN r.ends_on = c.ends_on THEN NULL ELSE r.ends_on END AS own_end, l.until,
    l.contract_id IN (SELECT id FROM run_ending) AS contract_ends, l.account_id IN (SELECT id FROM run_declining) AS declining
  FROM run_line l JOIN run_row r ON r.id = l.id JOIN run_contract c ON c.id = l.contract_id LEFT JOIN used u ON u.line_id = l.id
  WHERE l.in_force),
judged AS (
  SELECT *, coalesce(until <= $by AND (contract_ends OR own_end <= until), FALSE) AS ending, coalesce(declining, FALSE) AS falling
  FROM line)
SELECT account_id, product_id, currency, sum(seats), sum(seats) FILTER (WHERE price IS NOT NULL), sum(silent), sum(unused),
  sum(price * seats), sum(price * silent), sum(price * unused), sum(price * seats) FILTER (WHERE overdue),
  sum(price * seats) FILTER (WHERE ending), sum(price * seats) FILTER (WHERE falling),
  sum(price * CASE WHEN overdue OR ending OR falling THEN seats ELSE silent + unused END)
FROM judged GROUP BY ALL ORDER BY ALL"""


class BookNames(NamedTuple):
    """What the book is broken down by: accounts (number, name, segment) and products (maker, model) by id."""

    accounts: dict[int, tuple[str, str, str]]
    products: dict[int, tuple[str, str]]


def entries(columns: Columns, on: date, declining: Collection[int]) -> list[BookEntry]:
    """The book on the day of a run. `declining`: accounts whose installed base shrinks."""
    by = on + timedelta(ENDING + 1)
    due = (terms_of(row) for row in columns.rows(_DUE, by=by))
    ending = [(contract.id,) for contract in due if (term := term_on(contract, on)) and not renewal(contract, term).renews]
    columns.fill("run_ending", _ID, ending)
    columns.fill("run_declining", _ID, [(account,) for account in declining])
    return [BookEntry(*row[:3], *(int(value or 0) for value in row[3:])) for row in columns.rows(_ENTRIES, by=by)]


def names(columns: Columns) -> BookNames:
    columns.read("run_owner", _ACCOUNTS, _ACCOUNT)
    columns.read("run_product", _PRODUCTS, _PRODUCT)
    lines = "FROM run_line WHERE account_id IS NOT NULL"
    accounts = columns.rows(f"SELECT id, ref, name, coalesce(segment, '') FROM run_owner WHERE id IN (SELECT account_id {lines})")  # noqa: S608
    return BookNames(
        {row[0]: (row[1], row[2], row[3]) for row in accounts}, {row[0]: (row[1], row[2]) for row in columns.rows("FROM run_product")}
    )


def accounts(columns: Columns) -> list[int]:
    """The accounts with lines in force."""
    return [row[0] for row in columns.rows("SELECT DISTINCT account_id FROM run_line WHERE in_force AND account_id IS NOT NULL ORDER BY 1")]
