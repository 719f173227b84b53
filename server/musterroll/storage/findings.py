"""Stored findings: what a run changes of them, how many there are and what they are worth."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from musterroll.domain.findings import Kind
from musterroll.domain.money import Money
from musterroll.storage.staging import Staging


class Merged(NamedTuple):
    """How many stored findings a run changed. `changed` counts those with other facts, and those that returned."""

    new: int
    changed: int
    gone: int


_SAME = "f.subject_id = s.subject_id AND f.subject = s.subject AND f.kind = s.kind"
_OTHER_FACTS = "(NOT f.present OR f.facts <> s.facts)"
_CHANGE = f"""
UPDATE finding AS f SET facts = s.facts, variant = s.variant, present = TRUE, changed_at = :at
FROM run_seen s WHERE {_SAME} AND {_OTHER_FACTS}"""  # noqa: S608
# Who is concerned and how much it is worth may change without a decision about it falling.
_AMEND = f"""
UPDATE finding AS f SET account_id = s.account_id, value = s.value, currency = s.currency, counted = s.counted
FROM run_seen s WHERE {_SAME} AND (f.account_id IS DISTINCT FROM s.account_id OR f.value IS DISTINCT FROM s.value
  OR f.currency <> s.currency OR f.counted <> s.counted)"""  # noqa: S608
_GO = f"""
UPDATE finding AS f SET present = FALSE, changed_at = :at
WHERE f.present AND NOT EXISTS (SELECT 1 FROM run_seen s WHERE {_SAME})"""  # noqa: S608
# What a run of some units and lines says nothing of stays as it is.
_GO_OF = f"""
UPDATE finding AS f SET present = FALSE, changed_at = :at
FROM {{table}} t WHERE f.subject_id = t.{{subject}}_id AND f.subject = '{{subject}}'
  AND f.present AND NOT EXISTS (SELECT 1 FROM run_seen s WHERE {_SAME})"""  # noqa: S608
_GO_OF_SOME = [_GO_OF.format(table=table, subject=subject) for table, subject in (("run_touched", "unit"), ("run_touched_line", "line"))]
_COME = f"""
INSERT INTO finding (kind, subject, subject_id, facts, variant, account_id, value, currency, counted, present, first_seen_at, changed_at)
SELECT kind, subject, subject_id, facts, variant, account_id, value, currency, counted, TRUE, :at, :at
FROM run_seen s WHERE NOT EXISTS (SELECT 1 FROM finding f WHERE {_SAME})
ORDER BY subject_id, subject, kind"""  # noqa: S608


def merge(staging: Staging, at: int, whole: bool) -> Merged:
    """Store the findings of `run_seen` as differences. `at` is ms; `whole`: what was not seen is gone, of every unit and line."""
    changed = staging.run(_CHANGE, at=at)
    staging.run(_AMEND)
    gone = sum(staging.run(statement, at=at) for statement in ([_GO] if whole else _GO_OF_SOME))
    return Merged(staging.run(_COME, at=at), changed, gone)


class Sums(NamedTuple):
    """Findings of a run by kind: how many, and what those are worth together that no other finding counts."""

    counts: dict[str, int]
    worth: dict[str, tuple[Money, ...]]


_SUMS = """
SELECT kind, currency, count(*), CAST(sum(CASE WHEN counted THEN value END) AS BIGINT) FROM run_seen GROUP BY kind, currency
ORDER BY kind, currency"""


def sums(staging: Staging) -> Sums:
    return summed((row[0], row[1], row[2], row[3]) for row in staging.rows(_SUMS))


def summed(rows: Iterable[tuple[str, str, int, int | None]]) -> Sums:
    """Sums of rows (kind, currency, how many, ten-thousandths)."""
    counts: dict[str, int] = dict.fromkeys(Kind, 0)
    worth: dict[str, tuple[Money, ...]] = {}
    for kind, currency, count, amount in rows:
        counts[kind] += count
        if amount:
            worth[kind] = (*worth.get(kind, ()), Money(Decimal(amount).scaleb(-4), currency))
    return Sums(counts, worth)
