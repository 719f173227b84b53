"""Units on a day: `run_unit`, one row per registered unit, and `run_cell`, the same with its quadrant."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, text
from sqlmodel import Session

from musterroll.domain.liveness import OPERATING, ListeningWindow, Liveness
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.columns import WORD, Columns
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.units import as_of as unit_as_of
from musterroll.storage.units import past


class JudgedSql(NamedTuple):
    """SQL over `unit` and `unit_status`, at the instant of the run: the lifecycle of a unit, whether it operates, and whether that is
    unknown."""

    lifecycle: str
    operating: str
    unknown: str


def judged(session: Session, instant: int, now: int) -> JudgedSql:
    """The SQL of units at an instant (ms), at the latest now."""
    heard = liveness_states.hearing(session)
    present = instant >= now
    liveness = liveness_states.liveness(heard, now) if present else unit_as_of.liveness_at(heard, instant, now)
    lifecycle = "unit.lifecycle" if present else words(session, unit_as_of.lifecycle_at(instant, now))
    conditions = (liveness.in_(sorted(OPERATING)), liveness == Liveness.UNKNOWN.value)
    return JudgedSql(lifecycle, *(words(session, condition) for condition in conditions))


def words(session: Session, expression: ColumnElement[Any]) -> str:
    """An expression as textual SQL."""
    return str(expression.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))


class UnitState(NamedTuple):
    lifecycle: Lifecycle
    liveness: Liveness  # one that operates, is unknown, or is silent


def unit_state(session: Session, judged: JudgedSql, unit_id: int) -> UnitState | None:
    """The state of one registered unit."""
    query = (
        f"SELECT {judged.lifecycle}, coalesce({judged.operating}, FALSE), coalesce({judged.unknown}, FALSE)"  # noqa: S608  our own
        " FROM unit LEFT JOIN unit_status ON unit_status.unit_id = unit.id"
    )
    row = session.execute(text(f"{query} WHERE unit.id = :id AND unit.merged_into_id IS NULL"), {"id": unit_id}).one_or_none()
    if row is None:
        return None
    return UnitState(Lifecycle(row[0]), Liveness.OPERATING if row[1] else Liveness.UNKNOWN if row[2] else Liveness.STALE)


# All that a run needs to know of `unit`, beside its `unit_status` and its `site`.
FACTS = """unit.id AS unit_id, coalesce(unit.account_id, site.account_id) AS account_id, unit.site_id, unit.product_id,
  {lifecycle} AS lifecycle, CASE WHEN {operating} THEN 1 WHEN {unknown} THEN 2 ELSE 0 END AS life,
  unit_status.heard_at, unit.installed_on, unit.serial_key, CASE WHEN unit.merged_into_id IS NULL THEN 1 END AS registered"""
_WITH_STATUS = "LEFT JOIN unit_status ON unit_status.unit_id = unit.id"
JOINED = f"{_WITH_STATUS} LEFT JOIN site ON site.id = unit.site_id"
COLUMNS = {
    **dict.fromkeys(("unit_id", "account_id", "site_id", "product_id"), "BIGINT"),
    **{"lifecycle": WORD, "life": "TINYINT", "heard_at": "BIGINT", "installed_on": "DATE", "serial_key": WORD, "registered": "TINYINT"},
}
_LIFE = {"operating": sorted(map(str, OPERATING)), "unknown": [Liveness.UNKNOWN.value]}
_CELLS = """
SELECT u.unit_id, u.account_id, u.site_id, u.product_id, u.lifecycle, u.life = 1 AS operating, u.life = 2 AS unknown, u.heard_at,
  CASE WHEN s.unit_id IS NULL THEN 0 ELSE 4 END + CASE WHEN u.lifecycle = 'deployed' THEN 2 ELSE 0 END
  + CASE WHEN u.life = 1 THEN 1 ELSE 0 END AS cell,
  coalesce(s.line_id, 0) AS line_id
FROM run_unit u LEFT JOIN run_seat s ON s.unit_id = u.unit_id AND s.chief"""


def read_units(columns: Columns) -> None:
    """Read every registered unit."""
    columns.read("run_unit", f"SELECT {FACTS} FROM unit {JOINED} WHERE unit.merged_into_id IS NULL", COLUMNS)  # noqa: S608


def make_past_units(columns: Columns, heard: ListeningWindow, instant: int, now: int) -> None:
    """Make `run_unit` of a past instant (ms) from the history that the columns hold (`storage.units.past`)."""
    liveness = past.words(unit_as_of.liveness_at(heard, instant, now))
    columns.make("run_liveness", f"SELECT unit.id AS unit_id, {liveness} AS liveness FROM unit {_WITH_STATUS}")  # noqa: S608
    words = {state: f"run_liveness.liveness IN ({', '.join(map(repr, values))})" for state, values in _LIFE.items()}
    columns.define(lifecycle=past.words(unit_as_of.lifecycle_at(instant, now)), **words)
    joined = f"{JOINED} LEFT JOIN run_liveness ON run_liveness.unit_id = unit.id"
    columns.make("run_unit", f"SELECT {FACTS} FROM unit {joined} WHERE unit.merged_into_id IS NULL")  # noqa: S608


def make_cells(columns: Columns) -> None:
    """Make `run_cell` once the units are seated."""
    columns.make("run_cell", _CELLS)


def cells(columns: Columns) -> dict[str, int]:
    """How many units of the run are in each of the eight cells."""
    return by_code(dict(columns.rows("SELECT cell, count(*) FROM run_cell GROUP BY cell")))


def by_code(units: dict[int, int]) -> dict[str, int]:
    """Counts by the number of a cell as counts by its code, empty cells too."""
    return {code: units.get(int(code, 2), 0) for code in CELLS}
