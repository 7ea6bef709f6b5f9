"""Time exports: the hours of each row once, on the day on which they were worked, whatever the tool and its language.

The golden files are invented after the columns and habits of real exports (headers as in the vendors' files and in other
importers' test files: Kimai's 400 seconds for 12:00 to 12:06, Clockify's decimal 0.00 beside 01:00:01).
"""

import csv
import datetime as dt
import re
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.imports.command import run_import
from acctlib.imports.time_reports import is_total, parts_by_day

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden" / "imports"


@pytest.fixture
def data(tmp_path):
    """Return a workbook of one account with one project and no hours."""
    account = tmp_path / "data" / "harbour-foods"
    account.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "harbour-foods" / "account.yaml", account)
    projects = "project,name,billing_type,start,end\nsite,Site,time_and_materials,2015-01-01,2026-12-31\n"
    (account / "projects.csv").write_text(projects, encoding="utf-8")
    firm = tmp_path / "data" / "firm"
    firm.mkdir()
    (firm / "people.csv").write_text("person,role\nAna Silva,Strategist\n", encoding="utf-8")
    card = "role,currency,bill_rate,cost_rate,from\nDesigner,GBP,100,60,2020-01-01\nStrategist,GBP,120,70,2020-01-01\n"
    (firm / "rate_card.csv").write_text(card, encoding="utf-8")
    return tmp_path / "data"


def imported(data, name, tool="auto", **asked):
    """Import a file; return the rows of the account (day, person, hours, billable) and all that was said."""
    said = []
    path = name if isinstance(name, Path) else GOLDEN / name
    run_import(data, tool, [path], False, said.append, **asked)
    return rows(data), "\n".join(said)


def rows(data):
    path = data / "harbour-foods" / "time_entries.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return sorted((r["date"], r["person"], round(float(r["hours"]), 4), r["billable"]) for r in found)


def hours(found):
    return round(sum(row[2] for row in found), 4)


def written(tmp_path, name, text, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def workbook(tmp_path, cells, formats=()):
    """Write rows into a workbook; `formats` = (column, number format) of the cells below the header."""
    book = openpyxl.Workbook()
    for row in cells:
        book.active.append(row)
    for column, code in formats:
        for cell in book.active[column][1:]:
            cell.number_format = code
    path = tmp_path / "export.xlsx"
    book.save(path)
    return path


A, B = "Ana Silva", "Ben Roy"

#: File -> tool, its rows as they must stand afterwards, and words that the summary must hold.
EXPECTED = {
    "toggl-english.csv": (
        "toggl",
        [
            ("2026-06-01", A, 1.5, "yes"),
            ("2026-06-01", A, 1.5, "yes"),
            ("2026-06-02", A, 2.0, "yes"),
            ("2026-06-03", B, 15.0, "no"),
            ("2026-06-04", B, 11.25, "no"),
        ],
        ["waiting: 1 row", "client 'Nobody Inc'", "past midnight: 2"],
    ),
    "toggl-german.csv": (
        "toggl",
        [("2026-06-02", A, 0.33, "no"), ("2026-06-13", A, 1.5, "yes")],
        ["day first", "decimal comma", "prices at 1,150.00 EUR"],
    ),
    "toggl-odd.csv": (
        "toggl",
        [("2026-06-01", A, 1.5, "yes"), ("2026-06-02", A, 0.75, "yes")],
        ["its clock may still run", "1 aside (the column names again)", "its rows make too: 1"],
    ),
    "clockify-english.csv": (
        "clockify",
        [
            ("2024-06-03", A, 3.3333, "yes"),
            ("2024-06-13", B, 1.0, "no"),
            ("2024-06-13", B, 1.0003, "yes"),
            ("2024-06-14", B, 0.5, "no"),
        ],
        ["1 aside (a break)", "month first", "prices at 333.00 USD"],
    ),
    "clockify-german.csv": (
        "clockify",
        [("2024-06-03", A, 8.25, "yes")],
        ["1 aside (time off)", "1 aside (a total)", "DOES NOT FOOT", "16.25 h, its rows make 8.25 h"],
    ),
    "clockify-odd.csv": ("clockify", [("2024-03-04", A, 1.0, "yes")], []),
    "kimai-english.csv": (
        "kimai",
        [("2026-06-01", A, 0.1, "yes"), ("2026-06-01", A, 1.0, "yes"), ("2026-06-02", A, 1.5, "yes")],
        ["aside (an absence (holiday))", "aside (an expense)", "its clock may still run", "prices at 218.40 EUR"],
    ),
    "kimai-german.csv": (
        "kimai",
        [("2026-06-01", A, 0.11, "yes"), ("2026-06-13", "ben", 3.5, "no")],
        ["decimal comma", "prices at 1,947.99 EUR"],
    ),
    "kimai-seconds.csv": (
        "kimai",
        [("2026-06-16", A, 0.1111, "yes"), ("2026-06-16", A, 1.5, "yes")],
        ["duration in seconds", "its rows make too: 1", "1 aside (a total)"],
    ),
    "tempo-english.csv": (
        "tempo",
        [
            ("2026-06-01", A, 2.0, "no"),
            ("2026-06-01", A, 6.0, "yes"),
            ("2026-06-02", A, 2.5, "no"),
            ("2026-06-02", B, 1.25, "yes"),
        ],
        ["billed hours are 0.75 h more than those worked"],
    ),
    "tempo-german.csv": ("tempo", [("2026-06-01", A, 1.333, "yes"), ("2026-06-02", A, 7.5, "yes")], ["decimal comma"]),
    "tempo-jira.csv": (
        "tempo",
        [("2026-06-01", A, 1.0, "yes"), ("2026-06-02", B, 8.0, "yes"), ("2026-06-03", B, 2.0, "yes")],
        ["1 aside (an issue without logged work)", "'no work log at all' is no day"],
    ),
    "harvest-english.csv": (
        "harvest",
        [("2026-06-01", A, 1.2, "yes"), ("2026-06-02", A, 0.4, "yes"), ("2026-06-02", B, 2.0, "no")],
        ["as rounded for invoices they are +0.15 h", "its rows make too: 1", "prices at 175.00 GBP"],
    ),
    "harvest-german.csv": (
        "harvest",
        [("2015-01-26", A, 7.5, "yes"), ("2015-02-01", A, 0.25, "no")],
        ["day first", "decimal comma", "prices at 1,150.00 EUR"],
    ),
    "harvest-french.csv": ("harvest", [("2026-06-02", A, 2.0, "no"), ("2026-06-13", A, 1.5, "yes")], ["day first"]),
}

#: Jira's projects are nobody's accounts.
OF = {"tempo-jira.csv": {"account": "harbour-foods"}}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_export_is_recognised_and_read(data, name):
    tool, expected, words = EXPECTED[name]
    found, said = imported(data, name, **OF.get(name, {}))
    assert f"{name}: {tool} (" in said
    assert found == expected
    for word in words:
        assert word in said, said


@pytest.mark.parametrize("name", EXPECTED)
def test_the_same_file_twice_changes_nothing(data, name):
    before, _ = imported(data, name, **OF.get(name, {}))
    after, said = imported(data, name, **OF.get(name, {}))
    assert after == before
    assert "Nothing had to be changed." in said


@pytest.mark.parametrize("name", EXPECTED)
def test_every_row_is_counted(data, name):
    _, said = imported(data, name, **OF.get(name, {}))
    line = next(line for line in said.splitlines() if re.search(r"rows? read", line))
    read, ended = (sum(int(n) for n in re.findall(r"\b\d+\b", side)) for side in re.sub(r"\([^)]*\)", "", line).split("="))
    assert read == ended
    assert read >= len(EXPECTED[name][1])


def test_a_night_without_an_account_waits_as_one_row(data, tmp_path):
    head = "User,Client,Project,Start date,Start time,Duration\n"
    path = written(tmp_path, "t.csv", head + "Ana Silva,Nobody Inc,Site,2026-06-01,22:00:00,04:00:00\n")
    _, said = imported(data, path, "toggl")
    assert "1 row read = 0 in accounts + 1 waiting" in said
    assert len((data / "firm/imports/waiting/toggl-t.csv").read_text(encoding="utf-8").splitlines()) == 2


# Traps: the sum of a naive reader first, then ours.


def test_two_durations_are_one(data):
    naive = pd.read_csv(GOLDEN / "clockify-english.csv")
    both = pd.to_timedelta(naive["Duration (h)"]).sum() / pd.Timedelta(hours=1) + naive["Duration (decimal)"].sum()
    assert both == pytest.approx(12.66, abs=0.01)
    assert hours(imported(data, "clockify-english.csv")[0]) == pytest.approx(3 + 20 / 60 + 1.5 + 1 + 1 / 3600, abs=1e-3)


def test_seconds_are_no_hours(data):
    assert pd.read_csv(GOLDEN / "kimai-seconds.csv")["Duration"].sum() == 11600  # with its last row, which is a total
    assert hours(imported(data, "kimai-seconds.csv")[0]) == pytest.approx(5800 / 3600, abs=1e-3)


def test_absences_and_expenses_are_no_work(data):
    naive = pd.read_csv(GOLDEN / "kimai-english.csv")["Duration"].dropna()
    assert (pd.to_timedelta(naive + ":00").sum() / pd.Timedelta(hours=1)) == pytest.approx(10.6)
    assert hours(imported(data, "kimai-english.csv")[0]) == pytest.approx(2.6)


def test_totals_of_issues_are_no_work_of_a_day(data):
    naive = pd.read_csv(GOLDEN / "tempo-jira.csv")
    assert (naive["Time Spent"].sum() / 3600, naive["Σ Time Spent"].sum() / 3600) == (11.0, 13.0)
    assert hours(imported(data, "tempo-jira.csv", account="harbour-foods")[0]) == 11


def test_hours_are_as_worked_not_as_invoiced(data):
    naive = pd.read_csv(GOLDEN / "harvest-english.csv")
    assert (naive["Hours"].sum(), naive["Hours Rounded"].sum()) == (7.2, 7.5)  # with their total
    assert hours(imported(data, "harvest-english.csv")[0]) == 3.6


def test_rounded_hours_count_where_there_are_no_others(data, tmp_path):
    text = (
        (GOLDEN / "harvest-english.csv").read_text(encoding="utf-8").replace("Hours,Hours Rounded", "Something,Hours Rounded")
    )
    found, said = imported(data, written(tmp_path, "h.csv", text))
    assert hours(found) == 3.75
    assert "no hours but those rounded for invoices" in said


def test_a_cost_rate_of_nought_is_no_cost(data):
    imported(data, "harvest-english.csv")
    assert "cost" not in (data / "harbour-foods" / "time_entries.csv").read_text(encoding="utf-8").splitlines()[0]


def test_one_rated_role_of_several_counts_and_two_do_not(data):
    imported(data, "harvest-english.csv")
    table = pd.read_csv(data / "harbour-foods" / "time_entries.csv", keep_default_na=False)
    assert table["role"].tolist() == ["Designer", "Strategist", "Designer, Strategist"]


def test_work_of_a_night_counts_on_both_days(data):
    naive = pd.read_csv(GOLDEN / "toggl-english.csv")
    assert pd.to_timedelta(naive.loc[naive["Start date"] == "2026-06-03", "Duration"]).sum() > pd.Timedelta(hours=24)
    found, _ = imported(data, "toggl-english.csv")
    assert max(row[2] for row in found) <= 24


def test_a_summary_asks_for_the_detailed_report(data):
    with pytest.raises(ValueError, match="a summary or weekly report has no days: export the detailed report"):
        imported(data, "clockify-summary.csv")


def test_a_list_of_issues_without_logged_work_is_refused(data, tmp_path):
    path = written(
        tmp_path,
        "jira.csv",
        "Summary,Issue key,Project name,Assignee,Created,Time Spent,Σ Time Spent\na,HF-1,Site,Ana,20/May/26,3600,3600\n",
    )
    with pytest.raises(ValueError, match="totals without days: export it with the column Log Work"):
        imported(data, path)


# Workbooks: durations are parts of a day there.

HEAD = ["User", "Client", "Project", "Billable", "Start date", "Start time", "End date", "End time", "Duration"]


def toggl_row(duration, day=dt.date(2026, 6, 1), start=dt.time(9), end=None, last=None):
    return [A, "Harbour Foods", "Site", "Yes", day, start, last or day, end, duration]


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (dt.timedelta(hours=1, minutes=30), "[h]:mm:ss", 1.5),
        (0.0625, "h:mm", 1.5),
        (0.0625, "[h]:mm", 1.5),
        (dt.time(1, 30), "hh:mm:ss", 1.5),
        (1.5, "0.00", 1.5),
        ("01:30:00", "General", 1.5),
        (0.9375, "[h]:mm", 22.5),
    ],
)
def test_durations_of_a_workbook(data, tmp_path, value, code, expected):
    path = workbook(
        tmp_path, [HEAD[:6] + HEAD[8:], [A, "Harbour Foods", "Site", "Yes", dt.date(2026, 6, 1), "", value]], [("G", code)]
    )
    assert hours(imported(data, path, "toggl")[0]) == expected


@pytest.mark.parametrize("code", ["h:mm", "[h]:mm"])
def test_a_long_duration_shown_as_a_time_of_day(data, tmp_path, code):
    row = toggl_row(26.25 / 24, end=dt.time(11, 15), last=dt.date(2026, 6, 2))
    path = workbook(tmp_path, [HEAD, row], [("I", code)])
    assert imported(data, path)[0] == [("2026-06-01", A, 15.0, "yes"), ("2026-06-02", A, 11.25, "yes")]


def test_a_part_of_a_day_without_a_format_is_known_by_begin_and_end(data, tmp_path):
    path = workbook(tmp_path, [HEAD, toggl_row(8.5 / 24, end=dt.time(17, 30)), toggl_row(0.0625, end=dt.time(10, 30))])
    found, said = imported(data, path)
    assert hours(found) == 10.0  # 0.4167 as plain numbers
    assert "duration in days" in said


def test_a_part_of_a_day_that_may_be_hours_is_refused(data, tmp_path):
    cells = [
        ["Date", "Client", "Project", "First Name", "Last Name", "Hours"],
        [dt.date(2026, 6, 1), "Harbour Foods", "Site", "Ana", "Silva", 8 / 24],
    ]
    with pytest.raises(ValueError, match=r"may be 0\.3333 hours or 8\.00 \(a part of a day\)"):
        imported(data, workbook(tmp_path, cells), "harvest")
    cells.append([dt.date(2026, 6, 2), "Harbour Foods", "Site", "Ana", "Silva", 7.5])
    assert hours(imported(data, workbook(tmp_path, cells), "harvest")[0]) == pytest.approx(7.8333, abs=1e-4)


def test_a_day_that_has_lost_its_format(data, tmp_path):
    cells = [
        ["Date", "Client", "Project", "First Name", "Last Name", "Hours"],
        [46174, "Harbour Foods", "Site", "Ana", "Silva", 7.5],
    ]
    assert imported(data, workbook(tmp_path, cells), "harvest")[0] == [("2026-06-01", A, 7.5, "yes")]


@pytest.mark.parametrize("durations", [(8, 7), (28800, 25200)])
def test_whole_hours_are_known_from_seconds(data, tmp_path, durations):
    text = "Date,Duration,Name,Customer,Project,Activity\n"
    text += "".join(f"2026-06-0{n},{d},Ana Silva,Harbour Foods,Site,x\n" for n, d in enumerate(durations, start=1))
    assert hours(imported(data, written(tmp_path, "k.csv", text), "kimai")[0]) == 15


# Midnight.


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (("2026-06-01", "2026-06-02", 22.0, 2.0, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),
        (("2026-06-01", None, 22.0, 2.0, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),  # Kimai: no day of the end
        (
            ("2026-06-01", None, 11.5, 13 + 11 / 60, 73 + 41 / 60),
            {"2026-06-01": 12.5, "2026-06-02": 24, "2026-06-03": 24, "2026-06-04": 13.1833},
        ),
        (("2026-06-01", None, 22.0, None, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),
        ((None, "2026-06-02", None, 2.0, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),  # only the end is known
        ((None, "2026-06-02", 22.0, 2.0, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),
        (("2026-06-01", "2026-06-02", None, 2.0, 4.0), {"2026-06-01": 2, "2026-06-02": 2}),
        (("2026-03-28", "2026-03-29", 22.0, 5.0, 6.0), {"2026-03-28": 2, "2026-03-29": 4}),  # clocks set forward on the 29th
        (("2026-10-24", "2026-10-25", 22.0, 5.0, 8.0), {"2026-10-24": 2, "2026-10-25": 6}),  # and back on 25 October
        (("2026-03-29", "2026-03-30", 0.5, 0.5, 23.0), {"2026-03-29": 22.5, "2026-03-30": 0.5}),
        (("2026-10-25", "2026-10-25", 0.5, 23.0, 23.5), {"2026-10-25": 23.5}),  # stays on its day
        (
            ("2026-06-01", "2026-06-02", 22.0, 6.0, 4.0),
            {"2026-06-01": 1, "2026-06-02": 3},
        ),  # typed by hand: four hours of eight
        (("2026-06-01", "2026-06-01", 22.0, 23.0, 1.0), {"2026-06-01": 1}),
        (("2026-06-01", "2026-06-01", 20.0, 22.0, 8.0), {"2026-06-01": 8}),  # typed by hand, on its day
        (("2026-06-01", "2026-06-02", 22.0, 0.0, 2.0), {"2026-06-01": 2}),
        (("2026-06-01", "2026-06-01", 9.0, 10.0, 30.0), {}),
        (("2026-06-01", None, None, None, 30.0), {}),
    ],
)
def test_hours_by_day(entry, expected):
    assert dict(parts_by_day(*entry)) == pytest.approx(expected, abs=1e-3)


@given(start=st.floats(0, 23.99), hours_=st.floats(0.01, 200), ends=st.booleans())
def test_a_cut_entry_keeps_its_hours(start, hours_, ends):
    end = start + hours_
    last = (dt.date(2026, 6, 1) + dt.timedelta(int(end // 24))).isoformat() if ends else None
    parts = parts_by_day("2026-06-01", last, start, end % 24 if ends else None, hours_)
    assert sum(worked for _, worked in parts) == pytest.approx(hours_, abs=1e-4)
    assert all(worked <= 24 + 1e-6 for _, worked in parts)


def test_an_entry_that_fits_into_no_day_waits(data, tmp_path):
    path = written(
        tmp_path, "h.csv", "Date,Client,Project,First Name,Last Name,Hours\n2026-06-01,Harbour Foods,Site,Ana,Silva,30\n"
    )
    found, said = imported(data, path)
    assert found == []
    assert "30 hours do not fit into one day" in said


def test_begin_of_a_work_log_cuts_nothing(data):
    """Jira says when work was logged, not when it was done: eight hours at 18:30 were worked that day."""
    found, said = imported(data, "tempo-english.csv")
    assert sum(row[2] for row in found if row[0] == "2026-06-01") == 8
    assert "midnight" not in said


# Two tools.


def both(data, tmp_path, minutes):
    imported(data, "toggl-odd.csv")
    text = "Date,Client,Project,Notes,Hours,Billable?,First Name,Last Name\n"
    text += "2026-06-01,Harbour Foods,Site,a,1.0,Yes,Ana,Silva\n2026-06-01,Harbour Foods,Site,b,0.5,Yes,Ana,Silva\n"
    text += f"2026-06-02,Harbour Foods,Site,c,{minutes},Yes,Ana,Silva\n2026-06-09,Harbour Foods,Site,d,3,Yes,Ana,Silva\n"
    return imported(data, written(tmp_path, "h.csv", text))


def test_hours_of_two_tools_are_counted_once(data, tmp_path):
    found, said = both(data, tmp_path, 0.75)
    assert 2.25 + 5.25 == 7.5  # what both files make together
    assert hours(found) == 5.25
    assert "3 rows stand here from another tool and are not counted again" in said
    assert "TWICE" not in said


def test_hours_in_which_two_tools_differ_are_named(data, tmp_path):
    found, said = both(data, tmp_path, 2)
    assert hours(found) == 7.25
    assert "MAY BE COUNTED TWICE" in said
    assert "2026-06-02 Ana Silva site: 2 h beside 0.75 h of toggl" in said


def test_hours_of_two_tools_under_two_names_are_named(data, tmp_path):
    imported(data, "toggl-odd.csv")
    text = "Date,Client,Project,Hours,Billable?,First Name,Last Name\n2026-06-01,Harbour Foods,Site,1.5,Yes,A.,Silva\n"
    text += "2026-06-02,Harbour Foods,Site,4,Yes,A.,Silva\n"
    _, said = imported(data, written(tmp_path, "h.csv", text))
    assert "2026-06-01 site: 1.5 h of A. Silva beside as many of Ana Silva, from another tool" in said
    assert "2026-06-02" not in said.partition("TWICE")[2]  # another number of hours is another person's day


# The rest.


def test_columns_may_be_few(data, tmp_path):
    path = written(tmp_path, "t.csv", "User,Project,Start date,Duration\nAna Silva,Site,2026-06-01,2:00:00\n")
    found, said = imported(data, path, "toggl", account="harbour-foods")
    assert hours(found) == 2
    assert "every hour was taken as billable" in said


def test_an_export_without_rows_is_no_error(data, tmp_path):
    head = (GOLDEN / "toggl-english.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    found, said = imported(data, written(tmp_path, "t.csv", head + "\n"))
    assert found == []
    assert "0 rows read" in said
    found, said = imported(data, written(tmp_path, "h.csv", "Date,Client,Project,Hours,First Name,Last Name\nTotal,,,0.00,,\n"))
    assert "1 aside (a total)" in said


def test_a_tool_that_calls_nothing_billable_is_named(data, tmp_path):
    path = written(
        tmp_path,
        "t.csv",
        "User,Client,Project,Billable,Start date,Duration\nAna Silva,Harbour Foods,Site,No,2026-06-01,2:00:00\n",
    )
    assert "not one hour billable" in imported(data, path, "toggl")[1]


def test_amounts_that_can_be_read_in_two_ways_do_not_stop_the_hours(data, tmp_path):
    head = "Date,Client,Project,Hours,First Name,Last Name,Billable Amount,Currency\n"
    text = head + '2026-06-01,Harbour Foods,Site,7.5,Ana,Silva,"1,150",Euro - EUR\n'
    found, said = imported(data, written(tmp_path, "h.csv", text))
    assert hours(found) == 7.5
    assert "its amounts can be read in two ways" in said
    assert "prices" not in said


def test_notes_are_kept_whatever_they_hold(data, tmp_path):
    note = "=1+1 \x07🔥 " + "x" * 100_000
    text = f'User,Client,Project,Description,Start date,Duration\nAna Silva,Harbour Foods,Site,"{note}",2026-06-01,2:00:00\n'
    imported(data, written(tmp_path, "t.csv", text), "toggl")
    table = pd.read_csv(data / "harbour-foods" / "time_entries.csv", keep_default_na=False)
    assert table["note"][0].startswith("=1+1  🔥 x")


@pytest.mark.parametrize(
    ("text", "total"), [("Grand Total", True), ("Somme", True), ("Totally new site", False), ("Site", False)]
)
def test_totals_are_known_by_their_word(text, total):
    assert is_total(text) is total
