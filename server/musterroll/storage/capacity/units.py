"""What plans are made of, as columns: `plan_unit`, `plan_period` (their warranty), `plan_cell` (quadrant and seat), `plan_line`.

A limited session reads the units and contracts of its own accounts only.
"""

from sqlmodel import Session

from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness.states import reported_by_import_only_sql

BEFORE, AFTER = 1, 2  # a stage of life before the field, and after it; 0: any other
_CODES = ((BEFORE, Stage.BEFORE), (AFTER, Stage.AFTER))
_STAGES = " ".join(f"WHEN unit.lifecycle IN ({', '.join(map(repr, map(str, of_stage(stage))))}) THEN {code}" for code, stage in _CODES)
_HARDWARE = ", ".join(f"'{kind}'" for kind in UnitKind if kind.hardware)  # what has no hardware needs no visits and no parts
_UNITS = f"""
SELECT unit.id AS unit_id, unit.product_id, v.first_heard_at, v.heard_at, v.stale_since, v.stale_after,
  CASE WHEN {reported_by_import_only_sql("v")} THEN 1 END AS imported, CASE {_STAGES} ELSE 0 END AS stage,
  CASE WHEN unit.merged_into_id IS NULL THEN 1 END AS registered, unit.installed_on,
  CASE WHEN unit.product_id IN (SELECT id FROM product WHERE kind IN ({_HARDWARE})) THEN 1 END AS hardware
FROM unit LEFT JOIN unit_status v ON v.unit_id = unit.id WHERE {{owned}}"""  # noqa: S608  our own
_UNIT = {
    **dict.fromkeys(("unit_id", "product_id", "first_heard_at", "heard_at", "stale_since", "stale_after"), "BIGINT"),
    **{"imported": "TINYINT", "stage": "TINYINT", "registered": "TINYINT", "installed_on": "DATE", "hardware": "TINYINT"},
}
_PERIODS = "SELECT unit_id, starts_on, ends_on, voided_on FROM warranty_period WHERE {mine}"
_PERIOD = {"unit_id": "BIGINT", **dict.fromkeys(("starts_on", "ends_on", "voided_on"), "DATE")}
_LINES = """
SELECT l.id, l.contract_id, l.quantity, l.price, l.starts_on, l.ends_on, coalesce(nullif(l.currency, ''), c.currency) AS currency
FROM contract_line l JOIN contract c ON c.id = l.contract_id WHERE {contracted}"""
_LINE = {
    **dict.fromkeys(("id", "contract_id", "quantity", "price"), "BIGINT"),
    **{"starts_on": "DATE", "ends_on": "DATE", "currency": "VARCHAR"},
}
_STORED = "SELECT unit_id, account_id, site_id, product_id, cell, line_id FROM unit_reconciliation WHERE {mine}"
_CELL = dict.fromkeys(("unit_id", "account_id", "site_id", "product_id", "cell", "line_id"), "BIGINT")
_REACH = "IN (SELECT account_id FROM reach)"


def read_units(session: Session, columns: Columns) -> None:
    """Read the units with their warranty, and the lines."""
    limited = account_scope.limited(session)
    columns.define(
        owned=_within(session, "unit.account_id"),
        contracted=_within(session, "c.account_id"),
        placed=_within(session, "account_id"),
        seen=_within(session, "id"),
        mine=f"unit_id IN (SELECT id FROM unit WHERE account_id {_REACH})" if limited else "TRUE",  # noqa: S608
    )
    columns.read("plan_unit", _UNITS, _UNIT)
    columns.read("plan_period", _PERIODS, _PERIOD)
    columns.read("plan_line", _LINES, _LINE)


def read_stored(columns: Columns) -> None:
    """Read how the last run left each unit."""
    columns.read("plan_cell", _STORED, _CELL)


def take_computed(columns: Columns) -> None:
    """Take over the quadrants of a run."""
    columns.make("plan_cell", f"SELECT {', '.join(_CELL)} FROM run_cell")  # noqa: S608


def _within(session: Session, column: str) -> str:
    """Whether an account is one that a session may see, as SQL."""
    return f"{column} {_REACH}" if account_scope.limited(session) else "TRUE"
