"""How lists are paged through: paginators of dlt, and one it has not."""

from collections.abc import Callable, Mapping
from typing import Any

from dlt.common import jsonpath
from dlt.sources.helpers.rest_client.paginators import (
    BasePaginator,
    HeaderLinkPaginator,
    JSONLinkPaginator,
    JSONResponseCursorPaginator,
    OffsetPaginator,
    PageNumberPaginator,
    SinglePagePaginator,
)
from requests import Request, Response

from musterroll.sources.source import SourceProblem


class LastId(BasePaginator):
    """The next page begins after the last row of this one, while the answer says that there is more."""

    def __init__(self, param: str, field: str, more: str) -> None:
        super().__init__()
        self._param, self._field, self._more, self._last = param, field, more, ""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        more = jsonpath.find_values(self._more, response.json())
        self._has_next_page = bool(data) and bool(more and more[0])
        self._last = str(data[-1][self._field]) if data else ""

    def update_request(self, request: Request) -> None:
        request.params = {**_params(request), self._param: self._last}


class RowsOffset(OffsetPaginator):
    """The next page begins after the rows there were, which may be fewer than were asked for."""

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        self.value_step = len(data or ())
        super().update_state(response, data)


class ContentRange(BasePaginator):
    """Rows are asked for as `range=0-49`; the answer's Content-Range says which there are, of how many."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._start = size, 0

    def init_request(self, request: Request) -> None:
        self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        self._start += len(data or ())
        self._has_next_page = bool(data) and total.isdecimal() and self._start < int(total)

    def update_request(self, request: Request) -> None:
        request.params = {**_params(request), "range": f"{self._start}-{self._start + self._size - 1}"}


def _params(request: Request) -> dict[str, Any]:
    params: Any = request.params or {}
    return dict(params)


PAGINGS = ("none", "link", "next-url", "cursor", "offset", "page", "last-id")


def paginator(settings: Mapping[str, str]) -> BasePaginator:
    """The paginator that a person described. Raises SourceProblem."""
    way, path, param = settings.get("paging", "none"), settings.get("next", ""), settings.get("next_param", "")
    limit = int(settings.get("limit") or 100)
    if way in ("next-url", "cursor", "last-id") and not path:
        raise SourceProblem(f"paging by {way} needs the setting next: where the answer says how to go on, such as paging.next")
    ways: dict[str, Callable[[], BasePaginator]] = {
        "none": lambda: SinglePagePaginator(),
        "link": lambda: HeaderLinkPaginator(),
        "next-url": lambda: JSONLinkPaginator(path),
        "cursor": lambda: JSONResponseCursorPaginator(path, param or "cursor"),
        "offset": lambda: RowsOffset(
            limit, offset_param=param or "offset", limit_param=settings.get("limit_param") or "limit", total_path=path or None
        ),
        "page": lambda: PageNumberPaginator(base_page=1, page_param=param or "page", total_path=None),
        "content-range": lambda: ContentRange(limit),
        "last-id": lambda: LastId(param or "starting_after", "id", path),
    }
    if way not in ways:
        raise SourceProblem(f"there is no paging {way[:20]!r}; choose one of {', '.join(PAGINGS)}")
    return ways[way]()
