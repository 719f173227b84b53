"""What each headline figure means."""

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Schema
from musterroll.domain.definitions import DEFINITIONS

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


@api.get("/definitions", summary="What each headline figure means", responses={200: DefinitionList})
def list_definitions() -> Response:
    return answer(DefinitionList(items=[DefinitionOut(**definition._asdict()) for definition in DEFINITIONS.values()]))
