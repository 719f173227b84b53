"""`domain.findings.unit_rules` as SQL, over the tables of `storage.reconciliation`. A property test compares the two.

Facts are compared byte by byte between runs, so they are composed here as the rules compose them, one fact per line.
"""

from collections.abc import Sequence
from datetime import date

from musterroll.domain.findings.kinds import ATTACH, LEAK, OF_CELL, FindingKind
from musterroll.domain.findings.unit_rules import CLONE_FACT, OTHER_DOUBTS
from musterroll.domain.messages.identity import Doubt
from musterroll.storage.engine.columns import Columns

# Units in warranty on the day; products with a price; doubts about who reports: a device waits with the serial of an enrolled one (no
# doubt by name), or an open case.
_IN_WARRANTY = """
SELECT w.unit_id FROM warranty_period w
WHERE w.starts_on <= :on AND (w.ends_on IS NULL OR w.ends_on > :on) AND (w.voided_on IS NULL OR w.voided_on > :on) {of_some}"""
_OF_SOME = "AND w.unit_id IN (SELECT id FROM {units} u)"
_PRICED = "SELECT id, list_price, currency FROM product WHERE list_price IS NOT NULL"
_DOUBTED = """
SELECT w.unit_id, '' AS doubt, '' AS facts FROM credential w WHERE w.status = 'pending' {of_some} AND EXISTS (
  SELECT 1 FROM credential holds WHERE holds.unit_id = w.unit_id AND holds.status = 'active')
UNION
SELECT w.unit_id, w.doubt, w.facts FROM identity_case w WHERE w.unit_id IS NOT NULL {of_some}"""
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

# Lines whose contract belongs neither to the unit's account nor to one above it.
_ELSEWHERE = """
WITH RECURSIVE apart AS (
  SELECT s.unit_id, c.account_id, l.id, l.ref, l.fact || ' by ' || l.account_id AS fact, l.price, l.currency, l.account_id AS payer
  FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id JOIN run_line l ON l.id = s.line_id
  WHERE l.account_id <> c.account_id),
above(account_id, ancestor_id) AS (
  SELECT DISTINCT account_id, account_id FROM apart
  UNION
  SELECT b.account_id, a.parent_id FROM above b JOIN run_account a ON a.id = b.ancestor_id WHERE a.parent_id IS NOT NULL)
SELECT p.*, min(p.currency) OVER (PARTITION BY p.unit_id) AS first_currency
FROM apart p LEFT JOIN above v ON v.account_id = p.account_id AND v.ancestor_id = p.payer WHERE v.account_id IS NULL"""

_KINDS = " ".join(f"WHEN {int(code, 2)} THEN '{kind}'" for code, kind in OF_CELL.items())
_OF_CELLS = f"""
WITH odd AS (
  SELECT c.*, CASE WHEN c.cell <> 3 THEN '' WHEN c.unit_id IN (SELECT unit_id FROM run_in_warranty) THEN '{ATTACH}' ELSE '{LEAK}' END
    AS variant
  FROM run_cell c WHERE c.cell BETWEEN 1 AND 6)
SELECT CASE c.cell {_KINDS} END AS kind, 'unit' AS subject, c.unit_id AS subject_id,
  c.lifecycle || coalesce('\n' || p.facts, '')
    || CASE WHEN c.cell IN (2, 6) THEN '\n' || coalesce(
      CASE WHEN c.unknown THEN 'listed ' ELSE 'heard ' END
      || CAST(c.heard_at // 1000 AS VARCHAR), 'never heard') ELSE '' END
    || CASE WHEN c.cell = 3 THEN '\n' || c.variant ELSE '' END AS facts,
  c.variant, c.account_id,
  CASE WHEN c.cell IN (4, 6) THEN p.value WHEN c.cell = 3 THEN coalesce(e.value, product.list_price) END AS value,
  CASE WHEN c.cell IN (4, 6) AND p.value IS NOT NULL THEN p.currency
    WHEN c.cell = 3 AND e.value IS NOT NULL THEN e.currency
    WHEN c.cell = 3 AND product.list_price IS NOT NULL THEN product.currency ELSE '' END AS currency,
  TRUE AS counted
FROM odd c
LEFT JOIN run_priced product ON product.id = c.product_id
LEFT JOIN run_paid p ON p.unit_id = c.unit_id
LEFT JOIN run_ended e ON e.unit_id = c.unit_id"""  # noqa: S608
_CLONES = f"""
SELECT unit_id, string_agg(fact, '\n' ORDER BY part) AS facts FROM (
  SELECT unit_id, '{CLONE_FACT}' AS fact, 1 AS part FROM run_doubted WHERE doubt = ''
  UNION ALL
  SELECT unit_id, facts, 2 FROM run_doubted WHERE doubt = '{Doubt.COPIED}') parts
GROUP BY unit_id"""  # noqa: S608
_DOUBTS = " ".join(f"WHEN '{doubt}' THEN '{kind}'" for doubt, kind in OTHER_DOUBTS.items())
# What the rows of each table are findings of: what has none need not be planned.
_OF_TABLES = {
    "run_ended": f"""
SELECT '{FindingKind.EXPIRED_BUT_OPERATING}', 'unit', unit_id, facts, '', account_id, value, coalesce(currency, ''), cell <> 3
FROM run_ended""",  # noqa: S608
    "run_paid": f"""
SELECT '{FindingKind.OVERDUE_BUT_OPERATING}', 'unit', unit_id, due_facts, '', account_id, due_value,
  CASE WHEN due_value IS NULL THEN '' ELSE due_currency END, TRUE
FROM run_paid WHERE cell IN (5, 7) AND due_facts IS NOT NULL""",  # noqa: S608
    "run_several": f"""
SELECT '{FindingKind.COVERED_TWICE}', 'unit', t.unit_id, t.facts, '', t.account_id, a.surplus, coalesce(t.surplus_currency, ''),
  t.overdue = 0 AND t.cell NOT IN (4, 6)
FROM run_several t LEFT JOIN run_currency a ON a.unit_id = t.unit_id AND a.currency = t.surplus_currency""",  # noqa: S608
    "run_elsewhere": f"""
SELECT '{FindingKind.PAID_BY_ANOTHER}', 'unit', unit_id, string_agg(fact, '\n' ORDER BY ref, id) || '\nat ' || account_id, '', account_id,
  CAST(sum(price) FILTER (WHERE currency = first_currency) AS BIGINT), coalesce(first_currency, ''), FALSE
FROM run_elsewhere GROUP BY unit_id, account_id, first_currency""",  # noqa: S608
    "run_cell": f"""
SELECT '{FindingKind.RETIRED_BUT_OPERATING}', 'unit', unit_id, lifecycle, '', account_id, NULL, '', TRUE
FROM run_cell WHERE operating AND lifecycle = 'retired'""",  # noqa: S608
    "run_conflict": f"""
SELECT '{FindingKind.WARRANTY_CONFLICT}', 'unit', c.unit_id, d.says, '', c.account_id, NULL, '', TRUE
FROM run_conflict d JOIN run_cell c ON c.unit_id = d.unit_id""",  # noqa: S608
    "run_doubted": f"""
SELECT '{FindingKind.CLONE_CASE}', 'unit', c.unit_id, k.facts, '', c.account_id, NULL, '', TRUE
FROM ({_CLONES}) k JOIN run_cell c ON c.unit_id = k.unit_id
UNION ALL
SELECT CASE i.doubt {_DOUBTS} END, 'unit', c.unit_id, i.facts, '', c.account_id, NULL, '', TRUE
FROM run_doubted i JOIN run_cell c ON c.unit_id = i.unit_id WHERE i.doubt NOT IN ('', '{Doubt.COPIED}')""",  # noqa: S608
}

_FURTHER = f"""
SELECT p.unit_id AS subject_id, CASE p.cell {_KINDS} END AS kind, p.account_id, a.currency, a.value, TRUE AS counted
FROM run_paid p JOIN run_currency a ON a.unit_id = p.unit_id WHERE p.cell IN (4, 6) AND a.currency <> p.currency
UNION ALL
SELECT p.unit_id, '{FindingKind.OVERDUE_BUT_OPERATING}', p.account_id, a.currency, a.due_value, TRUE
FROM run_paid p JOIN run_currency a ON a.unit_id = p.unit_id
WHERE p.cell IN (5, 7) AND a.currency <> p.due_currency AND a.due_value IS NOT NULL
UNION ALL
SELECT t.unit_id, '{FindingKind.COVERED_TWICE}', t.account_id, a.currency, a.surplus, t.overdue = 0 AND t.cell NOT IN (4, 6)
FROM run_several t JOIN run_currency a ON a.unit_id = t.unit_id WHERE a.currency <> t.surplus_currency AND a.surplus IS NOT NULL
UNION ALL
SELECT unit_id, '{FindingKind.PAID_BY_ANOTHER}', account_id, currency, CAST(sum(price) AS BIGINT), FALSE
FROM run_elsewhere WHERE currency <> first_currency AND price IS NOT NULL GROUP BY unit_id, account_id, currency"""  # noqa: S608


def read(columns: Columns, on: date, *, whole: bool) -> None:
    """Read what the rules need beside the quadrants: of all units, or of those of the run."""
    some = {} if whole else {"units": columns.ids("SELECT unit_id FROM run_cell")}
    in_warranty, doubted = (query.replace("{of_some}", _OF_SOME if some else "") for query in (_IN_WARRANTY, _DOUBTED))
    columns.read("run_in_warranty", in_warranty, {"unit_id": "BIGINT"}, on=on, **some)
    columns.read("run_priced", _PRICED, {"id": "BIGINT", "list_price": "BIGINT", "currency": "VARCHAR"})
    columns.read("run_doubted", doubted, {"unit_id": "BIGINT", "doubt": "VARCHAR", "facts": "VARCHAR"}, **some)


def make(columns: Columns, conflicts: Sequence[tuple[int, str]]) -> list[str]:
    """Make what the rules say of the units of the run. Returns the queries of their findings.

    Makes `run_further`, too: what they are worth in further currencies. `conflicts`: units whose reported warranty disagrees with the
    registry, each with the fact of the finding.
    """
    columns.fill("run_conflict", {"unit_id": "BIGINT", "says": "VARCHAR"}, conflicts)
    columns.make("run_paid", _PAID)
    columns.make("run_several", _SEVERAL)
    if columns.make("run_currency", _IN_CURRENCIES):
        for statement in _FIRST_CURRENCY:
            columns.run(statement)
    columns.make("run_elsewhere", _ELSEWHERE)
    columns.make("run_further", _FURTHER)
    columns.make("run_ended", _ENDED)
    return [f"({_OF_CELLS})", *(query for table, query in _OF_TABLES.items() if columns.rows(f"FROM {table} LIMIT 1"))]
