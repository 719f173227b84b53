"""Attachments of e-mails in an IMAP mailbox: each is a document. Mails stay as they are."""

import email
import email.policy
import fnmatch
import imaplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, BinaryIO

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType


def check(settings: Mapping[str, str], policy: SourceSettings) -> None:
    if settings.get("tls") == "no" and settings["host"] not in policy.source_hosts:
        raise DomainError("a mailbox without TLS must be in MUSTERROLL_SOURCE_HOSTS", "bad_address")
    if not settings.get("port", "993").isdecimal():
        raise DomainError("the port must be a number, such as 993", "bad_number")
    if not settings.get("sender"):
        raise DomainError("name the sender whose attachments are imported: anybody can write to a mailbox", "bad_choice")


def fetch(request: Request, file: BinaryIO) -> Delivery | None:
    """The next attachment after the one imported last."""
    check(request.settings, request.policy)
    try:
        with _opened(request) as mailbox:
            validity = _number(mailbox.response("UIDVALIDITY")[1])
            cursor = request.cursor if request.cursor.get("validity") == validity else {}
            return _next(mailbox, request, validity, int(cursor.get("uid", 0)), int(cursor.get("parts", 0)), file)
    except SourceProblem:
        raise
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise SourceProblem(f"the mailbox at {request.settings['host']} cannot be read: {_reason(error)}") from None


def _next(mailbox: imaplib.IMAP4, request: Request, validity: int, uid: int, parts: int, file: BinaryIO) -> Delivery | None:
    """`parts` attachments of the mail `uid` are imported already; 0: all are."""
    for number in _uids(mailbox, request, uid if parts else uid + 1):
        message = _message(mailbox, number)
        attachments = list(_attachments(message, request)) if message else []
        done = parts if number == uid else 0
        if len(attachments) > done:
            name, content = attachments[done]
            file.write(content)
            left = len(attachments) > done + 1
            cursor = {"validity": validity, "uid": number, "parts": done + 1 if left else 0}
            return Delivery(name, cursor, whole=True, more=True)
    return None


def _uids(mailbox: imaplib.IMAP4, request: Request, first: int) -> list[int]:
    criteria = ["UID", f"{first}:*", "FROM", _quoted(request.settings["sender"])]
    if subject := request.get("subject"):
        criteria += ["SUBJECT", _quoted(subject)]
    _, found = mailbox.uid("SEARCH", *criteria)
    return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid >= first)


def _message(mailbox: imaplib.IMAP4, uid: int) -> EmailMessage | None:
    _, parts = mailbox.uid("FETCH", str(uid), "(BODY.PEEK[])")
    content = next((part[1] for part in parts if isinstance(part, tuple)), None)
    return email.message_from_bytes(content, policy=email.policy.default) if content else None


def _attachments(message: EmailMessage, request: Request) -> Iterator[tuple[str, bytes]]:
    if parseaddr(str(message.get("From", "")))[1].lower() != request.settings["sender"].lower():
        return  # a server searches for any part of the header
    for part in message.iter_attachments():
        name, content = part.get_filename() or "", part.get_payload(decode=True)
        if name and fnmatch.fnmatch(name.lower(), request.get("pattern", "*").lower()) and isinstance(content, bytes):
            yield name, content


@contextmanager
def _opened(request: Request) -> Iterator[imaplib.IMAP4]:
    from musterroll.sources.network import connected

    host, port = request.settings["host"], int(request.get("port", "993"))
    wire = connected(host, port, request.policy.source_hosts)
    if request.get("tls") != "no":
        wire = ssl.create_default_context().wrap_socket(wire, server_hostname=host)
    mailbox = _Connected(wire)
    try:
        mailbox.login(request.settings["user"], request.settings["password"])
        status, _ = mailbox.select(_quoted(request.get("folder", "INBOX")), readonly=True)
        if status != "OK":
            raise SourceProblem(f"the mailbox has no folder {request.get('folder', 'INBOX')[:60]!r}")
        yield mailbox
    finally:
        try:
            mailbox.logout()
        except (imaplib.IMAP4.error, OSError):
            mailbox.shutdown()


class _Connected(imaplib.IMAP4):
    """IMAP over a connection that was made already."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        super().__init__()

    def _create_socket(self, timeout: Any = None) -> socket.socket:
        return self._wire


def _quoted(text: str) -> str:
    if not text.isascii() or not text.isprintable():
        raise SourceProblem("sender, subject and folder must be plain ASCII")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(answer: Any) -> int:
    return int(answer[0] or 0) if answer else 0


def _reason(error: Exception) -> str:
    if isinstance(error, imaplib.IMAP4.error):
        return str(error).strip("b'\"")[:120]
    return getattr(error, "strerror", None) or type(error).__name__


MAILBOX = SourceType(
    "mailbox",
    "Mailbox",
    "attachments of e-mails from one sender, in an IMAP mailbox",
    (
        Setting("host", "IMAP server", "imap.example.com", required=True),
        Setting("port", "Port", "993"),
        Setting("tls", "TLS", "no: only for servers in MUSTERROLL_SOURCE_HOSTS"),
        Setting("user", "User", required=True),
        Setting("password", "Password", secret=True, required=True),
        Setting("sender", "Sender", "reports@example.com", required=True),
        Setting("subject", "Subject contains"),
        Setting("folder", "Folder", "INBOX"),
        Setting("pattern", "Attachment names", "*.csv; default: all"),
    ),
    fetch,
    check,
)
