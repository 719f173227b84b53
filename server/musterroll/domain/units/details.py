"""What else records say of a unit (contact, location, cost, provider), as one text that is stored, compared and audited as a whole."""

import json
from collections.abc import Mapping


def details_of(text: str | None) -> dict[str, str]:
    """
    >>> details_of('{"location":"Room 1"}'), details_of(None)
    ({'location': 'Room 1'}, {})
    """
    details: dict[str, str] = json.loads(text) if text else {}
    return details


def details_text(details: Mapping[str, str]) -> str | None:
    """The same details give the same text; None where there are none.

    >>> details_text({"location": "Room 1", "contact_name": "Pat"}), details_text({})
    ('{"contact_name":"Pat","location":"Room 1"}', None)
    """
    return json.dumps(dict(details), sort_keys=True, separators=(",", ":"), ensure_ascii=False) if details else None
