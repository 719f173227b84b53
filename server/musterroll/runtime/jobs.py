"""The scheduled jobs of a registry."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from musterroll import long_work
from musterroll.broker.mosquitto import provision_mosquitto
from musterroll.runtime import figure_jobs
from musterroll.runtime.outbox_sender import OutboxSender
from musterroll.runtime.scheduler import Job
from musterroll.runtime.source_workers import SourceWorkers
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored_sources
from musterroll.usecases.audit import verify as audit_verify
from musterroll.usecases.contacts import due as due_reminders
from musterroll.usecases.contacts import reminders
from musterroll.usecases.installed_base import review_packs, target_states
from musterroll.usecases.liveness import outages, rhythms, stale_sweep
from musterroll.usecases.messages import identity
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.usecases.notifications import compose, detect
from musterroll.usecases.operations import clock, health
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.segments import count as segment_count
from musterroll.usecases.usage import measure as usage_measure
from musterroll.usecases.warranty import products

log = logging.getLogger(__name__)
PROCESS = "schedule"
_RUNS_KEPT = 100  # of each source
_LEARNED = 5_000  # units in one run
_MEASURED = 5_000  # units whose counters are read in one run
_PLAN_INTERVAL = timedelta(minutes=10)  # between updates of the capacity facts while records change all the time


def jobs(settings: Settings, database: Database) -> list[Job]:
    work = _RegistryJobs(settings, database, SourceWorkers(database, settings))
    scheduled = [
        Job("sweep", settings.sweep_seconds, work.sweep, at_any_time=True),
        Job("reconcile", 5.0, work.reconcile),
        Job("identity", 10.0, work.identity),
        Job("rhythm", 10.0, work.rhythm),
        Job("usage", 60.0, work.usage),
        Job("heartbeat", 5.0, work.heartbeat, at_any_time=True),
    ]
    scheduled += [Job("targets", 60.0, work.targets), Job("review_packs", 60.0, work.review_packs)]
    scheduled += [Job("snapshot", 60.0, work.snapshot), Job("plan", 60.0, work.plan), Job("figures", 60.0, work.figures)]
    scheduled.append(Job("segments", 30.0, work.segments))
    if settings.mosquitto_password_file:
        scheduled.append(Job("provision", 1.0, work.provision))
    notifications = _NotificationJobs(database, OutboxSender(database, settings))
    scheduled += [
        Job("events", 5.0, notifications.queue),
        Job("endings", 60.0, notifications.endings),
        Job("activity", 10.0, notifications.activity),
    ]
    scheduled += [Job("send", 2.0, notifications.send), Job("delete_old", 3600.0, notifications.delete_old)]
    scheduled += [Job("sources", 5.0, work.sources), Job("source_history", 3600.0, work.source_history)]
    scheduled.append(Job("calendar", 30.0, notifications.calendar))
    scheduled.append(Job("reminders", 10.0, _ReminderJobs(database, settings.public_url).remind))
    scheduled += [Job("product_changes", 2.0, work.product_changes), Job("verify", 5.0, work.verify), Job("metrics", 60.0, work.metrics)]
    return scheduled


class _RegistryJobs(NamedTuple):
    settings: Settings
    database: Database
    source_workers: SourceWorkers

    def sweep(self, now: datetime) -> None:
        """Mark silent units stale. Checks first, so that no writer waits when nothing is due."""
        with self.database.snapshot() as session:
            if not stale_sweep.any_due(session, now):
                return
        with self.database.transaction() as session:
            swept = stale_sweep.sweep(session, now)
        if swept.newly_stale:
            log.info("%d units have gone silent and are now stale", len(swept.newly_stale))

    def reconcile(self, now: datetime) -> None:
        """Update findings and counts for changed units and records, and for the new day, but not while an import goes on."""
        with self.database.snapshot() as session:
            whole = None if reconciliation_run.waits(session, now) else reconciliation_run.due(session, now)
        if whole:
            long_work.reconcile(self.database, now, now)
            log.info("the whole fleet was reconciled")
        elif whole is not None:
            with self.database.transaction() as session:
                reconciliation_run.tick(session, now)

    def identity(self, now: datetime) -> None:
        """Judge which device reports as a unit, where there are signs that it is another."""
        with self.database.snapshot() as session:
            if not identity.due(session, now):
                return
        with self.database.transaction() as session:
            identity.judge(session, now)

    def rhythm(self, now: datetime) -> None:
        """Learn when units usually report, each once a day, one batch per run."""
        with self.database.snapshot() as session:
            if not rhythms.due(session, now):
                return
        with self.database.transaction() as session:
            rhythms.learn_rhythms(session, now, _LEARNED)

    def usage(self, now: datetime) -> None:
        """Read the lifetime counters of units, each once an hour or as often as the whole fleet takes, one batch per run."""
        with self.database.snapshot() as session:
            if not usage_measure.due(session, now):
                return
        with self.database.transaction() as session:
            usage_measure.measure(session, now, _MEASURED)

    def product_changes(self, now: datetime) -> None:
        """Update the units of a changed product or policy, one batch per run."""
        with self.database.snapshot() as session:
            if not products.has_pending(session):
                return
        with self.database.transaction() as session:
            products.apply_pending(session, now)

    def verify(self, now: datetime) -> None:
        """Verify the next part of the audit log; read separately, so that no writer waits."""
        with self.database.snapshot() as session:
            entries = audit_verify.check_next(session, now)
        if entries is not None:
            with self.database.transaction() as session:
                audit_verify.keep(session, entries, now)

    def metrics(self, now: datetime) -> None:
        """Record the health of the registry, minute by minute."""
        with self.database.transaction() as session:
            health.read(session, now)

    def snapshot(self, now: datetime) -> None:
        """Store the counts of every completed day, each counted first, so that no writer waits, and then written at once."""
        with self.database.transaction() as session:
            daily_snapshot.recount(session, now)
        with self.database.snapshot() as session:
            days = daily_snapshot.due(session, now) or daily_snapshot.earlier(session, now)
        with self.database.frozen() as session:
            for day, counts in zip(days, daily_snapshot.count(session, days, now) if days else (), strict=True):
                with self.database.transaction() as writing:
                    daily_snapshot.keep(writing, day, counts)

    def plan(self, now: datetime) -> None:
        """Update measured exposure and the capacity facts. They are computed without blocking writers."""
        from musterroll.usecases.capacity import plans as capacity_plans  # imports numpy and scipy, which would slow down the start

        with self.database.snapshot() as session:
            if not capacity_plans.due(session, now, _PLAN_INTERVAL):
                return
            prepared = capacity_plans.prepare(session, now)
        with self.database.transaction() as session:
            capacity_plans.keep(session, prepared)

    def figures(self, now: datetime) -> None:
        """Update the cached figures of a large fleet; each is computed first and then written at once."""
        with self.database.snapshot() as session:
            due = figure_jobs.due(session, now)
        for together in due:
            try:
                with self.database.snapshot() as session:
                    values = list(together.count_each(session, now))
                with self.database.transaction() as session:
                    for figure, value in zip(together.figures, values, strict=True):
                        cached_figures.keep(session, figure, value, now)
            except Exception as error:  # one figure that takes too long must not hold up the others
                log.error("figure %s could not be computed and will be retried: %s", together.name, str(error).splitlines()[0])

    def targets(self, now: datetime) -> None:
        """Record which targets were crossed; first looked for, so that no writer waits when there are none."""
        with self.database.snapshot() as session:
            if not target_states.any_changed(session, now):
                return
        with self.database.transaction() as session:
            target_states.report_crossings(session, now)

    def segments(self, now: datetime) -> None:
        """Count the segments, without blocking writers, and store them at once; after the run that an import asks for."""
        with self.database.snapshot() as session:
            if reconciliation_run.waits(session, now) or reconciliation_run.due(session, now) or not segment_count.due(session, now):
                return
            counted = segment_count.count(session, now)
        with self.database.transaction() as session:
            segment_count.keep(session, counted, now)

    def review_packs(self, now: datetime) -> None:
        """Make the review pack of a month or quarter that is over; computed first, so that no writer waits."""
        with self.database.snapshot() as session:
            of = review_packs.due(session, now)
            pack = of and review_packs.make(session, of, now)
        if of and pack:
            with self.database.transaction() as session:
                stored = review_packs.keep(session, of, pack, now)
            if stored:
                log.info("the review pack of %s was made", of.label)

    def heartbeat(self, now: datetime) -> None:
        with self.database.transaction() as session:
            clock.record_progress(session, PROCESS, now)

    def sources(self, now: datetime) -> None:
        """Start the sources of documents that are due; each runs in a thread of its own."""
        self.source_workers.start_due(now)

    def source_history(self, _now: datetime) -> None:
        """Delete old runs of sources, but none whose import can be undone."""
        with self.database.transaction() as session:
            stored_sources.delete_old_runs(session, _RUNS_KEPT)

    def provision(self, _now: datetime) -> None:
        provision_mosquitto(self.database, self.settings)


class _NotificationJobs(NamedTuple):
    """Detecting events and sending notifications."""

    database: Database
    sender: OutboxSender

    def queue(self, now: datetime) -> None:
        """Detect events, match them with the rules, and queue the messages that are due, in one transaction."""
        with self.database.transaction() as session:
            detect.detect_events(session, now)
            messages = compose.queue_due(session, now)
        for message in messages:
            log.info("message %s queued: %s", message.key, message.title)

    def endings(self, now: datetime) -> None:
        """Once a day, detect ending warranties and contracts; read separately, so that no writer waits."""
        with self.database.snapshot() as session:
            endings = detect.detect_endings(session, now)
        if endings is not None:
            with self.database.transaction() as session:
                detect.store_endings(session, endings, now)

    def calendar(self, now: datetime) -> None:
        """Once an hour, update the calendar feeds; read separately as well."""
        with self.database.snapshot() as session:
            days = notification_calendar.compute_endings(session, now)
        if days is not None:
            with self.database.transaction() as session:
                notification_calendar.store_endings(session, days, now)

    def activity(self, now: datetime) -> None:
        """Once a week, measure the activity of every unit, one batch per run."""
        with self.database.transaction() as session:
            detect.measure_activity(session, now)

    def send(self, now: datetime) -> None:
        self.sender.send(now)

    def delete_old(self, now: datetime) -> None:
        with self.database.transaction() as session:
            compose.delete_old(session, now)
            outages.forget(session, now)


class _ReminderJobs(NamedTuple):
    """Reminders to customers. `public_url` is the address that their links begin with."""

    database: Database
    public_url: str | None

    def remind(self, now: datetime) -> None:
        """Once an hour, find what is due, read separately, so that no writer waits; and send what goes out by itself."""
        with self.database.snapshot() as session:
            rows = due_reminders.find_due(session, now)
        if rows is not None:
            with self.database.transaction() as session:
                due_reminders.store_due(session, rows, now)
        with self.database.snapshot() as session:
            if not reminders.any_to_release(session, self.public_url):
                return
        with self.database.transaction() as session:
            reminders.release_by_rule(session, self.public_url, now)
