"""Durable messages, and how far each stream of them is complete."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from musterroll.storage.engine.bulk import Bigints, Texts, among, columns, postgres
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.messages import DurableMessage, MessageStream


class Stream(NamedTuple):
    """One epoch of one unit, in which its durable messages are numbered."""

    unit_id: int
    epoch: int


class StreamPosition(NamedTuple):
    """How far a stream is stored without a gap, the highest number stored, and whether two devices or lives have used its numbers."""

    upto: int
    highest: int
    forked: bool = False


class MessageRow(NamedTuple):
    unit_id: int
    epoch: int
    seq: int
    about: str
    at: int  # seconds, by the unit's clock
    body: bytes  # UTF-8


Key = tuple[int, int, int]  # unit, epoch, seq


class StoredBody(NamedTuple):
    about: str
    body: bytes


_COLUMNS = "unit_id, epoch, seq, about, at, body, received_at"
_INSERT_POSTGRES = f"""
INSERT INTO message ({_COLUMNS})
SELECT *, %s FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[])
ON CONFLICT DO NOTHING"""  # noqa: S608
_INSERT_SQLITE = f"INSERT INTO message ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608


def insert(session: Session, rows: Sequence[MessageRow], now: int) -> int:
    """Store messages received at `now` (ms), except those stored before. Returns how many were new."""
    if not rows:
        return 0
    connection = session.connection()
    if not postgres(session):
        values = [(unit, epoch, seq, about, at, body.decode(), now) for unit, epoch, seq, about, at, body in rows]
        return connection.exec_driver_sql(_INSERT_SQLITE, values).rowcount
    units, epochs, seqs, abouts, ats, bodies = zip(*rows, strict=True)
    about = Texts([text.encode() for text in abouts])
    return connection.exec_driver_sql(
        _INSERT_POSTGRES, (now, Bigints(units), Bigints(epochs), Bigints(seqs), about, Bigints(ats), Texts(bodies))
    ).rowcount


_STORED_POSTGRES = """
SELECT m.unit_id, m.epoch, m.seq, m.about, m.body FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS k (unit_id, epoch, seq)
JOIN message m USING (unit_id, epoch, seq)"""
_STORED_SQLITE = """
SELECT m.unit_id, m.epoch, m.seq, m.about, m.body FROM json_each(?) AS k
JOIN message m ON m.unit_id = k.value ->> 0 AND m.epoch = k.value ->> 1 AND m.seq = k.value ->> 2"""


def stored(session: Session, keys: Collection[Key]) -> dict[Key, StoredBody]:
    """What is stored under these (unit, epoch, seq)."""
    rows = _by_keys(session, _STORED_POSTGRES, _STORED_SQLITE, sorted(keys))
    return {(unit, epoch, seq): StoredBody(about, body.encode()) for unit, epoch, seq, about, body in rows}


class AsideRow(NamedTuple):
    """A message that cannot be kept under its number."""

    message: MessageRow
    digest: str


_ASIDE_COLUMNS = "unit_id, epoch, seq, digest, about, at, body, received_at"
_ASIDE = text(
    f"INSERT INTO set_aside_message ({_ASIDE_COLUMNS})"  # noqa: S608
    " VALUES (:unit_id, :epoch, :seq, :digest, :about, :at, :body, :now) ON CONFLICT DO NOTHING"
)
_ASIDE_HEARTBEAT = text(
    f"INSERT INTO set_aside_message ({_ASIDE_COLUMNS})"  # noqa: S608
    " VALUES (:unit_id, :epoch, 0, 'heartbeat', 'heartbeat', :at, :body, :now)"
    " ON CONFLICT (unit_id, epoch, seq, digest) DO UPDATE SET at = excluded.at, body = excluded.body, received_at = excluded.received_at"
)


def set_aside(session: Session, rows: Sequence[AsideRow], now: int) -> None:
    """Keep messages apart, each content once."""
    if rows:
        session.execute(_ASIDE, [{**row._asdict(), "body": row.body.decode(), "digest": digest, "now": now} for row, digest in rows])


def set_aside_heartbeats(session: Session, rows: Sequence[MessageRow], now: int) -> None:
    """Keep the newest heartbeat of each passed epoch apart."""
    if rows:
        session.execute(_ASIDE_HEARTBEAT, [{**row._asdict(), "body": row.body.decode(), "now": now} for row in rows])


def highest_epochs(session: Session, unit_ids: Collection[int]) -> dict[int, int]:
    """The highest epoch in which each of these units has sent anything."""
    newest = (
        select(col(UnitStatus.unit_id), col(UnitStatus.epoch), func.max(col(MessageStream.epoch)))
        .outerjoin(MessageStream, col(MessageStream.unit_id) == col(UnitStatus.unit_id))
        .where(among(session, col(UnitStatus.unit_id), unit_ids))
        .group_by(col(UnitStatus.unit_id), col(UnitStatus.epoch))
    )
    return {unit_id: max(beats, durable or 0) for unit_id, beats, durable in session.execute(newest)}


# Rows are locked in order, so that two ingests with messages of one unit wait for each other and each sees the other's.
_LOCK_POSTGRES = """
SELECT d.unit_id, d.epoch, d.upto, d.highest, d.forked FROM message_stream d
JOIN unnest(%s::bigint[], %s::bigint[]) AS k (unit_id, epoch) USING (unit_id, epoch) ORDER BY 1, 2 FOR UPDATE OF d"""
_LOCK_SQLITE = """
SELECT d.unit_id, d.epoch, d.upto, d.highest, d.forked FROM json_each(?) AS k
JOIN message_stream d ON d.unit_id = k.value ->> 0 AND d.epoch = k.value ->> 1"""
_OPEN_POSTGRES = """INSERT INTO message_stream (unit_id, epoch, upto, highest)
SELECT *, 0, 0 FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"""
_OPEN_SQLITE = "INSERT INTO message_stream (unit_id, epoch, upto, highest) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"


def lock_streams(session: Session, streams: Collection[Stream]) -> dict[Stream, StreamPosition]:
    """The position of each stream; new streams start at 0. The rows stay locked until the end of the transaction."""
    wanted = sorted(streams)
    positions = _positions(session, wanted)
    new = [stream for stream in wanted if stream not in positions]
    if new:
        connection = session.connection()
        if postgres(session):
            connection.exec_driver_sql(_OPEN_POSTGRES, columns(new))
        else:
            connection.exec_driver_sql(_OPEN_SQLITE, [tuple(stream) for stream in new])
        positions |= _positions(session, new)
    return positions


def _positions(session: Session, streams: Sequence[Stream]) -> dict[Stream, StreamPosition]:
    rows = _by_keys(session, _LOCK_POSTGRES, _LOCK_SQLITE, streams)
    return {Stream(unit, epoch): StreamPosition(upto, highest, bool(forked)) for unit, epoch, upto, highest, forked in rows}


def _by_keys(session: Session, for_postgres: str, for_sqlite: str, keys: Sequence[tuple[int, ...]]) -> Sequence[Sequence[Any]]:
    if not keys:
        return []
    connection = session.connection()
    if postgres(session):
        return connection.exec_driver_sql(for_postgres, columns(keys)).all()
    return connection.exec_driver_sql(for_sqlite, (json.dumps(keys),)).all()


def seqs_above(session: Session, stream: Stream, upto: int) -> set[int]:
    """The stored sequence numbers of a stream above `upto`."""
    m = DurableMessage
    query = select(m.seq).where(col(m.unit_id) == stream.unit_id, col(m.epoch) == stream.epoch, col(m.seq) > upto)
    return set(session.exec(query))


_ADVANCE_POSTGRES = """
UPDATE message_stream d SET upto = k.upto, highest = k.highest, forked = k.forked <> 0
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS k (unit_id, epoch, upto, highest, forked)
WHERE d.unit_id = k.unit_id AND d.epoch = k.epoch"""
_ADVANCE_SQLITE = "UPDATE message_stream SET upto = ?3, highest = ?4, forked = ?5 WHERE unit_id = ?1 AND epoch = ?2"


def save_positions(session: Session, changed: dict[Stream, StreamPosition]) -> None:
    """Update the positions of streams."""
    if not changed:
        return
    rows = [(*stream, *position) for stream, position in sorted(changed.items())]
    if postgres(session):
        session.connection().exec_driver_sql(_ADVANCE_POSTGRES, columns(rows))
    else:
        session.connection().exec_driver_sql(_ADVANCE_SQLITE, rows)
