"""Cells run without a kernel as they do with one, and nothing of one notebook is there for the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from acctlib.run.engine import Cells, can_fork

KINDS = (
    "print('said'); import sys; print('complained', file=sys.stderr); 1 + 1",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\n{'a': (1, 2)}",
    "value = 3\nvalue;",
    "import asyncio\nawait asyncio.sleep(0)\n_ = None",
    "get_ipython().__class__.__name__ != '', __name__",
    "class Shown:\n def _repr_mimebundle_(self, **_):\n  return {'application/vnd.x+json': {'n': 1}, 'text/plain': 'x'}\n"
    "Shown()",
)


def notebook(*cells: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    return made


def run(*cells: str, engine: str | None = "acctlib", **options) -> nbformat.NotebookNode:
    return papermill.execute_notebook(
        notebook(*cells), None, engine_name=engine, kernel_name="python3", language="python", progress_bar=False, **options
    )


def shown(made: nbformat.NotebookNode) -> list:
    return [(cell.execution_count, [dict(output) for output in cell.outputs]) for cell in made.cells]


def test_a_notebook_shows_the_same_as_with_a_kernel():
    assert shown(run(*KINDS)) == shown(run(*KINDS, engine=None))


def test_cells_that_run_in_this_process_show_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # put back afterwards
    made, cells = notebook(*KINDS), Cells()
    assert all(cells.run(cell) for cell in made.cells)
    InteractiveShell.clear_instance()
    assert shown(made) == shown(run(*KINDS))


@pytest.mark.parametrize(
    ("cell", "name", "value"),
    [
        ("{}['fee']", "KeyError", "'fee'"),
        ("raise ValueError('no')", "ValueError", "no"),
        ("x ==", "SyntaxError", "invalid syntax (<cell>, line 1)"),
        ("import sys; sys.exit(0)", "SystemExit", "the cell ended the run: exit 0"),
        ("quit()", "SystemExit", "the cell ended the run: quit"),
    ],
)
def test_a_cell_that_fails_stops_the_notebook(cell, name, value):
    with pytest.raises(papermill.PapermillExecutionError) as error:
        run("1", cell, "print('never')")
    assert error.value.ename == name
    assert value.split(" (")[0] in error.value.evalue
    assert error.value.exec_count == 2


def test_a_cell_that_ends_the_process_is_a_dead_kernel():
    with pytest.raises(DeadKernelError):
        run("import os; os._exit(0)")


def test_a_cell_that_hangs_is_stopped():
    with pytest.raises(CellTimeoutError):
        run("import time; time.sleep(600)", execution_timeout=1)


def test_nothing_of_one_notebook_is_there_for_the_next():
    leave = (
        "import os, sys, decimal\nos.environ['LEFT'] = '1'\nos.chdir('/')\n"
        "sys.modules['left'] = sys\nleft = 1\ndecimal.getcontext().prec = 3"
    )
    look = (
        "import os, sys, decimal\nos.environ.get('LEFT'), os.getcwd() == '/', 'left' in sys.modules, 'left' in globals(), "
        "decimal.getcontext().prec"
    )
    run(leave)
    assert run(look).cells[0].outputs[0].data["text/plain"] == "(None, False, False, False, 28)"


def test_with_threads_a_kernel_does_the_same(monkeypatch):
    monkeypatch.setattr("acctlib.run.engine.threading.active_count", lambda: 2)
    assert not can_fork()
    assert run("'ZMQ' in type(get_ipython()).__name__").cells[0].outputs[0].data["text/plain"] == "True"


def test_papermills_own_command_takes_the_engine_and_starts_no_kernel(tmp_path):
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(notebook("import os; os.getppid()", "import sys; 'ipykernel' in sys.modules"), source)
    command = [str(Path(sys.executable).with_name("papermill")), "--engine", "acctlib", str(source), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        process.communicate()
    made = nbformat.read(target, 4)
    assert process.returncode == 0
    assert [cell.outputs[0].data["text/plain"] for cell in made.cells] == [str(process.pid), "False"]
