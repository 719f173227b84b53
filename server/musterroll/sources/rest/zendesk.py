"""Zendesk: tickets, by its incremental export.

The export goes on from a cursor, run after run, and gives each ticket that was made, changed or deleted since. A long one comes in parts,
as few requests a minute are allowed. A ticket that changes meanwhile comes again, and the later one counts.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings, check_url
from musterroll.sources.rest.lists import Row, at
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType, write_rows

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_EXPORT = "/api/v2/incremental/tickets/cursor.json"
_PAGES = 20  # of at most 1,000 tickets, in one document
_NUMBERS = {"serial_field": "Serial Number", "tag_field": "Asset Tag", "hostname_field": "Hostname"}


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    check_url(settings["url"], policy)
    _start(settings.get("start", ""))
    for name in _NUMBERS:
        if not settings.get(name, "1").isdecimal():
            raise DomainError(f"the setting {name} is the number of a ticket field, such as 360012345678", "bad_number")


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """The next part of the export: tickets made, changed or deleted after the last one."""
    check(request.settings, request.policy)
    tickets: dict[str, dict[str, Any]] = {}
    after, more = str(request.cursor.get("after", "")), True
    with _connect(request) as api:
        for _ in range(_PAGES):
            page = _page(api, request, after)
            for ticket in _shaped(page, request):
                tickets.pop(ticket["Ticket"], None)
                tickets[ticket["Ticket"]] = ticket
            before, after = after, str(page.get("after_cursor") or after)
            more = page.get("end_of_stream") is False
            if more and after == before:
                raise SourceProblem(f"{api.host} says that there are more tickets, but not where")
            if not more:
                break
    number = write_rows(tickets.values(), file)
    return Delivery("zendesk incidents", {"after": after}, whole=False, more=more, rows=number)


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api

    token = request.settings["token"]
    pair = base64.b64encode(f"{request.get('user')}/token:{token}".encode()).decode()
    signed = f"Basic {pair}" if request.get("user") else f"Bearer {token}"
    return Api(request.settings["url"], request.policy, {"Authorization": signed}, _explain)


def _explain(status: int, content: Any) -> str:
    if status == 403:
        return "lets only administrators export tickets"
    if status == 400 and at(content, "error") in ("InvalidCursor", "InvalidPaginationParameter"):
        return "no longer knows where the last run ended; edit the source, and it is read from its start"
    return ""


def _page(api: "Api", request: Request, after: str) -> Mapping[str, Any]:
    place = {"cursor": after} if after else {"start_time": str(_start(request.get("start")))}
    page = api.send(_EXPORT, params={**place, "include": "metric_sets,organizations"})
    if not isinstance(page, Mapping) or not isinstance(page.get("tickets"), list):
        raise SourceProblem(f"the answer of {api.host} has no tickets; the address is like https://acme.zendesk.com")
    return page


def _start(written: str) -> int:
    """Seconds since 1970. Raises DomainError."""
    try:
        day = date.fromisoformat(written) if written else date(2000, 1, 1)
    except ValueError:
        raise DomainError("the first day is written as 2024-01-31", "bad_date") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _shaped(page: Mapping[str, Any], request: Request) -> Iterator[dict[str, Any]]:
    solved = {str(row.get("ticket_id")): row.get("solved_at") for row in page.get("metric_sets") or ()}
    organisations = {str(row.get("id")): row.get("external_id") or row.get("name") for row in page.get("organizations") or ()}
    for ticket in page["tickets"]:
        number, organisation = str(ticket.get("id")), str(ticket.get("organization_id") or "")
        values = {
            "Ticket": f"{request.get('prefix')}{number}",
            "Opened": ticket.get("created_at"),
            "Closed": solved.get(number) or at(ticket, "metric_set.solved_at"),
            "Category": ticket.get("type"),
            "Account ID": organisations.get(organisation) or organisation,
            "Is Deleted": "yes" if ticket.get("status") == "deleted" else None,
            **_fields(ticket, request),
        }
        yield {heading: value for heading, value in values.items() if value not in (None, "")}


def _fields(ticket: Row, request: Request) -> dict[str, Any]:
    """The values of the ticket fields that a person named."""
    own = {str(field.get("id")): field.get("value") for field in ticket.get("custom_fields") or ()}
    return {heading: own.get(request.get(name)) for name, heading in _NUMBERS.items() if request.get(name)}


ZENDESK = SourceType(
    "zendesk",
    "Zendesk",
    "tickets, by the incremental export",
    (
        Setting("url", "Address", "https://acme.zendesk.com", required=True),
        Setting("user", "E-mail of an administrator", "with an API token; empty: with an OAuth token"),
        Setting("token", "Token", secret=True, required=True),
        Setting("start", "First day", "2024-01-31; empty: all tickets"),
        Setting("prefix", "Before each ticket number", "ZD-; where several systems number their tickets alike"),
        Setting("serial_field", "Ticket field of the serial number", "360012345678"),
        Setting("tag_field", "Ticket field of the asset tag", "360012345679"),
        Setting("hostname_field", "Ticket field of the hostname"),
    ),
    fetch,
    check,
    ("incidents",),
)
