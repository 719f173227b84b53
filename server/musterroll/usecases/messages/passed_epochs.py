"""Units that number their messages in an epoch the registry has passed, or that two lives or devices have used: where they go on."""

from collections.abc import Collection, Iterator, Sequence

from musterroll_wire.messages import MAX_INTEGER, Command
from sqlmodel import Session

from musterroll.storage.liveness.last_seen import PassedReport
from musterroll.storage.messages import durable as storage
from musterroll.storage.messages.durable import Stream


def renumberings(session: Session, forked: Collection[Stream], passed: Sequence[PassedReport]) -> Iterator[tuple[int, Command]]:
    """The commands to units, as (unit, command): to number again, above all that is known of them, what they have in these epochs.

    A heartbeat is of the epoch that the agent is in; a durable message may be of an older one that it still has messages of.
    """
    epochs = {*forked, *(Stream(report.unit.unit_id, report.sent[0]) for report in passed if report.sent[0] < report.newest[0])}
    if not epochs:
        return
    highest = storage.highest_epochs(session, {stream.unit_id for stream in epochs})
    for unit_id, epoch in sorted(epochs):
        if highest[unit_id] < MAX_INTEGER:
            yield unit_id, Command("epoch", {"epoch": epoch, "above": max(epoch, highest[unit_id])})
