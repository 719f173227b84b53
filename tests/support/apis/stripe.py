"""Stripe: customers, subscriptions with items and invoices, events; lists from the newest to the oldest."""

from itertools import count
from typing import Any

from tests.support.api_server import Answer, Asked
from tests.support.apis.api import Api, Record


class Stripe(Api):
    def __init__(self) -> None:
        super().__init__()
        self.key = "rk_live_s3cret"
        self.customers: dict[str, Record] = {}
        self.subscriptions: dict[str, Record] = {}
        self.products: dict[str, Record] = {}
        self.invoices: dict[str, Record] = {}
        self.events: list[Record] = []
        self._numbers = count(1)

    def customer(self, ident: str, **fields: Any) -> None:
        kind = "updated" if ident in self.customers else "created"
        known = self.customers.get(ident, {"id": ident, "object": "customer", "created": self._time()})
        self.customers[ident] = {**known, **fields}
        self._event(f"customer.{kind}", self.customers[ident])

    def delete_customer(self, ident: str) -> None:
        self.customers[ident] = {"id": ident, "object": "customer", "deleted": True}
        self._event("customer.deleted", self.customers[ident])

    def subscription(self, ident: str, items: list[Record] | None = None, **fields: Any) -> None:
        kind = "updated" if ident in self.subscriptions else "created"
        known = self.subscriptions.get(ident, {"id": ident, "object": "subscription", "created": self._time(), "latest_invoice": None})
        before = known.get("items", {})
        now = {**known, **fields, **({"items": {"data": items, "has_more": False}} if items is not None else {})}
        self.subscriptions[ident] = now
        previous = {"items": before} if items is not None and before else {}
        self._event(f"customer.subscription.{kind}", now, previous)

    def invoice(self, ident: str, subscription: str, status: str) -> None:
        self.invoices[ident] = {
            "id": ident,
            "object": "invoice",
            "status": status,
            "created": self._time(),
            "subscription": subscription,
            "status_transitions": {"finalized_at": self._time()},
        }
        self.subscriptions[subscription]["latest_invoice"] = ident
        self._event("invoice.updated", self.invoices[ident])

    def _event(self, type_: str, object_: Record, previous: Record | None = None) -> None:
        data = {"object": dict(object_), "previous_attributes": previous or {}}
        self.events.append({"id": f"evt_{next(self._numbers)}", "type": type_, "created": self._time(), "data": data})

    def _time(self) -> int:
        return int(self.now.timestamp())

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("Authorization") != f"Bearer {self.key}":
            return Answer({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: rk_live_****cret"}}, 401)
        list_, _, ident = asked.path.removeprefix("/v1/").partition("/")
        records = {"customers": self.customers, "subscriptions": self.subscriptions, "products": self.products}
        if ident:
            return Answer(self._expanded(records[list_][ident], asked.query.get("expand[]", "")))
        rows = self._events(asked.query) if list_ == "events" else [row for row in records[list_].values() if not row.get("deleted")]
        if list_ == "subscriptions" and asked.query.get("status") != "all":
            rows = [row for row in rows if row["status"] != "canceled"]
        return self._page(list(reversed(rows)), asked.query)

    def _events(self, query: dict[str, str]) -> list[Record]:
        since, type_ = int(query["created[gte]"]), query.get("type", "")
        oldest = self._time() - 30 * 86_400
        wanted = [event for event in self.events if event["created"] >= max(since, oldest)]
        if type_:
            return [event for event in wanted if event["type"].startswith(type_.rstrip("*"))]
        return [event for event in wanted if event["type"] in ("customer.created", "customer.updated", "customer.deleted")]

    def _page(self, rows: list[Record], query: dict[str, str]) -> Answer:
        idents = [row["id"] for row in rows]
        if (after := query.get("starting_after")) and after not in idents:
            error = {"code": "resource_missing", "param": "starting_after", "message": f"No such object: '{after}'"}
            return Answer({"error": error}, 400)
        first = idents.index(after) + 1 if after else 0
        page = rows[first : first + min(self.page, int(query["limit"]))]
        expand = query.get("expand[]", "").removeprefix("data.")
        answer = Answer(
            {"object": "list", "data": [self._expanded(row, expand) for row in page], "has_more": len(rows) > first + len(page)}
        )
        self.meanwhile()
        return answer

    def _expanded(self, row: Record, expand: str) -> Record:
        return {**row, "latest_invoice": self.invoices.get(row["latest_invoice"] or "")} if expand == "latest_invoice" else row
