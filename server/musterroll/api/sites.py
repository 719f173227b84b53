"""Sites."""

from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.accounts import subtree_of
from musterroll.api.http.context import answer, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, RefPath, Schema, Text, named_ref
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.storage.accounts import sites

api = guarded("sites", "sites")


class SiteOut(Schema):
    ref: str
    name: str
    account: NamedRef | None
    postcode: str
    country: str
    zone: str = Field(description="IANA time zone, used to determine warranty days.")
    latitude: float | None
    longitude: float | None
    units: int


class SitePage(Schema):
    items: list[SiteOut]
    next: str | None


class SiteQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    text: Text = Field(default="", max_length=200, description="Text in number, name or postcode.")


@listing(api, "/sites", SitePage, "Sites by number", 404)
def list_sites(query: SiteQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        page = sites.page(session, subtree_of(session, query.account), query.text.strip(), cursors.text(cursor), limit + 1)
        rows, following = cursors.cut(page, limit, lambda row: (row.ref,))
        return [_site(row) for row in rows], following

    return listed(SitePage, query, "sites", fetch)


@api.get("/sites/<ref>", summary="One site", responses={200: SiteOut, **documented(404)})
def get_site(path: RefPath) -> Response:
    with read_only() as session:
        row = sites.by_ref(session, path.ref)
    if row is None:
        raise NotFound(f"there is no site {path.ref!r}")
    return answer(_site(row))


def _site(row: Row[Any]) -> SiteOut:
    columns = {name: row._mapping[name] for name in SiteOut.model_fields if name != "account"}
    return SiteOut(**columns, account=named_ref(row.account_ref, row.account_name))
