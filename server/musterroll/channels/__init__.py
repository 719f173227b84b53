"""Notification channels, one folder each: settings, address rule, wording of the form, how to send.

To add a channel, write its folder, add it to CHANNELS and its settings, if it has any, to ChannelSettings. The form, the REST schema,
the checks of a rule, the sender and `musterroll config show` follow. Nothing here knows the database.
"""

from musterroll.channels.channel import Channel
from musterroll.channels.email import EMAIL, EmailSettings
from musterroll.channels.http_address import HttpSettings
from musterroll.channels.webhook import WEBHOOK
from musterroll.domain.values.errors import DomainError

CHANNELS: dict[str, Channel] = {channel.name: channel for channel in (EMAIL, WEBHOOK)}


class ChannelSettings(EmailSettings, HttpSettings):
    """Settings of all channels."""


def channel_named(name: str) -> Channel:
    """Raises DomainError for a channel that does not exist."""
    if name not in CHANNELS:
        raise DomainError(f"there is no channel {name[:40]!r}; choose one of {', '.join(CHANNELS)}", "bad_choice")
    return CHANNELS[name]
