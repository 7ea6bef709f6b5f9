"""Workbooks: each cell as a person sees it, and the cells that show no value. Made here, or readxl's (MIT)."""

import datetime as dt
import os
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest

from acctlib.tables.checks import read_checked
from acctlib.tables.dictionary import TABLES
from acctlib.tables.read import read_folder
from acctlib.tables.workbooks import read_sheet, read_workbook

SHARED = Path(os.environ.get("ACCTLIB_SHARED", Path(__file__).parents[1] / ".." / "shared"))
READXL = SHARED / "data" / "text" / "readxl"
HEADER = ["date", "kind", "score", "respondent", "comment"]


def workbook(tmp_path, *rows, title="surveys"):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    path = tmp_path / "tables.xlsx"
    book.save(path)
    return path


def read(tmp_path, *rows):
    sheets, problems = read_workbook(workbook(tmp_path, *rows))
    raw, found = read_sheet(sheets["surveys"], "tables.xlsx, sheet surveys", TABLES["surveys"])
    rows = None if raw is None else [list(row) for row in zip(*(c.to_pylist() for c in raw.columns), strict=True)]
    return raw, rows, [str(problem) for problem in problems + found]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (dt.date(2026, 7, 1), "dd/mm/yyyy", "2026-07-01"),
        (dt.datetime(2026, 7, 1, 14, 30), "yyyy-mm-dd hh:mm", "2026-07-01 14:30:00"),
        (dt.time(7, 30), "hh:mm", "07:30:00"),
        (1735, "General", "1735"),
        (1735.0, "General", "1735"),
        (7.5, "General", "7.5"),
        (0.1, "General", "0.1"),
        (1234.5, '"£"#,##0.00', "1234.5"),
        (0.8, "0%", "80%"),
        (0.07, "0%", "7%"),
        (True, "General", "yes"),
        (False, "General", "no"),
        ("0012", "@", "0012"),
        ("7,5", "General", "7,5"),
    ],
)
def test_a_cell_is_read_as_a_person_sees_it(tmp_path, value, number_format, text):
    path = workbook(tmp_path, HEADER, [value])
    book = openpyxl.load_workbook(path)
    book.active["A2"].number_format = number_format
    book.save(path)
    sheets, _ = read_workbook(path)
    assert sheets["surveys"][1] == ([text], [])


def test_a_formula_without_a_result_and_an_error_are_named_with_their_cell(tmp_path):
    _, _, problems = read(tmp_path, HEADER, ["2026-07-01", "nps", "=1+8"], ["2026-07-02", "nps", 8, "#REF!"])
    assert problems == [
        "tables.xlsx, sheet surveys:2: (cell C2): got '=1+8' (has no value); enter it, or recalculate and save the workbook",
        "tables.xlsx, sheet surveys:3: (cell D3): got '#REF!' (has no value); enter it, or recalculate and save the workbook",
    ]


def edit_sheet(path, change):
    """Change the XML of the first sheet, to what spreadsheets write and openpyxl does not."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    before = content["xl/worksheets/sheet1.xml"]
    content["xl/worksheets/sheet1.xml"] = change(before)
    assert content["xl/worksheets/sheet1.xml"] != before
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)


def test_a_formula_with_a_result_is_its_result(tmp_path):
    path = workbook(tmp_path, HEADER, ["2026-07-01", "nps", "=1+8"])
    edit_sheet(path, lambda sheet: re.sub(rb"<v ?/>|<v></v>", b"<v>9</v>", sheet))
    sheets, problems = read_workbook(path)
    assert sheets["surveys"][1] == (["2026-07-01", "nps", "9"], [])
    assert problems == []


def test_rows_keep_their_number_below_empty_rows_and_trailing_empty_rows_are_none(tmp_path):
    path = workbook(tmp_path, HEADER, ["2026-07-01", "nps", 9], [None], [None], ["2026-07-02", "nps", 8])
    book = openpyxl.load_workbook(path)
    book.active["A400"].number_format = "0.00"
    book.save(path)
    sheets, _ = read_workbook(path)
    raw, problems = read_sheet(sheets["surveys"], "tables.xlsx, sheet surveys", TABLES["surveys"])
    assert [raw.place(row, 2)["cell"] for row in range(len(raw))] == ["C2", "C5"]
    assert problems == []


def test_a_sheet_that_states_too_small_a_size_is_read_whole(tmp_path):
    path = workbook(tmp_path, HEADER, ["2026-07-01", "nps", 9, "Ann"], ["2026-07-02", "nps", 8, "Ben"])
    edit_sheet(path, lambda sheet: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:B2"', sheet))
    sheets, _ = read_workbook(path)
    assert sheets["surveys"][2] == (["2026-07-02", "nps", "8", "Ben"], [])


def test_a_remark_beside_the_table_is_named(tmp_path):
    _, _, problems = read(tmp_path, HEADER, ["2026-07-01", "nps", 9, None, None, None, "ask Ann"])
    assert problems == [
        "tables.xlsx, sheet surveys:2: (cell G2): got 'ask Ann' (beside the table, under no column name); "
        "name the column or clear it"
    ]


def test_a_title_above_the_table_is_named(tmp_path):
    _, rows, problems = read(tmp_path, ["Survey results", None, "Q3"], [None], HEADER, ["2026-07-01", "nps", 9])
    assert rows is None
    assert problems == [
        "tables.xlsx, sheet surveys: the column names stand in row 3; delete the rows above, so that row 3 is the first"
    ]


def test_a_sheet_of_rows_without_a_header_is_named_and_an_empty_one_is_no_data(tmp_path):
    raw, _, problems = read(tmp_path, [None], ["2026-07-01", "nps", 9])
    assert raw is None
    assert problems == ["tables.xlsx, sheet surveys:1: has no header; write the column names into the first row"]
    raw, _, problems = read(tmp_path)
    assert (len(raw), problems) == (0, [])


@pytest.mark.parametrize("content", [b"PK\x03\x04 half a workbook", b"", b"date,kind\n"])
def test_what_is_no_workbook_is_named(tmp_path, content):
    path = tmp_path / "tables.xlsx"
    path.write_bytes(content)
    _, problems = read_workbook(path)
    assert [str(problem) for problem in problems] == [
        "tables.xlsx: cannot be read as a workbook (BadZipFile); open it in a spreadsheet and save it again as .xlsx"
    ]


def test_every_cut_of_a_workbook_is_named(tmp_path):
    path = workbook(tmp_path, HEADER, *[["2026-07-01", "nps", 9]] * 50)
    data = path.read_bytes()
    for length in range(1, len(data), 97):
        path.write_bytes(data[:length])
        _, problems = read_workbook(path)
        assert len(problems) == 1, length


def test_a_broken_sheet_inside_a_sound_archive_is_named(tmp_path):
    path = workbook(tmp_path, HEADER)
    edit_sheet(path, lambda sheet: sheet[:-40])
    sheets, problems = read_workbook(path)
    assert sheets == {}
    assert str(problems[0]).startswith("tables.xlsx: cannot be read as a workbook (ParseError)")


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path):
    path = tmp_path / "tables.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(4):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b" " * 90_000_000)
    assert path.stat().st_size < 1_000_000
    _, problems = read_workbook(path)
    assert str(problems[0]) == "tables.xlsx: unpacks to 360 MB; save large tables as CSV or Parquet"


def test_a_text_that_begins_with_an_equals_sign_stays_text(tmp_path):
    path = workbook(tmp_path, HEADER, ["2026-07-01", "nps", 9, "Ann"])
    book = openpyxl.load_workbook(path)
    book.active["E2"].value = "=cmd|' /C calc'!A0"
    book.active["E2"].data_type = "s"
    book.save(path)
    sheets, _ = read_workbook(path)
    assert sheets["surveys"][1] == (["2026-07-01", "nps", "9", "Ann", "=cmd|' /C calc'!A0"], [])


@pytest.mark.skipif(not READXL.is_dir(), reason="readxl's workbooks are not here; point ACCTLIB_SHARED at their folder")
def test_readxl_workbooks_show_what_their_authors_typed():
    # deaths.xlsx: a title above, notes below; David Bowie was born on 1947-01-08 and died on 2016-01-10, aged 69.
    deaths, _ = read_workbook(READXL / "inst/extdata/deaths.xlsx")
    assert deaths["arts"][5][0][:6] == ["David Bowie", "musician", "69", "yes", "1947-01-08", "2016-01-10"]
    # The column beside each value says what it is.
    typed, _ = read_workbook(READXL / "inst/extdata/type-me.xlsx")
    texts = {row[0][1]: row[0][0] for row in typed["numeric_coercion"][1:]}
    assert texts["the number 123456"] == texts['the string "123456"'] == "123456"
    assert texts["boolean true"] == "yes"
    assert texts["datetime"] == "2014-12-23"
    assert texts["empty"] == ""
    # All of its cells are the first of January 2000, in twenty formats.
    dates, _ = read_workbook(READXL / "tests/testthat/sheets/dates-1900-LibreOffice.xlsx")
    assert {cell for row, _ in dates["Sheet1"] for cell in row} == {"2000-01-01"}


def test_a_sheet_that_is_no_table_is_named_unless_it_is_the_readme_or_empty(tmp_path):
    path = workbook(tmp_path, ["Anything", "here"], title="Read me")
    book = openpyxl.load_workbook(path)
    book.create_sheet("Sheet2")
    book.create_sheet("risk")["A1"] = "risk"
    book.create_sheet("pivot")["B3"] = 1
    book.save(path)
    assert [str(problem) for problem in read_folder(tmp_path).problems] == [
        "tables.xlsx, sheet risk: is no table; name it risks",
        "tables.xlsx, sheet pivot: is no table; name it after a table, or move notes to the sheet 'Read me'",
    ]


def test_a_bad_cell_of_a_sheet_is_named_with_sheet_row_and_cell(tmp_path):
    workbook(tmp_path, HEADER, [dt.date(2026, 7, 1), "nps", 11])
    (tmp_path / "projects.csv").write_text("project,name,billing_type,start,end\nsite,Site,retainer,2026-01-01,2026-12-31\n")
    with pytest.raises(ValueError, match="sheet surveys:2: column 'score' \\(cell C2\\): got '11'"):
        read_checked(tmp_path, None)
