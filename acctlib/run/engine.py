"""A papermill engine without kernels: cells run in a forked child of this process.

Starting a kernel and importing the same libraries in it costs more than most reports. Here a notebook's cells run in an
IPython shell in a child process that begins as a copy of one in which everything is imported already, and ends with the
notebook: nothing of one report is there for the next. `papermill --engine acctlib` uses it, and so does `acctlib run`, whose
reports are such children themselves. Where forking is not safe (macOS, a process with threads) an ordinary kernel does the
same.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from traitlets.config import Config

__all__ = ["AcctlibEngine", "Cells", "can_fork"]


def can_fork() -> bool:
    """Return whether a copy of this process would be sound: on Linux, and without threads."""
    return sys.platform == "linux" and threading.active_count() == 1


class AcctlibEngine:
    """Runs a notebook's cells without a kernel; registered with papermill under the name acctlib."""

    @classmethod
    def execute_notebook(cls, nb: NotebookNode, kernel_name: str, **options: Any) -> NotebookNode:
        """Run the cells of a notebook, as papermill asks of an engine.

        Parameters
        ----------
        nb : NotebookNode
        kernel_name : str
            Of the kernel that is used where forking is not safe.
        **options
            As papermill gives them; `in_process` is True in a process that was forked for this notebook.
        """
        managed = type(cls.__name__, (_papermills(),), {"execute_managed_notebook": staticmethod(_run_managed)})
        return managed.execute_notebook(nb, kernel_name, **options)

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        """Return the name of the notebook's kernel."""
        return _papermills().nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        """Return the language of the notebook."""
        return _papermills().nb_language(nb, language)


def _papermills() -> type:
    from papermill.engines import Engine  # papermill imports this module while it is imported itself

    return Engine


def _run_managed(
    nb_man: Any, kernel_name: str, execution_timeout: float | None = None, in_process: bool = False, **options: Any
) -> None:
    if in_process:
        _each(nb_man, Cells().run)
        return
    _stop_monitor(type(nb_man.pbar))
    if not can_fork():
        from papermill.engines import NBClientEngine

        NBClientEngine.execute_managed_notebook(nb_man, kernel_name, execution_timeout=execution_timeout, **options)
        return
    child = _Child(execution_timeout)
    try:
        _each(nb_man, child.run)
    finally:
        child.end()


def _stop_monitor(bars: type) -> None:
    """End the thread that tqdm keeps for its bars: it would make forking unsafe, and the bars do without."""
    if getattr(bars, "monitor", None) is not None:
        bars.monitor.exit()
        bars.monitor = None


def _each(nb_man: Any, run: Callable[[NotebookNode], bool]) -> None:
    """Run the code cells one after the other, up to the first that fails."""
    for index, cell in enumerate(nb_man.nb.cells):
        nb_man.cell_start(cell, index)
        sound = cell.cell_type != "code" or not cell.source.strip() or run(cell)
        if not sound:
            nb_man.cell_exception(cell, index)
        nb_man.cell_complete(cell, index)
        if not sound:
            return


class Cells:
    """The cells of one notebook, run in this process."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self._outputs: list[NotebookNode] = []
        self._process = os.getpid()
        module = sys.modules["__main__"] = types.ModuleType("__main__")  # as in a kernel, and nothing of ours is in it
        InteractiveShell.clear_instance()
        self._shell = InteractiveShell.instance(config=config, user_module=module)  # the one that display() asks for
        self._shell.display_pub = _Publisher(self._outputs, shell=self._shell)
        self._shell.displayhook = _Hook(self._outputs, shell=self._shell)
        self._shell.display_trap.hook = self._shell.displayhook
        # it stands in the outputs, with its name and value; the shell's own takes minutes where a function calls itself
        self._shell.showtraceback = lambda *_, **__: None
        self._shell.ask_exit = lambda: setattr(self._shell, "exit_now", True)
        warnings.filterwarnings("ignore", "To exit: use")

    def run(self, cell: NotebookNode) -> bool:
        """Run one cell and put what it shows into its outputs; False where it failed and the notebook must stop."""
        self._outputs.clear()
        cell.execution_count = self._shell.displayhook.number = self._shell.displayhook.number + 1
        printed, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
            done = self._shell.run_cell(cell.source, store_history=True)
        if os.getpid() != self._process:  # a copy that the cell made of this process; there is one notebook
            os._exit(0)
        streams = [
            new_output("stream", name=name, text=text.getvalue())
            for name, text in (("stdout", printed), ("stderr", complained))
            if text.getvalue()
        ]
        cell.outputs = [*streams, *self._outputs]
        error = done.error_before_exec or done.error_in_exec
        if isinstance(error, SystemExit) or self._shell.exit_now:  # papermill takes an exit 0 for a success
            asked = "quit" if error is None else f"exit {error}"
            error = SystemExit(f"the cell ended the run: {asked}")
        if error is not None:
            lines = traceback.format_exception(error)
            cell.outputs.append(new_output("error", ename=type(error).__name__, evalue=str(error), traceback=lines))
        return error is None


class _Hook(DisplayHook):
    """Keeps what a cell's last line returns, as a notebook shows it."""

    def __init__(self, outputs: list[NotebookNode], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._outputs = outputs
        self.number = 0

    def __call__(self, result: object = None) -> None:
        self.check_for_underscore()
        if result is None or self.quiet():
            return
        data, metadata = self.compute_format_data(result)
        self.update_user_ns(result)
        if data:
            self._outputs.append(_shown("execute_result", data, metadata, execution_count=self.number))


class _Publisher(DisplayPublisher):
    """Keeps what a cell displays."""

    def __init__(self, outputs: list[NotebookNode], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._outputs = outputs

    def publish(self, data: dict, metadata: dict | None = None, **kwargs: Any) -> None:
        self._outputs.append(_shown("display_data", data, metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        self._outputs.clear()


def _shown(kind: str, data: dict, metadata: dict, **more: Any) -> NotebookNode:
    """Return an output as a kernel would send it: through JSON, in which a tuple is a list."""
    return new_output(kind, data=json.loads(json.dumps(data)), metadata=json.loads(json.dumps(metadata)), **more)


class _Child:
    """A forked process that runs cells one by one and answers with their outputs."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        asked, self._ask = os.pipe()
        self._answered, answer = os.pipe()
        alive, self._hold = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            os.close(self._ask)
            os.close(self._answered)
            os.close(self._hold)
            threading.Thread(target=_die_with_parent, args=(alive,), daemon=True).start()
            _answer_cells(asked, answer)
        for end in (asked, answer, alive):
            os.close(end)
        self._answers = os.fdopen(self._answered, "rb")

    def run(self, cell: NotebookNode) -> bool:
        """Run one cell there; DeadKernelError where the process ends, CellTimeoutError where it takes too long."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._ask, json.dumps({"source": cell.source, "metadata": cell.metadata}).encode() + b"\n")
        if self._seconds and not select.select([self._answers], [], [], self._seconds)[0]:
            raise CellTimeoutError.error_from_timeout_and_cell("a cell did not end in time", self._seconds, cell)
        line = self._answers.readline()
        if not line.endswith(b"\n"):
            raise DeadKernelError("the process that ran the cells died")
        said = json.loads(line)
        cell.outputs = [NotebookNode(output) for output in said["outputs"]]
        cell.execution_count = said["execution_count"]
        return said["sound"]

    def end(self) -> None:
        """End the process, whatever it is doing."""
        os.close(self._ask)
        self._answers.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._hold)


def _die_with_parent(alive: int) -> None:
    os.read(alive, 1)  # nothing comes; its end is closed when the process ends that holds it
    os._exit(1)


def _answer_cells(asked: int, answer: int) -> None:
    """Run the cells that are asked for; never returns."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        cells = Cells()
        with os.fdopen(asked, "rb") as orders, os.fdopen(answer, "wb") as answers:
            for line in orders:
                cell = NotebookNode(json.loads(line), outputs=[], execution_count=None)
                cell.metadata = NotebookNode(cell.metadata)
                sound = cells.run(cell)
                said = {"outputs": cell.outputs, "execution_count": cell.execution_count, "sound": sound}
                answers.write(json.dumps(said).encode() + b"\n")
                answers.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
