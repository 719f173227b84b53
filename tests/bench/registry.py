"""The registry's own processes, as they are run in production, for the benchmarks to measure from outside."""

from pathlib import Path

from musterroll.storage.engine.database import Database
from sqlalchemy import text

from tests.bench import brokers
from tests.bench.children import Child
from tests.support.instances import until
from tests.support.mosquitto import Mosquitto


def environment(database: Database, broker: Mosquitto, folder: Path) -> dict[str, str]:
    user, password = brokers.REGISTRY
    return {
        "MUSTERROLL_DATABASE_URL": database.url,
        "MUSTERROLL_MQTT_URL": f"mqtt://{user}:{password}@127.0.0.1:{broker.port}",
        "MUSTERROLL_DATA_DIR": str(folder),
        "MUSTERROLL_LOG_LEVEL": "warning",
    }


def start_ingest(database: Database, broker: Mosquitto, folder: Path) -> Child:
    """`musterroll ingest`, once it has heard itself through the broker."""
    with database.transaction() as session:
        session.connection().execute(text("DELETE FROM process_heartbeat"))
    ingest = Child("musterroll", "ingest", environment=environment(database, broker, folder))
    until(lambda: rows(database, "process_heartbeat") > 0, "the ingest has heard itself through the broker", 30)
    return ingest


def rows(database: Database, table: str) -> int:
    with database.snapshot() as session:
        return int(session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
