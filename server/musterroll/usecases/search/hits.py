"""What the search finds: hits of one kind, each with the address of its page."""

from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, urlencode

from musterroll.domain.access import Need, Role, may
from musterroll.storage.search.records import Match
from musterroll.usecases.units.unit_card import UnitCard


class Kind(StrEnum):
    UNIT = "unit"
    ACCOUNT = "account"
    SITE = "site"
    CONTRACT = "contract"
    INCIDENT = "incident"
    PRODUCT = "product"
    CONTACT = "contact"
    USER = "user"


NEEDS = {Kind.CONTACT: Need(Role.TECHNICIAN), Kind.USER: Need(Role.ADMIN, everywhere=True)}  # others: anyone


class Hit(NamedTuple):
    """`key` names the record: the unit ID, the number in the customer's systems, or ours. `matched`: the field that matches, in words."""

    kind: Kind
    key: str
    name: str
    detail: str
    matched: str
    exact: bool  # the field is the text, in any case
    address: str


class Group(NamedTuple):
    kind: Kind
    hits: list[Hit]
    more: bool  # there are more than these


def kinds(role: Role, limited: bool) -> list[Kind]:
    """The kinds of records that a user may look for."""
    return [kind for kind in Kind if may(role, limited, NEEDS.get(kind, Need()))]


def hit(kind: Kind, match: Match, text: str, role: Role) -> Hit:
    """A match, with the field that is the text, else that holds all of it, else one that holds its first word."""
    wanted, first = text.lower(), text.lower().split()[0]
    values = {name: value.lower() for name, value in match.fields.items()}
    ways = (lambda value: value == wanted, lambda value: wanted in value, lambda value: first in value)
    matched = next((name for way in ways for name, value in values.items() if way(value)), "")
    return Hit(kind, match.key, match.name, match.detail, matched, wanted in values.values(), _address(kind, match, role))


def of_unit(card: UnitCard, matched: str, exact: bool) -> Hit:
    detail = " · ".join(part for part in (card.maker, card.model, card.account, card.site) if part)
    return Hit(Kind.UNIT, card.uid, card.serial, detail, matched, exact, f"/units/{card.uid}")


def _address(kind: Kind, match: Match, role: Role) -> str:
    if kind is Kind.PRODUCT and role is not Role.ADMIN:  # the product's own page is where its settings are
        return "/fleet?" + urlencode({"maker": match.fields["maker"], "model": match.fields["model"]})
    if kind is Kind.CONTACT:
        return "/contacts?" + urlencode({"text": match.key})
    return f"/{kind}s/{quote(match.key, safe='')}"
