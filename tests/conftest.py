"""What several tests share: the demo accounts' reports, made once, and a browser to look at pages as a reader does.

The browser has no network and an empty profile, and every message and request of a page is noted.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import postgres
import pytest
from filelock import FileLock
from hypothesis import settings

ROOT = Path(__file__).parent.parent
settings.register_profile("untimed", deadline=None)  # a busy machine is no defect
settings.load_profile("untimed")
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


def run_command(command: str, *arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command that the set-up installed, as a person types it in `cwd`; the environment adds to that of the tests."""
    inherited = {name: value for name, value in os.environ.items() if name != "ACCTLIB_HOME"}
    program = Path(sysconfig.get_path("scripts")) / command
    return subprocess.run(
        [program, *arguments], cwd=cwd, env=inherited | environment, capture_output=True, text=True, timeout=900, check=False
    )


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """Return the folder of a PostgreSQL server's socket. Where none can start, skip; on the build machine fail."""
    with contextlib.ExitStack() as stack:
        try:
            socket = stack.enter_context(postgres.running())
        except OSError as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(error))
        yield socket


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of a test run have in common, however many there are."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def demo_workbook(shared_folder: Path) -> Path:
    """Return a workbook of the project's own notebooks and data, whose parameters ask for few draws."""
    root = shared_folder / "demo"
    with FileLock(shared_folder / "demo.lock"):
        if not root.exists():
            shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
            shutil.copytree(ROOT / "parameters", root / "parameters")
            (root / "data").symlink_to(ROOT / "data")
            for file in (root / "parameters").glob("*.yaml"):
                few = file.read_text(encoding="utf-8").replace("draws: 16384", "draws: 2048")
                assert "draws: 2048" in few
                file.write_text(few, encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def demo_reports(demo_workbook: Path) -> Path:
    """Return the folder of all reports of the demo accounts, made once by the command as its users call it."""
    done = demo_workbook.with_suffix(".made")
    with FileLock(demo_workbook.with_suffix(".lock")):
        if not done.exists():  # else another process of this test run made them
            made = run_command("acctlib", "run", cwd=demo_workbook)
            assert made.returncode == 0, made.stdout + made.stderr
            done.touch()
    return demo_workbook / "outputs"
