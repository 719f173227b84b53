"""Unit lists: one row is one unit as the paper knows it."""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, NamedTuple

from musterroll.domain.enrolment import claim, text
from musterroll.domain.errors import Refusal
from musterroll.domain.lifecycle import Lifecycle
from musterroll.importers import cells
from musterroll.importers.text_tables import BadFile, Line, read_table

# Field, what a person calls it, and the headings it goes by, compared as `cells.heading` writes them.
_HEADINGS = {
    "serial": "serial serialnumber serialno serialnum sn sno unitserial unitserialnumber deviceserial deviceserialnumber assetserialnumber",
    "maker": "maker manufacturer manufacturername make vendor brand oem",
    "model": "model modelname modelnumber modelno product productname productmodel",
    "shipped_on": "shipdate shippeddate shippedon shipped dateshipped shipmentdate dispatchdate",
    "installed_on": "installdate installeddate installationdate installedon dateinstalled deploydate deployedon commissioningdate",
    "lifecycle": "status lifecycle lifecyclestatus lifecyclestage assetstatus unitstatus assetstate",
    "account": "accountid account accountno accountnumber accountref customerid customerno customernumber",
    "site": "siteid site siteno sitenumber siteref locationid locationnumber",
    "warranty_months": "warrantymonths warrantyinmonths warrantyperiodmonths warrantylengthmonths warrantytermmonths monthsofwarranty",
}
_FIELD_OF = {heading: field for field, headings in _HEADINGS.items() for heading in headings.split()}
_NEEDED = {"serial": "Serial Number", "maker": "Manufacturer", "model": "Model"}
_LONGEST_REF = 80


class UnitRow(NamedTuple):
    """A row that can be read. None = the row says nothing about it."""

    line: int
    maker: str
    model: str
    serial: str
    maker_key: str
    model_key: str
    serial_key: str
    lifecycle: Lifecycle | None
    shipped_on: date | None
    installed_on: date | None
    warranty_months: int | None
    account: str | None
    site: str | None


class BadRow(NamedTuple):
    """A row that cannot, and why."""

    line: int
    serial: str
    why: str


class UnitList(NamedTuple):
    ignored: list[str]  # headings nobody knows
    rows: Iterator[UnitRow | BadRow]


def read_units(file: BinaryIO) -> UnitList:
    """The rows of a seekable CSV, one by one. Raises BadFile where the file is no table of units."""
    table = read_table(file, lambda header: len(_columns(header)))
    columns = _columns(table.header)
    _require(columns, table.header)
    ignored = [name for name in table.header if name.strip() and cells.heading(name) not in _FIELD_OF]
    return UnitList(ignored, (_row(line, columns) for line in table.lines))


def _columns(header: list[str]) -> dict[str, list[int]]:
    """Where each field stands; twice where two headings name it."""
    found: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        field = _FIELD_OF.get(cells.heading(name))
        if field:
            found.setdefault(field, []).append(index)
    return found


def _require(columns: dict[str, list[int]], header: list[str]) -> None:
    missing = [name for field, name in _NEEDED.items() if field not in columns]
    if missing:
        found = ", ".join(repr(name.strip()[:40]) for name in header[:12]) + (", ..." if len(header) > 12 else "")
        raise BadFile(f"the file has no column {' and no column '.join(missing)}; its first line has {found}")
    for field, places in columns.items():
        if len(places) > 1:
            names = " and ".join(repr(header[place].strip()[:40]) for place in places)
            raise BadFile(f"the columns {names} both say the same ({field.replace('_', ' ')}); keep one of them")


def _row(line: Line, columns: dict[str, list[int]]) -> UnitRow | BadRow:
    said = {field: line.cells[places[0]] for field, places in columns.items()} if line.problem is None else {}
    written = said.get("serial", "").strip()[:80]
    if line.problem:
        return BadRow(line.number, written, line.problem)
    try:
        return _read(line.number, said)
    except Refusal as refusal:
        return BadRow(line.number, written, str(refusal))


def _read(number: int, said: dict[str, str]) -> UnitRow:
    unit = claim(said["maker"], said["model"], cells.serial(said["serial"]))
    return UnitRow(
        number,
        unit.maker,
        unit.model,
        unit.serial,
        unit.maker_key,
        unit.model_key,
        unit.serial_key,
        lifecycle=cells.lifecycle("status", said.get("lifecycle", "")),
        shipped_on=cells.day("ship date", said.get("shipped_on", "")),
        installed_on=cells.day("install date", said.get("installed_on", "")),
        warranty_months=cells.months("warranty", said.get("warranty_months", "")),
        account=text("account", said.get("account", ""), _LONGEST_REF) or None,
        site=text("site", said.get("site", ""), _LONGEST_REF) or None,
    )
