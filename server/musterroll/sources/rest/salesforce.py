"""Salesforce: accounts, contracts, service contracts with their lines, assets and cases, by SOQL over its REST API.

Rows are paged through by a locator that Salesforce keeps for two days. Changes are told by SystemModstamp. A deleted record stays in the
recycle bin for 15 days, where queryAll finds it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from musterroll.domain.values.errors import DomainError
from musterroll.sources.rest.lists import ListMoved, RestList, Row
from musterroll.sources.rest.system import Listing, Value, further_fields, system
from musterroll.sources.source import Request, Setting

if TYPE_CHECKING:
    from musterroll.sources.rest.client import Api

_VERSION = "62.0"
_OF_DELETED: dict[str, Value] = {"Is Deleted": lambda _: "yes", "Deleted On": "SystemModstamp"}


def _connect(request: Request) -> "Api":
    from musterroll.sources.rest.client import Api
    from musterroll.sources.rest.tokens import oauth

    api = Api(request.settings["url"], request.policy, explain=_explain)
    secrets = request.settings["client_secret"], request.get("refresh_token")
    api.auth = oauth(api, "/services/oauth2/token", request.settings["client_id"], *secrets)
    return api


def _explain(status: int, content: Any) -> str:
    """Salesforce answers with a list of errors, its token endpoint with one."""
    error = content[0] if isinstance(content, list) and content else content
    error = error if isinstance(error, Mapping) else {}
    code, message = str(error.get("errorCode") or error.get("error") or ""), str(error.get("message", ""))
    if code == "INVALID_QUERY_LOCATOR":
        raise ListMoved("Salesforce no longer knows the next page")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return "has no requests left for today; a later run goes on"
    if code in ("INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY"):
        why = " ".join(message.split())[:200]
        return f"does not accept the query; check the further fields and what its user may see: {why}"
    if code in ("invalid_client", "invalid_client_id", "invalid_grant", "unsupported_grant_type"):
        return f"gives no token ({code}); check the client ID, the secret and the flow of the connected app, and the refresh token"
    return ""


def _asked(object_: str, listing: str, paths: tuple[str, ...]) -> Any:
    """`listing`: query, or queryAll for records in the recycle bin."""

    def rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
        columns = dict.fromkeys(("Id", "SystemModstamp", *paths, *further_fields(request)))
        conditions = [f"SystemModstamp >= {since:%Y-%m-%dT%H:%M:%SZ}"] if since else []
        conditions += ["IsDeleted = true"] if listing == "queryAll" else []
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        soql = f"SELECT {', '.join(columns)} FROM {object_}{where} ORDER BY Id"  # noqa: S608  names only, checked
        path = f"/services/data/v{_VERSION}/{listing}"
        yield from api.rows(RestList(path, "records", {"paging": "next-url", "next": "nextRecordsUrl"}, {"q": soql}, total="totalSize"))

    return rows


def _contracts(listing: str) -> Any:
    def rows(api: "Api", request: Request, since: datetime | None) -> Iterator[Row]:
        object_ = request.get("contracts", "Contract")
        return _asked(object_, listing, (*_TERMS.values(), *_CONTRACTS[object_]))(api, request, since)  # type: ignore[no-any-return]

    return rows


def _check(settings: Mapping[str, str]) -> None:
    if settings.get("contracts", "Contract") not in _CONTRACTS:
        raise DomainError(f"contracts are kept as {' or '.join(_CONTRACTS)}", "bad_choice")


def _listing(kind: str, object_: str, fields: Mapping[str, str]) -> Listing:
    paths = tuple(fields.values())
    return Listing(kind, fields, _asked(object_, "query", paths), _asked(object_, "queryAll", paths), _OF_DELETED, ident="Id")


_ACCOUNTS = {
    "Account ID": "Id",
    "Account Name": "Name",
    "Parent Account ID": "ParentId",
    "Website": "Website",
    "Phone": "Phone",
    "Postcode": "BillingPostalCode",
    "Country": "BillingCountry",
    "Segment": "Industry",
}
_TERMS = {
    "Contract Number": "ContractNumber",
    "Account ID": "AccountId",
    "Status": "Status",
    "Start Date": "StartDate",
    "End Date": "EndDate",
}
_CONTRACTS = {"Contract": ("ContractTerm", "OwnerExpirationNotice"), "ServiceContract": ("Term",)}  # columns besides those of both
_LINES = {
    "Contract Number": "ServiceContract.ContractNumber",
    "Line": "LineItemNumber",
    "Serial Number": "Asset.SerialNumber",
    "Model": "Product2.Name",
    "Quantity": "Quantity",
    "Start Date": "StartDate",
    "End Date": "EndDate",
}
_ASSETS = {
    "Serial Number": "SerialNumber",
    "Model": "Product2.Name",
    "Status": "Status",
    "Account ID": "AccountId",
    "Purchase Date": "PurchaseDate",
    "Install Date": "InstallDate",
}
_CASES = {
    "Ticket Number": "CaseNumber",
    "Opened": "CreatedDate",
    "Closed": "ClosedDate",
    "Category": "Type",
    "Account ID": "AccountId",
    "Serial Number": "Asset.SerialNumber",
}

SALESFORCE = system(
    "salesforce",
    "Salesforce",
    "accounts, contracts, contract lines, assets and cases",
    (
        Setting("url", "My Domain", "https://acme.my.salesforce.com", required=True),
        Setting("client_id", "Client ID", "of a connected app with the client credentials flow", required=True),
        Setting("client_secret", "Client secret", secret=True, required=True),
        Setting("refresh_token", "Refresh token", secret=True),
        Setting("contracts", "Contracts are", "Contract, or ServiceContract; contract lines are of service contracts"),
    ),
    _connect,
    (
        _listing("accounts", "Account", _ACCOUNTS),
        Listing(
            "contracts",
            {**_TERMS, "Term": lambda row: row.get("ContractTerm", row.get("Term")), "Notice Days": "OwnerExpirationNotice"},
            _contracts("query"),
            _contracts("queryAll"),
            _OF_DELETED,
            ident="Id",
        ),
        _listing("contract-lines", "ContractLineItem", _LINES),
        _listing("units", "Asset", _ASSETS),
        _listing("incidents", "Case", _CASES),
    ),
    _check,
)
