import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.distributions import pert, point
from acctlib.outlook.estimate_at_completion import USUAL_RANGE, estimate_at_completion
from acctlib.outlook.exact import exact
from acctlib.outlook.model import Risk

NO_TIME, NO_PROGRESS = Missing("no file time_entries"), Missing("no file progress")


def plan(**columns):
    """Return one task, estimated at 80 to 150 hours, most likely 100, with these columns besides or instead."""
    return pd.DataFrame(
        {"project": "site", "task": "build", "low_hours": 80.0, "likely_hours": 100.0, "high_hours": 150.0} | columns, index=[0]
    )


def booked(*hours, **columns):
    return pd.DataFrame({"project": "site", "task": "build", "hours": pd.Series(hours, dtype=float)} | columns)


def assessed(**columns):
    return pd.DataFrame({"project": "site", "task": "build", "as_of": pd.Timestamp("2026-09-30")} | columns, index=[0])


def the_task(forecast):
    return forecast.tasks.iloc[0]


def test_task_under_way_of_the_published_case_is_heading_for_its_progress():
    # 90 h spent of 80/100/150 at 20 % complete is heading for 450 h, where truncating the estimate would say 107.5.
    forecast = estimate_at_completion(plan(status="in_progress"), booked(40, 50), assessed(percent_complete=0.2))
    assert forecast.model.sum_of_likely == pytest.approx(450)
    assert the_task(forecast)["by_progress_hours"] == pytest.approx(360)
    assert the_task(forecast)[["low_hours", "likely_hours", "high_hours"]].tolist() == pytest.approx([288, 360, 540])
    assert the_task(forecast)["basis"] == "spent 90 h at 20 % complete"


def test_remaining_hours_go_before_percent_complete_and_the_gap_is_shown():
    forecast = estimate_at_completion(
        plan(status="in_progress"), booked(90), assessed(percent_complete=0.2, remaining_hours=60.0)
    )
    assert forecast.model.sum_of_likely == pytest.approx(150)
    assert the_task(forecast)["gap_hours"] == pytest.approx(300)
    assert the_task(forecast)["basis"] == "remaining hours as judged"


def test_hours_booked_since_the_assessment_are_taken_off_what_remained():
    dates = pd.to_datetime(["2026-09-30", "2026-10-02"])
    forecast = estimate_at_completion(plan(), booked(90, 20, date=dates), assessed(remaining_hours=60.0))
    assert forecast.model.sum_of_likely == pytest.approx(150)
    assert the_task(forecast)["likely_hours"] == pytest.approx(40)
    assert the_task(forecast)["basis"] == "remaining hours as judged, 20 h booked since"


def test_latest_assessment_counts():
    older = assessed(remaining_hours=500.0, as_of=pd.Timestamp("2026-06-30"))
    progress = pd.concat([assessed(remaining_hours=60.0), older])
    assert estimate_at_completion(plan(), booked(90), progress).model.sum_of_likely == pytest.approx(150)


def test_without_progress_the_estimate_is_taken_given_what_is_spent():
    forecast = estimate_at_completion(plan(status="in_progress"), booked(110), NO_PROGRESS)
    # The mean of this PERT above 110, integrated by Simpson's rule over its density: 119.6.
    assert exact(forecast.model).mean == pytest.approx(119.6, abs=0.05)
    assert the_task(forecast)["basis"] == "no progress given: estimate, given what is spent"


def test_spent_beyond_the_high_estimate_is_a_finding_not_an_error():
    forecast = estimate_at_completion(plan(status="in_progress"), booked(200), NO_PROGRESS)
    assert forecast.findings == ("Booked beyond the high estimate and without remaining hours: site / build.",)
    assert the_task(forecast)[["low_hours", "high_hours"]].tolist() == [0, 70]
    assert exact(forecast.model).quantile(0.01) > 200


def test_done_work_counts_as_spent():
    forecast = estimate_at_completion(plan(status="done"), booked(130), NO_PROGRESS)
    assert (exact(forecast.model).quantile(0.99), exact(forecast.model).sd) == (130, 0)


def test_done_work_nobody_booked_is_a_finding():
    tasks = pd.concat([plan(status="done"), plan(status="done", task="test")])
    assert estimate_at_completion(tasks, booked(130), NO_PROGRESS).findings == ("Done, but no time was booked: site / test.",)


def test_planned_work_is_drawn_in_full():
    forecast = estimate_at_completion(plan(status="planned"), NO_TIME, NO_PROGRESS)
    assert forecast.model.lines[0].cost == pert(80, 100, 150)
    assert the_task(forecast)["state"] == "planned"


def test_cancelled_work_counts_as_spent():
    forecast = estimate_at_completion(plan(status="cancelled"), booked(30), NO_PROGRESS)
    assert forecast.model.mean == 30


@pytest.mark.parametrize(
    ("columns", "hours", "state"),
    [
        ({}, 0, "planned"),
        ({}, 5, "under way"),
        ({"status": "planned"}, 5, "under way"),
        ({"done_on": pd.Timestamp("2026-09-01")}, 5, "done"),
    ],
)
def test_state_without_status_follows_from_dates_and_time(columns, hours, state):
    assert the_task(estimate_at_completion(plan(**columns), booked(hours), NO_PROGRESS))["state"] == state


def test_without_time_entries_done_tasks_count_as_estimated_and_the_report_says_so():
    forecast = estimate_at_completion(plan(status="done"), NO_TIME, NO_PROGRESS)
    assert forecast.model.mean == 100
    assert forecast.findings == ("There are no time entries: nothing counts as spent, and done tasks count as estimated.",)


def test_without_time_entries_the_share_not_complete_remains():
    forecast = estimate_at_completion(plan(status="in_progress"), NO_TIME, assessed(percent_complete=0.25))
    assert the_task(forecast)[["low_hours", "likely_hours", "high_hours"]].tolist() == pytest.approx([60, 75, 112.5])
    assert the_task(forecast)["basis"] == "the 75 % of the estimate not complete"


def test_estimate_of_one_number_takes_the_usual_range_and_says_so():
    tasks = pd.DataFrame({"project": ["site"], "task": ["build"], "likely_hours": [100.0]})
    forecast = estimate_at_completion(tasks, NO_TIME, NO_PROGRESS)
    low, high = USUAL_RANGE
    assert forecast.model.lines[0].cost == pert(100 * low, 100, 100 * high)
    assert the_task(forecast)["basis"] == "planned: estimate drawn in full; no range given, 0.5 to 2 times taken"


def test_baseline_hours_stand_in_for_likely_hours():
    forecast = estimate_at_completion(
        plan(low_hours=np.nan, likely_hours=np.nan, high_hours=np.nan, baseline_hours=60.0), NO_TIME, NO_PROGRESS
    )
    assert forecast.model.sum_of_likely == pytest.approx(60)
    assert the_task(forecast)["basis"].startswith("planned: baseline hours")


def test_task_without_any_estimate_is_named():
    tasks = pd.concat([plan(), plan(task="launch", low_hours=np.nan, likely_hours=np.nan, high_hours=np.nan)])
    forecast = estimate_at_completion(tasks, booked(1), NO_PROGRESS)
    assert forecast.findings == ("Without estimate and therefore not in the forecast: site / launch.",)


def test_time_on_no_task_counts_as_spent_and_is_named():
    time = pd.concat([booked(10), booked(2.5).assign(task=None)])
    forecast = estimate_at_completion(plan(status="done"), time, NO_PROGRESS)
    assert forecast.model.mean == 12.5
    assert forecast.findings == ("2.5 h are booked on no task; they count as spent.",)


def test_hours_become_money_by_project_and_role():
    rate = pd.Series({("site", "designer"): 50.0, ("site", "builder"): 80.0})
    time = pd.concat([booked(10, role="designer"), booked(5, role="builder")])
    forecast = estimate_at_completion(plan(role="builder"), time, assessed(remaining_hours=20.0), rate)
    assert forecast.unit == "money"
    assert forecast.model.fixed == 10 * 50 + 5 * 80
    assert forecast.model.sum_of_likely == pytest.approx(900 + 20 * 80)


def test_hours_spent_cost_what_they_cost_on_their_day():
    rate = pd.Series({("site", "builder"): 80.0})
    time = booked(10, 5, role="builder", cost_rate=[70.0, np.nan])
    assert estimate_at_completion(plan(status="done"), time, NO_PROGRESS, rate).model.fixed == 10 * 70 + 5 * 80


def test_work_without_a_role_takes_the_average_of_its_project():
    rate = pd.Series({("site", "designer"): 50.0, ("site", "builder"): 80.0, ("other", "builder"): 1000.0})
    forecast = estimate_at_completion(plan(), booked(10), assessed(remaining_hours=20.0), rate)
    assert forecast.model.sum_of_likely == pytest.approx(30 * 65)


def test_role_without_a_rate_is_named_instead_of_costing_nothing():
    rate = pd.Series({("site", "designer"): 50.0})
    answer = estimate_at_completion(plan(role="builder"), booked(10, role="designer"), NO_PROGRESS, rate)
    assert answer == Missing(
        "role 'builder' in project 'site' has no hourly cost rate", "add the role and its cost_rate to rate_card"
    )
    answer = estimate_at_completion(plan(), booked(10, project="other", role="builder"), NO_PROGRESS, rate)
    assert answer.reason == "role 'builder' in project 'other' has no hourly cost rate"


def test_missing_rates_leave_the_forecast_in_hours_and_risks_out():
    risks = (Risk("late", 0.5, point(1000)),)
    forecast = estimate_at_completion(plan(), NO_TIME, NO_PROGRESS, Missing("no rate card"), risks)
    assert forecast.unit == "hours"
    assert forecast.model.risks == ()
    assert forecast.findings[-1].startswith("Risks are in money and left out of this forecast in hours")


def test_risks_join_a_forecast_in_money():
    forecast = estimate_at_completion(
        plan(), NO_TIME, NO_PROGRESS, pd.Series({("site", ""): 1.0}), (Risk("late", 0.5, point(1000)),)
    )
    assert forecast.model.mean == pytest.approx(pert(80, 100, 150).mean + 500)


def test_missing_plan_is_passed_on_and_an_empty_one_says_what_to_add():
    nothing = Missing("no file tasks")
    assert estimate_at_completion(nothing, NO_TIME, NO_PROGRESS) is nothing
    assert estimate_at_completion(plan(likely_hours=np.nan), NO_TIME, NO_PROGRESS).remedy == "add likely_hours to tasks"
    assert (
        estimate_at_completion(plan().drop(columns="likely_hours"), NO_TIME, NO_PROGRESS).reason
        == "tasks has no column likely_hours"
    )


def test_timing_names_the_lines_of_the_model():
    forecast = estimate_at_completion(
        plan(start=pd.Timestamp("2026-10-01"), finish=pd.Timestamp("2026-10-31")), NO_TIME, NO_PROGRESS
    )
    assert forecast.timing.loc[0, ["name", "project"]].tolist() == [
        forecast.model.lines[0].name,
        forecast.model.lines[0].project,
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.25, 40), min_size=1, max_size=6), st.floats(0, 200))
def test_splitting_a_time_entry_changes_nothing(hours, remaining):
    whole = estimate_at_completion(plan(), booked(*hours), assessed(remaining_hours=remaining))
    split = estimate_at_completion(plan(), booked(*[h / 2 for h in hours for _ in "ab"]), assessed(remaining_hours=remaining))
    assert split.model.mean == pytest.approx(whole.model.mean)
    assert whole.model.mean >= sum(hours) - 1e-9


@settings(max_examples=20, deadline=None)
@given(st.floats(0.1, 500), st.floats(1.01, 10))
def test_dearer_hours_cost_in_proportion(remaining, dearer):
    rate = pd.Series({("site", "builder"): 80.0})
    costs = [
        exact(
            estimate_at_completion(
                plan(role="builder"), booked(9, role="builder"), assessed(remaining_hours=remaining), by
            ).model
        )
        for by in (rate, rate * dearer)
    ]
    assert costs[1].quantile(0.8) == pytest.approx(costs[0].quantile(0.8) * dearer, rel=1e-4)


def test_delivery_that_was_bought_is_spent_too():
    tasks = pd.DataFrame({"project": ["p"], "task": ["t"], "role": ["r"], "likely_hours": [10.0], "status": ["planned"]})
    rate = pd.Series([50.0], index=pd.MultiIndex.from_tuples([("p", "r")]))
    bought = pd.DataFrame({"project": ["p", "p"], "cost": [900.0, 100.0]})
    without = estimate_at_completion(tasks, Missing("no time"), Missing("no progress"), rate)
    forecast = estimate_at_completion(tasks, Missing("no time"), Missing("no progress"), rate, (), bought)
    assert forecast.model.fixed == 1000.0
    assert forecast.model.mean - without.model.mean == pytest.approx(1000.0)
    assert estimate_at_completion(tasks, Missing("no time"), Missing("no progress"), None, (), bought).model.fixed == 0.0


RATE = pd.Series({("site", "maker"): 50.0})
A_DAY = 3000 / (365.25 / 12)  # 3 000 a month
OCTOBER = {"start": pd.Timestamp("2026-10-01"), "finish": pd.Timestamp("2026-10-31")}
NO_HOURS = {"low_hours": np.nan, "likely_hours": np.nan, "high_hours": np.nan}


def dear(time=NO_TIME, progress=NO_PROGRESS, rate=RATE, **columns):
    """Return the forecast of a task of a maker that costs 3 000 by the month besides."""
    return estimate_at_completion(plan(role="maker", cost_per_month=3000.0, **columns), time, progress, rate)


def test_cost_by_the_month_with_a_range_of_days_has_a_line_of_its_own():
    forecast = dear(low_days=10.0, likely_days=20.0, high_days=40.0)
    # 105 hours on average at 50; 14, 28 and 56 calendar days, (14 + 4 * 28 + 56) / 6 of them on average.
    assert forecast.model.mean == pytest.approx(105 * 50 + 182 / 6 * A_DAY)
    assert [line.name for line in forecast.model.lines] == ["build", "build (by the month)"]
    assert forecast.model.lines[1].cost.low == pytest.approx(14 * A_DAY)
    assert the_task(forecast)["cost_per_hour"] == 50


def test_cost_by_the_month_without_a_range_of_days_goes_with_the_hours():
    forecast = dear(likely_days=20.0)
    # At 100 hours it lasts 28 days; each hour more makes it last that much longer.
    assert forecast.model.mean == pytest.approx(105 * (50 + 28 * A_DAY / 100))
    assert [line.name for line in forecast.model.lines] == ["build"]
    assert the_task(forecast)["cost_per_hour"] == pytest.approx(50 + 28 * A_DAY / 100)


def test_cost_by_the_month_lasts_as_long_as_the_dates_say():
    assert dear(**OCTOBER).model.mean == pytest.approx(105 * (50 + 31 * A_DAY / 100))


def test_cost_by_the_month_without_hours_is_a_fixed_amount():
    forecast = dear(**OCTOBER, **NO_HOURS)
    assert [line.name for line in forecast.model.lines] == ["build (by the month)"]
    assert (forecast.model.mean, forecast.model.fixed) == pytest.approx((31 * A_DAY, 31 * A_DAY))


def test_of_work_under_way_only_the_part_that_remains_costs_by_the_month():
    time = booked(90, role="maker")
    forecast = dear(time, assessed(remaining_hours=30.0), status="in_progress", low_days=10.0, likely_days=20.0, high_days=40.0)
    # 90 hours are spent; 30 of 120 remain, a quarter of the days, with ratios of .8 and 1.5: 31.5 hours on average.
    assert forecast.model.mean == pytest.approx(90 * 50 + 31.5 * 50 + 182 / 6 / 4 * A_DAY)
    assert the_task(forecast)[["low_days", "likely_days", "high_days"]].tolist() == pytest.approx([3.5, 7, 14])


def test_work_that_has_overrun_its_estimate_still_costs_by_the_month():
    forecast = dear(booked(200, role="maker"), status="in_progress", likely_days=20.0)
    # 70 / 6 hours more on average, PERT(0, 0, 70), of 200 spent, take their part of 28 days.
    days = 28 * (70 / 6) / (70 / 6 + 200)
    assert the_task(forecast)["likely_days"] == pytest.approx(days)
    assert forecast.model.mean == pytest.approx((200 + 70 / 6) * 50 + days * A_DAY)


@pytest.mark.parametrize("status", ["done", "cancelled"])
def test_what_is_over_costs_nothing_more_by_the_month(status):
    forecast = dear(booked(90, role="maker"), status=status, likely_days=20.0)
    assert forecast.model.mean == 90 * 50
    assert the_task(forecast)["likely_days"] == 0


def test_forecast_in_hours_has_no_cost_by_the_month():
    forecast = dear(rate=None, low_days=10.0, likely_days=20.0, high_days=40.0)
    assert forecast.model.mean == pytest.approx(105)
    assert [line.name for line in forecast.model.lines] == ["build"]


@pytest.mark.parametrize(
    ("columns", "days"),
    [
        (OCTOBER, [np.nan, 31, np.nan]),
        ({"likely_days": 5.0}, [np.nan, 7, np.nan]),
        (OCTOBER | {"likely_days": 5.0}, [np.nan, 7, np.nan]),
        (OCTOBER | {"low_days": 5.0, "likely_days": 10.0}, [np.nan, 14, np.nan]),
        (OCTOBER | {"low_days": 5.0, "likely_days": 10.0, "high_days": 15.0}, [7, 14, 21]),
        ({}, [np.nan] * 3),
    ],
    ids=["dates", "days", "days before dates", "half a range", "range", "neither"],
)
def test_days_are_calendar_days_and_a_range_needs_all_three(columns, days):
    found = the_task(estimate_at_completion(plan(**columns), NO_TIME, NO_PROGRESS))
    assert found[["low_days", "likely_days", "high_days"]].astype(float).tolist() == pytest.approx(days, nan_ok=True)


def test_of_work_without_hours_the_days_not_complete_remain():
    tasks = plan(status="in_progress", likely_days=10.0, **NO_HOURS)
    other = plan(task="other")
    progress = assessed(percent_complete=0.25)
    assert the_task(estimate_at_completion(pd.concat([tasks, other]), NO_TIME, progress))["likely_days"] == pytest.approx(10.5)


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 60), st.floats(0, 60), st.floats(0.5, 60), st.floats(1, 10_000))
def test_line_by_the_month_is_the_range_of_days_at_one_price_a_day(likely, lower, more, monthly):
    low, high = max(likely - lower, 0.0), likely + more
    days = {"low_days": low, "likely_days": likely, "high_days": high}
    forecast = estimate_at_completion(plan(role="maker", cost_per_month=monthly, **days), NO_TIME, NO_PROGRESS, RATE)
    by_month = forecast.model.lines[1].cost
    price = monthly / (365.25 / 12) * 7 / 5
    assert [by_month.low, by_month.likely, by_month.high] == pytest.approx([low * price, likely * price, high * price])
