"""Signing in and out, and telling who sits behind a request."""

from urllib.parse import urlencode

from flask import Blueprint, Request, Response, abort, current_app, g, make_response, redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.permission import Role, may, need_of
from musterroll.registry import access
from musterroll.registry.access import Actor
from musterroll.web.door import clock, door, page
from musterroll.web.security import csrf, form_is_ours, keep_private, local_path

COOKIE = "musterroll"
ASKING = ("GET", "HEAD", "OPTIONS")
REFUSED = "The name or the password is wrong. After five wrong tries a name is locked for a minute, then longer each time."

pages = Blueprint("signing_in", __name__)
pages.before_request(csrf.protect)
pages.after_request(keep_private)


@pages.get("/sign-in")
def form() -> str | AnyResponse:
    if person(request):
        return redirect(local_path(request.args.get("next")))
    return page("sign_in.html", clock(), next=local_path(request.args.get("next")), refused=None, name="")


@pages.post("/sign-in")
def sign_in() -> AnyResponse:
    now, name, target = clock(), request.form.get("name", "").strip()[:120], local_path(request.form.get("next"))
    with door().database.reading() as reading:  # the slow part, while nobody waits to write
        matches = access.password_matches(reading, name, request.form.get("password", ""))
    with door().database.writing() as writing:
        token = access.sign_in(writing, name, matches, now)
    if token is None:
        return make_response(page("sign_in.html", now, next=target, refused=REFUSED, name=name), 401)
    session.clear()  # form tokens made before signing in end here
    return _with_cookie(redirect(target, 303), token)


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    token = request.cookies.get(COOKIE)
    if token:
        with door().database.writing() as writing:
            access.sign_out(writing, token, clock())
    session.clear()
    answer = redirect("/sign-in", 303)
    answer.delete_cookie(COOKIE)
    return answer


def require_person() -> AnyResponse | None:
    """Before every guarded page: someone is signed in who may open it, and what changes something comes from our own form."""
    found = person(request)
    if found is None:
        return _ask_to_sign_in()
    g.actor = found
    csrf.protect()
    need = need_of(current_app.view_functions[request.endpoint or ""], request.method in ASKING)
    if not may(Role(found.role), found.within is not None, need):
        abort(404)
    return None


def authenticate_session(request: Request) -> Actor | None:
    """The signed-in person behind a request of another door. What changes something needs our form token in `X-CSRFToken` too."""
    if request.method not in ASKING and not form_is_ours(request.headers.get("X-CSRFToken")):
        return None
    return person(request)


def person(request: Request) -> Actor | None:
    """Who the session cookie stands for."""
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    with door().database.reading() as reading:
        return access.actor_of(reading, token, clock())


def _ask_to_sign_in() -> AnyResponse:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": "/sign-in"})
    return redirect(f"/sign-in?{urlencode({'next': wanted})}" if wanted != "/" else "/sign-in")


def _with_cookie(answer: AnyResponse, token: str) -> AnyResponse:
    public = door().settings.public_url or ""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(access.SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure or public.startswith("https://"),
    )
    return answer
