"""Actions on a unit: change its lifecycle, replace it, set its interval, pause its alerts."""

from typing import Literal

from flask import Response
from pydantic import Field

from musterroll.api.audit import ChangeOut, ReasonBody, change_out
from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, Schema, Text, UnitPath
from musterroll.api.unit_schemas import UnitOut, unit_out
from musterroll.domain.access import Role, needs
from musterroll.domain.liveness import LEAST_INTERVAL, MOST_INTERVAL
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.units.related import UnitLink
from musterroll.usecases.liveness import pause_alerts
from musterroll.usecases.units import interval as unit_interval
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import related as unit_related
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.units.look_up import unit_card

api = guarded("unit-actions", "units")


class MoveBody(ReasonBody):
    to: Literal["stock", "shipped", "deployed", "returned", "retired"]
    on: Day | None = Field(default=None, description="Day of the change, not in the future; default: today (UTC).")
    account: Text | None = Field(default=None, max_length=80, description="Account number.")
    site: Text | None = Field(default=None, max_length=80, description="Site number; implies its account.")


class ReplaceBody(ReasonBody):
    by: Text = Field(max_length=64, description="Unit ID of the replacement.")
    on: Day | None = Field(default=None, description="Day of the change, not in the future; default: today (UTC).")
    becomes: Literal["returned", "retired", "stock"] = Field(default="returned", description="New state of the replaced unit.")
    lines: bool = Field(default=True, description="Transfer contract lines from the old serial to the new one.")
    remaining_warranty: bool = Field(default=True, description="Transfer the remaining warranty of the old unit.")


class IntervalBody(ReasonBody):
    seconds: int | None = Field(ge=LEAST_INTERVAL, le=MOST_INTERVAL, description="Seconds between reports; null: as its product.")


class LinkedUnitOut(Schema):
    id: str
    serial: str


class RelationsOut(Schema):
    replaced_by: LinkedUnitOut | None
    replaces: list[LinkedUnitOut]
    merged_into: LinkedUnitOut | None = Field(description="The unit that this one was merged into.")
    merged: list[LinkedUnitOut] = Field(description="Units that were merged into it.")
    open_incidents: list[str] = Field(description=f"Ticket numbers, newest first, at most {unit_related.MOST}.")


@api.get(
    "/units/<uid>/relations",
    summary="Replacements, merges and open incidents of a unit",
    responses={200: RelationsOut, **documented(404)},
)
def get_relations(path: UnitPath) -> Response:
    with read_only() as session:
        unit_card(session, path.uid, clock())
        related = unit_related.related_units(session, path.uid)
    return answer(
        RelationsOut(
            replaced_by=_linked_unit(related.replaced_by),
            replaces=[LinkedUnitOut(id=other.uid, serial=other.serial) for other in related.replaces],
            merged_into=_linked_unit(related.merged_into),
            merged=[LinkedUnitOut(id=other.uid, serial=other.serial) for other in related.merged],
            open_incidents=[other.ref for other in related.incidents],
        )
    )


@api.post(
    "/units/<uid>/moves",
    summary="Change the lifecycle state: ship, deploy, return, retire",
    responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.TECHNICIAN)
def move(path: UnitPath, body: MoveBody) -> Response:
    """Only valid transitions; user, time and reason are recorded. Can be undone."""
    place = {"account": body.account, "site": body.site}
    with transaction() as session:
        to = Lifecycle(body.to)
        change = unit_move.move_unit(session, path.uid, to, actor=actor(), now=clock(), reason=body.reason, on=body.on, **place)
        return answer(change_out(change))


@api.post("/units/<uid>/replacement", summary="Replace a unit", responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.TECHNICIAN)
def replace(path: UnitPath, body: ReplaceBody) -> Response:
    """Can be undone."""
    options = body.model_dump(include={"reason", "on", "lines", "remaining_warranty"})
    with transaction() as session:
        becomes = Lifecycle(body.becomes)
        return answer(change_out(unit_replace.replace(session, path.uid, body.by, actor=actor(), now=clock(), becomes=becomes, **options)))


@api.put(
    "/units/<uid>/interval",
    summary="Set the reporting interval of a unit",
    responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.TECHNICIAN)
def set_interval(path: UnitPath, body: IntervalBody) -> Response:
    """The device is told when it next reports, and at each start until it follows. Can be undone."""
    with transaction() as session:
        change = unit_interval.set_interval(session, path.uid, body.seconds, actor=actor(), now=clock(), reason=body.reason)
        return answer(change_out(change))


def _linked_unit(other: UnitLink | None) -> LinkedUnitOut | None:
    return LinkedUnitOut(id=other.uid, serial=other.serial) if other else None


@api.post("/units/<uid>/hold", summary="Pause alerts of a silent unit", responses={200: UnitOut, **documented(404, 409)})
@needs(Role.TECHNICIAN)
def pause_unit_alerts(path: UnitPath) -> Response:
    now = clock()
    with transaction() as session:
        pause_alerts.pause_alerts(session, path.uid, actor(), now)
        return answer(unit_out(unit_card(session, path.uid, now)))


@api.delete("/units/<uid>/hold", summary="Resume alerts of a unit", responses={200: UnitOut, **documented(404, 409)})
@needs(Role.TECHNICIAN)
def resume_unit_alerts(path: UnitPath) -> Response:
    now = clock()
    with transaction() as session:
        pause_alerts.resume_alerts(session, path.uid, actor(), now)
        return answer(unit_out(unit_card(session, path.uid, now)))
