"""Whatever a cell does to its process, only its own report fails, with a sentence, and the next one finds nothing of it."""

from __future__ import annotations

import re

import psutil
import pytest
from conftest import run_command
from small_workbook import add_account, make_workbook

#: Account -> what a cell does for it, and what is said; None where the report is made all the same.
CELLS = {
    "allocates": ("kept = []\nwhile True: kept.append(bytearray(1_000_000))", "more memory than a report may take, 400 MB"),
    "prints": ("print('x' * 1_000_000_000)", "more memory than a report may take, 400 MB; ask for fewer draws"),
    "hangs": ("while True: pass", "it took longer than 15 seconds and was stopped"),
    "exits": ("import sys\nsys.exit(0)", "the cell ended the run: exit 0"),
    "ends": ("import os\nos._exit(0)", "its process ended in the middle (exit 0)"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "its process ended in the middle (killed by signal SIGSEGV)"),
    "kills-itself": ("import os\nos.killpg(0, 9)", "its process ended in the middle (killed by signal SIGKILL)"),
    "kills-parent": (
        "import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(60)",
        "the process from which reports are made ended",
    ),
    "alarm": (
        "import signal, time\nsignal.alarm(1)\ntime.sleep(60)",
        "its process ended in the middle (killed by signal SIGALRM)",
    ),
    "no-files": ("import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))", "could not be written"),
    "forks": ("import os\nos.fork()", None),
    "daemon": (
        "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
        "        open('daemon', 'w').write(str(os.getpid())); time.sleep(600)\n    os._exit(0)\n"
        "while not os.path.exists('daemon'): time.sleep(0.01)",
        None,
    ),
    "closes": ("import os\nos.closerange(0, 1000)", None),
    "mask": ("import os\nos.umask(0o777)", None),
    "leaves": (
        "import locale, os, random, resource, signal, sys\nimport numpy, pandas, altair\n"
        "os.environ['LEFT'] = '1'; os.chdir('/'); sys.left = 1; sys.modules['left'] = sys; pandas.DataFrame.left = 1\n"
        "pandas.set_option('display.max_rows', 7); numpy.random.seed(1); random.seed(1); numpy.seterr(all='raise')\n"
        "locale.setlocale(locale.LC_ALL, 'POSIX'); signal.signal(signal.SIGTERM, signal.SIG_IGN); os.umask(0o077)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)); os.nice(5); sys.setrecursionlimit(300)",
        None,
    ),
}
#: Asked before any of that and after all of it: the process must look the same.
LOOKS = """\
import locale, os, random, resource, signal, sys
import numpy, pandas
os.umask(mask := os.umask(0))
seen = [sorted(set(os.environ) - {'ACCTLIB_PICTURES'}), os.getcwd(), hasattr(sys, 'left'), 'left' in sys.modules]
seen += [hasattr(pandas.DataFrame, 'left'), pandas.get_option('display.max_rows'), sorted(numpy.geterr().items()), mask]
seen += [locale.setlocale(locale.LC_ALL), str(signal.getsignal(signal.SIGTERM)), resource.getrlimit(resource.RLIMIT_NOFILE)]
seen += [os.nice(0), sys.getrecursionlimit(), resource.getrlimit(resource.RLIMIT_FSIZE), len(os.listdir('/proc/self/fd'))]
open(f'{account.id}.seen', 'w').write(repr(seen))"""


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Return a workbook with an account for each cell and two that look around, and what a run of all said."""
    root = make_workbook(tmp_path_factory.mktemp("cells"), "exec(open(f'cells/{account.id}').read())", editions=("internal",))
    (root / "cells").mkdir()
    for account in CELLS:
        add_account(root, account, f"The {account} works")
    add_account(root, "zz", "Zuletzt")
    cells = {account: cell for account, (cell, _) in CELLS.items()} | dict.fromkeys(("aurora", "zz"), LOOKS) | {"borealis": "1"}
    for account, cell in cells.items():
        (root / "cells" / account).write_text(cell)
    return root, run_command("acctlib", "run", "--workers", "2", "--timeout", "15", "--memory", "400", cwd=root)


@pytest.mark.parametrize("account", CELLS)
def test_what_a_cell_does_is_said_of_its_report_alone(batch, account):
    root, run = batch
    (line,) = re.findall(rf"^(?:made|failed) +{account} .*", run.stdout, re.MULTILINE)
    page, says = root / "outputs" / "internal" / account / "2026-Q3" / "spend.html", CELLS[account][1]
    if says is None:
        assert line.startswith("made")
        assert page.stat().st_mode & 0o777 == (root / "outputs/internal/borealis/2026-Q3/spend.html").stat().st_mode & 0o777
    else:
        assert line.startswith("failed")
        assert says in line
        assert not page.exists()


def test_the_others_are_made_and_find_nothing_of_it(batch):
    root, run = batch
    fail = sum(says is not None for _, says in CELLS.values())
    assert f"{len(CELLS) + 3 - fail} made, 0 up to date, {fail} failed" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    assert (root / "aurora.seen").read_text() == (root / "zz.seen").read_text()


def test_no_file_and_no_process_is_left(batch):
    root, _ = batch
    assert [path for path in (root / "outputs").rglob("*") if "tmp" in path.name] == []
    assert not psutil.pid_exists(int((root / "daemon").read_text()))
    left = [process.info["cmdline"] for process in psutil.process_iter(["cmdline", "cwd"]) if process.info["cwd"] == str(root)]
    assert left == []
