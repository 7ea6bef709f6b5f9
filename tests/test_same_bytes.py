"""Whoever makes a report, wherever and whenever, gets the same bytes.

Each way of making a report is a function of the workbook, the reports and a folder of its own. Pages that `acctlib run` made
with everything as usual are what the others are held against. A few reports are made in each way; with ACCTLIB_SAME=all it is
every report of the demo accounts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import run_command
from test_notebook_runs import REPORTS, file_of

#: A clock that is a day and some hours ahead, whoever asks it; put before the system's own.
CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#define AHEAD 100000
int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += AHEAD;
    return failed;
}
time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}
int gettimeofday(struct timeval *now, void *zone) {
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
"""
#: Runs the command with variables that its reports' processes would not get otherwise.
COMMAND = """
import json, os, sys
from acctlib.run import batch
true, more = batch.common_variables, json.loads(os.environ.pop("MORE"))
batch.common_variables = lambda: true() | more
from acctlib.cli import main
main(sys.argv[1:])
"""
ALL = os.environ.get("ACCTLIB_SAME") == "all"
CHOSEN = REPORTS if ALL else [("client", "kestrel-mutual", "budget_risk"), ("internal", "kestrel-mutual", "budget_risk")]
#: With another day, in another language, and with another order of sets.
ELSEWHERE = {"TZ": "ABC-14", "LANG": "de_DE.UTF-8", "LC_ALL": "C", "PYTHONHASHSEED": "7"}


@pytest.fixture(scope="module")
def tomorrow(tmp_path_factory) -> dict[str, str]:
    """Return the variables with which a process lives in tomorrow."""
    folder = tmp_path_factory.mktemp("clock")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler found, with which to set a clock; on Debian and Ubuntu: apt-get install gcc")
    (folder / "clock.c").write_text(CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "clock.so", folder / "clock.c"], check=True)
    said = {"LD_PRELOAD": str(folder / "clock.so")}
    show = [sys.executable, "-c", "import datetime, time; print(datetime.date.today(), time.time())"]
    now, then = (
        subprocess.run(show, env=os.environ | more, capture_output=True, text=True).stdout.split() for more in ({}, said)
    )
    assert then[0] > now[0]
    assert float(then[1]) - float(now[1]) > 90_000
    return said


def options_of(reports) -> list[str]:
    notebooks, accounts = sorted({report[2] for report in reports}), sorted({report[1] for report in reports})
    return ["run", *accounts, "--force", *(f"--notebook={name}" for name in notebooks)]


def run(root, reports, folder, *options, cwd=None, **environment) -> dict[tuple, bytes]:
    """Return the pages and figures that `acctlib run` makes."""
    said = [*options_of(reports), f"--out={folder}", *options]
    if more := environment.pop("more", ""):
        environment |= {"MORE": more, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
        command = [sys.executable, "-c", COMMAND, *said]
        done = subprocess.run(command, cwd=cwd or root, env=os.environ | environment, capture_output=True, text=True)
    else:
        done = run_command("acctlib", *said, cwd=cwd or root, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return {
        (*report, ending): file_of(folder, *report, ending).read_bytes() for report in reports for ending in (".html", ".json")
    }


def by_hand(root, reports, folder, *options, **environment) -> dict[tuple, bytes]:
    """Return the pages that papermill and then nbconvert make."""
    folder.mkdir(parents=True, exist_ok=True)

    def execute(report):
        audience, account, notebook = report
        target, edition = folder / f"{'-'.join(report)}.ipynb", ["-p", "audience", audience]
        where = "-p", "results", str(folder / "none")
        command = "papermill", f"notebooks/{notebook}.ipynb", target, "-f", f"parameters/{account}.yaml", *edition, *where
        done = run_command(*command, *options, cwd=root, **environment)
        assert done.returncode == 0, done.stderr[-2000:]
        return target

    with ThreadPoolExecutor(2) as pool:
        executed = list(pool.map(execute, reports))
    done = run_command(*"jupyter nbconvert --to html --template acctlib".split(), *executed, cwd=root, **environment)
    assert done.returncode == 0, done.stderr
    return {(*report, ".html"): path.with_suffix(".html").read_bytes() for report, path in zip(reports, executed, strict=True)}


def with_umask(root, reports, folder):
    before = os.umask(0o027)
    try:
        return run(root, reports, folder, "--workers=1", cwd=root / "notebooks", TMPDIR=str(root.parent))
    finally:
        os.umask(before)


def with_more(tomorrow):
    return {"more": json.dumps(tomorrow | ELSEWHERE), **tomorrow, **ELSEWHERE}


WAYS = {
    "one worker, another folder, another umask": lambda place, _: with_umask(*place),
    "a copy, tomorrow": lambda place, tomorrow: run(*place, "--workers=2", **with_more(tomorrow)),
    "a kernel, tomorrow": lambda place, tomorrow: run(*place, "--engine=kernel", **with_more(tomorrow)),
    "papermill with our engine and nbconvert, tomorrow": lambda place, tomorrow: by_hand(
        *place, "--engine", "acctlib", **tomorrow, **ELSEWHERE
    ),
}
if ALL:  # else test_notebook_runs does it for some
    WAYS["papermill and nbconvert, on the day before"] = lambda place, _: by_hand(*place, TZ="ABC+12")


@pytest.mark.parametrize("way", WAYS)
def test_a_report_is_the_same_to_the_byte(demo_workbook, demo_reports, tmp_path, tomorrow, way):
    made = WAYS[way]((demo_workbook, CHOSEN, tmp_path / "made"), tomorrow)
    usual = {file: file_of(demo_reports, *file).read_bytes() for file in made}
    assert len(made) in (len(CHOSEN), 2 * len(CHOSEN))
    different = [file for file in made if made[file] != usual[file]]
    print(f"{way}: {len(made) - len(different)} of {len(made)} files are the same")  # noqa: T201
    assert different == []


def test_the_comparison_sees_another_seed(demo_workbook, demo_reports, tmp_path):
    root = tmp_path / "other"
    root.mkdir()
    shutil.copytree(demo_workbook / "parameters", root / "parameters")
    for name in ("notebooks", "data"):
        (root / name).symlink_to(demo_workbook / name)
    file = root / "parameters" / "kestrel-mutual.yaml"
    file.write_text(file.read_text().replace("seed: 1", "seed: 2"))
    report = "internal", "kestrel-mutual", "budget_risk"
    made = run(root, [report], tmp_path / "made", "--audience=internal")
    assert made[(*report, ".html")] != file_of(demo_reports, *report).read_bytes()
