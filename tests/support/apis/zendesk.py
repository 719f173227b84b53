"""Zendesk's incremental ticket export, as its API reference says."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.api_server import Answer, Asked, api_server


class Zendesk:
    """Tickets in the order of their last change. `page`: tickets an answer; `busy`: answers that say to come again."""

    token, user = "zd-token", "admin@acme.example"

    def __init__(self, page: int = 3) -> None:
        self.page, self.busy, self.url, self.asked = page, 0, "", list[Asked]()
        self.organizations = [{"id": 77, "name": "Acme", "external_id": "A77"}]
        self._tickets: dict[int, dict[str, Any]] = {}
        self._changes = 0

    def put(self, number: int, *, solved: str | None = None, **facts: Any) -> None:
        """Make or change a ticket."""
        self._changes += 1
        known = self._tickets.get(number, {"status": "open", "created_at": "2026-10-01T08:00:00Z", "type": "incident"})
        facts |= {"id": number, "change": self._changes, "solved_at": solved or known.get("solved_at"), "organization_id": 77}
        self._tickets[number] = {**known, **facts}

    def answer(self, asked: Asked) -> Answer:
        pair = base64.b64encode(f"{self.user}/token:{self.token}".encode()).decode()
        if asked.headers.get("Authorization") != f"Basic {pair}":
            return Answer({"error": "Couldn't authenticate you"}, 401)
        if asked.path != "/api/v2/incremental/tickets/cursor.json":
            return Answer({"error": "InvalidEndpoint"}, 404)
        if self.busy:
            self.busy -= 1
            return Answer({"error": "Too Many Requests"}, 429, {"Retry-After": "1"})
        if "cursor" not in asked.query and not asked.query.get("start_time", "").isdecimal():
            return Answer({"error": "StartTimeRequired"}, 400)
        return Answer(self._page(int(asked.query.get("cursor", "0"))))

    def _page(self, after: int) -> dict[str, Any]:
        changed = sorted((ticket for ticket in self._tickets.values() if ticket["change"] > after), key=lambda ticket: ticket["change"])
        shown = changed[: self.page]
        last = str(shown[-1]["change"]) if shown else str(after)
        return {
            "tickets": [{name: value for name, value in ticket.items() if name not in ("change", "solved_at")} for ticket in shown],
            "metric_sets": [{"ticket_id": ticket["id"], "solved_at": ticket["solved_at"]} for ticket in shown],
            "organizations": self.organizations,
            "after_cursor": last,
            "after_url": f"{self.url}/api/v2/incremental/tickets/cursor.json?cursor={last}",
            "end_of_stream": len(changed) <= self.page,
        }

    @contextmanager
    def running(self) -> Iterator["Zendesk"]:
        with api_server(self.answer) as server:
            self.url, self.asked = server.url, server.asked
            yield self
