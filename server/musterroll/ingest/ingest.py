"""The MQTT ingest: a network thread, a worker thread, and the inbox between them."""

import gc
import logging
from datetime import UTC, datetime
from pathlib import Path

from musterroll.ingest import broker_address
from musterroll.ingest.canary import CanaryStatus
from musterroll.ingest.inbox import Inbox
from musterroll.ingest.paho_client import FastClient, StockClient, fast_client_works
from musterroll.ingest.reconnect import NetworkThread
from musterroll.ingest.worker import Worker
from musterroll.metrics import Metrics
from musterroll.storage.engine.database import Database

log = logging.getLogger(__name__)


def clock() -> datetime:
    """The clock of this entry point."""
    return datetime.now(UTC)  # noqa: TID251


class Ingest:
    """Receives messages from the broker at `url` (mqtt[s]://user:password@host:port) until stopped.

    The user name is the client id and the name of this ingest. `share` names the shared subscription of several ingests. `mqtt5`: try
    MQTT 5 first; if the broker does not support one version, the other is tried. Raises DomainError for a bad URL.
    """

    def __init__(
        self,
        database: Database,
        url: str,
        metrics: Metrics,
        *,
        ca: Path | None = None,
        share: str | None = None,
        mqtt5: bool = True,
        fast: bool = True,
    ) -> None:
        address = broker_address.parse(url, ca)
        make_client: type[StockClient] = FastClient
        if not fast or not fast_client_works():
            log.warning("reading one message at a time: the fast client does not support this version of paho-mqtt")
            make_client = StockClient
        inbox = Inbox()
        self._canary_status = CanaryStatus()
        self._network = NetworkThread(address, inbox, make_client, clock, share=share, mqtt5=mqtt5)
        self._worker = Worker(database, inbox, self._network.send, self._canary_status, metrics, clock, address.user)

    def start(self) -> None:
        # A batch creates a hundred thousand objects that are all freed with it. At the collector's default threshold of 700, walking
        # them again and again takes nearly half of the CPU per message.
        gc.set_threshold(100_000, 50, 100)
        self._worker.start()
        self._network.start()

    def stop(self) -> None:
        """Commit and acknowledge the current batch, then disconnect. Messages not committed are delivered again next time."""
        self._worker.stop()
        self._network.stop()

    def progressing(self) -> bool:
        """Whether neither thread hangs; they may well wait, for the broker or for the database."""
        return self._network.progressing() and self._worker.progressing()

    def healthy(self) -> bool:
        """Whether a canary recently passed through broker, subscription, decoding and database."""
        return self._network.connected() and self._worker.alive() and self._canary_status.recent()
