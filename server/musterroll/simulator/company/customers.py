"""Customers of the company: accounts, sites and people. All names are invented."""

from collections.abc import Iterator

Row = dict[str, str]

# Name, account above, segment, country, currency
ACCOUNTS = (
    ("Harbour Foods", "", "Food", "NL", "EUR"),
    ("Harbour Foods Denmark", "A0001", "Food", "DK", "EUR"),
    ("Harbour Foods Iberia", "A0001", "Food", "PT", "EUR"),
    ("Larkspur Hospitals", "", "Health", "FR", "EUR"),
    ("Larkspur South", "A0004", "Health", "FR", "EUR"),
    ("Skerry Pumps AG", "", "Water", "DE", "EUR"),
    ("Halcyon Metals", "", "Industry", "PL", "EUR"),
    ("Quillon Dairies", "", "Food", "IE", "EUR"),
    ("Umber Logistics B.V.", "", "Logistics", "NL", "EUR"),
    ("Marram Freight", "", "Logistics", "BE", "EUR"),
    ("Fenwick Laboratories", "", "Health", "GB", "GBP"),
    ("Tarn Water Services", "", "Water", "GB", "GBP"),
    ("Corvid Pharma", "", "Health", "AT", "EUR"),
    ("Bramble Markets", "", "Food", "IT", "EUR"),
    ("Kestrel Airports", "", "Transport", "ES", "EUR"),
    ("Umber Logistics", "", "", "NL", ""),  # entered twice
)
CUSTOMERS = len(ACCOUNTS) - 1  # with units and contracts
SITES = 3  # of each

_TOWNS = (
    ("Rotterdam", "NL", 51.92, 4.48, "Europe/Amsterdam"),
    ("Aarhus", "DK", 56.16, 10.2, "Europe/Copenhagen"),
    ("Porto", "PT", 41.15, -8.61, "Europe/Lisbon"),
    ("Lyon", "FR", 45.76, 4.84, "Europe/Paris"),
    ("Marseille", "FR", 43.3, 5.37, "Europe/Paris"),
    ("Essen", "DE", 51.45, 7.01, "Europe/Berlin"),
    ("Gdansk", "PL", 54.35, 18.65, "Europe/Warsaw"),
    ("Cork", "IE", 51.9, -8.47, "Europe/Dublin"),
    ("Utrecht", "NL", 52.09, 5.12, "Europe/Amsterdam"),
    ("Ghent", "BE", 51.05, 3.72, "Europe/Brussels"),
    ("Leeds", "GB", 53.8, -1.55, "Europe/London"),
    ("Bristol", "GB", 51.45, -2.59, "Europe/London"),
    ("Graz", "AT", 47.07, 15.44, "Europe/Vienna"),
    ("Turin", "IT", 45.07, 7.69, "Europe/Rome"),
    ("Bilbao", "ES", 43.26, -2.93, "Europe/Madrid"),
)
_PEOPLE = (("Anna", "Vos"), ("Jonas", "Lind"), ("Marie", "Petit"), ("Piotr", "Nowak"), ("Aoife", "Byrne"))


def account_ref(customer: int) -> str:
    return f"A{customer + 1:04}"


def site_ref(customer: int, site: int) -> str:
    return f"S{customer + 1:04}-{site + 1}"


def accounts() -> Iterator[Row]:
    for number, (name, parent, segment, country, currency) in enumerate(ACCOUNTS):
        web = f"{name.split()[0].lower()}.example"
        yield {
            **{"Account ID": account_ref(number), "Account Name": name, "Parent Account ID": parent, "Website": web},
            **{"Phone": f"+31 20 555 01{number:02}", "Country": country, "Segment": segment, "Currency": currency},
        }


def sites() -> Iterator[Row]:
    for customer in range(CUSTOMERS):
        town, country, north, east, zone = _TOWNS[customer]
        for site in range(SITES):
            yield {
                **{"Site ID": site_ref(customer, site), "Account ID": account_ref(customer), "Site Name": f"{town} {site + 1}"},
                **{"Country": country, "Time Zone": zone},
                **{"Latitude": f"{north + 0.15 * site:.2f}", "Longitude": f"{east + 0.2 * site:.2f}"},
            }


def contacts() -> Iterator[Row]:
    for customer in range(CUSTOMERS):
        first, last = _PEOPLE[customer % len(_PEOPLE)]
        domain = f"{ACCOUNTS[customer][0].split()[0].lower()}.example"
        yield {
            **{"Contact ID": f"K{customer + 1:04}", "Account ID": account_ref(customer), "First Name": first, "Last Name": last},
            **{
                "Role": "Facility manager",
                "Email": f"{first}.{last}.{customer + 1}@{domain}".lower(),
                "Phone": f"+31 20 555 02{customer:02}",
            },
        }
