"""The paper beside the fleet: the eight cells, what disagrees and what that is worth."""

from datetime import date, datetime

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, reading, rehearsing, writing
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, DayOrInstant, MoneyOut, Request, Shape, Text, money_out
from musterroll.api.installed_base import ScopeQuery
from musterroll.domain.access import Role, needs
from musterroll.domain.findings.kinds import Kind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.errors import Refusal
from musterroll.domain.values.instants import from_ms
from musterroll.storage.reconciliation import cell_counters
from musterroll.usecases.accounts import hierarchy
from musterroll.usecases.installed_base import cells_by
from musterroll.usecases.installed_base.as_of import EVERYTHING, Scope, Slice
from musterroll.usecases.installed_base.cells_by import Sliced
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.run import Reconciliation

api = guarded("reconciliation", "reconciliation")


class CellOut(Shape):
    cell: str = Field(description="Contracted, deployed, operating: a digit each.")
    name: str
    owner: str = Field(description="Whose work it is; nobody's where empty.")
    units: int
    worth: list[MoneyOut] = Field(description="A year.")


class StoredOut(Shape):
    new: int
    changed: int
    gone: int


class ReconciliationOut(Shape):
    """The eight cells always sum to `units`."""

    on: date
    at: datetime = Field(description="The instant silence is judged at.")
    units: int
    cells: dict[str, int]
    deployed: int
    operating: int
    deployed_and_operating: int
    findings: dict[Kind, int]
    work: list[CellOut] = Field(description="The cells, with what their findings are worth.")
    worth: list[MoneyOut] = Field(description="A year, of all findings, no money counted twice.")
    stored: StoredOut | None = Field(description="How many stored findings the run changed; null where it stored nothing.")


class KeptCounts(Shape):
    """As the last stored run left them."""

    at: datetime | None = Field(description="The instant silence was judged at in the last whole run; null: there was none.")
    units: int
    cells: dict[str, int]


class TrendDay(Shape):
    on: date
    cells: dict[str, int]


class Trend(Shape):
    items: list[TrendDay]


class OnQuery(Request):
    on: DayOrInstant | None = Field(default=None, description="A day, or an instant as 2026-11-01T12:00Z; default: now.")


class CountsQuery(ScopeQuery):
    """Without anything else, an account is counted at once; other slices are counted when asked for."""


class SlicesQuery(ListQuery, ScopeQuery):
    by: Slice = Field(default=Slice.SEGMENT, description="Accounts come with all below them, so they do not add up; all others do.")


class CellsOut(Shape):
    healthy: int
    paid_but_silent: int
    undocumented_move: int
    sold_not_provisioned: int
    operating_uncovered: int
    dormant: int
    unknown_operating: int
    out_of_base: int


class SliceOut(Shape):
    ref: str = Field(description="Number, segment or country, or maker; empty: units of none.")
    name: str
    units: int
    cells: CellsOut


class SlicePage(Shape):
    items: list[SliceOut]
    next: str | None


class TrendQuery(Request):
    account: Text | None = Field(default=None, max_length=80, description="The account's number; with all accounts below it.")
    first: Day
    until: Day


@api.get("/reconciliation", summary="Contracted, deployed, operating on a day", responses={200: ReconciliationOut})
def get_reconciliation(query: OnQuery) -> Response:
    """Worked out anew for the day; nothing is stored."""
    now = clock()
    with rehearsing() as session:
        return answer(_out(reconciliation_run.reconcile(session, query.on or now, now, store=False)))


@api.post("/reconciliation", summary="Reconcile now and keep the findings", responses={200: ReconciliationOut, **documented(400, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def run() -> Response:
    now = clock()
    with writing() as session:
        return answer(_out(reconciliation_run.reconcile(session, now, now, store=True)))


@api.get("/reconciliation/counts", summary="The eight cells as last kept", responses={200: KeptCounts, **documented(404)})
def get_counts(query: CountsQuery) -> Response:
    """Of all, or of an account, at once, whatever the size of the fleet."""
    with reading() as session:
        last, scope = cell_counters.last_run(session), query.scope()
        if scope == EVERYTHING:
            cells = cell_counters.counts(session)
        elif scope == Scope(account=query.account):
            cells = cell_counters.counts(session, "account", [node.id for node in hierarchy.tree(session, query.account)])
        else:
            cells = cells_by.cells(session, scope)
    return answer(KeptCounts(at=from_ms(last.at) if last else None, units=sum(cells.values()), cells=cells))


@listing(api, "/reconciliation/slices", SlicePage, "The eight cells as last kept, sliced", 404)
def list_slices(query: SlicesQuery) -> Response:
    """All slices on one page."""
    if query.by not in cells_by.SLICES:
        raise Refusal(f"the cells are sliced by {', '.join(cells_by.SLICES)}, not by {query.by}", "bad_slice")

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        return [_slice(one) for one in cells_by.cells_by(session, query.by, query.scope())], None

    return listed(SlicePage, query, "reconciliation", fetch)


@api.get("/reconciliation/trend", summary="The eight cells day by day", responses={200: Trend, **documented(404)})
def get_trend(query: TrendQuery) -> Response:
    """As each day's end was kept."""
    with reading() as session:
        days = daily_snapshot.trend(session, query.first, query.until, query.account)
    return answer(Trend(items=[TrendDay(on=one.on, cells=one.cells) for one in days]))


def _out(found: Reconciliation) -> ReconciliationOut:
    def having(flags: slice) -> int:
        return sum(count for code, count in found.cells.items() if "0" not in code[flags])

    return ReconciliationOut(
        on=found.on,
        at=found.at,
        units=found.units,
        cells=found.cells,
        deployed=having(slice(1, 2)),
        operating=having(slice(2, 3)),
        deployed_and_operating=having(slice(1, 3)),
        findings={kind: found.findings[kind] for kind in Kind},
        work=[_cell(found, code) for code in CELLS],
        worth=[money_out(one) for one in found.worth],
        stored=StoredOut(**found.stored._asdict()) if found.stored else None,
    )


def _slice(one: Sliced) -> SliceOut:
    cells = CellsOut(**{CELLS[code][0].replace(",", "").replace(" ", "_"): units for code, units in one.cells.items()})
    return SliceOut(ref=one.ref, name=one.name, units=sum(one.cells.values()), cells=cells)


def _cell(found: Reconciliation, code: str) -> CellOut:
    name, owner = CELLS[code]
    worth = [money_out(one) for one in found.money.get(code, ())]
    return CellOut(cell=code, name=name, owner=owner, units=found.cells[code], worth=worth)
