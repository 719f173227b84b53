"""Sign-in by OpenID Connect: a known user, a new user, or refused."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.domain.values.errors import Forbidden
from musterroll.storage.access import users as stored_users
from musterroll.storage.tables.access import User
from musterroll.usecases.access import users as access_users

_ACTOR = "issuer"


class OidcIdentity(NamedTuple):
    """A verified identity. `subject` never changes; `role` is given by claims or is the default (None: access refused).

    `ruled`: whether claims give roles; otherwise an admin assigns them here.
    """

    subject: str
    name: str
    role: Role | None
    ruled: bool


def sign_in_with_oidc(session: Session, who: OidcIdentity, now: datetime) -> User:
    """The user with this identity, with the role from the claims. Raises Forbidden, and Conflict where the name belongs to another user."""
    user = stored_users.by_subject(session, who.subject)
    if user is not None and user.disabled_at:
        raise Forbidden("your user is disabled in this registry; contact the administrator")
    if user is not None and not who.ruled:
        return user
    if who.role is None:
        raise Forbidden("your organisation has not given you a role in this registry; contact the administrator")
    if user is None:
        user = access_users.create(session, who.name[: access_users.LONGEST], who.role, None, actor=_ACTOR, now=now)
        user.subject = who.subject
        return user
    if who.role != user.role:
        within = None if who.role is Role.ADMIN else access_users.account_refs(session, user.within)
        access_users.allow(session, user, who.role, within, actor=_ACTOR, now=now)
    return user
