"""Stretches of operation from history, and the stored sums of exposure.

A unit counts from a state change to operating (or late) until the next one away from it, and during silences in which it worked by the
hourly records it sent afterwards. It stops counting when recorded as returned or retired; a merged unit counts as the surviving one. A
unit never heard does not count; one reported by imports only counts as far as they report it.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Date, bindparam, delete, func, literal_column, select, text
from sqlmodel import Session, col

from musterroll.domain.capacity.exposure import NEVER, Stretches
from musterroll.domain.liveness import OPERATING, ListeningWindow
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness.states import reported_by_import_only_sql
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.capacity import Exposure
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import ProcessHeartbeat

_BATCH = 200_000
_HOUR = 3600
_PATIENT = """SET LOCAL statement_timeout = '600s'; SET LOCAL idle_in_transaction_session_timeout = '600s';
SET LOCAL work_mem = '256MB'; SET LOCAL jit = off"""
_KEY = ("month", "product_id", "age", "cover")
WORDS = {
    "sqlite": {"days": "CAST(julianday({0}) - 2440587.5 AS INTEGER)", "least": "min", "greatest": "max"},
    "postgresql": {"days": "({0} - DATE '1970-01-01')", "least": "least", "greatest": "greatest"},
}
_OPERATING = ", ".join(f"'{state}'" for state in sorted(OPERATING))
GONE = ", ".join(f"'{state}'" for state in of_stage(Stage.AFTER))  # lifecycle states, as SQL
# {mine} restricts the units, if not all. That a list became too old changes nothing: a list only counts as far as it reports.
_STATES = """states AS (
  SELECT t.unit_id, t.at, t.new, lead(t.at) OVER (PARTITION BY t.unit_id ORDER BY t.at, t.id) AS next_at
  FROM unit_state_change t
  WHERE t.axis = 'liveness' AND t.withdrawn_at IS NULL AND t.at < :until AND t.new <> 'unknown' AND NOT EXISTS (
    SELECT 1 FROM unit_state_change x WHERE x.unit_id = t.unit_id AND x.axis = 'liveness' AND x.id > t.id AND x.at <= t.at
      AND x.withdrawn_at IS NULL AND x.new <> 'unknown') AND t.unit_id {mine})"""
_HEARD = f"""{_STATES},
stretch AS (
  SELECT unit_id, at AS since, next_at AS until FROM states
  WHERE new IN ({_OPERATING}) AND (next_at IS NULL OR next_at > :since)
  UNION ALL
  SELECT v.unit_id, v.first_heard_at, NULL FROM unit_status v
  WHERE v.first_heard_at < :until AND v.unit_id {{mine}} AND NOT EXISTS (
    SELECT 1 FROM unit_state_change t WHERE t.unit_id = v.unit_id AND t.axis = 'liveness' AND t.withdrawn_at IS NULL))"""  # noqa: S608  our own
_REPORTED = "stretch AS (SELECT unit_id, since, until FROM run_reported)"
_WORKED = {"unit_id": "BIGINT", "since": "BIGINT", "until": "BIGINT"}
_GAPS = f"""
WITH {_STATES}
SELECT s.unit_id, s.at AS since, s.next_at AS until, m.at, m.body FROM states s
JOIN message m ON m.unit_id = s.unit_id AND m.about = 'hour' AND m.at * 1000 > s.at AND (m.at - 3600) * 1000 < s.next_at
WHERE s.new NOT IN ({_OPERATING}) AND s.next_at >= :since AND s.next_at < :until"""  # noqa: S608  our own
# The age of a unit counts from its installation, else from its first report.
_STRETCHES = """
WITH {stretch},
gone AS (
  SELECT unit_id, max(at) AS at FROM unit_state_change
  WHERE axis = 'lifecycle' AND new IN ({gone}) AND withdrawn_at IS NULL GROUP BY unit_id),
promised AS (
  SELECT unit_id, min({starts}) AS first_day, max({ends}) AS end_day FROM warranty_period GROUP BY unit_id)
SELECT u.product_id, s.since / 1000,
  {least}(coalesce(s.until, CASE
    WHEN v.stale_since <= :until THEN v.stale_since
    WHEN v.heard_at <= :until AND {imported} THEN {least}(:until, v.heard_at + v.stale_after * CAST(1000 AS BIGINT))
    WHEN v.heard_at <= :until AND v.passed <= :listened THEN {became_stale}
    ELSE :until END), coalesce(CASE WHEN u.lifecycle IN ({gone}) THEN g.at END, :until), :until) / 1000,
  coalesce({installed}, v.first_heard_at / 86400000, s.since / 86400000), coalesce(p.first_day, {never}), coalesce(p.end_day, {never}),
  coalesce(o.line_id, 0)
FROM stretch s
JOIN unit u ON u.id = s.unit_id
JOIN (SELECT v.*, {listened_before} + v.stale_after * CAST(1000 AS BIGINT) AS passed FROM unit_status v) v ON v.unit_id = s.unit_id
LEFT JOIN gone g ON g.unit_id = s.unit_id
LEFT JOIN promised p ON p.unit_id = s.unit_id
LEFT JOIN {seats} o ON o.unit_id = s.unit_id
WHERE u.merged_into_id IS NULL"""


def stretches(
    session: Session,
    since: int,
    until: int,
    heard: ListeningWindow,
    lines: dict[int, tuple[int, int]],
    seats: str = "unit_reconciliation",
    stretch: str = _HEARD,
) -> Iterator[Stretches]:
    """Stretches of operation that overlap `since` to `until` (ms), in batches.

    `lines`: the first day of each contract line and the first day without it. `seats`: the table with the line of each unit.
    """
    dialect = session.get_bind().dialect.name
    query = text(_sql(dialect, stretch.format(mine=_mine(session)), seats, _silence(session, heard)))
    given = {"since": since, "until": until, "listened": heard.listened_until(until)}
    first, last = _by_number(lines)
    allow_long_statements(session)
    result = session.connection().execute(query.execution_options(stream_results=True), given)
    for batch in result.partitions(_BATCH):
        columns = np.fromiter(chain.from_iterable(batch), np.int64, 7 * len(batch)).reshape(-1, 7).T
        product, begun, ended, born, warranty_from, warranty_to, line = columns
        known = np.where(line < len(first), line, 0)
        yield Stretches(product, begun, ended, born, warranty_from, warranty_to, first[known], last[known])


def allow_long_statements(session: Session) -> None:
    """Allow, for the rest of the transaction, a long scan of the whole fleet with pauses for counting (PostgreSQL)."""
    if postgres(session):
        session.execute(text(_PATIENT))


def reported(
    session: Session, since: int, until: int, heard: ListeningWindow, lines: dict[int, tuple[int, int]], seats: str = "unit_reconciliation"
) -> Iterator[Stretches]:
    """Stretches in which silent units worked, by their hourly records, for silences that ended from `since` to just before `until`."""
    rows = [
        _worked(*row) for row in session.connection().execute(text(_GAPS.format(mine=_mine(session))), {"since": since, "until": until})
    ]
    columns = Columns(session)
    columns.fill("run_reported", _WORKED, [row for row in rows if row[1] < row[2]])
    columns.send_temporary("run_reported", _WORKED, "FROM run_reported")
    yield from stretches(session, 0, until, heard, lines, seats, _REPORTED)


def _worked(unit_id: int, since: int, until: int, at: int, body: str) -> tuple[int, int, int]:
    """When a unit worked by an hourly record of `at` (seconds), within a silence (ms)."""
    data = json.loads(body).get("data")
    seconds = data.get("seconds") if isinstance(data, dict) else None
    lasted = min(max(int(seconds), 0), _HOUR) if isinstance(seconds, int | float) else 0
    return unit_id, max(since, (at - lasted) * 1000), min(until, at * 1000)


def _mine(session: Session) -> str:
    """The units a session may see, or all."""
    return (
        "IN (SELECT id FROM unit WHERE account_id IN (SELECT account_id FROM reach))" if account_scope.limited(session) else "IS NOT NULL"
    )


def _silence(session: Session, heard: ListeningWindow) -> dict[str, str]:
    """When the silence of `unit_status v` passed its window, as text."""
    expressions = {
        "listened_before": liveness_states.listened_before(heard, literal_column("v.heard_at", BigInteger)),
        "became_stale": liveness_states.instant(heard, literal_column("v.passed", BigInteger)),
    }
    bind = session.get_bind()
    return {name: str(expression.compile(bind, compile_kwargs={"literal_binds": True})) for name, expression in expressions.items()}


def _sql(dialect: str, stretch: str, seats: str, silence: dict[str, str]) -> str:
    words = WORDS[dialect]
    ends = f"coalesce({words['least']}({words['days'].format('ends_on')}, coalesce({words['days'].format('voided_on')}, {NEVER})), {NEVER})"
    return _STRETCHES.format(
        gone=GONE,
        stretch=stretch,
        starts=words["days"].format("starts_on"),
        ends=ends,
        installed=words["days"].format("u.installed_on"),
        least=words["least"],
        never=NEVER,
        imported=reported_by_import_only_sql("v"),
        seats=seats,
        **silence,
    )


def _by_number(lines: dict[int, tuple[int, int]]) -> tuple[Any, Any]:
    """The days of lines as two columns by line number."""
    size = max(lines, default=0) + 1
    first, last = np.full(size, NEVER, dtype=np.int64), np.full(size, NEVER, dtype=np.int64)
    for number, (begins, ends) in lines.items():
        first[number], last[number] = begins, ends
    return first, last


def replace(session: Session, rows: Iterable[tuple[date, int, int, int, int]]) -> None:
    """Replace all stored sums."""
    session.execute(delete(Exposure))
    bulk.insert(session, Exposure, (*_KEY, "seconds"), [(*group, seconds) for group, seconds in _together(rows).items()])


def add(session: Session, counted: Iterable[tuple[date, int, int, int, int]]) -> None:
    """Add sums (month, product, completed months of age, cover, seconds) to the stored ones."""
    rows = _together(counted)
    if not rows:
        return
    statement = text(
        "INSERT INTO exposure (month, product_id, age, cover, seconds) VALUES (:month, :product_id, :age, :cover, :seconds)"
        " ON CONFLICT (month, product_id, age, cover) DO UPDATE SET seconds = exposure.seconds + excluded.seconds"
    ).bindparams(bindparam("month", type_=Date()))
    session.connection().execute(statement, [{**dict(zip(_KEY, group, strict=True)), "seconds": value} for group, value in rows.items()])


def _together(rows: Iterable[tuple[date, int, int, int, int]]) -> dict[tuple[date, int, int, int], int]:
    """Sums added up by group."""
    sums: dict[tuple[date, int, int, int], int] = {}
    for month, product, age, cover, seconds in rows:
        group = (month, product, age, cover)
        sums[group] = sums.get(group, 0) + seconds
    return sums


def stored(session: Session, first: date) -> list[tuple[date, int, int, int, int]]:
    """The sums from a month on: month, product, completed months of age, cover, seconds."""
    e = Exposure
    query = select(col(e.month), col(e.product_id), col(e.age), col(e.cover), col(e.seconds)).where(col(e.month) >= first)
    return [tuple(row) for row in session.execute(query)]


def first_heard(session: Session) -> int | None:
    """The first report of any unit (ms)."""
    instant: int | None = session.execute(select(func.min(col(UnitStatus.first_heard_at)))).scalar()
    return instant


_CHECKPOINT = "exposure"  # counted until (ms); its detail is the last change then
_WITHOUT_EFFECT = ("note", "incident", "decision", "proposal", "scenario")  # kinds of changes that do not alter history


def counted(session: Session) -> tuple[int | None, int]:
    """Until when the sums are counted (ms), and the last change they include."""
    checkpoint = session.execute(
        select(col(ProcessHeartbeat.at), col(ProcessHeartbeat.detail)).where(col(ProcessHeartbeat.name) == _CHECKPOINT)
    ).one_or_none()
    return (checkpoint[0], int(checkpoint[1])) if checkpoint else (None, 0)


def note_counted(session: Session, until: int, change_id: int) -> None:
    process_heartbeats.beat(session, _CHECKPOINT, until, str(change_id))


def last_change(session: Session) -> int:
    """The number of the last change that may have altered history."""
    return session.execute(select(func.max(col(AuditChange.id))).where(col(AuditChange.kind).not_in(_WITHOUT_EFFECT))).scalar() or 0
