"""Periods that amounts are for: a month, a quarter, a year, in eight languages."""

import re

from musterroll.readers.cells.durations import months as length
from musterroll.readers.cells.texts import heading_key
from musterroll.readers.fields import BadCell, Hints

_MONTHS = {
    1: r"monthly|month|monatlich|monat|mensuel|mensual|mensal|mensil|maand|miesi|\bmrr\b",
    3: r"quarterly|quarter|vierteljahr|quartal|trimestr|kwarta",
    6: r"semi-?annual|half-?year|biannual|halbjahr|semestr|halfjaar|polro",
    12: r"annually|annual|yearly|year|jahr|annuel|anual|annuo|annuale|jaar|roczn|\barr\b",
}
_WORDS = {months: re.compile(rf"(?:{words})", re.IGNORECASE) for months, words in _MONTHS.items()}
_ORDER = (6, 3, 1, 12)  # half a year and a quarter name the year, too
_MOST = 120


def months_of(heading: str) -> int:
    """The months that the amounts below a heading are for; 0 where it does not say it.

    >>> months_of("Monthly Price (EUR)"), months_of("Annual price"), months_of("Preis pro Quartal"), months_of("MRR"), months_of("Price")
    (1, 12, 3, 1, 0)
    """
    for months in _ORDER:
        if _WORDS[months].search(heading):
            return months
    return 0


def period(name: str, cell: str, hints: Hints) -> int:
    """How many months are paid for at once: monthly, per year, 3 months. Raises BadCell.

    >>> period("Billing", "Monthly", Hints()), period("Billing", "vierteljährlich", Hints()), period("Billing", "P1Y", Hints())
    (1, 3, 12)
    """
    if months := 0 if any(map(str.isdigit, cell)) else months_of(heading_key(cell)):
        return months
    try:
        months = 0 if cell.strip().isdigit() and not hints.unit else length(name, cell, hints)  # 12 a year, or 12 months?
    except BadCell:
        months = 0
    if not 0 < months <= _MOST:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is no period of months, such as monthly, quarterly, annual or 3 months")
    return months
