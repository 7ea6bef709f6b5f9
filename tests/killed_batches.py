"""Kill batches at any moment and at each step of a write, and say what stands afterwards. Run as a program by test_kills.

Each round changes the inputs, starts `acctlib run` as a copy of this process, and kills it, or one of the processes that it
started. Every page must be the old one or the new one, to the byte, as runs that nobody disturbed had made them; page and
figures must belong together, or the command must know that they do not; and the next run must leave the outputs exactly as if
nothing had happened, with no file, no lock and no process left.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import kill_steps
import psutil
from small_workbook import PROJECTS, add_account, make_workbook

import acctlib

CHART = """\
import altair, pandas
frame = pandas.DataFrame({"project": account.projects.name, "fee": account.projects.fee})
report.chart(altair.Chart(frame).mark_bar().encode(x="project:N", y="fee:Q"), "Chart", section="Fees", alt="Fees.")"""
FIGURE = 'report.results({"fees_in_period": float(account.projects.fee.sum())})'
#: What runs are asked for: all, one account, one edition.
SCOPES = (), ("aurora",), ("--audience", "internal"), ("corona", "--audience", "client"), ("aurora", "--audience", "internal")
#: Environment variable by which the processes of a judge are found.
MARK = "ACCTLIB_JUDGE"
#: Files that may be deleted at any time.
_DECIDES_NOTHING = (".lock", ".known.json")


class _Spare:
    """Stands for `subprocess` where the preloaded process is started: the first is a copy of the judge, which has loaded all.

    Loading takes most of the time of a small run, and is the same each time. The copy waits for its line, and from then on
    does what a process does that was started for it.
    """

    DEVNULL, PIPE, TimeoutExpired = subprocess.DEVNULL, subprocess.PIPE, subprocess.TimeoutExpired

    def __init__(self, environment: dict[str, str], mark: str) -> None:
        self._control, theirs = socket.socketpair()
        self.pid = os.fork()
        if not self.pid:
            try:
                self._control.close()
                self._serve(theirs, environment, mark)
            finally:
                os._exit(1)
        theirs.close()

    def _serve(self, control: socket.socket, environment: dict[str, str], mark: str) -> None:
        from acctlib.run import preloaded

        os.setsid()
        ctypes.CDLL(None).prctl(15, mark.encode())  # its name, and that of its copies
        os.environ.clear()
        os.environ.update(environment)
        said, (number, *_), *_ = socket.recv_fds(control, 100, 1)
        control.close()
        os.closerange(0, 3)
        for _ in range(3):
            os.open(os.devnull, os.O_RDWR)
        kill_steps.from_environment()
        nursery = preloaded._Nursery(socket.socket(fileno=number), int(said))
        try:
            nursery.serve()
        finally:
            nursery.end()
            os._exit(0)

    def Popen(self, command: list[str], **options: object) -> object:
        if self._control is None:
            return subprocess.Popen(command, **options)
        with contextlib.suppress(OSError):
            socket.send_fds(self._control, [command[-1].encode()], [int(command[-2])])
        self._control.close()
        self._control = None
        return self

    def wait(self, timeout: float = 60) -> None:
        end = time.monotonic() + timeout
        with contextlib.suppress(ChildProcessError):  # another thread has waited for it
            while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
                if time.monotonic() > end:
                    raise subprocess.TimeoutExpired("preloaded", timeout)
                time.sleep(0.01)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):  # as subprocess does
            os.kill(self.pid, signal.SIGKILL)


class Judge:
    """A workbook whose inputs are in one of two states, and what its outputs look like in each."""

    def __init__(self, root: Path, workers: int = 2) -> None:
        self.root, self.out, self.workers = make_workbook(root, CHART, FIGURE), root / "outputs", workers
        add_account(root, "corona", "Corona Energy")
        hook = root / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text("import kill_steps\nkill_steps.from_environment()\n")
        places = hook, Path(__file__).resolve().parent, Path(acctlib.__file__).resolve().parent.parent
        self._path = os.pathsep.join(map(str, places))
        self._mark = f"judge-{os.getpid()}"
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()
        self.slowest_end = 0.0
        self.state = dict.fromkeys(("aurora", "borealis", "corona"), 0)  # of the inputs of each account
        self.pages, self.lasts = {}, {}
        for state, self.spares in ((1, False), (0, True)):
            self.change((), state)
            self.lasts[(), self.spares] = self._timed()
            self.pages[state] = {name: content for name, content in self.files().items() if name.count("/") == 3}
        self.before = dict.fromkeys(self.pages[0], 0)  # the state from which each file was made
        self.reports = [name for name in self.before if name.endswith(".html")]
        assert len(self.reports) == 6
        assert not [name for name in self.before if self.pages[0][name] == self.pages[1][name]]
        for scope in SCOPES[1:]:
            self.lasts[scope, True] = self._timed(*scope, "--force")

    def _timed(self, *options: str) -> float:
        begun = time.monotonic()
        assert self.wait(self.start(*options)) == 0, self.said()
        return time.monotonic() - begun

    # -- the workbook --

    def change(self, scope: tuple[str, ...], state: int | None = None) -> None:
        """Bring the inputs of the accounts that a run is asked for into the other state."""
        for account in set(scope) & self.state.keys() or self.state:
            self.state[account] = 1 - self.state[account] if state is None else state
            projects = PROJECTS.replace("64000", f"{64 + self.state[account]}000")
            (self.root / "data" / account / "projects.csv").write_text(projects)

    def new(self, name: str) -> bytes:
        """Return what a file must hold once its report is made."""
        return self.pages[self.state[name.split("/")[1]]][name]

    def files(self) -> dict[str, bytes]:
        """Return what stands in the outputs, without what may be deleted at any time."""
        found = {path.relative_to(self.out).as_posix(): path for path in sorted(self.out.rglob("*"))}
        return {
            name: path.read_bytes() if path.is_file() else b"" for name, path in found.items() if name not in _DECIDES_NOTHING
        }

    def stale(self) -> dict[str, str]:
        """Return the path of each report -> why it would be made again."""
        from acctlib.run.orders import Workbook, plan
        from acctlib.run.results import why_stale

        book = Workbook(self.root, self.root / "data", self.root / "parameters", self.out)
        return {order.html.relative_to(self.out).as_posix(): why_stale(order) for order in plan(book)[0]}

    # -- its processes --

    def start(self, *options: str, order: dict | None = None, in_command: bool = False) -> int:
        """Start `acctlib run` and return its process id; an order to kill goes to it, or to the processes of its reports."""
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            os.setpgid(0, 0)
            said = os.open(self.root / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(said, 1)
            os.dup2(said, 2)
            code = self._command(options, order, in_command)
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _command(self, options: tuple[str, ...], order: dict | None, in_command: bool) -> int | str:
        from acctlib.cli import main
        from acctlib.run import batch, preloaded

        os.chdir(self.root)
        true, more = batch.common_variables, {MARK: str(self.root), "PYTHONPATH": self._path}
        if order and not in_command:
            more[kill_steps.ORDER] = json.dumps(order)
        batch.common_variables = lambda: true() | more
        if self.spares:
            preloaded.subprocess = _Spare(true() | more, self._mark)
        if order and in_command:
            kill_steps.install(order, os.getpid())
        try:
            main(["run", "--workers", str(self.workers), *options])
        except SystemExit as ended:
            return ended.code or 0

    def wait(self, pid: int, seconds: float = 120) -> int | None:
        """Return how a process ended, None where it did not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None

    def said(self) -> str:
        """Return what the last command said."""
        return (self.root / "said").read_text()

    def left(self) -> list[psutil.Process]:
        """Return the processes that runs have started and that are still there."""
        mark, found = f"{MARK}={self.root}\0".encode(), []
        for process in psutil.process_iter():
            with contextlib.suppress(OSError, psutil.NoSuchProcess):
                ours = process.name() == self._mark or mark in Path(f"/proc/{process.pid}/environ").read_bytes()
                if ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def ended(self) -> bool:
        """Wait until no process of a run is left; False where one stays."""
        begun = time.monotonic()
        while self.left():
            if time.monotonic() - begun > 20:
                return False
            time.sleep(0.05)
        self.slowest_end = max(self.slowest_end, time.monotonic() - begun)
        return True

    # -- what is checked --

    def judge(self, what: str) -> None:
        """Note what is wrong with the outputs after a kill."""
        now, stale = self.files(), self.stale()
        for name, why in stale.items():
            pair = name, f"{name.removesuffix('.html')}.json"
            for file in pair:
                if now.get(file) not in (self.pages[self.before[file]][file], self.new(file)):
                    how = "is lost" if file not in now else f"is neither the old nor the new one ({len(now[file])} bytes)"
                    self.wrong.append(f"{what}: {file} {how}")
            if not why and any(now.get(file) != self.new(file) for file in pair):
                self.wrong.append(f"{what}: {name} is taken to be up to date and is not")
            self.seen["page and figures"] += 1
            self.seen["page and figures of two runs, known"] += [now.get(file) == self.new(file) for file in pair].count(
                True
            ) == 1
        for name in (name for name in now if Path(name).name == "index.html"):
            if not now[name].endswith(b"</body></html>\n"):
                self.wrong.append(f"{what}: {name} is half written")
        for name in (".known.json", ".failed.json"):
            with contextlib.suppress(FileNotFoundError):
                try:
                    json.loads((self.out / name).read_bytes())
                except ValueError:
                    self.wrong.append(f"{what}: {name} is half written")
        self.seen["temporary files after a kill"] += sum(name.endswith(".tmp") and name != ".tmp" for name in now)

    def recover(self, what: str, *scope: str) -> None:
        """Run once more, and note what is not as if nothing had happened."""
        self.spares = True
        if not self.ended():
            self.wrong.append(f"{what}: there is {[' '.join(p.cmdline()) for p in self.left()]}")
        if (code := self.wait(self.start(*scope))) != 0:
            self.wrong.append(f"{what}: the next run ended with {code}: {self.said()[-500:]}")
        self.undisturbed(f"{what}, after the next run", *scope)

    def undisturbed(self, what: str, *scope: str) -> None:
        """Note what is not as a run leaves it that nothing has happened to."""
        now, wrong = self.files(), len(self.wrong)
        for name in self.asked(scope):
            self.before[name] = self.state[name.split("/")[1]]
        expected = {name: self.pages[state][name] for name, state in self.before.items()} | self._lists()
        folders = {parent.as_posix() for name in expected for parent in Path(name).parents if parent.name}
        expected |= dict.fromkeys(folders, b"")
        for name in sorted(name for name in {*now, *expected} if now.get(name) != expected.get(name)):
            how = "is lost" if name not in now else "is left" if name not in expected else "differs"
            self.wrong.append(f"{what}: {name} {how}")
        if len(self.wrong) > wrong:  # the next round begins with what is right
            for path in self.out.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            assert self.wait(self.start()) == 0, [self.wrong, self.said()]
            self.before = {name: self.state[name.split("/")[1]] for name in self.before}
        if not self.ended():
            self.wrong.append(f"{what}: there is {[' '.join(p.cmdline()) for p in self.left()]}")

    def asked(self, scope: tuple[str, ...]) -> list[str]:
        """Return the files of the reports that a run with these options makes."""
        accounts = set(scope) & self.state.keys() or self.state.keys()
        audiences = {"internal", "client"} & set(scope) or {"internal", "client"}
        return [name for name in self.before if name.split("/")[0] in audiences and name.split("/")[1] in accounts]

    def _lists(self) -> dict[str, bytes]:
        """Return the lists as who looks at every report would write them; a run looks only at those that it did not make."""
        from acctlib.run.index import write_index
        from acctlib.run.orders import Workbook

        copy = self.root / "looked at"
        shutil.copytree(self.out, copy)
        write_index(copy, book=Workbook(self.root, self.root / "data", self.root / "parameters", copy))
        lists = {path.relative_to(copy).as_posix(): path.read_bytes() for path in copy.rglob("index.html")}
        shutil.rmtree(copy)
        return lists


_WHOM = ("command", "command", "command", "command", "all", "preloaded", "report", "painter")


def at_random(judge: Judge, kills: int, draw: random.Random) -> None:
    """Kill at any moment: the command, all of its processes at once, or one that it started."""
    killed = 0
    while killed < kills:
        whom, scope = draw.choice(_WHOM), draw.choice(SCOPES)
        options = scope
        if draw.random() < 0.3:
            options = (*scope, "--force")
        else:
            judge.change(scope)
        judge.spares = bool(scope) or draw.random() < 0.5
        pid = judge.start(*options)
        time.sleep(draw.random() * judge.lasts[scope, judge.spares] * 1.05)
        victims = list(_victims(judge, pid, whom))
        for victim in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
        code = judge.wait(pid)
        hit = code == -signal.SIGKILL if whom in ("command", "all") else bool(victims)
        killed += hit
        judge.seen[f"killed: {whom}" if hit else "too late"] += 1
        what = f"kill {killed} ({whom}, {' '.join(options)})"
        judge.judge(what)
        if code == 0:
            judge.undisturbed(what, *scope)
            continue
        if code != -signal.SIGKILL or whom not in ("command", "all"):
            judge.wrong.append(f"{what}: ended with {code}: {judge.said()[-500:]}")
        judge.recover(what, *scope)


def _victims(judge: Judge, command: int, whom: str) -> Iterator[int]:
    if whom in ("command", "all"):
        yield command
    if whom == "command":
        return
    found: dict[str, list[int]] = {"preloaded": [], "painter": [], "report": [], "all": []}
    for process in judge.left():
        with contextlib.suppress(psutil.NoSuchProcess):
            painter = "acctlib.show.pictures" in process.cmdline()
            kind = "painter" if painter else "preloaded" if process.ppid() == command else "report"
            found[kind].append(process.pid)
            found["all"].append(process.pid)
    yield from found["all"] if whom == "all" else found[whom][:1]


def at_steps(judge: Judge, kills: int, draw: random.Random) -> None:
    """Kill before a step of a write: of a page and its figures, of a list of reports, of what is known of files."""
    cases = _steps(judge)
    draw.shuffle(cases)
    judge.seen["steps, each with every way to be killed there"] = len(cases)
    judge.spares = True
    for n in range(kills):
        scope, in_command, path, step, kind, half, whom = cases[n % len(cases)]
        judge.change(scope)
        noted = judge.root / "noted"
        noted.unlink(missing_ok=True)
        order = {"path": path, "step": step, "half": half, "whom": whom, "noted": str(noted)}
        code = judge.wait(judge.start(*scope, order=order, in_command=in_command))
        what = f"step {step} in {path} ({kind}{', half' * half}, {whom} killed)"
        if not noted.exists():
            judge.wrong.append(f"{what}: nothing was killed: {judge.said()[-500:]}")
        judge.seen[f"before {kind}{', half written' * half}"] += 1
        judge.seen[f"killed at a step: {'command' if in_command else whom}"] += 1
        judge.judge(what)
        if in_command or whom in ("command", "all"):
            if code != -signal.SIGKILL:
                judge.wrong.append(f"{what}: ended with {code}")
            judge.recover(what, *scope)
        else:
            if code != 0:
                judge.wrong.append(f"{what}: ended with {code}: {judge.said()[-500:]}")
            judge.undisturbed(what, *scope)


def _steps(judge: Judge) -> list[tuple[tuple[str, ...], bool, str, int, str, bool, str]]:
    """Return every step of the writes of two reports and of the command, each with every way to be killed there."""
    cases, client, internal = [], SCOPES[-2], SCOPES[-1]
    places = (
        (client, False, "client/corona/2026-Q3"),
        (internal, False, "internal/aurora/2026-Q3"),
        (internal, True, f"{judge.out}/"),
    )
    for scope, in_command, path in places:
        noted = judge.root / "noted"
        noted.unlink(missing_ok=True)
        judge.change(scope)
        order = {"path": path, "step": 0, "half": False, "whom": "", "noted": str(noted)}
        assert judge.wait(judge.start(*scope, order=order, in_command=in_command)) == 0, judge.said()
        judge.undisturbed("first", *scope)
        for step, line in enumerate(noted.read_text().splitlines(), start=1):
            kind = line.split()[0]
            for half in (False, True) if kind in ("sync", "os.rename") and line.endswith(".tmp") else (False,):
                # who cuts a file and lives on would publish it: there is no such kill
                for whom in ("self",) if in_command else ("self", "all") if half else ("self", "command", "preloaded", "all"):
                    cases.append((scope, in_command, path, step, kind, half, whom))
    return cases


def main() -> None:
    root, kills, forced, seed = Path(sys.argv[1]).resolve(), *map(int, sys.argv[2:5])
    from acctlib.run import preloaded

    preloaded._import_all()
    judge = Judge(root)
    begun = time.monotonic()
    at_random(judge, kills, random.Random(seed))
    at_steps(judge, forced, random.Random(seed))
    said = {"random": kills, "forced": forced, "wrong": judge.wrong, "seen": dict(sorted(judge.seen.items()))}
    said |= {"runs take": [round(lasts, 2) for lasts in judge.lasts.values()], "all ended after": round(judge.slowest_end, 2)}
    json.dump(said | {"took": round(time.monotonic() - begun, 1)}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
