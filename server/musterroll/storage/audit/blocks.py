"""Many new rows of one table as one entry of the audit log: a large import adds millions.

The entry holds the images of its rows by column, packed. It takes as many numbers as it has rows, its own is the last of them: each
row is read as an entry of its own, numbered and in order.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlmodel import Session, col

from musterroll.domain.audit import Image, alike
from musterroll.storage.engine import bulk
from musterroll.storage.tables.audit import AuditEntry

LEAST, MOST = 50, 1_000  # rows of a block
_SPAN = 4_000  # between its first and last row number


class Block(NamedTuple):
    """An entry of many new rows. `after`: the canonical text of what it holds."""

    table: str
    first: int
    last: int
    rows: int
    after: str


class LoggedEntry(NamedTuple):
    """One row before and after a change, as images; None: it did not exist."""

    id: int
    table: str
    key: str
    before: Image | None
    after: Image | None


class AddedRow(NamedTuple):
    """A row that a block holds."""

    id: int  # of its entry
    key: str
    after: Image
    change_id: int


def row_key(first: int, last: int) -> str:
    """What a block has in place of the key of a row."""
    return f"{first}-{last}"


def pack(table: str, keys: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> Iterator[Block]:
    """Blocks of new rows, in the order of their keys, given by the columns of their images."""
    start = 0
    while start < len(keys):
        end = min(start + MOST, len(keys))
        while keys[end - 1] - keys[start] >= _SPAN:
            end -= (end - start) // 2
        some = {name: _shortened(values[start:end]) for name, values in columns.items()}
        content = json.dumps({"keys": keys[start:end], "columns": some}, separators=(",", ":"), sort_keys=True)
        packed = b64encode(zlib.compress(content.encode(), 1)).decode()
        yield Block(table, keys[start], keys[end - 1], end - start, f'{{"packed":"{packed}","rows":{end - start}}}')
        start = end


def _shortened(values: Sequence[Any]) -> Any:
    """The value that all rows have, in place of as many; not where it is a list, which would be read as one value for each row."""
    return values[0] if alike(values) and not isinstance(values[0], list) else values


def unpack(number: int, table: str, after: Mapping[str, Any]) -> list[LoggedEntry]:
    """The rows of the block with this number as entries, newest first."""
    content = json.loads(zlib.decompress(b64decode(after["packed"])))
    keys, columns = content["keys"], content["columns"]
    whole = {name: values if isinstance(values, list) else repeat(values, len(keys)) for name, values in columns.items()}
    images = [dict(zip(columns, row, strict=True)) for row in zip(*whole.values(), strict=False)]
    first = number - len(keys) + 1
    entries = [LoggedEntry(first + place, table, str(key), None, images[place]) for place, key in enumerate(keys)]
    return entries[::-1]


def added(session: Session, table: str, keys: Collection[str]) -> list[AddedRow]:
    """Those rows of a table, by key, that blocks hold."""
    wanted, e = {int(key): key for key in keys if key.isdigit()}, AuditEntry
    if not wanted:
        return []
    given, parameters = bulk.relation(session, "wanted", {"row": int}, [(key,) for key in wanted])
    numbers = text(
        f"SELECT DISTINCT e.id FROM {given} AS k JOIN audit_entry e ON e.table_name = :of"  # noqa: S608  our own names
        f" AND e.last_row >= k.row AND e.last_row < k.row + {_SPAN} AND e.first_row <= k.row"
    )
    ids = list(session.execute(numbers, {**parameters, "of": table}).scalars())
    query = select(col(e.id), col(e.after), col(e.change_id)).where(bulk.among(session, col(e.id), ids)).order_by(col(e.id))
    rows: list[AddedRow] = []
    for number, after, change_id in session.execute(query) if ids else ():
        rows += [AddedRow(entry.id, entry.key, entry.after or {}, change_id) for entry in unpack(number, table, after) if entry.key in keys]
    return rows
