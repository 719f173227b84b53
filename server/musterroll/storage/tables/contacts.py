"""People at customers."""

from datetime import date

from sqlmodel import Field

from musterroll.domain.contacts.consent import Consent
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, Audited, row_id, word


class Contact(Audited, table=True):
    """A person at a customer. `site_id`: their place of work; none: they are a contact of the whole account."""

    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    ref: str = Field(unique=True, max_length=80)  # the number that the customer's own systems know it by, else the e-mail address
    account_id: int | None = Field(default=None, foreign_key="account.id", index=True, sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", index=True, sa_type=BIG)
    first_name: str = Field(default="", max_length=80)
    last_name: str = Field(default="", max_length=120)
    role: str = Field(default="", max_length=120)
    email: str = Field(default="", index=True, max_length=254)
    phone: str = Field(default="", max_length=60)
    language: str = Field(default="", max_length=8)
    consent: Consent = word(Consent, default=Consent.UNKNOWN)  # to e-mails
    consent_source: str = Field(default="", max_length=200)
    consent_on: date | None = None
