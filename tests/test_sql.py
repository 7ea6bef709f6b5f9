"""Tables from a database: the queries of account.yaml and firm.yaml, asked of SQLite, and every way to write them wrong."""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import random
import re
import sqlite3
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from small_workbook import make_workbook

from acctlib import cli
from acctlib.account import Account
from acctlib.profile import ProfileError, queries_in, read_firm, read_profile
from acctlib.tables import sql
from acctlib.tables.checks import read_checked
from acctlib.tables.problems import TableErrors
from acctlib.tables.queries import Query, asked_once, stop_asking
from acctlib.tables.sql import answer, fingerprint

PASSWORD = "hunter2-Secret"
ROWS = [
    ("aurora", "2026-07-06", "site", "Ivo Lindqvist", "designer", 7.5, 1, "homepage sketches"),
    ("aurora", "2026-07-07", "site", "Ivo Lindqvist", "designer", 6.25, 0, "redone since the sponsor changed his mind again"),
    ("aurora", "2026-07-08", "site", "Mara Quist", "writer", 3.75, 1, None),
    ("borealis", "2026-07-06", "site", "Mara Quist", "writer", 4.0, 1, "their secret words"),
]
SQL = "SELECT day AS date, project, person, role, hours, billable, note FROM booked WHERE client = :account"
TABLES = f"tables:\n  time_entries:\n    sql: {SQL}\n"


def filled(path: Path, rows=ROWS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as book:
        book.execute("CREATE TABLE booked (client, day, project, person, role, hours, billable, note)")
        book.executemany("INSERT INTO booked VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        book.commit()
    return path


@pytest.fixture
def embedded(tmp_path):
    return filled(tmp_path / "firm" / "tables.sqlite")


@pytest.fixture
def book(tmp_path, monkeypatch):
    """Return a workbook whose accounts take their hours from the embedded database."""
    root = make_workbook(tmp_path)
    filled(root / "data" / "firm" / "tables.sqlite")
    for account in ("aurora", "borealis"):
        (root / "data" / account / "time_entries.csv").unlink()
        with (root / "data" / account / "account.yaml").open("a") as profile:
            profile.write(TABLES)
    monkeypatch.chdir(root)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    return root


def query(embedded, text=SQL, url=None, account="aurora", table="time_entries"):
    return Query(table, text, url, account, embedded, "account.yaml", (4, 5))


def refused(*arguments, **named) -> list[str]:
    table, problems = answer(query(*arguments, **named))
    assert table is None
    return [str(problem) for problem in problems]


def acctlib(*arguments: str):
    result = CliRunner().invoke(cli.main, arguments)
    return result.exit_code, result.output


# what comes out of a query


def test_a_query_is_a_table_like_one_of_a_file(embedded):
    table, problems = answer(query(embedded))
    assert problems == []
    assert table.file == "time_entries (SQL, tables.sqlite)"
    assert table.header == ("date", "project", "person", "role", "hours", "billable", "note")
    assert [column[0].as_py() for column in table.columns[:6]] == [
        "2026-07-06", "site", "Ivo Lindqvist", "designer", "7.5", "1",
    ]  # fmt: skip
    assert table.columns[6].to_pylist()[2] == ""
    assert table.place(2, 4) == {"row": 3, "cell": ""}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), ("", ""), ("a:b", "a:b"), (True, "yes"), (False, "no"), (3, "3"), (-7, "-7"), (7.0, "7"), (7.25, "7.25"),
        (math.nan, ""), (math.inf, "inf"), (1e22, "1e+22"), (0.1 + 0.2, "0.30000000000000004"), (Decimal("1234.50"), "1234.50"),
        (Decimal("1E+3"), "1000"), (Decimal("NaN"), ""), (dt.date(2026, 7, 6), "2026-07-06"),
        (dt.datetime(2026, 7, 6), "2026-07-06"), (dt.datetime(2026, 7, 6, 9, 30), "2026-07-06 09:30:00"),
        (dt.datetime(2026, 7, 6, tzinfo=dt.UTC), "2026-07-06 00:00:00+00:00"), (dt.time(9, 30), "09:30:00"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)  # fmt: skip
def test_a_value_of_any_type_becomes_the_text_that_the_checks_read(value, text):
    assert sql._texts([value]).to_pylist() == [text]
    assert sql._texts(["x", None, value]).to_pylist() == ["x", "", text]


@pytest.mark.parametrize("value", [["a"], {"a": 1}, b"a", memoryview(b"a"), dt.timedelta(hours=7), {1}, object()])
def test_what_is_no_text_number_or_date_is_found_by_its_type(value):
    assert sql._texts(["x", None, value]) is type(value)


def test_a_column_of_bytes_is_named_with_a_remedy(embedded):
    assert refused(embedded, "SELECT x'00ff' AS note, hours FROM booked") == [
        "time_entries (SQL, tables.sqlite): column 'note': holds bytes, which is no text, number or date; "
        "select a text instead, or leave the column out"
    ]


@given(st.lists(st.tuples(st.text("ab\x00é", max_size=3), st.one_of(st.none(), st.integers(-3, 3))), max_size=8), st.randoms())
def test_rows_in_any_order_are_the_same_table(tmp_path_factory, rows, order):
    path = tmp_path_factory.mktemp("book") / "tables.sqlite"
    found = []
    for _ in range(2):
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as book:
            book.execute("CREATE TABLE t (a, b)")
            book.executemany("INSERT INTO t VALUES (?, ?)", rows)
            book.commit()
        asked = query(path, "SELECT a AS task, b AS role FROM t")
        found.append(([column.to_pylist() for column in answer(asked)[0].columns], fingerprint(asked)))
        order.shuffle(rows)
    assert found[0] == found[1]


def test_the_fingerprint_tells_cells_apart_that_join_to_the_same_text(embedded):
    prints = {fingerprint(query(embedded, f"SELECT {a} AS task, {b} AS role")) for a, b in (("'ab'", "'c'"), ("'a'", "'bc'"))}
    assert len(prints) == 2


def test_two_hundred_thousand_rows_take_some_seconds(tmp_path):
    rows = [
        ("aurora", f"2026-07-{1 + n % 28:02}", "site", f"p{n % 50}", "x", n % 32 / 4, n % 2, f"{n}") for n in range(200_000)
    ]
    random.Random(1).shuffle(rows)
    path = filled(tmp_path / "tables.sqlite", rows)
    began = monotonic()
    table, _ = answer(query(path))
    assert len(table) == 200_000
    assert monotonic() - began < 25  # 3 s on a quiet machine; 34 when rows came one by one


# what a query may not do


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1 AS hours; DROP TABLE booked", "the query is more than one statement; write one SELECT, without others"),
        ("DROP TABLE booked", "the query does more than read; write one SELECT"),
        ("INSERT INTO booked (client) VALUES ('x') RETURNING client", "the query does more than read"),
        ("DELETE FROM booked", "the query does more than read"),
        ("CREATE TABLE t (a)", "the query does more than read"),
        ("CREATE TEMP TABLE t (a)", "the query does more than read"),
        ("PRAGMA query_only = OFF", "the query does more than read"),
        ("SELECT * FROM pragma_table_info('booked')", "the query does more than read"),
        ("ATTACH 'other.sqlite' AS other", "the query does more than read"),
        ("VACUUM INTO 'copy.sqlite'", "the query does more than read"),
        ("BEGIN", "the query does more than read"),
        ("SELECT load_extension('x')", "not authorized|does more than read"),
        ("SELECT hour FROM booked", "the database answers: no such column: hour; mend the query"),
        ("SELEC hours FROM booked", 'the database answers: near "SELEC": syntax error; write one SELECT; other statements'),
        (
            "SELECT hours FROM booked WHERE client = :acount",
            "the query has the unknown parameter :acount; the only one is :account",
        ),
        ("SELECT :a AS x, ':b' AS y", r"unknown parameters :a, :b; the only one is :account.* a text, write \\:a"),
    ],
)
def test_a_query_reads_and_does_nothing_else(embedded, text, says):
    before = embedded.read_bytes()
    (message,) = refused(embedded, text)
    assert message.startswith("account.yaml:5: tables.time_entries: ")
    assert re.search(says, message)
    assert embedded.read_bytes() == before
    assert sorted(path.name for path in embedded.parent.iterdir()) == ["tables.sqlite"]


@pytest.mark.parametrize(
    "text", ["SELECT 'a:b' AS note", "SELECT '09:30' AS note", r"SELECT ' \:x' AS note", "VALUES ('a%s?')"]
)
def test_a_colon_or_percent_in_a_text_is_no_parameter(embedded, text):
    (cell,) = answer(query(embedded, text))[0].columns[0].to_pylist()
    assert cell in ("a:b", "09:30", " :x", "a%s?")


@pytest.mark.parametrize(
    "account", ["aurora' OR '1'='1", "aurora'; DROP TABLE booked; --", ":account", "%", "' UNION SELECT 1 --"]
)
def test_an_account_id_is_never_sql(embedded, account):
    table, problems = answer(query(embedded, account=account))
    assert (len(table), problems) == (0, [])
    assert len(answer(query(embedded))[0]) == 3


@pytest.mark.parametrize("account", ["aurora' OR '1'='1", "aurora;", "a b", "../firm"])
def test_such_an_id_is_refused_long_before(book, account):
    with pytest.raises(ValueError, match="account must be lower-case letters"):
        Account.read(account, "2026-Q3")


def test_a_query_that_takes_too_long_is_stopped(embedded, monkeypatch):
    monkeypatch.setattr(sql, "SECONDS", 0.2)
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS hours FROM n"
    assert "took longer than 0.2 seconds and was stopped; ask for fewer rows" in refused(embedded, endless)[0]


def test_a_database_that_another_program_has_open_can_be_read(embedded):
    with contextlib.closing(sqlite3.connect(embedded)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO booked (client, day, project, hours) VALUES ('aurora', '2026-07-09', 'site', 1)")
        writer.commit()
        assert len(answer(query(embedded))[0]) == 4


def test_text_that_is_no_text_is_named(embedded):
    (message,) = refused(embedded, "SELECT CAST(x'ff' AS text) AS note")
    assert "the database answers: Could not decode to UTF-8" in message


# addresses


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"postgresql://ann:{PASSWORD}@db.example.com/agency", "the url holds a password as it is; write ${DB_PASSWORD}"),
        (f"postgresql://ann:p@{PASSWORD}@db.example.com/agency", "the url holds a password as it is"),
        ("postgresql://ann:$DB_PASSWORD@db.example.com/agency", "the url holds a password as it is"),
        (f"postgresql://db.example.com/agency?password={PASSWORD}", "the url has the option 'password', which it may not have"),
        (f"mysql://ann:{PASSWORD}@db.example.com/agency", "the url is no address of PostgreSQL or SQLite; write postgresql://"),
        ("db.example.com", "the url is no address of PostgreSQL or SQLite; write postgresql://"),
        ("postgresql://db.example.com:54x/agency", "the url is no address of PostgreSQL or SQLite"),
        ("postgresql://db example/agency", "the url names no host; write postgresql://"),
        ("postgresql://${NO_USER}:${NO_PASSWORD}@h/agency", "variables NO_USER and NO_PASSWORD are not set; set them before"),
        (
            "postgresql://h:${NO_PORT}/agency",
            "variable NO_PORT is not set; set it before the command, such as: export NO_PORT=…",
        ),
        ("postgresql://h:${WORD}/agency", "the environment variable WORD is no port; set it to a number such as 5432"),
        ("sqlite://", "the url names no file"),
        ("sqlite:///x.sqlite?mode=rwc", "the url has the option 'mode', which it may not have; take away the ?"),
        ("sqlite:///away/x.sqlite", "there is no database away/x.sqlite; mend the path, which is meant from the workbook's"),
        ("sqlite:////away/x.sqlite", "there is no database x.sqlite"),
        (None, "there is no database tables.sqlite; put it into the folder firm, or give the entry a url"),
    ],
)
def test_each_wrong_address_is_a_sentence_without_secrets(tmp_path, monkeypatch, url, says):
    monkeypatch.setenv("WORD", "abc")
    (message,) = refused(tmp_path / "firm" / "tables.sqlite", url=url)
    assert message.startswith("account.yaml:4: tables.time_entries: ")
    assert says in message
    assert PASSWORD not in message
    assert not list(tmp_path.iterdir())  # nothing was made


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "tables.sqlite").write_text("project,hours\n" * 100)
    assert "tables.sqlite is no SQLite database" in refused(tmp_path / "tables.sqlite")[0]


def test_a_relative_path_is_meant_from_the_workbook(book, monkeypatch):
    filled(book / "data" / "agency.sqlite")
    monkeypatch.chdir(book / "notebooks")
    table, _ = answer(query(book, url="sqlite:///data/agency.sqlite"))
    assert (len(table), table.file) == (3, "time_entries (SQL, data/agency.sqlite)")


def test_a_path_of_this_machine_is_not_shown(embedded, monkeypatch):
    monkeypatch.setenv("BOOK", str(embedded))
    table, _ = answer(query(Path("none"), url="sqlite:///${BOOK}"))
    assert table.file == "time_entries (SQL, tables.sqlite)"


@pytest.mark.parametrize(("missing", "needs"), [("sqlalchemy", "SQLAlchemy"), ("psycopg", "psycopg")])
def test_what_is_not_installed_is_said_with_the_command(embedded, monkeypatch, missing, needs):
    monkeypatch.setitem(sys.modules, missing, None)
    (message,) = refused(embedded, url="postgresql://h/agency")
    assert re.search(rf"needs {needs}, which is missing; install it with: pip install 'acctlib\[sql\]'$", message)


def test_sqlalchemy_is_imported_only_for_a_query(book):
    (book / "data" / "aurora" / "account.yaml").write_text("name: Aurora Foods\ncurrency: GBP\n")
    code = "import sys; from acctlib.account import Account; Account.read('{}', '2026-Q3'); print('sqlalchemy' in sys.modules)"
    for account, imported in (("aurora", "False"), ("borealis", "True")):
        run = subprocess.run([sys.executable, "-c", code.format(account)], capture_output=True, text=True, check=True)
        assert run.stdout.strip() == imported


# account.yaml and firm.yaml


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("tables:\n  time_entrys:\n    sql: SELECT 1\n", "3: tables.time_entrys must be a table; did you mean time_entries?"),
        ("tables:\n  zzz:\n    sql: SELECT 1\n", "3: tables.zzz must be one of projects, tasks, "),
        (
            "tables:\n  people:\n    sql: SELECT 1\n",
            "3: tables.people must stand under tables of data/firm/firm.yaml, for it is",
        ),
        (
            "tables:\n  tasks:\n    query: SELECT 1\n    sql: SELECT 1\n",
            "4: tables.tasks.query is not a key of this file; the keys",
        ),
        (
            f"tables:\n  tasks:\n    password: {PASSWORD}\n    sql: SELECT 1\n",
            "4: tables.tasks.password is not a key of this file",
        ),
        (
            "tables:\n  tasks:\n    ulr: x\n    sql: SELECT 1\n",
            "4: tables.tasks.ulr is not a key of this file; did you mean url?",
        ),
        ("tables:\n  tasks:\n    url: sqlite:///x\n", "3: tables.tasks.sql must be given; add a line `sql: …`"),
        ('tables:\n  tasks:\n    sql: " "\n', "4: tables.tasks.sql must not be empty; write `sql: SELECT …"),
        ('tables:\n  tasks:\n    url: ""\n    sql: SELECT 1\n', "4: tables.tasks.url must not be empty"),
        (f"tables:\n  tasks:\n    sql: 7\n    url: [{PASSWORD}]\n", "5: tables.tasks.url must be a valid string; write"),
        (
            f"tables: postgresql://ann:{PASSWORD}@h/x\n",
            "2: tables must have keys of its own; write `tables:`, then `time_entries:`, then",
        ),
        (f"tables:\n  tasks: {PASSWORD}\n", "3: tables.tasks must have keys of its own; write `sql: SELECT"),
        ("tables:\n  tasks: &q\n    sql: SELECT 1\n  risks: *q\n", "3: must not use anchors or aliases"),
    ],
)
def test_each_mistake_in_tables_names_its_line_and_never_what_stands_there(tmp_path, text, says):
    path = tmp_path / "account.yaml"
    path.write_text("name: A\n" + text + "currency: GBP\n")
    with pytest.raises(ProfileError) as error:
        read_profile(path)
    assert f"account.yaml:{says}" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_the_firms_tables_stand_in_firm_yaml(tmp_path):
    path = tmp_path / "firm.yaml"
    path.write_text("name: Fern\ntables:\n  people:\n    sql: SELECT 1\n")
    assert read_firm(path).tables["people"].sql == "SELECT 1"
    path.write_text("name: Fern\ntables:\n  tasks:\n    sql: SELECT 1\n")
    with pytest.raises(
        ProfileError, match=r"firm.yaml:3: tables.tasks must stand under tables of the account.yaml of an account"
    ):
        read_firm(path)


def test_a_profile_that_is_printed_or_made_for_a_client_shows_no_address(book):
    path = book / "data" / "aurora" / "account.yaml"
    path.write_text(path.read_text() + f"    url: postgresql://ann:{PASSWORD}@h/agency\n")
    profile = read_profile(path)
    (asked,) = queries_in(book / "data", "aurora")
    assert asked.lines == (6, 5)
    assert PASSWORD not in repr(profile) + str(profile) + repr(asked)
    assert profile.for_client().tables == {}
    (book / "data" / "firm" / "firm.yaml").write_text("name: Fern\ntables:\n  people:\n    sql: SELECT 1\n")
    assert read_firm(book / "data" / "firm" / "firm.yaml").for_client().tables == {}


# where tables are read


def test_a_table_in_a_file_and_in_a_database_is_refused_unless_one_is_empty(book):
    path = book / "data" / "aurora" / "time_entries.csv"
    path.write_text("date,project,hours,billable\n")
    assert Account.read("aurora", "2026-Q3").sources["time_entries"].file == "time_entries (SQL, tables.sqlite)"
    path.write_text("date,project,hours,billable\n2026-07-01,site,1,yes\n")
    with pytest.raises(TableErrors) as error:
        Account.read("aurora", "2026-Q3")
    assert str(error.value) == (
        "account.yaml:5: tables.time_entries: the table stands in time_entries.csv too; "
        "empty time_entries.csv, or take time_entries out of the tables in account.yaml"
    )
    filled(book / "data" / "firm" / "tables.sqlite", [])
    assert Account.read("aurora", "2026-Q3").sources["time_entries"].file == "time_entries.csv"


def test_a_query_without_a_row_is_a_warning(book):
    filled(book / "data" / "firm" / "tables.sqlite", ROWS[3:])
    assert acctlib("check", "aurora")[1].splitlines() == [
        "aurora: account.yaml:5: warning: tables.time_entries: the query returns no row; check what :account, which is aurora, "
        "is compared with (a warning)",
        "aurora: 1 tables, 1 rows, no problem",
    ]


def test_cells_and_columns_of_a_query_are_checked_like_those_of_a_file(book):
    filled(book / "data" / "firm" / "tables.sqlite", [("aurora", "06.07.2026", "sight", "Ivo", "designer", "7,5", 1, None)])
    with pytest.raises(TableErrors) as error:
        read_checked(book / "data" / "aurora", None, queries_in(book / "data", "aurora"))
    lines = str(error.value).splitlines()
    assert len(lines) == 3
    assert "time_entries (SQL, tables.sqlite):1: column 'hours': got '7,5' (decimal comma); write 7.5" in lines
    wrong = query(book / "data" / "firm" / "tables.sqlite", "SELECT day AS dates, project, hours AS hrs FROM booked")
    with pytest.raises(TableErrors, match="column 'dates': time_entries has no such column; write date"):
        read_checked(book / "data" / "aurora", None, [wrong])


def test_firm_tables_come_from_a_database_too(book):
    (book / "data" / "firm" / "firm.yaml").write_text(
        "name: Fern\ntables:\n  rate_card:\n    sql: SELECT 'designer' AS role, 'GBP' AS currency, 120 AS bill_rate, "
        "60 AS cost_rate, '2026-01-01' AS valid_from\n"
    )
    account = Account.read("aurora", "2026-Q3")
    assert account.rate_card["bill_rate"].tolist() == [120]
    assert len(account.time_entries) == 3


def test_a_client_does_not_read_where_our_database_is(book):
    path = book / "data" / "aurora" / "projects.csv"
    path.write_text(path.read_text().replace("fixed_fee", "time_and_materials"))
    sources = Account.read("aurora", "2026-Q3", audience="client").sources
    assert sources["time_entries"].file == "time_entries (SQL)"


def test_the_answers_of_a_run_are_asked_for_once_and_gone_after_it(embedded, tmp_path, monkeypatch):
    asked = []
    true = sql._asked
    monkeypatch.setattr(sql, "_asked", lambda *a: (asked.append(a), true(*a))[1])
    with asked_once(tmp_path / "out"):
        (folder,) = (tmp_path / "out").iterdir()
        assert folder.stat().st_mode & 0o077 == 0
        with asked_once():  # within another one it is that one
            tables = [answer(query(embedded))[0] for _ in range(3)]
        wrong = [answer(query(embedded, "SELECT hour FROM booked")) for _ in range(2)]
        assert len(answer(query(embedded, account="nobody"))[0]) == len(answer(query(embedded, account="nobody"))[0]) == 0
    assert len(asked) == 3
    assert wrong[0] == wrong[1]
    assert {(table.file, table.header, *map(str, table.columns)) for table in tables} == {
        (tables[0].file, tables[0].header, *map(str, tables[0].columns))
    }
    assert list((tmp_path / "out").iterdir()) == []


# the commands


def test_an_account_whose_hours_come_from_a_database_is_checked_run_and_found_up_to_date(book):
    assert acctlib("check", "aurora") == (0, "aurora: 2 tables, 4 rows, no problem\n")
    code, said = acctlib("run", "aurora")
    assert (code, said.splitlines()[-2]) == (0, "2 made, 0 up to date, 0 failed")
    assert not (book / "outputs" / ".tmp").exists()
    pages = {path: path.read_bytes() for path in (book / "outputs").glob("*/aurora/*/*.*")}
    assert len(pages) == 4
    assert acctlib("status", "aurora")[1].count("up to date") == 2

    # other rows of another account, and the same in another order, change nothing
    filled(book / "data" / "firm" / "tables.sqlite", [*ROWS[:3][::-1], ("borealis", "2026-08-01", "site", "", "", 1, 1, "")])
    assert acctlib("status", "aurora")[1].count("up to date") == 2
    assert acctlib("run", "aurora", "--force")[0] == 0
    assert pages == {path: path.read_bytes() for path in pages}

    filled(book / "data" / "firm" / "tables.sqlite", ROWS[1:])
    assert acctlib("status", "aurora")[1].count("would be made, changed: database") == 2

    (book / "data" / "firm" / "tables.sqlite").unlink()
    for command in ("status", "run"):
        code, said = acctlib(command)
        assert code == 1
        times = {"status": 2, "run": 4}[command]  # a run says it as it fails, and at the end
        assert said.count("tables.time_entries: there is no database tables.sqlite; put it into the folder firm") == times
    assert pages == {path: path.read_bytes() for path in pages}

    (book / "data" / "aurora" / "account.yaml").write_text("name: Aurora Foods\ncurrency: GBP\n")
    assert acctlib("status", "aurora")[1].count("changed: data, database") == 2


def test_a_query_that_nobody_waits_for_any_more_is_ended(tmp_path):
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS date FROM n"
    query = Query("time_entries", slow, None, "aurora", filled(tmp_path / "firm" / "tables.sqlite"))
    with asked_once(tmp_path), ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(answer, query) for _ in range(2)]
        start = monotonic()
        while not all(asked.done() for asked in asking):
            assert monotonic() - start < 30
            stop_asking()
            sleep(0.05)
    table, (problem,) = asking[0].result()
    assert table is None
    assert "was stopped" in problem.what
