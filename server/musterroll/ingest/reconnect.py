"""The network thread: keeps a link to the broker, sends the canary, and starts anew when it is deaf."""

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
from musterroll.ingest.connection import Link, Refused
from musterroll.ingest.inbox import Inbox
from musterroll.ingest.paho_client import Messages, StockClient

log = logging.getLogger(__name__)

_DEAF = 20.0  # seconds without any message, canaries included, after which we connect anew
_LONGEST_PAUSE = 15.0


class Network:
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
        self._link: Link | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest-network", daemon=True)
        self._said = ""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.ident:
            self._thread.join(8)

    def connected(self) -> bool:
        link = self._link
        return link is not None and link.open

    def send(self, messages: Messages) -> None:
        """Publish at QoS 0 over whatever connection there is now."""
        link = self._link
        if link is not None:
            link.answer((), messages)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                failures = 0 if self._converse() else failures + 1
            except Exception:
                failures += 1
                log.exception("the connection to the broker at %s failed in an unforeseen way; connecting anew", self._address)
            self._stopping.wait(random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, 0.25 * 2 ** min(failures, 10)))  # noqa: S311

    def _converse(self) -> bool:
        """One connection from beginning to end. Whether there was one."""
        link = Link(self._make_client, self._address, self._mqtt5, self._filters, self._inbox)
        try:
            link.connect()
            self._link = link
            self._say(logging.INFO, f"connected to the broker at {self._address} as {self._address.user}")
            self._listen(link)
        except Refused as refusal:
            self._say(logging.WARNING, f"the broker at {self._address}: {refusal}; look at MUSTERROLL_MQTT_URL; trying again")
            if refusal.protocol:
                self._mqtt5 = not self._mqtt5
            return False
        except OSError as error:
            self._say(logging.WARNING, f"no broker answers at {self._address}: {_reason(error)}; trying again")
            return False
        finally:
            self._link = None
            link.close()
        if not self._stopping.is_set():
            self._say(logging.WARNING, f"the connection to the broker at {self._address} ended; connecting anew")
        return True

    def _listen(self, link: Link) -> None:
        spoke = 0.0
        while not self._stopping.is_set() and link.turn():
            now = time.monotonic()
            if now - spoke >= canary.EVERY:
                spoke = now
                link.publish(self._canary, canary.encode(to_ms(self._clock())))
            if self._inbox.full():
                link.heard_at = now
            elif now - link.heard_at > _DEAF:
                self._say(logging.ERROR, "nothing came in, not even our own canary: the subscription is not in force; connecting anew")
                return

    def _say(self, level: int, sentence: str) -> None:
        """Log a change of state once, not at every try."""
        if sentence != self._said:
            self._said = sentence
            log.log(level, "%s", sentence)


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return f"{error}; MUSTERROLL_MQTT_CA names the authority that its certificate is checked against"
    return f"{error.strerror or error}; look at MUSTERROLL_MQTT_URL"
