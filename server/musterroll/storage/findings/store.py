"""Stored findings: what a run changes of them, how many there are and what they are worth."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.money import Money
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.findings import line_rules, unit_rules
from musterroll.storage.notifications import events as stored_events


class FindingChanges(NamedTuple):
    """How many stored findings a run changed. `changed` counts those with other facts, and those that returned."""

    new: int
    changed: int
    gone: int


# What is stored of all that a run of some looked at. Crossed in the order to go in: SQLite would go through all findings.
_KNOWN = """
SELECT f.* FROM run_looked t CROSS JOIN finding f WHERE f.subject_id = t.unit_id AND f.subject = 'unit'
UNION ALL
SELECT f.* FROM run_touched_line t CROSS JOIN finding f WHERE f.subject_id = t.line_id AND f.subject = 'line'"""
# Whom it concerns and what it is worth may change without a decision about it falling: only other facts are a change.
_DIFFERENCES = """
SELECT f.id, s.*, CASE WHEN f.id IS NULL THEN 'new' WHEN s.subject_id IS NULL THEN 'gone'
    WHEN NOT f.present OR f.facts <> s.facts THEN 'changed' ELSE 'amended' END AS how
FROM ({seen}) s FULL JOIN {known} f ON f.subject_id = s.subject_id AND f.subject = s.subject AND f.kind = s.kind
WHERE f.id IS NULL OR (s.subject_id IS NULL AND f.present) OR (s.subject_id IS NOT NULL AND (
  NOT f.present OR f.facts <> s.facts OR f.account_id IS DISTINCT FROM s.account_id OR f.value IS DISTINCT FROM s.value
  OR f.currency <> s.currency OR f.counted <> s.counted))"""
_GO = "UPDATE finding SET present = FALSE, changed_at = :at WHERE id IN (SELECT id FROM run_difference WHERE how = 'gone')"
_CHANGE = """
UPDATE finding AS f SET facts = d.facts, variant = d.variant, present = TRUE, changed_at = :at
FROM run_difference d WHERE d.id = f.id AND d.how = 'changed'"""
_AMEND = """
UPDATE finding AS f SET account_id = d.account_id, value = d.value, currency = d.currency, counted = d.counted
FROM run_difference d WHERE d.id = f.id AND d.how IN ('changed', 'amended')"""
_COME = """
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
    """Store what the run saw as differences. `at` is ms; `whole`: what was not seen is gone, of every unit and line."""
    if whole and not staging.rows("SELECT 1 FROM finding LIMIT 1"):
        return FindingChanges(_come(staging, "{seen}", "SELECT * FROM finding", at), 0, 0)
    if not whole:
        staging.make("run_known", _KNOWN, by="subject_id")
    known = "finding" if whole else "run_known"
    staging.make("run_difference", _DIFFERENCES.replace("{known}", known), by="id")
    gone, changed = staging.run(_GO, at=at), staging.run(_CHANGE, at=at)
    staging.run(_AMEND)
    return FindingChanges(_come(staging, _NEW, _NEW, at), changed, gone)


def _come(staging: Staging, new: str, opened: str, at: int) -> int:
    """Store findings, and tell of them: what is new to the run, and how that can be read once it is stored."""
    come = staging.run(_COME.replace("{new}", new), at=at)
    stored_events.record_finding_events(staging, opened, at)
    return come


class FindingSums(NamedTuple):
    """Findings by kind: how many, and what those are worth together that no other finding counts."""

    counts: dict[str, int]
    worth: dict[str, tuple[Money, ...]]


_SUMS = """
SELECT kind, currency, count(*), CAST(sum(CASE WHEN counted THEN value END) AS BIGINT) FROM ({seen}) s GROUP BY kind, currency
ORDER BY kind, currency"""


def sums(staging: Staging) -> FindingSums:
    """What a run saw, stored or not."""
    return summed((row[0], row[1], row[2], row[3]) for row in staging.rows(_SUMS))


def summed(rows: Iterable[tuple[str, str, int, int | None]]) -> FindingSums:
    """Sums of rows (kind, currency, how many, ten-thousandths)."""
    counts: dict[str, int] = dict.fromkeys(FindingKind, 0)
    worth: dict[str, tuple[Money, ...]] = {}
    for kind, currency, count, amount in rows:
        counts[kind] += count
        if amount:
            worth[kind] = (*worth.get(kind, ()), Money(Decimal(amount).scaleb(-4), currency))
    return FindingSums(counts, worth)
