"""Benchmark figures of an industry: one row is one figure of one year from one source."""

from decimal import Decimal
from typing import Any

from musterroll.domain.installed_base import benchmarks
from musterroll.domain.installed_base.benchmarks import BenchmarkFigure
from musterroll.domain.installed_base.target_wording import MEASURES
from musterroll.domain.installed_base.targets import Measure
from musterroll.domain.values.errors import DomainError
from musterroll.readers import cells
from musterroll.readers.cells import BadCell, numbers
from musterroll.readers.fields import DocumentKind, Field, Hints
from musterroll.readers.table import Numeric

_NAMES = {"".join(name.lower().split()): measure for measure, name in MEASURES.items()} | {
    **{"".join(measure.split("_")): measure for measure in Measure},
    **{"coverage": Measure.COVERAGE, "attach": Measure.ATTACH, "attachrate": Measure.ATTACH, "serviceattachrate": Measure.ATTACH},
    **{"contractattach": Measure.ATTACH, "operating": Measure.OPERATING_SHARE, "licences": Measure.ACTIVE_LICENCES},
    **{"licenses": Measure.ACTIVE_LICENCES, "activelicenses": Measure.ACTIVE_LICENCES},
}


def _measure(name: str, cell: str, _: Hints) -> Measure:
    key = "".join(char for char in cell.lower() if char.isalnum())
    if key not in _NAMES:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not one of {', '.join(MEASURES.values())}")
    return _NAMES[key]


@numbers.amounts
def _value(name: str, cell: str, hints: Hints) -> Decimal:
    text = cell.strip().removesuffix("%").strip()
    hints = hints._replace(numbers=hints.numbers or ("" if "," in text else "."), decimals=True)
    value = Decimal(cell) if isinstance(cell, Numeric) else numbers.amount(name, cell, text, hints)
    if value is None:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a number such as 72.5")
    return round(value, 4)


def _complete(values: dict[str, Any]) -> None:
    values.setdefault("industry", "")
    try:
        benchmarks.check(BenchmarkFigure(*(values[name] for name in BenchmarkFigure._fields)))
    except DomainError as refusal:
        raise BadCell(str(refusal)) from None


KIND = DocumentKind(
    "benchmarks",
    "benchmark figures of an industry by year, with their source",
    (
        Field("measure", "Measure", "measure figure kpi metric benchmark kennzahl", _measure, required=True),
        Field("industry", "Industry", "industry sector branch branche", cells.text(80)),
        Field("year", "Year", "year jahr annee", cells.whole_number(benchmarks.FIRST_YEAR, benchmarks.LAST_YEAR), required=True),
        Field("value", "Value", "value percent share rate wert", _value, required=True),
        Field("source", "Source", "source study publisher quelle", cells.text(200), required=True),
    ),
    key=("measure", "year", "source"),
    complete=_complete,
)
