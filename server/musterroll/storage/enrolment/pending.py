"""What waits for a person: enrolments of known serials, and rows of imports that were refused."""

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.imports import ImportRun
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit

_RUNS = 200  # the newest imports that are looked through


class Enrolment(NamedTuple):
    credential_id: int
    serial: str
    uid: str
    account_id: int | None
    site_id: int | None
    operating: bool  # the unit that holds the serial is heard


def enrolments(session: Session) -> list[Enrolment]:
    """Credentials that wait for a decision, oldest first."""
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
    """Of the newest imports, those with rows refused."""
    query = select(col(ImportRun.id), col(ImportRun.kind), col(ImportRun.file), col(ImportRun.counts)).order_by(col(ImportRun.id).desc())
    rows = [
        RejectedImport(run, kind, file, int(counts.get("refused", 0))) for run, kind, file, counts in session.execute(query.limit(_RUNS))
    ]
    return [entry for entry in reversed(rows) if entry.refused]
