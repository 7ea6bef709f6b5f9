from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.burn import burn_by_month
from acctlib.missing import Missing

NONE = Missing("not kept")
DAY = date(2026, 8, 15)
PROJECTS = pd.DataFrame(
    {
        "project": ["app"],
        "billing_type": ["fixed_fee"],
        "start": pd.to_datetime(["2026-07-01"]),
        "end": pd.to_datetime(["2026-08-31"]),
        "fee": [20_000.0],
        "budget_hours": [200.0],
        "budget_cost": [12_000.0],
    }
)


def time(*rows):
    frame = pd.DataFrame(rows, columns=["date", "project", "hours", "billable", "bill_rate", "cost_rate"])
    return frame.assign(date=pd.to_datetime(frame["date"]), role="designer")


ENTRIES = time(
    ("2026-07-10", "app", 60.0, True, 100.0, 60.0),
    ("2026-07-20", "app", 10.0, False, 100.0, 60.0),
    ("2026-08-12", "app", 20.0, True, 100.0, 60.0),
    ("2026-08-20", "app", 99.0, True, 100.0, 60.0),
)


@pytest.mark.parametrize(
    ("basis", "actual", "plan"),
    [("hours", [60, 80], [100, 200]), ("price", [6_000, 8_000], [10_000, 20_000]), ("cost", [4_200, 5_400], [6_000, 12_000])],
)
def test_actuals_and_plan_on_each_basis(basis, actual, plan):
    # by hand: non-billable hours cost money but use no budget of hours or price; the entry after the day is not there
    months = burn_by_month(PROJECTS, NONE, NONE, ENTRIES, DAY, basis)
    assert months["month"].tolist() == ["2026-07", "2026-08"]
    assert months["actual"].tolist() == actual
    assert months["plan"].tolist() == plan


def test_freelancers_are_burnt_on_cost():
    bought = pd.DataFrame({"date": pd.to_datetime(["2026-07-05"]), "project": "app", "kind": "freelancer", "cost": 1_000.0})
    assert burn_by_month(PROJECTS, NONE, NONE, ENTRIES, DAY, "cost", bought)["actual"].tolist() == [5_200, 6_400]


def test_months_after_the_day_have_a_plan_and_no_actuals():
    months = burn_by_month(PROJECTS, NONE, NONE, ENTRIES, date(2026, 7, 31))
    assert months["actual"].isna().tolist() == [False, True]
    assert months["plan"].tolist() == [100, 200]


def test_the_plan_follows_the_original_tasks():
    tasks = pd.DataFrame(
        {
            "project": "app",
            "task": ["a", "b"],
            "baseline_start": pd.to_datetime(["2026-07-01", "2026-08-01"]),
            "baseline_finish": pd.to_datetime(["2026-07-31", "2026-08-31"]),
            "baseline_hours": [150.0, 50.0],
        }
    )
    assert burn_by_month(PROJECTS, NONE, tasks, ENTRIES, DAY)["plan"].tolist() == [150, 200]


def test_a_change_enters_the_plan_in_the_month_of_its_approval():
    changes = pd.DataFrame(
        {
            "project": ["app"],
            "status": "approved",
            "hours": 40.0,
            "fee": 4_000.0,
            "raised": pd.to_datetime(["2026-07-20"]),
            "decided": pd.to_datetime(["2026-08-03"]),
        }
    )
    months = burn_by_month(PROJECTS, changes, NONE, ENTRIES, DAY)
    assert months["budget"].tolist() == [200, 240]
    assert months["plan"].tolist() == [100, 240]


def test_projects_without_a_budget_are_left_out_of_both_sides():
    both = pd.concat([PROJECTS, PROJECTS.assign(project="support", budget_hours=None)], ignore_index=True)
    entries = pd.concat([ENTRIES, time(("2026-07-10", "support", 500.0, True, 100.0, 60.0))], ignore_index=True)
    assert burn_by_month(both, NONE, NONE, entries, DAY)["actual"].tolist() == [60, 80]


def test_no_budget_at_all_says_what_to_add():
    assert burn_by_month(PROJECTS.drop(columns="budget_cost"), NONE, NONE, ENTRIES, DAY, "cost") == Missing(
        "no project has a budget_cost", "add budget_cost to projects"
    )


def test_an_hour_without_rate_leaves_no_curve_in_money_and_names_the_role():
    entries = ENTRIES.assign(cost_rate=[60.0, None, 60.0, 60.0])
    assert "the rate card has no cost rate for designer" in str(burn_by_month(PROJECTS, NONE, NONE, entries, DAY, "cost"))
    assert burn_by_month(PROJECTS, NONE, NONE, entries, DAY, "hours")["actual"].tolist() == [60, 80]


def test_a_freelancer_without_cost_leaves_no_curve_of_cost():
    bought = pd.DataFrame(
        {"date": pd.to_datetime(["2026-07-05"]), "project": "app", "kind": "freelancer", "cost": [float("nan")]}
    )
    assert burn_by_month(PROJECTS, NONE, NONE, ENTRIES, DAY, "cost", bought).reason == "an expense for a freelancer has no cost"


def test_entries_that_carry_no_rates_have_no_curve_in_money():
    bare = ENTRIES.drop(columns=["bill_rate", "cost_rate"])
    assert burn_by_month(PROJECTS, NONE, NONE, bare, DAY, "price").reason == "the time entries have no bill rate"


def test_an_unknown_basis_is_refused():
    with pytest.raises(ValueError, match="basis must be cost, price or hours, got 'effort'"):
        burn_by_month(PROJECTS, NONE, NONE, ENTRIES, DAY, "effort")


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 61), st.integers(1, 40)), min_size=1, max_size=12))
def test_months_add_up_to_all_that_was_used(rows):
    start = pd.Timestamp("2026-07-01")
    entries = time(*((start + pd.Timedelta(days=d), "app", h / 4, True, 100.0, 60.0) for d, h in rows))
    months = burn_by_month(PROJECTS, NONE, NONE, entries, date(2026, 8, 31))
    assert months["actual"].iloc[-1] == pytest.approx(sum(h for _, h in rows) / 4)
    assert months["used"].sum() == pytest.approx(months["actual"].iloc[-1])
