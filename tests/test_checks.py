"""Whole folders: what is refused, in which words; and that what is right comes back as it was written.

The messages are literal. Row and cell were counted by hand in the text of each case.
"""

import csv
import io
import json
import os
import re
import time
import unicodedata
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.tables import checks
from acctlib.tables.checks import Source, keep_firm, read_checked
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import TableErrors
from acctlib.tables.queries import Query

PROJECTS = """project,name,billing_type,start,end
site,Web site,fixed_fee,2026-01-01,2026-06-30
shop,Web shop,retainer,2026-01-01,2026-12-31
"""
TASKS = "project,task\nsite,design\nsite,build\nshop,support\n"


def folder(tmp_path, **tables):
    """Write the tables as CSV files and return the account's folder; projects and tasks are there unless given."""
    account = tmp_path / "harbour-foods"
    account.mkdir(exist_ok=True)
    for name, text in {"projects": PROJECTS, "tasks": TASKS, **tables}.items():
        if text is not None:
            (account / f"{name}.csv").write_text(text, encoding="utf-8")
    return account


def complaints(tmp_path, **tables):
    """Return the lines of the error, or of the warnings where there is none."""
    try:
        checked = read_checked(folder(tmp_path, **tables), None)
    except TableErrors as error:
        return str(error).splitlines()
    return [str(warning) for warning in checked.warnings]


def test_right_tables_come_typed_in_the_order_of_the_dictionary(tmp_path):
    time = "note,hours,billable,date,project\nworkshop,7.5,yes,2026-02-03,site\n,2,no,2026-02-04,shop\n"
    checked = read_checked(folder(tmp_path, time_entries=time), None)
    expected = pd.DataFrame(
        {
            "date": pd.array(["2026-02-03", "2026-02-04"], dtype="datetime64[us]"),
            "project": pd.array(["site", "shop"], dtype="str"),
            "hours": [7.5, 2.0],
            "billable": pd.array([True, False], dtype="boolean"),
            "note": pd.array(["workshop", np.nan], dtype="str"),
        }
    )
    pd.testing.assert_frame_equal(checked.tables["time_entries"], expected)
    assert list(checked.tables) == list(TABLES)
    assert checked.sources["time_entries"] == Source("time_entries.csv", 2)
    assert checked.warnings == ()


def test_a_table_that_is_absent_or_has_a_header_only_is_missing_and_says_how_to_add_it(tmp_path):
    tables = read_checked(folder(tmp_path, surveys="date,kind\n"), None).tables
    assert tables["risks"] == Missing("there is no table risks", "add risks.csv to the folder harbour-foods")
    assert tables["surveys"] == Missing("surveys.csv has no rows", "enter rows into surveys.csv")
    assert tables["people"] == Missing("there is no table people", "add people.csv to the folder firm")


@pytest.mark.parametrize("text", [None, "project,name,billing_type,start,end\n"])
def test_projects_is_the_one_table_that_must_be_there(tmp_path, text):
    absent = "projects.csv: there is no table projects, which every account needs; make it with: acctlib new harbour-foods"
    empty = "projects.csv: has no rows; enter one project at least"
    assert complaints(tmp_path, projects=text) == [empty if text else absent]


def test_an_account_without_a_folder_is_told_how_to_make_one(tmp_path):
    with pytest.raises(TableErrors, match=r"^harbour-foods: the account has no folder; make it with: acctlib new"):
        read_checked(tmp_path / "harbour-foods", None)


CASES = [
    # Columns
    (
        {"tasks": "project,tsk\nsite,design\n"},
        ["tasks.csv:1: column 'tsk' (cell B1): tasks has no such column; write task"],
    ),
    (
        {"tasks": "project\nsite\n"},
        ["tasks.csv: column 'task' is missing, and no row can do without it; "
         "add it: the task, unique within its project (a short name without blanks at its ends)"],
    ),
    (
        {"progress": "project,task,as_of,Percent Complete\n"},
        ["progress.csv:1: column 'Percent Complete' (cell D1): progress has no such column; write percent_complete"],
    ),
    (
        {"progress": "project,task,as_of,xyzzy\n"},
        ["progress.csv:1: column 'xyzzy' (cell D1): progress has no such column; "
         "delete it, or name it one of: project, task, as_of, percent_complete, remaining_hours"],
    ),
    (
        {"tasks": "project,task,task\nsite,design,build\n"},
        ["tasks.csv:1: column 'task' (cell C1): the name stands already over column B; delete one of the two"],
    ),
    (
        {"tasks": "project,task,\nsite,design,x\n"},
        ["tasks.csv:1: (cell C1): column C has cells but no name; name it or delete it"],
    ),
    ({"tasks": "project,task,\nsite,design,\n"}, []),
    (
        {"tasks": "project, task\nsite,design\n"},
        ["tasks.csv:1: warning: column 'task' (cell B1): there are blanks around the name; write task"],
    ),
    # Cells
    (
        {"time_entries": 'date,project,hours,billable\n2026-02-03,site,1,yes\n2026-02-03,site,"7,5",yes\n'},
        ["time_entries.csv:3: column 'hours' (cell C3): got '7,5' (decimal comma); write 7.5"],
    ),
    (
        {"time_entries": "date,project,hours,billable\n03/04/2026,site,25,maybe\n"},
        ["time_entries.csv:2: column 'date' (cell A2): got '03/04/2026' (an ambiguous date); write 2026-04-03 or 2026-03-04",
         "time_entries.csv:2: column 'hours' (cell C2): got '25' (must lie between 0 and 24); write hours as 7.5, from 0 to 24",
         "time_entries.csv:2: column 'billable' (cell D2): got 'maybe' (neither yes nor no); write yes or no"],
    ),
    (
        {"time_entries": "date,project,hours,billable\n2026-02-03,site,,yes\n"},
        ["time_entries.csv:2: column 'hours' (cell C2): is blank, and no row can do without it; "
         "write hours worked that day (hours as 7.5)"],
    ),
    (
        {"invoices": "invoice,kind,issued,amount,currency\nA1,invoice,2026-02-01,£100,Euro\n"},
        ["invoices.csv:2: column 'amount' (cell D2): got '£100' (currency sign); write 100",
         "invoices.csv:2: column 'currency' (cell E2): got 'Euro' (not an ISO currency code); write three letters such as GBP"],
    ),
    (
        {"risks": "risk,description,probability\nr1,If it rains,130\n"},
        ["risks.csv:2: column 'probability' (cell C2): got '130' (must lie between 0 and 100); "
         "write a percentage 0-100, no sign, from 0 to 100"],
    ),
    (
        {"risks": "risk,description,probability\nr1,If it rains,0.3\nr2,If it snows,1\n"},
        ["risks.csv:2: warning: column 'probability' (cell C2): got '0.3' "
         "(every value of this column is 1 or less: are they fractions?); write 30 for 30 %"],
    ),
    ({"risks": "risk,description,probability\nr1,If it rains,0.5\nr2,If it snows,20\n"}, []),
    ({"risks": "risk,description,probability\nr1,If it rains,1\nr2,If it snows,0\n"}, []),
    # Keys
    (
        {"tasks": "project,task\nsite,design\nshop,design\nsite,design \n"},
        ["tasks.csv:4: column 'task' (cell B4): got 'design' (the same project and task as in row 2); "
         "delete one of the two rows, or tell them apart"],
    ),
    (
        {"risks": "risk,description\nr1,If it rains\nr1,If it snows\nr1,If it hails\n"},
        ["risks.csv:3: column 'risk' (cell A3): got 'r1' (the same risk as in row 2); "
         "delete one of the two rows, or tell them apart",
         "risks.csv:4: column 'risk' (cell A4): got 'r1' (the same risk as in row 2); "
         "delete one of the two rows, or tell them apart"],
    ),
    ({"risks": "risk,description,as_of\nr1,If it rains,2026-01-01\nr1,If it rains,2026-02-01\nr1,If it rains,\n"}, []),
    # A date that cannot be read is not a blank date, so this is one fault and no double.
    (
        {"risks": "risk,description,as_of\nr1,If it rains,soon\nr1,If it rains,\n"},
        ["risks.csv:2: column 'as_of' (cell C2): got 'soon' (not a date); write a date as 2026-09-30"],
    ),
    # References
    (
        {"time_entries": "date,project,task,hours,billable\n2026-02-03,sight,design,1,yes\n2026-02-03,shop,design,1,yes\n"},
        ["time_entries.csv:2: column 'project' (cell B2): got 'sight' (no such project in projects.csv); "
         "write site, or add 'sight' to projects.csv",
         "time_entries.csv:3: column 'task' (cell C3): got 'design' (no such task of project 'shop' in tasks.csv); "
         "mend it, or add it to tasks.csv"],
    ),
    (
        {"tasks": "project,task,depends_on\nsite,design,\nsite,build,design; tset\nsite,test,build;design\n"},
        ["tasks.csv:3: column 'depends_on' (cell C3): got 'design; tset' (no such task 'tset' of project 'site' in tasks.csv); "
         "write test, or add 'tset' to tasks.csv"],
    ),
    # Circles
    (
        {"tasks": "project,task,depends_on\nsite,a,\nsite,b,a; d\nsite,c,b\nsite,d,c\nsite,e,d; e\n"},
        ["tasks.csv:3: column 'depends_on' (cell C3): got 'a; d' ('b' waits for 'd' waits for 'c' waits for 'b'); "
         "take one of them out of depends_on",
         "tasks.csv:6: column 'depends_on' (cell C6): got 'd; e' ('e' waits for 'e'); take one of them out of depends_on"],
    ),
    ({"tasks": None, "time_entries": "date,project,task,hours,billable\n2026-02-03,site,anything,1,yes\n"}, []),
    ({"tasks": "project,task\n", "time_entries": "date,project,task,hours,billable\n2026-02-03,site,any,1,yes\n"}, []),
    # Order
    (
        {"tasks": "project,task,low_hours,likely_hours,high_hours\nsite,a,5,3,9\nsite,b,5,,3\nsite,c,1,2,2\n"},
        ["tasks.csv:2: column 'likely_hours' (cell D2): got '3' (is less than low_hours, 5); "
         "write low_hours <= likely_hours <= high_hours",
         "tasks.csv:3: column 'high_hours' (cell E3): got '3' (is less than low_hours, 5); "
         "write low_hours <= likely_hours <= high_hours"],
    ),
    (
        {"projects": PROJECTS.replace("2026-06-30", "2025-06-30")},
        ["projects.csv:2: column 'end' (cell E2): got '2025-06-30' (lies before start, 2026-01-01); write start <= end"],
    ),
    # One fault, not two: what is out of bounds or already compared is not compared again.
    (
        {"tasks": "project,task,low_hours,likely_hours,high_hours\nsite,a,5,3,4\nsite,b,1,-2,3\n"},
        ["tasks.csv:2: column 'likely_hours' (cell D2): got '3' (is less than low_hours, 5); "
         "write low_hours <= likely_hours <= high_hours",
         "tasks.csv:3: column 'likely_hours' (cell D3): got '-2' (must be at least 0); write hours as 7.5, not less than 0"],
    ),
    (
        {"projects": PROJECTS.replace("2026-06-30", "2025-06-30"),
         "time_entries": "date,project,hours,billable\n2026-02-03,site,1,yes\n"},
        ["projects.csv:2: column 'end' (cell E2): got '2025-06-30' (lies before start, 2026-01-01); write start <= end"],
    ),
    # Rules of single tables
    (
        {"time_entries": "date,project,hours,billable\n2026-06-30,site,1,yes\n2026-07-01,site,1,yes\n2025-12-31,site,1,yes\n"},
        ["time_entries.csv:3: warning: column 'date' (cell A3): got '2026-07-01' (2 entries of project 'site' outside "
         "its dates 2026-01-01 to 2026-06-30, of which this is the first); mend the date, or the dates of the project"],
    ),
    (
        {"invoices": "invoice,kind,issued,amount\nA1,credit_note,2026-02-01,100\nA2,credit_note,2026-02-01,-100\n"},
        ["invoices.csv:2: column 'amount' (cell D2): got '100' (a credit note takes money off); write it with a minus"],
    ),
    (
        {"surveys": "date,kind,score\n2026-02-01,csat,6\n2026-02-01,csat,5\n2026-02-01,nps,6\n2026-02-01,csat,\n"},
        ["surveys.csv:2: column 'score' (cell C2): got '6' (csat is scored from 1 to 5); write 1 to 5, or the kind nps"],
    ),
    # A torn row is named once, and its cells are not judged; what stands in it counts as there.
    (
        {"tasks": "project,task,status\nsite,design\nsite,build,7,5\n",
         "time_entries": "date,project,task,hours,billable\n2026-02-03,site,design,1,yes\n"},
        ["tasks.csv:2: the row has 2 cells, the header 3; add the cells that are missing, a comma for an empty one",
         "tasks.csv:3: (cell D3): got '5' (the row has 4 cells, the header 3); "
         "put quotes around a text with a comma in it, and write seven and a half as 7.5"],
    ),
    # A table that cannot be read is no reason to call its names unknown.
    (
        {"projects": "", "time_entries": "date,project,hours,billable\n2026-02-03,site,1,yes\n"},
        ["projects.csv: is empty (0 bytes), as after a save that failed; restore it, or delete it"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("tables", "lines"), CASES)
def test_the_fault_is_named_with_its_place_and_its_remedy(tmp_path, tables, lines):
    assert complaints(tmp_path, **tables) == lines


def test_every_fault_of_every_file_is_reported_at_once_in_the_order_of_the_tables(tmp_path):
    bad = [
        tables for tables, lines in CASES if lines and not lines[0].split(": ")[1].startswith("warning") and len(tables) == 1
    ]
    merged = {name: text for tables in bad for name, text in tables.items() if text}
    lines = complaints(tmp_path, **merged, time_entrys="x\n")
    files = list(dict.fromkeys(line.split(":")[0] for line in lines))
    assert files[1:] == [f"{name}.csv" for name in TABLES if name in merged]
    assert files[0] == "time_entrys.csv"


def test_the_error_holds_what_the_list_leaves_out(tmp_path):
    time = "date,project,hours,billable\n" + '2026-02-03,site,"7,5",yes\n' * 500
    with pytest.raises(TableErrors) as caught:
        read_checked(folder(tmp_path, time_entries=time), None)
    assert [problem.row for problem in caught.value.problems] == list(range(2, 502))
    assert str(caught.value).splitlines()[-1] == "time_entries.csv: column 'hours': 480 more in rows 22 to 501"


def test_firm_tables_come_from_the_firm_and_are_checked_too(tmp_path):
    firm = tmp_path / "firm"
    firm.mkdir()
    (firm / "firm.yaml").write_text("name: Northlight\n")
    (firm / "people.csv").write_text("person,role,target_utilisation\nAnn,design,75\n")
    (firm / "bookings.csv").write_text("person,start,end,hours_per_week,status\nAnn,2026-02-02,2026-02-06,20,leave\n")
    checked = read_checked(folder(tmp_path), firm)
    assert checked.tables["people"]["target_utilisation"][0] == 0.75
    (firm / "bookings.csv").write_text("person,start,end,hours_per_week,status\nAnne,2026-02-02,2026-02-06,20,leave\n")
    with pytest.raises(TableErrors) as caught:
        read_checked(folder(tmp_path), firm)
    assert str(caught.value) == (
        "bookings.csv:2: column 'person' (cell A2): got 'Anne' (no such person in people.csv); "
        "write Ann, or add 'Anne' to people.csv"
    )


@pytest.fixture
def rested(tmp_path, monkeypatch):
    """An account and the firm, whose files have rested; counts the tables of the firm that are read."""
    folder(tmp_path).rename(tmp_path / "bay")
    (tmp_path / "firm").mkdir()
    (tmp_path / "firm" / "people.csv").write_text("person,role\nAma,Designer\n")
    (tmp_path / "firm" / "rate_card.csv").write_text(CARD)
    monkeypatch.setattr(checks, "RESTED", -(10**15))
    monkeypatch.setattr(checks, "_kept_firm", {})
    read = []

    def counted(place, firm=False, _read=checks.read_folder):
        read.append(firm)
        return _read(place, firm)

    monkeypatch.setattr(checks, "read_folder", counted)
    return tmp_path, read


CARD = "role,account,currency,bill_rate,cost_rate,valid_from\nDesigner,,GBP,100,60,2026-01-01\n"


def same(one, other):
    for name, table in one.tables.items():
        assert table == other.tables[name] if isinstance(table, Missing) else table.equals(other.tables[name])
    return one.sources == other.sources and one.warnings == other.warnings


def test_the_firms_tables_are_read_once_for_many_accounts(rested):
    data, read = rested
    before = read_checked(data / "bay", data / "firm")
    keep_firm(data / "firm")
    keep_firm(data / "firm")
    assert read.count(True) == 2
    assert same(read_checked(data / "bay", data / "firm"), before)
    assert read.count(True) == 2


def test_firm_tables_that_changed_since_are_read_again(rested):
    data, read = rested
    keep_firm(data / "firm")
    (data / "firm" / "people.csv").write_text("person,role\nBen,Designer\nCat,Designer\n")
    assert read_checked(data / "bay", data / "firm").tables["people"]["person"].tolist() == ["Ben", "Cat"]
    keep_firm(data / "firm")
    (data / "firm" / "rate_card.csv").unlink()
    assert isinstance(read_checked(data / "bay", data / "firm").tables["rate_card"], Missing)
    assert read.count(True) == 4


def test_young_and_large_firm_tables_are_not_kept(rested, monkeypatch):
    data, read = rested
    for name, value in (("RESTED", 10**15), ("_LARGEST_KEPT", 10)):
        with monkeypatch.context() as patch:
            patch.setattr(checks, name, value)
            keep_firm(data / "firm")
        assert not checks._kept_firm
    assert not read


def test_what_is_wrong_with_kept_firm_tables_is_said_to_each_account(rested):
    data, _ = rested
    (data / "firm" / "rate_card.csv").write_text(CARD.replace("100", "1OO") + CARD.splitlines()[1] + "\n")
    with pytest.raises(TableErrors) as read:
        read_checked(data / "bay", data / "firm")
    keep_firm(data / "firm")
    for _ in range(2):
        with pytest.raises(TableErrors) as kept:
            read_checked(data / "bay", data / "firm")
        assert str(kept.value) == str(read.value)


def test_a_firm_table_from_a_database_is_no_kept_one(rested):
    data, read = rested
    keep_firm(data / "firm")
    query = Query("people", "SELECT 1", None, "bay", data / "firm" / "tables.sqlite", "firm.yaml")
    with pytest.raises(TableErrors, match=r"firm\.yaml"):
        read_checked(data / "bay", data / "firm", [query])
    assert read.count(True) == 2


def test_a_firm_folder_that_is_not_there_leaves_its_tables_missing(tmp_path):
    assert not read_checked(folder(tmp_path), tmp_path / "firm").tables["rate_card"]


def test_hostile_length_costs_no_time(tmp_path):
    blanks = f"1{' ' * 100_000}x"
    header = ",".join(f"c{n}" for n in range(5_000))
    start = time.process_time()
    lines = complaints(
        tmp_path,
        time_entries=f"date,project,hours,billable\n{blanks},site,{blanks},{blanks}\n",
        surveys=f"date,kind,{header}\n2026-01-01,nps,{',' * 4_999}\n",
        invoices=f"invoice,kind,issued,amount,currency\nA1,invoice,2026-02-01,1,{blanks}\n",
    )
    assert time.process_time() - start < 5
    assert len([line for line in lines if line.startswith("time_entries.csv:2: column")]) == 3


NAUGHTY = Path(os.environ.get("ACCTLIB_SHARED", Path(__file__).parents[1] / ".." / "shared")) / "data/text/blns/blns.json"


@pytest.mark.skipif(not NAUGHTY.is_file(), reason="blns is not here; point ACCTLIB_SHARED at the folder that holds data/text")
def test_naughty_strings_come_back_as_they_are_or_are_refused_for_their_control_characters(tmp_path):
    strings = [text for text in json.loads(NAUGHTY.read_text(encoding="utf-8")) if text.strip()]
    tasks = io.StringIO()
    csv.writer(tasks).writerows([["project", "task", "work_type"], *(["site", f"t{n}", s] for n, s in enumerate(strings))])
    control = [n for n, text in enumerate(strings) if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text.strip())]
    account = folder(tmp_path, tasks=None)
    (account / "tasks.csv").write_text(tasks.getvalue(), encoding="utf-8", newline="")
    with pytest.raises(TableErrors) as caught:
        read_checked(account, None)
    assert [p.value for p in caught.value.problems if p.severity == "error"] == [strings[n].strip() for n in control]
    kept = [row for n, row in enumerate(csv.reader(io.StringIO(tasks.getvalue(), newline=""))) if n - 1 not in control]
    with (account / "tasks.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(kept)
    read = read_checked(account, None).tables["tasks"]["work_type"]
    assert list(read) == [unicodedata.normalize("NFC", row[2].strip()) for row in kept[1:]]


# What is right comes back as it was written, from each kind of file.

# Letters at both ends, since blanks at the ends of a cell are no part of it.
words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", f"a{text}z")
)
texts = st.none() | words | st.sampled_from(["=1+1", '"quoted", twice', "two\nlines", "-5", "@x", "NULL", "nan", "1e5", "; ;"])
days = st.dates(min_value=pd.Timestamp("1990-01-01").date(), max_value=pd.Timestamp("2100-12-31").date())
dates = st.none() | days
money = st.none() | st.integers(0, 10**11).map(lambda cents: cents / 100)
percents = st.none() | st.integers(0, 1000).map(lambda tenths: tenths / 10)
risk_rows = st.fixed_dictionaries(
    {
        "risk": words,
        "description": words,
        "probability": percents,
        "low": money,
        "response": texts,
        "status": st.sampled_from([None, "open", "occurred", "closed"]),
        "review_on": dates,
        "client_visible": st.sampled_from([None, True, False]),
    }
)
survey_rows = st.fixed_dictionaries(
    {
        "date": days,
        "kind": st.just("nps"),
        "score": st.none() | st.integers(0, 10),
        "respondent": texts,
    }
)
DTYPES = {"description": "str", "response": "str", "status": "str", "risk": "str", "kind": "str", "respondent": "str"}
DTYPES |= {"probability": "float64", "low": "float64", "review_on": "datetime64[us]", "date": "datetime64[us]"}
DTYPES |= {"client_visible": "boolean", "score": "Int64"}


def in_order(names):
    """Put the cells of a row into the order of a file's columns, which hypothesis is free to change."""
    return lambda row: {name: row[name] for name in names.split()}


risk_rows = risk_rows.map(in_order("risk description probability low response status review_on client_visible"))
survey_rows = survey_rows.map(in_order("date kind score respondent"))


def expected(rows):
    frame = pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=DTYPES[name]) for name in rows[0]})
    if "probability" in frame:
        frame["probability"] /= 100
    return frame


def write_csv(path, name, rows):
    with (path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows[0])
        yes_no = {True: "yes", False: "no", None: ""}
        writer.writerows([yes_no[c] if c is None or isinstance(c, bool) else c for c in row.values()] for row in rows)


def write_excel(path, name, rows):
    book = openpyxl.Workbook()
    book.active.title = name
    book.active.append(list(rows[0]))
    for at, row in enumerate(rows, start=2):
        for column, value in enumerate(row.values(), start=1):
            cell = book.active.cell(at, column, value)
            if isinstance(value, str):
                cell.data_type = "s"
    book.save(path / "tables.xlsx")


def write_parquet(path, name, rows):
    frame = pd.DataFrame({column: pd.Series([row[column] for row in rows], dtype=DTYPES[column]) for column in rows[0]})
    frame.to_parquet(path / f"{name}.parquet", index=False)


@pytest.mark.parametrize("write", [write_csv, write_excel, write_parquet])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    risks=st.lists(risk_rows, min_size=1, max_size=6, unique_by=lambda row: row["risk"]),
    surveys=st.lists(survey_rows, min_size=1, max_size=6),
)
def test_valid_rows_read_back_identical_from_each_kind_of_file(tmp_path, write, risks, surveys):
    for name, rows in (("risks", risks), ("surveys", surveys)):
        account = tmp_path / name
        account.mkdir(exist_ok=True)
        (account / "projects.csv").write_text(PROJECTS)
        write(account, name, rows)
        pd.testing.assert_frame_equal(read_checked(account, None).tables[name], expected(rows))
