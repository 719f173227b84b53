"""Choose from which month incidents count in plans, where the registry's own judgement is wrong."""

import re
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import DomainError
from musterroll.storage.capacity import log_start as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit.options import set_option

_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


def choose(session: Session, month: str, actor: str, now: datetime) -> AuditChange:
    """`month` as 2026-01; empty: as the incidents say. Raises DomainError."""
    if month and (not _MONTH.fullmatch(month) or month > f"{now:%Y-%m}"):
        raise DomainError(f"{month[:20]!r} is not a past month such as 2025-01", "bad_month")
    subject = f"incidents count from {month or 'where they begin'}"
    return set_option(session, stored.option(session), stored.NAME, month, subject=subject, actor=actor, now=now)
