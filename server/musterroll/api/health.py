"""Liveness, readiness and metrics of the registry itself."""

import json
import logging
from collections.abc import Callable

from flask import Blueprint, Response

from musterroll.api.http.context import ApiContext, clock, context, latest_base
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.metrics import Gauge
from musterroll.storage.engine import migrate
from musterroll.storage.liveness import process_heartbeats
from musterroll.usecases.fleet.pages import InstalledBase

log = logging.getLogger(__name__)
views = Blueprint("health", __name__)


@views.get("/healthz")
def healthz() -> Response:
    """The process responds."""
    return _json({"status": "ok"}, 200)


@views.get("/readyz")
def readyz() -> Response:
    """Everything this process needs works: the database has this version's schema, and all checks of the composition root pass."""
    states = {name: _state(name, check) for name, check in {"database": _database, **context().checks}.items()}
    ready = all(state == "ok" for state in states.values())
    return _json({"status": "ok" if ready else "not ready", "checks": states}, 200 if ready else 503)


@views.get("/metrics")
def metrics() -> Response:
    return Response(
        context().metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def add_gauges(app: ApiContext) -> None:
    """Add gauges, read from the database at every scrape: units by state, and the last progress of every process."""

    def counted() -> list[Gauge]:
        now = clock()
        with app.database.read_only() as session:
            base, _ = latest_base()(session, now)
            ages = {name: (to_ms(now) - at) / 1000 for name, at in process_heartbeats.latest(session).items()}
        return [
            Gauge("units_by_lifecycle", "Units by lifecycle.", "lifecycle", base.lifecycle),
            Gauge("units_by_liveness", "Units by liveness.", "liveness", base.liveness),
            Gauge("units_by_role", "Installed base: units deployed, and those of them operating.", "role", _roles(base)),
            Gauge("pulse_age_seconds", "Seconds since the last progress of ingest and schedule.", "pulse", ages),
        ]

    app.metrics.gauge(counted)


def _roles(base: InstalledBase) -> dict[str, int]:
    return {"deployed": base.deployed, "operating": base.operating}


def _database() -> bool:
    migrate.require_current(context().database)
    return True


def _state(name: str, check: Callable[[], bool]) -> str:
    """`ok`, or what is wrong; details that must not be public go to the log."""
    try:
        return "ok" if check() else "not working"
    except DomainError as refusal:
        return str(refusal)
    except Exception as error:
        log.warning("readiness check %s: %s", name, error)
        return "cannot be reached" if name == "database" else "failed"


def _json(body: dict[str, object], status: int) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store"}, content_type="application/json; charset=utf-8")
