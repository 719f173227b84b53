"""Where simulated units stand."""

from contextlib import suppress
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import Conflict
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.record_entry import Entry


def register_place(session: Session, account: str, site: str, actor: str, now: datetime) -> None:
    """Register an account and its site under these numbers, where they are not registered yet."""
    for kind, cells in (("accounts", {"ref": account}), ("sites", {"ref": site, "account": account})):
        with suppress(Conflict):  # it exists
            record_entry.add(session, Entry(kind, cells, actor), now)
