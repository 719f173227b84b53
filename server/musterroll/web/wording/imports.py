"""Sentences about imported files as pages say them: readers name the option of the command that answers, pages have a field for it."""

import re

from flask import Flask

_FLAG = re.compile(r"\s*\(--[a-z].*?\)(?=[;,.:)]|\s|$)")


def install(app: Flask) -> None:
    app.jinja_env.filters["sentence"] = sentence


def sentence(text: str) -> str:
    """A sentence without the options of the command line.

    >>> sentence("'1/2/2026' can be read in more than one way: choose day first (--dates dmy) or month first (--dates mdy)")
    "'1/2/2026' can be read in more than one way: choose day first or month first."
    """
    text = _FLAG.sub("", text).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"
