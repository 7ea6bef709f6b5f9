"""CSV files: characters, delimiters, quotes, torn rows. Expected texts are literal; csv-spectrum's come with its files."""

import json
import os
from pathlib import Path

import pytest

from acctlib.tables.csv_files import read_csv
from acctlib.tables.dictionary import TABLES

SHARED = Path(os.environ.get("ACCTLIB_SHARED", Path(__file__).parents[1] / ".." / "shared"))
SPECTRUM = SHARED / "data" / "text" / "csv-spectrum"
HEADER = "date,kind,score,respondent,comment"


def read(tmp_path, content, table="surveys"):
    """Return the rows as lists of text and the problems as lines."""
    path = tmp_path / f"{table}.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    raw, problems = read_csv(path, path.name, TABLES[table])
    rows = None if raw is None else [list(row) for row in zip(*(c.to_pylist() for c in raw.columns), strict=True)]
    return raw, rows, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "name",
    # Not location_coordinates, whose JSON holds another telephone number than its CSV.
    "comma_in_quotes empty empty_crlf escaped_quotes json newlines newlines_crlf quotes_and_newlines simple simple_crlf "
    "utf8".split(),
)
def test_csv_spectrum_reads_as_its_json_says(tmp_path, name):
    if not SPECTRUM.is_dir():
        pytest.skip("csv-spectrum is not here; point ACCTLIB_SHARED at the folder that holds data/text")
    raw, rows, _ = read(tmp_path, (SPECTRUM / "csvs" / f"{name}.csv").read_bytes())
    expected = json.loads((SPECTRUM / "json" / f"{name}.json").read_text(encoding="utf-8"))
    assert [dict(zip(raw.header, row, strict=True)) for row in rows] == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark", "utf-16-be-mark"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_unicode_encoding_and_line_ending_reads_alike(tmp_path, encoding, ending):
    text = ending.join([HEADER, "2026-07-01,nps,9,Zoë,très bien – 好", ""])
    mark = "\ufeff" if encoding.endswith("-mark") else ""
    _, rows, problems = read(tmp_path, (mark + text).encode(encoding.removesuffix("-mark")))
    assert rows == [["2026-07-01", "nps", "9", "Zoë", "très bien – 好"]]
    assert problems == []


def test_windows_1252_is_read_with_a_warning_that_quotes_the_word(tmp_path):
    _, rows, problems = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,Ann,I don’t know\n".encode("cp1252"))
    assert rows[0][4] == "I don’t know"
    assert problems == [
        "surveys.csv:2: warning: is not UTF-8 (byte 0x92) and was read as Windows-1252, which makes this word 'don’t'; "
        "save the file again as CSV UTF-8 if the word is wrong"
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "surveys.csv: is empty (0 bytes), as after a save that failed; restore it, or delete it"),
        (b"\n\n", "surveys.csv: has no header; write the column names into the first row"),
        (
            HEADER.encode() + b"\n,,,Zo\xc3\xab,\n,,,Andr\xe9,\n",
            "surveys.csv:3: mixes UTF-8 with another encoding (byte 0xe9); save the file again as CSV UTF-8",
        ),
        (
            HEADER.encode() + b"\n,,,A\x81,\n",
            "surveys.csv:2: is neither UTF-8 nor Windows-1252 (byte 0x81); save the file again as CSV UTF-8",
        ),
        (
            HEADER.encode() + b"\n,,,,caf\xc3",
            "surveys.csv:2: ends in the middle of a character (byte 0xc3); the file was cut off; "
            "save the file again as CSV UTF-8",
        ),
        (
            HEADER.encode("utf-16-le"),
            "surveys.csv: has NUL bytes at its beginning, as UTF-16 without a byte order mark has; save it again as CSV UTF-8",
        ),
        (
            "\ufeffdate".encode("utf-16-le")[:-1],
            "surveys.csv: begins as UTF-16 but does not go on so; save it again as CSV UTF-8",
        ),
        (
            f"Survey results\nQ3 2026\n{HEADER}\n2026-07-01,nps,9,,\n",
            "surveys.csv: the column names stand in row 3; delete the rows above, so that row 3 is the first",
        ),
        (
            f"sep=;\n{HEADER.replace(',', ';')}\n",
            "surveys.csv: the column names stand in row 2; delete the rows above, so that row 2 is the first",
        ),
    ],
)
def test_a_file_without_a_sure_reading_is_refused(tmp_path, data, message):
    raw, _, problems = read(tmp_path, data)
    assert raw is None
    assert problems[-1].replace("surveys.csv:1: has", "surveys.csv: has") == message


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_delimiter_is_read_with_a_warning(tmp_path, mark, word):
    _, rows, problems = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,,\n".replace(",", mark))
    assert rows == [["2026-07-01", "nps", "9", "", ""]]
    assert problems == [
        f"surveys.csv: warning: its cells are separated by {word} and were read so; save it with commas to be rid of this line"
    ]


def test_semicolons_inside_cells_do_not_make_a_delimiter(tmp_path):
    _, rows, problems = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,a; b; c; d; e; f,\n")
    assert rows[0][3] == "a; b; c; d; e; f"
    assert problems == []


def test_rows_keep_their_line_below_a_cell_with_line_breaks_and_a_blank_line(tmp_path):
    text = f'{HEADER}\n2026-07-01,nps,9,,"one\ntwo\nthree"\n\n2026-07-02,nps,8,,\n'
    raw, rows, problems = read(tmp_path, text)
    assert problems == []
    assert len(rows) == 2
    assert raw.place(0, 2) == {"row": 2, "cell": "C2"}
    # An editor shows the second row on line 6; a spreadsheet, where the cell is one row, in row 4.
    assert raw.place(1, 2) == {"row": 6, "cell": "C4"}


def test_rows_of_blank_cells_are_no_rows(tmp_path):
    _, rows, problems = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,,\n,,,,\n\n,,\n")
    assert len(rows) == 1
    assert problems == []


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "2026-07-01,nps,9",
            "surveys.csv:2: the row has 3 cells, the header 5; add the cells that are missing, a comma for an empty one",
        ),
        (
            "2026-07-01,nps,7,5,Ann,fine",
            "surveys.csv:2: (cell F2): got 'fine' (the row has 6 cells, the header 5); "
            "put quotes around a text with a comma in it, and write seven and a half as 7.5",
        ),
        (
            '2026-07-01,nps,9,"Ann" Bell,fine',
            "surveys.csv:2: the quotes that begin in this row do not match; "
            'close each quoted text, and write a quote inside it twice, as ""',
        ),
        (
            '2026-07-01,nps,9,"Ann,fine',
            'surveys.csv:2: a quote opens in this row and never closes; close it with ", or restore a file cut off',
        ),
        (
            f'2026-07-01,nps,9,Ann,"{"x" * 140_000}"',
            "surveys.csv:2: a cell is longer than 131,072 characters; look for a quote that never closes",
        ),
        (
            '2026-07-01,nps,9,Ann,"fine\n2026-07-02,nps,9,Ben,\n2026-07-03,nps,9,Cat,\nend"',
            "surveys.csv:2: warning: a quoted text runs on to row 5, over what look like 2 rows of their own; "
            "if they are, close the quote in row 2",
        ),
    ],
)
def test_a_torn_row_is_named(tmp_path, row, message):
    _, _, problems = read(tmp_path, f"{HEADER}\n{row}\n")
    assert problems == [message]


def test_reading_goes_on_after_a_torn_row(tmp_path):
    raw, rows, problems = read(tmp_path, f'{HEADER}\n2026-07-01,nps\n"a"b,,,,\n2026-07-03,nps,9,,\n')
    assert rows == [["2026-07-01", "nps", "", "", ""], ["2026-07-03", "nps", "9", "", ""]]
    assert raw.torn == {0}
    assert raw.place(1, 0) == {"row": 4, "cell": "A4"}
    assert len(problems) == 2


def test_a_file_cut_in_the_middle_of_a_row_is_an_error_and_a_whole_last_row_a_warning(tmp_path):
    *_, cut = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,,\n2026-07-0")
    *_, whole = read(tmp_path, f"{HEADER}\n2026-07-01,nps,9,,\n2026-07-02,nps,9,Ann,fi")
    assert cut == [
        "surveys.csv:3: ends in the middle of a row, after 1 of 5 cells; the file was cut off: restore it, or complete the row"
    ]
    assert whole == [
        "surveys.csv:3: warning: the last row does not end in a line break, so the file may have been cut off; "
        "check its last cell"
    ]


def test_no_cut_inside_a_row_passes_unseen(tmp_path):
    text = f'{HEADER}\n2026-07-01,nps,9,Ann,"well, fine"\n2026-07-02,nps,8,Zoë,"two\nlines"\n'.encode()
    ends = {at + 1 for at, byte in enumerate(text) if byte == 10} - {text.index(b"two\n") + 4}
    for length in range(len(HEADER) + 2, len(text)):
        *_, problems = read(tmp_path, text[:length])
        assert problems or length in ends, text[:length]


def test_a_header_only_is_a_table_without_rows(tmp_path):
    raw, rows, problems = read(tmp_path, HEADER)
    assert (len(raw), rows, problems) == (0, [], [])


def test_g_cloud_spending_is_read_with_its_bare_carriage_returns(tmp_path):
    folder = SHARED / "data" / "gcloud2013"
    if not folder.is_dir():
        pytest.skip("gcloud2013 is not here; point ACCTLIB_SHARED at the folder that holds data")
    # 4,699 rows of 7 columns, by the description of the data; Mac Roman, which nobody can tell from Windows-1252.
    raw, rows, problems = read(tmp_path, next(folder.glob("*.csv")).read_bytes())
    assert (len(rows), len(raw.header)) == (4699, 7)
    assert "byte 0xd0) and was read as Windows-1252, which makes this word 'Ð'" in problems[0]
