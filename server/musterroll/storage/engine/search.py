"""Texts that people look for."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_


def holds(text: str, *columns: Any) -> ColumnElement[bool]:
    """One of these columns holds a text, in any case."""
    wanted = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(*(func.lower(column).like(f"%{wanted}%", escape="\\") for column in columns))
