"""What each headline figure means, and the windows, which admins may set."""

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.definitions import GROUPS, under
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.liveness import window_settings as stored
from musterroll.usecases.liveness import window_settings
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("definitions", __name__)


@pages.get("/definitions")
def overview() -> str:
    return _page()


@pages.post("/definitions/windows")
@needs(Role.ADMIN, everywhere=True)
def set_window() -> Response:
    name, text = request.form.get("name", "")[:40], request.form.get("value", "").strip()[:20]
    try:
        if not text.isdecimal():
            raise Conflict("enter the window as a whole number such as 3", "bad_window")
        with transaction() as session:
            window_settings.set_window(session, name, int(text), actor().name, clock())
    except DomainError as refusal:
        return make_response(_page(str(refusal)), 422)
    return redirect("/definitions#windows", 303)


def _page(refused: str | None = None) -> str:
    with read_only() as session:
        values, windows = stored.values(session), window_settings.current(session)
        changes = window_settings.changes(session)[:-21:-1]
    by_page = {group: [under(definition, values) for definition in figures] for group, figures in GROUPS.items()}
    return page("definitions.html", clock(), by_page=by_page, windows=windows, changes=changes, refused=refused)
