"""Finish dates against closed forms, and cost and date together against the published case.

The standard error of a chance or a mean is the spread of the eight independent replicates, which lie one after the other
in the draws, divided by the root of eight: what `SimulatedCost.standard_error` does for a percentile. A simulated figure must
lie within four of them.
"""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.distributions import normal, pert, point, triangular, truncated_below, uniform
from acctlib.outlook.estimate_at_completion import estimate_at_completion
from acctlib.outlook.model import CostModel, Factors, Line, Risk, spearman_correlation
from acctlib.outlook.risk_register import risk_events
from acctlib.outlook.schedule import Task, in_order, joint_forecast, planned_tasks
from acctlib.outlook.simulate import REPLICATES

START = date(2026, 9, 30)
DRAWS = 8192
# Ten standard deviations above nought: a bell to sixteen digits whose days cannot be negative.
BELL = truncated_below(normal(100, 10), 0)


def forecast(*tasks, risks=(), lines=(), correlation=0.0, draws=DRAWS, seed=1):
    lines = lines or [Line("fee", point(1.0), "nowhere")]
    return joint_forecast(CostModel(lines, risks, correlation), tasks, START, draws, seed)


def standard_error(draws):
    """Return the standard error of the mean of draws of eight replicates."""
    return float(np.reshape(draws, (REPLICATES, -1)).mean(axis=1).std(ddof=1)) / math.sqrt(REPLICATES)


def mean_is(draws, expected):
    return abs(np.mean(draws) - expected) <= 4 * standard_error(draws)


def ranks(draws):
    return np.argsort(np.argsort(draws, kind="stable"), kind="stable")


# Cost and date together


@pytest.mark.parametrize(("rho", "both"), [(0.0, 0.4900), (0.6, 0.5727), (0.9, 0.6376)])
def test_joint_confidence_of_the_published_case(rho, both):
    lines = [Line("all", normal(1000, 100))]
    joint = forecast(Task("all", BELL), lines=lines, correlation=spearman_correlation(rho), draws=16_384)
    # The P70 of a bell lies .5244005 standard deviations above its mean.
    budget, days = 1000 + 52.44005, 100 + 5.244005
    chances = joint.confidence(budget, days)
    draws = joint.total <= budget, joint.finish[0] <= days
    assert mean_is(draws[0], 0.7)
    assert mean_is(draws[1], 0.7)
    assert mean_is(draws[0] & draws[1], both)
    assert chances == (draws[0].mean(), draws[1].mean(), (draws[0] & draws[1]).mean())
    assert standard_error(draws[0] & draws[1]) < 0.003


@given(st.floats(0, 0.95), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_joint_chance_lies_between_the_bounds_of_frechet(correlation, cost, days):
    tasks = Task("a", uniform(0, 1)), Task("b", uniform(0, 1), after=("a",))
    joint = forecast(*tasks, lines=[Line("a", uniform(0, 1))], correlation=correlation, draws=1024)
    held, in_time, both = joint.confidence(cost, 2 * days)
    assert max(0.0, held + in_time - 1) - 1e-12 <= both <= min(held, in_time)


def test_what_costs_more_takes_longer_so_both_hold_more_often_than_their_product():
    lines = [Line("a", pert(80, 100, 150), "site")]
    joint = forecast(Task("a", pert(8, 10, 15), project="site"), lines=lines, correlation=Factors(project=0.3))
    held, in_time, both = joint.confidence(np.quantile(joint.total, 0.7), np.quantile(joint.finish, 0.7))
    assert held * in_time + 0.05 < both < min(held, in_time)


def test_a_risk_that_happens_costs_money_and_days_at_once():
    risks = [Risk("late", 0.3, uniform(10, 20), delay=uniform(5, 9))]
    joint = forecast(Task("a", 10), risks=risks)
    happened = joint.total > 1
    assert happened.mean() == pytest.approx(0.3, abs=1e-3)
    assert (joint.finish[0, ~happened] == 10).all()
    assert (joint.finish[0, happened] > 15 - 1e-3).all()
    # The costlier the later: both are uniform, so that days follow from money.
    assert joint.finish[0, happened] - 15 == pytest.approx((joint.total[happened] - 11) / 10 * 4, abs=1e-6)


def test_cost_is_that_of_the_model_and_of_each_project():
    lines = [Line("a", pert(80, 100, 150), "site"), Line("spent", point(30), "site"), Line("b", uniform(10, 20), "shop")]
    risks = [Risk("late", 0.5, uniform(10, 20), "site"), Risk("fire", 0.1, point(500))]
    joint = forecast(Task("a", 5, project="site"), Task("b", 5, project="shop"), lines=lines, risks=risks, correlation=0.5)
    assert joint.projects == ("site", "shop")
    assert mean_is(joint.total, joint.model.mean)
    assert mean_is(joint.cost[0], pert(80, 100, 150).mean + 30 + 7.5)
    assert mean_is(joint.cost[1], 15)
    # What belongs to no project is in the total only: nothing, or the fire.
    assert set((joint.total - joint.cost.sum(axis=0)).round(6)) == {0.0, 500.0}


def test_a_risk_of_no_project_counts_for_all_and_not_for_one():
    joint = forecast(
        Task("a", 5, project="site"),
        lines=[Line("a", uniform(10, 20), "site")],
        risks=[Risk("fire", 0.25, point(500))],
    )
    assert joint.confidence(20, 5, "site") == (1, 1, 1)
    assert joint.confidence(20, 5) == pytest.approx((0.75, 1, 0.75), abs=1e-3)


def test_confidence_of_a_project_is_its_own_and_that_of_all_waits_for_the_last():
    joint = forecast(
        Task("a", uniform(0, 10), project="site"),
        Task("b", uniform(0, 10), project="shop"),
        lines=[Line("a", uniform(0, 100), "site"), Line("b", uniform(0, 100), "shop")],
    )
    assert joint.confidence(80, 6, "site") == pytest.approx((0.8, 0.6, 0.48), abs=0.01)
    # Both finish by 6 in .6 * .6 of the cases; the sum of the costs stays within 100 in half of them.
    assert joint.confidence(100, 6) == pytest.approx((0.5, 0.36, 0.18), abs=0.01)


def test_certain_work_has_certain_dates():
    joint = forecast(Task("a", 5), Task("b", 2.5, after=("a",)))
    assert (joint.finish == 7.5).all()
    assert joint.confidence(1, 7.5) == (1, 1, 1)
    assert joint.confidence(1, 7.4) == (1, 0, 0)
    assert joint.tasks["finish"].tolist() == [pd.Timestamp("2026-10-05"), pd.Timestamp("2026-10-08")]
    assert (joint.tasks["finish_low"] == joint.tasks["finish_high"]).all()


def test_a_rounding_does_not_miss_the_date():
    # 7 + 8 + 8 + 8 + 9 working days are 56 calendar days, which floating-point numbers add up to a little more.
    days = [working * 7 / 5 for working in (7, 8, 8, 8, 9)]
    assert sum(days) > 56
    joint = forecast(*(Task(str(i), each, (str(i - 1),) if i else ()) for i, each in enumerate(days)))
    assert joint.days(joint.day(joint.finish[0, 0])) == 56
    assert joint.confidence(1, 56) == (1, 1, 1)


def test_days_and_dates_are_each_others_inverse():
    joint = forecast(Task("a", 1))
    # A task of one day that starts tomorrow ends at 1: tomorrow.
    assert [joint.day(days) for days in (0, 1, 1.2, 2)] == [START, *(date(2026, 10, day) for day in (1, 2, 2))]
    assert [joint.days(joint.day(days)) for days in (0, 1, 92)] == [0, 1, 92]


# Paths


def test_tasks_in_series_take_the_sum_of_their_days():
    joint = forecast(Task("a", uniform(0, 1)), Task("b", uniform(0, 1), after=("a",)))
    assert mean_is(joint.finish, 1)
    # The sum of two uniforms is below x with chance x² / 2 for x up to 1, and 1 - (2 - x)² / 2 beyond.
    for days, chance in ((0.5, 0.125), (1.0, 0.5), (1.5, 0.875)):
        assert mean_is(joint.finish <= days, chance)
    assert joint.tasks["critical"].tolist() == [1, 1]


def test_tasks_in_parallel_take_as_long_as_the_longest():
    joint = forecast(Task("a", uniform(0, 1)), Task("b", uniform(0, 1)))
    # P(max <= x) = x²: the mean is 2 / 3, the P80 sqrt(.8).
    assert mean_is(joint.finish, 2 / 3)
    assert mean_is(joint.finish <= math.sqrt(0.8), 0.8)
    assert np.quantile(joint.finish, 0.8) == pytest.approx(math.sqrt(0.8), abs=0.005)


def test_two_like_tasks_in_parallel_are_critical_half_of_the_time():
    joint = forecast(Task("a", uniform(0, 1)), Task("b", uniform(0, 1)))
    assert joint.tasks["critical"].tolist() == pytest.approx([0.5, 0.5], abs=0.01)
    assert joint.tasks["critical"].sum() == pytest.approx(1)


def test_criticality_of_a_short_path_is_the_chance_that_it_is_the_longer():
    # U(0, 1) beats U(0, 2) in a quarter of the cases.
    joint = forecast(Task("long", uniform(0, 2)), Task("short", uniform(0, 1)), Task("end", 1, after=("long", "short")))
    critical = joint.tasks.set_index("task")["critical"]
    assert critical[["long", "short", "end"]].tolist() == pytest.approx([0.75, 0.25, 1], abs=0.01)


def test_a_task_that_always_has_slack_is_never_critical():
    joint = forecast(Task("a", uniform(0, 1)), Task("b", 5), Task("c", 1, after=("a", "b")))
    assert joint.tasks.set_index("task")["critical"].to_dict() == {"a": 0, "b": 1, "c": 1}


@pytest.mark.parametrize(("paths", "by_plan"), [(1, 0.5), (2, 0.25), (4, 0.0625)])
def test_merging_paths_only_ever_add_delay(paths, by_plan):
    # The textbook's merge bias: each path is as likely early as late, all of them are early together in .5 to the power of
    # their number. Of two bells the later one is on average sd / sqrt(pi) late (Clark, 1961, "The greatest of a finite set
    # of random variables", Operations Research 9).
    joint = forecast(*(Task(f"path {i}", BELL) for i in range(paths)))
    assert mean_is(joint.finish <= 100, by_plan)
    if paths == 2:
        assert mean_is(joint.finish, 100 + 10 / math.sqrt(math.pi))


def test_paths_that_move_as_one_have_no_merge_bias():
    joint = forecast(Task("a", BELL), Task("b", BELL), correlation=1.0)
    assert mean_is(joint.finish <= 100, 0.5)


def test_no_task_starts_before_its_earliest_day():
    joint = forecast(Task("a", uniform(2, 4)), Task("b", 1, after=("a",), earliest=3))
    # The later of 3 and U(2, 4), and a day: 4 in half of the cases, else 4 to 5; on average 4.25.
    assert joint.finish.min() == 4
    assert mean_is(joint.finish, 4.25)
    # While "b" waits for its day, a day more on "a" is no day more on the whole.
    assert joint.tasks.set_index("task")["critical"].to_dict() == {"a": pytest.approx(0.5, abs=0.01), "b": 1}


@given(st.lists(st.tuples(st.floats(0, 20), st.floats(0, 10), st.sets(st.integers(0, 5))), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_a_day_more_on_a_task_puts_off_the_end_exactly_where_it_is_critical(rows):
    tasks = [
        Task(str(i), days, tuple(str(j) for j in before if j < i), earliest=earliest)
        for i, (days, earliest, before) in enumerate(rows)
    ]
    joint = forecast(*tasks, draws=16)
    critical = joint.tasks.set_index("task")["critical"]
    for i, task in enumerate(tasks):
        # A thousandth of a day, well above what counts as no slack; slack in between is left out.
        longer = [*tasks[:i], Task(task.name, task.days + 1e-3, task.after, earliest=task.earliest), *tasks[i + 1 :]]
        put_off = forecast(*longer, draws=16).finish.max() - joint.finish.max()
        if critical[task.name]:
            assert put_off == pytest.approx(1e-3, abs=2e-6)
        else:
            assert put_off < 1e-3


def test_longer_tasks_never_finish_earlier():
    short, long = (forecast(Task("a", days), Task("b", uniform(0, 5)), Task("c", 1, ("a", "b"))) for days in (3, 4))
    assert (long.finish >= short.finish).all()
    assert (long.finish > short.finish).any()


def test_projects_run_side_by_side():
    joint = forecast(Task("a", 3, project="site"), Task("a", 5, project="shop"))
    assert joint.projects == ("site", "shop")
    assert joint.finish[:, 0].tolist() == [3, 5]
    # A task is critical for its own project, even where another one ends later.
    assert joint.tasks["critical"].tolist() == [1, 1]


def test_finish_of_a_task_has_eight_of_ten_cases_between_low_and_high():
    joint = forecast(Task("a", uniform(0, 100)))
    row = joint.tasks.iloc[0]
    assert [joint.days(row[column].date()) for column in ("finish_low", "finish", "finish_high")] == pytest.approx(
        [10, 50, 90], abs=1.01
    )


# Risks that delay


def test_delay_puts_off_its_own_project_only():
    tasks = Task("a", uniform(5, 9), project="site"), Task("b", uniform(5, 9), project="shop")
    calm, late = (
        forecast(*tasks, risks=[Risk("late", 0.3, uniform(1, 2), "site", delay=delay)])
        for delay in (None, triangular(4, 8, 18))
    )
    assert (late.finish[1] == calm.finish[1]).all()
    # A chance of .3 of a delay that is (4 + 8 + 18) / 3 on average.
    assert mean_is(late.finish[0] - calm.finish[0], 0.3 * 10)


def test_delay_of_a_risk_of_no_project_puts_off_all():
    tasks = Task("a", 5, project="site"), Task("b", 7, project="shop")
    joint = forecast(*tasks, risks=[Risk("strike", 0.5, point(1), delay=uniform(2, 4))])
    assert joint.finish[1] - joint.finish[0] == pytest.approx(np.full(DRAWS, 2.0))
    assert mean_is(joint.finish[0], 5 + 0.5 * 3)


def test_delays_of_several_risks_add_up():
    risks = [Risk("one", 1, point(1), delay=point(2)), Risk("two", 1, point(1), delay=point(3)), Risk("three", 1, point(1))]
    assert (forecast(Task("a", 5), risks=risks).finish == 10).all()


def test_delay_leaves_the_cost_as_it_is():
    costs = [
        forecast(Task("a", 5), risks=[Risk("late", 0.3, uniform(1, 2), delay=delay)]).total for delay in (None, uniform(3, 8))
    ]
    assert (costs[0] == costs[1]).all()


def test_delay_of_the_register_is_in_working_days_and_becomes_calendar_days():
    register = {"risk": ["late"], "probability": [0.5], "low": [1.0], "likely": [2.0], "high": [3.0], "project": ["site"]}
    (late,) = risk_events(pd.DataFrame(register | {"days_low": [5.0], "days_likely": [10.0], "days_high": [15.0]}))
    assert late.delay == triangular(7, 14, 21)
    assert risk_events(pd.DataFrame(register | {"days_low": [5.0]}))[0].delay is None


def test_a_delay_is_a_distribution():
    with pytest.raises(ValueError, match=r"risk 'late': delay must be a distribution, got 5; write point\(5\)"):
        Risk("late", 0.5, point(1), delay=5)


# What moves with what


@pytest.mark.parametrize("correlation", [0.0, 0.4, Factors(project=0.2)])
def test_task_with_a_line_moves_in_proportion_with_it(correlation):
    lines = [Line("build", pert(80, 100, 150), "site"), Line("design", pert(40, 50, 90), "shop")]
    tasks = Task("build", 20, project="site", line="build"), Task("design", pert(9, 10, 11), project="shop")
    joint = forecast(*tasks, lines=lines, correlation=correlation)
    assert joint.finish[0] == pytest.approx(20 * joint.cost[0] / 100)
    assert np.corrcoef(ranks(joint.finish[1]), ranks(joint.cost[1]))[0, 1] < 0.99


def test_task_with_a_line_has_perfect_rank_correlation_with_it():
    joint = forecast(Task("build", 20, line="build"), lines=[Line("build", triangular(80, 100, 190))])
    assert (ranks(joint.finish[0]) == ranks(joint.total)).all()
    assert mean_is(joint.finish[0], 20 * (80 + 100 + 190) / 300)


def test_task_with_a_line_takes_its_likely_days_whatever_its_range():
    joint = forecast(Task("build", pert(10, 20, 50), line="build"), lines=[Line("build", triangular(80, 100, 190))])
    assert joint.finish[0] == pytest.approx(20 * joint.total / 100)


def test_task_with_a_fixed_line_takes_its_days():
    assert (forecast(Task("a", 20, line="fee"), lines=[Line("fee", point(100.0))]).finish == 20).all()


def test_line_of_the_same_name_in_another_project_moves_nothing():
    lines = [Line("build", pert(80, 100, 150), "site"), Line("build", point(5.0), "shop")]
    assert (forecast(Task("a", 20, project="shop", line="build"), lines=lines).finish == 20).all()


def test_factor_of_the_project_stretches_money_and_days():
    # One lognormal factor for both: the logarithm of the factor is the only thing that varies.
    lines = [Line("a", uniform(99.999, 100.001), "site")]
    joint = forecast(Task("b", uniform(9.9999, 10.0001), project="site"), lines=lines, correlation=Factors(project=0.2))
    assert joint.finish[0] == pytest.approx(joint.total / 10, rel=1e-4)
    assert np.log(joint.finish[0]).std() == pytest.approx(0.2, rel=0.01)


def test_correlation_of_the_lines_holds_for_days_too_and_a_matrix_does_not():
    lines = [Line("a", uniform(0, 1)), Line("spent", point(0.0))]
    for correlation, expected in ((0.6, 0.6), (np.array([[1, 0.6], [0.6, 1]]), 0.0)):
        joint = forecast(Task("c", uniform(0, 1)), lines=lines, correlation=correlation)
        realised = np.corrcoef(ranks(joint.finish[0]), ranks(joint.total))[0, 1]
        assert realised == pytest.approx(expected, abs=0.01)


def test_same_seed_same_dates():
    tasks = Task("a", pert(5, 8, 15)), Task("b", uniform(4, 9), after=("a",))
    first, again, other = (forecast(*tasks, seed=seed) for seed in (7, 7, 8))
    assert (first.finish == again.finish).all()
    assert first.tasks.equals(again.tasks)
    assert not (first.finish == other.finish).all()


def test_order_of_the_tasks_given_does_not_change_when_all_is_done():
    a, b, c = Task("a", 3), Task("b", 4, after=("a",)), Task("c", 2, after=("b",))
    assert [task.name for task in in_order([c, b, a])] == ["a", "b", "c"]
    assert (forecast(c, b, a).finish == 9).all()


# What cannot be


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (
            [Task("a", 1, ("b",)), Task("b", 1, ("a",))],
            "tasks wait for each other: 'a' -> 'b' -> 'a'; take one of them out of `after`",
        ),
        ([Task("a", 1, ("a",), "site")], "tasks wait for each other of project 'site': 'a' -> 'a'"),
        ([Task("a", 1, ("z",), "site")], "task 'a' of project 'site' waits for 'z', which is not there; write a task's name"),
        (
            [Task("a", 1, ("b",), "site"), Task("b", 1, project="shop")],
            "task 'a' of project 'site' waits for 'b', which is not",
        ),
        ([Task("a", 1), Task("a", 2)], "2 tasks are called 'a'; give each a name of its own"),
        ([Task("a", 1, project="site")] * 3, "3 tasks are called 'a' of project 'site'; give each a name of its own"),
        (
            [Task("a", 1, project="site", line="bild")],
            "task 'a' moves with line 'bild' of project 'site', which is not in the cost model; write the name of a line",
        ),
    ],
)
def test_impossible_plans_say_what_to_write(tasks, message):
    with pytest.raises(ValueError, match=r".") as refused:
        forecast(*tasks)
    said = str(refused.value)
    # A circle may be told from any of its tasks on.
    assert message in said or message.replace("'a' -> 'b' -> 'a'", "'b' -> 'a' -> 'b'") in said


def test_a_circle_names_the_tasks_of_the_circle_and_no_other():
    circle = [Task("x", 1, ("start", "z")), Task("y", 1, ("x",)), Task("z", 1, ("y",))]
    with pytest.raises(ValueError, match=r".") as refused:
        in_order([Task("start", 1), *circle, Task("end", 1, ("z",))])
    named = str(refused.value)
    assert all(f"'{name}'" in named for name in "xyz")
    assert "start" not in named
    assert "end" not in named
    # Each waits for the one behind the arrow.
    assert any(circle in named for circle in ("'x' -> 'z' -> 'y'", "'z' -> 'y' -> 'x'", "'y' -> 'x' -> 'z'"))


@pytest.mark.parametrize(("days", "least"), [(-1, "-1"), (uniform(-2, 4), "-2"), (normal(10, 1), "-inf")])
def test_negative_days_are_refused(days, least):
    with pytest.raises(ValueError, match=rf"task 'a': days must be 0 or more, got {least} at least; write pert\(8, 10, 15\)"):
        Task("a", days)


def test_missing_plan_or_model_stays_missing():
    nothing, model = Missing("no plan"), CostModel([Line("a", point(1))])
    assert joint_forecast(nothing, [Task("a", 1)], START) is nothing
    assert joint_forecast(model, nothing, START) is nothing
    assert joint_forecast(model, [], START) == Missing("no task is still to finish")
    assert planned_tasks(nothing, model, START) is nothing


# The plan


NONE = Missing("not recorded")
RATE = pd.Series({("site", "maker"): 50.0})


def plan(*rows):
    """Return a plan of tasks of 80 to 150 hours, most likely 100, with these columns besides or instead."""
    usual = {"project": "site", "role": "maker", "low_hours": 80.0, "likely_hours": 100.0, "high_hours": 150.0}
    return pd.DataFrame([usual | {"task": name} | columns for name, columns in rows])


def dated(start, finish):
    return {"start": pd.Timestamp(start), "finish": pd.Timestamp(finish)}


def planned(*rows, time=NONE, progress=NONE):
    """Return the cost model of a plan and the tasks still to finish, by name."""
    work = estimate_at_completion(plan(*rows), time, progress, RATE)
    tasks = planned_tasks(work.tasks, work.model, START)
    return work.model, tasks if isinstance(tasks, Missing) else {task.name: task for task in tasks}


OCTOBER = dated("2026-10-01", "2026-10-20")


def test_done_and_cancelled_tasks_are_left_out_and_nobody_waits_for_them():
    _, tasks = planned(
        ("design", OCTOBER | {"status": "done"}),
        ("copy", OCTOBER | {"status": "cancelled"}),
        ("draft", OCTOBER | {"status": "planned"}),
        ("build", OCTOBER | {"status": "planned", "depends_on": "design; draft; copy"}),
    )
    assert list(tasks) == ["draft", "build"]
    assert tasks["build"].after == ("draft",)


def test_days_come_from_the_dates_first_and_last_day_included():
    model, tasks = planned(("build", OCTOBER))
    assert tasks["build"].days == point(20)
    assert tasks["build"].line == "build"
    joint = joint_forecast(model, list(tasks.values()), START, DRAWS)
    # At its likely hours it ends on the 20th of October, as planned: 20 days after the as-of day.
    assert joint.day(20) == date(2026, 10, 20)
    assert joint.finish[0] == pytest.approx(20 * joint.total / (100 * 50))


def test_working_days_go_before_dates_and_become_calendar_days():
    _, tasks = planned(("build", OCTOBER | {"likely_days": 10.0}))
    assert tasks["build"].days == point(14)


def test_range_of_days_is_drawn_and_not_moved_by_the_hours():
    _, tasks = planned(("build", OCTOBER | {"low_days": 5.0, "likely_days": 10.0, "high_days": 20.0}))
    assert (tasks["build"].days, tasks["build"].line) == (pert(7, 14, 28), "")


def test_no_task_starts_before_the_plan_says():
    _, tasks = planned(
        ("tomorrow", dated("2026-10-01", "2026-10-10")),
        ("later", dated("2026-10-05", "2026-10-10")),
        ("overdue", dated("2026-08-01", "2026-10-10")),
    )
    assert [tasks[name].earliest for name in ("tomorrow", "later", "overdue")] == [0, 4, 0]


def test_work_that_began_before_its_planned_start_does_not_wait_for_it():
    _, tasks = planned(("early", dated("2026-10-15", "2026-10-20") | {"status": "in_progress"}))
    assert tasks["early"].earliest == 0


def test_planned_date_of_a_day_without_hours_holds():
    # A launch on the 5th takes that one day: it ends at the end of the 5th, in every draw.
    unestimated = {"low_hours": np.nan, "likely_hours": np.nan, "high_hours": np.nan}
    model, tasks = planned(("build", OCTOBER), ("launch", dated("2026-10-05", "2026-10-05") | unestimated))
    assert tasks["launch"].line == ""
    launch = joint_forecast(model, list(tasks.values()), START, 16).tasks.set_index("task").loc["launch"]
    assert launch[["finish_low", "finish", "finish_high"]].tolist() == [pd.Timestamp("2026-10-05")] * 3


def test_of_a_task_under_way_the_part_of_its_hours_that_remains_is_left():
    time = pd.DataFrame({"project": ["site"], "task": ["build"], "role": ["maker"], "hours": [90.0]})
    judged = pd.DataFrame({"project": ["site"], "task": ["build"], "as_of": [pd.Timestamp(START)], "remaining_hours": [30.0]})
    begun = dated("2026-09-11", "2026-10-20") | {"status": "in_progress"}
    _, tasks = planned(("build", begun), time=time, progress=judged)
    # 30 of 120 hours remain, so 10 of the plan's 40 days; it has begun, so that nothing holds its start.
    assert tasks["build"].days == point(10)
    assert tasks["build"].earliest == 0
    assert tasks["build"].line == "build"


@pytest.mark.parametrize(("hours", "more"), [(110.0, 9.58155), (200.0, 70 / 6)])
def test_task_that_has_overrun_its_estimate_is_not_finished_yet(hours, more):
    # Nothing more is the likeliest, but not certain: on average there come 9.58 hours, by quadrature of the PERT's density
    # above 110, and beyond the high estimate those of PERT(0, 0, 70). The plan's 92 days go by the same share as the hours.
    time = pd.DataFrame({"project": ["site"], "task": ["build"], "role": ["maker"], "hours": [hours]})
    model, tasks = planned(("build", dated("2026-08-01", "2026-10-31") | {"status": "in_progress"}), time=time)
    days = 92 * more / (more + hours)
    assert tasks["build"].days.value == pytest.approx(days, rel=1e-4)
    joint = joint_forecast(model, list(tasks.values()), START, DRAWS)
    assert joint.finish[0] == pytest.approx(days * (joint.total / 50 - hours) / more, rel=1e-4)


def test_cost_by_the_month_and_days_are_drawn_once():
    days = {"low_days": 10.0, "likely_days": 20.0, "high_days": 40.0, "cost_per_month": 3000.0}
    model, tasks = planned(("run", OCTOBER | days | {"low_hours": np.nan, "likely_hours": np.nan, "high_hours": np.nan}))
    assert [line.name for line in model.lines] == ["run (by the month)"]
    assert tasks["run"].line == "run (by the month)"
    joint = joint_forecast(model, list(tasks.values()), START, DRAWS)
    assert (ranks(joint.finish[0]) == ranks(joint.total)).all()
    # Every day costs the same: 3 000 a month of 365.25 / 12 days.
    assert joint.total == pytest.approx(joint.finish[0] * 3000 / (365.25 / 12))


def test_hours_of_a_task_with_cost_by_the_month_vary_beside_its_days():
    days = {"low_days": 10.0, "likely_days": 20.0, "high_days": 40.0, "cost_per_month": 3000.0}
    model, tasks = planned(("run", OCTOBER | days))
    assert [line.name for line in model.lines] == ["run", "run (by the month)"]
    assert tasks["run"].line == "run (by the month)"
    assert tasks["run"].days == point(28)


def test_a_project_with_a_task_that_has_neither_days_nor_dates_has_no_finish():
    rows = plan(("build", OCTOBER), ("loose", {"status": "planned", "depends_on": "build"}))
    work = estimate_at_completion(rows, NONE, NONE, RATE)
    assert planned_tasks(work.tasks, work.model, START).reason == "no project has days or dates for all its tasks"
    assert any("has no finish date" in finding and "loose" in finding for finding in work.findings)


def test_missing_where_nothing_is_left_to_finish():
    _, undated = planned(("build", {}))
    assert undated.reason == "no project has days or dates for all its tasks"
    _, done = planned(("build", OCTOBER | {"status": "done"}))
    assert done == Missing("no task is still to finish")
