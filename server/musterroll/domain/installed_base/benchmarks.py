"""Benchmark figures of an industry, with their source."""

from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.installed_base.targets import MOST_LICENCES, Measure
from musterroll.domain.values.errors import DomainError

FIRST_YEAR, LAST_YEAR = 1990, 2100


class BenchmarkFigure(NamedTuple):
    """A value of a year as its source gives it: percent, or a number of licences. `industry`: what it was measured in."""

    measure: Measure
    industry: str
    year: int
    value: Decimal
    source: str


def check(figure: BenchmarkFigure) -> None:
    """Raises DomainError."""
    most = 100 if figure.measure.is_share else MOST_LICENCES
    if not figure.value.is_finite() or not 0 <= figure.value <= most:
        raise DomainError(f"the benchmark must be from 0 to {most:,}", "bad_benchmark")
    if not FIRST_YEAR <= figure.year <= LAST_YEAR:
        raise DomainError(f"the year of a benchmark must be from {FIRST_YEAR} to {LAST_YEAR}", "bad_year")
    if not figure.source:
        raise DomainError("enter the source of the benchmark, such as the name of the study", "no_source")
