"""Reports begin as copies of one process: apart from each other, limited, and gone with it."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from small_workbook import all_run, make_workbook, spend_notebook

from acctlib.run.orders import Workbook, plan
from acctlib.run.preloaded import Ended, Preloaded
from acctlib.run.report import ReportFailed, common_variables, limit_memory, run_report

LEAVES = (
    "import os, sys, random, numpy, pandas, altair\n"
    "os.environ['LEFT'] = '1'\nos.chdir('/')\nsys.left = 1\npandas.set_option('display.max_rows', 7)\n"
    "numpy.random.seed(1)\nrandom.seed(1)\npandas.DataFrame.left = 1\nimport this_is_left",
)
LOOKS = (
    "import os, sys, pandas\n"
    "found = [name for name in ('LEFT',) if name in os.environ] + [k for k in ('this_is_left',) if k in sys.modules]\n"
    "found += [1] * hasattr(sys, 'left') + [2] * hasattr(pandas.DataFrame, 'left') + [3] * ('left' in globals())\n"
    "assert not found and os.getcwd() != '/' and pandas.get_option('display.max_rows') != 7, found",
)


@pytest.fixture(scope="module")
def preloaded():
    made = Preloaded(common_variables(), 1)
    yield made
    made.close()


def order_of(root: Path, *cells: str, audience: str = "internal"):
    make_workbook(root)
    (root / "notebooks" / "spend.ipynb").unlink()
    nbformat.write(spend_notebook(*cells, editions=(audience,)), root / "notebooks" / "spend.ipynb")
    book = Workbook(root, root / "data", root / "parameters", root / "outputs")
    return plan(book, ["aurora"])[0][0]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_nothing_of_one_report_is_there_for_the_next(tmp_path, preloaded):
    (tmp_path / "this_is_left.py").touch()
    leaves = order_of(tmp_path / "a", f"import sys; sys.path.append({str(tmp_path)!r})\n" + LEAVES[0])
    looks = order_of(tmp_path / "b", *LOOKS)
    for order in (looks, leaves, looks):
        run_report(order, {}, preloaded=preloaded)
    assert looks.html.is_file()


def test_each_report_draws_other_random_numbers(tmp_path, preloaded):
    order = order_of(tmp_path, "import numpy, random\nopen('drawn', 'a').write(f'{numpy.random.rand()} {random.random()}\\n')")
    for _ in range(2):
        run_report(order, {}, preloaded=preloaded)
    first, second = (tmp_path / "drawn").read_text().split("\n")[:2]
    assert not {*first.split()} & {*second.split()}


def test_the_process_that_is_copied_has_one_thread(tmp_path, preloaded):
    """Also after it read the firm's tables and the words that a client's page is held against.

    The allocator inside pyarrow has one of its own from the moment it is loaded, and starts it anew in each copy.
    """
    order = order_of(tmp_path, "", audience="client")
    (tmp_path / "data" / "firm").mkdir(exist_ok=True)
    people = tmp_path / "data" / "firm" / "people.csv"
    people.write_text("person,role\n" + "".join(f"P {n},Designer\n" for n in range(20_000)))
    time.sleep(2.1)  # younger files are not kept
    run_report(order, {}, preloaded=preloaded)
    names = [(path / "comm").read_text().strip() for path in Path(f"/proc/{preloaded.pid}/task").iterdir()]
    assert len([name for name in names if not name.startswith("jemalloc")]) == 1, names


def test_a_report_that_eats_memory_fails_alone(tmp_path, preloaded):
    hungry = order_of(tmp_path / "a", "x = bytearray(3_000_000_000)")
    with pytest.raises(ReportFailed, match=r"cell 6.*more memory than a report may take, 500 MB; ask for fewer draws"):
        run_report(hungry, {}, preloaded=preloaded, memory=500_000_000)
    modest = order_of(tmp_path / "b", "x = bytearray(30_000_000)")
    run_report(modest, {}, preloaded=preloaded, memory=500_000_000)


def test_a_hung_report_is_stopped_with_all_it_started(tmp_path, preloaded):
    cell = "import subprocess, time\nsubprocess.Popen(['sleep', '4321'], start_new_session=True)\ntime.sleep(600)"
    with pytest.raises(ReportFailed, match="longer than 4 seconds"):
        run_report(order_of(tmp_path, cell), {}, seconds=4, preloaded=preloaded)
    wait_for(lambda: not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4321"]], 10)


def test_when_it_is_killed_its_reports_end_and_the_run_goes_on(tmp_path):
    made = Preloaded(common_variables(), 1)
    order = order_of(tmp_path, "import time; time.sleep(600)")
    errors = []

    def ask():
        try:
            run_report(order, {}, preloaded=made)
        except Ended as error:
            errors.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    wait_for(lambda: psutil.Process(made.pid).children())
    family = psutil.Process(made.pid).children(recursive=True)
    os.kill(made.pid, signal.SIGKILL)
    asking.join(30)
    assert len(errors) == 1
    wait_for(lambda: not any(process.is_running() and process.status() != "zombie" for process in family))
    made.close()


def test_charts_that_end_the_drawing_process_fail_alone(tmp_path, preloaded):
    draw = "from acctlib.show.pictures import drawn\n"
    axes = "{'x': {'field': 'a'}, 'y': {'field': 'b', 'type': 'quantitative'}}"
    bar = "{'data': {'values': [{'a': 'TEXT', 'b': 1}]}, 'mark': 'bar', 'encoding': " + axes + "}"
    bad = order_of(tmp_path / "a", draw + f"drawn({bar.replace('TEXT', chr(92) + 'x00x')})", audience="client")
    with pytest.raises(ReportFailed, match="the drawing process ends when it tries"):
        run_report(bad, {}, preloaded=preloaded)
    good = order_of(tmp_path / "b", draw + f"assert drawn({bar}).startswith('<svg')", audience="client")
    run_report(good, {}, preloaded=preloaded)


def test_both_engines_give_the_same_bytes(tmp_path):
    order_of(tmp_path, "1")
    book = Workbook(tmp_path, tmp_path / "data", tmp_path / "parameters", tmp_path / "outputs")
    orders, _ = plan(book)
    pages = {}
    for engine in ("copy", "kernel"):
        assert {outcome.state for outcome in all_run(orders, engine, force=True)} == {"made"}
        pages[engine] = [(order.html.read_bytes(), order.json.read_bytes()) for order in orders]
    assert pages["copy"] == pages["kernel"]


def test_what_a_cell_leaves_running_is_ended_with_a_kernel_as_well(tmp_path):
    cell = "import subprocess\nsubprocess.Popen(['sleep', '4322'], start_new_session=True)"
    run_report(order_of(tmp_path, cell), {})
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "4322"]]


def test_the_unfinished_files_of_a_report_with_a_longer_name_are_left_alone(tmp_path, preloaded):
    order = order_of(tmp_path, "")
    order.html.parent.mkdir(parents=True)
    theirs, ours = (order.html.with_name(f".{name}.html.0123abcd.tmp") for name in ("spend.v2", "spend"))
    theirs.touch()
    ours.touch()
    run_report(order, {}, preloaded=preloaded)
    assert (theirs.exists(), ours.exists()) == (True, False)


@pytest.mark.parametrize(("before", "set_to"), [(resource.RLIM_INFINITY, 500), (400, 400), (600, 500)])
def test_a_limit_of_memory_that_holds_already_is_not_raised(monkeypatch, before, set_to):
    limits = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (before, before))
    monkeypatch.setattr(resource, "setrlimit", lambda *said: limits.append(said))
    limit_memory(resource.RLIMIT_AS, 500)
    assert limits == [(resource.RLIMIT_AS, (set_to, set_to))]
