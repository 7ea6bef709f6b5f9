"""The notebooks run on the demo accounts, and whoever runs them gets the same page with the same figures.

Hours and invoices are added up here by the csv module, straight from the files; a forecast is compared with a call of the
library, step by step as an analyst would make it.
"""

from __future__ import annotations

import csv
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from conftest import ROOT, run_command

from acctlib.account import Account
from acctlib.measures import budget, rates, selections
from acctlib.outlook import risk_register
from acctlib.outlook.estimate_at_completion import estimate_at_completion
from acctlib.outlook.forecast import cost_forecast

#: Account -> its name, the quarter of its parameters file, and that quarter's first and last day.
ACCOUNTS = {
    "harbour-foods": ("Harbour Foods", "2026-Q3", "2026-07-01", "2026-09-30"),
    "kestrel-mutual": ("Kestrel Mutual", "2027-Q2", "2026-07-01", "2026-09-30"),
    "sorrel-health": ("Sorrel Health", "2026-Q2", "2026-05-01", "2026-07-31"),
}
EDITIONS = {
    "account_plan": ("internal",),
    "budget_risk": ("client", "internal"),
    "meeting_brief": ("client", "internal"),
    "quarterly_business_review": ("client", "internal"),
}
REPORTS = [
    (audience, account, notebook) for account in ACCOUNTS for notebook, audiences in EDITIONS.items() for audience in audiences
]
#: What an internal page with charts may run: its own script. What a client's page may run, or one without charts: nothing.
POLICY = "default-src 'none'; {}style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"

each_report = pytest.mark.parametrize(("audience", "account", "notebook"), REPORTS)
each_notebook = pytest.mark.parametrize("notebook", EDITIONS)


def file_of(reports, audience, account, notebook, ending=".html"):
    return reports / audience / account / ACCOUNTS[account][1] / f"{notebook}{ending}"


def page_of(reports, audience, account, notebook):
    return file_of(reports, audience, account, notebook).read_text(encoding="utf-8")


def figures(reports, audience, account, notebook):
    stored = json.loads(file_of(reports, audience, account, notebook, ".json").read_text(encoding="utf-8"))
    return {name: figure.get("value") for name, figure in stored["figures"].items()}


def added_up(account, table, column, date, since=""):
    """Return a column's sum over the rows dated from `since` to the end of the account's quarter."""
    with (ROOT / "data" / account / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return sum(float(row[column]) for row in csv.DictReader(file) if since <= row[date] <= ACCOUNTS[account][3])


def source_lines(notebook):
    """Return the lines of code that are long enough to be recognised on a page."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    lines = (line.strip() for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines())
    return [line for line in lines if len(line) >= 20]


def shown_source(page, notebook):
    """Return the lines of a notebook's code that a reader of the page, or of its text, would find."""
    shown = html.unescape(page)
    return [line for line in source_lines(notebook) if line in shown]


# The run itself


def test_each_notebook_gives_a_page_and_its_figures_in_each_edition_it_has(demo_reports):
    found = {path.relative_to(demo_reports).as_posix() for path in demo_reports.glob("*/*/*/*")}
    wanted = {
        file_of(demo_reports, *report, ending).relative_to(demo_reports).as_posix()
        for report in REPORTS
        for ending in (".html", ".json")
    }
    assert found == wanted
    assert len(found) == 2 * 21


@each_report
def test_a_page_has_its_name_and_headline_and_no_code(demo_reports, audience, account, notebook):
    page = page_of(demo_reports, audience, account, notebook)
    assert f"<h1>{ACCOUNTS[account][0]}</h1>" in page
    # Who attends and what was agreed last time come first in a review, the headline right after it.
    first_sections = "".join(re.findall(r"<section.*?</section>", page, re.DOTALL)[:3])
    assert len(re.findall(r'<p class="val">[^<]*\d', first_sections)) >= 2
    assert shown_source(page, notebook) == []
    assert "Traceback" not in page
    assert "Incomplete:" not in page


def test_the_guard_against_code_sees_a_line_of_a_cell():
    line = 'report = Report(view, "Budget risk", "budget_risk")'
    assert shown_source(f"<pre>{html.escape(line)}</pre>", "budget_risk") == [line]


@each_report
def test_a_policy_stands_first_in_the_head_and_a_page_for_a_client_or_without_charts_has_no_script(
    demo_reports, audience, account, notebook
):
    page = page_of(demo_reports, audience, account, notebook)
    first = re.search(r'<head>\s*<meta content="([^"]*)" http-equiv="Content-Security-Policy"/>', page)[1]
    if audience == "client" or notebook == "meeting_brief":
        assert first == POLICY.format("")
        assert "<script" not in page
    else:
        assert re.fullmatch(re.escape(POLICY.format("SCRIPT")).replace("SCRIPT", r"script-src 'sha256-[\w+/=]{44}'; "), first)


# The figures


@each_notebook
@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_reported_sums_are_those_of_the_files(demo_reports, account, notebook):
    since = ACCOUNTS[account][2]
    said = figures(demo_reports, "internal", account, notebook)
    assert said["hours_to_date"] == pytest.approx(added_up(account, "time_entries", "hours", "date"))
    assert said["hours_in_period"] == pytest.approx(added_up(account, "time_entries", "hours", "date", since))
    assert said["invoiced_to_date"] == pytest.approx(added_up(account, "invoices", "amount", "issued"))
    assert said["invoiced_in_period"] == pytest.approx(added_up(account, "invoices", "amount", "issued", since))


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("notebook", ["budget_risk", "quarterly_business_review"])
def test_a_client_reads_what_was_invoiced_and_the_hours_of_his_open_books(demo_reports, account, notebook):
    ours, theirs = (figures(demo_reports, audience, account, notebook) for audience in ("internal", "client"))
    assert theirs["invoiced_to_date"] == ours["invoiced_to_date"]
    assert 0 < theirs["hours_to_date"] < ours["hours_to_date"]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_reported_forecast_is_the_library_s(demo_reports, account):
    view = Account.read(account, ACCOUNTS[account][1], "", "internal", str(ROOT / "data"))
    scope = selections.running(budget.approved_scope(view.projects, view.change_requests, view.as_of))
    plan = selections.of_projects(view.tasks, scope)
    rated = selections.of_projects(rates.hourly_rates(view.time_entries, view.rate_card, view.id, view.currency), scope)
    costs = rates.task_rates(plan, view.rate_card, view.id, view.currency, view.as_of)
    bought = selections.of_projects(budget.freelancer_expenses(view.expenses, view.as_of), scope)
    work = estimate_at_completion(plan, rated, view.progress, costs, risk_register.risk_events(view.risks), bought)
    forecast = cost_forecast(work, view.currency, draws=2048, seed=1)
    median = forecast.cost.quantile(0.5)
    assert figures(demo_reports, "internal", account, "budget_risk")["forecast"] == median
    stored = json.loads(file_of(demo_reports, "internal", account, "budget_risk", ".json").read_text(encoding="utf-8"))
    assert stored["figures"]["forecast"]["quantiles"]["0.8"] == forecast.cost.quantile(0.8)
    assert f"{median / 1000:.0f}k" in page_of(demo_reports, "internal", account, "budget_risk")


def test_a_brief_may_be_of_a_day_after_its_period_and_counts_to_that_day(demo_workbook, tmp_path):
    said = ("--notebook", "meeting_brief", "--audience", "internal", "--as-of", "2026-09-14", "--out", tmp_path / "out")
    made = run_command("acctlib", "run", "sorrel-health", *said, cwd=demo_workbook)
    assert made.returncode == 0, made.stderr
    page = (tmp_path / "out/internal/sorrel-health/2026-Q2/meeting_brief.html").read_text(encoding="utf-8")
    assert "Meeting brief, 14 Sep 2026" in page
    assert "Since the last meeting, 28 Jul 2026" in page
    assert re.search(r"7\sSep\s2026</td>\s*<td[^>]*>Campaign report Aug 2026", page)  # accepted after the period's end
    assert "That we plan for the end of October" in page  # the period's words of the director are still read


# The same page, whoever makes it


BY_HAND = [
    ("internal", "kestrel-mutual", "budget_risk"),
    ("internal", "sorrel-health", "account_plan"),
    ("client", "kestrel-mutual", "quarterly_business_review"),
]


def by_papermill(root, audience, account, notebook):
    """Execute a notebook as a schedule without `acctlib` does; the file's edition is internal unless it is told otherwise."""
    edition = [] if audience == "internal" else ["-p", "audience", audience]
    target = f"{audience}-{account}-{notebook}.ipynb"
    parameters = f"parameters/{account}.yaml"
    return run_command("papermill", f"notebooks/{notebook}.ipynb", target, "-f", parameters, *edition, cwd=root)


@pytest.fixture(scope="module")
def pages_by_hand(demo_workbook):
    """Return report -> the bytes of the page that papermill and then nbconvert made of it."""
    with ThreadPoolExecutor(2) as pool:
        executed = list(pool.map(lambda report: by_papermill(demo_workbook, *report), BY_HAND))
    assert [done.returncode for done in executed] == [0] * len(BY_HAND), [done.stderr[-2000:] for done in executed]
    names = ["-".join(report) for report in BY_HAND]
    converted = run_command(
        "jupyter", "nbconvert", "--to", "html", "--template", "acctlib", *(f"{name}.ipynb" for name in names), cwd=demo_workbook
    )
    assert converted.returncode == 0, converted.stderr
    return {report: (demo_workbook / f"{name}.html").read_bytes() for report, name in zip(BY_HAND, names, strict=True)}


@pytest.mark.parametrize("report", BY_HAND, ids="-".join)
def test_papermill_and_nbconvert_give_the_page_of_acctlib_run_byte_for_byte(demo_reports, pages_by_hand, report):
    assert pages_by_hand[report] == file_of(demo_reports, *report).read_bytes()


def test_a_second_run_elsewhere_in_another_time_zone_gives_the_same_bytes(demo_workbook, demo_reports, tmp_path):
    places = [
        file_of(demo_reports, audience, "kestrel-mutual", "budget_risk", ending)
        for audience in ("client", "internal")
        for ending in (".html", ".json")
    ]
    before = {place: (place.read_bytes(), place.stat().st_ino) for place in places}
    again = run_command(
        *("acctlib", "run", "kestrel-mutual", "--notebook", "budget_risk", "--force"),
        cwd=tmp_path,
        ACCTLIB_HOME=str(demo_workbook),
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        PYTHONHASHSEED="7",
    )
    assert again.returncode == 0, again.stderr
    assert "2 made, 0 up to date, 0 failed" in again.stdout
    for place, (content, inode) in before.items():
        assert place.read_bytes() == content
        assert place.stat().st_ino != inode, f"{place.name} was not written again"


# What is refused


def test_a_misspelt_parameter_stops_acctlib_run_before_anything_is_written(demo_workbook, tmp_path):
    (tmp_path / "parameters").mkdir()
    said = (demo_workbook / "parameters" / "kestrel-mutual.yaml").read_text(encoding="utf-8")
    (tmp_path / "parameters" / "kestrel-mutual.yaml").write_text(said.replace("confidence:", "confidnce:"), encoding="utf-8")
    refused = run_command(
        "acctlib", "run", "--parameters", tmp_path / "parameters", "--out", tmp_path / "out", cwd=demo_workbook
    )
    assert refused.returncode == 1
    assert re.search(r"kestrel-mutual\.yaml:\d+: confidnce is not a parameter; did you mean confidence\?", refused.stderr)
    assert list((tmp_path / "out").rglob("[!.]*.json")) == []


def test_a_bad_value_under_papermill_stops_in_the_setup_cell(demo_workbook, tmp_path):
    target = tmp_path / "X.ipynb"
    arguments = ("-f", "parameters/kestrel-mutual.yaml", "-p", "period", "2027-Q5")
    stopped = run_command("papermill", "notebooks/budget_risk.ipynb", target, *arguments, cwd=demo_workbook)
    assert stopped.returncode != 0
    assert "ValueError: period must be a fiscal quarter such as 2026-Q3, got '2027-Q5'; write year, hyphen, Q1 to Q4" in (
        stopped.stderr
    )
    code = [cell for cell in nbformat.read(target, as_version=4).cells if cell.cell_type == "code" and cell.source]
    failed = [cell for cell in code if any(output.output_type == "error" for output in cell.outputs)]
    assert ["Account.read(" in cell.source for cell in failed] == [True]
    assert all(cell.execution_count is None for cell in code[code.index(failed[0]) + 1 :])


@each_notebook
@pytest.mark.parametrize(
    ("parameter", "value", "says"),
    [
        ("account", "../x", "account must be lower-case letters, digits, - and _"),
        ("account", "kestrel", "account must be a folder of data/, got 'kestrel'; did you mean kestrel-mutual?"),
        ("period", "2031-Q1", "period must lie within the account's projects"),
        ("as_of", "30/09/2026", "as_of must be a date such as 2026-09-30, got '30/09/2026'; write year-month-day"),
        ("audience", "both", "audience must be client or internal, got 'both'; write audience: internal"),
    ],
)
def test_the_setup_cell_says_what_to_write_instead(demo_workbook, monkeypatch, notebook, parameter, value, says):
    monkeypatch.chdir(demo_workbook / "notebooks")  # where JupyterLab runs it
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    cells = nbformat.read(f"{notebook}.ipynb", as_version=4).cells
    parameters, setup = [cell.source for cell in cells if cell.cell_type == "code"][:2]
    names = {}
    exec(parameters, names)
    with pytest.raises(ValueError, match=re.escape(says)):
        exec(setup, names | {parameter: value})
