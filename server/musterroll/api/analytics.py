"""The registry's facts as Parquet tables, for analysis elsewhere."""

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO
from zipfile import ZipFile

from flask import Response

from musterroll.api.http.context import caller, clock, context
from musterroll.api.http.lists import chunks
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.domain.access import Role, needs
from musterroll.usecases.analytics.export import export

api = guarded("analytics", "analytics")

_ZIP = "application/zip"
_ARCHIVE = {"description": "The folder `musterroll`", "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}}


@api.get("/analytics", summary="All facts as Parquet tables, in a ZIP archive", responses={200: _ARCHIVE, **documented(400)})
@needs(Role.PLANNER)
def get_analytics() -> Response:
    """A folder for each table, partitioned as `name=value`; all of one moment, which the metadata of each file has as `as_of`.

    The tables and their columns are described in docs/analytics.md.
    """
    now = clock()
    file = _archive(now)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="musterroll-{now:%Y-%m-%d}.zip"'}
    answer = Response(chunks(file), headers=headers, content_type=_ZIP)
    answer.call_on_close(file.close)
    return answer


def _archive(now: datetime) -> IO[bytes]:
    """The tables in an archive, in a file that is deleted when closed. Parquet is compressed already."""
    with TemporaryDirectory() as beside:
        folder = Path(beside) / "musterroll"
        with context().database.frozen(caller().within) as session:
            export(session, folder, now)
        file = TemporaryFile()  # noqa: SIM115  closed once sent
        with ZipFile(file, "w") as archive:
            for path in sorted(folder.rglob("*.parquet")):
                archive.write(path, path.relative_to(beside))
    file.seek(0)
    return file
