"""`musterroll limits`: limits of contract lines, and what is left of them."""

from decimal import Decimal, InvalidOperation
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.contracts.limits import Limit, LimitKind, LimitLevel, LimitPeriod, LimitUse, plain
from musterroll.domain.values.errors import DomainError
from musterroll.usecases.contracts import limits as contract_limits
from musterroll.usecases.coverage.limits import LineLimitUse

_ACTOR = "command line"


def _used(use: LimitUse) -> str:
    return plain(use.used) if use.allowance.amount is None else f"{plain(use.used)} of {plain(use.allowance.amount)}"


_ROWS: Columns[LineLimitUse] = (
    Column("LINE", lambda of: of.cover.line.ref),
    Column("LIMIT", lambda of: f"{plain(of.use.limit.amount)} {of.use.limit.noun} per {of.use.limit.period}"),
    Column("POOLED", lambda of: "yes" if of.use.limit.pooled else ""),
    Column("USED", lambda of: _used(of.use), right=True),
    Column("LEFT", lambda of: plain(of.use.left), right=True),
    Column("", lambda of: "" if of.use.level is LimitLevel.WITHIN else of.use.level),
    Column("USED UP AT THIS PACE", lambda of: of.use.used_up_on),
)


@click.group()
def limits() -> None:
    """Limits of contract lines (calls, hours, credits, use or seats per period), and what is left of them."""


@limits.command("list")
@click.option("--contract", help="Only those of this contract.")
@click.option("--level", type=click.Choice([level.value for level in LimitLevel]), help="Only those at this level: near is 80 % or more.")
@limit_option("limits", default=500)
@json_option
@click.pass_obj
def list_(context: Context, contract: str | None, level: str | None, limit: int, as_json: bool) -> None:
    """List limits of contract lines in force, with what is used of them."""
    with context.database().snapshot() as session:
        page = contract_limits.limits(session, clock(), contract, LimitLevel(level) if level else None, 0, limit)
    print_list(page.uses, _ROWS, empty="No limits of contract lines in force.", as_json=as_json, shape=_shape)


@limits.command("set")
@click.argument("contract")
@click.argument("line")
@click.argument("amount")
@click.argument("kind", type=click.Choice([kind.value for kind in LimitKind]))
@click.option("--per", "period", default="year", show_default=True, type=click.Choice([of.value for of in LimitPeriod]), help="Period.")
@click.option("--carried", is_flag=True, help="What is left is added to the next period of the term.")
@click.option(
    "--counter", default="", help="Of usage, floating seats and credits: the name of a counter, such as pages or operating (in hours)."
)
@click.option("--pooled", is_flag=True, help="Count all units of the account with its subsidiaries, of the product of the line.")
@click.pass_obj
def set_(
    context: Context, contract: str, line: str, amount: str, kind: str, period: str, carried: bool, counter: str, pooled: bool
) -> None:
    """Set a limit, as in: musterroll limits set C00001 1 4 calls --per year (an amount of 0 removes it; or: unlimited)"""
    try:
        allowed = None if amount == "unlimited" else Decimal(amount)
        limit = Limit(LimitKind(kind), allowed, LimitPeriod(period), carried, counter, pooled)
    except InvalidOperation:
        raise DomainError(f"{amount[:20]!r} is not a number such as 4, or unlimited") from None
    with context.database().transaction() as session:
        change = contract_limits.set_limit(session, contract, line, limit, _ACTOR, clock())
        click.echo(f"Saved as change {change.id}" if change else "Nothing to change")


def _shape(of: LineLimitUse) -> dict[str, Any]:
    use, span = of.use, of.use.allowance.span
    facts = {
        "kind": use.limit.kind.value,
        "amount": plain(use.limit.amount),
        "period": use.limit.period.value,
        "carried": use.limit.carried,
        "counter": use.limit.counter,
        "pooled": use.limit.pooled,
    }
    counts = {"allowed": plain(use.allowance.amount), "used": plain(use.used), "left": plain(use.left), "level": use.level.value}
    return {"line": of.cover.line.ref, **facts, **counts, "since": span.starts_on, "ends_on": span.ends_on, "used_up_on": use.used_up_on}
