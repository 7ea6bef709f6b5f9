"""Cells run without a kernel as they do with one, and nothing of one notebook is there for the next."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat import v4

KINDS = (
    "print('said'); import sys; print('complained', file=sys.stderr); 1 + 1",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\n{'a': (1, 2)}",
    "value = 3\nvalue;",
    "import asyncio\nawait asyncio.sleep(0)\n_ = None",
    "get_ipython().__class__.__name__ != '', __name__",
    "class Shown:\n def _repr_mimebundle_(self, **_):\n  return {'application/vnd.x+json': {'n': 1}, 'text/plain': 'x'}\n"
    "Shown()",
)


#: Runs the cells on its standard input as papermill does, in a process that has no threads of a test's.
RUNNER = """
import json, sys, threading, nbformat, papermill
said = json.load(sys.stdin)
cells = [nbformat.v4.new_code_cell(cell) for cell in said["cells"]]
kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
if said["threaded"]:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
try:
    made = papermill.execute_notebook(
        nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), None, engine_name=said["engine"],
        kernel_name="python3", language="python", progress_bar=False, **said["options"])
    print(json.dumps({"cells": [(cell.execution_count, cell.outputs) for cell in made.cells]}))
except Exception as error:
    names = ("ename", "evalue", "exec_count")
    print(json.dumps({"error": type(error).__name__, **{name: getattr(error, name, None) for name in names}}))
"""


def run(*cells: str, engine: str | None = "acctlib", threaded: bool = False, **options) -> dict:
    """Return the number and the outputs of each cell, or the error."""
    said = json.dumps({"cells": cells, "engine": engine, "threaded": threaded, "options": options})
    done = subprocess.run([sys.executable, "-c", RUNNER], input=said, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_notebook_shows_the_same_as_with_a_kernel():
    made = run(*KINDS)
    assert "error" not in made
    assert made == run(*KINDS, engine=None)


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
    made = run("1", cell, "print('never')")
    assert (made["error"], made["ename"], made["exec_count"]) == ("PapermillExecutionError", name, 2)
    assert value.split(" (")[0] in made["evalue"]


def test_a_cell_that_ends_the_process_is_a_dead_kernel():
    assert run("import os; os._exit(0)")["error"] == "DeadKernelError"


def test_a_cell_that_hangs_is_stopped():
    assert run("import time; time.sleep(600)", execution_timeout=1)["error"] == "CellTimeoutError"


def test_with_threads_a_kernel_does_the_same():
    cell = "'ZMQ' in type(get_ipython()).__name__"
    texts = [run(cell, threaded=threaded)["cells"][0][1][0]["data"]["text/plain"] for threaded in (False, True)]
    assert texts == ["False", "True"]


def test_papermills_own_command_takes_the_engine_and_starts_no_kernel(tmp_path):
    source, target = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    cells = [nbformat.v4.new_code_cell(cell) for cell in ("import os; os.getppid()", "import sys; 'ipykernel' in sys.modules")]
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), source)
    command = [str(Path(sys.executable).with_name("papermill")), "--engine", "acctlib", str(source), str(target)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        process.communicate()
    made = nbformat.read(target, 4)
    assert process.returncode == 0
    assert [cell.outputs[0].data["text/plain"] for cell in made.cells] == [str(process.pid), "False"]


def test_when_papermill_is_killed_a_cell_that_hangs_ends_with_it(tmp_path):
    marker = tmp_path / "cell"
    hangs = f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    nbformat.write(
        v4.new_notebook(
            cells=[v4.new_code_cell(hangs)],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        ),
        tmp_path / "hangs.ipynb",
    )
    papermill = Path(sys.executable).with_name("papermill")
    command = [papermill, "--engine", "acctlib", "--no-progress-bar", "hangs.ipynb", "done.ipynb"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 60
        while not (marker.exists() and marker.read_text()):
            assert time.monotonic() < end
            time.sleep(0.05)
        cell = int(marker.read_text())
        process.kill()
    while psutil.pid_exists(cell) and psutil.Process(cell).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert cell != process.pid
