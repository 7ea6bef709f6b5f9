"""Every mistake in a table, through `acctlib run`: a sentence with place and remedy, exit code 1, and nothing written."""

import shutil

import pytest
from click.testing import CliRunner
from conftest import ROOT
from test_account import written

from acctlib import cli

#: What is done to which file, and what the answer must hold: the place and what to write instead.
MISTAKES = {
    "missing column": ("projects", ("start,end", "begin,end"), ("projects.csv:1", "'start'", "begin")),
    "misspelt column": ("time_entries", ("note\n", "notte\n"), ("time_entries.csv:1", "notte", "note")),
    "extra cell": ("tasks", (",planned,,111.3", ",planned,,111.3,9"), ("tasks.csv:4", "cell")),
    "short row": ("tasks", (",planned,,111.3", ""), ("tasks.csv:4", "cell")),
    "bad date": ("time_entries", ("2026-07-02,ff", "2026-07-32,ff"), ("time_entries.csv:2", "date", "2026-07-32")),
    "ambiguous date": ("time_entries", ("2026-07-02,ff", "03/04/2026,ff"), ("time_entries.csv:2", "2026-04-03", "2026-03-04")),
    "decimal comma": (
        "time_entries",
        ("Designer,7.5,yes", 'Designer,"7,5",yes'),
        ("time_entries.csv:2", "'hours'", "write 7.5"),
    ),
    "thousands": ("projects", ("100000", '"100,000"'), ("projects.csv:2", "'fee'", "write 100000")),
    "currency sign": ("projects", ("100000", "£100000"), ("projects.csv:2", "'fee'", "write 100000")),
    "negative hours": ("time_entries", ("Designer,7.5,yes", "Designer,-7.5,yes"), ("time_entries.csv:2", "'hours'", "-7.5")),
    "more than a day": ("time_entries", ("Designer,7.5,yes", "Designer,25,yes"), ("time_entries.csv:2", "'hours'", "24")),
    "unknown word": ("projects", ("fixed_fee", "fixed_fees"), ("projects.csv:2", "'billing_type'", "fixed_fee")),
    "duplicate key": ("projects", ("re,Care", "ff,Care"), ("projects.csv:3", "ff", "2")),
    "dangling reference": ("time_entries", ("2026-07-02,ff,t", "2026-07-02,fff,t"), ("time_entries.csv:2", "'project'", "fff")),
    "low above likely": ("tasks", ("ff,t,design,Designer,10,20", "ff,t,design,Designer,30,20"), ("tasks.csv:2", "low_hours")),
    "likely above high": ("tasks", ("Designer,10,20,40", "Designer,10,50,40"), ("tasks.csv:2", "high_hours")),
    "probability": ("risks", ("Late content,30", "Late content,130"), ("risks.csv:2", "'probability'", "100")),
    "end before start": (
        "projects",
        ("2026-01-01,2026-12-31,100000", "2026-12-31,2026-01-01,100000"),
        ("projects.csv:2", "end"),
    ),
    "blank": ("projects", ("ff,Website", "ff,"), ("projects.csv:2", "'name'")),
}


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    written(tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters" / "harbour.yaml").write_text('account: harbour\nperiod: "2026-Q3"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    return tmp_path


def refused(root, *says):
    """Run the account and see that it is refused with these words, and that nothing but the list of reports is written."""
    answer = CliRunner().invoke(cli.main, ["run", "harbour"])
    assert answer.exit_code == 1, answer.output
    for words in says:
        assert words in answer.output
    assert "Traceback" not in answer.output
    files = {
        path.relative_to(root / "outputs").as_posix()
        for path in (root / "outputs").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert not {name for name in files if name.endswith((".json", ".ipynb"))}
    assert {name for name in files if name.endswith(".html")} <= {"index.html"}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_answered_with_its_place_and_remedy(workbook, mistake):
    table, (right, wrong), says = MISTAKES[mistake]
    path = workbook / "data" / "harbour" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    refused(workbook, *says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "projects.csv"),
        (b"project,name,billing_type,start,end\nff,Website,fixed_fee,2026-01-01", "projects.csv:2"),
        (b'project,name,billing_type,start,end\nff,"Website,fixed_fee,2026-01-01,2026-12-31\n', "projects.csv"),
        (b"project,name,billing_type,start,end\nff,Caf\xc3\xa9 \xe9,fixed_fee,2026-01-01,2026-12-31\n", "projects.csv"),
        (b"project,name,billing_type,start,end\nff,A\x00B,fixed_fee,2026-01-01,2026-12-31\n", "projects.csv"),
        (b"project,name,billing_type,start,end\n", "project"),
    ],
    ids=["empty file", "cut in a line", "cut in a quote", "two encodings", "nul", "header only"],
)
def test_a_file_that_is_not_whole_is_refused(workbook, content, says):
    for name in ("tasks", "progress", "time_entries", "expenses", "contracts", "change_requests", "risks"):
        (workbook / "data" / "harbour" / f"{name}.csv").unlink()
    (workbook / "data" / "harbour" / "projects.csv").write_bytes(content)
    refused(workbook, says)


def test_all_mistakes_are_told_at_once(workbook):
    for table, (right, wrong), _ in (MISTAKES[name] for name in ("decimal comma", "unknown word", "probability")):
        path = workbook / "data" / "harbour" / f"{table}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    refused(workbook, "time_entries.csv:2", "projects.csv:2", "risks.csv:2")


def test_the_account_without_mistakes_is_not_refused(workbook, monkeypatch):
    from acctlib.run import batch

    planned = []

    def planned_only(orders, *_, **limits):
        planned.extend(orders)
        yield from ()

    monkeypatch.setattr(batch, "run_all", planned_only)
    assert CliRunner().invoke(cli.main, ["run", "harbour"]).exit_code == 0
    assert len(planned) == 7  # the plan, and three notebooks in two editions
