import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.measures.satisfaction import (
    customer_satisfaction,
    net_promoter_score,
    newest_score,
    satisfaction_by_quarter,
    scores_of,
)
from acctlib.missing import Missing
from acctlib.periods import FiscalYear, Quarter
from acctlib.show.relationship_words import satisfied

ANSWERS = st.integers(0, 60)


def test_net_promoter_score_of_the_published_case():
    # published case "nps": 4 promoters, 3 passives, 1 detractor: .375 with a half width of .482
    score = net_promoter_score(4, 3, 1)
    assert (score.value, score.n) == (0.375, 8)
    assert round(score.value - score.low, 3) == 0.482
    assert round(score.high - score.value, 3) == 0.482


def test_customer_satisfaction_of_the_published_case():
    # published case "csat": 7 of 8, Wilson 53 % to 98 %
    score = customer_satisfaction(7, 8)
    assert (score.value, round(score.low, 2), round(score.high, 2)) == (0.875, 0.53, 0.98)


@given(ANSWERS, ANSWERS, ANSWERS)
def test_a_score_lies_in_its_interval_between_minus_one_and_one(promoters, passives, detractors):
    score = net_promoter_score(promoters, passives, detractors, fewest=1)
    if promoters + passives + detractors == 0:
        assert score == Missing("nobody answered")
    else:
        assert -1 <= score.low <= score.value <= score.high <= 1


@given(ANSWERS, ANSWERS, ANSWERS.map(lambda n: n + 5))
def test_swapping_promoters_and_detractors_turns_the_sign(promoters, passives, detractors):
    one, other = net_promoter_score(promoters, passives, detractors), net_promoter_score(detractors, passives, promoters)
    assert one.value == -other.value
    assert one.low == pytest.approx(-other.high)


@given(ANSWERS.map(lambda n: n + 5), ANSWERS, ANSWERS, st.integers(2, 5))
def test_more_of_the_same_answers_narrow_the_interval_and_keep_the_score(promoters, passives, detractors, times):
    few = net_promoter_score(promoters, passives, detractors)
    many = net_promoter_score(times * promoters, times * passives, times * detractors)
    assert many.value == pytest.approx(few.value)
    assert many.high - many.low <= few.high - few.low + 1e-12


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        (0, "nobody answered"),
        (1, "1 answer is too few for a score; 5 are needed"),
        (4, "4 answers are too few for a score; 5 are needed"),
    ],
)
def test_too_few_answers_are_said_in_words(answered, reason):
    assert net_promoter_score(answered, 0, 0) == customer_satisfaction(answered, answered) == Missing(reason)


def test_five_answers_are_enough():
    assert net_promoter_score(5, 0, 0).value == 1


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="must not be negative, got -1, 3, 4"):
        net_promoter_score(-1, 3, 4)


def summary(*rows):
    return pd.DataFrame(
        rows, columns=["quarter", "kind", "invited", "answered", "promoters", "passives", "detractors", "satisfied"]
    )


def test_scores_by_quarter_with_response_rate():
    table = satisfaction_by_quarter(
        summary(
            ("2026-Q3", "nps", 16, 8, 4, 3, 1, 0),
            ("2026-Q2", "nps", 10, 3, 3, 0, 0, 0),
            ("2026-Q3", "csat", 10, 8, 0, 0, 0, 7),
        )
    )
    assert table[["quarter", "kind"]].values.tolist() == [["2026-Q3", "csat"], ["2026-Q2", "nps"], ["2026-Q3", "nps"]]
    assert table["score"].tolist()[::2] == [0.875, 0.375]
    assert table["score"].isna().tolist() == [False, True, False]
    assert table["response_rate"].tolist() == [0.8, 0.3, 0.5]


def test_the_newest_score_is_of_the_newest_quarter_with_enough_answers():
    rows = summary(
        ("2026-Q1", "nps", 9, 6, 5, 1, 0, 0), ("2026-Q3", "nps", 9, 2, 0, 0, 2, 0), ("2026-Q2", "nps", 9, 8, 4, 3, 1, 0)
    )
    assert newest_score(rows, "nps").value == 0.375
    assert newest_score(rows.iloc[[1]], "nps") == Missing("2 answers are too few for a score; 5 are needed")
    with pytest.raises(ValueError, match="kind must be nps or csat, got 'NPS'"):
        newest_score(rows, "NPS")


def test_surveys_that_are_not_kept_are_passed_on():
    assert satisfaction_by_quarter(Missing("no surveys")) == Missing("no surveys")


def scored(kind, **values):
    quarters = [name.replace("_", "-") for name in values]
    frame = pd.DataFrame({"quarter": [name[1:] for name in quarters], "kind": kind, "score": list(values.values())})
    return frame.assign(low=frame["score"] - 0.1, high=frame["score"] + 0.1, answered=[6] * len(frame))


def test_the_scores_of_a_chart_have_no_hidden_gaps():
    table = scores_of(scored("csat", y2026_Q1=0.9, y2026_Q3=0.8, y2026_Q4=None), "csat", Quarter(2026, 4, FiscalYear(4, "end")))
    assert table["label"].tolist() == ["Q1 FY2026, n = 6", "Q2 FY2026", "Q3 FY2026, n = 6", "Q4 FY2026"]
    assert table["note"].fillna("").tolist() == ["", "no score", "", "no score"]
    assert satisfied(table, "csat") == "80\xa0% of 6 answers satisfied in Q3 FY2026, 90\xa0% in Q1 FY2026"


def test_a_score_of_long_ago_does_not_make_an_endless_chart():
    table = scores_of(scored("nps", y2019_Q1=0.5, y2026_Q3=0.2), "nps", Quarter(2026, 3))
    assert len(table) == 1
    assert satisfied(table, "nps") == "Net promoter score +20 from 6 answers in Q3 2026"
    old = scores_of(scored("nps", y2019_Q1=0.5), "nps", Quarter(2026, 3))
    assert old == Missing("no score of NPS is recent")
    assert satisfied(old, "nps") == "Net promoter score"
