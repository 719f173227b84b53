"""`musterroll simulate`: a fleet, or devices with the faults of the field (`--play`)."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.played_devices import PLAYED, judge, print_plays
from musterroll.commands.tables import print_json, print_table
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.simulator import perform
from musterroll.simulator.counts import Summary
from musterroll.simulator.place import register_place
from musterroll.simulator.plays import PLAYS, Play
from musterroll.simulator.run import Callbacks, Options, run
from musterroll.usecases.enrolment import enrol

_TOKEN_LIFE = timedelta(hours=1)
_SIMULATED_HOUR = 3600.0


_INTERVAL, _PLAYED_INTERVAL, _PLAYED_SECONDS = 60, 5, 180.0
_MOST_PLAYING = 100  # devices of one kind


@click.command()
@click.option("--units", default=100, show_default=True, type=click.IntRange(1, 100_000), help="Number of units.")
@click.option("--interval", type=click.IntRange(1, 86400), help="Seconds between heartbeats of a unit; default: 60, of plays 5.")
@click.option("--stale-share", default=0.0, show_default=True, type=click.FloatRange(0, 1), help="Share of units that go silent.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same fleet.")
@click.option("--registry", help="Address of the registry; default: from the settings.")
@click.option("--token", help="Claim token; default: one created in the configured database.")
@click.option("--record-every", default=_SIMULATED_HOUR, show_default=True, type=click.FloatRange(1), help="Seconds covered by a record.")
@click.option(
    "--duration", type=click.FloatRange(0, min_open=True), help="Stop after so many seconds; default: on Ctrl-C, plays after 180."
)
@click.option("--processes", type=click.IntRange(1, 64), help="Number of processes; default: one per 2,000 units.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File of enrolled units; default: in the data directory.")
@click.option("--play", "plays", multiple=True, metavar="KIND[=N]", help="Instead of a fleet, N devices of a kind; all: one of each.")
@click.option("--plays", "list_plays", is_flag=True, help="List what can be played.")
@click.option("--json", "as_json", is_flag=True, help="Print only a summary, as JSON.")
@click.pass_obj
def simulate(
    context: Context,
    /,
    registry: str | None,
    token: str | None,
    state: Path | None,
    plays: tuple[str, ...],
    list_plays: bool,
    as_json: bool,
    **values: Any,
) -> None:
    """Simulate a fleet, with real enrolment and a real broker.

    Units enrolled in an earlier run are reused. Units that go silent do so 2 to 8 intervals after the start: half of them lose power
    (the broker publishes their last will), the others hang. One in five comes back 6 to 12 intervals later.

    With --play, devices with the faults of the field, and at the end what the registry says of each.
    """
    if list_plays:
        return print_plays(as_json)
    address = (registry or _registry_address(context.settings)).rstrip("/")
    file = state or context.settings.data_dir / "simulator.json"
    if plays:
        return _play(context, [_parse_play(text) for text in plays], address, token, file, as_json, values)
    values["interval"] = values["interval"] or _INTERVAL
    _simulate_fleet(Options(registry=address, token=_token_maker(context, token), state=file, **values), as_json)
    return None


def _simulate_fleet(options: Options, as_json: bool) -> None:
    with ExitStack() as display:
        callbacks = Callbacks() if as_json else _display_callbacks(display)
        summary = run(options, _stop_signal(), callbacks)
    if as_json:
        click.echo(json.dumps(summary._asdict(), indent=2))
    else:
        click.echo(_result(summary))


def _parse_play(text: str) -> list[tuple[Play, int]]:
    """Raises DomainError."""
    name, _, number = text.partition("=")
    if text == "all":
        return [(play, play.devices) for play in PLAYS.values()]
    if name not in PLAYS:
        raise DomainError(f"no device plays {name[:40]!r}; one of: all, {', '.join(PLAYS)}")
    if number and not (number.isascii() and number.isdigit() and 1 <= int(number[:9]) <= _MOST_PLAYING):
        raise DomainError(f"--play {text[:60]}: the number of devices must be from 1 to {_MOST_PLAYING}")
    return [(PLAYS[name], int(number or PLAYS[name].devices))]


def _play(
    context: Context,
    plays: list[list[tuple[Play, int]]],
    registry: str,
    token: str | None,
    state: Path,
    as_json: bool,
    values: dict[str, Any],
) -> None:
    chosen = list({play.name: (play, number) for listed in plays for play, number in listed}.values())
    interval, duration = values["interval"] or _PLAYED_INTERVAL, values["duration"] or _PLAYED_SECONDS
    options = perform.Options(chosen, interval, registry, _site_token_maker(context, token), state, values["seed"], duration)
    database = context.database() if token is None or _has_database(context.settings) else None
    began = clock()
    with ExitStack() as display:
        judged = perform.perform(
            options,
            _stop_signal(),
            _progress(display, duration, as_json),
            lambda performers: judge(database, performers, registry, began, clock()),
        )
    if as_json:
        print_json([row._asdict() for row in judged])
    else:
        print_table(judged, PLAYED)


def _progress(display: ExitStack, duration: float, as_json: bool) -> Callable[[float], None]:
    """A bar over the seconds of the plays."""
    if as_json:
        return lambda _seconds: None
    bar: Any = display.enter_context(click.progressbar(length=round(duration), label="Playing"))
    return lambda seconds: bar.update(int(seconds) - bar.pos)


def _has_database(settings: Settings) -> bool:
    """Whether this is the registry's own machine; for another's token, no database is made here."""
    return settings.database_url is not None or (settings.data_dir / "musterroll.db").exists()


def _registry_address(settings: Settings) -> str:
    return settings.public_url or f"http://{settings.http_listen}"


def _token_maker(context: Context, token: str | None) -> Callable[[int], str]:
    return lambda uses: token or _create_token(context, uses, None)


def _site_token_maker(context: Context, token: str | None) -> Callable[[str], str]:
    return lambda site: token or _create_token(context, 1, site or None)


def _create_token(context: Context, uses: int, site: str | None) -> str:
    terms: dict[str, Any] = {"label": "simulate", "life": _TOKEN_LIFE, "uses": uses, "serials": []}
    account, now = "Simulated account" if site else None, clock()
    with context.database().transaction() as session:
        if account and site:
            register_place(session, account, site, "simulate", now)
        return enrol.create_token(session, **terms, account=account, site=site, actor="simulate", now=now)[1]


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
