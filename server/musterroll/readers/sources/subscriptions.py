"""Systems that bill subscriptions, and customer lists of business software."""

from musterroll.readers.sources.source import Source

SOURCES = (
    Source(
        "a Recurly subscription list",
        "contracts",
        "uuid accountcode plancode state | subscriptionuuid accountcode plancode state | uuid accountcode activatedat expiresat",
        {
            "ref": "subscriptionuuid uuid",
            "account": "accountcode",
            "state": "state",
            "starts_on": "activatedat",
            "ended_on": "expiresat",
            "currency": "currency",
        },
        ignored="canceledat currentperiodstartedat currentperiodendsat currentperiodstartdate currentperiodenddate trialendsat "
        "trialstartedat quantity unitamount",
    ),
    Source(
        "a Recurly invoice list",
        "billing",
        "invoicenumber accountcode state invoicecreatedat | invoicenumber accountcode subscriptionids state",
        {"contract": "subscriptionids subscriptionid subscriptionuuid", "payment": "state", "invoiced_on": "invoicecreatedat"},
        ignored="invoicenumber accountcode invoiceclosedat dueon",
    ),
    Source(
        "a Freshdesk company list",
        "accounts",
        "companyname domains healthscore | companyname domains accounttier",
        {"ref": "companyid companyname", "name": "companyname", "website": "domains", "segment": "industry accounttier"},
    ),
    Source(
        "a Dynamics 365 Finance customer list",
        "accounts",
        "customeraccount name customergroup | customeraccount organizationname customergroup",
        {
            "ref": "customeraccount",
            "name": "name organizationname",
            "phone": "telephone primaryphone",
            "postcode": "zippostalcode addresszipcode",
            "country": "countryregion addresscountryregionid",
            "currency": "currency salescurrencycode",
            "segment": "customergroup",
        },
    ),
)
