"""Three percentiles as a distribution, and a cost by the month for as long as it goes on."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from acctlib.outlook.distributions import discrete, lognormal, metalog, per_month, pert, point, truncated_below, uniform
from acctlib.outlook.exact import exact
from acctlib.outlook.metalogs import STEEPEST, Metalog
from acctlib.outlook.model import CostModel, Line
from acctlib.outlook.simulate import simulate

BOUNDS = [(None, None), (0.0, None), (None, 400.0), (50.0, 400.0), (0.0, 160.0)]


def by_integration(found, power, around=0.0):
    def integrand(logit):
        chance = special.expit(logit)
        return (float(found.quantile(chance)) - around) ** power * chance * (1 - chance)

    return integrate.quad(integrand, -36, 36, limit=400, points=[-5, 0, 5])[0]


def test_symmetric_percentiles_without_bounds_are_the_logistic():
    # Keelin (2016), section 3.1: without a skew the metalog is the logistic of scale s; its variance is pi² s² / 3.
    scale = 20 / math.log(9)
    found = metalog({0.1: 80, 0.5: 100, 0.9: 120})
    assert found.mean == pytest.approx(100)
    assert found.variance == pytest.approx(math.pi**2 * scale**2 / 3)
    assert found.quantile(0.8) == pytest.approx(100 + scale * math.log(4))
    assert found.cdf(110) == pytest.approx(1 / (1 + math.exp(-10 / scale)))


def test_percentiles_that_rise_by_one_factor_above_nought_are_the_log_logistic():
    # Log-logistic of median m and shape 1/s: mean m pi s / sin(pi s), mean square m² 2 pi s / sin(2 pi s).
    scale = math.log(1.5) / math.log(9)
    found = metalog({0.1: 100 / 1.5, 0.5: 100, 0.9: 150}, low=0)
    mean = 100 * math.pi * scale / math.sin(math.pi * scale)
    assert found.mean == pytest.approx(mean)
    assert found.variance == pytest.approx(100**2 * 2 * math.pi * scale / math.sin(2 * math.pi * scale) - mean**2)
    # The mode of a log-logistic of shape b is m ((b - 1) / (b + 1)) ** (1 / b).
    assert found.likely == pytest.approx(100 * ((1 - scale) / (1 + scale)) ** scale, rel=1e-5)


def test_the_mirror_of_a_lower_bound_is_an_upper_bound():
    below, above = metalog({0.1: 80, 0.5: 100, 0.9: 150}, low=50), metalog({0.1: -150, 0.5: -100, 0.9: -80}, high=-50)
    assert (above.mean, above.variance, above.likely) == pytest.approx((-below.mean, below.variance, -below.likely))
    assert above.quantile(0.3) == pytest.approx(-below.quantile(0.7))


@pytest.mark.parametrize(("low", "high"), BOUNDS)
def test_moments_agree_with_integration(low, high):
    found = metalog({0.1: 80, 0.5: 100, 0.9: 150}, low, high)
    mean = by_integration(found, 1)
    assert found.mean == pytest.approx(mean, rel=1e-7)
    assert found.variance == pytest.approx(by_integration(found, 2, mean), rel=1e-5)


@given(
    st.lists(st.floats(60, 150), min_size=3, max_size=3, unique=True),
    st.lists(st.floats(0.02, 0.98), min_size=3, max_size=3, unique=True),
    st.sampled_from(BOUNDS),
)
@settings(max_examples=60, deadline=None)
def test_it_passes_through_the_three_points_and_rises(amounts, chances, bounds):
    amounts, chances = sorted(amounts), sorted(chances)
    assume(min(np.diff(amounts)) > 2 and min(np.diff(chances)) > 0.05)
    try:
        found = metalog(dict(zip(chances, amounts, strict=True)), *bounds)
    except ValueError:
        assume(False)
    assert found.quantile(np.array(chances)) == pytest.approx(amounts)
    everywhere = np.linspace(0.0001, 0.9999, 4001)
    assert (np.diff(found.quantile(everywhere)) >= 0).all()
    # Asked for amounts: close to a bound a digit of the amount is many of the chance.
    assert found.quantile(found.cdf(found.quantile(everywhere))) == pytest.approx(found.quantile(everywhere), rel=1e-9)


def test_it_ends_where_its_bounds_are():
    found = metalog({0.1: 80, 0.5: 100, 0.9: 150}, 50, 400)
    assert (found.low, found.high) == (50, 400)
    assert found.cdf(np.array([0.0, 50, 400, 500])).tolist() == [0, 0, 1, 1]
    free = metalog({0.1: 80, 0.5: 100, 0.9: 150})
    assert (free.low, free.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(("low", "high"), BOUNDS[:4])
def test_the_middle_amounts_named_by_the_refusal_are_the_limits(low, high):
    with pytest.raises(ValueError, match="write a middle amount between") as refused:
        metalog({0.1: 80, 0.5: 148, 0.9: 150}, low, high)
    least, most = (float(part) for part in str(refused.value).split("between ")[-1].split(", or")[0].split(" and "))
    for inside in (least + 0.1, most - 0.1):
        metalog({0.1: 80, 0.5: inside, 0.9: 150}, low, high)
    for outside in (least - 0.1, most + 0.1):
        with pytest.raises(ValueError, match="no metalog passes"):
            metalog({0.1: 80, 0.5: outside, 0.9: 150}, low, high)


def test_the_steepest_skew_is_keelins():
    # Keelin (2016), section 3.2: a three-term metalog needs |a3| / a2 < 1.66711.
    assert pytest.approx(1.66711, abs=5e-6) == STEEPEST
    p = np.linspace(1e-6, 1 - 1e-6, 200_001)
    assert (np.diff(Metalog(0, 1, STEEPEST * 0.9999).quantile(p)) > 0).all()
    assert (np.diff(Metalog(0, 1, STEEPEST * 1.0005).quantile(p)) < 0).any()


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda: metalog({0.1: 80, 0.9: 100}), "percentiles must be three fractions between 0 and 1"),
        (lambda: metalog({10: 80, 50: 100, 90: 120}), "write 10 % as 0.1"),
        (lambda: metalog({0.1: 80, 0.5: 70, 0.9: 120}), "must rise between low -inf and high inf"),
        (lambda: metalog({0.1: 80, 0.5: 100, 0.9: 120}, low=90), "must rise between low 90 and high inf"),
        (lambda: metalog({0.1: 1, 0.5: 10, 0.9: 100}, low=0), "it has no variance; write high=, a bound for it"),
        (lambda: metalog({0.1: -100, 0.5: -10, 0.9: -1}, high=0), "it has no variance; write low=, a bound for it"),
        (lambda: per_month(-5, 3), "cost must be 0 or more, got -5 at least"),
        (lambda: per_month(5, uniform(-1, 3)), "months must be 0 or more, got -1 at least; write truncated_below(months, 0)"),
    ],
)
def test_impossible_input_is_refused_with_what_to_write(write, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        write()


def test_a_certain_cost_or_duration_only_scales_the_other():
    assert per_month(8000, pert(4, 5, 8)).quantile(0.8) == pytest.approx(8000 * pert(4, 5, 8).quantile(0.8))
    assert per_month(uniform(1, 2), 3).mean == pytest.approx(4.5)
    assert per_month(2, 3) == point(6)
    assert per_month(0, pert(4, 5, 8)) == point(0)
    assert per_month(discrete({1: 0.5, 2: 0.5}), discrete({2: 0.5, 4: 0.5})) == discrete({2: 0.25, 4: 0.5, 8: 0.25})


def test_the_product_of_two_uniforms_has_its_closed_form():
    # On [0, 1]: P(XY <= z) = z - z ln z; mean 1/4, variance 7/144.
    found = per_month(uniform(0, 1), uniform(0, 1))
    assert (found.mean, found.variance) == pytest.approx((1 / 4, 7 / 144))
    z = np.array([0.05, 0.2, 0.5, 0.9])
    assert found.cdf(z) == pytest.approx(z - z * np.log(z), abs=2e-4)
    assert found.cdf(found.quantile(np.array([0.1, 0.5, 0.9]))) == pytest.approx([0.1, 0.5, 0.9])


def test_the_product_of_two_lognormals_is_one():
    one, other = lognormal(mean=10, sd=3), lognormal(mean=5, sd=1)
    sigma = math.hypot(one.sigma, other.sigma)
    found = per_month(one, other)
    assert found.quantile(np.array([0.1, 0.5, 0.8, 0.95])) == pytest.approx(
        np.exp(one.mu + other.mu + sigma * special.ndtri([0.1, 0.5, 0.8, 0.95])), rel=2e-4
    )


def test_long_tails_keep_their_spread_when_truncated_and_drawn():
    base = metalog({0.1: 60, 0.5: 100, 0.9: 200}, low=0)
    truncated = truncated_below(base, 120)
    excluded = base.cdf(120)

    def part(power, around):
        def integrand(logit):
            chance = special.expit(logit)
            amount = float(base.quantile(excluded + (1 - excluded) * chance))
            return (amount - around) ** power * chance * (1 - chance)

        return integrate.quad(integrand, -34, 34, limit=400, points=[0, 10])[0]

    mean = part(1, 0)
    assert truncated.mean == pytest.approx(mean, rel=1e-4)
    assert truncated.variance == pytest.approx(part(2, mean), rel=1e-2)
    bounded = metalog({0.1: 60, 0.5: 100, 0.9: 200}, 0, 2000)
    assert simulate(CostModel([Line("a", bounded)]), 65_536).sd == pytest.approx(bounded.sd, rel=0.01)


def test_both_engines_agree_on_them():
    model = CostModel(
        [
            Line("migration", metalog({0.1: 80e3, 0.5: 100e3, 0.9: 150e3}, low=50e3)),
            Line("licences", metalog({0.1: 8e3, 0.5: 10e3, 0.9: 13e3})),
            Line("environment", per_month(uniform(1800, 2400), pert(4, 5, 8))),
        ]
    )
    exactly, drawn = exact(model), simulate(model, 65_536)
    for p in (0.1, 0.5, 0.8, 0.9):
        assert abs(drawn.quantile(p) - exactly.quantile(p)) < 4 * drawn.standard_error(p)
    assert drawn.mean == pytest.approx(exactly.mean, rel=1e-3)


def test_no_month_at_all_keeps_its_chance():
    found = per_month(discrete({0: 0.5, 2: 0.5}), uniform(1, 2))
    assert (found.mean, float(found.cdf(0.0)), float(found.quantile(0.4))) == pytest.approx((1.5, 0.5, 0.0))
    assert simulate(CostModel([Line("a", found)]), 4096).mean == pytest.approx(1.5, rel=0.01)
