"""Geometry of liveness timelines and sparklines. Templates draw them as SVG."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from musterroll.domain.liveness import Liveness
from musterroll.domain.values.instants import to_ms
from musterroll.usecases.units.history import StateChange
from musterroll.usecases.units.unit_card import UnitCard

WIDTH = 1000.0
DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Stretch(NamedTuple):
    """One state from `start` to `end` (ms), drawn from `x` for `width` of 1000."""

    state: Liveness
    start: int
    end: int
    x: float
    width: float


class Span(NamedTuple):
    """The period drawn: `length`, ending at the next whole `round`, with a label every `tick`."""

    name: str
    length: timedelta
    round: timedelta
    tick: timedelta


SPANS = {
    "1h": Span("1 hour", timedelta(hours=1), timedelta(minutes=10), timedelta(minutes=10)),
    "24h": Span("24 hours", DAY, timedelta(hours=1), timedelta(hours=4)),
    "7d": Span("7 days", 7 * DAY, DAY, DAY),
    "28d": Span("28 days", 28 * DAY, DAY, 4 * DAY),
}


class Timeline(NamedTuple):
    """`labels` are (weekday or empty, day or time); `share` is the operating share of the time since the first report."""

    stretches: list[Stretch]
    labels: list[tuple[str, str]]
    share: float | None
    silences: int


class Spark(NamedTuple):
    """A line in a box of 100 by 30: `points` for <polyline>, and the least, newest and most value."""

    points: str
    least: float
    newest: float
    most: float


def span_for(card: UnitCard, requested: str | None, now: datetime) -> str:
    """The requested span, else a week, or less for a new unit."""
    if requested in SPANS:
        return requested
    age = timedelta(milliseconds=to_ms(now) - card.first_heard_at) if card.first_heard_at is not None else 7 * DAY
    return "1h" if age < timedelta(hours=1) else "24h" if age < DAY else "7d"


def timeline(card: UnitCard, changes: Sequence[StateChange], span: Span, now: datetime) -> Timeline:
    """The last `span` in UTC, the current hour or day included. `changes` are newest first."""
    end = _EPOCH + -((_EPOCH - now) // span.round) * span.round
    first = end - span.length
    start, scale = to_ms(first), WIDTH / span.length.total_seconds() / 1000
    stretches = [
        Stretch(state, a, b, round((a - start) * scale, 2), round(max((b - a) * scale, 1.5), 2))
        for state, a, b in _clipped(_state_changes(card, changes), start, to_ms(now))
    ]
    known = sum(s.end - s.start for s in stretches if s.state not in (Liveness.NEVER_HEARD, Liveness.UNKNOWN))
    up = sum(s.end - s.start for s in stretches if s.state is Liveness.OPERATING)
    labels = [_label(first + span.tick * n, span.tick) for n in range(span.length // span.tick)]
    return Timeline(stretches, labels, up / known if known else None, sum(s.state is Liveness.STALE for s in stretches))


def _state_changes(card: UnitCard, changes: Sequence[StateChange]) -> list[tuple[int, Liveness]]:
    """Liveness changes, oldest first: those in the history, then the present state, which the history may not have yet."""
    recorded = [c for c in reversed(changes) if c.axis == "liveness" and c.new in set(Liveness)]
    turns = [(c.at, Liveness(c.new)) for c in recorded]
    if recorded and recorded[0].old in set(Liveness):
        turns.insert(0, (0, Liveness(recorded[0].old)))
    elif card.first_heard_at is not None and not recorded:
        turns = [(card.first_heard_at, Liveness.OPERATING)]
    if not turns:
        return [(0, card.liveness)]
    if turns[-1][1] is not card.liveness:
        turns.append((max(turns[-1][0], card.liveness_since or 0), card.liveness))
    return turns


def _clipped(turns: list[tuple[int, Liveness]], start: int, end: int) -> list[tuple[Liveness, int, int]]:
    ends = [at for at, _ in turns[1:]] + [end]
    clipped = ((state, max(at, start), min(until, end)) for (at, state), until in zip(turns, ends, strict=True))
    return [stretch for stretch in clipped if stretch[1] < stretch[2]]


def _label(at: datetime, tick: timedelta) -> tuple[str, str]:
    return (f"{at:%a}", str(at.day)) if tick >= DAY else ("", f"{at:%H:%M}")


def spark(values: Sequence[float], floor: float | None = None, ceiling: float | None = None) -> Spark | None:
    """A sparkline of values, oldest first, between `floor` and `ceiling` (default: their minimum and maximum). None below two.

    >>> spark([0, 50, 100], 0, 100).points
    '0,28.0 50,15.0 100,2.0'
    """
    if len(values) < 2:
        return None
    low, high = min(values) if floor is None else floor, max(values) if ceiling is None else ceiling
    step, height = 100 / (len(values) - 1), (high - low) or 1
    heights = (28 - 26 * (min(max(value, low), high) - low) / height for value in values)
    points = " ".join(f"{round(n * step, 1):g},{y:.1f}" for n, y in enumerate(heights))
    return Spark(points, min(values), values[-1], max(values))
