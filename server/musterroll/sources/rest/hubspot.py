"""HubSpot: companies as accounts, won deals as contracts.

The whole list is paged by the list endpoint, changes are searched for. Pages of a search that is sorted by time shift when a record
changes meanwhile, and end at 10,000: a search is therefore sorted by id, and each page begins after the last id. A deal that is not won is
no contract; one that is won no longer ends like a deleted one.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from musterroll.sources.rest.lists import RestList, Row, at
from musterroll.sources.rest.system import Listing, Value, further_fields, last_run, system
from musterroll.sources.source import Request, Setting

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_URL = "https://api.hubapi.com"
_PAGE, _SEARCH_PAGE = 100, 200  # the most that HubSpot gives
_CHANGED = "hs_lastmodifieddate"
_PREFIX = "properties."
_WON = "hs_is_closed_won"


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api

    headers = {"Authorization": f"Bearer {request.settings['token']}"}
    return Api(request.get("url", _URL), request.policy, headers, _explain)


def _explain(status: int, content: Any) -> str:
    error = content if isinstance(content, Mapping) else {}
    if status == 429 and str(error.get("policyName", "")).startswith("DAILY"):
        return "has no requests left for today; a later run goes on"
    if error.get("category") == "MISSING_SCOPES":
        errors = error.get("errors") or [{}]
        scopes = at(errors[0], "context.requiredGranularScopes") or at(errors[0], "context.requiredScopes") or ["of what is read"]
        return f"refuses: the private app lacks the scope {', '.join(map(str, scopes))[:200]}"
    return ""


def _path(kind: str) -> str:
    return f"/crm/v3/objects/{'companies' if kind == 'accounts' else 'deals'}"


def _listed(api: "Api", request: Request, *, archived: bool) -> Iterator[Row]:
    params = {"limit": _PAGE, "properties": ",".join(_properties(request)), "archived": str(archived).lower()}
    paging = {"paging": "cursor", "next": "paging.next.after", "next_param": "after"}
    return api.rows(RestList(_path(request.kind), "results", paging, params))


def _searched(api: "Api", request: Request, since: datetime) -> Iterator[Row]:
    last, after = "0", None
    while True:
        filters = [
            {"propertyName": _CHANGED, "operator": "GTE", "value": str(int(since.timestamp() * 1000))},
            {"propertyName": "hs_object_id", "operator": "GT", "value": last},
        ]
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        body = {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": _properties(request), "limit": _SEARCH_PAGE}
        answer = api.send(f"{_path(request.kind)}/search", "POST", json={**body, **({"after": after} if after else {})})
        rows = answer["results"]
        yield from rows
        after = None if rows else at(answer, "paging.next.after")  # a page may be empty, and not the last
        if not rows and not after:
            return
        last = str(rows[-1]["id"]) if rows else last


def _rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
    return _searched(api, request, since) if since else _listed(api, request, archived=False)


def _deals(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
    """Won deals, and those that changed since the last run and are not: they may have been won before."""
    last = since or last_run(request)
    for row in _rows(api, request, since):
        if _is_won(row) or (last and datetime.fromisoformat(at(row, _PREFIX + _CHANGED)) >= last):
            yield row


def _archived(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
    for row in _listed(api, request, archived=True):
        if since is None or datetime.fromisoformat(row["archivedAt"]) >= since:
            yield row


def _properties(request: Request) -> list[str]:
    fields = _COMPANIES if request.kind == "accounts" else _DEALS
    own = [path.removeprefix(_PREFIX) for path in fields.values() if path.startswith(_PREFIX)]
    return [*own, *([_WON] if request.kind == "contracts" else ()), _CHANGED, *further_fields(request)]


def _is_won(row: Row) -> bool:
    return bool(at(row, _PREFIX + _WON) == "true")


_COMPANIES = {
    "Account ID": "id",
    "Account Name": "properties.name",
    "Parent Account ID": "properties.hs_parent_company_id",
    "Website": "properties.domain",
    "Phone": "properties.phone",
    "Postcode": "properties.zip",
    "Country": "properties.country",
    "Segment": "properties.industry",
}
_DEALS = {
    "Contract Number": "id",
    "Account ID": "properties.hs_primary_associated_company",
    "Start Date": "properties.closedate",
    "Currency": "properties.deal_currency_code",
}
_STATES = {
    "Status": lambda row: "Active" if _is_won(row) else "Draft",
    "Is Deleted": lambda row: None if _is_won(row) else "yes",
    "Deleted On": lambda row: None if _is_won(row) else at(row, _PREFIX + _CHANGED),
}
_OF_ARCHIVED: dict[str, Value] = {"Is Deleted": lambda _: "yes", "Deleted On": "archivedAt"}

HUBSPOT = system(
    "hubspot",
    "HubSpot",
    "companies as accounts, won deals as contracts",
    (
        Setting("token", "Token", "of a private app", secret=True, required=True),
        Setting("url", "Address", f"default: {_URL}"),
    ),
    _connect,
    (
        Listing("accounts", _COMPANIES, _rows, _archived, _OF_ARCHIVED, prefix=_PREFIX),
        Listing("contracts", {**_DEALS, **_STATES}, _deals, _archived, _OF_ARCHIVED, prefix=_PREFIX),
    ),
)
