"""The HTTP server of every process."""

import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, request
from musterroll.runtime.http_server import http_server


@pytest.mark.parametrize("behind_proxy", [True, False])
def test_headers_of_a_proxy_reach_the_app_only_behind_one(behind_proxy: bool) -> None:
    app = Flask("test")
    app.add_url_rule("/", view_func=lambda: request.headers.get("X-Forwarded-For", "none"))
    with http_server(app, "127.0.0.1:0", "MUSTERROLL_HTTP_LISTEN", threads=1, behind_proxy=behind_proxy) as url:
        asked = urllib.request.Request(url, headers={"X-Forwarded-For": "192.0.2.7"})
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert answer.read() == (b"192.0.2.7" if behind_proxy else b"none")


def test_a_request_under_way_is_finished_when_the_server_stops() -> None:
    app, begun, go_on = Flask("test"), threading.Event(), threading.Event()

    @app.get("/")
    def slow() -> str:
        begun.set()
        go_on.wait(30)
        return "whole" * 100_000

    with ThreadPoolExecutor(2) as pool:
        with http_server(app, "127.0.0.1:0", "MUSTERROLL_HTTP_LISTEN", threads=1) as url:
            answer = pool.submit(lambda: urllib.request.urlopen(url, timeout=30).read())
            assert begun.wait(30)
            pool.submit(lambda: threading.Event().wait(0.3) or go_on.set())
        assert answer.result(30) == b"whole" * 100_000
