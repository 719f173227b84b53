"""ServiceNow: incidents, and assets or configuration items, by its Table API.

Rows come in the order in which they were made, with display values for names and raw ones for dates, which are in UTC. Changes are told by
sys_updated_on. Deleted incidents are in sys_audit_delete, for users who
may read that; of assets, the next read of the whole list shows which are gone.
"""

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from musterroll.sources.rest.lists import RestList, Row
from musterroll.sources.rest.system import Asked, Listing, Value, further_fields, system
from musterroll.sources.source import Request, Setting, SourceProblem

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_ROWS = 1_000  # a page
_ZONES = timedelta(hours=14)  # a time in a query is taken to be in the zone of the user
_ASSETS_TABLE = "alm_hardware"


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api
    from musterroll.sources.rest.tokens import oauth

    headers = {"Accept": "application/json"}
    if request.get("client_id"):
        api = Api(request.settings["url"], request.policy, headers)
        api.auth = oauth(api, "/oauth_token.do", request.get("client_id"), request.get("client_secret"), request.get("refresh_token"))
        return api
    if not (request.get("user") and request.get("password")):
        raise SourceProblem("ServiceNow needs a user and password, or a client ID and client secret")
    pair = base64.b64encode(f"{request.get('user')}:{request.get('password')}".encode()).decode()
    return Api(request.settings["url"], request.policy, {**headers, "Authorization": f"Basic {pair}"})


def _records(api: "Api", table: str, columns: list[str], query: list[str]) -> Iterator[Row]:
    """All rows of a query. Some may be hidden from the user, so that a page has fewer than were asked for, or none."""
    params = {
        "sysparm_query": "^".join((*query, "ORDERBYsys_created_on", "ORDERBYsys_id")),
        "sysparm_fields": ",".join(dict.fromkeys(("sys_id", *columns))),
        "sysparm_display_value": "all",
        "sysparm_exclude_reference_link": "true",
        "sysparm_limit": str(_ROWS),
    }
    asked = RestList(f"/api/now/table/{table}", "result", {"paging": "link"}, params, total_header="X-Total-Count")
    yield from map(_flat, api.rows(asked))


def _flat(row: Row) -> Row:
    """Of each field both values, under names without dots."""
    return {name.replace(".", "__"): value for name, value in row.items()}


def _shown(name: str) -> Value:
    return lambda row: _of(row, name, "display_value")


def _moment(name: str) -> Value:
    """An instant in UTC, written so that it is one."""

    def value(row: Row) -> Any:
        written = _of(row, name, "value")
        return f"{written.replace(' ', 'T')}Z" if written and " " in written else written

    return value


def _of(row: Row, name: str, which: str) -> str | None:
    value = row.get(name.replace(".", "__"))
    value = value.get(which) if isinstance(value, dict) else value
    return str(value) if value not in (None, "") else None


def _changed(table: str, columns: tuple[str, ...]) -> Asked:
    def rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
        query = [f"sys_updated_on>={since - _ZONES:%Y-%m-%d %H:%M:%S}"] if since else []
        own = [request.get("query")] if request.get("query") else []
        further = further_fields(request)
        for row in _records(api, _table(request, table), [*columns, *further], [*own, *query]):
            yield {**row, "further": _nested(row, further)}

    return rows


def _nested(row: Row, names: list[str]) -> dict[str, Any]:
    """The display values of these fields, where their paths lead."""
    nested: dict[str, Any] = {}
    for name in names:
        *parents, last = name.split(".")
        here = nested
        for parent in parents:
            here = here.setdefault(parent, {})
        here[last] = _of(row, name, "display_value")
    return nested


def _deleted(table: str) -> Asked:
    def rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
        if since is None or request.get("deletions") != "yes":
            return
        query = [f"tablename={_table(request, table)}", f"sys_created_on>={since - _ZONES:%Y-%m-%d %H:%M:%S}"]
        for row in _records(api, "sys_audit_delete", ["documentkey", "display_value", "sys_created_on"], query):
            yield {**row, "sys_id": {"value": _of(row, "documentkey", "value")}}

    return rows


def _table(request: Request, table: str) -> str:
    return request.get("table", table)


_INCIDENTS: dict[str, Value] = {
    "Ticket": _shown("number"),
    "Opened": _moment("opened_at"),
    "Closed": _moment("closed_at"),
    "Category": _shown("category"),
    "Serial Number": _shown("cmdb_ci.serial_number"),
    "Manufacturer": _shown("cmdb_ci.manufacturer.name"),
    "Asset Tag": _shown("cmdb_ci.asset_tag"),
    "Hostname": _shown("cmdb_ci.name"),
    "Account ID": _shown("company.name"),
}
_INCIDENT_COLUMNS = (
    *("number", "opened_at", "closed_at", "category", "company.name"),
    *("cmdb_ci.serial_number", "cmdb_ci.manufacturer.name", "cmdb_ci.asset_tag", "cmdb_ci.name"),
)


def _either(*names: str) -> Value:
    """The value of an asset, or of a configuration item, where it has another name."""
    return lambda row: next((value for name in names if (value := _of(row, name, "display_value"))), None)


_UNITS: dict[str, Value] = {
    "Serial Number": _shown("serial_number"),
    "Manufacturer": _either("model.manufacturer.name", "manufacturer.name", "model_id.manufacturer.name"),
    "Model": _either("model.name", "model_id.name"),
    "Status": _shown("install_status"),
    "Asset Tag": _shown("asset_tag"),
    "Hostname": _either("ci.name", "name"),
    "Account ID": _shown("company.name"),
    "Location": _shown("location.name"),
    "Install Date": _moment("install_date"),
    "Purchase Date": _moment("purchase_date"),
    "Warranty End": _moment("warranty_expiration"),
    "Contact Name": _shown("assigned_to.name"),
}
_UNIT_COLUMNS = (
    *("serial_number", "model.manufacturer.name", "manufacturer.name", "model_id.manufacturer.name", "model.name", "model_id.name"),
    *("install_status", "asset_tag", "ci.name", "name", "company.name", "location.name", "install_date", "purchase_date"),
    *("warranty_expiration", "assigned_to.name"),
)

SERVICENOW = system(
    "servicenow",
    "ServiceNow",
    "incidents, and assets or configuration items",
    (
        Setting("url", "Instance", "https://acme.service-now.com", required=True),
        Setting("user", "User", "who may read the table"),
        Setting("password", "Password", secret=True),
        Setting("client_id", "Client ID", "of an OAuth application, instead of user and password"),
        Setting("client_secret", "Client secret", secret=True),
        Setting("refresh_token", "Refresh token", secret=True),
        Setting("table", "Table", "incident; of units alm_hardware or one such as cmdb_ci_computer"),
        Setting("query", "Query", "an encoded query, such as active=true"),
        Setting("deletions", "Read deletions", "yes: of incidents, from sys_audit_delete, for users who may read that"),
    ),
    _connect,
    (
        Listing(
            "incidents",
            _INCIDENTS,
            _changed("incident", _INCIDENT_COLUMNS),
            _deleted("incident"),
            {"Ticket": _shown("display_value"), "Opened": _moment("sys_created_on"), "Is Deleted": lambda _: "yes"},
            ident="sys_id.value",
            prefix="further.",
        ),
        Listing("units", _UNITS, _changed(_ASSETS_TABLE, _UNIT_COLUMNS), ident="sys_id.value", prefix="further."),
    ),
)
