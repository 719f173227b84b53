"""Light or dark theme: the user's choice, stored in a cookie; by default that of the system."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.web.http.security import csrf, local_path

pages = Blueprint("theme", __name__)
pages.before_request(csrf.protect)


@pages.post("/theme")
def choose() -> Response:
    answer = redirect(local_path(request.form.get("next")), 303)
    chosen = request.form.get("theme")
    if chosen in ("light", "dark"):
        answer.set_cookie("theme", chosen, max_age=31536000, samesite="Lax", httponly=True)
    return answer


@pages.app_context_processor
def _theme() -> dict[str, str]:
    chosen = request.cookies.get("theme", "")
    return {"theme": chosen if chosen in ("light", "dark") else ""}
