"""Liveness, which only heartbeats set: whether a unit is operating, late or stale at an instant.

To add a state: an entry of `Liveness` and its rule here; the same rule as SQL in `storage.liveness.states` and `storage.units.as_of`; and
its wording in `web.wording.states`. Pages, API and the sweep all use `assess_liveness`; a property test compares it with the SQL.
Instants are integer milliseconds since 1970 by the registry's clock; windows are integer seconds.
"""

from enum import StrEnum
from typing import NamedTuple


class Liveness(StrEnum):
    operating: bool  # counts as operating

    # The default is for mypy, which reads Liveness("late") as a call of this.
    def __new__(cls, value: str, operating: bool = False) -> "Liveness":
        state = str.__new__(cls, value)
        state._value_ = value
        state.operating = operating
        return state

    NEVER_HEARD = "never_heard", False
    OPERATING = "operating", True
    LATE = "late", True
    STALE = "stale", False
    HELD = "held", False  # silent, with alerts paused


OPERATING = frozenset(state for state in Liveness if state.operating)


class ReportingClass(StrEnum):
    ALWAYS_ON = "always_on"
    SLEEPY = "sleepy"  # battery: wakes at its own long interval
    SCHEDULED = "scheduled"  # reports at set times, as a nightly job


class Windows(NamedTuple):
    """Seconds of silence after which a unit is late, and stale."""

    late: int
    stale: int


class LivenessFacts(NamedTuple):
    """What is recorded of one unit's reports."""

    heard_at: int | None
    late_after: int
    stale_after: int
    death_at: int | None = None  # a will of the current epoch came, and nothing since
    stale_since: int | None = None  # the sweep has already called it
    held_at: int | None = None
    reported_by_import_only: bool = False


class ListeningWindow(NamedTuple):
    """Since when, and until when, the registry is known to have been listening without a gap."""

    since: int
    until: int


class Judgement(NamedTuple):
    liveness: Liveness
    since: int | None  # when it became so, as far as the facts tell


# k of `stale_at = last heard + k x interval + grace`, and the least and the relative grace.
_RULES: dict[ReportingClass, tuple[int, int, float]] = {
    ReportingClass.ALWAYS_ON: (3, 5, 0.1),
    ReportingClass.SLEEPY: (2, 300, 0.1),
    ReportingClass.SCHEDULED: (1, 3600, 0.1),
}


def windows(reporting: ReportingClass, interval: int) -> Windows:
    """The windows of a reporting class at a heartbeat interval in seconds.

    >>> windows(ReportingClass.ALWAYS_ON, 60)
    Windows(late=66, stale=186)
    """
    k, least, share = _RULES[reporting]
    grace = max(least, int(interval * share))
    return Windows(interval + grace if k > 1 else interval + grace // 2, k * interval + grace)


def reported_by_import_only(birth_epoch: int, beat: int) -> bool:
    """Whether the registry never heard the unit itself: no birth and no heartbeat, only imported lists of another platform.

    >>> reported_by_import_only(-1, -1), reported_by_import_only(4, -1), reported_by_import_only(-1, 0)
    (True, False, False)
    """
    return birth_epoch < 0 and beat < 0


def assess_liveness(facts: LivenessFacts, hearing: ListeningWindow, now: int) -> Judgement:
    """The liveness of a unit at `now`.

    Silence counts only while the registry was listening: from the later of the last word and the moment hearing began, up to the last
    moment hearing is proven. A will makes a unit late, never stale. Once called stale it stays so until it is heard. A unit that only
    imports reported stays as the newest of them found it: that the registry listened proves nothing about it.
    """
    if facts.heard_at is None:
        return Judgement(Liveness.NEVER_HEARD, None)
    silent_from = max(facts.heard_at, hearing.since)
    silence = min(now, hearing.until) - silent_from
    if facts.reported_by_import_only:
        silence = 0
    if facts.stale_since is not None:
        judgement = Judgement(Liveness.STALE, facts.stale_since)
    elif silence >= facts.stale_after * 1000:
        judgement = Judgement(Liveness.STALE, silent_from + facts.stale_after * 1000)
    elif facts.death_at is not None:
        judgement = Judgement(Liveness.LATE, facts.death_at)
    elif silence >= facts.late_after * 1000:
        judgement = Judgement(Liveness.LATE, silent_from + facts.late_after * 1000)
    else:
        return Judgement(Liveness.OPERATING, facts.heard_at)
    return Judgement(Liveness.HELD, facts.held_at) if facts.held_at is not None else judgement
