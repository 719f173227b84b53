"""The search over all records."""

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, caller, clock, read_only
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.usecases.search.hits import Kind
from musterroll.usecases.search.search import LONGEST, SHOWN, search

api = guarded("search", "search")


class SearchQuery(RequestSchema):
    q: Text = Field(max_length=LONGEST, description="Serial, asset tag, MAC address, scanned code, number or name; each word must match.")
    kind: Kind | None = Field(default=None, description="Only records of this kind.")
    limit: int = Field(default=SHOWN, ge=1, le=50, description="Maximum number of records of each kind.")


class HitOut(Schema):
    kind: Kind
    key: str = Field(description="Unit ID, or number; of products and users the number in the address of their page.")
    name: str
    detail: str
    matched: str = Field(description="The field that matches, in words.")
    exact: bool = Field(description="Whether that field is the text that was looked for, in any case.")
    page: str = Field(description="Address of its page.")


class SearchOut(Schema):
    items: list[HitOut] = Field(description="By kind, the best first.")
    more: list[Kind] = Field(description="Kinds of which there are more than the limit.")


@api.get(
    "/search", summary="Units, accounts, sites, contracts, incidents, products and people that match a text", responses={200: SearchOut}
)
def search_records(query: SearchQuery) -> Response:
    with read_only() as session:
        only = [query.kind] if query.kind else tuple(Kind)
        groups = search(session, query.q, clock(), caller().role, only=only, most=query.limit)
    hits = [HitOut(**hit._asdict() | {"page": hit.address}) for group in groups for hit in group.hits]
    return answer(SearchOut(items=hits, more=[group.kind for group in groups if group.more]))
