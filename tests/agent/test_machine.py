"""The providers on file trees laid out like a kernel's."""

from pathlib import Path

import pytest
from musterroll_agent import AgentError
from musterroll_agent.machine import override, probe, read_cim, read_ioreg


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


def test_a_pc_is_identified_by_its_dmi_table(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, PC))
    assert machine[:4] == ("CZC1234XYZ", "HP", "EliteDesk 800", "dmi")
    assert machine.evidence == {"board_serial": "PGX77", "mac": "02:00:5e:10:00:01"}


def test_a_board_is_identified_by_its_device_tree(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, BOARD))
    assert machine[:4] == ("10000000abcdef01", "raspberrypi", "Raspberry Pi 4 Model B Rev 1.4", "device_tree")


def test_an_old_board_is_identified_by_cpuinfo(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, {"proc/cpuinfo": BOARD["proc/cpuinfo"]}))
    assert machine[:4] == ("10000000abcdef99", "", "Raspberry Pi", "cpuinfo")


def test_a_placeholder_is_skipped_for_the_next_provider(tmp_path: Path) -> None:
    machine = probe(tree(tmp_path, {**PC, **BOARD, "sys/class/dmi/id/product_serial": "To Be Filled By O.E.M.\n"}))
    assert (machine.serial, machine.source, machine.placeholder) == ("10000000abcdef01", "device_tree", "To Be Filled By O.E.M.")


def test_a_virtual_machine_has_its_maker_and_model(tmp_path: Path) -> None:
    table = {"product_serial": "VirtualBox", "sys_vendor": "QEMU", "product_name": "Virtual Machine"}
    machine = probe(tree(tmp_path, {f"sys/class/dmi/id/{name}": text for name, text in table.items()}))
    assert machine[:3] == ("", "QEMU", "Virtual Machine")


def test_a_machine_without_a_serial_asks_for_the_label(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=r"the firmware does not report one.*--serial"):
        override(probe(tmp_path), "", "", "")


def test_a_machine_of_placeholders_names_the_placeholder(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=r"reports only 'Default string', a placeholder.*--serial"):
        override(probe(tree(tmp_path, {"sys/class/dmi/id/product_serial": "Default string"})), "", "", "")


def test_the_owners_settings_take_precedence_over_the_firmware(tmp_path: Path) -> None:
    machine = override(probe(tree(tmp_path, PC)), "LABEL-7", "", "")
    assert machine[:4] == ("LABEL-7", "HP", "EliteDesk 800", "given")


def test_a_missing_model_gives_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="does not report a model: give it with --model"):
        override(probe(tmp_path), "S1", "Acme", "")


def test_a_directory_or_binary_in_place_of_a_file_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "sys/class/dmi/id/product_serial").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/cpuinfo").write_bytes(b"\xff\xfe\0Serial: \xff\n" * 10)
    assert probe(tmp_path).maker == ""


def test_windows_and_macos_answers_are_parsed() -> None:
    assert read_cim("5CG1234\r\nHP\r\nHP ProBook\r\n") == {"serial": "5CG1234", "maker": "HP", "model": "HP ProBook"}
    answer = '    "IOPlatformSerialNumber" = "C02ABC"\n    "model" = <"MacBookPro18,3">\n    "other" = 1\n'
    assert read_ioreg(answer) == {"serial": "C02ABC", "model": "MacBookPro18,3"}
