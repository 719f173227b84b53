"""Commands that run: everything at once, its parts, and a demonstration."""

import threading
from collections.abc import Callable

import click

from musterroll.commands.context import Context, clock, start_logging
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import sessions as access_sessions


def prepare(context: Context) -> tuple[Settings, Database]:
    """Logging, the database, and the first user, whose password is printed this once."""
    start_logging(context.settings)
    database = context.database()
    with database.writing() as session:
        given = context.settings.admin_password
        password = access_sessions.ensure_admin(session, given.get_secret_value() if given else None, clock())
    if password and not given:
        click.echo(f"The first user is admin, with the password {password} (shown once; change it on your account page).")
    return context.settings, database


@click.command()
@click.pass_obj
def serve(context: Context) -> None:
    """Everything in one process: pages, REST, ingest, schedule, and a broker unless MUSTERROLL_MQTT_URL names one."""
    from musterroll.runtime import processes

    asked = processes.stop_signal()
    settings, database = prepare(context)
    processes.serve(settings, database, lambda url: click.echo(f"Musterroll is ready at {url}"), asked)
    database.close()


@click.command()
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Threads in each.")
@click.pass_obj
def web(context: Context, workers: int, threads: int) -> None:
    """Pages and REST only, by gunicorn."""
    from musterroll.runtime import gunicorn

    settings, database = prepare(context)
    database.close()  # each worker opens its own
    gunicorn.run_web(settings, workers, threads)


@click.command()
@click.pass_obj
def ingest(context: Context) -> None:
    """The MQTT door only, on the broker that MUSTERROLL_MQTT_URL names."""
    from musterroll.runtime import processes

    _run(context, processes.run_ingest)


@click.command()
@click.pass_obj
def schedule(context: Context) -> None:
    """The recurring work only; of several, one leads."""
    from musterroll.runtime import processes

    _run(context, processes.run_schedule)


def _run(context: Context, part: Callable[[Settings, Database, threading.Event], None]) -> None:
    from musterroll.runtime import processes

    asked = processes.stop_signal()
    start_logging(context.settings)
    database = context.database()
    part(context.settings, database, asked)
    database.close()


@click.command()
@click.option("--units", default=40, show_default=True, type=click.IntRange(1, 2000), help="Simulated units.")
@click.option("--interval", default=10, show_default=True, type=click.IntRange(5, 3600), help="Seconds between their heartbeats.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same fleet.")
@click.pass_obj
def demo(context: Context, units: int, interval: int, seed: int) -> None:
    """`serve`, a small simulated fleet, and a first real agent on this machine."""
    from musterroll.runtime import demo as runtime_demo
    from musterroll.runtime import processes

    asked = processes.stop_signal()
    settings, database = prepare(context)
    runtime_demo.run(settings, database, asked, units=units, interval=interval, seed=seed, say=click.echo)
    database.close()
