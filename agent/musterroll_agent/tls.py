"""The agent's TLS settings, the same for the registry and the broker."""

import ssl

from musterroll_agent import AgentError


def client_context(ca: str) -> ssl.SSLContext:
    """A context that verifies chain and host name against `ca`, or the system's authorities where it is empty. Raises AgentError."""
    try:
        context = ssl.create_default_context(cafile=ca or None)
    except (OSError, ssl.SSLError) as error:
        raise AgentError(f"the certificate file {ca} cannot be used ({error}): give a PEM file of the authority") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
