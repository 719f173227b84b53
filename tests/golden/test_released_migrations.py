from tests.golden import released_migrations


def test_released_migrations_are_never_rewritten() -> None:
    """Databases in use were made by them. New migrations may be missing from the list: `python -m tests.golden.make` adds them."""
    present = released_migrations.hashes()
    changed = sorted(name for name, digest in released_migrations.listed().items() if present.get(name) != digest)
    assert not changed, f"{', '.join(changed)} is released and may not be changed or removed: restore it, and write a new migration instead"
    assert released_migrations.listed()
