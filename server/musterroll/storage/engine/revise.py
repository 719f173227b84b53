"""For developers: `python -m musterroll.storage.engine.revise "what changes"` writes the next migration from the tables in code."""

import sys
import tempfile
from pathlib import Path

from alembic import command

from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database


def main(subject: str) -> None:
    revisions = Path(__file__).parents[1] / "migrations" / "versions"
    number = f"{len(list(revisions.glob('[0-9]*.py'))) + 1:04d}"
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        if number != "0001":
            migrate.upgrade(database)
        with database.engine.begin() as connection:
            command.revision(migrate.config(connection), message=subject, autogenerate=True, rev_id=number)
        database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('say what changes, as in: python -m musterroll.storage.engine.revise "units have a colour"')
    main(sys.argv[1])
