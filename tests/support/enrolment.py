"""Units enrolled by the real verbs."""

from datetime import datetime, timedelta

from musterroll.registry import enrolling
from musterroll.registry.enrolling import Enrolled, EnrolRequest
from musterroll.storage.database import Database


def enrol_unit(database: Database, now: datetime, serial: str) -> Enrolled:
    """One unit with a token of its own."""
    with database.writing() as session:
        _, token = enrolling.create_token(
            session, label="test", life=timedelta(days=1), uses=1, serials=[], account=None, site=None, actor="test", now=now
        )
        return enrolling.enroll(session, EnrolRequest(token, "Acme", "Box", serial), now)


def accept_latest(database: Database, now: datetime) -> None:
    """A person accepts the newest enrolment that waits."""
    with database.writing() as session:
        enrolling.decide(session, enrolling.pending(session)[-1].credential_id, True, "ann", now)
