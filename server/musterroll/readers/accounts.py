"""Account lists from a CRM: one row is one customer, with its parent account."""

from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.cells.money import CURRENCY_HEADINGS
from musterroll.readers.fields import DocumentKind, Field

KIND = DocumentKind(
    "accounts",
    "customers and their subsidiaries",
    (
        Field("ref", "Account ID", names.ACCOUNT_KEY, cells.ref),
        Field("name", "Account Name", names.ACCOUNT_NAME, cells.text(200)),
        Field("parent", "Parent Account ID", names.PARENT, cells.ref),
        Field("website", "Website", names.WEBSITE, cells.text(200)),
        Field("phone", "Phone", names.PHONE, cells.code(60)),
        Field("postcode", "Postcode", names.POSTCODE, cells.code(20)),
        Field("country", "Country", names.COUNTRY, cells.text(60)),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("segment", "Segment", names.SEGMENT, cells.text(80)),
    ),
    key=("ref",),
    nouns="account company customer organization record billing",
)
