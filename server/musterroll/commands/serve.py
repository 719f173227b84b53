"""`musterroll serve`, its parts `web`, `ingest` and `schedule`, and `demo`."""

import threading
from collections.abc import Callable

import click

from musterroll.commands.context import Context, clock, start_logging
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import sessions as access_sessions


def prepare(context: Context) -> tuple[Settings, Database]:
    """Set up logging, the database and the first user, whose password is printed only once."""
    start_logging(context.settings)
    database = context.database()
    with database.transaction() as session:
        configured = context.settings.admin_password
        password = access_sessions.ensure_admin(session, configured.get_secret_value() if configured else None, clock())
    if password and not configured:
        click.echo(f"Created the user admin with the password {password} (shown only once; change it on the account page).")
    return context.settings, database


@click.command()
@click.pass_obj
def serve(context: Context) -> None:
    """Run everything in one process: pages, REST API, ingest, scheduler, and a broker unless MUSTERROLL_MQTT_URL is set."""
    from musterroll.runtime import processes

    stop = processes.stop_signal()
    settings, database = prepare(context)
    processes.serve(settings, database, lambda url: click.echo(f"Musterroll is ready at {url}"), stop)
    database.close()


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Threads per worker.")
@click.pass_obj
def web(context: Context, workers: int, threads: int) -> None:
    """Run only the pages and the REST API, with gunicorn."""
    from musterroll.runtime import gunicorn

    settings, database = prepare(context)
    database.close()  # each worker opens its own
    gunicorn.run_web(settings, workers, threads)


@click.command()
@click.pass_obj
def ingest(context: Context) -> None:
    """Run only the MQTT ingest, on the broker at MUSTERROLL_MQTT_URL."""
    from musterroll.runtime import processes

    _run(context, processes.run_ingest)


@click.command()
@click.option("--worker", is_flag=True, help="Only help with reconciliations of the whole fleet. Any number may run, on any host.")
@click.pass_obj
def schedule(context: Context, worker: bool) -> None:
    """Run only the scheduled jobs. Of several instances, one is active."""
    from musterroll.runtime import processes

    _run(context, processes.run_worker if worker else processes.run_schedule)


def _run(context: Context, run: Callable[[Settings, Database, threading.Event], None]) -> None:
    from musterroll.runtime import processes

    stop = processes.stop_signal()
    start_logging(context.settings)
    database = context.database()
    run(context.settings, database, stop)
    database.close()


@click.command()
@click.option("--units", default=40, show_default=True, type=click.IntRange(1, 2000), help="Number of simulated units.")
@click.option("--interval", default=10, show_default=True, type=click.IntRange(5, 3600), help="Seconds between heartbeats.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same fleet.")
@click.pass_obj
def demo(context: Context, units: int, interval: int, seed: int) -> None:
    """Run `serve` with a small simulated fleet and a real agent for this machine."""
    from musterroll.runtime import demo as runtime_demo
    from musterroll.runtime import processes

    stop = processes.stop_signal()
    settings, database = prepare(context)
    runtime_demo.run(settings, database, stop, units=units, interval=interval, seed=seed, echo=click.echo)
    database.close()
