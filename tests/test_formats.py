"""Whose export a file is, by its header, and what a firm adds to the spellings."""

from pathlib import Path

import pytest

from acctlib.imports.exports import parts_of
from acctlib.imports.formats import currency_in, formats_of, plain_name, recognised
from acctlib.profile import ProfileError
from acctlib.tables.dictionary import TABLES
from acctlib.tables.problems import TableErrors

NOWHERE = Path("/nonexistent")
TIME = ("clockify", "harvest", "kimai", "tempo", "toggl")
HEADERS = {
    "harvest": "Date,Client,Project,Project Code,Task,Notes,Hours,Billable?,Invoiced?,Approved?,First Name,Last Name,Roles",
    "toggl": "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration,Tags",
    "clockify": "Project,Client,Description,Task,User,Group,Email,Tags,Billable,Start Date,Start Time,End Date,End Time,"
    "Duration (h),Duration (decimal),Billable Rate (USD),Billable Amount (USD)",
    "kimai": "Date,From,To,Duration,Currency,Price,Internal price,Name,User,Customer,Project,Activity,Description,Billable",
    "tempo": "Issue Key,Issue summary,Hours,Work date,Username,Full name,Account Key,Account Name,Project Name,Billed Hours",
    "plain": "account,date,project,task,person,role,hours,billable,note",
}


def of(tmp_path, text, formats=None):
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    return recognised(parts_of(path), (formats or formats_of(NOWHERE)).values())


def firm(tmp_path, text):
    (tmp_path / "imports.yaml").write_text(text, encoding="utf-8")
    return formats_of(tmp_path)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("above", ["", "Report\n\nJune 2026\n"])
def test_a_header_says_whose_export_it_is(tmp_path, name, above):
    export, tool, reason = of(tmp_path, f"{above}{HEADERS[name]}\n")
    assert tool.name == name
    assert export.header[0] == HEADERS[name].split(",")[0]
    assert "column names are its own" in reason


@pytest.mark.parametrize("name", TIME)
def test_names_are_met_in_any_letter_case_and_behind_a_mark(tmp_path, name):
    assert of(tmp_path, "\ufeff" + HEADERS[name].upper())[1].name == name


@pytest.mark.parametrize("name", TIME)
def test_fields_and_needs_are_known(name):
    tool = formats_of(NOWHERE)[name]
    assert tool.table in TABLES
    assert {field for need in tool.needs for field in need.split("|")} <= {*tool.columns}
    assert {*tool.hints} <= {*tool.needs}
    assert {*tool.values} <= {*tool.columns}


@pytest.mark.parametrize("name", TIME)
def test_a_name_stands_for_one_field_but_for_the_project_of_jira(name):
    tool = formats_of(NOWHERE)[name]
    double = {word for word, places in tool._names.items() if len({field for field, _ in places}) > 1}
    assert double == ({"project name", "account name"} if name == "tempo" else set())


def test_of_two_columns_of_a_field_the_one_listed_first_counts():
    kimai, tempo = (formats_of(NOWHERE)[name] for name in ("kimai", "tempo"))
    assert kimai.fields(["User", "Name"])["person"] == [1, 0]
    assert tempo.fields(["Project Name", "Account Name", "Account Customer"])["client"] == [2, 1, 0]
    assert tempo.fields(["Project Name", "Account Name"])["project"] == [0, 1]


def test_a_tool_that_repeats_a_name_keeps_all_its_columns():
    assert formats_of(NOWHERE)["tempo"].fields(["Log Work", "Labels", "Log Work"])["log_work"] == [0, 2]


@pytest.mark.parametrize(
    ("header", "plain", "code"),
    [
        ("Amount (USD)", "amount", "USD"),
        ("Amount ()", "amount", ""),
        ("Billable Amount (EURO)", "billable amount", "EUR"),
        ("Betrag [€]", "betrag", "EUR"),
        ("Amount (US$)", "amount", "USD"),
        ("Duration (h)", "duration (h)", ""),
        ("Duration (decimal)", "duration (decimal)", ""),
        (" Amount\u00a0(GBP) ", "amount", "GBP"),
    ],
)
def test_a_currency_in_a_name_is_read_and_not_compared(header, plain, code):
    assert (plain_name(header), currency_in(header)) == (plain, code)


def test_a_firms_word_counts_before_ours(tmp_path):
    tool = firm(tmp_path, "tempo:\n  columns: {project: [Account Name]}\n")["tempo"]
    fields = tool.fields(["Project Name", "Account Name", "Account Customer"])
    assert fields["project"] == [1, 0]  # the Tempo account is this firm's project, and not its client any more
    assert fields["client"] == [2, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("togl: {dates: day-first}", "imports.yaml:1: togl must be a tool"),
        ("toggl: {dates: european}", "toggl.dates must be day-first or month-first, got 'european'"),
        ("toggl: {columns: {clint: [Kunde]}}", "did you mean client?"),
        ("toggl: {colums: {}}", "toggl.colums is not a key"),
    ],
)
def test_a_firms_file_is_checked(tmp_path, text, message):
    with pytest.raises(ProfileError, match=None) as error:
        firm(tmp_path, text)
    assert message in str(error.value)


def test_a_file_of_no_tool_is_refused_with_the_tools(tmp_path):
    with pytest.raises(TableErrors, match="holds the column names of a tool that is known"):
        of(tmp_path, "a,b\n1,2\n")


def test_a_column_that_lacks_is_named_with_what_comes_near(tmp_path):
    formats = {"harvest": formats_of(NOWHERE)["harvest"]}
    with pytest.raises(TableErrors) as error:
        of(tmp_path, "Date,Client,Projekts,Project Code,Hours,First Name,Last Name\n", formats)
    assert "no column is called Project" in str(error.value)
    assert "harvest: {columns: {project: [Projekts]}}" in str(error.value)


def test_a_table_of_another_kind_is_not_explained_away_column_by_column(tmp_path):
    with pytest.raises(TableErrors) as error:
        of(tmp_path, "Invoice Report\n\nStatus,Issue Date,Paid,ID,Client,Invoice Amount,Balance\n")
    (problem,) = error.value.problems
    assert "this is no export that is known: it comes nearest to QuickBooks" in problem.what
    assert problem.write.startswith("if it is one, acctlib import quickbooks FILE says what each column may be called")


def test_the_reason_quotes_only_names_that_the_tool_knows(tmp_path):
    _, tool, reason = of(tmp_path, "Buyer,Phone,Deal title,Deal value,Deal stage\n")
    assert (tool.name, reason) == (
        "pipedrive", "3 of 5 column names are its own, among them 'Deal title', 'Deal value', 'Deal stage'",
    )  # fmt: skip


def test_a_name_is_proposed_for_a_column_only_where_it_is_nearly_that_name(tmp_path):
    formats = {"quickbooks": formats_of(NOWHERE)["quickbooks"]}
    with pytest.raises(TableErrors) as error:
        of(tmp_path, "Date,Customer,Invoice Amount,Amount\n", formats)
    assert "quickbooks: {columns: {number: [the name]}}" in str(error.value)
