"""Sites and products."""

from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.accounts import subtree_of
from musterroll.api.blueprints import guarded
from musterroll.api.door import answer, reading
from musterroll.api.exporting import ListQuery, Page, listed, listing
from musterroll.api.models import Named, Price, RefPath, Shape, Text, named, numbers
from musterroll.api.problems import documented
from musterroll.domain.errors import NotFound
from musterroll.domain.liveness import ReportingClass
from musterroll.storage import sites

api = guarded("places", "sites and products")


class SiteOut(Shape):
    ref: str
    name: str
    account: Named | None
    postcode: str
    country: str
    zone: str = Field(description="IANA time zone: the calendar that warranty days are judged by.")
    latitude: float | None
    longitude: float | None
    units: int


class SitePage(Shape):
    items: list[SiteOut]
    next: str | None


class SiteQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="The account's number; with all accounts below it.")
    text: Text = Field(default="", max_length=200, description="In number, name or postcode.")


class ProductOut(Shape):
    maker: str
    model: str
    family: str
    reporting: ReportingClass
    policy: str | None = Field(description="The warranty policy it is sold with.")
    list_price: Price | None = Field(description="Of a year's cover of one unit.")
    currency: str
    units: int


class ProductPage(Shape):
    items: list[ProductOut]
    next: str | None


class ProductQuery(ListQuery):
    text: Text = Field(default="", max_length=200, description="In maker or model.")


@listing(api, "/sites", SitePage, "Sites by number", 404)
def list_sites(query: SiteQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows = sites.page(session, subtree_of(session, query.account), query.text.strip(), cursor, limit + 1)
        return [_site(row) for row in rows[:limit]], rows[limit - 1].ref if len(rows) > limit else None

    return listed(SitePage, query, "sites", fetch)


@api.get("/sites/<ref>", summary="One site", responses={200: SiteOut, **documented(404)})
def get_site(path: RefPath) -> Response:
    with reading() as session:
        found = sites.by_ref(session, path.ref)
    if found is None:
        raise NotFound(f"there is no site {path.ref!r}")
    return answer(_site(found))


@listing(api, "/products", ProductPage, "Products")
def list_products(query: ProductQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        after = numbers(cursor, 1)
        rows = sites.products(session, query.text.strip(), after[0] if after else 0, limit + 1)
        return [_product(row) for row in rows[:limit]], str(rows[limit - 1].id) if len(rows) > limit else None

    return listed(ProductPage, query, "products", fetch)


def _site(row: Row[Any]) -> SiteOut:
    kept = {name: row._mapping[name] for name in SiteOut.model_fields if name != "account"}
    return SiteOut(**kept, account=named(row.account_ref, row.account_name))


def _product(row: Row[Any]) -> ProductOut:
    return ProductOut(**{name: row._mapping[name] for name in ProductOut.model_fields})
