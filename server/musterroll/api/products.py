"""What admins set of products: list price of cover, reporting class and warranty policy; the policies themselves."""

from decimal import Decimal

from flask import Response
from pydantic import Field

from musterroll.api.blueprints import guarded
from musterroll.api.changes import DoneOut, done_out
from musterroll.api.door import actor, answer, clock, reading, writing
from musterroll.api.models import Request, Shape, Text
from musterroll.api.problems import documented
from musterroll.domain.errors import NotFound
from musterroll.domain.identity import name_key
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.permission import Role, needs
from musterroll.domain.warranty import Start, StartRule
from musterroll.registry import products
from musterroll.storage import audit
from musterroll.storage import products as stored
from musterroll.storage.installed_base import product_id
from musterroll.storage.paper_tables import WarrantyPolicy
from musterroll.storage.warranties import policy_of

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
        return answer(done_out(audit.changes(session, None, 1)[0][0]))


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
        return answer(done_out(audit.changes(session, None, 1)[0][0]))


def _policy(row: WarrantyPolicy, sold: int) -> PolicyOut:
    policy = policy_of(row)
    rules = [RuleShape(start=rule.start, shelf_days=rule.shelf_days) for rule in policy.rules]
    return PolicyOut(name=policy.name, rules=rules, months=policy.months, products=sold)
