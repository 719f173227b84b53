"""Exports of contacts for campaigns: consent, what changed, and the counts of what was left out, against a count of the rows."""

from datetime import UTC, datetime, timedelta
from random import Random

import pandas
from musterroll.domain.contacts.campaigns import COLUMNS, Program
from musterroll.storage.contacts import exports as stored
from musterroll.storage.engine.database import Database
from musterroll.usecases.contacts import exports
from musterroll.usecases.contacts.exports import ExportRequest
from musterroll.usecases.fleet import segments
from musterroll.usecases.fleet.pages import FleetFilter

from tests.support.documents import FLEET, take, take_all

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HEAD = "Contact ID,Account ID,Last Name,Email,Consent\n"


def exported(database: Database, request: ExportRequest, now: datetime = NOW) -> tuple[list[str], dict[str, int], str]:
    """The numbers of the contacts, what was left out, and the sentence."""
    with database.transaction() as session:
        row = exports.export(session, request, "kim", now)
        session.flush()
        return [contact.ref for contact in stored.exported(session, row.id or 0, 0, 99)], row.left_out, exports.says(row)


def test_only_what_changed_and_only_with_consent(database: Database) -> None:
    take_all(database, NOW, upto="sites")
    rows = "K1,A1,Vos,anna@x.example,yes\nK2,A2,Ode,ben@x.example,no\nK3,A2,,cleo@x.example,yes\n"
    rows += "K4,A1,Vos,anna@x.example,yes\nK5,A1,Fay,,yes\n"
    take(database, NOW, "contacts", HEAD + rows)
    mailchimp = ExportRequest(Program.MAILCHIMP)
    refs, left_out, sentence = exported(database, mailchimp)
    assert refs == ["K1", "K3"]
    assert left_out == {"no_email": 1, "no_consent": 1, "repeated": 1}
    assert sentence == "2 contacts exported; left out: 1 without an e-mail address, 1 without consent, 1 with a repeated address."
    assert exported(database, mailchimp)[:2] == ([], {**left_out, "unchanged": 2})
    assert exported(database, ExportRequest(Program.SALESFORCE))[0] == ["K1"], "Salesforce needs a last name, and has had no export yet"
    take(database, NOW, "contacts", HEAD + "K3,A2,Roux,cleo@x.example,yes\nK6,A2,New,anna@x.example,no\n")
    assert exported(database, mailchimp)[0] == ["K3"], "an address that says no anywhere is left out"
    assert exported(database, mailchimp._replace(whole=True))[0] == ["K3"]
    assert {program: [heading for heading, _ in columns][:2] for program, columns in COLUMNS.items()} == {
        "mailchimp": ["Email Address", "First Name"],
        "hubspot": ["Email", "First Name"],
        "salesforce": ["Contact ID", "Email"],
    }


def test_contacts_of_the_accounts_in_a_segment(database: Database) -> None:
    take_all(database, NOW)
    take(database, NOW, "contacts", HEAD + "P1,A1,Vos,p1@x.example,yes\nP2,A2,Ode,p2@x.example,yes\n")
    with database.transaction() as session:
        key = segments.save(session, "Of Umber", FleetFilter(account="A1"), "kim", NOW).key
    assert exported(database, ExportRequest(Program.HUBSPOT, key))[0] == ["K1", "P1"]


def test_counts_equal_those_of_an_independent_computation(database: Database) -> None:
    for kind in ("accounts",):
        take(database, NOW, kind, FLEET[kind])
    chance = Random(7)
    rows = [
        (
            f"K{number}",
            f"A{chance.randint(1, 3)}",
            chance.choice(["", "Vos"]),
            chance.choice([*[""] * 5, *(f"p{n}@x.example" for n in range(40))]),
        )
        for number in range(120)
    ]
    answers = [chance.choice(["yes", "yes", "yes", "no", ""]) if index % 3 else "yes" for index in range(len(rows))]
    take(database, NOW, "contacts", HEAD + "".join(f"{','.join(row)},{answer}\n" for row, answer in zip(rows, answers, strict=True)))
    frame = pandas.DataFrame(rows, columns=["ref", "account", "last", "email"]).assign(consent=answers)
    refused = set(frame.email[frame.consent == "no"])
    may = frame[(frame.email != "") & (frame.consent == "yes") & ~frame.email.isin(refused) & (frame["last"] != "")]
    refs, left_out, _ = exported(database, ExportRequest(Program.SALESFORCE), NOW + timedelta(1))
    assert refs == list(may.drop_duplicates("email").ref)
    assert left_out["no_email"] == int((frame.email == "").sum())
    assert sum(left_out.values()) + len(refs) == len(frame)
