"""What an export of things with numbers says: deals, invoices, tasks, risks.

Such an export is short, and its rows are no rows of ours: an invoice stands on a row for each of its lines, a plan repeats its
parts in its phases. So its rows are read one by one into `Found` things; what is no thing of ours is set aside with the reason,
and what can't be read waits with the reason. Every row ends in one of the three, which the control totals check.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from acctlib.imports.formats import Format
from acctlib.imports.time_reports import Total, cells_of
from acctlib.tables.raw import RawTable

__all__ = [
    "UNNAMED",
    "About",
    "Asked",
    "Found",
    "Met",
    "Reading",
    "Row",
    "currency_in",
    "currency_notes",
    "header_currency",
    "one_line",
    "plain",
    "rows_of",
]

#: The unit of amounts whose currency the file does not name; in an account they are in its own.
UNNAMED = "of no stated currency"
#: The signs that stand for one currency, unless the firm says otherwise; "$" is many, and is told in a note.
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "US$": "USD",
    "$": "USD",
    "A$": "AUD",
    "C$": "CAD",
    "NZ$": "NZD",
    "CHF": "CHF",
    "R$": "BRL",
    "zł": "PLN",
}


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
    header: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of an export: its position, its line in the file, its cells by field, and all its cells as they stand."""

    at: int
    line: int
    cells: Mapping[str, str]
    texts: tuple[str, ...] = ()

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
    unit : str
        Of the amount, where the things of a file have several: a currency. Two units are never added.
    also : tuple of str
        Other names that the project may go by, tried in turn.
    number : str
        What the tool itself calls the thing, where that is not what we call it.
    currencies : tuple of str
        In which its money may be; empty = the file does not say.
    """

    client: str
    cells: dict[str, str]
    at: tuple[int, ...]
    project: str = ""
    amount: float = 0.0
    unit: str = ""
    also: tuple[str, ...] = ()
    number: str = ""
    currencies: tuple[str, ...] = ()


@dataclass
class Met:
    """What became of things as they met those that stand: keys that stand -> keys from now on, and what must be read."""

    renamed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


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
        Of the control total: a currency code, or a word such as tasks. A thing with a unit of its own counts in that.
    stated : dict of int to (float, str)
        Row -> what it adds to the totals that the file states, and its unit: also rows that wait or are aside. Empty where the
        totals are those of the things found.
    """

    found: list[Found] = field(default_factory=list)
    waiting: dict[int, str] = field(default_factory=dict)
    set_aside: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    totals: list[Total] = field(default_factory=list)
    foots: list[tuple[Total, float]] = field(default_factory=list)
    unit: str = ""
    stated: dict[int, tuple[float, str]] = field(default_factory=dict)


def rows_of(batch: RawTable, fields: Mapping[str, list[int]]) -> Iterator[Row]:
    """Yield the rows of an export by field."""
    columns = {name: cells_of(batch, fields, name).to_pylist() for name in fields}
    texts = zip(*(column.to_pylist() for column in batch.columns), strict=True)
    for at, (line, cells) in enumerate(zip(np.asarray(batch.lines), texts, strict=True)):
        yield Row(at, int(line), {name: column[at] for name, column in columns.items()}, tuple(cell.strip() for cell in cells))


def one_line(text: str) -> str:
    """Return a text without line breaks and characters that no page can show.

    >>> one_line("Member portal\\n phase 2 ")
    'Member portal phase 2'
    """
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff]", " ", text).split())


def plain(value: float) -> str:
    """Return an amount as our tables write it.

    >>> plain(1200.0), plain(-420.81)
    ('1200', '-420.81')
    """
    return f"{round(value, 2) + 0.0:.2f}".removesuffix(".00")


def currency_in(text: str, tool: Format) -> str:
    """Return the currency that a cell names, by its code, its sign or a word of the tool; "" where it names none.

    >>> from acctlib.imports.formats import Format
    >>> [currency_in(text, Format("x", "", "", {}, ())) for text in ("British Pound - GBP", "1.250,00 €", "CA$ 3", "12")]
    ['GBP', 'EUR', 'CAD', '']
    """
    text = one_line(text)
    sign = re.sub(r"[\d\s.,'’()%-]+", "", text).replace("CA$", "C$").replace("AU$", "A$")
    if word := tool.word("currency", text) or tool.word("currency", sign):
        return word
    codes = re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text)
    return codes[-1] if codes else _SIGNS.get(sign, "")


def currency_notes(tool: Format, dollars: int, nowhere: int) -> list[str]:
    """Return what must be said of amounts whose currency the file did not name outright."""
    notes = []
    if dollars:
        line = f"write into data/firm/imports.yaml: {tool.name}: {{values: {{currency: {{$: AUD}}}}}}"
        notes.append(f"{dollars} amounts in $ were taken as USD; if it is another dollar, {line}")
    if nowhere:
        notes.append(f"{nowhere} amounts have no currency: they count in that of their account")
    return notes


def header_currency(header: tuple[str, ...], names: tuple[str, ...]) -> str:
    """Return the currency in brackets behind one of these names in a header, as in "Amount (USD)"; "" where there is none."""
    wanted = {name.casefold() for name in names}
    for cell in header:
        match = re.fullmatch(r"(.*\S)\s*[(\[]([A-Z]{3})[)\]]", cell.strip("\ufeff "))
        if match and match[1].casefold() in wanted:
            return match[2]
    return ""
