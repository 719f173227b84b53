"""Upload of a file, its dry run, commit and undo; decisions on possible duplicates."""

import re
from io import BytesIO

from musterroll.usecases.imports.document_kinds import KINDS
from werkzeug.test import TestResponse

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
    assert "sites.csv" not in visitor.get("/imports").text


def test_a_dry_run_is_committed_listed_and_undone(visitor: Visitor) -> None:
    answer = drop(visitor, "sites", "sites.csv", SITES)
    commit = answer.request.path + "/commit"
    done = visitor.post(commit, seen=answer.request.path)
    run = done.headers["Location"]
    assert "line 3" in visitor.get(run).text
    assert "sites.csv" in visitor.get("/imports").text
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


def test_suggestions_for_columns_are_shown_with_their_reason_and_taken_by_one_click(visitor: Visitor) -> None:
    answer = drop(visitor, "sites", "sites.csv", "Site ID,Account ID,Site Nmae\nS90001,A00002,Cork 9\n")
    assert "Perhaps Site Name: the heading is close to" in answer.text
    columns = dict(re.findall(r'name="((?:heading|guess)\d+)" value="([^"]+)"', answer.text))
    again = visitor.post(answer.request.path, seen=answer.request.path, accept="1", field0="ref", field1="account", **columns)
    assert '<option value="name" selected>' in again.text
    assert "Use the suggestions" not in again.text


def test_values_for_all_rows_and_meanings_of_words_are_kept_and_saved(visitor: Visitor) -> None:
    answer = drop(visitor, "units", "units.csv", "Serial,Model,Status\nZX90001,P,Quux\nZX90002,P,N/A\n")
    assert "Choose a column for <b>Manufacturer</b>" in answer.text
    columns = {
        "heading0": "Serial",
        "field0": "serial",
        "heading1": "Model",
        "field1": "model",
        "heading2": "Status",
        "field2": "lifecycle",
    }
    options = {"given": "maker=Acme", "words": "Quux=stock", "save": "Quux list"}
    again = visitor.post(answer.request.path, seen=answer.request.path, **columns, **options)
    assert "Rows without a Manufacturer are given Acme." in again.text
    assert "Read as empty: &#39;N/A&#39; (once)." in again.text
    assert "maker=Acme" in again.text
    assert "Quux=stock" in again.text
    saved = visitor.client.get("/imports").text
    assert "Quux list" in saved
