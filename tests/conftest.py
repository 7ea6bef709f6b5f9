"""Chromium for the tests that look at pages as a reader does: no network, an empty profile, every message noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

_QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"]


@dataclass
class Opened:
    """A page in the browser, with everything that it logged and every address that it asked for."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return Chromium. Where there is none, skip; on the build machine, where CI is set, fail."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        reason = "no Chromium found; on Debian and Ubuntu: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*_QUIET, "--disable-sync"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens HTML, or a file, at a width in pixels with the network off."""
    contexts = []

    def opened(html: str | Path, width: int = 1280, height: int = 900) -> Opened:
        file = html if isinstance(html, Path) else tmp_path / f"page-{len(contexts)}.html"
        if not isinstance(html, Path):
            file.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, offline=True))
        seen = Opened(contexts[-1].new_page())
        seen.page.on("console", lambda message: seen.messages.append(message.text))
        seen.page.on("pageerror", lambda error: seen.messages.append(str(error)))
        seen.page.on("dialog", lambda dialog: (seen.messages.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.goto(file.as_uri())
        if seen.page.locator(".vega").count():
            seen.page.wait_for_function("[...document.querySelectorAll('.vega')].every(place => place.querySelector('svg'))")
        seen.requests.remove(file.as_uri())
        return seen

    yield opened
    for context in contexts:
        context.close()
