"""What a channel consists of."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from musterroll.channels.delivery import DeliveryAttempt
from musterroll.domain.notifications.events import Event
from musterroll.domain.notifications.wording import MessageText, payload
from musterroll.domain.values.errors import DomainError

if TYPE_CHECKING:
    from musterroll.channels import ChannelSettings


class BadAddress(DomainError):
    code = "bad_address"


class Draft(NamedTuple):
    """What a message is made of. `key`: the ID that its receiver knows it by."""

    key: str
    title: str
    rule: str  # its name
    message: MessageText
    events: Sequence[Event]
    now: datetime


class SigningSecret(NamedTuple):
    """How receivers verify that a message comes from here."""

    create: Callable[[], str]
    specification: str
    url: str  # of the specification
    id_header: str  # the same when a message is sent again


def readable_body(draft: Draft) -> dict[str, Any]:
    """A body for channels that people read: headlines with lines of text."""
    return payload(draft.message)


class Channel(NamedTuple):
    """A notification channel.

    `name`: the stored value, at most 24 characters. `label`, `address_hint`: for the form.
    `checked_address(written)`: the address as stored; raises BadAddress.
    `send(attempt, settings, now)`: one attempt, limited in time; raises DeliveryError.
    `body(draft)`: what the outbox stores of a message, as JSON, for `send`.
    `attaches`: whether files can be sent with a message.
    `required_settings`: without these, messages stay queued.
    """

    name: str
    label: str
    address_hint: str
    checked_address: Callable[[str], str]
    send: Callable[[DeliveryAttempt, "ChannelSettings", datetime], None]
    body: Callable[[Draft], dict[str, Any]] = readable_body
    max_events: int = 100_000  # in one message
    secret: SigningSecret | None = None
    required_settings: tuple[str, ...] = ()
    attaches: bool = False

    def unset(self, settings: "ChannelSettings") -> list[str]:
        """The environment variables that must be set before anything can be sent."""
        return [f"MUSTERROLL_{name.upper()}" for name in self.required_settings if getattr(settings, name) is None]
