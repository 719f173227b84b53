"""Sends the messages of the outbox, a few at a time; each attempt is recorded before it is made and finished after it."""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from musterroll.channels import channel_named
from musterroll.channels.delivery import DeliveryAttempt, DeliveryError
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.notifications import outbox as notification_outbox

log = logging.getLogger(__name__)
_CONCURRENCY = 4


def clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  an entry point reads the clock; sending takes time


class OutboxSender:
    """Sends what is due. A message whose process dies while sending is sent again, with the same key."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def send(self, now: datetime) -> int:
        """Make one attempt at each of up to four messages that are due. Returns their number."""
        with self._database.snapshot() as session:
            if not notification_outbox.due(session, now):
                return 0
        with self._database.transaction() as session:
            jitter = [random.random() for _ in range(_CONCURRENCY)]  # noqa: S311
            attempts = notification_outbox.begin_attempts(session, now, jitter, self._settings.public_url)
        if attempts:
            with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="outbox") as senders:
                list(senders.map(self._attempt, attempts))
        return len(attempts)

    def _attempt(self, attempt: DeliveryAttempt) -> None:
        try:
            self._deliver(attempt)
        except DeliveryError as error:
            log.warning("message %s was not accepted (attempt %d): %s", attempt.key, attempt.attempt, error)
            with self._database.transaction() as session:
                notification_outbox.mark_failed(session, attempt, str(error), error.permanent, self._clock())
            return
        with self._database.transaction() as session:
            notification_outbox.mark_sent(session, attempt, self._clock())

    def _deliver(self, attempt: DeliveryAttempt) -> None:
        try:
            channel = channel_named(attempt.channel)
        except DomainError as error:  # the rule is from a version that had it
            raise DeliveryError(str(error)) from None
        channel.send(attempt, self._settings, self._clock())
