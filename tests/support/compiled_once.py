"""What is compiled at each start of a registry is compiled once in a test process: that was a third of the tests' time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from musterroll.storage.engine import database
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

_TEMPLATES = Path(__file__).parents[2] / ".cache" / "templates"
_new_engine, _compile_builder = database._engine, Rule._compile_builder
_engines: dict[str, Engine] = {}  # the first of each dialect
_builders: dict[str, Callable[..., tuple[str, str]]] = {}


def share() -> None:
    """Databases opened from here on share their compiled statements, applications their templates and routes."""
    _TEMPLATES.mkdir(parents=True, exist_ok=True)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(str(_TEMPLATES))}
    database._engine = _engine
    Rule._compile_builder = _builder  # type: ignore[method-assign]


def _engine(url: str, pool_size: int) -> Engine:
    engine = _new_engine(url, pool_size)
    first = _engines.setdefault(engine.dialect.name, engine)
    if first is engine:
        engine._compiled_cache = LRUCache(5000)
    elif "server_version_info" in vars(first.dialect):  # it has connected, and knows its server
        engine.dialect = engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine


def _builder(rule: Any, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    key = f"{rule._trace} {rule.defaults} {append_unknown}"
    if key not in _builders:
        _builders[key] = _compile_builder(rule, append_unknown)
    return _builders[key]
