"""A process in which everything is imported, and of which each report begins as a copy.

It starts once for a run, imports what reports need, and then forks a child for every order that comes over its line. It has
no thread and does nothing else, so that a copy of it is sound. Children and drawing processes live no longer than it does,
and it lives no longer than the run: each holds a pipe whose end is closed by the other's death, however that comes.

A child is as much apart from the next as a kernel would be: it has its own session, folders, environment, random state and
limit of memory, and is gone when its report is made.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import random
import resource
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["Ended", "Preloaded", "Ready", "adopt_orphans"]

_SUBREAPER, _PARENT_DEATH = 36, 1  # prctl


class Ended(Exception):
    """The preloaded process itself ended; a new one may do better."""


def adopt_orphans() -> None:
    """Let what children leave behind come to this process, where it can be ended, and not to the machine's first one."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_SUBREAPER, 1)


class Preloaded:
    """The preloaded process, as the run sees it. Any thread may ask it.

    Parameters
    ----------
    environment : mapping of str to str
        Of the process; a report's own variables come with its order.
    painters : int
        Drawing processes to be kept warm as soon as a report for a client has a chart.
    """

    def __init__(self, environment: Mapping[str, str], painters: int) -> None:
        self._line, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "acctlib.run.preloaded", str(theirs.fileno()), str(painters)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env=dict(environment),
            start_new_session=True,
        )
        theirs.close()
        self._lock = threading.Lock()
        self._waiting: dict[int, _Answer] = {}
        self._count = 0
        self._ready = self._over = False
        threading.Thread(target=self._listen, daemon=True).start()

    def run(self, order: Mapping[str, Any], seconds: float) -> int | None:
        """Fork a child for an order, and return how it ended: exit code, minus the signal, or None where it took too long.

        Raises
        ------
        Ended
            If the preloaded process ended before the child was seen to.
        """
        with self._lock:
            if self._over:
                raise Ended
            self._count += 1
            number, answer = self._count, _Answer()
            self._waiting[number] = answer
            try:
                self._line.sendall(json.dumps({"number": number, **order}).encode() + b"\n")
            except OSError:
                raise Ended from None
        in_time = answer.ended.wait(seconds)
        if not in_time:
            self.kill(number)
            if not answer.ended.wait(10):  # it does not do what it is told
                self._process.kill()
                in_time = answer.ended.wait(10)
        with self._lock:
            self._waiting.pop(number, None)
        if answer.status is None and in_time:
            raise Ended
        return answer.status if in_time else None

    def kill(self, number: int) -> None:
        """End a child and all it started."""
        with self._lock, contextlib.suppress(OSError):
            self._line.sendall(json.dumps({"kill": number}).encode() + b"\n")

    def close(self) -> None:
        """End the process, its children and the drawing processes."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        if not self._ready:  # it would first import all, and has started nothing
            self._process.kill()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._line.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._line.makefile("rb") as lines:
            for line in lines:
                said = json.loads(line)
                self._ready = True
                with self._lock:
                    answer = self._waiting.get(said["number"])
                if answer:
                    answer.status = said["status"]
                    answer.ended.set()
        with self._lock:
            self._over = True
            for answer in self._waiting.values():
                answer.ended.set()


class Ready:
    """A process of which reports begin as copies: started when the first is made, and anew where it has ended.

    Parameters
    ----------
    environment : function
        Returns the environment of the process.
    painters : int
        Drawing processes to be kept, one for each report in the making at one time.
    """

    def __init__(self, environment: Callable[[], Mapping[str, str]], painters: int) -> None:
        self._environment, self._painters = environment, painters
        self._lock = threading.Lock()
        self._shared: Preloaded | None = None
        self._started: set[Preloaded] = set()
        self._closed = False

    @contextlib.contextmanager
    def taken(self, alone: bool) -> Iterator[Preloaded]:
        """Give the process to make one report; where that is to be alone, one of its own, which ends with it.

        Raises
        ------
        Ended
            If all were closed.
        """
        preloaded = self._start(alone)
        try:
            yield preloaded
        except Ended:
            alone = True
            raise
        finally:
            if alone:
                self._forget(preloaded)

    def _start(self, alone: bool) -> Preloaded:
        with self._lock:
            if self._closed:
                raise Ended
            if self._shared and not alone:
                return self._shared
            started = Preloaded(self._environment(), 1 if alone else self._painters)
            self._started.add(started)
            if not alone:
                self._shared = started
            return started

    def _forget(self, preloaded: Preloaded) -> None:
        with self._lock:
            if self._shared is preloaded:
                self._shared = None
            self._started.discard(preloaded)
        preloaded.close()

    def close(self) -> None:
        """End all of them with the reports that they are making, and start no other."""
        with self._lock:
            self._closed = True
            started, self._started, self._shared = self._started, set(), None
        for preloaded in started:
            preloaded.close()


class _Answer:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self.status: int | None = None


# -- in the preloaded process -------------------------------------------------------------------------------------------


def _import_all() -> None:
    """Import the package and what it needs, and do once what costs more the first time."""
    gc.disable()  # nothing that is imported goes away again
    import acctlib

    # JupyterLab brings a grammar of web addresses that jsonschema compiles when it is imported: longer than all else here.
    without = sys.modules.setdefault("rfc3987_syntax", None) is None
    for module in pkgutil.walk_packages(acctlib.__path__, "acctlib."):
        if module.name.split(".")[1] not in ("cli", "imports") and module.name != __name__:
            importlib.import_module(module.name)
    import papermill.execute  # noqa: F401
    from papermill.engines import papermill_engines

    from acctlib.run.engine import AcctlibEngine
    from acctlib.run.warm import warm

    if without:
        del sys.modules["rfc3987_syntax"]  # a notebook may import it
    papermill_engines.register("acctlib", AcctlibEngine)
    warm()
    gc.freeze()  # else the first collection in each child would copy every page
    gc.enable()


class _Nursery:
    """The children, the drawing processes and the line to the run."""

    def __init__(self, line: socket.socket, painters: int) -> None:
        self._line = line
        self._painters_wanted, self._painters = painters, {}
        self._pictures: socket.socket | None = None
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, tuple[int, int]] = {}  # pid -> number, end of the pipe that keeps it alive
        self._unread = b""
        adopt_orphans()

    def serve(self) -> None:
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run is told, and tells us by hanging up
        self._selector.register(self._line, selectors.EVENT_READ)
        self._selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._line:
                    if not self._orders():
                        return
                elif key.fileobj is self._pictures:  # the first report that draws waits at the door
                    self._selector.unregister(self._pictures)
                    for _ in range(self._painters_wanted):
                        self._paint()
                else:
                    os.read(woken, 1000)
                    self._reap()

    def _orders(self) -> bool:
        """Carry out what the run says; False where it has hung up."""
        part = self._line.recv(1 << 16)
        *lines, self._unread = (self._unread + part).split(b"\n")
        for order in map(json.loads, lines):
            if "kill" in order:
                self._kill(order["kill"])
            else:
                self._fork(order)
        return bool(part)

    def _fork(self, order: dict[str, Any]) -> None:
        from acctlib.run.warm import warm_for_client
        from acctlib.tables.checks import keep_firm

        with contextlib.suppress(Exception):  # what is wrong with the files is said by the report that needs them
            keep_firm(Path(order["root"]).resolve() / order["parameters"]["data"] / "firm")
        if order["pictures"]:
            order["environment"]["ACCTLIB_PICTURES"] = self._address()
            warm_for_client()
        gc.freeze()
        alive, hold = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.close(hold)
                self._line.close()
                for _, other in self._children.values():
                    os.close(other)
                _become_report(order, alive)
            except OSError:  # its folder is gone, or the disk is full
                from acctlib.run.report import UNWRITTEN

                os._exit(UNWRITTEN)
            except Exception:
                traceback.print_exc()  # its last line is what is said of the report
                sys.stderr.flush()
            finally:
                os._exit(1)
        os.close(alive)
        self._children[pid] = order["number"], hold

    def _address(self) -> str:
        """Return where pictures are drawn; the drawing processes are started when a report first asks one of them."""
        if self._pictures is None:
            self._pictures = socket.socket(socket.AF_UNIX)
            self._pictures.bind(f"\0acctlib-{os.getpid()}-{os.urandom(8).hex()}")
            self._pictures.listen(128)
            self._selector.register(self._pictures, selectors.EVENT_READ)
        return self._pictures.getsockname()[1:].decode()

    def _paint(self) -> None:
        number = self._pictures.fileno()
        painter = subprocess.Popen(
            [sys.executable, "-P", "-m", "acctlib.show.pictures", str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the sentence comes over the line; this is what the drawing program says of itself
            pass_fds=[number],
        )
        self._painters[painter.pid] = painter, time.monotonic()

    def _reap(self) -> None:
        """Tell the run of children that ended, end what they left, and start drawing processes again."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                break
            if pid in self._painters:
                painter, since = self._painters.pop(pid)
                painter.stdin.close()
                if time.monotonic() - since > 0.2:  # one that can't even start is not started for ever
                    self._paint()
            elif pid in self._children:
                number, hold = self._children.pop(pid)
                os.close(hold)
                _kill_group(pid)
                answer = json.dumps({"number": number, "status": os.waitstatus_to_exitcode(status)})
                with contextlib.suppress(OSError):
                    self._line.sendall(answer.encode() + b"\n")
        self._end_orphans()

    def _end_orphans(self) -> None:
        """End what children had started in sessions of its own: it is ours now."""
        import psutil

        known = {*self._children, *self._painters}
        for process in psutil.Process().children():
            if process.pid not in known:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

    def _kill(self, number: int) -> None:
        for pid, (other, _) in self._children.items():
            if other == number:
                _kill_group(pid)

    def end(self) -> None:
        for pid in self._children:
            _kill_group(pid)
        for painter, _ in self._painters.values():
            painter.kill()
        self._end_orphans()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _become_report(order: dict[str, Any], alive: int) -> None:
    """Make one report in this copy of the process; never returns."""
    os.setsid()
    with contextlib.suppress(OSError, AttributeError):  # also where a cell has stopped the thread that waits for it
        ctypes.CDLL(None).prctl(_PARENT_DEATH, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, args=(alive,), daemon=True).start()
    folder = Path(order["folder"])
    nothing = os.open(os.devnull, os.O_RDWR)
    complaints = os.open(folder / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for number, target in ((0, nothing), (1, nothing), (2, complaints)):
        os.dup2(target, number)
    os.environ.update(order["environment"])
    os.chdir(order["root"])
    from acctlib.run.report import carry_out, limit_memory

    if limit := order["memory"]:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit_memory(resource.RLIMIT_AS, used + limit)
    random.seed()
    numpy = sys.modules["numpy"]
    numpy.random.seed()
    carry_out(order, "acctlib")
    sys.stderr.flush()
    os._exit(0)


def _die_with_parent(alive: int) -> None:
    os.read(alive, 1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))
    _import_all()
    line.sendall(json.dumps({"number": 0, "status": 0}).encode() + b"\n")
    nursery = _Nursery(line, int(sys.argv[2]))
    try:
        nursery.serve()
    finally:
        nursery.end()


if __name__ == "__main__":
    _main()
