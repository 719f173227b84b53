"""The network thread: keeps a connection to the broker, sends canaries, and reconnects when nothing is received any more."""

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable
from datetime import datetime

from musterroll_wire import topics

from musterroll.domain.values.instants import to_ms
from musterroll.ingest import broker_address, canary
from musterroll.ingest.broker_address import BrokerAddress
from musterroll.ingest.connection import BrokerRefused, Connection
from musterroll.ingest.inbox import Inbox
from musterroll.ingest.paho_client import OutgoingMessages, StockClient
from musterroll.ingest.progress import Progress

log = logging.getLogger(__name__)

_SILENCE = 20.0  # seconds without any message, canaries included, after which we reconnect
_MAX_PAUSE = 15.0


class NetworkThread:
    def __init__(
        self,
        address: BrokerAddress,
        inbox: Inbox,
        make_client: Callable[..., StockClient],
        clock: Callable[[], datetime],
        *,
        share: str | None,
        mqtt5: bool,
    ) -> None:
        self._address = address
        self._inbox = inbox
        self._make_client = make_client
        self._clock = clock
        self._mqtt5 = mqtt5
        shared = f"$share/{broker_address.share_group(share, address)}/" if share else ""
        self._canary = topics.build(address.user, topics.CANARY)
        self._filters = [shared + topics.topic_filter(kind) for kind in topics.UP] + [self._canary]
        self._connection: Connection | None = None
        self._progress = Progress()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-network", daemon=True)
        self._last_logged = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident:
            self._thread.join(8)

    def progressing(self) -> bool:
        return self._thread.is_alive() and self._progress.recent()

    def connected(self) -> bool:
        connection = self._connection
        return connection is not None and connection.open

    def send(self, messages: OutgoingMessages) -> None:
        """Publish at QoS 0 over whatever connection there is now."""
        connection = self._connection
        if connection is not None:
            connection.answer((), messages)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._progress.step()
            try:
                failures = 0 if self._run_connection() else failures + 1
            except Exception:
                failures += 1
                log.exception("the connection to the broker at %s failed unexpectedly; reconnecting", self._address)
            self._stopping.wait(random.uniform(0.5, 1.0) * min(_MAX_PAUSE, 0.25 * 2 ** min(failures, 10)))  # noqa: S311

    def _run_connection(self) -> bool:
        """One connection from start to end. Returns whether it was established."""
        connection = Connection(self._make_client, self._address, self._mqtt5, self._filters, self._inbox)
        try:
            connection.connect()
            self._connection = connection
            self._log_change(logging.INFO, f"connected to the broker at {self._address} as {self._address.user}")
            self._listen(connection)
        except BrokerRefused as error:
            self._log_change(logging.WARNING, f"the broker at {self._address}: {error}; check MUSTERROLL_MQTT_URL; retrying")
            if error.protocol:
                self._mqtt5 = not self._mqtt5
            return False
        except OSError as error:
            self._log_change(logging.WARNING, f"no broker answers at {self._address}: {_reason(error)}; retrying")
            return False
        finally:
            self._connection = None
            connection.close()
        if not self._stopping.is_set():
            self._log_change(logging.WARNING, f"the connection to the broker at {self._address} ended; reconnecting")
        return True

    def _listen(self, connection: Connection) -> None:
        canary_sent_at = 0.0
        while not self._stopping.is_set() and connection.poll():
            self._progress.step()
            now = time.monotonic()
            if now - canary_sent_at >= canary.INTERVAL:
                canary_sent_at = now
                connection.publish(self._canary, canary.encode(to_ms(self._clock())))
            if self._inbox.full():
                connection.last_message_at = now
            elif now - connection.last_message_at > _SILENCE:
                self._log_change(
                    logging.ERROR, "nothing received, not even our own canary: the subscription is not in effect; reconnecting"
                )
                return

    def _log_change(self, level: int, sentence: str) -> None:
        """Log a change of state once, not at every attempt."""
        if sentence != self._last_logged:
            self._last_logged = sentence
            log.log(level, "%s", sentence)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{error}; MUSTERROLL_MQTT_CA names the CA that must have issued its certificate"
    return f"{error.strerror or error}; check MUSTERROLL_MQTT_URL"
