"""What closed deals say about open ones: odds by stage, share won by age, and how late decisions come."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.decision_dates import STATED_SLIP, decision_slip, won_by_age
from acctlib.outlook.win_odds import win_odds, with_odds

STAGES = ["talk", "offer", "terms"]


def history(won, **lost):
    stages = ["order"] * won + [stage for stage, count in lost.items() for _ in range(count)]
    return pd.DataFrame({"stage": stages, "status": ["won"] * won + ["lost"] * (len(stages) - won)})


def open_in(*stages, chance=0.3):
    return pd.DataFrame({"stage": list(stages), "status": "open", "probability": chance})


def test_odds_by_hand():
    # 10 won; lost 5 after the talk, 10 after the offer, none at terms. The firm's rate is 10 / 25 = .4, worth 10 deals:
    # talk (10 + 4) / (25 + 10), offer (10 + 4) / (20 + 10), terms (10 + 4) / (10 + 10).
    odds = win_odds(history(10, talk=5, offer=10), STAGES)
    assert odds.rate == pytest.approx(0.4)
    assert odds.stages["odds"].tolist() == pytest.approx([14 / 35, 14 / 30, 14 / 20])
    assert odds.stages["reached"].tolist() == [25, 20, 10]


def test_without_strength_the_odds_are_the_shares_and_with_a_great_one_the_firms_rate():
    table = history(10, talk=5, offer=10)
    assert win_odds(table, STAGES, strength=0).stages["odds"].tolist() == pytest.approx([0.4, 0.5, 1.0])
    assert win_odds(table, STAGES, strength=1e9).stages["odds"].tolist() == pytest.approx([0.4] * 3, abs=1e-6)


@settings(deadline=None)
@given(st.integers(0, 40), st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30)), st.floats(0.1, 100))
def test_odds_never_fall_from_stage_to_stage_and_lie_between_the_firms_rate_and_the_stages_share(won, lost, strength):
    table = history(won, **dict(zip(STAGES, lost, strict=True)))
    odds = win_odds(table, STAGES, strength)
    if isinstance(odds.rate, Missing):
        assert won + sum(lost) < 20
        return
    found = odds.stages["odds"].to_numpy()
    assert (np.diff(found) >= -1e-12).all()
    share = (odds.stages["won"] / odds.stages["reached"].where(odds.stages["reached"] > 0)).fillna(odds.rate)
    assert (found <= np.maximum(share, odds.rate) + 1e-12).all()
    assert (found >= np.minimum(share, odds.rate) - 1e-12).all()


def test_open_deals_are_not_lost():
    closed = history(10, talk=5, offer=10)
    more = pd.concat([closed, open_in(*["talk"] * 50)], ignore_index=True)
    assert win_odds(more, STAGES).stages.equals(win_odds(closed, STAGES).stages)


def test_stages_are_put_in_the_order_of_the_owners_probabilities_where_none_is_listed():
    judged = open_in("offer", "talk", "terms", "talk").assign(probability=[0.5, 0.1, 0.8, 0.3])
    odds = win_odds(pd.concat([history(10, talk=5, offer=10), judged], ignore_index=True))
    assert odds.stages["stage"].tolist() == STAGES
    assert odds.order_from == "the probability that owners give open deals in each stage, on average"
    assert win_odds(history(20, talk=5)).order_from.startswith("nowhere")


def test_learned_odds_and_the_owners_stand_side_by_side():
    odds = win_odds(history(10, talk=5, offer=10), STAGES)
    found = with_odds(open_in("offer", "elsewhere"), odds)
    assert found["owner_chance"].tolist() == [0.3, 0.3]
    assert found["chance"].tolist() == pytest.approx([14 / 30, 0.4])
    assert found["basis"].tolist() == [
        "10 of 20 that came this far were won, drawn towards the firm's 40%",
        "the firm's rate: 40% of 25 closed deals were won; the place of its stage is not known",
    ]


def test_with_too_few_closed_deals_the_owners_probability_stands_and_says_so():
    found = with_odds(open_in("offer"), win_odds(history(10, talk=9), STAGES))
    assert found["chance"].tolist() == [0.3]
    assert found["learned"].isna().all()
    assert found["basis"].tolist() == ["the owner's: only 19 deals are closed, 20 are needed"]
    assert with_odds(open_in("offer"), win_odds(history(10, talk=10), STAGES))["learned"].notna().all()


def aged(*rows):
    """Return deals from (created, days until decided or None, status)."""
    created = pd.to_datetime([row[0] for row in rows])
    days = pd.to_timedelta([row[1] for row in rows], unit="D")
    return pd.DataFrame({"created": created, "closed_on": created + days, "status": [row[2] for row in rows]})


def test_share_won_by_age_with_competing_losses_by_hand():
    # Ages: won at 2, lost at 2, won at 5, open since 3. Day 2: 4 at risk, 1 won, 1 lost, half is left; day 5: one is at risk
    # and won, so 1/4 + 1/2 = 3/4 are won in the end.
    first = "2026-06-01"
    deals = aged((first, 2, "won"), (first, 2, "lost"), (first, 5, "won"), ("2026-06-08", None, "open"))
    curve = won_by_age(deals, date(2026, 6, 11))
    assert curve.won[[1, 2, 4, 5]].tolist() == pytest.approx([0, 0.25, 0.25, 0.75])
    assert curve.open[[1, 2, 5]].tolist() == pytest.approx([1, 0.5, 0])
    assert curve.within(np.array([0, 2, 3]), 3).tolist() == pytest.approx([0.25, 1.0, 1.0])
    assert curve.within(np.array([5]), 100).tolist() == [0.0]


def test_without_open_deals_the_share_won_by_age_is_plain_counting():
    rng = np.random.default_rng(3)
    rows = [("2026-01-01", int(days), "won" if win else "lost") for days, win in zip(
        rng.integers(0, 90, 200), rng.random(200) < 0.4, strict=True)]  # fmt: skip
    deals = aged(*rows)
    curve = won_by_age(deals, date(2026, 12, 31))
    for age in (0, 10, 50, len(curve.won) - 1):
        assert curve.won[age] == pytest.approx(sum(d <= age and s == "won" for _, d, s in rows) / 200)


def test_deals_from_before_the_record_count_from_their_age_then():
    # Of each cohort half is lost on day 10 and half won on day 40; the record begins on 1 March, so January's losses are not
    # in it. Counted from birth the rate would be too high: (5 + 10) / (10 + 15).
    january = [("2026-01-25", 40, "won")] * 10
    march = [("2026-03-02", 10, "lost")] * 10 + [("2026-03-02", 40, "won")] * 10
    deals = aged(*january, *march)
    assert won_by_age(deals, date(2026, 5, 1), date(2026, 3, 1)).won[-1] == pytest.approx(0.5)
    assert won_by_age(deals, date(2026, 5, 1)).won[-1] > 0.6


def test_what_was_decided_later_is_not_known():
    deals = aged(("2026-06-01", 2, "won"), ("2026-06-01", 40, "lost"))
    assert won_by_age(deals, date(2026, 6, 20)).won[-1] == pytest.approx(0.5)
    assert won_by_age(deals, date(2026, 6, 2)) == Missing(
        "no deal was decided", "keep won and lost deals in opportunities, with closed_on"
    )


def test_slip_is_the_firms_own_where_enough_was_decided():
    expected = pd.to_datetime(["2026-06-01"] * 20)
    late = pd.to_timedelta(range(20), unit="D")
    deals = pd.DataFrame({"status": "lost", "close_date": expected, "closed_on": expected + late})
    assert decision_slip(deals).days == tuple(range(20))
    few = decision_slip(deals.head(19))
    assert few.days == STATED_SLIP
    assert few.basis == "stated delays: only 19 dated decisions are on record, 20 are needed"


def test_a_long_record_of_delays_stands_as_evenly_likely_ones():
    late = pd.to_timedelta(np.arange(2400) // 10, unit="D")
    deals = pd.DataFrame(
        {"status": "won", "close_date": pd.Timestamp("2026-01-01"), "closed_on": pd.Timestamp("2026-01-01") + late}
    )
    days = np.array(decision_slip(deals).days)
    assert len(days) == 24
    assert days.mean() == pytest.approx(late.days.to_numpy().mean(), abs=1)


def test_impossible_settings_say_what_to_write():
    with pytest.raises(ValueError, match=r"strength must be a number of deals of 0 or more, got -1; write 10"):
        win_odds(history(20), strength=-1)
    with pytest.raises(ValueError, match="each stage must be listed once, got a, b, a"):
        win_odds(history(20), ["a", "b", "a"])
    gone = Missing("no file")
    assert win_odds(gone) is gone
    assert with_odds(gone, gone) is gone
