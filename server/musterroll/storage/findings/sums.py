"""Sums of the present findings by account, kind and currency: shifted by every run, and read by pages."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.money import Money, totals
from musterroll.storage.engine.columns import WORD, Columns
from musterroll.storage.tables.findings import FindingSum

_COLUMNS = ("account_id", "kind", "currency", "findings", "priced", "worth")
_SUM = {"account_id": "BIGINT", "kind": "TEXT", "currency": "TEXT", "findings": "INTEGER", "priced": "INTEGER", "worth": "BIGINT"}
# What the rows of a run add; `value` and `counted` as in `finding`.
_ADDED = """
SELECT coalesce(account_id, 0) AS account_id, kind, coalesce(currency, '') AS currency, 1 AS findings,
  CASE WHEN value IS NULL THEN 0 ELSE 1 END AS priced, CASE WHEN counted THEN coalesce(value, 0) ELSE 0 END AS worth
FROM {findings}
UNION ALL SELECT coalesce(account_id, 0), kind, currency, 0, 0, CASE WHEN counted THEN value ELSE 0 END FROM run_further"""
_TAKEN = """
SELECT coalesce(f.account_id, 0), f.kind, coalesce(f.currency, ''), -1, CASE WHEN f.value IS NULL THEN 0 ELSE -1 END,
  CASE WHEN f.counted THEN -coalesce(f.value, 0) ELSE 0 END
FROM run_difference d JOIN run_known f ON f.id = d.id WHERE f.present
UNION ALL
SELECT coalesce(f.account_id, 0), f.kind, a.currency, 0, 0, CASE WHEN f.counted THEN -a.value ELSE 0 END
FROM run_amount a JOIN run_known f ON f.id = a.finding_id WHERE f.present"""
_ALL = _ADDED.format(findings="run_finding")
_SHIFTS = _ADDED.format(findings="(FROM run_difference WHERE how <> 'gone') d") + f" UNION ALL {_TAKEN}"


def _summed(rows: str, by: str) -> str:
    sums = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in ("findings", "priced", "worth"))
    return f"SELECT {by}, {sums} FROM ({rows}) amounts GROUP BY {by}"  # noqa: S608


_BY_KINDS = {"kind": WORD, "currency": WORD, "findings": "BIGINT", "priced": "BIGINT", "worth": "BIGINT"}
_BY_ROW, _BY_KIND = "account_id, kind, currency", "kind, currency"
_SHIFTED = f"FROM ({_summed(_SHIFTS, _BY_ROW)}) WHERE findings <> 0 OR priced <> 0 OR worth <> 0"
_SHIFT = f"""
INSERT INTO finding_sum ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM run_finding_shift WHERE TRUE
ON CONFLICT (account_id, kind, currency) DO UPDATE SET findings = finding_sum.findings + excluded.findings,
  priced = finding_sum.priced + excluded.priced, worth = finding_sum.worth + excluded.worth"""  # noqa: S608
_EMPTY = "DELETE FROM finding_sum WHERE findings = 0 AND priced = 0 AND worth = 0"
# Sums that are only ever shifted would stay wrong once something else had made them so.
_WRONG = f"""
SELECT 1 FROM (
  {_summed(_ALL, _BY_KIND)}
  UNION ALL SELECT kind, coalesce(currency, ''), -findings, -priced, -worth FROM run_finding_summed
  UNION ALL SELECT kind, currency, -findings, -priced, -worth FROM run_finding_shift) sums
GROUP BY kind, currency HAVING sum(findings) <> 0 OR sum(priced) <> 0 OR sum(worth) <> 0 LIMIT 1"""  # noqa: S608


def keep(columns: Columns, *, whole: bool) -> None:
    """Shift the stored sums by the differences of a run. A whole run sums anew what is summed wrong."""
    columns.make("run_finding_shift", _SHIFTED)
    if whole:
        columns.read("run_finding_summed", _summed("SELECT * FROM finding_sum", _BY_KIND), _BY_KINDS)
        if columns.rows(_WRONG):
            columns.write("DELETE FROM finding_sum")
            columns.send("finding_sum", _COLUMNS, _summed(_ALL, _BY_ROW))
            return
    if columns.rows("SELECT 1 FROM run_finding_shift LIMIT 1"):
        columns.send_temporary("run_finding_shift", _SUM, f"SELECT {', '.join(_SUM)} FROM run_finding_shift")  # noqa: S608
        columns.write(_SHIFT)
        columns.write(_EMPTY)


class FindingSums(NamedTuple):
    """Findings by kind: number, those of them that have a price, and value without what other findings count."""

    counts: dict[str, int]
    priced: dict[str, int]
    worth: dict[str, tuple[Money, ...]]


def of_run(columns: Columns) -> FindingSums:
    """The findings of a run, stored or not."""
    return summed(columns.rows(_summed(_ALL, _BY_KIND)))


def stored(session: Session) -> FindingSums:
    """The findings of the last run, whatever was decided since."""
    s = FindingSum
    query = select(col(s.kind), col(s.currency), func.sum(col(s.findings)), func.sum(col(s.priced)), func.sum(col(s.worth)))
    rows = session.execute(query.group_by(col(s.kind), col(s.currency)))
    return summed((kind, currency, int(findings), int(priced), int(worth)) for kind, currency, findings, priced, worth in rows)


def summed(rows: Iterable[tuple[str, str, int, int, int | None]]) -> FindingSums:
    """Sums of rows (kind, currency, count, of these with a price, value in ten-thousandths)."""
    counts: dict[str, int] = dict.fromkeys(FindingKind, 0)
    priced = counts.copy()
    amounts: dict[str, list[Money]] = {}
    for kind, currency, count, with_price, amount in rows:
        counts[kind] += count
        priced[kind] += with_price
        if amount:
            amounts.setdefault(kind, []).append(Money(Decimal(amount).scaleb(-4), currency))
    return FindingSums(counts, priced, {kind: totals(amounts[kind]) for kind in sorted(amounts)})
