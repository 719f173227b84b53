"""What `musterroll reliability` prints for people."""

from collections.abc import Sequence

import click

from musterroll.commands.tables import Column, Columns, print_table
from musterroll.domain.capacity.comparison import Comparison
from musterroll.domain.capacity.facts import PlanFacts, ProductFacts
from musterroll.domain.capacity.levels import percent
from musterroll.domain.capacity.rates import EventRate
from musterroll.usecases.capacity.product import AgeBandReport, ProductReport
from musterroll.usecases.capacity.reliability import ProductRate, SurvivalAtAge, survival_by_year
from musterroll.usecases.capacity.reliability_groups import GroupRate

RATES: Columns[ProductRate] = (
    Column("PRODUCT", lambda row: row.product.name),
    Column("OPERATING", lambda row: f"{row.product.operating:,}", right=True),
    Column("FAILURES", lambda row: f"{row.afr.events:,.0f}", right=True),
    Column("UNIT-YEARS", lambda row: f"{row.afr.exposure:,.1f}", right=True),
    Column("AFR", lambda row: percent(row.afr.rate, 2), right=True),
    Column("95 % RANGE", lambda row: _range(row.afr), right=True),
)
_AGES: Columns[AgeBandReport] = (
    Column("AGE", lambda row: row.words),
    Column("INCIDENTS", lambda row: f"{row.incidents.events:,.0f}", right=True),
    Column("UNIT-MONTHS", lambda row: f"{row.incidents.exposure:,.0f}", right=True),
    Column("PER 100", lambda row: f"{100 * row.incidents.rate:,.2f}", right=True),
    Column("95 % RANGE", lambda row: f"{100 * row.incidents.low:,.2f} to {100 * row.incidents.high:,.2f}", right=True),
    Column("VISITS", lambda row: f"{row.visits.events:,.0f}", right=True),
)
_SURVIVAL: Columns[SurvivalAtAge] = (
    Column("YEARS", lambda row: row.years, right=True),
    Column("WITHOUT FAILURE", lambda row: percent(row.survival, 1), right=True),
    Column("95 % RANGE", lambda row: f"{percent(row.low, 1)} to {percent(row.high, 1)}", right=True),
    Column("AT RISK", lambda row: f"{row.at_risk:,}", right=True),
)


def groups_columns(by: str) -> Columns[GroupRate]:
    """The columns of a breakdown."""
    return (
        Column(by.upper(), lambda row: row.group or "-"),
        Column("UNITS", lambda row: f"{row.units:,}", right=True),
        Column("FAILED", lambda row: f"{row.failed.events:,.0f}", right=True),
        Column("UNIT-YEARS", lambda row: f"{row.failed.exposure:,.1f}", right=True),
        Column("PER UNIT-YEAR", lambda row: percent(row.failed.rate, 2) if row.failed.known else "-", right=True),
        Column("95 % RANGE", lambda row: _range(row.failed) if row.failed.known else "-", right=True),
    )


def print_report(facts: PlanFacts, report: ProductReport) -> None:
    """Print one product: failure rate, incidents by age, survival."""
    afr = report.afr
    rate = f"{percent(afr.rate, 2)} a year (95 % range {_range(afr)})" if afr.known else "not known: no unit has operated"
    click.echo(f"{report.product.name}: {rate}, {afr.events:,.0f} failures in {afr.exposure:,.1f} unit-years.")
    click.echo(f"{facts.log_words}\n")
    print_table(report.ages, _AGES)
    if survival := survival_by_year(report):
        click.echo(f"\nUnits without a failure by age (Kaplan-Meier, {report.lives:,} units):")
        print_table(survival, _SURVIVAL)
    click.echo(f"\n{report.reading}")


def print_comparison(products: Sequence[ProductFacts], result: Comparison | None) -> None:
    first, second = (product.name for product in products)
    nothing = "no failures while units of both were under observation at the same age, so there is nothing to compare."
    click.echo(f"{first} and {second}: {result.words if result else nothing}")


def _range(rate: EventRate) -> str:
    return f"{percent(rate.low, 2)} to {percent(rate.high, 2)}"
