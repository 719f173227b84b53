"""The bridge of a month over the columns of units with their history (`storage.units.past`): every change that adds a unit to the base or
removes one, and the step it counts under. A property test compares it with a replay of the changes, one by one.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, column, or_, select, table
from sqlmodel import col

from musterroll.domain.installed_base.bridge import MERGED, BaseChange, BridgeStep
from musterroll.domain.liveness import OPERATING, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.columns import Columns
from musterroll.storage.installed_base.counts import AxisColumns, joined_units
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import past

_OPERATING = ", ".join(f"'{state}'" for state in sorted(OPERATING))
# Liveness that no state change records yet changes at the end of the month, so that the bridge ends at the closing count.
_EVENTS = f"""
SELECT id AS unit_id, CAST(-1 AS BIGINT) AS at_ms, 0 AS id, 'start' AS axis, l0 AS lifecycle, v0 AS liveness, m0 AS merged, NULL AS new
FROM base_unit
UNION ALL
SELECT m.unit_id, m."at", m.id, m.axis, CASE m.axis WHEN 'lifecycle' THEN m.new END, CASE m.axis WHEN 'liveness' THEN m.new END,
  CASE m.axis WHEN 'identity' THEN m.new = '{MERGED}' END, m.new
FROM base_move m SEMI JOIN base_unit u ON u.id = m.unit_id
UNION ALL
SELECT id, $last, 9223372036854775807, 'liveness', NULL, v1, NULL, v1 FROM base_unit"""  # noqa: S608  our own
_CHANGES = f"""
WITH state AS (
  SELECT unit_id, at_ms, id, axis, new, last_value(lifecycle IGNORE NULLS) OVER past AS lifecycle,
    last_value(liveness IGNORE NULLS) OVER past AS liveness, last_value(merged IGNORE NULLS) OVER past AS merged
  FROM base_event WINDOW past AS (PARTITION BY unit_id ORDER BY at_ms, id ROWS UNBOUNDED PRECEDING)),
base AS (SELECT *, lifecycle = '{Lifecycle.DEPLOYED}' AND liveness IN ({_OPERATING}) AND NOT merged AS inside FROM state),
change AS (
  SELECT *, lag(inside) OVER earlier AS was, lag(liveness) OVER earlier AS heard
  FROM base WINDOW earlier AS (PARTITION BY unit_id ORDER BY at_ms, id))
SELECT unit_id, at_ms, id, CASE WHEN inside THEN 1 ELSE -1 END AS sign,
  CASE WHEN axis = 'identity' THEN '{BridgeStep.MERGED}'
    WHEN axis = 'lifecycle' THEN CASE WHEN was THEN '{BridgeStep.RETIRED}' ELSE '{BridgeStep.SHIPPED}' END
    WHEN was THEN CASE new WHEN '{Liveness.UNKNOWN}' THEN '{BridgeStep.LIST_TOO_OLD}' ELSE '{BridgeStep.GONE_STALE}' END
    WHEN heard = '{Liveness.NEVER_HEARD}' THEN '{BridgeStep.FIRST_HEARD}' ELSE '{BridgeStep.REVIVED}' END AS step
FROM change WHERE inside <> was"""  # noqa: S608  our own
_FIRST = """
SELECT step, unit_id, at_ms, sign FROM base_change
QUALIFY row_number() OVER (PARTITION BY step ORDER BY at_ms, id, unit_id) <= $limit ORDER BY at_ms, id, unit_id"""


def make_changes(
    columns: Columns, opening: AxisColumns, closing: AxisColumns, moves: Select[Any], unrecorded: ColumnElement[bool], last: int
) -> None:
    """Make `base_change`, the changes of a month that ends at `last` (ms), given the state changes in it that no later record overrules.

    `unrecorded`: units whose liveness may have changed without a state change.
    """
    columns.make("base_move", past.words(moves))
    moved = col(Unit.id).in_(select(table("base_move", column("unit_id")).c.unit_id))
    before = (opening.lifecycle.label("l0"), opening.liveness.label("v0"), opening.merged.label("m0"))
    units = joined_units(col(Unit.id).label("id"), *before, closing.liveness.label("v1")).where(or_(moved, unrecorded), closing.on_roll)
    columns.make("base_unit", past.words(units))
    replay(columns, last)


def replay(columns: Columns, last: int) -> None:
    """Make `base_change` of the state changes `base_move` of the units `base_unit`."""
    columns.make("base_event", _EVENTS, last=last)
    columns.make("base_change", _CHANGES)


def steps(columns: Columns) -> dict[BridgeStep, int]:
    """The sum of each step of `base_change`."""
    sums = dict(columns.rows("SELECT step, sum(sign) FROM base_change GROUP BY step"))
    return {step: int(sums.get(step.value, 0)) for step in BridgeStep}


def first_changes(columns: Columns, limit: int) -> list[BaseChange]:
    """The first changes of each step, in the order they happened."""
    return [BaseChange(BridgeStep(row[0]), *row[1:]) for row in columns.rows(_FIRST, limit=limit)]
