"""Who brokers let in: asked one by one by the embedded broker, listed for Mosquitto."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.secrets import matches
from musterroll.storage.enrolment import credentials


class Login(NamedTuple):
    """A line of Mosquitto's password file for one of the registry's own processes."""

    user: str
    secret_hash: str


def authenticate(session: Session, uid: str, secret: str) -> int | None:
    """The id of the active credential that unit `uid` proves with `secret`, or None."""
    credential = credentials.active(session, uid)
    return credential.id if credential and matches(secret, credential.secret_hash) else None


def revision(session: Session) -> int:
    """Grows whenever somebody may be let in or shut out: cheap to ask every second."""
    return credentials.revision(session)


def still_active(session: Session, ids: Collection[int]) -> set[int]:
    """Those of the given credentials that still let their unit in."""
    return credentials.still_active(session, ids)


def password_file(session: Session, logins: Iterable[Login] = ()) -> bytes:
    """The lines of Mosquitto's password file: `logins` of the registry first, then every active credential by uid."""
    lines = [f"{login.user}:{login.secret_hash}\n" for login in logins]
    lines += [f"{uid}:{secret_hash}\n" for uid, secret_hash in credentials.every_active(session)]
    return "".join(lines).encode()
