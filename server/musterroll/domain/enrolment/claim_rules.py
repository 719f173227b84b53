"""Checks at enrolment: what a device reports about itself, and what a claim token allows."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple, Protocol

from musterroll.domain.units.kinds import UnitKind, identifier_key, possible_keys
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.errors import DomainError, Forbidden

_UNSTORABLE = re.compile("[\x00-\x1f\ud800-\udfff]")
_RUBBISH = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff\ufffd]+")
_MAX_NAME = 200
_MAX_MARKS = 32
_MAX_MARK = 256


class BadClaim(DomainError):
    code = "bad_claim"


class IdentityClaim(NamedTuple):
    """Maker, model and serial, as written and as compared."""

    maker: str
    model: str
    serial: str
    maker_key: str
    model_key: str
    serial_key: str


class TokenFacts(Protocol):
    """What decides whether a claim token can be used."""

    label: str
    expires_at: datetime
    max_uses: int
    uses: int
    serials: list[str]
    revoked_at: datetime | None


def identity_claim(maker: str, model: str, serial: str, kind: UnitKind = UnitKind.DEVICE) -> IdentityClaim:
    """The identity a device claims. Raises BadClaim or BadSerial.

    >>> identity_claim(" Dell Inc. ", "R640", "abc-123").serial_key
    'ABC123'
    """
    serial = text("serial", serial, _MAX_NAME)
    (maker, maker_key), (model, model_key) = _named("maker", maker), _named("model", model)
    return IdentityClaim(maker, model, serial, maker_key, model_key, identifier_key(serial, kind))


def named_product(maker: str, model: str) -> tuple[str, str]:
    """The keys of a maker and a model. Raises BadClaim."""
    return _named("maker", maker)[1], _named("model", model)[1]


@lru_cache(4096)  # few makers and models, looked up all day
def _named(what: str, name: str) -> tuple[str, str]:
    name = text(what, name, _MAX_NAME)
    key = name_key(name)
    if not key:
        raise BadClaim(f"the {what} {name!r} is not a name; enter it as on the label")
    return name, key


def text(name: str, value: str, longest: int) -> str:
    """`value` without surrounding space. Raises BadClaim if it is too long or has characters that cannot be stored."""
    value = value.strip()
    if len(value) > longest:
        raise BadClaim(f"the {name} has {len(value)} characters; the limit is {longest}")
    if not value.isalnum() and _UNSTORABLE.search(value):
        raise BadClaim(f"the {name} {value[:80]!r} contains control characters or damaged text; enter it as on the label")
    return value


def marks(evidence: object) -> dict[str, str]:
    """Other evidence of identity (machine id, board serial, MAC). It only corroborates: what cannot be stored is cleaned or left out.

    >>> marks({"mac": "02:00:5e:10:00:01\\t", "board_serial": "AB\\x00 7", "slots": 4, "": "x"})
    {'mac': '02:00:5e:10:00:01', 'board_serial': 'AB 7'}
    """
    given = evidence.items() if isinstance(evidence, Mapping) else ()
    texts = ((tidy(str(name)), tidy(value)) for name, value in given if isinstance(value, str))
    return dict([(name, value) for name, value in texts if name and value][:_MAX_MARKS])


def tidy(value: str) -> str:
    """`value` with a space for control characters and damaged text, cut to what is stored of it."""
    return _RUBBISH.sub(" ", value).strip()[:_MAX_MARK].rstrip()


def require_open(token: TokenFacts, serial: str, now: datetime) -> None:
    """Raises Forbidden, with the reason, if `token` does not allow the unit `serial` to enrol at `now`."""
    name = f"claim token {token.label!r}"
    if token.revoked_at is not None:
        raise Forbidden(f"{name} has been revoked; request a new one", "token_revoked")
    if token.expires_at <= now:
        raise Forbidden(f"{name} expired at {token.expires_at:%Y-%m-%d %H:%M} UTC; request a new one", "token_expired")
    keys = possible_keys(serial)
    if token.serials and not set(keys) & set(token.serials):
        raise Forbidden(f"serial {keys[0] if keys else serial} is not allowed by {name}", "serial_not_listed")


def used_up(token: TokenFacts) -> Forbidden:
    times = "once" if token.max_uses == 1 else f"{token.max_uses} times"
    return Forbidden(f"claim token {token.label!r} has been used up (valid {times}); request a new one", "token_used_up")
