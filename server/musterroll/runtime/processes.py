"""The processes of a registry: everything in one (`serve`), or web, ingest and schedule separately. Only settings differ."""

import gc
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Protocol

from flask import Flask

from musterroll.api import health
from musterroll.broker import EmbeddedBroker
from musterroll.domain.values.errors import DomainError
from musterroll.ingest import Ingest
from musterroll.listening import ANY, authority, link_local, local_host
from musterroll.metrics import Metrics
from musterroll.runtime.app import Checks, create_app
from musterroll.runtime.http_server import http_server
from musterroll.runtime.jobs import jobs
from musterroll.runtime.scheduler import Schedule
from musterroll.runtime.watchdog import watch
from musterroll.runtime.worker import Worker
from musterroll.settings import Settings, address
from musterroll.storage.engine.database import Database
from musterroll.web.http import process_checks

_HTTP_THREADS, _HEALTH_THREADS = 8, 2


class Component(Protocol):
    """A component that runs until it is stopped."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


def stop_signal() -> threading.Event:
    """An event that SIGTERM or SIGINT sets."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def serve(settings: Settings, database: Database, ready: Callable[[str], None], stop: threading.Event) -> None:
    """Run everything in one process until `stop` is set. Calls `ready` with the URL once `/readyz` succeeds."""
    metrics = Metrics()
    with ExitStack() as running:
        checks: Checks = {}
        mqtt_url, public_mqtt = _broker_urls(settings, database, running, checks)
        mqtt5 = not settings.embedded_broker  # the embedded broker never answers an MQTT 5 CONNECT
        ingest = Ingest(database, mqtt_url, metrics, ca=settings.mqtt_ca, share=settings.mqtt_share, mqtt5=mqtt5)
        running.enter_context(_run(ingest))
        schedule = Schedule(database, jobs(settings, database))
        running.enter_context(_run(schedule))
        checks.update(ingest=ingest.healthy, schedule=schedule.healthy)

        def progressing() -> bool:
            return ingest.progressing() and schedule.progressing()

        app = create_app(settings, database, metrics, checks, public_mqtt, progressing)
        url = running.enter_context(
            http_server(app, settings.http_listen, "MUSTERROLL_HTTP_LISTEN", threads=_HTTP_THREADS, behind_proxy=settings.proxies > 0)
        )
        _announce_when_ready(app, settings.public_url or url, ready, stop)
        gc.freeze()  # long-lived objects: collecting them would delay requests by a fifth of a second
        watch(stop, progressing, schedule.watch)


def run_ingest(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Run only the MQTT ingest, on an external broker."""
    metrics = Metrics()
    ingest = Ingest(database, external_broker(settings), metrics, ca=settings.mqtt_ca, share=settings.mqtt_share)
    checks = {**process_checks.checks(database), "ingest": ingest.healthy}
    app = health.process_app(database, metrics, checks, ingest.progressing)
    with _if_set(app, settings.metrics_listen, "MUSTERROLL_METRICS_LISTEN"), _run(ingest):
        watch(stop, ingest.progressing)


def run_schedule(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Run only the scheduled jobs. A second instance waits until the first is gone."""
    schedule = Schedule(database, jobs(settings, database))
    checks = {**process_checks.checks(database), "schedule": schedule.healthy}
    app = health.process_app(database, Metrics(), checks, schedule.progressing)
    with _if_set(app, settings.schedule_listen, "MUSTERROLL_SCHEDULE_LISTEN"), _run(schedule):
        gc.freeze()
        watch(stop, schedule.progressing, schedule.watch)


def run_worker(settings: Settings, database: Database, stop: threading.Event) -> None:
    """Run only a worker, which computes parts of the reconciliations that `run_schedule` leads."""
    worker = Worker(database)
    app = health.process_app(database, Metrics(), {"worker": worker.progressing}, worker.progressing)
    with _if_set(app, settings.schedule_listen, "MUSTERROLL_SCHEDULE_LISTEN"), _run(worker):
        gc.freeze()
        watch(stop, worker.progressing)


def external_broker(settings: Settings) -> str:
    if settings.mqtt_url is None:
        raise DomainError("MUSTERROLL_MQTT_URL is not set; give the broker address, such as mqtt://registry:password@host:1883")
    return settings.mqtt_url.get_secret_value()


def _broker_urls(settings: Settings, database: Database, running: ExitStack, checks: Checks) -> tuple[str, str]:
    """The broker URL for the registry and the one for devices. Starts the embedded broker if no other is configured."""
    if not settings.embedded_broker:
        url = external_broker(settings)
        return url, without_credentials(url)
    host, port = address(settings.mqtt_listen, "MUSTERROLL_MQTT_LISTEN")
    secret = secrets.token_urlsafe(32)
    broker = EmbeddedBroker(database, (host, port), secret)
    running.enter_context(_run(broker))
    checks["broker"] = broker.healthy
    # If the broker listens on every interface, or on one link, devices use the host they reached the registry at.
    public = f"mqtt://:{broker.port}" if host in ANY or link_local(host) else broker.url
    return f"mqtt://registry:{secret}@{authority(local_host(host), broker.port)}", public


def without_credentials(url: str) -> str:
    """A broker URL without user and password, as devices may see it.

    >>> without_credentials("mqtts://registry:secret@broker:8883")
    'mqtts://broker:8883'
    """
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"


@contextmanager
def _run(component: Component) -> Iterator[None]:
    component.start()
    try:
        yield
    finally:
        component.stop()


def _if_set(app: Flask, listen: str | None, variable: str) -> AbstractContextManager[object]:
    """Serve the health and metrics of a process without pages, if an address is set for them."""
    return nullcontext() if listen is None else http_server(app, listen, variable, threads=_HEALTH_THREADS)


def _announce_when_ready(app: Flask, url: str, ready: Callable[[str], None], stop: threading.Event) -> None:
    client = app.test_client()
    while not stop.is_set():
        if client.get("/readyz").status_code == 200:
            ready(url)
            return
        stop.wait(0.1)
