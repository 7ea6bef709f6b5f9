"""A real Dask cluster on this machine: a scheduler and two workers with their nannies, for tests and benchmarks.

Run as a program it is a judge: it kills workers while reports are made, again and again, and says what stands afterwards. Every
page must be there, to the byte as a run at home makes it, and no process may be left.

    python tests/dask_cluster.py FOLDER KILLS
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
from small_workbook import add_account, make_workbook

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BIN = Path(sysconfig.get_path("scripts"))
#: Environment variable by which the processes of a cluster are found.
MARK = "ACCTLIB_CLUSTER"
CHART = """\
import altair, pandas
frame = pandas.DataFrame({"project": account.projects.name, "fee": account.projects.fee})
report.chart(altair.Chart(frame).mark_bar().encode(x="project:N", y="fee:Q"), "Chart", section="Fees", alt="Fees.")"""


def readme(begins: str) -> list[str]:
    """Return the words of the command of the README that begins so."""
    return re.search(rf"^{begins}[^#\n]*", README, re.MULTILINE)[0].split()


class Cluster:
    """A scheduler and its workers, started by the README's two commands."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.mark = folder, f"{os.getpid()}-{os.urandom(4).hex()}"
        self._count, self._own = 0, []
        self.scheduler = self._started(*readme("dask scheduler"), "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.address = self._said(self.scheduler, r"Scheduler at: *(tcp://\S+)")

    def _started(self, *command: str, **environment: str) -> subprocess.Popen:
        self._count += 1
        log = self.folder / f"{self._count}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [BIN / command[0], *command[1:]], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True, env={**os.environ, **environment, MARK: self.mark},
            )  # fmt: skip
        process.log = log
        self._own.append(process)
        return process

    def _said(self, process: subprocess.Popen, pattern: str, times: int = 1) -> str:
        end = time.monotonic() + 60
        while len(found := re.findall(pattern, process.log.read_text())) < times:
            assert process.poll() is None, process.log.read_text()
            assert time.monotonic() < end, process.log.read_text()
            time.sleep(0.05)
        return found[0]

    def add_workers(self, number: int = 2, *options: str, **environment: str) -> subprocess.Popen:
        """Start workers, each with a nanny unless an option says otherwise, and wait until the scheduler has them."""
        command = [self.address if "://" in word else word for word in readme("dask worker")]
        command[command.index("--nworkers") + 1] = str(number)
        place = "--local-directory", str(self.folder), "--no-dashboard"
        workers = self._started(*command, *place, *options, **environment)
        self._said(workers, r"Registered to:", number)
        return workers

    def processes(self) -> list[psutil.Process]:
        """Return all processes of the cluster, those of reports among them."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def worker_pids(self) -> list[int]:
        """Return the processes in which workers run, by what their nannies start."""
        return [p.pid for p in self.processes() if any("spawn_main" in word for word in _words(p)) and _has_port(p)]

    def await_workers(self, number: int) -> None:
        """Wait until nannies have started again the workers that were killed."""
        end = time.monotonic() + 60
        while len(self.worker_pids()) < number:
            assert time.monotonic() < end, "nannies did not start their workers again"
            time.sleep(0.1)

    def nurseries(self) -> list[psutil.Process]:
        """Return the processes from which reports begin. They have an environment of their own, and so no mark."""
        return [p for p in psutil.process_iter() if "acctlib.run.preloaded" in _words(p) and str(self.folder) in _place(p)]

    def close(self) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        for process in self._own:
            process.wait()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _place(process: psutil.Process) -> str:
    try:
        return process.cwd()
    except psutil.Error:
        return ""


def _has_port(process: psutil.Process) -> bool:
    try:
        return any(connection.status == psutil.CONN_LISTEN for connection in process.net_connections())
    except psutil.Error:
        return False


@contextlib.contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Start a cluster, and end it with everything that it started."""
    cluster = Cluster(folder)
    try:
        if workers:
            cluster.add_workers(workers)
        yield cluster
    finally:
        cluster.close()


def pages(root: Path) -> dict[str, bytes]:
    """Return the pages, figures and lists of a workbook."""
    out = root / "outputs"
    found = (path for path in sorted(out.rglob("*")) if path.is_file() and path.name not in (".lock", ".known.json"))
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def begun(root: Path, *command: str) -> subprocess.Popen:
    """Start `acctlib`, in a session of its own."""
    return subprocess.Popen(
        [BIN / "acctlib", *command], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def left(processes: list[psutil.Process], seconds: float = 60) -> list[psutil.Process]:
    """Return which processes have not ended in time. One that is still importing ends when it looks up from that."""
    end = time.monotonic() + seconds
    while (processes := [process for process in processes if _runs(process)]) and time.monotonic() < end:
        time.sleep(0.05)
    return processes


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def killed(worker: int) -> list[psutil.Process]:
    """Kill a worker, and return what is left of all that it had started: nothing, soon."""
    with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
        started = psutil.Process(worker).children(recursive=True)
        os.kill(worker, signal.SIGKILL)
        return left(started)
    return []


def judge(folder: Path, kills: int, seed: int = 1) -> dict:
    """Kill workers in as many runs as it takes, and return what was seen and what was wrong."""
    draw, seen, wrong = random.Random(seed), Counter(), []
    root = make_workbook(folder / "workbook", CHART, "import time\ntime.sleep(0.2)")
    for n in range(2):
        add_account(root, f"client-{n}", f"Client {n} Limited")
    home = begun(root, "run")
    home.communicate()
    assert home.returncode == 0
    right = pages(root)
    with running(folder / "cluster") as cluster:
        while seen["workers killed"] < kills:
            shutil.rmtree(root / "outputs")
            run = begun(root, "run", "--cluster", cluster.address)
            kill_at = draw.randrange(7)
            while run.poll() is None:
                time.sleep(draw.uniform(0.01, 0.3))
                reports = sum(name.endswith(".html") and name.count("/") == 3 for name in pages(root))
                if kill_at <= reports and seen["workers killed"] < kills and cluster.nurseries():
                    wrong += [f"left by a worker: {process}" for process in killed(draw.choice(cluster.worker_pids()))]
                    seen["workers killed"] += 1
                    seen[f"killed with {'some' if reports else 'no'} reports made"] += 1
                    kill_at = 99 if draw.random() < 0.5 else reports + draw.randrange(3)
            said, errors = run.communicate()
            now = pages(root)
            seen["runs"] += 1
            seen["files the same as at home"] += sum(now.get(name) == content for name, content in right.items())
            if run.returncode or now != right:
                wrong.append(f"exit {run.returncode}: {said[-500:]} {errors[-1500:]}")
            wrong += [f"left after a run: {process}" for process in left(cluster.nurseries())]
            cluster.await_workers(2)
    wrong += [f"left after the cluster: {process}" for process in left(cluster.processes())]
    return {"seen": dict(seen), "wrong": wrong}


if __name__ == "__main__":
    print(json.dumps(judge(Path(sys.argv[1]), int(sys.argv[2]))))  # noqa: T201
