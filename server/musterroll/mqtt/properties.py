"""MQTT 5 properties of a PUBLISH. None are sent, and received ones are skipped. MQTT 3.1.1 has no properties, not even an empty list."""

from musterroll.mqtt.packets import MalformedPacket, decode_length

NONE = b"\x00"


def end_of_properties(data: bytes, at: int, end: int) -> int:
    """The index after the property list at `at` in a packet that ends at `end`. Raises MalformedPacket."""
    if at < end and data[at] < 128:
        after = at + 1 + data[at]
    else:
        header = decode_length(data, at, end)
        if header is None:
            raise MalformedPacket("a PUBLISH without its properties")
        after = header[0] + header[1]
    if after > end:
        raise MalformedPacket("a PUBLISH shorter than its properties")
    return after
