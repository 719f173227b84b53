"""Tables that the others refer to: accounts, sites and products."""

from musterroll.storage.analytics.table import ID, TEXT, Column, Read, Table

ACCOUNTS = Table(
    "accounts",
    "One row for each account (customer). Accounts merged into others are left out.",
    (
        Column("account_id", ID, "number of the account in these tables"),
        Column("number", TEXT, "account number, as in documents"),
        Column("name", TEXT, "name"),
        Column("parent_id", ID, "`accounts.account_id` of the parent; empty: none"),
        Column("segment", TEXT, "segment; empty: none"),
        Column("country", TEXT, "country; empty: unknown"),
    ),
    "SELECT id AS account_id, ref AS number, * FROM export_account ORDER BY id",
    {
        "export_account": Read(
            """
SELECT account.id, account.parent_id, account.ref, account.name, account.segment, account.country
FROM {account} WHERE account.merged_into_id IS NULL""",
            {**{"id": "BIGINT", "parent_id": "BIGINT"}, **dict.fromkeys(("ref", "name", "segment", "country"), "VARCHAR")},
        )
    },
)
SITES = Table(
    "sites",
    "One row for each site.",
    (
        Column("site_id", ID, "number of the site in these tables"),
        Column("number", TEXT, "site number, as in documents"),
        Column("name", TEXT, "name"),
        Column("account_id", ID, "`accounts.account_id`; empty: none"),
        Column("country", TEXT, "country; empty: unknown"),
        Column("latitude", "DOUBLE", "degrees north; empty: unknown"),
        Column("longitude", "DOUBLE", "degrees east; empty: unknown"),
        Column("zone", TEXT, "time zone, by whose calendar warranty days are judged"),
    ),
    "SELECT id AS site_id, ref AS number, * FROM export_site ORDER BY id",
    {
        "export_site": Read(
            """
SELECT site.id, site.account_id, site.latitude, site.longitude, site.ref, site.name, site.country, site.zone FROM {site}""",
            {
                **{"id": "BIGINT", "account_id": "BIGINT", "latitude": "DOUBLE", "longitude": "DOUBLE"},
                **dict.fromkeys(("ref", "name", "country", "zone"), "VARCHAR"),
            },
        )
    },
)
PRODUCTS = Table(
    "products",
    "One row for each product.",
    (
        Column("product_id", ID, "number of the product in these tables"),
        Column("maker", TEXT, "maker"),
        Column("model", TEXT, "model"),
        Column("family", TEXT, "product family"),
        Column("kind", TEXT, "what its units are: `device`, `seat`, `workspace`, `environment` or `node`"),
        Column("licence_rule", TEXT, "how its units count as licences: by `unit`, `host` or `core`"),
    ),
    "SELECT id AS product_id, * FROM export_product ORDER BY id",
    {
        "export_product": Read(
            "SELECT p.id, p.maker, p.model, p.family, p.kind, p.licence_rule FROM product p",
            {"id": "BIGINT", **dict.fromkeys(("maker", "model", "family", "kind", "licence_rule"), "VARCHAR")},
        )
    },
)
