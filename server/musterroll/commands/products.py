"""`musterroll products` and `musterroll policies`: list prices, reporting classes and warranty policies."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_list
from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.serials import name_key
from musterroll.domain.values import durations
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.periods import Policy, StartRule, WarrantyStart
from musterroll.storage.accounts import sites
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.installed_base.counts import product_id
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.warranty import products as stored
from musterroll.storage.warranty.periods import policy_of
from musterroll.usecases.warranty import products as verbs

_ACTOR = "command line"
_CLASSES = [reporting.value for reporting in ReportingClass]
_KINDS, _RULES = [kind.value for kind in UnitKind], [rule.value for rule in LicenceRule]
_PRODUCTS: Columns[dict[str, Any]] = (
    Column("MAKER", lambda row: row["maker"]),
    Column("MODEL", lambda row: row["model"]),
    Column("UNITS", lambda row: f"{row['units']:,}", right=True),
    Column("LIST PRICE", lambda row: None if row["list_price"] is None else Money(row["list_price"], row["currency"]), right=True),
    Column("WARRANTY POLICY", lambda row: row["policy"] or "default"),
    Column("REPORTING", lambda row: row["reporting"].replace("_", " ")),
    Column("KIND", lambda row: row["kind"]),
    Column("COUNTED BY", lambda row: row["licence_rule"]),
    Column("EVERY", lambda row: durations.written(row["interval"]) if row["interval"] else None, right=True),
)
_POLICIES: Columns[Policy] = (
    Column("NAME", lambda policy: policy.name),
    Column("STARTS", lambda policy: ", else ".join(map(_start, policy.rules))),
    Column("MONTHS", lambda policy: policy.months or "per unit", right=True),
)


class Amount(click.ParamType[Decimal]):
    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """An amount of money; `none` gives -1."""
        try:
            amount = Decimal(-1) if value == "none" else Decimal(str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite() or (amount < 0 and value != "none") or amount > 10**9:
            self.fail(f"{value!r} is not an amount; write it as 120.50, or none", param, ctx)
        return amount


class Rule(click.ParamType[StartRule]):
    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StartRule:
        """A start such as `installed`, or `shipped+90` with a maximum shelf time in days."""
        if isinstance(value, StartRule):
            return value
        start, _, days = str(value).partition("+")
        try:
            return StartRule(WarrantyStart(start), int(days or 0))
        except ValueError:
            self.fail(f"{value!r} is not a start rule; use one of {', '.join(WarrantyStart)}, or shipped+DAYS", param, ctx)


def interval_of(text: str) -> int | None:
    """Seconds, or None for `none`. Raises DomainError."""
    return None if text.strip().lower() == "none" else durations.seconds(text)


@click.group()
def products() -> None:
    """Manage products: list price, warranty policy, reporting class."""


@products.command("list")
@click.option("--text", default="", help="Only products with this text in maker or model.")
@limit_option("products", default=100)
@json_option
@click.pass_obj
def list_(context: Context, text: str, limit: int, as_json: bool) -> None:
    """List products with their number of units. The list price is per unit per year."""
    names = ("maker", "model", "units", "policy", "list_price", "currency", "reporting", "interval", "kind", "licence_rule")
    with context.database().snapshot() as session:
        rows = [{name: row._mapping[name] for name in names} for row in sites.products(session, text, 0, limit)]
    print_list(rows, _PRODUCTS, empty="No products; they are created with their units.", as_json=as_json, shape=lambda row: row)


@products.command("set")
@click.argument("maker")
@click.argument("model")
@click.option("--list-price", type=Amount(), help="List price per unit per year, or none.")
@click.option("--currency", help="Currency of the list price, such as EUR.")
@click.option("--policy", help="Warranty policy; '' for the default.")
@click.option("--reporting", type=click.Choice(_CLASSES), help="Reporting class.")
@click.option(
    "--kind",
    type=click.Choice(_KINDS),
    help="What its units are; existing units are identified by its rule at once.",
)
@click.option("--licence-rule", type=click.Choice(_RULES), help="Count units, hosts or processor cores as licences.")
@click.option("--interval", help="Time between reports, such as 5min, 1h or 1d; none: as each device is configured.")
@json_option
@click.pass_obj
def set_(
    context: Context,
    maker: str,
    model: str,
    list_price: Decimal | None,
    currency: str | None,
    policy: str | None,
    reporting: str | None,
    kind: str | None,
    licence_rule: str | None,
    interval: str | None,
    as_json: bool,
) -> None:
    """Change the product MODEL of MAKER. Values not given stay as they are; existing units are updated."""
    options: dict[str, Any] = {"currency": currency, "policy": policy, "reporting": ReportingClass(reporting) if reporting else None}
    options |= {"kind": UnitKind(kind) if kind else None, "licence_rule": LicenceRule(licence_rule) if licence_rule else None}
    values = {name: value for name, value in options.items() if value is not None}
    if list_price is not None:
        values["list_price"] = list_price if list_price >= 0 else None
    if interval is not None:
        values["interval"] = interval_of(interval)
    now = clock()
    with context.database().transaction() as session:
        number = product_id(session, name_key(maker), name_key(model))
        if number is None:
            raise NotFound(f"there is no product {maker} {model}")
        verbs.change_product(session, number, verbs.settings_of(session, number)._replace(**values), _ACTOR, now)
        change = audit_changes.newest(session)
    _done(context, change, now, as_json)


@click.group()
def policies() -> None:
    """Manage warranty policies: when a warranty starts and how long it lasts."""


@policies.command("list")
@json_option
@click.pass_obj
def list_policies(context: Context, as_json: bool) -> None:
    """List policies.

    Products without one use the default: from the installation date, else the shipping date, for the months in the unit's own record.
    """
    with context.database().snapshot() as session:
        rows = [policy_of(row) for row, _ in stored.policies(session)]
    empty = "No policies. To create one: musterroll policies set NAME --start installed --months 24"
    print_list(rows, _POLICIES, empty=empty, as_json=as_json, shape=_policy)


@policies.command("set")
@click.argument("name")
@click.option(
    "--start",
    "rules",
    multiple=True,
    required=True,
    type=Rule(),
    help="Start date: installed, shipped+90, ...; the first known applies.",
)
@click.option("--months", type=click.IntRange(1, 600), help="Length; a length in the unit's own record takes precedence.")
@json_option
@click.pass_obj
def set_policy(context: Context, name: str, rules: tuple[StartRule, ...], months: int | None, as_json: bool) -> None:
    """Create or change the policy NAME. Standard warranties of existing units are updated."""
    now = clock()
    with context.database().transaction() as session:
        policy = stored.named(session, name)
        verbs.save_policy(session, policy.id if policy else None, name, rules, months, _ACTOR, now)
        change = audit_changes.newest(session)
    _done(context, change, now, as_json)


def _done(context: Context, change: AuditChange, now: datetime, as_json: bool) -> None:
    """Update existing units now, one batch per transaction, then report."""
    database, more = context.database(), True
    while more:
        with database.transaction() as session:
            more = verbs.apply_pending(session, now)
    if as_json:
        print_json({"change": change.id})
    else:
        click.echo(f"Saved. To undo: musterroll changes undo {change.id}")


def _start(rule: StartRule) -> str:
    return f"{rule.start.replace('_', ' ')}{f' + {rule.shelf_days} days on the shelf' if rule.shelf_days else ''}"


def _policy(policy: Policy) -> dict[str, Any]:
    return {"name": policy.name, "rules": [rule._asdict() for rule in policy.rules], "months": policy.months}
