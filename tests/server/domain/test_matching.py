"""Evidence of two records being one."""

from musterroll.domain import matching
from musterroll.domain.matching import AccountFacts, LineFacts, UnitFacts


def account(
    id_: int, name: str, website: str = "", phone: str = "", postcode: str = "", country: str = "", parent: int | None = None
) -> AccountFacts:
    compared = (matching.name_words(name), matching.domain(website), matching.phone(phone), matching.postcode(postcode), country)
    return AccountFacts(id_, parent, name, *compared)


def unit(
    id_: int, serial: str, maker: str = "Acme", model: str = "Pump 3", reporting: bool = False, account_id: int | None = None
) -> UnitFacts:
    return UnitFacts(id_, serial, serial, maker, model, 1, account_id, None, not reporting, reporting)


def test_a_name_alone_is_not_enough() -> None:
    assert matching.match_accounts(account(1, "Marram Freight B.V."), account(2, "Marram Freight")) is None


def test_a_name_and_a_domain_are() -> None:
    found = matching.match_accounts(
        account(1, "Marram Freight B.V.", "https://www.marram.example"), account(2, "MARRAM Freight", "marram.example/about")
    )
    assert found is not None
    assert found.probability > 0.9
    assert [(field.name, field.agrees) for field in found.fields] == [("name", True), ("domain", True)]


def test_a_slip_of_the_pen_counts_less_than_the_same_name() -> None:
    same, slip, other = (
        matching.match_accounts(account(1, "Larkspur Hospitals", phone="+44 20 7946 0001"), account(2, name, phone="020 7946 0001"))
        for name in ("Larkspur Hospitals Ltd", "Larkspurr Hospital", "Ash & Sons")
    )
    assert same is not None
    assert slip is not None
    assert same.probability > slip.probability
    assert other is None


def test_what_speaks_against_it_is_shown_too() -> None:
    found = matching.match_accounts(
        account(1, "Skerry Pumps", "skerry.example", "+31 20 555 0101", country="nl"),
        account(2, "Skerry Pumps", "skerry.example", "+31 20 555 0199", country="nl"),
    )
    assert found is not None
    assert {field.name: field.weight for field in found.fields} == {"name": 7.0, "domain": 7.0, "phone": -1.5}


def test_a_parent_and_its_subsidiary_are_two() -> None:
    parent, child = account(1, "Umber", "marram.example"), account(2, "Umber", "marram.example", parent=1)
    assert matching.match_accounts(parent, child) is matching.match_accounts(child, parent) is None


def test_a_unit_on_paper_and_one_that_reports_under_a_confusable_serial_may_be_one() -> None:
    found = matching.match_units(unit(1, "K4O0MVX7"), unit(2, "K400MVX7", reporting=True))
    assert found is not None
    assert [field.name for field in found.fields] == ["serial", "maker", "model", "known by"]


def test_the_same_serial_under_a_maker_written_otherwise_may_be_one() -> None:
    assert matching.match_units(
        unit(1, "QRR7B1205687", "WDC", "WD30EFRX"), unit(2, "QRR7B1205687", "Western Digital", "WDC WD30EFRX", reporting=True)
    )


def test_two_units_that_both_report_are_two() -> None:
    assert matching.match_units(unit(1, "K4O0MVX7", reporting=True), unit(2, "K400MVX7", reporting=True)) is None


def test_the_same_short_serial_of_different_products_means_nothing() -> None:
    assert matching.match_units(unit(1, "100200", "Acme", "Pump 3"), unit(2, "100200", "Bolt", "Gateway")) is None


def test_a_line_needs_more_than_a_serial_that_looks_alike() -> None:
    line = LineFacts(1, "K4O0MVX7", "K4O0MVX7", None, None, None)
    assert matching.match_line(line, unit(2, "K400MVX7")) is None
    assert matching.match_line(line._replace(account_id=7), unit(2, "K400MVX7", account_id=7))
    assert matching.match_line(line._replace(account_id=7, product_id=9), unit(2, "K400MVX7", account_id=7)) is None
