"""Broker logins: checked one by one for the embedded broker, listed for Mosquitto."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.secrets import matches
from musterroll.storage.enrolment import credentials


class Login(NamedTuple):
    """A login of one of the registry's own processes."""

    user: str
    secret_hash: str


def authenticate(session: Session, uid: str, secret: str) -> int | None:
    """The id of the active credential of unit `uid` if `secret` is right, or None."""
    credential = credentials.active(session, uid)
    return credential.id if credential and matches(secret, credential.secret_hash) else None


def revision(session: Session) -> int:
    """A number that grows with every change of credentials; cheap to poll every second."""
    return credentials.revision(session)


def revocations(session: Session) -> int:
    """A number that grows when a credential is revoked, of which a broker must hear at once."""
    return credentials.revocations(session)


def still_active(session: Session, ids: Collection[int]) -> set[int]:
    """The credentials among these that are still active."""
    return credentials.still_active(session, ids)


def password_file(session: Session, logins: Iterable[Login] = ()) -> bytes:
    """The lines of Mosquitto's password file: `logins` of the registry first, then every active credential by uid."""
    lines = [f"{login.user}:{login.secret_hash}\n" for login in logins]
    lines += [f"{uid}:{secret_hash}\n" for uid, secret_hash in credentials.every_active(session)]
    return "".join(lines).encode()
