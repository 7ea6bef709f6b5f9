"""A workbook into which tests import, and what an import of it says."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from small_workbook import make_workbook

from acctlib.imports.command import run_import

GOLDEN = Path(__file__).parent / "golden" / "imports"


def data_of(tmp_path: Path) -> Path:
    """Make a workbook of the accounts aurora and borealis, each with the project `site`, New site; return its data folder."""
    make_workbook(tmp_path)
    (tmp_path / "data" / "firm").mkdir()
    return tmp_path / "data"


def imported(data: Path, *files: Path | str, tool: str = "auto", dry_run: bool = False, **said) -> tuple[bool, str]:
    """Import golden files by name, or others by path; return whether all was taken, and what was said."""
    lines: list[str] = []
    said = {"account": "aurora", "as_of": dt.date(2026, 6, 30), **said}
    right = run_import(data, tool, [GOLDEN / file for file in files], dry_run, lines.append, **said)
    return right, "\n".join(lines)


def rows(data: Path, table: str, account: str = "aurora") -> list[dict[str, str]]:
    """Return the rows of an account's table as text."""
    with (data / account / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file beside the workbook and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
