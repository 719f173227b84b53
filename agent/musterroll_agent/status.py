"""What the installer sees: who this unit is, whether the registry hears it, and its cover in the registry's own words."""

import sqlite3
import time
from typing import Any

from musterroll_agent import Trouble
from musterroll_agent.home import Home
from musterroll_agent.outbox import summary


def gather(home: Home) -> dict[str, Any]:
    """Everything `status` knows, from the files a running agent keeps. Raises Trouble before enrolment."""
    identity = home.identity()
    if identity is None:
        raise Trouble(f"this machine is not enrolled ({home.identity_path} is missing): run `musterroll-agent enroll` first")
    told = home.told()
    waiting, kept = _outbox(home)
    return {
        "unit": identity.unit,
        "serial": identity.serial,
        "maker": identity.maker,
        "model": identity.model,
        "registry": identity.registry,
        "enrolment": identity.status,
        "interval": told.get("interval", identity.interval),
        "connected": told.get("connected"),
        "trouble": told.get("trouble", ""),
        "unreceipted": waiting,
        "kept": kept,
        "receipt": told.get("receipt"),
        "coverage": told.get("coverage"),
    }


def _outbox(home: Home) -> tuple[int | None, int | None]:
    try:
        return summary(home.outbox_path)
    except sqlite3.Error:
        return None, None


def describe(found: dict[str, Any]) -> str:
    """The same for a person."""
    coverage, receipt = found["coverage"] or {}, found["receipt"] or {}
    lines = [
        ("unit", f"{found['unit']} ({found['enrolment']})"),
        ("machine", f"{found['maker']} {found['model']}, serial {found['serial']}"),
        ("registry", found["registry"]),
        ("connected", _moment(found["connected"])),
        ("heard", _moment(coverage.get("heard"), "the registry has not said")),
        ("cover", str(coverage.get("words") or "the registry has not said")),
        ("receipt", _moment(receipt.get("at"))),
        ("waiting", f"{found['unreceipted']} messages without a receipt" if found["unreceipted"] is not None else "not known"),
    ]
    if found["trouble"]:
        lines.append(("trouble", found["trouble"]))
    return "\n".join(f"{name:<10} {text}" for name, text in lines)


def _moment(unix: Any, otherwise: str = "never") -> str:
    if type(unix) is not int:
        return otherwise
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(unix))
