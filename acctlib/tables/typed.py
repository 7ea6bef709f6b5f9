"""A raw table -> a typed table: the header against the dictionary, then each column.

The typed table keeps the raw one beside it. Whatever later finds a value wrong, because another row or another table says
so, can then still name the cell and quote what was written there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from acctlib.tables.columns import NEAREST_SOUGHT, typed_column
from acctlib.tables.dictionary import KINDS, Table
from acctlib.tables.problems import Problem, shown
from acctlib.tables.raw import RawTable, letters, nearest

__all__ = ["TypedTable", "typed_table"]


@dataclass(frozen=True)
class TypedTable:
    """A table with its values and the text they came from.

    Parameters
    ----------
    frame : DataFrame
        The columns of the dictionary that the file has, in the order of the dictionary.
    positions : dict of str to int
        Where each of them stands in the file, from 0.
    bad : dict of str to array of bool
        For each of them the rows whose cell could not be read, or is blank and must not be.
    """

    table: Table
    raw: RawTable
    frame: pd.DataFrame
    positions: dict[str, int]
    bad: dict[str, np.ndarray]

    def sound(self, *columns: str) -> np.ndarray:
        """Return the rows that may be judged by these columns: whole, and with cells that could be read."""
        mask = ~_marked(len(self.raw), self.raw.torn)
        for column in columns:
            mask &= ~self.bad[column]
        return mask

    def problem(self, row: int, column: str, what: str, write: str, severity: str = "error") -> Problem:
        """Return a problem of one cell, with its place and what stands there."""
        at = self.positions[column]
        value = self.raw.columns[at][row].as_py().strip()
        return Problem(self.raw.file, what, write, column=column, value=value, severity=severity, **self.raw.place(row, at))


def typed_table(table: Table, raw: RawTable) -> tuple[TypedTable, list[Problem]]:
    """Return a table with its values, and what is wrong with its header and its cells.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from acctlib.tables.dictionary import TABLES
    >>> raw = RawTable("tasks.csv", ("project", "tsk"), (pa.chunked_array([["site"]]),) * 2, np.array([2]), np.array([2]))
    >>> typed, problems = typed_table(TABLES["tasks"], raw)
    >>> print(*problems)
    tasks.csv:1: column 'tsk' (cell B1): tasks has no such column; write task
    """
    positions, problems = _positions(table, raw)
    columns = [column for column in table.columns if column.name in positions]
    series, bad = {}, {}
    typed = TypedTable(table, raw, pd.DataFrame(), positions, bad)
    whole = typed.sound()
    for column in columns:
        values, faults = typed_column(column, raw.columns[positions[column.name]])
        series[column.name] = values
        bad[column.name] = _marked(len(raw), faults)
        problems += [typed.problem(row, column.name, *fault) for row, fault in faults.items() if whole[row]]
        if column.required:
            blank = pd.isna(values) & ~bad[column.name]
            bad[column.name] |= blank
            remedy = f"write {column.meaning} ({KINDS[column.kind]})"
            what = "is blank, and no row can do without it"
            problems += [typed.problem(int(row), column.name, what, remedy) for row in np.flatnonzero(blank & whole)]
    return TypedTable(table, raw, pd.DataFrame(series), positions, bad), problems


def _marked(rows: int, among: Collection[int]) -> np.ndarray:
    marks = np.zeros(rows, bool)
    marks[list(among)] = True
    return marks


def _positions(table: Table, raw: RawTable) -> tuple[dict[str, int], list[Problem]]:
    """Return where each column of the dictionary stands in the file; what is unknown, twice or missing is a problem."""
    positions: dict[str, int] = {}
    problems: list[Problem] = []
    mentioned: set[str] = set()
    written = {name.strip() for name in raw.header}

    def problem(at: int, what: str, write: str, severity: str = "error") -> None:
        cell = "" if raw.records is None else f"{letters(at + 1)}1"
        row = None if raw.records is None else 1
        problems.append(Problem(raw.file, what, write, row, raw.header[at].strip(), cell, severity=severity))

    for at, name in enumerate(raw.header):
        plain = name.strip()
        if not plain:
            if len(raw) and pc.any(pc.not_equal(raw.columns[at], "")).as_py():
                problem(at, f"column {letters(at + 1)} has cells but no name", "name it or delete it")
        elif plain in positions:
            problem(at, f"the name stands already over column {letters(positions[plain] + 1)}", "delete one of the two")
        elif plain in table.names:
            positions[plain] = at
            if plain != name:
                problem(at, "there are blanks around the name", f"write {plain}", "warning")
        else:
            candidates = [name for name in table.names if name not in written]
            near = nearest(plain, candidates) if len(problems) < NEAREST_SOUGHT else ""
            mentioned.add(near)
            known = f"delete it, or name it one of: {', '.join(table.names)}"
            problem(at, f"{table.name} has no such column", f"write {near}" if near else known)
    for column in table.columns:
        if column.required and column.name not in positions and raw.header and column.name not in mentioned:
            what = f"column {shown(column.name)} is missing, and no row can do without it"
            problems.append(Problem(raw.file, what, f"add it: {column.meaning} ({KINDS[column.kind]})"))
    return positions, problems
