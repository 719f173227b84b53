"""Taking back what a person did, whatever it was."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.permission import Role
from musterroll.registry import undoing
from musterroll.web.door import actor, clock, needs, writing
from musterroll.web.security import local_path

pages = Blueprint("changes", __name__)


@pages.post("/changes/<int:number>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(number: int) -> Response:
    with writing() as session:
        undoing.undo(session, number, actor().name, clock())
    return redirect(local_path(request.form.get("next")), 303)
