"""Contacts, from a CRM's list to an export that imports again; a `no` to e-mails stays."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from musterroll.domain.contacts.consent import Consent
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.readers.contacts import KIND
from musterroll.storage.contacts import contacts as stored
from musterroll.storage.contacts.contacts import ContactFilter
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.contacts import Contact
from musterroll.usecases.contacts import contacts
from musterroll.usecases.imports import export, record_entry
from musterroll.usecases.imports.record_entry import Entry
from musterroll.usecases.undo import undo as undo_changes
from sqlmodel import Session

from tests.support.documents import outcomes, take, take_all, undo

HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Primary Associated Company ID,Job Title,Preferred language,"
    "Unsubscribed from all email\n"
    "501,Ben,Ode,Ben@Umber.example,+31 20 2,A1,Buyer,German,false\n"
    "502,Cleo,Roux,cleo@larkspur.example,,A2,,fr-FR,true\n"
)


def contact(session: Session, ref: str) -> Contact:
    row = stored.by_ref(session, ref)
    assert row
    return row


def test_a_list_is_imported_exported_and_imported_again(database: Database, now: datetime) -> None:
    take_all(database, now, upto="sites")
    verdicts, done = take(database, now, "contacts", HUBSPOT)
    assert outcomes(verdicts) == ["new", "new"]
    with database.snapshot() as session:
        ben, cleo = contact(session, "501"), contact(session, "502")
        assert (ben.email, ben.language, ben.role) == ("ben@umber.example", "de", "Buyer")
        assert (ben.consent, cleo.consent) == (Consent.UNKNOWN, Consent.NO), "not having opted out is no consent"
        assert (cleo.consent_source, cleo.consent_on) == ("contacts.csv", now.date())
        rows = [cells for _, cells in export.page(session, "contacts", 0, 10, now)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in KIND.fields])
    writer.writerow({field.name: field.label for field in KIND.fields})
    writer.writerows(rows)
    assert outcomes(take(database, now, "contacts", text.getvalue())[0]) == ["same", "same"]
    assert outcomes(take(database, now, "contacts", HUBSPOT)[0]) == ["same", "same"]
    with database.transaction() as session:
        undo(session, done.run_id or 0, "kim", now)
        assert not stored.page(session, ContactFilter(), 0, 9)


def test_bad_values_are_refused_in_words(database: Database, now: datetime) -> None:
    take_all(database, now, upto="sites")
    verdicts, _ = take(
        database,
        now,
        "contacts",
        "Email,Contact Name,Account ID,Site ID,Language,Consent\n"
        "one@x.example,One,,S2,en,\nnot an address,Two,A1,,,\nthree@x.example,Three,A1,,Klingon speech,\n"
        "four@x.example,Four,A1,,,perhaps\nfive@x.example,Five,A1,S77,,yes\n,Six,A1,,,\n",
    )
    assert outcomes(verdicts) == ["new", "refused", "refused", "refused", "new", "refused"]
    assert [verdict.why for verdict in verdicts[1:]] == [
        "'not an address' is not a valid e-mail address such as name@example.com",
        "the Language 'Klingon speech' is not a language; use a code such as en or de",
        "the Consent 'perhaps' is not recognised; say once what it means (--word 'perhaps=yes')",
        None,
        "there is neither a Contact ID nor an Email; fill in one of them",
    ]
    assert verdicts[4].note == "saved without a site: S77 is not registered"
    with database.snapshot() as session:
        (row,) = stored.page(session, ContactFilter(text="one@"), 0, 9)
        assert (row.account_ref, row.site_ref, row.last_name) == ("A2", "S2", "One"), "a contact of a site is one of its account"


def test_a_withdrawn_consent_stays_until_a_later_yes(database: Database, now: datetime) -> None:
    take_all(database, now, upto="contacts")
    yes = "Contact ID,Email,Consent,Consent Date\nK1,anna@umber.example,yes,{}\n"
    with database.transaction() as session:
        change = contacts.withdraw_consent(session, "anna@umber.example", "unsubscribed", now)
        assert change
        assert contacts.withdraw_consent(session, "anna@umber.example", "unsubscribed", now) is None
    today = now.date()
    for day in ("", "2026-01-31", today):
        verdicts, _ = take(database, now, "contacts", yes.format(day))
        assert outcomes(verdicts) == ["same"], verdicts
    with database.transaction() as session, pytest.raises(DomainError, match="a yes needs a later Consent Date"):
        record_entry.correct(session, Entry("contacts", {"ref": "K1", "consent": "yes"}, "kim"), now)
    tomorrow = today + timedelta(1)
    assert outcomes(take(database, now, "contacts", yes.format(tomorrow))[0]) == ["changed"]
    with database.transaction() as session:
        assert contact(session, "K1").consent_on == tomorrow
        record_entry.correct(session, Entry("contacts", {"ref": "K1", "consent": "no"}, "kim"), now)
        assert (contact(session, "K1").consent_source, contact(session, "K1").consent_on) == ("entered by kim", today)


def test_a_contact_is_deleted_found_and_put_back(database: Database, now: datetime) -> None:
    take_all(database, now, upto="contacts")
    with database.transaction() as session:
        change = contacts.remove(session, "K1", "kim", now)
        with pytest.raises(NotFound):
            contacts.remove(session, "K1\0", "kim", now)
        assert [row.ref for row in stored.page(session, ContactFilter(), 0, 9)] == ["K2"]
        undo_changes.undo(session, change.id or 0, "kim", now)
        assert [row.ref for row in stored.page(session, ContactFilter(consent=Consent.YES, text="VOS"), 0, 9)] == ["K1"]
        assert contact(session, "K1").consent_on == date(2026, 1, 31)
