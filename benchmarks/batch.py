"""A batch of reports: beside the usual loop, at ten, a hundred and a thousand accounts, unchanged, and with ten broken.

    python benchmarks/batch.py                          peers on ten accounts; then 10, 100 and 1,000 accounts
    python benchmarks/batch.py --peers 3                peers on three
    python benchmarks/batch.py --accounts 10 100        fewer
    python benchmarks/batch.py --all                    every notebook in each edition it has
    python benchmarks/batch.py --firm-rows each         deals, bookings and rates of every account in the firm's tables

The accounts are copies of the demo accounts under other ids and names. Peers, each on the same accounts in turn, three rounds:
the shell loop (papermill, then nbconvert with our template, two commands a report), one process (`execute_notebook` with a
kernel a report, then `render`), and ours with one worker, with two, and with two of a Dask cluster on this machine, whose
start and end are inside as those of the other commands are. CPU is that of all processes together, user and
system; memory is the proportional set of all processes at its peak, and that of the command alone. Nothing but ours checks what
may be published, keeps figures or survives a crash.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import re
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
DEMO = {
    "harbour-foods": ["Harbour Foods Ltd", "Harbour Foods", "HFL"],
    "kestrel-mutual": ["Kestrel Mutual Assurance", "Kestrel Mutual", "KMA"],
    "sorrel-health": ["Sorrel Health Partners", "Sorrel Health", "SHP"],
}
ONE_PROCESS = """
import sys, papermill, yaml
from pathlib import Path
from acctlib.show.page import render
for account in sys.argv[3:]:
    said = yaml.safe_load(Path(f"parameters/{account}.yaml").read_text()) | {"audience": sys.argv[2]}
    done = papermill.execute_notebook(f"notebooks/{sys.argv[1]}.ipynb", None, parameters=said, progress_bar=False)
    Path(f"{account}.html").write_text(render(done))
"""
DASK = """
dask scheduler --host 127.0.0.1 --port {port} --no-dashboard >/dev/null 2>&1 & one=$!
dask worker tcp://127.0.0.1:{port} --nworkers 2 --nthreads 1 --no-dashboard --local-directory .. >/dev/null 2>&1 & two=$!
trap 'kill $two $one; wait $two $one || true' EXIT
for try in 1 2 3 4 5 6; do
    acctlib run --cluster tcp://127.0.0.1:{port} --workers 3 "$@" && exit 0
    [ $? = 2 ] || exit 1
done
exit 2
"""


def make_workbook(root: Path, accounts: int, firm_rows: str) -> list[str]:
    """Write a workbook with copies of the demo accounts, and return their ids."""
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    shutil.copytree(ROOT / "data" / "firm", root / "data" / "firm", ignore=shutil.ignore_patterns("imports"))
    (root / "parameters").mkdir()
    ids = [f"client-{n:04}" for n in range(accounts)]
    for n, account in enumerate(ids):
        old = list(DEMO)[n % len(DEMO)]
        shutil.copytree(ROOT / "data" / old, root / "data" / account)
        for file in (root / "data" / account).rglob("*.*"):
            file.write_text(_renamed(file.read_text(encoding="utf-8"), old, n), encoding="utf-8")
        text = (ROOT / "parameters" / f"{old}.yaml").read_text(encoding="utf-8")
        (root / "parameters" / f"{account}.yaml").write_text(_renamed(text, old, n), encoding="utf-8")
    for name in ("bookings", "opportunities", "rate_card"):
        path = root / "data" / "firm" / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        at = head.index("account")
        copies = [row for row in rows if row[at] not in DEMO]
        for n, account in enumerate(ids if firm_rows == "each" else ids[: len(DEMO)]):
            own = [row for row in rows if row[at] == list(DEMO)[n % len(DEMO)]]
            copies += [[*row[:at], account, *row[at + 1 :]] for row in own]
        if name == "opportunities":  # a deal's name is unique in the firm
            copies = [[f"{row[0]} {row[at][-4:]}", *row[1:]] if n >= len(rows) else row for n, row in enumerate(copies)]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([head, *copies])
    return ids


def _renamed(text: str, old: str, n: int) -> str:
    whole, short, letters = DEMO[old]
    text = text.replace(whole, f"Client {n:04} Limited").replace(short, f"Client {n:04}")
    return re.sub(rf"\b{letters}\b", f"CL{n:04}", text).replace(old, f"client-{n:04}")


@dataclass
class Measured:
    """What a command took."""

    wall: float
    cpu: float
    memory: int
    own_memory: int
    code: int
    said: str


def measured(*command: str | Path, cwd: Path) -> Measured:
    """Run a command to its end, and add up all its processes."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile("w+") as printed:
        environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
        process = subprocess.Popen(list(map(str, command)), cwd=cwd, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        peaks, over = [0, 0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, peaks, over))
        watcher.start()
        code = process.wait()
        wall = time.perf_counter() - started
        over.set()
        watcher.join()
        printed.seek(0)
        said = printed.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Measured(wall, cpu, peaks[0], peaks[1], code, said)


def _watch(pid: int, peaks: list[int], over: threading.Event) -> None:
    while not over.wait(0.5):
        try:
            command = psutil.Process(pid)
            shares = [_share(process) for process in (command, *command.children(recursive=True))]
        except psutil.Error:
            continue
        peaks[:] = max(peaks[0], sum(shares)), max(peaks[1], shares[0])


def _share(process: psutil.Process) -> int:
    try:
        return process.memory_full_info().pss
    except psutil.Error:
        return 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def ours(root: Path, workers: int, options: list[str], *more: str) -> Measured:
    """Run `acctlib run`."""
    return measured(BIN / "acctlib", "run", *more, *options, "--workers", str(workers), cwd=root)


def peers(root: Path, ids: list[str], notebook: str, audience: str, rounds: int) -> None:
    """Print CPU and wall of a report by each way: medians of rounds in which all take their turn."""
    loop = (
        "set -e; for a in {}; do papermill --no-progress-bar -f parameters/$a.yaml -p audience {} notebooks/{}.ipynb $a.ipynb; "
    )
    loop += "jupyter nbconvert --to html --template acctlib --log-level ERROR $a.ipynb; done"
    options = ["--notebook", notebook, "--audience", audience, "--force"]
    ways: dict[str, Callable[[], Measured]] = {
        "shell loop": lambda: measured("bash", "-c", loop.format(" ".join(ids), audience, notebook), cwd=root),
        "one process": lambda: measured(sys.executable, "-c", ONE_PROCESS, notebook, audience, *ids, cwd=root),
        "ours, one worker": lambda: ours(root, 1, options),
        "ours, two workers": lambda: ours(root, 2, options),
        "ours, Dask with two": lambda: measured("bash", "-c", DASK.format(port=_free_port()), "dask", *options, cwd=root),
    }
    taken: dict[str, list[Measured]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, run in ways.items():
            taken[way].append(run())
            if taken[way][-1].code:
                raise SystemExit(f"{way} failed:\n{taken[way][-1].said[-2000:]}")
    print(f"{len(ids)} accounts, {notebook} ({audience}), medians of {rounds} rounds; start-up of each command is inside\n")
    print(
        "| way | CPU s a report | wall s a report | CPU against the loop | peak MB | CPU s of each round |\n"
        "|---|---|---|---|---|---|"
    )
    base = statistics.median(m.cpu for m in taken["shell loop"])
    for way, runs in taken.items():
        cpu, wall = statistics.median(m.cpu for m in runs), statistics.median(m.wall for m in runs)
        each = ", ".join(f"{m.cpu:.1f}" for m in runs)
        print(
            f"| {way} | {cpu / len(ids):.2f} | {wall / len(ids):.2f} | 1/{base / cpu:.1f} | "
            f"{max(m.memory for m in runs) / 1e6:.0f} | {each} |"
        )


def states(root: Path) -> dict[str, tuple[int, str]]:
    """Return time and content of every file of the outputs but the lock."""
    files = (path for path in sorted((root / "outputs").rglob("*")) if path.is_file() and path.name != ".lock")
    return {
        path.relative_to(root / "outputs").as_posix(): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
    }


def scale(root: Path, accounts: int, options: list[str], workers: int) -> None:
    """Print what a batch costs, and running it again where nothing, and where one account, changed."""
    first = ours(root, workers, options)
    made = int(re.search(r"^(\d+) made", first.said, re.MULTILINE)[1])
    index = (root / "outputs" / "index.html").stat().st_size
    print(
        f"{accounts:,} accounts, {made:,} reports, {workers} workers: {first.cpu / made:.3f} CPU s and "
        f"{first.wall / made:.3f} s a report, {first.wall:.0f} s in all; peak {first.memory / 1e6:.0f} MB, of them the "
        f"command {first.own_memory / 1e6:.0f}; exit {first.code}; index {index / 1e3:,.0f} kB",
        flush=True,
    )
    for what in ("unchanged, the first time", "unchanged, again"):
        before = states(root)
        again = ours(root, workers, options)
        written = [name for name, state in states(root).items() if before.get(name) != state]
        found = int(re.search(r"(\d+) up to date", again.said)[1])
        print(
            f"    {what}: {found:,} up to date in {again.wall:.1f} s, {again.cpu:.1f} CPU s, {again.own_memory / 1e6:.0f} MB; "
            f"exit {again.code}; written: {', '.join(written) or 'nothing'}",
            flush=True,
        )
    with (root / "data" / "client-0001" / "actions.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    one = ours(root, workers, options)
    print(f"    one account changed: {one.said.splitlines()[-2]} in {one.wall:.1f} s, {one.cpu:.1f} CPU s", flush=True)
    status = measured(BIN / "acctlib", "status", *options, cwd=root)
    print(f"    status: {status.wall:.1f} s", flush=True)


def _edited(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def break_ten(root: Path, ids: list[str]) -> list[str]:
    """Break ten accounts in ten ways, and return their ids."""
    data, some = root / "data", ids[:: max(1, len(ids) // 10)][:10]
    a, b, c, d, e, f, g, h, i, j = some
    _edited(root / "parameters" / f"{a}.yaml", lambda text: text + "sead: 2\n")
    _edited(root / "parameters" / f"{b}.yaml", lambda text: re.sub(r'period: "\d+', 'period: "2039', text))
    _edited(data / c / "account.yaml", lambda text: text.replace("currency:", "curency:"))
    _edited(data / d / "projects.csv", lambda text: text.replace("billing_type", "billing", 1))
    _edited(data / e / "time_entries.csv", lambda text: re.sub(r",(\d+)\.(\d+),", r',"\1,\2",', text, count=1))
    (data / f / "projects.csv").unlink()
    (data / g / "tasks.csv").write_bytes(b"project,task\n\xff\xfe\n")
    for file in (data / h / "commentary").iterdir():
        _edited(file, lambda text: "Words under no heading.\n" + text)
    _edited(data / i / "invoices.csv", lambda text: text + text.splitlines()[1] + "\n")
    (data / j / "account.yaml").write_text("name: Somebody\n  currency: GBP\n", encoding="utf-8")
    return some


def broken(root: Path, ids: list[str], options: list[str], workers: int) -> None:
    """Print what becomes of a batch in which ten accounts are broken: pages, sentences, exit code, old pages."""
    ten = break_ten(root, ids)
    before = states(root)
    run = ours(root, workers, options)
    after = states(root)
    pages = [name for name in before if name.count("/") == 3]
    touched = [name for name in pages if name.split("/")[1] in ten and before[name] != after.get(name)]
    good = [name for name in pages if name.split("/")[1] not in ten and name.endswith(".html") and name in after]
    sentences = [line for line in run.said.splitlines() if line.startswith("failed ")]
    print(f"    ten broken: {len(good):,} good pages, {len(sentences)} sentences, exit {run.code}, {run.wall:.1f} s;", end=" ")
    print(f"old pages touched: {', '.join(touched) or 'none'}")
    print("".join(f"      {sentence}\n" for sentence in sentences))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--notebook", default="meeting_brief")
    parser.add_argument("--audience", default="internal")
    parser.add_argument("--all", action="store_true", help="every notebook in each edition it has")
    parser.add_argument("--firm-rows", choices=["shared", "each"], default="shared")
    parser.add_argument("--peers", type=int, default=10, help="accounts of the comparison with peers")
    parser.add_argument("--rounds", type=int, default=3, help="of the comparison with peers; 0 = none")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--scratch", type=Path)
    asked = parser.parse_args()
    options = [] if asked.all else ["--notebook", asked.notebook, "--audience", asked.audience]
    print(json.dumps({"cpus": os.cpu_count(), "load": os.getloadavg(), "options": options, "firm_rows": asked.firm_rows}))
    with tempfile.TemporaryDirectory(dir=asked.scratch) as folder:
        if asked.rounds:
            root = Path(folder, "peers")
            ids = make_workbook(root, asked.peers, asked.firm_rows)
            peers(root, ids, asked.notebook, asked.audience, asked.rounds)
        for accounts in asked.accounts:
            root = Path(folder, str(accounts))
            ids = make_workbook(root, accounts, asked.firm_rows)
            scale(root, accounts, options, asked.workers)
            if accounts >= 10:
                broken(root, ids, options, asked.workers)
            shutil.rmtree(root)
    print(f"load at the end: {os.getloadavg()}")


if __name__ == "__main__":
    main()
