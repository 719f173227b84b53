"""`musterroll contacts reminders`: e-mails to customers that wait for a person."""

from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands import reminder_texts
from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.contacts.reminders import MOST_DAYS, ReminderKind, ReminderRule, ReminderState, filled, template_for
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.storage.contacts import reminders as stored

_ACTOR = "command line"
_FIELDS = ("id", "kind", "state", "email", "language", "on", "decided_by")
_REMINDERS: Columns[Row[Any]] = (
    Column("ID", lambda row: row.id, right=True),
    Column("ABOUT", lambda row: row.kind),
    Column("ON", lambda row: row.on),
    Column("TO", lambda row: row.email + (f" (of {row.facts['through']})" if row.facts.get("through") else "")),
    Column("ACCOUNT", lambda row: row.account_ref or "-"),
    Column("STATE", lambda row: row.state),
)
_RULES: Columns[ReminderRule] = (
    Column("KIND", lambda rule: rule.kind.value),
    Column("DAYS BEFORE", lambda rule: _days(rule), right=True),
    Column("SENT BY", lambda rule: "itself" if rule.releases else "a person"),
)
_KIND = click.Choice([kind.value for kind in ReminderKind])
_STATE = click.Choice([state.value for state in ReminderState])
_ids = click.argument("ids", nargs=-1, type=click.IntRange(1, 2**53 - 1))


@click.group()
def reminders() -> None:
    """Reminders to customers: held until they are released."""


@reminders.command("list")
@click.option("--state", type=_STATE, default=ReminderState.WAITING.value, show_default=True)
@click.option("--kind", type=_KIND, help="Only those of this kind.")
@limit_option("reminders")
@json_option
@click.pass_obj
def list_(context: Context, state: str, kind: str | None, limit: int, as_json: bool) -> None:
    """List reminders, newest first."""
    with context.database().snapshot() as session:
        rows = stored.page(session, ReminderState(state), ReminderKind(kind) if kind else None, None, limit)
    print_list(rows, _REMINDERS, empty="No such reminders.", as_json=as_json, shape=_shape)


@reminders.command()
@_ids
@click.option("--all", "all_", is_flag=True, help="All that wait.")
@click.pass_obj
def release(context: Context, ids: tuple[int, ...], all_: bool) -> None:
    """Send reminders, by their IDs in the list."""
    from musterroll.usecases.contacts import reminders as customer_reminders

    if all_ == bool(ids):
        raise DomainError("name the IDs of reminders, or --all", "no_ids")
    sent = lapsed = 0
    while True:
        with context.database().transaction() as session:
            done = customer_reminders.release(session, None if all_ else ids, _ACTOR, context.settings.public_url, clock())
        sent, lapsed = sent + done.sent, lapsed + done.lapsed
        if not all_ or not done.waiting or not (done.sent or done.lapsed):
            break
    click.echo(f"{sent:,} released to the outbox, {lapsed:,} left out without consent, {done.waiting:,} still waiting.")


@reminders.command()
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1, 2**53 - 1))
@click.pass_obj
def dismiss(context: Context, ids: tuple[int, ...]) -> None:
    """Do not send these reminders; they do not come again."""
    from musterroll.usecases.contacts import reminders as customer_reminders

    with context.database().transaction() as session:
        dismissed = customer_reminders.dismiss(session, ids, _ACTOR, clock())
    click.echo(f"{dismissed:,} dismissed.")


reminders.add_command(reminder_texts.texts)
reminders.add_command(reminder_texts.text)
reminders.add_command(reminder_texts.set_text)


@reminders.command()
@click.argument("id_", metavar="ID", type=click.IntRange(1, 2**53 - 1))
@click.pass_obj
def show(context: Context, id_: int) -> None:
    """Print a reminder as it would be sent now, by its ID in the list."""
    with context.database().snapshot() as session:
        row = stored.get(session, id_)
        if row is None:
            raise NotFound(f"there is no reminder {id_}")
        language, template = template_for(row.kind, row.language, stored.templates(session))
    text = filled(template, row.facts, language)
    click.echo(f"To: {row.email}\nSubject: {text.subject}\n\n{text.body}")


@reminders.command()
@json_option
@click.pass_obj
def rules(context: Context, as_json: bool) -> None:
    """List when each kind is due, and whether it goes out by itself."""
    from musterroll.usecases.contacts import due

    with context.database().snapshot() as session:
        rows = list(due.effective_rules(session).values())
    print_list(rows, _RULES, empty="No rules.", as_json=as_json, shape=ReminderRule._asdict)


@reminders.command("set")
@reminder_texts.kind_argument
@click.argument("days", type=click.IntRange(0, MOST_DAYS))
@click.option("--by-itself", is_flag=True, help="Send these without a person.")
@click.pass_obj
def set_(context: Context, kind: str, days: int, by_itself: bool) -> None:
    """Remind DAYS before; 0 turns a kind off. As in: musterroll contacts reminders set renewal 60"""
    from musterroll.usecases.contacts import templates

    with context.database().transaction() as session:
        change = templates.set_rule(session, ReminderRule(ReminderKind(kind), days, by_itself), _ACTOR, clock())
        click.echo(f"Saved. To undo: musterroll changes undo {change.id}" if change else "Nothing to change.")


def _days(rule: ReminderRule) -> str | int:
    if rule.kind is ReminderKind.LIMIT and rule.lead_days:
        return "at 80 % and 100 %"
    return rule.lead_days or "off"


def _shape(row: Row[Any]) -> dict[str, Any]:
    return {**{name: getattr(row, name) for name in _FIELDS}, "account": row.account_ref, "facts": row.facts}
