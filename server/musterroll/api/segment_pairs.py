"""Pairs of products that go together: learned from what accounts own, confirmed or dismissed by people."""

from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema
from musterroll.domain.access import Role, needs
from musterroll.storage.segments import pairs as stored
from musterroll.storage.segments.pairs import KnownPair
from musterroll.usecases.segments import pairs

api = guarded("segment-pairs", "segments")
_MOST = 2**53 - 1


class PairOut(Schema):
    a_id: int
    a: str = Field(description="Product A.")
    b_id: int
    b: str = Field(description="Product B, which goes with it.")
    accounts: int = Field(description="Accounts with deployed units.")
    own_a: int
    own_b: int
    own_both: int
    support: float = Field(description="Share of all accounts that own both.")
    confidence: float = Field(description="Share of the accounts with A that own B as well.")
    lift: float = Field(description="How many times more often they are owned together than by chance.")
    p: float = Field(description="Probability of so many by chance (Fisher's exact test), times the number of pairs tested.")
    confirmed: bool | None = Field(description="null: nobody has decided.")
    decided_by: str


class PairPage(Schema):
    items: list[PairOut]
    next: str | None


class PairPath(RequestSchema):
    a_id: int = Field(ge=1, le=_MOST)
    b_id: int = Field(ge=1, le=_MOST)


class PairBody(RequestSchema):
    confirmed: bool = Field(description="true: used for the segment cross-sell; false: dismissed.")


@listing(api, "/segment-pairs", PairPage, "Learned pairs of products, the highest lift first")
@needs(Role.VIEWER, everywhere=True)
def list_pairs(query: ListQuery) -> Response:
    def fetch(session: Session, _cursor: str | None, _limit: int) -> Page:
        return list(map(_out, stored.known(session))), None

    return listed(PairPage, query, "segment-pairs", fetch)


@api.put(
    "/segment-pairs/<int:a_id>/<int:b_id>",
    summary="Confirm or dismiss a pair of products",
    responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER, everywhere=True)
def put_pair(path: PairPath, body: PairBody) -> Response:
    """Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = pairs.decide(session, path.a_id, path.b_id, confirmed=body.confirmed, actor=actor(), now=clock())
        return answer(change_out(change)) if change else no_content()


def _out(of: KnownPair) -> PairOut:
    owned = of.pair.owned
    measures: dict[str, Any] = {name: getattr(of.pair, name) for name in ("support", "confidence", "lift", "p")}
    counts: dict[str, Any] = {"own_a": owned.first, "own_b": owned.second, "own_both": owned.both, "accounts": owned.accounts}
    decision: dict[str, Any] = {"confirmed": of.confirmed, "decided_by": of.decided_by}
    return PairOut(a_id=owned.a, a=of.a, b_id=owned.b, b=of.b, **counts, **measures, **decision)
