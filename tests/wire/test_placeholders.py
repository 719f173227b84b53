"""Which serials are nobody's: the lists of inventory tools, the patterns behind them, and the real serials beside both."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.units.serials import BadSerial, serial_key
from musterroll_agent import AgentError
from musterroll_agent.machine import Machine, override
from musterroll_wire.placeholders import is_placeholder, is_placeholder_name

INVENTORY_TOOLS = """(null string)|N/A|INVALID|SYS-1234567890|SYS-9876543210|SN-12345|SN-1234567890|1111111111|1111111|1
0123456789|12345|123456|1234567|12345678|123456789|1234567890|123456789000|12345678901234567|0000000000|000000|NNNNNNN
xxxxxxxxxxx|EVAL|IATPASS|none|Unknow|0|empty|To Be Filled By O.E.M.|Tulip Computers|Serial Number xxxxxx
SN-123456fvgv3i0b8o5n6n7k|System Serial Number|MB-1234567890|Not Specified|OEM_Serial|SystemSerialNumb
Type2 - Board Serial Number|To Be Set By OEM|Enter Serial|.PCIE2|Not Present|Not Settable|123-1234-123|SerNum0"""
FIRMWARE = """Default string|Default|Chassis Serial Number|Base Board Serial Number|Base Board Serial
Unspecified Base Board Serial Number|Unspecified System Serial Number|No Asset Information|No Asset Tag|Chassis Asset Tag
Fill By OEM|O.E.M.|OEM|asset-1234567890|NB-1234567890|SSN12345678901234567890|BSN12345678901234567890|ATN12345678901234567
Type1 - 123456789|<OUT OF SPEC>|<BAD INDEX>|................|0x00000000|0xFFFFFFFF|FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF
03000200-0400-0500-0006-000700080009|12345678-1234-5678-90AB-CDDEEFAABBCC|0123456789ABCDEF|VMware|QEMU|Xen|HVM domU
VirtualBox|VMware-00 00 00 00 00 00 00 00"""
CUT_SHORT = "To be filled by O|To Be Fil|Default str|Default S|System Serial N|Chassis Serial|Base Board Ser|Not Specif|Not Appl"
PEOPLE = """GONE|UNREADABLE|illegible|NO NUMBER|no s/n|No Serial|serial unknown|missing|see label|TBD|TBA|test|dummy|sample
#N/A|null|undefined|unbekannt|nicht vorhanden|keine Seriennummer|ohne Nummer|inconnu|sans numéro|non renseigné|desconocido
sin número|desconhecido|não informado|sconosciuto|onbekend|geen|brak|neznámé|okänd|ukjent|tuntematon|bilinmiyor|неизвестно
нет|未知|不明|없음|qwerty|asdf|abcdefg|12121212|123123123|654321|987654321|0000-0000|SN000000|---|?"""
REAL = """22|7|111|123|1234|AB1|A1|ABC123|ABC-1234|00000001|10000001|00017|FCW12345678|CZC1234XYZ|10000000abcdef01|C02ABC
5CG1234|PF2ABCDE|SN0001|MT7012345678901|SG12345678|K400MVX7|DEADBEEF|BEEF|NANO|TONE|TANGO|234567|345678|20240101|UNIT0001
PUMP-1|BOARD7|QM00001|VMware-56 4d 8f 1a|181242565700856|MXL1234567|PL1311LAG1S5AA|WD-WCC4N0123456|S2R8NX0H123456|Z300GQJM
1111|55555|012345|0123456|987654|SN00001|SN123456|NB12345|MB123456|10410410|NO1|OEM12|NA7|none7|GRACE|02:42:ac:11:00:02|b8:27:eb:12:34:56"""


def each(*tables: str) -> list[str]:
    return [text for table in tables for line in table.splitlines() for text in line.split("|")]


@pytest.mark.parametrize("text", each(INVENTORY_TOOLS, FIRMWARE, CUT_SHORT, PEOPLE))
def test_a_placeholder_is_no_serial_for_agent_registry_and_importers(text: str) -> None:
    assert is_placeholder(text)
    with pytest.raises(BadSerial, match=r"placeholder|letters (or|and) digits"):
        serial_key(text)
    with pytest.raises(AgentError, match="is a placeholder that many units share"):
        override(Machine("", "Acme", "Pump", "", {}, ""), text, "", "")


@pytest.mark.parametrize("text", each(REAL))
def test_a_real_serial_is_taken(text: str) -> None:
    assert not is_placeholder(text)


def test_the_sentence_names_the_string_and_what_to_do() -> None:
    with pytest.raises(BadSerial) as refusal:
        serial_key("Nicht verfügbar")
    assert str(refusal.value) == "the serial 'Nicht verfügbar' is a placeholder shared by many units; use the one on the label"


@pytest.mark.parametrize("text", ["QEMU", "Virtual Machine", "VMware Virtual Platform", "HVM domU"])
def test_a_virtual_machine_has_a_maker_and_a_model(text: str) -> None:
    assert not is_placeholder_name(text)


@pytest.mark.parametrize("text", ["System manufacturer", "System Product Name", "To Be Filled By O.E.M.", "Default string"])
def test_firmware_without_maker_or_model_has_none(text: str) -> None:
    assert is_placeholder_name(text)


@pytest.mark.parametrize("mac", ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "02:00:4e:43:50:49", "00-50-56-C0-00-08", "44:45:53:54:00:00"])
def test_a_mac_address_of_many_machines_identifies_none(mac: str) -> None:
    assert is_placeholder(mac)


@given(st.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", min_size=1, max_size=1), st.integers(6, 64))
def test_one_character_repeated_is_a_placeholder(character: str, length: int) -> None:
    assert is_placeholder(character * length)


@given(
    st.sampled_from(each(INVENTORY_TOOLS, FIRMWARE, PEOPLE)), st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from(" -._:")
)
def test_case_spaces_and_signs_do_not_matter(text: str, case: Callable[[str], str], sign: str) -> None:
    assert is_placeholder(f" {case(text).replace(' ', sign)}{sign}")


@given(st.from_regex(r"[A-HJ-NP-Z]{2}[0-9]{2}[A-Z][0-9]{4}[A-HJ-NP-Z]", fullmatch=True))
def test_serials_as_makers_number_them_are_taken(serial: str) -> None:
    assert not is_placeholder(serial)


@pytest.mark.parametrize(
    "form", ["{:04}", "{:05}", "{:08}", "SN{:06}", "NB{:05}", "ABC-{:05}", "FCW{:08}", "PX4-{}", "{:05}/26", "S2R8NX0H{:06}", "WD-{:07}"]
)
def test_no_number_of_a_series_is_refused_but_those_of_the_lists(form: str) -> None:
    series = [form.format(number) for number in range(1, 100_000)]
    assert {serial for serial in series if is_placeholder(serial)} <= {"12345"}


@given(st.text(max_size=40))
def test_any_text_has_an_answer_that_does_not_depend_on_its_case(text: str) -> None:
    assert is_placeholder(text) == is_placeholder(text.casefold())
