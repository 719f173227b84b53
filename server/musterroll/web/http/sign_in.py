"""Sign-in and sign-out, and the user of a request."""

from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, Request, Response, abort, current_app, g, make_response, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, may, need_of
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access.sessions import Actor, ClientInfo
from musterroll.web.http import user_agents
from musterroll.web.http.context import clock, context, page
from musterroll.web.http.security import csrf, https_only, local_path, no_store, valid_csrf_token

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OWN_ACCOUNT = "/account"
SIGN_IN_FAILED = "Wrong user name or password. After five failed attempts a user is locked for a minute, then longer each time."
TOO_MANY_ATTEMPTS = "Too many failed attempts from your address. Wait a minute and try again."

pages = Blueprint("sign_in", __name__)
pages.before_request(csrf.protect)
pages.after_request(no_store)


@pages.get("/sign-in")
def form() -> str | AnyResponse:
    if session_user(request):
        return redirect(local_path(request.args.get("next")))
    return sign_in_page(clock(), target=local_path(request.args.get("next")))


@pages.post("/sign-in")
def sign_in() -> AnyResponse:
    now, name, target = clock(), request.form.get("name", "").strip()[:120], local_path(request.form.get("next"))
    wait = context().failed_sign_ins.wait(_address())
    if wait:
        return make_response(sign_in_page(now, TOO_MANY_ATTEMPTS, name, target), 429, {"Retry-After": str(int(wait) + 1)})
    with context().database.read_only() as reading:  # the slow part, outside the transaction
        matches = access_sessions.password_matches(reading, name, request.form.get("password", ""))
    with context().database.transaction() as writing:
        token = access_sessions.sign_in(writing, name, matches, now, client_info())
        actor = access_sessions.actor_of(writing, token, now) if token else None
    if token is None or actor is None:
        context().failed_sign_ins.count(_address())
        return make_response(sign_in_page(now, SIGN_IN_FAILED, name, target), 401)
    return start_session(redirect(start_page(actor.role, target), 303), token)


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    token = _token(request)
    if token:
        with context().database.transaction() as writing:
            access_sessions.sign_out(writing, token, clock())
    session.clear()
    answer = redirect("/sign-in", 303)
    answer.delete_cookie(cookie_name(), secure=https_only(context().settings), httponly=True, samesite="Lax")
    return answer


def sign_in_page(now: datetime, refused: str | None = None, name: str = "", target: str = "/") -> str:
    """The sign-in page."""
    return page("sign_in.html", now, next=target, refused=refused, name=name, elsewhere=context().settings.oidc_issuer is not None)


def require_sign_in() -> AnyResponse | None:
    """Runs before every guarded page: requires a signed-in user who may open it, and for changes a valid form token."""
    user = session_user(request)
    if user is None:
        return _redirect_to_sign_in()
    g.actor = user
    context().page_rate.count(user.name)
    if context().page_rate.wait(user.name):
        abort(429)
    csrf.protect()
    need = need_of(current_app.view_functions[request.endpoint or ""], request.method in SAFE_METHODS)
    if not may(Role(user.role), user.within is not None, need):
        abort(404)
    return redirect(OWN_ACCOUNT, 303) if user.must_change and not _is_own_account() else None


def authenticate_session(request: Request) -> Actor | None:
    """The signed-in user of a REST request. Changes also need the form token in `X-CSRFToken`."""
    if request.method not in SAFE_METHODS and not valid_csrf_token(request.headers.get("X-CSRFToken")):
        return None
    user = session_user(request)
    return None if user is None or user.must_change else user


def session_user(request: Request) -> Actor | None:
    """The user of the session cookie, or None. Records its use."""
    token, now = _token(request), clock()
    if not token:
        return None
    with context().database.read_only() as reading:
        user = access_sessions.actor_of(reading, token, now)
    if user is not None and not user.noted:
        with context().database.transaction() as writing:
            access_sessions.note_use(writing, user, now)
    return user


def start_page(role: str, target: str) -> str:
    """Where a user begins who asked for no page: planners with what the contracts are worth, all others with a look-up."""
    return "/worth" if role == Role.PLANNER and target == "/" else target


def start_session(answer: AnyResponse, token: str) -> AnyResponse:
    """Set the session cookie. Form tokens issued before sign-in become invalid."""
    session.clear()
    life = int(access_sessions.SESSION_LIFE.total_seconds())
    answer.set_cookie(cookie_name(), token, max_age=life, httponly=True, samesite="Lax", secure=https_only(context().settings))
    return answer


def client_info() -> ClientInfo:
    """Address and browser of this request."""
    return ClientInfo(_address(), user_agents.browser_name(request.headers.get("User-Agent", "")))


def cookie_name() -> str:
    """With HTTPS, a name that browsers accept only from this host (the prefix `__Host-`)."""
    return "__Host-musterroll" if https_only(context().settings) else "musterroll"


def _token(request: Request) -> str | None:
    return request.cookies.get(cookie_name())


def _address() -> str:
    return request.remote_addr or ""


def _is_own_account() -> bool:
    return request.path == OWN_ACCOUNT or request.path.startswith(OWN_ACCOUNT + "/")


def _redirect_to_sign_in() -> AnyResponse:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": "/sign-in"})
    return redirect(f"/sign-in?{urlencode({'next': wanted})}" if wanted != "/" else "/sign-in")
