"""The MQTT door put together: a network thread, a worker thread, and what lies between them."""

import gc
import logging
from datetime import UTC, datetime
from pathlib import Path

from musterroll.ingest import broker_address
from musterroll.ingest.canary import Progress
from musterroll.ingest.inbox import Inbox
from musterroll.ingest.paho_client import FastClient, StockClient, fast_reading_holds
from musterroll.ingest.reconnect import Network
from musterroll.ingest.worker import Worker
from musterroll.metrics import Metrics
from musterroll.storage.engine.database import Database

log = logging.getLogger(__name__)


def clock() -> datetime:
    """This door's one look at the clock."""
    return datetime.now(UTC)  # noqa: TID251


class Ingest:
    """Takes in what units say on the broker at `url` (mqtt[s]://user:password@host:port) until stopped.

    The user name is the client id and the name of this ingest. `share` names a shared subscription where there is more than one.
    `mqtt5` is whether to try MQTT 5 first; either version is tried where the other is not answered. Raises Refusal for a bad URL.
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
        if not fast or not fast_reading_holds():
            log.warning("reading one message at a time: this version of paho-mqtt is not built as the fast reading needs it")
            make_client = StockClient
        inbox = Inbox()
        self._progress = Progress()
        self._network = Network(address, inbox, make_client, clock, share=share, mqtt5=mqtt5)
        self._worker = Worker(database, inbox, self._network.send, self._progress, metrics, clock, address.user)

    def start(self) -> None:
        # A batch makes a hundred thousand objects that all end with it. The collector's default of 700 walks them over and over, for
        # nearly half of the CPU a message.
        gc.set_threshold(100_000, 50, 100)
        self._worker.start()
        self._network.start()

    def stop(self) -> None:
        """Finish what is being committed, acknowledge it, disconnect. What was not committed is delivered again next time."""
        self._worker.stop()
        self._network.stop()

    def healthy(self) -> bool:
        """Whether a canary has lately gone all the way: broker, subscription, decoding, database."""
        return self._network.connected() and self._worker.alive() and self._progress.lately()
