"""The status rows, written with every heartbeat: last report, late and stale marks. Instants are ms, by the registry's clock."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from musterroll_wire.vitals import VITAL_NAMES
from sqlmodel import Session, col, select, text

from musterroll.storage.engine.bulk import columns, ids, postgres
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit


class HeartbeatRow(NamedTuple):
    """The newest heartbeat of one unit in a batch."""

    unit_id: int
    epoch: int
    beat: int
    clock_offset: int | None  # seconds
    uptime: int
    operating: int
    vitals: dict[str, int]  # by name


class BirthRow(NamedTuple):
    """The newest birth of one unit in a batch."""

    unit_id: int
    epoch: int
    seq: int
    interval: int  # seconds, as the two windows
    late_after: int
    stale_after: int
    clock_offset: int | None  # seconds
    uptime: int


class RevivedUnit(NamedTuple):
    """A unit that has just reported and whose state changes with it."""

    unit_id: int
    never_heard: bool
    stale_since: int | None
    death_at: int | None
    unborn: bool  # the birth of its epoch is missing
    unknown_since: int | None = None  # until now it was known from a list only, which had become too old
    quiet_since: int | None = None


class PassedReport(NamedTuple):
    """A unit reported in the epoch of `sent`, before what was newest of it: its state went back, or two devices report as it."""

    unit: RevivedUnit
    sent: tuple[int, int]  # epoch, beat
    newest: tuple[int, int]


_HOUR = 3_600_000  # ms
_NEW_ROW = text(
    "INSERT INTO unit_status (unit_id, epoch, beat, birth_epoch, birth_seq, interval, late_after, stale_after)"
    " VALUES (:unit_id, 0, -1, -1, 0, 60, 66, 186) ON CONFLICT DO NOTHING"
)


def ensure_status_rows(session: Session, uids: Sequence[str]) -> dict[str, int]:
    """The row ids of those uids that are registered; each has a status row afterwards."""
    query = (
        select(Unit.uid, Unit.id, UnitStatus.unit_id)
        .outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
        .where(col(Unit.uid).in_(uids))
    )
    rows = session.exec(query).all()
    silent = [{"unit_id": unit_id} for _, unit_id, status in rows if status is None]
    if silent:
        session.execute(_NEW_ROW, silent)
    return {uid: unit_id for uid, unit_id, _ in rows if unit_id is not None}


# Rows are returned for first reports, revivals and missing births; all others cost one narrow update and no result.
_NEWS = "first_heard_at IS NULL OR stale_since IS NOT NULL OR death_at IS NOT NULL OR quiet_since IS NOT NULL OR birth_epoch < epoch"
_REVIVED = "unit_id, first_heard_at IS NULL, stale_since, death_at, birth_epoch < epoch, unknown_since, quiet_since"
_COLUMNS = ("epoch", "beat", "clock_offset", "uptime", "operating", *VITAL_NAMES)  # that a heartbeat updates, in the order of its row
_SET_POSTGRES = ", ".join(f"{name} = b.{name}" for name in _COLUMNS)
_SET_SQLITE = ", ".join(f"{name} = ?{number}" for number, name in enumerate(_COLUMNS, 3))
_RETURNING = f"""RETURNING v.unit_id, v.first_heard_at, v.stale_since, v.death_at, v.birth_epoch, v.epoch, v.unknown_since, v.quiet_since)
SELECT {_REVIVED}, 0 FROM met WHERE {_NEWS} UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, count(*) FROM met"""  # noqa: S608
# What `domain.liveness.rhythm` learns from: the hours heard, the longest short silence, and the running median of silences, which moves
# by a 64th up or down (Ma, Muthukrishnan, Sandler: Frugal Streaming for Estimating Quantiles, 2013). Gaps of listening teach nothing.
_RHYTHM = """, ring_hour = {hour}, ring = CASE WHEN {hour} = {v}ring_hour THEN {v}ring | 1
  WHEN {hour} > {v}ring_hour AND {hour} - {v}ring_hour < 62
    THEN (({v}ring << ({hour} - {v}ring_hour)) | 1) & 4611686018427387903 ELSE 1 END,
  gap = CASE WHEN {now} - {v}heard_at > {v}gap AND {now} - {v}heard_at <= 7200000 AND {v}heard_at >= {since}
    THEN {now} - {v}heard_at ELSE {v}gap END,
  pace = CASE WHEN {v}heard_at IS NULL OR {now} - {v}heard_at > 7200000 OR {now} <= {v}heard_at THEN {v}pace
    WHEN {v}pace = 0 THEN {now} - {v}heard_at
    WHEN {now} - {v}heard_at > {v}pace THEN {v}pace + {v}pace / 64 + 1 ELSE {v}pace - {v}pace / 64 END"""
_RHYTHM_POSTGRES = _RHYTHM.format(v="v.", now="r.now", hour="r.hour", since="r.since")
_LISTENING_POSTGRES = "(SELECT %s::bigint AS now, %s::int AS hour, since FROM registry_state) AS r"
_RHYTHM_SQLITE = _RHYTHM.format(v="", now="?1", hour="(?1 / 3600000)", since="(SELECT since FROM registry_state)")
_HEARTBEATS_POSTGRES = f"""
WITH met AS (
UPDATE unit_status v SET heard_at = r.now, {_SET_POSTGRES}{_RHYTHM_POSTGRES}
FROM {_LISTENING_POSTGRES}, unnest({", ".join(["%s::bigint[]"] * (1 + len(_COLUMNS)))}) AS b (unit_id, {", ".join(_COLUMNS)})
WHERE v.unit_id = b.unit_id AND (v.epoch, v.beat) < (b.epoch, b.beat)
{_RETURNING}"""  # noqa: S608
_HEARTBEATS_SQLITE = f"UPDATE unit_status SET heard_at = ?1, {_SET_SQLITE}{_RHYTHM_SQLITE} WHERE unit_id = ?2 AND (epoch, beat) < (?3, ?4)"  # noqa: S608
# SQLite has one writer, so the changes can be read before the update: {} is the guard of the update.
_REVIVED_SQLITE = """
SELECT v.unit_id, first_heard_at IS NULL, stale_since, death_at, birth_epoch < b.value ->> 1, unknown_since, quiet_since
FROM json_each(?) AS b JOIN unit_status v ON v.unit_id = b.value ->> 0
WHERE {} AND (first_heard_at IS NULL OR stale_since IS NOT NULL OR death_at IS NOT NULL OR quiet_since IS NOT NULL
  OR birth_epoch < b.value ->> 1)"""
_REVIVED_BY_HEARTBEATS_SQLITE = _REVIVED_SQLITE.format("(v.epoch, v.beat) < (b.value ->> 1, b.value ->> 2)")
_REVIVED_BY_BIRTHS_SQLITE = _REVIVED_SQLITE.format("v.epoch <= b.value ->> 1")


def record_heartbeats(session: Session, beats: Sequence[HeartbeatRow], now: int) -> tuple[list[RevivedUnit], bool]:
    """Heartbeats, at most one a unit: the newest (epoch, beat) wins. Whether there were others; `record_passed` is for them."""
    if not beats:
        return [], False
    rows = sorted((*counters, *map(vitals.get, VITAL_NAMES)) for *counters, vitals in beats)
    connection = session.connection()
    if postgres(session):
        return _revived_and_missed(connection.exec_driver_sql(_HEARTBEATS_POSTGRES, (now, now // _HOUR, *columns(rows))).all(), len(rows))
    met = _revived_units(connection.exec_driver_sql(_REVIVED_BY_HEARTBEATS_SQLITE, (json.dumps([row[:3] for row in rows]),)).all())
    return met, connection.exec_driver_sql(_HEARTBEATS_SQLITE, [(now, *row) for row in rows]).rowcount < len(rows)


# A birth is history where its unit has already been heard in a later epoch, and no more than a sign of life.
_BIRTHS_POSTGRES = f"""
WITH met AS (
UPDATE unit_status v SET heard_at = r.now, epoch = b.epoch, beat = CASE WHEN v.epoch < b.epoch THEN -1 ELSE v.beat END,
  clock_offset = b.clock_offset, uptime = b.uptime{_RHYTHM_POSTGRES}
FROM {_LISTENING_POSTGRES}, unnest({", ".join(["%s::bigint[]"] * 8)})
  AS b (unit_id, epoch, seq, interval, late_after, stale_after, clock_offset, uptime)
WHERE v.unit_id = b.unit_id AND v.epoch <= b.epoch
{_RETURNING}"""  # noqa: S608
_BIRTHS_SQLITE = f"""
UPDATE unit_status SET heard_at = ?1, epoch = ?3, beat = CASE WHEN epoch < ?3 THEN -1 ELSE beat END, clock_offset = ?8, uptime = ?9
  {_RHYTHM_SQLITE}
WHERE unit_id = ?2 AND epoch <= ?3"""  # noqa: S608


def record_births(session: Session, births: Sequence[BirthRow], now: int) -> tuple[list[RevivedUnit], bool]:
    """Births as reports, at most one a unit. Whether there were some of passed epochs; `record_passed` is for them."""
    if not births:
        return [], False
    rows = sorted(births)
    connection = session.connection()
    if postgres(session):
        return _revived_and_missed(connection.exec_driver_sql(_BIRTHS_POSTGRES, (now, now // _HOUR, *columns(rows))).all(), len(rows))
    met = _revived_units(connection.exec_driver_sql(_REVIVED_BY_BIRTHS_SQLITE, (json.dumps([row[:2] for row in rows]),)).all())
    return met, connection.exec_driver_sql(_BIRTHS_SQLITE, [(now, *row) for row in rows]).rowcount < len(rows)


def _revived_and_missed(rows: Sequence[Sequence[int]], sent: int) -> tuple[list[RevivedUnit], bool]:
    """The rows of units, and whether the one that counts those updated counts fewer than were sent."""
    return _revived_units([row for row in rows if row[0] is not None]), any(row[0] is None and row[7] < sent for row in rows)


# Of the status only what says that the unit is alive: all else stays as the newest report left it.
_PASSED_NEWS = """v.unit_id, v.first_heard_at IS NULL, v.stale_since, v.death_at, FALSE, v.unknown_since,
  v.quiet_since, b.epoch, b.beat, v.epoch, v.beat"""
_PASSED_POSTGRES = f"""
UPDATE unit_status v SET heard_at = %s FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS b (unit_id, epoch, beat)
WHERE v.unit_id = b.unit_id AND (v.epoch, v.beat) > (b.epoch, b.beat) RETURNING {_PASSED_NEWS}"""  # noqa: S608
_PASSED_SQLITE = f"""
WITH b AS (SELECT value ->> 0 AS unit_id, value ->> 1 AS epoch, value ->> 2 AS beat FROM json_each(?))
SELECT {_PASSED_NEWS} FROM b JOIN unit_status v ON v.unit_id = b.unit_id WHERE (v.epoch, v.beat) > (b.epoch, b.beat)"""  # noqa: S608
_HEARD_SQLITE = "UPDATE unit_status SET heard_at = ? WHERE unit_id = ?"


def record_passed(session: Session, reports: Sequence[tuple[int, int, int]], now: int) -> list[PassedReport]:
    """Reports as (unit, epoch, beat), at most one a unit. Those before the newest of their unit: it is heard now all the same."""
    if not reports:
        return []
    connection = session.connection()
    if postgres(session):
        rows = connection.exec_driver_sql(_PASSED_POSTGRES, (now, *columns(sorted(reports)))).all()
    else:
        rows = connection.exec_driver_sql(_PASSED_SQLITE, (json.dumps(reports),)).all()
        if rows:
            connection.exec_driver_sql(_HEARD_SQLITE, [(now, row[0]) for row in rows])
    units = zip(_revived_units(rows), rows, strict=True)
    return [PassedReport(unit, (row[7], row[8]), (row[9], row[10])) for unit, row in units]


_WINDOWS_POSTGRES = f"""
UPDATE unit_status v SET birth_epoch = b.epoch, birth_seq = b.seq, interval = b.interval,
  late_after = b.late_after, stale_after = greatest(b.stale_after, v.usual_after)
FROM unnest({", ".join(["%s::bigint[]"] * 8)})
  AS b (unit_id, epoch, seq, interval, late_after, stale_after, clock_offset, uptime)
WHERE v.unit_id = b.unit_id AND (v.birth_epoch, v.birth_seq) < (b.epoch, b.seq)
RETURNING v.unit_id"""  # noqa: S608
_WINDOWS_SQLITE = """
UPDATE unit_status SET birth_epoch = ?2, birth_seq = ?3, interval = ?4, late_after = ?5, stale_after = max(?6, usual_after)
WHERE unit_id = ?1 AND (birth_epoch, birth_seq) < (?2, ?3)"""


def record_windows(session: Session, births: Sequence[BirthRow]) -> set[int]:
    """Take the windows from births, at most one a unit. Returns the units of which it is the newest birth."""
    if not births:
        return set()
    connection = session.connection()
    if postgres(session):
        return {row[0] for row in connection.exec_driver_sql(_WINDOWS_POSTGRES, columns(sorted(births)))}
    return {birth.unit_id for birth in births if connection.exec_driver_sql(_WINDOWS_SQLITE, tuple(birth[:6])).rowcount}


def _revived_units(rows: Sequence[Sequence[int]]) -> list[RevivedUnit]:
    return [RevivedUnit(row[0], bool(row[1]), row[2], row[3], bool(row[4]), row[5], row[6]) for row in rows]


_CLEAR = """UPDATE unit_status SET stale_since = NULL, death_at = NULL, unknown_since = NULL, quiet_since = NULL, quiet_due = NULL,
  first_heard_at = coalesce(first_heard_at, %s) WHERE unit_id """
_CLEAR_POSTGRES = _CLEAR + "= ANY(%s)"
_CLEAR_SQLITE = _CLEAR.replace("%s", "?") + "IN (SELECT value FROM json_each(?))"  # noqa: S608


def clear_silence(session: Session, units: Sequence[RevivedUnit], now: int) -> None:
    """Clear the late and stale marks of these units, and record when they were first heard."""
    silent = [unit.unit_id for unit in units if unit.never_heard or unit[2:4] + unit[5:] != (None,) * 4]
    if not silent:
        return
    session.connection().exec_driver_sql(_CLEAR_POSTGRES if postgres(session) else _CLEAR_SQLITE, (now, ids(session, silent)))


_DEATHS_POSTGRES = """
UPDATE unit_status v SET death_at = %s FROM unnest(%s::bigint[], %s::bigint[]) AS d (unit_id, epoch)
WHERE v.unit_id = d.unit_id AND v.epoch = d.epoch AND v.heard_at IS NOT NULL AND v.death_at IS NULL AND v.stale_since IS NULL
RETURNING v.unit_id"""
_DEATHS_SQLITE = """
UPDATE unit_status SET death_at = ?1
WHERE unit_id = ?2 AND epoch = ?3 AND heard_at IS NOT NULL AND death_at IS NULL AND stale_since IS NULL"""


def record_deaths(session: Session, deaths: Sequence[tuple[int, int]], now: int) -> list[int]:
    """Deaths as (unit, epoch): those of the current epoch are recorded. Returns the units that were not marked before."""
    rows = sorted(set(deaths))
    if not rows:
        return []
    connection = session.connection()
    if postgres(session):
        return [row[0] for row in connection.exec_driver_sql(_DEATHS_POSTGRES, (now, *columns(rows)))]
    return [unit for unit, epoch in rows if connection.exec_driver_sql(_DEATHS_SQLITE, (now, unit, epoch)).rowcount]


_USAGE = text(
    "INSERT INTO unit_usage (unit_id, name, value, at) SELECT :unit_id, :name, :value, :at"
    " WHERE EXISTS (SELECT 1 FROM unit_status WHERE unit_id = :unit_id AND epoch = :epoch AND beat = :beat)"
    " ON CONFLICT (unit_id, name) DO UPDATE SET value = excluded.value, at = excluded.at"
)


def record_usage(session: Session, counters: Sequence[dict[str, object]]) -> None:
    """Usage counters of heartbeats that are their unit's newest: {unit_id, epoch, beat, name, value, at}."""
    if counters:
        session.execute(_USAGE, counters)
