"""Which machine this is: serial, maker and model from where machines keep them, and other evidence of identity.

Each provider reads one place under `root` and may fail. Field by field, the first value that is not a placeholder wins.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from musterroll_wire.placeholders import is_placeholder, is_placeholder_name

from musterroll_agent import AgentError

MAX_TEXT = 256

Properties = dict[str, str]  # any of serial, maker, model, board_serial, mac


class Machine(NamedTuple):
    """What the machine reports about itself. Empty text where no provider knew."""

    serial: str
    maker: str
    model: str
    source: str  # the provider that knew the serial
    evidence: Properties
    placeholder: str  # the first placeholder found in place of a serial


def _line(path: Path) -> str:
    try:
        return path.read_bytes()[:MAX_TEXT].decode(errors="replace").strip("\0\n\r\t ")
    except OSError:
        return ""


def dmi(root: Path) -> Properties:
    table = root / "sys/class/dmi/id"
    return {
        "serial": _line(table / "product_serial"),
        "maker": _line(table / "sys_vendor"),
        "model": _line(table / "product_name"),
        "board_serial": _line(table / "board_serial"),
    }


def device_tree(root: Path) -> Properties:
    tree = root / "proc/device-tree"
    model = _line(tree / "model")
    maker = _line(tree / "compatible").partition(",")[0]
    return {"serial": _line(tree / "serial-number"), "maker": maker, "model": model}


def cpuinfo(root: Path) -> Properties:
    values = {}
    try:
        lines = (root / "proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and name.strip() in ("Serial", "Model"):  # only boards have these; a PC has "model name" and no serial
            values[name.strip().lower()] = value.strip()
    return values


def network(root: Path) -> Properties:
    """The MAC address of the first physical network card, by name."""
    for card in sorted((root / "sys/class/net").glob("*")):
        if (card / "device").exists() and not is_placeholder(_line(card / "address")):
            return {"mac": _line(card / "address")}
    return {}


def container_host(root: Path) -> Properties:
    """In a container: what runs it. All containers on a host see one boot, which changes when the host starts anew."""
    inside = any((root / mark).exists() for mark in (".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io"))
    return {"host": _line(root / "proc/sys/kernel/random/boot_id")} if inside else {}


def cores(root: Path) -> Properties:
    """The processor cores of the host, also where a container may use only some of them."""
    try:
        lines = (root / "proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return {}
    number = sum(line.startswith("processor") for line in lines)
    return {"cores": str(number)} if number else {}


def windows(root: Path) -> Properties:
    if sys.platform != "win32":
        return {}
    query = "$b=Get-CimInstance Win32_BIOS;$c=Get-CimInstance Win32_ComputerSystem;$b.SerialNumber;$c.Manufacturer;$c.Model"
    return read_cim(_run("powershell", "-NoProfile", "-NonInteractive", "-Command", query))


def read_cim(answer: str) -> Properties:
    """Serial, maker and model from three lines, any of them empty."""
    return dict(zip(("serial", "maker", "model"), (line.strip() for line in answer.splitlines()), strict=False))


def macos(root: Path) -> Properties:
    if sys.platform != "darwin":
        return {}
    return {"maker": "Apple", **read_ioreg(_run("ioreg", "-rd1", "-c", "IOPlatformExpertDevice"))}


def read_ioreg(answer: str) -> Properties:
    """Serial and model from what `ioreg` prints: lines of `"key" = "value"` or `"key" = <"value">`."""
    keys = {'"IOPlatformSerialNumber"': "serial", '"model"': "model"}
    pairs = (line.strip().partition(" = ") for line in answer.splitlines())
    return {keys[name]: value.strip('<>"') for name, _, value in pairs if name in keys}


def _run(*command: str) -> str:
    import subprocess

    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=True).stdout  # noqa: S603 - fixed commands


PROVIDERS: tuple[Callable[[Path], Properties], ...] = (dmi, device_tree, cpuinfo, network, container_host, cores, windows, macos)


def probe(root: Path = Path("/")) -> Machine:
    """Ask every provider; one that fails is skipped."""
    values: Properties = {}
    source = placeholder = ""
    for provider in PROVIDERS:
        for name, value in _safely(provider, root).items():
            unfilled = is_placeholder_name(value) if name in ("maker", "model") else is_placeholder(value)
            if name == "serial" and value and unfilled:
                placeholder = placeholder or value
            elif value and name not in values and not unfilled:
                values[name] = "".join(filter(str.isprintable, value))[:MAX_TEXT]
                source = provider.__name__ if name == "serial" else source
    evidence: Properties = {name: values[name] for name in ("board_serial", "mac", "host", "cores") if name in values}
    return Machine(values.get("serial", ""), values.get("maker", ""), values.get("model", ""), source, evidence, placeholder)


def _safely(provider: Callable[[Path], Properties], root: Path) -> Properties:
    try:
        return provider(root)
    except Exception:  # missing, unreadable or garbled: the next provider may know
        return {}


def override(machine: Machine, serial: str, maker: str, model: str, host: str = "") -> Machine:
    """The machine with the owner's settings taking precedence. Raises AgentError where serial, maker or model is still unknown."""
    if serial and is_placeholder(serial):
        raise AgentError(f"the serial {serial!r} is a placeholder that many units share: give the one on the label with --serial")
    merged = machine._replace(serial=serial or machine.serial, maker=maker or machine.maker, model=model or machine.model)
    if not merged.serial:
        only_placeholder = f"the firmware reports only {machine.placeholder!r}, a placeholder"
        reason = only_placeholder if machine.placeholder else "the firmware does not report one (it may need root)"
        raise AgentError(f"no serial number: {reason}; give the one on the label with --serial")
    for name in ("maker", "model"):
        if not getattr(merged, name):
            raise AgentError(f"the firmware does not report a {name}: give it with --{name}, or set {name} in the configuration file")
    evidence = machine.evidence | ({"host": host} if host else {})
    return merged._replace(source="given" if serial else machine.source, evidence=evidence)
