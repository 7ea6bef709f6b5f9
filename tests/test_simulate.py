"""Figures marked "published case" come from the cases that the library must reproduce.

A simulated figure must lie within four of its own stated standard errors of the exact one.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exact import SMALL_MODELS, workload

from acctlib.outlook.distributions import discrete, lognormal, normal, pert, point, triangular, truncated_below, uniform
from acctlib.outlook.exact import exact
from acctlib.outlook.model import CostModel, Factors, Line, Risk, spearman_correlation
from acctlib.outlook.simulate import simulate


def within_four_standard_errors(simulated, p, expected):
    return abs(simulated.quantile(p) - expected) <= 4 * simulated.standard_error(p)


@pytest.mark.parametrize(("correlation", "p80"), [(0, 1816121.0), (0.3, 1876030.9)])
def test_workload_of_the_published_case(correlation, p80):
    cost = simulate(workload(correlation), draws=65_536, seed=1)
    assert within_four_standard_errors(cost, 0.8, p80)
    assert cost.mean == pytest.approx(1766493.704, rel=1e-4)


def test_matrix_of_normals_of_the_published_case():
    pearson = np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])
    lines = [Line(name, normal(mean, sd)) for name, mean, sd in (("a", 10, 2), ("b", 15, 3), ("c", 20, 4))]
    cost = simulate(CostModel(lines, correlation=spearman_correlation(pearson)), draws=65_536, seed=1)
    assert cost.mean == pytest.approx(45, abs=0.002)
    assert cost.sd**2 == pytest.approx(49.4, rel=2e-3)
    assert simulate(CostModel(lines, correlation=0)).sd ** 2 == pytest.approx(29, rel=2e-3)
    assert simulate(CostModel(lines, correlation=1)).sd ** 2 == pytest.approx(81, rel=2e-3)


@pytest.mark.parametrize("asked", [0.3, 0.7])
def test_realised_rank_correlation_is_what_was_asked(asked):
    realised = simulate(workload(asked), draws=65_536, seed=2).rank_correlation().to_numpy()
    assert realised[np.triu_indices(50, 1)].mean() == pytest.approx(asked, abs=0.005)


def test_negative_correlation_is_drawn():
    model = CostModel([Line("a", uniform(0, 1)), Line("b", uniform(0, 1))], correlation=-0.5)
    assert simulate(model).rank_correlation().iloc[0, 1] == pytest.approx(-0.5, abs=0.005)


@pytest.mark.parametrize(
    "model",
    [
        CostModel(
            [Line("a", triangular(1, 2, 4)), Line("b", pert(5, 6, 9)), Line("spent", point(3))], [Risk("r", 0.3, uniform(1, 2))]
        ),
        CostModel([Line("a", lognormal(mean=10, sd=8)), Line("b", normal(20, 4))], correlation=0.5),
        CostModel([Line("a", discrete({1: 0.4, 5: 0.6})), Line("b", uniform(0, 3))], correlation=0.4),
        CostModel([Line("a", truncated_below(pert(80, 100, 150), 95) + -95.0), Line("b", pert(1, 2, 30))]),
        CostModel(
            [Line(str(i), pert(8, 10, 15), f"p{i % 3}") for i in range(12)], correlation=Factors(project=0.2, account=0.1)
        ),
        CostModel(risks=[Risk(str(i), 0.2, triangular(1, 2, 4)) for i in range(5)]),
    ],
    ids=["mixed", "unbounded", "choice", "truncated", "factors", "risks only"],
)
def test_both_engines_agree(model):
    exactly, simulated = exact(model), simulate(model, draws=65_536, seed=4)
    for p in (0.2, 0.5, 0.8, 0.95):
        # A lone step of a choice may have no spread between replicates: allow one part in ten thousand of the spread.
        reach = 4 * simulated.standard_error(p) + 1e-4 * exactly.sd
        assert abs(simulated.quantile(p) - exactly.quantile(p)) <= reach
    assert simulated.sd == pytest.approx(exactly.sd, rel=0.01)


@given(SMALL_MODELS, st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_both_engines_agree_on_any_small_model(model, seed):
    # Four standard errors of eight replicates are exceeded about once in 200 times by a t distribution: six never here.
    exactly, simulated = exact(model), simulate(model, draws=8192, seed=seed)
    assert abs(simulated.mean - exactly.mean) <= 0.01 * exactly.sd
    assert abs(simulated.cdf(exactly.quantile(0.8)) - max(0.8, exactly.cdf(exactly.quantile(0.8)))) <= 0.01


def test_factor_by_work_type_crosses_projects():
    lines = [Line(str(i), uniform(9, 11), f"p{i}", "design") for i in range(4)]
    together = simulate(CostModel(lines, correlation=Factors(work_type=0.2))).sd
    apart = simulate(CostModel(lines, correlation=Factors(project=0.2))).sd
    # All four move as one, against four factors of their own: 40 and 20 times the factor's spread, beside the lines' own.
    assert together == pytest.approx(((40**2 + 4 / 3) * np.exp(0.04) - 40**2) ** 0.5, rel=5e-3)
    assert apart == pytest.approx((4 * ((100 + 1 / 3) * np.exp(0.04) - 100)) ** 0.5, rel=5e-3)


def test_same_seed_same_draws_for_ever():
    model = CostModel(
        [Line("a", pert(80, 100, 150)), Line("b", triangular(200, 240, 390))], [Risk("late", 0.3, uniform(10, 45))]
    )
    again = simulate(model, draws=1024, seed=7)
    assert (simulate(model, draws=1024, seed=7).totals == again.totals).all()
    assert again.quantile([0.1, 0.5, 0.8]) == pytest.approx(GOLDEN_SEED_7, rel=1e-12)
    assert simulate(model, draws=1024, seed=8).quantile(0.8) != again.quantile(0.8)


def test_draws_are_rounded_up_to_eight_times_a_power_of_two():
    model = CostModel([Line("a", pert(80, 100, 150))])
    assert [simulate(model, draws).draws for draws in (1, 16, 17, 1000, 1024, 20_000)] == [16, 16, 32, 1024, 1024, 32_768]
    assert (
        simulate(model, 20_000).note == "20,000 draws were asked for; 32,768 draws were made: 8 independent replicates of 4,096"
    )
    assert simulate(model, 1024).note == "1,024 draws were made: 8 independent replicates of 128"


def test_blocks_do_not_change_the_draws(monkeypatch):
    model = workload(0.3)
    whole = simulate(model, draws=8192, seed=3).totals
    monkeypatch.setattr("acctlib.outlook.simulate.BLOCK", 1 << 10)
    assert simulate(model, draws=8192, seed=3).totals == pytest.approx(whole, rel=1e-12)


def test_parts_add_up_to_the_totals():
    cost = simulate(CostModel([*workload(0.3).lines, Line("spent", point(1000))], workload(0).risks, 0.3), draws=4096, seed=3)
    parts = np.concatenate(list(cost.parts()), axis=1)
    assert parts.shape == (70, 4096)
    assert np.sort(parts.sum(axis=0)) + 1000 == pytest.approx(np.sort(cost.totals, axis=None), rel=1e-12)


BESIDE = CostModel(
    [Line("a", pert(80, 100, 150), "x"), Line("b", triangular(20, 30, 60), "x"), Line("spent", point(5))],
    [Risk("small", 0.2, uniform(1, 2)), Risk("large", 0.3, triangular(10, 20, 45)), Risk("step", 0.5, point(7))],
)


def drawn(model, beside=(), draws=1024):
    return np.concatenate(list(simulate(model, draws=draws, seed=3).parts(beside=beside)), axis=1)


@pytest.mark.parametrize("correlation", [0.0, 0.4, Factors(project=0.2)])
def test_the_same_risks_beside_are_drawn_alike(correlation):
    model = CostModel(BESIDE.lines, BESIDE.risks, correlation)
    parts = drawn(model, beside=model.risks)
    assert parts.shape == (2 + 3 + 3, 1024)
    assert (parts[5:] == parts[2:5]).all()
    assert (parts[2:5].max(axis=1) > 0).all()


def test_what_stands_beside_does_not_change_the_draws():
    others = [Risk("other", 0.9, uniform(1e6, 2e6))] * 3
    assert (drawn(BESIDE, beside=others)[:5] == drawn(BESIDE)).all()


def test_what_stands_beside_has_its_own_mean_and_comes_with_its_risk():
    beside = [Risk("delay", risk.probability, uniform(3, 9)) for risk in BESIDE.risks]
    parts = drawn(BESIDE, beside=beside, draws=8192)
    assert parts[5:].mean(axis=1) == pytest.approx([0.2 * 6, 0.3 * 6, 0.5 * 6], rel=0.01)
    assert ((parts[5:] > 0) == (parts[2:5] > 0)).all()
    # Where the one is at its worst so is the other.
    assert parts[6].argmax() == parts[3].argmax()


SHRINKING = st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1), st.floats(0, 50), st.floats(0, 50))


@given(st.lists(SHRINKING, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_a_smaller_risk_beside_is_never_larger_in_any_draw(rows):
    risks, smaller = [], []
    for i, (probability, rarer, cheaper, low, more) in enumerate(rows):
        impact = triangular(low, low + more, low + 2 * more + 1)
        risks.append(Risk(str(i), probability, impact))
        smaller.append(Risk(str(i), probability * rarer, impact * cheaper))
    parts = drawn(CostModel([Line("a", uniform(0, 1))], risks), beside=smaller, draws=512)
    before, left = np.split(parts[1:], 2)
    assert (left <= before + 1e-9).all()
    assert (left >= 0).all()


def test_percentile_is_an_observed_draw_that_enough_draws_do_not_exceed():
    cost = simulate(CostModel([Line("a", pert(80, 100, 150))]), draws=1024, seed=1)
    for p in (0.1, 0.5, 0.8, 0.999, 1):
        assert cost.quantile(p) in cost.totals
        assert cost.cdf(cost.quantile(p)) >= p


def test_standard_error_is_half_of_plain_random_draws():
    # A percentile of n plain random draws has the standard error sqrt(p (1 - p) / n) / density.
    cost = simulate(CostModel([Line(str(i), normal(10, 2)) for i in range(16)], correlation=0), draws=65_536, seed=1)
    density = 0.2799619 / 8
    assert cost.standard_error(0.8) < 0.75 * (0.8 * 0.2 / 65_536) ** 0.5 / density


def test_stated_interval_holds_about_as_often_as_it_says():
    model = CostModel([Line(str(i), normal(10, 2)) for i in range(4)], [], 0)
    true = 40 + 4 * 0.8416212
    held = sum(low <= true <= high for low, high in (simulate(model, 1024, seed).interval(0.8) for seed in range(60)))
    assert 52 <= held <= 60


def test_certain_work_needs_no_luck():
    cost = simulate(CostModel([Line("spent", point(15))]), draws=16)
    assert (cost.mean, cost.sd, cost.quantile(0.8), cost.standard_error(0.8)) == (15, 0, 15, 0)


@pytest.mark.parametrize(
    ("draws", "seed", "message"),
    [
        (0, 1, "draws must be a whole number from 1 to 8,388,608, got 0; write 65536"),
        (1.5, 1, "draws must be a whole number"),
        (10**9, 1, "draws must be a whole number"),
        (16, -1, "seed must be a whole number of 0 or more, got -1; write 1"),
    ],
)
def test_impossible_draws_say_what_to_write(draws, seed, message):
    with pytest.raises(ValueError, match=r".") as refused:
        simulate(CostModel([Line("a", point(1))]), draws, seed)
    assert message in str(refused.value)


GOLDEN_SEED_7 = [330.41825427235995, 385.2861999743404, 432.4684839168984]


def test_a_percentile_on_the_edge_of_nothing_is_nothing():
    # worked_examples.yaml, risk_event: P70 is 0.
    model = CostModel([], [Risk("late content", 0.3, triangular(10e3, 20e3, 45e3))])
    assert {simulate(model, draws, seed).quantile(0.7) for draws in (16_384, 65_536) for seed in range(1, 9)} == {0.0}


@pytest.mark.parametrize("p", [0.8, 0.93, 0.95, 0.99])
def test_standard_errors_are_of_the_size_of_the_errors(p):
    model = CostModel([Line("a", lognormal(mean=100, sd=60)), Line("b", lognormal(mean=50, sd=60))])
    drawn = [simulate(model, 8192, seed) for seed in range(40)]
    errors = np.array([cost.quantile(p) for cost in drawn]).std(ddof=1)
    assert 0.6 < np.median([cost.standard_error(p) for cost in drawn]) / errors < 2
