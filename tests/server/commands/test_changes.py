"""Installed base, possible duplicates, undo and audit on the command line, with one small fleet."""

import json
from pathlib import Path
from typing import Any

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from sqlalchemy import text

from tests.server.commands.conftest import Run
from tests.support import records
from tests.support.records import dump


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Two accounts that look the same, with a unit each."""
    opened = Database(f"sqlite:///{tmp_path}/musterroll.db")
    migrate.upgrade(opened)
    with opened.transaction() as session:
        product = records.product(session, "Acme", "Pump 3")
        for number, name in enumerate(("Umber Logistics B.V.", "Umber Logistics"), 1):
            owner = records.account(session, f"A{number}", name, website="umber.example", segment="Public")
            records.unit(session, f"SN{number}", product, account_id=owner.id, lifecycle=Lifecycle.DEPLOYED)
    return opened


def answer(run: Run, *arguments: str) -> Any:
    status, out, _ = run(*arguments, "--json")
    assert status == 0
    return json.loads(out)


def columns(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def state(database: Database) -> str:
    with database.snapshot() as session:
        return dump(session)


def test_a_proposal_is_found_accepted_and_undone_to_the_same_bytes(run: Run, database: Database) -> None:
    assert answer(run, "proposals", "find") == {"new": 1, "open": 0, "gone": 0}
    before = state(database)
    (proposal,) = answer(run, "proposals", "list")
    assert (proposal["left"], proposal["right"]) == ("A1 Umber Logistics B.V.", "A2 Umber Logistics")
    assert [field["field"] for field in proposal["evidence"]] == ["name", "domain"]
    change = answer(run, "proposals", "accept", str(proposal["id"]), "--reason", "asked them")["change"]
    assert {part["ref"]: part["counts"]["units"] for part in answer(run, "installed-base", "--by", "account")["parts"]} == {"A1": 2}
    answer(run, "changes", "undo", str(change))
    assert state(database) == before


def test_a_rejected_proposal_is_listed_as_such(run: Run) -> None:
    run("proposals", "find")
    assert "To undo: musterroll changes undo 1" in run("proposals", "reject", "1", "--reason", "two firms")[1]
    assert run("proposals", "list")[1] == "No open possible duplicates. To search for them: musterroll proposals find\n"
    assert "rejected by command line" in run("proposals", "list", "--state", "all")[1]


def test_accounts_too_few_for_splink_are_said_so_and_nothing_is_found(run: Run) -> None:
    status, _, errors = run("proposals", "find", "--with", "splink")
    assert (status, errors.count("\n")) == (1, 1)
    assert "2 accounts are too few for splink to learn from" in errors
    assert answer(run, "proposals", "list") == []


def test_changes_are_listed_with_who_why_and_what_undid_them(run: Run) -> None:
    run("proposals", "find")
    run("proposals", "reject", "1", "--reason", "two firms")
    run("changes", "undo", "1", "--reason", "a mistake")
    undoing, rejecting = answer(run, "audit", "list")
    assert (undoing["kind"], undoing["undoes"], undoing["reason"]) == ("undo", 1, "a mistake")
    assert (rejecting["actor"], rejecting["reason"], rejecting["undone_by"]) == ("command line", "two firms", 2)
    assert [change["id"] for change in answer(run, "audit", "list", "--kind", "proposal", "--record", "proposal/1")] == [1]
    shown = run("audit", "show", "1")[1]
    assert "\nproposal 1  " in shown
    assert "state open -> rejected" in shown
    assert answer(run, "audit", "show", "2")["rows"][0]["after"]["state"] == "open"


def test_verifying_says_how_many_entries_are_good_and_which_is_not(run: Run, database: Database) -> None:
    run("proposals", "find")
    run("proposals", "reject", "1")
    status, out, _ = run("audit", "verify")
    assert (status, out[:31]) == (0, "1 entries verified. Head hash: ")
    head = answer(run, "audit", "verify")["head"]
    with database.transaction() as session:
        session.execute(text("UPDATE audit_entry SET row_key = '9'"))
    status, out, _ = run("audit", "verify")
    assert (status, out[:22]) == (4, "Entry 1 was altered, o")
    with database.transaction() as session:
        session.execute(text("DELETE FROM audit_entry"))
    assert run("audit", "verify")[0] == 0
    assert run("audit", "verify", "--head", head)[:2] == (
        4,
        f"The hash {head} is not in the log: entries were cut off the end. 0 entries are left.\n",
    )


def test_the_installed_base_is_counted_and_bridged(run: Run) -> None:
    headings = ["DEPLOYED", "OPERATING", "BY", "LISTS", "UNKNOWN", "REGISTERED"]
    assert columns(run("installed-base")[1])[-2:] == [headings, ["total", "2", "0", "2"]]
    assert ["Public", "2", "0", "2"] in columns(run("installed-base", "--by", "segment")[1])
    assert answer(run, "installed-base", "--product", "acme/pump-3", "--account", "A1")["units"] == 1
    assert answer(run, "installed-base", "--bridge", "2026-01")["closing"] == 0
    assert "closing" in run("installed-base", "--bridge", "2026-01")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["changes", "undo", "9"], "there is no change 9"),
        (["audit", "show", "9"], "there is no change 9"),
        (["proposals", "accept", "9"], "there is no possible duplicate 9"),
        (["installed-base", "--account", "nobody"], "there is no account 'nobody'"),
        (["installed-base", "--product", "pump"], "--product is MAKER/MODEL, not 'pump'"),
        (["installed-base", "--on", "2190-01-01"], "2190-01-01 is in the future; the installed base is known up to today"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, arguments: list[str], sentence: str) -> None:
    assert run(*arguments) == (1, "", f"musterroll: {sentence}\n")
