"""The README is true: each command in it is run, its tables are the dictionary's, its parameters the notebooks'."""

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from import_books import harvest

from acctlib import cli
from acctlib.run import batch
from acctlib.tables.dictionary import markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

#: Commands of the README that need more than this file, and the test that runs them as they stand.
RUN_ELSEWHERE = {
    "make report": ".ci/run calls make test, whose set-up it shares; test_notebook_runs runs the same acctlib run",
    "make test": ".ci/run",
    "dask scheduler": "test_cluster, whose cluster is started so",
    "dask worker tcp://10.0.0.5:8786 --nworkers 4 --nthreads 1": "test_cluster",
    "acctlib run --cluster tcp://10.0.0.5:8786": "test_cluster",
    "acctlib run --cluster tcp://10.0.0.5:8786 "
    "--data s3://bucket/data --parameters s3://bucket/parameters --out s3://bucket/outputs": "test_mirror",
    "jupyter lab notebooks/budget_risk.ipynb": "test_lab",
    "papermill notebooks/budget_risk.ipynb X.ipynb -f parameters/harbour-foods.yaml": "test_notebook_runs",
    "jupyter nbconvert --to html --template acctlib X.ipynb": "test_notebook_runs",
}


def commands(text):
    """Return the commands of the shell blocks, without their comments."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = (line.split("#")[0].strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line]


@pytest.fixture
def workbook(tmp_path, monkeypatch):
    for folder in ("notebooks", "parameters", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    harvest(tmp_path / "june.csv", ("2026-06-01", "Kestrel Mutual", "Member portal", "", "7.5", "Yes", "Ines Carvalho", "x"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    return tmp_path


def test_the_example_of_the_library_prints_what_stands_beneath_it(capsys):
    example, printed = re.search(
        r"^```python\n(from acctlib.*?)^```\n\n```\n(.*?)^```", README, re.DOTALL | re.MULTILINE
    ).groups()
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == printed


def test_the_first_thing_it_says_is_the_two_commands():
    assert commands(README)[:2] == ["make report", "make test"]


def test_every_command_is_run_here_or_in_a_test_that_is_named():
    assert {c for c in commands(README) if not c.startswith("acctlib ") or "--cluster" in c} == set(RUN_ELSEWHERE)
    for test in ("test_lab", "test_notebook_runs", "test_cluster", "test_mirror"):
        assert (ROOT / "tests" / f"{test}.py").is_file()


def test_the_commands_for_a_new_account_and_for_the_demo_accounts_do_what_they_say(workbook, monkeypatch):
    planned = []

    def planned_only(orders, maker, force, known):
        planned.append((sorted({order.account for order in orders}), len(orders), force))
        return (outcome for outcome in ())  # that a planned report is then made is test_notebook_runs' business

    monkeypatch.setattr(batch, "run_all", planned_only)
    for command in (c for c in commands(README) if c.startswith("acctlib ") and c not in RUN_ELSEWHERE):
        result = CliRunner().invoke(cli.main, command.split()[1:])
        assert result.exit_code == 0, f"{command}: {result.output}"
        if command == "acctlib new northwind":
            period = re.search(r'period: "(\d{4})-Q\d"', (workbook / "parameters" / "northwind.yaml").read_text())
            path = workbook / "data" / "northwind" / "projects.csv"
            header = path.read_text().splitlines()[0].split(",")
            row = {"project": "site", "name": "Website", "billing_type": "fixed_fee"}
            row |= {"start": f"{period[1]}-01-01", "end": f"{period[1]}-12-31"}
            path.write_text(",".join(header) + "\n" + ",".join(row.get(name, "") for name in header) + "\n")
    demo = ["harbour-foods", "kestrel-mutual", "sorrel-health"]
    assert planned == [
        (["northwind"], 7, False),
        (["harbour-foods"], 1, False),
        (["kestrel-mutual"], 2, False),
        (["kestrel-mutual"], 7, False),
        ([*demo[:2], "northwind", demo[2]], 28, True),
        ([*demo[:2], "northwind", demo[2]], 28, False),
    ]


def test_the_data_section_is_the_dictionary():
    made = re.search(r"<!-- tables: .*?-->\n\n(.*?)\n<!-- /tables -->", README, re.DOTALL)[1]
    assert made == markdown()


def test_the_parameters_are_those_of_the_notebooks():
    from test_notebooks import PARAMETERS

    table = README[README.index("| parameter | meaning") :].split("\n\n")[0]
    assert re.findall(r"`(\w+)`", "".join(row.split("|")[1] for row in table.splitlines()[2:])) == PARAMETERS


def test_the_notebooks_and_their_editions_are_those_that_are_there():
    import nbformat

    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        editions = nbformat.read(path, as_version=4).metadata["acctlib"]["editions"]
        assert re.search(rf"^\| `{path.stem}` \|.*\| {', '.join(editions)} \|$", README, re.MULTILINE)
