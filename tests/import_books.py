"""A small workbook to import into, and the command as a user types it."""

from __future__ import annotations

import csv
from pathlib import Path

from click.testing import CliRunner, Result

from acctlib.cli import main

KESTREL = "name: Kestrel Mutual\naliases: [Kestrel Mutual Assurance, KMA]\ncurrency: EUR\n"
HARBOUR = "name: Harbour Foods\ncurrency: GBP\n"
PROJECTS = "project,name,billing_type,start,end\n"


def make_book(root: Path) -> Path:
    """Make a workbook with two accounts, three projects, a plan of two tasks, people and rates; return its data folder."""
    for folder in ("notebooks", "parameters", "data/firm", "data/kestrel", "data/harbour"):
        (root / folder).mkdir(parents=True)
    data = root / "data"
    (data / "kestrel/account.yaml").write_text(KESTREL)
    (data / "harbour/account.yaml").write_text(HARBOUR)
    portal = "portal,Member portal,fixed_fee,2026-01-05,2026-12-18\ncare,Site care,retainer,2026-01-01,2026-12-31\n"
    (data / "kestrel/projects.csv").write_text(PROJECTS + portal)
    (data / "harbour/projects.csv").write_text(PROJECTS + "shop,Web shop,time_and_materials,2026-01-01,2026-12-31\n")
    (data / "kestrel/tasks.csv").write_text("project,task\nportal,design\nportal,build\n")
    (data / "firm/people.csv").write_text("person,role\nAna Ruiz,Designer\nBen Okri,Developer\n")
    rates = "role,currency,bill_rate,cost_rate,valid_from\nDesigner,EUR,120,70,2026-01-01\nDeveloper,EUR,110,65,2026-01-01\n"
    (data / "firm/rate_card.csv").write_text(rates)
    return data


def imported(data: Path, *arguments: str | Path) -> Result:
    """Run `acctlib import` on a workbook's data."""
    with_home = {"ACCTLIB_HOME": str(data.parent)}
    return CliRunner(env=with_home).invoke(main, ["import", *map(str, arguments)], catch_exceptions=False)


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def all_files(data: Path) -> dict[str, bytes]:
    """Return every file of the tables by its place, without the journal and the lock of imports."""
    found = (path for path in sorted(data.rglob("*")) if path.is_file())
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in found if "imports" not in path.parts}


HARVEST = (
    "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,Approved?,First Name,Last Name,Employee Id,Roles,"
    "Employee?,Billable Rate,Billable Amount,Cost Rate,Cost Amount,Currency,External Reference URL"
)


def harvest(path: Path, *entries: tuple) -> Path:
    """Write a Harvest export: day, client, project, task, hours, billable, person (first and last name), note."""
    lines = [HARVEST]
    for day, client, project, task, hours, billable, person, note in entries:
        first, _, last = person.partition(" ")
        rates = "Yes,0.0,0.0,0.0,0.0,British Pound - GBP,"
        lines.append(f'{day},{client},{project},,{task},{note},"{hours}",{billable},No,No,{first},{last},,,{rates}')
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8", newline="")
    return path
