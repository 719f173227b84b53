"""Saved column mappings of customers' files."""

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, no_content, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.api.imports import DocumentKind
from musterroll.domain.access import Role, needs
from musterroll.readers.columns import Choices
from musterroll.storage.tables.imports import SavedMapping
from musterroll.usecases.imports import mappings as import_mappings

api = guarded("mappings", "imports")


class MappingOut(Schema):
    name: str
    kind: DocumentKind
    columns: dict[str, str] = Field(description="Field for each heading; empty: ignore the column.")
    given: dict[str, str] = Field(description="By field, the value of rows that have none.")
    words: dict[str, str] = Field(description="What words mean; empty: nothing.")


class MappingList(Schema):
    items: list[MappingOut]


class MappingPath(RequestSchema):
    name: Text = Field(min_length=1, max_length=120)


class MappingBody(RequestSchema):
    kind: DocumentKind
    columns: dict[Text, Text] = Field(default={}, max_length=500, description="Field for each heading; empty: ignore the column.")
    given: dict[Text, Text] = Field(default={}, max_length=100, description="By field, the value of rows that have none.")
    words: dict[Text, Text] = Field(default={}, max_length=500, description="What words mean; empty: nothing.")


@api.get("/mappings", summary="Saved column mappings", responses={200: MappingList})
@needs(Role.PLANNER, everywhere=True)
def list_mappings() -> Response:
    with read_only() as session:
        mappings = [_out(mapping) for mapping in import_mappings.saved(session)]
    return answer(MappingList(items=mappings))


@api.put("/mappings/<name>", summary="Save a column mapping", responses={200: MappingOut, **documented(400, 409, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def put_mapping(path: MappingPath, body: MappingBody) -> Response:
    """Replaces an earlier mapping of this name."""
    with transaction() as session:
        return answer(_out(import_mappings.save(session, body.kind, path.name, Choices(body.columns, body.given, body.words))))


@api.delete("/mappings/<name>", summary="Delete a column mapping", responses={204: None, **documented(404)})
@needs(Role.PLANNER, everywhere=True)
def delete_mapping(path: MappingPath) -> Response:
    """Records imported with it stay."""
    with transaction() as session:
        import_mappings.delete(session, path.name)
    return no_content()


def _out(mapping: SavedMapping) -> MappingOut:
    options = {option: mapping.options.get(option, {}) for option in ("given", "words")}
    return MappingOut(name=mapping.name, kind=DocumentKind(mapping.kind), columns=mapping.columns, **options)
