"""What each headline figure means, and the windows."""

from datetime import date

from flask import Response
from pydantic import Field

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.definitions import DEFINITIONS, under
from musterroll.storage.liveness import window_settings as stored
from musterroll.usecases.liveness import window_settings

api = guarded("definitions", "definitions")


class DefinitionOut(Schema):
    key: str
    name: str
    means: str
    numerator: str = Field(description="What is counted or summed.")
    denominator: str = Field(description="Of what; empty for counts and sums.")
    window: str = Field(description="Over which time; empty where no span of time matters.")


class DefinitionList(Schema):
    items: list[DefinitionOut]


class WindowOut(Schema):
    name: str
    label: str
    unit: str = Field(description="reports, seconds or days")
    value: int
    default: int


class LoggedWindowOut(Schema):
    on: date
    actor: str
    says: str


class WindowList(Schema):
    items: list[WindowOut]
    changes: list[LoggedWindowOut] = Field(description="Every change, oldest first.")


class WindowBody(RequestSchema):
    name: Text = Field(max_length=40)
    value: int = Field(ge=1, le=2**53 - 1)


@api.get("/definitions", summary="What each headline figure means", responses={200: DefinitionList})
def list_definitions() -> Response:
    with read_only() as session:
        values = stored.values(session)
    return answer(DefinitionList(items=[DefinitionOut(**under(definition, values)._asdict()) for definition in DEFINITIONS.values()]))


@api.get("/windows", summary="Windows of silence, lists, active units and adoption", responses={200: WindowList})
def list_windows() -> Response:
    with read_only() as session:
        values, changes = window_settings.current(session), window_settings.changes(session)
    items = [WindowOut(name=of.name, label=of.label, unit=of.unit, value=value, default=of.default) for of, value in values]
    return answer(WindowList(items=items, changes=[LoggedWindowOut(**change._asdict()) for change in changes]))


@api.put("/windows", summary="Set a window", responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)})
@needs(Role.ADMIN, everywhere=True)
def put_window(body: WindowBody) -> Response:
    """All units are given it within minutes. Past days stay as counted. Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = window_settings.set_window(session, body.name, body.value, actor(), clock())
        return answer(change_out(change)) if change else no_content()
