"""What each headline figure means."""

from flask import Blueprint

from musterroll.domain.definitions import GROUPS
from musterroll.web.http.context import clock, page

pages = Blueprint("definitions", __name__)


@pages.get("/definitions")
def overview() -> str:
    return page("definitions.html", clock(), by_page=GROUPS)
