"""Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def program() -> str:
    """The path of a Chromium. Fails with what to install."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, f"no Chromium on PATH ({', '.join(NAMES)}); `make test` installs it where it may: apt-get install chromium"
    return found


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """One Chromium, with `more` arguments of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=[*ARGUMENTS, *more])
        try:
            yield browser
        finally:
            browser.close()
