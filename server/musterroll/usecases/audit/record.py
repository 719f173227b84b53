"""Recording who changed what: every row that a person or a document writes, before and after.

A use case begins one change, then either watches rows while it writes them or records them in bulk.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, groupby, islice
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.audit import differing
from musterroll.domain.values.instants import to_ms
from musterroll.storage.audit import blocks
from musterroll.storage.audit import log as audit_log
from musterroll.storage.audit.audited_table import AuditedTable
from musterroll.storage.audit.audited_tables import audited
from musterroll.storage.audit.blocks import Block
from musterroll.storage.audit.log import Additions, Entry
from musterroll.storage.tables.audit import AuditChange

_TOGETHER = 10_000  # new rows recorded at once


class Row(NamedTuple):
    """A written row: all audited columns where it is new or deleted, at least the changed ones otherwise.

    Of a row that stays, `before` and `after` name the same columns. Values as the tables have them (dates, decimals, words).
    """

    table: str
    key: int
    before: Mapping[str, Any] | None  # None: it was not there
    after: Mapping[str, Any] | None  # None: it was deleted


class NewRows(NamedTuple):
    """New rows of one table by their columns: all audited ones. The keys ascend."""

    table: str
    keys: Sequence[int]
    columns: Mapping[str, Sequence[Any]]


def begin(
    session: Session, *, actor: str, kind: str, subject: str, reason: str = "", now: datetime, undoes_id: int | None = None
) -> AuditChange:
    """Begin a change. Rows recorded later prove it."""
    change = AuditChange(at=to_ms(now), actor=actor[:120], kind=kind, subject=subject[:200], reason=reason[:500], undoes_id=undoes_id)
    session.add(change)
    session.flush()
    return change


def take_hold(session: Session) -> None:
    """Wait until no other change is recording. Happens with the first recorded row; call it earlier to wait earlier."""
    audit_log.take_hold(session)


def record(session: Session, change: AuditChange, rows: Iterable[Row], new: Sequence[NewRows] = ()) -> None:
    """Record rows in the order they were written, `new` ones last; a row that did not change is left out. Memory is bounded where both are.

    Raises ValueError for columns that are not audited, Conflict where another change holds the chain too long.
    """
    audit_log.append(session, change, chain(_entries(rows), chain.from_iterable(map(_new, new))))


@contextmanager
def watching(session: Session, change: AuditChange, table: str, keys: Collection[int]) -> Iterator[None]:
    """Record what the block does to these rows of a table (none of them new)."""
    session.flush()
    names = [str(key) for key in keys]
    before = audited(table).images(session, names)
    yield
    session.flush()
    after = audited(table).images(session, names)
    pairs = ((name, *differing(before[name], after.get(name))) for name in names)
    audit_log.append(session, change, (Entry(table, name, was, became) for name, was, became in pairs if became != {}))


def added(session: Session, change: AuditChange, table: str, keys: Collection[int]) -> None:
    """Record rows just added."""
    session.flush()
    after = audited(table).images(session, [str(key) for key in keys])
    audit_log.append(session, change, (Entry(table, str(key), None, after[str(key)]) for key in keys))


def _entries(rows: Iterable[Row]) -> Iterator[Entry | Additions]:
    for (table, names), alike in groupby(rows, lambda row: (row.table, row.before is None and tuple(row.after or ()))):
        if names:
            while some := list(islice(alike, _TOGETHER)):
                columns = zip(*((row.after or {}).values() for row in some), strict=True)
                yield _additions(table, [row.key for row in some], dict(zip(names, columns, strict=True)))
        else:
            yield from (entry for row in alike if (entry := _entry(row)))


def _new(rows: NewRows) -> Iterable[Additions | Block]:
    table = audited(rows.table)
    if len(rows.keys) < blocks.LEAST or not isinstance(table, AuditedTable):
        return [_additions(*rows)] if rows.keys else []
    return blocks.pack(rows.table, rows.keys, table.plain_of(rows.columns))


def _additions(table: str, keys: Iterable[int], columns: Mapping[str, Sequence[Any]]) -> Additions:
    return Additions(table, list(map(str, keys)), audited(table).texts_of(columns))


def _entry(row: Row) -> Entry | None:
    table, whole = audited(row.table), row.after is None
    images = (None if values is None else table.image_of(values, whole=whole) for values in (row.before, row.after))
    before, after = differing(*images)
    return None if before == after else Entry(row.table, str(row.key), before, after)
