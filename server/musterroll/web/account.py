"""A person's own account: the password, and where he is signed in."""

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.errors import Refusal
from musterroll.domain.permission import Role
from musterroll.registry import access, people
from musterroll.web.door import actor, clock, door, needs, page
from musterroll.web.signing_in import OWN_ACCOUNT, let_in, seat

pages = Blueprint("account", __name__)


@pages.get("/account")
@needs(Role.VIEWER)
def own() -> str:
    return _own()


@pages.post("/account/password")
@needs(Role.VIEWER)
def password() -> AnyResponse:
    now, who = clock(), actor()
    new, again = request.form.get("new", ""), request.form.get("again", "")
    if new != again:
        return _refuse("the new passwords do not match")
    with door().database.asking() as session:
        matches = access.password_matches(session, who.name, request.form.get("old", ""))
    try:
        with door().database.writing() as session:
            user = people.get(session, who.user_id)
            people.choose_password(session, user, matches, new, now)
            token = access.open_session(session, user, now, seat())
    except Refusal as refusal:
        with door().database.writing() as session:
            access.note_try(session, who.user_id, matches, now)
        return _refuse(str(refusal))
    return let_in(redirect(f"{OWN_ACCOUNT}?changed=1", 303), token)


@pages.post("/account/sessions/<int:session_id>/end")
@needs(Role.VIEWER)
def end(session_id: int) -> AnyResponse:
    with door().database.writing() as session:
        access.end_session(session, actor().user_id, session_id, clock())
    return redirect(f"{OWN_ACCOUNT}#sessions", 303)


def _own(refused: str | None = None) -> str:
    now, who = clock(), actor()
    with door().database.asking() as session:
        user = people.get(session, who.user_id)
        facts = {"within": people.account_refs(session, user.within), "local": bool(user.password_hash)}
        sessions = access.sessions(session, who.user_id, now)
    changed = request.args.get("changed") == "1"
    return page("account.html", now, sessions=sessions, refused=refused, changed=changed, shortest=people.SHORTEST, **facts)


def _refuse(sentence: str) -> Response:
    return make_response(_own(refused=sentence), 422)
