"""Any REST API that gives a list as JSON."""

import base64
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings, check_url
from musterroll.sources.rest.lists import RestList, Row, at
from musterroll.sources.rest.system import read
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType, write_rows

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_PAGINGS = "none, link, next-url, cursor, offset, page, last-id"


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    check_url(settings["url"], policy)
    if settings.get("paging", "none") not in _PAGINGS.split(", "):
        raise DomainError(f"choose the paging among {_PAGINGS}", "bad_choice")
    if not settings.get("limit", "1").isdecimal():
        raise DomainError("the limit is a number of rows, such as 100", "bad_number")
    if bool(settings.get("cursor_field")) != bool(settings.get("cursor_param")):
        raise DomainError("a list that goes on from the last run has both a cursor field and a cursor parameter", "bad_choice")


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """The whole list; with a cursor field, the rows that changed since its highest value."""
    from musterroll.sources.rest.client import Api

    field, highest = request.get("cursor_field"), request.cursor.get("highest") or request.get("cursor_start")
    params = {request.get("cursor_param"): highest} if field and highest else {}
    if request.get("paging") == "page" and request.get("limit"):
        params[request.get("limit_param", "limit")] = request.get("limit")
    total = request.get("next") if request.get("paging") == "offset" else ""
    asked = RestList("", request.get("rows"), request.settings, params, total=total)
    before = highest

    def noted(api: "Api") -> Iterator[Row]:
        nonlocal highest
        highest = before
        for row in api.rows(asked):
            if field:
                highest = max(highest, _cursor(row, field))
            yield row

    def write(_: object) -> int:
        with Api(request.settings["url"], request.policy, _signed(request)) as api:
            return write_rows(noted(api), file)

    written, _ = read(request, file, write)
    return Delivery("list", {"highest": highest} if field else {}, whole=not field, rows=written)


def _cursor(row: Row, field: str) -> str:
    """The value of a field such as `updated_at`."""
    if (value := at(row, field)) is None:
        raise SourceProblem(f"a row has no field {field[:60]!r} to go on from next time")
    return str(value)


def _signed(request: Request) -> dict[str, str]:
    if request.get("user"):
        pair = f"{request.get('user')}:{request.get('token')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if not request.get("token"):
        return {}
    header = request.get("header", "Authorization")
    return {header: request.get("token") if header != "Authorization" else f"Bearer {request.get('token')}"}


REST = SourceType(
    "rest",
    "REST API",
    "any list that an API gives as JSON, page by page",
    (
        Setting("url", "Address", "https://api.example.com/v1/assets?state=all", required=True),
        Setting("token", "Token or password", secret=True),
        Setting("user", "User", "for basic authentication"),
        Setting("header", "Header of the token", "Authorization"),
        Setting("rows", "Path of the rows", "data.items; default: the answer itself"),
        Setting("paging", "Paging", _PAGINGS),
        Setting("next", "Path of what comes next", "paging.next; of offset: the total; of last-id: has_more"),
        Setting("next_param", "Parameter of the next page", "cursor, offset, page, starting_after"),
        Setting("limit", "Rows a page", "100"),
        Setting("limit_param", "Parameter of rows a page", "limit"),
        Setting("cursor_field", "Cursor field", "updated_at; empty: the whole list each time"),
        Setting("cursor_param", "Cursor parameter", "updated_since"),
        Setting("cursor_start", "First cursor", "2020-01-01T00:00:00Z"),
    ),
    fetch,
    check,
)
