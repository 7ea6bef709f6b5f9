"""What a response brings is checked by hand, by the exact engine, and the best set by trying every set.

A simulated figure must lie within four of its own stated standard errors, the spread of eight replicates, of the exact one.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.distributions import pert, point, triangular, uniform
from acctlib.outlook.exact import exact
from acctlib.outlook.model import CostModel, Line, Risk
from acctlib.outlook.responses import best_set, responses
from acctlib.outlook.risk import expected_shortfall
from acctlib.outlook.simulate import simulate

BUILD = Line("build", uniform(400, 440))
DRAWS = 2048


def risk(name, probability, impact, left=None, cost=0.0, after=None):
    """Return a risk whose response leaves the probability `left` and the impact `after`, both as before where not given."""
    residual = Risk(name, probability if left is None else left, impact if after is None else after)
    return Risk(name, probability, impact, residual=residual, response_cost=cost)


def answered(*risks, draws=DRAWS, **asked):
    return responses(simulate(CostModel([BUILD], risks), draws), **asked)


# Three that are worth it or not: 40 saved for 15, 20 for 30, and 10 for nothing.
LATE = risk("late content", 0.5, point(100.0), left=0.1, cost=15.0)
SICK = risk("key person", 0.4, point(50.0), left=0.0, cost=30.0)
TALK = risk("scope talk", 0.5, point(40.0), after=point(20.0))
PROJECT = CostModel(
    [Line("design", pert(80, 100, 150)), Line("build", triangular(200, 240, 390))],
    [
        risk("late content", 0.5, triangular(40, 60, 120), left=0.2, cost=5.0),
        risk("key person", 0.3, triangular(50, 70, 90), after=triangular(10, 20, 30), cost=4.0),
        Risk("price rise", 0.2, triangular(10, 20, 60)),
    ],
)


@st.composite
def answered_risks(draw, least=1, most=4):
    """Return risks of positive impact with a response that leaves less of each."""
    sizes = st.tuples(st.floats(0, 1), st.floats(0, 50), st.floats(1, 50), st.floats(1, 50), st.floats(0, 1), st.floats(0, 20))
    rows = draw(st.lists(sizes, min_size=least, max_size=most))
    return [
        risk(f"r{i}", p, triangular(low, low + a, low + a + b), left=p * share, cost=cost)
        for i, (p, low, a, b, share, cost) in enumerate(rows)
    ]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-50, 50), st.floats(0, 50)), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_response_that_does_nothing_changes_nothing(rows):
    idle = [risk(f"r{i}", p, uniform(low, low + width + 1)) for i, (p, low, width) in enumerate(rows)]
    found = answered(*idle, draws=512)
    assert (found.table[["mean_saved", "percentile_saved", "net"]] == 0).all(axis=None)
    assert (found.before, found.shortfall_before, found.cost) == (found.after, found.shortfall_after, 0)


def test_mean_saved_is_that_of_the_closed_form():
    # .5 * 100 - .1 * 100; .4 * 50 - 0; .5 * 40 - .5 * 20.
    saved = answered(LATE, SICK, TALK).table.set_index("risk")["mean_saved"]
    assert saved[["late content", "key person", "scope talk"]].tolist() == pytest.approx([40, 20, 10])


def test_what_the_draws_save_is_on_average_the_mean_saved():
    simulated = simulate(PROJECT, 16_384)
    residuals = [part.residual or part for part in PROJECT.risks]
    drawn = np.concatenate(list(simulated.parts(beside=residuals)), axis=1)[2:]
    saved = (drawn[:3] - drawn[3:]).mean(axis=1)
    # triangular(40, 60, 120) has mean 220 / 3, triangular(50, 70, 90) 70 and triangular(10, 20, 30) 20.
    assert saved.tolist() == pytest.approx([0.3 * 220 / 3, 0.3 * 50, 0], abs=0.05)
    assert responses(simulated).table["mean_saved"].sum() == pytest.approx(0.3 * 220 / 3 + 0.3 * 50)


def test_percentile_saved_counts_the_response_when_it_is_the_only_one():
    late, *others = PROJECT.risks
    alone = CostModel(PROJECT.lines, [late.residual, *others])
    errors = [simulate(model, 8192).standard_error(0.8) for model in (PROJECT, alone)]
    found = responses(simulate(PROJECT, 8192)).table.set_index("risk").loc["late content"]
    saved = exact(PROJECT).quantile(0.8) - exact(alone).quantile(0.8)
    assert abs(found["percentile_saved"] - saved) <= 4 * math.hypot(*errors)
    assert 4 * math.hypot(*errors) < 0.15 * saved
    assert found["net"] == found["percentile_saved"] - 5


def test_most_worthwhile_response_comes_first():
    table = answered(SICK, TALK, LATE).table
    assert table["risk"].iloc[0] == "late content"
    assert table["net"].is_monotonic_decreasing


def test_after_agrees_with_the_exact_total_of_what_is_left():
    found = responses(simulate(PROJECT, 16_384, seed=3))
    assert found.table["chosen"].all()
    left = CostModel(
        [*PROJECT.lines, Line("editor", point(5.0)), Line("deputy", point(4.0))],
        [part.residual or part for part in PROJECT.risks],
    )
    # The standard error is that of the same number of draws of the model of what is left.
    same_size = simulate(left, 16_384, seed=3)
    assert abs(found.after - exact(left).quantile(0.8)) <= 4 * same_size.standard_error(0.8)
    assert abs(found.before - exact(PROJECT).quantile(0.8)) <= 4 * simulate(PROJECT, 16_384, seed=3).standard_error(0.8)
    assert found.shortfall_after == pytest.approx(exact(left).tail_mean(0.8), rel=2e-3)
    assert found.after < found.before


def test_before_is_what_the_simulation_itself_says():
    simulated = simulate(PROJECT, DRAWS)
    for confidence in (0.5, 0.8, 0.95):
        found = responses(simulated, confidence=confidence)
        assert found.confidence == confidence
        assert found.before == pytest.approx(simulated.quantile(confidence), rel=1e-12)
        assert found.shortfall_before == pytest.approx(expected_shortfall(simulated, confidence), rel=1e-12)


def test_fixed_amounts_move_the_total_and_not_what_is_saved():
    bare, spent = (
        responses(simulate(CostModel([BUILD, *more], [LATE]), DRAWS)) for more in ((), (Line("spent", point(1000.0)),))
    )
    assert (spent.before - bare.before, spent.after - bare.after) == pytest.approx((1000, 1000))
    assert spent.table["percentile_saved"].tolist() == pytest.approx(bare.table["percentile_saved"].tolist())


@given(answered_risks(), st.one_of(st.none(), st.floats(0, 60)))
@settings(max_examples=20, deadline=None)
def test_steps_foot_and_the_chosen_keep_to_the_budget(risks, budget):
    found = answered(*risks, draws=512, budget=budget)
    amounts = found.steps["amount"]
    chosen = found.table[found.table["chosen"]]
    assert found.steps["step"].tolist() == ["today", *chosen["risk"], "after"]
    assert (amounts.iloc[0], amounts.iloc[-1]) == (found.before, found.after)
    assert math.fsum(amounts.iloc[:-1]) == pytest.approx(found.after)
    assert found.cost == pytest.approx(chosen["response_cost"].sum())
    assert found.cost <= (math.inf if budget is None else budget)
    assert found.shortfall_after <= found.shortfall_before * (1 + 1e-6)


def least_shortfall(total, saved, costs, budget, confidence):
    """Return the least mean of the worst draws over all sets within the budget, by trying every one."""
    worst = round((1 - confidence) * len(total))
    sets = (np.array(taken) for taken in itertools.product([0.0, 1.0], repeat=len(costs)))
    return min(np.sort(total - x @ saved + x @ costs)[-worst:].mean() for x in sets if x @ costs <= budget + 1e-9)


@given(st.integers(0, 10_000), st.integers(1, 6), st.sampled_from([0.5, 0.8, 0.9]), st.booleans())
@settings(max_examples=40, deadline=None)
def test_best_set_is_that_of_trying_every_set(seed, count, confidence, limited):
    rng = np.random.default_rng(seed)
    total = 100 + rng.lognormal(3, 0.5, 400)
    # Events that mostly do not happen, some of them with a response that makes it worse.
    saved = rng.normal(6, 8, (count, 400)) * (rng.random((count, 400)) < rng.uniform(0.1, 0.9, (count, 1)))
    costs = np.round(rng.uniform(0, 6, count), 2)
    budget = float(rng.uniform(0, costs.sum())) if limited else math.inf
    chosen = best_set(total, saved, costs, budget, confidence)
    assert chosen @ costs <= budget
    reached = np.sort(total - chosen @ saved + chosen @ costs)[-round((1 - confidence) * 400) :].mean()
    assert reached == pytest.approx(least_shortfall(total, saved, costs, budget, confidence), rel=1e-6)


def test_best_set_is_not_the_best_response_and_then_the_next():
    # Alone the dear response eases most; the two cheap ones together fit the budget and ease more.
    total = np.full(10, 100.0)
    saved = np.array([[9.0] * 10, [6.0] * 10, [6.0] * 10])
    assert best_set(total, saved, np.array([2.0, 1.0, 1.0]), 2.0, 0.8).tolist() == [False, True, True]


def test_best_set_looks_beyond_the_percentile():
    # Of ten cases the two worst count at 80 %: easing only the very worst leaves the eighth, the percentile, as it was.
    total = np.arange(10.0)
    saved = np.array([[0.0] * 9 + [5.0]])
    assert best_set(total, saved, np.array([0.5]), math.inf, 0.8).tolist() == [True]
    assert best_set(total, saved, np.array([3.0]), math.inf, 0.8).tolist() == [False]


@given(st.integers(0, 1000), st.sampled_from([1e3, 1e6, 1e9]), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_budget_holds_to_the_cent_however_large_the_account(seed, size, part):
    # The solver lets a row pass by a millionth, which must not be a millionth of the account.
    rng = np.random.default_rng(seed)
    total = size * (1 + rng.random(50))
    costs = np.round(rng.uniform(1, 100, 3), 2)
    budget = round(part * costs.sum(), 2)
    chosen = best_set(total, size * 0.05 * rng.random((3, 50)), costs, budget, 0.8)
    assert math.fsum(costs[chosen]) <= budget + 1e-9


def test_a_budget_of_nought_chooses_only_what_is_free():
    found = answered(LATE, SICK, TALK, budget=0)
    assert found.table.loc[found.table["chosen"], "risk"].tolist() == ["scope talk"]
    assert found.cost == 0


def test_a_budget_of_nought_holds_beside_a_response_of_any_size():
    total, saved = np.arange(100.0, 110.0), np.full((2, 10), 50.0)
    assert best_set(total, saved, np.array([1e8, 0.01]), 0.0, 0.8).tolist() == [False, False]


def test_budget_decides_between_responses():
    # Without a limit both are worth it; of 20 only the cheaper can be had, for all that the other saves more.
    dear, cheap = risk("dear", 0.5, point(200.0), left=0.0, cost=25.0), risk("cheap", 0.5, point(80.0), left=0.0, cost=10.0)
    free, tight = answered(dear, cheap), answered(dear, cheap, budget=20)
    assert free.table.set_index("risk")["chosen"].to_dict() == {"dear": True, "cheap": True}
    assert tight.table.set_index("risk")["chosen"].to_dict() == {"dear": False, "cheap": True}
    assert (free.cost, tight.cost) == (35, 10)


def test_response_dearer_than_what_it_saves_is_not_taken():
    found = answered(risk("late", 0.5, point(10.0), left=0.4, cost=50.0))
    assert not found.table["chosen"].any()
    assert found.steps["step"].tolist() == ["today", "after"]
    assert (found.after, found.cost) == (found.before, 0)


def test_a_budget_that_is_not_known_is_no_limit():
    unlimited = answered(LATE, SICK, TALK)
    assert answered(LATE, SICK, TALK, budget=Missing("no budget")).table.equals(unlimited.table)


def test_risks_without_a_response_have_no_row_but_count():
    fire = Risk("fire", 0.3, point(500.0))
    found = answered(fire, LATE)
    assert found.table["risk"].tolist() == ["late content"]
    assert found.before == pytest.approx(simulate(CostModel([BUILD], [fire, LATE]), DRAWS).quantile(0.8), rel=1e-12)
    assert found.before > 900


def test_table_says_whose_risk_it_is():
    mine = Risk("late", 0.5, point(10.0), "site", residual=Risk("late", 0.1, point(10.0), "site"), response_cost=1)
    assert answered(mine).table[["risk", "project", "response_cost"]].values.tolist() == [["late", "site", 1]]


@pytest.mark.parametrize("risks", [(), (Risk("fire", 0.1, point(500.0)),)], ids=["no risk", "no response"])
def test_missing_where_no_risk_has_a_response(risks):
    assert answered(*risks) == Missing(
        "no open risk has a response with what is left after it", "add residual_probability to risks"
    )


def test_missing_simulation_stays_missing():
    nothing = Missing("no plan")
    assert responses(nothing) is nothing


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"confidence": 80}, "confidence must lie between 0 and 1, got 80; write 80 % as 0.8"),
        ({"confidence": 0}, "confidence must lie between 0 and 1, got 0"),
        ({"budget": -1}, "the budget for responses must be 0 or more, got -1; leave it out for no limit"),
        ({"budget": math.nan}, "the budget for responses must be 0 or more, got nan"),
    ],
)
def test_impossible_questions_say_what_to_write(asked, message):
    with pytest.raises(ValueError, match=r".") as refused:
        answered(LATE, **asked)
    assert message in str(refused.value)


def test_same_seed_same_answer():
    first, second = (responses(simulate(PROJECT, DRAWS, seed=5)) for _ in range(2))
    assert first.table.equals(second.table)
    assert first.steps.equals(second.steps)
