"""Finding units by what a person has in hand: a serial, a unit id or our own link. Never a guess."""

import re
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.errors import NotFound
from musterroll.domain.identity import BadSerial, serial_key, twin_key
from musterroll.domain.instants import to_ms
from musterroll.registry.unit_cards import UnitCard, unit_card_of
from musterroll.storage import units
from musterroll.storage.liveness import hearing

MOST = 50  # units shown for one serial, and twins
LONGEST = 400  # characters of a code

_LINK = re.compile(r"/units/([A-Za-z0-9_-]{1,64})(?:[/?#]\S*)?$")
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class LookUp(NamedTuple):
    """What a code means. `units` are exact (one serial may be several makers'), `twins` are only suggestions."""

    key: str  # the serial as compared; empty where the code was a unit id or a link
    units: list[UnitCard]
    twins: list[UnitCard]
    problem: str | None  # why nothing could be looked up, or that nothing was found, in a sentence


def look_up(session: Session, code: str, now: datetime) -> LookUp:
    """Units by serial in any case with separators and spaces, by unit id, or by a link that ends in /units/<unit id>."""
    code = code.strip()
    if not code:
        return LookUp("", [], [], "type or scan a serial, a unit id or a unit's link")
    if len(code) > LONGEST:
        return LookUp("", [], [], f"the code has {len(code)} characters; a serial, a unit id or a link has at most {LONGEST}")
    link = _LINK.search(code)
    if link:
        return _by_uid(session, link[1], now) or LookUp("", [], [], f"no unit has the id {link[1]}, which this link names")
    return _by_serial(session, code, now)


def unit_card(session: Session, uid: str, now: datetime) -> UnitCard:
    """The card of one unit. Raises NotFound."""
    found = _by_uid(session, uid, now)
    if found is None:
        raise NotFound(f"no unit has the id {uid[:64]!r}")
    return found.units[0]


def _by_uid(session: Session, uid: str, now: datetime) -> LookUp | None:
    row = units.by_uid(session, uid) if _UID.fullmatch(uid) else None
    if row is None:
        return None
    return LookUp("", [unit_card_of(row, hearing(session), to_ms(now))], [], None)


def _by_serial(session: Session, code: str, now: datetime) -> LookUp:
    by_id = _by_uid(session, code, now) or _by_uid(session, code.lower(), now)
    try:
        key = serial_key(code)
    except BadSerial as no:
        return by_id or LookUp("", [], [], str(no))
    heard, ms = hearing(session), to_ms(now)
    exact = [unit_card_of(row, heard, ms) for row in units.by_serial_key(session, key, MOST)]
    if by_id:
        exact = by_id.units + [card for card in exact if card.uid != by_id.units[0].uid]
    twins = [unit_card_of(row, heard, ms) for row in units.by_twin_key(session, twin_key(key), key, MOST)]
    return LookUp(key, exact, twins, None if exact else f"no unit on the roll has the serial {key}")
