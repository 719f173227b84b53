"""The stored quadrant of every unit, and the counts that dashboards read."""

import secrets
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.storage.engine.columns import Columns, Subject, outdate
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.reconcile_queue import MOST
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.storage.tables.operations import ProcessHeartbeat
from musterroll.storage.tables.reconciliation import CellCount, UnitReconciliation

RUN = "reconciliation"  # the heartbeat of the last stored run: its instant, and its day as detail
_STORED = "reconciliation_stored"  # the heartbeat whose detail is the stamp of what runs have stored

# Units whose state differs from the last run; `was_`: the earlier state. A unit that is gone has no cell (null).
_MOVED = """
SELECT coalesce(c.unit_id, o.unit_id) AS unit_id, coalesce(c.account_id, 0) AS account_id, coalesce(c.site_id, 0) AS site_id,
  coalesce(c.product_id, 0) AS product_id, c.cell, c.line_id, o.account_id AS was_account, o.product_id AS was_product, o.cell AS was_cell
FROM run_cell c FULL JOIN run_stored o ON o.unit_id = c.unit_id
WHERE o.unit_id IS NULL OR c.unit_id IS NULL OR o.cell <> c.cell OR o.product_id <> c.product_id
  OR o.account_id <> coalesce(c.account_id, 0) OR o.site_id <> coalesce(c.site_id, 0) OR o.line_id <> c.line_id"""
_SHIFTS = """
WITH moves AS (
  SELECT account_id, product_id, cell, count(*) AS n FROM run_moved WHERE cell IS NOT NULL GROUP BY account_id, product_id, cell
  UNION ALL
  SELECT was_account, was_product, was_cell, -count(*) FROM run_moved WHERE was_cell IS NOT NULL
  GROUP BY was_account, was_product, was_cell)
SELECT 'all' AS axis, 0 AS of_id, cell, sum(n) AS units FROM moves GROUP BY cell HAVING sum(n) <> 0
UNION ALL SELECT 'account', account_id, cell, sum(n) FROM moves GROUP BY account_id, cell HAVING sum(n) <> 0
UNION ALL SELECT 'product', product_id, cell, sum(n) FROM moves GROUP BY product_id, cell HAVING sum(n) <> 0"""
_COLUMNS = ("unit_id", "account_id", "site_id", "product_id", "cell", "line_id")
STORED = dict.fromkeys(_COLUMNS, "BIGINT")
OF_UNITS = f"SELECT o.{', o.'.join(_COLUMNS)} FROM {{units}} t CROSS JOIN unit_reconciliation o WHERE o.unit_id = t.id"  # noqa: S608
_MOVE = (
    "DELETE FROM unit_reconciliation WHERE unit_id IN (SELECT unit_id FROM run_moved WHERE cell IS NULL)",
    """UPDATE unit_reconciliation AS o SET account_id = m.account_id, site_id = m.site_id, product_id = m.product_id,
      cell = m.cell, line_id = m.line_id
    FROM run_moved m WHERE m.unit_id = o.unit_id AND m.cell IS NOT NULL""",
)
_SHIFT = """
INSERT INTO cell_count (axis, of_id, cell, units) SELECT axis, of_id, cell, units FROM run_shift WHERE TRUE
ON CONFLICT (axis, of_id, cell) DO UPDATE SET units = cell_count.units + excluded.units"""
# Counts that are only ever shifted would stay wrong once something else had made them so.
_WRONG = """
SELECT cell FROM (
  SELECT cell, count(*) AS units FROM run_cell GROUP BY cell
  UNION ALL SELECT cell, -units FROM run_counted
  UNION ALL SELECT cell, -units FROM run_shift WHERE axis = 'all') counts
GROUP BY cell HAVING sum(units) <> 0"""
_RECOUNT = """
SELECT 'all' AS axis, 0 AS of_id, cell, count(*) AS units FROM run_cell GROUP BY cell
UNION ALL SELECT 'account', coalesce(account_id, 0), cell, count(*) FROM run_cell GROUP BY coalesce(account_id, 0), cell
UNION ALL SELECT 'product', product_id, cell, count(*) FROM run_cell GROUP BY product_id, cell"""
_COUNT = {"axis": "TEXT", "of_id": "BIGINT", "cell": "INTEGER", "units": "INTEGER"}


def make_moved(columns: Columns) -> None:
    """Make `run_moved`: the differences of `run_cell` and what is stored of its units (`run_stored`)."""
    columns.make("run_moved", _MOVED)


def read_stored(columns: Columns) -> None:
    """Read how the last run left every unit, and counted them."""
    if columns.outdated is None:
        columns.read("run_stored", f"SELECT {', '.join(_COLUMNS)} FROM unit_reconciliation", STORED)  # noqa: S608
    elif units := [unit for kind, unit in columns.outdated if kind == "unit"]:
        columns.fill("run_outdated", {"unit_id": "BIGINT"}, [(unit,) for unit in units])
        columns.read_again("run_stored", OF_UNITS, STORED, "unit_id IN (FROM run_outdated)", units=units)
    columns.read("run_counted", "SELECT cell, units FROM cell_count WHERE axis = 'all'", {"cell": "BIGINT", "units": "BIGINT"})


def keep(columns: Columns, whole: bool) -> None:
    """Store the differences and shift the counts by them. A whole run counts anew what is counted wrong."""
    new, others = columns.rows("SELECT count(*) FILTER (WHERE was_cell IS NULL), count(was_cell) FROM run_moved")[0]
    if others:
        columns.send_temporary("run_moved", STORED, _of_moved("was_cell IS NOT NULL"))
        for statement in _MOVE:
            columns.write(statement)
    if new:
        columns.send("unit_reconciliation", _COLUMNS, _of_moved("was_cell IS NULL"))
    shifted = columns.make("run_shift", _SHIFTS)
    if whole and columns.rows(_WRONG):
        columns.write("DELETE FROM cell_count")
        columns.send("cell_count", tuple(_COUNT), _RECOUNT)
    elif shifted:
        columns.send_temporary("run_shift", _COUNT, "FROM run_shift")
        columns.write(_SHIFT)


def _of_moved(condition: str) -> str:
    return f"SELECT {', '.join(_COLUMNS)} FROM run_moved WHERE {condition} ORDER BY unit_id"  # noqa: S608


def note_run(session: Session, instant: int, on: date) -> None:
    process_heartbeats.beat(session, RUN, instant, on.isoformat())


def changed(columns: Columns) -> list[Subject]:
    """The units and lines whose stored results a run changes; of very many, only so many that they are too many for `renew_stamp`."""
    subjects = "SELECT 'unit', unit_id FROM run_moved UNION SELECT subject, subject_id FROM run_difference"
    return columns.rows(f"{subjects} LIMIT {MOST + 1}")


def stamp(session: Session) -> str:
    """Another one after every run that stored results."""
    heartbeat = session.get(ProcessHeartbeat, _STORED, populate_existing=True)
    return heartbeat.detail if heartbeat else ""


def renew_stamp(session: Session, at: int, changed: Collection[Subject]) -> None:
    """`at` is ms. `changed` as above: what this process knows of stored results stays right."""
    before, after = stamp(session), secrets.token_hex(8)  # at random, so that a database restored never has one that was used since
    process_heartbeats.beat(session, _STORED, at, after)
    outdate(before, after, changed, MOST)


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
