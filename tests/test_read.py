"""Folders: which file is which table. Parquet files: values of any type as text."""

import datetime as dt
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from acctlib.tables.read import read_folder


def problems(folder, firm=False):
    return [str(problem) for problem in read_folder(folder, firm).problems]


def test_what_cannot_be_a_table_is_left_alone(tmp_path):
    for name in ("README.md", "account.yaml", ".projects.csv", "~$tables.xlsx", "logo.png"):
        (tmp_path / name).write_text("x")
    (tmp_path / "commentary").mkdir()
    assert problems(tmp_path) == []
    assert read_folder(tmp_path).tables == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("time_entrys.csv", "time_entrys.csv: is no table's file; name it time_entries.csv"),
        ("Projects.csv", "Projects.csv: is no table's file; name it projects.csv"),
        ("projects.CSV", "projects.CSV: is no table's file; name it projects.csv"),
        ("risk.parquet", "risk.parquet: is no table's file; name it risks.parquet"),
        ("tasks.tsv", "tasks.tsv: is no table's file; name it tasks.csv"),
        ("plan.xlsx", "plan.xlsx: is no table's file; save it as tables.xlsx, with a sheet for each table"),
        ("tables.xls", "tables.xls: is no table's file; save it as tables.xlsx, with a sheet for each table"),
        ("people.csv", "people.csv: people does not belong here; move it to the firm's folder, data/firm"),
    ],
)
def test_a_file_that_could_be_a_table_must_be_one(tmp_path, name, message):
    (tmp_path / name).write_text("project\n")
    assert problems(tmp_path) == [message]


def test_a_name_that_is_near_to_none_gets_the_list_of_names(tmp_path):
    (tmp_path / "zzz.csv").write_text("x\n")
    assert problems(tmp_path)[0].startswith("zzz.csv: is no table's file; name it after one of the tables: projects, tasks, ")


def test_an_account_table_does_not_belong_to_the_firm(tmp_path):
    (tmp_path / "risks.csv").write_text("risk,description\n")
    assert problems(tmp_path, firm=True) == ["risks.csv: risks does not belong here; move it to an account's folder"]


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "time_entries.parquet").mkdir()
    assert problems(tmp_path) == ["time_entries.parquet: is a folder; put one file of that name there"]


def test_a_table_in_two_files_is_refused_unless_one_is_empty(tmp_path):
    book = openpyxl.Workbook()
    book.active.title = "surveys"
    book.active.append(["date", "kind"])
    book.save(tmp_path / "tables.xlsx")
    (tmp_path / "surveys.csv").write_text("date,kind\n2026-07-01,nps\n")
    assert problems(tmp_path) == []
    assert read_folder(tmp_path).tables["surveys"].file == "surveys.csv"
    book.active.append(["2026-07-01", "nps"])
    book.save(tmp_path / "tables.xlsx")
    assert problems(tmp_path) == [
        "tables.xlsx, sheet surveys: surveys stands in surveys.csv and in tables.xlsx, sheet surveys; "
        "keep one of the two and empty the other"
    ]


def test_parquet_values_of_any_type_become_text(tmp_path):
    table = pa.table(
        {
            "date": pa.array([dt.date(2026, 7, 1), None], pa.date32()),
            "seen": pa.array([dt.datetime(2026, 7, 1), None], pa.timestamp("ns")),
            "hours": pa.array([7.5, float("nan")], pa.float64()),
            "cost": pa.array([Decimal("1234.50"), None], pa.decimal128(10, 2)),
            "count": pa.array([3, None], pa.int16()),
            "billable": pa.array([True, None]),
            "role": pa.array(["design", None]).dictionary_encode(),
            "blank": pa.array([None, None], pa.null()),
        }
    )
    pq.write_table(table, tmp_path / "time_entries.parquet")
    raw = read_folder(tmp_path).tables["time_entries"]
    first, second = zip(*(column.to_pylist() for column in raw.columns), strict=True)
    assert first[:1] + first[2:] == ("2026-07-01", "7.5", "1234.50", "3", "true", "design", "")
    assert first[1].startswith("2026-07-01 00:00:00")
    assert second == ("",) * 8
    assert raw.place(1, 0) == {"row": 2, "cell": ""}


def test_a_parquet_column_of_lists_is_named(tmp_path):
    pq.write_table(pa.table({"project": ["site"], "depends_on": [["a", "b"]]}), tmp_path / "tasks.parquet")
    message = problems(tmp_path)[0]
    assert message.startswith("tasks.parquet: column 'depends_on': holds list<")
    assert message.endswith("which is no text, number or date; write names separated by semicolons as one text")


def test_every_cut_of_a_parquet_file_is_named(tmp_path):
    path = tmp_path / "tasks.parquet"
    pq.write_table(pa.table({"project": ["site"] * 50, "task": [f"t{n}" for n in range(50)]}), path)
    data = path.read_bytes()
    for length in range(0, len(data), 13):
        path.write_bytes(data[:length])
        assert len(problems(tmp_path)) == 1, length
        assert "tasks" in read_folder(tmp_path).unreadable
