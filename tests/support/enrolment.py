"""Units enrolled through the real use cases."""

from datetime import datetime, timedelta

from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest, EnrolResult


def enrol_unit(database: Database, now: datetime, serial: str) -> EnrolResult:
    """One unit with a token of its own."""
    with database.transaction() as session:
        _, token = enrol.create_token(
            session, label="test", life=timedelta(days=1), uses=1, serials=[], account=None, site=None, actor="test", now=now
        )
        return enrol.enroll(session, EnrolRequest(token, "Acme", "Box", serial), now)


def accept_latest(database: Database, now: datetime) -> None:
    """A person accepts the newest enrolment that waits."""
    with database.transaction() as session:
        enrol.decide(session, enrol.pending(session)[-1].credential_id, True, "ann", now)
