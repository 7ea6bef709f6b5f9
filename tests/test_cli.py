"""The commands as a Director types them: what they print, what they leave, and their exit codes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner
from conftest import run_command
from small_workbook import make_workbook

from acctlib.cli import main
from acctlib.profile import read_profile
from acctlib.run import batch


@pytest.fixture
def root(tmp_path, monkeypatch):
    root = make_workbook(tmp_path)
    monkeypatch.chdir(root)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    return root


def acctlib(*arguments):
    """Return exit code, standard output and errors of a command."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def test_a_run_makes_pages_figures_and_an_index_and_then_finds_them_up_to_date(root):
    code, said, errors = acctlib("run", "aurora", "--workers", "2")
    assert (code, errors) == (0, "")
    assert "made        aurora 2026-Q3 spend (client)\n" in said
    assert said.endswith("2 made, 0 up to date, 0 failed\nOpen outputs/index.html\n")
    pages = sorted(path.relative_to(root).as_posix() for path in (root / "outputs").rglob("*") if path.is_file())
    assert pages == [
        "outputs/.known.json",
        "outputs/.lock",
        "outputs/client/aurora/2026-Q3/spend.html",
        "outputs/client/aurora/2026-Q3/spend.json",
        "outputs/client/aurora/index.html",
        "outputs/index.html",
        "outputs/internal/aurora/2026-Q3/spend.html",
        "outputs/internal/aurora/2026-Q3/spend.json",
        "outputs/internal/aurora/index.html",
    ]
    assert "0 made, 2 up to date, 0 failed" in acctlib("run", "aurora")[1]
    code, said, _ = acctlib("status")
    assert code == 0
    assert said.splitlines() == [
        "aurora 2026-Q3 spend (client): up to date",
        "aurora 2026-Q3 spend (internal): up to date",
        "borealis 2026-Q3 spend (client): would be made, it was never made",
        "borealis 2026-Q3 spend (internal): would be made, it was never made",
    ]


def test_a_wrong_table_is_named_with_exit_code_1_and_nothing_is_written(root):
    (root / "data" / "aurora" / "projects.csv").write_text(
        "project,nme,billing_type,start,end\nsite,x,fixed_fee,2026-01-05,2026-12-18\n"
    )
    code, said, errors = acctlib("run", "aurora")
    assert code == 1
    assert "0 made, 0 up to date, 1 failed" in said
    assert "aurora:\n  projects.csv:1: column 'nme'" in errors
    assert sorted(path.name for path in (root / "outputs").rglob("*") if path.is_file()) == [
        ".failed.json",
        ".known.json",
        ".lock",
        "index.html",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "../x"), "an account must be lower-case letters"),
        (("run", "auror"), "did you mean aurora?"),
        (("run", "--notebook", "spent"), "did you mean spend?"),
        (("run", "--period", "2026-Q7"), "period must be a fiscal quarter"),
        (("run", "--as-of", "yesterday"), "--as-of must be a date"),
        (("run", "--audience", "all"), "Invalid value for '--audience'"),
        (("run", "--workers", "0"), "Invalid value for '--workers'"),
        (("check", "auror"), "an account must be one of aurora, borealis, got 'auror'"),
        (("new", "Aurora Foods"), "an account must be lower-case letters"),
        (("new", "firm"), "not firm"),
        (("new", "aurora"), "parameters/aurora.yaml must not exist yet"),
    ],
)
def test_wrong_use_is_answered_with_a_sentence_and_exit_code_2(root, arguments, says):
    code, said, errors = acctlib(*arguments)
    assert code == 2
    assert said == ""
    assert says in errors
    assert "Traceback" not in errors
    assert not (root / "outputs").exists()


def test_a_notebook_without_that_edition_is_wrong_use(root):
    from nbformat import write
    from small_workbook import spend_notebook

    write(spend_notebook(editions=("internal",)), root / "notebooks" / "spend.ipynb")
    code, _, errors = acctlib("run", "--audience", "client")
    assert code == 2
    assert "there is nothing to make" in errors


def test_no_workbook_is_wrong_use(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    code, _, errors = acctlib("run")
    assert code == 2
    assert "a folder with notebooks/ and parameters/" in errors


def test_data_parameters_and_outputs_may_lie_elsewhere(root, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (root / "data").rename(elsewhere / "data")
    (root / "parameters").rename(elsewhere / "parameters")
    (root / "parameters").mkdir()
    asked = []
    monkeypatch.setattr(batch, "run_report", lambda edition, others, *_: asked.append(edition))
    places = ("--data", elsewhere / "data", "--parameters", elsewhere / "parameters", "--out", elsewhere / "out")
    assert acctlib("run", "aurora", "--audience", "client", *places)[0] == 0
    assert asked[0].html == elsewhere / "out" / "client" / "aurora" / "2026-Q3" / "spend.html"
    assert asked[0].data == elsewhere / "data"
    assert not (root / "outputs").exists()


def test_check_counts_what_is_right_and_lists_all_that_is_wrong(root):
    assert acctlib("check", "aurora") == (0, "aurora: 2 tables, 3 rows, no problem\n", "")
    (root / "parameters" / "borealis.yaml").write_text("account: borealis\nperiod: 3\n")
    (root / "data" / "borealis" / "account.yaml").write_text("nme: Borealis\ncurrency: GBP\n")
    (root / "data" / "borealis" / "time_entries.csv").write_text('date,project,hours,billable\n2026-07-06,site,"7,5",yes\n')
    code, said, _ = acctlib("check")
    assert code == 1
    assert "aurora: 2 tables, 3 rows, no problem" in said
    assert "borealis: borealis.yaml:2: period must be text in quotes, got 3" in said
    assert "borealis: account.yaml:1: nme is not a key of this file; did you mean name?" in said
    assert "write 7.5" in said


def test_check_names_what_is_absent_and_a_period_without_work(root):
    (root / "parameters" / "corona.yaml").write_text('account: corona\nperiod: "2026-Q3"\n')
    (root / "parameters" / "aurora.yaml").unlink()
    (root / "parameters" / "borealis.yaml").write_text('account: borealis\nperiod: "2031-Q3"\n')
    code, said, _ = acctlib("check")
    assert code == 1
    assert 'aurora: parameters/aurora.yaml must exist; write account: aurora and period: "2026-Q3"' in said
    assert "borealis: period must lie within the account's projects" in said
    assert "corona: account.yaml must exist in corona/; make it with: acctlib new corona" in said


def test_a_new_account_has_all_it_needs_but_its_projects(root):
    code, said, _ = acctlib("new", "corona")
    assert code == 0
    assert "made parameters/corona.yaml" in said
    assert "acctlib check corona" in said
    assert {"account.yaml", "projects.csv", "time_entries.csv", "tables.xlsx"} <= {
        p.name for p in (root / "data" / "corona").iterdir()
    }
    code, said, _ = acctlib("check", "corona")
    assert code == 1
    assert said.splitlines() == ["corona: projects.csv: has no rows; enter one project at least"]
    (root / "data" / "corona" / "projects.csv").write_text((root / "data" / "aurora" / "projects.csv").read_text())
    assert acctlib("check", "corona")[0] == 0


def test_every_optional_line_of_a_new_profile_can_be_used(root):
    acctlib("new", "corona")
    file = root / "data" / "corona" / "account.yaml"
    first, *lines = file.read_text().splitlines()
    used = [line.removeprefix("# ") for line in lines]
    assert used != lines
    file.write_text("\n".join([first, *used]))
    profile = read_profile(file)
    assert profile.targets.revenue == 250000
    assert profile.tables["time_entries"].sql.endswith("WHERE client = :account")
    assert profile.aliases == ["Other name", "ABC"]


def test_a_new_account_overwrites_nothing_and_leaves_nothing_half_made(root, monkeypatch):
    from acctlib.run import start

    def full(_):
        raise OSError("No space left on device")

    monkeypatch.setattr(start, "write_templates", full)
    code, _, errors = acctlib("new", "corona")
    assert code == 2
    assert "No space left" in errors
    assert sorted(p.name for p in (root / "data").iterdir()) == ["aurora", "borealis"]
    assert not (root / "parameters" / "corona.yaml").exists()


def test_help_teaches_with_examples():
    code, said, _ = acctlib("run", "--help")
    assert code == 0
    assert "acctlib run harbour-foods --audience client" in said


def test_help_imports_nothing_heavy():
    program = "import sys, acctlib.cli; print(sorted({'pandas', 'numpy', 'altair', 'papermill', 'scipy'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("out", ["", ".", "data", "data/aurora", "notebooks/made"])
def test_reports_are_not_written_among_what_they_are_made_from(tmp_path, out):
    root = make_workbook(tmp_path)
    refused = run_command("acctlib", "run", "--out", out, cwd=root)
    assert refused.returncode == 2
    assert "--out must be a folder of its own, apart from" in refused.stderr
    assert sorted(path.name for path in root.iterdir()) == ["data", "notebooks", "parameters"]


@pytest.mark.parametrize("seconds", ["nan", "inf", "0"])
def test_a_limit_of_time_is_a_number_of_seconds(tmp_path, seconds):
    refused = run_command("acctlib", "run", "--timeout", seconds, cwd=make_workbook(tmp_path))
    assert refused.returncode == 2
    assert "Invalid value for '--timeout'" in refused.stderr


def test_status_says_what_failed_when_it_was_last_tried(tmp_path):
    root = make_workbook(tmp_path, "raise ValueError('no fee is\\x1b[31m agreed' + '!' * 2000)", editions=("internal",))
    failed = run_command("acctlib", "run", "aurora", cwd=root)
    assert failed.returncode == 1
    assert max(map(len, failed.stderr.splitlines())) < 700
    assert "no fee is␛[31m agreed!!!" in failed.stderr
    said = run_command("acctlib", "status", cwd=root).stdout
    never = "spend (internal): would be made, it was never made"
    assert f'aurora 2026-Q3 {never}; the last try failed: cell 6 ("Fees"): no fee' in said
    assert f"borealis 2026-Q3 {never}\n" in said
