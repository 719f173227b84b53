"""Definitions for the marks of pages, with the windows that hold now; read once a request."""

from flask import g

from musterroll.domain.definitions import DEFINITIONS, Definition, under
from musterroll.storage.liveness import window_settings
from musterroll.web.http.context import read_only


def definition(key: str) -> Definition:
    if "windows" not in g:
        with read_only() as session:
            g.windows = window_settings.values(session)
    return under(DEFINITIONS[key], g.windows)
