"""A record carried on at its pace, against the textbook's formula and against records of which the end is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.drift import drift


def test_even_steps_give_the_textbooks_drift_method():
    # Hyndman and Athanasopoulos (2021), table 5.2: σ̂ₕ = σ̂ √(h (1 + h / (T − 1))), with the steps' own residuals
    values = np.array([8.0, 7.0, 6.5, 5.0, 5.5])
    residuals = np.diff(values) - (5.5 - 8.0) / 4
    sigma = np.sqrt((residuals**2).sum() / 3)
    expected, low, high = drift(np.arange(5.0), values, at=7.0)  # three steps ahead
    assert expected == pytest.approx(5.5 - 3 * 0.625)
    assert (high - low) / 2 == pytest.approx(1.637744 * sigma * np.sqrt(3 * (1 + 3 / 4)), rel=1e-6)  # t(3) at 90 %


def test_a_value_that_rose_late_is_not_said_to_fall():
    days, values = np.arange(8.0), np.array([54.0, 54, 55, 56, 56, 57, 68, 89])
    expected, low, high = drift(days, values, at=8.0)
    assert expected == pytest.approx(89 + 5)
    assert low < 89 < high


RECORDS = st.tuples(
    st.lists(st.integers(-2000, 0), min_size=4, max_size=12, unique=True), st.integers(-50, 50), st.integers(-1000, 1000)
)


@settings(deadline=None)
@given(RECORDS, st.integers(1, 800))
def test_an_even_pace_has_a_range_without_width(record, ahead):
    days, slope, start = record
    x = np.array(sorted(days), dtype=float)
    expected, low, high = drift(x, start + slope * x, ahead)
    scale = abs(start) + 2800 * abs(slope) + 1
    assert expected == pytest.approx(start + slope * ahead, abs=1e-8 * scale)
    assert high - low == pytest.approx(0, abs=1e-6 * scale)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2000, 0), st.floats(-1e3, 1e3)), min_size=4, max_size=10, unique_by=lambda pair: pair[0]),
    st.integers(1, 500),
    st.sampled_from([-12.0, 0.001, 3.5, 1e6]),
)
def test_another_unit_scales_the_forecast_and_its_range(points, at, unit):
    x, y = (np.array(column, dtype=float) for column in zip(*sorted(points), strict=True))
    expected, low, high = drift(x, y, at)
    scaled = drift(x, y * unit, at)
    near = 1e-6 * abs(unit) * (1 + np.abs([expected, low, high]).max())
    assert scaled[0] == pytest.approx(expected * unit, abs=near)
    assert sorted(scaled[1:]) == pytest.approx(sorted([low * unit, high * unit]), abs=near)


def test_the_range_widens_with_the_distance_and_with_the_confidence():
    x, y = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 2, 4])
    widths = [np.diff(drift(x, y, at, confidence)[1:])[0] for at, confidence in ((4, 0.8), (8, 0.8), (8, 0.95))]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_eight_in_ten_of_the_values_to_come_lie_in_the_range_whatever_the_gaps_between_measurements():
    rng = np.random.default_rng(7)
    days = np.array([0.0, 30, 100, 190, 270, 400])
    held = []
    for _ in range(3000):
        steps = np.diff(np.append(days, 600.0))
        walk = np.concatenate([[50.0], 50 + np.cumsum(0.1 * steps + rng.normal(0, 2, 6) * np.sqrt(steps))])
        _, low, high = drift(days, walk[:6], 600.0)
        held.append(low <= walk[6] <= high)
    assert np.mean(held) == pytest.approx(0.8, abs=0.025)


def test_of_two_measurements_of_one_day_the_last_counts():
    twice = drift(np.array([0.0, 1, 1, 2, 3]), np.array([10.0, 99, 12, 14, 16]), at=5)
    assert twice == (20.0, 20.0, 20.0)


def test_three_points_have_no_range():
    assert np.isnan(drift(np.array([0.0, 1, 2]), np.array([1.0, 3, 2]), 5)[1:]).all()


def test_one_day_and_a_wrong_confidence_are_refused():
    with pytest.raises(ValueError, match="two different days"):
        drift(np.array([1.0, 1]), np.array([1.0, 2]), 5)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 80; write 80 % as 0\.8"):
        drift(np.array([0.0, 1]), np.array([1.0, 2]), 5, confidence=80)
