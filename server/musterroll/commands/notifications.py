"""`musterroll notify`: notification rules, test messages, and the outbox."""

from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.values.instants import from_ms
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.notifications.outbox import MessageWithRule
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules

_STATES = {MessageState.WAITING: "queued", MessageState.SENT: "sent", MessageState.GIVEN_UP: "failed", MessageState.DROPPED: "cancelled"}
_RULES: Columns[NotificationRule] = (
    Column("ID", lambda rule: rule.id, right=True),
    Column("NAME", lambda rule: rule.name),
    Column("EVENTS", lambda rule: ", ".join(rule.kinds)),
    Column("CHANNEL", lambda rule: rule.way),
    Column("RECIPIENT", lambda rule: rule.address),
    Column("STATUS", lambda rule: "paused" if rule.paused_at else "active"),
)
_MESSAGES: Columns[MessageWithRule] = (
    Column("ID", lambda row: row.message.id, right=True),
    Column("CREATED (UTC)", lambda row: f"{from_ms(row.message.created_at):%Y-%m-%d %H:%M}"),
    Column("STATE", lambda row: _STATES[row.message.state]),
    Column("RULE", lambda row: row.rule.name),
    Column("MESSAGE", lambda row: row.message.title),
    Column("NEXT ATTEMPT (UTC)", lambda row: _next_attempt(row.message)),
    Column("ERROR", lambda row: row.message.error),
)


@click.group()
def notify() -> None:
    """Manage notification rules and the outbox."""


@notify.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List notification rules."""
    with context.database().snapshot() as session:
        rules = stored_outbox.rules(session)
    print_list(rules, _RULES, empty="No notification rules.", as_json=as_json, shape=_rule)


@notify.command("messages")
@click.option("--state", type=click.Choice([state.value for state in MessageState]), help="Only this state.")
@limit_option("messages")
@json_option
@click.pass_obj
def messages(context: Context, state: str | None, limit: int, as_json: bool) -> None:
    """List messages, newest first: queued with the next attempt, sent, or failed with the error."""
    with context.database().snapshot() as session:
        rows = stored_outbox.page(session, MessageState(state) if state else None, None, None, limit)
    print_list(rows, _MESSAGES, empty="No messages.", as_json=as_json, shape=_message)


@notify.command("test")
@click.argument("rule", type=int)
@click.pass_obj
def test(context: Context, rule: int) -> None:
    """Send a test message by RULE (its ID in `musterroll notify list`). The running scheduler sends it within seconds."""
    with context.database().transaction() as session:
        message = notification_rules.test_rule(session, rule, clock())
    click.echo(f"Test message {message.id} queued. To check it: musterroll notify messages")


@notify.command("retry")
@click.argument("message", type=int)
@click.pass_obj
def retry(context: Context, message: int) -> None:
    """Retry MESSAGE (ID) now, and for another three days."""
    with context.database().transaction() as session:
        notification_outbox.retry(session, message, clock())
    click.echo(f"Message {message} queued for retry. To check it: musterroll notify messages")


def _next_attempt(message: Notification) -> str | None:
    return f"{from_ms(message.next_at):%Y-%m-%d %H:%M}" if message.state is MessageState.WAITING else None


def _message(row: MessageWithRule) -> dict[str, Any]:
    names = ("id", "key", "title", "signals", "state", "attempts", "created_at", "next_at", "sent_at", "error")
    return {"rule": row.rule.name, **{name: getattr(row.message, name) for name in names}}


def _rule(rule: NotificationRule) -> dict[str, Any]:
    names = ("id", "name", "way", "address", "kinds", "leads", "pace", "zone", "paused_at", "created_by")
    return {name: getattr(rule, name) for name in names}
