"""Charts from a unit's hourly records: vitals as lines, and operating hours per day."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from musterroll_wire.vitals import VITALS, Vital

from musterroll.usecases.units.history import UnitMessage
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.charts.timeline import Spark, spark

_DAYS = 7
_DAY = 86_400  # seconds


class VitalChart(NamedTuple):
    """The last reading of a vital, and its hourly means as a line if there are enough."""

    vital: Vital
    reading: int | None
    line: Spark | None


class OperatingDay(NamedTuple):
    """Operating hours of a unit on a day (UTC), as far as it has records."""

    day: date
    hours: float


def vitals(card: UnitCard, messages: Sequence[UnitMessage]) -> list[VitalChart]:
    """A chart for each vital of the wire, in its order."""
    hours = [data["vitals"] for _, data in _hours(messages) if isinstance(data.get("vitals"), dict)]
    return [VitalChart(vital, card.vitals[vital.name], _line(vital, _means(hours, vital.name))) for vital in VITALS]


def operating_days(messages: Sequence[UnitMessage], now: datetime) -> list[OperatingDay]:
    """The last week including today; empty without hourly records.

    >>> hour = UnitMessage(1, 1, "hour", 1793577600, 0, '{"data": {"seconds": 3600, "from": 1793575800}}')
    >>> [(str(day.day), day.hours) for day in operating_days([hour], datetime(2026, 11, 2, 9, tzinfo=UTC))][-2:]
    [('2026-11-01', 0.5), ('2026-11-02', 0.5)]
    """
    seconds: Counter[date] = Counter()
    for at, data in _hours(messages):
        length, start = data.get("seconds"), data.get("from")
        if type(length) is int and 0 < length <= _DAY:
            seconds.update(dict(_split(start if type(start) is int else at - length, length)))
    week = [now.astimezone(UTC).date() - timedelta(days=n) for n in reversed(range(_DAYS))]
    return [OperatingDay(day, min(24.0, seconds[day] / 3600)) for day in week] if any(seconds[day] for day in week) else []


def _split(start: int, length: int) -> Iterator[tuple[date, int]]:
    """Seconds by day, of a period of at most a day."""
    tomorrow = (start // _DAY + 1) * _DAY
    first = min(length, tomorrow - start)
    yield _day(start), first
    if length > first:
        yield _day(tomorrow), length - first


def _day(at: int) -> date:
    return date(1970, 1, 1) + timedelta(days=min(max(at // _DAY, 0), 2_000_000))


def _hours(messages: Sequence[UnitMessage]) -> list[tuple[int, dict[str, Any]]]:
    """The data of hourly records by the unit's time, oldest first. Skips what has another shape."""
    records = ((message.at, json.loads(message.body).get("data")) for message in messages if message.about == "hour")
    return sorted(((at, data) for at, data in records if isinstance(data, dict)), key=lambda record: record[0])


def _means(hours: Sequence[dict[str, Any]], name: str) -> list[float]:
    """The middle of [least, mean, most] of each hour that has it."""
    triples = (hour.get(name) for hour in hours)
    return [t[1] for t in triples if isinstance(t, list) and len(t) == 3 and type(t[1]) in (int, float)]


def _line(vital: Vital, means: list[float]) -> Spark | None:
    """Drawn over the vital's whole range, or at least over its `chart_span`, so that small changes do not look dramatic."""
    if vital.chart_span is None or not means:
        return spark(means, vital.least, vital.most)
    middle = (min(means) + max(means)) / 2
    return spark(means, min([*means, middle - vital.chart_span / 2]), max([*means, middle + vital.chart_span / 2]))
