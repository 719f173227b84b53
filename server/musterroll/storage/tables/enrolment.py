"""Claim tokens and the credentials issued for them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field

from musterroll.storage.tables.columns import BIG, DOCUMENT, Audited, row_id, word


class CredentialStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    REFUSED = "refused"
    REVOKED = "revoked"


class Credential(Audited, table=True):
    """What a device proves itself with. A unit has at most one active credential; a second enrolment waits for a person."""

    audited = frozenset({"id", "status", "decided_at", "decided_by", "reason"})  # what people decide; no hash of a secret

    __table_args__ = (
        Index(
            "ux_credential_active",
            "unit_id",
            unique=True,
            postgresql_where=text("status = 'active'"),
            sqlite_where=text("status = 'active'"),
        ),
    )
    id: int | None = row_id()
    unit_id: int = Field(foreign_key="unit.id", index=True, sa_type=BIG)
    secret_hash: str = Field(max_length=200)  # as Mosquitto's password file writes it
    status: CredentialStatus = word(CredentialStatus)
    claim_token_id: int | None = Field(default=None, foreign_key="claim_token.id", sa_type=BIG)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=DOCUMENT)
    created_at: datetime
    decided_at: datetime | None = None
    decided_by: str = Field(default="", max_length=120)
    reason: str = Field(default="", max_length=500)  # why it was revoked, which its device is told


class ClaimToken(Audited, table=True):
    """Lets so many units enrol for so long; may name their serials, and the account and site they are deployed to."""

    __tablename__ = "claim_token"
    audited = frozenset({"id", "account_id", "site_id"})  # where it deploys to, which a merge of accounts changes
    id: int | None = row_id()
    label: str = Field(max_length=120)
    token_hash: str = Field(unique=True, max_length=64)
    expires_at: datetime
    max_uses: int
    uses: int = 0
    serials: list[str] = Field(default_factory=list, sa_type=DOCUMENT)  # serial keys; empty = any
    account_id: int | None = Field(default=None, foreign_key="account.id", sa_type=BIG)
    site_id: int | None = Field(default=None, foreign_key="site.id", sa_type=BIG)
    unit_id: int | None = Field(default=None, foreign_key="unit.id", sa_type=BIG)  # whose revoked credential it replaces, at once
    created_at: datetime
    created_by: str = Field(max_length=120)
    revoked_at: datetime | None = None
