"""The steps to import a document of any kind. The importer of a kind overrides what differs."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from sqlmodel import Session, SQLModel

from musterroll.domain.units.product_names import KnownNames, NamedProduct
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentKind, DocumentRow
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import product_names
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.columns import Audited
from musterroll.storage.units import successors
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.references import References

RecordFacts = dict[str, Any]  # what a document can say about a record; other records by their number


class KnownRecord(NamedTuple):
    """A record that is in the registry."""

    id: int
    facts: RecordFacts


class AcceptedRow(NamedTuple):
    """What is true of the record after the row is imported."""

    after: RecordFacts
    note: str = ""


class PlannedWrite(NamedTuple):
    """A row that makes or changes a record."""

    row: DocumentRow
    known: KnownRecord | None  # None: new
    after: RecordFacts

    @property
    def before(self) -> RecordFacts | None:
        return self.known.facts if self.known else None


class Written(NamedTuple):
    """The row ids of the records of some rows, in their order, and the records that were there before."""

    ids: list[int]
    changed: list[audit_record.Row]


BY_HAND = "entry by hand"  # the file of a record that a person enters


class Source(NamedTuple):
    """Where a document comes from, and who imports it when."""

    file: str
    actor: str
    now: datetime
    interval: int = 60  # seconds between the reports of a unit on another platform, where the document has no interval
    create_missing: bool = True  # accounts and sites that only a row names; else such a row is rejected


class Importer:
    """Imports one kind of document. Made for one file; `reset` before a batch is tried again.

    An importer names its `kind`, the `model` of the table it writes, and the `facts` it writes there: fields of the kind, or derived.
    """

    kind: ClassVar[DocumentKind]
    model: ClassVar[type[Audited]]
    facts: ClassVar[tuple[str, ...]]
    links: ClassVar[Mapping[str, type[SQLModel]]] = {}  # facts that are the number of another record; their column is FACT_id
    creates: ClassVar[tuple[str, ...]] = ("account",)  # links whose records are created where they are missing
    exported: ClassVar[bool] = True  # whether records are written as such documents, and entered by people
    fact_of: ClassVar[Mapping[str, str]] = {}  # the fact that a field sets, where it has another name
    edited_by_people: ClassVar[bool] = True  # whether people can change these records, too
    inseparable: ClassVar[tuple[tuple[str, ...], ...]] = ()  # groups of facts that are only true together
    at_once: ClassVar[bool] = False  # whether rows need what other batches left in memory, so that all are one transaction

    @classmethod
    def tables(cls) -> set[str]:
        """The tables whose rows these documents make or change, as the evidence of findings names them."""
        return {str(cls.model.__tablename__)}

    def __init__(self, session: Session, source: Source) -> None:
        self.session = session
        self.source = source
        self.label: Callable[[str], str] = self.kind.label  # what a field is called in messages
        self.reset()

    def reset(self) -> None:
        """Forget what was looked up."""
        self.references = References(self.session, self.source.now)
        self._known: dict[Any, KnownRecord] = {}
        for name in ("_merged", "names"):
            self.__dict__.pop(name, None)

    def follow_merges(self, rows: Sequence[DocumentRow]) -> None:
        """Replace accounts in these rows that were merged into others."""
        for row in rows if self._merged else ():
            row.values.update({name: self._merged[ref] for name in ("account", "parent") if (ref := row.values.get(name)) in self._merged})

    def follow_names(self, rows: Sequence[DocumentRow]) -> None:
        """Replace other names of makers and models in rows about units by the registered ones."""
        for row in rows if self.names else ():
            if "serial_key" in row.values and "maker_key" in row.values:
                meant = self.names.meaning(NamedProduct(row.values.get("maker") or row.values["maker_key"], row.values.get("model", "")))
                keys = dict(zip(("maker_key", "model_key"), meant.keys, strict=True))
                texts = {name: getattr(meant, name) for name in ("maker", "model") if name in row.values}
                row.values.update({name: key for name, key in keys.items() if name in row.values} | texts)

    @cached_property
    def names(self) -> KnownNames:
        return product_names.known_names(self.session)

    @cached_property
    def _merged(self) -> dict[str, str]:
        return successors.accounts(self.session)

    def scan(self, document: Document) -> None:
        """Read through the whole document first, where a row alone is not enough to decide."""

    def key(self, row: DocumentRow) -> Any:
        """What identifies the record of a row; two rows with the same key are about the same record."""
        return row.values["ref"]

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        """Look up the records that these rows are about or refer to."""
        for fact, model in self.links.items():
            self.references.look_up(model, {row.values.get(fact) for row in rows})
        records = self.find(rows)
        self._look_up_links(records.values())
        self._known = {key: KnownRecord(self.row_id(record), self.facts_of(record)) for key, record in records.items()}

    def _look_up_links(self, records: Iterable[Mapping[str, Any]]) -> None:
        columns = list(records)
        for fact, model in self.links.items():
            self.references.look_up_ids(model, {record[f"{fact}_id"] for record in columns})

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        """The records these rows are about, as columns of the table, by `key`."""
        records = import_rows.rows_by(self.session, self.model, "ref", {row.values["ref"] for row in rows})
        return {record["ref"]: record for record in records}

    def row_id(self, record: Mapping[str, Any]) -> int:
        return int(record["id"])

    def facts_of(self, record: Mapping[str, Any]) -> RecordFacts:
        return {
            fact: self.references.ref(self.links[fact], record[f"{fact}_id"]) if fact in self.links else record[fact] for fact in self.facts
        }

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Records, as columns of the table, as the values of a row by field: importing such a row changes nothing."""
        self._look_up_links(records)
        return [{"ref": record.get("ref"), **self.facts_of(record)} for record in records]

    def known(self, row: DocumentRow) -> KnownRecord | None:
        return self._known.get(self.key(row)) if self._known else None

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """What is true after the row is imported; what the row leaves empty stays. Raises DomainError to reject the row."""
        before = known.facts if known else self.new_facts(row)
        return AcceptedRow({**before, **{name: value for name, value in row.values.items() if name in self.facts}})

    def end(self, row: DocumentRow, known: KnownRecord) -> None:
        """Fill a row whose record the other system has deleted: it ends that day, today where the row names none, or when it had ended."""
        day, ended = row.values.get(self.kind.ends) or self.source.now.date(), known.facts[self.kind.ends]
        row.values[self.kind.ends] = min(day, ended) if ended else day

    def emptied(self, row: DocumentRow, known: KnownRecord, names: Collection[str]) -> KnownRecord:
        """A known record without the values of these fields."""
        new = self.new_facts(row)
        facts = {self.fact_of.get(name, name) for name in names}
        return known._replace(facts={**known.facts, **{fact: new[fact] for fact in facts if fact in known.facts}})

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        """The facts of a new record before the row fills any."""
        fields = self.model.model_fields
        return {fact: None if fact in self.links else fields[fact].get_default() for fact in self.facts}

    def columns(self, after: RecordFacts) -> dict[str, Any]:
        """Facts as columns of the table."""
        return dict(self.column(fact, value) for fact, value in after.items())

    def column(self, fact: str, value: Any) -> tuple[str, Any]:
        """The column of a fact, and its value there."""
        return (f"{fact}_id", self.references.id(self.links[fact], value)) if fact in self.links else (fact, value)

    def leave_out(self, row: DocumentRow, names: Collection[str], overruled: Mapping[str, Any]) -> None:
        """Remove these facts from a row. `overruled`: by column, the imported values that a person has changed since."""
        for name in names:
            del row.values[name]

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        """The columns of a new record other than its facts."""
        return {"id": row_id, "ref": planned.row.values["ref"], "created_at": self.source.now}

    def missing(self, planned: PlannedWrite) -> Iterator[tuple[str, str]]:
        """What `create_missing` would create for this row: table and number, or the name of a product."""
        for fact in self.creates:
            account = planned.after.get(fact)
            if self.links.get(fact) is Account and self.references.is_missing(Account, account):
                yield "account", account or ""

    def create_missing(self, writes: Sequence[PlannedWrite]) -> list[audit_record.Row]:
        """Create the missing records that these rows refer to."""
        return self.references.create_accounts(
            planned.after.get(fact) for planned in writes for fact in self.creates if self.links.get(fact) is Account
        )

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Write and audit these rows, and mark what is due for reconciliation: every unit, unless a kind overrides this.

        Returns the row id of each record.
        """
        reconcile_queue.mark_all(self.session)
        return self.write(writes, change).ids

    def write(self, writes: Sequence[PlannedWrite], change: AuditChange) -> Written:
        """Write and audit the records of these rows, with the missing records they refer to.

        All queries come before the first write: an answer would have to wait for the rows sent before it.
        """
        audit_record.take_hold(self.session)
        created = self.create_missing(writes)
        new = [planned for planned in writes if planned.known is None]
        ids = self.reserve_ids(new)
        columns = self.new_rows(new, ids) if new else {}
        import_rows.insert_columns(self.session, self.model, columns)
        changed = [self._changed(planned.known, planned.after) for planned in writes if planned.known]
        import_rows.update_rows(self.session, self.model, [(row.key, row.after) for row in changed if row.after])
        dependent = self.dependent_rows(new, ids) if new else []
        added = audit_record.NewRows(str(self.model.__tablename__), ids, columns)
        audit_record.record(self.session, change, [*created, *changed], [added, *dependent])
        fresh = iter(ids)
        return Written([planned.known.id if planned.known else next(fresh) for planned in writes], changed)

    def new_rows(self, new: Sequence[PlannedWrite], ids: Sequence[int]) -> Mapping[str, Sequence[Any]]:
        """The audited columns of new records."""
        return import_rows.by_column(
            [
                {**self._defaults, **self.new_columns(planned, row_id), **self.columns(planned.after)}
                for planned, row_id in zip(new, ids, strict=True)
            ]
        )

    def dependent_rows(self, new: Sequence[PlannedWrite], ids: Sequence[int]) -> list[audit_record.NewRows]:
        """Write what follows from new records; it is audited with them."""
        return []

    def reserve_ids(self, new: Sequence[PlannedWrite]) -> list[int]:
        return import_rows.reserve_ids(self.session, self.model, len(new))

    def _changed(self, known: KnownRecord, after: RecordFacts) -> audit_record.Row:
        return audit_record.Row(str(self.model.__tablename__), known.id, self.columns(known.facts), self.columns(after))

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        """The audited columns of a new record that have a default."""
        fields = self.model.model_fields
        names = sorted(column.name for column in self.model.audited_columns())
        return {name: fields[name].get_default() for name in names if not fields[name].is_required()}

    def finish(self, change: AuditChange) -> None:
        """What is left to do once the rows of a step are written."""
