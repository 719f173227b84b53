"""Undo of any change."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll import long_work
from musterroll.domain.access import Role
from musterroll.web.http.context import actor, clock, context, needs
from musterroll.web.http.security import local_path

pages = Blueprint("undo", __name__)


@pages.post("/changes/<int:number>/undo")
@needs(Role.PLANNER, everywhere=True)
def undo(number: int) -> Response:
    long_work.undo(context().database, number, actor().name, clock)
    return redirect(local_path(request.form.get("next")), 303)
