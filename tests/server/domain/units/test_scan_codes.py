import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.domain.units.scan_codes import is_article, read_code, typing_errors
from musterroll.domain.units.serials import serial_key, twin_key

GS = "\x1d"
SERIALS = st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=2, max_size=20)


@pytest.mark.parametrize(
    ("scanned", "serials"),
    [
        (f"]d20109506000134352{GS}21K400-MVX7", ("K400-MVX7",)),
        (f"{GS}010950600013435221K400{GS}10LOT7", ("K400",)),
        ("]C1010950600013435210LOT7<GS>21K400", ("K400",)),
        ("]c1010950600013435217251231392500{gs}21k400", ("k400",)),
        ("(01)09506000134352(21)K400(10)L", ("K400",)),
        (f"]d2010950600013435217251399{GS}21K400", ("K400",)),  # an expiry date that does not exist
        (f"]d20109506000134352{GS}21K400 7#b{GS}05X", ("K400 7#b",)),  # characters and an identifier that GS1 does not know
        (f"]d221{'K4' * 15}", ("K4" * 15,)),  # longer than GS1 allows
        ("( 21 )K400", ()),
        ("010950600013435221K400", ("010950600013435221K400", "K400")),
        ("010950600013435321K400", ("010950600013435321K400",)),
        ("https://id.gs1.org/01/9506000134352/10/L7/21/K%2F400?17=251231", ("K/400",)),
        ("https://maker.example/p?model=K&SN=K400", ("K400",)),
        ("]Q1K400", ("K400",)),
        ("S/N: K400", ("S/N: K400", "K400")),
        ("SN77", ("SN77",)),
    ],
)
def test_every_kind_of_label_gives_its_serial(scanned: str, serials: tuple[str, ...]) -> None:
    assert read_code(scanned).serials == serials


@pytest.mark.parametrize(
    "link", ["https://roll.example/u/k3", "HTTP://ROLL:8080/U/k3", "/units/k3", "https://x/sub/units/k3?a=b#c", "]Q1https://x/u/k3/"]
)
def test_links_of_our_labels_name_the_unit(link: str) -> None:
    assert read_code(link).uid == "k3"


@pytest.mark.parametrize(
    ("scanned", "why"),
    [
        ("]d20109506000134352", "no serial"),
        ("https://shop.example/p/1", "shop.example"),
        ("http://[", "cannot be read"),
        (GS, "enter or scan"),
    ],
)
def test_a_code_without_a_serial_says_why(scanned: str, why: str) -> None:
    assert why in str(read_code(scanned).problem)


def test_a_serial_with_slashes_is_no_link() -> None:
    assert read_code("AB/U/12").serials == ("AB/U/12",)


@given(SERIALS, st.booleans(), st.sampled_from(["10LOT7", "17251231", "240X", "3925000"]))
@settings(max_examples=60)
def test_a_serial_survives_any_element_string(serial: str, last: bool, other: str) -> None:
    parts = [other, "21" + serial] if last else ["21" + serial, other]
    assert read_code(f"]d20109506000134352{GS}{GS.join(parts)}").serials == (serial,)


@given(st.text(max_size=60))
@settings(max_examples=150)
def test_any_text_is_read_without_breaking(text: str) -> None:
    code = read_code(text)
    assert code.uid or code.serials or code.problem
    typing_errors(text)


@given(SERIALS, st.data())
@settings(max_examples=60)
def test_one_wrong_missing_added_or_swapped_character_is_a_slip(serial: str, data: st.DataObject) -> None:
    serial = serial.replace("0", "8")  # a twin has no zeros in front, so a slip there may be several characters off
    at = data.draw(st.integers(0, len(serial) - 1))
    other = data.draw(st.sampled_from("07AKZ"))
    typed = {serial[:at] + other + serial[at + 1 :], serial[:at] + serial[at + 1 :], serial[:at] + other + serial[at:]}
    typed.add(serial[:at] + serial[at : at + 2][::-1] + serial[at + 2 :])
    meant = twin_key(serial)
    assert all(meant in typing_errors(wrong) or twin_key(wrong) == meant for wrong in typed if _is_serial(wrong))


def _is_serial(text: str) -> bool:
    try:
        return bool(serial_key(text))
    except Exception:
        return False


@pytest.mark.parametrize(
    ("typed", "meant"), [("SK400MVX7", "K400MVX7"), ("K'àà?VXè", "K400MVX7"), ("YK400", "ZK400"), ("AB12DC", "AB12CD")]
)
def test_what_another_keyboard_or_label_says_is_near(typed: str, meant: str) -> None:
    assert twin_key(meant) in typing_errors(typed)


def test_article_numbers_are_known_by_their_check_digit() -> None:
    assert is_article("4006381333931")
    assert not is_article("4006381333930")
