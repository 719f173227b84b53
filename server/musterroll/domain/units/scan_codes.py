"""Reads a scanned or typed code: a serial, a GS1 element string or Digital Link, or a link on our own labels.

A code is never guessed: if a text can be read in two ways, both serials are returned; typing errors are suggestions only.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from musterroll.domain.units.serials import BadSerial, serial_key, twin_key

MAX_LENGTH = 400  # characters of a code

_GS = "\x1d"  # how scanners send FNC1, the separator in GS1 element strings
_WRITTEN_GS = re.compile(r"<GS>|\{GS\}|\u241d", re.IGNORECASE)
_SYMBOLOGY = re.compile(r"\]([A-Za-z])([0-9A-Za-z])")  # ISO/IEC 15424: the prefix of scanners that send it
_GS1_SYMBOLS = frozenset(("C1", "D2", "E0", "Q3", "J1"))
_OWN_LINK = re.compile(r"(?:https?://\S+?)?/(?:u|units)/([A-Za-z0-9_-]{1,64})(?:[/?#]\S*)?", re.IGNORECASE)
_UID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GTIN_THEN_MORE = re.compile(r"01(\d{14})")
_BRACKETED = re.compile(r"\((\d{2,4})\)([^(]*)")
_DIGITAL_LINK = re.compile(r"/01/(\d{8}|\d{12,14})((?:/\d{2,4}/[^/]+)*)/?$")
_LABELLED_SERIAL = re.compile(r"(?:s/?n|serial(?:[ -]?(?:no|nr|number))?\.?)\s*[:#=]\s*(.+)", re.IGNORECASE | re.DOTALL)
_SERIAL_PARAMETERS = frozenset(("sn", "serial", "serialno", "serialnumber", "serial_number"))
# Data lengths of application identifiers that need no separator after them, by first two digits (GS1 General Specifications, 7.8.5).
_FIXED = {"00": 18, "01": 14, "02": 14, "03": 14, "04": 16, "20": 2, "41": 13}
_FIXED |= {str(n): 6 for n in (*range(11, 20), *range(31, 37))}
_LENGTHS_OF_AI = {2: ("0", "1", "20", "21", "22", "30", "37", "9"), 3: ("23", "24", "25", "40", "41", "42")}


class ScannedCode(NamedTuple):
    """A unit's `uid`, or `serials`: all readings of the code, the literal one first. `problem` is the reason if there is neither."""

    uid: str | None = None
    serials: tuple[str, ...] = ()
    problem: str | None = None


def read_code(text: str) -> ScannedCode:
    """The unit or serials in a typed or scanned text.

    >>> read_code("]d2010950600013435221K400-MVX7\\x1d10A1").serials, read_code("(01)09506000134352(21)K400").serials
    (('K400-MVX7',), ('K400',))
    >>> read_code("https://id.gs1.org/01/09506000134352/21/K400%2F7?x=1").serials, read_code("HTTPS://REGISTRY.EXAMPLE/U/K3").uid
    (('K400/7',), 'K3')
    """
    text = _WRITTEN_GS.sub(_GS, text.strip())
    if not text:
        return ScannedCode(problem="enter or scan a serial, a unit ID or a unit link")
    if len(text) > MAX_LENGTH:
        return ScannedCode(problem=f"too long ({len(text)} characters; the limit is {MAX_LENGTH})")
    symbol = _SYMBOLOGY.match(text)
    body = text[symbol.end() :] if symbol else text
    is_gs1 = (symbol is not None and (symbol[1] + symbol[2]).upper() in _GS1_SYMBOLS) or _GS in body
    if is_gs1 or body.startswith("("):
        return _gs1(body)
    own_link = _OWN_LINK.fullmatch(body)
    if own_link:
        return ScannedCode(uid=own_link[1])
    if re.match(r"https?://", body, re.IGNORECASE):
        return _link(body)
    return ScannedCode(serials=_plain(body))


def possible_uids(text: str) -> set[str]:
    """The unit ids a text may be: as written, and in lower case as ours are."""
    text = text.strip()
    return {text, text.lower()} if _UID.fullmatch(text) else set()


def _plain(body: str) -> tuple[str, ...]:
    """The text itself as a serial; also what follows `S/N:`, or the serial in an element string that lost its separators."""
    labelled = _LABELLED_SERIAL.fullmatch(body)
    serials = [body, labelled[1].strip()] if labelled else [body]
    gtin = _GTIN_THEN_MORE.match(body)
    if gtin and _valid_check_digit(gtin[1]):
        serial = _elements(body).get("21")
        serials += [serial] if serial else []
    return tuple(serials)


def _gs1(body: str) -> ScannedCode:
    body = body.strip(_GS)
    elements = dict(_BRACKETED.findall(body)) if body.startswith("(") else _elements(body)
    serial = elements.get("21", "").strip()
    if not serial:
        return ScannedCode(problem="this GS1 code has no serial (21), only an article number; scan the other code")
    return ScannedCode(serials=(serial,))


def _elements(text: str) -> dict[str, str]:
    """The elements of a GS1 element string by application identifier, up to the first that cannot be recognised.

    Values are not validated: a wrong expiry date on a label must not hide the serial beside it.

    >>> _elements("01095060001343521725123121ABC\\x1d10LOT")
    {'01': '09506000134352', '17': '251231', '21': 'ABC', '10': 'LOT'}
    """
    elements: dict[str, str] = {}
    rest = text
    while len(rest) > 2 and rest[:2].isascii() and rest[:2].isdigit():
        width = next((n for n, starts in _LENGTHS_OF_AI.items() if rest.startswith(starts)), 4)
        length = _FIXED.get(rest[:2])
        end = rest.find(_GS) if length is None else width + length
        end = len(rest) if end < 0 else end
        elements[rest[:width]] = rest[width:end]
        rest = rest[end:].lstrip(_GS)
    return elements


def is_article(key: str) -> bool:
    """Whether a key looks like an article number (EAN, UPC): length and check digit match. That is a product, not a unit.

    >>> is_article("4006381333931"), is_article("4006381333930")
    (True, False)
    """
    return len(key) in (8, 12, 13, 14) and key.isdigit() and _valid_check_digit(key.zfill(14))


def _valid_check_digit(gtin: str) -> bool:
    """Whether the last of 14 digits is their check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3, 1)[n % 2] for n, digit in enumerate(gtin[:13]))
    return (10 - total % 10) % 10 == int(gtin[13])


def _link(body: str) -> ScannedCode:
    """A GS1 Digital Link, or a maker's link with the serial in a query parameter."""
    try:
        parts = urlsplit(body)
    except ValueError:
        return ScannedCode(problem="this link cannot be read; type the serial")
    digital_link = _DIGITAL_LINK.search(parts.path)
    steps = digital_link[2].split("/")[1:] if digital_link else []
    serial = unquote(dict(zip(steps[::2], steps[1::2], strict=True)).get("21", "")).strip()
    named = (value.strip() for name, value in parse_qsl(parts.query) if name.casefold() in _SERIAL_PARAMETERS)
    serial = serial or next((value for value in named if value), "")
    if not serial:
        return ScannedCode(problem=f"the link to {parts.hostname or 'nowhere'} contains no serial; type it instead")
    return ScannedCode(serials=(serial,))


# Characters typed by a scanner that is set to another keyboard layout than the computer, and the intended ones.
_FRENCH = str.maketrans("&é\"'(-è_çà" + "aqzwAQZW,?", "1234567890" + "qawzQAWZMM")
_GERMAN = str.maketrans("yzYZß", "zyZY-")
_MAX_EDITED = 32  # longer keys are scanned, not typed


def typing_errors(text: str) -> set[str]:
    """Twin keys of serials that a text may be a typing error of: other keyboard layout, data identifier in front, one character off.

    Suggestions for a person, never a match.

    >>> "K400" in typing_errors("SK400"), twin_key("K4OO") in typing_errors("K'àà")
    (True, True)
    >>> twin_key("YZ1") in typing_errors("ZY1"), twin_key("AB12") in typing_errors("AB21")
    (True, True)
    """
    intended = {key for written in (text.translate(_FRENCH), text.translate(_GERMAN)) for key in _key(written)}
    for key in _key(text):
        intended |= {key[1:]} if key[0] == "S" and len(key) > 3 else set()
        if len(key) <= _MAX_EDITED:
            intended |= _one_edit_away(twin_key(key))
    return {twin_key(key) for key in intended if key} - {twin_key(key) for key in _key(text)}


_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # the alphabet of twin keys: no O, no I


def _one_edit_away(key: str) -> set[str]:
    """Every key with one character added, removed or replaced, or with two neighbours swapped."""
    cuts = [(key[:n], key[n:]) for n in range(len(key) + 1)]
    fewer = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    other = {a + c + b[1:] for a, b in cuts if b for c in _LETTERS}
    more = {a + c + b for a, b in cuts for c in _LETTERS}
    return fewer | swapped | other | more


def _key(text: str) -> list[str]:
    try:
        return [serial_key(text)]
    except BadSerial:
        return []
