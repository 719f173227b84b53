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
    heard, ms = hearing(session), to_ms(now)
    link = _LINK.search(code)
    if link:
        found = [unit_card_of(row, heard, ms) for row in units.by_uids(session, [link[1]])]
        return LookUp("", found, [], None if found else f"no unit has the id {link[1]}, which this link names")
    uids = {code, code.lower()} if _UID.fullmatch(code) else set()
    try:
        key = serial_key(code)
    except BadSerial as no:
        by_id = [unit_card_of(row, heard, ms) for row in units.by_uids(session, uids)] if uids else []
        return LookUp("", by_id, [], None if by_id else str(no))
    rows = units.by_code(session, uids, twin_key(key), key, 2 * MOST)
    exact = [unit_card_of(row, heard, ms) for row in rows if row.uid in uids or row.serial_key == key]
    twins = [unit_card_of(row, heard, ms) for row in rows if row.uid not in uids and row.serial_key != key]
    return LookUp(key, exact[:MOST], twins[:MOST], None if exact else f"no unit on the roll has the serial {key}")


def unit_card(session: Session, uid: str, now: datetime) -> UnitCard:
    """The card of one unit. Raises NotFound."""
    found = units.by_uids(session, [uid]) if _UID.fullmatch(uid) else []
    if not found:
        raise NotFound(f"no unit has the id {uid[:64]!r}")
    return unit_card_of(found[0], hearing(session), to_ms(now))
