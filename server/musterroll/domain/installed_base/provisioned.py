"""Licences sold, units provisioned, and units active in a window: what is over, and what is under."""

from typing import NamedTuple

WINDOWS = (7, 30, 90, 365)  # days


class Provisioned(NamedTuple):
    """Units that are deployed, or enrolled; and those of them that have reported in the last 7, 30, 90 and 365 days."""

    units: int = 0
    active_7: int = 0
    active_30: int = 0
    active_90: int = 0
    active_365: int = 0

    def active(self, days: int) -> int:
        return self[1 + WINDOWS.index(days)]

    def beyond(self, sold: int) -> int:
        """How many more units are provisioned than licences were sold; below zero: so many licences have no unit.

        >>> Provisioned(12).beyond(10), Provisioned(7).beyond(10)
        (2, -3)
        """
        return self.units - sold


def total(parts: "dict[str, Provisioned]") -> Provisioned:
    return Provisioned(*(sum(numbers) for numbers in zip(*parts.values(), strict=True)))
