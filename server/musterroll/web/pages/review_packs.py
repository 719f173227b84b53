"""Review packs: the list, and their files."""

from flask import Blueprint, Response

from musterroll.domain.access import Role
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.targets import PACK_FILES
from musterroll.usecases.installed_base import review_packs
from musterroll.usecases.installed_base.review_packs import PackOf
from musterroll.web.http.context import clock, needs, page, read_only

pages = Blueprint("review_packs", __name__)


@pages.get("/review-packs")
@needs(Role.VIEWER, everywhere=True)
def overview() -> str:
    with read_only() as session:
        rows = [(PackOf(row.period, row.first_on).label, row) for row in stored.packs(session)]
    return page("review_packs.html", clock(), rows=rows)


@pages.get("/review-packs/<label>.<any(pdf, xlsx):form>")
@needs(Role.VIEWER, everywhere=True)
def download(label: str, form: str) -> Response:
    with read_only() as session:
        pack = review_packs.pack(session, label)
    headers = {"Content-Disposition": f'attachment; filename="review-{pack.period.label(pack.first_on).replace(" ", "-")}.{form}"'}
    return Response(getattr(pack, form), headers={**headers, "Cache-Control": "no-store"}, content_type=PACK_FILES[form])
