"""Which machine is this: serial, maker and model from the places machines keep them, and other marks of identity.

Each provider reads one place under `root` and may fail; the first that says something other than a placeholder wins, field by field.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from musterroll_agent import Trouble

MAX_TEXT = 256
# What firmware ships where nobody filled the field in; compared without case, spaces and separators.
PLACEHOLDERS = frozenset(
    """tobefilledbyoem tobefilledbyo defaultstring systemserialnumber serialnumber baseboardserialnumber chassisserialnumber
    systemmanufacturer manufacturer systemproductname systemversion productname none na null nil unknown notspecified notapplicable
    notavailable notsettable notset undefined invalid empty oem tbd test serial xxxxx abcdefg 0123456789 123456789 1234567890
    01234567890123456789 12345678 1234567 123456 12345 ssn12345678901234567890""".split()  # noqa: SIM905 - a table of words
)

Facts = dict[str, str]  # any of serial, maker, model, board_serial, mac


class Machine(NamedTuple):
    """What the machine says of itself. Empty text where no provider knew."""

    serial: str
    maker: str
    model: str
    source: str  # which provider knew the serial
    evidence: Facts
    refused: str  # the placeholder that stood where a serial should


def is_placeholder(value: str) -> bool:
    """Whether a value is one that firmware ships when nobody filled it in.

    >>> is_placeholder("To Be Filled By O.E.M."), is_placeholder("0000000"), is_placeholder("K400MVX7")
    (True, True, False)
    """
    key = "".join(c for c in value.casefold() if c.isalnum())
    return key in PLACEHOLDERS or len(set(key)) <= 1


def _line(path: Path) -> str:
    try:
        return path.read_bytes()[:MAX_TEXT].decode(errors="replace").strip("\0\n\r\t ")
    except OSError:
        return ""


def dmi(root: Path) -> Facts:
    table = root / "sys/class/dmi/id"
    return {
        "serial": _line(table / "product_serial"),
        "maker": _line(table / "sys_vendor"),
        "model": _line(table / "product_name"),
        "board_serial": _line(table / "board_serial"),
    }


def device_tree(root: Path) -> Facts:
    tree = root / "proc/device-tree"
    model = _line(tree / "model")
    maker = _line(tree / "compatible").partition(",")[0]
    return {"serial": _line(tree / "serial-number"), "maker": maker, "model": model}


def cpuinfo(root: Path) -> Facts:
    found = {}
    try:
        lines = (root / "proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("Serial", "Model"):  # boards only; a PC has "model name" and no serial here
            found[name.strip().lower()] = value.strip()
    return found


def network(root: Path) -> Facts:
    """The address of the first network card that is a device, in the order of their names."""
    for card in sorted((root / "sys/class/net").glob("*")):
        if (card / "device").exists() and not is_placeholder(_line(card / "address")):
            return {"mac": _line(card / "address")}
    return {}


def windows(root: Path) -> Facts:
    if sys.platform != "win32":
        return {}
    query = "$b=Get-CimInstance Win32_BIOS;$c=Get-CimInstance Win32_ComputerSystem;$b.SerialNumber;$c.Manufacturer;$c.Model"
    return read_cim(_ask("powershell", "-NoProfile", "-NonInteractive", "-Command", query))


def read_cim(answer: str) -> Facts:
    """Serial, maker and model from three lines, any of them empty."""
    return dict(zip(("serial", "maker", "model"), (line.strip() for line in answer.splitlines()), strict=False))


def macos(root: Path) -> Facts:
    if sys.platform != "darwin":
        return {}
    return {"maker": "Apple", **read_ioreg(_ask("ioreg", "-rd1", "-c", "IOPlatformExpertDevice"))}


def read_ioreg(answer: str) -> Facts:
    """Serial and model from what `ioreg` prints: lines of `"key" = "value"` or `"key" = <"value">`."""
    keys = {'"IOPlatformSerialNumber"': "serial", '"model"': "model"}
    pairs = (line.strip().partition(" = ") for line in answer.splitlines())
    return {keys[name]: value.strip('<>"') for name, _, value in pairs if name in keys}


def _ask(*command: str) -> str:
    import subprocess

    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=True).stdout  # noqa: S603 - fixed commands


PROVIDERS: tuple[Callable[[Path], Facts], ...] = (dmi, device_tree, cpuinfo, network, windows, macos)


def probe(root: Path = Path("/")) -> Machine:
    """Ask every provider; one that fails has nothing to say."""
    found: Facts = {}
    source = refused = ""
    for provider in PROVIDERS:
        for name, value in _safely(provider, root).items():
            if name == "serial" and value and is_placeholder(value):
                refused = refused or value
            elif value and name not in found and not is_placeholder(value):
                found[name] = value[:MAX_TEXT]
                source = provider.__name__ if name == "serial" else source
    evidence: Facts = {name: found[name] for name in ("board_serial", "mac") if name in found}
    return Machine(found.get("serial", ""), found.get("maker", ""), found.get("model", ""), source, evidence, refused)


def _safely(provider: Callable[[Path], Facts], root: Path) -> Facts:
    try:
        return provider(root)
    except Exception:  # a place that is missing, unreadable or nonsense: the next one may know
        return {}


def claim(machine: Machine, serial: str, maker: str, model: str) -> Machine:
    """The machine with what its owner says laid over it. Raises Trouble where serial, maker or model is still not known."""
    if serial and is_placeholder(serial):
        raise Trouble(f"the serial {serial!r} is a placeholder that many units share: give the one on the label with --serial")
    claimed = machine._replace(serial=serial or machine.serial, maker=maker or machine.maker, model=model or machine.model)
    if not claimed.serial:
        placeholder = f"the firmware says only {machine.refused!r}, a placeholder"
        why = placeholder if machine.refused else "the firmware tells none (it may need root)"
        raise Trouble(f"no serial number: {why}; give the one on the label with --serial")
    for name in ("maker", "model"):
        if not getattr(claimed, name):
            raise Trouble(f"the firmware tells no {name}: give it with --{name}, or as {name} in the configuration file")
    return claimed._replace(source="given" if serial else machine.source)
