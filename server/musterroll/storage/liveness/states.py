"""`domain.liveness.assess_liveness` as SQL, for counting and filtering many units at once. A property test holds the two together."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, literal, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit


def hearing(session: Session) -> ListeningWindow:
    """What the registry is known to have listened to without a gap."""
    since, until = session.execute(select(col(RegistryState.since), col(RegistryState.until))).one()
    return ListeningWindow(since, until)


def reported_by_import_only(status: Any = UnitStatus) -> ColumnElement[bool]:
    """`domain.liveness.reported_by_import_only` of each row of `UnitStatus`, or of an alias of it."""
    return (col(status.birth_epoch) < 0) & (col(status.beat) < 0)


def reported_by_import_only_sql(alias: str | None = None) -> str:
    """The same as text, for a statement that calls the table by its own name or by this alias."""
    condition = reported_by_import_only(aliased(UnitStatus, name=alias) if alias else UnitStatus)
    return f"({condition.compile(compile_kwargs={'literal_binds': True})})"


def silent(heard: ListeningWindow, now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether the silence of each unit at `now` (ms) makes it stale, and late."""
    heard_at, at = col(UnitStatus.heard_at), min(now, heard.until)
    silence = at - case((heard_at > heard.since, heard_at), else_=heard.since)
    own = ~reported_by_import_only()
    return own & (silence >= col(UnitStatus.stale_after) * 1000), own & (silence >= col(UnitStatus.late_after) * 1000)


class _Signs(NamedTuple):
    """What `assess_liveness` looks at, as conditions on `UnitStatus`."""

    stale: ColumnElement[bool]
    late: ColumnElement[bool]
    held: ColumnElement[bool]


def _signs(heard: ListeningWindow, now: int) -> _Signs:
    stale, late = silent(heard, now)
    return _Signs(
        col(UnitStatus.stale_since).is_not(None) | stale, col(UnitStatus.death_at).is_not(None) | late, col(UnitStatus.held_at).is_not(None)
    )


def liveness(heard: ListeningWindow, now: int) -> ColumnElement[str]:
    """The liveness of each `UnitStatus` row at `now` (ms). A unit without a row reads as never_heard when outer-joined."""
    stale, late, held = _signs(heard, now)
    return case(
        (col(UnitStatus.heard_at).is_(None), literal(Liveness.NEVER_HEARD.value)),
        ((stale | late) & held, literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (late, literal(Liveness.LATE.value)),
        else_=literal(Liveness.OPERATING.value),
    )


def assessed_at(listening: ListeningWindow, instant: int) -> ColumnElement[str]:
    """The liveness at a past `instant` (ms) of units that have not reported since."""
    too_long, overdue = silent(listening, instant)
    stale = (col(UnitStatus.stale_since) <= instant) | too_long
    late = (col(UnitStatus.death_at) <= instant) | overdue
    return case(
        (and_(func.coalesce(stale | late, False), col(UnitStatus.held_at) <= instant), literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (late, literal(Liveness.LATE.value)),
        else_=literal(Liveness.OPERATING.value),
    )


def counts(session: Session, heard: ListeningWindow, now: int) -> dict[Lifecycle, dict[Liveness, int]]:
    """Registered units by lifecycle and liveness at `now` (ms): all of them less the few that were merged into others.

    So the large count needs to look at no more than two indexes.
    """
    all_units = _counts(session, _grouped(heard, now))
    for lifecycle, states in _counts(session, _grouped(heard, now).where(col(Unit.merged_into_id).is_not(None))).items():
        for state, merged in states.items():
            all_units[lifecycle][state] -= merged
    return all_units


def _grouped(heard: ListeningWindow, now: int) -> Any:
    """Sums, as grouping a million rows by a computed word is slow."""
    stale, late, held = (col(UnitStatus.heard_at).is_not(None) & sign for sign in _signs(heard, now))
    query = select(
        col(Unit.lifecycle),
        func.count(),
        func.count(col(UnitStatus.heard_at)),
        func.count().filter(held & (stale | late)),
        func.count().filter(stale & ~held),
        func.count().filter(late & ~stale & ~held),
    )
    return query.outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).group_by(col(Unit.lifecycle))


def _counts(session: Session, grouped: Any) -> dict[Lifecycle, dict[Liveness, int]]:
    by_lifecycle = {}
    for lifecycle, units, statuses, on_hold, silent, tardy in session.execute(grouped):
        by_lifecycle[Lifecycle(lifecycle)] = {
            Liveness.NEVER_HEARD: units - statuses,
            Liveness.OPERATING: statuses - on_hold - silent - tardy,
            Liveness.LATE: tardy,
            Liveness.STALE: silent,
            Liveness.HELD: on_hold,
        }
    return by_lifecycle
