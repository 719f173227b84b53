"""Findings: listed, opened, decided. A decision holds until the facts it rests on change."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Row
from sqlmodel import Session, col, select

from musterroll.domain.findings import decisions as decision_rules
from musterroll.domain.findings.decisions import Decision, FindingRecord, FindingState
from musterroll.domain.findings.kinds import OWNERS, Finding, FindingKind
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.findings.lists import FindingCriteria, FindingTotal
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.findings import FindingDecision
from musterroll.storage.tables.findings import FindingRow as Stored
from musterroll.storage.tables.units import Unit
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.findings import explain
from musterroll.usecases.findings.explain import DocumentedEvidence
from musterroll.usecases.undo import undo as undo_changes

_LIMIT = 10_000  # findings decided at once


class FindingFilter(NamedTuple):
    """Which findings; all given fields must match. `account` is a number and includes subsidiaries."""

    state: FindingState | None = FindingState.OPEN
    kind: FindingKind | None = None
    owner: str = ""
    account: str = ""
    product_id: int | None = None
    uid: str = ""
    site: str = ""  # a number
    segment: str | None = None
    country: str | None = None


class FindingsPage(NamedTuple):
    """Findings by descending value (rows of `storage.findings.lists.page`), the cursor of the next page, and the totals of all pages."""

    rows: list[Row[Any]]
    next: str | None
    total: FindingTotal


class FindingDetail(NamedTuple):
    """A finding: its row, the finding by the current records (None: gone), its evidence, and the decisions, newest first."""

    row: Row[Any]
    finding: Finding | None
    proofs: list[DocumentedEvidence]
    history: list[FindingDecision]


def findings(session: Session, filters: FindingFilter, after: str | None, limit: int, now: datetime) -> FindingsPage:
    """A page of findings. `after`: the `next` of the page before. Raises NotFound for an unknown account, unit, site or owner."""
    on, criteria = _today(now), _criteria(session, filters)
    position = cursors.decode(after, int, int)
    page = finding_lists.page(session, criteria, on, None if position is None else (position[0], position[1]), limit + 1)
    rows, following = cursors.cut(page, limit, lambda row: (row.rank, row.id))
    return FindingsPage(rows, following, finding_lists.total(session, criteria, on))


def total(session: Session, filters: FindingFilter, now: datetime) -> FindingTotal:
    """The number and value of findings. Raises as `findings`."""
    return finding_lists.total(session, _criteria(session, filters), _today(now))


def finding(session: Session, finding_id: int, now: datetime) -> FindingDetail:
    """A finding in detail. Raises NotFound."""
    row = finding_lists.by_id(session, finding_id, _today(now))
    stored = session.get(Stored, finding_id)
    if row is None or stored is None:
        raise NotFound(f"there is no finding {finding_id}")
    current = explain.current_finding(session, stored, now)
    return FindingDetail(
        row, current, explain.documented_evidence(session, current) if current else [], finding_lists.history(session, finding_id)
    )


def decide(
    session: Session, ids: Collection[int], to: FindingState, *, reason: str, until: date | None = None, actor: str, now: datetime
) -> AuditChange:
    """Decide findings: accept, ignore until a day, resolve or reopen; all of them or none.

    Raises NotFound, and Conflict as `domain.findings.decisions.decide`, naming the finding.
    """
    if len(ids) > _LIMIT:
        raise Conflict(f"{len(ids):,} findings are selected; the limit is {_LIMIT:,}", "too_many")
    findings = {row.id or 0: (row, decision) for row, decision in finding_lists.by_ids(session, set(ids))}
    if missing := sorted(set(ids) - findings.keys()):
        raise NotFound(f"there is no finding {missing[0]}")
    subject = f"finding {next(iter(ids))} is {to}" if len(ids) == 1 else f"{len(ids)} findings are {to}"
    change = audit_record.begin(session, actor=actor, kind="decision", subject=subject, reason=reason, now=now)
    decisions = [_decided(*findings[finding_id], to, reason, until, actor, now) for finding_id in sorted(findings)]
    session.add_all(decisions)
    session.flush()
    audit_record.added(session, change, "finding_decision", [row.id or 0 for row in decisions])
    return change


def _decided(
    row: Stored, decision: FindingDecision | None, to: FindingState, reason: str, until: date | None, actor: str, now: datetime
) -> FindingDecision:
    record = FindingRecord(_facts(row.facts), row.present, _decision(decision))
    try:
        decision_rules.decide(record, to, actor, reason, _today(now), until)
    except Conflict as error:
        raise Conflict(f"finding {row.id}: {error}", error.code) from None
    return FindingDecision(
        finding_id=row.id or 0, state=to.value, reason=reason.strip()[:500], facts=row.facts, until=until, at=to_ms(now), by=actor[:120]
    )


def _decision(row: FindingDecision | None) -> Decision | None:
    """A stored decision for the rules. Reopening a finding withdraws its decision."""
    if row is None or row.state == FindingState.OPEN:
        return None
    return Decision(FindingState(row.state), row.by, row.reason, _facts(row.facts), row.until)


def _facts(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _criteria(session: Session, filters: FindingFilter) -> FindingCriteria:
    kinds = [kind for kind in FindingKind if filters.owner in ("", kind.owner)]
    if not kinds:
        raise NotFound(f"the owner of a finding is one of {', '.join(OWNERS)}, not {filters.owner[:40]!r}")
    kinds = [kind for kind in kinds if filters.kind in (None, kind)]
    account = _id(session, Account.id, Account.ref, filters.account, "account")
    unit = _id(session, Unit.id, Unit.uid, filters.uid, "unit")
    site = _id(session, Site.id, Site.ref, filters.site, "site")
    some = kinds if len(kinds) < len(FindingKind) else ()
    return FindingCriteria(filters.state, some, account, filters.product_id, unit, site, filters.segment, filters.country)


def _id(session: Session, key: Any, ref: Any, name: str, what: str) -> int | None:
    if not name:
        return None
    row_id: int | None = None if "\0" in name else session.exec(select(key).where(col(ref) == name)).first()
    if row_id is None:
        raise NotFound(f"there is no {what} {name[:80]!r}")
    return row_id


def undo_decision(session: Session, finding_id: int, actor: str, now: datetime, reason: str = "") -> AuditChange:
    """Undo the newest decision of a finding. Returns the change that undoes it.

    Raises NotFound if nothing is decided, and Conflict if other findings were decided with it.
    """
    decided = next(iter(finding_lists.history(session, finding_id)), None)
    if decided is None:
        known = finding_lists.by_id(session, finding_id, now.date()) is not None
        raise NotFound(f"finding {finding_id} has no decision" if known else f"there is no finding {finding_id}")
    change_id, rows = finding_lists.decided_by(session, decided.id or 0)
    if rows > 1:
        raise Conflict(
            f"finding {finding_id} was decided with {rows - 1:,} others; undo change {change_id} for all, or open this one again", "of_many"
        )
    return undo_changes.undo(session, change_id, actor, now, reason)
