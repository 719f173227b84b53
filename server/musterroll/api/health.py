"""Liveness, readiness and metrics of the registry itself."""

import json
from collections import ChainMap
from collections.abc import Callable, MutableMapping
from functools import partial
from typing import NamedTuple, cast

from flask import Blueprint, Flask, Response, current_app

from musterroll.api.http.context import ApiContext, Checks, clock, latest_base
from musterroll.api.http.probes import OK, Probes
from musterroll.domain.values.instants import to_ms
from musterroll.metrics import Gauge, Metrics
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import outages, process_heartbeats
from musterroll.usecases.fleet.pages import InstalledBase

_KEY = "musterroll.health"
views = Blueprint("health", __name__)


class _Health(NamedTuple):
    probes: Probes
    progressing: Callable[[], bool]
    metrics: Metrics
    sees_fleet: Callable[[], bool]


def install(
    app: Flask,
    database: Database,
    metrics: Metrics,
    checks: Checks,
    progressing: Callable[[], bool],
    sees_fleet: Callable[[], bool] = lambda: True,
) -> None:
    """Register the health checks with an app. `checks`, besides the database, say whether the registry works; `progressing`: whether
    this process does, whatever it waits for; `sees_fleet`: whether metrics of the fleet are shown to who asks."""
    probes = Probes(ChainMap({"database": partial(_current, database)}, cast("MutableMapping[str, Callable[[], bool]]", checks)))
    app.extensions[_KEY] = _Health(probes, progressing, metrics, sees_fleet)
    app.register_blueprint(views)


def process_app(database: Database, metrics: Metrics, checks: Checks, progressing: Callable[[], bool]) -> Flask:
    """The health checks and metrics of a process without pages."""
    app = Flask("musterroll.health", static_folder=None)
    install(app, database, metrics, checks, progressing)
    return app


@views.get("/livez")
def livez() -> Response:
    """This process gets on with its work, whatever it waits for. Where it does not, it should be restarted."""
    alive = _health().progressing()
    return _json({"status": "ok" if alive else "hanging"}, 200 if alive else 503)


@views.get("/healthz")
def healthz() -> Response:
    """The registry works: the database has this version's schema, and every process makes progress."""
    return _works()


@views.get("/readyz")
def readyz() -> Response:
    """As `/healthz`, under the name that load balancers know."""
    return _works()


def _works() -> Response:
    states = _health().probes.states()
    ready = all(state == OK for state in states.values())
    return _json({"status": "ok" if ready else "not ready", "checks": states}, 200 if ready else 503)


def _health() -> _Health:
    health: _Health = current_app.extensions[_KEY]
    return health


@views.get("/metrics")
def metrics() -> Response:
    """Of this process; of the fleet too where the request may see all of it."""
    health = _health()
    text = health.metrics.text(health.sees_fleet())
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"})


def add_gauges(app: ApiContext) -> None:
    """Add gauges, read from the database at every scrape: the last progress of every process, and units by state."""

    def pulses() -> list[Gauge]:
        now = to_ms(clock())
        with app.database.read_only() as session:
            ages = {name: (now - at) / 1000 for name, at in process_heartbeats.latest(session).items()}
        return [Gauge("pulse_age_seconds", "Seconds since the last progress of ingest and schedule.", "pulse", ages)]

    def units() -> list[Gauge]:
        with app.database.read_only() as session:
            base, _ = latest_base()(session, clock())
            open_outages = len(outages.open_outages(session))
        return [
            Gauge("units_by_lifecycle", "Units by lifecycle.", "lifecycle", base.lifecycle),
            Gauge("units_by_liveness", "Units by liveness.", "liveness", base.liveness),
            Gauge("units_by_role", "Installed base: units deployed, and those of them operating.", "role", _roles(base)),
            Gauge("outages", "Outages of several units that are not over.", "state", {"open": open_outages}),
        ]

    app.metrics.gauge(pulses)
    app.metrics.gauge(units, of_fleet=True)


def _roles(base: InstalledBase) -> dict[str, int]:
    return {"deployed": base.deployed, "operating": base.operating}


def _current(database: Database) -> bool:
    migrate.require_current(database)
    return True


def _json(body: dict[str, object], status: int) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store"}, content_type="application/json; charset=utf-8")
