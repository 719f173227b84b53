"""`musterroll contacts reminders texts | text | set-text`: what reminders say, in each language."""

from typing import TYPE_CHECKING, Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list
from musterroll.domain.contacts.reminders import EXAMPLE, PLACEHOLDERS, ReminderKind, filled, template_for
from musterroll.domain.contacts.wording import Template
from musterroll.domain.values.errors import DomainError
from musterroll.storage.contacts import reminders as stored

if TYPE_CHECKING:
    from musterroll.usecases.contacts.templates import LanguageText

_TEXTS: "Columns[LanguageText]" = (
    Column("ABOUT", lambda of: of.kind.value),
    Column("LANGUAGE", lambda of: of.language),
    Column("TEXT", lambda of: "as shipped" if of.shipped else "own"),
    Column("SUBJECT", lambda of: of.text.subject),
)
kind_argument = click.argument("kind", type=click.Choice([kind.value for kind in ReminderKind]))


@click.command()
@json_option
@click.pass_obj
def texts(context: Context, as_json: bool) -> None:
    """List the texts by kind and language."""
    from musterroll.usecases.contacts import templates

    with context.database().snapshot() as session:
        rows = templates.texts(session)
    print_list(rows, _TEXTS, empty="No texts.", as_json=as_json, shape=_shape)


@click.command()
@kind_argument
@click.argument("language", default="en")
@json_option
@click.pass_obj
def text(context: Context, kind: str, language: str, as_json: bool) -> None:
    """Print the text of a KIND in a LANGUAGE (default: en), and how it reads with example values."""
    with context.database().snapshot() as session:
        code, template = template_for(ReminderKind(kind), language, stored.templates(session))
    example = filled(template, EXAMPLE, code)
    if as_json:
        print_json({"kind": kind, "language": code, **template._asdict(), "example": example._asdict()})
        return
    names = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS[ReminderKind(kind)])
    click.echo(f"Language: {code}\nSubject: {template.subject}\n\n{template.body}\n\nPlaceholders: {names}\n")
    click.echo(f"Example:\n\nSubject: {example.subject}\n\n{example.body}")


@click.command("set-text")
@kind_argument
@click.argument("language")
@click.option("--subject", help="Default: the subject so far.")
@click.option("--body", type=click.File(encoding="utf-8"), help="File with the text; - for standard input. Default: the text so far.")
@click.option("--remove", is_flag=True, help="Use the shipped text again or, where none is shipped in the language, the English one.")
@click.pass_obj
def set_text(context: Context, kind: str, language: str, subject: str | None, body: Any, remove: bool) -> None:
    """Change the text of a KIND in a LANGUAGE. As in: musterroll contacts reminders set-text renewal fr --subject ... --body texte.txt"""
    from musterroll.usecases.contacts import templates

    if remove == bool(subject or body):
        raise DomainError("give --subject, --body or both, or --remove", "no_text")
    of = ReminderKind(kind)
    words = body.read() if body else None
    with context.database().transaction() as session:
        if remove:
            change = templates.remove_text(session, of, language, "command line", clock())
        else:
            _, known = template_for(of, language, stored.templates(session))
            new = Template(subject or known.subject, words if words is not None else known.body)
            change = templates.set_text(session, of, language, new, "command line", clock())
        click.echo(f"Saved. To undo: musterroll changes undo {change.id}" if change else "Nothing to change.")


def _shape(of: "LanguageText") -> dict[str, Any]:
    return {"kind": of.kind, "language": of.language, "shipped": of.shipped, **of.text._asdict()}
