"""Choose from which month incidents count in plans, where the registry's own judgement is wrong."""

import re
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import DomainError
from musterroll.storage.capacity import log_start as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.money import RegistryOption
from musterroll.usecases.audit import record as audit_record

_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


def choose(session: Session, month: str, actor: str, now: datetime) -> AuditChange:
    """`month` as 2026-01; empty: as the incidents say. Raises DomainError."""
    if month and (not _MONTH.fullmatch(month) or month > f"{now:%Y-%m}"):
        raise DomainError(f"{month[:20]!r} is not a past month such as 2025-01", "bad_month")
    change = audit_record.begin(session, actor=actor, kind="option", subject=f"incidents count from {month or 'where they begin'}", now=now)
    row = stored.option(session)
    if row is None:
        row = RegistryOption(name=stored.NAME, value=month)
        session.add(row)
        session.flush()
        audit_record.added(session, change, "registry_option", [row.id or 0])
        return change
    with audit_record.watching(session, change, "registry_option", [row.id or 0]):
        row.value = month
    return change
