"""Undo of any change."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.usecases.undo import undo as undo_changes
from musterroll.web.http.context import actor, clock, needs, transaction
from musterroll.web.http.security import local_path

pages = Blueprint("undo", __name__)


@pages.post("/changes/<int:number>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(number: int) -> Response:
    with transaction() as session:
        undo_changes.undo(session, number, actor().name, clock())
    return redirect(local_path(request.form.get("next")), 303)
