"""Account lists from a CRM: one row is one customer, with its parent account."""

from musterroll.readers import cells
from musterroll.readers.cells.money import CURRENCY_HEADINGS
from musterroll.readers.fields import DocumentKind, Field

KIND = DocumentKind(
    "accounts",
    "customers and their subsidiaries",
    (
        Field(
            "ref", "Account ID", "accountid accountnumber accountno accountref customerid customernumber customerno recordid id", cells.ref
        ),
        Field("name", "Account Name", "accountname companyname customername organizationname organisation company name", cells.text(200)),
        Field("parent", "Parent Account ID", "parentaccountid parentid parentcompanyid parentcustomerid parentaccount parent", cells.ref),
        Field("website", "Website", "website websiteurl companydomainname domain url web", cells.text(200)),
        Field("phone", "Phone", "phone phonenumber telephone mainphone", cells.text(60)),
        Field("postcode", "Postcode", "postcode postalcode zip zipcode billingzippostalcode billingpostalcode billingzip", cells.text(20)),
        Field("country", "Country", "country countryregion countrycode billingcountry billingcountrycode", cells.text(60)),
        Field("currency", "Currency", CURRENCY_HEADINGS, cells.currency),
        Field("segment", "Segment", "segment customersegment marketsegment accountsegment tier industry", cells.text(80)),
    ),
    key=("ref",),
)
