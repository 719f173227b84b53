"""Upload of a file, its dry run, commit and undo; decisions on possible duplicates."""

import re
from datetime import UTC, datetime
from io import BytesIO

from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange, UndoProgress
from musterroll.storage.tables.imports import ImportRun
from musterroll.usecases.imports.document_kinds import KINDS
from sqlalchemy import update
from sqlmodel import col, select
from werkzeug.test import TestResponse

from tests.server.readers.test_xlsx_files import workbook
from tests.server.web.conftest import _TOKEN, Visitor

SITES = "Site ID,Account ID,Site Name,Remark\nS00001,A00001,Essen 1,\nS90001,A00002,Cork 9,\nS90002,A77777,,x\n"


def drop(visitor: Visitor, kind: str, name: str, content: str) -> TestResponse:
    token = _TOKEN.search(visitor.get("/imports").text)
    assert token
    form = {"csrf_token": token[1], "kind": kind, "file": (BytesIO(content.encode()), name)}
    return visitor.client.post("/imports", data=form, content_type="multipart/form-data", follow_redirects=True)


def test_a_dropped_file_shows_what_would_change_and_writes_nothing(visitor: Visitor) -> None:
    text = drop(visitor, "sites", "sites.csv", SITES).text
    assert "nothing has been saved yet" in text
    assert "S90001" in text
    assert "Ignore column" in text
    assert "<b>sites.csv</b>" not in visitor.get("/imports").text


def test_a_dry_run_is_committed_listed_and_undone(visitor: Visitor) -> None:
    answer = drop(visitor, "sites", "sites.csv", SITES)
    commit = answer.request.path + "/commit"
    done = visitor.post(commit, seen=answer.request.path)
    run = done.headers["Location"]
    assert "line 3" in visitor.get(run).text
    assert "<b>sites.csv</b>" in visitor.get("/imports").text
    assert visitor.post(commit, seen="/imports").status_code == 404
    visitor.post(f"{run}/undo", seen=run)
    assert ">undone<" in visitor.get("/imports").text
    assert visitor.post(f"{run}/undo", seen="/imports").status_code == 409


def test_columns_can_be_said_by_hand(visitor: Visitor) -> None:
    answer = drop(visitor, "sites", "sites.csv", "Site ID,Account ID,Called\nS90001,A00002,Cork 9\n")
    place = re.search(r'name="heading(\d+)" value="Called"', answer.text)
    assert place
    columns = {
        "heading0": "Site ID",
        "field0": "ref",
        "heading1": "Account ID",
        "field1": "account",
        "heading2": "Called",
        "field2": "name",
    }
    again = visitor.post(answer.request.path, seen=answer.request.path, **columns)
    assert again.status_code == 200
    assert '<option value="name" selected>' in again.text


def test_what_is_no_document_gets_a_sentence(visitor: Visitor) -> None:
    assert drop(visitor, "sites", "x.csv", "").status_code == 422
    assert drop(visitor, "nonsense", "x.csv", SITES).status_code == 422
    answer = visitor.post("/imports", seen="/imports", kind="sites")
    assert "Choose a file first" in answer.text


def test_every_kind_is_offered_in_the_order_to_import_them(visitor: Visitor) -> None:
    choices = re.findall(r'name="kind" value="([^"]+)".*?<b>\d+\. ([^<]+)</b><span class="under">([^<]+)', visitor.get("/imports").text)
    assert choices == [(kind.name, kind.title, kind.about) for kind in KINDS.values()]


def test_a_file_of_another_person_or_name_is_not_found(visitor: Visitor) -> None:
    for key in ("0" * 32, "..%2f..%2fsecret_key", "x"):
        assert visitor.get(f"/imports/new/{key}").status_code == 404


def test_a_merge_is_accepted_and_undone(visitor: Visitor) -> None:
    text = visitor.get("/possible-duplicates").text
    assert "marram.example" in text
    accept = re.search(r'action="(/possible-duplicates/\d+/accept)"', text)
    assert accept
    visitor.post(accept[1], seen="/possible-duplicates")
    assert "No possible duplicates" in visitor.get("/possible-duplicates").text
    undo = re.search(r'action="(/changes/\d+/undo)"', visitor.get("/possible-duplicates?state=accepted").text)
    assert undo
    assert visitor.post(undo[1], seen="/possible-duplicates", next="/possible-duplicates").headers["Location"] == "/possible-duplicates"
    assert accept[1] in visitor.get("/possible-duplicates").text


def test_a_rejected_pair_is_not_proposed_again(visitor: Visitor) -> None:
    reject = re.search(r'action="(/possible-duplicates/\d+/reject)"', visitor.get("/possible-duplicates").text)
    assert reject
    visitor.post(reject[1], seen="/possible-duplicates")
    visitor.post("/possible-duplicates/look", seen="/possible-duplicates")
    assert "No possible duplicates" in visitor.get("/possible-duplicates").text


def answer(visitor: Visitor, address: str, *answers: tuple[str, str, str]) -> str:
    """The page after these answers: what each is about, its subject, and the value."""
    about, subject, value = (list(part) for part in zip(*answers, strict=True))
    done = visitor.post(f"{address}/answers", seen=address, about=about, subject=subject, value=value)
    assert done.headers["Location"] == address
    return visitor.get(address).text


def test_a_suggestion_for_a_column_is_a_question_answered_by_one_click(visitor: Visitor) -> None:
    dropped = drop(visitor, "sites", "sites.csv", "Site ID,Account ID,Site Nmae,Notes\nS90001,A00002,Cork 9,x\n")
    assert "Is the column &#39;Site Nmae&#39; the Site Name? The heading is close to" in dropped.text
    assert "Cork 9" not in re.findall("<td>(.*?)</td>", dropped.text)
    accepted = answer(visitor, dropped.request.path, ("column", "name", "Site Nmae"))
    assert "about this file" not in accepted
    assert "Cork 9" in re.findall("<td>(.*?)</td>", accepted)
    ignored = answer(visitor, dropped.request.path, ("column", "", "Site Nmae"))
    assert "about this file" not in ignored
    assert "Cork 9" not in re.findall("<td>(.*?)</td>", ignored)


def test_a_semicolon_file_with_no_known_heading_is_answered_to_the_end(visitor: Visitor) -> None:
    dropped = drop(visitor, "units", "units.csv", "Teil;Bauart;Zustand;Seit\nZX90001;P;Quux;1/2/2026\nZX90002;P;Quux;3/4/2026\n")
    address = dropped.request.path
    assert "3 questions about this file" in dropped.text
    assert "Which column is the Serial Number? Perhaps &#39;Teil&#39;: its values look like it" in dropped.text
    text = answer(visitor, address, ("column", "serial", "Teil"), ("column", "model", "Bauart"), ("given", "maker", "Acme"))
    assert "Rows without a Manufacturer are given Acme." in text
    text = answer(visitor, address, ("column", "installed_on", "Seit"), ("column", "lifecycle", "Zustand"))
    assert "column Seit written?" in text
    assert "day first" in text
    text = answer(visitor, address, ("dates", "", "mdy"))
    assert "What does the Status (Zustand) &#39;Quux&#39; mean (2 rows)?" in text
    text = answer(visitor, address, ("word", "Quux", "stock"))
    assert "about this file" not in text
    assert re.findall("<td>(.*?)</td>", text)[:5] == ["ZX90001", "Acme", "P", "2026-01-02", "stock"]
    assert "--" not in re.sub(r"<[^>]*>", "", text)  # no option of the command line


def test_the_form_keeps_what_was_entered_where_a_file_cannot_be_read(visitor: Visitor) -> None:
    dropped = drop(visitor, "sites", "sites.csv", SITES)
    again = visitor.post(dropped.request.path, seen=dropped.request.path, zone="Nowhere/Town", skip="3-x", save="Umber")
    assert "are not row numbers" in again.text
    assert 'value="Nowhere/Town"' in again.text
    assert 'value="3-x"' in again.text


def test_what_only_rows_name_is_said_and_can_be_rejected(visitor: Visitor) -> None:
    dropped = drop(visitor, "sites", "sites.csv", SITES)
    assert "<b>1 account</b>: A77777 (1 row)" in dropped.text
    text = answer(visitor, dropped.request.path, ("missing", "", "reject"))
    assert "Account A77777 is not registered" in text
    assert "<b>1 account</b>" not in text
    run = visitor.post(dropped.request.path + "/commit", seen=dropped.request.path).headers["Location"]
    assert "account A77777 is not registered" in visitor.get(run).text


def test_a_list_of_another_kind_is_read_as_that_by_one_click(visitor: Visitor) -> None:
    content = "Record ID,Company name,Company Domain Name\nR1,Umber,umber.example\n"
    dropped = drop(visitor, "units", "list.csv", content)
    assert "This looks like a HubSpot company list. Import it as:" in dropped.text
    text = answer(visitor, dropped.request.path, ("kind", "", "accounts"))
    assert "Accounts · Dry run" in text
    assert "Looks like a HubSpot company list" in text


def test_the_sheets_of_a_workbook_are_choices(visitor: Visitor) -> None:
    content = workbook([["Site ID", "Account ID"], ["S90001", "A00002"]], [["Site ID", "Account ID"], ["S90002", "A00002"]])
    token = _TOKEN.search(visitor.get("/imports").text)
    assert token
    form = {"csrf_token": token[1], "kind": "sites", "file": (BytesIO(content), "sites.xlsx")}
    dropped = visitor.client.post("/imports", data=form, content_type="multipart/form-data", follow_redirects=True)
    assert "Which of these tables holds the sites?" in dropped.text
    assert re.findall(r'name="value" value="(\w+)"', dropped.text) == ["Sheet1", "Sheet2"]
    assert "S90002" in answer(visitor, dropped.request.path, ("sheet", "", "Sheet2"))


def test_the_whole_reading_is_saved_as_a_mapping_and_used_again(visitor: Visitor) -> None:
    content = "Serial,Model,Status,Seit\nZX90001,P,Quux,1/2/2026\nZX90002,P,N/A,1/2/2026\n"
    dropped = drop(visitor, "units", "units.csv", content)
    options = {"given_field0": "maker", "given_value0": "Acme", "word0": "Quux", "meaning0": "stock", "word1": "N/A", "meaning1": "itself"}
    column = re.search(r'name="heading(\d+)" value="Seit"', dropped.text)
    assert column
    options |= {f"heading{column[1]}": "Seit", f"field{column[1]}": "installed_on", "dates": "mdy", "save": "Quux list"}
    again = visitor.post(dropped.request.path, seen=dropped.request.path, **options)
    assert "Mapping saved as <b>Quux list</b>" in again.text
    assert "2026-01-02" in again.text
    token = _TOKEN.search(visitor.get("/imports").text)
    assert token
    form = {"csrf_token": token[1], "kind": "units", "mapping": "Quux list", "file": (BytesIO(content.encode()), "units.csv")}
    third = visitor.client.post("/imports", data=form, content_type="multipart/form-data", follow_redirects=True)
    assert "Rows without a Manufacturer are given Acme." in third.text
    assert "2026-01-02" in third.text


def test_every_kind_has_its_columns_and_templates(visitor: Visitor) -> None:
    for name in KINDS:
        assert f'href="/imports/columns/{name}"' in visitor.get("/imports").text
        assert "recognised heading" in visitor.get(f"/imports/columns/{name}").text
    text = visitor.get("/imports/templates/accounts.csv").text
    assert "Import 1 row" in drop(visitor, "accounts", "accounts.csv", text).text
    assert visitor.get("/imports/templates/accounts.xlsx").data[:2] == b"PK"
    assert visitor.get("/imports/columns/nonsense").status_code == 404


def test_an_import_or_an_undo_that_was_interrupted_is_shown_as_such(visitor: Visitor, fleet_database: Database) -> None:
    run = drop_and_commit(visitor)
    with fleet_database.transaction() as session:
        session.execute(update(ImportRun).values(progress={"line": 3, "by": "x", "reading": ""}, at=0))
    assert ">interrupted<" in visitor.get("/imports").text
    assert "Interrupted: imported up to line 3. Import the same file again to complete it, or undo it." in visitor.get(run).text
    with fleet_database.transaction() as session:
        session.execute(update(ImportRun).values(at=to_ms(datetime.now(UTC))))
    assert ">not complete<" in visitor.get("/imports").text
    visitor.post(f"{run}/undo", seen=run)
    with fleet_database.transaction() as session:
        undo = session.exec(select(AuditChange).order_by(col(AuditChange.id).desc()).limit(1)).one()
        undo.at = 0
        session.add(UndoProgress(change_id=undo.id or 0, phase="rows", last=0))
    assert ">undo interrupted<" in visitor.get("/imports").text
    assert "Complete the undo" in visitor.get(run).text
    with fleet_database.transaction() as session:  # it began long ago, and goes on
        session.execute(update(UndoProgress).values(stepped_at=to_ms(datetime.now(UTC))))
    assert ">undo not complete<" in visitor.get("/imports").text


def drop_and_commit(visitor: Visitor) -> str:
    answer = drop(visitor, "sites", "sites.csv", SITES)
    return visitor.post(answer.request.path + "/commit", seen=answer.request.path).headers["Location"]
