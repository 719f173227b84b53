"""Sending one e-mail through a mail server."""

import smtplib
import ssl
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from musterroll.channels.delivery import DeliveryError, cut_after
from musterroll.domain.values.errors import DomainError

_SECONDS = 10.0  # without an answer
_ALL_SECONDS = 20.0  # and a second more for each
_OF_ATTACHMENTS = 100_000  # bytes
_PERMANENT = 500  # replies from here on are permanent


class MailServer(NamedTuple):
    """A mail server. `secure`: TLS from the first byte; otherwise STARTTLS where it is offered, and always before a password."""

    host: str
    port: int
    secure: bool
    user: str = ""
    password: str = ""
    ca: Path | None = None


def parse_server(url: str, ca: Path | None = None) -> MailServer:
    """The server of `smtp[s]://user:password@host:port`. Raises DomainError.

    >>> parse_server("smtps://me:se%40cret@mail.example.com")
    MailServer(host='mail.example.com', port=465, secure=True, user='me', password='se@cret', ca=None)
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise DomainError("MUSTERROLL_SMTP_URL is not a mail server address; use smtp://user:password@host:587 or smtps://...")
    secure = parts.scheme == "smtps"
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, port or (465 if secure else 587), secure, user, password, ca)


def send(server: MailServer, sender: str, address: str, message: EmailMessage, attached: int = 0) -> None:
    """`attached`: bytes of its attachments. Raises DeliveryError."""
    try:
        with _connected(server) as session, cut_after(_ALL_SECONDS + attached / _OF_ATTACHMENTS, lambda: session.sock):
            _protect(session, server)
            if server.user:
                session.login(server.user, server.password)
            session.send_message(message, sender, [address])
    except smtplib.SMTPRecipientsRefused as error:
        code, reason = error.recipients[address]
        raise DeliveryError(
            f"the mail server rejected the recipient {address}: {_reply_text(reason)}", permanent=code >= _PERMANENT
        ) from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(f"the mail server {server.host} answered {error.smtp_code} {_reply_text(error.smtp_error)}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryError(f"sending through the mail server {server.host} failed: {error}") from None


def _connected(server: MailServer) -> smtplib.SMTP:
    if server.secure:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=_SECONDS, context=ssl.create_default_context(cafile=server.ca))
    return smtplib.SMTP(server.host, server.port, timeout=_SECONDS)


def _protect(session: smtplib.SMTP, server: MailServer) -> None:
    """STARTTLS if it is offered; no password without TLS."""
    session.ehlo()
    if server.secure:
        return
    if session.has_extn("starttls"):
        session.starttls(context=ssl.create_default_context(cafile=server.ca))
        session.ehlo()
    elif server.user and not _loopback(server.host):
        raise smtplib.SMTPNotSupportedError("it does not offer TLS, and a password is never sent without it")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reply_text(reason: bytes | str) -> str:
    return " ".join((reason.decode(errors="replace") if isinstance(reason, bytes) else reason).split())[:200]
