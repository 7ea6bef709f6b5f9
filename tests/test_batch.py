"""What is typed is checked before anything runs; what is wrong in an account's files stops that account only."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from unittest import mock

import nbformat
import pytest
from small_workbook import add_account, all_run, make_workbook, spend_notebook

from acctlib import account
from acctlib.run import batch, preloaded
from acctlib.run.batch import run_all, sole_run
from acctlib.run.orders import Outcome, Workbook, WrongUse, names_of_accounts, plan
from acctlib.run.parameters import ParameterError, checked_parameters, declared_parameters, editions
from acctlib.run.preloaded import Ended
from acctlib.run.report import AccountRefused, ReportDied, ReportFailed, make_report

DECLARED = {
    "account": "aurora",
    "period": "2026-Q3",
    "as_of": "",
    "confidence": 0.8,
    "draws": 1024,
    "seed": 1,
    "audience": "internal",
}


@pytest.fixture
def book(tmp_path):
    root = make_workbook(tmp_path)
    return Workbook(root, root / "data", root / "parameters", root / "outputs")


@pytest.fixture
def made(monkeypatch):
    """Replace the making of a report by a note of it; accounts named in `fails` fail."""
    notes = []

    def note(edition, others, *limits):
        if edition.account in note.refused:
            raise AccountRefused("projects.csv:2: no")
        notes.append((str(edition), sorted(others)))
        if edition.account in note.fails:
            raise ReportFailed("cell 3: no")

    note.fails, note.refused, note.made = set(), set(), notes
    monkeypatch.setattr(batch, "run_report", note)
    monkeypatch.setattr(preloaded, "Preloaded", lambda *_: mock.Mock())
    return note


def test_every_account_has_every_edition_that_its_notebook_has(book):
    nbformat.write(spend_notebook(editions=("internal",)), book.root / "notebooks" / "account_plan.ipynb")
    orders, wrong = plan(book)
    assert wrong == []
    assert [str(order) for order in orders] == [
        "aurora 2026-Q3 account_plan (internal)",
        "aurora 2026-Q3 spend (client)",
        "aurora 2026-Q3 spend (internal)",
        "borealis 2026-Q3 account_plan (internal)",
        "borealis 2026-Q3 spend (client)",
        "borealis 2026-Q3 spend (internal)",
    ]
    assert [str(order) for order in plan(book, ["borealis"], ["spend"], "client")[0]] == ["borealis 2026-Q3 spend (client)"]


def test_the_command_line_wins_over_the_file_and_the_file_over_the_notebook(book):
    (book.parameters / "aurora.yaml").write_text('account: aurora\nperiod: "2026-Q2"\nseed: 7\naudience: client\n')
    (order,), _ = plan(book, ["aurora"], said={"period": "2026-Q3", "as_of": "2026-08-31"})
    assert order.audience == "client"
    assert {name: order.parameters[name] for name in ("period", "as_of", "seed", "draws")} == {
        "period": "2026-Q3",
        "as_of": "2026-08-31",
        "seed": 7,
        "draws": 1024,
    }
    assert (order.parameters["data"], order.parameters["results"]) == ("data", "outputs")


@pytest.mark.parametrize(
    ("year", "day", "label"),
    [
        ("", "2026-09-29", "2026-Q2"),
        ("", "2026-09-30", "2026-Q3"),  # the day is over when what was known on it is known
        ("", "2026-10-01", "2026-Q3"),
        ("fiscal_year_start: 2\n", "2026-10-30", "2026-Q2"),  # August to October is not over
        ("fiscal_year_start: 2\n", "2026-10-31", "2026-Q3"),
        ("fiscal_year_start: 4\nfiscal_year_named_by: end\n", "2026-11-24", "2027-Q2"),
        ("fiscal_year_start: 4\nfiscal_year_named_by: start\n", "2026-04-01", "2025-Q4"),
    ],
)
def test_the_latest_period_is_the_account_s_last_that_is_complete(book, year, day, label):
    with (book.data / "aurora" / "account.yaml").open("a") as file:
        file.write(year)
    (by_day,), _ = plan(book, ["aurora"], audience="client", said={"period": "latest", "as_of": day})
    assert (by_day.parameters["period"], by_day.parameters["as_of"]) == (label, day)
    (today,), _ = plan(book, ["aurora"], audience="client", said={"period": "latest"}, today=date.fromisoformat(day))
    assert (today.parameters["period"], today.parameters["as_of"]) == (label, "")  # tomorrow the same parameters


def test_the_latest_period_of_an_account_without_profile_is_its_own_failure(book):
    (book.data / "aurora" / "account.yaml").write_text("name: Aurora\n")
    orders, (failed,) = plan(book, audience="client", said={"period": "latest", "as_of": "2026-11-24"})
    assert [order.account for order in orders] == ["borealis"]
    assert failed.reason.startswith("account.yaml:1: currency must be given")


def test_the_latest_period_needs_a_day_and_stands_in_no_file(book):
    with pytest.raises(WrongUse, match="--period latest must have a day; add --as-of"):
        plan(book, said={"period": "latest"})
    (book.parameters / "aurora.yaml").write_text("account: aurora\nperiod: latest\n")
    _, (failed,) = plan(book)
    assert failed.reason.endswith("for the last complete one: acctlib run --period latest")


def test_another_period_is_reported_as_of_its_own_end(book):
    (book.parameters / "aurora.yaml").write_text('account: aurora\nperiod: "2026-Q2"\nas_of: "2026-06-30"\n')
    assert plan(book, ["aurora"], said={"period": "2026-Q3"})[0][0].parameters["as_of"] == ""
    assert plan(book, ["aurora"], said={"period": "2026-Q2"})[0][0].parameters["as_of"] == "2026-06-30"
    assert plan(book, ["aurora"], said={"period": "2026-Q3", "as_of": "2026-08-01"})[0][0].parameters["as_of"] == "2026-08-01"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"accounts": ["auror"]}, "an account must be one of aurora, borealis, got 'auror'; did you mean aurora?"),
        ({"accounts": ["zzz"]}, "make it with: acctlib new zzz"),
        ({"accounts": ["../x"]}, "an account must be lower-case letters, digits, - and _ (at most 63), got '../x'"),
        ({"accounts": ["/etc"]}, "got '/etc'"),
        ({"notebooks": ["spent"]}, "a notebook must be one of spend, got 'spent'; did you mean spend?"),
        ({"said": {"period": "2026-Q5"}}, "period must be a fiscal quarter such as 2026-Q3, got '2026-Q5'"),
        ({"said": {"period": "../../x"}}, "period must be a fiscal quarter"),
        (
            {"said": {"as_of": "30/09/2026"}},
            "--as-of must be a date, got '30/09/2026'; write year-month-day such as 2026-09-30",
        ),
    ],
)
def test_what_is_typed_wrong_stops_everything_with_a_sentence(book, typed, says):
    with pytest.raises(WrongUse) as error:
        plan(book, **typed)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'account: aurora\nperiod: "2026-Q3"\nconfidnce: 0.8\n',
            "aurora.yaml:3: confidnce is not a parameter; did you mean confidence?",
        ),
        (
            'account: aurora\nperiod: "2026-Q3"\nxyz: 1\n',
            "aurora.yaml:3: xyz is not a parameter; the parameters are account, period",
        ),
        ("account: aurora\n", 'aurora.yaml: period must be given; add a line `period: "2026-Q3"`'),
        ('period: "2026-Q3"\n', "aurora.yaml: account must be given; add a line `account: aurora`"),
        (
            'account: borealis\nperiod: "2026-Q3"\n',
            "aurora.yaml:1: account must be the file's name, got 'borealis'; write account: aurora",
        ),
        ("account: aurora\nperiod: 2026\n", 'aurora.yaml:2: period must be text in quotes, got 2026; write period: "2026-Q3"'),
        (
            'account: aurora\nperiod: "Q3 2026"\n',
            "aurora.yaml:2: period must be a fiscal quarter such as 2026-Q3, got 'Q3 2026'",
        ),
        ('account: aurora\nperiod: "2026-Q3"\nas_of: 2026-09-30\n', "aurora.yaml:3: as_of must be text in quotes"),
        ('account: aurora\nperiod: "2026-Q3"\nas_of: "30.9.2026"\n', "as_of must be a date, or empty for the period's end"),
        ('account: aurora\nperiod: "2026-Q3"\ndraws: many\n', "draws must be a whole number, got 'many'; write draws: 16384"),
        ('account: aurora\nperiod: "2026-Q3"\ndraws: 1.5\n', "draws must be a whole number, got 1.5"),
        ('account: aurora\nperiod: "2026-Q3"\ndraws: 0\n', "draws must lie between 1 and 16,777,216, got 0"),
        (
            'account: aurora\nperiod: "2026-Q3"\nconfidence: 80\n',
            "confidence must lie between 0 and 1, got 80; write 80 % as 0.8",
        ),
        ('account: aurora\nperiod: "2026-Q3"\nseed: true\n', "seed must be a whole number, got True"),
        ('account: aurora\nperiod: "2026-Q3"\nseed:\n', "seed must be a whole number, got nothing"),
        ('account: aurora\nperiod: "2026-Q3"\nseed: -1\n', "seed must not be negative, got -1"),
        ('account: aurora\nperiod: "2026-Q3"\naudience: all\n', "audience must be client or internal, got 'all'"),
        ('account: aurora\nperiod: "2026-Q3"\nseed: 1\nseed: 2\n', "aurora.yaml:4"),
        ('account: &a aurora\nperiod: "2026-Q3"\n', "must not use anchors or aliases"),
        ('account: aurora\nperiod: "2026-Q3"\nopen("x","w").write("y");account: 1\n', "is not a parameter"),
    ],
)
def test_a_parameters_file_that_is_wrong_is_answered_with_its_line(tmp_path, text, says):
    file = tmp_path / "aurora.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match="aurora") as error:
        checked_parameters(file, [DECLARED])
    assert says in str(error.value)


def test_all_that_is_wrong_with_a_parameters_file_is_said_at_once(tmp_path):
    file = tmp_path / "aurora.yaml"
    file.write_text("acount: aurora\nseed: x\nconfidence: 8\n")
    with pytest.raises(ParameterError) as error:
        checked_parameters(file, [DECLARED])
    assert len(str(error.value).splitlines()) == 5


def test_a_whole_number_is_a_number(tmp_path):
    file = tmp_path / "aurora.yaml"
    file.write_text('account: aurora\nperiod: "2026-Q3"\nconfidence: 0.9\n')
    assert checked_parameters(file, [DECLARED])["confidence"] == 0.9


def test_the_parameters_cell_holds_literals_only(tmp_path):
    notebook = spend_notebook()
    path = tmp_path / "spend.ipynb"
    nbformat.write(notebook, path)
    assert declared_parameters(path)["confidence"] == 0.8
    assert editions(path) == ["client", "internal"]
    for source in ("seed = int('1')", "import os", "a, b = 1, 2", "seed ="):
        notebook.cells[1].source = source
        nbformat.write(notebook, path)
        with pytest.raises(ParameterError, match="must hold lines such as seed = 1 only"):
            declared_parameters(path)
    notebook.cells[1].metadata.tags = []
    nbformat.write(notebook, path)
    with pytest.raises(ParameterError, match="must have one cell tagged parameters, got 0"):
        declared_parameters(path)
    path.write_text("{}")
    with pytest.raises(ParameterError, match="must be a notebook that can be read"):
        declared_parameters(path)


def test_an_account_with_wrong_files_fails_and_the_others_are_made(book, made):
    (book.parameters / "aurora.yaml").write_text("account: aurora\n")
    add_account(book.root, "corona", "Corona Energy")
    made.refused = {"corona"}
    orders, wrong = plan(book)
    outcomes = {outcome.what: outcome for outcome in [*wrong, *all_run(orders)]}
    assert outcomes["aurora"].reason.startswith("aurora.yaml: period must be given")
    assert outcomes["corona"] == Outcome("corona", "failed", "projects.csv:2: no")  # once, not for each of its reports
    assert outcomes["borealis 2026-Q3 spend (client)"] == Outcome("borealis 2026-Q3 spend (client)", "made")
    assert {what for what, _ in made.made} == {"borealis 2026-Q3 spend (client)", "borealis 2026-Q3 spend (internal)"}
    assert not book.out.exists()


@pytest.mark.parametrize("engine", ["copy", "kernel"])
def test_a_period_without_work_fails_before_any_cell_runs(book, engine):
    orders, _ = plan(book, ["aurora"], said={"period": "2031-Q1"})
    (outcome,) = all_run(orders, engine)
    assert outcome.what == "aurora"
    assert "period must lie within the account's projects" in outcome.reason


def test_what_breaks_the_reading_itself_is_said_of_the_account(book, monkeypatch):
    def read(*_):
        raise PermissionError("not yours")

    monkeypatch.setattr(account.Account, "read", read)
    with pytest.raises(AccountRefused, match="its files can't be read: PermissionError: not yours"):
        make_report(plan(book, ["aurora"])[0][0], {})


def test_a_process_that_was_killed_is_tried_once_more(book, monkeypatch):
    tries = []

    def killed(edition, *_):
        tries.append(str(edition))
        raise ReportDied("killed by signal SIGKILL")

    monkeypatch.setattr(batch, "run_report", killed)
    (outcome,) = all_run(plan(book, ["aurora"], audience="client")[0], "kernel")
    assert (outcome.state, len(tries)) == ("failed", 2)


def test_a_preloaded_process_that_ended_is_started_again(book, monkeypatch):
    started = []

    def run(edition, others, seconds, preloaded, memory):
        if len(started) == 1:
            raise Ended

    monkeypatch.setattr(batch, "run_report", run)
    monkeypatch.setattr(preloaded, "Preloaded", lambda *_: started.append(1) or mock.Mock())
    (outcome,) = all_run(plan(book, ["aurora"], audience="client")[0], "copy")
    assert (outcome.state, len(started)) == ("made", 2)


def test_a_report_that_fails_leaves_the_others_alone(book, made):
    made.fails = {"aurora"}
    outcomes = {outcome.what: (outcome.state, outcome.reason) for outcome in all_run(plan(book)[0])}
    assert outcomes["aurora 2026-Q3 spend (client)"] == ("failed", "cell 3: no")
    assert outcomes["borealis 2026-Q3 spend (client)"] == ("made", "")


def test_each_report_knows_the_names_of_all_other_accounts(book, made):
    all_run(plan(book, ["aurora"])[0])
    assert sorted(made.made)[0] == ("aurora 2026-Q3 spend (client)", ["borealis"])
    assert names_of_accounts(book.data) == {"aurora": ["Aurora Foods"], "borealis": ["Borealis Bank"]}


def test_the_names_of_an_account_with_a_broken_profile_stay_protected(book):
    (book.data / "borealis" / "account.yaml").write_text(
        "name: Borealis Bank\nname: twice\naliases: [BBK, 'Boreal']\ncurrency: X\n"
    )
    assert names_of_accounts(book.data)["borealis"] == ["Borealis Bank", "twice", "BBK", "Boreal"]


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("name: Borealis Bank # ours since 2019\ncurency: GBP\n", ["Borealis Bank"]),
        ('"name": "Borealis Bank"\ncurency: GBP\n', ["Borealis Bank"]),
        ("name : Borealis, Bank\n\tcurrency: GBP\n", ["Borealis, Bank"]),
        ("{name: Borealis Bank, aliases: [BBK], curency: GBP}\n", ["Borealis Bank", "aliases: [BBK", "curency: GBP"]),
        ("name: Borealis Bank\naliases:\n  - BBK\n  - 'Boreal'\nname: x\n", ["Borealis Bank", "BBK", "Boreal", "x"]),
        ("name: >-\n  Borealis Bank\ncurency: GBP\n", []),
        ("aliases: [BBK]\n", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_name_is_found_in_a_profile_with_a_mistake_or_said_not_to_be(book, profile, names, encoding):
    (book.data / "borealis" / "account.yaml").write_bytes(profile.encode(encoding))
    assert names_of_accounts(book.data)["borealis"] == names


def test_while_a_name_can_not_be_told_no_client_s_page_is_made_and_ours_are(book, made):
    (book.data / "borealis" / "account.yaml").write_bytes(b"name: >-\n  Borealis\ncurency: GBP\n")
    outcomes = {outcome.what: outcome for outcome in all_run(plan(book, ["aurora"])[0])}
    assert outcomes["aurora 2026-Q3 spend (internal)"].state == "made"
    assert outcomes["aurora 2026-Q3 spend (client)"].reason == (
        "borealis/account.yaml can't be read, not even the client's name, which must not stand on this page; "
        "acctlib check borealis says what is wrong"
    )


def test_what_other_programs_hide_beside_ours_is_no_notebook_and_no_account(book):
    for hidden in (book.root / "notebooks" / "._spend.ipynb", book.parameters / "._aurora.yaml"):
        hidden.write_bytes(b"\0\5\26\7")
    orders, wrong = plan(book)
    assert ([order.account for order in orders], wrong) == (["aurora", "aurora", "borealis", "borealis"], [])


@pytest.mark.parametrize("as_of", ["9999-12-31", "0001-01-01"])
def test_a_day_of_which_no_quarter_can_be_told_is_refused(book, as_of):
    with pytest.raises(WrongUse, match=f"--as-of must be a date, got '{as_of}'"):
        plan(book, said={"period": "latest", "as_of": as_of})


def test_a_parameters_file_that_may_not_be_read_stops_its_account_only(book, monkeypatch):
    from pathlib import Path

    read = Path.read_bytes

    def denied(path):
        if path.name == "borealis.yaml":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", denied)
    orders, (wrong,) = plan(book)
    assert {order.account for order in orders} == {"aurora"}
    assert (wrong.what, wrong.reason) == (
        "borealis",
        "borealis.yaml must be a file that you may read, got: Permission denied; let its owner give you the right to",
    )


def test_what_is_up_to_date_is_made_only_by_force(book, made, monkeypatch):
    monkeypatch.setattr(batch, "why_stale", lambda edition, known: "")
    orders, _ = plan(book)
    assert {outcome.state for outcome in all_run(orders)} == {"up to date"}
    assert made.made == []
    assert {outcome.state for outcome in all_run(orders, force=True)} == {"made"}


def test_several_workers_make_reports_at_one_time(book, monkeypatch):
    both = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(batch, "run_report", lambda *_: both.wait())
    orders, _ = plan(book, audience="client")
    assert {outcome.state for outcome in all_run(orders, "kernel")} == {"made"}


def test_who_stops_listening_leaves_no_report_behind(book, monkeypatch):
    stopped = threading.Event()
    monkeypatch.setattr(batch, "run_report", lambda edition, *_: edition.audience == "client" or stopped.wait(20))
    monkeypatch.setattr(batch, "stop_all", stopped.set)
    maker = batch.Maker(2, "kernel")
    outcomes = run_all(plan(book, ["aurora"])[0], maker)
    assert next(outcomes).state == "made"
    outcomes.close()
    assert stopped.is_set()


def test_a_second_run_on_the_same_outputs_is_refused(book):
    holder = "import sys\nfrom pathlib import Path\nfrom acctlib.run.batch import sole_run\n"
    holder += "with sole_run(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    command = [sys.executable, "-c", holder, str(book.out)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WrongUse) as error, sole_run(book.out):
            pass
        assert f"another run is writing to outputs/ (process {other.pid}); wait until it ends" in str(error.value)
        other.kill()
    with sole_run(book.out):
        pass


def test_what_a_killed_run_left_behind_is_cleared(book):
    places = (
        ".tmp/aurora-x/page",
        "client/aurora/2026-Q3/.spend.html.1f.tmp",
        "client/aurora/.index.html.tmp",
        ".known.json.tmp",
    )
    for left in (book.out / place for place in places):
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_text("half")
    with sole_run(book.out):
        assert [path for path in book.out.rglob("*") if path.is_file()] == [book.out / ".lock"]
    assert not (book.out / ".tmp").exists()


def test_outputs_that_cant_be_written_are_said_in_a_sentence(book):
    book.out.write_text("a file")
    with (
        pytest.raises(WrongUse, match="outputs/ must be a folder that can be written, got: File exists; or choose"),
        sole_run(book.out),
    ):
        pass
