"""What is odd on a day: `domain.unit_findings` and `domain.line_findings` as SQL: the query `{seen}`. A property test holds them together.

Facts are compared byte by byte between runs, so they are put together here as the rules put them together, one fact a line.
"""

from collections.abc import Sequence

from musterroll.domain.findings.kinds import ATTACH, LEAK, OF_CELL, Kind
from musterroll.storage.engine.temp_tables import Staging

# What a unit that is not simply healthy is paid by: by all its lines, and (`due`) by those that are overdue.
_PAID = """
WITH paying AS (
  SELECT s.unit_id, s.line_id, c.account_id, c.cell FROM run_cell c JOIN run_seat s ON s.unit_id = c.unit_id WHERE c.cell IN (4, 5, 6)
  UNION ALL
  SELECT s.unit_id, s.line_id, c.account_id, c.cell
  FROM run_line l JOIN run_seat s ON s.line_id = l.id JOIN run_cell c ON c.unit_id = s.unit_id
  WHERE l.overdue AND c.cell = 7)
SELECT p.unit_id, p.account_id, p.cell,
  string_agg(l.fact, '\n' ORDER BY l.ref, l.id) AS facts, min(l.currency) AS currency,
  CASE WHEN min(l.currency) = max(l.currency) THEN CAST(sum(l.price) AS BIGINT) END AS value,
  string_agg(l.fact, '\n' ORDER BY l.ref, l.id) FILTER (WHERE l.overdue) AS due_facts,
  min(l.currency) FILTER (WHERE l.overdue) AS due_currency,
  CASE WHEN min(l.currency) FILTER (WHERE l.overdue) = max(l.currency) FILTER (WHERE l.overdue)
    THEN CAST(sum(l.price) FILTER (WHERE l.overdue) AS BIGINT) END AS due_value
FROM paying p JOIN run_line l ON l.id = p.line_id
GROUP BY p.unit_id, p.account_id, p.cell"""
_ENDED = """
WITH ended AS (
  SELECT n.unit_id, c.account_id, c.cell, l.fact, l.price, l.currency, l.ends, l.ref, l.id,
    row_number() OVER (PARTITION BY n.unit_id ORDER BY l.ends DESC, l.ref DESC, l.id DESC) AS back
  FROM run_named n JOIN run_cell c ON c.unit_id = n.unit_id JOIN run_line l ON l.id = n.line_id
  WHERE NOT n.in_force AND c.cell IN (1, 3))
SELECT unit_id, account_id, cell, string_agg(fact, '\n' ORDER BY ends, ref, id) AS facts,
  max(CASE WHEN back = 1 THEN price END) AS value, max(CASE WHEN back = 1 THEN currency END) AS currency
FROM ended GROUP BY unit_id, account_id, cell"""
_USE = """
SELECT l.id AS line_id, CASE WHEN l.scope = 'serial' THEN 1 ELSE l.quantity END - coalesce(s.units, 0) AS left_over
FROM run_line l LEFT JOIN (SELECT line_id, count(*) AS units FROM run_seat GROUP BY line_id) s ON s.line_id = l.id
WHERE l.in_force"""

_KINDS = " ".join(f"WHEN {int(code, 2)} THEN '{kind}'" for code, kind in OF_CELL.items())
_OF_CELLS = f"""
WITH odd AS MATERIALIZED (
  SELECT c.*, CASE WHEN c.cell <> 3 THEN '' WHEN EXISTS (
      SELECT 1 FROM warranty_period w WHERE w.unit_id = c.unit_id AND w.starts_on <= :on AND (w.ends_on IS NULL OR w.ends_on > :on)
        AND (w.voided_on IS NULL OR w.voided_on > :on)) THEN '{ATTACH}' ELSE '{LEAK}' END AS variant
  FROM run_cell c WHERE c.cell BETWEEN 1 AND 6)
SELECT CASE c.cell {_KINDS} END AS kind, 'unit' AS subject, c.unit_id AS subject_id,
  c.lifecycle || coalesce('\n' || p.facts, '')
    || CASE WHEN c.cell IN (2, 6) THEN '\n' || coalesce('heard ' || CAST(c.heard_at / 1000 AS TEXT), 'never heard') ELSE '' END
    || CASE WHEN c.cell = 3 THEN '\n' || c.variant ELSE '' END AS facts,
  c.variant, c.account_id,
  CASE WHEN c.cell IN (4, 6) THEN p.value WHEN c.cell = 3 THEN coalesce(e.value, product.list_price) END AS value,
  CASE WHEN c.cell IN (4, 6) AND p.value IS NOT NULL THEN p.currency
    WHEN c.cell = 3 AND e.value IS NOT NULL THEN e.currency
    WHEN c.cell = 3 AND product.list_price IS NOT NULL THEN product.currency ELSE '' END AS currency,
  TRUE AS counted
FROM odd c
LEFT JOIN product ON product.id = c.product_id
LEFT JOIN run_paid p ON p.unit_id = c.unit_id
LEFT JOIN run_ended e ON e.unit_id = c.unit_id"""  # noqa: S608
_OF_UNITS = f"""
SELECT '{Kind.EXPIRED_BUT_OPERATING}' AS kind, 'unit' AS subject, unit_id AS subject_id, facts, '' AS variant, account_id, value,
  coalesce(currency, '') AS currency, cell <> 3 AS counted
FROM run_ended
UNION ALL
SELECT '{Kind.OVERDUE_BUT_OPERATING}', 'unit', unit_id, due_facts, '', account_id, due_value,
  CASE WHEN due_value IS NULL THEN '' ELSE due_currency END, TRUE
FROM run_paid WHERE cell IN (5, 7) AND due_facts IS NOT NULL
UNION ALL
SELECT '{Kind.RETIRED_BUT_OPERATING}', 'unit', unit_id, lifecycle, '', account_id, NULL, '', TRUE
FROM run_cell WHERE operating AND lifecycle = 'retired'
UNION ALL
SELECT '{Kind.WARRANTY_CONFLICT}', 'unit', c.unit_id, d.says, '', c.account_id, NULL, '', TRUE
FROM run_conflict d JOIN run_cell c ON c.unit_id = d.unit_id
UNION ALL
SELECT '{Kind.CLONE_CASE}', 'unit', c.unit_id, :clone, '', c.account_id, NULL, '', TRUE
FROM run_cell c
WHERE c.unit_id IN (SELECT waits.unit_id FROM credential waits
  JOIN credential holds ON holds.unit_id = waits.unit_id AND holds.status = 'active' WHERE waits.status = 'pending')"""  # noqa: S608
_OF_LINES = f"""
SELECT '{Kind.SOLD_NOT_PROVISIONED}' AS kind, 'line' AS subject, l.id AS subject_id, l.fact || '\n' || u.left_over || ' left over' AS facts,
  '' AS variant, l.account_id, l.price * u.left_over AS value, coalesce(l.currency, '') AS currency, TRUE AS counted
FROM run_use u JOIN run_line l ON l.id = u.line_id WHERE u.left_over > 0
UNION ALL
SELECT '{Kind.OVER_QUANTITY}', 'line', l.id, l.fact || '\n' || o.units || ' over', '', l.account_id, l.price * o.units,
  coalesce(l.currency, ''), FALSE
FROM (SELECT line_id, count(*) AS units FROM run_over GROUP BY line_id) o JOIN run_line l ON l.id = o.line_id
UNION ALL
SELECT '{Kind.LINE_WITHOUT_ACCOUNT}', 'line', id, fact || '\nno account', '', account_id, price * quantity, coalesce(currency, ''), FALSE
FROM run_line WHERE in_force AND account_id IS NULL"""  # noqa: S608

_PARTS = {"cells": _OF_CELLS, "units": _OF_UNITS, "lines": _OF_LINES}


def stage_findings(staging: Staging, conflicts: Sequence[tuple[int, str]], clone: str) -> None:
    """Define `{seen}`: every finding of the units and lines of the run. `conflicts` are units whose card says otherwise, in words."""
    staging.fill("run_conflict", {"unit_id": int, "says": str}, conflicts)
    staging.make("run_paid", _PAID, by="unit_id")
    staging.make("run_ended", _ENDED, by="unit_id")
    staging.make("run_use", _USE, by="line_id")
    parts = " UNION ALL ".join(f"SELECT * FROM ({part}) {name}" for name, part in _PARTS.items())  # noqa: S608
    staging.define("seen", parts, clone=clone)
