"""`musterroll products` and `musterroll policies`: what a product's cover costs a year, and which warranty it is sold with."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.errors import NotFound
from musterroll.domain.warranty.periods import Start, StartRule
from musterroll.storage.accounts import sites
from musterroll.storage.audit import log as audit_log
from musterroll.storage.installed_base.counts import product_id
from musterroll.storage.tables.audit import Change
from musterroll.storage.warranty import products as stored
from musterroll.storage.warranty.periods import policy_of
from musterroll.usecases.warranty import products as verbs

_ACTOR = "command line"
_json = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")


class Amount(click.ParamType[Decimal]):
    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """An amount of money, or `none` as -1."""
        try:
            found = Decimal(-1) if value == "none" else Decimal(str(value))
        except InvalidOperation:
            found = Decimal("NaN")
        if not found.is_finite() or (found < 0 and value != "none") or found > 10**9:
            self.fail(f"{value!r} is not an amount; write it as 120.50, or none", param, ctx)
        return found


class Rule(click.ParamType[StartRule]):
    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StartRule:
        """As `installed`, or `shipped+90` with shelf days."""
        if isinstance(value, StartRule):
            return value
        start, _, days = str(value).partition("+")
        try:
            return StartRule(Start(start), int(days or 0))
        except ValueError:
            self.fail(f"{value!r} is no rule; write one of {', '.join(Start)}, or shipped+DAYS", param, ctx)


@click.group()
def products() -> None:
    """Makers' models: list price of cover, warranty policy, how they report."""


@products.command("list")
@click.option("--text", default="", help="In maker or model.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@_json
@click.pass_obj
def list_(context: Context, text: str, limit: int, as_json: bool) -> None:
    """Products and how many units there are of each."""
    names = ("maker", "model", "units", "policy", "list_price", "currency", "reporting")
    with context.database().reading() as session:
        found = [{name: row._mapping[name] for name in names} for row in sites.products(session, text, 0, limit)]
    if as_json:
        show(found)
        return
    for one in found:
        price = "no list price" if one["list_price"] is None else f"{one['list_price']:.2f} {one['currency']} a year"
        click.echo(
            f"{one['maker']} / {one['model']}: {one['units']:,} units, {price}, policy {one['policy'] or 'default'}, {one['reporting']}"
        )
    if not found:
        click.echo("There is no such product; products come with their units.")


@products.command("set")
@click.argument("maker")
@click.argument("model")
@click.option("--list-price", type=Amount(), help="Of a year's cover of one unit; none: not known.")
@click.option("--currency", help="Of the list price, as EUR.")
@click.option("--policy", help="The warranty policy it is sold with; '' for none.")
@click.option("--reporting", type=click.Choice(list(ReportingClass)), help="How it reports; holds from each unit's next start on.")
@_json
@click.pass_obj
def set_(
    context: Context,
    maker: str,
    model: str,
    list_price: Decimal | None,
    currency: str | None,
    policy: str | None,
    reporting: str | None,
    as_json: bool,
) -> None:
    """Change the product MODEL of MAKER; what is not given stays."""
    given: dict[str, Any] = {"currency": currency, "policy": policy, "reporting": ReportingClass(reporting) if reporting else None}
    news = {name: value for name, value in given.items() if value is not None}
    if list_price is not None:
        news["list_price"] = list_price if list_price >= 0 else None
    now = clock()
    with context.database().writing() as session:
        number = product_id(session, name_key(maker), name_key(model))
        if number is None:
            raise NotFound(f"there is no product {maker} {model}")
        verbs.change_product(session, number, verbs.terms_of(session, number)._replace(**news), _ACTOR, now)
        change = audit_log.changes(session, None, 1)[0][0]
    _done(context, change, now, as_json)


@click.group()
def policies() -> None:
    """Warranty policies: which day begins a warranty, and how long it lasts."""


@policies.command("list")
@_json
@click.pass_obj
def list_policies(context: Context, as_json: bool) -> None:
    """Every policy; products without one follow `default`: installed, else shipped, for the months of the unit's own paper."""
    with context.database().reading() as session:
        found = [policy_of(row) for row, _ in stored.policies(session)]
    if as_json:
        show([{"name": one.name, "rules": [rule._asdict() for rule in one.rules], "months": one.months} for one in found])
        return
    for one in found:
        rules = ", else ".join(
            rule.start + (f" + at most {rule.shelf_days} days on a shelf" if rule.shelf_days else "") for rule in one.rules
        )
        click.echo(f"{one.name}: from {rules}, for {f'{one.months} months' if one.months else 'the months of each unit'}")
    if not found:
        click.echo("No policy is made yet; musterroll policies set NAME --start installed --months 24 makes one.")


@policies.command("set")
@click.argument("name")
@click.option("--start", "rules", multiple=True, required=True, type=Rule(), help="What begins it, the first that is known; as shipped+90.")
@click.option("--months", type=click.IntRange(1, 600), help="How long; a unit's own paper goes before.")
@_json
@click.pass_obj
def set_policy(context: Context, name: str, rules: tuple[StartRule, ...], months: int | None, as_json: bool) -> None:
    """Make the policy NAME, or change it: the standard warranties of the units under it follow."""
    now = clock()
    with context.database().writing() as session:
        known = stored.named(session, name)
        verbs.save_policy(session, known.id if known else None, name, rules, months, _ACTOR, now)
        change = audit_log.changes(session, None, 1)[0][0]
    _done(context, change, now, as_json)


def _done(context: Context, change: Change, now: datetime, as_json: bool) -> None:
    """Let the units follow at once, a batch in each transaction, and say what was done."""
    database, more = context.database(), True
    while more:
        with database.writing() as session:
            more = verbs.follow(session, now)
    if as_json:
        show({"change": change.id})
    else:
        click.echo(f"Done; to take that back: musterroll changes undo {change.id}")
