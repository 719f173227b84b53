"""A whole run in parts, for several processes: the one that leads it announces the parts, all compute them, and it stores the differences.

All parts are read in one snapshot, that of the leading process, so together they are what one process computes alone, row by row.
"""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import Session

from musterroll import __version__
from musterroll.domain.reconciliation.parts import divide
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.columns import Columns
from musterroll.storage.reconciliation import cell_counters, part_records, parts
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation.parts import Work
from musterroll.usecases.operations import workers
from musterroll.usecases.reconciliation.run import Computed, compare, day_and_instant, find

_LEAST = 200_000  # units: a smaller fleet is computed sooner than its parts are divided and gathered


def processes(session: Session, on: date | datetime, now: datetime) -> int:
    """How many processes can share a whole run as of now; one where it is not worth it, or another shared run is under way.

    No other begins as long as the session lasts.
    """
    present = day_and_instant(on, now)[1] >= now
    if not present or not postgres(session) or sum(cell_counters.counts(session).values()) < _LEAST:
        return 1
    helping = workers.helping(session, now)
    return 1 + helping if helping and parts.first_to_share(session) else 1


def begin(session: Session, on: date | datetime, now: datetime, sharing: int) -> tuple[Computed, list[Work]]:
    """A whole run that is not computed yet, in a session whose data does not change, and a part for each of so many processes.

    No more parts than processes: to find its records, each has whole tables read.
    """
    day, instant = day_and_instant(on, now)
    marks, stamp = frozenset(reconcile_queue.marks(session)), cell_counters.stamp(session)
    columns = Columns(session, after=stamp)
    several, none = parts.serials(columns)
    shares = divide(parts.fleet(columns), sharing)
    works = [Work(day, to_ms(instant), part, several, none if part is shares[-1] else []) for part in shares]
    return Computed(columns, day, instant, marks, stamp), works


def announce(session: Session, snapshot: str, works: Sequence[Work]) -> str:
    """Offer the parts to every worker. Returns the name of the run."""
    return parts.announce(session, snapshot, __version__, works)


def compute(session: Session, work: Work, folder: Path) -> dict[str, bytes]:
    """Compute one part in a session that sees the data of the run. `folder` is an empty one, to write in."""
    columns = run_statements.of_part(session, work, work.at)
    find(columns, work.on, whole=True, condition=part_records.near(work.shares))
    part_records.drop_lines_of_others(columns)
    return parts.results(columns, folder)


def gather(session: Session, run: str, computed: Computed) -> Computed:
    """What all parts together say, compared with what is stored and read already; to be stored by `run.keep`."""
    with TemporaryDirectory() as folder:
        parts.gather(session, run, computed.columns, Path(folder))
    compare(computed.columns)
    return computed
