"""What is saved is on the page; a mistake shows its sentence and keeps the last page."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_workbook import make_workbook


@pytest.fixture
def watching(tmp_path):
    """A workbook whose account aurora is watched, and the lines that are said."""
    root = make_workbook(tmp_path)
    command = [str(Path(sys.executable).with_name("acctlib")), "watch", "aurora", "--audience", "internal"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
        yield root, lines, process
        process.kill()


def said(lines: queue.Queue, text: str, seconds: float = 90) -> float:
    """Wait until a line holds a text; return how long it took."""
    start = time.monotonic()
    while text not in lines.get(timeout=seconds):
        pass
    return time.monotonic() - start


def test_what_is_saved_is_on_the_page_and_a_mistake_keeps_the_last_one(watching):
    root, lines, process = watching
    page = root / "outputs/internal/aurora/2026-Q3/spend.html"
    projects = root / "data/aurora/projects.csv"
    good = projects.read_text()
    said(lines, "made aurora 2026-Q3 spend (internal)")
    projects.write_text(good.replace("64000", "65000"))
    said(lines, "made aurora")
    assert "Agreed fee 65,000" in page.read_text()
    projects.write_text(good.replace("64000", "sixty"))
    said(lines, "projects.csv:2")
    assert "Agreed fee 65,000" in page.read_text()
    notebook = root / "notebooks/spend.ipynb"
    notebook.write_text(notebook.read_text().replace("Agreed fee", "Fee agreed"))
    projects.write_text(good)
    said(lines, "made aurora")
    assert "Fee agreed 64,000" in page.read_text()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert not (root / "outputs/.tmp").exists()
