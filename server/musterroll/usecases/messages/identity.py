"""Which device reports as a unit: signs are recorded as messages come, judged by the schedule, and told to a person as a case."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Heartbeat, encode
from sqlmodel import Session

from musterroll.domain.messages import identity as rules
from musterroll.domain.messages.identity import Doubt
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.liveness.last_seen import PassedReport
from musterroll.storage.messages import durable
from musterroll.storage.messages import identity as storage
from musterroll.storage.messages.durable import MessageRow
from musterroll.storage.messages.identity import NewSign
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.tables.identity import IdentityCase

_EVENTS = {Doubt.COPIED: EventKind.CREDENTIAL_COPIED, Doubt.WENT_BACK: EventKind.STATE_WENT_BACK, Doubt.FOREIGN: EventKind.FOREIGN_IDENTITY}
_AT_ONCE = 500  # units judged in one run
_KEPT = 3_600_000  # ms without another sign after which signs are forgotten
_FIRST_ASIDE, _NEWEST_ASIDE = 10, 100  # messages of a unit that are kept of those set aside: how it began, and how it goes on
_NEW_EPISODE = 86_400_000  # ms without a sign after which a copy is a new case


class NewCase(NamedTuple):
    unit_id: int
    doubt: Doubt
    says: str  # one clause
    facts: str = ""


def record_signs(
    session: Session, aside: Sequence[MessageRow], passed: Sequence[PassedReport], beats: Mapping[int, Heartbeat], now: datetime
) -> None:
    """Messages that were set aside, and heartbeats of passed epochs or numbers; the newest of each passed epoch is set aside too."""
    if not aside and not passed:
        return
    conflicts = Counter(row.unit_id for row in aside)
    reports = {report.unit.unit_id: report for report in passed}
    back = {unit_id: beats[unit_id] for unit_id, report in reports.items() if report.sent[0] < report.newest[0]}
    newest = {unit_id: report.newest for unit_id, report in reports.items()}
    signs = [
        NewSign(unit_id, conflicts[unit_id], int(unit_id in back), 0, *newest.get(unit_id, (-1, -1))) for unit_id in {*conflicts, *reports}
    ]
    storage.add_signs(session, signs, to_ms(now))
    lines = [MessageRow(unit_id, beat.epoch, 0, "heartbeat", beat.at, encode(beat)) for unit_id, beat in back.items()]
    durable.set_aside_heartbeats(session, lines, to_ms(now))


def record_hardware(session: Session, unit_ids: Collection[int], now: datetime) -> None:
    """Units whose birth names other hardware than the one before."""
    storage.add_signs(session, [NewSign(unit_id, hardware=1) for unit_id in unit_ids], to_ms(now))


def due(session: Session, now: datetime) -> bool:
    """Whether `judge` has anything to do."""
    return bool(storage.due_signs(session, to_ms(now), rules.WENT_BACK_AFTER, 1) or _over(session))


def judge(session: Session, now: datetime) -> int:
    """Judge the units with new signs, prune what was set aside of them, and close the cases of units with a new credential.

    Returns the number of units judged.
    """
    over = _over(session)
    storage.delete_cases(session, over)
    reconcile_queue.mark(session, [unit_id for unit_id, _ in over])
    signs = storage.due_signs(session, to_ms(now), rules.WENT_BACK_AFTER, _AT_ONCE)
    issued = storage.issued(session, signs.keys())
    new = []
    for unit_id, sign in signs.items():
        since = issued.get(unit_id, 0)
        verdict = None if sign.last_at < since else rules.judge(sign, storage.births(session, unit_id, since), to_ms(now))
        if verdict is not None:
            new.append(NewCase(unit_id, *verdict))
    open_cases(session, new, now)
    storage.prune_set_aside(session, signs.keys(), _FIRST_ASIDE, _NEWEST_ASIDE)
    storage.mark_judged(session, signs.keys(), to_ms(now), _KEPT)
    return len(signs)


def open_cases(session: Session, new: Sequence[NewCase], now: datetime) -> None:
    """Open cases, at most one a unit, or note that they go on. Whoever was told of a case is not told again, unless its facts change."""
    if not new:
        return
    at, known = to_ms(now), storage.cases(session, {case.unit_id for case in new})
    opened = []
    for case in new:
        stored = known.get((case.unit_id, case.doubt))
        over = stored is not None and case.doubt is Doubt.COPIED and stored.at < at - _NEW_EPISODE
        since = at if stored is None or over else stored.since
        facts = case.facts or (f"copied since {since}" if case.doubt is Doubt.COPIED else case.doubt.value)
        if stored is None:
            session.add(IdentityCase(unit_id=case.unit_id, doubt=case.doubt, since=since, at=at, says=case.says, facts=facts))
        if stored is None or stored.facts != facts:
            opened.append((case, facts))
        if stored is not None:
            stored.since, stored.at, stored.says, stored.facts = since, at, case.says, facts
    session.flush()
    copied = {case.unit_id for case in new if case.doubt is Doubt.COPIED}
    storage.delete_cases(session, [key for key in known if key[1] is Doubt.WENT_BACK and key[0] in copied])
    _tell(session, opened, at)


def close_cases(session: Session, unit_ids: Collection[int], doubt: Doubt) -> None:
    """The doubt is gone."""
    keys = [key for key in storage.cases(session, unit_ids) if key[1] is doubt]
    storage.delete_cases(session, keys)
    reconcile_queue.mark(session, [unit_id for unit_id, _ in keys])


def _over(session: Session) -> list[tuple[int, Doubt]]:
    """Cases of units with a credential issued after the last sign: it is on one device only."""
    cases = storage.all_cases(session)
    issued = storage.issued(session, {case.unit_id for case in cases})
    return [(case.unit_id, case.doubt) for case in cases if issued.get(case.unit_id, 0) > case.at]


def _tell(session: Session, opened: Sequence[tuple[NewCase, str]], at: int) -> None:
    units = storage.units(session, {case.unit_id for case, _ in opened})
    reconcile_queue.mark(session, list(units))
    events = []
    for case, _ in opened:
        unit = units[case.unit_id]
        where = {"account_id": unit.account_id, "site_id": unit.site_id, "serial": unit.serial, "uid": unit.uid}
        events.append(NewEvent(_EVENTS[case.doubt], at, detail=case.says, **where))  # type: ignore[arg-type]
    stored_events.record(session, events)
