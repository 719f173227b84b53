"""Runs sources beside each other and beside the scheduled jobs, so that one that is slow holds up neither."""

import logging
import threading
import time
from datetime import UTC, datetime

from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.runtime.source_runner import SourceRunner
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored

log = logging.getLogger(__name__)
_AT_ONCE = 4


class SourceWorkers:
    """One thread for each source that runs, at most so many at once. One that has used its time up is not counted any more."""

    def __init__(self, database: Database, settings: Settings, at_once: int = _AT_ONCE) -> None:
        self._database, self._settings, self._at_once = database, settings, at_once
        self._begun: dict[int, float] = {}
        self._lock = threading.Lock()

    def start_due(self, now: datetime) -> list[threading.Thread]:
        """Start the sources that are due, longest waiting first. The others begin when there is room."""
        with self._database.snapshot() as session:
            due = stored.due(session, to_ms(now))
        with self._lock:
            oldest = time.monotonic() - self._settings.source_minutes * 60
            room = self._at_once - sum(begun > oldest for begun in self._begun.values())
            starting = [source_id for source_id in due if source_id not in self._begun][: max(0, room)]
            self._begun.update(dict.fromkeys(starting, time.monotonic()))
        threads = [threading.Thread(target=self._run, args=[source_id], name=f"source {source_id}", daemon=True) for source_id in starting]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, source_id: int) -> None:
        try:
            SourceRunner(self._database, self._settings, _clock).run(source_id)
        except DomainError as error:
            log.warning("source %d: %s", source_id, error)
        except Exception as error:
            log.error(
                "source %d failed and will be run again: %s", source_id, str(error).splitlines()[0] if str(error) else type(error).__name__
            )
        finally:
            with self._lock:
                self._begun.pop(source_id, None)


def _clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  an entry point reads the clock; a run takes time
