"""Headers that all e-mails have. Each is one clean line."""

from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from typing import Any

from musterroll.channels.delivery import DeliveryAttempt


def addressed(attempt: DeliveryAttempt, sender: str, policy: "Policy[Any]" = SMTP) -> EmailMessage:
    """An e-mail without content, with a Message-ID that every attempt shares."""
    mail = EmailMessage(policy=policy)
    mail["From"] = sender
    mail["To"] = attempt.address
    mail["Subject"] = one_line(attempt.title)
    mail["Date"] = format_datetime(attempt.created_at)
    mail["Message-ID"] = f"<{attempt.key}@{sender.rpartition('@')[2].strip('> ')}>"
    mail["Auto-Submitted"] = "auto-generated"
    return mail


def one_line(text: str) -> str:
    """
    >>> one_line("a\\r\\nBcc: everyone")
    'a Bcc: everyone'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
