"""Lengths of time in customers' files: `36 months`, `3Y`, `P3Y`, `10 minutes`, `01:30`, `lifetime`, in eight languages."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.warranty.periods import LIFETIME_MONTHS
from musterroll.readers.cells.month_names import plain_word
from musterroll.readers.cells.numbers import amount, amounts, bounded, counts
from musterroll.readers.fields import BadCell, CellReader, Hints

_MOST_MONTHS = 600
_MOST_DAYS = 3650
_ABSURD = Decimal(10**12)
_UNITS = {
    "years": "y yr yrs year years jahr jahre jahren j an ans annee annees ano anos anni anno jaar jaren rok lata lat roku",
    "months": "m mo mos mon mth mths month months monat monate monaten mois mes meses mese mesi maand maanden miesiac miesiace miesiecy",
    "weeks": "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane weken tydzien tygodnie tygodni",
    "days": "d day days tag tage tagen jour jours dia dias giorno giorni dag dagen dzien dni",
    "hours": "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren godzina godziny godz",
    "minutes": "min mins minute minutes minuten minuto minutos minuti minuut minuta minuty minut",
    "seconds": "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondo secondi seconden sekund",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_PARTS = re.compile(r"([0-9][0-9.,]*) ?-?([^\W\d_]+)\.?(?:\(s\)|\([a-z]{1,2}\))?[ ,]*(?:(?:and|und|et|y|e|en|i) )?")
_ISO = re.compile(
    r"P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?=.)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?", re.IGNORECASE
)
_ISO_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9])(?:\.[0-9]+)?)?")
_LIFETIME = frozenset(
    [
        "lifetime",
        "life",
        "limitedlifetime",
        "lifetimewarranty",
        "unlimited",
        "lebenslang",
        "lebenslanglich",
        "avie",
        "vitalicia",
        "vitalicio",
        "avita",
        "levenslang",
        "dozywotnia",
        "dozywotnio",
        "unbegrenzt",
        "illimitee",
        "illimitata",
        "ilimitada",
    ]
)
_NOT_COVERED = frozenset(["nowarranty", "withoutwarranty", "keinegarantie", "ohnegarantie", "sansgarantie", "singarantia", "semgarantia"])


class Duration(NamedTuple):
    """Months of the calendar, and seconds."""

    months: Decimal = Decimal(0)
    seconds: Decimal = Decimal(0)

    def days_before(self, ends_on: date | None) -> int:
        """In days before the last day of a span; without an end, months are taken as the longest, so that a notice is never late."""
        days, months = int(self.seconds / _SECONDS["days"]), int(self.months)
        if ends_on is None:
            return days + 31 * months
        last = last_day(ends_on)
        return days + (last - add_months(last, -months)).days


def duration(name: str, cell: str, hints: Hints, bare: str, m: str = "months") -> Duration | None:
    """A length, a bare number in the unit of the heading or else in `bare`; None where it is none. `m`: what the letter means."""
    text = " ".join(cell.split())
    if match := _ISO.fullmatch(text):
        return _sum((Decimal(count), unit) for count, unit in zip(match.groups(), _ISO_UNITS, strict=True) if count)
    if (number := amount(name, cell, text, hints)) is not None:
        return _sum([(number, hints.unit or bare)])
    parts, place = [], 0
    while place < len(text) and (match := _PARTS.match(text, place)):
        unit = m if match[2] in "mM" else _UNIT_OF.get(plain_word(match[2]))
        count = amount(name, cell, match[1], hints)
        if unit is None or count is None:
            return None
        parts.append((count, unit))
        place = match.end()
    return _sum(parts) if parts and place == len(text) else None


def _sum(parts: Iterable[tuple[Decimal, str]]) -> Duration:
    months, seconds = Decimal(0), Decimal(0)
    for count, unit in parts:
        if unit in _SECONDS:
            seconds += count * _SECONDS[unit]
        else:
            months += count * (12 if unit == "years" else 1)
    return Duration(months, seconds)


@amounts
def months(name: str, cell: str, hints: Hints) -> int:
    """A length in whole months, 0 to 600, or LIFETIME_MONTHS. 365 days are a year. Raises BadCell."""
    if (word := plain_word(cell)) in _LIFETIME:
        return LIFETIME_MONTHS
    length = Duration() if word in _NOT_COVERED else duration(name, cell, hints, "months")
    years, days = divmod(length.seconds, 365 * _SECONDS["days"]) if length else (0, 0)
    total = length.months + 12 * years if length and not days else Decimal(-1)
    if total != int(total) or not 0 <= total <= _MOST_MONTHS:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a number of months from 0 to 600, such as 36, 3 years or lifetime")
    return int(total)


@amounts
def notice(name: str, cell: str, hints: Hints) -> int | Duration:
    """A period of notice: a number of days, or a Duration where it has months. Raises BadCell."""
    length = duration(name, cell, hints, "days")
    days = length.seconds / _SECONDS["days"] if length else Decimal(-1)
    if length is None or days != int(days) or length.months != int(length.months) or not 0 <= days + 31 * length.months <= _MOST_DAYS:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a number of days from 0 to 3650, or a length such as 2 months")
    return length if length.months else int(days)


@amounts
def hours(name: str, cell: str, hints: Hints) -> Decimal:
    """Hours spent: 1.5, 1:30, 90 min, PT1H30M. Raises BadCell."""
    if match := _CLOCK.fullmatch(cell.strip()):
        length: Duration | None = Duration(seconds=Decimal(int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0)))
    else:
        length = duration(name, cell, hints, "hours", "minutes")
    if length is None or length.months:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a time spent; use hours such as 1.5, or 1:30, or 90 min")
    return bounded(name, cell, round(min(length.seconds / 3600, _ABSURD), 4))


def seconds(least: int, most: int) -> CellReader:
    """Reads a length in seconds within bounds: 300, 5 min, PT5M."""

    def read(name: str, cell: str, hints: Hints) -> int:
        length = duration(name, cell, hints, "seconds", "minutes")
        value = length.seconds if length and not length.months else Decimal(-1)
        if value != int(value) or not least <= value <= most:
            raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a number of seconds from {least} to {most}, or a length such as 5 min")
        return int(value)

    return counts(read)


def unit_in(heading: str) -> str:
    """The unit that a heading names for the bare numbers below it; empty where it names none or several.

    >>> unit_in("Warranty (Years)"), unit_in("Kündigungsfrist Monate"), unit_in("duration_min"), unit_in("Warranty")
    ('years', 'months', 'minutes', '')
    """
    words = (plain_word(word) for word in re.findall(r"[^\W\d_]{3,}", heading))
    units = {unit for word in words if (unit := _UNIT_OF.get(word))}
    return units.pop() if len(units) == 1 else ""
