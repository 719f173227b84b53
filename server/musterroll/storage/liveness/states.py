"""`domain.liveness.assess_liveness` as SQL, for counting and filtering many units at once. A property test holds the two together."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, null, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningSpan, ListeningWindow, Liveness
from musterroll.domain.liveness.rhythm import LOOK_AHEAD
from musterroll.domain.liveness.window_settings import LIST_DAYS
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import CLOCKS_DIFFER
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.money import RegistryOption
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit

_LIST_DAYS = f"window:{LIST_DAYS}"  # an option


def hearing(session: Session) -> ListeningWindow:
    """When the registry is known to have been listening."""
    age = select(col(RegistryOption.value)).where(col(RegistryOption.name) == _LIST_DAYS).scalar_subquery()
    *proven, days = session.execute(select(col(RegistryState.since), col(RegistryState.until), col(RegistryState.earlier), age)).one()
    heard = window(*proven)
    return heard if days is None or not days.isdecimal() else heard._replace(list_age=int(days) * 86_400)


def window(since: int, until: int, earlier: Iterable[Sequence[int]]) -> ListeningWindow:
    """A window of listening as it is stored."""
    return ListeningWindow(since, until, tuple(ListeningSpan(*span) for span in earlier))


def reported_by_import_only(status: Any = UnitStatus) -> ColumnElement[bool]:
    """`domain.liveness.reported_by_import_only` of each row of `UnitStatus`, or of an alias of it."""
    return (col(status.birth_epoch) < 0) & (col(status.beat) < 0)


def reported_by_import_only_sql(alias: str | None = None) -> str:
    """The same as text, for a statement that calls the table by its own name or by this alias."""
    condition = reported_by_import_only(aliased(UnitStatus, name=alias) if alias else UnitStatus)
    return f"({condition.compile(compile_kwargs={'literal_binds': True})})"


def list_end(list_age: int) -> ColumnElement[int]:
    """`domain.liveness.list_ends` of each row."""
    age = case((col(UnitStatus.stale_after) > list_age, ms(UnitStatus.stale_after)), else_=_number(list_age * 1000))
    return func.coalesce(col(UnitStatus.unknown_since), func.coalesce(col(UnitStatus.listed_at), col(UnitStatus.heard_at)) + age)


def list_ended(list_age: int, instant: int) -> ColumnElement[bool]:
    """Units that reported by lists only, which are too old at an instant (ms)."""
    return reported_by_import_only() & (list_end(list_age) <= _number(instant))


def silent(heard: ListeningWindow, now: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether the silence of each unit at `now` (ms) makes it stale, and late."""
    at, listened, silent_from = min(now, heard.until), heard.listened_until(now), listened_before(heard, col(UnitStatus.heard_at))
    own = ~reported_by_import_only()

    def longer(seconds: Any) -> ColumnElement[bool]:
        # Few units have been silent for their whole window by the clock: only for them the time listened is computed.
        window = ms(seconds)
        return own & (col(UnitStatus.heard_at) <= _number(at) - window) & (silent_from <= _number(listened) - window)

    return longer(UnitStatus.stale_after), longer(UnitStatus.late_after)


def overdue(heard: ListeningWindow, now: int) -> ColumnElement[bool]:
    """Units that are at least late by the clock: all that may become quiet or stale, and few."""
    return col(UnitStatus.heard_at) <= _number(min(now, heard.until)) - ms(UnitStatus.late_after)


def unusual(heard: ListeningWindow, now: int) -> ColumnElement[bool]:
    """Units whose silence is to be looked at: long enough by the clock, and not looked at for now.

    Where the rhythm extends the window, also those that are quiet: they become stale by their rhythm.
    """
    at = min(now, heard.until)
    s = UnitStatus
    silent = (col(s.heard_at) <= _number(at) - ms(s.quiet_after)) & (col(s.heard_at) <= _number(at) - ms(s.late_after))
    look = or_(col(s.quiet_due).is_(None), col(s.quiet_due) <= _number(now), col(s.quiet_due) > _number(now + LOOK_AHEAD + CLOCKS_DIFFER))
    called = col(s.quiet_since).is_(None) | (col(s.usual_after) > 0)
    unmarked = called & col(s.stale_since).is_(None) & col(s.held_at).is_(None)
    return and_(look, unmarked, col(s.quiet_after).is_not(None), silent)  # what leaves out most of a fleet that is off at night comes first


def ms(seconds: Any) -> ColumnElement[int]:
    """A column of seconds in ms: a window may be longer than 24 days, which are too many ms for an integer of PostgreSQL."""
    return col(seconds) * _number(1000)


def _number(value: int) -> ColumnElement[int]:
    return literal(value, BigInteger)


def listened_before(heard: ListeningWindow, heard_at: Any) -> ColumnElement[int]:
    """`ListeningWindow.listened_before` of each row."""
    branches: list[tuple[ColumnElement[bool], ColumnElement[int]]] = []
    for before, span in reversed(list(heard.spans())):
        branches.append((heard_at >= max(span.since, span.until - 2 * span.lost), _number(before + span.listened)))
        branches.append((heard_at >= span.since, heard_at + _number(before - span.since + span.lost)))
    return case(*branches, else_=_number(0)) if branches else _number(0)


def instant(heard: ListeningWindow, listened: ColumnElement[int]) -> ColumnElement[int]:
    """`ListeningWindow.instant` of each row."""
    branches = [
        (listened <= _number(before + span.listened), listened + _number(span.since + span.lost - before)) for before, span in heard.spans()
    ]
    return case(*branches, else_=null()) if branches else cast(null(), BigInteger)


class _Signs(NamedTuple):
    """What `assess_liveness` looks at, as conditions on `UnitStatus`."""

    stale: ColumnElement[bool]
    quiet: ColumnElement[bool]
    late: ColumnElement[bool]
    held: ColumnElement[bool]


def _signs(heard: ListeningWindow, now: int) -> _Signs:
    stale, late = silent(heard, now)
    return _Signs(
        col(UnitStatus.stale_since).is_not(None) | stale,
        col(UnitStatus.quiet_since).is_not(None),
        col(UnitStatus.death_at).is_not(None) | late,
        col(UnitStatus.held_at).is_not(None),
    )


def liveness(heard: ListeningWindow, now: int) -> ColumnElement[str]:
    """The liveness of each `UnitStatus` row at `now` (ms). A unit without a row reads as never_heard when outer-joined."""
    stale, quiet, late, held = _signs(heard, now)
    return case(
        (col(UnitStatus.heard_at).is_(None), literal(Liveness.NEVER_HEARD.value)),
        (list_ended(heard.list_age, now) & ~stale, literal(Liveness.UNKNOWN.value)),
        ((stale | quiet | late) & held, literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (quiet, literal(Liveness.QUIET.value)),
        (late, literal(Liveness.LATE.value)),
        else_=literal(Liveness.OPERATING.value),
    )


def assessed_at(listening: ListeningWindow, instant: int) -> ColumnElement[str]:
    """The liveness at a past `instant` (ms) of units that have not reported since."""
    too_long, overdue = silent(listening, instant)
    stale = (col(UnitStatus.stale_since) <= instant) | too_long
    quiet = col(UnitStatus.quiet_since) <= instant
    late = (col(UnitStatus.death_at) <= instant) | overdue
    return case(
        (list_ended(listening.list_age, instant) & ~func.coalesce(stale, False), literal(Liveness.UNKNOWN.value)),
        (and_(func.coalesce(stale | quiet | late, False), col(UnitStatus.held_at) <= instant), literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (quiet, literal(Liveness.QUIET.value)),
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
    stale, quiet, late, held = (col(UnitStatus.heard_at).is_not(None) & sign for sign in _signs(heard, now))
    unknown = col(UnitStatus.heard_at).is_not(None) & list_ended(heard.list_age, now) & ~stale
    query = select(
        col(Unit.lifecycle),
        func.count(),
        func.count(col(UnitStatus.heard_at)),
        func.count().filter(held & (stale | quiet | late) & ~unknown),
        func.count().filter(stale & ~held),
        func.count().filter(quiet & ~stale & ~held & ~unknown),
        func.count().filter(late & ~quiet & ~stale & ~held & ~unknown),
        func.count().filter(unknown),
    )
    return query.outerjoin_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).group_by(col(Unit.lifecycle))


def _counts(session: Session, grouped: Any) -> dict[Lifecycle, dict[Liveness, int]]:
    by_lifecycle = {}
    for lifecycle, units, statuses, on_hold, silent, unusual, tardy, aged in session.execute(grouped):
        by_lifecycle[Lifecycle(lifecycle)] = {
            Liveness.NEVER_HEARD: units - statuses,
            Liveness.OPERATING: statuses - on_hold - silent - unusual - tardy - aged,
            Liveness.LATE: tardy,
            Liveness.QUIET: unusual,
            Liveness.STALE: silent,
            Liveness.HELD: on_hold,
            Liveness.UNKNOWN: aged,
        }
    return by_lifecycle
