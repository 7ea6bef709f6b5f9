import math
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exact import SMALL_MODELS, workload

from acctlib.missing import Missing
from acctlib.outlook.distributions import lognormal, normal, pert, point, triangular, uniform
from acctlib.outlook.exact import exact
from acctlib.outlook.model import CostModel, Factors, Line, Risk
from acctlib.outlook.risk import (
    allocation,
    compared_percentiles,
    contingency,
    drivers,
    expected_overrun,
    expected_shortfall,
    percentile_of,
    phasing,
)
from acctlib.outlook.simulate import simulate

BELL = exact(CostModel([Line("all", normal(100, 10))]))
NOTHING = Missing("there is no budget")


def test_fixed_fee_of_the_published_case():
    # Fee 120 against a cost of N(100, 10).
    assert 1 - percentile_of(BELL, 120) == pytest.approx(0.0227501, abs=5e-8)
    assert expected_overrun(BELL, 120) == pytest.approx(0.0849070, abs=5e-8)
    assert 1 - percentile_of(BELL, 120 * 0.9) == pytest.approx(0.2118554, abs=5e-8)


def test_shortfall_of_the_published_normal_tail():
    cost = exact(CostModel([Line("all", normal(1000, 100))]))
    assert expected_shortfall(cost, 0.8) == pytest.approx(1139.981, abs=5e-4)
    assert expected_shortfall(simulate(cost.model), 0.8) == pytest.approx(1139.981, abs=0.5)


def test_no_reserve_when_the_budget_already_holds():
    assert contingency(BELL, budget=120) == 0


def test_reserve_reaches_from_budget_to_percentile():
    assert contingency(BELL, budget=100, confidence=0.8) == pytest.approx(8.416212)
    assert contingency(BELL, budget=100, confidence=0.9) == pytest.approx(12.815516)


@given(st.floats(60, 140), st.floats(0.05, 0.9), st.floats(0.01, 0.09))
def test_reserve_never_falls_as_confidence_rises(budget, confidence, more):
    assert contingency(BELL, budget, confidence + more) >= contingency(BELL, budget, confidence)


def test_overrun_is_nought_where_the_budget_always_holds():
    cost = exact(CostModel([Line("a", uniform(90, 110))]))
    assert expected_overrun(cost, 111) == 0
    assert expected_overrun(cost, 50) == pytest.approx(50, rel=1e-6)
    assert expected_overrun(cost, 100) == pytest.approx(2.5, rel=1e-5)  # the integral of (x - 100) / 20 from 100 to 110


def test_a_budget_far_out_on_an_open_end_leaves_next_to_no_overrun():
    assert expected_overrun(exact(CostModel([Line("a", normal(50, 5))])), 84) == pytest.approx(0, abs=1e-9)
    assert math.isfinite(exact(CostModel([Line("a", lognormal(mean=50, sd=5))])).tail_mean(1 - 1e-12))


def test_what_is_missing_stays_missing():
    assert percentile_of(NOTHING, 1) is NOTHING
    assert percentile_of(BELL, NOTHING) is NOTHING
    assert contingency(NOTHING, 1) is NOTHING
    assert expected_shortfall(NOTHING) is NOTHING
    assert drivers(NOTHING) is NOTHING
    assert allocation(NOTHING, pd.DataFrame({"driver": [], "share": []})) is NOTHING
    assert contingency(BELL, float("nan")) == Missing("the budget is not known")
    assert percentile_of(BELL, float("nan")) == Missing("the amount is not known")


def test_drivers_of_independent_lines_are_shares_of_variance():
    # 9 + 16 from the lines, .5 * .5 * 10² from the risk.
    model = CostModel([Line("a", normal(10, 3)), Line("b", normal(20, 4))], [Risk("late", 0.5, point(10))], correlation=0)
    found = drivers(simulate(model, 65_536))
    assert found["driver"].tolist() == ["late", "b", "a"]
    assert found["kind"].tolist() == ["risk", "line", "line"]
    assert found["share"].tolist() == pytest.approx([25 / 50, 16 / 50, 9 / 50], abs=2e-3)
    assert found["mean"].tolist() == pytest.approx([5, 20, 10], abs=0.01)


def test_swing_of_a_risk_is_its_impact_and_of_a_line_its_outer_fifths():
    model = CostModel([Line("a", normal(10, 3))], [Risk("late", 0.25, point(8))], correlation=0)
    found = drivers(simulate(model, 65_536)).set_index("driver")
    assert found.loc["late", ["low", "high"]].tolist() == pytest.approx([10, 18], abs=0.05)
    # The mean of a bell's outer fifth lies 1.39981 standard deviations off.
    assert found.loc["a", ["low", "high"]].tolist() == pytest.approx([12 - 3 * 1.39981, 12 + 3 * 1.39981], abs=0.08)


def test_drivers_by_factor_count_what_the_factor_does():
    lines = [Line("big", uniform(99, 101), "x"), Line("small", uniform(9, 11), "y")]
    found = drivers(simulate(CostModel(lines, correlation=Factors(project=0.15)))).set_index("driver")
    assert found.loc["big", "share"] == pytest.approx(100**2 / (100**2 + 10**2), abs=5e-3)


def test_a_factor_apart_is_a_driver_and_the_lines_keep_what_is_their_own():
    # A project of two lines of 50: the factor's variance is 100² (e^.0225 - 1), each line's own about 2²/12 e^.0225.
    lines = [Line("one", uniform(49, 51), "x"), Line("two", uniform(49, 51), "x")]
    simulated = simulate(CostModel(lines, correlation=Factors(project=0.15)), 65_536)
    found = drivers(simulated, apart=True).set_index("driver")
    factor, own = 100**2 * math.expm1(0.15**2), 4 / 12 * math.exp(0.15**2)
    assert found.loc["all of x", ["kind", "project"]].tolist() == ["project", "x"]
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["all of x", "share"] == pytest.approx(factor / (factor + 2 * own), abs=1e-4)
    assert found.loc["one", "share"] == pytest.approx(own / (factor + 2 * own), rel=0.02)
    together = np.concatenate([block.sum(axis=0) for block in simulated.parts()])
    apart = np.concatenate([block.sum(axis=0) for block in simulated.parts(apart=True)])
    assert apart == pytest.approx(together)


def test_factors_of_account_project_and_work_type_apart_add_up_to_the_same_total():
    lines = [
        Line(name, uniform(10, 20), project, kind)
        for name, project, kind in (("a", "x", "d"), ("b", "x", "t"), ("c", "y", "t"))
    ]
    simulated = simulate(CostModel(lines, [Risk("late", 0.5, point(3))], Factors(0.15, 0.1, 0.2)), 512)
    assert simulated.factors == (
        ("account", ""), ("project", "x"), ("project", "y"), ("work type", "d"), ("work type", "t"))  # fmt: skip
    together = np.concatenate([block.sum(axis=0) for block in simulated.parts()])
    apart = np.concatenate([block.sum(axis=0) for block in simulated.parts(apart=True)])
    assert apart == pytest.approx(together)
    assert math.fsum(drivers(simulated, apart=True)["share"]) == pytest.approx(1)


def test_nothing_uncertain_has_no_driver():
    assert drivers(simulate(CostModel([Line("spent", point(5))]))) == Missing("nothing in the model is uncertain")


@given(SMALL_MODELS, st.floats(0, 1e6))
@settings(max_examples=15, deadline=None)
def test_shares_and_allocation_add_up(model, reserve):
    found = drivers(simulate(model, 1024))
    assert math.fsum(found["share"]) == pytest.approx(1)
    assert math.fsum(allocation(reserve, found)["amount"]) == pytest.approx(reserve)


def test_allocation_names_the_parts_it_pays():
    found = drivers(simulate(workload(0.3), 8192))
    shared = allocation(100_000.0, found)
    assert shared.columns.tolist() == ["driver", "kind", "project", "share", "amount"]
    assert len(shared) == 70


def test_compared_percentiles_show_both_engines_and_their_difference():
    model = workload(0)
    table = compared_percentiles(exact(model), simulate(model, 8192))
    assert table["probability"].tolist() == [0.1, 0.5, 0.8, 0.9]
    assert table["exact"].iloc[2] == pytest.approx(1816121.0, rel=1e-6)
    assert (table["difference"] == table["simulated"] - table["exact"]).all()
    assert (table["difference"].abs() < 4 * table["standard_error"]).all()


def test_simulation_only_leaves_the_exact_column_blank():
    model = CostModel([Line("a", uniform(0, 1)), Line("b", uniform(0, 1))], correlation=-0.4)
    table = compared_percentiles(exact(model), simulate(model, 1024))
    assert table[["exact", "difference"]].isna().all(axis=None)


def months(*starts):
    ends = [*starts[1:], date(starts[-1].year + (starts[-1].month == 12), starts[-1].month % 12 + 1, 1)]
    pairs = zip(starts, ends, strict=True)
    return [SimpleNamespace(label=f"{a:%Y-%m}", start=a, end=date.fromordinal(b.toordinal() - 1)) for a, b in pairs]


def test_phasing_spends_each_line_over_its_days():
    model = CostModel(
        [Line("spent", point(100), "x"), Line("a", uniform(30, 60), "x"), Line("b", uniform(10, 20), "x")], correlation=1
    )
    timing = pd.DataFrame(
        {
            "name": ["a", "b"],
            "project": "x",
            "start": pd.to_datetime(["2026-09-01", "2026-10-01"]),
            "finish": pd.to_datetime(["2026-10-31", "2026-10-31"]),
        }
    )
    fan = phasing(simulate(model, 8192), timing, months(date(2026, 9, 1), date(2026, 10, 1)))
    assert fan["month"].tolist() == ["2026-09", "2026-10"]
    # 30 of the 61 days of "a" have passed at the end of September; "b" has not begun.
    assert fan["likely"].tolist() == pytest.approx([100 + 45 * 30 / 61, 100 + 45 + 15], rel=1e-3)
    assert fan["low"].tolist() == pytest.approx([100 + 33 * 30 / 61, 100 + 33 + 11], rel=1e-3)
    assert fan["high"].tolist() == pytest.approx([100 + 57 * 30 / 61, 100 + 57 + 19], rel=1e-3)


def test_phasing_spreads_undated_work_and_risks_over_all_months():
    model = CostModel([Line("a", uniform(30, 60), "x")], [Risk("late", 1, point(61))])
    timing = pd.DataFrame({"name": ["a"], "project": ["x"], "start": [pd.NaT], "finish": [pd.NaT]})
    fan = phasing(simulate(model, 4096), timing, months(date(2026, 9, 1), date(2026, 10, 1)))
    assert fan["likely"].tolist() == pytest.approx([(45 + 61) * 30 / 61, 45 + 61], rel=1e-3)


def test_what_remains_of_work_under_way_is_spent_from_the_first_month_on():
    model = CostModel([Line("a", uniform(30, 60), "x")])
    timing = pd.DataFrame(
        {"name": "a", "project": "x", "start": pd.to_datetime(["2026-01-01"]), "finish": pd.Timestamp("2026-10-31")}
    )
    fan = phasing(simulate(model, 4096), timing, months(date(2026, 9, 1), date(2026, 10, 1)))
    assert fan["likely"].tolist() == pytest.approx([45 * 30 / 61, 45], rel=1e-3)


def test_overdue_work_is_spent_in_the_first_month():
    model = CostModel([Line("a", uniform(30, 60), "x")])
    timing = pd.DataFrame(
        {"name": ["a"], "project": ["x"], "start": [pd.Timestamp("2026-01-01")], "finish": [pd.Timestamp("2026-02-01")]}
    )
    fan = phasing(simulate(model, 4096), timing, months(date(2026, 9, 1), date(2026, 10, 1)))
    assert fan["likely"].tolist() == pytest.approx([45, 45], rel=1e-3)


@pytest.mark.parametrize("confidence", [0, 1, 80, -0.2])
def test_confidence_is_a_fraction(confidence):
    for measure in (lambda: contingency(BELL, 1, confidence), lambda: expected_shortfall(BELL, confidence)):
        with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got .*; write 80 % as 0.8"):
            measure()


def test_exact_and_simulated_answer_the_same_questions():
    model = CostModel([Line("a", pert(80, 100, 150))], [Risk("late", 0.3, triangular(10, 20, 45))])
    for cost in (exact(model), simulate(model, 1024)):
        assert cost.quantile([0.5, 0.8]).shape == (2,)
        assert isinstance(cost.quantile(0.8), float)
        assert isinstance(cost.cdf(100), float)
        assert cost.curve().columns.tolist() == ["probability", "value"]
        assert np.isfinite([cost.mean, cost.sd, cost.tail_mean(0.9)]).all()
