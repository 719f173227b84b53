"""Messages actually sent, to a mail server and a webhook receiver of our own."""

import json
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import AuthResult
from musterroll.channels import CHANNELS
from musterroll.channels.delivery import DeliveryAttempt
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from pydantic import SecretStr
from sqlmodel import Session, select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.support.receivers import Hook, Mailbox, status

NOW = datetime.now(UTC)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox().open() as box:
        yield box


@pytest.fixture
def hook() -> Iterator[Hook]:
    with Hook().open() as receiver:
        yield receiver


def post(database: Database, now: datetime = NOW, **settings: Any) -> OutboxSender:
    return OutboxSender(database, Settings(webhook_hosts=["localhost"], **settings), lambda: now)


def mailing(box: Mailbox) -> dict[str, Any]:
    return {
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{box.port}"),
        "smtp_from": "Roll <roll@example.com>",
        "public_url": "https://roll.example",
    }


def rule(session: Session, channel: str, address: str, **rest: Any) -> tuple[int, str]:
    created, secret = notification_rules.create_rule(session, RuleDraft("Ours", channel, address, [EventKind.STALE], **rest), "admin", NOW)
    return created.id or 0, secret or ""


def rule_with_test(database: Database, channel: str, address: str) -> str:
    """A rule with one message in the outbox; its secret."""
    with database.transaction() as session:
        rule_id, secret = rule(session, channel, address)
        notification_rules.test_rule(session, rule_id, NOW)
    return secret


def message(database: Database) -> Notification:
    with database.snapshot() as session:
        return session.exec(select(Notification)).one()


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_is_sent_by_its_own_function(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    attempts: list[DeliveryAttempt] = []
    channel = CHANNELS[name]._replace(checked_address=str.strip, send=lambda attempt, settings, now: attempts.append(attempt))
    monkeypatch.setitem(CHANNELS, name, channel)
    secret = rule_with_test(sqlite_database, name, " somewhere ")
    post(sqlite_database, public_url="https://roll.example").send(NOW)
    (attempt,) = attempts
    assert (attempt.channel, attempt.address, attempt.secret) == (name, "somewhere", secret)
    assert (bool(secret), attempt.public_url) == (channel.secret is not None, "https://roll.example")
    assert message(sqlite_database).state is MessageState.SENT


def test_messages_of_a_removed_channel_stay_queued(sqlite_database: Database) -> None:
    rule_with_test(sqlite_database, "email", "ops@example.com")
    with sqlite_database.transaction() as session:
        session.exec(select(NotificationRule)).one().way = "pigeon"
    post(sqlite_database).send(NOW)
    assert (message(sqlite_database).state, message(sqlite_database).attempts) == (MessageState.WAITING, 1)
    assert "there is no channel 'pigeon'" in message(sqlite_database).error


def test_an_email_has_the_same_content_as_text_and_as_html(database: Database, mailbox: Mailbox) -> None:
    rule_with_test(database, "email", "ops@example.com")
    assert post(database, **mailing(mailbox)).send(NOW) == 1
    ((recipients, mail),) = mailbox.reach(1)
    assert recipients == ["ops@example.com"]
    assert mail["Subject"] == "Test: 3 units stopped reporting at Example site (Example Ltd)"
    assert mail["Message-ID"] == f"<{message(database).key}@example.com>"
    text, html = (mail.get_body([kind]).get_content() for kind in ("plain", "html"))
    assert "https://roll.example/fleet?liveness=stale" in text
    assert '<a href="https://roll.example/fleet?liveness=stale">' in html
    assert message(database).state is MessageState.SENT


def test_a_webhook_is_signed_and_verifies(database: Database, hook: Hook) -> None:
    secret, now = rule_with_test(database, "webhook", hook.url), datetime.now(UTC)  # the receiver's own clock refuses what is old
    post(database, now).send(now)
    (call,) = hook.reach(1)
    payload = Webhook(secret).verify(call.body, call.headers)
    assert payload["data"]["id"] == call.headers["webhook-id"] == message(database).key
    assert payload["data"]["signals"][0]["kind"] == "stale"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body.replace(b"stale", b"fresh"), call.headers)


def test_a_rejected_message_is_retried_later_with_the_same_key(database: Database, hook: Hook) -> None:
    rule_with_test(database, "webhook", hook.url)
    hook.answer = status(503)
    post(database).send(NOW)
    waiting = message(database)
    assert (waiting.state, waiting.attempts, waiting.error) == (
        MessageState.WAITING,
        1,
        "localhost did not accept the message: it answered with status 503",
    )
    assert post(database).send(NOW + timedelta(seconds=20)) == 0
    hook.answer = status(200)
    assert post(database).send(NOW + timedelta(seconds=40)) == 1
    first, second = hook.reach(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert message(database).state is MessageState.SENT


def test_after_three_days_a_message_is_given_up_and_can_be_retried(sqlite_database: Database, hook: Hook) -> None:
    rule_with_test(sqlite_database, "webhook", hook.url)
    hook.answer = status(500)
    late = NOW + timedelta(days=3)
    post(sqlite_database, late).send(late)
    assert message(sqlite_database).state is MessageState.GIVEN_UP
    hook.answer = status(200)
    with sqlite_database.transaction() as session:
        notification_outbox.retry(session, message(sqlite_database).id or 0, late)
    post(sqlite_database, late).send(late)
    assert message(sqlite_database).state is MessageState.SENT


@pytest.mark.parametrize(("answer", "says"), [(status(302, Location="http://localhost/"), "redirect"), (status(410), "status 410")])
def test_redirects_are_not_followed_and_gone_is_permanent(
    sqlite_database: Database, hook: Hook, answer: Callable[[Any], None], says: str
) -> None:
    rule_with_test(sqlite_database, "webhook", hook.url)
    hook.answer = answer
    post(sqlite_database).send(NOW)
    assert says in message(sqlite_database).error
    assert (message(sqlite_database).state is MessageState.GIVEN_UP) == (says == "status 410")
    assert len(hook.items) == 1


def test_an_endless_response_is_cut_off(sqlite_database: Database, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.channels.http_post.ALL_SECONDS", 0.5)

    def drip(handler: Any) -> None:
        try:
            while True:
                handler.wfile.write(b"H")
                handler.wfile.flush()
                handler.server.service_actions()
        except OSError:
            handler.close_connection = True

    hook.answer = drip
    rule_with_test(sqlite_database, "webhook", hook.url)
    post(sqlite_database).send(NOW)
    assert message(sqlite_database).state is MessageState.WAITING
    assert message(sqlite_database).error.startswith("localhost did not answer")


HOSTILE = [
    "127.0.0.1",
    "[::1]",
    "10.1.2.3",
    "169.254.169.254",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "2130706433",
    "localhost",
    "0.0.0.0",
]


@pytest.mark.parametrize("host", HOSTILE)
def test_addresses_in_a_private_network_are_refused(sqlite_database: Database, host: str) -> None:
    rule_with_test(sqlite_database, "webhook", f"https://{host}/hook")
    OutboxSender(sqlite_database, Settings(), lambda: NOW).send(NOW)
    assert "private network" in message(sqlite_database).error


def test_an_unknown_recipient_is_given_up_at_once(sqlite_database: Database, mailbox: Mailbox) -> None:
    rule_with_test(sqlite_database, "email", "nobody@example.com")
    mailbox.recipients = "550 no such user"
    post(sqlite_database, **mailing(mailbox)).send(NOW)
    assert (message(sqlite_database).state, message(sqlite_database).error) == (
        MessageState.GIVEN_UP,
        "the mail server rejected the recipient nobody@example.com: no such user",
    )


def test_without_a_mail_server_an_email_stays_queued_with_the_reason(sqlite_database: Database) -> None:
    rule_with_test(sqlite_database, "email", "ops@example.com")
    post(sqlite_database).send(NOW)
    assert "MUSTERROLL_SMTP_URL" in message(sqlite_database).error


def test_no_header_can_be_injected(sqlite_database: Database, mailbox: Mailbox) -> None:
    rule_with_test(sqlite_database, "email", "ops@example.com")
    with sqlite_database.transaction() as session:
        message_row = session.exec(select(Notification)).one()
        content = {
            "title": "x",
            "groups": [{"kind": "stale", "headline": "a<b>\r\nX: 1", "lines": [{"text": "<script>", "path": '/"><b>'}]}],
        }
        message_row.title, message_row.body = "Site\r\nBcc: everyone@example.com\r\n\r\nbody", json.dumps(content)
    post(sqlite_database, **mailing(mailbox)).send(NOW)
    ((recipients, mail),) = mailbox.reach(1)
    assert recipients == ["ops@example.com"]
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Site Bcc: everyone@example.com body"
    html = mail.get_body(["html"]).get_content()
    assert "<script>" not in html
    assert '"><b>' not in html


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_password_is_sent_only_over_verified_tls(sqlite_database: Database, tmp_path: Path, scheme: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    seen: list[bytes] = []

    def let_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        seen.append(data.password)
        return AuthResult(success=data.password == b"se@cret")

    protected: dict[str, Any] = {"tls_context": tls, "require_starttls": True, "auth_required": True}
    if scheme == "smtps":
        protected = {"ssl_context": tls, "auth_require_tls": False}  # it does not know that it is inside TLS
    with Mailbox(hostname="localhost", authenticator=let_in, **protected).open() as box:
        rule_with_test(sqlite_database, "email", "ops@example.com")
        server = {"smtp_url": SecretStr(f"{scheme}://me:se%40cret@localhost:{box.port}"), "smtp_from": "roll@example.com"}
        post(sqlite_database, **server).send(NOW)
        assert "through the mail server localhost failed" in message(sqlite_database).error  # nobody vouches for it
        assert seen == []
        later = NOW + timedelta(minutes=5)
        post(sqlite_database, later, **server, smtp_ca=tmp_path / "ca.pem").send(later)
        assert box.reach(1)
    assert seen == [b"se@cret"]
