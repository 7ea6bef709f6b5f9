"""The files of a folder -> its raw tables.

A table is one CSV file ``<table>.csv``, one Parquet file ``<table>.parquet`` or one sheet of the workbook ``tables.xlsx``.
Other files (a README, ``account.yaml``, ``commentary/``) are left alone, but every file that could hold a table must be one:
hours in ``time_entrys.csv`` would otherwise be missing from every report without a word. Here, and in the modules for each
kind of file, only the shape is judged; what a cell means is left to `checks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.tables.csv_files import read_csv
from acctlib.tables.dictionary import TABLES, Table
from acctlib.tables.problems import Problem, TableErrors
from acctlib.tables.queries import Query
from acctlib.tables.raw import RawTable, nearest
from acctlib.tables.sql import answer
from acctlib.tables.workbooks import read_sheet, read_workbook

__all__ = ["README_SHEET", "WORKBOOK", "RawFolder", "add_answer", "parquet_text", "read_folder", "read_table"]

WORKBOOK = "tables.xlsx"
README_SHEET = "Read me"

#: Endings of files that could hold a table. A file with one of these that is no table of ours is a problem, not a stray.
_TABLE_ENDINGS = (".csv", ".parquet", ".xlsx", ".xlsm", ".xls", ".ods", ".tsv")


@dataclass
class RawFolder:
    """The tables of a folder, what is wrong with its files, and the tables that could therefore not be read."""

    tables: dict[str, RawTable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)


def read_folder(folder: Path, firm: bool = False) -> RawFolder:
    """Return every table of a folder as text.

    Parameters
    ----------
    folder : Path
        An account's folder, or the firm's.
    firm : bool
        True for the firm's folder: it holds the tables that serve all accounts, and no others.

    Returns
    -------
    RawFolder
        A table with a header only is there, with no rows. A table whose file has no usable shape is in `unreadable`.
    """
    raw = RawFolder()
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        ending = path.suffix.lower()
        if ending not in _TABLE_ENDINGS or path.name.startswith((".", "~$")):
            continue
        if not path.is_file():
            raw.problems.append(Problem(path.name, "is a folder", "put one file of that name there"))
        elif path.name == WORKBOOK:
            _add_workbook(raw, path, firm)
        elif path.suffix in (".csv", ".parquet") and path.stem in TABLES:
            _add(raw, path.stem, path.name, firm, read_csv if ending == ".csv" else _read_parquet, path)
        else:
            raw.problems.append(Problem(path.name, "is no table's file", _file_name(path)))
    return raw


def read_table(folder: Path, name: str) -> RawTable | None:
    """Return one table of a folder as text, without reading the others; None where there is none with rows.

    Raises
    ------
    TableErrors
        If its file has no usable shape, or if it stands in two files.
    """
    raw = RawFolder()
    for path in (folder / f"{name}.csv", folder / f"{name}.parquet"):
        if path.is_file():
            _add(raw, name, path.name, TABLES[name].firm, read_csv if path.suffix == ".csv" else _read_parquet, path)
    if (folder / WORKBOOK).is_file():
        sheets, problems = read_workbook(folder / WORKBOOK)
        raw.problems += problems
        if name in sheets:
            _add(raw, name, f"{WORKBOOK}, sheet {name}", TABLES[name].firm, read_sheet, sheets[name])
    if any(problem.severity == "error" for problem in raw.problems):
        raise TableErrors(tuple(raw.problems))
    table = raw.tables.get(name)
    return table if table is not None and len(table) else None


def _file_name(path: Path) -> str:
    """Say how a file that could hold a table should be called."""
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls", ".ods"):
        return f"save it as {WORKBOOK}, with a sheet for each table"
    near = nearest(path.stem, TABLES)
    ending = ".parquet" if path.suffix.lower() == ".parquet" else ".csv"
    return f"name it {near}{ending}" if near else f"name it after one of the tables: {', '.join(TABLES)}"


def _add(raw: RawFolder, name: str, file: str, firm: bool, read: Callable, source) -> None:
    """Read one table into `raw`, unless it lies in the wrong folder or stands elsewhere already."""
    if TABLES[name].firm != firm:
        home = "the firm's folder, data/firm" if TABLES[name].firm else "an account's folder"
        raw.problems.append(Problem(file, f"{name} does not belong here", f"move it to {home}"))
        return
    table, problems = read(source, file, TABLES[name])
    raw.problems += problems
    if table is None:
        raw.unreadable.add(name)
        return
    other = raw.tables.get(name)
    if other is not None and len(other) and len(table):
        what = f"{name} stands in {other.file} and in {file}"
        raw.problems.append(Problem(file, what, "keep one of the two and empty the other"))
    elif other is None or len(table):
        raw.tables[name] = table


def add_answer(raw: RawFolder, query: Query) -> None:
    """Add the table that a query returns, unless it stands in a file with rows already."""
    table, problems = answer(query)
    raw.problems += problems
    other = raw.tables.get(query.table)
    if table is not None and not len(table):  # a client whom the database calls otherwise would lose all rows without a word
        write = f"check what :account, which is {query.account}, is compared with"
        raw.problems.append(query.sql_problem("the query returns no row", write, "warning"))
    if table is None:
        raw.unreadable.add(query.table)
    elif other is not None and len(other) and len(table):
        write = f"empty {other.file}, or take {query.table} out of the tables in {query.file}"
        raw.problems.append(query.sql_problem(f"the table stands in {other.file} too", write))
    elif other is None or len(table):
        raw.tables[query.table] = table


def _add_workbook(raw: RawFolder, path: Path, firm: bool) -> None:
    """Read each sheet that is a table; a sheet with content that is none is a problem."""
    sheets, problems = read_workbook(path)
    raw.problems += problems
    for title, rows in sheets.items():
        file = f"{path.name}, sheet {title}"
        if title in TABLES:
            _add(raw, title, file, firm, read_sheet, rows)
        elif title != README_SHEET and any(texts for texts, _ in rows):
            near = nearest(title, TABLES)
            remedy = f"name it {near}" if near else f"name it after a table, or move notes to the sheet '{README_SHEET}'"
            raw.problems.append(Problem(file, "is no table", remedy))


def parquet_text(column: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Return a column of a Parquet file as the text that a CSV file would hold; ArrowException where it has none."""
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _read_parquet(path: Path, file: str, table: Table) -> tuple[RawTable | None, list[Problem]]:
    import pyarrow.parquet as pq  # few folders hold one

    try:
        # Reports are made in forked processes, which must not inherit threads: pq.read_table would start a pool.
        source = pa.BufferReader(path.read_bytes())
        frame = pq.ParquetFile(source, pre_buffer=False).read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        what = f"cannot be read as Parquet ({type(error).__name__})"
        return None, [Problem(file, what, "write it again; it may have been cut off")]
    columns, problems = [], []
    for name, column in zip(frame.column_names, frame.columns, strict=True):
        try:
            columns.append(parquet_text(column))
        except pa.ArrowException:
            what = f"holds {column.type}, which is no text, number or date"
            problems.append(Problem(file, what, "write names separated by semicolons as one text", column=name))
    if problems:
        return None, problems
    lines = np.arange(1, frame.num_rows + 1)
    return RawTable(file, tuple(frame.column_names), tuple(columns), lines, None), []
