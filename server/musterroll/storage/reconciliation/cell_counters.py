"""The stored quadrant of every unit, and the counts that dashboards read."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.storage.tables.operations import ProcessHeartbeat
from musterroll.storage.tables.reconciliation import CellCount, UnitReconciliation

RUN = "reconciliation"  # the heartbeat of the last stored run: its instant, and its day as detail

# Units whose state differs from the last run; `was_`: the earlier state. A unit that is gone has no cell (null).
_MOVED = """
SELECT coalesce(c.unit_id, o.unit_id) AS unit_id, coalesce(c.account_id, 0) AS account_id, coalesce(c.site_id, 0) AS site_id, c.product_id,
  c.cell, c.line_id, o.account_id AS was_account, o.product_id AS was_product, o.cell AS was_cell
FROM {pairs}
WHERE o.unit_id IS NULL OR c.unit_id IS NULL OR o.cell <> c.cell OR o.product_id <> c.product_id
  OR o.account_id <> coalesce(c.account_id, 0) OR o.site_id <> coalesce(c.site_id, 0) OR o.line_id <> c.line_id"""
# A table, not a subquery: SQLite has no index into the rows of a subquery.
_ALL = "run_cell c FULL JOIN unit_reconciliation o ON o.unit_id = c.unit_id"
_SOME = """(
  SELECT t.unit_id FROM run_touched t WHERE t.on_roll OR EXISTS (SELECT 1 FROM unit_reconciliation s WHERE s.unit_id = t.unit_id)) t
LEFT JOIN run_cell c ON c.unit_id = t.unit_id LEFT JOIN unit_reconciliation o ON o.unit_id = t.unit_id"""
_KEEP = (
    "DELETE FROM unit_reconciliation WHERE unit_id IN (SELECT unit_id FROM run_moved WHERE cell IS NULL)",
    """UPDATE unit_reconciliation AS o SET account_id = m.account_id, site_id = m.site_id, product_id = m.product_id,
      cell = m.cell, line_id = m.line_id
    FROM run_moved m WHERE m.unit_id = o.unit_id AND m.cell IS NOT NULL""",
    """INSERT INTO unit_reconciliation (unit_id, account_id, site_id, product_id, cell, line_id)
    SELECT unit_id, account_id, site_id, product_id, cell, line_id FROM run_moved WHERE was_cell IS NULL""",
)
_FIRST = """
INSERT INTO unit_reconciliation (unit_id, account_id, site_id, product_id, cell, line_id)
SELECT unit_id, coalesce(account_id, 0), coalesce(site_id, 0), product_id, cell, line_id FROM run_cell"""
_SHIFTS = """
WITH moves AS (
  SELECT account_id, product_id, cell, count(*) AS n FROM run_moved WHERE cell IS NOT NULL GROUP BY account_id, product_id, cell
  UNION ALL
  SELECT was_account, was_product, was_cell, -count(*) FROM run_moved WHERE was_cell IS NOT NULL
  GROUP BY was_account, was_product, was_cell)
SELECT 'all' AS axis, 0 AS of_id, cell, CAST(sum(n) AS INTEGER) AS units FROM moves GROUP BY cell HAVING sum(n) <> 0
UNION ALL SELECT 'account', account_id, cell, CAST(sum(n) AS INTEGER) FROM moves GROUP BY account_id, cell HAVING sum(n) <> 0
UNION ALL SELECT 'product', product_id, cell, CAST(sum(n) AS INTEGER) FROM moves GROUP BY product_id, cell HAVING sum(n) <> 0"""
_SHIFT = (  # in this order, as what was inserted is not to be added to
    "UPDATE cell_count AS t SET units = t.units + s.units FROM run_shift s WHERE s.axis = t.axis AND s.of_id = t.of_id AND s.cell = t.cell",
    """INSERT INTO cell_count (axis, of_id, cell, units) SELECT axis, of_id, cell, units FROM run_shift s WHERE NOT EXISTS (
      SELECT 1 FROM cell_count t WHERE t.axis = s.axis AND t.of_id = s.of_id AND t.cell = s.cell)""",
)
# Counts that are only ever shifted would stay wrong once something else had made them so.
_WRONG = """
SELECT 1 FROM (SELECT cell, count(*) AS units FROM unit_reconciliation GROUP BY cell) s
LEFT JOIN cell_count t ON t.axis = 'all' AND t.of_id = 0 AND t.cell = s.cell WHERE coalesce(t.units, 0) <> s.units"""
_RECOUNT = """
INSERT INTO cell_count (axis, of_id, cell, units)
WITH stood AS (SELECT account_id, product_id, cell, CAST(count(*) AS INTEGER) AS n
  FROM unit_reconciliation GROUP BY account_id, product_id, cell)
SELECT 'all', 0, cell, sum(n) FROM stood GROUP BY cell
UNION ALL SELECT 'account', account_id, cell, sum(n) FROM stood GROUP BY account_id, cell
UNION ALL SELECT 'product', product_id, cell, sum(n) FROM stood GROUP BY product_id, cell"""


def keep(staging: Staging, whole: bool) -> None:
    """Store the states of the run and shift the counts by the differences. A whole run recounts them if they are wrong."""
    if whole and not staging.rows("SELECT 1 FROM unit_reconciliation LIMIT 1"):
        staging.run(_FIRST)
    else:
        _shift(staging, whole)
    if whole and staging.rows(_WRONG):
        staging.run("DELETE FROM cell_count")
        staging.run(_RECOUNT)


def _shift(staging: Staging, whole: bool) -> None:
    """Write only the differences."""
    staging.make("run_moved", _MOVED.replace("{pairs}", _ALL if whole else _SOME), by="unit_id")
    staging.make("run_shift", _SHIFTS, by="axis, of_id, cell")
    for statement in (*_KEEP, *_SHIFT):
        staging.run(statement)


def note_run(session: Session, instant: int, on: date) -> None:
    process_heartbeats.beat(session, RUN, instant, on.isoformat())


class Run(NamedTuple):
    at: int  # ms: the instant silence was judged at
    on: date


def last_run(session: Session) -> Run | None:
    """The last whole run that was stored."""
    heartbeat = session.execute(
        select(col(ProcessHeartbeat.at), col(ProcessHeartbeat.detail)).where(col(ProcessHeartbeat.name) == RUN)
    ).one_or_none()
    return Run(heartbeat[0], date.fromisoformat(heartbeat[1])) if heartbeat else None


def counts(session: Session, axis: str = "all", of_ids: Collection[int] = (0,)) -> dict[str, int]:
    """Units by cell as the last run left them: of all, or of these accounts or products together."""
    query = select(col(CellCount.cell), func.sum(col(CellCount.units))).where(col(CellCount.axis) == axis, col(CellCount.of_id).in_(of_ids))
    return by_code({row[0]: int(row[1]) for row in session.execute(query.group_by(col(CellCount.cell)))})


def recount(session: Session) -> dict[str, int]:
    """The same of all units, counted from how each was left."""
    query = select(col(UnitReconciliation.cell), func.count()).group_by(col(UnitReconciliation.cell))
    return by_code({row[0]: row[1] for row in session.execute(query)})
