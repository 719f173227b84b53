"""Exchange rates, as central banks publish them: one row is one currency on one day."""

from decimal import Decimal
from typing import Any

from musterroll.readers import cells
from musterroll.readers.cells import BadCell, numbers
from musterroll.readers.cells.money import CURRENCY_HEADINGS
from musterroll.readers.fields import DocumentKind, Field, Hints
from musterroll.readers.table import Numeric

_MOST, _PLACES = Decimal(10) ** 9, 8
_EURO = "EUR"  # what the European Central Bank quotes against; other lists name their base


@numbers.amounts
def _rate(name: str, cell: str, hints: Hints) -> Decimal:
    """The decimals of a rate are many, and its point is a decimal point unless the column shows otherwise."""
    hints = hints._replace(numbers=hints.numbers or ("" if "," in cell else "."), decimals=True)
    value = Decimal(cell) if isinstance(cell, Numeric) else numbers.amount(name, cell, cell.strip(), hints)
    if value is None or not 0 < value <= _MOST:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a rate; use the format 1.0832")
    return round(value, _PLACES)


def _complete(values: dict[str, Any]) -> None:
    if values.setdefault("base", _EURO) == values["currency"]:
        raise BadCell(f"the Currency is the Base Currency {values['base']} itself")


KIND = DocumentKind(
    "rates",
    "exchange rates by day, against the euro unless a base currency is named",
    (
        Field("on", "Date", "date day timeperiod ratedate asofdate validon datum", cells.day),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("rate", "Rate", "rate exchangerate obsvalue fxrate value kurs wechselkurs", _rate, required=True),
        Field("base", "Base Currency", "basecurrency base currencydenom currencydenominator fromcurrency sourcecurrency", cells.currency),
    ),
    key=("on", "currency"),
    complete=_complete,
)
