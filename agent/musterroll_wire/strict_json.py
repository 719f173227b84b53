"""JSON as the wire allows it: bounded in size and depth, no duplicate keys, finite numbers, storable text."""

import json
import re
from collections.abc import Iterable
from typing import Any

MAX_DEPTH = 6
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_BRACKETS = re.compile(rb"[^][{}]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class InvalidPayload(ValueError):
    """A payload that the contract does not allow: `code` for counting, `detail` for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        duplicate = next(name for name in names if names.count(name) > 1)
        raise InvalidPayload("duplicate_key", f"the key {duplicate[:40]!r} appears twice in one object")
    return value


def _constant(name: str) -> float:
    raise InvalidPayload("not_finite", f"{name} is not a finite number")


def _float(text: str) -> float:
    value = float(text)
    if value - value != 0.0:
        raise InvalidPayload("not_finite", f"{text[:40]} is not a finite number")
    return value


_STRICT = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_float=_float, parse_constant=_constant)
_FAST = json.JSONDecoder(parse_constant=_constant)


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON. Raises ValueError for NaN and infinities."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def loads(payload: bytes, limit: int) -> Any:
    """The value of a JSON text of at most `limit` bytes. Raises InvalidPayload with a code and a sentence.

    The fast decoder proves most payloads valid at a third of the cost; the strict one decides on all others.
    """
    if len(payload) > limit:
        raise InvalidPayload("too_large", f"{len(payload)} bytes; the limit is {limit}")
    if b"\\" not in payload:
        try:
            value = _FAST.decode(payload.decode())
            # Each key has a colon: if there are as many colons as keys in the result, no key was dropped as a duplicate.
            if _count_keys(value, MAX_DEPTH) == payload.count(b":"):
                return value
        except (ValueError, RecursionError):
            pass
    return _load_strictly(payload)


def _count_keys(value: Any, depth: int) -> int:
    """The number of keys in all objects of a value. Raises ValueError where it is too deep or a number is not finite."""
    inner: Iterable[Any]
    if isinstance(value, dict):
        count, inner = len(value), value.values()
    else:
        count, inner = 0, value if isinstance(value, list) else [value]
    if not depth:
        raise ValueError
    for element in inner:
        kind = type(element)
        if kind is dict or kind is list:
            count += _count_keys(element, depth - 1)
        elif kind is float and element - element != 0.0:
            raise ValueError
    return count


def _load_strictly(payload: bytes) -> Any:
    if payload.count(b"[") + payload.count(b"{") > MAX_DEPTH and _depth(payload) > MAX_DEPTH:
        raise InvalidPayload("too_deep", f"nested more than {MAX_DEPTH} levels deep")
    try:
        value = _STRICT.decode(payload.decode())
    except UnicodeDecodeError as error:
        raise InvalidPayload("not_utf8", f"not valid UTF-8 at byte {error.start}") from None
    except InvalidPayload:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidPayload("not_json", f"not valid JSON: {error}"[:200]) from None
    if b"\\u" in payload:  # the decoders reject raw NULs and surrogates, but not escaped ones
        _check_text(value)
    return value


def _depth(payload: bytes) -> int:
    depth = deepest = 0
    for byte in _BRACKETS.sub(b"", _STRING.sub(b"", payload)):
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def storable(text: str) -> bool:
    """Whether every database can store the text.

    >>> storable("pump"), storable("pump\\0")
    (True, False)
    """
    return _UNSTORABLE.search(text) is None


def _check_text(value: Any) -> None:
    if isinstance(value, str):
        if not storable(value):
            raise InvalidPayload("bad_text", "text with a NUL or a lone surrogate")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_text(name)
            _check_text(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_text(inner)
