"""Near matches that wait for a person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.audit import DoneOut, ReasonBody, done_out
from musterroll.api.http.context import actor, answer, clock, writing
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NumberPath, Shape
from musterroll.domain.access import Role, needs
from musterroll.domain.values.errors import Refusal
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching.proposals import ACCEPTED, ACCOUNT_TWIN, GONE, LINE_SERIAL, OPEN, REJECTED, UNIT_TWIN, Shown

api = guarded("proposals", "proposals")


class ProposalKind(StrEnum):
    ACCOUNT_TWIN = ACCOUNT_TWIN
    UNIT_TWIN = UNIT_TWIN
    LINE_SERIAL = LINE_SERIAL


class ProposalState(StrEnum):
    OPEN = OPEN
    ACCEPTED = ACCEPTED
    REJECTED = REJECTED
    GONE = GONE
    ALL = "all"


class ProposalOut(Shape):
    id: int
    kind: str
    left: str
    right: str
    weight: float = Field(description="How sure it is, 0 to 1.")
    evidence: list[dict[str, Any]] = Field(description="Field, both values, and what it weighs for or against.")
    state: str
    change: int | None = Field(description="The change that decided it.")
    created_at: datetime
    decided_at: datetime | None
    decided_by: str


class ProposalPage(Shape):
    items: list[ProposalOut]
    next: str | None


class LookedOut(Shape):
    new: int
    open: int = Field(description="Found before, and still so.")
    gone: int = Field(description="No longer so, or one of the two was merged meanwhile.")


class ProposalQuery(ListQuery):
    state: ProposalState = ProposalState.OPEN
    kind: ProposalKind | None = None


class AcceptBody(ReasonBody):
    keep_right: bool = Field(default=False, description="Of two accounts the right one stays.")


@listing(api, "/proposals", ProposalPage, "Records that may be of one thing, the surest first")
@needs(Role.PLANNER)
def list_proposals(query: ProposalQuery) -> Response:
    state = None if query.state is ProposalState.ALL else query.state.value

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        found = matching_proposals.listed(session, state, query.kind, _position(cursor), limit + 1)
        following = f"{found[limit - 1].proposal.weight}:{found[limit - 1].proposal.id}" if len(found) > limit else None
        return [_out(one) for one in found[:limit]], following

    return listed(ProposalPage, query, "proposals", fetch)


@api.post("/proposals/find", summary="Look for near matches again", responses={200: LookedOut, **documented(400, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def find() -> Response:
    """What was decided stays decided; what is found no more is gone."""
    with writing() as session:
        return answer(LookedOut(**matching_proposals.find(session, clock())._asdict()))


@api.post("/proposals/<int:number>/accept", summary="Do what it says", responses={200: DoneOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER)
def accept(path: NumberPath, body: AcceptBody) -> Response:
    """Two become one, or a line names a unit. Can be undone."""
    with writing() as session:
        made = matching_proposals.accept(
            session, path.number, actor=actor(), now=clock(), reason=body.reason, keep_right=body.keep_right or None
        )
        return answer(done_out(made))


@api.post("/proposals/<int:number>/reject", summary="The two are two", responses={200: DoneOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER)
def reject(path: NumberPath, body: ReasonBody) -> Response:
    """The pair is not proposed again. Can be undone."""
    with writing() as session:
        return answer(done_out(matching_proposals.reject(session, path.number, actor=actor(), now=clock(), reason=body.reason)))


def _position(cursor: str | None) -> tuple[float, int] | None:
    if cursor is None:
        return None
    weight, _, number = cursor.partition(":")
    try:
        found = float(weight), int(number)
    except ValueError:
        found = (-1.0, 0)
    if not 0 <= found[0] <= 1 or not 0 <= found[1] < 2**53:
        raise Refusal("the cursor is not one of ours; start from the first page", "bad_cursor")
    return found


def _out(shown: Shown) -> ProposalOut:
    one = shown.proposal
    kept = one.model_dump(include={"id", "kind", "weight", "evidence", "state", "decided_by"})
    decided_at = None if one.decided_at is None else from_ms(one.decided_at)
    return ProposalOut(
        **kept, left=shown.left, right=shown.right, change=one.change_id, created_at=from_ms(one.created_at), decided_at=decided_at
    )
