"""What every shape of the API shares."""

from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from musterroll.domain.errors import Refusal


def _no_nul(value: Any) -> Any:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not contain a NUL")
    return value


Text = Annotated[str, BeforeValidator(_no_nul)]
Cursor = Annotated[Text | None, Field(max_length=200, description="`next` of the page before; none for the first page.")]


@cache
def _schema(model: type[BaseModel], by_alias: bool, ref_template: str, mode: Any) -> dict[str, Any]:
    return BaseModel.model_json_schema.__func__(model, by_alias=by_alias, ref_template=ref_template, mode=mode)  # type: ignore[attr-defined, no-any-return]


class Shape(BaseModel):
    """A body. Its schema is made once: flask-openapi asks for it at every request."""

    @classmethod
    def model_json_schema(  # type: ignore[override]
        cls, by_alias: bool = True, ref_template: str = "#/$defs/{model}", mode: str = "validation", **_: Any
    ) -> dict[str, Any]:
        return _schema(cls, by_alias, ref_template, mode)


class Request(Shape):
    """What comes in: a field nobody knows is refused, so that a typing error filters or sets nothing silently."""

    model_config = ConfigDict(extra="forbid")


class PageQuery(Request):
    cursor: Cursor = None
    limit: int = Field(default=50, ge=1, le=500, description="How many at most.")


def numbers(cursor: str | None, count: int) -> tuple[int, ...] | None:
    """The whole numbers of a cursor `n` or `n.n`. Raises Refusal."""
    if cursor is None:
        return None
    parts = cursor.split(".")
    if len(parts) != count or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in parts):
        raise Refusal("the cursor is not one of ours; start from the first page", "bad_cursor")
    return tuple(int(part) for part in parts)


class UnitPath(Request):
    uid: str = Field(pattern="^[A-Za-z0-9_-]{1,64}$", description="The unit id.")
