"""What every command needs: settings, the database, the clock, error output and logging."""

import logging
import os
import sys
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click

from musterroll.domain.values.errors import DomainError

if TYPE_CHECKING:
    from musterroll.settings import Settings
    from musterroll.storage.engine.database import Database


class Context:
    """Created once per run. Settings and all that they need load on first use, so that `--help` works without any and at once."""

    def __init__(self, **overrides: Any) -> None:
        self._overrides = overrides

    @cached_property
    def settings(self) -> "Settings":
        from musterroll.settings import load

        return load(dict(os.environ), **self._overrides)

    def database(self, *, upgrade: bool = False) -> "Database":
        """The database with this version's schema: embedded SQLite is migrated, any other must be up to date already."""
        from musterroll.storage.engine import migrate
        from musterroll.storage.engine.columns import limits
        from musterroll.storage.engine.database import Database

        database = Database(self.settings.database, limits=limits(*self.settings.sums))
        if upgrade or self.settings.database_url is None:
            self.make_embedded_file()
            migrate.upgrade(database)
        else:
            migrate.require_current(database)
        return database

    def make_embedded_file(self) -> None:
        """The embedded database, which only its owner may read, empty where there is none. SQLite gives its other files the same mode."""
        if self.settings.database_url is None:
            self.settings.make_data_dir()
            path = self.settings.data_dir / "musterroll.db"
            try:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            except OSError as error:
                raise DomainError(f"the database {path} cannot be used: {error.strerror}; this user must be able to write to it") from None


def clock() -> datetime:
    """The time now; each command reads it once."""
    return datetime.now(UTC)  # noqa: TID251


def fail(sentence: str, status: int = 1) -> NoReturn:
    """Print an error and exit."""
    click.echo(f"musterroll: {sentence}", err=True)
    sys.exit(status)


def start_logging(settings: "Settings") -> None:
    """Log to standard error, as plain lines or JSON."""
    import structlog

    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # where rich is installed, the other one prints local variables
        )
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[_plain, last]))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    for noisy in ("alembic", "apscheduler", "fontTools", "fpdf", "waitress.queue"):
        logging.getLogger(noisy).setLevel(logging.WARNING if settings.log_level != "debug" else logging.INFO)


def _plain(logger: Any, method: str, event: Any) -> Any:
    import structlog

    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(logger, method, event)
