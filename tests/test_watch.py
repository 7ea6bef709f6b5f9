"""What is saved is on the page; a mistake shows its sentence and keeps the last page."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_workbook import PROJECTS, make_workbook

from acctlib.run.batch import sole_run
from acctlib.run.index import note_failures
from acctlib.run.orders import Outcome, WrongUse


@pytest.fixture
def watching(tmp_path):
    """A workbook whose account aurora is watched, and the lines that are said."""
    with watched(make_workbook(tmp_path)) as seen:
        yield seen


@contextlib.contextmanager
def watched(root, **variables):
    command = [str(Path(sys.executable).with_name("acctlib")), "watch", "aurora", "--audience", "internal"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **variables}
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


def test_the_outputs_are_held_only_while_pages_are_made(tmp_path):
    root = make_workbook(tmp_path)
    with sole_run(root / "outputs"), watched(root) as (_, lines, _process):
        said(lines, f"another run is writing to outputs/ (process {os.getpid()})")
    with watched(root) as (_, lines, _process):
        said(lines, "made aurora 2026-Q3 spend (internal)")
        end = time.monotonic() + 20
        while True:
            try:
                with sole_run(root / "outputs"):
                    (root / "data/aurora/projects.csv").write_text(PROJECTS.replace("64000", "65000"))
                    said(lines, "another run is writing")
                    break
            except WrongUse:  # the list is being written
                assert time.monotonic() < end
                time.sleep(0.1)
        said(lines, "made aurora 2026-Q3 spend (internal)")


def test_a_database_is_asked_in_each_round_and_what_failed_before_leaves_the_list(tmp_path):
    root = make_workbook(tmp_path)
    (root / "data/aurora/time_entries.csv").unlink()
    with contextlib.closing(sqlite3.connect(root / "data/booked.sqlite")) as book:
        book.execute("CREATE TABLE booked (date, project, person, role, hours, billable)")
        book.execute("INSERT INTO booked VALUES ('2026-07-06', 'site', 'Ivo Lindqvist', 'designer', 7.5, 'yes')")
        book.commit()
    with (root / "data/aurora/account.yaml").open("a") as profile:
        profile.write("tables:\n  time_entries:\n    url: sqlite:///data/${BOOK}.sqlite\n    sql: SELECT * FROM booked\n")
    note_failures(root / "outputs", [Outcome("aurora", "failed", "no fee")], ["aurora"])
    with watched(root, BOOK="booked") as (_, lines, process):
        said(lines, "made aurora 2026-Q3 spend (internal)")
        with (root / "data/aurora/projects.csv").open("a") as projects:
            projects.write("app,New app,fixed_fee,2026-01-05,2026-12-18,1000,500\n")
        said(lines, "made aurora")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    page = (root / "outputs/index.html").read_text(encoding="utf-8")
    assert "1 report of 1 account." in page
    assert not list((root / "outputs").glob(".tmp/*"))
