"""Health checks with a deadline: a part that hangs is as bad as one that fails, and a monitoring system does not wait for it."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait

from musterroll.domain.values.errors import DomainError

log = logging.getLogger(__name__)
OK = "ok"
_SECONDS = 5.0


class Probes:
    """Checks by name, all asked at once. One that still hangs from an earlier request is not asked again meanwhile."""

    def __init__(self, checks: Mapping[str, Callable[[], bool]], seconds: float = _SECONDS) -> None:
        self._checks = checks
        self._seconds = seconds
        self._asked: dict[str, Future[str]] = {}
        self._lock = threading.Lock()

    def states(self) -> dict[str, str]:
        """`ok` of each check, or what is wrong."""
        asked = {name: self._ask(name, check) for name, check in self._checks.items()}
        wait(asked.values(), timeout=self._seconds)
        return {name: answer.result() if answer.done() else "does not answer" for name, answer in asked.items()}

    def _ask(self, name: str, check: Callable[[], bool]) -> Future[str]:
        with self._lock:
            answer = self._asked.get(name)
            if answer is None or answer.done():
                answer = self._asked[name] = Future()
                threading.Thread(target=_answer, args=[answer, name, check], name=f"check-{name}", daemon=True).start()
            return answer


def _answer(answer: Future[str], name: str, check: Callable[[], bool]) -> None:
    answer.set_result(_state(name, check))


def _state(name: str, check: Callable[[], bool]) -> str:
    """Details that must not be public go to the log."""
    try:
        return OK if check() else "not working"
    except DomainError as refusal:
        return str(refusal)
    except Exception as error:
        log.warning("health check %s: %s", name, error)
        return "cannot be reached" if name == "database" else "failed"
