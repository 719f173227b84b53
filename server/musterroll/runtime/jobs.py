"""The recurring work of a registry, as jobs for the schedule."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from musterroll.broker.mosquitto import provision_mosquitto
from musterroll.channels import Post
from musterroll.domain.values.instants import to_ms
from musterroll.runtime import figure_jobs
from musterroll.runtime.scheduler import Job
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.usecases.audit import verify as audit_verify
from musterroll.usecases.liveness import stale_sweep
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.usecases.notifications import compose, detect
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations import health
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.warranty import products

log = logging.getLogger(__name__)
PULSE = "schedule"
_PATIENCE = timedelta(minutes=10)  # from one gathering for plans to the next, where paper changes all the time


def jobs(settings: Settings, database: Database) -> list[Job]:
    work = _Work(settings, database)
    found = [Job("sweep", settings.sweep_seconds, work.sweep), Job("reconcile", 5.0, work.reconcile), Job("pulse", 5.0, work.pulse)]
    found += [Job("snapshot", 60.0, work.snapshot), Job("plan", 60.0, work.plan), Job("figures", 60.0, work.figures)]
    if settings.mosquitto_password_file:
        found.append(Job("provision", 1.0, work.provision))
    telling = _Telling(database, Post(database, settings))
    found += [Job("signals", 5.0, telling.speak), Job("endings", 60.0, telling.endings), Job("activity", 10.0, telling.activity)]
    found += [Job("post", 2.0, telling.send), Job("forget", 3600.0, telling.forget)]
    found.append(Job("calendar", 30.0, telling.calendar))
    found += [Job("follow", 2.0, work.follow), Job("prove", 5.0, work.prove), Job("readings", 60.0, work.readings)]
    return found


class _Work(NamedTuple):
    settings: Settings
    database: Database

    def sweep(self, now: datetime) -> None:
        """Call the silent stale. It looks first, so that no writer waits where nothing is due."""
        with self.database.reading() as session:
            if not stale_sweep.due(session, now):
                return
        with self.database.writing() as session:
            swept = stale_sweep.sweep(session, now)
        if swept.newly_stale:
            log.info("%d units fell silent and are stale now", len(swept.newly_stale))

    def reconcile(self, now: datetime) -> None:
        """Keep findings and counts up with what happened to units and paper, and with the calendar."""
        with self.database.writing() as session:
            done = reconciliation_run.tick(session, now)
        if done is not None and done.whole:
            log.info("the whole roll was reconciled")

    def follow(self, now: datetime) -> None:
        """Bring units in line with a product or policy that was changed, some of them at a turn."""
        with self.database.reading() as session:
            if not products.due(session):
                return
        with self.database.writing() as session:
            products.follow(session, now)

    def prove(self, now: datetime) -> None:
        """Look at some more of the audit log."""
        with self.database.writing() as session:
            audit_verify.prove(session, now)

    def readings(self, now: datetime) -> None:
        """Keep how the registry itself does, minute by minute."""
        with self.database.writing() as session:
            health.read(session, now)

    def snapshot(self, now: datetime) -> None:
        """Keep the counts of every day that is over, each in a transaction of its own."""
        with self.database.reading() as session:
            days = daily_snapshot.due(session, now) or daily_snapshot.earlier(session, now)
        for day in days:
            with self.database.writing() as session:
                daily_snapshot.snapshot(session, day, now)

    def plan(self, now: datetime) -> None:
        """Keep measured exposure and the facts of planning up; no writer waits while they are measured."""
        from musterroll.usecases.capacity import plans as capacity_plans  # with it come numpy and scipy, which a start need not wait for

        with self.database.reading() as session:
            if not capacity_plans.due(session, now, _PATIENCE):
                return
            prepared = capacity_plans.prepare(session, now)
        with self.database.writing() as session:
            capacity_plans.keep(session, prepared)

    def figures(self, now: datetime) -> None:
        """Count what pages of a large fleet show as it was counted last; each is counted first, and then written at once."""
        with self.database.reading() as session:
            due = figure_jobs.due(session, now)
        for figure in due:
            try:
                with self.database.reading() as session:
                    value = figure.count(session, now)
                with self.database.writing() as session:
                    cached_figures.keep(session, figure, value, now)
            except Exception as error:  # the others do not wait for one that takes too long
                log.error("the figure %s was not counted and will be tried again: %s", figure.name, str(error).splitlines()[0])

    def pulse(self, now: datetime) -> None:
        with self.database.writing() as session:
            process_heartbeats.beat(session, PULSE, to_ms(now))

    def provision(self, _now: datetime) -> None:
        provision_mosquitto(self.database, self.settings)


class _Telling(NamedTuple):
    """Noticing what is worth telling, and telling it."""

    database: Database
    post: Post

    def speak(self, now: datetime) -> None:
        """Notice, deal out to the rules, and write what is due into the outbox: one transaction."""
        with self.database.writing() as session:
            detect.notice(session, now)
            made = compose.speak(session, now)
        for message in made:
            log.info("message %s is in the outbox: %s", message.key, message.title)

    def endings(self, now: datetime) -> None:
        """Once a day, what ends; read apart, so that no writer waits for the look."""
        with self.database.reading() as session:
            found = detect.ends(session, now)
        if found is not None:
            with self.database.writing() as session:
                detect.keep_ends(session, found, now)

    def calendar(self, now: datetime) -> None:
        """Once an hour, the days of the calendars; read apart as well."""
        with self.database.reading() as session:
            found = notification_calendar.work_out(session, now)
        if found is not None:
            with self.database.writing() as session:
                notification_calendar.keep(session, found, now)

    def activity(self, now: datetime) -> None:
        """Once a week, how active every unit was, some of them at a turn."""
        with self.database.writing() as session:
            detect.read_activity(session, now)

    def send(self, now: datetime) -> None:
        self.post.send(now)

    def forget(self, now: datetime) -> None:
        with self.database.writing() as session:
            compose.forget(session, now)
