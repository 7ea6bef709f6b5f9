"""The templates of a new account: complete, quiet until filled in, and accepted when filled in."""

import datetime as dt
import zipfile

import openpyxl
import pytest

from acctlib.missing import Missing
from acctlib.tables import templates
from acctlib.tables.checks import read_checked
from acctlib.tables.dictionary import TABLES, Column, Table
from acctlib.tables.read import read_folder
from acctlib.tables.templates import write_templates

ACCOUNT_TABLES = [name for name, table in TABLES.items() if not table.firm]


def test_every_account_table_has_a_file_and_a_sheet_with_its_columns(tmp_path):
    files = write_templates(tmp_path)
    assert [path.name for path in files] == [f"{name}.csv" for name in ACCOUNT_TABLES] + ["tables.xlsx"]
    book = openpyxl.load_workbook(files[-1])
    assert book.sheetnames == ["Read me", *ACCOUNT_TABLES]
    for name in ACCOUNT_TABLES:
        typed = [column.name for column in TABLES[name].typed]
        assert (tmp_path / f"{name}.csv").read_text() == ",".join(typed) + "\n"
        assert [cell.value for cell in book[name][1]] == typed


def test_without_excel_there_are_the_files_only(tmp_path):
    write_templates(tmp_path, excel=False)
    assert not (tmp_path / "tables.xlsx").exists()


def test_templates_clash_with_nothing_and_lack_projects_only(tmp_path):
    write_templates(tmp_path)
    assert read_folder(tmp_path).problems == []
    with pytest.raises(ValueError, match=r"^projects\.csv: has no rows; enter one project at least$"):
        read_checked(tmp_path, None)


def test_rows_entered_into_the_workbook_are_read_beside_empty_files(tmp_path):
    write_templates(tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    start, end = dt.date(2026, 1, 1), dt.date(2026, 12, 31)
    # The cells of a new row take the format of their column, as in a spreadsheet.
    book["projects"].append(["0012", "=Site", None, None, "retainer", None, start, end, 9000.5])
    book["projects"]["B2"].data_type = "s"
    book.save(tmp_path / "tables.xlsx")
    checked = read_checked(tmp_path, None)
    projects = checked.tables["projects"]
    assert projects.loc[0, ["project", "name", "fee"]].tolist() == ["0012", "=Site", 9000.5]
    assert checked.sources["projects"].file == "tables.xlsx, sheet projects"
    assert isinstance(checked.tables["tasks"], Missing)


def test_the_header_tells_what_belongs_below_it(tmp_path):
    write_templates(tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "tables.xlsx")["time_entries"]
    assert sheet.freeze_panes == "A2"
    assert sheet["F1"].comment.text == "Hours worked that day.\nWritten as hours as 7.5.\nNeeded in every row."
    assert sheet["F1"].font.bold
    assert not sheet["E1"].font.bold
    formats = {letter: sheet.column_dimensions[letter].number_format for letter in "ABF"}
    assert formats == {"A": "yyyy-mm-dd", "B": "@", "F": "0.00"}


def test_choices_are_offered_as_a_list(tmp_path):
    write_templates(tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    offered = {
        str(rule.sqref): rule.formula1
        for name in ("projects", "time_entries")
        for rule in book[name].data_validations.dataValidation
    }
    assert offered == {
        "E2:E5000": '"fixed_fee,time_and_materials,capped,retainer"',
        "F2:F5000": '"schedule,hours,hours_and_rates"',
        "O2:O5000": '"proposed,active,on_hold,closed"',
        "G2:G5000": '"yes,no"',
    }


def test_every_list_and_its_message_fits_the_limits_of_a_spreadsheet(tmp_path):
    write_templates(tmp_path)
    book = openpyxl.load_workbook(tmp_path / "tables.xlsx")
    rules = [rule for sheet in book for rule in sheet.data_validations.dataValidation]
    assert len(rules) > 20
    assert max(len(rule.formula1) for rule in rules) <= 257
    assert max(len(rule.error) for rule in rules) <= 255


def test_no_cell_of_the_template_is_a_formula(tmp_path, monkeypatch):
    hostile = Table("hostile", "a name that a spreadsheet would work out", (Column("=1+1", "text", "=1+1"),))
    monkeypatch.setattr(templates, "TABLES", TABLES | {"hostile": hostile})
    write_templates(tmp_path)
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as archive:
        sheets = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == len(ACCOUNT_TABLES) + 2
    assert not any(b"<f>" in sheet for sheet in sheets)


def test_the_same_template_is_the_same_bytes_and_carries_no_time(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = write_templates(tmp_path / "a")[-1], write_templates(tmp_path / "b")[-1]
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.read("docProps/core.xml").count(b">2000-01-01T00:00:00Z<") == 2


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "risks.csv").write_text("mine")
    with pytest.raises(FileExistsError, match=r"has risks\.csv already; templates are for a new account"):
        write_templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["risks.csv"]
