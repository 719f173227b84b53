"""Planned deliveries: what the capacity plan takes for the deployments to come."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.storage.capacity import deliveries as stored_deliveries
from musterroll.usecases.capacity import deliveries as capacity_deliveries
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("deliveries", __name__)


@pages.get("/capacity/deliveries")
@needs(Role.PLANNER, everywhere=True)
def overview() -> str:
    now = clock()
    with read_only() as session:
        rows = stored_deliveries.since(session, now.date())
    return page("deliveries.html", now, rows=rows)


@pages.post("/capacity/deliveries/<int:number>/delete")
@needs(Role.PLANNER, everywhere=True)
def delete(number: int) -> Response:
    with transaction() as session:
        capacity_deliveries.remove(session, number, actor().name, clock())
    return redirect("/capacity/deliveries", 303)
