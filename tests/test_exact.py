"""Figures marked "published case" come from the cases that the library must reproduce."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.distributions import discrete, empirical, lognormal, normal, pert, point, triangular, uniform
from acctlib.outlook.exact import exact
from acctlib.outlook.model import CostModel, Factors, Line, Risk, spearman_correlation
from acctlib.outlook.simulate import simulate

GAO_TABLE_12 = [
    (17955, 19645, 21785),
    (8500, 10553, 13000),
    (4000, 4306, 5100),
    (4100, 4305, 4650),
    (550, 600, 650),
    (32300, 35547, 52500),
    (1950, 2136, 2600),
]


def workload(correlation):
    """Return the benchmark workload of the published case: 50 PERT lines and 20 triangular risks."""
    rng = np.random.default_rng(20240601)
    likely = rng.uniform(5_000, 60_000, 50)
    low, high = likely * rng.uniform(0.70, 0.95, 50), likely * rng.uniform(1.10, 2.00, 50)
    probability, impact = rng.uniform(0.05, 0.40, 20), rng.uniform(3_000, 40_000, 20)
    impact_low, impact_high = impact * rng.uniform(0.5, 0.9, 20), impact * rng.uniform(1.2, 2.5, 20)
    lines = [Line(f"line {i}", pert(*three)) for i, three in enumerate(zip(low, likely, high, strict=True))]
    risks = [
        Risk(f"risk {i}", p, triangular(*three))
        for i, (p, *three) in enumerate(zip(probability, impact_low, impact, impact_high, strict=True))
    ]
    return CostModel(lines, risks, correlation)


def test_gao_table_12_of_the_published_case():
    cost = exact(CostModel([Line(str(i), triangular(*three)) for i, three in enumerate(GAO_TABLE_12)], correlation=0))
    assert cost.model.sum_of_likely == 77092
    assert cost.mean == pytest.approx(82244, abs=0.5)
    assert cost.sd == pytest.approx(4599.606, abs=5e-4)
    assert cost.cdf(77092) == pytest.approx(0.12580, abs=5e-6)
    assert cost.quantile([0.5, 0.7, 0.8, 0.9]) == pytest.approx([81602.2, 84569.0, 86446.4, 88910.0], abs=0.05)
    assert cost.tail_mean(0.9) == pytest.approx(90989.4, abs=0.05)


def test_single_risk_of_the_published_case():
    cost = exact(CostModel(risks=[Risk("late content", 0.3, triangular(10_000, 20_000, 45_000))]))
    assert cost.mean == 7500
    assert cost.sd == pytest.approx(12144.958, abs=5e-4)
    assert cost.quantile(0.7) == 0
    assert cost.quantile([0.8, 0.9]) == pytest.approx([20847.705, 27921.749], abs=1e-3)
    assert cost.cdf([-1, 0]) == pytest.approx([0, 0.7])


def test_independent_workload_of_the_published_case():
    cost = exact(workload(0))
    assert cost.mean == pytest.approx(1766493.704, abs=5e-4)
    assert cost.sd == pytest.approx(59691.930, rel=5e-6)
    assert cost.quantile([0.5, 0.8, 0.9, 0.95]) == pytest.approx([1763701.7, 1816121.0, 1844902.1, 1869289.2], rel=1e-6)


def test_correlated_workload_of_the_published_case():
    cost = exact(workload(0.3))
    assert cost.sd == pytest.approx(130930.3, rel=5e-6)
    assert cost.quantile([0.5, 0.8, 0.9, 0.95]) == pytest.approx([1758336.0, 1876030.9, 1940875.9, 1995432.3], rel=5e-6)


def test_normal_tail_of_the_published_case():
    cost = exact(CostModel([Line("all", normal(1000, 100))]))
    assert cost.quantile(0.8) == pytest.approx(1084.162, abs=5e-4)
    assert [cost.tail_mean(0.8), cost.tail_mean(0.9)] == pytest.approx([1139.981, 1175.498], abs=5e-4)


def test_independent_normals_add_their_variances():
    cost = exact(CostModel([Line("a", normal(10, 3)), Line("b", normal(20, 4))], correlation=0))
    assert (cost.mean, cost.sd) == pytest.approx((30, 5), rel=1e-5)
    assert cost.quantile(0.8) == pytest.approx(30 + 5 * 0.8416212, rel=1e-6)


def test_correlated_normals_are_normal_with_the_covariance_added():
    cost = exact(CostModel([Line("a", normal(10, 3)), Line("b", normal(20, 4))], correlation=spearman_correlation(0.5)))
    assert cost.sd == pytest.approx((9 + 16 + 2 * 0.5 * 12) ** 0.5, rel=1e-5)
    assert cost.quantile(0.9) == pytest.approx(30 + 37**0.5 * 1.2815516, rel=1e-6)


def test_many_correlated_normals_are_normal_with_the_covariance_added():
    lines = [Line(str(i), normal(10, 2)) for i in range(300)]
    cost = exact(CostModel(lines, correlation=spearman_correlation(0.4)))
    sd = (300 * 4 + 300 * 299 * 0.4 * 4) ** 0.5
    assert cost.quantile([0.1, 0.8]) == pytest.approx([3000 - 1.2815516 * sd, 3000 + 0.8416212 * sd], rel=1e-6)


def test_fully_correlated_lines_add_their_percentiles():
    lines = [Line("a", pert(80, 100, 150)), Line("b", triangular(200, 240, 390))]
    cost = exact(CostModel(lines, correlation=1))
    assert cost.quantile(0.8) == pytest.approx(sum(line.cost.quantile(0.8) for line in lines), rel=1e-6)


def test_even_matrix_counts_as_a_common_correlation():
    lines = [Line(str(i), pert(80, 100, 150 + i)) for i in range(4)]
    matrix = np.full((4, 4), 0.25) + 0.75 * np.eye(4)
    assert exact(CostModel(lines, correlation=matrix)).quantile(0.8) == exact(CostModel(lines)).quantile(0.8)


def test_lognormal_project_times_its_factor_is_lognormal():
    # exp(N(m, .3²)) times a factor exp(N(-.4²/2, .4²)) of mean 1 is exp(N(m - .08, .5²)).
    base = lognormal(mean=100, sd=100 * (np.exp(0.09) - 1) ** 0.5)
    cost = exact(CostModel([Line("all", base, "site")], correlation=Factors(project=0.4)))
    expected = np.exp(np.log(100) - 0.045 - 0.08 + 0.5 * np.array([-1.2815516, 0, 0.8416212]))
    assert cost.quantile([0.1, 0.5, 0.8]) == pytest.approx(expected, rel=5e-5)


def test_project_factor_adds_its_variance_and_keeps_the_mean():
    lines = [Line(str(i), uniform(5, 15), f"project {i % 2}") for i in range(8)]
    cost = exact(CostModel(lines, correlation=Factors(project=0.15)))
    # Of each project: E[B²] E[M²] - E[B]² with E[B] = 40, Var[B] = 4 * 100 / 12, E[M²] = exp(.15²).
    variance = 2 * ((40**2 + 400 / 12) * np.exp(0.0225) - 40**2)
    assert cost.distribution.mean == pytest.approx(80, rel=1e-6)
    assert cost.sd == pytest.approx(variance**0.5, rel=1e-5)


def test_account_factor_lies_over_the_project_factors():
    lines = [Line(str(i), uniform(5, 15), f"project {i % 2}") for i in range(8)]
    cost = exact(CostModel(lines, correlation=Factors(project=0.15, account=0.1)))
    of_projects = 2 * ((40**2 + 400 / 12) * np.exp(0.0225) - 40**2)
    assert cost.sd == pytest.approx(((80**2 + of_projects) * np.exp(0.01) - 80**2) ** 0.5, rel=1e-5)


def test_factors_leave_what_is_spent_alone():
    cost = exact(
        CostModel([Line("spent", point(1000), "site"), Line("rest", uniform(90, 110), "site")], correlation=Factors(0.15))
    )
    alone = exact(CostModel([Line("rest", uniform(90, 110), "site")], correlation=Factors(project=0.15)))
    assert cost.quantile(0.8) == pytest.approx(1000 + alone.quantile(0.8))


def test_certain_work_has_one_cost():
    cost = exact(CostModel([Line("a", point(10)), Line("b", point(5))]))
    assert (cost.mean, cost.sd, cost.quantile(0.8), cost.cdf(14.9), cost.cdf(15)) == (15, 0, 15, 0, 1)


def test_choices_are_added_outcome_by_outcome():
    cost = exact(CostModel([Line("size", discrete({50: 0.7, 120: 0.3}))], [Risk("fine", 0.5, point(10))], correlation=0))
    assert cost.cdf([49, 50, 60, 120, 130]) == pytest.approx([0, 0.35, 0.7, 0.85, 1])


def test_tail_of_a_choice_is_the_mean_of_its_worst_outcomes():
    cost = exact(CostModel([Line("size", discrete({0: 0.5, 100: 0.4, 200: 0.1}))]))
    assert cost.tail_mean(0.8) == pytest.approx(150)
    assert cost.tail_mean(0.95) == pytest.approx(200)


def test_past_ratios_may_be_correlated():
    lines = [Line(str(i), empirical([0.8, 1, 1, 1.6], 40)) for i in range(2)]
    cost = exact(CostModel(lines, correlation=0.5))
    assert cost.distribution.mean == pytest.approx(88, rel=1e-6)
    # The covariance lies between none and that of lines which move as one (sd of one line is 12).
    assert 12 * 2**0.5 < cost.sd < 24


def test_opportunity_lowers_the_cost():
    cost = exact(CostModel([Line("a", uniform(90, 110))], [Risk("discount", 0.4, uniform(-30, -10))]))
    assert cost.distribution.mean == pytest.approx(100 - 8, rel=1e-6)
    assert cost.cdf(80) == pytest.approx(0.4 * 0.5, abs=1e-6)  # 80 is the middle of 60 to 100


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (
            CostModel(
                [Line(str(i), uniform(0, 1)) for i in range(3)], correlation=[[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]]
            ),
            "simulation only: the correlation matrix has more than one common factor",
        ),
        (
            CostModel([Line("a", uniform(0, 1)), Line("b", uniform(0, 1))], correlation=-0.4),
            "simulation only: negative correlation does not come from a common factor",
        ),
        (
            CostModel(
                [Line("a", uniform(0, 1), "x", "design"), Line("b", uniform(0, 1), "y", "design")],
                correlation=Factors(work_type=0.1),
            ),
            "simulation only: a factor by work type crosses the projects",
        ),
    ],
)
def test_what_does_not_convolve_says_why(model, why):
    answer = exact(model)
    assert isinstance(answer, Missing)
    assert answer.reason == why


def test_curve_rises_and_ends_before_certainty():
    curve = exact(workload(0)).curve(points=19)
    assert curve.columns.tolist() == ["probability", "value"]
    assert curve["probability"].tolist() == pytest.approx(np.arange(0.05, 1, 0.05))
    assert curve["value"].is_monotonic_increasing


SMALL_MODELS = st.builds(
    lambda threes, risks, correlation: CostModel(
        [Line(str(i), pert(a, a + b, a + b + c)) for i, (a, b, c) in enumerate(threes)],
        [Risk(str(i), p, triangular(a, a + b, a + b + c)) for i, (p, (a, b, c)) in enumerate(risks)],
        correlation,
    ),
    st.lists(st.tuples(st.floats(0, 100), st.floats(1, 50), st.floats(1, 100)), min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(0, 1), st.tuples(st.floats(0, 100), st.floats(1, 50), st.floats(1, 100))), max_size=3),
    st.floats(0, 0.9),
)


@given(SMALL_MODELS, st.floats(0, 1), st.floats(0, 100))
@settings(max_examples=25, deadline=None)
def test_risk_that_never_saves_money_never_lowers_a_percentile(model, probability, least):
    more = CostModel(
        model.lines, [*model.risks, Risk("new", probability, triangular(least, least + 5, least + 20))], model.correlation
    )
    p = [0.1, 0.5, 0.8, 0.9]
    assert (exact(more).quantile(p) >= exact(model).quantile(p) - 1e-4 * model.mean).all()


@given(SMALL_MODELS, st.floats(1.1, 100))
@settings(max_examples=25, deadline=None)
def test_total_scales_with_its_unit(model, rate):
    priced = CostModel(
        [Line(line.name, line.cost * rate) for line in model.lines],
        [Risk(risk.name, risk.probability, risk.impact * rate) for risk in model.risks],
        model.correlation,
    )
    assert exact(priced).quantile([0.2, 0.8]) == pytest.approx(exact(model).quantile([0.2, 0.8]) * rate, rel=1e-4)


@given(SMALL_MODELS)
@settings(max_examples=25, deadline=None)
def test_convolved_mean_is_the_sum_of_the_means(model):
    cost = exact(model)
    assert cost.distribution.mean == pytest.approx(cost.mean, rel=1e-4)


def test_one_large_line_among_hundreds_is_no_bell():
    small = [Line(f"l{i}", pert(8, 10, 15)) for i in range(300)]
    model = CostModel([Line("big", uniform(0, 1e6)), *small])
    cost, drawn = exact(model), simulate(model, 65_536)
    cell = 1e6 / 1000
    assert 300 * 8 - cell < cost.quantile(0.0) < cost.quantile(1.0) < 1e6 + 300 * 15 + cell
    for p in (0.01, 0.8, 0.99):
        assert abs(cost.quantile(p) - drawn.quantile(p)) < 4 * drawn.standard_error(p)


def test_a_rare_and_huge_risk_leaves_the_body_where_it_is():
    lines = [Line(f"l{i}", pert(80, 100, 150)) for i in range(33)]
    alone = exact(CostModel(lines, correlation=0.0))
    for impact in (uniform(34_650, 69_300), lognormal(mean=1e6, sd=5e6), uniform(1e6, 2e6)):
        beside = exact(CostModel(lines, [Risk("rare", 0.001, impact)], correlation=0.0))
        for p in (0.1, 0.5, 0.8):
            # Without the risk the same amount is the percentile p / (1 - .001) of what is left.
            assert beside.quantile(p) == pytest.approx(alone.quantile(p / 0.999), rel=2e-5)
            assert beside.quantile(p) >= alone.quantile(p)


@pytest.mark.parametrize("chance", [0.02, 0.03, 0.1, 0.19])
def test_the_worst_of_what_is_mostly_nothing_is_counted_from_nothing(chance):
    late = Risk("late", chance, triangular(10e3, 12e3, 45e3))
    cost = exact(CostModel([Line("spent", point(1000.0))], [late]))
    assert cost.tail_mean(0.8) == pytest.approx(1000 + late.mean / 0.2, rel=1e-5)


@pytest.mark.parametrize("p", [80, -0.1, 1.2])
def test_a_percentile_is_a_fraction(p):
    model = CostModel([Line("a", uniform(1, 2))])
    for cost in (exact(model), simulate(model, 64)):
        with pytest.raises(ValueError, match="must lie between 0 and 1"):
            cost.quantile(p)
