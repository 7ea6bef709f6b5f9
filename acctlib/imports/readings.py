"""What an export of things with numbers says: deals, invoices, tasks, risks.

Such an export is short, and its rows are no rows of ours: an invoice stands on a row for each of its lines, a plan repeats its
parts in its phases. So its rows are read one by one into `Found` things; what is no thing of ours is set aside with the reason,
and what can't be read waits with the reason. Every row ends in one of the three, which the control totals check.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from acctlib.imports.time_reports import Total, cells_of
from acctlib.tables.raw import RawTable

__all__ = ["About", "Asked", "Found", "Reading", "Row", "rows_of"]


@dataclass(frozen=True)
class Asked:
    """What the user said beside the format and the files."""

    account: str = ""
    project: str = ""
    new_projects: str = ""
    whole: bool = False
    part: bool = False
    dates: str = ""
    decimal: str = ""
    as_of: dt.date = dt.date.min


@dataclass(frozen=True)
class About:
    """What stands around the rows: the lines above the header, the file's name, what the user said, and the columns' names."""

    above: tuple[str, ...]
    file: str
    asked: Asked
    header: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of an export: its position, its line in the file, and its cells by field."""

    at: int
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, field: str) -> str:
        """Return the text of a field; "" where the export has no such column."""
        return self.cells.get(field, "")

    def __contains__(self, field: str) -> bool:
        return field in self.cells

    @property
    def blank(self) -> bool:
        return not any(self.cells.values())


@dataclass
class Found:
    """One thing of ours.

    Parameters
    ----------
    client, project : str
        As the file names them; "" where it does not.
    cells : dict of str to str
        Our column -> what to write there. Columns that the export says nothing of are not there, and stay as they were.
    at : tuple of int
        Rows of the export that it came from.
    amount : float
        What it counts in the control total.
    others : tuple of str
        Further names by which its project may be known.
    currencies : tuple of str
        In which its money may be; empty = the file does not say.
    """

    client: str
    cells: dict[str, str]
    at: tuple[int, ...]
    project: str = ""
    amount: float = 0.0
    others: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()


@dataclass
class Reading:
    """What an export says, with the fate of each of its rows.

    Parameters
    ----------
    found : list of Found
    waiting, set_aside : dict of int to str
        Row -> why it can't be taken, and why it is nothing of ours.
    notes : list of str
        Sentences that whoever imports must read.
    totals : list of Total
        As the file states them.
    foots : list of (Total, float)
        Totals that stand above their rows, and what those make.
    unit : str
        Of the control total: a currency code, or a word such as tasks.
    """

    found: list[Found] = field(default_factory=list)
    waiting: dict[int, str] = field(default_factory=dict)
    set_aside: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    foots: list[tuple[Total, float]] = field(default_factory=list)
    unit: str = ""


def rows_of(batch: RawTable, fields: Mapping[str, list[int]]) -> Iterator[Row]:
    """Yield the rows of an export by field."""
    columns = {name: cells_of(batch, fields, name).to_pylist() for name in fields}
    for at, line in enumerate(np.asarray(batch.lines)):
        yield Row(at, int(line), {name: column[at] for name, column in columns.items()})
