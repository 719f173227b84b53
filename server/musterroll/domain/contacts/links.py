"""Signed links for people without an account here. Whoever has the key can sign; a new key ends every link of the old one."""

from itsdangerous import BadSignature, Signer

UNSUBSCRIBE = "unsubscribe"
CUSTOMER_PAGE = "customer page"


def token(key: str, purpose: str, subject: str) -> str:
    """What names a subject in a link of one purpose.

    >>> subject_of("k", UNSUBSCRIBE, token("k", UNSUBSCRIBE, "7")), subject_of("other", UNSUBSCRIBE, token("k", UNSUBSCRIBE, "7"))
    ('7', None)
    """
    return _signer(key, purpose).sign(subject).decode()


def subject_of(key: str, purpose: str, token: str) -> str | None:
    """The subject that a token was made for; None if it was not made with this key for this purpose."""
    try:
        return _signer(key, purpose).unsign(token).decode()
    except (BadSignature, UnicodeError):
        return None


def _signer(key: str, purpose: str) -> Signer:
    return Signer(key, salt=f"musterroll {purpose}")
