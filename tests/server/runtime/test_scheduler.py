import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from musterroll.runtime.scheduler import Every, Job, Leadership, Schedule
from musterroll.runtime.steady_clock import SteadyClock
from musterroll.storage.engine.database import Database


class Turns:
    """Work that says when it has had its turn."""

    def __init__(self, failing: int = 0) -> None:
        self.count = 0
        self._failing = failing
        self._turn = threading.Condition()

    def __call__(self, _now: datetime) -> None:
        with self._turn:
            self.count += 1
            self._turn.notify_all()
        if self.count <= self._failing:
            raise RuntimeError("not yet")

    def reach(self, count: int) -> bool:
        with self._turn:
            return self._turn.wait_for(lambda: self.count >= count, timeout=20)


@pytest.fixture
def schedules() -> Iterator[Callable[[Database, Job], Schedule]]:
    started: list[Schedule] = []

    def start(database: Database, job: Job) -> Schedule:
        started.append(Schedule(database, [job]))
        started[-1].start()
        return started[-1]

    yield start
    for schedule in started:
        schedule.stop()


def test_a_job_that_fails_is_tried_again(database: Database, schedules: Callable[[Database, Job], Schedule]) -> None:
    work = Turns(failing=2)
    schedule = schedules(database, Job("sweep", 0.02, work))
    assert work.reach(4)
    assert schedule.healthy()


def test_after_the_clock_was_set_jobs_wait_a_minute() -> None:
    wall, uptime = [1_000_000.0], [100.0]
    clock = SteadyClock(lambda: wall[0], lambda: uptime[0])

    def later(seconds: float, ahead: float = 0.0) -> bool:
        wall[0], uptime[0] = wall[0] + seconds + ahead, uptime[0] + seconds
        return clock.steady()

    assert later(1)
    assert not later(1, ahead=86_400)
    assert not later(12)
    assert not later(1, ahead=-86_400)
    assert not later(59)
    assert later(1)


def test_while_the_clock_is_not_steady_only_jobs_that_may_run_at_any_time_do(sqlite_database: Database) -> None:
    class Unsteady(SteadyClock):
        def steady(self) -> bool:
            return False

    sweep, endings = Turns(), Turns()
    jobs = [Job("endings", 0.02, endings), Job("sweep", 0.02, sweep, at_any_time=True)]
    schedule = Schedule(sqlite_database, jobs, Unsteady())
    schedule.start()
    try:
        assert sweep.reach(5)
        assert endings.count == 0
        assert schedule.healthy()
    finally:
        schedule.stop()


def test_of_two_schedules_one_leads_and_the_other_takes_over(
    postgres_database: Database, schedules: Callable[[Database, Job], Schedule]
) -> None:
    first, second = Turns(), Turns()
    leader = schedules(postgres_database, Job("sweep", 0.02, first))
    assert first.reach(3)
    schedules(postgres_database, Job("sweep", 0.02, second))
    assert first.reach(first.count + 5)
    assert second.count == 0
    leader.stop()
    assert second.reach(2)


def test_leadership_ends_with_its_connection(postgres_database: Database) -> None:
    first, second = Leadership(postgres_database), Leadership(postgres_database)
    assert first.held()
    assert not second.held()
    first.release()
    assert second.held()
    second.release()


def test_a_clock_set_forward_makes_no_backlog(now: datetime) -> None:
    a_year_on = now + timedelta(days=365)
    assert Every(1).get_next_fire_time(now, a_year_on) == a_year_on + timedelta(seconds=1)


def test_a_schedule_whose_thread_died_is_started_anew(
    sqlite_database: Database, schedules: Callable[[Database, Job], Schedule], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Turns()
    schedule = schedules(sqlite_database, Job("sweep", 0.02, work))
    assert work.reach(1)
    assert schedule._scheduler is not None
    schedule._scheduler.remove_job("sweep")  # what a dead thread looks like from outside: no more turns
    schedule._progress["sweep"] -= 60
    assert not schedule.healthy()
    seen = work.count
    schedule.watch()
    assert work.reach(seen + 2)
    assert schedule.healthy()
