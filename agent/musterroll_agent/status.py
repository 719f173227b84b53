"""The `status` command: who this unit is, whether the registry receives it, and its coverage in the registry's own words."""

import os
import sqlite3
import time
from typing import Any

from musterroll_agent import AgentError
from musterroll_agent.outbox import summary
from musterroll_agent.state_directory import StateDirectory


def read_status(directory: StateDirectory) -> dict[str, Any]:
    """The status, from the files of an agent that may be running. Raises AgentError before enrolment."""
    identity = directory.identity()
    if identity is None:
        raise AgentError(f"this machine is not enrolled ({directory.identity_path} is missing): run `musterroll-agent enroll` first")
    state = directory.read_state()
    waiting, stored = _count_messages(directory)
    return {
        "unit": identity.unit,
        "serial": identity.serial,
        "maker": identity.maker,
        "model": identity.model,
        "registry": identity.registry,
        "enrolment": identity.status,
        "interval": state.get("interval", identity.interval),
        "connected": state.get("connected"),
        "trouble": state.get("trouble", "") if os.access(directory.path, os.W_OK) else f"{directory.path} cannot be written",
        "unreceipted": waiting,
        "kept": stored,
        "receipt": state.get("receipt"),
        "coverage": state.get("coverage"),
    }


def _count_messages(directory: StateDirectory) -> tuple[int | None, int | None]:
    try:
        return summary(directory.outbox_path)
    except sqlite3.Error:
        return None, None


def describe(status: dict[str, Any]) -> str:
    """The status as text, one line per item."""
    coverage, receipt = status["coverage"] or {}, status["receipt"] or {}
    lines = [
        ("unit", f"{status['unit']} ({status['enrolment']})"),
        ("machine", f"{status['maker']} {status['model']}, serial {status['serial']}"),
        ("registry", status["registry"]),
        ("connected", _local_time(status["connected"])),
        ("received", _local_time(coverage.get("heard"), "not reported by the registry")),
        ("coverage", str(coverage.get("words") or "not reported by the registry")),
        ("receipt", _local_time(receipt.get("at"))),
        ("waiting", f"{status['unreceipted']} messages without a receipt" if status["unreceipted"] is not None else "unknown"),
    ]
    if status["trouble"]:
        lines.append(("problem", status["trouble"]))
    return "\n".join(f"{name:<10} {text}" for name, text in lines)


def _local_time(unix: Any, otherwise: str = "never") -> str:
    if type(unix) is not int:
        return otherwise
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(unix))
