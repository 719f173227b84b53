"""The tables of the export, computed at one moment and written as Parquet."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from sqlmodel import Session, SQLModel

from musterroll.storage.analytics.figures import CELLS_BY_DAY, EXPOSURE, FINDING_AMOUNTS, FINDINGS
from musterroll.storage.analytics.places import ACCOUNTS, PRODUCTS, SITES
from musterroll.storage.analytics.table import Table
from musterroll.storage.analytics.units import COVERAGE, INCIDENTS, STATES, UNITS
from musterroll.storage.engine import account_scope
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.reconciliation import run, unit_states

# In the order they are made: later ones use what earlier ones have read.
TABLES: tuple[Table, ...] = (
    UNITS,
    STATES,
    COVERAGE,
    INCIDENTS,
    CELLS_BY_DAY,
    FINDINGS,
    FINDING_AMOUNTS,
    EXPOSURE,
    ACCOUNTS,
    SITES,
    PRODUCTS,
)


def write(session: Session, folder: Path, on: date, now: int, about: Mapping[str, str]) -> Iterator[tuple[Table, int]]:
    """Write each table to a folder of its own, as the session sees it at `now` (ms), the day `on`. Yields it and its number of rows."""
    columns = run.of_all(session, run.RunAt(on, now), now)
    run.keep_in_reach(session, columns, "run_cell")
    columns.define(live=unit_states.words(session, liveness_states.liveness(liveness_states.hearing(session), now)))
    columns.define(**{name: account_scope.as_seen(session, table) for name, table in SQLModel.metadata.tables.items()})
    for table in TABLES:
        for name, read in table.reads.items():
            columns.read(name, read.query, read.columns)
        select = table.select()
        given = {"on": on} if "$on" in select else {}
        yield table, columns.write_parquet(select, folder / table.name, table.partition, about, **given)
