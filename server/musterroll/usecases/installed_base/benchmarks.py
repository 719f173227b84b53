"""Benchmarks of the industry by hand; lists of them are imported as documents of the kind `benchmarks`."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.installed_base import benchmarks as rules
from musterroll.domain.installed_base.benchmarks import BenchmarkFigure
from musterroll.domain.values.errors import NotFound
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.targets import Benchmark
from musterroll.usecases.audit import record as audit_record


def set_benchmark(session: Session, figure: BenchmarkFigure, actor: str, now: datetime) -> AuditChange | None:
    """Note a benchmark; one of the same measure, industry, year and source is replaced. Returns the change, or None if nothing changes.

    Raises DomainError for a value that no figure can have, and without a source.
    """
    figure = figure._replace(industry=figure.industry.strip()[:80], source=figure.source.strip()[:200])
    rules.check(figure)
    key = (figure.measure, figure.industry, figure.year, figure.source)
    known = next((row for row in stored.benchmarks(session) if (row.measure, row.industry, row.year, row.source) == key), None)
    if known is not None and known.value == figure.value:
        return None
    change = audit_record.begin(session, actor=actor, kind="benchmark", subject=f"benchmark {figure.measure} {figure.year}", now=now)
    if known is None:
        known = Benchmark(**figure._asdict())
        session.add(known)
        session.flush()
        audit_record.added(session, change, "benchmark", [known.id or 0])
        return change
    with audit_record.watching(session, change, "benchmark", [known.id or 0]):
        known.value = figure.value
    return change


def remove(session: Session, row_id: int, actor: str, now: datetime) -> AuditChange:
    """Raises NotFound."""
    row = stored.benchmark(session, row_id)
    if row is None:
        raise NotFound(f"there is no benchmark {row_id}")
    change = audit_record.begin(session, actor=actor, kind="benchmark", subject=f"benchmark {row.measure} {row.year} removed", now=now)
    with audit_record.watching(session, change, "benchmark", [row_id]):
        session.delete(row)
    return change
