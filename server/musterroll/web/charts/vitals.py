"""What a unit's hourly records show: its vitals as lines, and how many hours of each day it operated."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from musterroll.usecases.units.history import Heard
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.charts.timeline import Spark, spark

_DAYS = 7
_DAY = 86_400  # seconds


class Vital(NamedTuple):
    """One vital now, and its hourly means as a picture where there are enough."""

    name: str
    unit: str
    value: int | None
    line: Spark | None


class Day(NamedTuple):
    """Hours a unit operated on a day (UTC), as far as its records tell."""

    day: date
    hours: float


def vitals(card: UnitCard, heard: Sequence[Heard]) -> list[Vital]:
    hours = [data["vitals"] for _, data in _hours(heard) if isinstance(data.get("vitals"), dict)]
    return [
        Vital("Processor", "%", card.cpu, spark(_means(hours, "cpu"), 0, 100)),
        Vital("Memory", "%", card.memory, spark(_means(hours, "memory"), 0, 100)),
        Vital("Disk", "%", card.disk, spark(_means(hours, "disk"), 0, 100)),
        Vital("Temperature", "°C", card.temperature, _temperature(_means(hours, "temperature"))),
    ]


def days(heard: Sequence[Heard], now: datetime) -> list[Day]:
    """The last week, today included; nothing where no hourly record is of it.

    >>> hour = Heard(1, 1, "hour", 1793577600, 0, '{"data": {"seconds": 3600, "from": 1793575800}}')
    >>> [(str(one.day), one.hours) for one in days([hour], datetime(2026, 11, 2, 9, tzinfo=UTC))][-2:]
    [('2026-11-01', 0.5), ('2026-11-02', 0.5)]
    """
    seconds: Counter[date] = Counter()
    for at, data in _hours(heard):
        length, start = data.get("seconds"), data.get("from")
        if type(length) is int and 0 < length <= _DAY:
            seconds.update(dict(_split(start if type(start) is int else at - length, length)))
    week = [now.astimezone(UTC).date() - timedelta(days=n) for n in reversed(range(_DAYS))]
    return [Day(day, min(24.0, seconds[day] / 3600)) for day in week] if any(seconds[day] for day in week) else []


def _split(start: int, length: int) -> Iterator[tuple[date, int]]:
    """Seconds by day, of a stretch of at most a day."""
    tomorrow = (start // _DAY + 1) * _DAY
    first = min(length, tomorrow - start)
    yield _day(start), first
    if length > first:
        yield _day(tomorrow), length - first


def _day(at: int) -> date:
    return date(1970, 1, 1) + timedelta(days=min(max(at // _DAY, 0), 2_000_000))


def _hours(heard: Sequence[Heard]) -> list[tuple[int, dict[str, Any]]]:
    """The data of hourly records by the unit's time, oldest first. Bodies were checked when they came; what does not fit is left out."""
    records = ((message.at, json.loads(message.body).get("data")) for message in heard if message.about == "hour")
    return sorted(((at, data) for at, data in records if isinstance(data, dict)), key=lambda record: record[0])


def _means(hours: Sequence[dict[str, Any]], name: str) -> list[float]:
    """The middle of [least, mean, most] of each hour that has it."""
    triples = (hour.get(name) for hour in hours)
    return [t[1] for t in triples if isinstance(t, list) and len(t) == 3 and type(t[1]) in (int, float)]


def _temperature(values: list[float]) -> Spark | None:
    """Over at least 20 degrees, so that a degree or two does not look like a fire."""
    middle = (min(values) + max(values)) / 2 if values else 0
    return spark(values, min([*values, middle - 10]), max([*values, middle + 10]))
