"""Reports from the workers of a real Dask cluster: the same bytes, apart from each other, and none lost with its worker."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cloudpickle
import dask_cluster
import pytest
from conftest import run_command
from small_workbook import add_account, make_workbook

from acctlib.run import cluster as at_home
from acctlib.run.batch import unanswered
from acctlib.run.cluster import ClusterMaker
from acctlib.run.orders import Workbook, WrongUse, plan
from acctlib.tables.queries import asked_once

#: With ACCTLIB_CLUSTER_KILLS=50.
KILLS = int(os.environ.get("ACCTLIB_CLUSTER_KILLS", "2"))
#: Each report looks for what the one before left, and leaves it.
LEAVES = """\
import os, sys, random, numpy, pandas
found = [name for name in ("LEFT", "ACCTLIB_CLUSTER", "DASK_SPEC") if name in os.environ] + [1] * hasattr(sys, "left")
found += [2] * hasattr(pandas.DataFrame, "left") + [3] * (os.getcwd() != os.environ["ACCTLIB_HOME"])
found += [4] * (pandas.get_option("display.max_rows") == 7) + [5] * ("antigravity" in sys.modules)
assert not found, found
open("drawn", "a").write(f"{numpy.random.rand()}\\n{random.random()}\\n")
os.environ["LEFT"] = sys.left = pandas.DataFrame.left = "1"
sys.modules["antigravity"] = sys
pandas.set_option("display.max_rows", 7)
numpy.random.seed(1)
random.seed(1)
os.chdir("/")"""
WAITS = """\
import os, time
open(f"begun-{account.id}", "w").close()
while not os.path.exists("go"): time.sleep(0.05)"""
BAD = """\
import os, time, numpy
if account.id == "corona": kept = numpy.ones(10**8)
if account.id == "dorado": time.sleep(600)
if account.id == "electra": os.kill(os.getppid(), 9)"""

cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster.running(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def maker(cluster):
    maker = ClusterMaker(cluster.address)
    yield maker
    maker.close()


def orders_of(root):
    return plan(Workbook(root, root / "data", root / "parameters", root / "outputs"))[0]


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_workers_make_the_same_bytes_as_this_machine_and_nothing_of_one_report_is_there_for_the_next(tmp_path, cluster):
    root = make_workbook(tmp_path, dask_cluster.CHART, LEAVES)
    add_account(root, "corona", "Corona Energy")
    done = run_command("acctlib", "run", cwd=root)
    assert done.returncode == 0, done.stderr
    at_home = dask_cluster.pages(root)
    shutil.rmtree(root / "outputs")
    done = run_command("acctlib", "run", "--cluster", cluster.address, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "6 made, 0 up to date, 0 failed" in done.stdout
    assert dask_cluster.pages(root) == at_home
    assert len(at_home) == 2 * 6 + 7
    drawn = (root / "drawn").read_text().split()
    assert len(set(drawn)) == len(drawn) == 2 * 2 * 6
    assert dask_cluster.left(cluster.nurseries()) == []
    assert list(cluster.folder.rglob("acctlib-*")) == []


def test_a_worker_that_is_killed_costs_no_report_and_leaves_no_process(tmp_path):
    judge = Path(__file__).with_name("dask_cluster.py")
    done = subprocess.run([sys.executable, judge, tmp_path, str(KILLS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    print(json.dumps(said, indent=1))  # noqa: T201
    assert said["wrong"] == []
    assert said["seen"]["workers killed"] == KILLS


def test_limits_hold_at_the_worker_and_what_breaks_there_is_a_sentence(tmp_path, cluster):
    root = make_workbook(tmp_path, BAD, editions=("internal",))
    for account in ("corona", "dorado", "electra"):
        add_account(root, account, account.title())
    # the limit of time counts from the start of the process that is ready, which takes some seconds for a worker's first report
    done = run_command("acctlib", "run", "--cluster", cluster.address, "--timeout", "15", "--memory", "300", cwd=root)
    assert done.returncode == 1
    assert "2 made, 0 up to date, 3 failed" in done.stdout, done.stderr
    assert "it needs more memory than a report may take, 300 MB" in done.stderr
    assert "dorado 2026-Q3 spend (internal):\n  it took longer than 15 seconds" in done.stderr
    assert "electra 2026-Q3 spend (internal):\n  the process from which reports are made ended twice" in done.stderr
    assert "Traceback" not in done.stderr
    assert dask_cluster.left(cluster.nurseries()) == []


def test_ctrl_c_ends_what_workers_have_in_the_making_and_leaves_the_workers(tmp_path, cluster):
    root = make_workbook(tmp_path, WAITS, editions=("internal",))
    workers = cluster.worker_pids()
    run = dask_cluster.begun(root, "run", "--cluster", cluster.address)
    wait_for(lambda: len(list(root.glob("begun-*"))) == 2)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors.startswith("stopped: 0 made")
    assert dask_cluster.left(cluster.nurseries()) == []
    assert cluster.worker_pids() == workers
    assert not [path for path in (root / "outputs").rglob("*") if path.suffix in (".html", ".tmp") and "aurora" in path.parts]


def test_a_scheduler_that_vanishes_is_a_sentence_for_each_report_that_is_not_there(tmp_path):
    root = make_workbook(tmp_path / "workbook", WAITS, editions=("internal",))
    add_account(root, "corona", "Corona Energy")
    with dask_cluster.running(tmp_path / "cluster") as cluster:
        run = dask_cluster.begun(root, "run", "--cluster", cluster.address, "--workers", "2")
        wait_for(lambda: len(list(root.glob("begun-*"))) == 2)
        cluster.scheduler.kill()
        said, errors = run.communicate(timeout=60)
        assert run.returncode == 1
        assert "0 made, 0 up to date, 3 failed" in said
        assert errors.count(f"  the scheduler at {cluster.address} is gone; start it again, and run again to go on") == 3
        assert "Traceback" not in errors
        assert dask_cluster.left(cluster.nurseries()) == []


def test_no_scheduler_is_said_within_seconds(tmp_path):
    root, begun = make_workbook(tmp_path), time.monotonic()
    done = run_command("acctlib", "run", "--cluster", "tcp://127.0.0.1:9", cwd=root)
    assert done.returncode == 2
    assert "Error: --cluster must be the address of a Dask scheduler that answers, got 'tcp://127.0.0.1:9'" in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize("address", ["nonsense", "ftp://127.0.0.1:1", ""])
def test_what_is_no_address_is_refused(address):
    # in a process of its own: Dask can hang where it takes away one client while it makes the next
    program = "import sys\nfrom acctlib.run import cluster\ncluster.CONNECT = 1\ncluster.ClusterMaker(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", program, address], capture_output=True, text=True, timeout=60, check=False)
    assert "WrongUse: --cluster must be the address of a Dask scheduler that answers" in done.stderr


def test_a_cluster_without_workers_is_refused_and_one_that_loses_them_all_is_a_sentence(tmp_path, monkeypatch):
    (order, *_) = orders_of(make_workbook(tmp_path / "workbook", WAITS, editions=("internal",)))
    monkeypatch.setattr(at_home, "WITHOUT_WORKERS", 3)
    with dask_cluster.running(tmp_path / "cluster", workers=0) as cluster:
        with monkeypatch.context() as patch:
            patch.setattr(at_home, "CONNECT", 1)
            with pytest.raises(WrongUse, match="must have a worker, got none; start one with: dask worker tcp:"):
                ClusterMaker(cluster.address)
        cluster.add_workers(1)
        with contextlib.closing(ClusterMaker(cluster.address)) as maker, ThreadPoolExecutor(1) as pool:
            made = pool.submit(maker.make, order)
            wait_for((order.root / "begun-aurora").exists)
            for process in cluster.processes():
                if process.pid != cluster.scheduler.pid:
                    process.kill()
            with pytest.raises(at_home.ReportFailed, match="has no worker any more; start some, and run again to go on"):
                made.result(timeout=60)


def other_programs(dask_worker):
    from acctlib.run import cluster_worker, results

    cluster_worker.programs = lambda: {**results.programs(), "numpy": "1.0"}


def its_own_programs(dask_worker):
    from acctlib.run import cluster_worker, results

    cluster_worker.programs = results.programs


def test_a_worker_with_another_library_is_refused_and_named(tmp_path, maker):
    (order, *_) = orders_of(make_workbook(tmp_path))
    maker.check(order)
    worker = min(maker._client.nthreads())
    maker._client.run(other_programs, workers=[worker])
    try:
        with pytest.raises(WrongUse, match=rf"the worker {worker} must have what this command has, got numpy 1.0 instead of"):
            maker.check(order)
    finally:
        maker._client.run(its_own_programs)


def test_a_worker_that_comes_later_with_another_library_makes_nothing(tmp_path, maker):
    (order, *_) = orders_of(make_workbook(tmp_path, editions=("internal",)))
    workers = sorted(maker._client.nthreads())
    for at in range(len(workers) + 1):
        maker._client.run(other_programs, workers=workers[:at]) if at else None
        order.html.unlink(missing_ok=True)
        try:
            maker.make(order)
            assert at < len(workers)
            assert order.html.is_file()
        except at_home.ReportDied as died:
            assert at == len(workers)
            assert "came later and has not what this command has" in str(died)  # noqa: PT017
    maker._client.run(its_own_programs)


def test_a_folder_that_a_worker_does_not_see_is_refused_with_the_remedy(tmp_path, maker):
    (order, *_) = orders_of(make_workbook(tmp_path))
    maker.check(order)
    worker, hidden = min(maker._client.nthreads()), str(order.notebook)

    def hide(dask_worker):
        from pathlib import Path

        Path.true_read = Path.read_bytes
        Path.read_bytes = lambda path: Path("/nowhere").true_read() if str(path) == hidden else path.true_read()

    def show(dask_worker):
        from pathlib import Path

        Path.read_bytes = Path.true_read

    maker._client.run(hide, workers=[worker])
    try:
        with pytest.raises(WrongUse, match=rf"{worker} does not see .* as it is here; share the workbook's folder"):
            maker.check(order)
    finally:
        maker._client.run(show, workers=[worker])


def test_what_was_made_from_other_files_is_not_published(tmp_path, maker, monkeypatch):
    (order, *_) = orders_of(make_workbook(tmp_path, editions=("internal",)))
    true = at_home.fingerprints
    monkeypatch.setattr(at_home, "fingerprints", lambda *said: {**true(*said), "data": "other"})
    with pytest.raises(at_home.ReportDied, match=r"it was made from other files than lie here \(data\)"):
        maker.make(order)
    assert not order.html.exists()


def test_answers_of_a_database_travel_and_its_address_stays(tmp_path, maker, monkeypatch):
    root = make_workbook(tmp_path / "workbook", editions=("internal",))
    (tmp_path / "s3cret").mkdir()
    with sqlite3.connect(tmp_path / "s3cret" / "agency.sqlite") as book:
        book.execute("CREATE TABLE booked (client, day, project, hours)")
        book.execute("INSERT INTO booked VALUES ('aurora', '2026-07-06', 'site', 7.5)")
    book.close()
    (root / "data" / "aurora" / "time_entries.csv").unlink()
    with (root / "data" / "aurora" / "account.yaml").open("a") as file:
        file.write("tables:\n  time_entries:\n    url: sqlite:///${BOOKS}/agency.sqlite\n")
        file.write("    sql: SELECT day AS date, project, hours, 'yes' AS billable FROM booked\n")
    monkeypatch.setenv("BOOKS", str(tmp_path / "s3cret"))
    (order, *_) = orders_of(root)
    with asked_once():
        assert unanswered(order.data, "aurora") == ""
        packed = maker._packed(order, {}, False)
        assert len(packed["answers"]) == 1
        assert b"s3cret" not in pickle.dumps(packed)
        maker.make(order)
    assert json.loads(order.json.read_text())["sources"]["time_entries"]["rows"] == 1


def settings_in(said, above=""):
    """Yield name and value of each setting of a YAML as Dask names it."""
    for name, value in said.items():
        if isinstance(value, dict):
            yield from settings_in(value, f"{above}{name}.")
        else:
            yield above + name, value


def test_dask_knows_what_the_readme_sets_and_only_its_timeouts_are_not_the_default():
    import dask
    import distributed  # noqa: F401  brings its settings
    from ruamel.yaml import YAML

    section = dask_cluster.README[dask_cluster.README.index("\n## On a cluster") :]
    said = dict(settings_in(YAML(typ="safe").load(section.split("```yaml\n")[1].split("```")[0])))
    assert len(said) == 5
    other = {name for name, value in said.items() if dask.config.get(name) != value}
    assert other == {"distributed.comm.timeouts.connect", "distributed.comm.timeouts.tcp"}


def test_nothing_of_dask_is_imported_without_a_cluster():
    program = (
        "import sys, acctlib.cli, acctlib.run.batch; print(sorted({'dask', 'distributed', 'fsspec'} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"
