"""How a kind of document is taken in: the steps every kind goes through. A kind says what differs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from sqlmodel import Session, SQLModel

from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentKind, Row
from musterroll.storage import reconcile_queue
from musterroll.storage.audit import audited_rows
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import Change
from musterroll.storage.units import successors
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.references import Numbers

Facts = dict[str, Any]  # what a document can say of a record; others by their number


class Known(NamedTuple):
    """A record on the roll."""

    id: int
    facts: Facts


class Judged(NamedTuple):
    """What holds once a row is believed."""

    after: Facts
    note: str = ""


class Plan(NamedTuple):
    """A row to be stored."""

    row: Row
    known: Known | None  # None: new
    after: Facts

    @property
    def before(self) -> Facts | None:
        return self.known.facts if self.known else None


class Source(NamedTuple):
    """Whose document it is."""

    file: str
    actor: str
    now: datetime
    interval: int = 60  # seconds between the words of a unit that another platform hears, where the document does not say


class Taker:
    """Takes one kind of document in. Made for one file; `forget` before a batch is tried again."""

    kind: ClassVar[DocumentKind]
    model: ClassVar[type[SQLModel]]
    facts: ClassVar[tuple[str, ...]]
    links: ClassVar[Mapping[str, type[SQLModel]]] = {}  # facts that are the number of another record, whose column is FACT_id
    places: ClassVar[tuple[str, ...]] = ("account",)  # links that are opened where the roll does not have them
    shared: ClassVar[bool] = True  # whether people, too, write what these documents say
    together: ClassVar[tuple[tuple[str, ...], ...]] = ()  # facts that hold only with one another

    @classmethod
    def tables(cls) -> set[str]:
        """The tables, as findings name them in their evidence, whose rows these documents make or change."""
        return {str(cls.model.__tablename__)}

    def __init__(self, session: Session, source: Source) -> None:
        self.session = session
        self.source = source
        self.forget()

    def forget(self) -> None:
        """Forget what was looked up."""
        self.numbers = Numbers(self.session, self.source.now)
        self._known: dict[Any, Known] = {}

    def follow(self, rows: Sequence[Row]) -> None:
        """Let rows that name an account which was merged into another name that one."""
        for row in rows if self._merged else ():
            row.said.update({name: self._merged[ref] for name in ("account", "parent") if (ref := row.said.get(name)) in self._merged})

    @cached_property
    def _merged(self) -> dict[str, str]:
        return successors.accounts(self.session)

    def survey(self, document: Document) -> None:
        """Look through the whole document before its rows are judged, where a row alone does not tell."""

    def key(self, row: Row) -> Any:
        """What tells one record from another; two rows with the same are about the same."""
        return row.said["ref"]

    def learn(self, rows: Sequence[Row]) -> None:
        """Look up what these rows name."""
        for fact, model in self.links.items():
            self.numbers.learn(model, {row.said.get(fact) for row in rows})
        found = self.find(rows)
        for fact, model in self.links.items():
            self.numbers.learn_rows(model, {record[f"{fact}_id"] for record in found.values()})
        self._known = {key: Known(self.row_id(record), self.facts_of(record)) for key, record in found.items()}

    def find(self, rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
        """The records these rows are about, as the table has them, by `key`."""
        found = import_rows.rows_by(self.session, self.model, "ref", {row.said["ref"] for row in rows})
        return {record["ref"]: record for record in found}

    def row_id(self, record: Mapping[str, Any]) -> int:
        return int(record["id"])

    def facts_of(self, record: Mapping[str, Any]) -> Facts:
        return {
            fact: self.numbers.ref(self.links[fact], record[f"{fact}_id"]) if fact in self.links else record[fact] for fact in self.facts
        }

    def known(self, row: Row) -> Known | None:
        return self._known.get(self.key(row))

    def judge(self, row: Row, known: Known | None) -> Judged:
        """What holds once a row is believed; what it does not say stays. Raises DomainError."""
        before = known.facts if known else self.blank(row)
        return Judged({**before, **{name: value for name, value in row.said.items() if name in self.facts}})

    def blank(self, row: Row) -> Facts:
        """What holds of a new record of which the row says nothing."""
        fields = self.model.model_fields
        return {fact: None if fact in self.links else fields[fact].get_default() for fact in self.facts}

    def columns(self, after: Facts) -> dict[str, Any]:
        """Facts as columns of the table."""
        return dict(self.column(fact, value) for fact, value in after.items())

    def column(self, fact: str, value: Any) -> tuple[str, Any]:
        """The column of a fact, and what it holds."""
        return (f"{fact}_id", self.numbers.id(self.links[fact], value)) if fact in self.links else (fact, value)

    def leave_out(self, row: Row, names: Collection[str], words: Mapping[str, Any]) -> None:
        """Take these facts out of a row. `words`: by column, what its document had said where a person wrote last."""
        for name in names:
            del row.said[name]

    def fresh(self, plan: Plan, row_id: int) -> dict[str, Any]:
        """The columns of a new record beside its facts."""
        return {"id": row_id, "ref": plan.row.said["ref"], "created_at": self.source.now}

    def open(self, plans: Sequence[Plan]) -> list[audit_record.Row]:
        """Store what these plans name and the roll does not have."""
        return self.numbers.open_accounts(plan.after.get(fact) for plan in plans for fact in self.places if self.links.get(fact) is Account)

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        """Store and record these plans, and mark what they make due for reconciliation: any unit, unless a kind says otherwise.

        Returns the row id of each.
        """
        reconcile_queue.mark_all(self.session)
        return [row.key for row in self.write(plans, change)]

    def write(self, plans: Sequence[Plan], change: Change) -> list[audit_record.Row]:
        """The rows of these plans, in their order, written and recorded with what they name and the roll did not have.

        What is to be asked is asked before rows are on their way to the database: an answer would wait for them.
        """
        audit_record.take_hold(self.session)
        rows = self.open(plans)
        ids = iter(self.new_ids([plan for plan in plans if plan.known is None]))
        written = [self._written(plan, ids) for plan in plans]
        import_rows.insert(self.session, self.model, [row.after for row in written if row.before is None and row.after])
        import_rows.change(self.session, self.model, [(row.key, row.after) for row in written if row.before is not None and row.after])
        audit_record.record(self.session, change, [*rows, *written, *self.consequences(plans, written)])
        return written

    def consequences(self, plans: Sequence[Plan], written: Sequence[audit_record.Row]) -> list[audit_record.Row]:
        """Store what follows from these rows; it is recorded with them."""
        return []

    def new_ids(self, plans: Sequence[Plan]) -> list[int]:
        return import_rows.reserve(self.session, self.model, len(plans))

    def _written(self, plan: Plan, ids: Any) -> audit_record.Row:
        table, after = str(self.model.__tablename__), self.columns(plan.after)
        if plan.known is not None:
            return audit_record.Row(table, plan.known.id, self.columns(plan.known.facts), after)
        row_id = next(ids)
        return audit_record.Row(table, row_id, None, {**self._defaults, **self.fresh(plan, row_id), **after})

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        """What the other columns of a new record hold."""
        fields = self.model.model_fields
        names = audited_rows.papers()[str(self.model.__tablename__)].names
        return {name: fields[name].get_default() for name in sorted(names) if not fields[name].is_required()}

    def finish(self, change: Change) -> None:
        """What is left to do when every row is stored."""
