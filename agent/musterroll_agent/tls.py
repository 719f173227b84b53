"""Whom the agent trusts: the one TLS context, for the registry and the broker alike."""

import ssl

from musterroll_agent import Trouble


def trust(ca: str) -> ssl.SSLContext:
    """A TLS context that checks chain and host name, by `ca` or the system's authorities. Raises Trouble."""
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise Trouble(f"the certificate file {ca} cannot be used ({error}): give a PEM file of the authority") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
