"""Signs that another device, or an older state of it, reports as a unit, and the cases that follow. Instants are ms."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, func, select, text, tuple_
from sqlmodel import Session, col

from musterroll.domain.messages.identity import BirthTrace, Doubt, Signs
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.identity import IdentityCase, IdentitySign
from musterroll.storage.tables.messages import DurableMessage, SetAsideMessage
from musterroll.storage.tables.units import Unit

_BIRTHS = 16  # the latest of a unit that are looked at


class NewSign(NamedTuple):
    """Signs of one unit in a batch; `newest` is the (epoch, beat) after which a passed heartbeat came."""

    unit_id: int
    conflicts: int = 0
    passed: int = 0
    hardware: int = 0
    newest_epoch: int = -1
    newest_beat: int = -1


# A line of heartbeats takes its turn where the other has gone on since the last passed heartbeat.
_SIGN = text("""
INSERT INTO identity_sign (unit_id, first_at, last_at, judged_at, conflicts, passed, turns, hardware, newest_epoch, newest_beat)
VALUES (:unit_id, :now, :now, 0, :conflicts, :passed, 0, :hardware, :newest_epoch, :newest_beat)
ON CONFLICT (unit_id) DO UPDATE SET last_at = excluded.last_at,
  conflicts = identity_sign.conflicts + excluded.conflicts,
  passed = identity_sign.passed + excluded.passed,
  hardware = identity_sign.hardware + excluded.hardware,
  turns = identity_sign.turns + CASE WHEN excluded.newest_epoch >= 0 AND identity_sign.newest_epoch >= 0
    AND (identity_sign.newest_epoch, identity_sign.newest_beat) <> (excluded.newest_epoch, excluded.newest_beat) THEN 1 ELSE 0 END,
  newest_epoch = CASE WHEN excluded.newest_epoch >= 0 THEN excluded.newest_epoch ELSE identity_sign.newest_epoch END,
  newest_beat = CASE WHEN excluded.newest_epoch >= 0 THEN excluded.newest_beat ELSE identity_sign.newest_beat END""")


def add_signs(session: Session, signs: Sequence[NewSign], now: int) -> None:
    """Add signs, at most one row a unit."""
    if signs:
        session.execute(_SIGN, [{**sign._asdict(), "now": now} for sign in sorted(signs)])


def due_signs(session: Session, now: int, again_within: int, limit: int) -> dict[int, Signs]:
    """Units with signs that were not judged since the last one, or that may mean something else `again_within` ms after the first."""
    judged_at = col(IdentitySign.judged_at)
    due = (col(IdentitySign.last_at) > judged_at) | ((judged_at < col(IdentitySign.first_at) + again_within) & (judged_at < now))
    rows = session.scalars(select(IdentitySign).where(due).order_by(judged_at, col(IdentitySign.unit_id)).limit(limit))
    return {s.unit_id: Signs(s.first_at, s.last_at, s.conflicts, s.passed, s.turns, s.hardware) for s in rows}


def mark_judged(session: Session, unit_ids: Collection[int], now: int, keep: int) -> None:
    """Note that these were judged, and delete signs whose last is older than `keep` ms."""
    table = IdentitySign.__table__  # type: ignore[attr-defined]
    session.execute(table.update().where(among(session, table.c.unit_id, unit_ids)).values(judged_at=now))
    session.execute(table.delete().where(table.c.last_at < now - keep, table.c.judged_at >= table.c.last_at))


def births(session: Session, unit_id: int, since: int = 0) -> list[BirthTrace]:
    """The latest births of a unit received since an instant, those that were set aside among them."""
    m, a = DurableMessage, SetAsideMessage
    kept, aside = (
        select(col(t.epoch), col(t.seq), col(t.received_at), col(t.body)).where(
            col(t.unit_id) == unit_id, col(t.about) == "birth", col(t.received_at) >= since
        )
        for t in (m, a)
    )
    return [
        *_traces(session, kept.order_by(col(m.epoch).desc(), col(m.seq).desc()).limit(_BIRTHS), False),
        *_traces(session, aside.order_by(col(a.received_at).desc()).limit(_BIRTHS), True),
    ]


def _traces(session: Session, query: Any, aside: bool) -> list[BirthTrace]:
    traces = []
    for epoch, seq, received_at, body in session.execute(query):
        birth = json.loads(body)
        at, uptime = int(birth["at"]) * 1000, int(birth.get("uptime", 0))
        run, hardware = str(birth.get("run", "")), birth.get("evidence", {})
        traces.append(BirthTrace(epoch, seq, received_at, at, uptime, int(birth["interval"]), run, hardware, aside))
    return traces


def cases(session: Session, unit_ids: Collection[int]) -> dict[tuple[int, Doubt], IdentityCase]:
    query = select(IdentityCase).where(among(session, col(IdentityCase.unit_id), unit_ids))
    return {(row.unit_id, row.doubt): row for row in session.scalars(query)}


def delete_cases(session: Session, keys: Collection[tuple[int, Doubt]]) -> None:
    """Close cases."""
    for unit_id, doubt in keys:
        session.execute(delete(IdentityCase).where(col(IdentityCase.unit_id) == unit_id, col(IdentityCase.doubt) == doubt))


def all_cases(session: Session) -> list[IdentityCase]:
    return list(session.scalars(select(IdentityCase)))


def issued(session: Session, unit_ids: Collection[int]) -> dict[int, int]:
    """When the active credentials of these units were requested: what was sent before came with others."""
    query = select(col(Credential.unit_id), col(Credential.created_at)).where(col(Credential.status) == CredentialStatus.ACTIVE)
    return {row[0]: to_ms(row[1]) for row in session.execute(query.where(among(session, col(Credential.unit_id), unit_ids)))}


def units(session: Session, unit_ids: Collection[int]) -> Mapping[int, Unit]:
    return {unit.id or 0: unit for unit in session.scalars(select(Unit).where(among(session, col(Unit.id), unit_ids)))}


def prune_set_aside(session: Session, unit_ids: Collection[int], first: int, newest: int) -> None:
    """Keep of each unit the first and the newest messages that were set aside."""
    a = SetAsideMessage
    key = (col(a.unit_id), col(a.epoch), col(a.seq), col(a.digest))
    order = (col(a.received_at), *key[1:])
    place = func.row_number().over(partition_by=key[0], order_by=order).label("place")
    left = func.row_number().over(partition_by=key[0], order_by=[column.desc() for column in order]).label("place_from_last")
    placed = select(*key, place, left).where(among(session, key[0], unit_ids)).subquery()
    surplus = select(*list(placed.c)[:4]).where(placed.c.place > first, placed.c.place_from_last > newest)
    session.execute(delete(a).where(tuple_(*key).in_(surplus)))


def set_aside(session: Session, unit_id: int, limit: int) -> list[tuple[SetAsideMessage, str | None]]:
    """What a unit sent under numbers that were taken, newest first, each with what is stored under its number."""
    a, m = SetAsideMessage, DurableMessage
    same = (col(m.unit_id) == col(a.unit_id)) & (col(m.epoch) == col(a.epoch)) & (col(m.seq) == col(a.seq))
    query = select(SetAsideMessage, col(m.body)).outerjoin(m, same).where(col(a.unit_id) == unit_id)
    rows = session.execute(query.order_by(col(a.received_at).desc(), col(a.seq)).limit(limit))
    return [(row, body) for row, body in rows]
