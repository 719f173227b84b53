"""Targets: setting and ending them, and their history."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base import targets as rules
from musterroll.domain.installed_base.targets import FLEET, Aim, Measure, Scope, ScopeKind, TargetLevel, TargetPeriod, Value
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.installed_base.targets import scope_of
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.targets import Target
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.fleet import segments

MOST = 200  # targets in force
_FIRST, _LONGEST = date(2000, 1, 1), 120  # months ahead


class TargetOf(NamedTuple):
    """What a target is about."""

    measure: Measure
    scope: Scope
    period: TargetPeriod


def target_of(row: Target) -> TargetOf:
    return TargetOf(row.measure, scope_of(row), row.period)


class TargetCourse(NamedTuple):
    """All that was set for one thing, the newest first."""

    of: TargetOf
    versions: Sequence[Target]

    def on(self, day: date) -> Target | None:
        """The version in force in the period of a day; None before the first and after the end."""
        first = self.of.period.first(day)
        version = next((row for row in self.versions if row.from_on <= first), None)
        return version if version is not None and version.value is not None else None

    def aim(self, day: date) -> Aim | None:
        return aim_of(self.on(day))

    def level(self, day: date, value: Value | None) -> TargetLevel | None:
        """Whether a value of a day is above, at or below what was to be reached then."""
        aim = self.aim(day)
        return None if aim is None or value is None else rules.level(self.of.measure, value, aim)

    def level_of(self, day: date, part: int) -> TargetLevel | None:
        """The same of a count."""
        return self.level(day, Value(part))

    @property
    def number(self) -> int:
        """The row id of the newest version; 0 without one."""
        return (self.versions[0].id or 0) if self.versions else 0

    @property
    def last(self) -> Target:
        return self.versions[0]


class ScopeName(NamedTuple):
    """How a scope is called. `ref`: the key as people write it. `gone`: what it is about is no longer there."""

    name: str
    ref: str
    gone: bool = False


def courses(session: Session) -> list[TargetCourse]:
    """Every target with its history, as far as the session sees them; those that have ended too."""
    rows = stored.all_targets(session)
    return [
        TargetCourse(of, list(versions)) for of, versions in groupby(rows, lambda row: TargetOf(row.measure, scope_of(row), row.period))
    ]


def current(session: Session, now: datetime) -> list[TargetCourse]:
    """Those in force now or set for later."""
    today = now.astimezone(UTC).date()
    return [course for course in courses(session) if course.on(today) or course.last.value is not None]


def fleet_licences(session: Session) -> TargetCourse:
    """The monthly target of active licences of the whole fleet, without versions where there is none."""
    of = TargetOf(Measure.ACTIVE_LICENCES, FLEET, TargetPeriod.MONTH)
    return next((course for course in courses(session) if course.of == of), TargetCourse(of, []))


def aim_of(version: Target | None) -> Aim | None:
    return None if version is None or version.value is None else Aim(version.value, version.tolerance)


def scope_named(session: Session, kind: ScopeKind, ref: str) -> Scope:
    """The scope that people call so: an account by number, a product by maker and model or its number, a segment by name or key.

    Raises NotFound, and Conflict for what is about more than a limited user sees.
    """
    ref = ref.strip()
    if limited(session) and kind is not ScopeKind.ACCOUNT:
        raise Conflict("targets that reach beyond your accounts are set by users who see all accounts; choose an account", "limited")
    if "\0" in ref or (kind is ScopeKind.FLEET) != (not ref):
        raise Conflict(f"name the {kind.replace('_', ' ')}" if kind is not ScopeKind.FLEET else "the whole fleet has no name", "bad_scope")
    match kind:
        case ScopeKind.FLEET:
            return FLEET
        case ScopeKind.ACCOUNT:
            return Scope(kind, str(account(session, ref).id))
        case ScopeKind.PRODUCT:
            return Scope(kind, _product(session, ref))
        case ScopeKind.SEGMENT:
            return Scope(kind, _segment(session, ref))
    return Scope(kind, ref[:80])


def _product(session: Session, ref: str) -> str:
    by_id = int(ref) if ref.isdecimal() and len(ref) < 18 else 0
    row_id = by_id if by_id and stored.products(session, [by_id]) else stored.product_named(session, ref)
    if row_id is None:
        raise NotFound(f"there is no product {ref[:80]!r}; write maker and model, as on the page Products")
    return str(row_id)


def _segment(session: Session, ref: str) -> str:
    named = next((segment for segment in segments.all_segments(session) if segment.name == ref), None)
    return (named or segments.segment(session, ref)).key


def names(session: Session, scopes: Iterable[Scope]) -> dict[Scope, ScopeName]:
    every = set(scopes)

    def of(kind: ScopeKind) -> list[int]:
        return [int(scope.key) for scope in every if scope.kind is kind]

    accounts, products = stored.accounts(session, of(ScopeKind.ACCOUNT)), stored.products(session, of(ScopeKind.PRODUCT))
    by_key = {segment.key: segment.name for segment in segments.all_segments(session)}

    def name(scope: Scope) -> ScopeName:
        match scope.kind:
            case ScopeKind.FLEET:
                return ScopeName("Whole fleet", "")
            case ScopeKind.ACCOUNT:
                ref, title = accounts.get(scope.key, ("", ""))
                return ScopeName(f"{title} ({ref}) with subsidiaries", ref, not ref)
            case ScopeKind.PRODUCT:
                product = products.get(scope.key, "")
                return ScopeName(product or f"Product {scope.key} (deleted)", product, not product)
            case ScopeKind.SEGMENT:
                segment = by_key.get(scope.key, "")
                return ScopeName(f"Segment {segment}" if segment else f"Segment {scope.key} (deleted)", scope.key, not segment)
        kind = "Customer segment" if scope.kind is ScopeKind.CUSTOMER_SEGMENT else "Country"
        return ScopeName(f"{kind} {scope.key}", scope.key)

    return {scope: name(scope) for scope in every}


def set_target(session: Session, of: TargetOf, aim: Aim | None, from_on: date, actor: str, now: datetime) -> AuditChange | None:
    """Set a target from the period on that contains `from_on`; None ends it there. What was in force before stays as history.

    Returns the change, or None if nothing changes. Raises DomainError for a value no figure can have, NotFound, and Conflict.
    """
    first = of.period.first(from_on)
    if aim is not None:
        rules.check(of.measure, aim)
    if not _FIRST <= first <= add_months(now.date(), _LONGEST):
        raise DomainError("a target holds from a period after 1999 and at most ten years ahead on", "bad_start")
    in_force = current(session, now)
    if aim is not None and len(in_force) >= MOST and of not in {course.of for course in in_force}:
        raise Conflict(f"there are {MOST} targets already; remove one first", "too_many")
    row = stored.version(session, *of, first)
    before = next((course.on(first) for course in courses(session) if course.of == of), None)
    if (aim_of(row) if row else aim_of(before)) == aim:
        return None
    name = names(session, [of.scope])[of.scope].name
    subject = f"target {wording.MEASURES[of.measure]}, {name}, {of.period}, from {of.period.label(first)}"
    change = audit_record.begin(session, actor=actor, kind="target", subject=subject, now=now)
    value, tolerance = (aim.value, aim.tolerance) if aim else (None, Decimal(0))
    if row is None:
        account_id = int(of.scope.key) if of.scope.kind is ScopeKind.ACCOUNT else None
        row = Target(
            measure=of.measure,
            scope=of.scope.kind,
            key=of.scope.key,
            account_id=account_id,
            period=of.period,
            from_on=first,
            value=value,
            tolerance=tolerance,
            set_at=to_ms(now),
            set_by=actor[:120],
        )
        session.add(row)
        session.flush()
        audit_record.added(session, change, "target", [row.id or 0])
        return change
    with audit_record.watching(session, change, "target", [row.id or 0]):
        row.value, row.tolerance, row.set_at, row.set_by = value, tolerance, to_ms(now), actor[:120]
    row.level = None
    return change


def by_id(session: Session, row_id: int) -> Target:
    """Raises NotFound."""
    row = stored.target(session, row_id)
    if row is None:
        raise NotFound(f"there is no target {row_id}")
    return row


def end_target(session: Session, row_id: int, actor: str, now: datetime) -> AuditChange | None:
    """End a target from the present period on, or from its first one if that is later. Raises NotFound."""
    row = by_id(session, row_id)
    return set_target(session, target_of(row), None, max(row.from_on, now.astimezone(UTC).date()), actor, now)
