"""The sending process is killed again and again, and the receiver fails at times: every event arrives, under one key."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.runtime.jobs import jobs
from musterroll.runtime.scheduler import Schedule
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft

from tests.support import unit_rows
from tests.support.receivers import Hook, status

EVENTS, KILLS = 300, 8
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.fault
def test_killed_while_sending_each_event_has_exactly_one_key_and_none_is_lost(database: Database) -> None:
    chance = random.Random(7)
    with Hook().open() as hook:
        with database.transaction() as session:
            draft = RuleDraft("Ours", "webhook", hook.url, [EventKind.STALE], gather_minutes=0)
            notification_rules.create_rule(session, draft, "admin", EARLY)
        died = threading.Event()
        died.set()
        hook.answer = _moody(chance, died)
        child = _started(database.url)
        for kill in range(KILLS):
            if kill % 2:
                died.clear()
            calls = len(hook.items)
            for n in range(kill, EVENTS, KILLS):
                with database.transaction() as session:
                    session.add(EventRow(kind=EventKind.STALE, at=n + 1, units=1, serial=f"SN{n}"))
            hook.reach(calls + 1, 60)
            _kill(child, 0 if kill % 2 else chance.random() * 0.1)
            died.set()
            child = _started(database.url)
        try:
            _wait_for_all(hook)
        finally:
            _kill(child)
        ids = _keys_by_event(hook)
    assert set(ids) == {f"SN{n}" for n in range(EVENTS)}
    assert {serial for serial, keys in ids.items() if len(keys) != 1} == set()
    assert len(hook.items) > len({call.headers["webhook-id"] for call in hook.items})  # some came twice, and can be told apart


def test_the_schedule_reports_a_unit_that_goes_silent(database: Database, tmp_path: Path) -> None:
    with Hook().open() as hook:
        with database.transaction() as session:
            draft = RuleDraft("Ours", "webhook", hook.url, [EventKind.STALE], gather_minutes=0)
            notification_rules.create_rule(session, draft, "admin", EARLY)
            at = to_ms(datetime.now(UTC))
            unit_rows.listening(session, at - 3_600_000, at)
            unit_rows.unit(session, "SN1", lifecycle="deployed", status={"heard_at": at - 600_000, "first_heard_at": 1})
        schedule = Schedule(database, jobs(Settings(data_dir=tmp_path, webhook_hosts=["localhost"]), database))
        schedule.start()
        try:
            (call,) = hook.reach(1, 60)
        finally:
            schedule.stop()
    assert [event["serial"] for event in json.loads(call.body)["data"]["signals"]] == ["SN1"]


def _moody(chance: random.Random, died: threading.Event) -> Any:
    """An answer that fails at times, and comes only once its sender has died where that is still to happen."""

    def answer(handler: Any) -> None:
        died.wait(30)
        status(chance.choice([204, 204, 204, 500]))(handler)

    return answer


def _kill(child: "subprocess.Popen[bytes]", after: float = 0) -> None:
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()


def _wait_for_all(hook: Hook) -> None:
    until = time.monotonic() + 60
    while len(_keys_by_event(hook)) < EVENTS and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(1)  # whatever would come a second time under another id


def _started(url: str) -> "subprocess.Popen[bytes]":
    child = subprocess.Popen([sys.executable, "-m", "tests.support.outbox_sender_process", url], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"sending\n"
    return child


def _keys_by_event(hook: Hook) -> dict[str, set[str]]:
    ids: dict[str, set[str]] = {}
    for call in list(hook.items):
        for event in json.loads(call.body)["data"]["signals"]:
            ids.setdefault(event["serial"], set()).add(call.headers["webhook-id"])
    return ids
