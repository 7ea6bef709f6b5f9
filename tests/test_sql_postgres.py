"""Tables from PostgreSQL: a real server, what it returns, what it refuses, and that nobody reads its password."""

from __future__ import annotations

import json
import logging
import os
import random
import re
import traceback
from pathlib import Path
from time import monotonic

import pytest
from click.testing import CliRunner
from small_workbook import make_workbook

from acctlib import cli
from acctlib.account import Account
from acctlib.tables import sql
from acctlib.tables.problems import TableErrors
from acctlib.tables.queries import Query
from acctlib.tables.sql import answer, fingerprint

USER, PASSWORD = "agency_reader", "s3cr:t/@?#%&+ä '\"x"
URL = "postgresql://${DB_USER}:${DB_PASSWORD}@${DB_HOST}/agency"
SQL = "SELECT day::date AS date, project, hours, billable FROM booked WHERE client = :account"
ROWS = [("aurora", f"2026-07-{day:02}", "site", hours, day % 3 > 0) for day in range(1, 29) for hours in (0.1, 7.25, 3.3)]


@pytest.fixture(scope="module")
def owner(postgresql):
    """Return a connection of the database's owner; readers need their password."""
    import psycopg

    with psycopg.connect(host=str(postgresql), user="postgres", dbname="postgres", autocommit=True) as first:
        first.execute("CREATE DATABASE agency")
        hba = first.execute("SHOW hba_file").fetchone()[0]
        Path(hba).write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        first.execute("SELECT pg_reload_conf()")
    with psycopg.connect(host=str(postgresql), user="postgres", dbname="agency", autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("CREATE ROLE agency_reader LOGIN PASSWORD {}").format(PASSWORD))
        connection.execute(
            "CREATE TABLE booked (client text, day timestamp, project text, hours numeric(6, 2), billable boolean)"
        )
        connection.execute(
            "CREATE TABLE closed (salary int); CREATE SEQUENCE counter; GRANT SELECT, INSERT ON booked TO agency_reader"
        )
        connection.execute("GRANT USAGE ON SEQUENCE counter TO agency_reader; GRANT CREATE ON SCHEMA public TO agency_reader")
        yield connection


@pytest.fixture(autouse=True)
def database(owner, postgresql, monkeypatch):
    owner.execute("TRUNCATE booked")
    with owner.cursor() as cursor:
        cursor.executemany("INSERT INTO booked VALUES (%s, %s, %s, %s, %s)", ROWS)
    for name, value in (("DB_USER", USER), ("DB_PASSWORD", PASSWORD), ("DB_HOST", str(postgresql))):
        monkeypatch.setenv(name, value)
    return owner


def query(text=SQL, url=URL, account="aurora"):
    return Query("time_entries", text, url, account, Path("none"), "account.yaml", (4, 5))


def refused(*arguments, **named) -> str:
    table, problems = answer(query(*arguments, **named))
    assert table is None
    (problem,) = map(str, problems)
    assert not any(part in problem for part in (USER, PASSWORD, "s3cr", "/tmp/"))
    return problem


def test_a_query_is_answered_for_a_user_with_any_password():
    table, problems = answer(query())
    assert problems == []
    assert (len(table), table.file) == (len(ROWS), "time_entries (SQL, postgresql:///agency)")
    assert [column[0].as_py() for column in table.columns] == ["2026-07-01", "site", "0.10", "yes"]


def test_values_of_each_type_of_postgresql_become_text():
    text = """SELECT date '2026-07-06' AS a, timestamp '2026-07-06' AS b, timestamptz '2026-07-06 00:00+00' AS c,
        7.50::numeric AS d, 7.25::float8 AS e, 'nan'::float4 AS f, 3::smallint AS g, true AS h, NULL::date AS i,
        time '09:30' AS j, '12345678-1234-5678-1234-567812345678'::uuid AS k, 'nan'::numeric AS l, 'x'::char(3) AS m"""
    table, _ = answer(query(text))
    assert [column[0].as_py() for column in table.columns] == [
        "2026-07-06", "2026-07-06", "2026-07-06 00:00:00+00:00", "7.50", "7.25", "", "3", "yes", "", "09:30:00",
        "12345678-1234-5678-1234-567812345678", "", "x  ",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("ARRAY['a', 'b']", "holds list, which is no text, number or date; make one text of it in the query"),
        ("'{\"a\"\\: 1}'::jsonb", "holds dict"),
        ("'[1]'::json", "holds list"),
        ("'\\x00ff'::bytea", "holds bytes"),
        (
            "interval '7:30'",
            "holds timedelta, which is no text, number or date; write hours as a number: extract(epoch FROM note)",
        ),
        ("int4range(1, 5)", "holds Range, which is no text, number or date; cast it in the query: CAST(note AS text) AS note"),
    ],
)
def test_a_column_of_what_can_be_no_cell_is_named(value, says):
    assert f"time_entries (SQL, postgresql:///agency): column 'note': {says}" in refused(f"SELECT {value} AS note")


def test_casts_texts_and_operators_are_no_parameters():
    text = r"""SELECT 'a:b' AS a, '5'::int AS b, '{"k":"v"}'::jsonb ->> 'k' AS c, 'x%' LIKE 'x\%' AS d,
        (ARRAY[1,2])[1:2] = ARRAY[1,2] AS e WHERE :account = 'aurora' AND '{"k": 2}'::jsonb ? 'k' -- 100 %"""
    table, problems = answer(query(text))
    assert problems == []
    assert [column[0].as_py() for column in table.columns] == ["a:b", "5", "v", "yes", "yes"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1 AS hours; DROP TABLE booked", "the query is more than one statement; write one SELECT"),
        ("COMMIT; DROP TABLE booked", "write one SELECT; other statements are not taken"),
        ("SELECT 1 AS x; COMMIT; SET default_transaction_read_only = off; DROP TABLE booked", "more than one statement"),
        ("DROP TABLE booked", "write one SELECT; other statements are not taken"),
        ("INSERT INTO booked (client) VALUES ('x') RETURNING client", "write one SELECT; other statements are not taken"),
        ("WITH new AS (INSERT INTO booked (client) VALUES ('x') RETURNING 1) SELECT * FROM new", "the query writes"),
        ("CREATE TABLE stolen (a int)", "write one SELECT; other statements are not taken"),
        ("SELECT 1 AS a INTO stolen", "the database answers: "),
        ("SELECT nextval('counter') AS a", "the query writes"),
        ("SELECT client FROM booked FOR UPDATE", "the query writes|permission denied"),
        ("SELECT lo_create(4711) AS a", "the query writes|permission denied"),
        ("COPY booked TO PROGRAM 'touch /tmp/acctlib-stolen'", "write one SELECT; other statements are not taken"),
        ("COPY booked TO '/tmp/acctlib-stolen'", "write one SELECT; other statements are not taken"),
        ("SET TRANSACTION READ WRITE", "write one SELECT; other statements are not taken"),
        ("SELECT set_config('transaction_read_only', 'off', false) AS a", "the database answers: "),
        ("DO $$ BEGIN DROP TABLE booked; END $$", "write one SELECT; other statements are not taken"),
        (
            "SELECT pg_read_file('/etc/passwd') AS a",
            "permission denied for function pg_read_file; let the database's owner grant",
        ),
        ("SELECT salary FROM closed", "permission denied for table closed; let the database's owner grant SELECT"),
        ("SELECT hour FROM booked", 'the database answers: column "hour" does not exist; mend the query'),
        ("SELECT hours FROM bookd", 'the database answers: relation "bookd" does not exist; mend the query'),
        ("SELECT current_user::int AS a", "mend the query"),
        ("SELECT 1 / 0 AS a", "the database answers: division by zero"),
        ("SELECT", "the query returns no columns; write one SELECT with the table's columns"),
    ],
)
def test_a_query_reads_one_answer_and_changes_nothing(database, text, says):
    message = refused(text)
    assert message.startswith("account.yaml:5: tables.time_entries: ")
    assert re.search(says, message)
    assert database.execute("SELECT count(*) FROM booked").fetchone() == (len(ROWS),)
    assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (2,)
    assert database.execute("SELECT is_called FROM counter").fetchone() == (False,)
    assert not Path("/tmp/acctlib-stolen").exists()


@pytest.mark.parametrize("account", ["aurora' OR '1'='1", "aurora'; DROP TABLE booked; --", "\\' OR 1=1", "%(account)s", "$1"])
def test_an_account_id_is_never_sql(account):
    table, problems = answer(query(account=account))
    assert (len(table), problems) == (0, [])
    assert len(answer(query())[0]) == len(ROWS)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DB_PASSWORD", "wrong", "the database postgresql:///agency refused the user and the password; set the variables"),
        ("DB_USER", "nobody", "the database postgresql:///agency refused the user and the password; set the variables"),
        ("DB_PASSWORD", "", "the environment variable DB_PASSWORD is not set; set it before the command"),
        ("DB_HOST", "/tmp/acctlib-nowhere", "the database postgresql:///agency can't be reached; check that it runs"),
        ("DB_HOST", "127.0.0.1:1", "can't be reached|has a host that nobody knows"),
    ],
)
def test_each_way_not_to_reach_it_is_a_sentence(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    message = refused()
    assert message.startswith("account.yaml:4: tables.time_entries: ")
    assert re.search(says, message)


def test_a_database_of_another_name_is_named():
    assert "the database postgresql:///agenty is not on that server; mend the name" in refused(
        url=URL.replace("agency", "agenty")
    )


def test_a_query_that_takes_too_long_is_stopped(monkeypatch):
    monkeypatch.setattr(sql, "SECONDS", 0.3)
    began = monotonic()
    assert "took longer than 0.3 seconds and was stopped" in refused("SELECT pg_sleep(30)::text AS note")
    assert monotonic() - began < 15  # the server stopped it, not our patience


def test_no_connection_is_left_behind(database):
    for text in (SQL, "SELECT hour FROM booked", "SELECT 1 / 0 AS a"):
        answer(query(text))
    with database.cursor() as cursor:
        for _ in range(100):
            if cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'acctlib'").fetchone() == (0,):
                return
            cursor.execute("SELECT pg_sleep(0.05)")
    pytest.fail("a connection is open")


def test_the_password_stands_in_no_error_log_or_trace(caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DB_PASSWORD", PASSWORD + "x")
    with pytest.raises(TableErrors) as error:
        fingerprint(query())
    told = "".join(traceback.format_exception(error.value)) + repr(error.value) + caplog.text + repr(query())
    assert not any(part in told for part in (PASSWORD, "s3cr", USER))


def test_reports_of_an_account_in_postgresql(tmp_path, monkeypatch, database):
    shows = "import os; report.text(f\"ours: {[name for name in os.environ if name.startswith('DB_')]}\", section='Env')"
    root = make_workbook(tmp_path, shows)
    (root / "data" / "aurora" / "time_entries.csv").unlink()
    with (root / "data" / "aurora" / "account.yaml").open("a") as profile:
        profile.write(f"tables:\n  time_entries:\n    url: {URL}\n    sql: {SQL}\n")
    monkeypatch.chdir(root)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)

    def acctlib(*arguments):
        result = CliRunner().invoke(cli.main, arguments)
        assert not any(part in result.output for part in (PASSWORD, "s3cr", USER))
        return result.exit_code, result.output

    assert acctlib("check", "aurora") == (0, f"aurora: 2 tables, {len(ROWS) + 1} rows, no problem\n")
    code, said = acctlib("run", "aurora")
    assert (code, said.splitlines()[-2]) == (0, "2 made, 0 up to date, 0 failed")
    pages = {path: path.read_bytes() for path in (root / "outputs").glob("*/aurora/*/*.*")}
    told = b"".join(pages.values()).decode()
    assert told.count("ours: []") == 2  # no cell can read a password, whoever writes it
    assert not any(part in told for part in (PASSWORD, "s3cr", USER, os.environ["DB_HOST"]))
    made = json.loads(pages[root / "outputs" / "internal" / "aurora" / "2026-Q3" / "spend.json"])
    assert made["sources"]["time_entries"] == {"file": "time_entries (SQL, postgresql:///agency)", "rows": len(ROWS)}

    shuffled = ROWS[:]
    random.Random(1).shuffle(shuffled)
    database.execute("TRUNCATE booked")
    with database.cursor() as cursor:
        cursor.executemany("INSERT INTO booked VALUES (%s, %s, %s, %s, %s)", shuffled)
    assert acctlib("status", "aurora")[1].count("up to date") == 2
    assert acctlib("run", "aurora", "--force")[0] == 0
    assert pages == {path: path.read_bytes() for path in pages}

    database.execute("UPDATE booked SET hours = 8 WHERE hours = 7.25")
    assert acctlib("status", "aurora")[1].count("would be made, changed: database") == 2
    monkeypatch.setenv("DB_PASSWORD", "wrong")
    for command in ("status", "run"):
        code, said = acctlib(command, "aurora")
        assert code == 1
        times = {"status": 1, "run": 2}[command]  # a run says it as it fails, and at the end
        refused = "account.yaml:5: tables.time_entries: the database postgresql:///agency refused the user and"
        assert said.count(refused) == times
    assert pages == {path: path.read_bytes() for path in pages}


def test_by_hand_the_notebook_asks_with_the_environment_of_its_user(tmp_path, monkeypatch):
    root = make_workbook(tmp_path)
    (root / "data" / "aurora" / "time_entries.csv").unlink()
    with (root / "data" / "aurora" / "account.yaml").open("a") as profile:
        profile.write(f"tables:\n  time_entries:\n    url: {URL}\n    sql: {SQL}\n")
    monkeypatch.chdir(root)
    account = Account.read("aurora", "2026-Q3")
    assert account.time_entries["hours"].sum() == pytest.approx(28 * (0.1 + 7.25 + 3.3))


def test_the_example_of_the_readme_is_answered(tmp_path, monkeypatch):
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    example = re.search(r"^```yaml\n(tables:.*?)^```", readme, re.DOTALL | re.MULTILINE)[1]
    root = make_workbook(tmp_path)
    (root / "data" / "aurora" / "time_entries.csv").unlink()
    with (root / "data" / "aurora" / "account.yaml").open("a") as profile:
        profile.write(example.replace("@db.example.com/", "@${DB_HOST}/"))
    monkeypatch.chdir(root)
    assert len(Account.read("aurora", "2026-Q3").time_entries) == len(ROWS)
