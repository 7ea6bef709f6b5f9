"""Tables that change together or not at all: killed at each step, failing at each step, on a full disk, two at once, undone."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from importing_workbook import data_of
from killed_imports import EXPORT, strays, tables

from acctlib.imports.command import run_import, undo_import
from acctlib.imports.journal import Journal, held
from acctlib.tables.checks import read_checked
from acctlib.tables.problems import TableErrors


@pytest.fixture
def data(tmp_path):
    (tmp_path / "export.csv").write_text(EXPORT)
    return data_of(tmp_path)


def import_(data: Path, name: str = "export.csv") -> list[str]:
    said: list[str] = []
    day = dt.date(2026, 7, 31)
    run_import(data, "harvest", [data.parent / name], False, said.append, new_projects="time_and_materials", as_of=day)
    return said


def undo(data: Path) -> list[str]:
    said: list[str] = []
    undo_import(data, said.append)
    return said


#: Each step of a whole import and of its undo: minutes.
_WHOLE = ("import", "undo", "fail")
_KILLS = os.environ.get("ACCTLIB_KILLS", "")


@pytest.mark.parametrize(
    ("how", "steps"),
    [
        ("replace", 20),
        ("put back", 15),
        ("refuse", 20),
        ("random", 3),
        ("full", 2),
        *(
            pytest.param(how, 15, marks=pytest.mark.skipif(not _KILLS, reason="minutes; set ACCTLIB_KILLS=100"))
            for how in _WHOLE
        ),
    ],
)
def test_an_interrupted_import_leaves_all_old_or_all_new_tables(tmp_path, how, steps):
    data_of(tmp_path)
    program = Path(__file__).with_name("killed_imports.py")
    kills = [_KILLS or "5"] if how == "random" else []
    done = subprocess.run([sys.executable, program, how, tmp_path, *kills], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["wrong"] == []
    assert said["steps"] >= steps  # so many times was it really interrupted
    assert said["refused"] >= (5 if how == "import" else 0)  # so many times would a report have read half of it


def test_the_judge_of_interrupted_imports_sees_a_half_made_one(data):
    before = tables(data)
    import_(data)
    after = tables(data)
    undo(data)
    projects = data / "borealis/projects.csv"
    projects.write_text(projects.read_text() + "rollout,Rollout,time_and_materials,2026-07-09,2026-07-09,,\n")
    (data / "aurora/.projects.csv.back").write_text("")
    assert tables(data) not in (before, after)
    assert strays(data) == ["aurora/.projects.csv.back"]


def test_what_the_journal_keeps_is_put_back_byte_for_byte(data):
    before = tables(data)
    import_(data)
    assert tables(data) != before
    said = undo(data)
    assert said[0] == "Undone: harvest export.csv"
    assert "  data/borealis/projects.csv is as before" in said
    assert tables(data) == before


def test_an_import_can_be_undone_once(data):
    import_(data)
    undo(data)
    with pytest.raises(ValueError, match="there must be an import to undo, got none"):
        undo(data)


def test_an_undo_after_an_edit_by_hand_names_the_file_and_puts_nothing_back(data):
    import_(data)
    edited = data / "borealis/time_entries.csv"
    edited.write_text(edited.read_text().replace(",5,", ",5.5,"))
    now = tables(data)
    with pytest.raises(ValueError, match=r"borealis/time_entries\.csv must be as the import left it, but was changed since"):
        undo(data)
    assert tables(data) == now
    said = json.loads((data / "firm/imports/last/journal.json").read_text())
    kept = next(entry["kept"] for entry in said["files"] if entry["file"] == "borealis/time_entries.csv")
    assert "Ivo Lindqvist" in (data / "firm/imports/last" / kept).read_text()


def test_a_file_mended_by_hand_after_an_interruption_is_not_written_over(data):
    import_(data)
    journal = data / "firm/imports/last/journal.json"
    journal.write_text(journal.read_text().replace('"finished": true', '"finished": false'))
    mended = data / "aurora/time_entries.csv"
    mended.write_text("date,project,person,role,hours,billable,note\n")
    said = undo(data)
    assert said == ["Undone: harvest export.csv, which had been interrupted; all tables are as before"]
    assert mended.read_text() == "date,project,person,role,hours,billable,note\n"
    assert "rollout" not in (data / "borealis/projects.csv").read_text()


def test_an_interrupted_import_is_put_back_by_the_next_one_which_says_so(data):
    import_(data)
    done = tables(data)
    journal = data / "firm/imports/last/journal.json"
    journal.write_text(journal.read_text().replace('"finished": true', '"finished": false'))
    said = import_(data)
    assert said[0] == "Put back first, because it had been interrupted: harvest export.csv"
    assert tables(data) == done


def test_two_imports_do_not_write_at_once(data):
    with held(data), pytest.raises(ValueError, match="another import is writing to these tables; wait until it ends"):
        import_(data)
    import_(data)


def test_a_folder_that_cannot_be_written_leaves_all_tables_as_they_were(data, monkeypatch):
    before, replace = tables(data), os.replace

    def refuses(source, place):
        if str(place).endswith("borealis/time_entries.csv"):
            raise PermissionError(13, "Permission denied", str(place))
        replace(source, place)

    monkeypatch.setattr(os, "replace", refuses)
    with pytest.raises(PermissionError):
        import_(data)
    assert tables(data) == before
    assert strays(data) == []


def test_an_interrupted_import_is_told_to_whoever_makes_a_report(data, monkeypatch):
    import_(data)
    monkeypatch.setattr("acctlib.tables.checks._PATIENCE", 1)
    read_checked(data / "aurora", data / "firm")
    journal = data / "firm/imports/last/journal.json"
    journal.write_text(journal.read_text().replace('"finished": true', '"finished": false'))
    with pytest.raises(TableErrors, match=r"an import is replacing these tables, or was interrupted .* acctlib import --undo"):
        read_checked(data / "aurora", data / "firm")
    undo(data)
    read_checked(data / "aurora", data / "firm")


def test_a_report_never_reads_half_of_an_import(data, monkeypatch):
    """Projects and hours are replaced one after the other; a reader sees both of before or both of after."""
    ready = {}
    for name in ("projects", "time_entries"):
        for state in ("old", "new"):
            ready[name, state] = data.parent / f"{name}-{state}.csv"
    entry, project = "2026-07-09,late,Mia,designer,4,yes,\n", "late,Late,fixed_fee,2026-07-01,2026-09-30,900,\n"
    for name, line in (("projects", project), ("time_entries", entry)):
        text = (data / f"borealis/{name}.csv").read_text()
        ready[name, "old"].write_text(text)
        ready[name, "new"].write_text(text + line)
    read = []
    stop = threading.Event()

    def reader() -> None:
        while not stop.is_set():
            try:
                found = read_checked(data / "borealis", data / "firm").tables
                read.append((len(found["projects"]), len(found["time_entries"])))
            except TableErrors as error:
                read.append(str(error))

    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda a, b: (replace(a, b), stop.wait(0.02))[0])  # a slow disk
    thread = threading.Thread(target=reader)
    thread.start()
    for n in range(12):
        files = {}
        for name in ("time_entries", "projects"):  # hours first: between the two they name a project that is not there
            files[data / f"borealis/{name}.csv"] = shutil.copy(
                ready[name, ("new", "old")[n % 2]], data.parent / f"{name}-{n}.csv"
            )
        with held(data) as journal:
            journal.commit(str(n), {place: Path(made) for place, made in files.items()})
    stop.set()
    thread.join()
    assert len(read) >= 3
    assert {*read} <= {(1, 2), (2, 3)}


def test_a_journal_that_was_never_begun_is_cleared(data):
    journal = Journal(data)
    journal.folder.mkdir(parents=True)
    (journal.folder / "00000").write_text("kept before the kill")
    assert journal.put_back_unfinished() == ""
    assert not journal.folder.exists()
