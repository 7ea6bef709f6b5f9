import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.measures import rag


@pytest.mark.parametrize(
    ("shortfall", "state"),
    [(-1.0, "on track"), (0.05, "on track"), (0.0501, "at risk"), (0.10, "at risk"), (0.11, "off track")],
)
def test_a_state_follows_its_thresholds(shortfall, state):
    assert rag.states(pd.Series([shortfall])).tolist() == [state]


def test_a_blank_shortfall_has_no_state():
    assert rag.states(pd.Series([None], dtype=float)).isna().tolist() == [True]


def test_swapped_thresholds_are_refused():
    with pytest.raises(ValueError, match=r"amber must not be greater than red, got amber 0\.2 and red 0\.1; swap them"):
        rag.states(pd.Series([0.1]), amber=0.2, red=0.1)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_a_larger_shortfall_is_never_in_a_better_state(shortfalls):
    ordered = pd.Series(sorted(shortfalls))
    ranks = rag.states(ordered).map(rag.STATES.index)
    assert ranks.is_monotonic_increasing
