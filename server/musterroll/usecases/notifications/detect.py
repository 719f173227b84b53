"""Noticing what is worth telling, where no verb notices it by itself: what waits, what ends, what falls, what no longer hears.

Whatever could be noticed twice carries a key, so that noticing again, after a restart or in another process, tells nothing anew.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from musterroll.domain.notifications.events import LEADS, EventKind, lead_reached, not_receiving
from musterroll.domain.values.dates import last_day
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import pending
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.notifications import activity, endings
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import Noticed
from musterroll.storage.operations import checkpoints

_MISSED = 31  # days without a schedule after which warranty ends are no longer told late
_UNITS = 20_000  # whose activity is read in one turn


def detect_events(session: Session, now: datetime) -> int:
    """Notice what waits for a person, what was refused and whether ingest hears. Returns how many signals were written."""
    events = [*_enrolments(session, now), *_imports(session, now), *_receiving(session, now)]
    return stored_events.note(session, events) if events else 0


def _enrolments(session: Session, now: datetime) -> Iterator[Noticed]:
    """A serial that another device asks for is a clone case where the first one operates, else an enrolment that waits."""
    enrolments = {f"enrolment:{enrolment.credential_id}": enrolment for enrolment in pending.enrolments(session)}
    for key in _new(session, enrolments):
        enrolment = enrolments[key]
        kind = EventKind.CLONE_SUSPECTED if enrolment.operating else EventKind.ENROLMENT_PENDING
        yield Noticed(
            kind, to_ms(now), key, account_id=enrolment.account_id, site_id=enrolment.site_id, serial=enrolment.serial, uid=enrolment.uid
        )


def _imports(session: Session, now: datetime) -> Iterator[Noticed]:
    runs = {f"import:{run.run_id}": run for run in pending.refusals(session)}
    for key in _new(session, runs):
        run = runs[key]
        yield Noticed(EventKind.IMPORT_FAILED, to_ms(now), key, units=run.refused, variant=run.kind, detail=run.file)


def _new(session: Session, keys: Collection[str]) -> list[str]:
    known = stored_events.known(session, keys) if keys else set()
    return [key for key in keys if key not in known]


_WATCH = "ingest_watch"  # position: since when the schedule has been there to notice (ms); at: its last look
_BLINK = 30_000  # ms between two looks after which watching begins anew


def _receiving(session: Session, now: datetime) -> Iterator[Noticed]:
    """Whether some ingest proves its hearing. One that never did is not missed."""
    at, watch, last_beat = to_ms(now), checkpoints.mark(session, _WATCH), process_heartbeats.newest(session, "ingest:")
    since = watch.position if 0 <= at - watch.at < _BLINK else at
    checkpoints.put(session, _WATCH, since, at)
    if last_beat is None:
        return
    last = stored_events.newest(session, [EventKind.INGEST_DEAF, EventKind.INGEST_HEARS])
    silent_before = last is not None and last.kind is EventKind.INGEST_DEAF
    if not_receiving(last_beat, since, at):
        if not silent_before:
            yield Noticed(EventKind.INGEST_DEAF, at, f"deaf:{last_beat}", since=last_beat, units=0)
    elif last is not None and silent_before and last_beat > (last.since or 0):
        yield Noticed(EventKind.INGEST_HEARS, at, f"hears:{last.since}", since=last.since, units=0)


_ENDINGS = "endings"  # position: the day (ordinal) up to which ends were noticed


def detect_endings(session: Session, now: datetime) -> list[Noticed] | None:
    """What ends, once a day (of UTC): to be read in one session and kept by `keep_ends` in another. None: it was looked at today."""
    today = now.astimezone(UTC).date()
    last = checkpoints.mark(session, _ENDINGS).position
    if last >= today.toordinal():
        return None
    return [*_contracts(session, today, now), *_warranties(session, last, today, now)]


def store_endings(session: Session, events: list[Noticed], now: datetime) -> int:
    """Write what `ends` found, and that today is done."""
    today = now.astimezone(UTC).date().toordinal()
    if checkpoints.mark(session, _ENDINGS).position >= today:
        return 0
    checkpoints.put(session, _ENDINGS, today, to_ms(now))
    return stored_events.note(session, events)


def _contracts(session: Session, today: date, now: datetime) -> Iterator[Noticed]:
    """The lead time each end and each notice day has reached; the key lets one be told once at each."""
    for ending in endings.contracts(session, today):
        contract, renewal = ending.contract, ending.renewal
        facts = {"account_id": contract.account, "worth": ending.worth, "detail": contract.ref}
        ends_on = last_day(renewal.ends_on) if renewal.ends_on else None
        for kind, day in ((EventKind.CONTRACT_ENDING, ends_on), (EventKind.NOTICE_DUE, renewal.notice_by)):
            lead = None if day is None else lead_reached((day - today).days)
            if day is not None and lead is not None:
                key = f"{kind}:{contract.id}:{day}:{lead}"
                variant = "renews" if renewal.renews else "ends"
                yield Noticed(kind, to_ms(now), key, lead=lead, on=day, variant=variant, **facts)  # type: ignore[arg-type]


def _warranties(session: Session, last: int, today: date, now: datetime) -> Iterator[Noticed]:
    """Warranty that a lead time was reached for since the last look, by place and day."""
    days = range(max(last + 1, today.toordinal() - _MISSED) if last else today.toordinal(), today.toordinal() + 1)
    reached_on = {date.fromordinal(day) + timedelta(lead + 1): lead for day in days for lead in LEADS}
    for ending in endings.warranties(session, set(reached_on)):
        lead, on = reached_on[ending.ends_on], last_day(ending.ends_on)
        key = f"{EventKind.WARRANTY_ENDING}:{ending.account_id}:{ending.site_id}:{on}:{lead}"
        place = {"account_id": ending.account_id, "site_id": ending.site_id, "serial": ending.serial, "uid": ending.uid}
        yield Noticed(EventKind.WARRANTY_ENDING, to_ms(now), key, units=ending.units, lead=lead, on=on, **place)  # type: ignore[arg-type]


_ACTIVITY = "activity"  # position: the last unit read; note: the week it is read for


def measure_activity(session: Session, now: datetime) -> bool:
    """Read the activity of the next units, each unit once a week. Returns whether there was anything to read."""
    week, mark = str(to_ms(now) // activity.WEEK), checkpoints.mark(session, _ACTIVITY)
    after = mark.position if mark.note in (week, f"{week} done") else 0
    if mark.note == f"{week} done":
        return False
    upto = activity.read(session, after, _UNITS, to_ms(now))
    checkpoints.put(session, _ACTIVITY, upto or 0, to_ms(now), week if upto is not None else f"{week} done")
    return upto is not None
