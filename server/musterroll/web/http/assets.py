"""Static files, read once at start and served compressed, at URLs that change with their content."""

import gzip
import hashlib
import mimetypes
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Flask, Response, abort, request
from markupsafe import Markup

_COMPRESSIBLE = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json", "application/wasm"}
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
_PATHS = re.compile(r"<(?:path|circle|rect|line|polyline|ellipse)[^>]*>")


class Assets:
    """All files under static/, with one common version, so that relative links in style sheets work."""

    def __init__(self) -> None:
        self.plain = dict(_walk(files("musterroll.web") / "static", ""))
        digest = hashlib.sha256()
        for name, content in sorted(self.plain.items()):
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:12]
        self.compressed = {name: gzip.compress(body, 9, mtime=0) for name, body in self.plain.items() if media_type(name) in _COMPRESSIBLE}

    def address(self, name: str) -> str:
        """The URL of a file. Raises KeyError for an unknown file."""
        self.plain[name]
        return f"/assets/{self.version}/{name}"

    def icon(self, name: str) -> Markup:
        """A Tabler icon as inline SVG, hidden from screen readers; the text beside it says the same."""
        svg = self.plain[f"vendor/icons/{name}.svg"].decode()
        shapes = "".join(shape for shape in _PATHS.findall(svg) if 'stroke="none"' not in shape)
        return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{shapes}</svg>')  # noqa: S704

    def serve(self, version: str, name: str) -> Response:
        body = self.plain.get(name)
        if body is None or version != self.version:
            abort(404)
        answer = compressed_response(body, self.compressed.get(name), media_type(name))
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def install(app: Flask) -> Assets:
    """Serve the assets and give templates `asset(name)` and `icon(name)`."""
    assets = Assets()
    app.add_url_rule("/assets/<version>/<path:name>", "assets", assets.serve)
    app.jinja_env.globals.update(asset=assets.address, icon=assets.icon)
    return assets


def compressed_response(body: bytes, compressed: bytes | None, content_type: str) -> Response:
    """A file, compressed if there is a compressed copy and the browser accepts it."""
    answer = Response(body, content_type=content_type)
    if compressed is not None:
        answer.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip"):
            answer.data = compressed
            answer.headers["Content-Encoding"] = "gzip"
    return answer


def media_type(name: str) -> str:
    """The media type for a file name."""
    ending = name[name.rfind(".") :]
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    contents: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        contents += _walk(entry, f"{prefix}{entry.name}/") if entry.is_dir() else [(prefix + entry.name, entry.read_bytes())]
    return contents
