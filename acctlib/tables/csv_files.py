"""CSV files -> raw tables: characters, delimiter, quotes, and rows of equal width.

CSV says nothing about itself. In which characters it is written, what separates its cells and whether its last row is whole
must be found out, and each has a wrong guess that passes unseen: a name with two strange letters, a column of halves, a
quarter without its last week. What can be read in one way only is read, with a warning where that was unusual.

- UTF-8, or UTF-16 with its byte order mark. Bytes that are not UTF-8 are read as Windows-1252, with a warning that quotes the
  first such word; a file that mixes the two is refused.
- Cells are separated by commas. Semicolons and tabs are read, with a warning, where the header makes sense only so.
- Lines end in LF, CR LF or CR. A last row that is whole but does not end its line is a warning, a shorter one an error.
- A row in which every cell is blank is no row.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from acctlib.tables.dictionary import Table
from acctlib.tables.problems import Problem, shown
from acctlib.tables.raw import HEADER_SEARCHED, RawTable, Rows, below_title, header_at, letters

__all__ = ["csv_rows", "decoded", "read_csv"]


def read_csv(path: Path, file: str, table: Table) -> tuple[RawTable | None, list[Problem]]:
    """Return the table in a CSV file, or None, and what is wrong with its shape."""
    data = path.read_bytes()
    if not data:
        return None, [Problem(file, "is empty (0 bytes), as after a save that failed", "restore it, or delete it")]
    text, problems = decoded(data, file)
    if text is None:
        return None, problems
    delimiter, found = _layout(text, file, table)
    problems += found
    if any(problem.severity == "error" for problem in problems):
        return None, problems
    raw, found = _parse(text, file, delimiter)
    return raw, problems + found


def decoded(data: bytes, file: str) -> tuple[str | None, list[Problem]]:
    """Return the text of a file and what to know about its characters; None where no reading is safe."""
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if data.startswith(mark):
            try:
                return data.decode(encoding), []
            except UnicodeDecodeError:
                what = f"begins as {encoding.removesuffix('-sig').upper()} but does not go on so"
                return None, [Problem(file, what, "save it again as CSV UTF-8")]
    if b"\0" in data[:100]:
        what = "has NUL bytes at its beginning, as UTF-16 without a byte order mark has"
        return None, [Problem(file, what, "save it again as CSV UTF-8")]
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        return _decode_1252(data, file, error)


def _line(data: bytes, at: int) -> int:
    """Return the number of the line that holds the byte; lines of old files end in CR alone."""
    return data.count(b"\n" if b"\n" in data else b"\r", 0, at) + 1


def _decode_1252(data: bytes, file: str, error: UnicodeDecodeError) -> tuple[str | None, list[Problem]]:
    line = _line(data, error.start)
    byte = f"byte 0x{data[error.start]:02x}"
    again = "save the file again as CSV UTF-8"
    if error.reason == "unexpected end of data":
        return None, [Problem(file, f"ends in the middle of a character ({byte})", "the file was cut off; " + again, row=line)]
    salvaged = data.decode("utf-8", errors="surrogateescape")
    if re.search("[^\x00-\x7f\udc80-\udcff]", salvaged):  # letters that are UTF-8, beside bytes that are not
        return None, [Problem(file, f"mixes UTF-8 with another encoding ({byte})", again, row=line)]
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as worse:
        byte = f"byte 0x{data[worse.start]:02x}"
        line = _line(data, worse.start)
        return None, [Problem(file, f"is neither UTF-8 nor Windows-1252 ({byte})", again, row=line)]
    before, after = text[max(0, error.start - 40) : error.start], text[error.start : error.start + 40]
    around = re.search(r"[^\s,;\"]*$", before)[0] + re.match(r"[^\s,;\"]*", after)[0]
    what = f"is not UTF-8 ({byte}) and was read as Windows-1252, which makes this word {shown(around)}"
    return text, [Problem(file, what, again + " if the word is wrong", row=line, severity="warning")]


def _layout(text: str, file: str, table: Table) -> tuple[str, list[Problem]]:
    """Return the delimiter and what to know about it: the one under which the header has most of the table's names."""
    lines = list(itertools.islice(io.StringIO(text[:100_000], newline=""), HEADER_SEARCHED))
    found = {d: header_at((next(csv.reader([line], delimiter=d), []) for line in lines), table) for d in ",;\t"}
    delimiter = max(found, key=lambda d: found[d][0])  # the first of equals, which is the comma
    problems = []
    if delimiter != ",":
        what = f"its cells are separated by {'semicolons' if delimiter == ';' else 'tabs'} and were read so"
        problems.append(Problem(file, what, "save it with commas to be rid of this line", severity="warning"))
    if found[delimiter][1]:
        problems.append(below_title(file, found[delimiter][1]))
    return delimiter, problems


def csv_rows(text: str, delimiter: str) -> Iterator[tuple[int, int, list[str] | csv.Error]]:
    """Yield the lines on which each row begins and ends, and its cells or what is wrong with its quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, reader.line_num, error
        else:
            yield line, reader.line_num, cells


def _parse(text: str, file: str, delimiter: str) -> tuple[RawTable | None, list[Problem]]:
    """Return the rows of a text; every row of the wrong width and every stray quote is a problem."""
    problems: list[Problem] = []
    found = csv_rows(text, delimiter)
    line, _, header = next(found, (1, 1, []))
    if isinstance(header, csv.Error) or not any(header):
        return None, [Problem(file, "has no header", "write the column names into the first row", row=1)]
    width = len(header)
    rows = Rows(width)
    row = header
    for record, (line, last, row) in enumerate(found, start=2):
        if isinstance(row, csv.Error):
            problems.append(_bad_quotes(file, line, row))
        elif any(row):
            torn = len(row) != width
            rows.add(row, line, record, torn)
            if torn:
                problems.append(_wrong_width(file, line, record, row, width))
            elif last > line and (swallowed := _swallowed(row, delimiter)):
                what = f"a quoted text runs on to row {last}, over what look like {swallowed} rows of their own"
                remedy = f"if they are, close the quote in row {line}"
                problems.append(Problem(file, what, remedy, row=line, severity="warning"))
    if rows.lines and not isinstance(row, csv.Error) and not text.endswith(("\n", "\r")):
        if len(row) < width:
            remedy = "the file was cut off: restore it, or complete the row"
            problems[-1] = Problem(file, f"ends in the middle of a row, after {len(row)} of {width} cells", remedy, row=line)
        else:
            what = "the last row does not end in a line break, so the file may have been cut off"
            problems.append(Problem(file, what, "check its last cell", row=line, severity="warning"))
    return rows.table(file, header), problems


def _swallowed(row: list[str], delimiter: str) -> int:
    """Return how many lines inside the cells have as many delimiters as a row: a quote left open swallows whole rows."""
    inside = (line for cell in row if "\n" in cell or "\r" in cell for line in cell.splitlines()[1:-1])
    return sum(line.count(delimiter) >= len(row) - 1 for line in inside)


def _bad_quotes(file: str, line: int, error: csv.Error) -> Problem:
    if "end of data" in str(error):
        return Problem(
            file, "a quote opens in this row and never closes", 'close it with ", or restore a file cut off', row=line
        )
    if "field limit" in str(error):
        return Problem(file, "a cell is longer than 131,072 characters", "look for a quote that never closes", row=line)
    remedy = 'close each quoted text, and write a quote inside it twice, as ""'
    return Problem(file, "the quotes that begin in this row do not match", remedy, row=line)


def _wrong_width(file: str, line: int, record: int, row: list[str], width: int) -> Problem:
    what = f"the row has {len(row)} cells, the header {width}"
    if len(row) < width:
        return Problem(file, what, "add the cells that are missing, a comma for an empty one", row=line)
    cell = f"{letters(width + 1)}{record}"
    remedy = "put quotes around a text with a comma in it, and write seven and a half as 7.5"
    return Problem(file, what, remedy, row=line, cell=cell, value=row[width])
