"""`python -m tests.support.outbox_sender_process DATABASE_URL`: queues and sends until it is killed, on a clock 300 times as fast."""

import sys
import time
from datetime import UTC, datetime, timedelta

from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.notifications import compose

_BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
_FAST = 300


def main(url: str) -> None:
    database = Database(url)

    def clock() -> datetime:
        """The same for every process of a test: each sees that a pause is over that the one before it set."""
        return _BEGAN + timedelta(seconds=(time.time() % 1_000_000) * _FAST)

    sender = OutboxSender(database, Settings(webhook_hosts=["localhost"]), clock)
    print("sending", flush=True)
    while True:
        with database.transaction() as session:
            compose.queue_due(session, clock())
        sender.send(clock())
        time.sleep(0.01)


if __name__ == "__main__":
    main(sys.argv[1])
