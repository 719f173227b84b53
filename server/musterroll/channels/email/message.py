"""A message of the outbox as an e-mail: plain text and simple HTML with the same content. Each header is one clean line."""

import json
from email.message import EmailMessage
from html import escape
from typing import Any
from urllib.parse import quote

from musterroll.channels.delivery import DeliveryAttempt
from musterroll.channels.email import customer
from musterroll.channels.email.headers import addressed, one_line

_PAGE = """<!doctype html><html lang="en"><body style="font:16px/1.5 system-ui,sans-serif;color:#17202c;margin:0;padding:24px">
<h1 style="font-size:20px;margin:0 0 16px">{title}</h1>
{groups}
<p style="color:#56606e;font-size:14px;border-top:1px solid #e2e6eb;padding-top:12px">{foot}</p>
</body></html>
"""


def email_message(attempt: DeliveryAttempt, sender: str) -> EmailMessage:
    """An e-mail with a Message-ID that every attempt shares."""
    content: dict[str, Any] = json.loads(attempt.body)
    if "text" in content:
        return customer.email_message(attempt, sender, content)
    title, home = attempt.title, attempt.public_url
    mail = addressed(attempt, sender)
    files = f"Attached: {', '.join(file.name for file in attempt.attachments)}. " if attempt.attachments else ""
    foot = f"{files}Sent by Musterroll{f' ({home})' if home else ''}. An admin can change what is sent on the page Notifications."
    mail.set_content(_text(title, content, home, foot))
    mail.add_alternative(_html(title, content, home, foot), subtype="html")
    for file in attempt.attachments:
        maintype, _, subtype = file.content_type.partition("/")
        mail.add_attachment(file.content, maintype, subtype, filename=file.name)
    return mail


def _text(title: str, content: dict[str, Any], home: str | None, foot: str) -> str:
    parts = [one_line(title), ""]
    for group in content["groups"]:
        parts += [one_line(group["headline"])]
        for line in group["lines"]:
            parts += [f"- {one_line(line['text'])}"] + ([f"  {_link(home, line['path'])}"] if home else [])
        parts += [""]
    return "\n".join([*parts, foot, ""])


def _html(title: str, content: dict[str, Any], home: str | None, foot: str) -> str:
    groups = []
    for group in content["groups"]:
        lines = "".join(f"<li>{_linked(home, line)}</li>" for line in group["lines"])
        groups.append(f'<h2 style="font-size:16px;margin:0 0 4px">{escape(one_line(group["headline"]))}</h2><ul>{lines}</ul>')
    return _PAGE.format(title=escape(one_line(title)), groups="\n".join(groups), foot=escape(foot))


def _linked(home: str | None, line: dict[str, Any]) -> str:
    text = escape(one_line(line["text"]))
    return f'<a href="{escape(_link(home, line["path"]))}">{text}</a>' if home else text


def _link(home: str | None, path: str) -> str:
    return (home or "").rstrip("/") + quote(path, safe="/?&=%")
