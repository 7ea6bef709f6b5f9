"""A workbook -> raw tables: the value each cell shows, as a person would type it.

A sheet holds more than it shows: formulas that were never worked out, dates that are numbers, percentages that are
fractions, merged titles above the table and remarks beside it. What a person sees in the cell is what is read; a cell that
shows an error, or a formula without a result, is a problem.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

from acctlib.tables.dictionary import Table
from acctlib.tables.problems import Problem
from acctlib.tables.raw import HEADER_SEARCHED, RawTable, Rows, below_title, header_at, letters

__all__ = ["SheetRow", "read_sheet", "read_workbook"]

#: A workbook that unpacks to more is a mistake or an attack: 200,000 rows of time take a third of it.
_UNPACKED_LIMIT = 300_000_000
#: The text of a row's cells, and the positions and contents of cells whose value is not known.
SheetRow = tuple[list[str], list[tuple[int, str]]]


def read_workbook(path: Path) -> tuple[dict[str, list[SheetRow]], list[Problem]]:
    """Return the rows of each sheet by its title; none, and a problem, where the file is no sound workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > _UNPACKED_LIMIT:
                what = f"unpacks to {unpacked / 1e6:,.0f} MB"
                return {}, [Problem(path.name, what, "save large tables as CSV or Parquet")]
            sheets = [part for part in archive.namelist() if part.startswith("xl/worksheets/")]
            has_formulas = any(re.search(rb"<f[ >/]", archive.read(part)) for part in sheets)
        return _sheets(path, has_formulas), []
    except Exception as error:  # openpyxl passes on whatever its parsers meet in a broken file
        what = f"cannot be read as a workbook ({type(error).__name__})"
        return {}, [Problem(path.name, what, "open it in a spreadsheet and save it again as .xlsx")]


def _sheets(path: Path, has_formulas: bool) -> dict[str, list[SheetRow]]:
    """Return the rows of each sheet. Values and formulas stand in two readings of the same workbook."""
    import openpyxl  # slow to import, and few folders hold a workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that hold no values
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True) if has_formulas else None
        rows = {}
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # files often state a wrong size, and rows beyond it would be lost
            if formulas:
                formulas[sheet.title].reset_dimensions()
            rows[sheet.title] = list(_sheet_rows(sheet, formulas and formulas[sheet.title]))
        book.close()
        if formulas:
            formulas.close()
    return rows


def _sheet_rows(sheet, formula_sheet) -> Iterator[SheetRow]:
    """Yield the text of each row's cells, and the position and content of cells whose value is not known."""
    formula_rows = formula_sheet.iter_rows() if formula_sheet else ()
    for cells, formulas in itertools.zip_longest(sheet.iter_rows(), formula_rows, fillvalue=()):
        unknown = [(at, str(cell.value)) for at, cell in enumerate(cells) if cell.data_type == "e"]
        unknown += [
            (at, str(formula.value))
            for at, (cell, formula) in enumerate(zip(cells, formulas, strict=False))
            if formula.data_type == "f" and cell.value is None
        ]
        texts = [_cell_text(cell) for cell in cells]
        while texts and not texts[-1]:
            texts.pop()
        yield texts, unknown


def _cell_text(cell) -> str:
    """Return a sheet's cell as a person would type it into a text file."""
    value = cell.value
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if "%" in cell.number_format:  # the person sees 80 %, the file holds 0.8
            return f"{value * 100:.12g}%"
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return str(value)


def read_sheet(found: list[SheetRow], file: str, table: Table) -> tuple[RawTable | None, list[Problem]]:
    """Return the table in a sheet, or None, and what is wrong with its shape."""
    problems: list[Problem] = []
    if below := header_at((texts for texts, _ in found[:HEADER_SEARCHED]), table)[1]:
        return None, [below_title(file, below)]
    header = found[0][0] if found else []
    if not header:
        if any(texts for texts, _ in found):
            return None, [Problem(file, "has no header", "write the column names into the first row", row=1)]
        return Rows(0).table(file, []), []
    rows = Rows(len(header))
    for number, (texts, unknown) in enumerate(found[1:], start=2):
        bad = [(at, value, "has no value", "enter it, or recalculate and save the workbook") for at, value in unknown]
        beside = [(at, text) for at, text in enumerate(texts) if at >= len(header) and text]
        bad += [(at, text, "beside the table, under no column name", "name the column or clear it") for at, text in beside]
        for at, value, what, remedy in bad:
            place = f"{letters(at + 1)}{number}"
            problems.append(Problem(file, what, remedy, row=number, cell=place, value=value))
        if texts or bad:
            rows.add(texts + [""] * (len(header) - len(texts)), number, number, torn=bool(bad))
    return rows.table(file, header), problems
