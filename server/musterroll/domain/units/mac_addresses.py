"""MAC addresses, which people write with colons, dashes, dots or none."""

import re

_SEPARATORS = re.compile(r"[\s:.-]")
_KEY = re.compile(r"[0-9a-f]{12}")


def mac_key(text: str) -> str | None:
    """A MAC address as compared; None if the text is none.

    >>> mac_key("D8-3A-DD-01-02-03"), mac_key("d83a.dd01.0203"), mac_key("D83ADD"), mac_key("00:00:00:00:00:00")
    ('d83add010203', 'd83add010203', None, None)
    """
    key = _SEPARATORS.sub("", text).lower()
    return key if _KEY.fullmatch(key) and key.strip("0") else None
