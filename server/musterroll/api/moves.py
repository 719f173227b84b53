"""What people do with a unit: move it along its life, replace it."""

from typing import Literal

from flask import Response
from pydantic import Field

from musterroll.api.blueprints import guarded
from musterroll.api.changes import DoneOut, ReasonBody, done_out
from musterroll.api.door import actor, answer, clock, writing
from musterroll.api.models import Day, Text, UnitPath
from musterroll.api.problems import documented
from musterroll.domain.lifecycle import Lifecycle
from musterroll.domain.permission import Role, needs
from musterroll.registry import moving, replacing

api = guarded("moves", "units")


class MoveBody(ReasonBody):
    to: Literal["stock", "shipped", "deployed", "returned", "retired"]
    on: Day | None = Field(default=None, description="Up to today (UTC), which is the default.")
    account: Text | None = Field(default=None, max_length=80, description="The account's number.")
    site: Text | None = Field(default=None, max_length=80, description="The site's number; it brings its account.")


class ReplaceBody(ReasonBody):
    by: Text = Field(max_length=64, description="The unit id of the replacement.")
    on: Day | None = Field(default=None, description="Up to today (UTC), which is the default.")
    becomes: Literal["returned", "retired", "stock"] = Field(default="returned", description="Of the unit that is replaced.")
    lines: bool = Field(default=True, description="Contract lines that name the old serial name the new one.")
    remaining_warranty: bool = Field(default=True, description="What is left of the old unit's warranty is taken over.")


@api.post("/units/<uid>/moves", summary="Ship, deploy, return, retire", responses={200: DoneOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.TECHNICIAN)
def move(path: UnitPath, body: MoveBody) -> Response:
    """Only legal moves; who, when and why are kept. Can be undone."""
    place = {"account": body.account, "site": body.site}
    with writing() as session:
        to = Lifecycle(body.to)
        made = moving.move_unit(session, path.uid, to, actor=actor(), now=clock(), reason=body.reason, on=body.on, **place)
        return answer(done_out(made))


@api.post(
    "/units/<uid>/replacement", summary="Put another unit in its place", responses={200: DoneOut, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.TECHNICIAN)
def replace(path: UnitPath, body: ReplaceBody) -> Response:
    """Can be undone."""
    wanted = body.model_dump(include={"reason", "on", "lines", "remaining_warranty"})
    with writing() as session:
        becomes = Lifecycle(body.becomes)
        return answer(done_out(replacing.replace(session, path.uid, body.by, actor=actor(), now=clock(), becomes=becomes, **wanted)))
