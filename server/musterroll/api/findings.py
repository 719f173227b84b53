"""Findings: lists, details with evidence, and decisions on one or many."""

from datetime import date, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, ReasonBody, change_out
from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import (
    Day,
    MoneyOut,
    NamedRef,
    NumberPath,
    ReportingTotalOut,
    RequestSchema,
    Schema,
    Text,
    inline_enum,
    money_out,
    named_ref,
    reporting_out,
)
from musterroll.domain.access import Role, needs
from musterroll.domain.findings import decisions as decision_rules
from musterroll.domain.findings.kinds import FindingKind, Subject
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.imports.runs import DocumentOrigin
from musterroll.storage.installed_base.counts import product_id
from musterroll.storage.tables.findings import FindingDecision
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingDetail, FindingFilter
from musterroll.usecases.findings.explain import DocumentedEvidence

api = guarded("findings", "findings")
State = Annotated[decision_rules.FindingState, inline_enum(decision_rules.FindingState)]


class FindingOut(Schema):
    id: int
    kind: FindingKind
    variant: str = Field(description="For operating_uncovered: attach_opportunity (still in warranty) or leak.")
    owner: str = Field(description="Suggested owner.")
    subject: Subject
    unit: str | None = Field(description="Unit ID, for a finding about a unit.")
    serial: str | None
    line: str | None = Field(description="Contract number and line, for a finding about a line.")
    account: NamedRef | None
    model: str | None
    value: MoneyOut | None = Field(description="Annual value; the first currency where there are several.")
    amounts: list[MoneyOut] = Field(description="Annual value, one amount for each currency.")
    counted: bool = Field(description="false: another finding already counts this amount.")
    state: State
    reason: str | None = Field(description="Reason of the latest decision.")
    decided_by: str | None
    decided_at: datetime | None
    until: date | None = Field(description="Snoozed until this day.")
    first_seen_at: datetime
    changed_at: datetime


class FindingPage(Schema):
    items: list[FindingOut]
    next: str | None
    findings: int = Field(description="Number on all pages.")
    priced: int = Field(description="Of these: with a price; the others add nothing to the annual value.")
    worth: list[MoneyOut] = Field(description="Annual value of all pages, each amount counted once.")
    worth_together: ReportingTotalOut | None = Field(description="The same in the reporting currency.")


class DocumentOut(Schema):
    """The row of an imported file that created or changed the record."""

    run: int = Field(description="Number of the import.")
    kind: str
    file: str
    line: int
    outcome: str
    detail: str
    at: datetime
    actor: str
    undone: bool


class ProofOut(Schema):
    table: str = Field(description="unit, unit_status, line, invoice, warranty, card, credential, product.")
    id: int
    says: str
    documents: list[DocumentOut]


class DecisionOut(Schema):
    state: State
    reason: str
    until: date | None
    at: datetime
    by: str


class FindingDetailOut(FindingOut):
    says: str | None = Field(description="In words; null if it is no longer true.")
    how: str | None = Field(description="How the value was calculated.")
    evidence: list[ProofOut]
    history: list[DecisionOut] = Field(description="Decisions, newest first.")


class FindingQuery(ListQuery):
    state: State | None = Field(default=None, description="Default: all states.")
    kind: FindingKind | None = None
    owner: Text = Field(default="", max_length=40)
    account: Text = Field(default="", max_length=80, description="Account number; includes subsidiaries.")
    unit: Text = Field(default="", max_length=64, description="Unit ID.")
    site: Text = Field(default="", max_length=80, description="Site number.")
    segment: Text | None = Field(default=None, max_length=80, description="Segment of the account.")
    country: Text | None = Field(default=None, max_length=60, description="Country of the site, else of the account.")
    maker: Text | None = Field(default=None, max_length=200, description="Together with model.")
    model: Text | None = Field(default=None, max_length=200)


class DecisionBody(RequestSchema):
    state: State
    reason: Text = Field(default="", max_length=500, description="Required, except for open.")
    until: Day | None = Field(default=None, description="Required for ignored, and only allowed with it.")


class DecisionsBody(DecisionBody):
    ids: list[int] = Field(min_length=1, max_length=10_000)


@listing(api, "/findings", FindingPage, "Findings, highest value first", 404)
def list_findings(query: FindingQuery) -> Response:
    now = clock()
    sums: dict[str, Any] = {}

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        page = finding_decisions.findings(session, _filter(session, query), cursor, limit, now)
        sums.update(findings=page.total.findings, priced=page.total.priced, worth=[money_out(money) for money in page.total.worth])
        sums.update(worth_together=reporting_out(exchange_rates.exchange(session, now.date()).total(page.total.worth)))
        return [FindingOut(**_facts(row)) for row in page.rows], page.next

    return listed(FindingPage, query, "findings", fetch, lambda: sums)


@api.get("/findings/<int:number>", summary="One finding with its evidence", responses={200: FindingDetailOut, **documented(404)})
def get_finding(path: NumberPath) -> Response:
    """Each piece of evidence names the file and row it comes from."""
    with read_only() as session:
        return answer(_detail(finding_decisions.finding(session, path.number, clock())))


@api.post(
    "/findings/<int:number>/decision", summary="Decide on a finding", responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.PLANNER)
def decide(path: NumberPath, body: DecisionBody) -> Response:
    """The decision stands until the facts change. Can be undone."""
    return _decide([path.number], body)


@api.post(
    "/findings/decisions", summary="Decide on many findings at once", responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.PLANNER)
def decide_many(body: DecisionsBody) -> Response:
    """All or none. One change, which can be undone."""
    return _decide(body.ids, body)


@api.post("/findings/<int:number>/undo", summary="Undo a decision", responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER)
def undo_decision(path: NumberPath, body: ReasonBody) -> Response:
    """Undoes the last decision on the finding. Returns the new change."""
    with transaction() as session:
        return answer(change_out(finding_decisions.undo_decision(session, path.number, actor(), clock(), body.reason)))


def _decide(ids: list[int], body: DecisionBody) -> Response:
    if not all(1 <= finding_id < 2**53 for finding_id in ids):
        raise NotFound("there is no such finding; finding numbers are positive")
    with transaction() as session:
        change = finding_decisions.decide(session, ids, body.state, reason=body.reason, until=body.until, actor=actor(), now=clock())
        return answer(change_out(change))


def _filter(session: Session, query: FindingQuery) -> FindingFilter:
    product = None
    if query.maker is not None and query.model is not None:
        product = product_id(session, name_key(query.maker), name_key(query.model))
        if product is None:
            raise NotFound(f"there is no product {query.maker} {query.model}")
    places = (query.site, query.segment, query.country)
    return FindingFilter(query.state, query.kind, query.owner, query.account, product, query.unit, *places)


def _facts(row: Row[Any]) -> dict[str, Any]:
    columns = {name: row._mapping[name] for name in ("id", "kind", "variant", "subject", "serial", "line", "model", "counted", "state")}
    return {
        **columns,
        **{name: row._mapping[name] for name in ("reason", "decided_by", "until")},
        "owner": FindingKind(row.kind).owner,
        "unit": row.uid,
        "account": named_ref(row.account_ref, row.account),
        "value": None if row.value is None else MoneyOut(amount=row.value, currency=row.currency),
        "amounts": [money_out(money) for money in finding_lists.amounts(row)],
        "decided_at": None if row.decided_at is None else from_ms(row.decided_at),
        "first_seen_at": from_ms(row.first_seen_at),
        "changed_at": from_ms(row.changed_at),
    }


def _detail(detail: FindingDetail) -> FindingDetailOut:
    current = detail.finding
    return FindingDetailOut(
        **_facts(detail.row),
        says=current.says if current else None,
        how=current.worth.how if current else None,
        evidence=[_proof(part) for part in detail.proofs],
        history=[_decision(part) for part in detail.history],
    )


def _proof(proof: DocumentedEvidence) -> ProofOut:
    table, id_, says = proof.evidence
    return ProofOut(table=table, id=id_, says=says, documents=[_document(document) for document in proof.documents])


def _document(origin: DocumentOrigin) -> DocumentOut:
    columns = {name: getattr(origin, name) for name in ("kind", "file", "line", "detail", "actor", "undone")}
    return DocumentOut(**columns, run=origin.run_id, outcome=origin.verdict, at=from_ms(origin.at))


def _decision(row: FindingDecision) -> DecisionOut:
    return DecisionOut(state=decision_rules.FindingState(row.state), reason=row.reason, until=row.until, at=from_ms(row.at), by=row.by)
