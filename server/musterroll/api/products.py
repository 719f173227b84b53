"""What admins set of products: list price of cover, reporting class and warranty policy; the policies themselves."""

from decimal import Decimal
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import DoneOut, done_out
from musterroll.api.http.context import actor, answer, clock, reading, writing
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Price, Request, Shape, Text, numbers
from musterroll.domain.access import Role, needs
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.errors import NotFound
from musterroll.domain.warranty.periods import Start, StartRule
from musterroll.storage.accounts import sites
from musterroll.storage.audit import log as audit_log
from musterroll.storage.installed_base.counts import product_id
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.storage.warranty import products as stored
from musterroll.storage.warranty.periods import policy_of
from musterroll.usecases.warranty import products

api = guarded("products", "products and policies")


class RuleShape(Request):
    start: Start = Field(description="The fact whose day begins the warranty, where it is known.")
    shelf_days: int = Field(default=0, ge=0, le=3650, description="With shipped: how long it lies on a shelf at most before it runs.")


class PolicyOut(Shape):
    name: str
    rules: list[RuleShape] = Field(description="The first whose fact is known begins the warranty.")
    months: int | None = Field(description="A unit's own paper, where it names a length, goes before.")
    products: int = Field(description="How many are sold with it.")


class PolicyList(Shape):
    items: list[PolicyOut]


class PolicyPath(Request):
    name: Text = Field(min_length=1, max_length=120)


class PolicyBody(Request):
    rules: list[RuleShape] = Field(min_length=1, max_length=len(Start))
    months: int | None = Field(default=None, ge=1, le=600)


class ProductBody(Request):
    maker: Text = Field(min_length=1, max_length=200)
    model: Text = Field(min_length=1, max_length=200)
    list_price: Decimal | None = Field(
        default=None, ge=0, le=10**9, decimal_places=4, description="Of a year's cover of one unit; null: none is known."
    )
    currency: Text = Field(default="EUR", min_length=3, max_length=3, description="Of the list price.")
    policy: Text | None = Field(default=None, max_length=120, description="The name of a policy; null: none.")
    reporting: ReportingClass = Field(default=ReportingClass.ALWAYS_ON, description="How its units report.")


@api.get("/policies", summary="Warranty policies", responses={200: PolicyList})
def list_policies() -> Response:
    with reading() as session:
        found = [_policy(row, sold) for row, sold in stored.policies(session)]
    return answer(PolicyList(items=found))


@api.put("/policies/<name>", summary="Make or change a warranty policy", responses={200: DoneOut, **documented(400, 409, 413, 415)})
@needs(Role.ADMIN)
def put_policy(path: PolicyPath, body: PolicyBody) -> Response:
    """The standard warranties of the units under it follow soon after, except void ones. Can be undone."""
    rules = [StartRule(rule.start, rule.shelf_days) for rule in body.rules]
    with writing() as session:
        known = stored.named(session, path.name)
        products.save_policy(session, known.id if known else None, path.name, rules, body.months, actor(), clock())
        return answer(done_out(audit_log.changes(session, None, 1)[0][0]))


@api.patch("/products", summary="Change a product", responses={200: DoneOut, **documented(400, 404, 413, 415)})
@needs(Role.ADMIN)
def patch_product(body: ProductBody) -> Response:
    """What is not given stays; null takes the list price or the policy away. Its units follow soon after. Can be undone."""
    with writing() as session:
        number = product_id(session, name_key(body.maker), name_key(body.model))
        if number is None:
            raise NotFound(f"there is no product {body.maker} {body.model}")
        terms = products.terms_of(session, number)._replace(**body.model_dump(exclude={"maker", "model"}, exclude_unset=True))
        products.change_product(session, number, terms._replace(policy=terms.policy or ""), actor(), clock())
        return answer(done_out(audit_log.changes(session, None, 1)[0][0]))


def _policy(row: WarrantyPolicy, sold: int) -> PolicyOut:
    policy = policy_of(row)
    rules = [RuleShape(start=rule.start, shelf_days=rule.shelf_days) for rule in policy.rules]
    return PolicyOut(name=policy.name, rules=rules, months=policy.months, products=sold)


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


@listing(api, "/products", ProductPage, "Products")
def list_products(query: ProductQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        after = numbers(cursor, 1)
        rows = sites.products(session, query.text.strip(), after[0] if after else 0, limit + 1)
        return [_product(row) for row in rows[:limit]], str(rows[limit - 1].id) if len(rows) > limit else None

    return listed(ProductPage, query, "products", fetch)


def _product(row: Row[Any]) -> ProductOut:
    return ProductOut(**{name: row._mapping[name] for name in ProductOut.model_fields})
