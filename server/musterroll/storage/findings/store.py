"""Storing the findings of a run as differences."""

from collections.abc import Sequence
from typing import NamedTuple

from musterroll.storage.engine.columns import WORD, Columns
from musterroll.storage.findings import line_rules, unit_rules
from musterroll.storage.findings import sums as finding_sums
from musterroll.storage.notifications import events as stored_events


class FindingChanges(NamedTuple):
    """Number of stored findings a run changed. `changed`: with other facts, or returned."""

    new: int
    changed: int
    gone: int


_KNOWN = "SELECT f.id, f.kind, f.subject, f.subject_id, f.facts, f.account_id, f.value, f.currency, f.counted, f.present FROM finding f"
_OF_SUBJECTS = """
WHERE f.id IN (
  SELECT k.id FROM {units} t CROSS JOIN finding k WHERE k.subject_id = t.id AND k.subject = 'unit'
  UNION ALL
  SELECT k.id FROM {lines} t CROSS JOIN finding k WHERE k.subject_id = t.id AND k.subject = 'line')"""
_FINDING = {
    **{"id": "BIGINT", "kind": WORD, "subject": WORD, "subject_id": "BIGINT", "facts": "VARCHAR", "account_id": "BIGINT"},
    **{"value": "BIGINT", "currency": WORD, "counted": "BOOLEAN", "present": "BOOLEAN"},
}
# Account and value may change without ending a decision: only other facts count as a change.
_DIFFERENCES = """
SELECT f.id, coalesce(s.subject, f.subject) AS subject, coalesce(s.subject_id, f.subject_id) AS subject_id,
  s.* EXCLUDE (subject, subject_id), CASE WHEN f.id IS NULL THEN 'new' WHEN s.subject_id IS NULL THEN 'gone'
    WHEN NOT f.present OR f.facts <> s.facts THEN 'changed' ELSE 'amended' END AS how
FROM run_finding s FULL JOIN run_known f ON f.subject_id = s.subject_id AND f.subject = s.subject AND f.kind = s.kind
WHERE f.id IS NULL OR (s.subject_id IS NULL AND f.present) OR (s.subject_id IS NOT NULL AND (
  NOT f.present OR f.facts <> s.facts OR f.account_id IS DISTINCT FROM s.account_id OR f.value IS DISTINCT FROM s.value
  OR coalesce(f.currency, '') <> s.currency OR f.counted <> s.counted))"""
_MARK_GONE = "UPDATE finding SET present = FALSE, changed_at = :at WHERE id IN (SELECT id FROM run_difference WHERE how = 'gone')"
_CHANGE = """
UPDATE finding AS f SET facts = d.facts, variant = d.variant, present = TRUE, changed_at = :at
FROM run_difference d WHERE d.id = f.id AND d.how = 'changed'"""
_AMEND = """
UPDATE finding AS f SET account_id = d.account_id, value = d.value, currency = d.currency, counted = d.counted
FROM run_difference d WHERE d.id = f.id AND d.how IN ('changed', 'amended')"""
_DIFFERENCE = {
    **{"id": "BIGINT", "how": "TEXT", "facts": "TEXT", "variant": "TEXT", "account_id": "BIGINT"},
    **{"value": "BIGINT", "currency": "TEXT", "counted": "BOOLEAN"},
}
_INSERTED = ("kind", "subject", "subject_id", "facts", "variant", "account_id", "value", "currency", "counted")
_INSERT = f"""
SELECT {", ".join(_INSERTED)}, TRUE, CAST($at AS BIGINT), CAST($at AS BIGINT)
FROM run_difference WHERE how = 'new' ORDER BY subject_id, subject, kind"""  # noqa: S608
_AMOUNTS = "SELECT a.finding_id, a.value, a.currency FROM {known} t CROSS JOIN finding_amount a WHERE a.finding_id = t.id"
_AMOUNT = {"finding_id": "BIGINT", "value": "BIGINT", "currency": WORD}
_LET_GO = "DELETE FROM finding_amount WHERE finding_id IN (SELECT finding_id FROM run_let_go)"
_FURTHER = """
INSERT INTO finding_amount (finding_id, currency, value)
SELECT f.id, a.currency, a.value FROM run_further a CROSS JOIN finding f
WHERE f.subject_id = a.subject_id AND f.subject = 'unit' AND f.kind = a.kind"""


def read_stored(columns: Columns, *, whole: bool) -> None:
    """Read the stored findings: all, or of the units and lines of a partial run."""
    if whole:
        _read_all(columns)
        return
    units, lines = columns.ids("SELECT unit_id FROM run_looked"), columns.ids("SELECT id FROM run_row")
    columns.read("run_known", _KNOWN + _OF_SUBJECTS, _FINDING, units=units, lines=lines)
    columns.read("run_amount", _AMOUNTS, _AMOUNT, known=columns.ids("SELECT id FROM run_known"))


def _read_all(columns: Columns) -> None:
    columns.read("run_amount", "SELECT finding_id, value, currency FROM finding_amount", _AMOUNT)
    if columns.outdated is None:
        columns.read("run_known", _KNOWN, _FINDING)
    elif columns.outdated:
        columns.fill("run_outdated", {"subject": "VARCHAR", "id": "BIGINT"}, list(columns.outdated))
        units, lines = ([id_ for kind, id_ in columns.outdated if kind == subject] for subject in ("unit", "line"))
        outdated = "(subject, subject_id) IN (SELECT (subject, id) FROM run_outdated)"
        columns.read_again("run_known", _KNOWN + _OF_SUBJECTS, _FINDING, outdated, units=units, lines=lines)


def make(columns: Columns, conflicts: Sequence[tuple[int, str]]) -> None:
    """Make `run_finding`: every finding of the units and lines of the run. `conflicts` as for `unit_rules.make`."""
    columns.make("run_finding", " UNION ALL ".join([*unit_rules.make(columns, conflicts), line_rules.FINDINGS]))


def make_differences(columns: Columns) -> None:
    columns.make("run_difference", _DIFFERENCES)


def keep(columns: Columns, at: int, *, whole: bool) -> FindingChanges:
    """Store the differences, and record events for new findings. `at`: ms."""
    counts = dict(columns.rows("SELECT how, count(*) FROM run_difference GROUP BY how"))
    if counts.keys() - {"new"}:
        columns.send_temporary("run_difference", _DIFFERENCE, f"SELECT {', '.join(_DIFFERENCE)} FROM run_difference WHERE how <> 'new'")  # noqa: S608
        columns.write(_MARK_GONE, at=at)
        columns.write(_CHANGE, at=at)
        columns.write(_AMEND)
    if counts.get("new"):
        columns.send("finding", (*_INSERTED, "present", "first_seen_at", "changed_at"), _INSERT, at=at)
        stored_events.record_finding_events(columns, at)
    _keep_further(columns)
    finding_sums.keep(columns, whole=whole)
    return FindingChanges(*(counts.get(how, 0) for how in ("new", "changed", "gone")))


def _keep_further(columns: Columns) -> None:
    """Store anew what the findings of the run are worth in further currencies."""
    if columns.rows("SELECT 1 FROM run_amount LIMIT 1"):
        columns.send_temporary("run_let_go", {"finding_id": "BIGINT"}, "SELECT DISTINCT finding_id FROM run_amount")
        columns.write(_LET_GO)
    if columns.rows("SELECT 1 FROM run_further LIMIT 1"):
        further = {"subject_id": "BIGINT", "kind": "TEXT", "currency": "TEXT", "value": "BIGINT"}
        columns.send_temporary("run_further", further, "SELECT subject_id, kind, currency, value FROM run_further")
        columns.write(_FURTHER)
