from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.earned_value import (
    EarnedValue,
    done_shares,
    earned_value,
    earned_value_by_project,
    planned_shares,
    planned_work,
    task_progress,
    work_done,
)
from acctlib.missing import Missing

AMOUNT = st.floats(0.01, 1e6)


def tasks(rows, *columns):
    return pd.DataFrame(rows, columns=["project", "task", *columns])


def seen(*rows):
    frame = pd.DataFrame(rows, columns=["project", "task", "as_of", "percent_complete"])
    return frame.assign(as_of=pd.to_datetime(frame["as_of"]))


def test_indices_and_forecasts_of_the_first_published_case():
    # published case: BAC 100, EV 40, AC 45, PV 50
    ev = EarnedValue("cost", budget=100, planned=50, earned=40, actual=45)
    assert round(ev.cpi, 6) == 0.888889
    assert ev.spi == 0.80
    assert [round(ev.eac_typical, 6), ev.eac_atypical, round(ev.eac_combined, 6)] == [112.5, 105, 129.375]
    assert round(ev.vac, 6) == -12.5
    assert round(ev.tcpi, 4) == 1.0909


def test_variances_of_the_second_published_case():
    # tests of the R package PRA: BAC 100 000, PV 40 000, EV 35 000, AC 36 000
    ev = EarnedValue("cost", budget=100_000, planned=40_000, earned=35_000, actual=36_000)
    assert (ev.sv, ev.cv, ev.spi) == (-5000, -1000, 0.875)
    assert round(ev.cpi, 7) == 0.9722222


def test_a_bottom_up_forecast_adds_what_is_left_to_what_is_spent():
    ev = EarnedValue("hours", budget=100, planned=50, earned=40, actual=45)
    assert ev.eac_bottom_up(70.0) == 115.0
    assert ev.eac_bottom_up(Missing("no estimate")) == Missing("no estimate")


def test_before_anything_is_spent_there_is_no_cost_index():
    ev = EarnedValue("hours", budget=100, planned=0, earned=0, actual=0)
    assert ev.cpi == Missing("nothing was spent yet (hours)")
    assert ev.spi == Missing("no work was planned by this date")
    assert not ev.eac_typical
    assert not ev.eac_combined
    assert not ev.vac


@pytest.mark.parametrize("actual", [100, 130])
def test_with_the_budget_used_up_no_index_can_hold_it(actual):
    assert EarnedValue("cost", 100, 100, 80, actual).tcpi == Missing("the budget is used up")


def test_nothing_earned_for_money_spent_has_no_forecast():
    ev = EarnedValue("cost", budget=100, planned=50, earned=0, actual=45)
    assert ev.cpi == 0
    assert ev.eac_typical == Missing("no work is done yet")
    assert ev.eac_combined == Missing("no work is done yet")


def test_an_unknown_basis_is_refused_with_the_three():
    with pytest.raises(ValueError, match="basis must be cost, price or hours, got 'money'; write basis='hours'"):
        EarnedValue("money", 1, 1, 1, 1)


@given(AMOUNT, AMOUNT, AMOUNT, AMOUNT, st.floats(0.1, 10))
def test_indices_do_not_depend_on_the_unit(budget, planned, earned, actual, unit):
    one = EarnedValue("cost", budget, planned, earned, actual)
    other = EarnedValue("cost", *(unit * amount for amount in (budget, planned, earned, actual)))
    assert other.cpi == pytest.approx(one.cpi)
    assert other.eac_typical == pytest.approx(unit * one.eac_typical)


@given(AMOUNT, AMOUNT)
def test_work_done_at_planned_cost_and_pace_ends_on_budget_by_every_forecast(budget, done):
    ev = EarnedValue("cost", budget, done, done, done)
    assert [ev.eac_typical, ev.eac_atypical, ev.eac_combined] == pytest.approx([budget] * 3)


def test_a_finished_task_is_done_whatever_its_last_assessment_said():
    plan = tasks([("app", "a", "done", 10.0)], "status", "likely_hours")
    each = task_progress(plan, seen(("app", "a", "2026-08-01", 0.6)), date(2026, 9, 30))
    assert each[["done", "basis"]].values.tolist() == [[1.0, "finished"]]


def test_a_task_finished_later_is_not_done_yet():
    plan = tasks([("app", "a", "done", 10.0, pd.Timestamp("2026-10-05"))], "status", "likely_hours", "done_on")
    each = task_progress(plan, seen(("app", "a", "2026-08-01", 0.6)), date(2026, 9, 30))
    assert each["done"].tolist() == [0.6]


def test_the_newest_assessment_not_after_the_day_counts():
    plan = tasks([("app", "a", "in_progress", 10.0)], "status", "likely_hours")
    rows = seen(("app", "a", "2026-10-01", 0.9), ("app", "a", "2026-09-01", 0.5), ("app", "a", "2026-08-01", 0.3))
    assert task_progress(plan, rows, date(2026, 9, 30))["done"].tolist() == [0.5]


def test_the_same_task_name_in_two_projects_is_two_tasks():
    plan = tasks([("app", "build", 10.0), ("site", "build", 10.0)], "likely_hours")
    each = task_progress(plan, seen(("site", "build", "2026-09-01", 0.5)), date(2026, 9, 30))
    assert each["done"].tolist() == [0.0, 0.5]


def test_work_done_weighs_tasks_by_baseline_hours_and_leaves_cancelled_ones_out():
    # by hand: (30 x 1 + 90 x 1/3) / 120 = 0.5; the cancelled task and the later estimate of 60 h don't count
    plan = tasks(
        [("app", "a", "done", 30.0, 60.0), ("app", "b", "in_progress", 90.0, 90.0), ("app", "c", "cancelled", 500.0, 500.0)],
        "status",
        "baseline_hours",
        "likely_hours",
    )
    done = work_done(plan, seen(("app", "b", "2026-09-01", 1 / 3)), date(2026, 9, 30))
    assert done[["work_done", "tasks", "tasks_done"]].values.tolist() == [[pytest.approx(0.5), 2, 1]]


def test_work_without_hours_has_no_share_and_says_how_many_tasks_lack_them():
    done = work_done(tasks([("app", "a", "done"), ("app", "b", "planned")], "status"), Missing("x"), date(2026, 9, 30))
    assert done["work_done"].isna().all()
    assert done["without_hours"].tolist() == [2]


def test_missing_tasks_are_passed_on():
    assert work_done(Missing("not kept"), Missing("not kept"), date(2026, 9, 30)) == Missing("not kept")


def plan_of(start="2026-09-01", finish="2026-09-10", hours=80.0):
    return tasks(
        [("app", "a", pd.Timestamp(start), pd.Timestamp(finish), hours)], "baseline_start", "baseline_finish", "baseline_hours"
    )


@pytest.mark.parametrize(
    ("day", "share"),
    [(date(2026, 8, 31), 0.0), (date(2026, 9, 1), 0.1), (date(2026, 9, 10), 1.0), (date(2027, 1, 1), 1.0)],
)
def test_planned_work_grows_evenly_from_the_first_to_the_last_day(day, share):
    assert planned_work(plan_of(), day)["planned"].tolist() == [share]


def test_a_task_of_one_day_is_planned_done_that_day():
    assert planned_work(plan_of(finish="2026-09-01"), date(2026, 9, 1))["planned"].tolist() == [1.0]


def test_tasks_without_dates_are_not_planned():
    undated = tasks([("app", "a", pd.NaT, pd.NaT, 8.0)], "baseline_start", "baseline_finish", "baseline_hours")
    assert planned_work(undated, date(2026, 9, 1))["planned"].isna().all()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 90), st.integers(1, 100)), min_size=1, max_size=8))
def test_planned_work_never_falls_and_ends_at_one(rows):
    start = pd.Timestamp("2026-01-01")
    plan = pd.DataFrame(
        {
            "project": "app",
            "task": [str(i) for i in range(len(rows))],
            "baseline_start": [start + pd.Timedelta(days=a) for a, _, _ in rows],
            "baseline_finish": [start + pd.Timedelta(days=a + b) for a, b, _ in rows],
            "baseline_hours": [float(h) for _, _, h in rows],
        }
    )
    shares = planned_shares(plan, pd.date_range("2025-12-31", periods=14, freq="31D")).iloc[0]
    assert shares.iloc[0] == 0
    assert (shares.diff().dropna() >= -1e-12).all()
    assert shares.iloc[-1] == pytest.approx(1)


STATUS = pd.DataFrame(
    {
        "project": ["app", "care", "site"],
        "name": ["App", "Care", "Site"],
        "billing_type": ["fixed_fee", "retainer", "capped"],
        "work_done": [0.4, 0.5, 0.5],
        "budget_hours": [100.0, 100.0, 50.0],
        "billable_hours": [45.0, 60.0, None],
    }
)
PLANNED = pd.DataFrame({"project": ["app", "care", "site"], "planned": [0.5, 0.5, 0.5]})


def test_a_retainer_has_no_earned_value():
    assert earned_value_by_project(STATUS, PLANNED, "hours")["project"].tolist() == ["app", "site"]


def test_the_total_holds_only_projects_that_are_known_whole():
    each = earned_value_by_project(STATUS, PLANNED, "hours")
    assert each["cpi"].isna().tolist() == [False, True]
    assert earned_value(each, "hours") == EarnedValue("hours", 100.0, 50.0, 40.0, 45.0, ("app",))


def test_earned_value_on_a_basis_that_is_not_shared_is_missing():
    assert earned_value_by_project(STATUS, PLANNED, "cost") == Missing("there is no budget cost to count earned value in cost")


def test_no_project_with_all_four_amounts_says_what_to_add():
    each = earned_value_by_project(STATUS.iloc[[2]], PLANNED, "hours")
    assert earned_value(each, "hours").remedy == "add budget, baseline dates, progress and time entries"


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(1, 28), st.floats(0, 1)), max_size=12),
    st.lists(
        st.tuples(
            st.sampled_from([None, "planned", "done", "cancelled"]), st.none() | st.integers(1, 28), st.none() | st.just(7.5)
        ),
        min_size=6,
        max_size=6,
    ),
)
@settings(max_examples=50, deadline=None)
def test_many_days_at_once_are_each_day_on_its_own(assessed, states):
    things = [(project, task) for project in "ab" for task in "xyz"]
    plan = pd.DataFrame(
        {
            "project": [project for project, _ in things],
            "task": [task for _, task in things],
            "status": pd.Series([status for status, _, _ in states], dtype="str"),
            "done_on": pd.to_datetime([day and f"2026-09-{day:02}" for _, day, _ in states]),
            "likely_hours": pd.Series([hours for _, _, hours in states], dtype=float),
        }
    )
    progress = seen(*((project, task, f"2026-09-{day:02}", part) for project, task, day, part in assessed))
    days = [date(2026, 9, day) for day in (1, 9, 17, 28)]
    together = done_shares(plan, progress, days)
    for day in days:
        alone = work_done(plan, progress, day).set_index("project")["work_done"]
        pd.testing.assert_series_equal(together[day], alone, check_names=False)
