"""Assembles the Flask application from the REST API and the pages. Nothing happens at import."""

import os
import secrets
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from musterroll import api, web
from musterroll.domain.operations.health import DISK_RESERVE
from musterroll.metrics import Metrics
from musterroll.runtime import small_responses
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database

Checks = dict[str, Callable[[], bool]]


def create_app(
    settings: Settings,
    database: Database,
    metrics: Metrics,
    checks: Checks | None = None,
    mqtt_url: str | None = None,
    progressing: Callable[[], bool] = lambda: True,
) -> Flask:
    """The registry as a WSGI application.

    `checks` are the health checks, besides the database, of `/healthz` and the pages; `progressing` says whether this process gets on
    with its work. `mqtt_url` is the broker address given to devices.
    """
    app = api.new_app("musterroll.web")
    app.config.update(
        SECRET_KEY=secret_key(settings),
        MQTT_URL=settings.mqtt_public_url or mqtt_url,
        MAX_CONTENT_LENGTH=512 * 1024 * 1024,
    )
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    small_responses.install(app)
    checks = checks or {}
    web.build(app, database, settings, checks)
    api.build(
        app, database, settings, metrics, {**checks, "disk": partial(room_left, settings.data_dir)}, web.authenticate_session, progressing
    )
    return app


def room_left(data_dir: Path) -> bool:
    """Whether anything can still be saved in the data directory."""
    return shutil.disk_usage(data_dir if data_dir.exists() else ".").free >= DISK_RESERVE


def secret_key(settings: Settings) -> str:
    """The key that signs forms, the same in every worker: from the settings, else generated once and stored."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value()
    settings.make_data_dir()
    return stored_secret(settings.data_dir / "secret_key")


def stored_secret(path: Path) -> str:
    """A random secret, generated once and stored in a file readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secret := secrets.token_urlsafe(32))
    return secret
