"""Users, their sessions, and API tokens."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from musterroll.storage.tables.columns import BIG, DOCUMENT, OPTIONAL, Audited, row_id


class User(Audited, table=True):
    __table_args__ = (Index("ux_user_subject", "subject", unique=True),)
    audited = frozenset({"id", "name", "role", "within", "disabled_at"})  # no hash of a password
    id: int | None = row_id()
    name: str = Field(unique=True, max_length=120)
    password_hash: str = Field(max_length=200)  # empty: signs in elsewhere only
    role: str = Field(default="admin", max_length=24)
    failures: int = 0  # sign-ins refused in a row
    locked_until: datetime | None = None
    created_at: datetime
    within: list[int] | None = Field(default=None, sa_type=OPTIONAL)  # accounts seen, with all below them; none: everything
    must_change: bool = Field(default=False, sa_column_kwargs={"server_default": text("FALSE")})  # at the next sign-in
    disabled_at: datetime | None = None
    subject: str | None = Field(default=None, max_length=300)  # who it is at the OIDC issuer
    licence_window: int | None = None  # days in which a unit counts as active, as last chosen on the page of licences


class WebSession(SQLModel, table=True):
    __tablename__ = "web_session"
    id: int | None = row_id()
    user_id: int = Field(foreign_key="user.id", index=True, sa_type=BIG)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    seen_at: datetime | None = None  # to within a few minutes
    address: str = Field(default="", max_length=60, sa_column_kwargs={"server_default": ""})  # as it signed in
    browser: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})


class ApiToken(Audited, table=True):
    __tablename__ = "api_token"
    audited = frozenset({"id", "label", "scopes", "within", "expires_at", "revoked_at"})  # no hash of a token
    id: int | None = row_id()
    label: str = Field(max_length=120)
    token_hash: str = Field(unique=True, max_length=64)
    scopes: list[str] = Field(default_factory=list, sa_type=DOCUMENT)  # read, write, admin
    created_at: datetime
    created_by: str = Field(max_length=120)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    within: list[int] | None = Field(default=None, sa_type=OPTIONAL)
    used_at: datetime | None = None  # to within a few minutes
