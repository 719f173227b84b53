"""How many operating units use what, and how long units take from shipping to their first use."""

from typing import NamedTuple

WINDOWS = (7, 30, 90)  # days, today included
HORIZONS = (30, 60, 90)  # days after shipping
BREAKDOWNS = ("firmware", "segment", "cohort")


class Group(NamedTuple):
    """Units of a product (0: all), and of a firmware, segment or cohort; `by` is empty for all of them."""

    product_id: int
    by: str
    key: str


class Used(NamedTuple):
    """Of operating units: those that report a counter, and those that used it in the last 7, 30 and 90 days."""

    reporting: int
    used_7: int
    used_30: int
    used_90: int

    def within(self, days: int) -> int:
        """Used in the last `days`, one of `WINDOWS`."""
        return (self.used_7, self.used_30, self.used_90)[WINDOWS.index(days)]


class Milestone(NamedTuple):
    """Of the units that were shipped: those that reached a step, the median of their days to it, and (shipped so long ago, reached by
    then) for 30, 60 and 90 days. The shares are of units that have had the time, so that new ones do not lower them.
    """

    shipped: int
    reached: int
    median: float | None
    by_day: tuple[tuple[int, int], ...]
