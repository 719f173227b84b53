"""Possible duplicates: how likely two records are the same, field by field, for a person to decide.

Weights are in bits, as Fellegi and Sunter add them up ("A Theory for Record Linkage", 1969): +1 doubles the odds that two records are
the same, -1 halves them. A match is proposed if the odds are at least even and two fields agree, as names alone give too many false
matches.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from musterroll_wire.placeholders import is_placeholder
from rapidfuzz import fuzz

PRIOR = -8.0  # bits: of the pairs compared, one in 256 is a match
LEAST = 0.5  # probability from which a match is proposed
UNIT_TWIN = "unit_twin"  # the kind of a proposal of two units
_HARDWARE = ("mac", "board_serial", "chassis_serial", "uuid", "product_uuid", "cpu_serial", "imei")
_SAME, _LIKE = 97, 80  # percent: the same but for a typing error; similar

_LEGAL = frozenset(
    (
        *("inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "llp", "plc"),
        *("gmbh", "mbh", "ag", "kg", "ohg", "bv", "nv", "vof", "sa", "sas", "sarl", "srl", "spa", "ab", "as", "oy", "aps"),
    )
)


class FieldMatch(NamedTuple):
    """A field of two records compared. `weight` in bits; 0 if either is empty."""

    name: str
    left: str
    right: str
    weight: float

    @property
    def agrees(self) -> bool:
        return self.weight > 0


class Match(NamedTuple):
    probability: float
    fields: tuple[FieldMatch, ...]


class AccountFacts(NamedTuple):
    """An account as compared. `words`, `domain`, `phone` and `postcode` are normalised, and empty if unknown."""

    id: int
    parent_id: int | None
    name: str
    words: str
    domain: str
    phone: str
    postcode: str
    country: str


class UnitFacts(NamedTuple):
    id: int
    serial: str
    serial_key: str
    maker: str
    model: str
    product_id: int
    account_id: int | None
    site_id: int | None
    recorded: bool  # named by documents
    reporting: bool  # it has reported or has a credential
    evidence: Mapping[str, object] = {}  # as its device reports it


class LineFacts(NamedTuple):
    """A contract line for a serial that no unit has."""

    id: int
    serial: str
    serial_key: str
    product_id: int | None
    account_id: int | None
    site_id: int | None


def match(fields: Iterable[FieldMatch]) -> Match | None:
    """The match these fields make; None if it is too unlikely to propose."""
    weighted = tuple(field for field in fields if field.weight)
    probability = 1 / (1 + 2.0 ** -(PRIOR + sum(field.weight for field in weighted)))
    return Match(probability, weighted) if probability >= LEAST and sum(field.agrees for field in weighted) >= 2 else None


def match_accounts(left: AccountFacts, right: AccountFacts) -> Match | None:
    """Compare two accounts. A parent and its subsidiary never match."""
    if left.parent_id == right.id or right.parent_id == left.id:
        return None
    return match(
        (
            FieldMatch("name", left.name, right.name, _name_weight(left.words, right.words)),
            _equal("domain", left.domain, right.domain, 7.0, -3.0),
            _equal("phone", left.phone, right.phone, 7.0, -1.5),
            _equal("postcode", left.postcode, right.postcode, 4.0, -2.5),
            _equal("country", left.country, right.country, 0.0, -2.0),
        )
    )


def match_units(left: UnitFacts, right: UnitFacts) -> Match | None:
    """Compare two units whose serials are the same or easily confused."""
    shared = same_hardware(left.evidence, right.evidence) if left.serial_key == right.serial_key else {}
    return match(
        (
            _serial(left.serial, left.serial_key, right.serial, right.serial_key),
            FieldMatch("maker", left.maker, right.maker, _alike(left.maker, right.maker, 3.0, 2.0, -4.0)),
            FieldMatch("model", left.model, right.model, _alike(left.model, right.model, 4.0, 2.0, -4.0)),
            _known("account", left.account_id, right.account_id, 3.0, -3.0),
            _known("site", left.site_id, right.site_id, 1.0, -1.0),
            FieldMatch("hardware", _listed(shared), _listed(shared), 14.0 if shared else 0.0),
            FieldMatch("known by", _known_by(left), _known_by(right), 0.0 if shared else _known_by_weight(left, right)),
        )
    )


def match_hosts(left: UnitFacts, right: UnitFacts, host: str) -> Match | None:
    """Compare two units with one hostname, one of which has no serial number."""
    if left.product_id != right.product_id:
        return None
    return match(
        (
            FieldMatch("hostname", host, host, 8.0),
            FieldMatch("model", left.model, right.model, 4.0),
            _known("account", left.account_id, right.account_id, 3.0, -3.0),
            _known("site", left.site_id, right.site_id, 1.0, -1.0),
        )
    )


def same_hardware(left: Mapping[str, object], right: Mapping[str, object]) -> dict[str, str]:
    """The marks of hardware that two devices share, such as a MAC address. With the same serial too they are one device.

    Marks of the installed system (agent, host name) do not count, nor those that many devices share.

    >>> same_hardware({"mac": "02:42:AC:11:00:02", "agent": "1"}, {"mac": "02-42-ac-11-00-02", "agent": "1"})
    {'mac': '02:42:AC:11:00:02'}
    """
    return {name: str(left[name]) for name in _HARDWARE if (key := _mark_key(left.get(name))) and key == _mark_key(right.get(name))}


def _mark_key(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "" if is_placeholder(text) else "".join(c for c in text.casefold() if c.isalnum())


def _listed(shared: Mapping[str, str]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shared.items())


def match_line(line: LineFacts, unit: UnitFacts) -> Match | None:
    """Compare a contract line with a unit whose serial is easily confused with the line's."""
    return match(
        (
            _serial(line.serial, line.serial_key, unit.serial, unit.serial_key),
            _known("product", line.product_id, unit.product_id, 4.0, -4.0),
            _known("account", line.account_id, unit.account_id, 4.0, -3.0),
            _known("site", line.site_id, unit.site_id, 2.0, -1.0),
        )
    )


def name_words(name: str) -> str:
    """A company name as compared: without accents, case, punctuation and legal form, words sorted.

    >>> name_words("Müller & Söhne GmbH"), name_words("Sohne and Muller")
    ('and muller sohne', 'and muller sohne')
    """
    parts = _plain(name.replace("&", " and ")).split()
    significant = [word for word in parts if word not in _LEGAL] or parts
    return " ".join(sorted(significant))


def domain(website: str) -> str:
    """The host of a website without `www.`

    >>> domain("https://www.Umber-Logistics.example/en?x=1"), domain("n/a")
    ('umber-logistics.example', '')
    """
    host = re.sub(r"^[a-z]+://", "", website.strip().casefold()).split("/")[0].split("?")[0].split("@")[-1].split(":")[0]
    host = host.removeprefix("www.").strip(".")
    return host if "." in host else ""


def phone(number: str) -> str:
    """The last nine digits, which leaves out country and trunk prefixes; empty if there are fewer than seven.

    >>> phone("+44 20 7946 0000") == phone("(020) 7946-0000")
    True
    """
    digits = re.sub(r"[^0-9]", "", number)
    return digits[-9:] if len(digits) >= 7 else ""


def postcode(code: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", code.upper())


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in apart if not unicodedata.combining(c) and c not in ".'\u2019")
    return re.sub(r"[^\w]+", " ", letters)


def _name_weight(left: str, right: str) -> float:
    alike = fuzz.ratio(left, right)
    if alike >= _SAME:
        return 7.0
    if alike >= 90:
        return 5.0
    if alike >= _LIKE:
        return 2.5
    return -1.0 if alike >= 60 else -5.0


def _alike(left: str, right: str, same: float, like: float, unlike: float) -> float:
    first, second = _plain(left).replace(" ", ""), _plain(right).replace(" ", "")
    if first == second:
        return same
    return like if fuzz.WRatio(first, second) >= _LIKE else unlike


def _equal(name: str, left: str, right: str, same: float, unlike: float) -> FieldMatch:
    weight = 0.0 if not left or not right else same if left == right else unlike
    return FieldMatch(name, left, right, weight)


def _known(name: str, left: int | None, right: int | None, same: float, unlike: float) -> FieldMatch:
    return _equal(name, str(left or ""), str(right or ""), same, unlike)


def _serial(left: str, left_key: str, right: str, right_key: str) -> FieldMatch:
    """A long serial is stronger evidence than a short one, and an identical one than one that is easily confused."""
    weight = 8.0 if min(len(left_key), len(right_key)) >= 8 else 5.0
    return FieldMatch("serial", left, right, weight if left_key == right_key else weight - 2.5)


def _known_by(unit: UnitFacts) -> str:
    sources = [word for word, known in (("documents", unit.recorded), ("its own reports", unit.reporting)) if known]
    return " and ".join(sources) or "nothing yet"


def _known_by_weight(left: UnitFacts, right: UnitFacts) -> float:
    if left.reporting and right.reporting:
        return -6.0  # both report, so they are two units
    apart = (left.recorded, left.reporting, right.recorded, right.reporting)
    return 4.0 if apart in ((True, False, False, True), (False, True, True, False)) else 0.0
