"""What every command is handed: settings, the database, and how a refusal is said."""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NoReturn

import click
import structlog

from musterroll.settings import Settings, load
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database


class Context:
    """Made once per run of the command line, and used lazily: `--help` reads no settings."""

    def __init__(self, **overrides: Any) -> None:
        self._overrides = overrides

    @cached_property
    def settings(self) -> Settings:
        return load(dict(os.environ), **self._overrides)

    def database(self, *, upgrade: bool = False) -> Database:
        """The database at this version's tables: an embedded SQLite is brought there, another must be there already."""
        found = Database(self.settings.database)
        if upgrade or self.settings.database_url is None:
            self.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            migrate.upgrade(found)
        else:
            migrate.require_current(found)
        return found


def clock() -> datetime:
    """The command line is a door: it reads the clock, once a command."""
    return datetime.now(UTC)  # noqa: TID251


def show(value: Any) -> None:
    """Print for a machine."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def fail(sentence: str, status: int = 1) -> NoReturn:
    click.echo(f"musterroll: {sentence}", err=True)
    sys.exit(status)


def start_logging(settings: Settings) -> None:
    """Logs to standard error, as lines for people or as JSON."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        structlog.processors.JSONRenderer() if settings.log_format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_plain, last]))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in ("alembic", "apscheduler", "waitress.queue"):
        logging.getLogger(noisy).setLevel(logging.WARNING if settings.log_level != "debug" else logging.INFO)


def _plain(logger: Any, method: str, event: Any) -> Any:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, method, event)
