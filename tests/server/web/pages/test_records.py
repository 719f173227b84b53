"""Records added and corrected by hand on pages."""

import re

import pytest
from musterroll.usecases.imports.export import KINDS

from tests.server.web.conftest import Visitor


def saved_change(visitor: Visitor, address: str) -> str:
    change = re.search(r'action="/changes/(\d+)/undo"', visitor.get(address).text)
    assert change, "no undo is offered"
    return change[1]


def test_a_site_is_added_corrected_and_both_are_undone(visitor: Visitor) -> None:
    new = {"ref": "S90009", "account": "A00001", "name": "Ninth", "zone": "Europe/Berlin"}
    added = visitor.post("/records/sites/new", seen="/records/sites/new", **new)
    assert added.status_code == 303
    edit = added.headers["Location"]
    assert 'value="Ninth"' in visitor.get(edit).text
    first = saved_change(visitor, edit)
    corrected = visitor.post("/records/sites/edit", seen=edit, **{**new, "name": "Tenth", "zone": ""}, reason="moved")
    assert 'value="Tenth"' in visitor.get(corrected.headers["Location"]).text
    second = saved_change(visitor, corrected.headers["Location"])
    for change in (second, first):
        visitor.post(f"/changes/{change}/undo", seen=edit, next="/records")
    assert visitor.get(edit).status_code == 404


def test_the_account_page_leads_to_its_form_and_a_new_contract_knows_its_account(visitor: Visitor) -> None:
    assert "/records/accounts/edit?ref=A00001" in visitor.get("/accounts/A00001").text
    assert 'name="ref" value="A00001"' in visitor.get("/records/accounts/edit?ref=A00001").text
    assert 'name="account" value="A00001"' in visitor.get("/records/contracts/new?account=A00001").text


def test_a_mistake_is_said_and_what_was_entered_stays_in_the_form(visitor: Visitor) -> None:
    form = {"ref": "C-900", "account": "A00001", "state": "Active", "starts_on": "2026-05-01", "ends_on": "2026-04-01"}
    answer = visitor.post("/records/contracts/new", seen="/records/contracts/new", **form)
    assert answer.status_code == 422
    assert re.search(r"The End Date \S+ is before the Start Date", answer.text)
    assert 'value="2026-05-01"' in answer.text


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_form_and_an_export(visitor: Visitor, kind: str) -> None:
    page, form = visitor.get("/records").text, visitor.get(f"/records/{kind}/new")
    assert f"/api/v1/records/{kind}?format=csv" in page
    assert form.status_code == 200
    assert all(f'name="{field.name}"' in form.text for field in KINDS[kind].fields)
    assert visitor.get("/records/lorries/new").status_code == 404


def test_another_name_of_a_product_is_decided_on_the_products_page(visitor: Visitor) -> None:
    name = {"maker": "Acme Technologies", "of_maker": "Acme", "state": "Proposed"}
    assert visitor.post("/records/product-names/new", seen="/records/product-names/new", **name).status_code == 303
    assert "Acme Technologies" in visitor.get("/products").text
    decision = {"maker": "Acme Technologies", "model": "", "state": "confirmed", "next": "/products#names"}
    decided = visitor.post("/records/product-names/edit", seen="/products", **decision)
    assert decided.headers["Location"].endswith("/products#names")
    assert "Acme Technologies" not in visitor.get("/products").text
