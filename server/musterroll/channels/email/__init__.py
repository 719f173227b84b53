"""E-mail, sent through one mail server."""

import re
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path

from pydantic import BaseModel, Field, SecretStr

from musterroll.channels.channel import BadAddress, Channel
from musterroll.channels.delivery import DeliveryAttempt, DeliveryError
from musterroll.domain.values.errors import DomainError

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,190}[A-Za-z0-9])?")


class EmailSettings(BaseModel):
    smtp_url: SecretStr | None = Field(default=None, description="Mail server for notifications: smtp[s]://user:password@host:port.")
    smtp_from: str = Field(default="Musterroll <musterroll@localhost>", description="Sender of e-mails.")
    smtp_ca: Path | None = Field(default=None, description="CA certificate to verify the mail server with.")


def checked_address(written: str) -> str:
    """An e-mail address as it may stand in a header. Raises BadAddress.

    >>> checked_address(" ops@example.com ")
    'ops@example.com'
    """
    address = written.strip()
    if not _ADDRESS.fullmatch(address) or ".." in address:
        raise BadAddress(f"{written[:80]!r} is not a valid e-mail address such as name@example.com")
    return address


def send(attempt: DeliveryAttempt, settings: EmailSettings, _now: datetime) -> None:
    """Raises DeliveryError."""
    from musterroll.channels.email import message, smtp  # most processes never send

    if settings.smtp_url is None:
        raise DeliveryError("no mail server is configured; set MUSTERROLL_SMTP_URL")
    try:
        server = smtp.parse_server(settings.smtp_url.get_secret_value(), settings.smtp_ca)
    except DomainError as error:
        raise DeliveryError(str(error)) from None
    attached = sum(len(file.content) for file in attempt.attachments)
    smtp.send(server, parseaddr(settings.smtp_from)[1], attempt.address, message.email_message(attempt, settings.smtp_from), attached)


EMAIL = Channel("email", "E-mail", "e-mail address", checked_address, send, required_settings=("smtp_url",), attaches=True)
