"""Whether the parts of the registry are well, in a sentence, and what to do where one is not. Instants are milliseconds since 1970."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_SILENT = 30_000  # ms without a word of a process
_LAG = 10_000  # ms that hearing may be behind
_LEAST_FREE = 0.05  # of the disk
_LONG_WAIT = 3_600_000  # ms a message may wait


class Part(NamedTuple):
    """`figure` is the number people look for first; `series` names what is drawn of it."""

    name: str
    well: bool
    figure: str
    unit: str
    says: str
    advice: str = ""
    series: str = ""


class Facts(NamedTuple):
    """What is known. Pulses are instants (ms) by name of the process; None: there never was one."""

    now: int
    ingests: dict[str, int]
    heard_until: int
    schedule: int | None
    reconciled: int | None
    embedded_broker: bool
    engine: str
    size: int
    revision: str
    answered_in: float  # ms a small question took
    disk_free: int
    disk_all: int
    waiting: int
    failing: int
    oldest: int | None
    quarantined: int  # in the last day
    unset: Sequence[str]  # environment variables that notifications wait for


def parts(facts: Facts) -> list[Part]:
    """Every part, in the order a message takes."""
    return [_broker(facts), _ingest(facts), _schedule(facts), _database(facts), _disk(facts), _outbox(facts), _quarantine(facts)]


def _broker(facts: Facts) -> Part:
    word = "embedded broker" if facts.embedded_broker else "external broker"
    if not facts.ingests:
        return Part("Broker", False, "never", "", f"nobody spoke through the {word} yet", "start musterroll ingest, or musterroll serve")
    age = facts.now - max(facts.ingests.values())
    says = f"our own word came back through the {word} {ago(age)}"
    if age < _SILENT:
        return Part("Broker", True, span(age), "since its last word", says)
    start = (
        "restart musterroll serve"
        if facts.embedded_broker
        else "look whether the broker runs and takes our password, then at ingest itself"
    )
    return Part("Broker", False, span(age), "since its last word", says, start)


def _ingest(facts: Facts) -> Part:
    alive = sum(1 for at in facts.ingests.values() if facts.now - at < _SILENT)
    lag = facts.now - facts.heard_until
    if not alive:
        return Part(
            "Ingest",
            False,
            "0",
            "at work",
            "no ingest is at work: nothing that units say is heard",
            "start it, and read its log",
            "messages",
        )
    if lag > _LAG:
        says = f"it is {span(lag)} behind: everything said until then is heard"
        return Part("Ingest", False, span(lag), "behind", says, "the database may be slow; its card says how fast it answers", "messages")
    return Part("Ingest", True, str(alive), "at work", "everything said up to now is heard", "", "messages")


def _schedule(facts: Facts) -> Part:
    if facts.schedule is None or facts.now - facts.schedule >= _SILENT:
        since = "never" if facts.schedule is None else ago(facts.now - facts.schedule)
        says = f"silence is not judged and nothing is sent; it last got something done {since}"
        return Part("Schedule", False, "never", "", says, "start musterroll schedule, or restart musterroll serve", "silent")
    reconciled = (
        "the roll was not reconciled yet" if facts.reconciled is None else f"the roll was reconciled {ago(facts.now - facts.reconciled)}"
    )
    return Part("Schedule", True, span(facts.now - facts.schedule), "since its last turn", reconciled, "", "silent")


def _database(facts: Facts) -> Part:
    quick = facts.answered_in < 250
    says = f"{facts.engine}, revision {facts.revision}, {size(facts.size)}"
    advice = "" if quick else "look at its load and its disk; a backup or a large import may be running"
    return Part("Database", quick, f"{facts.answered_in:.1f}", "ms to answer", says, advice, "size")


def _disk(facts: Facts) -> Part:
    share = facts.disk_free / facts.disk_all if facts.disk_all else 1.0
    well = share >= _LEAST_FREE
    says = f"{size(facts.disk_free)} of {size(facts.disk_all)} free where the data directory is"
    advice = "" if well else "make room now: on a full disk nothing can be committed, not even a deletion"
    return Part("Disk", well, f"{share:.0%}", "free", says, advice)


def _outbox(facts: Facts) -> Part:
    if not facts.waiting:
        return Part("Outbox", True, "0", "waiting", "every message went out", "", "outbox")
    age = facts.now - facts.oldest if facts.oldest is not None else 0
    well = not facts.failing or age < _LONG_WAIT
    says = f"the oldest waits for {span(age)}; {facts.failing:,} not taken when tried"
    where = (
        f"set {', '.join(facts.unset)}; the page Notifications says more"
        if facts.unset
        else "the page Notifications says what each receiver answers"
    )
    return Part("Outbox", well, f"{facts.waiting:,}", "waiting", says, "" if well else where, "outbox")


def _quarantine(facts: Facts) -> Part:
    says = "every message of the last day was understood" if not facts.quarantined else "messages of the last day that were not understood"
    return Part("Quarantine", True, f"{facts.quarantined:,}", "in a day", says, "", "quarantined")


def unwell(found: Sequence[Part]) -> list[Part]:
    return [part for part in found if not part.well]


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
