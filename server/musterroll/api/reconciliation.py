"""Reconciliation: the eight quadrants, with findings and annual value."""

from datetime import date, datetime

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll import long_work
from musterroll.api.http.context import answer, clock, context, read_only, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import (
    Day,
    DayOrInstant,
    MoneyOut,
    ReportingTotalOut,
    RequestSchema,
    Schema,
    Text,
    money_out,
    reporting_out,
)
from musterroll.api.installed_base import ScopeQuery
from musterroll.domain.access import Role, needs
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.exchange import Exchange
from musterroll.domain.values.instants import from_ms
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.reconciliation import cell_counters
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.installed_base import cells_by, stored_days
from musterroll.usecases.installed_base.as_of import EVERYTHING, BaseScope, Slice
from musterroll.usecases.installed_base.cells_by import CellsPart
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.run import Reconciliation

api = guarded("reconciliation", "reconciliation")


class CellOut(Schema):
    cell: str = Field(description="One digit each for contracted, deployed, operating.")
    name: str
    owner: str = Field(description="Owner; empty: no action.")
    units: int
    worth: list[MoneyOut] = Field(description="Annual value.")


class StoredFindingsOut(Schema):
    new: int
    changed: int
    gone: int


class ReconciliationOut(Schema):
    """The eight quadrants always sum to `units`."""

    on: date
    at: datetime = Field(description="Time as of which units count as operating or silent.")
    units: int
    cells: dict[str, int]
    deployed: int
    operating: int
    deployed_and_operating: int
    findings: dict[FindingKind, int]
    priced: dict[FindingKind, int] = Field(description="Findings that have a price; the others add nothing to the annual value.")
    work: list[CellOut] = Field(description="The quadrants, with the annual value of their findings.")
    worth: list[MoneyOut] = Field(description="Annual value of all findings, each amount counted once.")
    worth_together: ReportingTotalOut | None = Field(description="The same in the reporting currency.")
    stored: StoredFindingsOut | None = Field(description="Number of stored findings that changed; null if nothing was stored.")


class StoredCounts(Schema):
    """The quadrants as of the last stored reconciliation."""

    at: datetime | None = Field(description="Time of the last full reconciliation; null: none yet.")
    units: int
    cells: dict[str, int]


class CellTrendDay(Schema):
    on: date
    cells: dict[str, int]


class CellTrend(Schema):
    items: list[CellTrendDay]


class OnQuery(RequestSchema):
    on: DayOrInstant | None = Field(default=None, description="A day, or an instant such as 2026-11-01T12:00Z; default: now.")


class CountsQuery(ScopeQuery):
    """Counts of an account alone are precomputed; other breakdowns are computed on request."""


class SlicesQuery(ListQuery, ScopeQuery):
    by: Slice = Field(default=Slice.SEGMENT, description="Accounts include their subsidiaries, so they do not add up; all others do.")


class CellsOut(Schema):
    healthy: int
    paid_but_silent: int
    undocumented_move: int
    sold_not_provisioned: int
    operating_uncovered: int
    dormant: int
    unknown_operating: int
    out_of_base: int


class SliceOut(Schema):
    ref: str = Field(description="Number, segment, country or maker; empty: units without one.")
    name: str
    units: int
    cells: CellsOut


class SlicePage(Schema):
    items: list[SliceOut]
    next: str | None


class TrendQuery(ScopeQuery):
    firmware: Text | None = Field(default=None, max_length=256, description="Firmware as last reported on each day.")
    first: Day
    until: Day


@api.get("/reconciliation", summary="Contracted, deployed, operating on a day", responses={200: ReconciliationOut})
def get_reconciliation(query: OnQuery) -> Response:
    """Computed for the day; nothing is stored."""
    now = clock()
    with snapshot() as session:
        result = reconciliation_run.reconcile(session, query.on or now, now, store=False)
        return answer(_out(result, exchange_rates.exchange(session, result.on)))


@api.post(
    "/reconciliation", summary="Reconcile now and store the findings", responses={200: ReconciliationOut, **documented(400, 413, 415)}
)
@needs(Role.PLANNER, everywhere=True)
def run() -> Response:
    now = clock()
    result = long_work.reconcile(context().database, now, now)
    with read_only() as session:
        return answer(_out(result, exchange_rates.exchange(session, result.on)))


@api.get("/reconciliation/counts", summary="The eight quadrants as last stored", responses={200: StoredCounts, **documented(404)})
def get_counts(query: CountsQuery) -> Response:
    """Of all units or of an account; fast for a fleet of any size."""
    with read_only() as session:
        last, scope = cell_counters.last_run(session), query.scope()
        if scope == EVERYTHING:
            cells = cell_counters.counts(session)
        elif scope == BaseScope(account=query.account):
            cells = cell_counters.counts(session, "account", [node.id for node in hierarchy.tree(session, query.account)])
        else:
            cells = cells_by.cells(session, scope)
    return answer(StoredCounts(at=from_ms(last.at) if last else None, units=sum(cells.values()), cells=cells))


@listing(api, "/reconciliation/slices", SlicePage, "The eight quadrants as last stored, broken down", 404)
def list_slices(query: SlicesQuery) -> Response:
    """The whole breakdown on one page."""
    if query.by not in cells_by.SLICES:
        raise DomainError(f"quadrants can be broken down by {', '.join(cells_by.SLICES)}, not by {query.by}", "bad_slice")

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        return [_slice(part) for part in cells_by.cells_by(session, query.by, query.scope())], None

    return listed(SlicePage, query, "reconciliation", fetch)


@api.get("/reconciliation/trend", summary="The eight quadrants day by day", responses={200: CellTrend, **documented(404)})
def get_trend(query: TrendQuery) -> Response:
    """As stored at the end of each day. A segment alone is of the accounts that were in it that day; else accounts are as they are now."""
    with read_only() as session:
        days = stored_days.days(session, query.first, query.until, query.scope(), query.firmware)
    return answer(CellTrend(items=[CellTrendDay(on=day.on, cells=day.cells) for day in days]))


def _out(result: Reconciliation, exchange: Exchange) -> ReconciliationOut:
    def having(flags: slice) -> int:
        return sum(count for code, count in result.cells.items() if "0" not in code[flags])

    return ReconciliationOut(
        on=result.on,
        at=result.at,
        units=result.units,
        cells=result.cells,
        deployed=having(slice(1, 2)),
        operating=having(slice(2, 3)),
        deployed_and_operating=having(slice(1, 3)),
        findings={kind: result.findings[kind] for kind in FindingKind},
        priced={kind: result.priced[kind] for kind in FindingKind},
        work=[_cell(result, code) for code in CELLS],
        worth=[money_out(money) for money in result.worth],
        worth_together=reporting_out(exchange.total(result.worth)),
        stored=StoredFindingsOut(**result.stored._asdict()) if result.stored else None,
    )


def _slice(part: CellsPart) -> SliceOut:
    cells = CellsOut(**{CELLS[code][0].replace(",", "").replace(" ", "_"): units for code, units in part.cells.items()})
    return SliceOut(ref=part.ref, name=part.name, units=sum(part.cells.values()), cells=cells)


def _cell(result: Reconciliation, code: str) -> CellOut:
    name, owner = CELLS[code]
    worth = [money_out(money) for money in result.money.get(code, ())]
    return CellOut(cell=code, name=name, owner=owner, units=result.cells[code], worth=worth)
