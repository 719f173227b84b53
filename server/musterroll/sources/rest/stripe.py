"""Stripe: customers as accounts, subscriptions as contracts, their items as contract lines, the payment of their last invoice as billing.

Changes are told by events, which Stripe keeps for 30 days; what they name is fetched as it is now. A subscription is one term after the
other from its start date, each as long as the interval of its price.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from musterroll.domain.values.currencies import decimals
from musterroll.sources.rest.lists import CursorExpired, ListMoved, RestList, Row, at
from musterroll.sources.rest.system import Listing, Value, system
from musterroll.sources.source import Request, Setting

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_URL, _VERSION = "https://api.stripe.com", "2024-06-20"
_PAGE = 100
_KEPT = timedelta(days=29)  # how long events are known for
_DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}  # where amounts have others than their currency
_MONTHS = {"month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7}
_BY_ID = {"paging": "last-id", "next": "has_more"}
_INVOICE = {"expand[]": "latest_invoice"}
Changed = Callable[["Api", datetime], Iterator[str]]


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api

    headers = {"Authorization": f"Bearer {request.settings['key']}", "Stripe-Version": _VERSION}
    return Api(request.get("url", _URL), request.policy, headers, _explain)


def _explain(status: int, content: Any) -> str:
    if status == 400 and at(content, "error.code") == "resource_missing" and at(content, "error.param") == "starting_after":
        raise ListMoved("the last row of a page was deleted while the list was read")
    permissions = [word for word in str(at(content, "error.message")).replace("'", " ").split() if word.startswith("rak_")]
    if status == 403 and permissions:
        return f"refuses: the restricted key lacks the permission {permissions[0][:80]}"
    return ""


def _events(api: "Api", since: datetime, **types: Any) -> Iterator[Row]:
    """Events from then on, the newest first. Raises CursorExpired."""
    params = {"limit": _PAGE, "created[gte]": int(since.timestamp()), **types}
    yield from api.rows(RestList("/v1/events", "data", _BY_ID, params))
    if api.began is None or api.began - since > _KEPT:
        raise CursorExpired("Stripe no longer knows what changed since the last run")


def _of_subscriptions(api: "Api", since: datetime) -> Iterator[str]:
    for event in _events(api, since, type="customer.subscription.*"):
        yield str(at(event, "data.object.id"))


def _of_payments(api: "Api", since: datetime) -> Iterator[str]:
    yield from _of_subscriptions(api, since)
    for event in _events(api, since, type="invoice.*"):
        invoice = at(event, "data.object")
        if subscription := at(invoice, "subscription") or at(invoice, "parent.subscription_details.subscription"):
            yield str(subscription)


def _of_customers(api: "Api", since: datetime) -> Iterator[str]:
    for event in _events(api, since, **{"types[]": ["customer.created", "customer.updated", "customer.deleted"]}):
        yield str(at(event, "data.object.id"))


def _listed(path: str, changed: Changed, params: Mapping[str, str]) -> Any:
    def rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
        if since is None:
            expanded = {name: f"data.{value}" if name == "expand[]" else value for name, value in params.items()}
            yield from api.rows(RestList(path, "data", _BY_ID, {"limit": _PAGE, **expanded}))
            return
        shown = {name: value for name, value in params.items() if name == "expand[]"}
        for ident in dict.fromkeys(changed(api, since)):
            yield api.send(f"{path}/{ident}", params=shown)

    return rows


_subscriptions = _listed("/v1/subscriptions", _of_subscriptions, {"status": "all"})


def _items(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
    """The items of each subscription with their product, as lines."""
    products = {row["id"]: row for row in api.rows(RestList("/v1/products", "data", _BY_ID, {"limit": _PAGE}))}
    for subscription in _subscriptions(api, request, since):
        items = at(subscription, "items.data") or []
        if at(subscription, "items.has_more"):
            items = api.rows(RestList("/v1/subscription_items", "data", _BY_ID, {"limit": _PAGE, "subscription": subscription["id"]}))
        for item in items:
            yield {**item, "subscription": subscription["id"], "product": products.get(at(item, "price.product"))}


def _removed_items(api: "Api", _: Request, since: datetime | None) -> Iterator[Row]:
    """Items that subscriptions had before a change, and no longer have."""
    for event in _events(api, since, type="customer.subscription.updated") if since else ():
        now = {item["id"] for item in at(event, "data.object.items.data") or ()}
        for item in at(event, "data.previous_attributes.items.data") or ():
            if item["id"] not in now:
                yield {**item, "subscription": at(event, "data.object.id"), "removed": event["created"]}


def _day(path: str) -> Callable[[Row], str | None]:
    def day(row: Row) -> str | None:
        seconds = at(row, path)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}" if seconds else None

    return day


def _interval(price: Any) -> tuple[str, int]:
    """Unit and number of the time that a price is for; an old plan says it itself."""
    recurring = at(price, "recurring") or price
    return str(at(recurring, "interval") or ""), int(at(recurring, "interval_count") or 1)


def _term(row: Row) -> str | None:
    unit, number = _interval(at((at(row, "items.data") or [None])[0], "price"))
    return f"{number * _MONTHS[unit]} months" if unit in _MONTHS else None


def _price_per_year(item: Row) -> str | None:
    """The price of an item's unit per year, in units of its currency: Stripe counts in the smallest."""
    price = at(item, "price")
    amount = at(price, "unit_amount_decimal") or at(price, "unit_amount")
    unit, number = _interval(price)
    if amount is None or unit not in (*_MONTHS, *_DAYS):
        return None  # tiers, or paid once
    currency = str(at(price, "currency")).upper()
    each = Decimal(str(amount)).scaleb(-_DECIMALS.get(currency, decimals(currency)))
    times = Decimal(12) / (number * _MONTHS[unit]) if unit in _MONTHS else Decimal(365) / (number * _DAYS[unit])
    return f"{each * times:.4f}"


def _payment(row: Row) -> str:
    """An open invoice is overdue where Stripe counts its subscription as such; that of a trial is over nothing, and paid at once."""
    status, subscription = at(row, "latest_invoice.status"), row.get("status")
    if subscription == "trialing":
        return "trialing"
    return "overdue" if status == "open" and subscription in ("past_due", "unpaid") else str(status or "open")


_CUSTOMERS: dict[str, Value] = {
    "Account ID": "id",
    "Account Name": lambda row: row.get("name") or row.get("description") or row.get("email"),
    "Phone": "phone",
    "Postcode": "address.postal_code",
    "Country": "address.country",
    "Currency": lambda row: str(row.get("currency") or "").upper() or None,
    "Is Deleted": lambda row: "yes" if row.get("deleted") else None,
}
_CONTRACTS: dict[str, Value] = {
    "Contract Number": "id",
    "Account ID": "customer",
    "Status": "status",
    "Start Date": _day("start_date"),
    "Term": _term,
    "Renewal Months": _term,
    "Auto Renew": lambda row: "no" if row.get("cancel_at") or row.get("ended_at") else "yes",
    "Cancelled From": lambda row: _day("ended_at")(row) or _day("cancel_at")(row),
    "Currency": lambda row: str(row.get("currency") or "").upper() or None,
}
_LINES: dict[str, Value] = {
    "Contract Number": "subscription",
    "Line": "id",
    "Serial Number": "metadata.serial_number",
    "Manufacturer": "product.metadata.manufacturer",
    "Model": lambda item: at(item, "product.metadata.model") or at(item, "product.name"),
    "Quantity": "quantity",
    "Price Per Year": _price_per_year,
    "Currency": lambda item: str(at(item, "price.currency") or "").upper() or None,
    "Service Level": lambda item: at(item, "price.nickname"),
}
_BILLING: dict[str, Value] = {
    "Contract Number": "id",
    "Payment State": _payment,
    "Last Invoice Date": lambda row: _day("latest_invoice.status_transitions.finalized_at")(row) or _day("latest_invoice.created")(row),
    "Subscription Status": "status",
}

STRIPE = system(
    "stripe",
    "Stripe",
    "customers, subscriptions as contracts, their items as lines, and the payment of their invoices",
    (
        Setting("key", "Restricted key", "may read customers, subscriptions, products, invoices and events", secret=True, required=True),
        Setting("url", "Address", f"default: {_URL}"),
    ),
    _connect,
    (
        Listing("accounts", _CUSTOMERS, _listed("/v1/customers", _of_customers, {})),
        Listing("contracts", _CONTRACTS, _subscriptions),
        Listing("contract-lines", _LINES, _items, _removed_items, {"Is Deleted": lambda _: "yes", "Deleted On": _day("removed")}),
        Listing("billing", _BILLING, _listed("/v1/subscriptions", _of_payments, {"status": "all", **_INVOICE})),
    ),
)
