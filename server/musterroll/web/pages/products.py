"""Products with warranty policy, reporting class and list price; and the warranty policies with their start rules."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role, needs
from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values import durations
from musterroll.domain.values.errors import DomainError
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage.imports import product_names
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.storage.warranty import products
from musterroll.usecases.warranty import products as warranty_products
from musterroll.usecases.warranty.products import ProductSettings
from musterroll.web.http.context import actor, clock, page, read_only, transaction

pages = Blueprint("products", __name__)

PAGE = 50
CLASSES = {
    ReportingClass.ALWAYS_ON: ("Always on", "stale after three missed intervals"),
    ReportingClass.SLEEPY: ("Sleepy", "battery-powered: stale after two of its long intervals"),
    ReportingClass.SCHEDULED: (
        "Scheduled",
        "reports at set times, or wakes once a day: stale an hour after a missed report, later at long intervals",
    ),
    ReportingClass.DAYLIGHT: (
        "Daylight",
        "works by day only, as on solar power: stale after a long night (16 hours) and three intervals",
    ),
}
RULES = {
    LicenceRule.UNIT: "each unit is one licence",
    LicenceRule.HOST: "all units on one host are one licence",
    LicenceRule.CORE: "each processor core of a host is one licence",
}
STARTS = {
    WarrantyStart.REGISTERED: "registration date",
    WarrantyStart.INSTALLED: "install date",
    WarrantyStart.FIRST_HEARD: "date of the first report",
    WarrantyStart.SHIPPED: "ship date",
    WarrantyStart.PURCHASED: "purchase date",
}


class PolicyForm(NamedTuple):
    """The form of a policy; `rules` are (start or empty, maximum shelf days) in order."""

    name: str
    months: str
    rules: list[tuple[str, str]]


@pages.get("/products")
@needs(Role.ADMIN)
def overview() -> str:
    text, after, policy = request.args.get("text", "").strip()[:200], _after(), request.args.get("policy", type=int)
    with read_only() as session:
        rows = products.page(session, text, policy, after, PAGE + 1)
        policies, work = products.policies(session), products.pending_updates(session)
        names = product_names.proposed(session, PAGE)
    params = {name: value for name, value in (("text", text), ("policy", policy)) if value}
    following = urlencode({**params, "after": after + PAGE}) if len(rows) > PAGE else None
    shown = {"products": rows[:PAGE], "policies": policies, "work": work, "text": text, "policy": policy, "after": after, "names": names}
    return page("products.html", clock(), classes=CLASSES, starts=STARTS, following=following, **shown)


@pages.get("/products/<int:product_id>")
@needs(Role.ADMIN)
def detail(product_id: int) -> str:
    return _detail_page(product_id)


@pages.post("/products/<int:product_id>")
@needs(Role.ADMIN)
def change(product_id: int) -> Response:
    form = {
        name: request.form.get(name, "").strip()[:120]
        for name in ("reporting", "policy", "list_price", "currency", "interval", "kind", "licence_rule")
    }
    try:
        with transaction() as session:
            known = warranty_products.settings_of(session, product_id)
            warranty_products.change_product(session, product_id, _terms(form, known), actor().name, clock())
    except DomainError as refusal:
        return make_response(_detail_page(product_id, str(refusal)), 422)
    return redirect("/products", 303)


@pages.get("/products/policies/new")
@needs(Role.ADMIN)
def new_policy() -> str:
    return _policy_page(
        None, PolicyForm("", "", [(WarrantyStart.INSTALLED.value, "0"), (WarrantyStart.SHIPPED.value, "0"), ("", "0"), ("", "0")])
    )


@pages.get("/products/policies/<int:policy_id>")
@needs(Role.ADMIN)
def policy(policy_id: int) -> str:
    with read_only() as session:
        row = warranty_products.policy_by_id(session, policy_id)
    rules = [(str(rule["start"]), str(rule.get("shelf_days", 0))) for rule in row.rules]
    rules += [("", "0")] * (len(WarrantyStart) - len(rules))
    return _policy_page(row, PolicyForm(row.name, str(row.months or ""), rules))


@pages.post("/products/policies/new")
@needs(Role.ADMIN)
def create_policy() -> Response:
    return _save_policy(None)


@pages.post("/products/policies/<int:policy_id>")
@needs(Role.ADMIN)
def change_policy(policy_id: int) -> Response:
    return _save_policy(policy_id)


def _save_policy(policy_id: int | None) -> Response:
    places = range(len(WarrantyStart))
    rules = [(request.form.get(f"start{n}", "")[:40], request.form.get(f"shelf{n}", "0").strip()[:6]) for n in places]
    form = PolicyForm(request.form.get("name", "").strip()[:120], request.form.get("months", "").strip()[:6], rules)
    try:
        with transaction() as session:
            months = _number(form.months, "months") if form.months else None
            warranty_products.save_policy(session, policy_id, form.name, _rules(form), months, actor().name, clock())
    except DomainError as refusal:
        with read_only() as session:
            row = warranty_products.policy_by_id(session, policy_id) if policy_id is not None else None
        return make_response(_policy_page(row, form, str(refusal)), 422)
    return redirect("/products#policies", 303)


def _detail_page(product_id: int, refused: str | None = None) -> str:
    with read_only() as session:
        product = warranty_products.product_by_id(session, product_id)
        units, policies = products.units_of(session, product_id), products.policies(session)
    choices = {"policies": policies, "classes": CLASSES, "rules": RULES}
    return page("product.html", clock(), product=product, units=units, refused=refused, price=_price(product), **choices)


def _policy_page(row: WarrantyPolicy | None, form: PolicyForm, refused: str | None = None) -> str:
    return page("policy.html", clock(), policy=row, form=form, starts=STARTS, refused=refused)


def _terms(form: dict[str, str], known: ProductSettings) -> ProductSettings:
    """The terms in the form; what its units are stays where the form does not say. Raises DomainError."""
    if form["reporting"] not in set(ReportingClass):
        raise DomainError("choose a reporting class", "bad_choice")
    try:
        price = Decimal(form["list_price"].replace(",", "")) if form["list_price"] else None
    except InvalidOperation:
        raise DomainError("the list price must be an amount such as 120.00", "bad_number") from None
    interval = durations.seconds(form["interval"]) if form["interval"] else None
    kind, rule = form["kind"] or known.kind, form["licence_rule"] or known.licence_rule
    if kind not in set(UnitKind) or rule not in set(LicenceRule):
        raise DomainError("choose what its units are and how they count as licences", "bad_choice")
    counted = (UnitKind(kind), LicenceRule(rule))
    return ProductSettings(ReportingClass(form["reporting"]), form["policy"], price, form["currency"].upper(), interval, *counted)


def _rules(form: PolicyForm) -> list[StartRule]:
    """The rules in order, without empty ones. Raises DomainError."""
    if any(start and start not in set(WarrantyStart) for start, _ in form.rules):
        raise DomainError("choose the start date of the warranty", "bad_choice")
    return [StartRule(WarrantyStart(start), _number(shelf or "0", "maximum shelf time")) for start, shelf in form.rules if start]


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise DomainError(f"the {what} must be a whole number", "bad_number")
    return int(text)


def _price(product: Product) -> str:
    return "" if product.list_price is None else f"{product.list_price.normalize():f}"


def _after() -> int:
    return min(max(request.args.get("after", 0, type=int), 0), 1_000_000)
