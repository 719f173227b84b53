"""The unit's own warranty card: a small TOML or JSON file left by its maker. A claim, which the registry compares with its records."""

import json
from pathlib import Path
from typing import Any

from musterroll_agent import AgentError

KEYS = ("starts_on", "ends_on", "months", "policy", "reference")
MAX_BYTES = 4096


def read_card(path: Path) -> dict[str, Any]:
    """The card: `starts_on`, `ends_on` (first day no longer covered) or `months`, `policy`, `reference`; dates as YYYY-MM-DD.

    Raises AgentError naming the file, the key and what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise AgentError(f"the warranty card {path} cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise AgentError(f"the warranty card {path} has {len(content)} bytes; the limit is {MAX_BYTES}")
    return _check(path, _parse(path, content))


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        if path.suffix == ".json":
            table = json.loads(content)
        else:
            import tomllib

            table = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise AgentError(f"the warranty card {path} is neither TOML nor, as .json, JSON: {error}") from None
    if not isinstance(table, dict):
        raise AgentError(f"the warranty card {path} must be a table of {', '.join(KEYS)}")
    return table


def _check(path: Path, table: dict[str, Any]) -> dict[str, Any]:
    unknown = [name for name in table if name not in KEYS]
    if unknown:
        raise AgentError(f"the warranty card {path} has the key {unknown[0]!r}; the keys are {', '.join(KEYS)}")
    card = {name: table[name] for name in KEYS if name in table}
    for name in ("starts_on", "ends_on"):
        if name in card:
            card[name] = _day(path, name, card[name])
    for name in ("policy", "reference"):
        if name in card and (not isinstance(card[name], str) or not 0 < len(card[name]) <= 256):
            raise AgentError(f"the warranty card {path}: {name} must be text of at most 256 characters")
    if "months" in card and (type(card["months"]) is not int or not 1 <= card["months"] <= 600):
        raise AgentError(f"the warranty card {path}: months must be a whole number from 1 to 600")
    _check_span(path, card)
    return card


def _check_span(path: Path, card: dict[str, Any]) -> None:
    if "ends_on" in card and "months" in card:
        raise AgentError(f"the warranty card {path} has both ends_on and months: keep one")
    if "ends_on" not in card and "months" not in card:
        raise AgentError(f"the warranty card {path} does not say how long it lasts: add ends_on or months")
    if "starts_on" in card and card["starts_on"] >= card.get("ends_on", "9999-99-99"):
        raise AgentError(f"the warranty card {path} ends on {card['ends_on']}, which is not after its start on {card['starts_on']}")


def _day(path: Path, name: str, value: Any) -> str:
    from datetime import date, datetime

    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise AgentError(f"the warranty card {path}: {name} must be a day in the form YYYY-MM-DD, not {str(value)[:40]!r}") from None
