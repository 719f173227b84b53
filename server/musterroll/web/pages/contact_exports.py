"""Exports of contacts for campaigns: a form, and the exports so far."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.contacts.campaigns import PROGRAMS, Program
from musterroll.domain.values.errors import DomainError
from musterroll.storage.contacts import exports as stored
from musterroll.usecases.contacts import exports
from musterroll.usecases.contacts.exports import ExportRequest
from musterroll.usecases.segments import lists
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("contact_exports", __name__)

_SHOWN = 30


@pages.get("/contacts/exports")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    with read_only() as session:
        rows, choices = stored.page(session, None, _SHOWN), lists.views(session)
    shown = [(row, exports.says(row)) for row in rows]
    return page("contact_exports.html", clock(), shown=shown, programs=PROGRAMS, segments=choices, chosen=request.args.get("segment", ""))


@pages.post("/contacts/exports")
@needs(Role.PLANNER, everywhere=True)
def add() -> Response:
    program, segment = request.form.get("program", ""), request.form.get("segment", "")[:40] or None
    if program not in set(Program):
        raise DomainError("choose Mailchimp, HubSpot or Salesforce", "bad_choice")
    with transaction() as session:
        exports.export(session, ExportRequest(Program(program), segment, request.form.get("whole") == "yes"), actor().name, clock())
    return redirect("/contacts/exports", 303)
