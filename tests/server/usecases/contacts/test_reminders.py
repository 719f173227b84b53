"""Reminders to customers, from what ends to an e-mail in their language, and the link in it that ends them."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from musterroll.domain.contacts.reminders import DEFAULTS, ReminderKind, ReminderRule, ReminderState, filled, template_for
from musterroll.domain.contacts.wording import SHIPPED, Template
from musterroll.domain.contracts.limits import Limit, LimitKind, LimitPeriod
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.settings import Settings
from musterroll.storage.contacts import contacts as stored_contacts
from musterroll.storage.contacts import reminders as stored
from musterroll.storage.engine.database import Database
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contacts import Reminder
from musterroll.storage.tables.notifications import Notification
from musterroll.storage.tables.units import Incident, Unit
from musterroll.usecases.contacts import due, reminders, templates
from musterroll.usecases.contracts.limits import set_limit
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.undo.undo import undo
from pydantic import SecretStr
from sqlmodel import Session, col, select

from tests.support.documents import take
from tests.support.receivers import Mailbox

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOME = "https://fleet.example"
RECORDS = {
    "accounts": "Account ID,Account Name\nA1,Umber\nA2,Ochre\n",
    "sites": "Site ID,Account ID,Site Name\nS1,A1,Essen\nS2,A1,Dover\n",
    "contacts": "Contact ID,Account ID,Site ID,First Name,Last Name,Email,Language,Consent\n"
    "K1,A1,,Anna,Vos,anna@umber.example,de,yes\nK2,A1,S2,Ben,Ode,ben@umber.example,,yes\nK3,A1,,Cleo,Roux,cleo@umber.example,fr,\n"
    "K4,A2,,Dan,Oak,dan@ochre.example,en,no\nK5,A2,,Dan,Oak,dan@ochre.example,en,yes\n",
    "units": "Serial Number,Manufacturer,Model,Install Date,Status,Account ID,Site ID,Warranty Start,Warranty End\n"
    "SN1,Acme,Pump,2024-11-20,Installed,A1,S1,2024-11-20,2026-11-20\nSN2,Acme,Pump,2024-11-20,Installed,A1,S2,2024-11-28,2026-11-28\n"
    "SN3,Acme,Pump,2024-11-20,Installed,A1,S2,2024-11-20,2026-11-30\nSN4,Acme,Pump,2024-11-20,Installed,A2,,2024-11-20,2026-11-20\n",
    "contracts": "Contract Number,Account ID,Start Date,End Date,Status,Currency\n"
    "C1,A1,2026-01-01,2026-12-20,Active,EUR\nC2,A1,2026-01-01,2027-12-20,Active,EUR\n",
    "contract-lines": "Contract Number,Line,Model,Account ID,Quantity,Price Per Year\nC2,1,Pump,A1,3,40\n",
}


@pytest.fixture
def fleet(database: Database) -> Database:
    for kind, content in RECORDS.items():
        take(database, NOW, kind, content)
    with database.transaction() as session:
        set_limit(session, "C2", "1", Limit(LimitKind.CALLS, Decimal(5), LimitPeriod.YEAR), "kim", NOW)
        unit = session.exec(select(Unit).where(Unit.serial == "SN1")).one()
        session.add_all(
            Incident(ref=f"T{number}", unit_id=unit.id, serial="SN1", opened_on=date(2026, 10, 1 + number)) for number in range(4)
        )
    with database.transaction() as session:
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    return database


def found(database: Database, now: datetime = NOW) -> int | None:
    """What a run of the schedule adds."""
    with database.snapshot() as session:
        rows = due.find_due(session, now)
    if rows is None:
        return None
    with database.transaction() as session:
        return due.store_due(session, rows, now)


def waiting(database: Database) -> dict[tuple[str, str], Reminder]:
    with database.snapshot() as session:
        rows = session.exec(select(Reminder).where(col(Reminder.state) == ReminderState.WAITING)).all()
    return {(row.kind.value, row.key.partition("@")[0].rpartition(":")[2] + f" {row.facts.get('site', '')}".rstrip()): row for row in rows}


def test_contacts_with_consent_are_reminded_once_of_what_is_due(fleet: Database) -> None:
    assert found(fleet) == 4
    assert set(waiting(fleet)) == {("renewal", "anna"), ("limit", "anna"), ("warranty", "anna"), ("warranty", "ben Dover")}
    assert [waiting(fleet)["warranty", name].facts["units"] for name in ("anna", "ben Dover")] == ["3", "2"]
    assert found(fleet, NOW + timedelta(minutes=30)) is None, "once an hour"
    assert found(fleet, NOW + timedelta(hours=2)) == 0
    with fleet.transaction() as session:
        dover = waiting(fleet)["warranty", "ben Dover"]
        assert reminders.dismiss(session, [dover.id or 0], "kim", NOW) == 1
        assert reminders.dismiss(session, [dover.id or 0], "kim", NOW) == 0
    assert found(fleet, NOW + timedelta(days=1)) == 0, "a dismissed one does not come again"


def test_a_contact_of_the_parent_is_reminded_where_the_account_has_none(fleet: Database) -> None:
    take(fleet, NOW, "accounts", "Account ID,Account Name,Parent Account ID\nA3,Umber Coating,A1\nA4,Umber Paint,A3\nA5,Ochre Clay,A2\n")
    take(fleet, NOW, "contacts", "Contact ID,Account ID,First Name,Email,Consent\nK6,A5,Eve,eve@clay.example,\n")
    ends = "".join(f"{ref},{account},2026-01-01,2026-12-20,Active\n" for ref, account in (("C4", "A4"), ("C5", "A5")))
    take(fleet, NOW, "contracts", "Contract Number,Account ID,Start Date,End Date,Status\n" + ends)
    found(fleet)
    with fleet.snapshot() as session:
        rows = [row for row in stored.page(session, None, ReminderKind.RENEWAL, None, 10) if row.facts["contract"] != "C1"]
    assert [(row.email, row.account_ref, row.facts["account"], row.facts["through"]) for row in rows] == [
        ("anna@umber.example", "A4", "Umber Paint", "Umber")
    ], "not Ben, who is of one site; and nobody for A5, whose own contact has not agreed"


def test_what_is_no_longer_so_lapses(fleet: Database) -> None:
    found(fleet)
    take(fleet, NOW, "contracts", "Contract Number,Account ID,Start Date,End Date,Status\nC1,A1,2026-01-01,2028-12-20,Active\n")
    take(fleet, NOW, "contacts", "Contact ID,Email,Consent\nK2,ben@umber.example,no\n")
    found(fleet, NOW + timedelta(hours=2))
    assert set(waiting(fleet)) == {("limit", "anna"), ("warranty", "anna")}


def test_a_released_reminder_is_an_e_mail_whose_link_ends_them(fleet: Database) -> None:
    found(fleet)
    with fleet.transaction() as session, pytest.raises(Conflict, match="MUSTERROLL_PUBLIC_URL"):
        reminders.release(session, None, "kim", None, NOW)
    renewal = waiting(fleet)["renewal", "anna"]
    with fleet.transaction() as session:
        assert reminders.release(session, [renewal.id or 0], "kim", HOME, NOW).sent == 1
        assert reminders.release(session, [renewal.id or 0], "kim", HOME, NOW).sent == 0, "never twice"
        assert not stored_outbox.rules(session), "no rule of a person"
    with Mailbox().open() as mailbox:
        settings = Settings(
            public_url=HOME, smtp_url=SecretStr(f"smtp://127.0.0.1:{mailbox.port}"), smtp_from="Service <service@maker.example>"
        )
        assert OutboxSender(fleet, settings, lambda: NOW).send(NOW) == 1
        ((to, mail),) = mailbox.reach(1)
    assert to == ["anna@umber.example"]
    assert mail["Subject"] == "Ihr Vertrag C1 läuft bis 20. Dezember 2026"
    assert b"\nList-Unsubscribe: <https://" in mail.as_bytes(policy=mail.policy.clone(refold_source="none")), (
        "a link as it is, neither folded nor encoded"
    )
    link = mail["List-Unsubscribe"].strip("<>")
    assert (link.startswith(f"{HOME}/unsubscribe/"), mail["List-Unsubscribe-Post"]) == (True, "List-Unsubscribe=One-Click")
    text = mail.get_content()
    assert "Guten Tag Anna Vos" in text
    assert re.search(r"Abbestellen:\s+" + re.escape(link), text)
    with fleet.transaction() as session:
        reminders.release(session, None, "kim", HOME, NOW)
    with fleet.transaction() as session:
        change = reminders.unsubscribe(session, link.rpartition("/")[2], NOW)
        assert change is not None
        assert reminders.unsubscribe(session, link.rpartition("/")[2], NOW) is None
        contact = stored_contacts.by_ref(session, "K1")
        assert contact is not None
        assert (contact.consent, contact.consent_source, contact.consent_on) == ("no", "unsubscribe link", NOW.date())
        states = {row.state for row in session.exec(select(Notification).where(Notification.address == "anna@umber.example"))}
        assert states == {MessageState.SENT, MessageState.DROPPED}, "what waited in the outbox is not sent"
        with pytest.raises(NotFound):
            reminders.unsubscribe(session, link.rpartition("/")[2][:-1], NOW)
        assert {row.kind for row in session.exec(select(AuditChange))} >= {"unsubscribe", "reminder"}


def test_consent_is_asked_for_again_at_the_release(fleet: Database) -> None:
    found(fleet)
    take(fleet, NOW, "contacts", "Contact ID,Email,Consent\nK1,anna@umber.example,no\n")
    with fleet.transaction() as session:
        done = reminders.release(session, None, "kim", HOME, NOW)
    assert (done.sent, done.lapsed, done.waiting) == (1, 3, 0)


def test_a_rule_releases_by_itself_only_when_turned_on(fleet: Database) -> None:
    found(fleet)
    with fleet.transaction() as session:
        assert not reminders.any_to_release(session, HOME)
        templates.set_rule(session, ReminderRule(ReminderKind.RENEWAL, 60, releases=True), "admin", NOW)
        assert reminders.any_to_release(session, HOME)
        assert not reminders.any_to_release(session, None)
        assert reminders.release_by_rule(session, HOME, NOW).sent == 1
        off = templates.set_rule(session, ReminderRule(ReminderKind.WARRANTY, 0), "admin", NOW)
        assert off
        with pytest.raises(DomainError, match="from 0 to 365"):
            templates.set_rule(session, ReminderRule(ReminderKind.WARRANTY, 400), "admin", NOW)
    found(fleet)
    assert set(waiting(fleet)) == {("limit", "anna")}, "the rule of a kind takes effect at the next run"
    with fleet.transaction() as session:
        undo(session, off.id or 0, "admin", NOW)
        assert due.effective_rules(session)[ReminderKind.WARRANTY] == DEFAULTS[ReminderKind.WARRANTY]


def texts(session: Session) -> dict[tuple[str, str], bool]:
    return {(of.kind.value, of.language): of.shipped for of in templates.texts(session)}


def test_texts_are_checked_stored_and_put_back(fleet: Database) -> None:
    found(fleet)
    with fleet.transaction() as session:
        for subject, why in (
            ("{price}", r"use \{name\}"),
            ("{contract!r}", "not a placeholder"),
            ("{", "a brace"),
            (" ", "needs a subject"),
        ):
            with pytest.raises(DomainError, match=why):
                templates.set_text(session, ReminderKind.RENEWAL, "de", Template(subject, "Text"), "admin", NOW)
        text = Template("Vertrag {contract}", "Hallo {first_name}, {{bis}} {last_day}")
        change = templates.set_text(session, ReminderKind.RENEWAL, "German", text, "admin", NOW)
        assert change
        assert templates.set_text(session, ReminderKind.RENEWAL, "de", text, "admin", NOW) is None
        reminder = stored.get(session, waiting(fleet)["renewal", "anna"].id or 0)
        assert reminder
        language, template = template_for(reminder.kind, reminder.language, stored.templates(session))
        assert filled(template, reminder.facts, language).body == "Hallo Anna, {bis} 20. Dezember 2026"
        templates.set_text(session, ReminderKind.LIMIT, "fr", Template("Limite", "Bonjour {name}"), "admin", NOW)
        assert texts(session)["limit", "fr"] is False
        templates.set_text(session, ReminderKind.RENEWAL, "de", SHIPPED["renewal", "de"], "admin", NOW)
        assert texts(session)["renewal", "de"] is True
