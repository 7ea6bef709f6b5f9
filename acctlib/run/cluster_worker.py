"""What a worker of a Dask cluster does: it makes a report as the command would at home, and hands it back.

For each run a worker has a folder of its own, and a process that is ready, of which each report is a copy. Both begin with
the first report and are gone when the run ends, when nothing came for a while, or when the worker dies. Pages and
figures go back to the command as bytes, and the command alone publishes: a worker that dies, or that comes back when others
have made its report, has nothing to spoil. Answers of databases come with the order, so that no worker needs a password.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acctlib.places import is_address
from acctlib.run.known_files import sha_of
from acctlib.run.mirror import Mirror
from acctlib.run.orders import WrongUse
from acctlib.run.preloaded import Ended, Ready
from acctlib.run.report import AccountRefused, ReportDied, ReportFailed, common_variables, run_report, stop_all
from acctlib.run.results import Edition, facts, programs

__all__ = ["Made", "clear", "look", "make"]

#: Seconds without a report after which all of a run is cleared: of a command that was killed nobody says that its run is over.
IDLE = 60
_runs_here: dict[str, _RunHere] = {}
_cleared: set[str] = set()
_lock = threading.Lock()

#: What became of an order: which error ("" = none), its sentence, and the files of the report by their endings.
Made = tuple[str, str, dict[str, bytes]]


class _RunHere:
    """Folder and process of one run at this worker."""

    def __init__(self, run: str) -> None:
        from distributed import get_worker

        self._run, self._worker = run, get_worker()
        self.folder = Path(tempfile.mkdtemp(prefix="acctlib-", dir=self._worker.local_directory))
        self.reports, self._since = 0, time.monotonic()
        self.process = Ready(common_variables, self._worker.state.nthreads)
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        """Clear it where nobody says that the run is over: the command was killed, or the scheduler is gone."""
        while not self._over.wait(1):
            closing = self._worker.status.name in ("closing", "closed", "failed")
            with _lock:
                idle = not self.reports and time.monotonic() - self._since > IDLE
                if (closing or idle) and _runs_here.get(self._run) is self:
                    del _runs_here[self._run]
            if closing or idle:
                self.close()

    def begin(self) -> None:
        self.reports += 1

    def end(self) -> None:
        self.reports -= 1
        self._since = time.monotonic()

    def close(self) -> None:
        """End the process and the reports in the making, and take the folder away."""
        self._over.set()
        self.process.close()
        stop_all(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


def look(notebook: str, data: str, account: str) -> dict[str, Any]:
    """Return with what this worker would make reports, and how the files of one look from here.

    Parameters
    ----------
    notebook : str
        A file; "" = none.
    data : str
        Folder of data, or its address in a store.
    account : str
    """
    try:
        with tempfile.TemporaryDirectory(prefix="acctlib-") as own:
            folder = _brought(data, account, Path(own)) if is_address(data) else Path(data)
            parts = [path for part in (account, "firm") for path in facts(folder / part) if ".sqlite" not in path.name]
            said = sorted(f"{path.relative_to(folder).as_posix()} {sha_of(path.read_bytes())}" for path in parts)
            seen = sha_of("\n".join(said) + (sha_of(Path(notebook).read_bytes()) if notebook else ""))
    except (OSError, ValueError):
        seen = ""
    return {"programs": programs(), "files": seen}


def _brought(address: str, account: str, home: Path) -> Path:
    """Return a copy of what a report reads of a store; databases are asked by the command."""
    return Mirror(address, home).bring(account, "firm", without=".sqlite")


def make(order: Mapping[str, Any]) -> Made:
    """Make one report at this worker.

    Parameters
    ----------
    order : mapping
        As `cluster` packs it.
    """
    from distributed import get_worker

    if order["programs"] != programs():
        return "worker", get_worker().address, {}
    run = order["run"]
    with _lock:
        if run in _cleared:
            return "", "the run was stopped", {}
        try:
            here = _runs_here.get(run) or _runs_here.setdefault(run, _RunHere(run))
        except OSError as error:
            return _unwritten(error)
        here.begin()
    try:
        return _made(order, here)
    finally:
        with _lock:
            here.end()


def _unwritten(error: OSError) -> Made:
    from distributed import get_worker

    address = get_worker().address
    return "full", f"{address}\nthe worker {address} could not write: {error.strerror or error}", {}


def _made(order: Mapping[str, Any], here: _RunHere) -> Made:
    from distributed import get_worker

    try:
        folder = Path(tempfile.mkdtemp(prefix="report-", dir=here.folder))
    except OSError as error:
        return _unwritten(error)
    try:
        for part in ("answers", "outputs"):
            for name, content in order[part].items():
                place = folder / part / name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        (folder / "answers").mkdir(exist_ok=True)
        edition = _edition(order, here, folder)
        _run(edition, order, here, folder / "answers")
        return "", "", {path.suffix: path.read_bytes() for path in (edition.html, edition.json)}
    except Ended:
        return "ended", "", {}
    except OSError as error:
        return _unwritten(error)
    except WrongUse as error:  # the store
        return "again", f"the worker {get_worker().address} says: {error}", {}
    except ReportFailed as failed:
        kind = "account" if isinstance(failed, AccountRefused) else "again" if isinstance(failed, ReportDied) else "failed"
        return kind, str(failed), {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _edition(order: Mapping[str, Any], here: _RunHere, folder: Path) -> Edition:
    """Return the report as it is made here: in the workbook that is shared, or in one of its own."""
    root, notebook, out = Path(order["root"]), Path(order["notebook"]), folder / "outputs"
    own = {"results": str(out)}
    if order["data"]:
        root = folder / "workbook"
        notebook = root / "notebooks" / notebook.name
        for part in ("notebooks", "parameters"):
            (root / part).mkdir(parents=True)
        notebook.write_bytes(order["text"])
        own["data"] = str(_brought(order["data"], order["parameters"]["account"], here.folder))
    return Edition(root, notebook, {**order["parameters"], **own}, out)


def _run(edition: Edition, order: Mapping[str, Any], here: _RunHere, answers: Path) -> None:
    with here.process.taken(order["alone"]) if order["engine"] == "copy" else contextlib.nullcontext() as preloaded:
        run_report(edition, order["others"], order["seconds"], preloaded, order["memory"], answers)


def clear(run: str) -> None:
    """End what a run has in the making here, and clear its folder; nothing of it is begun any more."""
    with _lock:
        _cleared.add(run)
        here = _runs_here.pop(run, None)
    if here:
        here.close()
