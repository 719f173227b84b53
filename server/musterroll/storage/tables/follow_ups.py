"""Who calls an account, until when."""

from datetime import date

from sqlmodel import Field

from musterroll.storage.tables.columns import BIG, NEVER_REUSED, Audited, row_id


class FollowUp(Audited, table=True):
    """The follow-up of an account; earlier ones are in the audit log."""

    __tablename__ = "follow_up"
    __table_args__ = NEVER_REUSED
    id: int | None = row_id()
    account_id: int = Field(foreign_key="account.id", unique=True, sa_type=BIG)
    assignee: str = Field(max_length=120)  # the name of a user
    due_on: date | None = None
    comment: str = Field(default="", max_length=500)
    done: bool = False
