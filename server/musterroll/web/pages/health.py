"""Health: every component of the registry on one page, and what to do about a problem."""

import platform
import shutil
import time

from flask import Blueprint

from musterroll import __version__
from musterroll.domain.access import Role, needs
from musterroll.domain.operations.health import Status, parts, problems, size
from musterroll.storage.liveness import states as liveness_states
from musterroll.usecases.imports import sources
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.operations import health
from musterroll.usecases.operations.health import HostFacts
from musterroll.web.charts.timeline import spark
from musterroll.web.http.context import clock, context, page, read_only

pages = Blueprint("health", __name__)

DRAWN = {
    "messages": "messages per minute",
    "silent": "stale units",
    "size": "database size",
    "outbox": "queued messages",
    "quarantined": "rejected per minute",
}
STATUS_STYLES = {
    Status.OK: ("operating", "circle-check"),
    Status.DEGRADED: ("late", "clock-exclamation"),
    Status.DOWN: ("stale", "alert-triangle"),
}
LINKS = {"Outbox": "/notifications#outbox", "Quarantine": "/quarantine", "Sources": "/sources", "Scheduled jobs": "/reconciliation"}


@pages.get("/health")
@needs(Role.ADMIN)
def overview() -> str:
    now, settings = clock(), context().settings
    with read_only() as session:
        began = time.perf_counter()
        liveness_states.hearing(session)
        answered_in = (time.perf_counter() - began) * 1000
        disk = shutil.disk_usage(settings.data_dir if settings.data_dir.exists() else ".")
        unset = [variable for variables in notification_rules.unset_settings(session, settings).values() for variable in variables]
        around = HostFacts(answered_in, disk.free, disk.total, settings.embedded_broker, unset)
        report = health.examine(session, around, now)
    components = parts(report.facts)
    sparks = {name: spark(values, 0) for name, values in report.series.items() if name in DRAWN}
    versions = {
        "Musterroll": __version__,
        "Python": platform.python_version(),
        report.database.engine.split()[0]: report.database.engine.split()[1],
    }
    of_sources = {"source_state": sources.state, "source_status": sources.status}
    shown = {**of_sources, "drawn": DRAWN, "looks": STATUS_STYLES, "links": LINKS, "amount": {"size": lambda value: size(int(value))}}
    return page(
        "health.html", now, parts=components, problems=problems(components), sparks=sparks, versions=versions, report=report, **shown
    )
