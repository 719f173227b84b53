"""How units stand on a day: `run_unit`, one row a unit on the roll, and the cells they are in."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlmodel import Session

from musterroll.domain.liveness import Hearing
from musterroll.domain.reconciliation import CELLS, OPERATING
from musterroll.storage.liveness import liveness
from musterroll.storage.staging import Staging


class Judged(NamedTuple):
    """SQL over `unit` and `voice`: the lifecycle of a unit and whether it operates, at the moment of the run."""

    lifecycle: str
    operating: str


def judged_now(session: Session, hearing: Hearing, now: int) -> Judged:
    state = liveness(hearing, now)
    return Judged("unit.lifecycle", _text(session, state.in_(sorted(OPERATING))))


def _text(session: Session, expression: ColumnElement[Any]) -> str:
    return str(expression.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))


_UNITS = """
SELECT unit.id AS unit_id, coalesce(unit.account_id, site.account_id) AS account_id, unit.site_id, unit.product_id,
  {lifecycle} AS lifecycle, {lifecycle} = 'deployed' AS deployed, coalesce({operating}, FALSE) AS operating
FROM unit LEFT JOIN voice ON voice.unit_id = unit.id LEFT JOIN site ON site.id = unit.site_id
WHERE unit.merged_into_id IS NULL {units}"""
_CELLS = """
SELECT u.unit_id, u.account_id, u.site_id, u.product_id, u.lifecycle, u.operating,
  CASE WHEN s.unit_id IS NULL THEN 0 ELSE 4 END + CASE WHEN u.deployed THEN 2 ELSE 0 END + CASE WHEN u.operating THEN 1 ELSE 0 END AS cell
FROM run_unit u LEFT JOIN (SELECT DISTINCT unit_id FROM run_seat) s ON s.unit_id = u.unit_id"""


def stage_units(staging: Staging) -> None:
    staging.make("run_unit", _UNITS)


def stage_cells(staging: Staging) -> None:
    """Make `run_cell` once the units are seated."""
    staging.make("run_cell", _CELLS)


def cells(staging: Staging) -> dict[str, int]:
    """How many units of the run are in each of the eight cells."""
    found = dict(staging.rows("SELECT cell, count(*) FROM run_cell GROUP BY cell"))
    return {code: found.get(int(code, 2), 0) for code in CELLS}
