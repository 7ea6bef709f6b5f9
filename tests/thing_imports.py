"""A small workbook of three accounts, into which tests import the golden exports as the command does."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from acctlib.imports.clients import Clients
from acctlib.imports.formats import formats_of
from acctlib.imports.importing import import_file
from acctlib.imports.journal import held
from acctlib.imports.placing import Outcome
from acctlib.imports.readings import Asked
from acctlib.imports.summary import lines_of
from acctlib.imports.workbench import workbench

GOLDEN = Path(__file__).with_name("golden") / "imports"
_ACCOUNTS = {
    "harbour-foods": ("Harbour Foods", "Harbour Foods Ltd", "GBP"),
    "kestrel-mutual": ("Kestrel Mutual", "Kestrel Mutual Assurance", "EUR"),
    "sorrel-health": ("Sorrel Health", "SHP", "USD"),
}
_PROJECTS = """project,name,billing_type,start,end
eshop,E-shop,fixed_fee,2026-01-01,2026-12-31
clinic,Clinic finder,fixed_fee,2026-01-01,2026-12-31
"""


def data_of(folder: Path) -> Path:
    """Return the data folder of a new workbook."""
    (folder / "data" / "firm").mkdir(parents=True)
    for account, (name, alias, currency) in _ACCOUNTS.items():
        (folder / "data" / account).mkdir()
        profile = f'name: "{name}"\naliases: ["{alias}"]\ncurrency: "{currency}"\n'
        (folder / "data" / account / "account.yaml").write_text(profile, encoding="utf-8")
        (folder / "data" / account / "projects.csv").write_text(_PROJECTS, encoding="utf-8")
    return folder / "data"


def imported(data: Path, file: Path | str, text: str = "", tool: str = "auto", **asked) -> Outcome:
    """Import a golden file, or a file that is made of a text first, and put the tables in place."""
    path = GOLDEN / file if isinstance(file, str) else file
    if text:
        path = data.parent / str(file)
        path.write_text(text, encoding="utf-8")
    formats = formats_of(data / "firm")
    asked.setdefault("as_of", pd.Timestamp("2026-11-24").date())
    with held(data) as journal, workbench(journal) as bench:
        chosen = formats.values() if tool == "auto" else [formats[tool]]
        outcome = import_file(path, chosen, Clients(data), bench, Asked(**asked))
        bench.commit(path.name)
    assert outcome.read == outcome.kept + len(outcome.waiting) + sum(outcome.set_aside.values())
    return outcome


def said(outcome: Outcome, data: Path) -> str:
    """Return what the command prints of an outcome."""
    return "\n".join(lines_of(outcome, data))


def deals_of(data: Path) -> pd.DataFrame:
    """Return the opportunities, by name."""
    frame = pd.read_csv(data / "firm" / "opportunities.csv", dtype=str, keep_default_na=False)
    return frame.set_index("opportunity")


def invoices_of(data: Path, account: str) -> pd.DataFrame:
    """Return the invoices of an account, by number."""
    frame = pd.read_csv(data / account / "invoices.csv", dtype=str, keep_default_na=False)
    return frame.set_index("invoice")
