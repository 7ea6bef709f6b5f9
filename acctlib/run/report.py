"""One notebook with its parameters -> one report, whole or not at all.

The notebook runs in a child process of its own, with its own time limit and an environment of its own, so that neither a
dead kernel nor a hung cell nor another account's options reach the next report. Nothing is believed that was not seen: a
notebook that was executed may still have stopped half way, so the gate counts its cells and looks for its end marker. Page and
figures are written in full beside their places, read back, and renamed into them. Until that moment the last good report
stands untouched, and after it there is nothing left to go wrong but a crash between two renames, which the fingerprint of the
page in the figures gives away.
"""

from __future__ import annotations

import builtins
import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from acctlib.places import looks
from acctlib.run.preloaded import Preloaded, adopt_orphans
from acctlib.run.results import Edition, document, facts, fingerprints
from acctlib.show.text import visible
from acctlib.tables.queries import ANSWERS

__all__ = [
    "MEMORY",
    "SECONDS",
    "UNWRITTEN",
    "AccountRefused",
    "ReportDied",
    "ReportFailed",
    "carry_out",
    "clear_unfinished",
    "common_variables",
    "limit_memory",
    "make_report",
    "publish",
    "run_report",
    "stop_all",
]

#: Longest time one report may take.
SECONDS = 900
#: Most memory one report may take beyond what its process begins with, in bytes.
MEMORY = 4_000_000_000
#: Exit code of a report's process that can't even write its answer.
UNWRITTEN = 74
#: Stands for the limit of memory, which the process that sets it knows.
_MEMORY = "(limit of memory)"
_TOO_MUCH = f"it needs more memory than a report may take, {_MEMORY}; ask for fewer draws, or allow more with --memory"
#: Most letters of a line of a sentence.
_LONGEST = 600
#: Bytes that a kernel, its libraries and the program that draws may take to begin with.
_BEGINS = 2_000_000_000
#: Variables of ours that a report's process needs; all others stay behind, passwords of databases among them.
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "XDG_CACHE_HOME", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_FIXED = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",  # else an altair.py in the workbook's folder would be imported
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "JUPYTER_NO_CONFIG": "1",
}
#: Folders of each report's own, gone when it ends. Else a kernel reads the user's start-up files and leaves some of its own.
_OWN_FOLDERS = ("TMPDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
#: Children that run a kernel -> the folder of their report.
_running: dict[subprocess.Popen, Path] = {}


class ReportFailed(RuntimeError):
    """A report that could not be made; the text is the sentence for its reader."""


class AccountRefused(ReportFailed):
    """A report that was not begun, since the account's files can't be read; the same holds for all its reports."""


class ReportDied(ReportFailed):
    """A report whose process was killed: a second try may pass."""


def run_report(
    edition: Edition,
    others: Mapping[str, Iterable[str]],
    seconds: float = SECONDS,
    preloaded: Preloaded | None = None,
    memory: int = 0,
    answers: Path | None = None,
) -> None:
    """Make one report in a child process.

    Parameters
    ----------
    edition : Edition
    others : mapping of str to names
        The other accounts' ids -> their names and aliases, which must not stand on a client's page.
    seconds : float
        Time limit, in seconds of wall time.
    preloaded : Preloaded, optional
        The process of which the child is to be a copy; without it the child starts from nothing and uses a kernel.
    memory : int
        Limit of the child's memory beyond what it begins with, in bytes; 0 = none.
    answers : Path, optional
        Folder of what databases answered, where that is not the one of this process.

    Raises
    ------
    ReportFailed
        If no report was made; the last good one is untouched.
    """
    scratch = edition.out / ".tmp"
    try:
        scratch.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{edition.account}-", dir=scratch))
    except OSError as error:
        raise ReportFailed(_unwritten(error)) from None
    order = {
        "root": str(edition.root),
        "notebook": str(edition.notebook),
        "parameters": dict(edition.parameters),
        "out": str(edition.out),
        "others": {account: list(names) for account, names in others.items()},
        "folder": str(folder),
        "memory": memory,
    }
    try:
        own = _own_variables(folder, edition.root, answers)
        status = _run_kernel(order, seconds, own) if preloaded is None else _run_copy(order, edition, seconds, preloaded, own)
        _answer(folder, status, seconds, memory)
    except OSError as error:
        raise ReportFailed(_unwritten(error)) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the scratch folder itself goes when no report is being made any more
        for file in (edition.html, edition.json):  # of a child that was killed while it wrote
            clear_unfinished(file.parent.glob(f".{glob.escape(file.name)}.*.tmp"))


def _run_copy(order: dict[str, Any], edition: Edition, seconds: float, preloaded: Preloaded, own: dict[str, str]) -> int | None:
    return preloaded.run({**order, "environment": own, "pictures": edition.audience == "client"}, seconds)


def _run_kernel(order: dict[str, Any], seconds: float, own: dict[str, str]) -> int | None:
    """Return how a child that started from nothing ended: exit code, minus the signal, or None where it took too long."""
    folder = Path(order["folder"])
    with (folder / "stderr").open("wb") as stderr:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "acctlib.run.report"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=order["root"],
            env={**common_variables(), **own},
            start_new_session=True,
        )
    _running[child] = folder
    try:
        # the pipe stays open: when this process dies, the child reads its end and dies as well
        child.stdin.write(json.dumps(order).encode() + b"\n")
        child.stdin.flush()
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    except BrokenPipeError:
        child.wait()
    finally:
        _end(child)
        _running.pop(child, None)
        with contextlib.suppress(BrokenPipeError):
            child.stdin.close()
    return child.returncode


def _answer(folder: Path, status: int | None, seconds: float, memory: int) -> None:
    """Raise what a child said, or what its end says where it said nothing."""
    if status is None:
        raise ReportFailed(
            f"it took longer than {seconds:g} seconds and was stopped; look for a cell that waits, or ask for fewer draws"
        )
    answer = folder / "answer.json"
    if answer.is_file():
        said = json.loads(answer.read_text(encoding="utf-8"))
        if said["failed"]:
            kind = {"account": AccountRefused, "again": ReportDied}.get(said["kind"], ReportFailed)
            raise kind(_readable(said["failed"].replace(_MEMORY, f"{memory / 1e6:,.0f} MB")))
        return
    if status == UNWRITTEN:
        raise ReportFailed(_unwritten(OSError("nor could what went wrong; is the disk full?")))
    errors = folder / "stderr"
    last = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:] if errors.is_file() else []
    died = f"killed by signal {_signal(-status)}" if status < 0 else f"exit {status}"
    said = f"its process ended in the middle ({died}): {' '.join(last) or 'a cell ended it, or it ran out of memory'}"
    raise ReportDied(said) if status < 0 else ReportFailed(said)


def _readable(said: str) -> str:
    """Return what a cell or a file may have put into a sentence, as lines that a terminal and a list can show."""
    lines = map(visible, said.splitlines())
    return "\n".join(line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …" for line in lines)


def _signal(number: int) -> str:
    return signal.Signals(number).name if number in set(signal.Signals) else str(number)


def stop_all(within: Path | None = None) -> None:
    """End the reports in the making, or those whose folders lie in one; their threads then fail and are done."""
    for child, folder in list(_running.items()):
        if within is None or folder.is_relative_to(within):
            _end(child)


def common_variables() -> dict[str, str]:
    """Return the environment that all reports' processes share."""
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, **_FIXED}


def _own_variables(folder: Path, root: Path, answers: Path | None) -> dict[str, str]:
    """Return the environment of one report: its own folders, and where the workbook lies."""
    own = {name: str(folder / name.lower()) for name in _OWN_FOLDERS}
    for place in own.values():
        Path(place).mkdir()
    answers = answers or os.environ.get(ANSWERS)  # of `acctlib watch` each round has its own
    kept = {ANSWERS: str(answers)} if answers else {}
    return {**own, **kept, "ACCTLIB_HOME": str(root), "ACCTLIB_PAGE_ONLY": "1"}


def _end(child: subprocess.Popen) -> None:
    """End the child and all it started."""
    _end_descendants(child.pid)
    if child.poll() is None:
        child.kill()
    child.wait()


def _end_descendants(pid: int) -> None:
    """End what a process started; a kernel has a session of its own, so ending the group would leave it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(pid).children(recursive=True)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=5)


# -- in the child -----------------------------------------------------------------------------------------------------


def make_report(edition: Edition, others: Mapping[str, Iterable[str]], engine: str | None = None) -> None:
    """Execute, render, examine and publish one report in this process.

    Parameters
    ----------
    edition : Edition
    others : mapping of str to names
    engine : {None, "acctlib"}
        Run the cells by a kernel, or in this process, which then must be there for this report alone.

    Raises
    ------
    ReportFailed, ValueError, OSError
        If a cell, the tables, the gate or the disk refuses; nothing was put in place.
    """
    from acctlib.account import Account
    from acctlib.run.gate import GateRefused, examine
    from acctlib.show.page import render

    said, before, mask = edition.parameters, _state(edition), _mask()
    try:
        views = {
            audience: Account.read(said["account"], said["period"], said.get("as_of", ""), audience, edition.data)
            for audience in sorted({"internal", edition.audience})
        }
    except ValueError as error:
        raise AccountRefused(str(error)) from None
    except Exception as error:  # whatever is wrong with one account is said as its own
        raise AccountRefused(f"its files can't be read: {type(error).__name__}: {error}") from None
    account = views[edition.audience]
    made_from = fingerprints(edition, account.as_of.isoformat())
    notebook = _executed(edition, engine)
    html = render(notebook)
    found = examine(html, notebook, edition.audience, views.get("client"), views["internal"], others)
    if found:
        raise GateRefused(found)
    if _state(edition) != before:  # else the figures would say that the page was made from what it was not made from
        raise ReportDied("its files were changed while it was made; run again")
    os.umask(mask)  # a cell may have set another
    publish(edition, html, document(edition, account, _figures(notebook), made_from, html))


def _state(edition: Edition) -> list[tuple]:
    """Return what tells the files of a report from changed ones."""
    folders = (edition.data / name for name in (edition.account, "firm"))
    files = [path for folder in folders for path in facts(folder) if ".sqlite" not in path.name]
    seen = []
    for path in sorted([*files, edition.notebook]):
        with contextlib.suppress(FileNotFoundError):  # taken away since it was listed
            seen.append((path, *looks(os.stat(path))))
    return seen


def _mask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _executed(edition: Edition, engine: str | None) -> Any:
    """Return the executed notebook; it is kept in memory, for papermill writes in place and after every cell."""
    import nbformat
    import papermill
    from nbclient.exceptions import DeadKernelError

    from acctlib.account import MADE_FOR

    os.environ[MADE_FOR] = edition.audience  # the kernel inherits it; this process has read what it needs
    notebook = nbformat.read(edition.notebook, as_version=4)
    try:
        return papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(edition.parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=edition.root,
            engine_name=engine,
            **({"in_process": True} if engine else {}),
        )
    except papermill.PapermillExecutionError as error:
        if error.ename == "MemoryError":
            raise ReportFailed(f"{_place(notebook, error.source)}: {_TOO_MUCH}") from None
        # our own errors are sentences; a KeyError that says 'fee' needs its name beside it
        ours = error.ename == "ValueError" or not hasattr(builtins, error.ename)
        said = error.evalue if ours and error.evalue else f"{error.ename}: {error.evalue}"
        if error.ename == "CellExecutionError" and not error.evalue:
            said = "it failed and could not say why; it may have run out of memory"
        raise ReportFailed(f"{_place(notebook, error.source)}: {said}") from None
    except DeadKernelError:
        raise ReportFailed("the notebook's kernel died; it may have run out of memory") from None


def _place(notebook: Any, source: str) -> str:
    """Return where a cell stands, as its reader would look for it: its number and the heading above."""
    heading = ""
    for n, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "markdown":
            heading = next((line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")), heading)
        elif cell.source == source:
            return f'cell {n} ("{heading}")' if heading else f"cell {n}"
    return "a cell"


def _figures(notebook: Any) -> dict[str, Any]:
    """Return all named figures that the notebook recorded."""
    from acctlib.show.blocks import RESULTS

    recorded = [
        output["data"][RESULTS]["figures"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if RESULTS in output.get("data", {})
    ]
    return {name: figure for figures in recorded for name, figure in figures.items()}


def publish(edition: Edition, html: str, figures: str) -> None:
    """Put a page and its figures in place, whole or not at all.

    Both are written and read back before either is renamed; a failure before the renames leaves the last good ones.

    Parameters
    ----------
    edition : Edition
    html, figures : str
        The two files.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written.
    """
    place = edition.html.parent
    new = [folder for folder in (place, *place.parents) if not folder.exists()]
    place.mkdir(parents=True, exist_ok=True)
    for folder in new:
        _sync_folder(folder.parent)
    waiting: list[tuple[Path, Path]] = []
    try:
        for target, text in ((edition.html, html), (edition.json, figures)):
            waiting.append((_written(target, text.encode()), target))
        for temporary, target in waiting:
            os.replace(temporary, target)
            _sync_folder(place)
    finally:
        for temporary, _ in waiting:
            temporary.unlink(missing_ok=True)


def clear_unfinished(files: Iterable[Path]) -> None:
    """Take away files that a killed process did not finish."""
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()


def _written(target: Path, content: bytes) -> Path:
    """Return a file beside `target` that holds the content, on disk for certain.

    Its name is its own: one that a killed run has not ended yet may be writing the same report.
    """
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if temporary.read_bytes() != content:
            raise OSError(f"{target.name} could not be written in full; is the disk full?")
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sentence(error: Exception) -> str:
    """Return what a failure says: our own errors are sentences, all others keep their kind."""
    from acctlib.run.gate import GateRefused

    if isinstance(error, (ReportFailed, GateRefused, ValueError)):
        return str(error)
    if isinstance(error, OSError):
        return _unwritten(error)
    if isinstance(error, MemoryError):
        return _TOO_MUCH
    return f"{type(error).__name__}: {error}"


def _unwritten(error: OSError) -> str:
    return f"the report could not be written: {error.strerror or error}"


def _die_with_parent() -> None:
    os.read(0, 1)  # unbuffered: a lock held on sys.stdin would spoil the way out
    _end_descendants(os.getpid())
    os._exit(1)


def limit_memory(kind: int, most: int) -> None:
    """Limit this process and what it starts to `most` bytes, or to what it was limited to before where that is less."""
    import resource

    before = resource.getrlimit(kind)[1]
    most = most if before == resource.RLIM_INFINITY else min(most, before)
    resource.setrlimit(kind, (most, most))


def carry_out(order: Mapping[str, Any], engine: str | None) -> None:
    """Make the report that an order asks for, and write the answer beside it."""
    from acctlib.account import read_once

    edition = Edition(Path(order["root"]), Path(order["notebook"]), order["parameters"], Path(order["out"]))
    said = {"failed": "", "kind": ""}
    try:
        with read_once():
            make_report(edition, order["others"], engine)
    except Exception as error:  # the parent names the account; here only the reason is known
        kind = "account" if isinstance(error, AccountRefused) else "again" if isinstance(error, ReportDied) else ""
        said = {"failed": _sentence(error), "kind": kind}
    answer = Path(order["folder"]) / "answer.json"
    temporary = answer.with_suffix(".part")
    try:
        temporary.write_text(json.dumps(said), encoding="utf-8")
        temporary.replace(answer)
    except OSError:
        os._exit(UNWRITTEN)


def _main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    if sys.platform == "linux":
        import resource

        adopt_orphans()
        if order["memory"]:  # the kernel inherits it; what a program only reserves does not count
            limit_memory(resource.RLIMIT_DATA, _BEGINS + order["memory"])
    threading.Thread(target=_die_with_parent, daemon=True).start()
    carry_out(order, None)
    _end_descendants(os.getpid())  # what a cell has left behind


if __name__ == "__main__":
    _main()
