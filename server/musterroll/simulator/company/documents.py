"""The company's files, as its systems would export them."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from musterroll.simulator.company import base, customers, paper
from musterroll.simulator.company.customers import Row


class File(NamedTuple):
    kind: str
    name: str
    content: str
    at: datetime  # when it was exported


def files(now: datetime, seed: int, units: int, reporting: int) -> Iterator[File]:
    """All files in the order of their import. The first `reporting` units report themselves and are on no platform's list."""
    today, owned = now.date(), base.owned_units(seed, units, now.date())
    tables = {
        **{"accounts": customers.accounts(), "sites": customers.sites(), "contacts": customers.contacts()},
        **{"products": base.products(), "units": base.records(owned)},
        **{"contracts": paper.contracts(today), "contract-lines": paper.lines(owned, today), "limits": paper.limits(today)},
        **{"billing": paper.billing(today), "invoices": paper.invoices(today)},
    }
    for kind, rows in tables.items():
        yield File(kind, f"{kind}.csv", table(rows), now)
    for at in base.list_instants(now):
        yield File("telemetry", f"platform-{at:%Y-%m-%d}.csv", table(base.report_list(owned[reporting:], at)), at)
    yield File("incidents", "tickets.csv", table(base.tickets(owned, today)), now)
    for kind, rows in {"rates": paper.rates(today), "deliveries": paper.deliveries(today), "benchmarks": paper.benchmarks(today)}.items():
        yield File(kind, f"{kind}.csv", table(rows), now)


def table(rows: Iterable[Row]) -> str:
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
