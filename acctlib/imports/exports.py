"""A file that another tool wrote -> its cells, each with its place.

An export is a table with things around it: a title and a period above, blank lines, a total below, and nothing that says which
row holds the column names or what separates the cells. So a file is first offered as `Part`s, one for each way in which it
could be a table (a delimiter, a sheet), each with its first rows; `formats` picks the part and the row in which it finds
the names of a tool. The cells then come in batches, so that a firm's ten million rows never lie in memory together.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from acctlib.tables.csv_files import csv_rows, decoded
from acctlib.tables.problems import Problem, TableErrors
from acctlib.tables.raw import RawTable, Rows
from acctlib.tables.read import parquet_text
from acctlib.tables.workbooks import read_workbook

__all__ = ["LARGE", "Export", "Part", "parts_of"]

#: Rows among which the column names are looked for.
_SEARCHED = 40
#: Larger text files are read in batches; rows that are wider or narrower than the header are not expected there.
LARGE = 40_000_000
_BATCH_BYTES = 16_000_000
_BATCH_ROWS = 200_000
_NOTHING = pa.chunked_array([], pa.string())
#: Longest cell of an export; those of our own tables are shorter.
_LONGEST = 1 << 24


@dataclass(frozen=True)
class Export:
    """The table in an export.

    Parameters
    ----------
    file : str
        "june.csv", or "june.xlsx, sheet Report".
    header : tuple of str
        The column names as written.
    header_line : int
        Where they stand.
    above : tuple of str
        The texts of the lines above: title, period, filters.
    typed : bool
        True where the file itself says which cells are numbers and dates, as a workbook does: then a point is a point.
    batches : function
        Reads the file from the beginning and yields its rows as `RawTable`s. It takes the positions of the columns that are
        needed; others may then be empty. Without, all are there.
    large : bool
        True where there is more than one batch to be expected.
    """

    file: str
    header: tuple[str, ...]
    header_line: int
    above: tuple[str, ...]
    typed: bool
    batches: Callable[..., Iterator[RawTable]]
    large: bool = False


@dataclass(frozen=True)
class Part:
    """One way in which a file could be a table: its first rows, and how to open it once the row of the names is known."""

    file: str
    first: list[list[str]]
    opened: Callable[[int], Export]


def parts_of(path: Path) -> list[Part]:
    """Return the ways in which a file could be a table.

    Raises
    ------
    TableErrors
        If the file is empty, cut off, in no known characters, or of a kind that can't be read.
    """
    ending = path.suffix.lower()
    if not path.is_file():
        raise TableErrors((Problem(path.name, "there is no such file", "check its folder and its name"),))
    if not path.stat().st_size:
        raise TableErrors((Problem(path.name, "is empty (0 bytes)", "export it again"),))
    if ending == ".parquet":
        return [_parquet(path)]
    if ending in (".xlsx", ".xlsm"):
        return _sheets(path)
    if ending in (".xls", ".ods", ".pdf", ".json", ".xml", ".zip", ".mpp"):
        raise TableErrors((Problem(path.name, f"is a {ending} file, which is not read", "export it as CSV or .xlsx"),))
    return _large_text(path) if path.stat().st_size > LARGE else _text(path)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as the notes of other tools are."""
    limit = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@_long_cells()
def _text(path: Path) -> list[Part]:
    text, problems = decoded(path.read_bytes(), path.name)
    if text is None:
        raise TableErrors(tuple(problems))
    parts = []
    for delimiter in ",;\t|":
        first = [row for _, _, row in itertools.islice(csv_rows(text, delimiter), _SEARCHED) if isinstance(row, list)]
        parts.append(Part(path.name, first, partial(_text_export, path.name, text, delimiter)))
    return parts


@_long_cells()
def _text_export(file: str, text: str, delimiter: str, at: int) -> Export:
    width = 0
    for line, _, row in itertools.islice(csv_rows(text, delimiter), at, None):
        if isinstance(row, csv.Error):
            what = f"the quotes that begin in this row do not match ({row})"
            raise TableErrors((Problem(file, what, "export it again, as CSV", row=line),))
        width = max(width, len(row))
    found = csv_rows(text, delimiter)
    above = _above(row for _, _, row in itertools.islice(found, at))
    header_line, _, header = next(found)
    rows = Rows(width)
    for record, (line, _, row) in enumerate(found, start=at + 2):
        if any(cell.strip() for cell in row):
            rows.add(row + [""] * (width - len(row)), line, record)
    header += [""] * (width - len(header))
    table = rows.table(file, header)
    return Export(file, tuple(header), header_line, above, False, lambda needed=None: iter([table]))


def _above(rows) -> tuple[str, ...]:
    return tuple(cell.strip() for row in rows for cell in row if cell.strip())


def _sheets(path: Path) -> list[Part]:
    sheets, problems = read_workbook(path)
    if problems:
        raise TableErrors(tuple(problems))
    parts = []
    for title, found in sheets.items():
        file = path.name if len(sheets) == 1 else f"{path.name}, sheet {title}"
        first = [texts for texts, _ in found[:_SEARCHED]]
        parts.append(Part(file, first, partial(_sheet_export, file, found)))
    return parts


def _sheet_export(file: str, found: list, at: int) -> Export:
    width = max(len(texts) for texts, _ in found[at:])
    rows = Rows(width)
    for number, (texts, _) in enumerate(found[at + 1 :], start=at + 2):
        if any(text.strip() for text in texts):
            rows.add(texts + [""] * (width - len(texts)), number, number)
    header = found[at][0] + [""] * (width - len(found[at][0]))
    table = rows.table(file, header)
    return Export(
        file, tuple(header), at + 1, _above(texts for texts, _ in found[:at]), True, lambda needed=None: iter([table])
    )


def _parquet(path: Path) -> Part:
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        what = f"cannot be read as Parquet ({type(error).__name__})"
        raise TableErrors((Problem(path.name, what, "write it again; it may have been cut off"),)) from None
    header = tuple(file.schema_arrow.names)

    def batches(needed: Collection[int] | None = None) -> Iterator[RawTable]:
        read = 0
        chosen = range(len(header)) if needed is None else sorted(needed)
        for batch in pq.ParquetFile(path).iter_batches(_BATCH_ROWS, columns=[header[at] for at in chosen]):
            texts = {at: pa.chunked_array([parquet_text(batch.column(n))]) for n, at in enumerate(chosen)}
            columns = tuple(texts.get(at, _NOTHING) for at in range(len(header)))
            yield RawTable(path.name, header, columns, np.arange(read + 1, read + 1 + batch.num_rows), None)
            read += batch.num_rows

    large = path.stat().st_size > LARGE // 4
    return Part(path.name, [list(header)], lambda at: Export(path.name, header, 0, (), True, batches, large))


def _large_text(path: Path) -> list[Part]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with path.open("rb") as file:
        head = file.read(200_000)
        file.seek(0)
        try:
            while block := file.read(1 << 24):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            what = f"is larger than {LARGE / 1e6:.0f} MB and not UTF-8"
            raise TableErrors((Problem(path.name, what, "save it as CSV UTF-8"),)) from None
    text = head.decode("utf-8-sig", errors="ignore").rpartition("\n")[0]
    parts = []
    for delimiter in ",;\t|":
        first = [row for _, _, row in itertools.islice(csv_rows(text, delimiter), _SEARCHED) if isinstance(row, list)]
        parts.append(Part(path.name, first, partial(_large_export, path, text, delimiter)))
    return parts


def _large_export(path: Path, head: str, delimiter: str, at: int) -> Export:
    found = list(itertools.islice(csv_rows(head, delimiter), at + 1))
    line, last, header = found[at]
    above = _above(row for _, _, row in found[:at])
    batches = partial(_large_batches, path, delimiter, tuple(header), last)
    return Export(path.name, tuple(header), line, above, False, batches, large=True)


def _large_batches(
    path: Path, delimiter: str, header: tuple[str, ...], below: int, needed: Collection[int] | None = None
) -> Iterator[RawTable]:
    from pyarrow import csv as pa_csv

    names = [str(at) for at in range(len(header))]
    chosen = range(len(header)) if needed is None else sorted(needed)
    reader = pa_csv.open_csv(
        path,
        pa_csv.ReadOptions(block_size=_BATCH_BYTES, skip_rows=below, column_names=names),
        pa_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), include_columns=[names[at] for at in chosen]),
    )
    line = below + 1
    try:
        for batch in reader:
            breaks = sum(pc.count_substring(column, "\n").to_numpy() for column in batch.columns)
            lines = line + np.arange(batch.num_rows) + np.cumsum(breaks) - breaks
            line = int(line + batch.num_rows + breaks.sum())
            columns = dict(zip(chosen, (pa.chunked_array([column]) for column in batch.columns), strict=True))
            yield RawTable(path.name, header, tuple(columns.get(at, _NOTHING) for at in range(len(header))), lines, lines)
    except pa.ArrowInvalid as error:
        what = f"a row below line {line:,} is no row of {len(header)} cells ({str(error).splitlines()[0][:80]})"
        raise TableErrors((Problem(path.name, what, "export it again, or mend that row"),)) from None
