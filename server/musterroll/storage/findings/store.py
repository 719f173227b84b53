"""Storing the findings of a run as differences, and their sums by kind."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.money import Money, totals
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.findings import line_rules, unit_rules
from musterroll.storage.notifications import events as stored_events


class FindingChanges(NamedTuple):
    """Number of stored findings a run changed. `changed`: with other facts, or returned."""

    new: int
    changed: int
    gone: int


# Stored findings of the units and lines of a partial run. CROSS JOIN fixes the order: SQLite would scan all findings.
_KNOWN = """
SELECT f.* FROM run_looked t CROSS JOIN finding f WHERE f.subject_id = t.unit_id AND f.subject = 'unit'
UNION ALL
SELECT f.* FROM run_touched_line t CROSS JOIN finding f WHERE f.subject_id = t.line_id AND f.subject = 'line'"""
# Account and value may change without ending a decision: only other facts count as a change.
_DIFFERENCES = """
SELECT f.id, s.*, CASE WHEN f.id IS NULL THEN 'new' WHEN s.subject_id IS NULL THEN 'gone'
    WHEN NOT f.present OR f.facts <> s.facts THEN 'changed' ELSE 'amended' END AS how
FROM ({seen}) s FULL JOIN {known} f ON f.subject_id = s.subject_id AND f.subject = s.subject AND f.kind = s.kind
WHERE f.id IS NULL OR (s.subject_id IS NULL AND f.present) OR (s.subject_id IS NOT NULL AND (
  NOT f.present OR f.facts <> s.facts OR f.account_id IS DISTINCT FROM s.account_id OR f.value IS DISTINCT FROM s.value
  OR f.currency <> s.currency OR f.counted <> s.counted))"""
_MARK_GONE = "UPDATE finding SET present = FALSE, changed_at = :at WHERE id IN (SELECT id FROM run_difference WHERE how = 'gone')"
_CHANGE = """
UPDATE finding AS f SET facts = d.facts, variant = d.variant, present = TRUE, changed_at = :at
FROM run_difference d WHERE d.id = f.id AND d.how = 'changed'"""
_AMEND = """
UPDATE finding AS f SET account_id = d.account_id, value = d.value, currency = d.currency, counted = d.counted
FROM run_difference d WHERE d.id = f.id AND d.how IN ('changed', 'amended')"""
_LET_GO = ("DELETE FROM finding_amount", "DELETE FROM finding_amount WHERE finding_id IN (SELECT id FROM run_known)")  # of all, of some
_FURTHER = """
INSERT INTO finding_amount (finding_id, currency, value)
SELECT f.id, a.currency, a.value FROM run_further a CROSS JOIN finding f
WHERE f.subject_id = a.subject_id AND f.subject = 'unit' AND f.kind = a.kind"""
_INSERT = """
INSERT INTO finding (kind, subject, subject_id, facts, variant, account_id, value, currency, counted, present, first_seen_at, changed_at)
SELECT kind, subject, subject_id, facts, variant, account_id, value, currency, counted, TRUE, :at, :at
FROM ({new}) s ORDER BY subject_id, subject, kind"""
_NEW = "SELECT * FROM run_difference WHERE how = 'new'"


def define(staging: Staging, conflicts: Sequence[tuple[int, str]]) -> None:
    """Define `{seen}`: every finding of the units and lines of the run. `conflicts` as for `unit_rules.define`."""
    unit_rules.define(staging, conflicts)
    line_rules.define(staging)
    staging.define("seen", "SELECT * FROM ({unit_findings}) u UNION ALL SELECT * FROM ({line_findings}) l")


def merge(staging: Staging, at: int, whole: bool) -> FindingChanges:
    """Store the findings of a run as differences. `at`: ms; `whole`: the run covers all units and lines, so what it did not see is gone."""
    if not whole:
        staging.make("run_known", _KNOWN, by="subject_id")
    changes = _merge(staging, at, whole)
    staging.run(_LET_GO[not whole])
    staging.run(_FURTHER)
    return changes


def _merge(staging: Staging, at: int, whole: bool) -> FindingChanges:
    if whole and not staging.rows("SELECT 1 FROM finding LIMIT 1"):
        return FindingChanges(_insert(staging, "{seen}", "SELECT * FROM finding", at), 0, 0)
    known = "finding" if whole else "run_known"
    staging.make("run_difference", _DIFFERENCES.replace("{known}", known), by="id")
    gone, changed = staging.run(_MARK_GONE, at=at), staging.run(_CHANGE, at=at)
    staging.run(_AMEND)
    return FindingChanges(_insert(staging, _NEW, _NEW, at), changed, gone)


def _insert(staging: Staging, new: str, opened: str, at: int) -> int:
    """Insert the findings of the query `new`, and record events for them. `opened`: a query for them once they are stored."""
    inserted = staging.run(_INSERT.replace("{new}", new), at=at)
    stored_events.record_finding_events(staging, opened, at)
    return inserted


class FindingSums(NamedTuple):
    """Findings by kind: number, and value without what other findings count."""

    counts: dict[str, int]
    worth: dict[str, tuple[Money, ...]]


_SUMS = """
SELECT kind, currency, count(*), CAST(sum(CASE WHEN counted THEN value END) AS BIGINT) FROM ({seen}) s GROUP BY kind, currency
UNION ALL
SELECT kind, currency, 0, CAST(sum(CASE WHEN counted THEN value END) AS BIGINT) FROM run_further GROUP BY kind, currency"""


def sums(staging: Staging) -> FindingSums:
    """The findings of a run, stored or not."""
    return summed((row[0], row[1], row[2], row[3]) for row in staging.rows(_SUMS))


def summed(rows: Iterable[tuple[str, str, int, int | None]]) -> FindingSums:
    """Sums of rows (kind, currency, count, value in ten-thousandths)."""
    counts: dict[str, int] = dict.fromkeys(FindingKind, 0)
    amounts: dict[str, list[Money]] = {}
    for kind, currency, count, amount in rows:
        counts[kind] += count
        if amount:
            amounts.setdefault(kind, []).append(Money(Decimal(amount).scaleb(-4), currency))
    return FindingSums(counts, {kind: totals(amounts[kind]) for kind in sorted(amounts)})
