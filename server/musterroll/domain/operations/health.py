"""The status of each component of the registry, in a sentence, and what to do about a problem. Instants are milliseconds since 1970."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from musterroll.domain.values.instants import in_future

_SILENT = 30_000  # ms without a heartbeat of a process
_LAG = 10_000  # ms that ingest may be behind
_LEAST_FREE = 0.05  # of the disk
DISK_RESERVE = 50_000_000  # bytes; with less, the next write may fail
_CLOCK_SHOWN = 86_400_000  # ms for which a jump of the clock is shown
_LONG_WAIT = 3_600_000  # ms a message may wait


class Status(StrEnum):
    OK = "OK"
    DEGRADED = "Degraded"  # it works, but slowly, late or not for long
    DOWN = "Down"


class Part(NamedTuple):
    """A component. `figure` is the number people look for first; `series` names the figures of the last day that are drawn."""

    name: str
    status: Status
    figure: str
    unit: str
    says: str
    advice: str = ""
    series: str = ""


class Facts(NamedTuple):
    """What is known. Heartbeats of processes are instants (ms) by name of the process; None: there never was one."""

    now: int
    ingests: dict[str, int]
    heard_until: int
    schedule: int | None
    reconciled: int | None
    embedded_broker: bool
    engine: str
    size: int
    revision: str
    answered_in: float  # ms a small query took
    disk_free: int
    disk_all: int
    waiting: int
    failing: int
    oldest: int | None
    quarantined: int  # in the last day
    unset: Sequence[str]  # environment variables that notifications wait for
    clock_back_from: int = 0  # where the registry's clock was when it was last found to have jumped back
    clock_back_at: int = 0
    failing_sources: Sequence[tuple[str, str]] = ()  # by name, and why
    interrupted_imports: Sequence[str] = ()  # a sentence each
    workers: Mapping[str, int] = MappingProxyType({})  # heartbeats of those that help with reconciliations


def parts(facts: Facts) -> list[Part]:
    """Every component, in the order a message passes them."""
    return [
        _broker(facts),
        _ingest(facts),
        _scheduler(facts),
        *([_workers(facts)] if facts.workers else []),
        _database(facts),
        _disk(facts),
        _clock(facts),
        _outbox(facts),
        _quarantine(facts),
        _sources(facts),
        _imports(facts),
    ]


def _broker(facts: Facts) -> Part:
    kind = "embedded broker" if facts.embedded_broker else "external broker"
    if not facts.ingests:
        says = f"no test message has come back through the {kind} yet"
        return Part("Broker", Status.DOWN, "never", "", says, "start musterroll ingest or musterroll serve")
    age = facts.now - max(facts.ingests.values())
    says = f"the last test message came back through the {kind} {ago(age)}"
    if age < _SILENT:
        return Part("Broker", Status.OK, span(age), "since the last test", says)
    advice = (
        "restart musterroll serve"
        if facts.embedded_broker
        else "check that the broker is running and accepts the registry's password, then check ingest"
    )
    return Part("Broker", Status.DOWN, span(age), "since the last test", says, advice)


def _ingest(facts: Facts) -> Part:
    running = sum(1 for at in facts.ingests.values() if facts.now - at < _SILENT)
    lag = facts.now - facts.heard_until
    if not running:
        says = "no ingest process is running: messages from units are not received"
        return Part("Ingest", Status.DOWN, "0", "running", says, "start it and check its log", "messages")
    if lag > _LAG:
        says = f"delayed by {span(lag)}: all messages up to then have been processed"
        return Part("Ingest", Status.DEGRADED, span(lag), "behind", says, "the database may be slow: see its response time", "messages")
    return Part("Ingest", Status.OK, str(running), "running", "all messages received so far have been processed", "", "messages")


def _scheduler(facts: Facts) -> Part:
    if facts.schedule is None or facts.now - facts.schedule >= _SILENT:
        figure, unit = ("never", "run") if facts.schedule is None else (span(facts.now - facts.schedule), "since the last run")
        says = "units do not become stale and no notifications are sent"
        return Part("Scheduled jobs", Status.DOWN, figure, unit, says, "start musterroll schedule or restart musterroll serve", "silent")
    says = "no reconciliation yet" if facts.reconciled is None else f"last reconciliation {ago(facts.now - facts.reconciled)}"
    return Part("Scheduled jobs", Status.OK, span(facts.now - facts.schedule), "since the last run", says, "", "silent")


def _workers(facts: Facts) -> Part:
    silent = {name: facts.now - at for name, at in facts.workers.items() if facts.now - at >= _SILENT}
    running = str(len(facts.workers) - len(silent))
    if not silent:
        return Part("Workers", Status.OK, running, "running", "they help with reconciliations of the whole fleet")
    name, age = max(silent.items(), key=lambda item: item[1])
    more = f" (and {len(silent) - 1:,} more)" if len(silent) > 1 else ""
    says = f"{name} has not been heard of for {span(age)}{more}; other processes compute its part, so nothing is lost"
    return Part(
        "Workers", Status.DEGRADED, running, "running", says, "start it again, or wait: an hour after its last sign it is forgotten"
    )


def _database(facts: Facts) -> Part:
    quick = facts.answered_in < 250
    says = f"{facts.engine}, schema revision {facts.revision}, {size(facts.size)}"
    advice = "" if quick else "check its load and its disk; a backup or a large import may be running"
    return Part("Database", _ok(quick), f"{facts.answered_in:.1f}", "ms response time", says, advice, "size")


def _disk(facts: Facts) -> Part:
    share = facts.disk_free / facts.disk_all if facts.disk_all else 1.0
    status = Status.DOWN if facts.disk_free < DISK_RESERVE else _ok(share >= _LEAST_FREE)
    says = f"{size(facts.disk_free)} of {size(facts.disk_all)} free for the data directory"
    advice = "" if status is Status.OK else "free some space now: on a full disk nothing can be saved, not even a deletion"
    return Part("Disk", status, f"{share:.0%}", "free", says, advice)


def _clock(facts: Facts) -> Part:
    newest = max([facts.heard_until, facts.schedule or 0, *facts.ingests.values()])
    ahead, at = (newest, facts.now) if in_future(newest, facts.now) else (facts.clock_back_from, facts.clock_back_at)
    if not ahead or facts.now - at > _CLOCK_SHOWN:
        return Part("Clock", Status.OK, "0", "jumps in 24 hours", "the clocks of the registry's processes agree")
    says = f"the registry's clock jumped back by {span(ahead - at)} {ago(facts.now - at)}; what was recorded ahead of it is void"
    advice = "check the time synchronisation of every host of the registry (timedatectl, chronyc tracking)"
    return Part("Clock", Status.DEGRADED, span(ahead - at), "back", says, advice)


def _outbox(facts: Facts) -> Part:
    if not facts.waiting:
        return Part("Outbox", Status.OK, "0", "queued", "all messages have been sent", "", "outbox")
    age = facts.now - facts.oldest if facts.oldest is not None else 0
    on_time = not facts.unset and (not facts.failing or age < _LONG_WAIT)
    says = f"the oldest has been queued for {span(age)}; {facts.failing:,} after a failed attempt"
    unset = f"set {', '.join(facts.unset)}; see Notifications"
    advice = unset if facts.unset else "see Notifications for what each receiver answered"
    return Part("Outbox", _ok(on_time), f"{facts.waiting:,}", "queued", says, "" if on_time else advice, "outbox")


def _quarantine(facts: Facts) -> Part:
    says = "messages rejected in the last 24 hours" if facts.quarantined else "no messages rejected in the last 24 hours"
    return Part("Quarantine", Status.OK, f"{facts.quarantined:,}", "in 24 hours", says, "", "quarantined")


def _sources(facts: Facts) -> Part:
    if not facts.failing_sources:
        return Part("Sources", Status.OK, "0", "failing", "every source of documents that ran gave what it was asked for")
    name, why = facts.failing_sources[0]
    more = f" (and {len(facts.failing_sources) - 1:,} more)" if len(facts.failing_sources) > 1 else ""
    advice = "see Sources; nothing is lost, the next run goes on where the last good one ended"
    return Part("Sources", Status.DEGRADED, f"{len(facts.failing_sources):,}", "failing", f"{name}: {why}{more}", advice)


def _imports(facts: Facts) -> Part:
    if not facts.interrupted_imports:
        return Part("Imports", Status.OK, "0", "interrupted", "every import and undo is complete or under way")
    what, _, advice = facts.interrupted_imports[0].partition("; ")
    more = f" (and {len(facts.interrupted_imports) - 1:,} more)" if len(facts.interrupted_imports) > 1 else ""
    return Part("Imports", Status.DEGRADED, f"{len(facts.interrupted_imports):,}", "interrupted", f"{what}{more}", advice)


def _ok(fine: bool) -> Status:
    return Status.OK if fine else Status.DEGRADED


def problems(parts: Sequence[Part]) -> list[Part]:
    return [part for part in parts if part.status is not Status.OK]


def ago(ms: int) -> str:
    """
    >>> ago(500), ago(65_000)
    ('just now', '1 minute ago')
    """
    return "just now" if ms < 2000 else f"{span(ms)} ago"


def span(ms: int) -> str:
    """
    >>> span(0), span(59_000), span(7_300_000)
    ('0 seconds', '59 seconds', '2 hours')
    """
    for each, name in ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second")):
        if ms >= each:
            return f"{ms // each:,} {name}{'' if ms // each == 1 else 's'}"
    return "0 seconds"


def size(count: int) -> str:
    """
    >>> size(900), size(3_400_000), size(1_300_000_000_000)
    ('900 B', '3.4 MB', '1.3 TB')
    """
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def per_minute(readings: Sequence[tuple[int, float]]) -> list[float]:
    """How much a counter grew a minute between readings (ms, value); one that fell was begun anew.

    >>> per_minute([(0, 5), (60_000, 65), (180_000, 125), (240_000, 10)])
    [60.0, 30.0, 10.0]
    """
    pairs = pairwise(readings)
    return [(now - was if now >= was else now) / max((at - before) / 60_000, 1) for (before, was), (at, now) in pairs]
