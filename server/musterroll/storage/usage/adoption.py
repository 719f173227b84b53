"""Which units used what, and how long they took to their first use, from the columns of the fleet. Days are days since 1970."""

from typing import Any

from sqlmodel import Session, SQLModel

from musterroll.domain.usage.adoption import BREAKDOWNS, HORIZONS, WINDOWS, Group, Milestone, Used
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import Columns

_COUNTERS = 50  # those that most units report

_UNITS = """
SELECT u.id AS unit_id, u.product_id AS product_id, coalesce(r.cell, 0) AS cell, s.first_heard_at / 86400000 AS heard,
  u.shipped_on AS shipped, u.installed_on AS installed, u.firmware AS firmware, a.segment AS segment
FROM (SELECT * FROM {unit}) u LEFT JOIN unit_reconciliation r ON r.unit_id = u.id LEFT JOIN unit_status s ON s.unit_id = u.id
  LEFT JOIN account a ON a.id = u.account_id
WHERE u.merged_into_id IS NULL"""
_UNIT = {
    **{"unit_id": "BIGINT", "product_id": "BIGINT", "cell": "BIGINT", "heard": "BIGINT"},
    **{"shipped": "DATE", "installed": "DATE", "firmware": "VARCHAR", "segment": "VARCHAR"},
}
_USES = "SELECT unit_id, counter_id, first_day, last_day FROM {unit_use}"
_USE = {"unit_id": "BIGINT", "counter_id": "BIGINT", "first_day": "BIGINT", "last_day": "BIGINT"}
# Operating units: deployed and heard. The cohort is the quarter of installation, else of shipping.
_OPERATING = """
SELECT unit_id, product_id, coalesce(firmware, '') AS firmware, coalesce(segment, '') AS segment,
  coalesce(strftime(coalesce(installed, shipped), '%Y') || ' Q' || quarter(coalesce(installed, shipped)), '') AS cohort
FROM usage_unit WHERE cell & 3 = 3"""
_SETS = """GROUPING SETS (({first}), ({first}, firmware), ({first}, segment), ({first}, cohort), ({first}, product_id),
  ({first}, product_id, firmware), ({first}, product_id, segment), ({first}, product_id, cohort))"""
_AXES = f"""CASE WHEN grouping(product_id) = 0 THEN product_id ELSE 0 END,
  CASE {" ".join(f"WHEN grouping({axis}) = 0 THEN '{axis}'" for axis in BREAKDOWNS)} ELSE '' END,
  CASE {" ".join(f"WHEN grouping({axis}) = 0 THEN {axis}" for axis in BREAKDOWNS)} ELSE '' END"""
_WITHIN = ", ".join(f"count(*) FILTER (WHERE u.last_day > $today - {days})" for days in WINDOWS)


def read(session: Session) -> Columns:
    """Read the units that the session sees, and what is known of their use."""
    columns = Columns(session)
    columns.define(**{name: account_scope.as_seen(session, SQLModel.metadata.tables[name]) for name in ("unit", "unit_use")})
    columns.read("usage_unit", _UNITS, _UNIT)
    columns.read("usage_use", _USES, _USE)
    columns.make("usage_operating", _OPERATING)
    return columns


def operating(columns: Columns) -> dict[Group, int]:
    """Operating units by product (0: all) and firmware, segment or cohort."""
    sets = _SETS.replace("({first})", "()").replace("{first}, ", "")
    rows = columns.rows(f"SELECT {_AXES}, count(*) FROM usage_operating GROUP BY {sets}")  # noqa: S608  our own
    return {Group(*row[:3]): row[3] for row in rows}


def used(columns: Columns, today: int) -> list[tuple[int, Group, Used]]:
    """The same of each counter: the units that report it, and those that used it within the windows."""
    columns.make("usage_most", f"SELECT counter_id FROM usage_use GROUP BY ALL ORDER BY count(*) DESC, counter_id LIMIT {_COUNTERS}")  # noqa: S608
    rows = columns.rows(
        f"""SELECT u.counter_id, {_AXES}, count(*), {_WITHIN}
FROM usage_operating o JOIN usage_use u USING (unit_id) JOIN usage_most USING (counter_id)
GROUP BY {_SETS.replace("{first}", "u.counter_id")} ORDER BY ALL""",  # noqa: S608
        today=today,
    )
    return [(row[0], Group(*row[1:4]), Used(*row[4:])) for row in rows]


_AGE = "$today - datediff('day', DATE '1970-01-01', shipped)"
_LEAD = "CASE WHEN t.day <= $today THEN greatest(0, t.day - datediff('day', DATE '1970-01-01', shipped)) END"
_SHARES = ", ".join(
    f"count(*) FILTER (WHERE {_AGE} >= {days}), count(*) FILTER (WHERE {_AGE} >= {days} AND {_LEAD} <= {days})" for days in HORIZONS
)
_MILESTONES = f"""
SELECT t.step, coalesce(u.product_id, 0), count(*), count({_LEAD}), median({_LEAD}), {_SHARES}
FROM (
  SELECT unit_id, 0 AS step, datediff('day', DATE '1970-01-01', installed) AS day FROM usage_unit
  UNION ALL SELECT unit_id, -1, heard FROM usage_unit
  UNION ALL SELECT u.unit_id, o.counter_id, x.first_day FROM usage_unit u CROSS JOIN usage_most o
    LEFT JOIN usage_use x ON x.unit_id = u.unit_id AND x.counter_id = o.counter_id
) t JOIN usage_unit u USING (unit_id)
WHERE u.shipped IS NOT NULL AND {_AGE} >= 0 AND (t.step <= 0 OR u.shipped >= DATE '1970-01-01' + $since)
GROUP BY GROUPING SETS ((t.step), (t.step, u.product_id)) ORDER BY ALL"""  # noqa: S608  our own


def milestones(columns: Columns, today: int, since: int) -> list[tuple[int, int, Milestone]]:
    """Days from shipping to deployment (step 0), first report (-1) and first use of each counter (its id), by product (0: all).

    Of the counters that `used` has chosen, and of first uses of units shipped from `since` on: of others the first use may not be known.
    """
    return [(row[0], row[1], _milestone(row[2:])) for row in columns.rows(_MILESTONES, today=today, since=since)]


def _milestone(row: Any) -> Milestone:
    shipped, reached, median, *pairs = row
    shares = tuple(zip(pairs[::2], pairs[1::2], strict=True))
    return Milestone(shipped, reached, None if median is None else float(median), shares)
