"""Imports the company's files into an empty registry, through the same imports that a customer's files go through."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

from musterroll import long_work
from musterroll.domain.installed_base.targets import FLEET, Aim, Measure, TargetPeriod
from musterroll.domain.values.dates import add_months
from musterroll.readers.document import Document
from musterroll.simulator.company import documents
from musterroll.simulator.company.documents import File
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict
from musterroll.usecases.installed_base import targets
from musterroll.usecases.matching import proposals
from musterroll.usecases.usage import measure

_ACTOR = "demo"
_ALL = 100_000  # units
_LISTED = 86_400  # seconds between two reports of a unit that is on a list only


def fill(database: Database, seed: int, units: int, reporting: int, now: datetime, rejected: Callable[[File, RowVerdict], None]) -> None:
    """Import every file, set targets and look for possible duplicates. `rejected` is called with each row that was not taken."""
    for file in documents.files(now, seed, units, reporting):
        _take(database, file, now, rejected)
    with database.transaction() as session:
        for figure, value in ((Measure.COVERAGE, 85), (Measure.OPERATING_SHARE, 92)):
            of = targets.TargetOf(figure, FLEET, TargetPeriod.QUARTER)
            targets.set_target(session, of, Aim(Decimal(value), Decimal(2)), _a_year_ago(now), _ACTOR, now)
        proposals.find_matches(session, now)


def _take(database: Database, file: File, now: datetime, rejected: Callable[[File, RowVerdict], None]) -> None:
    content = file.content.encode()

    def report(verdict: RowVerdict) -> None:
        if verdict.outcome is Outcome.REFUSED:
            rejected(file, verdict)

    source = Source(file.name, _ACTOR, file.at, _LISTED)
    document = Document(BytesIO(content), KINDS[file.kind])
    long_work.import_document(database, document, report, source, hashlib.sha256(content).hexdigest(), lambda: now)
    if file.kind == "telemetry":  # counters are read as of each list, so that there is use by day
        with database.transaction() as session:
            measure.measure(session, file.at, _ALL)


def _a_year_ago(now: datetime) -> date:
    return add_months(now.date().replace(day=1), -12)
