"""The notebooks by hand: opened in JupyterLab, all cells run, charts drawn, with no network.

A real server and a real browser. Both know nothing of the person who runs the tests: settings, start-up files and kernels
are those of an empty home. The only address that may be asked for is the server's own.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import psutil
import pytest
from conftest import ROOT
from test_pages import CHARTS

#: What would ask the network or a question, and what leaves cells undrawn that are out of sight.
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none"},
}
FOLDERS = ("HOME", "TMPDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
OFFLINE = ("--LabApp.extension_manager=readonly", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
#: Of each output that is a chart: width and height of its picture.
SIZES = """() => [...document.querySelectorAll('.jp-OutputArea-output figure svg')].map(svg => {
  const box = svg.getBoundingClientRect();
  return [box.width, box.height, svg.querySelectorAll('path').length];
})"""
ALIGNED = """selector => [...document.querySelectorAll('.jp-OutputArea-output .acct td' + selector)].map(
  cell => getComputedStyle(cell).textAlign)"""


@dataclass
class Lab:
    """A running JupyterLab, and every address outside it that a page asked for."""

    address: str
    root: Path
    outside: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """JupyterLab on a workbook of its own, whose notebooks it may change."""
    root, own = tmp_path_factory.mktemp("workbook"), tmp_path_factory.mktemp("lab")
    for folder in ("notebooks", "parameters"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".*"))
    (root / "data").symlink_to(ROOT / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    options = (
        *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *("--IdentityProvider.token=", f"--ServerApp.root_dir={root}", *OFFLINE),
    )
    with (own / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options],
            cwd=root,
            env=environment(own),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_server(server, address, own / "log")
        yield Lab(address, root)
    finally:
        end(server)


def environment(own):
    """Return an environment in which nothing of the user's own is found; written into the folder `own`."""
    for name, setting in SETTINGS.items():
        file = own / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(setting), encoding="utf-8")
    folders = {name: own / name.lower() for name in FOLDERS}
    for folder in folders.values():
        folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV") if name in os.environ}
    lab = {"JUPYTERLAB_SETTINGS_DIR": own / "settings", "JUPYTERLAB_WORKSPACES_DIR": own / "workspaces"}
    return kept | {name: str(folder) for name, folder in (folders | lab).items()} | {"LANG": "C.UTF-8"}


def wait_for_server(server, address, log, seconds=60):
    end_of_patience = time.monotonic() + seconds
    while time.monotonic() < end_of_patience and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"{address}/api", timeout=5):
            return
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def end(server):
    """End the server and its kernels, which have sessions of their own."""
    family = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family, timeout=5)


@pytest.fixture
def run_all_cells(browser, lab):
    """Return a function that opens a notebook, runs all its cells and returns the page when its kernel is idle again."""
    # tall, so that a picture of the page shows all of it
    context = browser.new_context(viewport={"width": 1280, "height": 9000})
    ours = (lab.address, lab.address.replace("http", "ws", 1), "data:", "blob:")

    def only_ours(route):
        if route.request.url.startswith(ours):
            route.continue_()
        else:
            lab.outside.append(route.request.url)
            route.abort()

    context.route("**/*", only_ours)

    def opened(notebook):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{lab.address}/doc/tree/notebooks/{notebook}.ipynb")
        # a notebook without a kernel calls itself idle too; cells run before it has one are lost
        page.wait_for_selector("#jp-main-statusbar >> text=/Python 3.*\\| Idle/")
        page.locator(".lm-MenuBar-item", has_text="Run").click()
        page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
        page.wait_for_function(
            """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].every(
                 prompt => /^\\[\\d+\\]:$/.test(prompt.textContent.trim()))
               || document.querySelector("[data-mime-type='application/vnd.jupyter.error']")"""
        )
        return page

    yield opened
    context.close()


def said_wrong(page):
    """Return what cells printed as errors or warnings."""
    wrong = ".jp-OutputArea-output:is([data-mime-type='application/vnd.jupyter.error'], [data-mime-type$='.stderr'])"
    return page.locator(wrong).all_inner_texts()


@pytest.mark.parametrize("notebook", ["account_plan", "budget_risk", "meeting_brief", "quarterly_business_review"])
def test_all_cells_run_in_jupyterlab_and_every_chart_is_drawn(lab, run_all_cells, tmp_path, notebook):
    page = run_all_cells(notebook)
    assert said_wrong(page) == []
    assert page.locator(".jp-OutputArea-output", has_text="End of the report.").count() == 1
    sizes = page.evaluate(SIZES)
    assert len(sizes) == CHARTS["internal", notebook]
    assert all(width > 250 and height > 100 and marks > 0 for width, height, marks in sizes)
    # JupyterLab's own style sets every cell of a table flush right
    assert [set(page.evaluate(ALIGNED, side)) for side in (".left", ".right")] == [{"left"}, {"right"}]
    assert lab.outside == []


def test_a_cell_that_fails_and_an_address_outside_are_noticed(lab, run_all_cells):
    """The checks above can fail."""
    cells = ["raise ValueError('no')", "import IPython; IPython.display.HTML('<img src=\"http://192.0.2.1/x.png\">')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in reversed(cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, lab.root / "notebooks" / "fails.ipynb")
    page = run_all_cells("fails")
    assert ["ValueError: no" in said for said in said_wrong(page)] == [True]
    assert set(lab.outside) == {"http://192.0.2.1/x.png"}
    lab.outside.clear()
