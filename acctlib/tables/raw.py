"""A table as text that remembers where each cell stood.

Whoever mends a file needs the place, not the value: the line an editor shows and the cell a spreadsheet shows. So cells stay
text, with the row of the file beside them, until `checks` has judged them; a message can then name the cell even though the
table has long become columns of numbers.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from acctlib.tables.dictionary import Table
from acctlib.tables.problems import Problem

__all__ = ["HEADER_SEARCHED", "RawTable", "Rows", "below_title", "header_at", "letters", "nearest"]

#: Rows among which the header is looked for; exports put a title, a period and a blank line above it.
HEADER_SEARCHED = 10
#: Rows kept as lists before they are packed. So few die young: with more, Python's garbage collector takes half of the time.
_CHUNK = 1_000


@dataclass(frozen=True)
class RawTable:
    """One table as text, with the place of each cell.

    Parameters
    ----------
    file : str
        "time_entries.csv" or "tables.xlsx, sheet risks".
    header : tuple of str
        The column names as written.
    columns : tuple of pyarrow string arrays
        The cells of each column as written; an empty cell is "".
    lines : array of int, shape (n_rows,)
        Where each row begins: line of a text file, row of a sheet, number of a record.
    records : array of int or None
        Row in which a spreadsheet shows each row; None where the file cannot be shown in one (Parquet).
    torn : frozenset of int
        Positions of rows with too few or too many cells. Their cells may have slipped and are not judged.
    """

    file: str
    header: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    lines: np.ndarray
    records: np.ndarray | None
    torn: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.lines)

    def place(self, row: int, column: int) -> dict:
        """Return `row` and `cell` of a `Problem` for a position in the table, both from 0."""
        cell = "" if self.records is None else f"{letters(column + 1)}{self.records[row]}"
        return {"row": int(self.lines[row]), "cell": cell}


class Rows:
    """Rows of cells on their way into the columns of a `RawTable`, in chunks, so that no table exists twice."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[int] = []
        self.records: list[int] = []
        self.torn: set[int] = set()
        self._waiting: list[list[str]] = []
        self._chunks: list[list[pa.Array]] = []

    def add(self, cells: list[str], line: int, record: int, torn: bool = False) -> None:
        if torn:
            self.torn.add(len(self.lines))
            cells = (cells + [""] * self.width)[: self.width]
        self.lines.append(line)
        self.records.append(record)
        self._waiting.append(cells)
        if len(self._waiting) == _CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._chunks.append([pa.array(cells, type=pa.string()) for cells in zip(*self._waiting, strict=True)])
        self._waiting = []

    def table(self, file: str, header: list[str]) -> RawTable:
        if self._waiting:
            self._flush()
        columns = tuple(pa.chunked_array([c[i] for c in self._chunks], type=pa.string()) for i in range(self.width))
        numbers = np.array(self.lines, int), np.array(self.records, int)
        return RawTable(file, tuple(header), columns, *numbers, frozenset(self.torn))


def letters(position: int) -> str:
    """Return a spreadsheet's name of a column.

    Examples
    --------
    >>> letters(4), letters(28)
    ('D', 'AB')
    """
    name = ""
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def nearest(word: str, names: Iterable[str]) -> str:
    """Return the name that was probably meant, or "" where none is near.

    Case, blanks and hyphens count for nothing, since they are what people and exports change most.

    Examples
    --------
    >>> nearest("Time-Entrys", ["tasks", "time_entries"])
    'time_entries'
    """
    plain = {re.sub(r"[\s\-]+", "_", name.strip().casefold()): name for name in names}
    found = difflib.get_close_matches(re.sub(r"[\s\-]+", "_", word.strip().casefold()), plain, n=1)
    return plain[found[0]] if found else ""


def header_at(rows: Iterable[list[str]], table: Table) -> tuple[int, int]:
    """Return how many column names the best of the first rows holds, and which row that is."""
    counts = [len({cell.strip().casefold() for cell in row} & set(table.names)) for row in rows]
    best = max(counts, default=0)
    return best, counts.index(best) if best > 1 else 0


def below_title(file: str, row: int) -> Problem:
    return Problem(
        file, f"the column names stand in row {row + 1}", f"delete the rows above, so that row {row + 1} is the first"
    )
