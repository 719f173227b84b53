"""Amounts in customers' files: a number and its currency, taken from the cell, its row, the heading or the whole file; never assumed."""

import re
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from musterroll.domain.values.currencies import CURRENCIES, decimals, named_by
from musterroll.readers.cells.digits import western
from musterroll.readers.cells.numbers import SMALLEST, amounts, number
from musterroll.readers.cells.texts import heading_key
from musterroll.readers.fields import BadCell, Hints
from musterroll.readers.table import Numeric

CURRENCY_HEADINGS = (
    "currency currencycode currencyisocode contractcurrency billingcurrency currencyid isocurrency "
    "waehrung wahrung waehrungscode wahrungscode devise moneda divisa moeda valuta waluta valuutta valutakode"
)
_LONGEST = 60  # characters
_LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "nl", "pl")
_AMOUNT = re.compile(
    r"(?P<before>[^\d\s.,+-][^\d]*?)?\s*"
    r"(?P<number>\d[\d.,'\u2019\s]*?)(?:[.,]?[-\u2013\u2014]{1,2})?\s*"
    r"(?P<after>[^\d.,'\u2019-][^\d]*)?"
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,'\u2019\s]\d{3}")
_MARKS = re.compile(r"[^\s()\[\]/,;:]+")
_NEGATIVE = re.compile(r"\((?P<inner>.+)\)|(?P<before>[^\d(]*?)[-\u2212\u2013](?P<after>[^-]+)|(?P<sap>.*\d)-(?P<mark>[^\d-]*)")
_QUOTES = str.maketrans("\u2019", "'")


class Amount(NamedTuple):
    """An amount as a cell shows it. `signs`: the currencies that its own sign can mean; `stated`: of the heading or the whole file.

    `months`: that it is for, where the heading says so.
    """

    value: Decimal
    signs: tuple[str, ...] = ()
    stated: str = ""
    written: str = ""
    months: int = 0


@amounts
def amount(name: str, cell: str, hints: Hints) -> Amount:
    """An amount with or without its currency. Raises BadCell where it could mean two numbers, or no currency has that sign.

    >>> amount("price", "1.200,00 €", Hints())[:2], amount("price", "CHF 1'200.-", Hints())[:2]
    ((Decimal('1200.00'), ('EUR',)), (Decimal('1200'), ('CHF',)))
    """
    written = western(str(cell)).strip()
    match = _AMOUNT.fullmatch(written[:_LONGEST])
    if len(written) > _LONGEST or not (match or isinstance(cell, Numeric)):
        raise BadCell(f"the {name} {written[:40]!r} is not an amount; use the format 1234.50 USD")
    stated = hints.currency if hints.currency in CURRENCIES else ""
    signs = _signs(name, written, match) if match else ()
    signs = signs or (() if stated else named_by(hints.currency))
    if isinstance(cell, Numeric) or match is None:
        return Amount(number(name, cell, hints), signs, stated, written, hints.months)
    figure, likely = match["number"].strip().translate(_QUOTES), signs[0] if signs else stated
    if likely and not hints.numbers and decimals(likely) != 3 and _THOUSANDS.fullmatch(figure):
        figure = re.sub(r"\D", "", figure)  # nobody writes three decimals in such a currency
    return Amount(number(name, figure, hints), signs, stated, written, hints.months)


def _signed(name: str, cell: str, hints: Hints) -> Amount:
    """An amount that may be below zero: `-100.00`, `(100.00)`, `EUR -100`, `100.00-`; the `-` in `100.-` stands for no cents.

    >>> [signed("amount", text, Hints()).value for text in ("-100.50", "(7,00 €)", "EUR \u22125", "100.50-", "CHF 100.-")]
    [Decimal('-100.50'), Decimal('-7.00'), Decimal('-5.0'), Decimal('-100.50'), Decimal('100.0')]
    """
    match = _NEGATIVE.fullmatch(western(str(cell)).strip()[: _LONGEST + 1])
    if match is None:
        return amount(name, cell, hints)  # type: ignore[no-any-return]
    text = "".join(part for part in match.groups() if part)
    read: Amount = amount(name, Numeric(text, text, cell.exact) if isinstance(cell, Numeric) else text, hints)
    return read._replace(value=-read.value)


signed = amounts(_signed)


def _signs(name: str, written: str, match: re.Match[str]) -> tuple[str, ...]:
    """The currencies that all the marks of an amount can mean: `$1,200 CAD` is in Canadian dollars."""
    marks = [mark for mark in (match["before"], match["after"]) if mark and mark.strip()]
    meanings = [named_by(mark.strip()) for mark in marks]
    common = tuple(code for code in (meanings[0] if meanings else ()) if all(code in others for others in meanings))
    if marks and not common:
        raise BadCell(f"the {name} {written[:40]!r} is not an amount in a known currency; use the format 1234.50 USD")
    return common


def currency(name: str, cell: str, hints: Hints) -> str:
    """A currency by its code, sign or name. Raises BadCell.

    >>> currency("currency", "usd", Hints()), currency("currency", "Euro (EUR)", Hints()), currency("currency", "US-Dollar", Hints())
    ('USD', 'EUR', 'USD')
    """
    text = cell.strip()
    meanings = named_by(text)
    if not meanings:
        codes = {mark for mark in _MARKS.findall(text) if mark in CURRENCIES}
        named = _names().get(heading_key(text), "")
        meanings = tuple(codes) if codes else (named,) if named else ()
    if len(meanings) > 1 and hints.currency in meanings:
        return hints.currency
    if len(meanings) > 1:
        raise BadCell(f"the {name} {text[:20]!r} may be {' or '.join(meanings[:3])}; use the code, such as {meanings[0]}")
    if not meanings:
        raise BadCell(f"the {name} {text[:20]!r} is not a currency; use a code such as EUR")
    return meanings[0]


@cache
def _names() -> dict[str, str]:
    """Codes by the names of currencies, in the languages that headings are recognised in."""
    from babel.numbers import get_currency_name  # slow to load, and few files have names

    forms = ((code, language, count) for language in _LANGUAGES for count in (None, 1, 2) for code in sorted(CURRENCIES))
    names: dict[str, str] = {}
    for code, language, count in forms:
        names.setdefault(heading_key(get_currency_name(code, count, language)), code)
    return names


@cache
def of_country(country: str) -> str:
    """The currency of a country by its name or two-letter code; empty where that is not known.

    >>> of_country("AU"), of_country("Kanada"), of_country("")
    ('AUD', 'CAD', '')
    """
    from babel.numbers import get_territory_currencies

    key = heading_key(country)
    codes = [country.strip().upper()] if len(key) == 2 else _countries().get(key, ())
    usual = [code for territory in codes for code in get_territory_currencies(territory)]
    return usual[0] if usual else ""


@cache
def _countries() -> dict[str, list[str]]:
    from babel import Locale

    names: dict[str, list[str]] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2:
                names.setdefault(heading_key(name), [code])
    return names


def of_heading(heading: str) -> tuple[str, str]:
    """A heading without its currency, and that currency: a code, or a sign that several currencies use; empty where it has none.

    >>> of_heading("Annual value (USD)"), of_heading("Preis in €"), of_heading("Price"), of_heading("Price ($)")
    (('Annual value', 'USD'), ('Preis', 'EUR'), ('Price', ''), ('Price', '$'))
    """
    marks = [mark for mark in _MARKS.findall(heading) if mark in CURRENCIES or (not mark.isalpha() and named_by(mark))]
    if len(marks) != 1 or not heading.strip(f" ()[]{marks[0]}"):
        return heading.strip(), ""
    bare = re.sub(rf"[(\[,/]?\s*(?:in\s+)?{re.escape(marks[0])}\s*[)\]]?", " ", heading)
    meanings = named_by(marks[0])
    return " ".join(bare.split()), meanings[0] if len(meanings) == 1 else marks[0]


def settle(values: dict[str, Any], field: str, months: int = 12) -> None:
    """Make the amount in a row's `field` a number for a year, and `currency` what its own sign, the row, the heading or the file says.

    `months` that the amount is for, where its heading does not say it.

    A sign of several currencies that nothing of these decides stays as `signs`, for what the registry knows. Raises BadCell.
    """
    if field not in values:
        return
    amount, own = values[field], values.pop("currency", "")
    values[field] = (amount.value * 12 / (amount.months or months)).quantize(SMALLEST) if (amount.months or months) != 12 else amount.value
    if own and amount.signs and own not in amount.signs:
        raise BadCell(f"the amount {amount.written[:40]!r} is not in {own}, which the row names as its currency")
    known = own or (amount.stated if amount.stated in amount.signs or not amount.signs else "")
    if known or len(amount.signs) == 1:
        values["currency"] = known or amount.signs[0]
    elif amount.signs:
        values["signs"] = amount.signs
