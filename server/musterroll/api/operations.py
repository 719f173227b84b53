"""For whoever runs the registry: is it alive, is it ready, what has it counted."""

import json
import logging
from collections.abc import Callable

from flask import Blueprint, Response

from musterroll.api.door import Door, clock, door, latest_base
from musterroll.domain.errors import Refusal
from musterroll.metrics import Gauges
from musterroll.storage import migrate

log = logging.getLogger(__name__)
views = Blueprint("operations", __name__)


@views.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return _json({"status": "ok"}, 200)


@views.get("/readyz")
def readyz() -> Response:
    """Everything this process needs works: the database at this version's revision, and what the composition root checks."""
    states = {name: _state(name, check) for name, check in {"database": _database, **door().checks}.items()}
    ready = all(state == "ok" for state in states.values())
    return _json({"status": "ok" if ready else "not ready", "checks": states}, 200 if ready else 503)


@views.get("/metrics")
def metrics() -> Response:
    return Response(door().metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8", headers={"Cache-Control": "no-store"})


def count_units(door: Door) -> None:
    """Let the counters behind `door` ask its database for units at every scrape."""

    def counted() -> Gauges:
        with door.database.reading() as session:
            base, _ = latest_base()(session, clock())
        return {"lifecycle": base.lifecycle, "liveness": base.liveness, "role": {"deployed": base.deployed, "operating": base.operating}}

    door.metrics.count_units(counted)


def _database() -> bool:
    migrate.require_current(door().database)
    return True


def _state(name: str, check: Callable[[], bool]) -> str:
    """`ok`, or why not; what a stranger may not read of it goes to the log."""
    try:
        return "ok" if check() else "not working"
    except Refusal as refusal:
        return str(refusal)
    except Exception as error:
        log.warning("readiness check %s: %s", name, error)
        return "cannot be reached" if name == "database" else "failed"


def _json(body: dict[str, object], status: int) -> Response:
    return Response(json.dumps(body), status, {"Cache-Control": "no-store"}, content_type="application/json; charset=utf-8")
