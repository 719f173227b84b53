"""Webhooks: a signed POST of JSON for programs, as specified by Standard Webhooks."""

import base64
import secrets
from datetime import datetime
from typing import Any

from musterroll.channels.channel import Channel, Draft, SigningSecret
from musterroll.channels.delivery import DeliveryAttempt, DeliveryError
from musterroll.channels.http_address import HttpSettings, parse_http_address
from musterroll.domain.notifications.events import Event
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import Money


def checked_address(written: str) -> str:
    """Raises BadAddress."""
    parse_http_address(written)
    return written.strip()


def body(draft: Draft) -> dict[str, Any]:
    data = {"id": draft.key, "rule": draft.rule, "title": draft.title, "signals": [_event(event) for event in draft.events]}
    return {"type": "signals", "timestamp": draft.now.isoformat(timespec="seconds"), "data": data}


def _event(event: Event) -> dict[str, Any]:
    instants = {"at": from_ms(event.at).isoformat(), "since": from_ms(event.since).isoformat() if event.since else None}
    rest = {name: getattr(event, name) for name in ("units", "serial", "uid", "variant", "lead", "detail")}
    place = {"account": event.account_ref, "account_name": event.account, "site": event.site_ref, "site_name": event.site}
    subject = {
        "on": event.on.isoformat() if event.on else None,
        "worth": _money(event.worth) if event.worth else None,
        "worth_further": [_money(money) for money in event.further],
    }
    return {"id": event.id, "kind": event.kind.value, **instants, **place, **rest, **subject}


def _money(money: Money) -> dict[str, str]:
    return {"amount": str(money.amount), "currency": money.currency}


def send(attempt: DeliveryAttempt, settings: HttpSettings, now: datetime) -> None:
    """Raises DeliveryError."""
    from standardwebhooks.webhooks import Webhook  # most processes never send

    from musterroll.channels.http_post import post

    if not attempt.secret:
        raise DeliveryError("the rule has no signing secret; create a new one")
    headers = {
        "webhook-id": attempt.key,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(attempt.secret).sign(attempt.key, now, attempt.body),
    }
    post(attempt.address, attempt.body, headers, settings.webhook_hosts)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


WEBHOOK = Channel(
    "webhook",
    "Webhook",
    "webhook URL",
    checked_address,
    send,
    body,
    max_events=500,
    secret=SigningSecret(new_secret, "Standard Webhooks", "https://www.standardwebhooks.com/", "webhook-id"),
)
