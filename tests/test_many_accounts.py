"""A batch as a schedule runs it: ten accounts are broken in ten ways, nothing changed, one did, and somebody presses Ctrl-C."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sysconfig
import termios
import time
from pathlib import Path

import psutil
import pytest
from conftest import run_command
from small_workbook import add_account, make_workbook

from acctlib.run.known_files import KNOWN

ACCTLIB = Path(sysconfig.get_path("scripts")) / "acctlib"
#: What the last cell does for an account of that name; for all others nothing.
LAST_CELL = """\
import os
{
    "Raises": lambda: {}["rate"],
    "Ends": lambda: os._exit(3),
    "Tells": lambda: report.text("As we did for Borealis Bank.", section="Fees"),
}.get(account.name, lambda: None)()"""


def profile(text):
    return lambda root, account: (root / "data" / account / "account.yaml").write_text(text)


def table(name, text):
    return lambda root, account: (root / "data" / account / name).write_text(text)


def no_heading(root, account):
    (root / "data" / account / "commentary").mkdir()
    (root / "data" / account / "commentary" / "2026-Q3.md").write_text("Words under no heading.\n")


HOURS = "date,project,person,role,hours,billable\n2026-07-06,site,Ivo,designer,"
#: Ten ways to break an account, each with the sentence that is said.
WAYS = {
    "misspelt": (
        lambda root, account: (root / "parameters" / f"{account}.yaml").write_text(
            f'account: {account}\nperiod: "2026-Q3"\nsead: 1\n'
        ),
        "misspelt.yaml:3: sead is not a parameter; did you mean seed?",
    ),
    "no-quarter": (
        lambda root, account: (root / "parameters" / f"{account}.yaml").write_text(f'account: {account}\nperiod: "2031-Q1"\n'),
        "period must lie within the account's projects",
    ),
    "profile": (profile("name: P\ncurrency: pounds\n"), "account.yaml:2: currency must be an ISO 4217 code"),
    "header": (table("projects.csv", "project,nme\nsite,x\n"), "projects.csv:1: column 'nme'"),
    "comma": (table("time_entries.csv", f'{HOURS}"7,5",yes\n'), "got '7,5' (decimal comma); write 7.5"),
    "no-projects": (lambda root, account: (root / "data" / account / "projects.csv").unlink(), "there is no table projects"),
    "no-heading": (no_heading, "commentary/2026-Q3.md: text must stand under a heading"),
    "raises": (profile("name: Raises\ncurrency: GBP\n"), "cell 6 (\"Fees\"): KeyError: 'rate'"),
    "ends": (profile("name: Ends\ncurrency: GBP\n"), "its process ended in the middle (exit 3)"),
    "tells": (profile("name: Tells\ncurrency: GBP\n"), "Borealis Bank"),
}


def contents(root):
    """Return file -> time and content, of all outputs but the lock."""
    files = (path for path in (root / "outputs").rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(root / "outputs").as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture(scope="module")
def batch(tmp_path_factory):
    """Return a workbook in which all reports were made, ten accounts were broken and all were run again, and what was seen."""
    root = make_workbook(tmp_path_factory.mktemp("batch"), LAST_CELL, editions=("client",))
    for account in WAYS:
        add_account(root, account, f"The {account.title()} Works")
    first = run_command("acctlib", "run", "--workers", "2", cwd=root)
    assert first.returncode == 0, first.stdout + first.stderr
    before = contents(root)
    for account, (breaks, _) in WAYS.items():
        breaks(root, account)
    return root, before, run_command("acctlib", "run", "--workers", "2", cwd=root)


def test_ten_accounts_broken_in_ten_ways_are_ten_sentences_and_exit_code_1(batch):
    _, _, run = batch
    assert run.returncode == 1
    assert "0 made, 2 up to date, 10 failed" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr
    for account, (_, says) in WAYS.items():
        (line,) = (line for line in run.stdout.splitlines() if line.startswith(f"failed      {account}"))
        assert ": " in line
        told = run.stderr.split(f"\n{account}", 1)[1].split("\n\n")[0]
        assert says in told


def test_the_pages_of_broken_accounts_and_of_all_others_stay_as_they_were(batch):
    root, before, _ = batch
    after = contents(root)
    pages = {name: state for name, state in before.items() if name.count("/") == 3}
    assert len(pages) == 2 * 12
    assert {name: after[name] for name in pages} == pages
    assert not [name for name in after if ".tmp" in name]


def test_the_list_shows_what_failed_and_still_links_to_the_last_good_pages(batch):
    root, _, _ = batch
    page = (root / "outputs" / "index.html").read_text(encoding="utf-8")
    assert "12 reports of 12 accounts; 10 accounts with failures." in page
    for account in WAYS:
        assert f'href="internal/{account}/index.html"' in page
        assert f"client/{account}/2026-Q3/spend.html" in page
    for name in ("aurora", "borealis"):
        text = (root / "outputs" / "client" / name / "index.html").read_text(encoding="utf-8").lower()
        names = {account: f"the {account} works" for account in WAYS} | {"aurora": "aurora", "borealis": "borealis"}
        assert [other for account, other in names.items() if other in text] == [name]


def test_status_says_of_each_why_it_would_run(batch):
    root, _, _ = batch
    run = run_command("acctlib", "status", cwd=root)
    assert run.returncode == 1
    assert "misspelt: can't be made:\n  misspelt.yaml:3" in run.stderr
    assert "raises 2026-Q3 spend (client): would be made, changed: data" in run.stdout
    assert "no-quarter 2031-Q1 spend (client): would be made, it was never made" in run.stdout
    assert "aurora 2026-Q3 spend (client): up to date" in run.stdout


def test_an_unchanged_rerun_writes_nothing_and_one_changed_account_is_made_alone(tmp_path):
    root = make_workbook(tmp_path, editions=("internal",))
    assert run_command("acctlib", "run", cwd=root).returncode == 0
    time.sleep(2.1)  # files that were young when they were looked at are not remembered
    assert "0 made, 2 up to date" in run_command("acctlib", "run", cwd=root).stdout  # remembers them
    before = contents(root)
    assert "0 made, 2 up to date" in run_command("acctlib", "run", cwd=root).stdout
    assert contents(root) == before
    (root / "outputs" / KNOWN).unlink()
    assert "0 made, 2 up to date" in run_command("acctlib", "run", cwd=root).stdout  # safe to delete
    (root / "data" / "aurora" / "time_entries.csv").write_text(f"{HOURS}8,yes\n")
    run = run_command("acctlib", "run", cwd=root)
    assert "made        aurora 2026-Q3 spend (internal)" in run.stdout
    assert "1 made, 1 up to date, 0 failed" in run.stdout


def test_the_latest_quarter_is_resolved_once_and_stands_in_the_figures(tmp_path):
    root = make_workbook(tmp_path, editions=("internal",))
    said = ("run", "aurora", "--period", "latest", "--as-of", "2026-10-05")
    assert "made        aurora 2026-Q3" in run_command("acctlib", *said, cwd=root).stdout
    text = (root / "outputs" / "internal" / "aurora" / "2026-Q3" / "spend.json").read_text()
    assert '"period": "2026-Q3"' in text
    assert "latest" not in text
    assert "up to date  aurora 2026-Q3" in run_command("acctlib", *said, cwd=root).stdout


@pytest.mark.parametrize(
    ("engine", "sent", "everyone"),
    [
        ("copy", [signal.SIGINT], False),
        ("copy", [signal.SIGINT] * 2, False),
        ("kernel", [signal.SIGINT], False),
        ("copy", [signal.SIGTERM], False),
        ("copy", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], False),
        ("copy", [signal.SIGTERM], True),  # as a service manager may send it: to each process, in no order
        ("kernel", [signal.SIGTERM], True),
        ("copy", [signal.SIGHUP], False),
    ],
)
def test_a_signal_ends_the_run_with_a_sentence_and_leaves_no_process_and_no_file(tmp_path, engine, sent, everyone):
    slow = "import time; time.sleep(0 if account.id == 'aurora' else 600)"
    root = make_workbook(tmp_path, slow, editions=("client",))
    add_account(root, "corona", "Corona Energy")
    with subprocess.Popen(
        [ACCTLIB, "run", "--engine", engine, "--workers", "2"],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as run:  # fmt: skip
        assert run.stdout.readline() == "made        aurora 2026-Q3 spend (client)\n"
        _wait_for(lambda: len(list((root / "outputs" / ".tmp").glob("*-*"))) >= 3)  # two reports and the answers
        time.sleep(1)
        family = psutil.Process(run.pid).children(recursive=True)
        assert family
        for number in sent:
            if number == signal.SIGINT:
                os.killpg(run.pid, number)  # as a terminal does: to all that run in the foreground
            else:
                for process in [*family, run] if everyone else [run]:
                    process.send_signal(number)
            time.sleep(0.1)
        said, errors = run.communicate(timeout=60)
    assert run.returncode == 128 + sent[0]
    assert errors == ("stopped: 1 made, 0 up to date, 0 failed; what was in the making is not there, run again to go on\n")
    assert "Traceback" not in said
    psutil.wait_procs(family, timeout=10)
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    left = sorted(path.relative_to(root / "outputs").as_posix() for path in (root / "outputs").rglob("*") if path.is_file())
    assert [name for name in left if not name.startswith(".")] == [
        "client/aurora/2026-Q3/spend.html",
        "client/aurora/2026-Q3/spend.json",
        "client/aurora/index.html",
        "index.html",
        "internal/aurora/index.html",
    ]
    assert not (root / "outputs" / ".tmp").exists()
    assert "1 report of 1 account." in (root / "outputs" / "index.html").read_text()


def test_a_terminal_that_is_closed_ends_the_run_and_the_list_is_written_all_the_same(tmp_path):
    root = make_workbook(tmp_path, "import time; time.sleep(0 if account.id == 'aurora' else 600)", editions=("client",))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        ["setsid", "--ctty", "--wait", ACCTLIB, "run", "--workers", "2"], cwd=root, stdin=theirs, stdout=theirs, stderr=theirs
    ) as run:
        os.close(theirs)
        _wait_for(lambda: (root / "outputs" / "client" / "aurora" / "2026-Q3" / "spend.json").exists())
        time.sleep(1)
        family = psutil.Process(run.pid).children(recursive=True)
        os.close(ours)
        assert run.wait(timeout=60) == 128 + signal.SIGHUP
    psutil.wait_procs(family, timeout=10)
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert "1 report of 1 account." in (root / "outputs" / "index.html").read_text()
    assert not (root / "outputs" / ".tmp").exists()


def test_under_nohup_a_terminal_that_is_closed_ends_nothing(tmp_path):
    root = make_workbook(tmp_path, "import time; time.sleep(2)", editions=("client",))
    with subprocess.Popen(["nohup", ACCTLIB, "run", "--workers", "2"], cwd=root, stdout=subprocess.PIPE, text=True) as run:
        _wait_for(lambda: len(list((root / "outputs" / ".tmp").glob("*-*"))) >= 3)
        run.send_signal(signal.SIGHUP)
        said, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert "2 made, 0 up to date, 0 failed" in said


@pytest.mark.parametrize("full", [False, True])
def test_reports_are_made_also_when_nobody_reads_on(tmp_path, full):
    if full and not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full, a disk that is always full")
    root = make_workbook(tmp_path, editions=("client",))
    reads = "head -n 1" if not full else "cat > /dev/null"
    log = "/dev/full" if full else "/dev/stdout"
    script = f'set -o pipefail; "{ACCTLIB}" run --workers 1 > {log} | {reads}'
    run = subprocess.run(["bash", "-c", script], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == ("" if full else "made        aurora 2026-Q3 spend (client)\n")
    assert len(list((root / "outputs").rglob("spend.html"))) == 2
    script = f'set -o pipefail; "{ACCTLIB}" status {" ".join(["aurora"] * 3)} | true'
    run = subprocess.run(["bash", "-c", script], cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stderr) == (1, "")


def test_a_log_whose_encoding_lacks_a_letter_ends_nothing(tmp_path):
    root = make_workbook(tmp_path, editions=("client",))
    (root / "parameters" / "aurora.yaml").write_text('account: aurora\nperiod: "2026-Q3"\nΩ: 1\n', encoding="utf-8")
    run = run_command("acctlib", "run", "--audience", "client", cwd=root, PYTHONIOENCODING="latin-1")
    assert (run.returncode, "1 made, 0 up to date, 1 failed" in run.stdout) == (1, True)
    assert r"aurora.yaml:3: \u03a9 is not a parameter" in run.stdout


def _wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def test_on_a_terminal_failures_stand_above_the_bar_as_they_come(tmp_path):
    root = make_workbook(tmp_path, "{}[account.id]", editions=("client",))
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with subprocess.Popen([ACCTLIB, "run", "aurora"], cwd=root, stdout=subprocess.PIPE, stderr=theirs, text=True) as run:
        os.close(theirs)
        seen = b""
        while True:
            try:
                part = os.read(ours, 1000)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen += part
        said = run.stdout.read()
    os.close(ours)
    shown = seen.decode()
    sentence = "aurora 2026-Q3 spend (client): cell 6 (\"Fees\"): KeyError: 'aurora'"
    assert f"failed      {sentence}" in shown
    assert "0/1" in shown[: shown.index(sentence)]  # the bar was there
    assert "aurora 2026-Q3 spend (client):\r\n  cell 6" in shown  # and once more in the summary
    assert "0 made, 0 up to date, 1 failed" in said
    assert run.returncode == 1
