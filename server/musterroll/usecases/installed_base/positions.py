"""Licences sold, units provisioned and units active: one table by product, segment, account or all three."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.installed_base.positions import Position, Positions
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.columns import Columns
from musterroll.storage.installed_base import positions as tables
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure
from musterroll.usecases.reconciliation.run import run_at

MOST = 200  # rows of a table that are kept for pages
EVERY_KIND = ""
NOTHING = Positions(Position(), [], 0)


class PositionBreakdown(StrEnum):
    PRODUCT = "product"
    SEGMENT = "segment"
    ACCOUNT = "account"
    EACH = "each"


PARTS: dict[PositionBreakdown, Sequence[str]] = {
    PositionBreakdown.PRODUCT: ("maker", "model"),
    PositionBreakdown.SEGMENT: ("segment",),
    PositionBreakdown.ACCOUNT: ("account",),
    PositionBreakdown.EACH: ("segment", "maker", "model", "account"),
}
ByKind = dict[str, dict[PositionBreakdown, Positions]]


def overview(session: Session, now: datetime) -> CountedFigure[ByKind]:
    """The tables of all kinds together (`EVERY_KIND`) and of each kind there is; of a large fleet as last counted."""
    return cached_figures.counted_figure(session, POSITIONS, now)


def table(session: Session, by: PositionBreakdown, kind: UnitKind | None, now: datetime) -> Positions:
    """One table with all its rows, counted now."""
    return tables.positions(_counted(session, now), PARTS[by], kind, None)


def _counted(session: Session, now: datetime) -> Columns:
    columns = run_statements.of_seen(session, run_at(now, now), to_ms(now))
    run_statements.keep_in_reach(session, columns, "run_line")
    tables.make(session, columns, to_ms(now))
    return columns


def _count(session: Session, now: datetime) -> ByKind:
    columns = _counted(session, now)
    return {kind: {by: tables.positions(columns, PARTS[by], kind or None, MOST) for by in PositionBreakdown} for kind in _kinds(columns)}


def _kinds(columns: Columns) -> list[str]:
    return [EVERY_KIND, *tables.kinds(columns)]


POSITIONS: Figure[ByKind] = Figure("licence_positions", TypeAdapter(ByKind), _count)
