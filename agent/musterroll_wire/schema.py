"""The contract for other programs: JSON Schema of every message and AsyncAPI 3 of every topic, derived from the message classes.

A schema allows slightly more than `decode`: it cannot express duplicate keys, depth, or that 1.0 is not a whole number.
"""

import types
import typing
from typing import Any

from musterroll_wire import VERSION
from musterroll_wire.messages import (
    LIMITS,
    MAX_INTEGER,
    MAX_INTERVAL,
    MAX_NAME,
    MAX_TEXT,
    Birth,
    Command,
    Death,
    Heartbeat,
    Receipt,
    Record,
)
from musterroll_wire.topics import PREFIX, UP
from musterroll_wire.vitals import MAX_READING, VITALS, Vital

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
MESSAGE_TYPES: dict[str, Any] = {
    "birth": Birth,
    "heartbeat": Heartbeat,
    "record": Record,
    "death": Death,
    "receipt": Receipt,
    "command": Command,
}
DESCRIPTIONS = {
    "epoch": "counts the starts of the agent; kept on the unit's disk",
    "seq": "counts the durable messages of an epoch, from 1",
    "oldest": "the lowest seq of this epoch still to be expected: nothing below it will follow",
    "at": "unix seconds by the sender's clock; a label, never an order: brought to a whole number from 0 to 2^53-1 where it is not one",
    "serial": "the serial as the unit reports it; a claim, not the identity",
    "maker": "maker of the unit",
    "model": "model of the unit",
    "interval": "seconds between heartbeats",
    "firmware": "version of the firmware",
    "agent": "version of the agent",
    "uptime": "seconds since the unit started",
    "boots": "how often the unit has been started over its life",
    "clock": "whether the unit's clock is synchronised; null where it cannot tell",
    "card": "the unit's own warranty card: starts_on, ends_on (first day not covered) or months, policy, reference",
    "evidence": "other evidence of identity, such as board_serial and mac",
    "run": "drawn at random at every start of the agent: two runs that take turns are two devices",
    "beat": "counts the heartbeats of an epoch, from 1",
    "operating": "seconds the unit has been up over its life",
    "vitals": "readings in this order, null where the unit cannot tell; a newer sender may append more",
    "usage": "lifetime usage counters by name",
    "about": "hour, change, event or warranty; readers store unknown kinds too",
    "data": "what the record or command carries",
    "registry": "the registry's own epoch; when it changes, units send everything again",
    "name": "rebirth, interval, coverage or epoch",
}
CONSTRAINTS: dict[Any, dict[str, dict[str, Any]]] = {
    Birth: {"seq": {"minimum": 1}, "oldest": {"minimum": 1}, "interval": {"minimum": 1, "maximum": MAX_INTERVAL}},
    Record: {"seq": {"minimum": 1}, "oldest": {"minimum": 1}},
}
MIN_ITEMS = 5  # of a heartbeat


def json_schema(kind: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of one kind of message. Raises KeyError for a kind that is not part of the contract."""
    message_type = MESSAGE_TYPES[kind]
    head = {"$schema": DIALECT, "$id": f"urn:musterroll:wire:{VERSION}:{kind}", "title": kind, "description": _summary(message_type)}
    hints = typing.get_type_hints(message_type)
    constraints = CONSTRAINTS.get(message_type, {})
    types = {name: _type(hints[name]) for name in message_type._fields}
    if kind in UP and "at" in types:
        types["at"] = {"type": "number"}  # a label, which decoding brings into range
    fields = {name: {**types[name], **constraints.get(name, {}), "description": DESCRIPTIONS[name]} for name in types}
    if kind == "heartbeat":
        return {**head, "type": "array", "minItems": MIN_ITEMS, "prefixItems": list(fields.values())}
    required = [name for name in message_type._fields if name not in message_type._field_defaults]
    return {**head, "type": "object", "properties": fields, "required": required}


def asyncapi(version: str) -> dict[str, Any]:
    """AsyncAPI 3.0 of the wire as the registry (release `version`) sees it: it receives what units send up."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Musterroll wire",
            "version": version,
            "description": f"Version {VERSION} of the messages between units and registry over MQTT 3.1.1 or later; nothing is retained.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {kind: _channel(kind) for kind in MESSAGE_TYPES},
        "operations": {kind: _operation(kind) for kind in MESSAGE_TYPES},
        "components": {"messages": {kind: _message(kind) for kind in MESSAGE_TYPES}},
    }


def _channel(kind: str) -> dict[str, Any]:
    return {
        "address": f"{PREFIX}{{unit}}/{kind}",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"}},
        "parameters": {"unit": {"description": "the unit id issued at enrolment: 1 to 64 of A-Z a-z 0-9 _ -; never the serial"}},
    }


def _operation(kind: str) -> dict[str, Any]:
    return {
        "action": "receive" if kind in UP else "send",
        "channel": {"$ref": f"#/channels/{kind}"},
        "messages": [{"$ref": f"#/channels/{kind}/messages/{kind}"}],
        "bindings": {"mqtt": {"qos": 0 if kind == "receipt" else 1, "retain": False, "bindingVersion": "0.2.0"}},
    }


def _message(kind: str) -> dict[str, Any]:
    return {
        "name": kind,
        "summary": _summary(MESSAGE_TYPES[kind]),
        "description": f"At most {LIMITS[kind]} bytes of UTF-8 JSON, no key twice, finite numbers; unknown fields are ignored.",
        "contentType": "application/json",
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": json_schema(kind)},
    }


def _summary(message_type: Any) -> str:
    return str(message_type.__doc__).strip().replace("`", "")


def _type(hint: Any) -> dict[str, Any]:
    if isinstance(hint, types.UnionType):
        (inner,) = (part for part in typing.get_args(hint) if part is not type(None))
        schema = _type(inner)
        return {**schema, "type": [schema["type"], "null"]}
    if typing.get_origin(hint) is dict:
        return _mapping(typing.get_args(hint)[1])
    simple: dict[Any, dict[str, Any]] = {
        int: {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER},
        str: {"type": "string", "maxLength": MAX_TEXT},
        bool: {"type": "boolean"},
    }
    return simple[hint]


def _reading(vital: Vital) -> dict[str, Any]:
    limits = {"minimum": -MAX_READING, "maximum": MAX_READING}
    return {"title": vital.name, "description": vital.description, "type": ["integer", "null"], **limits}


def _mapping(values: Any) -> dict[str, Any]:
    if values is int:  # the vitals of a heartbeat: by name in the code, an array on the wire
        return {"type": "array", "prefixItems": [_reading(vital) for vital in VITALS]}
    if values is str:
        return {"type": "object", "additionalProperties": {"type": "string", "maxLength": MAX_TEXT}}
    if values is float:
        number = {"type": "number", "minimum": -MAX_INTEGER, "maximum": MAX_INTEGER}
        return {"type": "object", "maxProperties": 16, "propertyNames": {"maxLength": MAX_NAME}, "additionalProperties": number}
    return {"type": "object"}
