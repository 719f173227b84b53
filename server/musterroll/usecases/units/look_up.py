"""Looks up units by serial, unit id, GS1 code or our own link. Never guesses."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.units import scan_codes
from musterroll.domain.units.kinds import possible_keys
from musterroll.domain.units.serials import BadSerial, serial_key, twin_key
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness.states import hearing
from musterroll.storage.units import unit_card as unit_cards
from musterroll.usecases.units.unit_card import UnitCard, unit_card_of

MOST = 50  # units shown for one serial, and twins
NEAR = 8  # suggestions one typing error away; if there are more, none are shown, as it would be guessing


class LookUp(NamedTuple):
    """The result of a look-up. `units` match exactly (several makers may use a serial); `twins` and `near` are suggestions."""

    key: str  # the serial as compared; empty for a unit id or a link
    units: list[UnitCard]
    twins: list[UnitCard]  # zeros, O and 0, I and 1
    problem: str | None  # why there is no result, as a sentence
    near: list[UnitCard] = []  # without any other result: one character off, or another keyboard layout
    crowded: bool = False  # more than `NEAR` units are that close


def look_up(session: Session, code: str, now: datetime, suggest: bool = True) -> LookUp:
    """Units by serial (in any case, with separators and spaces), unit id, asset tag, hostname, GS1 code or our own link.

    Without `suggest`, `near` stays empty.
    """
    read = scan_codes.read_code(code)
    if read.problem:
        return LookUp("", [], [], read.problem)
    if read.uid:
        cards = _cards(session, unit_cards.by_uids(session, {read.uid, read.uid.lower()}), now)
        return LookUp("", cards, [], None if cards else f"no unit has the ID {read.uid} from this link")
    uids = scan_codes.possible_uids(code)
    try:
        keys = [serial_key(serial) for serial in read.serials]
    except BadSerial as error:
        named = _named(session, read.serials) or (unit_cards.by_uids(session, uids) if uids else [])
        by_id = LookUp("", _cards(session, named or unit_cards.by_marks(session, code.strip(), MOST), now), [], None)
        if by_id.units:
            return by_id
        missing = by_id._replace(problem=str(error))
        return _with_near(session, missing, [code], now) if suggest else missing
    every = list(dict.fromkeys([*keys, *(key for serial in read.serials for key in possible_keys(serial))]))
    rows = unit_cards.by_code(session, uids, [twin_key(key) for key in every], every, 2 * MOST)
    pairs = list(zip(rows, _cards(session, rows, now), strict=True))
    exact = [card for row, card in pairs if row.uid in uids or row.serial_key in every]
    exact = exact or _cards(session, unit_cards.by_marks(session, code.strip(), MOST), now)
    twins = [card for row, card in pairs if row.uid not in uids and row.serial_key not in every]
    answer = LookUp(keys[-1], exact[:MOST], twins[:MOST], None if exact else _not_found(keys[-1]))
    return _with_near(session, answer, read.serials, now) if suggest and not rows and not exact else answer


def unit_card(session: Session, uid: str, now: datetime) -> UnitCard:
    """The card of one unit. Raises NotFound."""
    rows = unit_cards.by_uids(session, [uid]) if scan_codes.possible_uids(uid) else []
    if not rows:
        raise NotFound(f"no unit has the ID {uid[:64]!r}")
    return unit_card_of(rows[0], hearing(session), to_ms(now))


def _with_near(session: Session, answer: LookUp, texts: Iterable[str], now: datetime) -> LookUp:
    """The answer with units one typing error away, if they are few."""
    twins = {twin for text in texts for twin in scan_codes.typing_errors(text)}
    rows = unit_cards.by_twins(session, twins, NEAR + 1)
    crowded = len(rows) > NEAR
    return answer._replace(near=[] if crowded else _cards(session, rows, now), crowded=crowded)


def _named(session: Session, texts: Iterable[str]) -> list[Row[Any]]:
    """The units without hardware that one of these texts identifies; a device it cannot be."""
    keys = [key for text in texts for key in possible_keys(text)]
    rows = unit_cards.by_code(session, [], [twin_key(key) for key in keys], keys, MOST) if keys else []
    return [row for row in rows if row.serial_key in keys]


def _not_found(key: str) -> str:
    article = "; it looks like the article number (EAN or UPC) of a product; scan the serial instead" if scan_codes.is_article(key) else ""
    return f"no registered unit has the serial {key}{article}"


def _cards(session: Session, rows: Iterable[Row[Any]], now: datetime) -> list[UnitCard]:
    heard, ms = hearing(session), to_ms(now)
    return [unit_card_of(row, heard, ms) for row in rows]
