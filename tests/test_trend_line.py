"""A line through few points, against the textbook's numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.trend_line import trend_line

#: Speed (mph) and stopping distance (ft) of fifty cars: Ezekiel, Methods of Correlation Analysis (1930), as R's `cars`.
SPEED = """4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19 19 20 20 20
20 20 22 23 24 24 24 24 25"""
DISTANCE = """2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84 36 46 68 32
48 52 56 64 66 54 70 92 93 120 85"""


@pytest.mark.parametrize(
    ("speed", "fit", "low", "high"), [(12, 29.6, -1.75, 61.0), (19, 57.1, 25.76, 88.5), (24, 76.8, 44.75, 108.8)]
)
def test_the_range_is_that_of_r_s_predict(speed, fit, low, high):
    # predict(lm(dist ~ speed, cars), interval = "prediction") as printed at sthda.com, "Predict in R"
    x, y = (np.array(text.split(), dtype=float) for text in (SPEED, DISTANCE))
    assert trend_line(x, y, speed, confidence=0.95) == pytest.approx((fit, low, high), abs=0.06)


LINES = st.tuples(
    st.lists(st.integers(-2000, 0), min_size=4, max_size=12, unique=True), st.integers(-50, 50), st.integers(-1000, 1000)
)


@settings(deadline=None)
@given(LINES, st.integers(1, 800))
def test_a_straight_record_has_a_range_without_width(line, ahead):
    days, slope, start = line
    x = np.array(days, dtype=float)
    height, low, high = trend_line(x, start + slope * x, ahead)
    scale = abs(start) + 2800 * abs(slope) + 1
    assert height == pytest.approx(start + slope * ahead, abs=1e-8 * scale)
    assert high - low == pytest.approx(0, abs=1e-8 * scale)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-2000, 0), st.floats(-1e3, 1e3)), min_size=4, max_size=10, unique_by=lambda pair: pair[0]),
    st.integers(0, 500),
    st.sampled_from([-12.0, 0.001, 3.5, 1e6]),
)
def test_another_unit_scales_the_forecast_and_its_range(points, at, unit):
    x, y = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    height, low, high = trend_line(x, y, at)
    scaled = trend_line(x, y * unit, at)
    near = 1e-6 * abs(unit) * (1 + np.abs([height, low, high]).max())
    assert scaled[0] == pytest.approx(height * unit, abs=near)
    assert sorted(scaled[1:]) == pytest.approx(sorted([low * unit, high * unit]), abs=near)


def test_the_range_widens_with_the_distance_and_with_the_confidence():
    x, y = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 2, 4])
    widths = [np.diff(trend_line(x, y, at, confidence)[1:])[0] for at, confidence in ((4, 0.8), (8, 0.8), (8, 0.95))]
    assert widths == sorted(widths)
    assert len(set(widths)) == 3


def test_eight_in_ten_of_the_next_measurements_lie_in_the_range():
    rng = np.random.default_rng(7)
    x = np.arange(6.0)
    held = []
    for _ in range(2000):
        values = 3 + 2 * np.arange(9.0) + rng.normal(0, 5, 9)
        _, low, high = trend_line(x, values[:6], 8.0)
        held.append(low <= values[8] <= high)
    assert np.mean(held) == pytest.approx(0.8, abs=0.03)


def test_three_points_have_no_range():
    assert np.isnan(trend_line(np.array([0.0, 1, 2]), np.array([1.0, 3, 2]), 5)[1:]).all()


def test_one_day_and_a_wrong_confidence_are_refused():
    with pytest.raises(ValueError, match="two different days"):
        trend_line(np.array([1.0, 1]), np.array([1.0, 2]), 5)
    with pytest.raises(ValueError, match=r"between 0 and 1, got 80; write 80 % as 0\.8"):
        trend_line(np.array([0.0, 1]), np.array([1.0, 2]), 5, confidence=80)
