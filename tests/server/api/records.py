"""A few records of every kind, and their import over REST."""

import io
from typing import Any

from tests.server.api.conftest import RestClient

DOCUMENTS = {
    "accounts": "Account ID,Account Name,Parent Account ID,Segment,Country\nA1,Alder,,enterprise,DE\nA2,Alder South,A1,enterprise,DE\n",
    "sites": "Site ID,Account ID,Site Name,Country,Time Zone\nS1,A1,Works,DE,Europe/Berlin\nS2,A2,Depot,DE,Europe/Berlin\n",
    "units": (
        "Serial Number,Manufacturer,Model,Ship Date,Install Date,Status,Account ID,Site ID,Warranty Months\n"
        "SN1,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A1,S1,240\n"
        "SN2,Acme,Pump 3,2020-01-05,2020-02-15,Installed,A2,S2,12\n"
        "SN3,Acme,Pump 3,,,In Stock,,,12\n"
    ),
    "contracts": (
        "Contract Number,Account ID,Start Date,End Date,Status,Auto Renew,Notice Days,Currency\n"
        "C1,A1,2025-01-01,2030-12-31,Active,yes,30,EUR\n"
        "C2,A2,2025-01-01,2030-12-31,Active,no,30,EUR\n"
    ),
    "contract-lines": (
        "Contract Number,Line,Serial Number,Model,Site ID,Quantity,Service Level,Price Per Year\n"
        "C1,1,SN1,Pump 3,S1,1,24x7,120\nC1,2,SN9,Pump 3,S1,1,=cmd,90.5\n"
    ),
    "billing": "Contract Number,Payment State,Last Invoice Date,Subscription Status\nC1,Overdue,2026-01-02,active\n",
    "incidents": (
        "Ticket,Serial Number,Opened,Closed,Category,Hours,Parts\nT1,SN1,2025-07-20,2025-07-24,failure,1.89,1\nT2,SN7,2025-08-01,,noise,,\n"
    ),
}


def upload(rest: RestClient, kind: str, text: str, headers: dict[str, str], **form: Any) -> Any:
    data = {"file": (io.BytesIO(text.encode()), f"{kind}.csv"), **form}
    return rest.client.post(f"/api/v1/imports/{kind}", data=data, headers=headers, content_type="multipart/form-data")


def import_all(rest: RestClient) -> dict[str, str]:
    """Import all documents. Returns the headers of a token with the scopes read and write."""
    headers = rest.bearer("read", "write")
    for kind, text in DOCUMENTS.items():
        answer = upload(rest, kind, text, headers, commit="true")
        assert (answer.status_code, answer.json["counts"]["refused"]) == (200, 0), answer.json
    return headers
