"""Coverage of a unit, and its warranty periods: extend, add, void."""

from datetime import date

from flask import Response
from pydantic import Field

from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, NumberPath, Price, RequestSchema, Schema, Text, UnitPath, last_day_of
from musterroll.domain.access import Role, needs
from musterroll.domain.contracts.terms import ContractState, Payment
from musterroll.domain.coverage.verdict import Cover, CoverageAnswer, CoverageVerdict
from musterroll.domain.values.errors import NotFound
from musterroll.domain.warranty.periods import CoveragePeriod, PeriodKind
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.units import unit_card as unit_cards
from musterroll.storage.warranty import periods as stored_periods
from musterroll.usecases.coverage import coverage_commands
from musterroll.usecases.coverage import verdict as coverage_verdict
from musterroll.usecases.warranty import periods as warranty_periods

api = guarded("coverage", "coverage")


class PeriodOut(Schema):
    kind: PeriodKind
    starts_on: date
    last_day: date | None
    rule: str = Field(description="Rule that determined the start.")
    evidence: str
    voided_on: date | None
    void_reason: str


class StoredPeriodOut(PeriodOut):
    id: int


class PeriodList(Schema):
    items: list[StoredPeriodOut]


class CoverOut(Schema):
    """A contract line that covers the unit that day."""

    line: str = Field(description="Contract number and line.")
    contract: str
    state: ContractState
    service: str
    price: Price | None = Field(description="Per unit per year.")
    currency: str
    payment: Payment = Field(description="Billing state; it does not affect coverage.")


class CoverageOut(Schema):
    """`unknown` if records are missing; `missing` lists them."""

    answer: CoverageAnswer
    on: date = Field(description="In the time zone of the unit's site.")
    words: str = Field(description="The verdict in a few sentences.")
    last_covered_day: date | None = Field(description="null: not covered, or covered without an end date.")
    next_change: date | None
    reasons: list[str]
    missing: list[str]
    periods: list[PeriodOut]
    lines: list[CoverOut]


class DayQuery(RequestSchema):
    on: Day | None = Field(default=None, description="Default: today at the unit's site.")


class SerialPath(RequestSchema):
    uid: Text = Field(min_length=1, max_length=200, description="Unit ID, or a serial that is unique.")


class ExtendBody(RequestSchema):
    months: int = Field(ge=1, le=600)
    document: Text = Field(min_length=1, max_length=120, description="Document that supports it.")


class RepairBody(ExtendBody):
    on: Day = Field(description="Day the repaired unit was returned.")


class VoidBody(RequestSchema):
    on: Day = Field(description="First day without this warranty.")
    reason: Text = Field(min_length=1, max_length=300)


@api.get(
    "/units/<uid>/coverage",
    summary="Coverage of a unit on a day: by what and until when",
    responses={200: CoverageOut, **documented(404, 409)},
)
def get_coverage(path: SerialPath, query: DayQuery) -> Response:
    with read_only() as session:
        return answer(verdict_out(coverage_verdict.coverage(session, path.uid, query.on, clock())))


@api.get("/units/<uid>/warranty", summary="Warranty periods of a unit", responses={200: PeriodList, **documented(404)})
def list_periods(path: UnitPath) -> Response:
    with read_only() as session:
        unit_id = unit_cards.unit_id(session, path.uid)
        if unit_id is None:
            raise NotFound(f"no unit has the ID {path.uid!r}")
        return answer(PeriodList(items=[_stored(row) for row in stored_periods.periods(session, unit_id)]))


@api.post("/units/<uid>/warranty/extend", summary="Extend the warranty", responses={201: PeriodOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.TECHNICIAN)
def extend(path: UnitPath, body: ExtendBody) -> Response:
    """The extension starts where the present warranty ends."""
    with transaction() as session:
        return answer(_period(warranty_periods.extend(session, path.uid, body.months, body.document, actor(), clock())), 201)


@api.post("/units/<uid>/warranty/repair", summary="Add a repair warranty", responses={201: PeriodOut, **documented(400, 404, 413, 415)})
@needs(Role.TECHNICIAN)
def repair(path: UnitPath, body: RepairBody) -> Response:
    with transaction() as session:
        return answer(_period(warranty_periods.repair(session, path.uid, body.on, body.months, body.document, actor(), clock())), 201)


@api.post(
    "/warranty-periods/<int:number>/void",
    summary="Void a warranty period",
    responses={200: PeriodOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.TECHNICIAN)
def void(path: NumberPath, body: VoidBody) -> Response:
    """The period stays on record, with the reason."""
    with transaction() as session:
        return answer(_period(warranty_periods.void(session, path.number, body.on, body.reason, actor(), clock())))


def verdict_out(verdict: CoverageVerdict) -> CoverageOut:
    return CoverageOut(
        answer=verdict.answer,
        on=verdict.on,
        words=coverage_commands.verdict_text(verdict),
        last_covered_day=verdict.last_covered_day,
        next_change=verdict.next_change,
        reasons=list(verdict.reasons),
        missing=list(verdict.missing),
        periods=[_period(part) for part in verdict.periods],
        lines=[_cover(part) for part in verdict.covers],
    )


def _period(period: CoveragePeriod) -> PeriodOut:
    columns = {name: getattr(period, name) for name in ("kind", "rule", "evidence", "voided_on", "void_reason")}
    return PeriodOut(**columns, starts_on=period.span.starts_on, last_day=last_day_of(period.span.ends_on))


def _stored(row: WarrantyPeriod) -> StoredPeriodOut:
    return StoredPeriodOut(**dict(_period(stored_periods.period_of(row))), id=row.id or 0)


def _cover(cover: Cover) -> CoverOut:
    line, contract = cover.line, cover.contract
    return CoverOut(
        line=line.ref,
        contract=contract.ref,
        state=contract.state,
        service=line.service,
        price=line.price.amount if line.price else None,
        currency=contract.currency,
        payment=cover.billing.payment,
    )
