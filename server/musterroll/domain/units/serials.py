"""Serials, makers and models as compared; unit ids.

A serial is a claim; the credential is the identity.
"""

import re
import secrets
import unicodedata
from base64 import b32encode
from functools import lru_cache

from musterroll_wire.placeholders import is_placeholder

from musterroll.domain.values.errors import DomainError

SEPARATORS = "-./_:"
UID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: unambiguous when read aloud and typed

_INVISIBLE = re.compile("[\\s\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]+")
_LONGEST = 64
_KEY = re.compile(rf"[A-Z0-9]{{1,{_LONGEST}}}")
_LEGAL_FORM = re.compile(
    r"[\s,]+(inc|incorporated|corp|corporation|co|company|ltd|limited|llc|gmbh|ag|bv|b\.v|nv|sa|s\.a|plc|computer|computers)\.?$"
)


class BadSerial(DomainError):
    code = "bad_serial"


def serial_key(serial: str, separators: str = SEPARATORS) -> str:
    """The key a serial is compared by: NFKC, no white space or zero-width characters, ASCII upper case, no `separators`.

    Leading zeros stay. Raises BadSerial for a placeholder and for anything but `[A-Z0-9]` that is left.

    >>> serial_key(" tn5520-qdm mrtsk "), serial_key("00017")
    ('TN5520QDMMRTSK', '00017')
    """
    key = serial.upper() if serial.isascii() and serial.isalnum() else _compared(serial, separators)
    if not _KEY.fullmatch(key) or is_placeholder(key):
        raise BadSerial(_why_bad(serial, key))
    return key


def _compared(serial: str, separators: str) -> str:
    text = _INVISIBLE.sub("", serial if serial.isascii() else unicodedata.normalize("NFKC", serial))
    key = text.upper() if text.isascii() else "".join(c.upper() if c.isascii() else c for c in text)
    return key.translate(dict.fromkeys(map(ord, separators))) if not key.isalnum() else key


def _why_bad(serial: str, key: str) -> str:
    if not key:
        return f"the serial {serial[:80]!r} has no letters or digits"
    if len(key) > _LONGEST:
        return f"too long for a serial ({len(key)} characters; the limit is {_LONGEST})"
    if any(c.isalnum() for c in key) and is_placeholder(key):
        return f"the serial {serial[:80]!r} is a placeholder shared by many units; use the one on the label"
    return f"the serial {serial[:80]!r} contains characters other than letters and digits"


@lru_cache(4096)  # few makers and models, looked up all day
def name_key(name: str) -> str:
    """The key a maker, family or model is compared by: without case, spacing, punctuation and legal form.

    >>> name_key("Dell Inc."), name_key("DELL"), name_key("HGST  HMS5C4040BLE640")
    ('dell', 'dell', 'hgsthms5c4040ble640')
    """
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = _LEGAL_FORM.sub("", text) or text
    return "".join(c for c in text if c.isalnum())


def twin_key(key: str) -> str:
    """The key that easily confused serials share: without leading zeros, O as 0, I as 1.

    For suggestions to a person, never for identity.

    >>> twin_key("0OI7") == twin_key("017")
    True
    """
    return key.replace("O", "0").replace("I", "1").lstrip("0")


_PAIRS = [first + second for second in UID_ALPHABET for first in UID_ALPHABET]  # ten bits as two characters
_OF_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", UID_ALPHABET)
_ENDING = 8  # characters, of five bytes


def new_uid() -> str:
    """A new unit id for topics and URLs: 50 random bits in 10 characters."""
    return new_uids(1)[0]


def new_uids(count: int) -> list[str]:
    """New unit ids, all different, sorted. Those drawn together begin alike: so they lie together in the index, which spares its pages."""
    beginning, uids = _PAIRS[secrets.randbelow(len(_PAIRS))], set[str]()
    while len(uids) < count:
        uids.update(_ending_at_random(beginning, count - len(uids)))
    return sorted(uids)


def _ending_at_random(beginning: str, count: int) -> list[str]:
    text = b32encode(secrets.token_bytes(count * _ENDING * 5 // 8)).decode().translate(_OF_BASE32)
    return [beginning + text[at : at + _ENDING] for at in range(0, len(text), _ENDING)]
