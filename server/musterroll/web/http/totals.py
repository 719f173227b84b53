"""How pages show totals of several currencies: side by side, and about what they are in the reporting currency."""

from collections.abc import Iterable

from flask import Flask, g

from musterroll.domain.values.exchange import Exchange, format_total
from musterroll.domain.values.money import Money
from musterroll.storage.contracts import exchange_rates
from musterroll.web.http.context import clock, read_only


def install(app: Flask) -> None:
    app.jinja_env.filters["total"] = _total


def _total(amounts: Iterable[Money]) -> str:
    return format_total(amounts, _exchange(), short=True)


def _exchange() -> Exchange:
    """Asked once a request, where a page shows a total."""
    if "exchange" not in g:
        with read_only() as session:
            g.exchange = exchange_rates.exchange(session, clock().date())
    return g.exchange  # type: ignore[no-any-return]
