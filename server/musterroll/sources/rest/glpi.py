"""GLPI: tickets with the serial numbers of what they are about, and assets with their warranties, by its REST API.

A session is opened for each run, and again where it ends. GLPI has no list of what changed, so that each run reads every list, by ID.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from musterroll.sources.rest.lists import ListMoved, RestList, Row, at
from musterroll.sources.rest.system import Listing, Value, system
from musterroll.sources.source import Request, Setting, SourceProblem

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_ASSETS = "Computer, Monitor, NetworkEquipment, Peripheral, Phone, Printer"
_PAGE = "500"


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api
    from musterroll.sources.rest.tokens import Renewed

    app = {"App-Token": request.get("app_token")} if request.get("app_token") else {}
    api = Api(request.settings["url"], request.policy, app, _explain)

    def session() -> Mapping[str, str]:
        answer = api.send("initSession", signed=False, headers={"Authorization": f"user_token {request.settings['user_token']}"})
        if not isinstance(token := at(answer, "session_token"), str):
            raise SourceProblem(f"{api.host} opened no session; the address ends in apirest.php")
        return {"Session-Token": token}

    api.auth = Renewed(session)
    return api


def _explain(_status: int, content: Any) -> str:
    """GLPI answers with a list: a code, and a text in the language of the user."""
    code = str(content[0]) if isinstance(content, list) and content else ""
    if code == "ERROR_RANGE_EXCEED_TOTAL":
        raise ListMoved("a list of GLPI became shorter while it was read")
    reasons = {
        "ERROR_GLPI_LOGIN_USER_TOKEN": "does not accept the user token",
        "ERROR_APP_TOKEN_PARAMETERS_MISSING": "needs an app token",
        "ERROR_WRONG_APP_TOKEN_PARAMETER": "does not accept the app token",
        "ERROR_RIGHT_MISSING": "says that this user may not read the list",
        "ERROR_NOT_ALLOWED_IP": "does not accept requests from this address; allow it in Setup, General, API",
    }
    return reasons.get(code, "")


def _items(api: "Api", itemtype: str, **params: str) -> Iterator[Row]:
    """All items of a type, and those in the bin marked as deleted."""
    asked = RestList(
        itemtype,
        "$",
        {"paging": "content-range", "limit": _PAGE},
        {"expand_dropdowns": "true", "sort": "id", "order": "ASC", **params},
        total_header="Content-Range",
    )
    yield from api.rows(asked)


def _with_bin(api: "Api", itemtype: str) -> Iterator[Row]:
    yield from _items(api, itemtype)
    yield from ({**row, "is_deleted": 1} for row in _items(api, itemtype, is_deleted="true"))


def _types(request: Request) -> list[str]:
    """Raises SourceProblem for what cannot be the name of a type."""
    types = request.get("itemtypes", _ASSETS).replace(",", " ").split()
    if not all(name.isascii() and name.replace("_", "").isalnum() for name in types):
        raise SourceProblem(f"item types are names such as {_ASSETS}")
    return types


def _tickets(api: "Api", request: Request, _since: datetime | None) -> Iterator[Row]:
    """Each with the asset that it names first."""
    types, assets = _types(request), dict[tuple[str, str], Row]()
    for itemtype in types:
        for row in _with_bin(api, itemtype):
            assets[itemtype, str(row.get("id"))] = {"serial": row.get("serial"), "otherserial": row.get("otherserial")} | {
                "maker": row.get("manufacturers_id"),
                "name": row.get("name"),
            }
    named = dict[str, Row]()
    for link in _items(api, "Item_Ticket", expand_dropdowns="false"):
        asset = assets.get((str(link.get("itemtype")), str(link.get("items_id"))))
        if asset is not None:
            named.setdefault(str(link.get("tickets_id")), asset)
    for row in _with_bin(api, "Ticket"):
        yield {**row, "number": f"{request.get('prefix')}{row.get('id')}", "asset": named.get(str(row.get("id")))}


def _units(api: "Api", request: Request, _since: datetime | None) -> Iterator[Row]:
    """Items of every type, each with what GLPI keeps of its purchase and warranty."""
    terms = {(str(row.get("itemtype")), str(row.get("items_id"))): row for row in _items(api, "Infocom", expand_dropdowns="false")}
    for itemtype in _types(request):
        for row in _with_bin(api, itemtype):
            if not _yes(row.get("is_template")):
                key = f"{itemtype} {row.get('id')}"
                yield {
                    **row,
                    "key": key,
                    "model": row.get(f"{itemtype.lower()}models_id"),
                    "terms": terms.get((itemtype, str(row.get("id")))),
                }


def _yes(value: Any) -> bool:
    return str(value) in ("1", "True")


def _named(path: str) -> Value:
    """The name of another item; 0 where there is none."""
    return lambda row: value if (value := at(row, path)) not in (0, "0", "", None) else None


def _hours(row: Row) -> float | None:
    seconds = str(row.get("actiontime") or "0")
    return round(int(seconds) / 3600, 2) or None if seconds.isdecimal() else None


_TICKET_FIELDS: dict[str, Value] = {
    "Ticket": "number",
    "Opened": "date",
    "Closed": lambda row: row.get("closedate") or row.get("solvedate"),
    "Category": _named("itilcategories_id"),
    "Hours": _hours,
    "Account ID": _named("entities_id"),
    "Serial Number": _named("asset.serial"),
    "Manufacturer": _named("asset.maker"),
    "Asset Tag": _named("asset.otherserial"),
    "Hostname": _named("asset.name"),
    "Is Deleted": lambda row: "yes" if _yes(row.get("is_deleted")) else None,
}
_UNIT_FIELDS: dict[str, Value] = {
    "Serial Number": _named("serial"),
    "Manufacturer": _named("manufacturers_id"),
    "Model": _named("model"),
    "Status": _named("states_id"),
    "Account ID": _named("entities_id"),
    "Asset Tag": _named("otherserial"),
    "Hostname": _named("name"),
    "Location": _named("locations_id"),
    "Contact Name": _named("contact"),
    "Install Date": _named("terms.use_date"),
    "Purchase Date": _named("terms.buy_date"),
    "Purchase Cost": _named("terms.value"),
    "Warranty Start": _named("terms.warranty_date"),
    "Warranty Months": _named("terms.warranty_duration"),
    "Is Deleted": lambda row: "yes" if _yes(row.get("is_deleted")) else None,
}


GLPI = system(
    "glpi",
    "GLPI",
    "tickets, and assets with their warranties",
    (
        Setting("url", "Address of the API", "https://glpi.example.com/apirest.php", required=True),
        Setting("user_token", "User token", "Settings of the user, remote access keys", secret=True, required=True),
        Setting("app_token", "App token", "of the API client", secret=True),
        Setting("itemtypes", "Item types", _ASSETS),
        Setting("prefix", "Before each ticket number", "GLPI-; where several systems number their tickets alike"),
    ),
    _connect,
    (
        Listing("incidents", _TICKET_FIELDS, _tickets, increments=False),
        Listing("units", _UNIT_FIELDS, _units, ident="key", increments=False),
    ),
)
