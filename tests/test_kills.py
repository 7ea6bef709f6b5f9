"""Batches that are killed at any moment and at each step of a write, on full disks, and beside one another."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import run_command
from small_workbook import PROJECTS, make_workbook

from acctlib.run import report as one_report
from acctlib.run.orders import Workbook, plan
from acctlib.run.report import ReportDied, make_report

ACCTLIB = Path(sysconfig.get_path("scripts")) / "acctlib"
HERE = Path(__file__).parent
#: With ACCTLIB_KILLS=500, four in five at any moment and the others at each step.
KILLS = int(os.environ.get("ACCTLIB_KILLS", "10"))


def judged(*command: object) -> dict:
    """Return what a judge says; none may find anything wrong."""
    done = subprocess.run([sys.executable, *map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    print(json.dumps(said, indent=1))  # noqa: T201
    assert said["wrong"] == []
    return said["seen"]


def test_a_killed_batch_leaves_old_or_new_pages_and_the_next_run_makes_all_as_if_nothing_had_happened(tmp_path):
    forced = max(6, KILLS // 4)
    seen = judged(HERE / "killed_batches.py", tmp_path / "workbook", max(4, KILLS - forced), forced, 1)
    assert sum(times for what, times in seen.items() if what.startswith("killed at a step")) >= forced
    assert seen["page and figures"] >= 6 * KILLS


def in_a_namespace() -> list[str]:
    """Return how to call a program that may mount disks which nobody else sees; empty where that is not possible."""
    for command in (["unshare", "-m"], ["unshare", "-m", "-r"]):
        if shutil.which("unshare") and not subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
            return command
    return []


@pytest.mark.skipif(not in_a_namespace(), reason="no disk can be mounted here: unshare -m is refused")
def test_a_full_disk_costs_no_page_and_is_said_of_each_report(tmp_path):
    every = 1 if "ACCTLIB_KILLS" in os.environ else 7
    command = [*in_a_namespace(), sys.executable, HERE / "full_disks.py", tmp_path / "workbook", every]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    print(json.dumps(said, indent=1))  # noqa: T201
    assert said["wrong"] == []
    assert any(what.startswith("said: the report could not be written") for what in said["seen"])


# -- two at once ------------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(tmp_path):
    """Return a workbook whose second account waits for a file."""
    wait = "import os, time\nwhile account.id == 'borealis' and not os.path.exists('go'): time.sleep(0.05)"
    return make_workbook(tmp_path, wait, editions=("internal",))


@contextlib.contextmanager
def begun(root: Path, *command: str) -> Iterator[subprocess.Popen]:
    """Start a command and wait until the first report is there and the second is in the making; end it in any case."""
    process = subprocess.Popen([ACCTLIB, *command], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield _under_way(root, process)
    finally:
        process.kill()
        process.communicate()


def _under_way(root: Path, process: subprocess.Popen) -> subprocess.Popen:
    end = time.monotonic() + 60
    while not (root / "outputs/internal/aurora/2026-Q3/spend.json").exists() or not list((root / "outputs/.tmp").glob("bor*")):
        assert time.monotonic() < end
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("command", ["run", "watch"])
def test_of_two_at_once_the_second_is_refused_and_a_killed_one_stands_in_nobodys_way(slow, command):
    with begun(slow, command, "aurora", "borealis") as first:
        refused = run_command("acctlib", "run", "aurora", cwd=slow)
        assert refused.returncode == 2
        assert f"Error: another run is writing to outputs/ (process {first.pid}); wait until it ends" in refused.stderr
        first.send_signal(signal.SIGKILL)
        first.wait()
    (slow / "go").touch()
    done = run_command("acctlib", "run", cwd=slow)
    assert done.returncode == 0, done.stdout
    assert "1 made, 1 up to date, 0 failed" in done.stdout
    assert not list((slow / "outputs").rglob("*tmp*"))


def test_an_import_beside_a_run_is_seen_by_the_next_run_at_the_latest(slow):
    export = "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,First Name,Last Name\n"
    (slow / "june.csv").write_text(export + "2026-07-08,Borealis Bank,New site,site,,Build,6,Yes,Ivo,Lindqvist\n")
    with begun(slow, "run", "--workers=2") as first:
        imported = run_command("acctlib", "import", "harvest", "june.csv", "--as-of", "2026-07-31", cwd=slow)
        assert imported.returncode == 0, imported.stdout + imported.stderr
        (slow / "go").touch()
        said, _ = first.communicate(timeout=60)
    assert "2 made, 0 up to date, 0 failed" in said  # the second at the second try, from the new table
    assert "0 made, 2 up to date" in run_command("acctlib", "run", cwd=slow).stdout
    figures = json.loads((slow / "outputs/internal/borealis/2026-Q3/spend.json").read_text())
    assert figures["sources"]["time_entries"]["rows"] == 3


def test_a_page_is_not_said_to_be_of_files_that_were_changed_while_it_was_made(tmp_path, monkeypatch):
    root = make_workbook(tmp_path, editions=("internal",))
    order = plan(Workbook(root, root / "data", root / "parameters", root / "outputs"), ["aurora"])[0][0]
    true = one_report.fingerprints

    def and_then_saved(edition, as_of):
        (root / "data/aurora/projects.csv").write_text(PROJECTS.replace("64000", "65000"))
        return true(edition, as_of)

    monkeypatch.setattr(one_report, "fingerprints", and_then_saved)
    with pytest.raises(ReportDied, match="its files were changed while it was made"):
        make_report(order, {})
    assert not order.html.exists()


def test_outputs_that_are_taken_away_meanwhile_cost_no_other_report_and_are_made_again(slow):
    with begun(slow, "run", "--workers=2") as first:
        (slow / "outputs").rename(slow / "elsewhere")
        (slow / "go").touch()
        said, errors = first.communicate(timeout=60)
    assert "Traceback" not in said + errors
    assert run_command("acctlib", "run", cwd=slow).returncode == 0
    assert len(list((slow / "outputs").glob("internal/*/2026-Q3/*"))) == 4
    assert not (slow / "outputs" / ".tmp").exists()
