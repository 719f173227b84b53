"""What a person sees of an import before it is committed."""

from datetime import datetime

import pytest
from musterroll.domain.values.errors import DomainError, OpenQuestion
from musterroll.readers.columns import Choices
from musterroll.readers.table import BadFile
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.preview import NewRecords, Preview, as_data, preview
from musterroll.usecases.imports.questions import Question, blocking_questions
from musterroll.usecases.imports.run import import_document
from sqlmodel import func, select

from tests.support import documents
from tests.support.documents import FLEET

HEAD = "Serial Number,Manufacturer,Model,Status,Install Date,Account ID,Site ID\n"


def see(
    database: Database,
    now: datetime,
    kind: str,
    content: str,
    choices: Choices = Choices(),  # noqa: B008  immutable
    *,
    create: bool = True,
) -> Preview:
    document = documents.document(kind, content, choices)
    records = NewRecords(document)
    with database.snapshot() as session:
        source = Source("list.csv", "kim", now, create_missing=create)
        return preview(document, import_document(session, document, records.add, source, None), records)


def test_the_values_of_new_records_are_shown_as_they_will_be_stored(database: Database, now: datetime) -> None:
    (record,) = see(database, now, "units", HEAD + "SN1,Acme,Pump,,3/17/2025,A1,\n").new_records
    values = {"Serial Number": "SN1", "Manufacturer": "Acme", "Model": "Pump", "Install Date": "2025-03-17"}
    assert (record.line, record.values) == (2, values | {"Status": "deployed", "Account ID": "A1"})  # a status follows from the date


def test_behind_the_first_rows_only_those_unlike_them_are_shown(database: Database, now: datetime) -> None:
    rows = "".join(f"SN{n},Acme,Pump,Installed,2025-01-0{n % 9 + 1},A1,S1\n" for n in range(40))
    body = rows + "SN90,Acme,Pump,Installed,,A1,S1\nSN91,Acme,Pump,Installed,,A1,S1\nSN92,Acme,Pump,Installed,2025-01-01,A1,\n"
    records = see(database, now, "units", HEAD + body).new_records
    assert [(record.line, record.odd) for record in records[20:]] == [(42, "without Install Date"), (44, "without Site ID")]


def test_what_only_a_row_names_is_said_with_the_number_of_rows(database: Database, now: datetime) -> None:
    content = HEAD + "SN1,Acme,Pump,Installed,,A1,S1\nSN2,Acme,Pump,Installed,,A1,S2\n"
    created = [tuple(record) for record in see(database, now, "units", content).created]
    assert created == [("account", "A1", 2), ("product", "Acme Pump", 2), ("site", "S1", 1), ("site", "S2", 1)]
    documents.take(database, now, "units", content)
    assert see(database, now, "units", content).created == []


@pytest.mark.parametrize(
    ("kind", "content", "rejected"),
    [
        ("units", HEAD + "SN1,Acme,Pump,Installed,,A1,S1\nSN2,Acme,Pump,Installed,,,\n", "account A1 is not registered"),
        ("sites", "Site ID,Account ID\nS1,A1\n", "account A1 is not registered"),
        ("accounts", "Account ID,Account Name,Parent Account ID\nA2,Umber,A1\nA3,Alder,A2\n", "account A1 is not registered"),
    ],
)
def test_nothing_is_created_in_passing_where_that_is_not_wanted(
    database: Database, now: datetime, kind: str, content: str, rejected: str
) -> None:
    document = documents.document(kind, content)
    verdicts = []
    with database.transaction() as session:
        import_document(session, document, verdicts.append, Source("list.csv", "kim", now, create_missing=False), "0" * 64)
    assert [(row.line, row.code) for row in verdicts if row.why] == [(2, "not_registered")]
    assert rejected in str(verdicts[0].why)
    with database.read_only() as session:
        assert session.exec(select(func.count()).select_from(Site)).one() == 0
        assert session.exec(select(func.count()).select_from(Account)).one() == (1 if kind == "accounts" else 0)  # A3 has a row of its own


def test_duplicates_and_rows_left_out_are_counted_and_listed(database: Database, now: datetime) -> None:
    seen = see(
        database, now, "units", HEAD + "SN1,Acme,Pump,Installed,,,\nSN1,Acme,Pump,Installed,,,\nSN1,Acme,Pump,Retired,,,\nTotal,,,,,,\n"
    )
    assert seen.duplicates == 1
    assert "1 row repeats an earlier row in every value, counted as unchanged" in seen.notes
    assert seen.rows_left_out == ["row 5 left out: 'Total'"]


def test_open_decisions_and_unknown_words_are_questions_with_answers(database: Database, now: datetime) -> None:
    seen = see(database, now, "units", HEAD + "SN1,Acme,Pump,Quux,,,\nSN2,Acme,Pump,Quux,1/2/2025,,\nSN3,Acme,Pump,Quux,,,\n")
    dates, word = seen.questions
    assert (dates.about, [answer.value for answer in dates.answers]) == ("dates", ["dmy", "mdy"])
    assert "'1/2/2025' in row 3, column Install Date" in dates.text
    assert (word.about, word.subject) == ("word", "Quux")
    assert "'Quux' mean (2 rows)" in word.text
    assert "stock" in [answer.value for answer in word.answers]
    assert as_data(seen)["questions"][0]["answers"][0] == {"value": "dmy", "label": "day first"}
    chosen = Choices(dates="dmy", words={"Quux": "stock"})
    assert see(database, now, "units", HEAD + "SN1,Acme,Pump,Quux,1/2/2025,,\n", chosen).questions == []


def blocked(kind: str, content: str | bytes) -> list[Question]:
    with pytest.raises(BadFile) as error:
        documents.document(kind, content)
    return blocking_questions(KINDS[kind], error.value, documents.headings(kind, content), ())


def test_a_missing_column_is_asked_with_the_likeliest_first_or_given_for_the_whole_file() -> None:
    serial, maker = blocked("units", "Colour;Hostname;Ident;Model\nred;one;SN1001;Pump\nred;two;SN1002;Pump\n")
    assert (serial.about, serial.subject, serial.given) == ("column", "serial", False)
    assert [answer.value for answer in serial.answers] == ["Ident", "Colour", "Hostname"]
    assert "Perhaps 'Ident'" in serial.text
    assert (maker.subject, maker.given) == ("maker", True)


def test_a_list_of_another_kind_is_offered_as_that_kind_first() -> None:
    first, *_ = blocked("units", "Record ID,Company name,Company Domain Name\n1,Umber,umber.example\n")
    assert (first.about, [answer.value for answer in first.answers]) == ("kind", ["accounts"])
    assert first.text == "This looks like a HubSpot company list. Import it as"


def test_two_columns_for_one_field_are_a_choice() -> None:
    (question,) = blocked("units", "Serial,SN,Maker,Model\nA1001,B1001,Acme,Pump\n")
    assert (question.about, question.subject, [answer.value for answer in question.answers]) == ("column", "serial", ["Serial", "SN"])


def test_words_in_doubtful_letters_are_shown_with_each_encoding() -> None:
    (question,) = blocked("accounts", "Account ID,Account Name\nA1,Gda\u0144sk\n".encode("cp1250"))
    assert question.about == "encoding"
    assert all(f"{answer.value}: '" in answer.label for answer in question.answers)


def test_a_currency_is_asked_once_with_likely_codes(database: Database, now: datetime) -> None:
    for kind in ("accounts", "sites", "units"):
        documents.take(database, now, kind, FLEET[kind])
    documents.take(database, now, "contracts", "Contract Number,Account ID,Start Date\nC1,A1,2026-01-01\n")
    with pytest.raises(OpenQuestion) as error:
        see(database, now, "contract-lines", "Contract Number,Line,Serial Number,Price Per Year\nC1,1,SN1001,\u00a5 1200\n")
    (question,) = blocking_questions(KINDS["contract-lines"], error.value, [], ())
    assert (question.about, [answer.value for answer in question.answers]) == ("currency", ["JPY", "CNY"])


def test_what_no_answer_would_mend_is_no_question() -> None:
    assert blocking_questions(KINDS["units"], DomainError("the file is a PDF"), [], ()) == []
