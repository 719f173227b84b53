"""Units: list, details, history, look-up, and pausing alerts."""

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import PageQuery, RequestSchema, Text, UnitPath
from musterroll.api.unit_schemas import LookUpOut, MessagePage, StateChangePage, UnitOut, UnitPage, message_out, state_change_out, unit_out
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values import cursors
from musterroll.usecases.fleet.pages import FleetFilter, fleet
from musterroll.usecases.units.history import messages, transitions
from musterroll.usecases.units.look_up import look_up, unit_card

api = guarded("units", "units")


class FleetQuery(ListQuery):
    lifecycle: Lifecycle | None = None
    liveness: Liveness | None = None
    text: Text = Field(default="", max_length=200, description="Start of a serial, or text in the name of an account, site or product.")
    account: Text | None = Field(default=None, max_length=80, description="Account number.")
    site: Text | None = Field(default=None, max_length=80, description="Site number.")
    maker: Text | None = Field(default=None, max_length=200)
    model: Text | None = Field(default=None, max_length=200)
    under: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    owner: Text | None = Field(default=None, max_length=80, description="Account number of the unit, else of its site; `-`: none.")
    segment: Text | None = Field(default=None, max_length=80, description="Segment of the account; `-`: none.")
    country: Text | None = Field(default=None, max_length=60, description="Country of the site, else of the account; `-`: unknown.")
    firmware: Text | None = Field(default=None, max_length=200, description="Firmware version; `-`: never reported.")
    age: str | None = Field(
        default=None, pattern="^([0-5]|-)$", description="Whole years since installation, 5: five or more; `-`: unknown."
    )
    cells: str | None = Field(
        default=None,
        pattern="^[01]{3}( [01]{3})*$",
        description="Quadrants, with one digit each for contracted, deployed, operating, such as `110 010`.",
    )
    contract: Text | None = Field(default=None, max_length=80, description="Contract number: units on one of its lines.")
    operating: bool | None = None
    warranty: bool | None = Field(default=None, description="In warranty today.")
    covered: bool | None = Field(default=None, description="On a contract or in warranty today.")
    ending: int | None = Field(default=None, ge=0, le=3660, description="Warranty ends within this many days.")
    over: bool | None = Field(default=None, description="Over quantity: the contract lines for it have no licences left.")
    outdated: bool | None = Field(default=None, description="Firmware older than the newest of its product.")
    kind: UnitKind | None = Field(default=None, description="What the units are.")
    provisioned: bool | None = Field(default=None, description="Deployed, or enrolled and neither returned nor retired.")
    heard: int | None = Field(default=None, ge=0, le=3660, description="Has reported within this many days.")
    used: Text | None = Field(default=None, max_length=80, description="Lifetime counter that grew within the last 30 days.")


class CodeQuery(RequestSchema):
    code: Text = Field(max_length=400, description="A serial in any spelling, a unit ID, or the link of a unit.")


@listing(api, "/units", UnitPage, "Units, by serial")
def list_units(query: FleetQuery) -> Response:
    now, filters = clock(), FleetFilter(**query.model_dump(exclude={"cursor", "limit", "format"}))

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        page = fleet(session, filters, cursor, limit, now)
        return [unit_out(card) for card in page.cards], page.next

    return listed(UnitPage, query, "units", fetch)


@api.get("/units/<uid>", summary="One unit", responses={200: UnitOut, **documented(404)})
def get_unit(path: UnitPath) -> Response:
    with read_only() as session:
        return answer(unit_out(unit_card(session, path.uid, clock())))


@api.get("/units/<uid>/history", summary="State changes of a unit, newest first", responses={200: StateChangePage, **documented(404)})
def get_history(path: UnitPath, query: PageQuery) -> Response:
    with read_only() as session:
        state_changes = transitions(session, path.uid, cursors.number(query.cursor), query.limit + 1)
    rows, following = cursors.cut(state_changes, query.limit, lambda row: (row.id,))
    return answer(StateChangePage(items=[state_change_out(row) for row in rows], next=following))


@api.get("/units/<uid>/messages", summary="Durable messages of a unit, newest first", responses={200: MessagePage, **documented(404)})
def get_messages(path: UnitPath, query: PageQuery) -> Response:
    before = cursors.decode(query.cursor, int, int)
    with read_only() as session:
        received = messages(session, path.uid, (before[0], before[1]) if before else None, query.limit + 1)
    rows, following = cursors.cut(received, query.limit, lambda row: (row.epoch, row.seq))
    return answer(MessagePage(items=[message_out(row) for row in rows], next=following))


@api.get("/lookup", summary="Look up units by serial, unit ID or link", responses={200: LookUpOut})
def get_lookup(query: CodeQuery) -> Response:
    """`units` match exactly (several makers can use the same serial); `twins` are only suggestions."""
    with read_only() as session:
        result = look_up(session, query.code, clock())
    units, twins, near = ([unit_out(card) for card in cards] for cards in (result.units, result.twins, result.near))
    return answer(LookUpOut(key=result.key, units=units, twins=twins, near=near, problem=result.problem))
