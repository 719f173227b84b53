"""The ways to use a database."""

from musterroll.storage.engine.database import Database
from musterroll.storage.tables.operations import RegistryState
from psycopg.pq import TransactionStatus
from sqlalchemy import text
from sqlmodel import col, select


def test_what_only_asks_opens_no_transaction_and_its_statements_stay_prepared(postgres_database: Database) -> None:
    for _ in range(10):
        with postgres_database.read_only() as session:
            session.exec(select(col(RegistryState.until))).all()
    with postgres_database.read_only() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        assert connection.info.transaction_status is TransactionStatus.IDLE
        prepared = session.execute(text("SELECT statement FROM pg_prepared_statements")).scalars()
        assert any("FROM registry_state" in " ".join(statement.split()) for statement in prepared)
