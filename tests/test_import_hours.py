"""One import of hours: recognised, matched, never doubled, counted, undone."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from import_books import all_files, harvest, imported, make_book, rows

from acctlib.imports import exports, hours
from acctlib.tables.checks import read_checked

ANA, BEN = "Ana Ruiz", "Ben Okri"
JUNE = (
    ("2026-06-01", "Kestrel Mutual", "Member portal", "design", "7.5", "Yes", ANA, "sketches"),
    ("2026-06-01", "KMA", "portal", "Meeting", "1.25", "No", BEN, "weekly"),
    ("2026-06-02", "Harbour Foods", "Web shop", "", "4", "Yes", BEN, ""),
)


@pytest.fixture
def data(tmp_path):
    return make_book(tmp_path / "book")


@pytest.fixture
def june(tmp_path):
    return harvest(tmp_path / "june.csv", *JUNE)


def hours_of(data: Path, account: str) -> list[tuple[str, ...]]:
    path = data / account / "time_entries.csv"
    found = rows(path) if path.is_file() else []
    return [(r["date"], r["project"], r["person"], r["hours"]) for r in found]


def test_an_export_of_many_clients_ends_in_the_accounts_tables(data, june):
    result = imported(data, "auto", june)
    assert result.exit_code == 0
    assert "june.csv: harvest (21 of 21 column names are its own, among them 'Project Code', 'Billable?'" in result.output
    assert "3 rows read = 3 in accounts + 0 waiting" in result.output
    assert rows(data / "kestrel/time_entries.csv")[0] == {
        "date": "2026-06-01", "project": "portal", "task": "design", "person": ANA, "role": "Designer", "hours": "7.5",
        "billable": "yes", "note": "sketches", "imported_from": "harvest",
    }  # fmt: skip
    assert hours_of(data, "harbour") == [("2026-06-02", "shop", BEN, "4")]


def test_a_task_that_the_plan_lacks_is_kept_in_the_note(data, june):
    imported(data, "harvest", june)
    assert [(r["task"], r["note"]) for r in rows(data / "kestrel/time_entries.csv")] == [
        ("design", "sketches"),
        ("", "Meeting: weekly"),
    ]


def test_the_account_is_readable_afterwards(data, june):
    imported(data, "harvest", june)
    checked = read_checked(data / "kestrel", data / "firm")
    assert checked.tables["time_entries"]["hours"].sum() == 8.75


def test_the_same_file_twice_changes_nothing(data, june):
    imported(data, "harvest", june)
    before = all_files(data)
    again = imported(data, "harvest", june)
    assert again.exit_code == 0
    assert "Nothing had to be changed." in again.output
    assert all_files(data) == before


def test_equal_entries_are_two_entries(data, tmp_path):
    twice = harvest(tmp_path / "june.csv", JUNE[0], JUNE[0])
    for _ in range(2):
        imported(data, "harvest", twice)
        assert len(hours_of(data, "kestrel")) == 2


def test_a_dry_run_changes_nothing(data, june):
    before = all_files(data)
    result = imported(data, "harvest", june, "--dry-run")
    assert "2 new" in result.output
    assert "Nothing was changed: this was a dry run." in result.output
    assert all_files(data) == before


def test_unknown_clients_and_projects_wait_with_the_line_that_settles_it(data, tmp_path):
    strange = (
        *JUNE,
        ("2026-06-03", "Kestrell Mutual", "Member portal", "", "2", "Yes", ANA, ""),
        ("2026-06-04", "KMA", "Site car", "", "3", "Yes", ANA, "x"),
    )
    june = harvest(tmp_path / "june.csv", *strange)
    result = imported(data, "harvest", june)
    assert result.exit_code == 1
    said = result.output
    assert (
        "client 'Kestrell Mutual': 1 row, 2.00 h; nearest: kestrel; "
        "add 'Kestrell Mutual' to aliases in data/kestrel/account.yaml" in said
    )
    assert "project 'Site car' of kestrel: 1 row, 3.00 h; nearest: care" in said
    assert "5 rows read = 3 in accounts + 2 waiting" in said
    waiting = rows(data / "firm/imports/waiting/harvest-june.csv")
    assert [(r["line"], r["Client"], r["Hours"]) for r in waiting] == [("5", "Kestrell Mutual", "2"), ("6", "KMA", "3")]
    path = data / "kestrel/account.yaml"
    path.write_text(path.read_text().replace("KMA]", "KMA, Kestrell Mutual]"))
    imported(data, "harvest", june)
    assert ("2026-06-03", "portal", ANA, "2") in hours_of(data, "kestrel")
    assert len(rows(data / "firm/imports/waiting/harvest-june.csv")) == 1


def test_what_our_tables_refuse_waits_and_does_not_lock_the_account(data, tmp_path):
    wrong = [
        ("1900-01-01", *JUNE[1][1:]),
        ("9999-01-01", *JUNE[1][1:]),
        (*JUNE[1][:6], "A" * 200_000, ""),
        (*JUNE[1][:2], "P" * 200_000, *JUNE[1][3:]),
        (*JUNE[1][:4], "1", "Yes", "Ana\x07 Ruiz", ""),
    ]
    june = harvest(tmp_path / "june.csv", JUNE[0], *wrong)
    result = imported(data, "harvest", june, "--new-projects", "retainer")
    why = [r["why it waits"] for r in rows_of_any_length(data / "firm/imports/waiting/harvest-june.csv")]
    assert why == [
        "its date '1900-01-01': no date between 1990 and 2100",
        "its date '9999-01-01': no date between 1990 and 2100",
        "its person is longer than 1,000 characters; shorten it there",
        "its project is longer than 1,000 characters; shorten it there",
        "its person 'Ana\\x07 Ruiz': a control character, which no page can show",
    ]
    assert "6 rows read = 1 in accounts + 5 waiting" in result.output
    assert read_checked(data / "kestrel", data / "firm").tables["time_entries"]["hours"].sum() == 7.5


def rows_of_any_length(path: Path) -> list[dict[str, str]]:
    limit = csv.field_size_limit(1 << 24)
    try:
        return rows(path)
    finally:
        csv.field_size_limit(limit)


def test_a_note_longer_than_a_page_is_cut_and_its_hours_count(data, tmp_path):
    june = harvest(tmp_path / "june.csv", (*JUNE[0][:7], "n" * 1_000_000 + "\x85"))
    for _ in range(2):
        result = imported(data, "harvest", june)
        assert "notes longer than 10,000 characters: 1; they were cut there" in result.output
        entry = read_checked(data / "kestrel", data / "firm").tables["time_entries"].iloc[0]
        assert (entry["hours"], len(entry["note"])) == (7.5, 10_000)


def test_files_of_one_name_from_two_folders_wait_apart(data, tmp_path):
    files = []
    for folder, client in (("a", "Nobody"), ("b", "No one")):
        (tmp_path / folder).mkdir()
        files.append(harvest(tmp_path / folder / "june.csv", (JUNE[0][0], client, *JUNE[0][2:])))
    waiting = data / "firm/imports/waiting"
    for _ in range(2):
        for file in files:
            imported(data, "harvest", file)
        imported(data, "harvest", *files)
        assert sorted(path.name for path in waiting.iterdir()) == ["harvest-june-2.csv", "harvest-june.csv"]
    assert [(r["file"], r["Client"]) for r in rows(waiting / "harvest-june-2.csv")] == [(str(files[1]), "No one")]
    harvest(files[0], JUNE[0])
    imported(data, "harvest", files[0])
    assert [path.name for path in waiting.iterdir()] == ["harvest-june-2.csv"]


def test_an_entered_project_is_met_again_whatever_its_name_hides(data, tmp_path):
    june = harvest(tmp_path / "june.csv", (*JUNE[0][:2], '"Brand\n\u202enew\x07"', *JUNE[0][3:]))
    imported(data, "harvest", june, "--new-projects", "retainer")
    assert rows(data / "kestrel/projects.csv")[-1]["name"] == "Brand new"
    again = imported(data, "harvest", june, "--new-projects", "retainer")
    assert "Nothing had to be changed." in again.output


def test_a_line_to_add_is_whole_and_can_be_copied(data, tmp_path):
    client = "O'Neill and the International Association of Ship Chandlers"
    project = 'Shop, ""second"" phase'
    june = harvest(tmp_path / "june.csv", (JUNE[0][0], client, *JUNE[0][2:]), (*JUNE[0][:2], f'"{project}"', *JUNE[0][3:]))
    said = imported(data, "harvest", june).output
    assert "add 'O''Neill and the International Association of Ship Chandlers' to aliases in data/ACCOUNT/account.yaml" in said
    assert f'add to data/kestrel/projects.csv:  shop-second-phase,"{project}",BILLING_TYPE,2026-06-01,2026-06-01' in said


def test_rows_without_a_client_are_said_once(data, tmp_path):
    june = harvest(tmp_path / "june.csv", *((day, "", *JUNE[0][2:]) for day in ("2026-06-01", "2026-06-02")))
    said = imported(data, "harvest", june).output
    assert "      no client named: 2 rows, 15.00 h; add --account ACCOUNT if all rows are of one\n" in said
    assert "it names no client" not in said


def test_of_thousands_of_unknown_clients_those_with_most_rows_are_printed(data, tmp_path):
    june = harvest(tmp_path / "june.csv", JUNE[0], *((JUNE[0][0], f"Client {n}", *JUNE[0][2:]) for n in range(3000)))
    said = imported(data, "harvest", june).output.splitlines()
    assert len(said) < 60
    assert "      and 2,960 more names, each with its rows in that file" in said


def test_accounts_may_have_projects_of_one_key(data, tmp_path):
    both = [(JUNE[0][0], client, "Brand", *JUNE[0][3:]) for client in ("Kestrel Mutual", "Harbour Foods")]
    imported(data, "harvest", harvest(tmp_path / "june.csv", *both), "--new-projects", "retainer")
    assert [rows(data / account / "projects.csv")[-1]["project"] for account in ("kestrel", "harbour")] == ["brand"] * 2


@pytest.mark.parametrize("place", [("Kestrel Mutual", "Site care"), ("Harbour Foods", "Web shop")])
def test_hours_moved_to_another_project_or_client_are_not_counted_twice_unseen(data, tmp_path, place):
    june = harvest(tmp_path / "june.csv", JUNE[0])
    imported(data, "harvest", june)
    harvest(june, (JUNE[0][0], *place, *JUNE[0][3:]))
    said = imported(data, "harvest", june).output
    assert "MAY BE COUNTED TWICE" in said
    assert "2026-06-01 Ana Ruiz 7.5 h in kestrel portal" in said
    again = imported(data, "harvest", june, "--whole").output
    assert "1 gone" in again
    every = [entry for account in ("kestrel", "harbour") for entry in hours_of(data, account)]
    assert [(day, hours) for day, _, _, hours in every] == [("2026-06-01", "7.5")]
    assert "Nothing had to be changed." in imported(data, "harvest", june, "--whole").output


def test_a_whole_file_takes_nothing_from_other_clients_while_rows_wait(data, tmp_path):
    june = harvest(tmp_path / "june.csv", JUNE[0])
    imported(data, "harvest", june)
    harvest(june, (JUNE[0][0], "Kestrel Renamed", *JUNE[0][2:]), JUNE[2])
    imported(data, "harvest", june, "--whole")
    assert len(hours_of(data, "kestrel")) == 1


def test_a_report_of_another_project_that_day_is_no_move(data, tmp_path):
    june = harvest(tmp_path / "june.csv", JUNE[0])
    imported(data, "harvest", june)
    more = harvest(tmp_path / "more.csv", (*JUNE[0][:2], "Site care", "", "2", *JUNE[0][5:]))
    assert "MAY BE COUNTED TWICE" not in imported(data, "harvest", more).output


def test_the_key_of_a_project_does_not_stand_in_the_way_of_the_tickets_number(data, tmp_path):
    path = tmp_path / "tempo.csv"
    path.write_text(
        "Issue key,Issue summary,Date,Logged time (h),Work description,Project key,Work author\n"
        "PORTAL-12,Log in,2026-06-15,6,first,PORTAL,Ana Ruiz\nOTHER-1,Other,2026-06-16,4,,OTHER,Ana Ruiz\n"
    )
    imported(data, "auto", path, "--account", "kestrel", "--new-projects", "retainer")
    assert hours_of(data, "kestrel") == [("2026-06-15", "portal", ANA, "6"), ("2026-06-16", "other", ANA, "4")]


def test_work_logs_without_a_project_are_of_that_in_the_number_of_the_ticket(data, tmp_path):
    path = tmp_path / "logs.csv"
    path.write_text(
        "Issue Key,Issue Summary,Author,Date,Time Spent,Time Seconds,Comment\n"
        "PORTAL-12,Log in,Ana Ruiz,2026-06-15,2h,7200,first\nPORTAL-12,Log in,Ana Ruiz,2026-06-16,4h,14400,second\n"
        "OTHER-1,Other,Ana Ruiz,2026-06-16,1h,3600,\n"
    )
    said = imported(data, "auto", path, "--account", "kestrel").output
    assert hours_of(data, "kestrel") == [("2026-06-15", "portal", ANA, "2"), ("2026-06-16", "portal", ANA, "4")]
    assert "project 'OTHER' of kestrel: 1 row, 1.00 h" in said


def test_projects_are_entered_where_the_user_says_how_they_are_billed(data, tmp_path):
    june = harvest(
        tmp_path / "june.csv",
        ("2026-06-03", "KMA", "Brand book", "", "2", "Yes", ANA, ""),
        ("2026-06-09", "KMA", "Brand book", "", "2", "Yes", ANA, ""),
    )
    result = imported(data, "harvest", june, "--new-projects", "fixed_fee")
    assert result.exit_code == 0
    entered = rows(data / "kestrel/projects.csv")[-1]
    assert (entered["project"], entered["name"], entered["billing_type"]) == ("brand-book", "Brand book", "fixed_fee")
    assert (entered["start"], entered["end"]) == ("2026-06-03", "2026-06-09")
    assert len(read_checked(data / "kestrel", data / "firm").tables["time_entries"]) == 2


def test_a_corrected_export_replaces_its_rows_and_says_which(data, june, tmp_path):
    imported(data, "harvest", june)
    corrected = list(JUNE)
    corrected[0] = (*JUNE[0][:4], "6", *JUNE[0][5:])
    result = imported(data, "harvest", harvest(tmp_path / "june (1).csv", *corrected))
    assert "2026-06-01 Ana Ruiz portal: hours 7.5 -> 6" in result.output
    assert sorted(hours_of(data, "kestrel")) == [("2026-06-01", "portal", ANA, "6"), ("2026-06-01", "portal", BEN, "1.25")]


def test_another_month_under_the_same_name_takes_nothing_away(data, june, tmp_path):
    imported(data, "harvest", june)
    july = harvest(tmp_path / "june.csv", ("2026-07-01", "KMA", "portal", "", "3", "Yes", ANA, ""))
    imported(data, "harvest", july)
    assert len(hours_of(data, "kestrel")) == 3


def test_an_export_of_one_person_leaves_the_others_alone(data, june, tmp_path):
    imported(data, "harvest", june)
    result = imported(data, "harvest", harvest(tmp_path / "ana.csv", JUNE[0]))
    assert (
        "1 row of these days stay: the file names no such person or project (2026-06-01 Ben Okri portal: 1.25 h)"
        in result.output
    )
    assert len(hours_of(data, "kestrel")) == 2


MANY = [(f"2026-06-{d:02}", "KMA", "portal", "", str(h), "Yes", ANA, "") for d in range(1, 25) for h in (1, 2)]


def test_a_file_that_would_take_away_much_is_asked_about(data, tmp_path):
    imported(data, "harvest", harvest(tmp_path / "june.csv", *MANY))
    half = harvest(tmp_path / "june.csv", *MANY[::2])
    refused = imported(data, "harvest", half)
    assert refused.exit_code == 2
    assert "kestrel has 24 rows of 2026-06-01 to 2026-06-24 that this file lacks" in refused.output
    assert "add --whole if the tool does not have them any more, or --part" in refused.output
    assert len(hours_of(data, "kestrel")) == 48
    imported(data, "harvest", half, "--part")
    assert len(hours_of(data, "kestrel")) == 48
    imported(data, "harvest", half, "--whole")
    assert len(hours_of(data, "kestrel")) == 24


def test_what_was_typed_here_stays_and_is_not_doubled(data, tmp_path, june):
    typed = "date,project,person,role,hours,billable\n"
    typed += "2026-06-01,portal,Ana Ruiz,Designer,7.50,yes\n2026-06-01,portal,Ana Ruiz,Designer,7.5,yes\n"
    typed += "2026-05-30,care,Ben Okri,,2,no\n"
    (data / "kestrel/time_entries.csv").write_text(typed)
    result = imported(data, "harvest", june)
    assert "1 typed here before" in result.output
    table = rows(data / "kestrel/time_entries.csv")
    assert [r["hours"] for r in table] == ["7.50", "7.5", "2", "1.25"]
    assert [r["imported_from"] for r in table].count("harvest") == 2


def test_totals_of_the_file_are_left_out_and_checked(data, tmp_path):
    june = harvest(tmp_path / "june.csv", *JUNE)
    june.write_text(june.read_text() + "Total,,,,,,12.75,,,,,,,,,,,,,,\r\n", newline="")
    result = imported(data, "harvest", june)
    assert result.exit_code == 0
    assert "totals stated by the file, which its rows make too: 1" in result.output
    june.write_text(june.read_text().replace("12.75", "13.75"), newline="")
    result = imported(data, "harvest", june)
    assert result.exit_code == 1
    assert "DOES NOT FOOT: row 5 says 'Total' 13.75 h, its rows make 12.75 h" in result.output


def test_one_account_of_a_file_of_many(data, june):
    result = imported(data, "harvest", june, "--account", "harbour")
    assert "1 in accounts + 2 waiting" in result.output
    assert not (data / "kestrel/time_entries.csv").exists()


def test_a_file_of_one_unknown_client_is_the_account_that_was_named(data, tmp_path):
    june = harvest(tmp_path / "june.csv", ("2026-06-03", "Kestrel plc", "portal", "", "2", "Yes", ANA, ""))
    assert imported(data, "harvest", june, "--account", "kestrel").exit_code == 0
    assert len(hours_of(data, "kestrel")) == 1


def test_the_last_import_is_undone(data, june):
    before = all_files(data)
    imported(data, "harvest", june)
    assert all_files(data) != before
    assert "Undone: harvest june.csv" in imported(data, "--undo").output
    assert all_files(data) == before
    assert "there must be an import to undo, got none" in imported(data, "--undo").output


def test_an_undo_never_takes_away_what_was_typed_since(data, june):
    imported(data, "harvest", june)
    path = data / "kestrel/time_entries.csv"
    path.write_text(path.read_text() + "2026-06-09,portal,,Ana Ruiz,,1,no,,\n")
    result = imported(data, "--undo")
    assert result.exit_code == 2
    assert "kestrel/time_entries.csv must be as the import left it, but was changed since" in result.output
    assert len(rows(path)) == 3


def test_dates_that_contradict_each_other_are_quoted(data, tmp_path):
    june = harvest(tmp_path / "june.csv", ("13/06/2026", *JUNE[0][1:]), ("06/14/2026", *JUNE[1][1:]))
    result = imported(data, "harvest", june)
    assert result.exit_code == 2
    assert (
        "june.csv:2: column 'Date': got '13/06/2026' (has its day first, and '06/14/2026' in row 3 has its month first)"
        in result.output
    )


def test_dates_that_no_row_decides_are_refused_until_somebody_says_it(data, tmp_path):
    june = harvest(tmp_path / "june.csv", ("03/06/2026", *JUNE[0][1:]), ("04/06/2026", *JUNE[1][1:]))
    result = imported(data, "harvest", june)
    assert result.exit_code == 2
    assert (
        "'03/06/2026' (may be 3 June 2026 or 6 March 2026, and '04/06/2026' in row 3 no less; no row of the file decides)"
        in result.output
    )
    assert "add --dates day-first or --dates month-first" in result.output
    imported(data, "harvest", june, "--dates", "day-first")
    assert hours_of(data, "kestrel")[0][0] == "2026-06-03"


def test_what_the_firm_says_of_its_files_decides(data, tmp_path):
    (data / "firm/imports.yaml").write_text("harvest:\n  dates: month-first\n  columns: {client: [Auftraggeber]}\n")
    june = harvest(tmp_path / "june.csv", ("03/06/2026", *JUNE[0][1:]))
    june.write_text(june.read_text().replace("Client", "Auftraggeber"))
    assert imported(data, "auto", june).exit_code == 0
    assert hours_of(data, "kestrel")[0][0] == "2026-03-06"


def test_mistakes_in_the_firms_spellings_are_named_with_their_lines(data, june):
    (data / "firm/imports.yaml").write_text(
        "harvst:\n  dates: x\nharvest:\n  dates: european\n  columns:\n    clint: [Kunde]\n  speed: 1\n"
    )
    said = imported(data, "auto", june).output
    assert "imports.yaml:1: harvst must be a tool" in said
    assert "imports.yaml:4: harvest.dates must be day-first or month-first, got 'european'" in said
    assert "harvest.columns.clint must be a field, got 'clint'; did you mean client?" in said
    assert "imports.yaml:7: harvest.speed is not a key" in said
    (data / "firm/imports.yaml").write_text("harvest: {columns: {client: Kunde}}\n")
    said = imported(data, "auto", june).output
    assert "harvest.columns.client must be a list of names, got 'Kunde'; write client: [Kunde]" in said


def test_a_decimal_comma_is_found_from_the_whole_file(data, tmp_path):
    june = harvest(tmp_path / "june.csv", *(("26.06.2026", *e[1:4], e[4].replace(".", ","), *e[5:]) for e in JUNE))
    result = imported(data, "auto", june)
    assert "written with day first in dates, decimal comma" in result.output
    assert [h for *_, h in hours_of(data, "kestrel")] == ["7.5", "1.25"]


def test_unreadable_rows_wait_and_the_others_come_in(data, tmp_path):
    wrong = (
        ("2026-06-31", *JUNE[1][1:]),
        (*JUNE[1][:4], "-2", *JUNE[1][5:]),
        (*JUNE[1][:4], "25", *JUNE[1][5:]),
        (*JUNE[1][:5], "perhaps", *JUNE[1][6:]),
    )
    june = harvest(tmp_path / "june.csv", JUNE[0], *wrong)
    result = imported(data, "harvest", june)
    assert result.exit_code == 1
    why = [r["why it waits"] for r in rows(data / "firm/imports/waiting/harvest-june.csv")]
    assert why == [
        "its date '2026-06-31' is no day of the calendar",
        "its hours '-2' are less than none",
        "25 hours do not fit into one day",
        "it says 'perhaps' where yes or no is asked for (billable)",
    ]
    assert len(hours_of(data, "kestrel")) == 1


def test_a_table_in_a_workbook_is_not_rewritten(data, june):
    book = openpyxl.Workbook()
    book.active.title = "time_entries"
    for row in (["date", "project", "hours", "billable"], ["2026-01-05", "portal", 2, "yes"]):
        book.active.append(row)
    book.save(data / "kestrel/tables.xlsx")
    result = imported(data, "harvest", june)
    assert result.exit_code == 2
    assert "an import does not rewrite a workbook" in result.output
    assert not (data / "harbour/time_entries.csv").exists()


def test_an_unknown_header_says_which_column_is_missing_and_how_to_name_it(data, june):
    june.write_text(june.read_text().replace("Hours,", "Time spent,"))
    result = imported(data, "harvest", june)
    assert result.exit_code == 2
    assert "june.csv:1: no column is called Hours, Stunden" in result.output
    assert "write into data/firm/imports.yaml: harvest: {columns: {hours: [" in result.output


def test_the_shortest_wrong_commands_are_answered_with_the_right_one(data, june):
    assert "write acctlib import auto june.csv" in imported(data, "june.csv").output
    said = imported(data, "auto", june, "--as-of", "today")
    assert (said.exit_code, "--as-of must be a date, got 'today'; write year-month-day" in said.output) == (2, True)


def test_a_file_of_nothing_known_is_refused(data, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    result = imported(data, "auto", tmp_path / "x.csv")
    assert result.exit_code == 2
    assert "x.csv: no row among its first 40 holds the column names of a tool that is known" in result.output


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_large_file_comes_in_by_batches_with_the_same_result(data, tmp_path, monkeypatch, ending):
    import pyarrow.csv
    import pyarrow.parquet

    lines = ["account,date,project,task,person,role,hours,billable,note"]
    lines += [f'kestrel,2026-06-{1 + n % 28:02},portal,design,Ana Ruiz,,{n % 9},yes,"two\nlines {n}"' for n in range(400)]
    lines += ["nobody,2026-06-01,portal,,Ana Ruiz,,1,yes,", "harbour,2026-06-02,shop,,Ben Okri,,2,no,"]
    path = tmp_path / "firm.csv"
    path.write_text("\n".join(lines) + "\n")
    if ending == "parquet":
        table = pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True))
        path = tmp_path / "firm.parquet"
        pyarrow.parquet.write_table(table, path)
    monkeypatch.setattr(exports, "LARGE", 100)
    monkeypatch.setattr(exports, "_BATCH_BYTES", 2000)
    monkeypatch.setattr(exports, "_BATCH_ROWS", 50)
    monkeypatch.setattr(hours, "_LARGE", 100)
    monkeypatch.setattr(hours, "_HELD", 120)
    result = imported(data, "plain", path)
    assert "402 rows read = 401 in accounts + 1 waiting" in result.output
    table = read_checked(data / "kestrel", data / "firm").tables["time_entries"]
    assert (len(table), table["hours"].sum()) == (400, sum(n % 9 for n in range(400)))
    assert (data / "kestrel/time_entries.parquet").is_file()
    waiting = rows(data / "firm/imports/waiting/plain-firm.csv")
    assert [r["line"] for r in waiting] == ["802" if ending == "csv" else "401"]
    before = all_files(data)
    assert "Nothing had to be changed" in imported(data, "plain", path).output
    assert all_files(data) == before


entries = st.lists(
    st.tuples(
        st.dates(min_value=__import__("datetime").date(2026, 1, 1), max_value=__import__("datetime").date(2026, 12, 1)).map(
            str
        ),
        st.sampled_from(["KMA", "Kestrel Mutual", "Harbour Foods", "Nobody"]),
        st.sampled_from(["Member portal", "Web shop", "care"]),
        st.sampled_from(["", "design", "Meeting"]),
        st.decimals(min_value=0, max_value=24, places=2).map(str),
        st.sampled_from(["Yes", "No"]),
        st.sampled_from([ANA, BEN, "Zoë"]),
        st.sampled_from(["", "note", "=1+1"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(entries)
def test_no_row_and_no_hour_is_lost_or_doubled(tmp_path_factory, found):
    folder = tmp_path_factory.mktemp("any")
    data = make_book(folder / "book")
    june = harvest(folder / "june.csv", *found)
    for _ in range(2):
        imported(data, "harvest", june)
        waiting = data / "firm/imports/waiting/harvest-june.csv"
        kept = [Decimal(h) for account in ("kestrel", "harbour") for *_, h in hours_of(data, account)]
        waits = [Decimal(r["Hours"]) for r in rows(waiting)] if waiting.is_file() else []
        assert len(kept) + len(waits) == len(found)
        assert sum(kept) + sum(waits) == sum(Decimal(entry[4]) for entry in found)
    for account in ("kestrel", "harbour"):
        read_checked(data / account, data / "firm")


def test_a_word_that_the_firm_got_wrong_waits_and_does_not_lock_the_account(data, tmp_path):
    (data / "firm/imports.yaml").write_text('harvest: {values: {billable: {"Yes": maybe}}}\n')
    said = imported(data, "harvest", harvest(tmp_path / "june.csv", JUNE[0])).output
    assert "its billable 'maybe'" in said
    assert not hours_of(data, "kestrel")


def test_a_table_that_is_broken_is_named_with_its_account(data, tmp_path):
    (data / "kestrel/time_entries.csv").write_text("date,project\n2026-06-01\n")
    said = imported(data, "harvest", harvest(tmp_path / "june.csv", JUNE[0])).output
    assert "kestrel/time_entries.csv:2: the row has 1 cell" in said
