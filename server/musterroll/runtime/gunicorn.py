"""The web process in production: gunicorn starts workers and replaces those that hang; each has its own database pool."""

import gc
import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker

from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app, secret_key
from musterroll.runtime.http_server import HttpServer
from musterroll.runtime.processes import without_credentials
from musterroll.settings import Settings, address
from musterroll.storage.engine.columns import limits
from musterroll.storage.engine.database import Database
from musterroll.web.http import process_checks


class HttpWorker(Worker):
    """Serves with waitress: in gunicorn's own workers a slow client holds a thread until its request is whole."""

    def run(self) -> None:
        behind_proxy = self.cfg.forwarded_allow_ips == ["*"]
        listeners: list[Any] = self.sockets  # of gunicorn's own class
        sockets = [listener.sock for listener in listeners]
        HttpServer(self.wsgi, self.cfg.threads, behind_proxy, sockets=sockets).run(self._going)

    def _going(self) -> bool:
        self.notify()
        return self.alive and self.ppid == os.getppid()


class _GunicornApp(BaseApplication):
    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self._settings = settings
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]  # the stub does not accept Flask as a WSGI application
        mqtt = self._settings.mqtt_url
        public = without_credentials(mqtt.get_secret_value()) if mqtt else None
        database = Database(self._settings.database, limits=limits(*self._settings.sums))
        return create_app(self._settings, database, Metrics(), process_checks.checks(database), mqtt_url=public)


def run_web(settings: Settings, workers: int, threads: int) -> None:
    """Serve until SIGTERM. gunicorn logs when it is listening."""
    secret_key(settings)  # generate it before two workers would
    host, port = address(settings.http_listen, "MUSTERROLL_HTTP_LISTEN")
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",  # gunicorn takes a zone as it is
        "workers": workers,
        "threads": threads,
        "worker_class": HttpWorker,
        "graceful_timeout": 10,
        "timeout": 60,
        "post_worker_init": lambda _: gc.freeze(),  # long-lived objects: collecting them would delay requests
        "control_socket_disable": True,  # its path is fixed per user: two registries would collide
        "proc_name": "musterroll-web",
        "forwarded_allow_ips": "*" if settings.proxies else "127.0.0.1",
    }
    _GunicornApp(settings, options).run()
