"""The quadrants day by day, as stored at the end of each day (`usecases.reconciliation.daily_snapshot`)."""

from datetime import date
from typing import NamedTuple

from sqlmodel import Session

from musterroll.storage.engine.account_scope import limited
from musterroll.storage.installed_base import cells_by
from musterroll.storage.installed_base.counts import BaseConditions
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.usecases.installed_base.as_of import EVERYTHING, BaseScope, rows_of


class Day(NamedTuple):
    """One day's units by quadrant; all eight are present."""

    on: date
    cells: dict[str, int]


def days(session: Session, first: date, until: date, scope: BaseScope = EVERYTHING, firmware: str | None = None) -> list[Day]:
    """The stored days between two (both included) on which there were such units. Raises NotFound.

    A segment alone is of the accounts that were in it then; else accounts, segments and countries are those of now.
    """
    where = rows_of(session, scope)
    axis = None if limited(session) else _axis(where, firmware)
    if axis is None:
        counted = cells_by.by_day(session, where, firmware, first, until)
    else:
        counted = {on: by_code(units) for on, units in cell_history.totals(session, *axis, first, until).items()}
    return [Day(on, cells) for on, cells in counted.items()]


def _axis(where: BaseConditions, firmware: str | None) -> tuple[str, str] | None:
    """The axis and key of what has totals of its own: everything, a product, a segment, a firmware."""
    if firmware is not None:
        short = len(firmware) <= cell_history.KEY_LENGTH
        return ("firmware", firmware) if where == BaseConditions() and short else None
    if where == BaseConditions():
        return cell_history.ALL, ""
    if where == BaseConditions(product_id=where.product_id):
        return "product", str(where.product_id)
    return ("segment", where.segment or "") if where == BaseConditions(segment=where.segment) else None
