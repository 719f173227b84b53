"""Attachments of e-mails in an IMAP mailbox: each is a document. Mails stay as they are."""

import email
import email.policy
import fnmatch
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.errors import CloseBoundaryNotFoundDefect, InvalidBase64CharactersDefect, InvalidBase64LengthDefect
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType

_LARGEST = 64 << 20  # bytes of a mail
_DOCUMENTS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".zip", ".gz")
_DAMAGE = (CloseBoundaryNotFoundDefect, InvalidBase64CharactersDefect, InvalidBase64LengthDefect)
_SIZE = re.compile(rb"RFC822\.SIZE ([0-9]{1,18})")


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
    number = uid
    for number in _uids(mailbox, request, uid if parts else uid + 1):
        attachments = _attachments(mailbox, number, request)
        done = parts if number == uid else 0
        if len(attachments) > done:
            name, content = attachments[done]
            file.write(content)
            left = len(attachments) > done + 1
            cursor = {"validity": validity, "uid": number, "parts": done + 1 if left else 0}
            return Delivery(name, cursor, whole=True, more=True)
    passed = {"validity": validity, "uid": number, "parts": 0}
    return Delivery("", passed, whole=False) if number != uid else None  # mails without attachments are not read again


def _uids(mailbox: imaplib.IMAP4, request: Request, first: int) -> list[int]:
    criteria = ["UID", f"{first}:*", "FROM", _quoted(request.settings["sender"])]
    if subject := request.get("subject"):
        criteria += ["SUBJECT", _quoted(subject)]
    _, found = mailbox.uid("SEARCH", *criteria)
    return sorted(uid for uid in map(int, (found[0] or b"").split()) if uid >= first)  # n:* is the last mail where n is beyond it


def _attachments(mailbox: imaplib.IMAP4, uid: int, request: Request) -> list[tuple[str, bytes]]:
    """The documents attached to a mail of the sender: none where it is another's, as a server searches for any part of the header."""
    head, size = _fetched(mailbox, uid, "(RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM)])")
    if not _is_from(head, request.settings["sender"]):
        return []
    if size > _LARGEST:
        raise SourceProblem(f"mail {uid} is larger than {_LARGEST >> 20} MiB; move it out of the folder")
    content, _ = _fetched(mailbox, uid, "(BODY.PEEK[])")
    message = email.message_from_bytes(content, policy=email.policy.default)
    try:
        attachments = list(_documents(message, request.get("pattern")))
        parts = [part for part in message.walk() if part.is_multipart() or part.get_filename()]
        if damage := next((defect for part in parts for defect in part.defects if isinstance(defect, _DAMAGE)), None):
            raise ValueError(type(damage).__name__)
    except Exception as error:  # whatever a mail is made of
        raise SourceProblem(
            f"{_named(message, uid)} is damaged ({error}); have it sent again, and move this one out of the folder"
        ) from None
    return attachments


def _fetched(mailbox: imaplib.IMAP4, uid: int, what: str) -> tuple[bytes, int]:
    """The part of a mail that is asked for, and the size of the mail where that is asked for."""
    _, parts = mailbox.uid("FETCH", str(uid), what)
    answer, content = next((part for part in parts if isinstance(part, tuple)), (b"", b""))
    trailer = b"".join(part for part in parts if isinstance(part, bytes))
    size = _SIZE.search(answer + trailer)
    return content, int(size[1]) if size else 0


def _is_from(head: bytes, sender: str) -> bool:
    written = email.message_from_bytes(head, policy=email.policy.compat32).get_all("From", [])
    return [address.lower() for _, address in getaddresses(map(str, written))] == [sender.lower()]


def _documents(message: EmailMessage, pattern: str) -> Iterator[tuple[str, bytes]]:
    """Parts with the name of a document, wherever a gateway has put them."""
    for part in message.walk():
        name = PurePosixPath((part.get_filename() or "").replace("\\", "/")).name
        wanted = fnmatch.fnmatch(name.lower(), pattern.lower()) if pattern else name.lower().endswith(_DOCUMENTS)
        content = part.get_payload(decode=True) if name and wanted else None
        if isinstance(content, bytes):
            yield name, content


def _named(message: EmailMessage, uid: int) -> str:
    try:
        return f"the mail {str(message.get('Subject', ''))[:80]!r} ({uid})"
    except Exception:  # a subject that cannot be read
        return f"mail {uid}"


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
        Setting("pattern", "Attachment names", "*.csv; default: every document, no pictures"),
    ),
    fetch,
    check,
)
