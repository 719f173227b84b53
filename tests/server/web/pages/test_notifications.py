"""Notification rules created, tested, paused and changed on their pages; the calendar within its user's accounts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from musterroll.channels import CHANNELS
from musterroll.channels.channel import Channel
from musterroll.domain.access import Role
from musterroll.domain.contracts.terms import ContractState
from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.notifications import NotificationRule
from musterroll.usecases.access import users as access_users
from musterroll.usecases.notifications import calendar as notification_calendar
from sqlmodel import select

from tests.server.web.conftest import Visitor
from tests.support.receivers import Hook

NOW = datetime.now(UTC)
RULE = {"name": "Operations desk", "way": "email", "address": "ops@example.com", "kinds": ["stale", "revived"], "leads": ["30"]}
RULE |= {"pace": "immediate", "gather_minutes": "5", "hour": "7", "weekday": "0", "zone": "Europe/Berlin"}
NEW = "/notifications/new"


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook().open() as receiver:
        yield receiver


def rule(database: Database) -> NotificationRule:
    with database.snapshot() as session:
        return session.exec(select(NotificationRule)).one()


def test_a_rule_is_created_changed_and_paused(visitor: Visitor, fleet_database: Database) -> None:
    assert visitor.post(NEW, NEW, **RULE, quiet_from="22:00", quiet_until="06:30").status_code == 303
    shown = visitor.get("/notifications").text
    assert "immediately, grouped for 5 minutes; quiet hours 22:00 to 06:30 (Europe/Berlin)" in shown
    changed = {**RULE, "pace": "weekly", "weekday": "4", "hour": "9", "least_worth": "500", "finding_kinds": ["dormant"]}
    assert visitor.post("/notifications/1", NEW, **changed).status_code == 303
    assert "every Friday at 09:00 (Europe/Berlin)" in visitor.get("/notifications").text
    assert 'value="500"' in visitor.get("/notifications/1").text
    visitor.post("/notifications/1/pause", "/notifications")
    assert "Paused" in visitor.get("/notifications").text
    assert [row.quiet_from for row in [rule(fleet_database)]] == [None]


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))
def test_every_channel_can_be_chosen_in_the_form(visitor: Visitor, channel: Channel) -> None:
    shown = visitor.get(NEW).text
    assert re.search(rf'<option value="{channel.name}"[^>]*>{channel.label}</option>', shown)
    assert channel.address_hint in shown


def test_the_form_shows_the_error_and_keeps_the_entries(visitor: Visitor) -> None:
    answer = visitor.post(NEW, NEW, **{**RULE, "zone": "Mars/Base"})
    assert answer.status_code == 422
    assert "There is no time zone &#39;Mars/Base&#39;" in answer.text
    assert 'value="ops@example.com"' in answer.text


def test_the_secret_of_a_webhook_is_shown_once_and_its_test_arrives(visitor: Visitor, fleet_database: Database, hook: Hook) -> None:
    shown = visitor.post(NEW, NEW, **{**RULE, "way": "webhook", "address": hook.url})
    secret = rule(fleet_database).secret
    assert secret in shown.text
    for address in ("/notifications", "/notifications/1", "/audit", "/audit/1"):
        assert secret not in visitor.get(address).text
    assert visitor.post("/notifications/1/test", "/notifications").status_code == 303
    assert "Test: 3 units stopped reporting" in visitor.get("/notifications").text
    OutboxSender(fleet_database, Settings(webhook_hosts=["localhost"])).send(datetime.now(UTC))
    assert hook.reach(1)
    assert "Sent" in visitor.get("/notifications/messages/1").text


def test_a_failed_message_shows_the_error_and_the_next_attempt(visitor: Visitor, fleet_database: Database) -> None:
    visitor.post(NEW, NEW, **{**RULE, "way": "webhook", "address": "https://127.0.0.1/hook"})
    visitor.post("/notifications/1/test", "/notifications")
    OutboxSender(fleet_database, Settings()).send(datetime.now(UTC))
    shown = visitor.get("/notifications").text
    assert "127.0.0.1 is in a private network, which is not allowed" in shown
    assert "next attempt <time" in shown
    assert visitor.post("/notifications/messages/1/retry", "/notifications").status_code == 303


def test_without_a_mail_server_the_page_says_what_to_set(visitor: Visitor) -> None:
    visitor.post(NEW, NEW, **RULE)
    assert "MUSTERROLL_SMTP_URL" in visitor.get("/notifications").text


ADDRESS = re.compile(r"/calendar/([\w-]+)\.ics")


def compute_calendar(database: Database) -> None:
    """What the schedule does every hour."""
    with database.transaction() as session:
        notification_calendar.store_endings(session, notification_calendar.compute_endings(session, NOW) or [], NOW)


def feed(visitor: Visitor) -> str:
    link = ADDRESS.search(visitor.post("/calendar", "/calendar").text)
    assert link
    return link[0]


def test_the_calendar_feed_is_valid_stable_and_revocable(visitor: Visitor, stranger: Visitor, fleet_database: Database) -> None:
    compute_calendar(fleet_database)
    address = feed(visitor)
    answer = stranger.client.application.test_client().get(address)  # no cookie: the address is the secret
    assert answer.mimetype == "text/calendar"
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    uids = [str(event["uid"]) for event in events]
    assert len(set(uids)) == len(uids) > 0
    assert all(isinstance(event.decoded("dtstart"), date) and event.decoded("summary") for event in events)
    assert answer.data == stranger.client.application.test_client().get(address).data
    assert "read just now" in re.sub(r"<[^>]+>", "", visitor.get("/calendar").text)
    again = feed(visitor)
    assert stranger.get(address).status_code == 404
    visitor.post("/calendar/revoke", "/calendar")
    assert stranger.get(again).status_code == 404


def test_a_calendar_holds_only_what_its_user_may_see(make_app: Callable[..., Flask], fleet_database: Database) -> None:
    soon = (NOW + timedelta(days=40)).date()
    with fleet_database.transaction() as session:
        accounts = session.exec(select(Account).order_by(Account.ref)).all()
        mine, other = accounts[0], accounts[1]
        term = {"state": ContractState.ACTIVE, "starts_on": date(2026, 1, 1), "ends_on": soon, "created_at": NOW}
        session.add(Contract(ref="MINE", account_id=mine.id, **term))
        session.add(Contract(ref="OTHER", account_id=other.id, **term))
        viewer, password = access_users.add(session, name="vera", role=Role.VIEWER, within=[mine.ref], actor="admin", now=NOW)
        viewer.must_change = False
    compute_calendar(fleet_database)
    with make_app().test_client() as client:
        visitor = Visitor(client)
        visitor.sign_in(password, "vera")
        titles = [str(event["summary"]) for event in Calendar.from_ical(client.get(feed(visitor)).data).walk("VEVENT")]
        shown = visitor.get("/calendar").text
    assert any("MINE" in title for title in titles)
    assert not any("OTHER" in title for title in titles)
    assert "MINE" in shown
    assert "OTHER" not in shown
