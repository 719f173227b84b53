"""Contact lists from a CRM: one row is one person at a customer, with the consent they gave."""

import re
from typing import Any

from musterroll.channels.email import checked_address
from musterroll.domain.contacts.consent import Consent
from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import BadCell
from musterroll.readers.fields import DocumentKind, Field, Hints
from musterroll.readers.statuses import one_of

_LANGUAGES = {
    "en": "english englisch anglais ingles inglese engels angielski",
    "de": "german deutsch allemand aleman alemao tedesco duits niemiecki",
    "fr": "french franzosisch francais frances francese frans francuski",
    "es": "spanish spanisch espagnol espanol espanhol spagnolo spaans hiszpanski",
    "pt": "portuguese portugiesisch portugais portugues portoghese portugees portugalski",
    "it": "italian italienisch italien italiano italiaans wloski",
    "nl": "dutch niederlandisch neerlandais neerlandes olandese nederlands holenderski",
    "pl": "polish polnisch polonais polaco polonese polacco pools polski",
}
_CODE_OF = {word: code for code, words in _LANGUAGES.items() for word in words.split()}
_CODE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)


def language(name: str, cell: str, _hints: Hints) -> str:
    """The code of a language. Raises BadCell.

    >>> language("Language", "de_AT", Hints()), language("Language", "English", Hints())
    ('de', 'en')
    """
    written = cell.strip()
    word = cells.heading_key(re.sub(r"\(.*\)", "", written))
    code = _CODE.fullmatch(written)
    if word in _CODE_OF:
        return _CODE_OF[word]
    if code is None:
        raise BadCell(f"the {name} {written[:40]!r} is not a language; use a code such as en or de")
    return code[1].lower()


def email(name: str, cell: str, _hints: Hints) -> str:
    """An e-mail address, in lower case: so it is compared. Raises BadAddress."""
    return checked_address(cell).lower()


def _stand_in(values: dict[str, Any]) -> None:
    """A contact without a number of its own is known by its e-mail address."""
    if "ref" not in values and "email" in values:
        values["ref"] = values["email"][:80]


def _complete(values: dict[str, Any]) -> None:
    if "ref" not in values:
        raise BadCell("there is neither a Contact ID nor an Email; fill in one of them")
    if values.pop("opted_out", False):
        values["consent"] = Consent.NO


_CONSENT = {
    Consent.YES: (
        "y true t 1 x on ja j oui si sim tak granted given subscribed optin optedin optedintoemail confirmed agreed accepted erteilt"
    ),
    Consent.NO: "n false f 0 off nein non nao nee nie denied refused unsubscribed optout optedout withdrawn widerrufen abgelehnt",
    Consent.UNKNOWN: "notasked pending notspecified unbekannt inconnu desconocido",
}

KIND = DocumentKind(
    "contacts",
    "people at customers and their consent",
    (
        Field("ref", "Contact ID", names.CONTACT_KEY, cells.ref),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("site", "Site ID", names.SITE, cells.ref),
        Field("first_name", "First Name", names.FIRST_NAME, cells.text(80)),
        Field("last_name", "Last Name", names.LAST_NAME, cells.text(120)),
        Field("role", "Role", names.ROLE, cells.text(120)),
        Field("email", "Email", names.PERSON_EMAIL, email),
        Field("phone", "Phone", names.PERSON_PHONE, cells.code(60)),
        Field("language", "Language", names.LANGUAGE, language),
        Field("consent", "Consent", names.CONSENT, one_of(_CONSENT, "yes, no or unknown")),
        Field("consent_source", "Consent Source", names.CONSENT_SOURCE, cells.text(200)),
        Field("consent_on", "Consent Date", names.CONSENT_DATE, cells.day),
        Field("opted_out", "Opted Out", names.OPTED_OUT, cells.yes_or_no),
    ),
    key=("ref",),
    complete=_complete,
    stand_in=_stand_in,
    nouns="contact person",
    assumed={"ref": "contacts are told apart by their Email"},
)
