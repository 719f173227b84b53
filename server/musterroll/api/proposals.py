"""Possible duplicates, to be accepted or rejected by a person."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, ReasonBody, change_out
from musterroll.api.http.context import actor, answer, clock, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NumberPath, Schema
from musterroll.domain.access import Role, needs
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching.proposals import ACCEPTED, ACCOUNT_TWIN, GONE, LINE_SERIAL, OPEN, REJECTED, UNIT_TWIN, ProposalView

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


class ProposalOut(Schema):
    id: int
    kind: str
    left: str
    right: str
    weight: float = Field(description="Probability of a match, 0 to 1.")
    evidence: list[dict[str, Any]] = Field(description="Per field: both values, and their weight for or against a match.")
    state: str
    change: int | None = Field(description="The change that recorded the decision.")
    created_at: datetime
    decided_at: datetime | None
    decided_by: str


class ProposalPage(Schema):
    items: list[ProposalOut]
    next: str | None


class ProposalSearchOut(Schema):
    new: int
    open: int = Field(description="Found before and still open.")
    gone: int = Field(description="No longer a match, or one of the two was merged.")


class ProposalQuery(ListQuery):
    state: ProposalState = ProposalState.OPEN
    kind: ProposalKind | None = None


class AcceptBody(ReasonBody):
    keep_right: bool = Field(default=False, description="Of two accounts, keep the right one.")


@listing(api, "/proposals", ProposalPage, "Possible duplicates, most likely first")
@needs(Role.PLANNER)
def list_proposals(query: ProposalQuery) -> Response:
    state = None if query.state is ProposalState.ALL else query.state.value

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows, following = matching_proposals.page(session, state, query.kind, cursor, limit)
        return [_out(row) for row in rows], following

    return listed(ProposalPage, query, "proposals", fetch)


@api.post("/proposals/find", summary="Search for possible duplicates", responses={200: ProposalSearchOut, **documented(400, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def find() -> Response:
    """Decisions are kept; open ones that no longer match are withdrawn (gone)."""
    with transaction() as session:
        return answer(ProposalSearchOut(**matching_proposals.find_matches(session, clock())._asdict()))


@api.post(
    "/proposals/<int:number>/accept",
    summary="Accept a possible duplicate",
    responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER)
def accept(path: NumberPath, body: AcceptBody) -> Response:
    """Merges the two records, or lets the contract line cover the unit. Can be undone."""
    with transaction() as session:
        change = matching_proposals.accept(
            session, path.number, actor=actor(), now=clock(), reason=body.reason, keep_right=body.keep_right or None
        )
        return answer(change_out(change))


@api.post(
    "/proposals/<int:number>/reject",
    summary="Reject a possible duplicate: keep both",
    responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER)
def reject(path: NumberPath, body: ReasonBody) -> Response:
    """The pair is not suggested again. Can be undone."""
    with transaction() as session:
        return answer(change_out(matching_proposals.reject(session, path.number, actor=actor(), now=clock(), reason=body.reason)))


def _out(shown: ProposalView) -> ProposalOut:
    proposal = shown.proposal
    columns = proposal.model_dump(include={"id", "kind", "weight", "evidence", "state", "decided_by"})
    decided_at = None if proposal.decided_at is None else from_ms(proposal.decided_at)
    return ProposalOut(
        **columns,
        left=shown.left,
        right=shown.right,
        change=proposal.change_id,
        created_at=from_ms(proposal.created_at),
        decided_at=decided_at,
    )
