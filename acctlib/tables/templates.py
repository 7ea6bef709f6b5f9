"""Empty tables for a new account: what to enter is written where it is entered.

A person who starts an account should need neither a manual nor luck. So the workbook says in a note on each column's name
what belongs there, offers the allowed words in a list, and shows dates and amounts in the form in which they are read. It
is made from the dictionary, as are the checks, so that the two cannot disagree.

The same folder also gets an empty CSV file for each table. A table with a header only is "no data" and clashes with
nothing: a person may fill in either, and delete what is not wanted.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path

from acctlib.tables.dictionary import KINDS, TABLES, Column, Table
from acctlib.tables.raw import letters
from acctlib.tables.read import README_SHEET, WORKBOOK

__all__ = ["write_templates"]

_FORMATS = {
    "date": "yyyy-mm-dd",
    "number": "0.##",
    "whole": "0",
    "hours": "0.00",
    "money": "0.00",
    "percent": "0.##",
}
_TEXT_FORMAT = "@"  # an id such as 0012, or a text that begins with =, stays as it was typed
_LAST_ROW = 5_000  # of the lists of words; a workbook with more rows than that is better kept as CSV
_EPOCH = (1980, 1, 1, 0, 0, 0)

_README = (
    "One sheet is one table. Enter rows below the header; leave a sheet empty if you have no data for it.",
    "Only projects is needed. Every other table adds a section to the reports.",
    "A column whose name is bold must be filled in every row. Hold the pointer over a name to read what belongs there.",
    "Do not rename sheets or columns, and put nothing above or beside a table. Notes may stand on this sheet.",
    "Enter a percentage as 30, not 30 % and not 0.3; an amount without a currency sign; hours as 7.5.",
    "A table may instead be a file such as projects.csv in the same folder, but not both.",
)


def write_templates(folder: Path, excel: bool = True) -> list[Path]:
    """Write an empty file for each table of an account, and a workbook with all of them.

    Parameters
    ----------
    folder : Path
        The account's folder, which exists.
    excel : bool, default True
        Whether the workbook is wanted too.

    Returns
    -------
    list of Path
        The files written, in the order of the dictionary. The same bytes each time.

    Raises
    ------
    FileExistsError
        If one of the files is there already. Nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = write_templates(Path(folder))
    ...     files[2].name, files[2].read_text().strip(), files[-1].name
    ('progress.csv', 'project,task,as_of,percent_complete,remaining_hours', 'tables.xlsx')
    """
    tables = [table for table in TABLES.values() if not table.firm]
    contents = {folder / f"{table.name}.csv": _csv_header(table) for table in tables}
    if excel:
        contents[folder / WORKBOOK] = _workbook(tables)
    there = [path.name for path in contents if path.exists()]
    if there:
        raise FileExistsError(f"{folder.name} has {', '.join(there)} already; templates are for a new account")
    for path, content in contents.items():
        path.write_bytes(content)
    return list(contents)


def _csv_header(table: Table) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(column.name for column in table.typed)
    return text.getvalue().encode()


def _workbook(tables: list[Table]) -> bytes:
    from openpyxl import Workbook  # slow to import, and few commands need it

    book = Workbook()
    readme = book.active
    readme.title = README_SHEET
    readme.column_dimensions["A"].width = 110
    for row, sentence in enumerate(_README, start=1):
        _put_text(readme.cell(row, 1), sentence)
    for row, table in enumerate(tables, start=len(_README) + 2):
        _put_text(readme.cell(row, 1), f"{table.name}: {table.meaning}")
    for table in tables:
        _add_sheet(book.create_sheet(table.name), table)
    stream = io.BytesIO()
    book.save(stream)
    return _without_times(stream.getvalue())


def _add_sheet(sheet, table: Table) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.freeze_panes = "A2"
    for at, column in enumerate(table.typed, start=1):
        cell = sheet.cell(1, at)
        _put_text(cell, column.name)
        cell.font = Font(name="Calibri", size=11, bold=column.required)
        cell.fill = PatternFill("solid", fgColor="E8EEF2")
        cell.alignment = Alignment(vertical="top")
        cell.comment = Comment(_note(column), "acctlib", height=110, width=260)
        whole_column = sheet.column_dimensions[letters(at)]
        whole_column.width = max(12, len(column.name) + 3)
        whole_column.number_format = _FORMATS.get(column.kind, _TEXT_FORMAT)
        words = column.choices or (("yes", "no") if column.kind == "yes_no" else ())
        if words:
            sheet.add_data_validation(_list_of(words, letters(at)))


def _note(column: Column) -> str:
    needed = "Needed in every row." if column.required else "May be blank."
    return f"{column.meaning[:1].upper()}{column.meaning[1:]}.\nWritten as {KINDS[column.kind]}.\n{needed}"


def _list_of(words: tuple[str, ...], letter: str):
    from openpyxl.worksheet.datavalidation import DataValidation

    validation = DataValidation(
        type="list",
        formula1=f'"{",".join(words)}"',
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Not in the list",
        error=f"Choose one of: {', '.join(words)}"[:255],
    )
    validation.add(f"{letter}2:{letter}{_LAST_ROW}")
    return validation


def _put_text(cell, text: str) -> None:
    """Set a cell to a text, even one that begins with = and would otherwise become a formula."""
    cell.value = text
    cell.data_type = "s"


def _without_times(workbook: bytes) -> bytes:
    """Return the workbook without the time of its making, so that the same template is the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", content)
            new.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
