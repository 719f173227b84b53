"""What a unit is: a device, or something without hardware such as a seat. All units of a product are of its kind.

To add a kind: an entry of `UnitKind`, its words in `web.wording.kinds`, and the words of documents in `readers.kinds`.
"""

import re
import unicodedata
from enum import StrEnum

from musterroll_wire.placeholders import is_placeholder

from musterroll.domain.units.serials import BadSerial, serial_key

LONGEST = 64
_ALLOWED = re.compile(r"[A-Z0-9][A-Z0-9@._+\-/:#=&']*")
_SPACE = re.compile("[\\s\u00ad\u180e\u200b-\u200f\u2028-\u202f\u2060-\u2064\ufeff]+")


class UnitKind(StrEnum):
    hardware: bool  # whether it has a warranty, a label, visits and spare parts
    shared_names: bool  # whether words that many have, such as `test`, name one

    # The defaults are for mypy, which reads UnitKind("seat") as a call of this.
    def __new__(cls, value: str, hardware: bool = False, shared_names: bool = False) -> "UnitKind":
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.hardware, kind.shared_names = hardware, shared_names
        return kind

    DEVICE = "device", True
    SEAT = "seat"
    WORKSPACE = "workspace", False, True
    ENVIRONMENT = "environment", False, True
    NODE = "node"


def identifier_key(identifier: str, kind: UnitKind) -> str:
    """The key that the identifier of a unit is compared by. Of a device it is a serial; of any other kind its signs count.

    Raises BadSerial.

    >>> identifier_key("web-1.12", UnitKind.DEVICE), identifier_key("web-1.12", UnitKind.NODE)
    ('WEB112', 'WEB-1.12')
    >>> identifier_key(" Alice@acme.example", UnitKind.SEAT)
    'ALICE@ACME.EXAMPLE'
    """
    if kind is UnitKind.DEVICE:
        return serial_key(identifier)
    key = _SPACE.sub("", unicodedata.normalize("NFKC", identifier)).upper()
    if len(key) > LONGEST:
        raise BadSerial(f"too long to identify a {kind} ({len(key)} characters; the limit is {LONGEST})")
    if not _ALLOWED.fullmatch(key):
        signs = "may have letters without accents, digits and @ . _ + - / : # = & '"
        raise BadSerial(f"{identifier[:80]!r} does not identify a {kind}: it {signs}, and begins with a letter or digit")
    if not kind.shared_names and is_placeholder(key):
        raise BadSerial(f"{identifier[:80]!r} is a placeholder; give what identifies this {kind}")
    return key


def possible_keys(identifier: str) -> list[str]:
    """The keys of an identifier whose kind is not known: that of a device first. Empty: it identifies nothing.

    >>> possible_keys("web-1"), possible_keys("alice@acme.example"), possible_keys("?")
    (['WEB1', 'WEB-1'], ['ALICE@ACME.EXAMPLE'], [])
    """
    keys: list[str] = []
    for kind in (UnitKind.DEVICE, UnitKind.WORKSPACE):  # all kinds but the device have the same keys
        try:
            keys.append(identifier_key(identifier, kind))
        except BadSerial:
            continue
    return list(dict.fromkeys(keys))


def has_key(identifier: str, key: str) -> bool:
    """Whether an identifier as written has this key; False for one that is refused today, though an older version took it.

    >>> has_key("tn-5520", "TN5520"), has_key("Default string", "TN5520")
    (True, False)
    """
    return key in possible_keys(identifier)


def likely_key(identifier: str) -> str:
    """The key of an identifier whose kind is not known yet. Raises BadSerial, as for a device, where it is of no kind."""
    return likely_identity(identifier)[0]


def likely_identity(identifier: str) -> tuple[str, UnitKind]:
    """The key of an identifier whose kind is not known yet, and a kind that it is the key for, as `likely_key`.

    >>> likely_identity("tn-5520"), likely_identity("alice@acme.example")
    (('TN5520', <UnitKind.DEVICE: 'device'>), ('ALICE@ACME.EXAMPLE', <UnitKind.SEAT: 'seat'>))
    """
    try:
        return serial_key(identifier), UnitKind.DEVICE
    except BadSerial as wrong:
        try:
            return identifier_key(identifier, UnitKind.SEAT), UnitKind.SEAT
        except BadSerial:
            raise wrong from None
