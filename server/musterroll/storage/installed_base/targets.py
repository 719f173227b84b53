"""Targets, benchmarks and review packs as stored."""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlmodel import Session, col

from musterroll.domain.installed_base.targets import Measure, Scope, ScopeKind, TargetPeriod
from musterroll.domain.units.serials import name_key
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.targets import Benchmark, ReviewPack, Target

_T, _B, _P = Target, Benchmark, ReviewPack


def all_targets(session: Session) -> list[Target]:
    """Every row that the session sees, by what it is about, the newest first."""
    order = (col(_T.measure), col(_T.scope), col(_T.key), col(_T.period), col(_T.from_on).desc())
    return list(session.scalars(select(_T).order_by(*order)))


def target(session: Session, row_id: int) -> Target | None:
    return session.scalars(select(_T).where(col(_T.id) == row_id)).one_or_none()


def version(session: Session, measure: Measure, scope: Scope, period: TargetPeriod, from_on: date) -> Target | None:
    same = (col(_T.measure) == measure, col(_T.scope) == scope.kind, col(_T.key) == scope.key, col(_T.period) == period)
    return session.scalars(select(_T).where(*same, col(_T.from_on) == from_on)).one_or_none()


def accounts(session: Session, ids: Collection[int]) -> dict[str, tuple[str, str]]:
    """Number and name of accounts by row id, as text."""
    query = select(col(Account.id), col(Account.ref), col(Account.name)).where(col(Account.id).in_(ids))
    return {str(row[0]): (row[1], row[2]) for row in session.execute(query)} if ids else {}


def products(session: Session, ids: Collection[int]) -> dict[str, str]:
    """Maker and model of products by row id, as text."""
    query = select(col(Product.id), col(Product.maker), col(Product.model)).where(col(Product.id).in_(ids))
    return {str(row[0]): f"{row[1]} {row[2]}" for row in session.execute(query)} if ids else {}


def product_named(session: Session, text: str) -> int | None:
    """The row id of a product by `maker model`, where exactly one has this name."""
    wanted = name_key(text)
    known = select(col(Product.id), col(Product.maker), col(Product.model)).order_by(col(Product.id))
    ids = [row[0] for row in session.execute(known) if name_key(f"{row[1]} {row[2]}") == wanted]
    return ids[0] if len(ids) == 1 else None


def benchmarks(session: Session) -> list[Benchmark]:
    """The newest year first."""
    order = (col(_B.measure), col(_B.year).desc(), col(_B.industry), col(_B.source))
    return list(session.scalars(select(_B).order_by(*order)))


def benchmark(session: Session, row_id: int) -> Benchmark | None:
    return session.get(_B, row_id)


def benchmarks_of_years(session: Session, years: Collection[int]) -> list[dict[str, Any]]:
    """Benchmarks of these years, as columns of the table."""
    table: Any = _B.__table__  # type: ignore[attr-defined]
    return [{**row} for row in session.execute(select(table).where(table.c.year.in_(years))).mappings()] if years else []


def packs(session: Session) -> list[Row[Any]]:
    """Review packs without their files, the newest first, with the size of each file."""
    columns = (col(_P.id), col(_P.period), col(_P.first_on), col(_P.as_of_on), col(_P.made_at))
    sizes = (func.length(col(_P.pdf)).label("pdf_bytes"), func.length(col(_P.xlsx)).label("xlsx_bytes"))
    return list(session.execute(select(*columns, *sizes).order_by(col(_P.as_of_on).desc(), col(_P.period).desc())))


def pack(session: Session, period: TargetPeriod, first_on: date) -> ReviewPack | None:
    return session.scalars(select(_P).where(col(_P.period) == period, col(_P.first_on) == first_on)).one_or_none()


def delete_packs_before(session: Session, period: TargetPeriod, first_on: date) -> None:
    session.execute(delete(_P).where(col(_P.period) == period, col(_P.first_on) < first_on))


def scope_of(row: Target) -> Scope:
    return Scope(ScopeKind(row.scope), row.key)
