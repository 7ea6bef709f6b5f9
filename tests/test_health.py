from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.contracts import Retention
from acctlib.measures.health import WEIGHTS, health, health_factors, health_overrides
from acctlib.measures.proportion import Proportion
from acctlib.measures.satisfaction import Score
from acctlib.missing import Missing

DAY = date(2026, 9, 30)
NONE = Missing("not kept")
NO_OVERRIDES = health_overrides(NONE, NONE, NONE, DAY)


def factors(scores, weights=None):
    weights = weights or [1.0] * len(scores)
    return pd.DataFrame({"factor": [f"f{i}" for i in range(len(scores))], "weight": weights, "score": scores}).astype(
        {"score": float, "weight": float}
    )


def override(cap, applies=True):
    return pd.DataFrame({"override": ["a fire"], "applies": pd.array([applies], dtype="boolean"), "cap": [cap]})


def test_default_weights_add_up_to_one_hundred():
    assert WEIGHTS == {
        "delivery": 25,
        "relationship": 20,
        "results": 20,
        "commercial": 15,
        "satisfaction": 10,
        "growth": 10,
    }


def all_factors(**changes):
    given = {
        "on_time": Proportion(9, 10),
        "coverage": 0.7,
        "objectives": pd.DataFrame({"state": ["on track", "at risk", "off track", None]}),
        "ageing": pd.DataFrame({"bucket": ["not due", "1–30 days"], "outstanding": [75.0, 25.0]}),
        "nps": Score(0.2, -0.1, 0.5, 12),
        "csat": NONE,
        "retention": Retention(start=100, expansion=10, contraction=0, churn=10, new=5),
    }
    return health_factors(**given | changes)


def test_each_factor_is_scored_by_its_printed_rule():
    # by hand: 9 of 10; 70 %; (100 + 50 + 0) / 3; 75 % not overdue; (1 + 0.2) x 50; NRR 100 % is half-way from 80 to 120
    table = all_factors()
    assert table["score"].tolist() == pytest.approx([90, 70, 50, 75, 60, 50])
    assert table["rule"].str.len().min() > 20
    assert table["why"].tolist()[0] == "9 of 10 delivered on time"


def test_the_score_is_the_weighted_mean():
    # by hand: (25 x 90 + 20 x 70 + 20 x 50 + 15 x 75 + 10 x 60 + 10 x 50) / 100 = 68.75
    account = health(all_factors(), NO_OVERRIDES)
    assert (account.score, account.band, account.coverage) == (69, "at risk", 1.0)


def test_csat_stands_in_where_there_is_no_nps():
    table = all_factors(nps=NONE, csat=Score(0.85, 0.6, 0.95, 20)).set_index("factor")
    assert table.loc["satisfaction", "score"] == pytest.approx(85)


def test_nothing_owed_is_a_full_commercial_score():
    nothing = pd.DataFrame({"bucket": ["not due"], "outstanding": [0.0]})
    assert all_factors(ageing=nothing).set_index("factor").loc["commercial", "score"] == 100


@pytest.mark.parametrize(("net_start", "score"), [(200, 0), (125, 0), (100, 50), (50, 100)])
def test_growth_is_cut_at_eighty_and_one_hundred_twenty_per_cent(net_start, score):
    moved = Retention(start=net_start, expansion=100, contraction=0, churn=net_start, new=0)
    assert all_factors(retention=moved).set_index("factor").loc["growth", "score"] == pytest.approx(score)


def test_a_factor_without_data_says_why_and_does_not_count():
    table = all_factors(coverage=Missing("stakeholders is not kept"))
    assert table.set_index("factor").loc["relationship", "why"] == "stakeholders is not kept"
    account = health(table, NO_OVERRIDES)
    assert account.coverage == 0.8
    assert account.score == 68  # (6 875 - 1 400) / 80 = 68.4


def test_under_sixty_per_cent_of_the_weight_there_is_no_score():
    table = all_factors(on_time=NONE, coverage=NONE)
    assert health(table, NO_OVERRIDES) == Missing(
        "insufficient data: 55 % of the weight is measured, 60 % is needed (nothing on delivery, relationship)"
    )
    assert health(factors([80, None], [60, 40]), NO_OVERRIDES).score == 80


def test_a_weight_may_be_replaced_and_a_misspelt_one_is_refused():
    assert all_factors(weights={"growth": 0})["weight"].tolist()[-1] == 0
    with pytest.raises(ValueError, match="health_weights must name factors, got 'delivry'; did you mean delivery"):
        all_factors(weights={"delivry": 30})
    with pytest.raises(ValueError, match="growth must not be negative, got -1; write 0 to leave it out"):
        all_factors(weights={"growth": -1})


@pytest.mark.parametrize(
    ("score", "band"),
    [
        (0, "off track"),
        (50, "off track"),
        (50.4, "off track"),
        (50.5, "at risk"),
        (75, "at risk"),
        (76, "on track"),
        (100, "on track"),
    ],
)
def test_bands(score, band):
    assert health(factors([score]), NO_OVERRIDES).band == band


@pytest.mark.parametrize(
    ("score", "cap", "state", "capped"),
    [
        (90, "at risk", "at risk", ("a fire",)),
        (90, "off track", "off track", ("a fire",)),
        (60, "at risk", "at risk", ()),
        (30, "at risk", "off track", ()),
    ],
)
def test_an_override_caps_the_state_and_never_lifts_it(score, cap, state, capped):
    account = health(factors([score]), override(cap))
    assert (account.state, account.capped_by, account.score) == (state, capped, score)


@pytest.mark.parametrize("applies", [False, None])
def test_an_override_that_does_not_hold_or_is_not_known_caps_nothing(applies):
    assert health(factors([90]), override("off track", applies)).state == "on track"


def test_overrides_from_the_tables():
    issues = pd.DataFrame(
        {
            "issue": ["1"],
            "raised": pd.to_datetime(["2026-09-01"]),
            "severity": ["critical"],
            "summary": ["Shop down"],
            "status": ["open"],
        }
    )
    people = pd.DataFrame(
        {
            "name": ["Ama"],
            "decision_role": ["sponsor"],
            "left_on": pd.to_datetime(["2026-09-01"]),
            "last_contact": pd.to_datetime(["2026-08-30"]),
        }
    )
    bills = pd.DataFrame(
        {
            "invoice": ["1"],
            "amount": [5.0],
            "paid": [0.0],
            "issued": pd.to_datetime(["2026-06-01"]),
            "due": pd.to_datetime(["2026-07-31"]),
        }
    )
    table = health_overrides(issues, people, bills, DAY)
    assert table["applies"].tolist() == [True] * 4
    assert table["cap"].tolist() == ["off track", "at risk", "at risk", "at risk"]
    later = health_overrides(issues, people, bills, date(2026, 8, 31))
    assert later["applies"].tolist() == [False, False, False, False]


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.permutations(range(6)))
def test_the_score_lies_between_its_factors_and_does_not_depend_on_their_order(scores, order):
    table = factors(scores)
    account = health(table, NO_OVERRIDES)
    assert min(scores) <= account.score <= max(scores)
    shuffled = table.iloc[[i for i in order if i < len(scores)]]
    assert health(shuffled, NO_OVERRIDES).score == account.score
