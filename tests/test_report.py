"""One report is made whole or not at all, whatever its notebook, its kernel or the disk does."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import textwrap
import time

import nbformat
import psutil
import pytest
from small_workbook import all_run, make_workbook, spend_notebook

from acctlib.run import report
from acctlib.run.orders import Workbook, plan
from acctlib.run.report import ReportFailed, publish, run_report
from acctlib.run.results import why_stale

#: What happens in a cell of each notebook.
CELLS = {
    "whole": (
        "import altair, os, sys\n"
        "import numpy as np\n"
        "assert 'SECRET_TOKEN' not in os.environ, 'the environment leaked'\n"
        "assert os.environ['OPENBLAS_NUM_THREADS'] == '1'\n"
        "print('not for the page')",
    ),
    "fails": ('raise ValueError("confidence must lie between 0 and 1, got 80; write 80 % as 0.8")',),
    "lacks": ("{}['fee']",),
    "exits": ("import sys; sys.exit(0)",),
    "dies": ("import os; os._exit(3)",),
    "prints_cost": ('report.text(f"Cost 48,213 of {account.name}", section="Fees")',),
    "says_ours_in_words": (
        'ours = Account.read(account.id, "2026-Q3", audience="internal")\n'
        'told = "most" if (ours.projects.budget_cost > ours.projects.fee / 2).all() else "little"\n'
        'report.text(f"We spend {told} of your fee.", section="Fees")',
    ),
}


def book_of(root):
    return Workbook(root, root / "data", root / "parameters", root / "outputs")


@pytest.fixture(scope="module", params=["copy", "kernel"])
def workbook(tmp_path_factory, request):
    """A workbook whose notebooks meet every kind of bad luck, after one run of all of them for the client, by each engine."""
    root = make_workbook(tmp_path_factory.mktemp("workbook") / "with {braces} and blanks")
    (root / "notebooks" / "spend.ipynb").unlink()
    for name, cells in CELLS.items():
        nbformat.write(spend_notebook(*cells, editions=("client",)), root / "notebooks" / f"{name}.ipynb")
    for trap in ("altair.py", "acctlib.py"):
        (root / trap).write_text("raise SystemExit('the folder of the workbook was imported from')\n")
    orders, wrong = plan(book_of(root), ["aurora"])
    assert wrong == []
    for order in orders:
        order.html.parent.mkdir(parents=True, exist_ok=True)
        order.html.write_text("the last good report")
    os.environ["SECRET_TOKEN"] = "x"
    try:
        outcomes = {outcome.what.split()[2]: outcome for outcome in all_run(orders, request.param)}
    finally:
        del os.environ["SECRET_TOKEN"]
    return {order.name: (order, outcomes[order.name]) for order in orders}


def test_a_whole_notebook_gives_a_page_and_its_figures(workbook):
    order, outcome = workbook["whole"]
    assert outcome.state == "made", outcome.reason
    assert "Agreed fee 64,000" in order.html.read_text()
    assert "not for the page" not in order.html.read_text()
    assert why_stale(order) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("fails", 'cell 6 ("Fees"): confidence must lie between 0 and 1, got 80; write 80 % as 0.8'),
        ("lacks", "cell 6 (\"Fees\"): KeyError: 'fee'"),
        ("exits", ("SystemExit", "the report does not reach its end")),
        ("dies", ("its process ended in the middle (exit 3)", "the notebook's kernel died; it may have run out of memory")),
        ("prints_cost", 'an internal value of projects.budget_cost: 48213 (text in section "Fees")'),
        (
            "says_ours_in_words",
            "a client's page, so what is ours may not be read, not even to say it in other words",
        ),
    ],
)
def test_bad_luck_is_named_and_leaves_the_last_good_report(workbook, name, reason):
    order, outcome = workbook[name]
    assert outcome.state == "failed"
    assert any(said in outcome.reason for said in ([reason] if isinstance(reason, str) else reason))
    assert "Traceback" not in outcome.reason
    assert order.html.read_text() == "the last good report"
    assert not order.json.exists()


def test_nothing_is_left_behind(workbook):
    out = workbook["whole"][0].out
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == sorted(
        ["whole.json", *(f"{name}.html" for name in CELLS)]
    )
    assert not list((out / ".tmp").glob("*"))


def test_the_same_input_gives_the_same_bytes(workbook):
    order, _ = workbook["whole"]
    before = order.html.read_bytes(), order.json.read_bytes()
    run_report(order, {"borealis": ["Borealis Bank"]})
    assert (order.html.read_bytes(), order.json.read_bytes()) == before


def test_a_hung_cell_is_stopped_with_all_it_started(tmp_path):
    root = make_workbook(tmp_path, "import time; time.sleep(600)", editions=("internal",))
    order = plan(book_of(root), ["aurora"])[0][0]
    with pytest.raises(ReportFailed, match="longer than 6 seconds"):
        run_report(order, {}, seconds=6)
    assert not order.html.exists()
    assert [p for p in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(p.info["cmdline"] or [])] == []


def test_a_report_dies_with_the_run_that_asked_for_it(tmp_path):
    root = make_workbook(tmp_path, "import time; time.sleep(600)", editions=("internal",))
    program = textwrap.dedent(f"""
        from pathlib import Path
        from acctlib.run.batch import Maker, run_all
        from acctlib.run.orders import Workbook, plan
        root = Path({str(root)!r})
        orders = plan(Workbook(root, root / "data", root / "parameters", root / "outputs"), ["aurora"])[0]
        list(run_all(orders, Maker(1)))
    """)
    with subprocess.Popen([sys.executable, "-c", program]) as run:
        try:
            _wait_for(
                lambda: len(psutil.Process(run.pid).children(recursive=True)) == 2
            )  # the process it is a copy of, and the report
            family = psutil.Process(run.pid).children(recursive=True)
        finally:
            run.kill()
    _wait_for(lambda: not any(process.is_running() and process.status() != "zombie" for process in family))


def _wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture
def order(tmp_path):
    root = make_workbook(tmp_path)
    order = plan(book_of(root), ["aurora"])[0][0]
    publish(order, "old page", '{"html_sha256": "old"}')
    return order


def full_disk(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_both_old_files(order, monkeypatch, step):
    monkeypatch.setattr(report.os, step, full_disk)
    with pytest.raises(OSError, match="No space left"):
        publish(order, "new page", "new figures")
    monkeypatch.undo()
    assert (order.html.read_text(), order.json.read_text()) == ("old page", '{"html_sha256": "old"}')
    assert len(list(order.html.parent.iterdir())) == 2


def test_a_write_that_fell_short_without_an_error_is_noticed(order, monkeypatch):
    monkeypatch.setattr(report.Path, "read_bytes", lambda self: b"new pa")
    with pytest.raises(OSError, match="could not be written in full; is the disk full"):
        publish(order, "new page", "new figures")
    monkeypatch.undo()
    assert order.html.read_text() == "old page"


def test_a_crash_between_the_two_renames_is_noticed_and_made_good(order, monkeypatch):
    true_replace = os.replace

    def second_fails(source, target):
        if str(target).endswith(".json"):
            full_disk()
        true_replace(source, target)

    monkeypatch.setattr(report.os, "replace", second_fails)
    with pytest.raises(OSError, match="No space left"):
        publish(order, "new page", "new figures")
    monkeypatch.undo()
    assert order.html.read_text() == "new page"
    assert why_stale(order)
