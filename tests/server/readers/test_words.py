"""Words of customers' files: those that mean nothing, those for a status, and those that a person gives a meaning."""

from typing import Any

import pytest
from musterroll.domain.contracts.terms import ContractState, Payment
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.readers.columns import Choices, choices
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.readers.nothing import means_nothing
from musterroll.readers.table import BadFile

from tests.support.documents import document

UNITS = "Serial,Maker,Model,Status,Account ID,Site ID,Warranty Months,Install Date\n"
NOTHING = (
    *("N/A ", "NA", "None", "nan", "null", "Unknown", "TBD", "?", "-", "--", "n.v.", "k.A.", "k. A.", "keine", "sin dato", "aucun", "brak"),
    *("nessuno", "geen", "000000000000000AAA", "0001-01-01", "0001-01-01 00:00:00.0000000", "(none)", "#N/A", "[Unknown]", "não informado"),
    *("Non renseigné", "00000000-0000-0000-0000-000000000000", "Never", "0000-00-00", "\u2014", "<null>", "..."),
)


@pytest.mark.parametrize("word", NOTHING)
def test_a_word_for_nothing_is_an_empty_cell_whatever_its_column(word: str) -> None:
    assert means_nothing(word)
    (row,) = document("units", f"{UNITS}SN1,Acme,P,{word},{word},{word},{word},{word}\n").rows()
    assert isinstance(row, DocumentRow), row
    assert row.values.keys() == {"serial", "maker", "model", "serial_key", "maker_key", "model_key"}


@pytest.mark.parametrize(
    "word", ["Nina", "KA", "NV", "0", "1", "Natal", "No", "A-1", "Keine Sorge GmbH", "Brakel", "2001-01-01", "NONE SUCH LTD"]
)
def test_a_word_that_only_looks_like_one_is_a_value(word: str) -> None:
    assert not means_nothing(word)


def test_what_was_read_as_empty_is_counted() -> None:
    read = document("units", f"{UNITS}SN1,Acme,P,Installed,-,,,\nSN2,Acme,P,Installed,-,N/A,,\n")
    assert all(isinstance(row, DocumentRow) for row in read.rows())
    assert read.notes() == ["read as empty: '-' (2 times), 'N/A' (once)"]
    assert list(read.rows())  # and not counted twice
    assert read.notes() == ["read as empty: '-' (2 times), 'N/A' (once)"]


def test_namibia_is_a_country_and_a_person_may_keep_or_add_a_word() -> None:
    (row,) = document("accounts", "Account ID,Name,Country\nNA,N/A,NA\n", choices([], Choices(), words=["NA=NA", "N/A=N/A"])).rows()
    assert isinstance(row, DocumentRow)
    assert row.values == {"ref": "NA", "name": "N/A", "country": "NA"}
    (row,) = document("accounts", "Account ID,Name\nA1,Dummy\n", choices([], Choices(), words=["Dummy="])).rows()
    assert isinstance(row, DocumentRow)
    assert row.values == {"ref": "A1"}


def values(status: str, *words: str) -> dict[str, Any]:
    (row,) = document("units", f"{UNITS}SN1,Acme,P,{status},,,,\n", choices([], Choices(), words=words)).rows()
    assert isinstance(row, DocumentRow), row
    return row.values


@pytest.mark.parametrize(
    ("word", "stage"),
    [
        *(
            (word, Lifecycle.STOCK)
            for word in ("Ready to Deploy", "In stock", "Pending", "Auf Lager", "En stock", "En almacén", "Em estoque")
        ),
        *((word, Lifecycle.STOCK) for word in ("A magazzino", "Op voorraad", "W magazynie", "Undeployable", "On order")),
        *(
            (word, Lifecycle.DEPLOYED)
            for word in ("In Use", "Installiert", "En service", "En uso", "Em uso", "In uso", "In gebruik", "W użyciu")
        ),
        *((word, Lifecycle.DEPLOYED) for word in ("Deployed", "Checked out", "PROVISIONED", "Active", "In Maintenance", "Zainstalowane")),
        *((word, Lifecycle.RETIRED) for word in ("Archived", "Lost/Stolen", "Ausgemustert", "Mis au rebut", "Dado de baja", "Descartado")),
        *(
            (word, Lifecycle.RETIRED)
            for word in ("Dismesso", "Afgevoerd", "Wycofany", "DEPROVISIONED", "Obsolete", "Stolen", "Verschrottet")
        ),
        *((word, Lifecycle.RETURNED) for word in ("Out for repair", "Broken", "RMA", "Defekt", "En réparation", "In riparazione")),
        *((word, Lifecycle.SHIPPED) for word in ("In transit", "Versendet", "Expédié", "Wysłany", "Onderweg")),
    ],
)
def test_the_words_of_customers_systems_are_known(word: str, stage: Lifecycle) -> None:
    assert values(word)["lifecycle"] is stage


def test_an_unknown_status_is_left_out_and_named_once_with_its_count() -> None:
    rows = "".join(f"SN{n},Acme,P,Quux,,,,\n" for n in range(3))
    read = document("units", UNITS + rows)
    assert all(isinstance(row, DocumentRow) and "lifecycle" not in row.values for row in read.rows())
    assert read.notes() == ["Status not recognised: 'Quux' (3 times); say what it means (--word 'Quux=...')"]


def test_a_person_says_what_a_word_means() -> None:
    assert values("Quux", "Quux=stock")["lifecycle"] is Lifecycle.STOCK
    assert values("quux", "QUUX=In Use")["lifecycle"] is Lifecycle.DEPLOYED
    assert values("Ready to Deploy", "Ready to Deploy=shipped")["lifecycle"] is Lifecycle.SHIPPED
    assert "lifecycle" not in values("Ready to Deploy", "Ready to Deploy=")
    with pytest.raises(BadFile, match="the word 'Quux' cannot mean 'quax'; use deployed, stock"):
        values("Quux", "Quux=quax")


def test_where_the_status_is_required_an_unknown_word_says_how_to_go_on() -> None:
    text = "Contract Number,Account ID,Start Date,Status\nC1,A1,2026-01-01,Quux\n"
    (row,) = document("contracts", text).rows()
    assert isinstance(row, BadRow)
    assert "--word 'Quux=" in row.why
    (accepted,) = document("contracts", text, choices([], Choices(), words=["Quux=active"])).rows()
    assert isinstance(accepted, DocumentRow)


def test_a_value_for_the_whole_file_fills_what_rows_leave_empty() -> None:
    read = document("units", "Serial,Model,Maker\nSN1,P,\nSN2,P,Acme\n", choices([], Choices(), given=["maker=Dell", "account=A1"]))
    rows = [row.values for row in read.rows() if isinstance(row, DocumentRow)]
    assert [(row["maker"], row["account"]) for row in rows] == [("Dell", "A1"), ("Acme", "A1")]
    assert read.notes() == ["rows without a Manufacturer are given Dell", "rows without a Account ID are given A1"]


def test_a_value_for_the_whole_file_stands_for_a_missing_column() -> None:
    (row,) = document("units", "Serial,Model\nSN1,P\n", choices([], Choices(), given=["maker=Dell"])).rows()
    assert isinstance(row, DocumentRow)
    assert row.values["maker"] == "Dell"
    with pytest.raises(BadFile, match="no column 'colour'"):
        document("units", "Serial,Model,Maker\n", choices([], Choices(), given=["colour=red"]))
    with pytest.raises(BadFile, match="Install Date"):
        document("units", "Serial,Model,Maker\n", choices([], Choices(), given=["installed_on=soon"]))


@pytest.mark.parametrize("word", ["trialing", "Trial", "in_trial", "On Trial", "Free Trial"])
def test_a_trial_is_in_force_and_not_paid(word: str) -> None:
    (contract,) = document("contracts", f"Contract Number,Start Date,Status\nC1,2026-01-01,{word}\n").rows()
    (billing,) = document("billing", f"Contract Number,Payment State\nC1,{word}\n").rows()
    assert isinstance(contract, DocumentRow)
    assert isinstance(billing, DocumentRow)
    assert (contract.values["state"], billing.values["payment"]) == (ContractState.ACTIVE, Payment.UNKNOWN)


def test_errors_of_a_spreadsheet_are_nothing_and_counted() -> None:
    read = document("units", "Serial,Maker,Model,Account ID,Site ID\nA1,Acme,P,#REF!,#NV\nA2,Acme,P,#¡VALOR!,#N/A\nA3,Acme,P,A#1!,#1\n")
    assert [[row.values.get("account"), row.values.get("site")] for row in read.rows() if isinstance(row, DocumentRow)] == [
        [None, None],
        [None, None],
        ["A#1!", "#1"],
    ]
    assert "read as empty: '#REF!' (once), '#NV' (once), '#¡VALOR!' (once), '#N/A' (once)" in read.notes()


@pytest.mark.parametrize(("sign", "answer"), [("\u2713", True), ("\u2611\ufe0f", True), ("\u2610", False), ("\u2717", False)])
def test_ticks_and_empty_boxes_are_yes_and_no(sign: str, answer: bool) -> None:
    text = f"Contract Number,Start Date,Status,Auto Renew\nC1,2026-01-01,Active,{sign}\n"
    assert [row.values["auto_renew"] for row in document("contracts", text).rows() if isinstance(row, DocumentRow)] == [answer]
