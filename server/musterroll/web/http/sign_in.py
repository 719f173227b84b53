"""Signing in and out, and telling who sits behind a request."""

from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, abort, current_app, g, make_response, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, may, need_of
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access.sessions import Actor, Seat
from musterroll.web.http import user_agents
from musterroll.web.http.context import clock, context, page
from musterroll.web.http.security import behind_https, csrf, form_is_ours, keep_private, local_path

ASKING = ("GET", "HEAD", "OPTIONS")
OWN_ACCOUNT = "/account"
REFUSED = "Wrong user name or password. After five failed attempts a user is locked for a minute, then longer each time."
TOO_OFTEN = "Too many failed attempts from your address. Wait a minute and try again."

pages = Blueprint("signing_in", __name__)
pages.before_request(csrf.protect)
pages.after_request(keep_private)


@pages.get("/sign-in")
def form() -> str | AnyResponse:
    if person(request):
        return redirect(local_path(request.args.get("next")))
    return gate(clock(), target=local_path(request.args.get("next")))


@pages.post("/sign-in")
def sign_in() -> AnyResponse:
    now, name, target = clock(), request.form.get("name", "").strip()[:120], local_path(request.form.get("next"))
    wait = context().guesses.wait(_address())
    if wait:
        return make_response(gate(now, TOO_OFTEN, name, target), 429, {"Retry-After": str(int(wait) + 1)})
    with context().database.read_only() as reading:  # the slow part, while nobody waits to write
        matches = access_sessions.password_matches(reading, name, request.form.get("password", ""))
    with context().database.transaction() as writing:
        token = access_sessions.sign_in(writing, name, matches, now, seat())
    if token is None:
        context().guesses.count(_address())
        return make_response(gate(now, REFUSED, name, target), 401)
    return let_in(redirect(target, 303), token)


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    token = _token(request)
    if token:
        with context().database.transaction() as writing:
            access_sessions.sign_out(writing, token, clock())
    session.clear()
    answer = redirect("/sign-in", 303)
    answer.delete_cookie(cookie_name(), secure=behind_https(context().settings), httponly=True, samesite="Lax")
    return answer


def gate(now: datetime, refused: str | None = None, name: str = "", target: str = "/") -> str:
    """The page to sign in on."""
    return page("sign_in.html", now, next=target, refused=refused, name=name, elsewhere=context().settings.oidc_issuer is not None)


def require_person() -> AnyResponse | None:
    """Before every guarded page: someone is signed in who may open it, and what changes something comes from our own form."""
    found = person(request)
    if found is None:
        return _ask_to_sign_in()
    g.actor = found
    context().pace.count(found.name)
    if context().pace.wait(found.name):
        abort(429)
    csrf.protect()
    need = need_of(current_app.view_functions[request.endpoint or ""], request.method in ASKING)
    if not may(Role(found.role), found.within is not None, need):
        abort(404)
    return redirect(OWN_ACCOUNT, 303) if found.must_change and not _is_own_account() else None


def authenticate_session(request: Request) -> Actor | None:
    """The signed-in person behind a request of another door. What changes something needs our form token in `X-CSRFToken` too."""
    if request.method not in ASKING and not form_is_ours(request.headers.get("X-CSRFToken")):
        return None
    found = person(request)
    return None if found is None or found.must_change else found


def person(request: Request) -> Actor | None:
    """Who the session cookie stands for."""
    token, now = _token(request), clock()
    if not token:
        return None
    with context().database.read_only() as reading:
        found = access_sessions.actor_of(reading, token, now)
    if found is not None and not found.noted:
        with context().database.transaction() as writing:
            access_sessions.note_use(writing, found, now)
    return found


def let_in(answer: AnyResponse, token: str) -> AnyResponse:
    """Give the browser its session. Form tokens made before signing in end here."""
    session.clear()
    life = int(access_sessions.SESSION_LIFE.total_seconds())
    answer.set_cookie(cookie_name(), token, max_age=life, httponly=True, samesite="Lax", secure=behind_https(context().settings))
    return answer


def seat() -> Seat:
    """Where this request comes from."""
    return Seat(_address(), user_agents.named(request.headers.get("User-Agent", "")))


def cookie_name() -> str:
    """With https the browser itself sees to it that no other host or path can have set the cookie."""
    return "__Host-musterroll" if behind_https(context().settings) else "musterroll"


def _token(request: Request) -> str | None:
    return request.cookies.get(cookie_name())


def _address() -> str:
    return request.remote_addr or ""


def _is_own_account() -> bool:
    return request.path == OWN_ACCOUNT or request.path.startswith(OWN_ACCOUNT + "/")


def _ask_to_sign_in() -> AnyResponse:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": "/sign-in"})
    return redirect(f"/sign-in?{urlencode({'next': wanted})}" if wanted != "/" else "/sign-in")
