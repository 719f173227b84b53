"""Files that go out with a message, where its channel takes them: review packs with the e-mail that announces them."""

from sqlmodel import Session

from musterroll.channels import CHANNELS
from musterroll.channels.delivery import Attachment
from musterroll.domain.installed_base.targets import TargetPeriod
from musterroll.domain.notifications.events import Event, EventKind
from musterroll.storage.installed_base import targets as stored_targets
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.storage.tables.targets import PACK_FILES

_MOST_BYTES = 7_000_000  # many mail servers take 10 MB, and files grow by a third on their way
_MOST_EVENTS = 200


def attachments(session: Session, message: Notification, rule: NotificationRule) -> tuple[Attachment, ...]:
    """As many of its review packs as there is room for; the others are linked in the message only."""
    channel = CHANNELS.get(rule.way)
    if channel is None or not channel.attaches or message.test or EventKind.REVIEW_PACK not in rule.kinds:
        return ()
    files: list[Attachment] = []
    for event in stored_events.events_of_message(session, message.id or 0, _MOST_EVENTS):
        if event.kind is EventKind.REVIEW_PACK:
            of_pack = _files(session, event)
            if sum(len(file.content) for file in (*files, *of_pack)) <= _MOST_BYTES:
                files += of_pack
    return tuple(files)


def _files(session: Session, event: Event) -> list[Attachment]:
    """None where the pack has been deleted since."""
    period = TargetPeriod(event.variant)
    pack = stored_targets.pack(session, period, period.first(event.on)) if event.on else None
    return [Attachment(f"review-{event.detail}.{form}", of_type, getattr(pack, form)) for form, of_type in PACK_FILES.items() if pack]
