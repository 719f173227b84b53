"""A template for each kind of document: its columns, an example row that can be imported, and what each column is."""

from typing import NamedTuple

from musterroll.readers import cells, contacts
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.statuses import Statuses

_EXAMPLES = {  # by field, or by kind and field where kinds differ
    **{"accounts.ref": "A-100", "accounts.name": "Umber Ltd", "website": "umber.example", "phone": "+44 20 7946 0000", "country": "GB"},
    **{"sites.ref": "S-10", "sites.name": "Dover warehouse", "zone": "Europe/London", "latitude": "51.12", "longitude": "1.31"},
    **{"contracts.ref": "C-1", "state": "Active", "incidents.ref": "T-1", "contract": "C-1", "number": "1", "quantity": "1"},
    **{"serial": "SN-0001", "maker": "Acme", "model": "Pump 3", "lifecycle": "Installed", "account": "A-100", "units.site": "S-10"},
    **{"shipped_on": "2026-01-10", "installed_on": "2026-02-01", "warranty_months": "36", "postcode": "CT16 1JA", "segment": "Logistics"},
    **{"contracts.starts_on": "2026-01-01", "contracts.ends_on": "2026-12-31", "auto_renew": "yes", "notice_days": "90"},
    **{"service": "24x7", "price": "1200.00", "currency": "GBP", "payment": "Paid", "invoiced_on": "2026-01-31", "subscription": "active"},
    **{"heard_at": "2026-11-01T12:00:00Z", "interval": "3600", "firmware": "1.4.2", "operating_hours": "6000"},
    **{"opened_on": "2026-05-04", "closed_on": "2026-05-06", "category": "Hardware", "hours": "1.5", "parts": "1", "credits": "2"},
    **{
        "asset_tag": "A-0001",
        "hostname": "pump-dover-1",
        "location": "Room 12",
        "units.name": "Pump at the gate",
        "purchased_on": "2025-12-15",
        "warranty_type": "Standard",
    },
    **{"contact_name": "Pat Example", "contact_email": "pat@umber.example", "contact_phone": "+44 20 7946 0001"},
    **{"kind": "Device", "licence_rule": "Unit", "host": "node-17", "cores": "8"},
    **{"list_price": "120.00", "reporting": "Always on", "product-names.maker": "Acme Technologies", "product-names.model": "P3-2026"},
    **{"of_maker": "Acme", "of_model": "Pump 3", "product-names.state": "Confirmed"},
    **{"rates.currency": "GBP", "rates.base": "EUR", "rates.on": "2026-01-31", "rates.rate": "1.15"},
    **{"measure": "Contract attach rate", "industry": "Medical devices", "year": "2025", "benchmarks.value": "64.5"},
    **{"benchmarks.source": "Field service survey 2025"},
    **{"contacts.ref": "K-1", "contacts.site": "S-10", "first_name": "Pat", "last_name": "Example", "role": "Facility manager"},
    **{"email": "pat@umber.example", "language": "en", "consent": "yes", "consent_source": "Order form", "consent_on": "2026-01-31"},
    **{"opted_out": "no"},
    **{"invoices.ref": "INV-1", "issued_on": "2026-01-31", "due_on": "2026-03-02", "amount": "1200.00", "balance": "0.00"},
    **{"paid_on": "2026-02-20"},
    **{"limit": "Calls", "limits.amount": "12", "limits.period": "Year", "carried": "no", "counter": "", "pooled": "no"},
    **{"on": "2027-03-01", "deliveries.ref": "PO-1", "least": "1", "most": "2"},
}
_FORMS = {
    cells.day: "a date, as 2026-12-31",
    cells.last_day: "a date, the last day that counts, as 2026-12-31",
    cells.instant: "a time with its zone, as 2026-11-01T12:00:00Z",
    cells.months: "a number of months, or a length of time such as 3 years",
    cells.period: "monthly, quarterly, annual or a number of months; empty: the price is for a year",
    cells.serial: "as on the label, stored as text",
    cells.yes_or_no: "yes or no",
    cells.currency: "a code such as EUR",
    cells.zone: "a name such as Europe/Berlin",
    contacts.language: "a code such as en or de, or its name",
    contacts.email: "one address",
}


class TemplateColumn(NamedTuple):
    """A heading, an example of its cells, and a note."""

    heading: str
    example: str
    note: str


def template(kind: DocumentKind) -> list[TemplateColumn]:
    """The columns of a kind, in order. A file of these headings and examples is read without a question."""
    return [TemplateColumn(field.label, _example(kind, field), _note(kind, field)) for field in kind.fields]


def _example(kind: DocumentKind, field: Field) -> str:
    return _EXAMPLES.get(f"{kind.name}.{field.name}", _EXAMPLES.get(field.name, ""))


def names(field: Field) -> list[str]:
    """The headings by which a column is recognised, the best first, in letters and digits."""
    return list(dict.fromkeys([cells.heading_key(field.label), *field.headings.replace("|", " ").split()]))


def _note(kind: DocumentKind, field: Field) -> str:
    need, form = "Required" if is_required(kind, field) else "Optional", form_of(field)
    return f"{need}{f': {form}' if form else ''}. Also recognised as: {', '.join(names(field)[1:6])}, ..."


def is_required(kind: DocumentKind, field: Field) -> bool:
    return field in kind.required and field.name not in kind.assumed


def form_of(field: Field) -> str:
    """What the cells of a field hold, where that is more than text."""
    read = field.read
    return f"one of {', '.join(dict.fromkeys(map(str, read.values.values())))}" if isinstance(read, Statuses) else _FORMS.get(read, "")
