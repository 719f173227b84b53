"""Liveness, which only heartbeats set: whether a unit is operating, late or stale at an instant.

To add a state: an entry of `Liveness` and its rule here; the same rule as SQL in `storage.liveness.states` and `storage.units.as_of`; and
its wording in `web.wording.states`. Pages, API and the sweep all use `assess_liveness`; a property test compares it with the SQL.
Instants are integer milliseconds since 1970 by the registry's clock; windows are integer seconds.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import in_future


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
    QUIET = "quiet", True  # silent for longer than is usual for this unit, and not stale yet
    STALE = "stale", False
    HELD = "held", False  # silent, with alerts paused
    UNKNOWN = "unknown", False  # known from a list only, which is too old by now: neither operating nor stale


OPERATING = frozenset(state for state in Liveness if state.operating)


class ReportingClass(StrEnum):
    ALWAYS_ON = "always_on"
    SLEEPY = "sleepy"  # battery: wakes at its own long interval
    SCHEDULED = "scheduled"  # reports at set times, as a nightly job, or a device that wakes once a day
    DAYLIGHT = "daylight"  # works by day only, as on solar power: the silence of a night says nothing


class Windows(NamedTuple):
    """Seconds of silence after which a unit is late, and stale."""

    late: int
    stale: int


LIST_AGE = 7 * 86_400  # seconds that a list counts for where admins have set no other; longer where the window of the unit is


class LivenessFacts(NamedTuple):
    """What is recorded of one unit's reports."""

    heard_at: int | None
    late_after: int
    stale_after: int
    death_at: int | None = None  # a will of the current epoch came, and nothing since
    stale_since: int | None = None  # the sweep has already called it
    held_at: int | None = None
    reported_by_import_only: bool = False
    listed_at: int | None = None  # the date of the newest list that names it
    quiet_since: int | None = None  # the sweep has called its silence unusual (`domain.liveness.rhythm`)
    unknown_since: int | None = None  # the sweep has called its newest list too old


class ListeningSpan(NamedTuple):
    """The registry was listening from `since` to `until`, for `listened` ms: less than its length where short gaps were merged into it."""

    since: int
    until: int
    listened: int

    @property
    def lost(self) -> int:
        """Time in gaps. Where they lie is not recorded: they count as right after a last word, so that they accuse nobody."""
        return self.until - self.since - self.listened


class ListeningWindow(NamedTuple):
    """Since when, and until when, the registry is known to have been listening without a gap; and when it was before, oldest first.

    `list_age`: seconds that an imported list counts for, as admins have set them.
    """

    since: int
    until: int
    earlier: tuple[ListeningSpan, ...] = ()
    list_age: int = LIST_AGE

    def spans(self) -> Iterator[tuple[int, ListeningSpan]]:
        """Every span, oldest first, each with the time listened before it."""
        before = 0
        for span in (*self.earlier, ListeningSpan(self.since, self.until, self.until - self.since)):
            if span.since < span.until:
                yield before, span
                before += span.listened

    def listened_until(self, now: int) -> int:
        """The time listened up to `now`, at least."""
        return max((0, *(before + min(now - span.since - span.lost, span.listened) for before, span in self.spans())))

    def listened_before(self, heard_at: int) -> int:
        """The time listened up to a last word, at most."""
        known = [(before, span) for before, span in self.spans() if span.since <= heard_at]
        return max((0, *(before + min(heard_at - span.since + span.lost, span.listened) for before, span in known)))

    def instant(self, listened: int) -> int:
        """When so much time had been listened."""
        return next(span.since + span.lost + listened - before for before, span in self.spans() if listened <= before + span.listened)


class Judgement(NamedTuple):
    liveness: Liveness
    since: int | None  # when it became so, as far as the facts tell


class WindowRule(NamedTuple):
    """`stale_at = last heard + reports x interval + grace`; the grace is at least so many seconds, and a tenth of the interval."""

    reports: int
    grace: int


DEFAULT_RULES: dict[ReportingClass, WindowRule] = {
    ReportingClass.ALWAYS_ON: WindowRule(3, 5),
    ReportingClass.SLEEPY: WindowRule(2, 300),
    ReportingClass.SCHEDULED: WindowRule(1, 3600),
    ReportingClass.DAYLIGHT: WindowRule(3, 16 * 3600),  # the longest night up to 50 degrees of latitude
}
_GRACE = 0.1  # of the interval
LEAST_INTERVAL, MOST_INTERVAL = 5, 86_400  # seconds between heartbeats that a device can be set to


def windows(reporting: ReportingClass, interval: int, rules: Mapping[ReportingClass, WindowRule] = DEFAULT_RULES) -> Windows:
    """The windows of a reporting class at a heartbeat interval in seconds. `rules`: as admins have set them.

    >>> windows(ReportingClass.ALWAYS_ON, 60)
    Windows(late=66, stale=186)
    """
    reports, least = rules[reporting]
    grace = max(least, int(interval * _GRACE))
    return Windows(interval + grace if reports > 1 else interval + grace // 2, reports * interval + grace)


def expected_interval(reporting: ReportingClass, reported: int, wanted: int | None) -> int:
    """Seconds between the reports of a unit. One that only wakes to report may not know how often it is woken: the longer counts.

    >>> expected_interval(ReportingClass.SLEEPY, 60, 86400), expected_interval(ReportingClass.ALWAYS_ON, 60, 86400)
    (86400, 60)
    """
    return reported if reporting is ReportingClass.ALWAYS_ON else max(reported, wanted or 0)


def require_interval(seconds: int | None) -> None:
    """Raises DomainError for an interval that no device can be set to."""
    if seconds is not None and not LEAST_INTERVAL <= seconds <= MOST_INTERVAL:
        raise DomainError(f"a reporting interval must be from {LEAST_INTERVAL} seconds to one day, not {seconds:,} s", "bad_interval")


def reported_by_import_only(birth_epoch: int, beat: int) -> bool:
    """Whether the registry never heard the unit itself: no birth and no heartbeat, only imported lists of another platform.

    >>> reported_by_import_only(-1, -1), reported_by_import_only(4, -1), reported_by_import_only(-1, 0)
    (True, False, False)
    """
    return birth_epoch < 0 and beat < 0


def list_ends(facts: LivenessFacts, list_age: int = LIST_AGE) -> int:
    """Until when a list counts for a unit that reported by lists only: at least so many seconds, and at least one more window of the unit.

    One that was called too old stays so, whatever is set later.
    """
    if facts.unknown_since is not None:
        return facts.unknown_since
    listed_at = facts.heard_at if facts.listed_at is None else facts.listed_at
    return (listed_at or 0) + max(list_age, facts.stale_after) * 1000


def assess_liveness(facts: LivenessFacts, hearing: ListeningWindow, now: int) -> Judgement:
    """The liveness of a unit at `now`.

    Silence counts only while the registry was listening: it is the time listened since the last word, over all gaps. A will makes a unit
    late, never stale. Once called stale it stays so until it is heard. A unit that only imports reported stays as the newest of them
    found it, as that the registry listened proves nothing about it; once that list is too old, whether it operates is unknown.
    """
    if facts.heard_at is None:
        return Judgement(Liveness.NEVER_HEARD, None)
    silent_from = hearing.listened_before(facts.heard_at)
    silence = 0 if facts.reported_by_import_only else hearing.listened_until(now) - silent_from
    if facts.stale_since is not None:
        judgement = Judgement(Liveness.STALE, facts.stale_since)
    elif silence >= facts.stale_after * 1000:
        judgement = Judgement(Liveness.STALE, hearing.instant(silent_from + facts.stale_after * 1000))
    elif facts.reported_by_import_only and now >= list_ends(facts, hearing.list_age):
        return Judgement(Liveness.UNKNOWN, list_ends(facts, hearing.list_age))
    elif facts.quiet_since is not None:
        judgement = Judgement(Liveness.QUIET, facts.quiet_since)
    elif facts.death_at is not None:
        judgement = Judgement(Liveness.LATE, facts.death_at)
    elif silence >= facts.late_after * 1000:
        judgement = Judgement(Liveness.LATE, hearing.instant(silent_from + facts.late_after * 1000))
    else:
        return Judgement(Liveness.OPERATING, facts.heard_at)
    return Judgement(Liveness.HELD, facts.held_at) if facts.held_at is not None else judgement


GAP = 5_000  # ms between two proofs of listening after which there was a gap
_MOST_SPANS = 48  # that are kept


def extend_listening(window: ListeningWindow, proof: int, now: int) -> ListeningWindow:
    """The window after a proof that everything up to `proof` was received.

    A window that reaches into the future was proven by a wrong clock: that part is void, and listening begins anew. A proof that lies in
    the future proves nothing.

    >>> extend_listening(ListeningWindow(0, 9_000), 20_000, now=20_100)
    ListeningWindow(since=20000, until=20000, earlier=(ListeningSpan(since=0, until=9000, listened=9000),), list_age=604800)
    """
    if in_future(proof, now):
        return window
    if in_future(window.until, now):
        return ListeningWindow(proof, proof, _before(window, min(proof, now)))
    if proof <= window.until:
        return window
    if proof - window.until <= GAP:
        return window._replace(until=proof)
    return ListeningWindow(proof, proof, _merged(tuple(span for _, span in window.spans())))


def _before(window: ListeningWindow, end: int) -> tuple[ListeningSpan, ...]:
    """What was listened before `end`; of the span that it cuts, only what is certain."""
    known = (span for _, span in window.spans() if span.since < end)
    return _merged(tuple(span if span.until <= end else _cut(span, end) for span in known))


def _cut(span: ListeningSpan, end: int) -> ListeningSpan:
    return ListeningSpan(span.since, end, max(0, end - span.since - span.lost))


def _merged(spans: tuple[ListeningSpan, ...]) -> tuple[ListeningSpan, ...]:
    """At most so many spans: neighbours that lose the least by it become one."""
    while len(spans) > _MOST_SPANS:
        merged = [ListeningSpan(a.since, b.until, a.listened + b.listened) for a, b in pairwise(spans)]
        best = min(range(len(merged)), key=lambda number: merged[number].lost)
        spans = (*spans[:best], merged[best], *spans[best + 2 :])
    return spans
