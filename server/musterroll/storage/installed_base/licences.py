"""Seats of lines in force, sold and used by operating units, from a staged run."""

from musterroll.domain.installed_base.licences import LineSeats
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.liveness.states import reported_by_import_only_sql

_SEATS = f"""
WITH used AS (
  SELECT s.line_id, max(c.product_id) AS product_id, sum(CASE WHEN c.operating THEN 1 ELSE 0 END) AS active,
    sum(CASE WHEN c.operating AND {reported_by_import_only_sql("v")} THEN 1 ELSE 0 END) AS listed
  FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id LEFT JOIN unit_status v ON v.unit_id = s.unit_id GROUP BY s.line_id)
SELECT coalesce(account.segment, ''), coalesce(product.model, ''), coalesce(account.ref, ''), sum(l.quantity),
  sum(coalesce(u.active, 0)), sum(coalesce(u.listed, 0))
FROM run_line l
LEFT JOIN used u ON u.line_id = l.id
LEFT JOIN account ON account.id = l.account_id
LEFT JOIN product ON product.id = coalesce(l.product_id, u.product_id)
WHERE l.in_force
GROUP BY coalesce(account.segment, ''), coalesce(product.model, ''), coalesce(account.ref, '')"""  # noqa: S608  our own


def seats(staging: Staging) -> list[LineSeats]:
    """Seats by segment, model and account number; empty if unknown."""
    return [LineSeats(*row[:3], *map(int, row[3:])) for row in staging.rows(_SEATS)]
