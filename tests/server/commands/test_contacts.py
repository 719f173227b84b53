"""Contacts, reminders and the customer's page on the command line, with the words that pages and documents use."""

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

import click
import pytest
from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.storage.engine.database import Database

from tests.support import contact_fleet


@pytest.fixture
def fleet(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    monkeypatch.setenv("MUSTERROLL_DATABASE_URL", str(sqlite_database.url))
    contact_fleet.fill(sqlite_database, now)


def run(*arguments: str, given: str | None = None) -> str:
    result = CliRunner().invoke(cli, ["contacts", *arguments], input=given)
    assert result.exit_code == 0, result.output or result.exception
    return result.output


def test_choices_are_words_not_names_of_code() -> None:
    """A choice made of an enumeration would accept the names of its members instead of their values."""
    choices = {f"{path} {parameter.name}": parameter.type for path, parameter in _parameters(cli, "musterroll")}
    assert len(choices) > 100
    assert not [name for name, of in choices.items() if isinstance(of, click.Choice) and any(isinstance(word, Enum) for word in of.choices)]


def _parameters(command: click.Command, path: str) -> Iterator[tuple[str, click.Parameter]]:
    yield from ((path, parameter) for parameter in command.params)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            if (inner := command.get_command(context, name)) is not None:
                yield from _parameters(inner, f"{path} {name}")


@pytest.mark.usefixtures("fleet")
def test_reminders_are_listed_read_and_given_rules_and_texts() -> None:
    assert {row["id"] for row in json.loads(run("list", "--consent", "no", "--json"))} == {"K3"}
    waiting = json.loads(run("reminders", "list", "--state", "waiting", "--kind", "renewal", "--json"))
    assert [row["email"] for row in waiting] == ["anna.vos@marram.example"] * 2
    assert "To: anna.vos@marram.example\nSubject: Ihr Vertrag C-9" in run("reminders", "show", str(waiting[0]["id"]))
    run("reminders", "set", "renewal", "30")
    assert [row["lead_days"] for row in json.loads(run("reminders", "rules", "--json"))] == [30, 45, 1]
    run("reminders", "set-text", "renewal", "de", "--subject", "Vertrag {contract}")
    assert "Subject: Vertrag C-9" in run("reminders", "show", str(waiting[0]["id"]))
    run("reminders", "set-text", "renewal", "fr", "--subject", "Contrat {contract}", "--body", "-", given="Bonjour {name},\n")
    assert "Bonjour Anna Vos," in run("reminders", "text", "renewal", "fr")
    own = {(row["kind"], row["language"]) for row in json.loads(run("reminders", "texts", "--json")) if not row["shipped"]}
    assert own == {("renewal", "de"), ("renewal", "fr")}
    run("reminders", "set-text", "renewal", "fr", "--remove")
    assert run("reminders", "text", "renewal", "fr").startswith("Language: en")
    refused = CliRunner().invoke(cli, ["contacts", "reminders", "set-text", "renewal", "fr", "--subject", "{nobody}"])
    assert "{nobody} is not a placeholder of this reminder" in str(refused.exception)


@pytest.mark.usefixtures("fleet")
def test_the_customers_page_is_set_by_the_words_it_is_shown_with() -> None:
    run("page", "set", "model", "covered", "help", "--help-text", "Call 1")
    assert json.loads(run("page", "show", "--json")) == {"parts": ["model", "covered", "help"], "help": "Call 1"}
    assert run("export", "--for", "hubspot").startswith("Email,First Name")
