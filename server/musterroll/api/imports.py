"""Taking documents in: a dry run first, then the same file committed."""

from typing import BinaryIO, cast

from flask import Response, request
from flask_openapi.models.file import FileStorage
from pydantic import Field

from musterroll.api.blueprints import guarded
from musterroll.api.bodies import read_upload
from musterroll.api.door import actor, answer, clock, door
from musterroll.api.models import Request, Shape
from musterroll.api.problems import HttpRefusal, documented
from musterroll.importers.units import read_units
from musterroll.registry.import_verdicts import Outcome, Verdict
from musterroll.registry.importing import import_units

api = guarded("imports", "imports", read_upload)
_TOLD = 1000  # verdicts in one answer


class UnitsForm(Request):
    file: FileStorage = Field(description="The CSV.")
    commit: bool = Field(default=False, description="false: only say what would happen.")


class DifferenceOut(Shape):
    field: str
    old: str | None
    new: str | None


class VerdictOut(Shape):
    line: int = Field(description="Where the row starts in the file.")
    serial: str
    outcome: Outcome
    changed: list[DifferenceOut]
    why: str | None = Field(description="Refused: why, in a sentence.")


class ImportOut(Shape):
    committed: bool
    rows: int
    counts: dict[Outcome, int]
    ignored_columns: list[str] = Field(description="Headings nobody knows.")
    verdicts: list[VerdictOut] = Field(description=f"The first {_TOLD} rows that are not the same; the command line gives them all.")


@api.post("/imports/units", summary="A unit list (CSV): dry run or commit", responses={200: ImportOut, **documented(400, 409, 413, 415)})
def import_unit_list(form: UnitsForm) -> Response:
    """A verdict per row: new, changed, same or refused. One transaction; the same file twice changes nothing."""
    upload = request.files.get("file")
    if upload is None:
        raise HttpRefusal(422, "invalid", "file: send the CSV as the multipart field `file`")
    here, now, kept = door(), clock(), _Kept()
    units = read_units(cast(BinaryIO, upload.stream))
    with here.database.writing() if form.commit else here.database.reading() as session:
        source = upload.filename or "upload"
        counts = import_units(session, units.rows, kept.told, source=source, actor=actor(), now=now, commit=form.commit)
    return answer(
        ImportOut(committed=form.commit, rows=sum(counts.values()), counts=counts, ignored_columns=units.ignored, verdicts=kept.verdicts)
    )


class _Kept:
    def __init__(self) -> None:
        self.verdicts: list[VerdictOut] = []

    def told(self, verdict: Verdict) -> None:
        if verdict.outcome is not Outcome.SAME and len(self.verdicts) < _TOLD:
            changed = [DifferenceOut(**one._asdict()) for one in verdict.differences]
            self.verdicts.append(
                VerdictOut(line=verdict.line, serial=verdict.serial, outcome=verdict.outcome, changed=changed, why=verdict.why)
            )
