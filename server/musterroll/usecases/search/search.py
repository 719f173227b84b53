"""Finds everything that has a page by what people know of it: a number, a name, an address on a label."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.domain.units.mac_addresses import mac_key
from musterroll.domain.units.serials import BadSerial, serial_key
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.fleet import pages as fleet_pages
from musterroll.storage.liveness.states import hearing
from musterroll.storage.search import records
from musterroll.storage.search.records import Match
from musterroll.storage.units import unit_card as unit_cards
from musterroll.usecases.search import hits
from musterroll.usecases.search.hits import Group, Hit, Kind
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard, unit_card_of

SHOWN, LONGEST = 6, 400  # hits of a kind; characters of a text
_RECORDS: dict[Kind, Callable[[Session, str, int], list[Match]]] = {
    Kind.ACCOUNT: records.accounts,
    Kind.SITE: records.sites,
    Kind.CONTRACT: records.contracts,
    Kind.INCIDENT: records.incidents,
    Kind.PRODUCT: records.products,
    Kind.CONTACT: records.contacts,
    Kind.USER: records.users,
}


def search(
    session: Session, text: str, now: datetime, role: Role, *, only: Collection[Kind] = tuple(Kind), most: int = SHOWN
) -> list[Group]:
    """What a text matches, by kind; kinds without a hit, and those that the role may not see, are left out."""
    wanted = " ".join(text.replace("\0", " ").split())[:LONGEST]
    if not wanted:
        return []
    groups = [_group(session, kind, wanted, now, role, most) for kind in hits.kinds(role, limited(session)) if kind in only]
    return [group for group in groups if group.hits]


def _group(session: Session, kind: Kind, text: str, now: datetime, role: Role, most: int) -> Group:
    if kind is Kind.UNIT:
        matches = _units(session, text, now, most + 1)
    else:
        matches = [hits.hit(kind, match, text, role) for match in _RECORDS[kind](session, text, most + 1)]
    return Group(kind, matches[:most], len(matches) > most)


def _units(session: Session, text: str, now: datetime, limit: int) -> list[Hit]:
    """Units that the text names, then those whose serial begins with it, then those that are easily confused with it."""
    answer = look_up(session, text, now, suggest=False)
    named = [hits.of_unit(card, _mark(card, text), True) for card in answer.units]
    mac = mac_key(text)
    named += (
        [hits.of_unit(card, "MAC address", True) for card in _cards(session, unit_cards.by_mac(session, mac, limit), now)] if mac else []
    )
    named += [hits.of_unit(card, "serial", False) for card in _begun(session, text, now, limit)]
    named += [hits.of_unit(card, "similar serial", False) for card in answer.twins]
    first: dict[str, Hit] = {}
    for hit in named:
        first.setdefault(hit.key, hit)
    return list(first.values())[:limit]


def _begun(session: Session, text: str, now: datetime, limit: int) -> list[UnitCard]:
    try:
        begins = fleet_pages.serial_begins(serial_key(text))
    except BadSerial:
        return []
    return _cards(session, fleet_pages.page(session, [], [begins], None, limit), now)


def _cards(session: Session, rows: Iterable[Row[Any]], now: datetime) -> list[UnitCard]:
    heard = hearing(session)
    return [unit_card_of(row, heard, to_ms(now)) for row in rows]


def _mark(card: UnitCard, text: str) -> str:
    """Which of its names a unit is known by here."""
    marks = {"asset tag": card.asset_tag, "host name": card.hostname, "unit ID": card.uid}
    return next((mark for mark, value in marks.items() if value and value.lower() == text.lower()), "serial")
