"""`musterroll reliability`: failure rates of products, one product by age, and two compared."""

from datetime import date, datetime

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.plans import facts_of, on_option
from musterroll.commands.tables import json_option, print_json, print_list


@click.group(invoke_without_command=True)
@on_option
@json_option
@click.pass_context
def reliability(click_context: click.Context, on: date | datetime | None, as_json: bool) -> None:
    """Show the annual failure rate of each product, measured since incidents are recorded.

    A failure is an incident with a part used. `show` has one product by age, `compare` tests two against each other.
    """
    if click_context.invoked_subcommand is not None:
        return
    from musterroll.commands.reliability_output import RATES
    from musterroll.usecases.capacity import reliability as capacity_reliability

    rows = capacity_reliability.failure_rates(facts_of(click_context.ensure_object(Context), on, clock()))
    empty = "No product has operated since incidents are recorded; import incidents and telemetry first."
    print_list(rows, RATES, empty=empty, as_json=as_json, shape=capacity_reliability.rate_shape)


@reliability.command()
@click.argument("product")
@on_option
@json_option
@click.pass_obj
def show(context: Context, product: str, on: date | datetime | None, as_json: bool) -> None:
    """Show PRODUCT (its name, or its model): failure rate, incidents by age, survival and its reading."""
    from musterroll.commands.reliability_output import print_report
    from musterroll.usecases.capacity import product as capacity_product
    from musterroll.usecases.capacity import reliability as capacity_reliability

    facts = facts_of(context, on, clock())
    with context.database().snapshot() as session:
        report = capacity_product.report(session, facts, capacity_reliability.named(facts, product).id)
    if as_json:
        print_json(capacity_reliability.report_shape(report))
    else:
        print_report(facts, report)


@reliability.command()
@click.argument("first")
@click.argument("second")
@on_option
@json_option
@click.pass_obj
def compare(context: Context, first: str, second: str, on: date | datetime | None, as_json: bool) -> None:
    """Test whether units of two products fail at different ages (log-rank test)."""
    from musterroll.commands.reliability_output import print_comparison
    from musterroll.usecases.capacity import reliability as capacity_reliability

    facts = facts_of(context, on, clock())
    products = [capacity_reliability.named(facts, name) for name in (first, second)]
    with context.database().snapshot() as session:
        result = capacity_reliability.compare(session, facts, products[0].id, products[1].id)
    if as_json:
        print_json(capacity_reliability.comparison_shape(result) if result else None)
    else:
        print_comparison(products, result)


@reliability.command("by")
@click.argument("group", type=click.Choice(["firmware", "site", "cohort"]))
@click.argument("product")
@on_option
@json_option
@click.pass_obj
def by_(context: Context, group: str, product: str, on: date | datetime | None, as_json: bool) -> None:
    """Show how often units of PRODUCT failed, by the firmware they have now, by site, or by cohort (year of installation)."""
    from musterroll.commands.reliability_output import groups_columns
    from musterroll.usecases.capacity import reliability as capacity_reliability
    from musterroll.usecases.capacity import reliability_groups

    facts = facts_of(context, on, clock())
    with context.database().snapshot() as session:
        wanted = capacity_reliability.named(facts, product).id
        rows = reliability_groups.by_group(session, facts, wanted, reliability_groups.LifeGroup(group))
    empty = "No unit of this product was under observation since incidents are recorded."
    print_list(rows, groups_columns(group), empty=empty, as_json=as_json, shape=reliability_groups.group_shape)
