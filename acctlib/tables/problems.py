"""What is wrong in a file, where it stands and what to write instead.

A refused table costs its owner time; a refusal that names one fault a run costs a day. So every check adds `Problem`s
to a list, and only at the end does one `TableErrors` say them all, a line each, in the order of the files.
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Problem", "TableErrors", "listing", "shown"]

#: Lines printed for one column of one file. A column that is wrong throughout would bury the others.
PRINTED = 20
_SHOWN_LENGTH = 40


def shown(value: str) -> str:
    r"""Return a cell as it can stand in a message: quoted, shortened, with invisible characters spelt out.

    Examples
    --------
    A no-break space between thousands looks like a blank, so it is made visible:

    >>> print(shown("1\xa0234,50"))
    '1\xa0234,50'
    """
    short = value if len(value) <= _SHOWN_LENGTH else value[: _SHOWN_LENGTH - 1] + "…"
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in short) + "'"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one cell, row or file.

    Parameters
    ----------
    file : str
        Name of the file without its folder; of a workbook also the sheet: "tables.xlsx, sheet risks".
    what : str
        What is wrong, as a clause.
    write : str
        What to do or write instead, as an instruction.
    row : int, optional
        Line of the file on which the row begins (text files), row of the sheet, or number of the record (Parquet).
    column : str, optional
        Name of the column.
    cell : str, optional
        Where a spreadsheet shows the cell, such as D6. Below a cell with line breaks, a spreadsheet counts fewer rows
        than an editor counts lines, so the number here may be smaller than `row`.
    value : str, optional
        What stands in the cell.
    severity : {"error", "warning"}
        An error refuses the account's tables; a warning does not.

    Examples
    --------
    >>> print(Problem("time_entries.csv", "decimal comma", "write 7.5", row=6, column="hours", cell="D6", value="7,5"))
    time_entries.csv:6: column 'hours' (cell D6): got '7,5' (decimal comma); write 7.5
    """

    file: str
    what: str
    write: str
    row: int | None = None
    column: str = ""
    cell: str = ""
    value: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        column = f" column {shown(self.column)}" if self.column else ""
        cell = f" (cell {self.cell})" if self.cell else ""
        got = f"got {shown(self.value)} ({self.what})" if self.value else self.what
        warning = " warning:" if self.severity == "warning" else ""
        return f"{place}:{warning}{column}{cell}{':' if column or cell else ''} {got}; {self.write}"


def listing(problems: Iterable[Problem]) -> list[str]:
    """Return the printed lines of the problems: of each column of a file the first twenty, and how many more there are.

    Examples
    --------
    >>> commas = [Problem("expenses.csv", "decimal comma", "write 7.5", row=n, column="cost") for n in range(2, 32)]
    >>> print(listing(commas)[-1])
    expenses.csv: column 'cost': 10 more in rows 22 to 31
    """
    lines = []
    for file, group in itertools.groupby(problems, key=lambda problem: problem.file):
        rest: dict[str, list[int]] = {}
        printed: collections.Counter[str] = collections.Counter()
        for problem in group:
            printed[problem.column] += 1
            if printed[problem.column] <= PRINTED or problem.row is None:
                lines.append(str(problem))
            else:
                rest.setdefault(problem.column, []).append(problem.row)
        for column, rows in rest.items():
            of = f" column {shown(column)}:" if column else ""
            lines.append(f"{file}:{of} {len(rows):,} more in rows {rows[0]:,} to {rows[-1]:,}")
    return lines


class TableErrors(ValueError):
    """The tables of an account cannot be used as they stand.

    Attributes
    ----------
    problems : tuple of Problem
        All of them, warnings too, in the order of files and rows; the text lists them a line each.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(listing(self.problems))
