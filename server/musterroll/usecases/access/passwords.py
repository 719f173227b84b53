"""Passwords: generate, check, hash. Only hashes are stored."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from musterroll.domain.units.serials import UID_ALPHABET
from musterroll.domain.values.errors import DomainError

SHORTEST, LONGEST = 10, 1024  # characters; limits the cost of hashing

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # the OWASP minimum: 19 MiB, 2 passes
# The hash of an unknown password, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bXVzdGVycm9sbC1ub2JvZHk$7sT7zFyMC2P3cC0m7tWf6wRz1p3qkG5vJm3mJt1JZ9k"


def random_password() -> str:
    """80 random bits, easily typed."""
    return "-".join("".join(secrets.choice(UID_ALPHABET) for _ in range(4)) for _ in range(4))


def hash_password(password: str) -> str:
    """Slow on purpose."""
    return _hasher.hash(password)


def matches(stored: str, password: str) -> bool:
    """Whether a password is the one behind a hash; as slow where there is no hash, and then never."""
    try:
        return _hasher.verify(stored or _NOBODY, password[:LONGEST]) and bool(stored)
    except (Argon2Error, InvalidHashError):
        return False


def refuse_weak(password: str, name: str) -> None:
    """Raises DomainError for a password that is too easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise DomainError(f"a password must have {SHORTEST} to {LONGEST} characters; this one has {len(password)}", "weak_password")
    if len(set(password)) < 5 or name.casefold() in password.casefold():
        raise DomainError("this password is easy to guess: use several words, without your name", "weak_password")
