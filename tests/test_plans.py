"""Plans: phases counted once, days and hours kept apart, links that hold, and an account that can still be read afterwards."""

from __future__ import annotations

import datetime as dt
from graphlib import TopologicalSorter
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importing_workbook import GOLDEN, data_of, imported, rows, write

from acctlib.account import Account
from acctlib.imports.conventions import Conventions, date_in
from acctlib.imports.formats import formats_of
from acctlib.imports.plans import read, span_in
from acctlib.imports.readings import About, Asked, Row
from acctlib.tables.checks import read_checked

HEADER = "ID,Name,Duration,Start,Finish,Predecessors,Outline Level,Work\n"


@pytest.fixture
def data(tmp_path):
    return data_of(tmp_path)


def tasks(data) -> dict[str, dict[str, str]]:
    return {row["task"]: row for row in rows(data, "tasks")}


def test_phases_repeat_the_hours_of_their_parts_and_are_not_summed(data):
    naive = pd.read_csv(GOLDEN / "msproject-english.csv")["Work"].str.removesuffix(" hrs").astype(float).sum()
    assert naive == 1200  # 400 h of the project, once more in its two phases, and once more in their tasks
    right, said = imported(data, "msproject-english.csv")
    assert right
    assert sum(float(row["likely_hours"]) for row in rows(data, "tasks")) == 400
    assert "10 rows read = 6 in accounts + 0 waiting + 1 aside (a blank line of the plan) + 3 aside (phases" in said
    assert "totals stated by the file, which its rows make too: 3" in said


def test_an_english_plan_becomes_these_tasks(data):
    imported(data, "msproject-english.csv")
    design = "Wireframes;Design / Review"  # Build waits for the phase Design, so each of its tasks waits for each of Design's
    columns = [
        "task",
        "likely_days",
        "likely_hours",
        "baseline_hours",
        "start",
        "finish",
        "baseline_finish",
        "depends_on",
        "status",
        "done_on",
    ]
    assert [[row[column] for column in columns] for row in rows(data, "tasks")] == [
        ["Wireframes", "5", "80", "70", "2026-06-01", "2026-06-05", "2026-06-05", "", "done", "2026-06-05"],
        ["Design / Review", "5", "80", "80", "2026-06-08", "2026-06-12", "2026-06-12", "Wireframes", "done", "2026-06-12"],
        ["API, client", "22.5", "200", "200", "2026-06-15", "2026-07-15", "", design, "in_progress", ""],
        ["Mobile app", "5", "0", "0", "2026-06-15", "2026-06-22", "", design, "cancelled", ""],
        ["Build / Review", "20", "40", "40", "2026-07-16", "2026-08-06", "", f"{design};API, client", "planned", ""],
        ["Launch", "0", "0", "0", "2026-08-07", "2026-08-07", "2026-07-31", f"{design};Build / Review", "planned", ""],
    ]  # fmt: skip
    assert {(row["project"], row["imported_from"]) for row in rows(data, "tasks")} == {("site", "msproject")}
    read_checked(data / "aurora", data / "firm")


def test_a_german_plan_in_windows_characters_has_decimal_commas_and_no_project_until_it_is_said(data):
    right, said = imported(data, "msproject-german.csv")
    assert not right
    assert "waiting: 4 rows" in said
    assert (
        "project 'msproject-german' of aurora: 4 rows, 1,061.50 h; add --project site; or add to data/aurora/projects.csv:"
        in said
    )
    assert "msproject-german,msproject-german,BILLING_TYPE,2026-06-01,2026-06-15" in said
    right, said = imported(data, "msproject-german.csv", project="site")
    assert right
    found = tasks(data)
    assert {name: (row["likely_days"], row["likely_hours"], row["status"]) for name, row in found.items()} == {
        "Gespräche führen": ("5", "1000", "done"),
        "Größe schätzen": ("2.5", "60", "planned"),
        "Abnahme": ("0.5", "1.5", "planned"),
        "Nachtrag": ("2.1429", "0", "cancelled"),
    }
    assert found["Größe schätzen"]["depends_on"] == "Gespräche führen"
    assert found["Abnahme"]["depends_on"] == "Gespräche führen;Größe schätzen"
    assert found["Nachtrag"]["depends_on"] == ""  # AA: they begin together
    assert not list((data / "firm/imports/waiting").glob("*"))


def test_title_lines_name_the_project_and_what_cannot_be_read_waits(data):
    right, said = imported(data, "msproject-odd.csv")
    assert not right
    assert {name: (row["likely_days"], row["start"], row["status"]) for name, row in tasks(data).items()} == {
        "Kick-off": ("1", "2026-06-01", "done"),
        "Plan 🗓": ("4", "2026-06-02", "in_progress"),
    }
    for why in ("row 8: it has no name", "finish 2026-06-08 is before start 2026-06-12", "duration 'soon' is no time"):
        assert why in said
    assert "7 rows read = 2 in accounts + 3 waiting + 1 aside (a total) + 1 aside (phases" in said


def test_a_workbook_as_the_tool_saves_it_is_read_like_its_text(data, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Task_Table"
    sheet.append(
        [
            "ID",
            "Active",
            "Task_Mode",
            "Name",
            "Duration",
            "Start_Date",
            "Finish_Date",
            "Predecessors",
            "Outline_Level",
            "%_Complete",
        ]
    )
    sheet.append(
        [
            1,
            "Yes",
            "Auto Scheduled",
            "Research",
            "1,5 Tage",
            dt.datetime(2026, 6, 1, 8),
            dt.datetime(2026, 6, 2, 12),
            None,
            1,
            1,
        ]
    )
    sheet.append(
        [2, "Yes", "Auto Scheduled", "Report", "2 Tage", dt.datetime(2026, 6, 3, 8), dt.datetime(2026, 6, 4, 17), 1, 1, 0.5]
    )
    book.create_sheet("Resource_Table").append(["ID", "Resource Name", "Type"])
    book.save(tmp_path / "New site.xlsx")
    right, said = imported(data, tmp_path / "New site.xlsx")
    assert right, said
    found = tasks(data)
    assert [found[name]["likely_days"] for name in ("Research", "Report")] == ["1.5", "2"]
    assert [found[name]["status"] for name in ("Research", "Report")] == ["done", "in_progress"]
    assert found["Report"]["depends_on"] == "Research"


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("180 hrs", "d", (180, False)),
        ("5 days?", "d", (40, False)),
        ("2 wks", "d", (80, False)),
        ("1 mon", "d", (160, False)),
        ("3 edays", "d", (3 * 24 * 40 / 168, True)),
        ("30 mins", "d", (0.5, False)),
        ("5 Tage", "d", (40, False)),
        ("12 Std.", "h", (12, False)),
        ("3 jours", "d", (24, False)),
        ("1 sem.", "d", (40, False)),
        ("2 días?", "d", (16, False)),
        ("4 settimane", "d", (160, False)),
        ("7", "d", (56, False)),
        ("7", "h", (7, False)),
        ("0 days", "d", (0, False)),
        ("soon", "d", None),
        ("5 lightyears", "d", None),
        ("", "d", None),
    ],
)
def test_time_spans_by_their_units(text, unit, expected):
    assert span_in(text, Conventions(decimal="."), unit) == (expected and pytest.approx(expected))


def test_hours_of_duration_are_days_and_never_hours_of_work(data, tmp_path):
    plan = write(
        tmp_path, "New site.csv", "ID,Name,Duration,Start,Finish,Outline Level\n1,Overhaul,180 hrs,2026-01-02,2026-01-30,1\n"
    )
    imported(data, plan)
    (row,) = rows(data, "tasks")
    assert row["likely_days"] == "22.5"
    assert row.get("likely_hours", "") == ""


def test_a_thousand_or_one_hour_is_asked(data, tmp_path):
    plan = write(tmp_path, "New site.csv", HEADER + '1,Overhaul,5 days,2026-01-02,2026-01-30,,1,"1,234 hrs"\n')
    with pytest.raises(ValueError, match=r"may be 1234 or 1\.234.*--decimal"):
        imported(data, plan)
    assert imported(data, plan, decimal="point")[0]
    assert rows(data, "tasks")[0]["likely_hours"] == "1234"


def test_a_tuesday_is_no_march():
    how = Conventions()
    assert date_in("mar. 02 juin 2026", how) == dt.date(2026, 6, 2)  # French Tuesday
    assert date_in("maa 01 jun 2026", how) == dt.date(2026, 6, 1)  # Dutch Monday
    assert date_in("mar 03 mar 2026", how) == dt.date(2026, 3, 3)
    assert date_in("March 3, 2026 8:00 AM", how) == dt.date(2026, 3, 3)


def test_an_unknown_predecessor_waits_and_the_task_after_it_comes_without_its_link(data, tmp_path):
    plan = HEADER + "1,First,5 days,2026-06-01,2026-06-05,99,1,8 hrs\n2,Second,5 days,2026-06-08,2026-06-12,1,1,8 hrs\n"
    right, said = imported(data, write(tmp_path, "New site.csv", plan))
    assert not right
    assert "row 2: its predecessor '99' is no ID in this file; export the whole plan, or mend the link" in said
    assert "tasks whose predecessor waits: 1" in said
    assert [(row["task"], row.get("depends_on", "")) for row in rows(data, "tasks")] == [("Second", "")]
    read_checked(data / "aurora", data / "firm")


def test_a_circle_waits_and_does_not_lock_the_account(data, tmp_path):
    plan = HEADER + "".join(
        f"{n},Task {n},5 days,2026-06-01,2026-06-05,{before},1,8 hrs\n" for n, before in ((1, 3), (2, 1), (3, 2), (4, ""))
    )
    right, said = imported(data, write(tmp_path, "New site.csv", plan))
    assert not right
    assert "waits for" in said
    assert "take one of the links out" in said
    assert list(tasks(data)) == ["Task 4"]
    read_checked(data / "aurora", data / "firm")


def test_what_the_checks_of_the_tables_would_refuse_waits(data, tmp_path):
    plan = HEADER + "1,First,5 days,2150-06-01,2150-06-05,,1,8 hrs\n2,Second,5 days,2026-06-08,2026-06-12,1,1,8 hrs\n"
    right, said = imported(data, write(tmp_path, "New site.csv", plan))
    assert not right
    assert "row 2: start '2150-06-01': no date between 1990 and 2100" in said
    assert "row 3: depends_on 'First': no such task 'First' of project 'site'" in said
    assert not (data / "aurora/tasks.csv").exists()
    read_checked(data / "aurora", data / "firm")


def test_the_same_plan_twice_changes_nothing_and_a_corrected_one_says_what_it_changed(data, tmp_path):
    imported(data, "msproject-english.csv")
    before = (data / "aurora/tasks.csv").read_bytes()
    _, said = imported(data, "msproject-english.csv")
    assert "Nothing had to be changed." in said
    assert (data / "aurora/tasks.csv").read_bytes() == before
    text = (GOLDEN / "msproject-english.csv").read_text(encoding="utf-8-sig").replace("200 hrs,10%", "240 hrs,30%")
    _, said = imported(data, write(tmp_path, "plan.csv", text))
    assert "site API, client: likely_hours 200 -> 240" in said
    assert "DOES NOT FOOT: row 2 says 'New site' 400.00 h, its rows make 440.00" in said


def test_a_renamed_task_is_a_new_one_and_the_old_one_stays_where_hours_name_it(data, tmp_path):
    imported(data, "msproject-english.csv")
    booked = (data / "aurora/time_entries.csv").read_text().splitlines()
    (data / "aurora/time_entries.csv").write_text(
        "\n".join([booked[0] + ",task", *(line + ",Wireframes" for line in booked[1:])]) + "\n"
    )
    text = (GOLDEN / "msproject-english.csv").read_text(encoding="utf-8-sig")
    text = text.replace("Wireframes", "Sketches").replace("Launch", "Go-live")
    right, said = imported(data, write(tmp_path, "plan.csv", text))
    found = tasks(data)
    assert right
    assert "site Launch: gone" in said
    assert {"Launch", "Go-live", "Sketches"} & {*found} == {"Go-live", "Sketches"}
    assert found["Wireframes"]["status"] == "done"
    assert "1 of tasks that the file lacks are named by hours or other rows here, and stay ('Wireframes')" in said
    read_checked(data / "aurora", data / "firm")


def test_tasks_that_wait_take_nothing_away(data, tmp_path):
    imported(data, "msproject-english.csv")
    text = (GOLDEN / "msproject-english.csv").read_text(encoding="utf-8-sig").replace("180 hrs,Mon", "soon,Mon")
    assert not imported(data, write(tmp_path, "plan.csv", text))[0]
    assert "API, client" in tasks(data)
    everything = HEADER + "1,Wireframes,soon,2026-06-01,2026-06-05,,1,8 hrs\n"
    imported(data, write(tmp_path, "New site.csv", everything))
    assert len(tasks(data)) == 6


def test_two_tasks_of_one_name_in_one_phase_are_told_apart_first(data, tmp_path):
    plan = HEADER + (
        "1,Design,10 days,2026-06-01,2026-06-12,,1,16 hrs\n"
        "2,Check,5 days,2026-06-01,2026-06-05,,2,8 hrs\n"
        "3,check,5 days,2026-06-08,2026-06-12,,2,8 hrs\n"
    )
    right, said = imported(data, write(tmp_path, "New site.csv", plan))
    assert not right
    assert "row 4: row 3 is called 'Design / check' too; tell the two apart in the plan" in said
    assert list(tasks(data)) == ["Design / Check"]


def test_a_plan_without_an_outline_says_so(data, tmp_path):
    right, said = imported(
        data, write(tmp_path, "New site.csv", "Task Name,Duration,Start\nA,5 days,2026-06-01\n"), tool="msproject"
    )
    assert right
    assert "the plan has no outline level" in said


def test_tasks_typed_here_stay_and_are_named(data):
    (data / "aurora/tasks.csv").write_text("project,task,likely_hours\nsite,workshop,12\n")
    _, said = imported(data, "msproject-english.csv")
    assert "workshop" in tasks(data)
    assert "1 of tasks were typed here and are not in the file, as workshop; they stay and count too" in said


def test_an_empty_plan_is_no_error(data, tmp_path):
    right, said = imported(data, write(tmp_path, "New site.csv", HEADER))
    assert right
    assert "0 rows read = 0 in accounts + 0 waiting" in said


def test_imported_tasks_reach_the_reports(data):
    imported(data, "msproject-english.csv")
    account = Account.read("aurora", "2026-Q3", data=data)
    assert account.tasks.likely_hours.sum() == 400


_CELLS = {
    "id": ["", "1", "2", "3", "x"],
    "active": ["", "Yes", "Nein", "?"],
    "task": ["", "Design", "design", "A; B", "Total", "Name", "\x00\n🗓"],
    "duration": ["", "5 days?", "180 hrs", "3 edays", "soon", "-1 d", "9" * 30 + " d", "Duration"],
    "start": ["", "2026-06-01", "Mon 6/1/26", "NA", "31/31/26", "2150-01-01"],
    "finish": ["", "2026-06-05", "2026-05-01"],
    "before": ["", "1", "2FS+2 days;3", "3SS,1", "99", "1EA-1,5 Tage", ";;", "C:\\plan.mpp\\4"],
    "level": ["", "0", "1", "2", "3", "-1", "deep"],
    "work": ["", "8 hrs", "8", "lots"],
    "complete": ["", "0%", "100%", "0.5", "1", "120", "half"],
    "actual_finish": ["", "2026-06-05", "NA"],
    "project": ["", "New site"],
}


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in _CELLS.items()}), max_size=8),
    st.sets(st.sampled_from([name for name in _CELLS if name not in ("task", "start")])),
)
def test_every_row_of_any_plan_has_one_fate_and_names_are_unique(cells, absent):
    plan = [Row(n, n + 2, {name: cell for name, cell in row.items() if name not in absent}) for n, row in enumerate(cells)]
    tool = formats_of(Path("nowhere"))["msproject"]
    reading = read(plan, tool, Conventions(dates="month-first", decimal="."), About((), "plan.csv", Asked(decimal="point")))
    fates = [*(at for found in reading.found for at in found.at), *reading.waiting, *reading.set_aside]
    assert sorted(fates) == list(range(len(plan)))
    names = [found.cells["task"] for found in reading.found]
    assert len({name.casefold() for name in names}) == len(names)
    linked = {name for found in reading.found for name in found.cells.get("depends_on", "").split(";") if name}
    assert linked <= {*names}
    waits = {found.cells["task"]: found.cells.get("depends_on", "").split(";") for found in reading.found}
    TopologicalSorter(waits).prepare()  # no circle


def test_ranges_roles_and_baselines_that_somebody_entered_here_stay(data):
    imported(data, "msproject-english.csv")
    table = pd.read_csv(data / "aurora/tasks.csv", dtype=str)
    client = table["task"] == "API, client"
    table.loc[client, ["low_hours", "high_hours", "role", "baseline_start"]] = ["150", "320", "designer", "2026-06-15"]
    table.to_csv(data / "aurora/tasks.csv", index=False)
    _, said = imported(data, "msproject-english.csv")
    assert "Nothing had to be changed." in said
    assert [tasks(data)["API, client"][name] for name in ("low_hours", "high_hours", "role", "baseline_start")] == [
        "150", "320", "designer", "2026-06-15",
    ]  # fmt: skip


def test_an_estimate_outside_the_range_that_was_entered_here_waits(data, tmp_path):
    imported(data, "msproject-english.csv")
    table = pd.read_csv(data / "aurora/tasks.csv", dtype=str)
    table.loc[table["task"] == "API, client", ["low_hours", "high_hours"]] = ["150", "220"]
    table.to_csv(data / "aurora/tasks.csv", index=False)
    text = (GOLDEN / "msproject-english.csv").read_text(encoding="utf-8-sig").replace("200 hrs,10%", "240 hrs,30%")
    right, said = imported(data, write(tmp_path, "plan.csv", text))
    assert not right
    assert "row 8: high_hours '220': is less than likely_hours, 240; write low_hours <= likely_hours <= high_hours" in said
    read_checked(data / "aurora", data / "firm")
