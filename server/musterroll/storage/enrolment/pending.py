"""Work waiting for a person: pending enrolments, and imports with rejected rows."""

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.imports import ImportRun
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit

_RUNS = 200  # newest imports searched


class Enrolment(NamedTuple):
    credential_id: int
    serial: str
    uid: str
    account_id: int | None
    site_id: int | None
    operating: bool  # the unit with this serial is reporting


def enrolments(session: Session) -> list[Enrolment]:
    """Pending credentials, oldest first."""
    heard = col(UnitStatus.heard_at).is_not(None) & col(UnitStatus.stale_since).is_(None)
    query = (
        select(col(Credential.id), col(Unit.serial), col(Unit.uid), col(Unit.account_id), col(Unit.site_id), heard)
        .join_from(Credential, Unit, col(Unit.id) == col(Credential.unit_id))
        .outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
        .where(col(Credential.status) == CredentialStatus.PENDING)
        .order_by(col(Credential.id))
    )
    return [Enrolment(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in session.execute(query)]


class RejectedImport(NamedTuple):
    run_id: int
    kind: str
    file: str
    refused: int


def rejected_imports(session: Session) -> list[RejectedImport]:
    """The newest imports with rejected rows, oldest first."""
    query = select(col(ImportRun.id), col(ImportRun.kind), col(ImportRun.file), col(ImportRun.counts)).order_by(col(ImportRun.id).desc())
    rows = [
        RejectedImport(run, kind, file, int(counts.get("refused", 0))) for run, kind, file, counts in session.execute(query.limit(_RUNS))
    ]
    return [entry for entry in reversed(rows) if entry.refused]
