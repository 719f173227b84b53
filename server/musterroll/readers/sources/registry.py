"""Lists of this registry, as REST writes them: their headings are names of fields, so that a list that was edited can be imported."""

from musterroll.readers.sources.source import Source

_ACCOUNT = "accountref"

SOURCES = (
    Source(
        "an account list of this registry",
        "accounts",
        "ref name parentref segment country website",
        {"ref": "ref", "name": "name", "parent": "parentref"},
        ignored="parentname",
    ),
    Source(
        "a site list of this registry",
        "sites",
        "ref name accountref zone latitude longitude",
        {"ref": "ref", "name": "name", "account": _ACCOUNT, "zone": "zone"},
        ignored="accountname units",
    ),
    Source(
        "a contract list of this registry",
        "contracts",
        "ref accountref state termlastday autorenew",
        {"ref": "ref", "account": _ACCOUNT, "state": "state", "ends_on": "termlastday"},
        ignored="accountname inforce lastday noticeby noticeon billingpayment billinginvoicedon billingsubscription lines",
    ),
    Source(
        "an incident list of this registry",
        "incidents",
        "ref serial unit openedon closedon",
        {"ref": "ref", "serial": "serial", "opened_on": "openedon", "closed_on": "closedon"},
        ignored="unit",
    ),
)
