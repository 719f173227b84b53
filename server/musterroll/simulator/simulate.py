"""`musterroll simulate`."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import click

from musterroll.settings import Settings
from musterroll.simulator.counts import Summary
from musterroll.simulator.run import Callbacks, Options, run
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import enrol

_TOKEN_LIFE = timedelta(hours=1)
_SIMULATED_HOUR = 3600.0


class CliContext(Protocol):
    """What the command line passes to the command."""

    @property
    def settings(self) -> Settings: ...
    def database(self) -> Database: ...


@click.command()
@click.option("--units", default=100, show_default=True, type=click.IntRange(1, 100_000), help="Number of units.")
@click.option("--interval", default=60, show_default=True, type=click.IntRange(1, 86400), help="Seconds between heartbeats of a unit.")
@click.option("--stale-share", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share of units that go silent.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same fleet.")
@click.option("--registry", help="Address of the registry; default: from the settings.")
@click.option("--token", help="Claim token; default: one created in the configured database.")
@click.option("--record-every", default=_SIMULATED_HOUR, show_default=True, type=click.FloatRange(1), help="Seconds covered by a record.")
@click.option("--duration", type=click.FloatRange(0, min_open=True), help="Stop after this many seconds; default: on Ctrl-C.")
@click.option("--processes", type=click.IntRange(1, 64), help="Number of processes; default: one per 2,000 units.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File of enrolled units; default: in the data directory.")
@click.option("--json", "as_json", is_flag=True, help="Print only a summary, as JSON.")
@click.pass_obj
def simulate(context: CliContext, /, registry: str | None, token: str | None, state: Path | None, as_json: bool, **values: Any) -> None:
    """Simulate a fleet, with real enrolment and a real broker.

    Units enrolled in an earlier run are reused. Units that go silent do so 2 to 8 intervals after the start: half of them lose power
    (the broker publishes their last will), the others hang. One in five comes back 6 to 12 intervals later.
    """
    options = Options(
        registry=(registry or _registry_address(context.settings)).rstrip("/"),
        token=_token_maker(context, token),
        state=state or context.settings.data_dir / "simulator.json",
        **values,
    )
    with ExitStack() as display:
        callbacks = Callbacks() if as_json else _display_callbacks(display)
        summary = run(options, _stop_signal(), callbacks)
    if as_json:
        click.echo(json.dumps(summary._asdict(), indent=2))
    else:
        click.echo(_result(summary))


def _registry_address(settings: Settings) -> str:
    return settings.public_url or f"http://{settings.http_listen}"


def _token_maker(context: CliContext, token: str | None) -> Callable[[int], str]:
    def make(uses: int) -> str:
        if token:
            return token
        now = datetime.now(UTC)  # noqa: TID251
        terms: dict[str, Any] = {"label": "simulate", "life": _TOKEN_LIFE, "uses": uses, "serials": [], "account": None, "site": None}
        with context.database().transaction() as session:
            return enrol.create_token(session, **terms, actor="simulate", now=now)[1]

    return make


def _stop_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _display_callbacks(display: ExitStack) -> Callbacks:
    """A progress bar while enrolling, then a status line: updated in place on a terminal, else printed every ten seconds."""
    bars: list[Any] = []
    terminal = sys.stdout.isatty()

    def enrolled(done: int, of: int) -> None:
        if not bars:
            bar: Any = click.progressbar(length=of, label="Enrolling", show_pos=True)
            bars.append(display.enter_context(bar))
        bars[0].update(1)
        if done == of:
            display.close()

    def running(summary: Summary) -> None:
        if terminal:
            click.echo(f"\r\x1b[K{_line(summary)}", nl=False)
        elif round(summary.seconds) % 10 == 0:
            click.echo(_line(summary))

    return Callbacks(enrolled, running)


def _line(now: Summary) -> str:
    silent = f" · {now.silent} silent" if now.silent or now.revived else ""
    denied = f" · {now.denied} credentials rejected by the broker" if now.denied else ""
    return (
        f"{now.connected:,} of {now.units:,} connected{silent} · {now.beats:,} heartbeats · "
        f"{now.receipted:,} of {now.records:,} messages with receipt · delay p99 {now.late_p99} ms{denied}"
    )


def _result(summary: Summary) -> str:
    hint = "; if the registry has a new database, delete the file of enrolled units (--state)" if summary.denied else ""
    return f"\nAfter {summary.seconds:.0f} s: {_line(summary)} · {summary.reconnects:,} reconnects{hint}"
