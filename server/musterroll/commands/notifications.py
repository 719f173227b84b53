"""`musterroll notify`: rules of notification, a test of one, and what became of messages."""

from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.values.instants import from_ms
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules

_json = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")


@click.group()
def notify() -> None:
    """Who is told what, and what became of it."""


@notify.command("list")
@_json
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """Rules of notification."""
    with context.database().reading() as session:
        rules = stored_outbox.rules(session)
    if as_json:
        show([_facts(rule) for rule in rules])
        return
    for rule in rules:
        paused = "  (paused)" if rule.paused_at else ""
        click.echo(f"{rule.id:>4}  {rule.name}: {', '.join(rule.kinds)} by {rule.way} to {rule.address}{paused}")


@notify.command("messages")
@click.option("--state", type=click.Choice([state.value for state in MessageState]), help="Only those.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@_json
@click.pass_obj
def messages(context: Context, state: str | None, limit: int, as_json: bool) -> None:
    """Messages of the outbox, newest first: sent, waiting and when they are tried again, given up and why."""
    with context.database().reading() as session:
        found = stored_outbox.page(session, MessageState(state) if state else None, None, None, limit)
    if as_json:
        names = ("id", "key", "title", "signals", "state", "attempts", "created_at", "next_at", "sent_at", "error")
        show([{"rule": one.rule.name, **{name: getattr(one.message, name) for name in names}} for one in found])
        return
    for one in found:
        m = one.message
        again = f", again {from_ms(m.next_at):%Y-%m-%d %H:%M} UTC" if m.state is MessageState.WAITING and m.error else ""
        why = f": {m.error}{again}" if m.error else ""
        click.echo(f"{m.id:>6}  {from_ms(m.created_at):%Y-%m-%d %H:%M}  {m.state.value:<9} {one.rule.name}: {m.title}{why}")


@notify.command("test")
@click.argument("rule", type=int)
@click.pass_obj
def test(context: Context, rule: int) -> None:
    """Send a test by RULE (its number in `musterroll notify list`): the running schedule sends it within seconds."""
    with context.database().writing() as session:
        made = notification_rules.test_rule(session, rule, clock())
    click.echo(f"Message {made.id} is in the outbox; see musterroll notify messages")


@notify.command("retry")
@click.argument("message", type=int)
@click.pass_obj
def retry(context: Context, message: int) -> None:
    """Try MESSAGE now, and for three more days."""
    with context.database().writing() as session:
        notification_outbox.retry(session, message, clock())
    click.echo(f"Message {message} is tried again now; see musterroll notify messages")


def _facts(rule: Any) -> dict[str, Any]:
    names = ("id", "name", "way", "address", "kinds", "leads", "pace", "zone", "paused_at", "created_by")
    return {name: getattr(rule, name) for name in names}
