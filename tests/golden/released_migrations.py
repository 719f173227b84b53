"""Released migrations, by their hashes. They made databases that are in use, so they are never rewritten."""

from hashlib import sha256
from pathlib import Path

from musterroll.storage import migrations

LIST = Path(__file__).parent / "migrations.sha256"
_FOLDER = Path(migrations.__path__[0]) / "versions"


def hashes() -> dict[str, str]:
    """The hash of every migration there is, by file name."""
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(_FOLDER.glob("[0-9]*.py"))}


def listed() -> dict[str, str]:
    """The hash of every released migration, by file name."""
    lines = LIST.read_text().splitlines() if LIST.exists() else []
    return {name: digest for digest, name in (line.split() for line in lines)}


def add_new() -> None:
    """List the migrations that are new; an entry that is there is never changed."""
    entries = {**hashes(), **listed()}
    LIST.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(entries.items())))
