"""Labels to print: QR code of a unit's short address, serial, product; on sheets or for a label printer."""

import re
from datetime import datetime
from typing import NamedTuple

import segno
from flask import Blueprint, request
from markupsafe import Markup
from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.domain.contacts.customer_page import Part
from musterroll.usecases.contacts import customer_page
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet.pages import FleetFilter, fleet
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.http.context import clock, context, needs, page, read_only
from musterroll.web.pages.fleet import address

pages = Blueprint("labels", __name__)

MAX_LABELS = 65  # labels per page of whole sheets: each QR code takes 2 ms
_MAX_LENGTH = 20_000  # characters of a pasted list


class Size(NamedTuple):
    """A label size, and the number of labels per sheet. The dimensions are in labels.css, by the key."""

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
    """`says`: what is printed for people who do not scan it."""

    card: UnitCard
    says: str
    picture: Markup


class Selection(NamedTuple):
    """Units to print labels for, messages about codes not found, and the address of the rest of a long list."""

    cards: list[UnitCard]
    missing: list[str]
    rest: str | None = None


@pages.get("/labels")
def from_list() -> str:
    """Labels of the units in the query, or of a fleet filter; without either, only the form."""
    return _labels_page()


@pages.post("/labels")
@needs(Role.VIEWER)
def from_form() -> str:
    """The same for a pasted list, which may be too long for a query."""
    return _labels_page()


def public_address() -> str:
    """The registry's address for users, without a slash at the end."""
    return (context().settings.public_url or request.host_url).rstrip("/")


def _labels_page() -> str:
    now, params = clock(), request.values
    pasted, filters = params.get("units", "").replace("\0", "")[:_MAX_LENGTH], filter_words.read(request.args)
    named = filter_words.words(filters)
    size = params["size"] if params.get("size") in SIZES else next(iter(SIZES))
    on_sheet = SIZES[size].on_sheet
    skipped = _skipped(params.get("skip", ""), on_sheet)
    most = MAX_LABELS // on_sheet * on_sheet - skipped
    with read_only() as session:
        if pasted.strip():
            selection = _from_list(session, pasted, most, now)
        else:
            selection = _from_filters(session, filters, params.get("after") or None, most, now) if named else Selection([], [])
        selection = _with_hardware(selection)
        for_customers = _for_customers(session)
        chosen = for_customers and params.get("for") == "customers"
        paths = customer_page.paths(session, [card.uid for card in selection.cards]) if chosen else {}
    labels = [_customer_label(card, paths[card.uid]) if chosen else _label(card) for card in selection.cards]
    sheets = _sheets(labels, on_sheet, skipped)
    facts = {"sizes": SIZES, "size": size, "skipped": skipped, "pasted": pasted, "named": named, "selection": selection, "sheets": sheets}
    return page("labels.html", now, **facts, for_customers=for_customers, chosen=chosen)


def _for_customers(session: Session) -> bool:
    """Whether labels can carry the QR code of the customer's page: an admin allows it, and customers can reach the registry."""
    stored = customer_page.settings(session)
    return stored.is_on and Part.LABELS in stored.parts and context().settings.public_url is not None


def _from_filters(session: Session, filters: FleetFilter, after: str | None, most: int, now: datetime) -> Selection:
    units = fleet(session, filters, after, most, now)
    return Selection(units.cards, [], address(filters, units.next).replace("/fleet", "/labels", 1) if units.next else None)


def _from_list(session: Session, pasted: str, most: int, now: datetime) -> Selection:
    """The units of a pasted list (one serial, unit ID or link per line), each once; at most `most`."""
    codes = list(dict.fromkeys(code.strip() for code in re.split(r"[\r\n,;\t]+", pasted) if code.strip()))
    cards: dict[str, UnitCard] = {}
    missing = [f"Showing the first {most} of {len(codes)}. Print these, then paste the rest."] if len(codes) > most else []
    for code in codes[:most]:
        result = look_up(session, code, now, suggest=False)
        cards.update((card.uid, card) for card in result.units)
        if not result.units:
            missing.append(f"{code[:80]}: {result.problem}.")
        elif len(result.units) > 1:
            missing.append(f"{code[:80]}: {len(result.units)} units share this serial; each has a label.")
    return Selection(list(cards.values()), missing)


def _with_hardware(selection: Selection) -> Selection:
    """Without the units that no label can be put on."""
    cards = [card for card in selection.cards if card.kind.hardware]
    without = len(selection.cards) - len(cards)
    says = f"{without} unit{'' if without == 1 else 's'} without hardware (seats, nodes and the like) have no label."
    return selection._replace(cards=cards, missing=[*selection.missing, *([says] if without else [])])


def _label(card: UnitCard) -> Label:
    link = f"{public_address()}/u/{card.uid}"
    return Label(card, link.partition("://")[2], qr(link))


def _customer_label(card: UnitCard, path: str) -> Label:
    return Label(card, "Scan for help", qr(f"{public_address()}{path}"))


def qr(text: str) -> Markup:
    """A QR code as inline SVG with its quiet zone. Always the same mask: trying all eight takes six times as long."""
    code = segno.make(text, error="m", micro=False, mask=3)
    side, rows = code.symbol_size(border=4)[0], []
    for y, row in enumerate(code.matrix, 4):
        runs = re.finditer(b"\x01+", bytes(row))
        rows += [f"M{run.start() + 4} {y}h{run.end() - run.start()}v1h-{run.end() - run.start()}z" for run in runs]
    path = "".join(rows)
    return Markup(f'<svg viewBox="0 0 {side} {side}" role="img" aria-label="QR code"><path d="{path}"/></svg>')  # noqa: S704  digits only


def _sheets(labels: list[Label], on_sheet: int, skipped: int) -> list[list[Label | None]]:
    """Labels by sheet; None for labels already used."""
    places: list[Label | None] = [*[None] * skipped, *labels] if labels else []
    return [places[start : start + on_sheet] for start in range(0, len(places), on_sheet)]


def _skipped(text: str, on_sheet: int) -> int:
    return min(int(text), on_sheet - 1) if text.isascii() and text.isdigit() and len(text) < 4 else 0
