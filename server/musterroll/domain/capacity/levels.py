"""The two confidence levels of estimates, and their wording."""

from abc import ABC, abstractmethod
from typing import NamedTuple


class Interval(NamedTuple):
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Band(NamedTuple):
    """A level and its wording."""

    level: float
    label: str
    words: str


EIGHTY = Band(0.80, "80 %", "four times in five")
NINETY_FIVE = Band(0.95, "95 %", "nineteen times in twenty")


class Banded(ABC):
    """A prediction with confidence ranges: the ends of the two that pages show."""

    __slots__ = ()

    @abstractmethod
    def band(self, level: float) -> Interval: ...

    @property
    def low80(self) -> float:
        return self.band(EIGHTY.level).low

    @property
    def high80(self) -> float:
        return self.band(EIGHTY.level).high

    @property
    def low95(self) -> float:
        return self.band(NINETY_FIVE.level).low

    @property
    def high95(self) -> float:
        return self.band(NINETY_FIVE.level).high


def tails(level: float) -> tuple[float, float]:
    """The probabilities at which a central interval begins and ends.

    >>> tails(0.5)
    (0.25, 0.75)
    """
    if not 0 < level < 1:
        raise ValueError("a level lies between 0 and 1")
    return (1 - level) / 2, (1 + level) / 2


def percent(share: float, digits: int = 0) -> str:
    """
    >>> percent(0.421), percent(0.031, 1)
    ('42 %', '3.1 %')
    """
    return f"{100 * share:.{digits}f} %"
