"""An e-mail to a customer: plain text in their language, with a link that ends such e-mails."""

from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any

from musterroll.channels.delivery import DeliveryAttempt, DeliveryError
from musterroll.channels.email.headers import addressed

_LINK = "List-Unsubscribe"
_FOOT = {
    "de": "Sie erhalten diese E-Mail, weil Sie in E-Mails von uns eingewilligt haben. Abbestellen: {link}",
    "en": "You receive this e-mail because you agreed to e-mails from us. To unsubscribe: {link}",
}


class _LinkOnOneLine(EmailPolicy):
    """A long link that is folded would be encoded, and no longer a link."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == _LINK else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii") if name == _LINK else super().fold_binary(name, value)


def email_message(attempt: DeliveryAttempt, sender: str, content: dict[str, Any]) -> EmailMessage:
    """One click on the header or the link unsubscribes (RFC 8058). Raises DeliveryError without a public address to link to."""
    if attempt.public_url is None:
        raise DeliveryError("the link to unsubscribe needs the registry's public address; set MUSTERROLL_PUBLIC_URL")
    link = attempt.public_url.rstrip("/") + content["unsubscribe"]
    mail = addressed(attempt, sender, _LinkOnOneLine(linesep=SMTP.linesep))
    mail["Content-Language"] = content["language"]
    mail[_LINK] = f"<{link}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    foot = _FOOT.get(content["language"], _FOOT["en"]).format(link=link)
    mail.set_content(f"{content['text']}\n\n-- \n{foot}\n", cte="quoted-printable")
    return mail
