"""The agent's TLS settings, the same for the registry and the broker, and what is wrong with a certificate in one sentence."""

import ssl
import time
from typing import Any

from musterroll_agent import AgentError

# What OpenSSL answers (X509_V_ERR_...)
NOT_YET_VALID, EXPIRED, OTHER_NAMES, UNKNOWN_AUTHORITY = 9, 10, (62, 64), (2, 18, 19, 20, 21)
NEVER_SET = 1_704_067_200  # 2024: a clock that stands before it was never set


class _Context(ssl.SSLContext):
    """Certificates name link-local addresses without the zone."""

    def wrap_socket(self, sock: Any, *arguments: Any, **options: Any) -> ssl.SSLSocket:
        if "server_hostname" in options:
            options["server_hostname"] = str(options["server_hostname"]).partition("%")[0]
        return super().wrap_socket(sock, *arguments, **options)


def client_context(ca: str) -> ssl.SSLContext:
    """A context that verifies chain and host name against `ca`, or the system's authorities where it is empty. Raises AgentError."""
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca) if ca else context.load_default_certs()
    except (OSError, ssl.SSLError) as error:
        raise AgentError(f"the certificate file {ca} cannot be used ({error}): give a PEM file of the authority") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_problem(error: ssl.SSLCertVerificationError, host: str, ca: str, wall: int) -> str:
    """What is wrong and what to do, to follow "the certificate of ...". `wall`: what this device's clock says."""
    day = time.strftime("%Y-%m-%d", time.gmtime(wall))
    code = error.verify_code
    if code in (NOT_YET_VALID, EXPIRED) and wall < NEVER_SET:
        return f"cannot be checked because this device's clock says {day}: set the clock, or let it synchronise first"
    if code == NOT_YET_VALID:
        return f"is not valid yet on {day}, the day by this device's clock: set the clock if that is wrong, else have it issued anew"
    if code == EXPIRED:
        return f"has expired by {day}, the day by this device's clock: renew it, or set the clock if that is wrong"
    if code in OTHER_NAMES:
        return f"is for another name than {host} ({error.verify_message}): use a name that is in it, or have it issued for this one"
    if code in UNKNOWN_AUTHORITY:
        hint = f"{ca} is not its authority; name another with --ca" if ca else "name its authority with --ca"
        return f"is signed by an authority that this device does not know ({error.verify_message}): {hint}"
    return f"is not trusted ({error.verify_message})"
