"""Working through the outbox: a few messages at a time, each attempt noted before it is made and settled after it."""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parseaddr

from musterroll.channels import smtp, webhook
from musterroll.channels.attempt import NotTakenError
from musterroll.channels.email_message import letter
from musterroll.domain.notifications.schedule import Way
from musterroll.domain.values.errors import Refusal
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications.outbox import Letter

log = logging.getLogger(__name__)
_AT_ONCE = 4


def clock() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a door's clock: sending takes time


class Post:
    """Sends what is due. Whoever dies while sending leaves a message that goes out again, under the id it had."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock

    def send(self, now: datetime) -> int:
        """Make one attempt at up to four messages that are due. Returns how many there were."""
        with self._database.reading() as session:
            if not notification_outbox.due(session, now):
                return 0
        with self._database.writing() as session:
            letters = notification_outbox.take(session, now, [random.random() for _ in range(_AT_ONCE)])  # noqa: S311
        if letters:
            with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="post") as carriers:
                list(carriers.map(self._carry, letters))
        return len(letters)

    def _carry(self, one: Letter) -> None:
        try:
            self._hand_over(one)
        except NotTakenError as error:
            log.warning("message %s was not accepted (attempt %d): %s", one.key, one.attempt, error)
            with self._database.writing() as session:
                notification_outbox.failed(session, one, str(error), error.for_good, self._clock())
            return
        with self._database.writing() as session:
            notification_outbox.sent(session, one, self._clock())

    def _hand_over(self, one: Letter) -> None:
        settings = self._settings
        if one.way is Way.WEBHOOK:
            webhook.post(one.address, one.secret, one.key, one.body, self._clock(), settings.webhook_hosts)
            return
        if settings.smtp_url is None:
            raise NotTakenError("no mail server is configured; set MUSTERROLL_SMTP_URL")
        try:
            server = smtp.server(settings.smtp_url.get_secret_value(), settings.smtp_ca)
        except Refusal as refusal:
            raise NotTakenError(str(refusal)) from None
        mail = letter(settings.smtp_from, one.address, one.title, one.body, one.key, one.created_at, settings.public_url)
        smtp.send(server, parseaddr(settings.smtp_from)[1], one.address, mail)
