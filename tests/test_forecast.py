"""Both engines side by side, each project alone, and the estimates of earned value beside them."""

import math

import numpy as np
import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.outlook.distributions import normal, point, uniform
from acctlib.outlook.estimate_at_completion import EstimateAtCompletion
from acctlib.outlook.exact import exact
from acctlib.outlook.forecast import beside_earned_value, cost_forecast
from acctlib.outlook.model import USUAL_FACTORS, CostModel, Factors, Line, Risk, spearman_correlation

TASKS = pd.DataFrame({"task": [], "project": [], "start": [], "finish": []})


def forecast_of(lines, risks=(), correlation=USUAL_FACTORS):
    work = EstimateAtCompletion(CostModel(lines, risks, correlation), TASKS, "money", (), pd.Series(dtype=float))
    return cost_forecast(work, "GBP", 16_384, 1)


def test_each_project_alone_has_its_own_lines_and_risks():
    lines = [Line("a", uniform(10, 20), "x"), Line("spent", point(5), "x"), Line("b", uniform(30, 50), "y")]
    risks = [Risk("late", 0.5, point(4), "y"), Risk("of nobody", 0.5, point(100))]
    alone = forecast_of(lines, risks).by_project
    assert {name: cost.mean for name, cost in alone.items()} == {"x": 20, "y": 42}


def test_a_project_that_can_only_be_simulated_is_simulated():
    lines = [Line("a", uniform(10, 20), "x", "design"), Line("b", uniform(10, 20), "x", "build")]
    alone = forecast_of(lines, correlation=Factors(work_type=0.2)).by_project["x"]
    assert alone.draws == 16_384


def test_the_rank_correlation_is_the_one_that_the_factor_gives():
    # Two lognormal-like lines of log sd .15 under a factor of log sd .15: Pearson .5 between the logs.
    lines = [Line(name, normal(100, 15), "x") for name in "ab"] + [Line("alone", normal(100, 15), "y")]
    wanted = spearman_correlation(0.15**2 / (0.15**2 + math.log1p(0.15**2)))
    assert forecast_of(lines).rank_correlation == pytest.approx(wanted, abs=0.02)


def test_without_two_lines_in_a_project_there_is_no_rank_correlation():
    assert isinstance(forecast_of([Line("a", normal(100, 15), "x")]).rank_correlation, Missing)


def test_estimates_of_earned_value_stand_beside_the_projects_distribution():
    earned = pd.DataFrame({"project": ["x", "z"], "name": ["X", "Z"], "bac": [110.0, 1.0], "eac": [120.0, 1.0]})
    earned = earned.assign(eac_atypical=112.0, eac_combined=130.0)
    costs = {"x": exact(CostModel([Line("all", normal(100, 10))]))}
    row = beside_earned_value(earned, costs, confidence=0.9).to_dict("records")
    assert len(row) == 1
    assert row[0]["middle"] == pytest.approx(100)
    assert row[0]["sure"] == pytest.approx(100 + 10 * 1.2815516)
    assert row[0]["holds"] == pytest.approx(0.8413447)


def test_a_project_without_a_budget_has_no_odds():
    earned = pd.DataFrame(
        {"project": ["x"], "name": ["X"], "bac": [np.nan], "eac": 1.0, "eac_atypical": 1.0, "eac_combined": 1.0}
    )
    assert np.isnan(beside_earned_value(earned, {"x": exact(CostModel([Line("a", normal(1, 1))]))})["holds"].iloc[0])
    assert beside_earned_value(earned, {}).reason == "no project has both earned value and a forecast"
