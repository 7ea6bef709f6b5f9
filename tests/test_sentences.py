import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.show.sentences import against_plan, budget_holds, lead, listed, met, odds

NONE = Missing("no data")


def test_two_figures_as_good_as_equal_are_said_to_be_on_plan():
    assert against_plan("Fee used", 101.9, 100) == against_plan("Fee used", 98.1, 100) == "Fee used is on plan"


def test_a_plan_of_nothing_gives_no_percentage():
    assert against_plan("Fee used", 10, 0) == against_plan("Fee used", NONE, 10) == "Fee used against plan"


@given(st.floats(0, 1))
def test_odds_never_claim_certainty(chance):
    assert not {"0 in", "10 in 10", "100 in 100"} & {odds(chance)[:4], odds(chance)}


@given(st.floats(0.01, 0.99))
def test_odds_read_back_to_within_a_sixth_of_the_chance(chance):
    said = odds(chance)
    part, whole = (1, 2) if said == "even odds" else map(int, said.split(" in "))
    assert part / whole == pytest.approx(chance, rel=1 / 6, abs=0.005)


def test_a_chance_outside_nought_and_one_is_refused():
    with pytest.raises(ValueError, match=r"must lie between 0 and 1, got 80; write 80 % as 0\.8"):
        odds(80)


def test_one_thing_due_is_said_as_one():
    assert met(1, 1, "milestone", "met its date") == "The one milestone due met its date"
    assert met(NONE, NONE, "milestone", "met its date") == "No milestone was due"


def test_even_odds_of_a_budget_read_as_a_sentence():
    assert budget_holds(0.5, 400e3, "GBP") == "The budget of £400k holds at even odds"


def test_the_lead_says_bad_news_first_and_stops_in_time():
    said = lead([("on track", "A."), ("at risk", "B."), ("off track", ""), ("off track", "C."), ("at risk", "D.")])
    assert said == "**C.** B. D."
    assert lead([]) == ""


def test_names_are_listed_to_the_last():
    assert listed([]) == ""
    assert listed(["Ann"]) == "Ann"
    assert listed(["Ann", "Bo", "Cy"]) == "Ann, Bo and Cy"
