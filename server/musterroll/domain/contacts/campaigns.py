"""Exports of contacts for campaigns: the columns that each program imports, and who is left out."""

import re
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from musterroll.domain.contacts.consent import Consent


class Program(StrEnum):
    MAILCHIMP = "mailchimp"
    HUBSPOT = "hubspot"
    SALESFORCE = "salesforce"


PROGRAMS = {Program.MAILCHIMP: "Mailchimp", Program.HUBSPOT: "HubSpot", Program.SALESFORCE: "Salesforce"}
# Heading and field of each column, as the import of the program names it.
COLUMNS: dict[Program, tuple[tuple[str, str], ...]] = {
    Program.MAILCHIMP: (
        *(("Email Address", "email"), ("First Name", "first_name"), ("Last Name", "last_name"), ("Phone Number", "phone")),
        *(("Company", "account_name"), ("Language", "language"), ("Tags", "tag")),
    ),
    Program.HUBSPOT: (
        *(("Email", "email"), ("First Name", "first_name"), ("Last Name", "last_name"), ("Phone Number", "phone"), ("Job Title", "role")),
        *(("Company Name", "account_name"), ("Preferred language", "language")),
    ),
    Program.SALESFORCE: (
        *(("Contact ID", "salesforce_id"), ("Email", "email"), ("First Name", "first_name"), ("Last Name", "last_name"), ("Title", "role")),
        *(("Phone", "phone"), ("Account Name", "account_name"), ("Member Status", "status")),
    ),
}
_SALESFORCE_CONTACT = re.compile(r"003[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")


class CampaignContact(NamedTuple):
    """What an export says of a contact."""

    id: int
    ref: str
    first_name: str
    last_name: str
    role: str
    email: str
    phone: str
    language: str
    account_name: str
    consent: Consent
    refused: bool  # another contact with the address does not agree

    @property
    def salesforce_id(self) -> str:
        return self.ref if _SALESFORCE_CONTACT.fullmatch(self.ref) else ""

    @property
    def digest(self) -> str:
        """The same while the contact says the same."""
        return sha256(repr(self[1:9]).encode()).hexdigest()[:32]


class Reason(StrEnum):
    """Why a contact is left out."""

    NO_EMAIL = "no_email"
    NO_CONSENT = "no_consent"
    NO_LAST_NAME = "no_last_name"  # Salesforce refuses such a row
    REPEATED = "repeated"  # an earlier contact has the address
    UNCHANGED = "unchanged"  # since the last export


REASONS = {
    Reason.NO_EMAIL: "without an e-mail address",
    Reason.NO_CONSENT: "without consent",
    Reason.NO_LAST_NAME: "without a last name",
    Reason.REPEATED: "with a repeated address",
    Reason.UNCHANGED: "unchanged since the last export",
}


def left_out(program: Program, contact: CampaignContact) -> Reason | None:
    """Why a contact may not or cannot be exported; None if it can."""
    if not contact.email:
        return Reason.NO_EMAIL
    if contact.consent is not Consent.YES or contact.refused:
        return Reason.NO_CONSENT
    return Reason.NO_LAST_NAME if program is Program.SALESFORCE and not contact.last_name else None
