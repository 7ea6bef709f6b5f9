import numpy as np
import pytest
from scipy import special

from acctlib.outlook.convolution import sum_of, sum_of_outcomes, times_factor
from acctlib.outlook.distributions import discrete, lognormal, normal, pert, point, triangular, truncated_below, uniform
from acctlib.outlook.model import Risk


def test_two_uniforms_make_a_triangle():
    assert sum_of([uniform(0, 1), uniform(0, 1)]).quantile([0.125, 0.5, 0.875]) == pytest.approx([0.5, 1, 1.5], abs=1e-6)


def test_many_uniforms_have_the_kurtosis_of_their_number():
    # The fourth cumulant of U(0, 1) is -1/120; of 30 of them the excess kurtosis is -30/120 / (30/12)² = -.04.
    total = sum_of([uniform(0, 1)] * 30)
    p = (np.arange(100_000) + 0.5) / 100_000
    standard = (total.quantile(p) - 15) / (30 / 12) ** 0.5
    assert np.mean(standard**4) == pytest.approx(3 - 0.04, abs=2e-3)


def test_few_and_many_parts_are_added_up_alike(monkeypatch):
    lines = [triangular(i, i + 5, i + 20) for i in range(30)]
    risks = [Risk(str(i), 0.2, triangular(10, 20, 45)) for i in range(5)]
    for rho in (0.0, 0.3):
        by_quadrature = sum_of(lines, risks, rho).quantile([0.1, 0.5, 0.8, 0.95])
        with monkeypatch.context() as patch:
            patch.setattr("acctlib.outlook.convolution.MANY_PARTS", 1000)
            on_the_grid = sum_of(lines, risks, rho).quantile([0.1, 0.5, 0.8, 0.95])
        with monkeypatch.context() as patch:
            patch.setattr("acctlib.outlook.convolution.DIED_OUT", 0.0)
            on_the_finest = sum_of(lines, risks, rho).quantile([0.1, 0.5, 0.8, 0.95])
        assert by_quadrature == pytest.approx(on_the_grid, rel=5e-6)
        assert by_quadrature == pytest.approx(on_the_finest, rel=5e-6)


def test_curve_is_right_at_every_node():
    # Thirty normals with a common correlation of .2 are normal: variance 30 + 30 * 29 * .2.
    for rho, sd, within in ((0.0, 30**0.5, 1e-7), (0.2, 204**0.5, 1e-6)):
        total = sum_of([normal(10, 1)] * 30, [], rho)
        assert np.abs(special.ndtr((total.values - 300) / sd) - total.probabilities).max() < within


def test_skew_of_hundreds_of_parts_is_kept(monkeypatch):
    lines = [triangular(0, 0, 1 + i % 3) for i in range(256)]
    short_cut = sum_of(lines, [], 0.001).quantile([0.05, 0.5, 0.95])
    monkeypatch.setattr("acctlib.outlook.convolution.HUNDREDS_OF_PARTS", 1000)
    whole = sum_of(lines, [], 0.001)
    assert np.abs(short_cut - whole.quantile([0.05, 0.5, 0.95])).max() < 2e-3 * whole.sd


@pytest.mark.parametrize(
    "base",
    [
        uniform(100, 120),
        uniform(0, 100),
        truncated_below(pert(50, 100, 200), 90),
        normal(10, 20),
        lognormal(mean=100, sd=120),
        triangular(-40, -20, -5),
    ],
)
@pytest.mark.parametrize("sd", [0.01, 0.15, 0.4, 2.0])
def test_a_factor_times_an_amount_is_its_integral(base, sd):
    # P(FX <= v) is the mean over X of the normal chance that ln F <= ln(v / X), taken at 200,000 places of X.
    chances = np.array([0.05, 0.1, 0.5, 0.8, 0.95])
    amounts = times_factor(base, sd).quantile(chances)
    drawn = base.quantile((np.arange(200_000) + 0.5) / 200_000)
    for amount, chance in zip(amounts, chances, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            below = special.ndtr((np.log(amount / drawn) + sd**2 / 2) / sd)
        below = np.where(drawn * amount > 0, np.where(drawn > 0, below, 1 - below), drawn <= amount)
        assert below.mean() == pytest.approx(chance, abs=3e-6)


def test_a_part_narrower_than_a_cell_keeps_its_place():
    # Beside an amount that may reach 10,000 an amount of about 1 lies within one cell; the mean must not move.
    wide = lognormal(mean=300, sd=250)
    total = sum_of([wide, wide, uniform(0.6, 1.5)])
    assert total.mean == pytest.approx(2 * wide.mean + 1.05, abs=2e-3)


def test_hundreds_of_parts_are_added_up_like_fewer(monkeypatch):
    lines = [triangular(i % 7, i % 7 + 5, i % 7 + 20) for i in range(260)]
    short_cut = sum_of(lines, [], 0.3).quantile([0.1, 0.5, 0.8, 0.95])
    monkeypatch.setattr("acctlib.outlook.convolution.HUNDREDS_OF_PARTS", 1000)
    assert short_cut == pytest.approx(sum_of(lines, [], 0.3).quantile([0.1, 0.5, 0.8, 0.95]), rel=2e-6)


def test_sum_of_nothing_is_nought():
    assert sum_of([]) == point(0)


def test_amounts_of_any_size_are_added_up():
    for unit in (1e-9, 1e12):
        assert sum_of([uniform(0, unit), uniform(0, unit)]).quantile(0.125) == pytest.approx(unit / 2, rel=1e-5)


def test_lognormal_times_a_factor_is_lognormal():
    base = lognormal(percentiles={0.1: 100, 0.9: 100 * np.exp(2 * 1.2815516 * 0.3)})
    product = times_factor(base, 0.4)
    # The medians multiply (the factor's is exp(-.08)) and the squares of the logs' spreads add up: .3² + .4² = .5².
    median = 100 * np.exp(1.2815516 * 0.3 - 0.08)
    assert product.quantile([0.1, 0.5, 0.9]) == pytest.approx(
        median * np.exp(0.5 * np.array([-1.2815516, 0, 1.2815516])), rel=1e-5
    )


def test_single_outcomes_times_a_factor_are_smooth():
    product = times_factor(discrete({0: 0.2, 100: 0.8}), 0.15)
    assert product.cdf([-1, 0]) == pytest.approx([0, 0.2], abs=1e-6)
    # Half of the outcomes at 100 lie below the factor's median, exp(-.15² / 2).
    assert product.cdf(100 * np.exp(-0.01125)) == pytest.approx(0.6, abs=1e-5)


def test_thousands_of_outcomes_times_a_factor_keep_their_mean():
    many = discrete({float(i): 1 / 3000 for i in range(3000)})
    product = times_factor(many, 0.15)
    assert product.mean == pytest.approx(1499.5, rel=1e-5)
    assert product.variance == pytest.approx((1499.5**2 + (3000**2 - 1) / 12) * np.exp(0.0225) - 1499.5**2, rel=1e-3)


def test_sum_of_many_outcomes_keeps_its_mean_on_the_grid():
    rng = np.random.default_rng(1)
    parts = [(np.array([0.0, amount]), np.array([0.6, 0.4])) for amount in rng.uniform(1e3, 1e5, 40)]
    total = sum_of_outcomes(parts)
    variance = sum(values[1] ** 2 * 0.24 for values, _ in parts)
    assert total.mean == pytest.approx(0.4 * sum(values[1] for values, _ in parts), rel=1e-9)
    assert total.variance == pytest.approx(variance, rel=1e-5)
