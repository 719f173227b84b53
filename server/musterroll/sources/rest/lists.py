"""What is asked of a REST API, as values: nothing here needs the extra `sources`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from musterroll.sources.source import SourceProblem

Row = Mapping[str, Any]


class RestList(NamedTuple):
    """One list of an API. `path`: below the address of the API, or an address of its own.

    `rows`: the JSON path of the rows in an answer. `paging`: as `paging.paginator` takes it. `total`: the JSON path of the number of all
    rows; a list that gives another number of rows has moved while it was read. `total_header`: the header with that number, where some rows
    may be hidden from us: it must only stay as it is. `body`: asked with POST.
    """

    path: str
    rows: str = ""
    paging: Mapping[str, str] = {}
    params: Mapping[str, Any] = {}
    body: Mapping[str, Any] | None = None
    total: str = ""
    total_header: str = ""


class ListMoved(SourceProblem):
    """The list changed while it was paged through, or its next page is no longer there: it must be read from its start."""


class CursorExpired(SourceProblem):
    """The system no longer knows what has changed since the last run: the whole list must be read."""


def at(row: Any, path: str) -> Any:
    """The value at a path such as `properties.name`; None where there is none.

    >>> at({"site": {"id": 7}}, "site.id"), at({"site": None}, "site.id")
    (7, None)
    """
    for part in path.split("."):
        row = row.get(part) if isinstance(row, Mapping) else None
    return row
