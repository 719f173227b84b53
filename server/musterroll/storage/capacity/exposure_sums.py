"""Exposure: operating time by month, product, age and cover, summed from stretches of operation.

Each stretch is an interval, and so are the part of it in warranty, the part on a contract line, and the part with both; what has one
cover only follows by subtraction. A group of units of one product and day of birth changes age on the same days, so months and those
days cut time into the same cells for all of them: from the cell of one start or end of theirs to that of the next, so many units operate.

Instants are seconds since 1970, days are UTC days since then. Whole seconds in, whole seconds out: sums of days add up to the sum of the
month exactly.
"""

from musterroll.domain.capacity.exposure import CONTRACT, OLDEST, WARRANTY
from musterroll.storage.engine.columns import Columns

_BIRTHDAY = "born + ({age} * 487 + 15) // 16"


def completed_months(day: str, born: str) -> str:
    """Age in completed months of 365.25 / 12 = 487 / 16 days, on a day, as SQL; before birth it is 0."""
    return f"least(greatest({day} - {born}, 0) * 16 // 487, {OLDEST})"


_MONTH = "(year({date}) * 12 + month({date}) - 1)"
_MONTH_BEGINS = "CAST(make_date({month} // 12, {month} % 12 + 1, 1) - DATE '1970-01-01' AS BIGINT)"
_PIECES = """
SELECT 0 AS part, product_id, born, since, until FROM plan_stretch
UNION ALL
SELECT 1, product_id, born, greatest(since, warranty_from * 86400), least(until, warranty_to * 86400) FROM plan_stretch
UNION ALL
SELECT 2, product_id, born, greatest(since, line_from * 86400), least(until, line_to * 86400) FROM plan_stretch
UNION ALL
SELECT 3, product_id, born, greatest(since, warranty_from * 86400, line_from * 86400), least(until, warranty_to * 86400, line_to * 86400)
FROM plan_stretch"""
_ENDS = f"""
WITH pieces AS ({_PIECES}),
ends AS (
  SELECT part, product_id, born, since AS instant, -1 AS units FROM pieces WHERE since < until
  UNION ALL
  SELECT part, product_id, born, until, 1 FROM pieces WHERE since < until),
dated AS (
  SELECT part, product_id, born, instant, instant // 86400 AS day, DATE '1970-01-01' + CAST(instant // 86400 AS INTEGER) AS date,
    sum(units) AS units
  FROM ends GROUP BY part, product_id, born, instant HAVING sum(units) <> 0),
aged AS (SELECT *, {_MONTH.format(date="date")} AS month, {completed_months("day", "born")} AS age FROM dated),
placed AS (
  SELECT *, greatest({_MONTH_BEGINS.format(month="month")}, CASE WHEN age > 0 THEN {_BIRTHDAY.format(age="age")} END) * 86400 AS begins
  FROM aged)
SELECT part, product_id, born, month, age, sum(units) AS units, sum(units * (instant - begins)) AS seconds
FROM placed GROUP BY ALL"""  # noqa: S608  our own
# Month and age of a cell count up with time, so their sum numbers the cells of a day of birth.
_CELLS = f"""
WITH months AS (SELECT unnest(range(min(month), max(month) + 1)) AS month FROM plan_end),
spans AS (
  SELECT month, {_MONTH_BEGINS.format(month="month")} AS first, {_MONTH_BEGINS.format(month="(month + 1)")} AS last FROM months),
births AS (SELECT DISTINCT born FROM plan_end),
aged AS (
  SELECT *, unnest(range({completed_months("first", "born")}, {completed_months("(last - 1)", "born")} + 1)) AS age
  FROM spans CROSS JOIN births)
SELECT born, month, age, month + age AS cell,
  (least(last, CASE WHEN age < {OLDEST} THEN {_BIRTHDAY.format(age="(age + 1)")} END)
    - greatest(first, CASE WHEN age > 0 THEN {_BIRTHDAY.format(age="age")} END)) * 86400 AS seconds
FROM aged"""  # noqa: S608
_SUMS = f"""
WITH running AS (
  SELECT part, product_id, born, month + age AS cell,
    -sum(units) OVER ordered AS units, lead(month + age) OVER ordered AS next_cell
  FROM plan_end WINDOW ordered AS (PARTITION BY part, product_id, born ORDER BY month + age)),
passed AS (SELECT part, product_id, born, units, unnest(range(cell, next_cell)) AS cell FROM running WHERE units <> 0),
part AS (
  SELECT p.part, p.product_id, c.month, c.age, sum(p.units * c.seconds) AS seconds
  FROM passed p JOIN plan_span c ON c.born = p.born AND c.cell = p.cell GROUP BY ALL
  UNION ALL
  SELECT part, product_id, month, age, sum(seconds) FROM plan_end GROUP BY ALL),
share(cover, part, sign) AS (VALUES
  (0, 0, 1), (0, 1, -1), (0, 2, -1), (0, 3, 1), ({WARRANTY}, 1, 1), ({WARRANTY}, 3, -1), ({CONTRACT}, 2, 1), ({CONTRACT}, 3, -1),
  ({WARRANTY + CONTRACT}, 3, 1))
SELECT make_date(month // 12, month % 12 + 1, 1) AS month, product_id, age, cover, CAST(sum(sign * seconds) AS BIGINT) AS seconds
FROM part JOIN share USING (part) GROUP BY ALL HAVING sum(sign * seconds) <> 0"""  # noqa: S608
STRETCH = dict.fromkeys(("product_id", "since", "until", "born", "warranty_from", "warranty_to", "line_from", "line_to"), "BIGINT")


def make_sums(columns: Columns) -> None:
    """Make `plan_exposure` (month, product, completed months of age, cover, seconds) of `plan_stretch`."""
    columns.make("plan_end", _ENDS)
    columns.make("plan_span", _CELLS)
    columns.make("plan_exposure", _SUMS)
