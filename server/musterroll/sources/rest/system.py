"""A system whose lists are described rather than programmed: what it gives for each kind of document, and where its values are.

A new system is a file with a `system(...)` and an entry of `systems.SYSTEMS`. It says
- `settings`: its address and credentials (secrets marked so);
- `connect(request)`: the `Api` with its credentials: headers, or `tokens.oauth` and `tokens.Renewed` where tokens run out;
- one `Listing` for each kind of document: how its rows are asked for, mostly `api.rows(RestList(path, rows, paging))`, and per heading of
  the document where the value is in a row.

Common to all: retries, `Retry-After` and cut answers (`network`); a list that moves while it is read is read again from its start
(`ListMoved`); a run after the first asks only for what changed, until the whole list is due again or the system has forgotten
(`CursorExpired`); rows that were deleted are told apart.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings, check_url
from musterroll.sources.rest.lists import CursorExpired, ListMoved, Row, at
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType, write_rows

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_TRIES = 3  # of a list that moves
_OVERLAP = timedelta(minutes=5)  # asked for again: a system may show a change later than its time says
Value = str | Callable[[Row], Any]  # a path in a row, or a function of it
Asked = Callable[["Api", Request, datetime | None], Iterator[Row]]


class Listing(NamedTuple):
    """What a system has for one kind of document.

    `fields`: per heading, where its value is in a row. `rows(api, request, since)`: with an instant, only rows changed then or later.
    `deleted`: rows deleted then or later, where the system tells; `of_deleted`: what their deletion means, per heading.
    `ident`: the path of what tells rows apart. `prefix`: of the paths of further fields that a person asks for.
    """

    kind: str
    fields: Mapping[str, Value]
    rows: Asked
    deleted: Asked | None = None
    of_deleted: Mapping[str, Value] = {"Is Deleted": lambda _: "yes"}
    ident: str = "id"
    prefix: str = ""
    increments: bool = True  # whether `rows` can be asked for changes


def further_fields(request: Request) -> list[str]:
    """The fields that a person asks for besides those of the listing."""
    return request.get("fields").replace(",", " ").split()


def read(request: Request, file: BinaryIO, write: Callable[[datetime | None], int]) -> tuple[int, datetime | None]:
    """Write a list to the file, from its start again where it moves. Returns the rows, and since when; None: the whole list."""
    since, problem = _since(request), ListMoved("the list moved")
    for _ in range(_TRIES):
        file.seek(0)
        file.truncate()
        try:
            return write(since), since
        except CursorExpired:
            since = None
        except ListMoved as error:
            problem = error
    raise SourceProblem(f"{problem}; the list was read {_TRIES} times, and the next run reads it again")


def system(
    name: str,
    label: str,
    about: str,
    settings: tuple[Setting, ...],
    connect: Callable[[Request], "Api"],
    listings: tuple[Listing, ...],
    check_own: Callable[[Mapping[str, str]], None] = lambda _: None,
) -> SourceType:
    """`check_own`: raises DomainError for settings of this system that cannot be right."""
    by_kind = {listing.kind: listing for listing in listings}

    def check(written: Mapping[str, str], policy: SourceSettings) -> None:
        if url := written.get("url"):
            check_url(url, policy)
        if not written.get("whole_days", "1").isdecimal():
            raise DomainError("the days between reads of the whole list are a number, such as 7", "bad_number")
        if not all(field.replace(".", "").replace("_", "").isalnum() for field in written.get("fields", "").replace(",", " ").split()):
            raise DomainError("further fields are names as the API writes them, comma-separated", "bad_choice")
        check_own(written)

    def fetch(request: Request, file: BinaryIO) -> Delivery | None:
        check(request.settings, request.policy)
        listing, began = by_kind[request.kind], last_run(request)

        def write(since: datetime | None) -> int:
            nonlocal began
            with connect(request) as api:
                number = write_rows(_document(listing, api, request, since), file)
                began = api.began or began
            return number

        number, since = read(request, file, write)
        whole = since is None
        cursor = {"since": began.isoformat() if began else "", "whole": request.cursor.get("whole", "")}
        if whole:
            cursor["whole"] = cursor["since"]
        return Delivery(f"{name} {request.kind}", cursor if listing.increments else {}, whole=whole, rows=number)

    whole_days = Setting("whole_days", "Days between reads of the whole list", "7; 0: at every run")
    further = Setting("fields", "Further fields", "names as the API writes them, to be mapped to columns")
    return SourceType(name, label, about, (*settings, further, whole_days), fetch, check, tuple(by_kind))


def _document(listing: Listing, api: "Api", request: Request, since: datetime | None) -> Iterator[dict[str, Any]]:
    """The rows of the document: those there are, then those deleted since the last run."""
    fields = {**listing.fields, **{name: f"{listing.prefix}{name}" for name in further_fields(request)}}
    seen: set[int] = set()
    for row in listing.rows(api, request, since):
        if (ident := hash(str(at(row, listing.ident)))) in seen:
            raise ListMoved(f"{api.host} gave the same row twice")
        seen.add(ident)
        yield _shaped(row, fields)
    last = last_run(request)
    if listing.deleted is not None and last is not None:
        for row in listing.deleted(api, request, last - _OVERLAP):
            if hash(str(at(row, listing.ident))) not in seen:
                yield _shaped(row, {**fields, **listing.of_deleted})


def _shaped(row: Row, fields: Mapping[str, Value]) -> dict[str, Any]:
    values = {heading: at(row, value) if isinstance(value, str) else value(row) for heading, value in fields.items()}
    return {heading: value for heading, value in values.items() if value is not None}


def _since(request: Request) -> datetime | None:
    """Since when changes are asked for; None where the whole list is due."""
    since, whole = last_run(request), last_run(request, "whole")
    days = int(request.get("whole_days", "7"))
    return since - _OVERLAP if since and whole and since - whole < timedelta(days=days) else None


def last_run(request: Request, name: str = "since") -> datetime | None:
    """When the last run began; `whole`: the last that read the whole list."""
    written = request.cursor.get(name)
    return datetime.fromisoformat(written) if written else None
