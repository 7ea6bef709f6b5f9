"""Figures marked "published case" come from the cases that the library must reproduce; the rest from closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from acctlib.outlook.distributions import (
    discrete,
    empirical,
    lognormal,
    normal,
    pert,
    point,
    triangular,
    truncated_below,
    uniform,
)
from acctlib.outlook.families import Tabulated

ESTIMATES = st.tuples(st.floats(0, 1e6), st.floats(0.01, 1e6), st.floats(0.01, 1e6)).map(
    lambda t: (t[0], t[0] + t[1], t[0] + t[1] + t[2])
)
FAMILIES = [
    pert(80, 100, 150),
    pert(80, 80, 150, weight=2),
    triangular(80, 100, 150),
    triangular(80, 150, 150),
    uniform(80, 150),
    normal(100, 15),
    lognormal(mean=100, sd=30),
    truncated_below(triangular(80, 100, 150), 95),
    pert(8, 10, 15) * 95.0 + 30,
]


def test_pert_moments_and_percentiles_of_the_published_case():
    estimate = pert(100, 150, 300)
    assert estimate.mean == pytest.approx(166.666667, abs=5e-7)
    assert estimate.variance == pytest.approx(1269.841270, abs=5e-7)
    assert estimate.quantile([0.1, 0.5, 0.8, 0.9]) == pytest.approx([122.447, 162.762, 198.038, 216.778], abs=5e-4)


def test_lognormal_from_two_percentiles_of_the_published_case():
    estimate = lognormal(percentiles={0.1: 100, 0.9: 250})
    assert (estimate.mu, estimate.sigma) == pytest.approx((5.0633156, 0.3574927), abs=5e-8)
    assert estimate.mean == pytest.approx(168.5472, abs=5e-5)
    assert estimate.quantile(0.8) == pytest.approx(213.6179, abs=5e-5)


def test_normal_p80_of_the_published_case():
    assert normal(1000, 100).quantile(0.8) == pytest.approx(1084.162, abs=5e-4)


def test_lognormal_from_mean_and_sd_has_that_mean_and_sd():
    estimate = lognormal(mean=100, sd=30)
    assert (estimate.mean, estimate.sd) == pytest.approx((100, 30))


def test_triangular_moments_by_hand():
    # (10 + 20 + 45) / 3 and (a² + m² + b² - am - ab - mb) / 18 = (100 + 400 + 2025 - 200 - 450 - 900) / 18
    assert triangular(10, 20, 45).mean == 25
    assert triangular(10, 20, 45).variance == pytest.approx(975 / 18)


def test_uniform_moments_by_hand():
    assert uniform(100, 200).mean == 150
    assert uniform(100, 200).variance == pytest.approx(100**2 / 12)


def test_pert_with_weight_nought_is_uniform():
    p = np.linspace(0.01, 0.99, 9)
    assert pert(10, 12, 30, weight=0).quantile(p) == pytest.approx(uniform(10, 30).quantile(p))


def test_estimate_without_range_is_certain():
    for estimate in (
        pert(5, 5, 5),
        triangular(5, 5, 5),
        uniform(5, 5),
        normal(5, 0),
        lognormal(mean=5, sd=0),
        discrete({5: 1}),
    ):
        assert estimate == point(5)


def test_likely_value_is_the_peak():
    assert pert(80, 100, 150).likely == pytest.approx(100)
    assert triangular(80, 100, 150).likely == 100
    assert normal(100, 15).likely == 100
    assert lognormal(mean=100, sd=30).likely == pytest.approx(100 / 1.09**1.5)  # exp(mu - sigma²), 1.09 = 1 + (sd / mean)²
    assert truncated_below(pert(80, 100, 150), 110).likely == 110


@pytest.mark.parametrize("estimate", FAMILIES)
def test_moments_agree_with_the_integrated_distribution(estimate):
    low, high = float(estimate.quantile(1e-12)), float(estimate.quantile(1 - 1e-12))
    mean = low + integrate.quad(lambda x: 1 - estimate.cdf(x), low, high, limit=400)[0]
    square = low**2 + integrate.quad(lambda x: 2 * x * (1 - estimate.cdf(x)), low, high, limit=400)[0]
    assert estimate.mean == pytest.approx(mean, rel=1e-4)
    assert estimate.variance == pytest.approx(square - mean**2, rel=5e-3)


@pytest.mark.parametrize("estimate", FAMILIES)
def test_cdf_undoes_the_quantile(estimate):
    p = np.linspace(0.001, 0.999, 57)
    assert estimate.cdf(estimate.quantile(p)) == pytest.approx(p, abs=1e-9)


@pytest.mark.parametrize("estimate", [pert(80, 100, 150), pert(0, 0, 10), pert(1, 9, 9), pert(0, 1, 50, weight=1)])
def test_quantile_table_is_right_to_two_millionths_of_the_range(estimate):
    p = np.linspace(0, 1, 2049)
    error = np.abs(estimate.quantile_table() - estimate.quantile(p)) / (estimate.high - estimate.low)
    assert error[8:-8].max() < 2e-6


@given(ESTIMATES, st.floats(0.01, 0.99), st.floats(0.1, 1000))
def test_estimates_scale_and_shift_with_their_unit(estimate, p, rate):
    low, likely, high = estimate
    for family in (pert, triangular):
        hours = family(low, likely, high)
        money = family(low * rate + 7, likely * rate + 7, high * rate + 7)
        assert (hours * rate + 7).quantile(p) == pytest.approx(money.quantile(p), rel=1e-6)
        assert (hours * rate + 7).variance == pytest.approx(money.variance, rel=1e-6)


@given(ESTIMATES, st.floats(0, 0.9))
def test_truncation_leaves_nothing_below_and_never_lowers_a_percentile(estimate, spent_share):
    whole = triangular(*estimate)
    spent = float(whole.quantile(spent_share))
    rest = truncated_below(whole, spent)
    p = np.linspace(0, 1, 21)
    assert (rest.quantile(p) >= spent).all()
    assert (rest.quantile(p) >= whole.quantile(p) * (1 - 1e-9)).all()


def test_truncation_of_a_uniform_estimate_is_uniform_above():
    assert truncated_below(uniform(100, 200), 150).quantile([0, 0.5, 1]) == pytest.approx([150, 175, 200])


def test_truncation_below_the_least_value_changes_nothing():
    assert truncated_below(pert(80, 100, 150), 40) == pert(80, 100, 150)


def test_truncated_choice_keeps_the_outcomes_above():
    assert truncated_below(discrete({50: 0.5, 80: 0.3, 120: 0.2}), 50) == discrete({80: 0.6, 120: 0.4})


def test_empirical_ratios_keep_their_spike():
    past = empirical([0.8, 1, 1, 1.6], estimate=40)
    assert past.cdf([31.9, 32, 39.9, 40, 64]) == pytest.approx([0, 0.25, 0.25, 0.75, 1])
    assert past.quantile([0.25, 0.26, 0.75, 0.76, 1]) == pytest.approx([32, 40, 40, 64, 64])
    assert past.variance == pytest.approx((12**2 + 4**2 + 4**2 + 20**2) / 4)


def test_scaled_choice_is_still_a_choice():
    assert discrete({1: 0.5, 2: 0.5}) * 10 + 5 == discrete({15: 0.5, 25: 0.5})


def test_tabulated_curve_has_the_moments_of_its_straight_pieces():
    even = Tabulated(np.array([0.0, 10.0]), np.array([0.0, 1.0]))
    assert (even.mean, even.variance) == pytest.approx((5, 100 / 12))
    assert (even * 2 + 1).quantile(0.5) == pytest.approx(11)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (
            lambda: pert(120, 100, 150),
            "PERT needs low <= likely <= high, got low 120, likely 100, high 150; write them in rising",
        ),
        (lambda: triangular(1, 2, 1.5), "triangular estimate needs low <= likely <= high, got low 1, likely 2, high 1.5"),
        (lambda: uniform(5, 4), "uniform estimate needs low"),
        (lambda: pert(1, math.nan, 3), "likely must be a number, got nan"),
        (lambda: pert(1, "2", 3), "likely must be a number, got '2'"),
        (lambda: pert(1, 2, 3, weight=-1), "weight of a PERT estimate must be 0 or more, got -1; write 4"),
        (lambda: normal(1, -1), "standard deviation must be 0 or more, got -1"),
        (lambda: lognormal(), "either mean and sd, or percentiles"),
        (lambda: lognormal(mean=1), "either mean and sd, or percentiles"),
        (lambda: lognormal(mean=1, sd=1, percentiles={0.1: 1, 0.9: 2}), "either mean and sd, or percentiles"),
        (lambda: lognormal(mean=-1, sd=1), "positive mean and an sd of 0 or more, got mean -1"),
        (lambda: lognormal(percentiles={10: 1, 90: 2}), "two fractions between 0 and 1, got {10: 1, 90: 2}; write 10 % as 0.1"),
        (lambda: lognormal(percentiles={0.1: 5, 0.9: 2}), "must be positive and rise, got 5 at 0.1 and 2 at 0.9"),
        (lambda: empirical([]), "at least one past ratio of actual to estimate, got none"),
        (lambda: empirical([1, math.nan]), "past ratios must be numbers of 0 or more"),
        (lambda: discrete({1: 0.5, 2: 0.6}), "sum to 1, they sum to 1.1"),
        (lambda: truncated_below(pert(80, 100, 150), 150), "nothing of the estimate lies above 150: it ends at 150"),
        (lambda: pert(1, 2, 3) * -1, "only be multiplied by a positive number, got -1"),
        (lambda: pert(1, 2, 3) + pert(1, 2, 3), "write each as a Line of a CostModel"),
    ],
)
def test_impossible_input_says_what_to_write(write, message):
    with pytest.raises(ValueError, match=r".") as refused:
        write()
    assert message in str(refused.value)
