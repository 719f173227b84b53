"""Labels to print: a QR code of a unit's short address, its serial in plain text, its product. On sheets or one by one."""

import re
from datetime import datetime
from typing import NamedTuple

import segno
from flask import Blueprint, request
from markupsafe import Markup
from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet.pages import FleetFilter, fleet
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.http.context import clock, context, needs, page, read_only
from musterroll.web.pages.fleet import address

pages = Blueprint("labels", __name__)

MOST = 65  # labels at a time, on whole sheets: drawing one code takes 2 ms
_LONGEST = 20_000  # characters of a pasted list


class Size(NamedTuple):
    """A label, and how many of them are on one sheet. The measures themselves are in labels.css, by the key."""

    name: str
    on_sheet: int


SIZES = {
    "a4-21": Size("A4, 21 labels of 63.5 by 38.1 mm (L7160)", 21),
    "a4-14": Size("A4, 14 labels of 99.1 by 38.1 mm (L7163)", 14),
    "a4-65": Size("A4, 65 labels of 38.1 by 21.2 mm (L7651)", 65),
    "letter-30": Size("Letter, 30 labels of 2⅝ by 1 in (5160)", 30),
    "one-62": Size("Label printer, 62 by 29 mm", 1),
    "one-57": Size("Label printer, 57 by 32 mm", 1),
}


class Label(NamedTuple):
    card: UnitCard
    link: str
    picture: Markup


class Found(NamedTuple):
    """Units to print labels of, sentences about what could not be found, and the address of the rest of a long list."""

    cards: list[UnitCard]
    missing: list[str]
    rest: str | None = None


@pages.get("/labels")
def from_list() -> str:
    """Labels of the units named in the address, or of those a filter of the fleet holds; without either, the form alone."""
    return _labels()


@pages.post("/labels")
@needs(Role.VIEWER)
def from_form() -> str:
    """The same for a pasted list, which may be longer than an address."""
    return _labels()


def public_address() -> str:
    """Where people reach this registry, without a slash at the end."""
    return (context().settings.public_url or request.host_url).rstrip("/")


def _labels() -> str:
    now, asked = clock(), request.values
    pasted, wanted = asked.get("units", "").replace("\0", "")[:_LONGEST], filter_words.read(request.args)
    named = filter_words.words(wanted)
    size = asked["size"] if asked.get("size") in SIZES else next(iter(SIZES))
    on_sheet = SIZES[size].on_sheet
    skipped = _skipped(asked.get("skip", ""), on_sheet)
    most = MOST // on_sheet * on_sheet - skipped
    with read_only() as session:
        if pasted.strip():
            found = _named(session, pasted, most, now)
        else:
            found = _filtered(session, wanted, asked.get("after") or None, most, now) if named else Found([], [])
    labels = [_label(card) for card in found.cards]
    sheets = _sheets(labels, on_sheet, skipped)
    return page("labels.html", now, sizes=SIZES, size=size, skipped=skipped, pasted=pasted, named=named, found=found, sheets=sheets)


def _filtered(session: Session, wanted: FleetFilter, after: str | None, most: int, now: datetime) -> Found:
    roll = fleet(session, wanted, after, most, now)
    return Found(roll.cards, [], address(wanted, roll.next).replace("/fleet", "/labels", 1) if roll.next else None)


def _named(session: Session, pasted: str, most: int, now: datetime) -> Found:
    """The units of a pasted list, one serial, id or link a line, each once; the first `most` of them."""
    codes = list(dict.fromkeys(code.strip() for code in re.split(r"[\r\n,;\t]+", pasted) if code.strip()))
    cards: dict[str, UnitCard] = {}
    missing = [f"Showing the first {most} of {len(codes)}. Print these, then paste the rest."] if len(codes) > most else []
    for code in codes[:most]:
        looked = look_up(session, code, now, suggest=False)
        cards.update((card.uid, card) for card in looked.units)
        if not looked.units:
            missing.append(f"{code[:80]}: {looked.problem}.")
        elif len(looked.units) > 1:
            missing.append(f"{code[:80]}: {len(looked.units)} units share this serial; each has a label.")
    return Found(list(cards.values()), missing)


def _label(card: UnitCard) -> Label:
    link = f"{public_address()}/u/{card.uid}"
    return Label(card, link, qr(link))


def qr(text: str) -> Markup:
    """A QR code as inline SVG, black on nothing, with its quiet zone. One mask for all: trying eight takes six times as long."""
    code = segno.make(text, error="m", micro=False, mask=3)
    side, rows = code.symbol_size(border=4)[0], []
    for y, row in enumerate(code.matrix, 4):
        runs = re.finditer(b"\x01+", bytes(row))
        rows += [f"M{run.start() + 4} {y}h{run.end() - run.start()}v1h-{run.end() - run.start()}z" for run in runs]
    path = "".join(rows)
    return Markup(f'<svg viewBox="0 0 {side} {side}" role="img" aria-label="QR code"><path d="{path}"/></svg>')  # noqa: S704  digits only


def _sheets(labels: list[Label], on_sheet: int, skipped: int) -> list[list[Label | None]]:
    """Labels by sheet; None where one was peeled off before."""
    places: list[Label | None] = [*[None] * skipped, *labels] if labels else []
    return [places[start : start + on_sheet] for start in range(0, len(places), on_sheet)]


def _skipped(said: str, on_sheet: int) -> int:
    return min(int(said), on_sheet - 1) if said.isascii() and said.isdigit() and len(said) < 4 else 0
