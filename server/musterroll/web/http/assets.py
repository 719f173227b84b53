"""Static files, read once at start and served compressed, under an address that changes with their content."""

import gzip
import hashlib
import mimetypes
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from flask import Flask, Response, abort, request
from markupsafe import Markup

_SQUEEZED = {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json", "application/wasm"}
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
    """Every file under static/, and one version for them all, so that a style sheet's relative links stay right."""

    def __init__(self) -> None:
        self.plain = dict(_walk(files("musterroll.web") / "static", ""))
        digest = hashlib.sha256()
        for name, content in sorted(self.plain.items()):
            digest.update(name.encode() + b"\0" + content)
        self.version = digest.hexdigest()[:12]
        self.squeezed = {name: gzip.compress(body, 9, mtime=0) for name, body in self.plain.items() if kind(name) in _SQUEEZED}

    def address(self, name: str) -> str:
        """The address of a file; KeyError where there is no such file."""
        self.plain[name]
        return f"/assets/{self.version}/{name}"

    def icon(self, name: str) -> Markup:
        """A Tabler icon as inline SVG, hidden from screen readers: the word beside it says it."""
        found = self.plain[f"vendor/icons/{name}.svg"].decode()
        shapes = "".join(shape for shape in _PATHS.findall(found) if 'stroke="none"' not in shape)
        return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{shapes}</svg>')  # noqa: S704

    def serve(self, version: str, name: str) -> Response:
        body = self.plain.get(name)
        if body is None or version != self.version:
            abort(404)
        answer = either(body, self.squeezed.get(name), kind(name))
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def install(app: Flask) -> Assets:
    """Serve the assets and give templates `asset(name)` and `icon(name)`."""
    found = Assets()
    app.add_url_rule("/assets/<version>/<path:name>", "assets", found.serve)
    app.jinja_env.globals.update(asset=found.address, icon=found.icon)
    return found


def either(body: bytes, squeezed: bytes | None, kind: str) -> Response:
    """A file squeezed, where there is such a form of it and whoever asks takes it, else plain."""
    answer = Response(body, content_type=kind)
    if squeezed is not None:
        answer.vary.add("Accept-Encoding")
        if request.accept_encodings.quality("gzip"):
            answer.data = squeezed
            answer.headers["Content-Encoding"] = "gzip"
    return answer


def kind(name: str) -> str:
    """The media type by the ending of a name."""
    ending = name[name.rfind(".") :]
    return _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        found += _walk(entry, f"{prefix}{entry.name}/") if entry.is_dir() else [(prefix + entry.name, entry.read_bytes())]
    return found
