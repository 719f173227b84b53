"""`domain.findings.unit_rules` as SQL, over the tables that `storage.reconciliation` stages. A property test compares the two.

Facts are compared byte by byte between runs, so they are composed here as the rules compose them, one fact per line.
"""

from collections.abc import Sequence

from musterroll.domain.findings.kinds import ATTACH, LEAK, OF_CELL, FindingKind
from musterroll.domain.findings.unit_rules import CLONE_FACT, OTHER_DOUBTS
from musterroll.domain.messages.identity import Doubt
from musterroll.storage.engine.temp_tables import Staging

# The lines that pay for a unit that is not healthy: all of them, and (`due`) the overdue ones.
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
# What lines in several currencies pay for a unit, a row for each currency: all of them, the overdue ones, and those beside the main seat.
_IN_CURRENCIES = """
SELECT s.unit_id, l.currency, CAST(sum(l.price) AS BIGINT) AS value, CAST(sum(l.price) FILTER (WHERE l.overdue) AS BIGINT) AS due_value,
  CAST(sum(l.price) FILTER (WHERE NOT s.chief) AS BIGINT) AS surplus
FROM run_several t JOIN run_seat s ON s.unit_id = t.unit_id JOIN run_line l ON l.id = s.line_id
WHERE l.price IS NOT NULL GROUP BY s.unit_id, l.currency"""
_SEVERAL = """
SELECT c.unit_id, c.account_id, c.cell, string_agg(l.fact, '\n' ORDER BY l.ref, l.id) AS facts,
  max(CASE WHEN l.overdue THEN 1 ELSE 0 END) AS overdue, min(l.currency) FILTER (WHERE NOT s.chief) AS surplus_currency
FROM (SELECT DISTINCT unit_id FROM run_seat WHERE NOT chief) t
JOIN run_cell c ON c.unit_id = t.unit_id JOIN run_seat s ON s.unit_id = t.unit_id JOIN run_line l ON l.id = s.line_id
GROUP BY c.unit_id, c.account_id, c.cell"""
# The first of several currencies goes into the finding itself.
_FIRST_CURRENCY = (
    """UPDATE run_paid AS p SET value = a.value FROM run_currency a
    WHERE a.unit_id = p.unit_id AND a.currency = p.currency AND p.value IS NULL""",
    """UPDATE run_paid AS p SET due_value = a.due_value FROM run_currency a
    WHERE a.unit_id = p.unit_id AND a.currency = p.due_currency AND p.due_value IS NULL""",
)
_ENDED = """
WITH ended AS (
  SELECT n.unit_id, c.account_id, c.cell, l.fact, l.price, l.currency, l.ends, l.ref, l.id,
    row_number() OVER (PARTITION BY n.unit_id ORDER BY l.ends DESC, l.ref DESC, l.id DESC) AS back
  FROM run_named n JOIN run_cell c ON c.unit_id = n.unit_id JOIN run_line l ON l.id = n.line_id
  WHERE NOT n.in_force AND c.cell IN (1, 3))
SELECT unit_id, account_id, cell, string_agg(fact, '\n' ORDER BY ends, ref, id) AS facts,
  max(CASE WHEN back = 1 THEN price END) AS value, max(CASE WHEN back = 1 THEN currency END) AS currency
FROM ended GROUP BY unit_id, account_id, cell"""

_UNKNOWN = """EXISTS (
        SELECT 1 FROM unit JOIN unit_status ON unit_status.unit_id = unit.id WHERE unit.id = c.unit_id AND {unknown})"""
_KINDS = " ".join(f"WHEN {int(code, 2)} THEN '{kind}'" for code, kind in OF_CELL.items())
_OF_CELLS = f"""
WITH odd AS MATERIALIZED (
  SELECT c.*, CASE WHEN c.cell <> 3 THEN '' WHEN EXISTS (
      SELECT 1 FROM warranty_period w WHERE w.unit_id = c.unit_id AND w.starts_on <= :on AND (w.ends_on IS NULL OR w.ends_on > :on)
        AND (w.voided_on IS NULL OR w.voided_on > :on)) THEN '{ATTACH}' ELSE '{LEAK}' END AS variant
  FROM run_cell c WHERE c.cell BETWEEN 1 AND 6)
SELECT CASE c.cell {_KINDS} END AS kind, 'unit' AS subject, c.unit_id AS subject_id,
  c.lifecycle || coalesce('\n' || p.facts, '')
    || CASE WHEN c.cell IN (2, 6) THEN '\n' || coalesce(
      CASE WHEN {_UNKNOWN} THEN 'listed ' ELSE 'heard ' END
      || CAST(c.heard_at / 1000 AS TEXT), 'never heard') ELSE '' END
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
# A device waits with the serial of an enrolled one, or several report with one credential.
_CLONES = f"""
SELECT unit_id, string_agg(fact, '\n' ORDER BY part) AS facts FROM (
  SELECT DISTINCT waits.unit_id, :clone AS fact, 1 AS part FROM credential waits
  JOIN credential holds ON holds.unit_id = waits.unit_id AND holds.status = 'active' WHERE waits.status = 'pending'
  UNION ALL
  SELECT unit_id, facts, 2 FROM identity_case WHERE doubt = '{Doubt.COPIED}') parts
GROUP BY unit_id"""  # noqa: S608
_DOUBTS = " ".join(f"WHEN '{doubt}' THEN '{kind}'" for doubt, kind in OTHER_DOUBTS.items())
_OF_UNITS = f"""
SELECT '{FindingKind.EXPIRED_BUT_OPERATING}' AS kind, 'unit' AS subject, unit_id AS subject_id, facts, '' AS variant, account_id, value,
  coalesce(currency, '') AS currency, cell <> 3 AS counted
FROM run_ended
UNION ALL
SELECT '{FindingKind.OVERDUE_BUT_OPERATING}', 'unit', unit_id, due_facts, '', account_id, due_value,
  CASE WHEN due_value IS NULL THEN '' ELSE due_currency END, TRUE
FROM run_paid WHERE cell IN (5, 7) AND due_facts IS NOT NULL
UNION ALL
SELECT '{FindingKind.COVERED_TWICE}', 'unit', t.unit_id, t.facts, '', t.account_id, a.surplus, coalesce(t.surplus_currency, ''),
  t.overdue = 0 AND t.cell NOT IN (4, 6)
FROM run_several t LEFT JOIN run_currency a ON a.unit_id = t.unit_id AND a.currency = t.surplus_currency
UNION ALL
SELECT '{FindingKind.RETIRED_BUT_OPERATING}', 'unit', unit_id, lifecycle, '', account_id, NULL, '', TRUE
FROM run_cell WHERE operating AND lifecycle = 'retired'
UNION ALL
SELECT '{FindingKind.WARRANTY_CONFLICT}', 'unit', c.unit_id, d.says, '', c.account_id, NULL, '', TRUE
FROM run_conflict d JOIN run_cell c ON c.unit_id = d.unit_id
UNION ALL
SELECT '{FindingKind.CLONE_CASE}', 'unit', c.unit_id, k.facts, '', c.account_id, NULL, '', TRUE
FROM ({_CLONES}) k JOIN run_cell c ON c.unit_id = k.unit_id
UNION ALL
SELECT CASE i.doubt {_DOUBTS} END, 'unit', c.unit_id, i.facts, '', c.account_id, NULL, '', TRUE
FROM identity_case i JOIN run_cell c ON c.unit_id = i.unit_id WHERE i.doubt <> '{Doubt.COPIED}'"""  # noqa: S608

_FURTHER = f"""
SELECT p.unit_id AS subject_id, CASE p.cell {_KINDS} END AS kind, p.account_id, a.currency, a.value, TRUE AS counted
FROM run_paid p JOIN run_currency a ON a.unit_id = p.unit_id WHERE p.cell IN (4, 6) AND a.currency <> p.currency
UNION ALL
SELECT p.unit_id, '{FindingKind.OVERDUE_BUT_OPERATING}', p.account_id, a.currency, a.due_value, TRUE
FROM run_paid p JOIN run_currency a ON a.unit_id = p.unit_id
WHERE p.cell IN (5, 7) AND a.currency <> p.due_currency AND a.due_value IS NOT NULL
UNION ALL
SELECT t.unit_id, '{FindingKind.COVERED_TWICE}', t.account_id, a.currency, a.surplus, t.overdue = 0 AND t.cell NOT IN (4, 6)
FROM run_several t JOIN run_currency a ON a.unit_id = t.unit_id WHERE a.currency <> t.surplus_currency AND a.surplus IS NOT NULL"""  # noqa: S608


def define(staging: Staging, conflicts: Sequence[tuple[int, str]]) -> None:
    """Define `{unit_findings}`: every finding of the units of the run, and `run_further`: what they are worth in further currencies.

    `conflicts`: units whose reported warranty disagrees with the registry, each with the fact of the finding.
    """
    staging.fill("run_conflict", {"unit_id": int, "says": str}, conflicts)
    staging.make("run_paid", _PAID, by="unit_id")
    staging.make("run_several", _SEVERAL, by="unit_id")
    staging.make("run_currency", _IN_CURRENCIES, by="unit_id")
    for statement in _FIRST_CURRENCY:
        staging.run(statement)
    staging.make("run_further", _FURTHER, by="subject_id")
    staging.make("run_ended", _ENDED, by="unit_id")
    staging.define("unit_findings", f"SELECT * FROM ({_OF_CELLS}) c UNION ALL {_OF_UNITS}", clone=CLONE_FACT)  # noqa: S608
