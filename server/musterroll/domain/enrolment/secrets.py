"""Secrets of devices: created, hashed and checked.

Hashes have the format of Mosquitto's password file, `$7$iterations$salt$hash` with PBKDF2-HMAC-SHA512, so that the same hash works for
the embedded broker and for Mosquitto.
"""

import base64
import binascii
import hashlib
import hmac
import secrets

# Many iterations protect secrets that people choose. Ours have 256 random bits, which cannot be guessed, and Mosquitto checks every live
# connection again at each reload: 101 (its own default) takes about 50 microseconds a device.
ITERATIONS = 101
CHOSEN_ITERATIONS = 10_000  # for the registry's own password, which a person may have chosen
_SALT_BYTES = 12  # Mosquitto 2.0 takes no other length


def new_secret() -> str:
    """32 random bytes as 43 characters of base64url: a device secret or a claim token.

    Never with a leading dash, which a command line would take for an option.
    """
    while (secret := secrets.token_urlsafe(32)).startswith("-"):
        pass
    return secret


def hash_secret(secret: str, iterations: int = ITERATIONS) -> str:
    """The hash of a secret, with a new salt."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return f"$7${iterations}${_base64(salt)}${_base64(_derive(secret, salt, iterations))}"


def matches(secret: str, secret_hash: str) -> bool:
    """Whether `secret` matches `secret_hash`.

    >>> matches("a", hash_secret("a")), matches("b", hash_secret("a")), matches("a", "nonsense")
    (True, False, False)
    """
    try:
        _, kind, iterations, salt, digest = secret_hash.split("$")
        expected = base64.b64decode(digest)
        return kind == "7" and hmac.compare_digest(_derive(secret, base64.b64decode(salt), int(iterations)), expected)
    except (ValueError, binascii.Error):
        return False


def token_hash(token: str) -> str:
    """The stored hash of a claim token: SHA-256 in hex. The token is random, so nothing stronger is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _derive(secret: str, salt: bytes, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha512", secret.encode("utf-8", "surrogatepass"), salt, iterations)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
