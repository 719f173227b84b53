"""What `musterroll plan` prints for people: a plan, plans side by side, and back-tests."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import click

from musterroll.commands.tables import Column, Columns, print_table
from musterroll.domain.capacity.backtest import BacktestRow as BacktestRow
from musterroll.domain.capacity.baselines import NAMES
from musterroll.domain.capacity.facts import PlanFacts, SegmentRenewals
from musterroll.domain.capacity.forecast import Driver
from musterroll.domain.capacity.plan import Estimate, Plan, PlanPeriod
from musterroll.domain.contracts.renewal_outcomes import Outcome
from musterroll.domain.values.money import format_amount
from musterroll.usecases.capacity.plans import Backtest

_DRIVERS = 5  # products listed
_SHORT = dict(zip(NAMES, ("last year", "3-month rate", "12-month rate"), strict=True))

_FIGURES: tuple[tuple[str, Callable[[PlanPeriod], str]], ...] = (
    ("incidents", lambda span: _range(span.incidents)),
    ("  by the best simple estimate", lambda span: f"{span.simple.mean:,.0f}  ({_SHORT[span.simple.name]})"),
    ("  ranges in the back-test", lambda span: span.tested.grade if span.tested else "not tested"),
    ("visits", lambda span: _range(span.visits)),
    ("hours", lambda span: _range(span.hours)),
    ("  in the field", lambda span: _range(span.field_hours)),
    ("  at the desk", lambda span: _range(span.desk_hours)),
    ("field technicians", lambda span: f"{span.field.heads:,}  ({span.field.low80:,} to {span.field.high80:,})"),
    ("support agents", lambda span: f"{span.desk.positions:,}  (up to {span.desk_high.positions:,})"),
    ("parts", lambda span: _range(span.parts)),
    ("cost", lambda span: _money_range(span.cost)),
    ("covered share", lambda span: f"{span.covered_share:.0%}"),
)
_PRODUCTS: Columns[Driver] = (
    Column("PRODUCT", lambda driver: driver.product.name),
    Column("VISITS", lambda driver: f"{driver.incidents(3):,.1f}", right=True),
    Column("UNITS", lambda driver: f"{driver.product.operating:,}", right=True),
    Column("OWN HISTORY", lambda driver: f"{driver.weight_of_own_data:.0%}", right=True),
    Column("REST FROM", lambda driver: driver.product.kin),
)
_SPARES: Columns[tuple[str, int]] = (Column("PRODUCT", lambda row: row[0]), Column("SPARES", lambda row: f"{row[1]:,}", right=True))

_RENEWALS: Columns[SegmentRenewals] = (
    Column("SEGMENT", lambda past: past.segment),
    Column("ENDED", lambda past: f"{past.due:,}", right=True),
    Column("RENEWED", lambda past: f"{past.renewed:,} ({past.renewed / past.due:.0%})", right=True),
    Column("REPLACED", lambda past: f"{past.outcomes.get(Outcome.REPLACED, 0):,}", right=True),
    Column("WON BACK", lambda past: f"{past.outcomes.get(Outcome.WON_BACK, 0):,}", right=True),
    Column("LOST", lambda past: f"{past.outcomes.get(Outcome.LOST, 0):,}", right=True),
    Column("PRICED", lambda past: f"{past.priced:,}", right=True),
    Column("GROSS RETENTION", lambda past: f"{past.gross / past.ended_worth:.0%}" if past.ended_worth else "-", right=True),
    Column("NET", lambda past: f"{past.net / past.ended_worth:.0%}" if past.ended_worth else "-", right=True),
)


class _Period(NamedTuple):
    """A past period of a back-test."""

    month: str
    forecast: str
    range80: str
    range95: str
    last_year: str
    three_months: str
    twelve_months: str
    actual: str
    missed: str


_PERIODS: Columns[_Period] = (
    Column("FROM", lambda row: row.month),
    Column("FORECAST", lambda row: row.forecast, right=True),
    Column("80 % RANGE", lambda row: row.range80, right=True),
    Column("95 % RANGE", lambda row: row.range95, right=True),
    Column("LAST YEAR", lambda row: row.last_year, right=True),
    Column("3-MONTH RATE", lambda row: row.three_months, right=True),
    Column("12-MONTH RATE", lambda row: row.twelve_months, right=True),
    Column("ACTUAL", lambda row: row.actual, right=True),
    Column("", lambda row: row.missed),
)


def print_plan(plan: Plan) -> None:
    """Print a plan: figures of the next month and quarter, the products behind them, and spares."""
    facts, assumptions = plan.facts, plan.assumptions
    operating = sum(product.operating for product in facts.products)
    click.echo(f"Plan of {facts.on}: {operating:,} units operating, based on {facts.incidents:,} incidents.")
    click.echo(facts.log_words)
    click.echo(f"{plan.condition}\n")
    _print_figures("", [(f"{span.name} (from {span.first:%b %Y})", span) for span in plan.spans[:2]])
    click.echo("\nIn brackets: 80 % ranges. Products with the most visits expected next quarter:")
    print_table(plan.forecast.visits.drivers[:_DRIVERS], _PRODUCTS)
    stock: Counter[str] = Counter()
    for shelf in plan.shelves:
        stock[shelf.product] += shelf.spares.stock
    click.echo(f"\nSpares for {assumptions.lead_days:g} days at {assumptions.spares_target:g} %: {stock.total():,} in total, most for:")
    print_table(stock.most_common(_DRIVERS), _SPARES)
    _print_renewals(facts.renewals)
    click.echo("\nBack-test: musterroll plan backtest. Assumptions: musterroll plan assumptions.")
    click.echo("Month from which incidents count: musterroll plan log-start.")


def _print_renewals(segments: Sequence[SegmentRenewals]) -> None:
    if any(segment.due for segment in segments):
        click.echo("\nContract terms that ended in the last three years:")
        print_table([segment for segment in segments if segment.due], _RENEWALS)


def print_comparison(plans: Sequence[tuple[str, Plan]]) -> None:
    """Print the next quarter of several plans side by side."""
    _print_figures("next quarter", [(name[:28], plan.spans[1]) for name, plan in plans])


def print_backtests(facts: PlanFacts, trials: Sequence[Backtest]) -> None:
    """Print what was forecast before each past period, and what happened."""
    click.echo(facts.log_words)
    for trial in trials:
        click.echo()
        if trial.verdict is None:
            click.echo(f"{trial.of.capitalize()}: the history is too short for a back-test.")
            continue
        click.echo(f"{trial.of.capitalize()}: {trial.verdict.words}")
        print_table([_period(facts, row) for row in trial.rows], _PERIODS)


def _print_figures(heading: str, spans: Sequence[tuple[str, PlanPeriod]]) -> None:
    values = [(name, *(figure(span) for _, span in spans)) for name, figure in _FIGURES]
    columns = [Column[tuple[str, ...]](name, _cell(place), right=True) for place, (name, _) in enumerate(spans, 1)]
    print_table(values, [Column(heading, _cell(0)), *columns])


def _cell(place: int) -> Callable[[tuple[str, ...]], str]:
    return lambda row: row[place]


def _range(estimate: Estimate) -> str:
    return f"{estimate.mean:,.0f}  ({estimate.low80:,.0f} to {estimate.high80:,.0f})"


def _money_range(cost: Estimate) -> str:
    return f"{format_amount(cost.mean, short=True)}  ({format_amount(cost.low80, short=True)} to {format_amount(cost.high80, short=True)})"


def _period(facts: PlanFacts, row: BacktestRow) -> _Period:
    return _Period(
        month=f"{facts.months[facts.log_starts + row.period]:%b %Y}",
        forecast=f"{row.mean:,.1f}",
        range80=f"{row.low80:,.0f} to {row.high80:,.0f}",
        range95=f"{row.low95:,.0f} to {row.high95:,.0f}",
        last_year=f"{row.naive:,.0f}",
        three_months="-" if row.three_months is None else f"{row.three_months:,.0f}",
        twelve_months="-" if row.twelve_months is None else f"{row.twelve_months:,.0f}",
        actual=f"{row.actual:,.0f}",
        missed="" if row.within80 else "outside 80 %" if row.within95 else "outside 95 %",
    )
