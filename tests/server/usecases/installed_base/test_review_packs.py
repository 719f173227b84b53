"""Review packs: made once for each period that is over, with the numbers of pandas on its last day, in the letters of its customers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from random import Random
from typing import Any

import openpyxl
import pytest
from musterroll.domain.installed_base.targets import FLEET, Aim, Measure, TargetPeriod
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.installed_base import review_packs, target_figures, targets
from musterroll.usecases.installed_base.review_packs import PackOf
from musterroll.usecases.installed_base.targets import TargetOf
from sqlmodel import select

from tests.support import target_fleet
from tests.support.target_fleet import NOW

OCTOBER = PackOf(TargetPeriod.MONTH, date(2026, 10, 1))


def sheet(xlsx: bytes, name: str) -> list[dict[str, Any]]:
    heads, *rows = openpyxl.load_workbook(BytesIO(xlsx))[name].values
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_a_pack_has_the_numbers_of_its_last_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_figures, "MONTHS", 2)
    with database.transaction() as session:
        fleet = target_fleet.fill(session, Random(5), NOW, units=40)
        for account, name in zip(session.exec(select(Account)), ("=Łódź é", "شركة الطاقة", "Ελλάδα", "東京", "Ромашка"), strict=True):
            account.name = name
        of = TargetOf(Measure.OPERATING_SHARE, FLEET, TargetPeriod.MONTH)
        targets.set_target(session, of, Aim(Decimal(95), Decimal(2)), date(2026, 1, 1), "ann", NOW)
        made = review_packs.make(session, OCTOBER, NOW)
        review_packs.keep(session, OCTOBER, made, NOW)
        pack = review_packs.pack(session, "2026-10")
        units = target_fleet.states(fleet, date(2026, 10, 31))
        figures = {row["figure"]: row for row in sheet(pack.xlsx, "Figures")}
        share, licences = figures["Operating share"], figures["Active licences"]
        assert (share["numerator"], share["denominator"]) == (units.is_operating.sum(), units.is_deployed.sum())
        assert (licences["value"], share["target"]) == (len(target_fleet.licences(fleet, date(2026, 10, 31))), 95)
        assert pack.as_of_on == date(2026, 10, 31)
        assert pack.pdf.startswith(b"%PDF-")
        assert {row["name"] for row in sheet(pack.xlsx, "What changed")} & {"=Łódź é", "شركة الطاقة", "Ελλάδα", "東京", "Ромашка"}
        review_packs.keep(session, OCTOBER, made, NOW)
        assert [(row.kind, row.detail) for row in session.exec(select(EventRow))] == [("review_pack", "2026-10")]
        with pytest.raises(NotFound):
            review_packs.pack(session, "2026-09")
        for wrong in ("2026-13", "2026-Q5", "soon", "1999-01"):
            with pytest.raises(DomainError):
                review_packs.named(wrong)
        with pytest.raises(DomainError, match="not over yet"):
            review_packs.make(session, review_packs.named("2026-11"), NOW)


def test_each_period_is_due_once_and_old_packs_go(sqlite_database: Database) -> None:
    begin = datetime(2026, 11, 1, 0, 29, tzinfo=UTC)
    with sqlite_database.transaction() as session:
        assert review_packs.due(session, begin) is None  # no units
        target_fleet.fill(session, Random(5), NOW, units=3)
        empty = review_packs.make(session, PackOf(TargetPeriod.MONTH, date(2024, 1, 1)), NOW)
        full = empty._replace(review=empty.review._replace(counts=empty.review.counts._replace(deployed=1)))
        dues = []
        for now in (begin, begin + timedelta(minutes=1), begin + timedelta(days=31), begin + timedelta(days=70)):
            while (of := review_packs.due(session, now)) is not None:
                review_packs.keep(session, of, full, now)
                dues.append(of.label)
        assert dues == ["2026-09", "2026-Q3", "2026-10", "2026-11", "2026-12", "2026-Q4"]
        assert not review_packs.keep(session, PackOf(TargetPeriod.MONTH, date(2024, 1, 1)), empty, NOW)
        review_packs.keep(session, PackOf(TargetPeriod.MONTH, date(2028, 11, 1)), full, begin + timedelta(days=770))
        assert {PackOf(row.period, row.first_on).label for row in stored.packs(session)} == {"2028-11", "2026-Q4", "2026-12", "2026-Q3"}
