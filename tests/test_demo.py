"""The demo accounts tell one story each, and their figures agree.

The sums are written here straight from the files, without the library: they are what its reports must reproduce.
"""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from acctlib.tables.checks import read_checked
from acctlib.tables.dictionary import INTERNAL, TABLES

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
ACCOUNTS = {"harbour-foods": "GBP", "kestrel-mutual": "EUR", "sorrel-health": "USD"}
FIRST, LAST = pd.Timestamp("2024-10-01"), pd.Timestamp("2026-09-30")

each_account = pytest.mark.parametrize("account", ACCOUNTS)


@cache
def table(account, name):
    """Return a file as it stands, numbers and dates typed, blank cells as "" in text columns."""
    spec = TABLES[name]
    path = DATA / ("firm" if spec.firm else account) / f"{name}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    for column in spec.columns:
        if column.kind == "date":
            frame[column.name] = pd.to_datetime(frame[column.name].replace("", None), format="%Y-%m-%d")
        elif column.kind in ("number", "whole", "hours", "money", "percent"):
            frame[column.name] = pd.to_numeric(frame[column.name])
    return frame


def projects_of(account, billing_type):
    projects = table(account, "projects")
    return projects[projects["billing_type"] == billing_type].to_dict("records")


def value_of_time(account):
    """Return the billable value of each entry: the account's own rate before the standard one, the newest valid."""
    time = table(account, "time_entries").reset_index(names="entry")
    card = table(account, "rate_card")
    card = card[(card["currency"] == ACCOUNTS[account]) & card["account"].isin(["", account])]
    pairs = time.merge(card, on="role")
    pairs = pairs[pairs["valid_from"] <= pairs["date"]].sort_values(["account", "valid_from"])
    best = pairs.drop_duplicates("entry", keep="last").set_index("entry").sort_index()
    assert len(best) == len(time), "an entry has a role without a rate"
    best["value"] = best["hours"] * best["bill_rate"] * (best["billable"] == "yes")
    return best


def fee_invoiced(account, project):
    """Return what was invoiced for a project without pass-through, before credit notes, by month."""
    invoices = table(account, "invoices")
    own = invoices[(invoices["project"] == project) & (invoices["kind"] != "credit_note")]
    return (own["amount"] - own["pass_through"]).groupby(own["issued"].dt.to_period("M")).sum()


def approved(account, project, column):
    changes = table(account, "change_requests")
    return changes.loc[(changes["project"] == project) & (changes["status"] == "approved"), column].sum()


# ----------------------------------------------------------------------------------------------------------- the files


def test_the_script_makes_the_committed_bytes(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("make_demo", DATA / "make_demo.py")
    demo = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_demo", demo)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec.loader.exec_module(demo)
    demo.make(DATA, tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.csv"))
    assert len(made) == 3 * 3 + 3
    for path in made:
        assert (tmp_path / path).read_bytes() == (DATA / path).read_bytes(), f"run data/make_demo.py: {path} differs"


@each_account
def test_every_table_has_rows_and_the_columns_of_the_dictionary(account):
    for name, spec in TABLES.items():
        frame = table(account, name)
        assert len(frame) > 0, name
        typed = [column for column in spec.names if column not in ("imported_from", "rating")]  # which an import writes
        assert list(frame.columns) == typed, name


@each_account
def test_the_checks_accept_every_table_without_a_warning(account):
    checked = read_checked(DATA / account, DATA / "firm")
    assert checked.warnings == ()
    assert all(len(checked.tables[name]) == len(table(account, name)) for name in TABLES)


def test_the_files_are_plain_text_with_unix_lines_and_no_noise_in_numbers():
    for path in [path for folder in ("firm", *ACCOUNTS) for path in sorted((DATA / folder).glob("*.csv"))]:
        text = path.read_bytes().decode("utf-8")
        assert "\r" not in text, path
        assert text.endswith("\n"), path
        decimals = 4 if path.stem == "exchange_rates" else 2
        assert not re.search(rf"\d\.\d{{{decimals + 1},}}", text), path


# --------------------------------------------------------------------------------------------------- what was agreed


@each_account
def test_each_billing_type_is_among_the_projects(account):
    types = set(table(account, "projects")["billing_type"])
    assert types == {"fixed_fee", "time_and_materials", "capped", "retainer"}


@each_account
def test_budget_hours_are_those_of_the_original_tasks(account):
    tasks = table(account, "tasks").groupby("project")["baseline_hours"].sum()
    projects = table(account, "projects").set_index("project")["budget_hours"]
    assert tasks.to_dict() == projects.to_dict()


@each_account
def test_tasks_outside_the_original_plan_are_those_of_approved_changes(account):
    tasks = table(account, "tasks")
    added = tasks[tasks["baseline_hours"].isna() & (tasks["status"] != "cancelled")]
    hours = added.groupby("project")["likely_hours"].sum()
    assert len(hours) > 0
    assert {p: approved(account, p, "hours") for p in hours.index} == hours.to_dict()


@each_account
def test_a_task_begins_after_those_it_depends_on(account):
    tasks = table(account, "tasks").set_index(["project", "task"])
    links = [
        (project, task, before)
        for (project, task), row in tasks.iterrows()
        for before in filter(None, row["depends_on"].split("; "))
    ]
    assert len(links) >= 5
    for project, task, before in links:
        assert tasks.loc[(project, before), "finish"] < tasks.loc[(project, task), "start"], (project, task, before)


@each_account
def test_milestones_add_up_to_the_fee_with_its_approved_changes(account):
    deliverables = table(account, "deliverables").groupby("project")["amount"].sum()
    for project in projects_of(account, "fixed_fee"):
        name = project["project"]
        assert deliverables[name] == project["fee"] + approved(account, name, "fee")


@each_account
def test_a_retainer_has_the_fee_and_the_hours_of_its_contract_term(account):
    contracts = table(account, "contracts").sort_values("as_of").drop_duplicates(["contract", "start"], keep="last")
    terms = contracts.set_index(["contract", "start"])
    for project in projects_of(account, "retainer"):
        term = terms.loc[(project["contract"], project["start"])]
        months = len(pd.period_range(project["start"], project["end"], freq="M"))
        assert term["annual_value"] * months / 12 == project["fee"]
        included = term["included_hours"] / {"month": 1, "quarter": 3}[term["per"]]
        assert included * months == project["budget_hours"]
        assert term["end"] == project["end"]


# ---------------------------------------------------------------------------------------------------- time and progress


@each_account
def test_time_lies_within_the_task_and_only_on_tasks_that_have_begun(account):
    time = table(account, "time_entries")
    assert 800 < len(time) < 1500
    assert time["date"].min() >= FIRST
    assert time["date"].max() <= LAST
    tasks = table(account, "tasks").set_index(["project", "task"])
    worked = time.join(tasks[["start", "finish", "done_on", "status"]], on=["project", "task"])
    assert set(worked["status"]) == {"done", "in_progress"}
    assert (worked["date"] >= worked["start"]).all()
    assert (worked["date"] <= worked["done_on"].fillna(worked["finish"])).all()
    begun = tasks.index[tasks["status"].isin(["done", "in_progress"])]
    assert set(begun) == set(zip(time["project"], time["task"], strict=True))


@each_account
def test_hours_are_in_quarters_of_an_hour(account):
    hours = table(account, "time_entries")["hours"]
    assert ((hours * 4) % 1 == 0).all()
    assert hours.between(0.25, 8).all()


@each_account
def test_progress_ends_at_one_hundred_exactly_when_the_task_is_done(account):
    progress = table(account, "progress").sort_values("as_of")
    tasks = table(account, "tasks").set_index(["project", "task"])
    steps = progress.groupby(["project", "task"])["percent_complete"].diff().dropna()
    assert (steps >= 0).all()
    newest = progress.groupby(["project", "task"]).last().join(tasks["status"])
    done, under_way = newest[newest["status"] == "done"], newest[newest["status"] == "in_progress"]
    assert (done["percent_complete"] == 100).all()
    assert (done["remaining_hours"] == 0).all()
    assert under_way["percent_complete"].between(5, 95).all()
    assert (under_way["remaining_hours"] > 0).all()
    assert len(done) + len(under_way) == tasks["status"].isin(["done", "in_progress"]).sum()


@each_account
def test_progress_follows_the_hours_worked(account):
    progress, time = table(account, "progress"), table(account, "time_entries")
    total = time.groupby(["project", "task"])["hours"].sum()
    rows = progress[progress["percent_complete"].between(20, 80)]
    for row in rows.itertuples():
        own = time[(time["project"] == row.project) & (time["task"] == row.task)]
        spent = own.loc[own["date"] <= row.as_of, "hours"].sum()
        judged = spent / (spent + row.remaining_hours)
        assert abs(judged - row.percent_complete / 100) < 0.11, row
        assert spent <= total[row.project, row.task]


@each_account
def test_those_who_book_time_are_people_of_the_firm_in_their_own_role(account):
    time, people = table(account, "time_entries"), table(account, "people").set_index("person")
    assert (time["person"].map(people["role"]) == time["role"]).all()
    assert (value_of_time(account)["cost_rate"] > 0).all()


def test_nobody_works_while_away_or_longer_than_their_day():
    time = pd.concat([table(account, "time_entries") for account in ACCOUNTS])
    people = table("harbour-foods", "people").set_index("person")
    daily = time.groupby(["person", "date"])["hours"].sum().reset_index()
    assert (daily["hours"] <= daily["person"].map(people["weekly_hours"]) / 5).all()
    bookings = table("harbour-foods", "bookings")
    away = bookings[bookings["status"] == "leave"]
    overlap = daily.merge(away[["person", "start", "end"]], on="person")
    assert not overlap["date"].between(overlap["start"], overlap["end"]).any()


@each_account
def test_bookings_of_the_last_quarter_are_the_hours_worked(account):
    time, bookings = table(account, "time_entries"), table(account, "bookings")
    quarter = (pd.Timestamp("2026-07-01"), LAST)
    worked = time[time["date"].between(*quarter)].groupby(["person", "project"])["hours"].sum()
    own = bookings[(bookings["account"] == account) & bookings["start"].between(*quarter)]
    days = np.busday_count(own["start"].values.astype("datetime64[D]"), own["end"].values.astype("datetime64[D]") + 1)
    booked = own.assign(hours=own["hours_per_week"] * days / 5).groupby(["person", "project"])["hours"].sum()
    assert set(booked.index) == set(worked.index)
    assert ((booked - worked).abs() <= 0.5 * 13.2).all()  # half an hour a week
    assert (bookings.loc[(bookings["account"] == account), "start"] > LAST).any()


# --------------------------------------------------------------------------------------------------------------- money


@each_account
def test_a_retainer_invoices_one_twelfth_a_month(account):
    for project in projects_of(account, "retainer"):
        months = pd.period_range(project["start"], min(project["end"], LAST), freq="M")
        whole = len(pd.period_range(project["start"], project["end"], freq="M"))
        invoiced = fee_invoiced(account, project["project"])
        assert list(invoiced.index) == list(months)
        assert invoiced.to_list() == pytest.approx([project["fee"] / whole] * len(months))


@each_account
def test_time_and_materials_invoices_hours_times_rate(account):
    value = value_of_time(account)
    for project in projects_of(account, "time_and_materials"):
        own = value[value["project"] == project["project"]]
        by_month = own.groupby(own["date"].dt.to_period("M"))["value"].sum()
        assert fee_invoiced(account, project["project"]).to_dict() == pytest.approx(by_month.to_dict())


@each_account
def test_capped_work_invoices_hours_times_rate_up_to_the_cap(account):
    value = value_of_time(account).groupby("project")["value"].sum()
    for project in projects_of(account, "capped"):
        name = project["project"]
        cap = project["cap"] + approved(account, name, "fee")
        assert fee_invoiced(account, name).sum() == pytest.approx(min(value[name], cap))


def test_the_patient_guide_ran_into_its_cap():
    assert value_of_time("sorrel-health").groupby("project")["value"].sum()["patient-guide"] > 52000
    assert fee_invoiced("sorrel-health", "patient-guide").sum() == 52000


@each_account
def test_a_fixed_fee_invoices_accepted_milestones_less_the_deposit(account):
    deliverables = table(account, "deliverables")
    accepted = deliverables[deliverables["accepted"].notna()].groupby("project")["amount"].sum()
    for project in projects_of(account, "fixed_fee"):
        assert fee_invoiced(account, project["project"]).sum() == accepted[project["project"]]


@each_account
def test_pass_through_charged_stands_in_the_invoices(account):
    expenses, invoices = table(account, "expenses"), table(account, "invoices")
    bought = expenses[expenses["kind"] == "pass_through"].groupby("project")["charged"].sum()
    shown = invoices.groupby("project")["pass_through"].sum()
    assert shown[shown > 0].to_dict() == pytest.approx(bought.to_dict())
    assert set(expenses["kind"]) == {"pass_through", "freelancer", "client_specific"}
    assert (bought > 0).all()


@each_account
def test_invoices_foot_and_are_paid_in_full_or_stand_open(account):
    invoices = table(account, "invoices")
    assert list(invoices["issued"]) == sorted(invoices["issued"])
    gross = (invoices["amount"] + invoices["tax"]).round(2)
    settled = invoices["paid_on"].notna()
    assert (invoices.loc[settled, "paid"] == gross[settled]).all()
    assert (invoices.loc[~settled, "paid"] < gross[~settled]).all()
    assert invoices["paid_on"].max() <= LAST


def test_a_deposit_and_a_credit_note_are_among_the_documents():
    kinds = set().union(*(table(account, "invoices")["kind"] for account in ACCOUNTS))
    assert kinds == {"invoice", "credit_note", "deposit"}
    credit = table("sorrel-health", "invoices").query("kind == 'credit_note'")
    assert credit["amount"].to_list() == [-3200]


def test_exchange_rates_hold_both_ways_in_every_month():
    rates = table("harbour-foods", "exchange_rates")
    assert (rates["source"] == "invented for the demo").all()
    months = pd.period_range(FIRST, LAST, freq="M")
    for kind in ("average", "closing"):
        own = rates[rates["kind"] == kind]
        assert own.groupby(["from", "to"]).size().to_list() == [len(months)] * 6
        assert set(own["date"]) == set(months.end_time.normalize())
    both = rates.merge(rates, left_on=["date", "from", "to", "kind"], right_on=["date", "to", "from", "kind"])
    assert len(both) == len(rates)
    assert (both["rate_x"] * both["rate_y"]).to_list() == pytest.approx([1] * len(both), abs=2e-4)


def test_older_tasks_have_the_shape_of_real_ones():
    """DOMAIN: median near 1, P10 .2 to .5, P90 2.0 to 2.7, a spike at 1; tasks of an hour or less 1.5, above 35 h 0.8."""
    history = table("harbour-foods", "history")
    done = history[history["status"] == "done"]
    ratio = done["actual_hours"] / done["estimate_hours"]
    assert 380 <= len(done) <= 430
    assert ratio.median() == pytest.approx(1, abs=0.1)
    assert 0.2 <= ratio.quantile(0.1) <= 0.5
    assert 2.0 <= ratio.quantile(0.9) <= 2.7
    assert 0.08 <= (ratio == 1).mean() <= 0.4
    small, large = done[done["estimate_hours"] <= 1], done[done["estimate_hours"] > 35]
    assert small["actual_hours"].sum() / small["estimate_hours"].sum() == pytest.approx(1.5, abs=0.2)
    assert large["actual_hours"].sum() / large["estimate_hours"].sum() == pytest.approx(0.8, abs=0.1)
    projects = done.groupby("project")[["actual_hours", "estimate_hours"]].sum()
    assert 0.2 <= np.log(projects["actual_hours"] / projects["estimate_hours"]).std() <= 0.4
    assert (history["estimated_on"] <= history["done_on"]).all()
    assert history["done_on"].max() < FIRST


# --------------------------------------------------------------------------------------------------------- the stories


def test_harbour_foods_is_a_retainer_that_grows():
    terms = sorted(projects_of("harbour-foods", "retainer"), key=lambda p: p["start"])
    months = [len(pd.period_range(p["start"], p["end"], freq="M")) for p in terms]
    assert [p["fee"] / n for p, n in zip(terms, months, strict=True)] == [14500, 17400, 21500]
    invoices = table("harbour-foods", "invoices")
    by_year = invoices.groupby(invoices["issued"].dt.year)["amount"].sum()
    assert by_year[2026] > by_year[2025]  # nine months exceed twelve
    overdue = invoices["due"].lt(LAST) & invoices["paid_on"].isna()
    assert not overdue.any()


def test_kestrel_mutual_is_a_programme_that_runs_over():
    tasks = table("kestrel-mutual", "tasks").query("project == 'member-portal' and baseline_hours > 0")
    progress = table("kestrel-mutual", "progress").query("project == 'member-portal'").sort_values("as_of")
    newest = progress.groupby("task")["percent_complete"].last()
    done = (tasks["task"].map(newest).fillna(0) / 100 * tasks["baseline_hours"]).sum() / tasks["baseline_hours"].sum()
    time = table("kestrel-mutual", "time_entries").query("project == 'member-portal'")
    original = time[time["task"].isin(tasks["task"])]["hours"].sum() / tasks["baseline_hours"].sum()
    assert original - done > 0.15  # of the hours, more is used than of the work is done
    late = table("kestrel-mutual", "deliverables").query("project == 'member-portal' and kind == 'milestone'")
    missed = late["submitted"].fillna(LAST) > late["original_due"]
    assert missed.sum() >= 4
    changes = table("kestrel-mutual", "change_requests")
    assert set(changes["status"]) == {"approved", "submitted", "draft", "rejected", "withdrawn"}
    assert (table("kestrel-mutual", "risks")["status"] == "open").sum() >= 6


def test_sorrel_health_is_a_renewal_in_doubt():
    as_of = pd.Timestamp("2026-07-31")
    people = table("sorrel-health", "stakeholders")
    sponsors = people[(people["decision_role"] == "sponsor") & (people["as_of"] == as_of)]
    assert sponsors["left_on"].notna().all()
    assert len(sponsors) == 1
    contracts = table("sorrel-health", "contracts").sort_values(["start", "as_of"])
    current = contracts[(contracts["contract"] == "SH-RET") & (contracts["as_of"] <= as_of)].iloc[-1]
    assert current["renewal_call"] == "doubtful"
    assert current["end"] - pd.Timedelta(days=current["notice_days"]) < as_of < current["end"]
    invoices = table("sorrel-health", "invoices")
    open_then = invoices["issued"].le(as_of) & ~invoices["paid_on"].le(as_of) & invoices["kind"].eq("invoice")
    overdue = invoices[open_then & (as_of - invoices["due"] > pd.Timedelta(days=60))]
    assert len(overdue) >= 2
    surveys = table("sorrel-health", "surveys").dropna(subset="score")
    nps = surveys[(surveys["kind"] == "nps") & (surveys["date"] == "2026-07-14")]["score"]
    assert (nps >= 9).sum() - (nps <= 6).sum() < 0
    time = table("sorrel-health", "time_entries").query("project == 'retainer-2025'")
    terms = time.groupby(time["task"].str[-7:])["hours"].sum()
    assert terms["2025-11"] > terms["2026-02"] > terms["2026-05"] > terms["2026-08"]


@each_account
def test_surveys_are_small_and_one_is_too_small_to_show(account):
    answers = table(account, "surveys").groupby(["date", "kind"])["score"].count()
    assert answers.max() <= 8
    assert (answers < 5).any()
    assert (answers >= 5).any()


@each_account
def test_objectives_are_measured_in_eight_fiscal_quarters(account):
    objectives = table(account, "objectives")
    assert len(objectives["objective"].unique()) == 4
    assert (objectives.groupby("objective")["as_of"].nunique() == 8).all()
    assert objectives["as_of"].dt.is_month_end.all()


# ------------------------------------------------------------------------------------------------ two audiences apart


def numbers(account, internal):
    """Return the amounts that are internal, or all numbers that a client may see, with where they stand."""
    found = {}
    for name, spec in TABLES.items():
        frame = table(account, name)
        if name == "opportunities":
            frame = frame[frame["status"] != "won"]  # a deal won is the fee of its project
        if "account" in frame:
            frame = frame[frame["account"].isin(["", account])]
        if "currency" in frame:
            frame = frame[frame["currency"] == ACCOUNTS[account]]
        for column in spec.columns:
            hidden = spec.sees == INTERNAL or column.sees == INTERNAL
            if hidden == internal and column.kind in (("money",) if internal else ("money", "hours", "number")):
                values = frame[column.name].dropna().abs()
                found |= dict.fromkeys(values[values >= 1000], f"{name}.{column.name}")
    return found


@each_account
def test_no_internal_amount_equals_a_number_that_a_client_sees(account):
    internal, client = numbers(account, internal=True), numbers(account, internal=False)
    assert len(internal) > 30
    both = {value: (internal[value], client[value]) for value in internal.keys() & client.keys()}
    assert both == {}


@each_account
def test_the_directors_words_for_the_client_hold_nothing_internal(account):
    names = set(table(account, "people")["person"]) | set(table(account, "stakeholders")["name"])
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted((DATA / account / "commentary").iterdir())}
    assert len(texts) == 4
    for name, text in texts.items():
        assert text.startswith("## Summary\n"), name
        if not name.endswith(".internal.md"):
            assert not re.search("margin|renewal|reserve|freelance|over-servic|doubt", text), name
            text = text.split("\n## Attendees\n")[0]  # those who attend are named, and nobody else
            assert not [person for person in names if person in text or person.split()[-1] in text], name
            assert text.count("\n## ") == 5, name


@each_account
def test_the_parameters_name_a_period_with_the_directors_words(account):
    lines = (ROOT / "parameters" / f"{account}.yaml").read_text(encoding="utf-8").splitlines()
    values = {line.split(":")[0]: line.split(":", 1)[1].split("#")[0].strip() for line in lines if ":" in line[:12]}
    assert values["account"] == f'"{account}"'
    period = values["period"].strip('"')
    assert (DATA / account / "commentary" / f"{period}.md").exists()
    assert {"as_of", "confidence", "draws", "seed"} < values.keys()
