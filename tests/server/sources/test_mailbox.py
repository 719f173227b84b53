"""Attachments of mails from a local IMAP server: each once, from one sender only, whatever else lies in the mailbox."""

import io
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from openpyxl import Workbook

from tests.support.imap_server import ImapServer
from tests.support.sources import SourceBench

SENDER = "reports@erp.example"
PROGRAM = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from musterroll.runtime.source_runner import SourceRunner
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import source_runs

source_runs._remember = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(data_dir=Path(sys.argv[2]), source_hosts=["127.0.0.1"], source_secrets=Path(sys.argv[3]))
SourceRunner(Database(sys.argv[1]), settings, lambda: datetime.now(UTC)).run(1)
"""


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with ImapServer().running() as server:
        yield server


@pytest.fixture
def bench(sqlite_database: Database, tmp_path: Path, now: datetime, imap: ImapServer) -> SourceBench:
    bench = SourceBench(sqlite_database, tmp_path, now)
    server = {"host": "127.0.0.1", "port": str(imap.port), "tls": "no", "user": imap.user, "password": bench.secret(imap.password)}
    bench.put("mailbox", "accounts", {**server, "sender": SENDER}, most_changed=100)
    return bench


def mail(*files: tuple[str, bytes], sender: str = SENDER, subject: str = "Report") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = f"ERP <{sender}>", "registry@example.com", subject
    message.set_content("The list is attached.")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


def listed(*refs: str) -> bytes:
    return "\n".join(["Account ID,Account Name", *(f"{ref},Account {ref}" for ref in refs)]).encode()


def workbook(*refs: str) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in (("Account ID", "Account Name"), *((ref, f"Account {ref}") for ref in refs)):
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def accounts(bench: SourceBench) -> list[str]:
    return [ref for (ref,) in bench.rows("SELECT ref FROM account ORDER BY ref")]


def run_all(bench: SourceBench) -> int:
    """Run the source until it has nothing more. Returns how many documents it brought."""
    bench.later(days=1)
    documents = 0
    while bench.due():
        documents += bench.run() is not None
    return documents


def test_attachments_of_several_mails_come_once_each_and_mails_stay_unread(bench: SourceBench, imap: ImapServer) -> None:
    imap.deliver(mail(("accounts.csv", listed("A1", "A2"))))
    bench.take()
    imap.deliver(mail(("B.xlsx", workbook("B1")), ("logo.png", b"\x89PNG"), ("C.zip", zipped("C.csv", listed("C1")))))
    imap.deliver(mail(subject="No list today"))
    imap.deliver(mail(("D.csv", listed("D1"))))
    assert run_all(bench) == 3
    assert accounts(bench) == ["A1", "A2", "B1", "C1", "D1"]
    assert [name for (name,) in bench.rows("SELECT file FROM source_run ORDER BY id")] == ["accounts.csv", "B.xlsx", "C.zip", "D.csv"]
    assert run_all(bench) == 0
    assert set().union(*imap.flags.values()) == set()


def test_mails_without_a_document_are_read_once(bench: SourceBench, imap: ImapServer) -> None:
    imap.deliver(mail(("A.csv", listed("A1"))))
    bench.take()
    for _ in range(5):
        imap.deliver(mail())
    assert run_all(bench) == 0
    imap.commands.clear()
    assert run_all(bench) == 0
    assert "UID FETCH" not in imap.commands


@pytest.mark.parametrize(
    "written",
    [
        f"{SENDER}.evil.example",
        f"x{SENDER}",
        f'"{SENDER}" <mallory@evil.example>',
        f"mallory@evil.example ({SENDER})",
        f"{SENDER}, mallory@evil.example",
        f"{SENDER}\nFrom: mallory@evil.example",
        f"=?utf-8?q?{SENDER}",
        f"((( {SENDER} <",
    ],
)
def test_what_others_send_is_left_alone(bench: SourceBench, imap: ImapServer, written: str) -> None:
    foreign = mail(("A.csv", listed("EVIL"))).as_bytes()
    imap.deliver(foreign.replace(f"From: ERP <{SENDER}>".encode(), f"From: {written}".encode(), 1))
    imap.deliver(mail(("A.csv", listed("A1"))))
    bench.take()
    assert run_all(bench) == 0
    assert accounts(bench) == ["A1"]


def test_a_document_in_a_part_of_a_part_and_one_that_is_the_mail_itself(bench: SourceBench, imap: ImapServer) -> None:
    outer = EmailMessage()
    outer["From"], outer["Subject"] = SENDER, "With a footer of the gateway"
    outer.make_mixed()
    inner = mail(("A.csv", listed("A1")))
    del inner["From"], inner["To"], inner["Subject"]
    outer.attach(inner)
    imap.deliver(outer)
    bench.take()
    whole = EmailMessage()
    whole["From"], whole["Subject"] = SENDER, "The list"
    whole.set_content(listed("B1"), maintype="text", subtype="csv", filename="B.csv")
    imap.deliver(whole)
    run_all(bench)
    assert accounts(bench) == ["A1", "B1"]


@pytest.mark.parametrize("damage", ["cut", "letters"])
def test_a_damaged_mail_is_named_and_holds_up_the_others_until_it_is_moved_away(bench: SourceBench, imap: ImapServer, damage: str) -> None:
    imap.deliver(mail(("A.csv", listed("A1"))))
    bench.take()
    content = mail(("B.csv", listed(*(f"B{n}" for n in range(30)))), subject="Report of May").as_bytes()
    broken = content[:-90] if damage == "cut" else content.replace(b"QWNjb3VudCBJRC", b"QWNj!!!!dCBJRC", 1)
    assert broken != content
    uid = imap.deliver(broken)
    imap.deliver(mail(("C.csv", listed("C1"))))
    bench.later(days=1)
    why = bench.fails()
    assert "'Report of May' (2) is damaged" in why
    assert "move this one out of the folder" in why
    del imap.mails[uid]
    run_all(bench)
    assert accounts(bench) == ["A1", "C1"]


def test_wrong_credentials_a_missing_folder_and_a_server_that_is_away(bench: SourceBench, imap: ImapServer) -> None:
    imap.password = "another"
    assert "invalid credentials" in bench.fails()
    assert "imap-pw" not in bench.source().problem
    imap.password = ImapServer.password
    settings = {**bench.source().settings, "folder": "Reports/2026"}
    bench.put("mailbox", "accounts", settings)
    assert "no folder 'Reports/2026'" in bench.fails()


def test_settings_that_let_anybody_write_or_go_without_tls_are_refused(bench: SourceBench) -> None:
    settings = bench.source().settings
    with pytest.raises(DomainError, match="sender"):
        bench.put("mailbox", "accounts", {**settings, "sender": " "})
    with pytest.raises(DomainError, match="without TLS"):
        bench.put("mailbox", "accounts", {**settings, "host": "mail.example.com"})


def test_a_mailbox_that_was_made_anew_is_read_again_and_nothing_is_twice(bench: SourceBench, imap: ImapServer) -> None:
    imap.deliver(mail(("A.csv", listed("A1")), ("B.csv", listed("B1"))))
    bench.take()
    run_all(bench)
    imap.validity = 2
    run_all(bench)
    assert accounts(bench) == ["A1", "B1"]
    assert bench.rows("SELECT count(*) FROM import_run") == [(2,)]


@pytest.mark.fault
def test_killed_between_fetching_and_committing_the_attachment_comes_once(bench: SourceBench, imap: ImapServer) -> None:
    imap.deliver(mail(("A.csv", listed("A1"))))
    bench.take()
    imap.deliver(mail(("B.csv", listed("B1")), ("C.csv", listed("C1"))))
    bench.later(days=1)
    program = [sys.executable, "-c", PROGRAM, bench.database.url, str(bench.settings.data_dir), str(bench.secrets)]
    assert subprocess.run(program).returncode == -signal.SIGKILL
    assert accounts(bench) == ["A1"]
    assert run_all(bench) == 2
    assert accounts(bench) == ["A1", "B1", "C1"]
    assert [state for (state,) in bench.rows("SELECT state FROM source_run ORDER BY id")] == [RunState.IMPORTED] * 3
