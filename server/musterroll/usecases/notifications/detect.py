"""Detecting events that no other use case records: enrolments, rejected rows, interrupted imports, ends, declining usage, no reception.

Whatever could be detected twice has a key, so that detecting it again, after a restart or in another process, records nothing new.
"""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from musterroll.domain.imports import interruption, is_interrupted
from musterroll.domain.notifications.events import LEADS, EventKind, lead_reached, not_receiving
from musterroll.domain.values.dates import last_day
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import pending
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.notifications import activity, endings
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints

_MISSED = 31  # days without a running schedule after which warranty ends are no longer announced late
_UNITS = 20_000  # measured in one run


def detect_events(session: Session, now: datetime) -> int:
    """Detect pending enrolments, rejected rows, interrupted imports and whether ingest receives. Returns the number of events recorded."""
    events = [*_enrolments(session, now), *_imports(session, now), *_interrupted(session, now), *_receiving(session, now)]
    return stored_events.record(session, events) if events else 0


def _enrolments(session: Session, now: datetime) -> Iterator[NewEvent]:
    """A serial that another device requests is a suspected clone if the first one operates, else a pending enrolment."""
    enrolments = {f"enrolment:{enrolment.credential_id}": enrolment for enrolment in pending.enrolments(session)}
    for key in _new(session, enrolments):
        enrolment = enrolments[key]
        kind = EventKind.CLONE_SUSPECTED if enrolment.operating else EventKind.ENROLMENT_PENDING
        yield NewEvent(
            kind, to_ms(now), key, account_id=enrolment.account_id, site_id=enrolment.site_id, serial=enrolment.serial, uid=enrolment.uid
        )


def _imports(session: Session, now: datetime) -> Iterator[NewEvent]:
    runs = {f"import:{run.run_id}": run for run in pending.rejected_imports(session)}
    for key in _new(session, runs):
        run = runs[key]
        yield NewEvent(EventKind.IMPORT_FAILED, to_ms(now), key, units=run.refused, variant=run.kind, detail=run.file)


def _interrupted(session: Session, now: datetime) -> Iterator[NewEvent]:
    incomplete = import_runs.incomplete(session)
    runs = {f"interrupted:{run.id}:{run.undone_by or run.stepped_at}": run for run in incomplete if is_interrupted(run, now)}
    for key in _new(session, runs):
        yield NewEvent(EventKind.IMPORT_INTERRUPTED, to_ms(now), key, units=0, detail=interruption(runs[key]))


def _new(session: Session, keys: Collection[str]) -> list[str]:
    known = stored_events.existing_keys(session, keys) if keys else set()
    return [key for key in keys if key not in known]


_WATCH = "ingest_watch"  # position: since when the schedule has been watching (ms); at: its last check
_BLINK = 30_000  # ms between two checks after which watching starts over


def _receiving(session: Session, now: datetime) -> Iterator[NewEvent]:
    """Whether any ingest proves that it receives. One that never did is not missed."""
    at = to_ms(now)
    watch, last_beat = checkpoints.mark(session, _WATCH), process_heartbeats.newest(session, "ingest:", at)
    since = watch.position if 0 <= at - watch.at < _BLINK else at
    checkpoints.put(session, _WATCH, since, at)
    if last_beat is None:
        return
    last = stored_events.newest(session, [EventKind.INGEST_NOT_RECEIVING, EventKind.INGEST_RECEIVING])
    silent_before = last is not None and last.kind is EventKind.INGEST_NOT_RECEIVING
    if not_receiving(last_beat, since, at):
        if not silent_before:
            yield NewEvent(EventKind.INGEST_NOT_RECEIVING, at, f"deaf:{last_beat}", since=last_beat, units=0)
    elif last is not None and silent_before and last_beat > (last.since or 0):
        yield NewEvent(EventKind.INGEST_RECEIVING, at, f"hears:{last.since}", since=last.since, units=0)


_ENDINGS = "endings"  # position: the day (ordinal) up to which ends were detected


def detect_endings(session: Session, now: datetime) -> list[NewEvent] | None:
    """What ends, once a day (UTC) and after each import, to be stored by `store_endings` in another session. None: already done."""
    today = now.astimezone(UTC).date()
    if not _endings_due(session, today):
        return None
    last = min(checkpoints.mark(session, _ENDINGS).position, today.toordinal() - 1)
    return [*_contracts(session, today, now), *_warranties(session, last, today, now)]


def store_endings(session: Session, events: list[NewEvent], now: datetime) -> int:
    """Record the events of `detect_endings`, and that today is done. Returns the number of events recorded."""
    today = now.astimezone(UTC).date()
    if not _endings_due(session, today):
        return 0
    checkpoints.put(session, _ENDINGS, today.toordinal(), to_ms(now))
    return stored_events.record(session, events)


def _endings_due(session: Session, today: date) -> bool:
    """Whether what ends was not looked for today, or documents have come in since."""
    done = checkpoints.mark(session, _ENDINGS)
    return done.position < today.toordinal() or (import_runs.last_imported_at(session) or 0) > done.at


def _contracts(session: Session, today: date, now: datetime) -> Iterator[NewEvent]:
    """The lead time that each end and each notice deadline has reached; by its key, each is recorded once."""
    for ending in endings.contracts(session, today):
        contract, renewal = ending.contract, ending.renewal
        facts = {
            "account_id": contract.account,
            "worth": next(iter(ending.worth), None),
            "further": ending.worth[1:],
            "detail": contract.ref,
        }
        ends_on = last_day(renewal.ends_on) if renewal.ends_on else None
        for kind, day in ((EventKind.CONTRACT_ENDING, ends_on), (EventKind.NOTICE_DUE, renewal.notice_by)):
            lead = None if day is None else lead_reached((day - today).days)
            if day is not None and lead is not None:
                key = f"{kind}:{contract.id}:{day}:{lead}"
                variant = "renews" if renewal.renews else "ends"
                yield NewEvent(kind, to_ms(now), key, lead=lead, on=day, variant=variant, **facts)  # type: ignore[arg-type]


def _warranties(session: Session, last: int, today: date, now: datetime) -> Iterator[NewEvent]:
    """Warranty ends that have reached a lead time since the last check, by site and day."""
    days = range(max(last + 1, today.toordinal() - _MISSED) if last else today.toordinal(), today.toordinal() + 1)
    reached_on = {date.fromordinal(day) + timedelta(lead + 1): lead for day in days for lead in LEADS}
    for ending in endings.warranties(session, set(reached_on)):
        lead, on = reached_on[ending.ends_on], last_day(ending.ends_on)
        key = f"{EventKind.WARRANTY_ENDING}:{ending.account_id}:{ending.site_id}:{on}:{lead}"
        place = {"account_id": ending.account_id, "site_id": ending.site_id, "serial": ending.serial, "uid": ending.uid}
        yield NewEvent(EventKind.WARRANTY_ENDING, to_ms(now), key, units=ending.units, lead=lead, on=on, **place)  # type: ignore[arg-type]


_ACTIVITY = "activity"  # position: the last unit measured; note: the week


def measure_activity(session: Session, now: datetime) -> bool:
    """Measure the activity of the next units, each once a week. Returns whether there were any."""
    week, mark = str(to_ms(now) // activity.WEEK), checkpoints.mark(session, _ACTIVITY)
    after = mark.position if mark.note in (week, f"{week} done") else 0
    if mark.note == f"{week} done":
        return False
    upto = activity.measure(session, after, _UNITS, to_ms(now))
    checkpoints.put(session, _ACTIVITY, upto or 0, to_ms(now), week if upto is not None else f"{week} done")
    return upto is not None
