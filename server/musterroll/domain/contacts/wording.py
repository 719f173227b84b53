"""The shipped texts of reminders, and how their values are written in a language."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

ENGLISH, GERMAN = "en", "de"
_LOCALES = {ENGLISH: "en_GB"}
_WORDS = {GERMAN: {"calls": "Einsätze", "hours": "Stunden"}}


class Template(NamedTuple):
    subject: str
    body: str


SHIPPED: Mapping[tuple[str, str], Template] = {
    ("renewal", ENGLISH): Template(
        "Your contract {contract} runs until {last_day}",
        "Hello {name},\n\nyour contract {contract} for {account} runs until {last_day}. If you would like to renew or change it, please "
        "reply to your contact at our company.\n\nKind regards\nYour service team",
    ),
    ("renewal", GERMAN): Template(
        "Ihr Vertrag {contract} läuft bis {last_day}",
        "Guten Tag {name},\n\nIhr Vertrag {contract} für {account} läuft bis {last_day}. Wenn Sie ihn verlängern oder ändern möchten, "
        "wenden Sie sich bitte an Ihren Ansprechpartner in unserem Haus.\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    ),
    ("warranty", ENGLISH): Template(
        "Warranty of {units} of your devices ends in {month}",
        "Hello {name},\n\nthe warranty of {units} of the devices of {account} ends in {month}, at the earliest after {first_day}. We would "
        "be glad to offer you a service contract.\n\nKind regards\nYour service team",
    ),
    ("warranty", GERMAN): Template(
        "Garantie für {units} Ihrer Geräte endet im {month}",
        "Guten Tag {name},\n\ndie Garantie für {units} der Geräte von {account} endet im {month}, frühestens nach dem {first_day}. Gern "
        "machen wir Ihnen ein Angebot für einen Servicevertrag.\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    ),
    ("limit", ENGLISH): Template(
        "{used} of {allowed} {what} of contract {contract} used",
        "Hello {name},\n\n{used} of the {allowed} {what} that contract {contract} includes until {last_day} are used; {left} are left. "
        "If you need more, please ask us.\n\nKind regards\nYour service team",
    ),
    ("limit", GERMAN): Template(
        "{used} von {allowed} {what} des Vertrags {contract} verbraucht",
        "Guten Tag {name},\n\nvon den {allowed} {what}, die der Vertrag {contract} bis {last_day} enthält, sind {used} verbraucht; {left} "
        "bleiben. Wenn Sie mehr brauchen, sprechen Sie uns bitte an.\n\nMit freundlichen Grüßen\nIhr Serviceteam",
    ),
}


def written(name: str, value: str, language: str) -> str:
    """A value as a text of this language writes it.

    >>> written("last_day", "2027-03-14", "de"), written("month", "2027-03-01", "en"), written("what", "calls", "de")
    ('14. März 2027', 'March 2027', 'Einsätze')
    """
    if name == "month":
        return format_date(date.fromisoformat(value), "MMMM y", _locale(language))
    if name.endswith("_day") and value:
        return format_date(date.fromisoformat(value), "long", _locale(language))
    return _WORDS.get(language, {}).get(value, value) if name == "what" else value


def _locale(language: str) -> Locale:
    try:
        return Locale.parse(_LOCALES.get(language, language))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_LOCALES[ENGLISH])
