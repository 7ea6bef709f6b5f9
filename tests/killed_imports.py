"""Kill imports at each of their steps, and say what stands afterwards. Run as a program by test_journal.

An import changes files by some thirty system calls. The interpreter announces each of them (audit events), so that a child can
be killed before any one. The parent has loaded everything once and forks; where the journal works alone, it has not loaded
pandas, and a kill with two recoveries takes a third of a second.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from acctlib.imports.journal import held

EXPORT = """\
Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,First Name,Last Name
2026-07-08,Aurora Foods,New site,site,,Build,6,Yes,Ivo,Lindqvist
2026-07-08,Borealis Bank,New site,site,,Build,5,Yes,Ivo,Lindqvist
2026-07-09,Borealis Bank,Rollout,,,Plan,4,No,Mia,Falk
2026-07-09,Nobody & Co,Thing,,,Plan,3,No,Mia,Falk
"""
_CHANGES = ("os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")


def tables(data: Path) -> str:
    """Return what tells one state of all tables, waiting rows included, from another."""
    files = sorted(
        p for p in data.rglob("*") if p.is_file() and "last" not in p.parts and "work" not in p.parts and p.name != ".lock"
    )
    return hashlib.sha256(b"".join(str(p.relative_to(data)).encode() + p.read_bytes() for p in files)).hexdigest()


def strays(data: Path) -> list[str]:
    """Return files that no finished import leaves: half-made tables, copies, a journal that does not belong to them."""
    journal = data / "firm/imports/last/journal.json"
    kept = {entry["kept"] for entry in json.loads(journal.read_text())["files"]} if journal.is_file() else set()
    known = {"journal.json", *kept} if kept or journal.is_file() else set()
    found = []
    for path in sorted(p for p in data.rglob("*") if p.is_file()):
        inside = path.relative_to(data).as_posix()
        if "/work/" in inside or path.name.endswith((".back", ".part")) or ("/last/" in inside and path.name not in known):
            found.append(inside)
    return found


def import_(data: Path) -> None:
    """Import two accounts' hours, with a new project and a row that waits."""
    from acctlib.imports.command import run_import

    said = {"new_projects": "time_and_materials", "as_of": date(2026, 7, 31)}
    run_import(data, "harvest", [data.parent / "export.csv"], False, lambda line: None, **said)


def undo(data: Path) -> None:
    """Undo the last import, if there is one."""
    from acctlib.imports.command import undo_import

    try:
        undo_import(data, lambda line: None)
    except ValueError as error:
        if "got none" not in str(error):
            raise


def replace(data: Path) -> None:
    """Replace tables of two accounts, add one and take one away, by the journal alone."""
    work = data / "firm/imports/work"
    with held(data) as journal:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        files: dict[Path, Path | None] = {data / "aurora/account.yaml": None}
        for name in (
            "aurora/time_entries.csv",
            "borealis/projects.csv",
            "borealis/time_entries.csv",
            "firm/imports/waiting/x.csv",
        ):
            made = work / name.replace("/", "-")
            made.write_text(f"the new {name}")
            files[data / name] = made
        try:
            journal.commit("a replacement", files)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def put_back(data: Path) -> None:
    """Undo a replacement, if there is one."""
    with held(data) as journal:
        shutil.rmtree(data / "firm/imports/work", ignore_errors=True)
        if journal.interrupted:
            return
        try:
            journal.undo()
        except ValueError as error:
            if "got none" not in str(error):
                raise


def child(work: Callable[[], object]) -> int:
    """Do work in a process of its own; return 0, 7 where it returned False, 3 after an error, or minus its signal."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            code = 7 if work() is False else 0
        except (OSError, ValueError):
            code = 3
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def stopped_at(step: int, data: Path, stop: Callable[[], object], work: Callable[[Path], object]) -> bool:
    """Do work, and call `stop` before its n-th change of a file below `data`; return False where there were fewer."""
    seen = 0

    def hook(event: str, args: tuple) -> None:
        nonlocal seen
        writes = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if not (event in _CHANGES or writes) or str(data) not in str(args[0]):
            return
        seen += 1
        if seen == step:
            stop()

    sys.addaudithook(hook)
    work(data)
    return seen >= step


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise PermissionError("the folder can't be written")


def read(data: Path) -> bool:
    """Return whether a report would read these tables."""
    from acctlib.tables.checks import read_checked
    from acctlib.tables.problems import TableErrors

    try:
        for account in ("aurora", "borealis"):
            read_checked(data / account, data / "firm")
    except TableErrors as error:
        if "was interrupted while it did" not in str(error):
            raise
        return False
    return True


class Case:
    """A workbook before and after an import."""

    def __init__(self, root: Path, do: Callable[[Path], None], undo: Callable[[Path], None]) -> None:
        self.do, self.undo = do, undo
        (root / "export.csv").write_text(EXPORT)
        self.data, self.old, self.new = root / "data", root / "old", root / "new"
        shutil.copytree(self.data, self.old)
        self.before = tables(self.data)
        assert child(lambda: do(self.data)) == 0
        shutil.copytree(self.data, self.new)
        self.after = tables(self.data)
        assert self.before != self.after

    def start(self, folder: Path) -> None:
        shutil.rmtree(self.data)
        shutil.copytree(folder, self.data)

    def judged(self, what: str) -> list[str]:
        """Return what is wrong with what an interrupted import left, and with what the next command makes of it."""
        wrong, now = [], tables(self.data)
        whole = now in (self.before, self.after)
        unfinished = '"finished": false' in _text(self.data / "firm/imports/last/journal.json")
        if not whole and not unfinished:
            wrong.append(f"{what}: half of the tables are new, and no journal says so")
        left = self.data.with_name("left")
        for name, command, expected in (("undo", self.undo, self.before), ("import", self.do, self.after)):
            shutil.rmtree(left, ignore_errors=True)
            shutil.copytree(self.data, left)
            if child(lambda command=command: command(left)) or tables(left) != expected:
                wrong.append(f"{what}: {name} does not make it whole")
            if found := strays(left):
                wrong.append(f"{what}: after {name} there are {found}")
        return wrong


def _text(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def each_step(case: Case, work: Callable[[Path], object], folder: Path, stop: Callable[[], object]) -> dict:
    """Interrupt work before each of its steps."""
    wrong, refused, step = [], 0, 0
    while True:
        step += 1
        case.start(folder)
        code = child(partial(stopped_at, step, case.data, stop, work))
        if code == 7:
            return {"steps": step - 1, "refused": refused, "wrong": wrong}
        if stop is fail:
            if code not in (0, 3) or tables(case.data) != (case.before if code else case.after):
                wrong.append(f"failure at step {step}: code {code}, tables are not as they should be")
        elif code != -signal.SIGKILL:
            wrong.append(f"step {step} ended with {code}")
        if case.do is import_ and '"finished": false' in _text(case.data / "firm/imports/last/journal.json") and stop is kill:
            refused += 1
            if child(lambda: os._exit(9 if read(case.data) else 0)):
                wrong.append(f"step {step}: a report reads tables of an unfinished import")
        wrong += case.judged(f"{work.__name__} {stop.__name__} {step}")


def at_random(case: Case, kills: int) -> dict:
    """Kill imports at any moment."""
    draw, wrong, killed = random.Random(1), [], 0
    case.start(case.old)
    begun = time.monotonic()
    child(lambda: import_(case.data))
    lasts = time.monotonic() - begun
    for n in range(kills):
        case.start(case.old)
        pid = os.fork()
        if not pid:
            import_(case.data)
            os._exit(0)
        time.sleep(draw.random() * lasts * 1.1)
        os.kill(pid, signal.SIGKILL)
        killed += os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
        wrong += case.judged(f"random kill {n}")
    return {"steps": killed, "refused": 0, "wrong": wrong}


def full_disk(case: Case) -> dict:
    """Import where no file may grow beyond some size, as on a disk that fills up."""
    wrong, sizes = [], [0, 100, 250, 400]
    failed = 0
    for size in sizes:
        case.start(case.old)

        def work(size=size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            import_(case.data)

        code = child(work)
        failed += code == 3
        if tables(case.data) != (case.before if code else case.after) or code not in (0, 3):
            wrong.append(f"no more than {size} bytes: code {code}, tables are not as before")
        if found := strays(case.data):
            wrong.append(f"no more than {size} bytes: there are {found}")
        wrong += case.judged(f"no more than {size} bytes")
    return {"steps": failed, "refused": 0, "wrong": wrong}


def main() -> None:
    mode, root = sys.argv[1], Path(sys.argv[2])
    if mode in ("import", "undo", "fail", "random", "full"):
        import acctlib.imports.command
        import acctlib.tables.checks  # noqa: F401 - loaded before the children are made

        case = Case(root, import_, undo)
    else:
        case = Case(root, replace, put_back)
    how = {
        "replace": lambda: each_step(case, replace, case.old, kill),
        "put back": lambda: each_step(case, put_back, case.new, kill),
        "refuse": lambda: each_step(case, replace, case.old, fail),
        "import": lambda: each_step(case, import_, case.old, kill),
        "undo": lambda: each_step(case, undo, case.new, kill),
        "fail": lambda: each_step(case, import_, case.old, fail),
        "random": lambda: at_random(case, int(sys.argv[3])),
        "full": lambda: full_disk(case),
    }
    json.dump(how[mode](), sys.stdout)


if __name__ == "__main__":
    main()
