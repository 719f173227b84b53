"""Snipe-IT: assets, the deleted ones among them, by its REST API.

It has no list of what changed, so that each run reads all assets, 500 at a time at most. An error may come with status 200.
"""

import html
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from musterroll.sources.rest.lists import RestList, Row, at
from musterroll.sources.rest.system import Listing, Value, system
from musterroll.sources.source import Request, Setting

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_DELETED = "deleted_by_list"


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api

    headers = {"Authorization": f"Bearer {request.settings['token']}", "Accept": "application/json"}
    return Api(request.settings["url"], request.policy, headers)


def _assets(api: "Api", _request: Request, _since: datetime | None) -> Iterator[Row]:
    """By ID, so that an asset that is added meanwhile is at the end."""
    paging = {"paging": "offset", "limit": "500", "next": "total"}
    params = {"sort": "id", "order": "asc"}
    yield from api.rows(RestList("/api/v1/hardware", "rows", paging, params, total="total"))
    deleted = RestList("/api/v1/hardware", "rows", paging, {**params, "status": "Deleted"}, total="total")
    yield from ({**row, _DELETED: "yes"} for row in api.rows(deleted))


def _text(path: str) -> Value:
    """Snipe-IT writes names as they stand in HTML."""

    def value(row: Row) -> Any:
        written = at(row, path)
        return html.unescape(written) if isinstance(written, str) else written

    return value


_ASSETS: dict[str, Value] = {
    "Serial Number": _text("serial"),
    "Manufacturer": _text("manufacturer.name"),
    "Model": _text("model.name"),
    "Status": "status_label.status_meta",
    "Account ID": _text("company.name"),
    "Asset Tag": _text("asset_tag"),
    "Location": _text("location.name"),
    "Purchase Date": "purchase_date.date",
    "Purchase Cost": "purchase_cost",
    "Warranty Months": "warranty_months",
    "Warranty End": "warranty_expires.date",
    "Install Date": "last_checkout.datetime",
    "Contact Name": _text("assigned_to.name"),
    "Contact Email": "assigned_to.email",
    "Is Deleted": _DELETED,
}

SNIPE_IT = system(
    "snipe-it",
    "Snipe-IT",
    "assets with their warranties",
    (
        Setting("url", "Address", "https://assets.example.com", required=True),
        Setting("token", "API token", "of a user that may view assets", secret=True, required=True),
    ),
    _connect,
    (Listing("units", _ASSETS, _assets, increments=False),),
)
