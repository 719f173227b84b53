"""The providers on trees of files as kernels lay them out, and the placeholders firmware ships."""

from pathlib import Path

import pytest
from musterroll.domain.units.serials import PLACEHOLDERS as SERVERS
from musterroll_agent import Trouble
from musterroll_agent.identity import claim, is_placeholder, probe, read_cim, read_ioreg


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


PC = {
    "sys/class/dmi/id/product_serial": "CZC1234XYZ\n",
    "sys/class/dmi/id/sys_vendor": "HP\n",
    "sys/class/dmi/id/product_name": "EliteDesk 800\n",
    "sys/class/dmi/id/board_serial": "PGX77\n",
    "sys/class/net/eth0/address": "02:00:5e:10:00:01\n",
    "sys/class/net/eth0/device/vendor": "0x8086\n",
    "sys/class/net/docker0/address": "02:42:00:00:00:01\n",
}
BOARD = {
    "proc/device-tree/serial-number": "10000000abcdef01\0",
    "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
    "proc/device-tree/compatible": "raspberrypi,4-model-b\0brcm,bcm2711\0",
    "proc/cpuinfo": "processor\t: 0\n\nHardware\t: BCM2835\nSerial\t\t: 10000000abcdef99\nModel\t\t: Raspberry Pi\n",
}


def test_a_pc_is_known_by_its_dmi_table(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, PC))
    assert machine[:4] == ("CZC1234XYZ", "HP", "EliteDesk 800", "dmi")
    assert machine.evidence == {"board_serial": "PGX77", "mac": "02:00:5e:10:00:01"}


def test_a_board_is_known_by_its_device_tree(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, BOARD))
    assert machine[:4] == ("10000000abcdef01", "raspberrypi", "Raspberry Pi 4 Model B Rev 1.4", "device_tree")


def test_an_old_board_is_known_by_cpuinfo(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, {"proc/cpuinfo": BOARD["proc/cpuinfo"]}))
    assert machine[:4] == ("10000000abcdef99", "", "Raspberry Pi", "cpuinfo")


def test_a_placeholder_is_passed_over_for_the_next_provider(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, {**PC, **BOARD, "sys/class/dmi/id/product_serial": "To Be Filled By O.E.M.\n"}))
    assert (machine.serial, machine.source, machine.refused) == ("10000000abcdef01", "device_tree", "To Be Filled By O.E.M.")


def test_an_empty_machine_says_nothing_and_asks_for_the_label(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"the firmware tells none.*--serial"):
        claim(probe(tmp_path), "", "", "")


def test_a_machine_of_placeholders_names_the_placeholder(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match=r"says only 'Default string', a placeholder.*--serial"):
        claim(probe(tree(tmp_path, {"sys/class/dmi/id/product_serial": "Default string"})), "", "", "")


def test_what_the_owner_says_goes_before_what_the_firmware_says(tmp_path: Path) -> None:
    machine = claim(probe(tree(tmp_path, PC)), "LABEL-7", "", "")
    assert machine[:4] == ("LABEL-7", "HP", "EliteDesk 800", "given")


def test_no_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="tells no model: give it with --model"):
        claim(probe(tmp_path), "S1", "Acme", "")


def test_a_place_that_is_a_directory_or_binary_breaks_nothing(tmp_path: Path) -> None:
    (tmp_path / "sys/class/dmi/id/product_serial").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_bytes(b"\xff\xfe\0Serial: \xff\n" * 10)
    assert probe(tmp_path).maker == ""


@pytest.mark.parametrize(
    "serial", ["To Be Filled By O.E.M.", "Default string", "System Serial Number", "0123456789", "None", "0000000000", "xxxx", "", "---"]
)
def test_placeholders_never_identify(serial: str) -> None:
    assert is_placeholder(serial)


def test_what_the_registry_would_refuse_the_agent_refuses_first() -> None:
    assert [word for word in SERVERS if not is_placeholder(word)] == []


def test_windows_and_macos_answers_are_read() -> None:
    assert read_cim("5CG1234\r\nHP\r\nHP ProBook\r\n") == {"serial": "5CG1234", "maker": "HP", "model": "HP ProBook"}
    answer = '    "IOPlatformSerialNumber" = "C02ABC"\n    "model" = <"MacBookPro18,3">\n    "other" = 1\n'
    assert read_ioreg(answer) == {"serial": "C02ABC", "model": "MacBookPro18,3"}
