import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.measures.proportion import Proportion, normal_score, proportion
from acctlib.missing import Missing

COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_interval_of_seven_in_eight():
    # published case "csat": Wilson 53 % to 98 %
    low, high = Proportion(7, 8).interval(0.95)
    assert (round(low, 2), round(high, 2)) == (0.53, 0.98)


def test_wilson_interval_of_81_in_263():
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 0.2553 to 0.3662
    low, high = Proportion(81, 263).interval(0.95)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_wilson_interval_of_none_in_twenty_is_not_a_point():
    # Newcombe 1998, table I, method 3: 0.0000 to 0.1611
    low, high = Proportion(0, 20).interval(0.95)
    assert low == 0.0
    assert round(high, 4) == 0.1611


@given(COUNTS)
def test_the_share_lies_in_its_interval_and_the_interval_in_0_to_1(counts):
    share = Proportion(*counts)
    low, high = share.interval()
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1


@given(COUNTS)
def test_more_confidence_never_narrows_the_interval(counts):
    narrow, wide = Proportion(*counts).interval(0.8), Proportion(*counts).interval(0.95)
    assert wide[0] <= narrow[0] <= narrow[1] <= wide[1]


def test_a_proportion_of_nothing_is_missing():
    assert proportion(0, 0, "nothing was delivered") == Missing("nothing was delivered")


@pytest.mark.parametrize(("count", "n"), [(3, 2), (-1, 2), (0, 0)])
def test_an_impossible_proportion_is_refused(count, n):
    with pytest.raises(ValueError, match=f"got {count} of {n}"):
        Proportion(count, n)


def test_confidence_written_as_per_cent_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got 95; write 95 % as 0\.95"):
        normal_score(95)
