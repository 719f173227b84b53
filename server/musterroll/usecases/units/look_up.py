"""Finding units by what a person has in hand: a serial, a unit id, a GS1 code or our own link. Never a guess."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.units import scan_codes
from musterroll.domain.units.serials import BadSerial, serial_key, twin_key
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness.states import hearing
from musterroll.storage.units import queries as unit_queries
from musterroll.usecases.units.unit_card import UnitCard, unit_card_of

MOST = 50  # units shown for one serial, and twins
NEAR = 8  # units shown that are one slip away; where there are more, none: it would be guessing


class LookUp(NamedTuple):
    """What a code means. `units` are exact (one serial may be several makers'), `twins` and `near` are only suggestions."""

    key: str  # the serial as compared; empty where the code was a unit id or a link
    units: list[UnitCard]
    twins: list[UnitCard]  # zeros, O and 0, I and 1
    problem: str | None  # why nothing could be looked up, or that nothing was found, in a sentence
    near: list[UnitCard] = []  # where nothing else was found: one character off, or as another keyboard types it
    crowded: bool = False  # more than `NEAR` are that near


def look_up(session: Session, code: str, now: datetime, suggest: bool = True) -> LookUp:
    """Units by serial in any case with separators and spaces, by unit id, by GS1 code, or by a link of our own.

    Without `suggest`, `near` stays empty.
    """
    read = scan_codes.read_code(code)
    if read.problem:
        return LookUp("", [], [], read.problem)
    if read.uid:
        named = _cards(session, unit_queries.by_uids(session, {read.uid, read.uid.lower()}), now)
        return LookUp("", named, [], None if named else f"no unit has the id {read.uid} from this link")
    uids = scan_codes.possible_uids(code)
    try:
        keys = [serial_key(serial) for serial in read.serials]
    except BadSerial as error:
        by_id = LookUp("", _cards(session, unit_queries.by_uids(session, uids), now) if uids else [], [], None)
        if by_id.units:
            return by_id
        missing = by_id._replace(problem=str(error))
        return _nearly(session, missing, [code], now) if suggest else missing
    rows = unit_queries.by_code(session, uids, [twin_key(key) for key in keys], keys, 2 * MOST)
    judged = list(zip(rows, _cards(session, rows, now), strict=True))
    exact = [card for row, card in judged if row.uid in uids or row.serial_key in keys]
    twins = [card for row, card in judged if row.uid not in uids and row.serial_key not in keys]
    answer = LookUp(keys[-1], exact[:MOST], twins[:MOST], None if exact else _nothing(keys[-1]))
    return _nearly(session, answer, read.serials, now) if suggest and not rows else answer


def unit_card(session: Session, uid: str, now: datetime) -> UnitCard:
    """The card of one unit. Raises NotFound."""
    rows = unit_queries.by_uids(session, [uid]) if scan_codes.possible_uids(uid) else []
    if not rows:
        raise NotFound(f"no unit has the id {uid[:64]!r}")
    return unit_card_of(rows[0], hearing(session), to_ms(now))


def _nearly(session: Session, answer: LookUp, texts: Iterable[str], now: datetime) -> LookUp:
    """What was found, with the units one slip away where they are few."""
    slips = {twin for text in texts for twin in scan_codes.typing_errors(text)}
    rows = unit_queries.by_twins(session, slips, NEAR + 1)
    crowded = len(rows) > NEAR
    return answer._replace(near=[] if crowded else _cards(session, rows, now), crowded=crowded)


def _nothing(key: str) -> str:
    article = "; it looks like the article number (EAN or UPC) of a product; scan the serial instead" if scan_codes.is_article(key) else ""
    return f"no registered unit has the serial {key}{article}"


def _cards(session: Session, rows: Iterable[Row[Any]], now: datetime) -> list[UnitCard]:
    heard, ms = hearing(session), to_ms(now)
    return [unit_card_of(row, heard, ms) for row in rows]
