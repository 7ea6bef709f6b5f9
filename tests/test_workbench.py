"""Tables in the making: written beside their places, readable by whoever read them before, cleared away afterwards."""

from __future__ import annotations

import os
import stat

import openpyxl
import pandas as pd
import pytest
from importing_workbook import data_of, imported, rows

from acctlib.imports.journal import held
from acctlib.imports.workbench import workbench
from acctlib.tables.problems import TableErrors


@pytest.fixture
def data(tmp_path):
    return data_of(tmp_path)


def test_nothing_stands_in_its_place_before_the_commit(data):
    before = (data / "aurora/projects.csv").read_bytes()
    with held(data) as journal, workbench(journal) as bench:
        table = bench.table(data / "aurora", "projects")
        table.loc[0, "name"] = "Another"
        bench.put(data / "aurora", "projects", table)
        assert bench.table(data / "aurora", "projects")["name"].tolist() == [
            "Another"
        ]  # what comes later in the import builds on it
        assert (data / "aurora/projects.csv").read_bytes() == before
        bench.commit("a test")
    assert rows(data, "projects")[0]["name"] == "Another"


def test_the_place_of_work_is_cleared_also_after_a_failure(data):
    def fails():
        with held(data) as journal, workbench(journal) as bench:
            bench.put_rows(data / "aurora/tasks.csv", ["project"], [["site"]])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert not (data / "firm/imports/work").exists()
    assert not (data / "aurora/tasks.csv").exists()


@pytest.mark.parametrize("mode", [0o664, 0o640, 0o600])
def test_a_table_stays_readable_for_those_who_read_it(data, mode):
    (data / "aurora/tasks.csv").write_text("project,task\nsite,workshop\n")
    (data / "aurora/tasks.csv").chmod(mode)
    imported(data, "msproject-english.csv")
    assert stat.S_IMODE((data / "aurora/tasks.csv").stat().st_mode) == mode


def test_a_new_table_is_as_readable_as_other_new_files(data):
    mask = os.umask(0o022)
    try:
        imported(data, "msproject-english.csv")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((data / "aurora/tasks.csv").stat().st_mode) == 0o644


def test_columns_of_a_table_that_only_its_owner_knows_order_stay_in_their_order(data):
    (data / "aurora/tasks.csv").write_text("task,likely_hours,project\nworkshop,07.50,site\n")
    imported(data, "msproject-english.csv")
    assert (data / "aurora/tasks.csv").read_text().startswith("task,likely_hours,project,")
    assert rows(data, "tasks")[0]["likely_hours"] == "07.50"  # rows that the import does not touch stay as they were typed


def test_a_workbook_is_not_rewritten(data):
    book = openpyxl.Workbook()
    book.active.title = "tasks"
    book.active.append(["project", "task"])
    book.active.append(["site", "workshop"])
    book.save(data / "aurora/tables.xlsx")
    with pytest.raises(
        TableErrors, match=r"holds the rows of tasks, and an import does not rewrite a workbook; save that sheet as"
    ):
        imported(data, "msproject-english.csv")


def test_a_parquet_table_stays_one(data):
    pd.DataFrame({"project": ["site"], "task": ["workshop"]}).to_parquet(data / "aurora/tasks.parquet")
    imported(data, "msproject-english.csv")
    assert not (data / "aurora/tasks.csv").exists()
    assert len(pd.read_parquet(data / "aurora/tasks.parquet")) == 7


def test_a_dry_run_changes_nothing(data):
    _, said = imported(data, "msproject-english.csv", dry_run=True)
    assert "Nothing was changed: this was a dry run." in said
    assert not (data / "aurora/tasks.csv").exists()
    assert not (data / "firm/imports/last").exists()
