"""Vendored files are unchanged; served files are small and cached."""

import gzip
import hashlib
import json
from importlib.resources import files

from tests.server.web.conftest import Visitor

VENDOR = files("musterroll.web") / "static" / "vendor"


def test_every_vendored_file_has_its_recorded_hash() -> None:
    recorded = {name: entry["sha256"] for pack in _packages() for name, entry in pack["files"].items()}
    for name, digest in recorded.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_no_vendored_file_is_unrecorded() -> None:
    recorded = {name for pack in _packages() for name in pack["files"]}
    files = {f.name for f in VENDOR.iterdir() if f.is_file()} | {f"icons/{f.name}" for f in (VENDOR / "icons").iterdir()}
    assert files - recorded == {"VENDORED.json"}


def test_assets_are_squeezed_and_kept_for_ever(stranger: Visitor) -> None:
    address = stranger.get("/sign-in").text.split('<link rel="stylesheet" href="')[1].split('"')[0]
    answer = stranger.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert gzip.decompress(answer.data) == stranger.get(address).data


def test_an_address_of_another_version_is_not_answered(stranger: Visitor) -> None:
    assert stranger.get("/assets/000000000000/app.css").status_code == 404


def _packages() -> list[dict[str, dict[str, dict[str, str]]]]:
    packages: list[dict[str, dict[str, dict[str, str]]]] = json.loads((VENDOR / "VENDORED.json").read_text())["packages"]
    return packages
