"""The price of contract lines: in the currency of the line or else of its contract."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column
from sqlmodel import col

from musterroll.storage.tables.contracts import Contract, ContractLine


def line_currency() -> ColumnElement[Any]:
    """The currency of a line's price, in a query of lines with their contract."""
    return func.coalesce(func.nullif(col(ContractLine.currency), literal_column("''")), col(Contract.currency))
