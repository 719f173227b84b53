"""A planner's fleet before a quarterly review: about 420 units, their records as imported documents, and two months of history."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from musterroll.domain.values.instants import to_ms
from musterroll.runtime import figure_jobs
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.warranty import periods as warranty_periods
from sqlmodel import Session, select

from tests.support.sample_fleet import PASSWORD
from tests.support.sample_records import take

DAYS = 45
FADING, SILENT_SINCE = "A00005", 12  # its units fell silent so many days ago
_TOWNS = {
    **{"Essen": ("DE", 51.45, 7.01), "Lyon": ("FR", 45.76, 4.84), "Cork": ("IE", 51.9, -8.47), "Porto": ("PT", 41.15, -8.61)},
    **{"Turin": ("IT", 45.07, 7.69), "Graz": ("AT", 47.07, 15.44), "Aarhus": ("DK", 56.16, 10.2), "Leeds": ("GB", 53.8, -1.55)},
    **{"Gdansk": ("PL", 54.35, 18.65), "Bilbao": ("ES", 43.26, -2.93), "Ghent": ("BE", 51.05, 3.72), "Brno": ("CZ", 49.2, 16.61)},
}
_ACCOUNTS = [
    ("Marram Freight B.V.", "", "Logistics", "NL"),
    ("Marram Cold Chain", "A00001", "Logistics", "DE"),
    ("Skerry Pumps AG", "", "Water", "DE"),
    ("Skerry Nordic", "A00003", "Water", "DK"),
    ("Larkspur Hospitals", "", "Health", "FR"),
    ("Halcyon Metals", "", "Industry", "PL"),
    ("Quillon Dairies", "", "Food", "IE"),
    ("Marram Freight", "", "", "NL"),
]
_PRODUCTS = [("Halden", "HD-4000 Vault"), ("Corvid", "CX-640 Controller"), ("Tessel", "TS-3010 Meter"), ("Brightwell", "BW30 Relay")]
_SERVICES = ("24x7 on site in 4 hours", "Next business day", "Parts only")
_UNITS = 420


def fill(database: Database, now: datetime) -> None:
    """Take in the documents, reconcile, look for twins, and keep the days before and the ends of the months."""
    dice = Random(7)
    with database.transaction() as session:
        access_sessions.ensure_admin(session, PASSWORD, now)
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(now) - 400 * 86_400_000, to_ms(now)  # silence stands still from here on
        units = [_unit(n, dice, now) for n in range(_UNITS)]
        for kind, text in _documents(units, dice, now).items():
            take(session, kind, f"{kind}.csv", text, now - timedelta(days=2))
        for product in session.exec(select(Product)):
            product.list_price, product.currency = Decimal(95 + 40 * (product.id or 0)), "EUR"
        warranty_periods.apply_policies(session, session.exec(select(Unit.id)).all(), now)  # type: ignore[arg-type]
        reconciliation_run.reconcile(session, now, now, store=True)
        matching_proposals.find_matches(session, now)
        _days(session, now)


def _days(session: Session, now: datetime) -> None:
    days = [(now - timedelta(days=back)).date() for back in range(DAYS, 0, -1)]
    for day, counts in zip(days, daily_snapshot.count(session, days, now), strict=True):
        daily_snapshot.keep(session, day, counts)
    for together in figure_jobs.due(session, now):
        for figure, value in zip(together.figures, list(together.count_each(session, now)), strict=True):
            cached_figures.keep(session, figure, value, now)


def _unit(n: int, dice: Random, now: datetime) -> dict[str, str]:
    account = f"A{n % 7 + 1:05}"
    installed = now.date() - timedelta(days=dice.randint(20, 2200))
    maker, model = _PRODUCTS[n % 3 if n % 11 else 3]
    return {
        **{"Serial Number": f"{maker[:2].upper()}{n:03}{(n * 7919) % 99991:05}K", "Manufacturer": maker, "Model": model},
        **{"Ship Date": str(installed - timedelta(days=30)), "Install Date": str(installed)},
        **{"Status": "In Stock" if n % 37 == 36 else "Installed", "Account ID": account, "Site ID": f"S{n % 7 + 1 + 7 * (n // 7 % 3):05}"},
        "Warranty Months": str(dice.choice([24, 36, 60])),
    }


def _documents(units: list[dict[str, str]], dice: Random, now: datetime) -> dict[str, str]:
    paid = [unit for n, unit in enumerate(units) if n % 5 < 3]
    return {
        "accounts": _table(_accounts()),
        "sites": _table(_sites()),
        "units": _table(units),
        "contracts": _table(_contracts(now)),
        "contract-lines": _table([*_lines(paid), _pool()]),
        "billing": _table(
            {
                "Contract Number": f"C-{n}",
                "Payment State": "Overdue" if n % 6 == 5 else "Paid",
                "Last Invoice Date": str(now.date() - timedelta(40)),
            }
            for n in range(201, 215)
        ),
        "telemetry": _table(_heard(units, dice, now)),
    }


def _accounts() -> Iterator[dict[str, str]]:
    for n, (name, parent, segment, country) in enumerate(_ACCOUNTS, 1):
        web = f"{name.split()[0].lower()}.example"
        yield {
            **{"Account ID": f"A{n:05}", "Account Name": name, "Parent Account ID": parent, "Website": web},
            **{"Phone": f"+31 20 555 01{n:02}", "Country": country, "Segment": segment},
        }


def _sites() -> Iterator[dict[str, str]]:
    for n in range(24):
        town, (country, north, east) = list(_TOWNS.items())[n % 12]
        yield {
            **{"Site ID": f"S{n + 1:05}", "Account ID": f"A{n % 7 + 1:05}", "Site Name": f"{town} {n // 12 + 1}", "Country": country},
            **{"Latitude": f"{north + 0.2 * (n // 12):.2f}", "Longitude": f"{east + 0.3 * (n // 12):.2f}"},
        }


def _contracts(now: datetime) -> Iterator[dict[str, str]]:
    """Two a customer: one that ends within months, one within a year; every third renews itself."""
    for n in range(14):
        ends = now.date() + timedelta(days=11 + 25 * n)
        yield {
            **{"Contract Number": f"C-{201 + n}", "Account ID": f"A{n % 7 + 1:05}", "Status": "Active", "Start Date": "2025-01-01"},
            **{
                "End Date": str(ends),
                "Auto Renew": "no" if n % 3 else "yes",
                "Notice Days": "30",
                "Currency": "USD" if n % 7 == 6 else "EUR",
            },
        }


def _lines(paid: list[dict[str, str]]) -> Iterator[dict[str, str]]:
    for n, unit in enumerate(paid):
        contract = 201 + int(unit["Account ID"][1:]) - 1 + 7 * (n % 2)
        yield {
            **{
                "Contract Number": f"C-{contract}",
                "Line": str(n + 1),
                "Serial Number": unit["Serial Number"],
                "Manufacturer": "",
                "Model": "",
            },
            **{"Account ID": "", "Scope": "", "Quantity": "", "Service Level": _SERVICES[n % 3], "Price Per Year": str(180 + 35 * (n % 3))},
        }


def _pool() -> dict[str, str]:
    """Nine seats, and more relays than that."""
    return {
        **{"Contract Number": "C-201", "Line": "900", "Serial Number": "", "Manufacturer": "Halden", "Model": "HD-4000 Vault"},
        **{"Account ID": "A00001", "Scope": "Account", "Quantity": "3", "Service Level": _SERVICES[1], "Price Per Year": "210"},
    }


def _heard(units: list[dict[str, str]], dice: Random, now: datetime) -> Iterator[dict[str, str]]:
    for n, unit in enumerate(units):
        if n % 29 == 28 or unit["Status"] == "In Stock":
            continue
        fading = unit["Account ID"] == FADING and n % 3 == 0
        silent = (
            timedelta(days=SILENT_SINCE) if fading else timedelta(days=dice.randint(1, 40)) if n % 17 == 16 else timedelta(seconds=n % 55)
        )
        yield {
            **{"serial": unit["Serial Number"], "first_seen": f"{unit['Install Date']}T09:00:00Z"},
            **{"last_seen": f"{now - silent:%Y-%m-%dT%H:%M:%SZ}", "firmware": dice.choice(["1.4.2", "1.4.2", "1.4.2", "1.4.1", "1.3.9"])},
        }


def _table(rows: list[dict[str, str]] | Iterator[dict[str, str]]) -> str:
    told = list(rows)
    return "\n".join([",".join(told[0]), *(",".join(row.values()) for row in told)]) + "\n"
