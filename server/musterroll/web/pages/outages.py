"""Outages: units of one site, account or firmware that fell silent together; the list, and one with its units."""

from flask import Blueprint, request

from musterroll.domain.liveness.outages import CAUSES, extent, lasted
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import outages
from musterroll.storage.tables.liveness import Outage
from musterroll.web.http.context import clock, page, read_only

pages = Blueprint("outages", __name__)

PAGE = 50
UNITS = 200  # of one outage


@pages.get("/outages")
def overview() -> str:
    now, before = clock(), request.args.get("before") or None
    with read_only() as session:
        fetched = outages.listed(session, cursors.number(before), PAGE + 1)
    views, older = cursors.cut(fetched, PAGE, lambda view: (view.outage.id,))
    return page(
        "outages.html", now, views=views, before=before, older=older, causes=CAUSES, title=title, took=lambda o: took(o, to_ms(now))
    )


@pages.get("/outages/<int:number>")
def detail(number: int) -> str:
    now = clock()
    with read_only() as session:
        view = outages.outage(session, number)
        if view is None:
            raise NotFound(f"there is no outage {number}")
        after = _after(request.args.get("after") or None)
        fetched = outages.units(session, number, after, UNITS + 1)
    units, following = cursors.cut(fetched, UNITS, outages.OutageUnit.place)
    links = {"causes": CAUSES, "title": title, "took": took(view.outage, to_ms(now))}
    return page("outage.html", now, view=view, outage=view.outage, units=units, after=after, following=following, **links)


def _after(cursor: str | None) -> tuple[int, str, int] | None:
    keys = cursors.decode(cursor, int, str, int)
    return None if keys is None else (keys[0], keys[1], keys[2])


def title(outage: Outage) -> str:
    return extent(outage.kind, outage.name, outage.silent, outage.units)


def took(outage: Outage, now: int) -> str:
    return lasted(outage.since, now if outage.closed_at is None else outage.closed_at)
