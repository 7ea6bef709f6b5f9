"""The smallest workbook that runs: one notebook, a few accounts with one project each."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import v4

from acctlib.run.batch import Maker, run_all
from acctlib.run.orders import Outcome
from acctlib.run.results import Edition

PARAMETERS = """\
account = "aurora"
period = "2026-Q3"
as_of = ""
audience = "internal"
confidence = 0.8
draws = 1024
seed = 1
data = "data"
results = "outputs"
"""
SETUP = """\
from acctlib.account import Account
from acctlib.show.blocks import Report
account = Account.read(account, period, as_of, audience, data)
report = Report(account, "Spend", "spend")
report.cover()
"""
PROJECTS = "project,name,billing_type,start,end,fee,budget_cost\nsite,New site,fixed_fee,2026-01-05,2026-12-18,64000,48213.37\n"
TIME = (
    "date,project,person,role,hours,billable,note\n"
    "2026-07-06,site,Ivo Lindqvist,designer,7.5,yes,homepage sketches\n"
    "2026-07-07,site,Ivo Lindqvist,designer,6.25,no,redone since the sponsor changed his mind again today\n"
)


def code(source: str, *tags: str) -> nbformat.NotebookNode:
    """Return a code cell."""
    return v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})


def spend_notebook(*cells: str, editions: tuple[str, ...] = ("client", "internal"), end: bool = True) -> nbformat.NotebookNode:
    """Return a notebook that shows the fee, runs `cells` and ends."""
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# Spend"),
            code(PARAMETERS, "parameters"),
            code(SETUP),
            v4.new_markdown_cell("## Fees"),
            code('report.text(f"Agreed fee {account.projects.fee.sum():,.0f}", section="Fees")'),
            *map(code, cells),
            code('report.results({"fee": float(account.projects.fee.sum())})'),
            *([code("report.end()")] if end else []),
        ],
        metadata={
            "acctlib": {"editions": list(editions)},
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        },
    )
    for n, cell in enumerate(notebook.cells):
        cell.id = f"cell-{n:02}"
    return notebook


def add_account(root: Path, account: str, name: str, parameters: str = "") -> None:
    """Add an account with one project and two days of time."""
    folder = root / "data" / account
    folder.mkdir(parents=True)
    (folder / "account.yaml").write_text(f"name: {name}\ncurrency: GBP\n")
    (folder / "projects.csv").write_text(PROJECTS)
    (folder / "time_entries.csv").write_text(TIME)
    (root / "parameters" / f"{account}.yaml").write_text(parameters or f'account: {account}\nperiod: "2026-Q3"\n')


def make_workbook(root: Path, *cells: str, **notebook: object) -> Path:
    """Make a workbook of the accounts aurora and borealis with the notebook `spend`."""
    (root / "notebooks").mkdir(parents=True)
    (root / "parameters").mkdir()
    nbformat.write(spend_notebook(*cells, **notebook), root / "notebooks" / "spend.ipynb")
    add_account(root, "aurora", "Aurora Foods")
    add_account(root, "borealis", "Borealis Bank")
    return root


def all_run(orders: Sequence[Edition], engine: str = "", workers: int = 2, force: bool = False) -> list[Outcome]:
    """Make reports, and return what became of each when all processes are gone."""
    with contextlib.closing(Maker(workers, engine)) as maker:
        return list(run_all(orders, maker, force))
