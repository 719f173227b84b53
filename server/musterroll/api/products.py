"""Products and warranty policies: lists, and what admins set: list price, reporting class, policy."""

from decimal import Decimal
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Price, RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.liveness import LEAST_INTERVAL, MOST_INTERVAL, ReportingClass
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.serials import name_key
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage.accounts import sites
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.installed_base.counts import product_id
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.storage.warranty import products as stored
from musterroll.storage.warranty.periods import policy_of
from musterroll.usecases.warranty import products

api = guarded("products", "products and policies")


class RuleShape(RequestSchema):
    start: WarrantyStart = Field(description="The date the warranty starts from, if it is known.")
    shelf_days: int = Field(default=0, ge=0, le=3650, description="With shipped: maximum shelf time in days before the warranty starts.")


class PolicyOut(Schema):
    name: str
    rules: list[RuleShape] = Field(description="The first rule whose date is known applies.")
    months: int | None = Field(description="Length in months; a length in the unit's own record takes precedence.")
    products: int = Field(description="Number of products with this policy.")


class PolicyList(Schema):
    items: list[PolicyOut]


class PolicyPath(RequestSchema):
    name: Text = Field(min_length=1, max_length=120)


class PolicyBody(RequestSchema):
    rules: list[RuleShape] = Field(min_length=1, max_length=len(WarrantyStart))
    months: int | None = Field(default=None, ge=1, le=600)


class ProductBody(RequestSchema):
    maker: Text = Field(min_length=1, max_length=200)
    model: Text = Field(min_length=1, max_length=200)
    list_price: Decimal | None = Field(
        default=None, ge=0, le=10**9, decimal_places=4, description="List price per unit per year; null: unknown."
    )
    currency: Text = Field(default="", max_length=3, description="Currency of the list price, such as EUR; required with it.")
    policy: Text | None = Field(default=None, max_length=120, description="Name of a warranty policy; null: default.")
    reporting: ReportingClass = Field(default=ReportingClass.ALWAYS_ON, description="How the units report.")
    interval: int | None = Field(
        default=None, ge=LEAST_INTERVAL, le=MOST_INTERVAL, description="Seconds between reports its units are set to; null: as configured."
    )
    kind: UnitKind = Field(default=UnitKind.DEVICE, description="What its units are; existing units are identified by its rule at once.")
    licence_rule: LicenceRule = Field(default=LicenceRule.UNIT, description="How units count as licences: each, each host, or its cores.")


@api.get("/policies", summary="Warranty policies", responses={200: PolicyList})
def list_policies() -> Response:
    with read_only() as session:
        policies = [_policy(row, sold) for row, sold in stored.policies(session)]
    return answer(PolicyList(items=policies))


@api.put("/policies/<name>", summary="Create or change a warranty policy", responses={200: ChangeOut, **documented(400, 409, 413, 415)})
@needs(Role.ADMIN)
def put_policy(path: PolicyPath, body: PolicyBody) -> Response:
    """Standard warranties of existing units are updated within a few minutes, except void ones. Can be undone."""
    rules = [StartRule(rule.start, rule.shelf_days) for rule in body.rules]
    with transaction() as session:
        known = stored.named(session, path.name)
        products.save_policy(session, known.id if known else None, path.name, rules, body.months, actor(), clock())
        return answer(change_out(audit_changes.newest(session)))


@api.patch("/products", summary="Change a product", responses={200: ChangeOut, **documented(400, 404, 413, 415)})
@needs(Role.ADMIN)
def patch_product(body: ProductBody) -> Response:
    """Fields not given stay as they are; null removes the list price or the policy. Existing units are updated soon. Can be undone."""
    with transaction() as session:
        number = product_id(session, name_key(body.maker), name_key(body.model))
        if number is None:
            raise NotFound(f"there is no product {body.maker} {body.model}")
        terms = products.settings_of(session, number)._replace(**body.model_dump(exclude={"maker", "model"}, exclude_unset=True))
        products.change_product(session, number, terms._replace(policy=terms.policy or ""), actor(), clock())
        return answer(change_out(audit_changes.newest(session)))


def _policy(row: WarrantyPolicy, sold: int) -> PolicyOut:
    policy = policy_of(row)
    rules = [RuleShape(start=rule.start, shelf_days=rule.shelf_days) for rule in policy.rules]
    return PolicyOut(name=policy.name, rules=rules, months=policy.months, products=sold)


class ProductOut(Schema):
    maker: str
    model: str
    family: str
    reporting: ReportingClass
    interval: int | None = Field(description="Seconds between reports its units are set to; null: as each device is configured.")
    policy: str | None = Field(description="Warranty policy; null: default.")
    list_price: Price | None = Field(description="List price per unit per year.")
    currency: str
    kind: UnitKind
    licence_rule: LicenceRule
    units: int


class ProductPage(Schema):
    items: list[ProductOut]
    next: str | None


class ProductQuery(ListQuery):
    text: Text = Field(default="", max_length=200, description="Text in maker or model.")


@listing(api, "/products", ProductPage, "Products")
def list_products(query: ProductQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        products = sites.products(session, query.text.strip(), cursors.number(cursor) or 0, limit + 1)
        rows, following = cursors.cut(products, limit, lambda row: (row.id,))
        return [_product(row) for row in rows], following

    return listed(ProductPage, query, "products", fetch)


def _product(row: Row[Any]) -> ProductOut:
    return ProductOut(**{name: row._mapping[name] for name in ProductOut.model_fields})
