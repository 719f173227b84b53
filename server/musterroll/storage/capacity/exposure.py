"""Stretches of operation from history, and the stored sums of exposure.

A unit counts from a state change to operating (or late) until the next one away from it, and during silences in which it worked by the
hourly records it sent afterwards. It stops counting when recorded as returned or retired; a merged unit counts as the surviving one. A
unit never heard does not count, nor one without hardware; one reported by imports only counts as far as they report it.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, func, literal_column, select
from sqlmodel import Session, col

from musterroll.domain.capacity.exposure import NEVER
from musterroll.domain.liveness import OPERATING, ListeningWindow
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.capacity import exposure_sums
from musterroll.storage.capacity.units import AFTER
from musterroll.storage.engine.columns import Columns, Relation
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import ProcessHeartbeat

_HOUR = 3600
_OPERATING = ", ".join(f"'{state}'" for state in sorted(OPERATING))
_GONE = ", ".join(f"'{state}'" for state in of_stage(Stage.AFTER))
_CHANGES = f"""
SELECT unit_id, id, at AS since, CASE WHEN new IN ({_OPERATING}) THEN 1 WHEN new = 'unknown' THEN 2 ELSE 0 END AS state
FROM unit_state_change WHERE axis = 'liveness' AND withdrawn_at IS NULL AND {{mine}}"""  # noqa: S608  our own
_LEFT = f"""
SELECT unit_id, at AS since FROM unit_state_change
WHERE axis = 'lifecycle' AND new IN ({_GONE}) AND withdrawn_at IS NULL AND {{mine}}"""  # noqa: S608
# That a list became too old changes nothing: a list only counts as far as it reports.
_STATES = """
WITH lasting AS (
  SELECT unit_id, id, since, state FROM plan_change WHERE since < $until AND state <> 2
  QUALIFY coalesce(min(since) OVER (PARTITION BY unit_id ORDER BY id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) > since, TRUE))
SELECT unit_id, since, state, lead(since) OVER (PARTITION BY unit_id ORDER BY id) AS until FROM lasting"""
_SILENCES = "SELECT unit_id, since, until FROM plan_state WHERE state = 0 AND until >= $since AND until < $until"
_RECORDS = """
SELECT s.unit_id, s.since, s.until, m.at, m.body FROM {silences} s CROSS JOIN message m
WHERE m.unit_id = s.unit_id AND m.about = 'hour' AND m.at * 1000 > s.since AND (m.at - 3600) * 1000 < s.until"""
_SILENCE = {"unit_id": int, "since": int, "until": int}
_WORKED = {"unit_id": "BIGINT", "since": "BIGINT", "until": "BIGINT"}
_TERM = {"contract_id": "BIGINT", "begins": "BIGINT", "ends": "BIGINT"}
_LINE_DAYS = f"""
SELECT l.id AS line_id, greatest(t.begins, l.starts_on - DATE '1970-01-01') AS begins,
  CASE WHEN t.ends < {NEVER} THEN least(t.ends, l.ends_on - DATE '1970-01-01') ELSE t.ends END AS ends
FROM plan_line l JOIN plan_term t ON t.contract_id = l.contract_id"""  # noqa: S608
# The age of a unit counts from its installation, else from its first report. Operation reported after a silence counts in its own months.
_STRETCHES = f"""
WITH heard AS (
  SELECT unit_id, since, until, $since AS earliest FROM plan_state WHERE state = 1 AND (until IS NULL OR until > $since)
  UNION ALL
  SELECT unit_id, first_heard_at, NULL, $since FROM plan_unit
  WHERE first_heard_at < $until AND unit_id NOT IN (SELECT unit_id FROM plan_change)
  UNION ALL
  SELECT unit_id, since, until, 0 FROM plan_worked),
gone AS (SELECT unit_id, max(since) AS since FROM plan_left GROUP BY unit_id),
promised AS (
  SELECT unit_id, min(starts_on) - DATE '1970-01-01' AS first_day,
    max(coalesce(least(ends_on, voided_on) - DATE '1970-01-01', {NEVER})) AS end_day FROM plan_period GROUP BY unit_id),
status AS (SELECT *, {{listened_before}} + stale_after * 1000 AS passed FROM plan_unit v)
SELECT v.product_id, greatest(s.since, s.earliest) // 1000 AS since,
  least(coalesce(s.until, CASE
    WHEN v.stale_since <= $until THEN v.stale_since
    WHEN v.heard_at <= $until AND v.imported = 1 THEN v.heard_at + v.stale_after * 1000
    WHEN v.heard_at <= $until AND v.passed <= $listened THEN {{became_stale}} END), CASE WHEN v.stage = {AFTER} THEN g.since END, $until)
    // 1000 AS until,
  coalesce(v.installed_on - DATE '1970-01-01', v.first_heard_at // 86400000, s.since // 86400000) AS born,
  coalesce(p.first_day, {NEVER}) AS warranty_from, coalesce(p.end_day, {NEVER}) AS warranty_to,
  coalesce(l.begins, {NEVER}) AS line_from, coalesce(l.ends, {NEVER}) AS line_to
FROM heard s
JOIN status v ON v.unit_id = s.unit_id AND v.registered = 1 AND v.hardware = 1 AND v.stale_after IS NOT NULL
LEFT JOIN gone g ON g.unit_id = s.unit_id
LEFT JOIN promised p ON p.unit_id = s.unit_id
LEFT JOIN plan_cell c ON c.unit_id = s.unit_id
LEFT JOIN plan_line_days l ON l.line_id = c.line_id"""  # noqa: S608
_SUM = {"month": "DATE", **dict.fromkeys(("product_id", "age", "cover", "seconds"), "BIGINT")}
_STORED = "SELECT product_id, age, cover, seconds, month FROM exposure"
_BY_AGE = """
SELECT year(month) * 12 + month(month) - 1 AS month, product_id, age, CAST(sum(seconds) AS BIGINT) AS seconds FROM plan_exposure
GROUP BY ALL ORDER BY ALL"""
_SENT = "SELECT CAST(month AS VARCHAR) AS month, product_id, age, cover, seconds FROM plan_exposure"
_ADD = """
INSERT INTO exposure (month, product_id, age, cover, seconds) SELECT month, product_id, age, cover, seconds FROM plan_exposure WHERE TRUE
ON CONFLICT (month, product_id, age, cover) DO UPDATE SET seconds = exposure.seconds + excluded.seconds"""


def make_line_days(columns: Columns, spans: Iterable[tuple[int, int, int]]) -> None:
    """Make `plan_line_days`: the first day of each line, and the first without it. `spans`: those of the present term of each contract."""
    columns.fill("plan_term", _TERM, list(spans))
    columns.make("plan_line_days", _LINE_DAYS)


def measure(columns: Columns, since: int, until: int, heard: ListeningWindow) -> None:
    """Make `plan_exposure`: the sums of what was heard from `since` to `until` (ms), and of what was reported of silences that ended then.

    Needs the units, their cells and the days of lines.
    """
    columns.read("plan_change", _CHANGES, {**dict.fromkeys(("unit_id", "id", "since"), "BIGINT"), "state": "TINYINT"})
    columns.read("plan_left", _LEFT, {"unit_id": "BIGINT", "since": "BIGINT"})
    columns.make("plan_state", _STATES, until=until)
    silences = Relation(_SILENCE, columns.rows(_SILENCES, since=since, until=until))
    worked = [_worked(*row) for row in columns.ask(_RECORDS, silences=silences)] if silences.rows else []
    columns.fill("plan_worked", _WORKED, worked)
    columns.define(
        listened_before=_written(liveness_states.listened_before(heard, literal_column("v.heard_at", BigInteger))),
        became_stale=_written(liveness_states.instant(heard, literal_column("v.passed", BigInteger))),
    )
    columns.make("plan_stretch", _STRETCHES, since=since, until=until, listened=heard.listened_until(until))
    exposure_sums.make_sums(columns)


def _worked(unit_id: int, since: int, until: int, at: int, body: str) -> tuple[int, int, int]:
    """When a unit worked by an hourly record of `at` (seconds), within a silence (ms)."""
    data = json.loads(body).get("data")
    seconds = data.get("seconds") if isinstance(data, dict) else None
    lasted = min(max(int(seconds), 0), _HOUR) if isinstance(seconds, int | float) else 0
    return unit_id, max(since, (at - lasted) * 1000), min(until, at * 1000)


def _written(expression: ColumnElement[int]) -> str:
    return str(expression.compile(compile_kwargs={"literal_binds": True}))


def replace(columns: Columns) -> None:
    """Replace all stored sums by those of `plan_exposure`."""
    columns.write("DELETE FROM exposure")
    columns.send("exposure", tuple(_SUM), _SENT)


def add(columns: Columns) -> None:
    """Add those of `plan_exposure` to the stored ones."""
    columns.send_temporary("plan_exposure", _SUM, _SENT)
    columns.write(_ADD)


def make_none(columns: Columns) -> None:
    """Make `plan_exposure` without a row."""
    columns.fill("plan_exposure", _SUM, [])


def read_stored(columns: Columns) -> None:
    """Read the stored sums as `plan_exposure`."""
    columns.read("plan_exposure", _STORED, {**dict.fromkeys(("product_id", "age", "cover", "seconds"), "BIGINT"), "month": "DATE"})


def by_age(columns: Columns) -> Mapping[str, NDArray[Any]]:
    """The sums of `plan_exposure` of any cover: months since year 0, `product_id`, `age`, `seconds`."""
    return columns.arrays(_BY_AGE)


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
