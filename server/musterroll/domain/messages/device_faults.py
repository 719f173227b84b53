"""What devices report of their own troubles, in words. A new fault is one entry."""

from collections.abc import Mapping

_FAULTS = {
    "disk_unusable": "its state directory cannot be written ({why}); messages are lost if it restarts",
    "outbox_damaged": "its outbox was damaged ({why}); what could be read was sent",
    "outbox_unreadable": "{messages} stored messages could not be read and were set aside",
    "outbox_dropped": "{messages} stored messages did not fit and were dropped",
    "setting_refused": "its setting {setting} is left out: {why}",
    "subscription_refused": "the broker refuses its subscription ({why}); it gets no receipts and no commands",
    "card_refused": "its warranty card cannot be read: {why}",
}
_LONGEST = 120  # characters of a value


def fault_in_words(data: Mapping[str, object]) -> str | None:
    """The clause about a reported event; None where it is no fault.

    >>> fault_in_words({"event": "outbox_dropped", "messages": 3}), fault_in_words({"event": "clock_stepped", "seconds": 5})
    ('3 stored messages did not fit and were dropped', None)
    >>> fault_in_words({"event": "disk_unusable"})
    'its state directory cannot be written (no reason given); messages are lost if it restarts'
    """
    words = _FAULTS.get(str(data.get("event")))
    if words is None:
        return None
    values = {name: str(data.get(name, "no reason given"))[:_LONGEST] for name in ("why", "messages", "setting")}
    return words.format(**values)
