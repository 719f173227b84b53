"""Planned deliveries: one row is a number of units of one product to be deployed on a day."""

from typing import Any

from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells import BadCell
from musterroll.readers.fields import DocumentKind, Field

_MOST = 10_000_000
_DAY = "deliverydate planneddelivery planneddeliverydate duedate expecteddate scheduleddate plannedon month date liefertermin lieferdatum"


def _complete(values: dict[str, Any]) -> None:
    quantity = values["quantity"]
    if not values.get("least", quantity) <= quantity <= values.get("most", quantity):
        raise BadCell("the Quantity is not from At Least to At Most; they are the 80 % range of the number of units")


KIND = DocumentKind(
    "deliveries",
    "planned deliveries by product and day, for the capacity plan",
    (
        Field("on", "Delivery Date", _DAY, cells.day),
        Field("maker", "Manufacturer", names.MAKER, cells.text(200), required=True),
        Field("model", "Model", names.MODEL, cells.text(200)),
        Field("ref", "Order Number", "ordernumber order orderno purchaseorder ponumber salesorder auftrag auftragsnummer", cells.text(80)),
        Field("quantity", "Quantity", names.QUANTITY, cells.whole_number(0, _MOST), required=True),
        Field("least", "At Least", "atleast least minimum minimumquantity low", cells.whole_number(0, _MOST)),
        Field("most", "At Most", "atmost most maximum maximumquantity high", cells.whole_number(0, _MOST)),
    ),
    key=("on", "model"),
    named_by=("on", "maker", "model", "ref"),
    complete=_complete,
)
