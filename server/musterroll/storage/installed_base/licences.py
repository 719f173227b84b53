"""Seats of lines in force, sold and used by operating units, from the columns of a run."""

from musterroll.domain.installed_base.licences import LineSeats
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness.states import reported_by_import_only_sql

_ACCOUNTS = "SELECT id, ref, segment FROM account"
_ACCOUNT = {"id": "BIGINT", "ref": "VARCHAR", "segment": "VARCHAR"}
_PRODUCTS = "SELECT id, model FROM product"
_LISTED = f"SELECT unit_id FROM unit_status WHERE {reported_by_import_only_sql()}"  # noqa: S608  our own
_OF_SOME = " AND unit_id IN (SELECT id FROM {units} t)"
_SEATS = """
WITH used AS (
  SELECT s.line_id, max(c.product_id) AS product_id, count(*) FILTER (WHERE c.operating) AS active,
    count(*) FILTER (WHERE c.operating AND v.unit_id IS NOT NULL) AS listed
  FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id LEFT JOIN run_listed v ON v.unit_id = s.unit_id GROUP BY s.line_id)
SELECT coalesce(account.segment, ''), coalesce(product.model, ''), coalesce(account.ref, ''), sum(l.quantity),
  sum(coalesce(u.active, 0)), sum(coalesce(u.listed, 0))
FROM run_line l
LEFT JOIN used u ON u.line_id = l.id
LEFT JOIN run_owner account ON account.id = l.account_id
LEFT JOIN run_product product ON product.id = coalesce(l.product_id, u.product_id)
WHERE l.in_force
GROUP BY ALL ORDER BY ALL"""


def read(columns: Columns, *, whole: bool) -> None:
    """Read what seats are counted by, and the units known from imported lists only. `whole`: the run was of the whole fleet."""
    columns.read("run_owner", _ACCOUNTS, _ACCOUNT)
    columns.read("run_product", _PRODUCTS, {"id": "BIGINT", "model": "VARCHAR"})
    some = {} if whole else {"units": columns.ids("SELECT DISTINCT unit_id FROM run_seat")}
    columns.read("run_listed", _LISTED + _OF_SOME * bool(some), {"unit_id": "BIGINT"}, **some)


def seats(columns: Columns) -> list[LineSeats]:
    """Seats by segment, model and account number; empty if unknown."""
    return [LineSeats(*row[:3], *map(int, row[3:])) for row in columns.rows(_SEATS)]
