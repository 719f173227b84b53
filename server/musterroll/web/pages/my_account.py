"""A user's own account: the password and the open sessions."""

from flask import Blueprint, Response, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access import users as access_users
from musterroll.web.http.context import actor, clock, context, needs, page
from musterroll.web.http.sign_in import OWN_ACCOUNT, client_info, start_session

pages = Blueprint("my_account", __name__)


@pages.get("/account")
@needs(Role.VIEWER)
def overview() -> str:
    return _overview_page()


@pages.post("/account/password")
@needs(Role.VIEWER)
def change_password() -> AnyResponse:
    now, who = clock(), actor()
    new, again = request.form.get("new", ""), request.form.get("again", "")
    if new != again:
        return _refuse("the new passwords do not match")
    with context().database.read_only() as session:
        matches = access_sessions.password_matches(session, who.name, request.form.get("old", ""))
    try:
        with context().database.transaction() as session:
            user = access_users.get(session, who.user_id)
            access_users.choose_password(session, user, matches, new, now)
            token = access_sessions.open_session(session, user, now, client_info())
    except DomainError as refusal:
        with context().database.transaction() as session:
            access_sessions.note_try(session, who.user_id, matches, now)
        return _refuse(str(refusal))
    return start_session(redirect(f"{OWN_ACCOUNT}?changed=1", 303), token)


@pages.post("/account/sessions/<int:session_id>/end")
@needs(Role.VIEWER)
def end_session(session_id: int) -> AnyResponse:
    with context().database.transaction() as session:
        access_sessions.end_session(session, actor().user_id, session_id, clock())
    return redirect(f"{OWN_ACCOUNT}#sessions", 303)


def _overview_page(refused: str | None = None) -> str:
    now, who = clock(), actor()
    with context().database.read_only() as session:
        user = access_users.get(session, who.user_id)
        facts = {"within": access_users.account_refs(session, user.within), "local": bool(user.password_hash)}
        sessions = access_sessions.sessions(session, who.user_id, now)
    changed = request.args.get("changed") == "1"
    return page("account.html", now, sessions=sessions, refused=refused, changed=changed, shortest=access_users.SHORTEST, **facts)


def _refuse(sentence: str) -> Response:
    return make_response(_overview_page(refused=sentence), 422)
