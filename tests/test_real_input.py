"""Real accounts go through the whole chain, and every figure equals the sum of the source's own rows.

The expected sums are made here, straight from the source files and without acctlib. What a period holds of the hours is
said in closed form: a developer books eight hours a working day from the day on which the task began.
"""

from __future__ import annotations

import html
import json
import subprocess
import sysconfig
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_accounts import (
    GCLOUD,
    ROOT,
    SIP_DATES,
    SIP_TASKS,
    STATUS,
    first_day,
    gcloud_account,
    gcloud_pairs,
    gcloud_rows,
    month_end,
    sip_account,
    sip_date,
    sip_projects,
    sip_rows,
)

from acctlib.account import Account
from acctlib.missing import Missing
from acctlib.tables.checks import read_checked

pytestmark = pytest.mark.skipif(
    not all(path.is_file() for path in (SIP_TASKS, SIP_DATES, GCLOUD)),
    reason="the real data is not there; set ACCTLIB_SHARED to the folder that has data/sip_first60 and data/gcloud2013",
)

SIP = ("small", "middle", "large", "unfinished")
PAIRS = ("months", "credits", "one-month", "services", "letters")
#: Run through every notebook, the first of each in both editions; all accounts in all editions would take minutes.
REPORTED_SIP, REPORTED_PAIRS = ("unfinished", "small"), ("credits", "letters")
BOTH_EDITIONS = {"sip-unfinished": "hours_to_date", "gcloud-credits": "invoiced_to_date"}
NOTEBOOKS = ("account_plan", "budget_risk", "meeting_brief", "quarterly_business_review")


@dataclass(frozen=True)
class Quarter:
    """A quarter of the test's own: its label and its days."""

    label: str
    start: date
    end: date


def quarter_of(day: date, first_month: int = 1) -> Quarter:
    """Return the quarter of a fiscal year that is named by its start."""
    months = day.year * 12 + day.month - first_month
    start = months // 3 * 3 + first_month - 1
    first, after = (date(m // 12, m % 12 + 1, 1) for m in (start, start + 3))
    return Quarter(f"{months // 12}-Q{months % 12 // 3 + 1}", first, after - timedelta(days=1))


def hours_until(rows: list[dict], day: date) -> float:
    """Return the hours booked up to a day."""
    working_days = [max(0, np.busday_count(first_day(row), day + timedelta(days=1))) for row in rows]
    return sum(min(float(row["DeveloperHoursActual"]), 8 * days) for row, days in zip(rows, working_days, strict=True))


def hours_in(rows: list[dict], quarter: Quarter) -> float:
    return hours_until(rows, quarter.end) - hours_until(rows, quarter.start - timedelta(days=1))


def charges_in(rows: list[dict], start: date, end: date) -> float:
    return sum(float(row["Total_Charge"]) for row in rows if start <= month_end(row["For_Month"]) <= end)


def busiest(rows: list[dict]) -> Quarter:
    """Return the quarter with the most hours, the first one of equals."""
    return max(sorted({quarter_of(first_day(row)) for row in rows}, key=lambda q: q.start), key=lambda q: hours_in(rows, q))


def tasks_of(rows: list[dict]) -> list[dict]:
    return list({row["TaskNumber"]: row for row in rows}.values())


def done_by(rows: list[dict], day: date) -> int:
    finished = (t for t in tasks_of(rows) if t["StatusCode"] in ("FINISHED", "COMPLETED", "RELEASED"))
    return sum(sip_date(task["CompletedOn"]) <= day for task in finished)


def estimate_of(rows: list[dict], day: date) -> float:
    """Return the estimates of all tasks but those cancelled; one that had not begun by the day was still planned then."""
    cancelled = {t["TaskNumber"] for t in tasks_of(rows) if t["StatusCode"] == "CANCELLED" and first_day(t) <= day}
    return sum(float(task["HoursEstimate"]) for task in tasks_of(rows) if task["TaskNumber"] not in cancelled)


@pytest.fixture(scope="module")
def sip_source() -> dict[str, list[dict]]:
    rows = sip_rows()
    return {name: [row for row in rows if row["ProjectCode"] == code] for name, code in sip_projects().items()}


@pytest.fixture(scope="module")
def gcloud_source() -> dict[str, list[dict]]:
    rows = gcloud_rows()
    return {name: [row for row in rows if (row["Supplier"], row["Customer"]) == pair] for name, pair in gcloud_pairs().items()}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a data folder with every account, and no firm folder: the sources say nothing about the firm."""
    folder = tmp_path_factory.mktemp("workbook") / "data"
    for name, code in sip_projects().items():
        sip_account(code, folder / f"sip-{name}")
    for name, pair in gcloud_pairs().items():
        gcloud_account(*pair, folder / f"gcloud-{name}")
    return folder


def tables(data, account: str) -> dict:
    checked = read_checked(data / account, data / "firm")
    assert checked.warnings == ()
    return checked.tables


# The sources


def test_the_sources_hold_the_documented_rows():
    rows = sip_rows()
    assert (len(rows), len(tasks_of(rows)), len(gcloud_rows())) == (7332, 6194, 4699)  # SOURCES.md beside the data
    assert sum(float(row["DeveloperHoursActual"]) for row in rows) == pytest.approx(
        sum(float(task["HoursActual"]) for task in tasks_of(rows))  # "sum of DeveloperHoursActual = HoursActual"
    )


def test_the_chosen_accounts_are_what_they_stand_for(sip_source, gcloud_source):
    sizes = {name: len(tasks_of(rows)) for name, rows in sip_source.items()}
    assert sizes["small"] < sizes["unfinished"] < sizes["middle"] < sizes["large"]
    assert {STATUS[row["StatusCode"]] for row in sip_source["unfinished"]} == {"done", "in_progress", "cancelled", "planned"}
    months = {name: len({row["For_Month"] for row in rows}) for name, rows in gcloud_source.items()}
    assert months["months"] == max(months.values()) > 12
    assert months["one-month"] == 1
    assert sum(float(row["Total_Charge"]) < 0 for row in gcloud_source["credits"]) > 5
    assert len({row["Product_Service_Description"] for row in gcloud_source["services"]}) > 10
    assert any("®" in row["Product_Service_Description"] for row in gcloud_source["letters"])


# Tables


@pytest.mark.parametrize("name", SIP)
def test_hours_and_estimates_of_the_tables_equal_the_source(data, sip_source, name):
    rows, typed = sip_source[name], tables(data, f"sip-{name}")
    hours = defaultdict(float)
    for row in rows:
        hours[row["TaskNumber"], row["DeveloperID"]] += float(row["DeveloperHoursActual"])
    entries = typed["time_entries"]
    assert entries["hours"].max() <= 8
    assert entries.groupby(["task", "person"])["hours"].sum().to_dict() == pytest.approx(dict(hours))
    assert typed["tasks"]["likely_hours"].sum() == pytest.approx(sum(float(t["HoursEstimate"]) for t in tasks_of(rows)))


@pytest.mark.parametrize("name", SIP)
def test_states_and_words_of_the_tables_equal_the_source(data, sip_source, name):
    rows, typed = sip_source[name], tables(data, f"sip-{name}")
    finished = {t["TaskNumber"] for t in tasks_of(rows) if t["StatusCode"] in ("FINISHED", "COMPLETED", "RELEASED")}
    done = typed["tasks"][typed["tasks"]["status"] == "done"]
    assert set(done["task"]) == finished
    assert done["done_on"].notna().all()
    assert typed["tasks"].loc[typed["tasks"]["status"] != "done", "done_on"].isna().all()
    cancelled = (typed["tasks"]["status"] == "cancelled").sum()
    assert cancelled == sum(task["StatusCode"] == "CANCELLED" for task in tasks_of(rows))
    assert set(typed["time_entries"]["note"]) == {row["Summary"].strip() for row in rows}


@pytest.mark.parametrize("name", PAIRS)
def test_invoices_of_the_tables_equal_the_source(data, gcloud_source, name):
    rows, typed = gcloud_source[name], tables(data, f"gcloud-{name}")
    invoices = typed["invoices"]
    by_month = defaultdict(float)
    for row in rows:
        by_month[pd.Timestamp(month_end(row["For_Month"]))] += float(row["Total_Charge"])
    assert invoices.groupby("issued")["amount"].sum().to_dict() == pytest.approx(dict(by_month))
    credit = invoices["kind"] == "credit_note"
    assert invoices.loc[credit, "amount"].sum() == pytest.approx(
        sum(float(row["Total_Charge"]) for row in rows if float(row["Total_Charge"]) < 0)
    )
    assert (invoices["amount"] < 0).equals(credit)
    assert set(typed["projects"]["name"]) == {row["Product_Service_Description"].strip() for row in rows}


def test_tables_that_the_sources_know_nothing_of_are_missing(data):
    assert {name for name, table in tables(data, "sip-middle").items() if not isinstance(table, Missing)} == {
        "projects",
        "tasks",
        "time_entries",
    }
    assert {name for name, table in tables(data, "gcloud-months").items() if not isinstance(table, Missing)} == {
        "projects",
        "invoices",
    }


# Account


@pytest.mark.parametrize("audience", ["client", "internal"])
@pytest.mark.parametrize("name", SIP)
def test_an_account_knows_the_hours_up_to_its_day(data, sip_source, name, audience):
    quarter = busiest(sip_source[name])
    account = Account.read(f"sip-{name}", quarter.label, audience=audience, data=data)
    assert (account.period.start, account.as_of) == (quarter.start, quarter.end)
    assert account.time_entries["hours"].sum() == pytest.approx(hours_until(sip_source[name], quarter.end))
    assert (account.tasks["status"] == "done").sum() == done_by(sip_source[name], quarter.end)
    assert ("note" in account.time_entries.columns) is (audience == "internal")
    assert ("person" in account.time_entries.columns) is (audience == "internal")


@pytest.mark.parametrize("audience", ["client", "internal"])
@pytest.mark.parametrize("name", PAIRS)
def test_an_account_knows_the_invoices_up_to_its_day(data, gcloud_source, name, audience):
    rows = gcloud_source[name]
    quarter = quarter_of(date.fromisoformat(min(row["For_Month"] for row in rows)), first_month=4)
    account = Account.read(f"gcloud-{name}", quarter.label, audience=audience, data=data)
    assert (account.period.start, account.period.end) == (quarter.start, quarter.end)
    assert account.invoices["amount"].sum() == pytest.approx(charges_in(rows, date.min, quarter.end))


# Reports


@pytest.fixture(scope="module")
def quarters(sip_source, gcloud_source) -> dict[str, Quarter]:
    """Return account -> the quarter reported: the last in which work began, or in which something was invoiced."""
    begun = {name: max(first_day(row) for row in sip_source[name]) for name in REPORTED_SIP}
    billed = {name: max(date.fromisoformat(row["For_Month"]) for row in gcloud_source[name]) for name in REPORTED_PAIRS}
    return {f"sip-{name}": quarter_of(day) for name, day in begun.items()} | {
        f"gcloud-{name}": quarter_of(day, first_month=4) for name, day in billed.items()
    }


@pytest.fixture(scope="module")
def reports(data, quarters):
    """Return the folder of all reports, made by the command as its users call it."""
    parameters, out = data.parent / "parameters", data.parent / "outputs"
    parameters.mkdir()
    for account, quarter in quarters.items():
        lines = [f"account: {account}", f'period: "{quarter.label}"', "draws: 1024", "seed: 1"]
        lines += [] if account in BOTH_EDITIONS else ["audience: internal"]
        (parameters / f"{account}.yaml").write_text("\n".join(lines) + "\n")
    acctlib = Path(sysconfig.get_path("scripts")) / "acctlib"
    command = [acctlib, "run", "--data", data, "--parameters", parameters, "--out", out]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return out


def stored(reports, account: str, quarter: Quarter, notebook: str, audience: str = "internal") -> dict:
    return json.loads((reports / audience / account / quarter.label / f"{notebook}.json").read_text(encoding="utf-8"))


def value(report: dict, figure: str) -> float:
    return report["figures"][figure]["value"]


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("name", REPORTED_SIP)
def test_reported_hours_equal_the_source(reports, quarters, sip_source, name, notebook):
    rows, quarter = sip_source[name], quarters[f"sip-{name}"]
    report = stored(reports, f"sip-{name}", quarter, notebook)
    assert report["as_of"] == quarter.end.isoformat()
    assert value(report, "hours_to_date") == pytest.approx(hours_until(rows, quarter.end))
    assert value(report, "hours_in_period") == pytest.approx(hours_in(rows, quarter))


@pytest.mark.parametrize("notebook", NOTEBOOKS)
@pytest.mark.parametrize("name", REPORTED_PAIRS)
def test_reported_invoices_equal_the_source(reports, quarters, gcloud_source, name, notebook):
    rows, quarter = gcloud_source[name], quarters[f"gcloud-{name}"]
    report = stored(reports, f"gcloud-{name}", quarter, notebook)
    assert value(report, "invoiced_to_date") == pytest.approx(charges_in(rows, date.min, quarter.end))
    assert value(report, "invoiced_in_period") == pytest.approx(charges_in(rows, quarter.start, quarter.end))


@pytest.mark.parametrize("name", REPORTED_SIP)
def test_reported_tasks_and_estimates_equal_the_source(reports, quarters, sip_source, name):
    rows, quarter = sip_source[name], quarters[f"sip-{name}"]
    report = stored(reports, f"sip-{name}", quarter, "budget_risk")
    assert value(report, "tasks_done") == done_by(rows, quarter.end)
    assert value(report, "estimate_hours") == pytest.approx(estimate_of(rows, quarter.end))


@pytest.mark.parametrize("notebook", NOTEBOOKS[1:])
@pytest.mark.parametrize(("account", "figure"), BOTH_EDITIONS.items())
def test_the_client_edition_says_the_same(reports, quarters, account, figure, notebook):
    ours, theirs = (stored(reports, account, quarters[account], notebook, audience) for audience in ("internal", "client"))
    assert value(theirs, figure) == value(ours, figure)


@pytest.mark.parametrize("notebook", NOTEBOOKS[1:])
def test_no_internal_note_reaches_a_client_page(reports, quarters, sip_source, notebook):
    path = f"client/sip-unfinished/{quarters['sip-unfinished'].label}/{notebook}.html"
    page = html.unescape((reports / path).read_text(encoding="utf-8"))
    notes = {row["Summary"].strip() for row in sip_source["unfinished"]}
    assert len(notes) > 20
    assert not [note for note in notes if note in page]
