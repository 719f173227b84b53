"""A finding explained: the rules run again for its unit or line, and each piece of evidence names its source documents."""

from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session, col, select

from musterroll.domain.contracts.terms import LineScope, line_in_force
from musterroll.domain.coverage.seat_allocation import Candidate, allocate_seats
from musterroll.domain.findings.evidence import Evidence
from musterroll.domain.findings.kinds import Finding, Subject
from musterroll.domain.findings.line_rules import LineCase, line_findings
from musterroll.domain.findings.unit_rules import DoubtFacts, UnitCase, unit_findings
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.domain.warranty.unit_claims import disagreement, read_claim
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.coverage import competing_units, unit_facts
from musterroll.storage.imports.runs import DocumentOrigin
from musterroll.storage.messages import identity
from musterroll.storage.reconciliation import cell_counters, unit_states
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.findings import FindingRow as Row
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.coverage.unit_documents import UnitDocuments, allocate_at
from musterroll.usecases.findings import more_evidence
from musterroll.usecases.imports import history as import_history

_NAMED = 20  # units without a seat that are named by serial


class DocumentedEvidence(NamedTuple):
    """A piece of evidence, and the document rows that created or changed it, oldest first."""

    evidence: Evidence
    documents: tuple[DocumentOrigin, ...]


def current_finding(session: Session, row: Row, now: datetime) -> Finding | None:
    """A stored finding by the current records, for the day and the instant of the last run. None: it is gone."""
    run = cell_counters.last_run(session)
    instant = from_ms(run.at) if run else now
    on = run.on if run else now.date()
    rule = _of_unit if row.subject == Subject.UNIT else _of_line
    return next((candidate for candidate in rule(session, row.subject_id, on, instant, now) if candidate.key.kind == row.kind), None)


def documented_evidence(session: Session, finding: Finding) -> list[DocumentedEvidence]:
    """The evidence of a finding with its documents; for a line, those of its contract too."""
    rows = []
    for evidence in finding.evidence:
        origins = import_history.provenance(session, _named(session, evidence), evidence.table)
        if evidence.table == "line":
            contract = session.execute(select(col(ContractLine.contract_id)).where(col(ContractLine.id) == evidence.id)).scalar()
            origins += import_history.provenance(session, contract or 0, "contract")
        rows.append(DocumentedEvidence(evidence, tuple(origins)))
    return rows


def _named(session: Session, evidence: Evidence) -> int:
    """The id under which imports record the source of this evidence."""
    if evidence.table != "warranty":
        return evidence.id
    period = session.get(WarrantyPeriod, evidence.id)
    return period.unit_id if period and period.kind is PeriodKind.STANDARD else 0


def _of_unit(session: Session, unit_id: int, on: date, instant: datetime, now: datetime) -> list[Finding]:
    unit = unit_facts.by_id(session, unit_id)
    state = unit_states.unit_state(session, unit_states.judged(session, to_ms(instant), to_ms(now)), unit_id)
    if unit is None or state is None:
        return []
    documents = UnitDocuments(session, unit, on, instant, now)
    case = UnitCase(
        unit_id,
        unit.serial,
        state.lifecycle,
        state.liveness,
        None if unit.heard_at is None else from_ms(unit.heard_at),
        tuple(documents.seats),
        tuple(documents.ended),
        documents.in_warranty,
        None if unit.list_price is None else Money(unit.list_price, unit.currency),
        disagreement(read_claim(unit.card), documents.periods),
        unit_facts.has_clone(session, unit_id),
        {doubt: DoubtFacts(row.says, row.facts) for (_, doubt), row in identity.cases(session, [unit_id]).items()},
        more_evidence.evidence_by_kind(session, unit, [cover.contract for cover in documents.seats]),
        _lineage(session, unit_facts.account(unit)),
        unit.kind,
    )
    return list(unit_findings(case))


def _lineage(session: Session, account_id: int | None) -> tuple[int, ...]:
    """An account and all above it, also where the user may not see these."""
    above = competing_units.ancestors(session, [account_id]) if account_id else {}
    return tuple(sorted(above, key=lambda ancestor: ancestor != account_id))


def _of_line(session: Session, line_id: int, on: date, instant: datetime, now: datetime) -> list[Finding]:
    cover = contract_lines.line(session, line_id)
    if cover is None or line_in_force(cover.line, cover.contract, on) is None:
        return []
    line = cover.line
    if line.scope is LineScope.SERIAL:
        holders = unit_facts.by_serial_key(session, line.serial_key)
        allocation = allocate_seats(
            [line], [Candidate(row.id, row.serial_key, row.product_id, None, None, False, False) for row in holders], {}
        )
    elif line.product is None or line.place is None:
        return []
    else:
        judged = unit_states.judged(session, to_ms(instant), to_ms(now))
        allocation = allocate_at(session, judged, line.product, {(line.scope, line.place)}, on).assignment
    over = allocation.over.get(line_id, ())
    return list(line_findings(LineCase(cover, allocation.left_over.get(line_id, 0), over, unit_facts.serials(session, over[:_NAMED]))))
