"""The part of the sweep that goes by the rhythm of each unit: silence that is unusual for it. Instants are ms, by the registry's clock."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, select, update
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow, ReportingClass
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.engine import bulk
from musterroll.storage.liveness import states
from musterroll.storage.liveness.interval_orders import wanted
from musterroll.storage.liveness.stale_sweep import StaleUnit
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitRhythm, UnitStatus
from musterroll.storage.tables.units import Unit

_STATUS: Any = UnitStatus.__table__  # type: ignore[attr-defined]


class SilentUnit(NamedTuple):
    """A unit whose silence may be unusual, or already is; `stale_after`: by its class."""

    unit_id: int
    heard_at: int
    pace: int  # ms
    quiet_since: int | None
    in_field: int  # 0 or 1
    reporting: ReportingClass
    interval: int
    interval_set: int | None
    day: int | None
    days: bytes | None


def silent_units(session: Session, heard: ListeningWindow, now: int, limit: int) -> list[SilentUnit]:
    """At most so many units whose silence is to be looked at."""
    in_field = case(((col(Unit.lifecycle).in_(of_stage(Stage.FIELD))) & col(Unit.merged_into_id).is_(None), 1), else_=0)
    s = UnitStatus
    query = (
        select(
            col(s.unit_id), col(s.heard_at), col(s.pace), col(s.quiet_since), in_field, col(Product.reporting), col(s.interval), wanted()
        )
        .add_columns(col(UnitRhythm.day), col(UnitRhythm.days))
        .join_from(s, Unit, col(Unit.id) == col(s.unit_id))
        .join(Product, col(Product.id) == col(Unit.product_id))
        .outerjoin(UnitRhythm, col(UnitRhythm.unit_id) == col(s.unit_id))
        .where(states.unusual(heard, now))
        .limit(limit)
    )
    return [SilentUnit._make(row) for row in session.execute(query)]


_UNHEARD = "WHERE unit_id = b.id AND heard_at = b.heard AND stale_since IS NULL AND held_at IS NULL"
_QUIET = f"UPDATE unit_status SET quiet_since = b.since, quiet_due = NULL FROM {{b}} {_UNHEARD} AND quiet_since IS NULL RETURNING unit_id"  # noqa: S608
_STALE = (
    f"UPDATE unit_status SET stale_since = b.since FROM {{b}} {_UNHEARD} RETURNING unit_id, heard_at, stale_since, stale_after, quiet_since"  # noqa: S608
)


def mark_quiet(session: Session, units: Sequence[SilentUnit], now: int) -> set[int]:
    """Mark those of these units quiet that were not heard meanwhile (compare and set). Returns their row ids."""
    rows = [(unit.unit_id, unit.heard_at, now) for unit in units]
    return {row[0] for row in bulk.update_from(session, _QUIET, ("id", "heard", "since"), rows)} if rows else set()


def mark_stale(session: Session, units: Sequence[SilentUnit], now: int) -> list[StaleUnit]:
    """The same for units that are stale by their rhythm, before the end of their extended window."""
    rows = [(unit.unit_id, unit.heard_at, now) for unit in units]
    return [StaleUnit(*row) for row in bulk.update_from(session, _STALE, ("id", "heard", "since"), rows)] if rows else []


def postpone(session: Session, looks: Sequence[tuple[int, int]]) -> None:
    """When the silence of units is to be looked at again, as (unit, instant)."""
    if looks:
        rows = [{"row_key": unit_id, "look": at} for unit_id, at in looks]
        session.connection().execute(
            update(_STATUS).where(_STATUS.c.unit_id == bindparam("row_key")).values(quiet_due=bindparam("look")), rows
        )
