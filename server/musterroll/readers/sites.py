"""Site lists: one row is one location of units, and the account it belongs to."""

from musterroll.readers import cells
from musterroll.readers.fields import DocumentKind, Field

KIND = DocumentKind(
    "sites",
    "locations and time zones",
    (
        Field("ref", "Site ID", "siteid sitenumber siteno siteref locationid locationnumber locationno recordid id", cells.ref),
        Field(
            "account", "Account ID", "accountid accountnumber accountno accountref customerid customernumber customerno account", cells.ref
        ),
        Field("name", "Site Name", "sitename locationname name site location", cells.text(200)),
        Field("postcode", "Postcode", "postcode postalcode zip zipcode zippostalcode", cells.text(20)),
        Field("country", "Country", "country countryregion countrycode", cells.text(60)),
        Field("zone", "Time Zone", "timezone zone tz timezonename", cells.zone),
        Field("latitude", "Latitude", "latitude lat geolocationlatitude", cells.degrees(90)),
        Field("longitude", "Longitude", "longitude lon lng long geolocationlongitude", cells.degrees(180)),
    ),
    key=("ref",),
)
