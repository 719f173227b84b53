"""Site lists: one row is one location of units, and the account it belongs to."""

from musterroll.readers import cells
from musterroll.readers import heading_names as names
from musterroll.readers.fields import DocumentKind, Field

KIND = DocumentKind(
    "sites",
    "locations and time zones",
    (
        Field("ref", "Site ID", names.SITE_KEY, cells.ref),
        Field("account", "Account ID", names.ACCOUNT, cells.ref),
        Field("name", "Site Name", names.SITE_NAME, cells.text(200)),
        Field("postcode", "Postcode", names.POSTCODE, cells.code(20)),
        Field("country", "Country", names.COUNTRY, cells.text(60)),
        Field("zone", "Time Zone", names.ZONE, cells.zone),
        Field("latitude", "Latitude", names.LATITUDE, cells.degrees(90)),
        Field("longitude", "Longitude", names.LONGITUDE, cells.degrees(180)),
    ),
    key=("ref",),
    nouns="site location",
)
