"""Cursors of lists: the keys of the last row of a page, encoded, so that the next page can begin behind it. Opaque to clients."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from musterroll.domain.values.errors import DomainError

Row = TypeVar("Row")
_MOST = 2**63


def cut(rows: Sequence[Row], limit: int, keys: Callable[[Row], tuple[Any, ...]]) -> tuple[list[Row], str | None]:
    """A page of at most `limit` rows and the cursor of the next page, of rows fetched with one more than `limit`.

    >>> cut(["a", "b", "c"], 2, lambda row: (row,)) == (["a", "b"], encode("b"))
    True
    >>> cut(["a", "b"], 2, lambda row: (row,))
    (['a', 'b'], None)
    """
    return list(rows[:limit]), encode(*keys(rows[limit - 1])) if len(rows) > limit else None


def encode(*keys: str | int | float | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The keys in a cursor, each of its kind; None for None. Raises DomainError `bad_cursor`.

    >>> decode(encode(0.5, 7), float, int), decode(None, int)
    ((0.5, 7), None)
    """
    if cursor is None:
        return None
    try:
        keys = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        keys = None
    if not isinstance(keys, list) or len(keys) != len(kinds) or not all(map(_is, keys, kinds)):
        raise DomainError("the cursor is not valid; start from the first page", "bad_cursor")
    return tuple(keys)


def number(cursor: str | None) -> int | None:
    """The number in a cursor of one number. Raises as `decode`."""
    keys = decode(cursor, int)
    return None if keys is None else int(keys[0])


def text(cursor: str | None) -> str | None:
    """The text in a cursor of one text. Raises as `decode`."""
    keys = decode(cursor, str)
    return None if keys is None else str(keys[0])


def _is(key: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(key, str) and "\0" not in key and key.isprintable()
    return type(key) in (kind, int) and -_MOST <= key < _MOST
