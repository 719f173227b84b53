"""Staffing: field technicians by productive hours, support agents by Erlang C."""

from math import ceil, exp
from typing import NamedTuple

from musterroll.domain.capacity.amounts import PredictedAmount

_LEAST = 1e-12


class Heads(NamedTuple):
    """Field technicians: the mean in full-time equivalents, and whole heads for the mean and for each end of the bands."""

    fte: float
    heads: int
    low80: int
    high80: int
    low95: int
    high95: int


class Desk(NamedTuple):
    """Support agents: `positions` to employ, `raw_positions` at the desk and what those achieve. Waits in seconds."""

    positions: int
    raw_positions: int
    service_level: float
    occupancy: float
    waiting_probability: float
    average_wait: float


def field_heads(hours: PredictedAmount, productive_hours_per_head: float, absence: float = 0.0) -> Heads:
    """Heads for the hours of a period, when a head gives so many productive hours in it while present, and is absent a share of it."""
    if productive_hours_per_head <= 0 or not 0 <= absence < 1:
        raise ValueError("a head must have productive hours left")
    each = productive_hours_per_head * (1 - absence)
    ends = (ceil(end / each - _LEAST) for end in (hours.mean, hours.low80, hours.high80, hours.low95, hours.high95))
    return Heads(hours.mean / each, *ends)


def erlang_c(
    calls: float,
    period_minutes: float,
    handling_minutes: float,
    target_seconds: float,
    service_level: float,
    max_occupancy: float = 1.0,
    shrinkage: float = 0.0,
) -> Desk:
    """The fewest desk positions of which `service_level` of calls are answered within the target and nobody is busy for more than
    `max_occupancy` (Erlang 1917; Gans, Koole & Mandelbaum 2003, M&SOM 5); `shrinkage` is the share of paid time away from the desk.

    >>> desk = erlang_c(100, 30, 3, 20, 0.8, max_occupancy=0.85, shrinkage=0.3)
    >>> desk.raw_positions, desk.positions, round(desk.service_level, 3)
    (14, 20, 0.888)
    """
    if period_minutes <= 0 or handling_minutes <= 0 or not (0 < service_level < 1 and 0 < max_occupancy <= 1 and 0 <= shrinkage < 1):
        raise ValueError("a service level lies between 0 and 1, an occupancy above 0 and up to 1, a shrinkage from 0 to below 1")
    load = calls * handling_minutes / period_minutes  # erlangs
    if load <= 0:
        return Desk(0, 0, 1.0, 0.0, 0.0, 0.0)
    blocked, positions = 1.0, 0
    while True:
        positions += 1
        blocked = load * blocked / (positions + load * blocked)  # Erlang B by its recurrence: no factorials
        if positions <= load or load / positions > max_occupancy:
            continue
        waiting = blocked / (1 - load / positions * (1 - blocked))
        reached = 1 - waiting * exp(-(positions - load) * target_seconds / (60 * handling_minutes))
        if reached >= service_level:
            wait = waiting * 60 * handling_minutes / (positions - load)
            return Desk(ceil(positions / (1 - shrinkage) - _LEAST), positions, reached, load / positions, waiting, wait)
