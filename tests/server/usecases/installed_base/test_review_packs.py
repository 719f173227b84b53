"""Review packs: made once for each period that is over, with the numbers of pandas on its last day, in the letters of its customers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from musterroll.channels.email import EMAIL
from musterroll.domain.installed_base.targets import FLEET, Aim, Measure, ScopeCounts, TargetPeriod
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.installed_base import review_fonts, review_packs, review_pdf, target_figures, targets
from musterroll.usecases.installed_base.review import Review
from musterroll.usecases.installed_base.review_packs import MadePack, PackOf
from musterroll.usecases.installed_base.targets import TargetOf
from musterroll.usecases.notifications import compose
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from pydantic import SecretStr
from sqlmodel import select

from tests.support import target_fleet
from tests.support.receivers import Mailbox
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


def font(path: Path, letters: str) -> None:
    """A font with a box for each letter."""
    names = [f"letter{number}" for number in range(len(letters))]
    pen = TTGlyphPen(None)
    for place in ((100, 0), (100, 700), (900, 700), (900, 0)):
        (pen.lineTo if place != (100, 0) else pen.moveTo)(place)
    pen.closePath()
    builder, box = FontBuilder(1000), pen.glyph()
    builder.setupGlyphOrder([".notdef", *names])
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(letters, names, strict=True)})
    builder.setupGlyf(dict.fromkeys([".notdef", *names], box))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names], (1000, 100)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Boxes", "styleName": "Regular", "psName": "Boxes"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200)
    builder.setupPost()
    builder.save(path)


def test_letters_that_the_own_fonts_lack_are_of_an_installed_font_or_a_note_says_so(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(target_figures, "MONTHS", 2)
    monkeypatch.setattr(review_fonts, "FOLDERS", (tmp_path,))
    with sqlite_database.transaction() as session:
        target_fleet.fill(session, Random(5), NOW, units=10)
        for account in session.exec(select(Account)):
            account.name = "東京"
        review = review_packs.make(session, OCTOBER, NOW).review
    texts = list[str]()
    words = review_pdf._Pages.words
    monkeypatch.setattr(
        review_pdf._Pages, "words", lambda pages, text, *more, **how: (texts.append(text), words(pages, text, *more, **how))
    )
    assert b"Boxes" not in review_pdf.pdf(review)
    assert [text for text in texts if "No font with some letters" in text]
    font(tmp_path / "wqy-microhei.ttc", "京東")
    texts.clear()
    assert b"Boxes" in review_pdf.pdf(review)
    assert not [text for text in texts if "No font with some letters" in text]


def test_a_pack_is_attached_to_the_e_mail_that_announces_it(database: Database) -> None:
    made = MadePack(Review(TargetPeriod.MONTH, date(2026, 10, 31), NOW, ScopeCounts(1), [], [], [], []), b"%PDF-1", b"PK\x03\x04")
    quarter = made._replace(review=made.review._replace(period=TargetPeriod.QUARTER, as_of=date(2026, 9, 30)), pdf=bytes(8_000_000))
    with database.transaction() as session:
        for channel, address in (("email", "boss@example.com"), ("webhook", "https://hook.example")):
            draft = RuleDraft("Packs", channel, address, [EventKind.REVIEW_PACK])
            notification_rules.create_rule(session, draft, "ann", NOW - timedelta(days=1))
        review_packs.keep(session, OCTOBER, made, NOW)
        review_packs.keep(session, PackOf(TargetPeriod.QUARTER, date(2026, 7, 1)), quarter, NOW)
        for now in (NOW, NOW + timedelta(minutes=10)):
            compose.queue_due(session, now)
        attempts = notification_outbox.begin_attempts(session, NOW + timedelta(minutes=10), [0.0] * 4, "https://roll.example")
    files = {attempt.channel: [file.name for file in attempt.attachments] for attempt in attempts}
    assert files == {"email": ["review-2026-10.pdf", "review-2026-10.xlsx"], "webhook": []}, "as many as there is room for"
    with Mailbox().open() as mailbox:
        settings = Settings(smtp_url=SecretStr(f"smtp://127.0.0.1:{mailbox.port}"), smtp_from="roll@example.com")
        EMAIL.send(next(attempt for attempt in attempts if attempt.channel == "email"), settings, NOW)
        ((_, mail),) = mailbox.reach(1)
    parts = {part.get_filename(): (part.get_content_type(), part.get_content()) for part in mail.iter_attachments()}
    assert parts["review-2026-10.pdf"] == ("application/pdf", b"%PDF-1")
    assert parts["review-2026-10.xlsx"][1] == b"PK\x03\x04"
    assert "Attached: review-2026-10.pdf, review-2026-10.xlsx." in mail.get_body(("plain",)).get_content()


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
