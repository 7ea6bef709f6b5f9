"""The first page says what the tables hold, bad news first, and nothing where they hold nothing."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.show import summary
from acctlib.show.growth_words import target_basis

NONE = Missing("not recorded")
OBJECTIVES = pd.DataFrame({"objective": ["Sell", "Serve", "Save"], "state": ["on track", "off track", "at risk"]})


def share(count, n):
    """A stand-in for a share of n that prints as it does."""
    return type("Share", (), {"value": count / n, "count": count, "n": n, "__str__": lambda _: f"{count} of {n}"})()


def test_fees_stand_against_the_quarter_before_and_keep_their_trend():
    tile = summary.fees_tile(pd.DataFrame({"fees": [80e3, 90e3, 104e3, 141e3]}), "EUR")
    assert (tile.value, tile.against, tile.trend) == ("€141k", "quarter before €104k", (80e3, 90e3, 104e3, 141e3))
    assert summary.fees_tile(NONE, "EUR").value is NONE


@pytest.mark.parametrize(
    ("count", "state"), [(10, "on track"), (9, "on track"), (8, "at risk"), (7, "at risk"), (6, "off track")]
)
def test_deliverables_are_on_track_from_nine_in_ten_and_at_risk_from_seven(count, state):
    tile = summary.deliverables_tile(share(count, 10))
    assert (tile.value, tile.state) == (f"{count} of 10", state)


def test_goals_are_in_the_state_of_the_worst():
    tile = summary.goals_tile(OBJECTIVES)
    assert (tile.value, tile.against, tile.state) == ("1 of 3", "1 at risk, 1 off track", "off track")
    good = summary.goals_tile(OBJECTIVES.iloc[:1])
    assert (good.value, good.against, good.state) == ("1 of 1", "all of them", "on track")
    assert isinstance(summary.goals_tile(OBJECTIVES.assign(state=None)).value, Missing)


def test_satisfaction_takes_csat_before_nps_and_says_how_many_answered():
    scores = pd.DataFrame(
        {"kind": ["csat", "nps"], "score": [0.875, 0.375], "low": [0.53, -0.1], "high": [0.98, 0.86], "answered": [8, 8]}
    ).assign(quarter="2026-Q3")
    tile = summary.satisfaction_tile(scores, "2026-Q3")
    assert (tile.label, tile.value, tile.against) == ("Satisfied clients", "88\xa0%", "8 answers, range 53–98\xa0%")
    nps = summary.satisfaction_tile(scores.iloc[1:], "2026-Q3")
    assert (nps.label, nps.value, nps.against) == ("Net promoter score", "+38", "8 answers, range −10 to +86")
    assert isinstance(summary.satisfaction_tile(scores.assign(score=np.nan), "2026-Q3").value, Missing)
    # an older score says of when it is, and a later one is not of this report
    older = summary.satisfaction_tile(scores, "2026-Q4")
    assert older.against == "in 2026-Q3, since then too few answered; 8 answers, range 53–98\xa0%"
    assert isinstance(summary.satisfaction_tile(scores, "2026-Q2").value, Missing)


def test_what_is_overdue_keeps_deliverables_from_being_on_track():
    late = pd.DataFrame({"stage": ["overdue", "accepted"]})
    tile = summary.deliverables_tile(share(4, 4), (), late)
    assert (tile.state, tile.against) == ("at risk", "delivered this quarter; 1 overdue; on track from 90\xa0%")


def test_hours_that_only_partly_show_say_so():
    hours, every = pd.DataFrame({"hours": [100.0]}), pd.DataFrame({"project": ["a", "b"]})
    assert summary.hours_tile(hours, every, every).label == "Billable hours this quarter"
    assert summary.hours_tile(hours, every, every[:1]).label == "Billable hours this quarter, where open to you"


def test_the_lead_tells_a_critical_issue_and_a_fall_beyond_chance_first():
    issues = pd.DataFrame({"severity": ["critical", "high"], "summary": ["Broken tags.", "Slow"], "age_days": [39, 3]})
    rows = {"kind": "csat", "quarter": ["2026-Q2", "2026-Q3"], "score": [1.0, 0.2], "low": [0.57, 0.04], "high": [1.0, 0.62]}
    scores = pd.DataFrame(rows)
    said = summary.review_lead(NONE, NONE, NONE, NONE, NONE, "Kestrel", issues, scores, "2026-Q3")
    assert said == (
        "**A critical issue is open for 39 days: Broken tags.** "
        "Satisfied answers fell from 100\xa0% in 2026-Q2 to 20\xa0%, by more than chance explains."
    )
    mild = scores.assign(score=[1.0, 0.6], high=[1.0, 0.88], low=[0.57, 0.23])
    for told, period in ((mild, "2026-Q3"), (scores, "2026-Q2"), (scores, "2026-Q4")):
        assert summary.review_lead(NONE, NONE, NONE, NONE, NONE, "Kestrel", NONE, told, period) == ""


def test_a_review_opens_with_what_is_late_then_off_target_then_waiting():
    late = pd.DataFrame({"deliverable": ["Form", "Beta"], "stage": ["overdue", "overdue"], "days_late": [19, 3]})
    actions = pd.DataFrame({"stage": ["overdue", "overdue", "done"], "party": ["client", "agency", "client"]})
    pending = pd.DataFrame({"change": ["C1"]})
    assert summary.review_lead(late, actions, OBJECTIVES, pending, share(9, 10), "Kestrel") == (
        "**2 deliverables are past their agreed dates, Form by 19 days.** Of 3 goals, 1 is off track: Serve. "
        "2 agreed actions are overdue, 1 of them with Kestrel. 1 change request waits for a decision."
    )


def test_good_news_alone_is_said_and_nothing_is_made_up():
    assert (
        summary.review_lead(NONE, NONE, NONE, NONE, share(5, 5), "Kestrel")
        == "**5 of 5 deliverables came on the agreed date.**"
    )
    assert summary.review_lead(NONE, NONE, NONE, NONE, NONE, "Kestrel") == ""
    assert summary.review_lead(NONE, NONE, OBJECTIVES.iloc[:1], NONE, NONE, "K") == "**The one goal is on track.**"


COST = SimpleNamespace(quantile=lambda p: {0.1: 90e3, 0.5: 100e3, 0.8: 108e3, 0.9: 115e3}[p])


def test_a_forecast_over_budget_says_so_with_its_odds_and_its_driver():
    drivers = pd.DataFrame({"driver": ["Late content"], "share": [0.6]})
    assert summary.forecast_lead(COST, 80e3, 0.02, "GBP", drivers) == (
        "**The work is heading for £100k, 25\xa0% over the budget of £80k; it holds in 1 in 50 cases.** "
        "60\xa0% of the uncertainty comes from one driver: Late content."
    )
    assert "there is no budget" in summary.forecast_lead(COST, NONE, NONE, "GBP", NONE)
    assert summary.forecast_lead(NONE, NONE, NONE, "GBP", NONE) == ""


def test_forecast_tiles_name_the_range_the_odds_and_the_reserve():
    tiles = summary.forecast_tiles(COST, 100e3, 0.5, 8e3, 40e3, "GBP", 0.8)
    assert [tile.value for tile in tiles] == ["£100k", "even odds", "£8k", "£40k"]
    assert tiles[0].against == "8 in 10: £90k to £115k"
    assert tiles[1].state == "at risk"
    assert summary.forecast_tiles(NONE, NONE, NONE, NONE, NONE, "GBP", 0.8)[0].value is NONE


PAYS = pd.DataFrame(
    {
        "name": ["Site", "Advice"],
        "billing_type": ["fixed_fee", "time_and_materials"],
        "agreed": [100e3, np.nan],
        "pending": [8e3, 0.0],
        "expenses": [1e3, 0.0],
        "low": [101e3, 40e3],
        "expected": [101e3, 50e3],
        "high": [109e3, 60e3],
    }
)


def test_a_client_reads_what_moves_and_what_waits_for_him():
    assert summary.price_lead(PAYS, pd.DataFrame({"change": ["C1"]})) == (
        "**The price of Advice depends on the hours worked.** 1 change request waits for a decision."
    )
    assert summary.price_lead(PAYS.iloc[:1], NONE) == "**The price of the running project is fixed.**"
    tiles = summary.price_tiles(PAYS, (140e3, 150e3, 170e3), "GBP")
    assert [tile.value for tile in tiles] == ["£150k", "£100k", "£8k", "£1k"]
    assert summary.price_tiles(NONE, NONE, "GBP")[0].value is NONE


def test_a_price_that_is_not_known_is_never_said_to_be_fixed():
    unknown = {"low": np.nan, "expected": np.nan, "high": np.nan, "agreed": np.nan}
    by_the_hour = PAYS.assign(billing_type="time_and_materials", **unknown)
    assert summary.price_lead(by_the_hour, NONE) == "**The price of Site and Advice depends on the hours worked.**"
    assert summary.price_lead(PAYS.assign(billing_type="fixed_fee", **unknown), NONE) == ""
    assert summary.price_lead(PAYS.iloc[:1].assign(pending=np.nan, low=1e3, high=9e3), NONE).startswith(
        "**The price of Site dep"
    )


def test_what_is_not_recorded_is_no_tile_of_zero():
    pays = PAYS.assign(agreed=np.nan, pending=np.nan, expenses=np.nan)
    tiles = summary.price_tiles(pays, NONE, "GBP")
    assert [(tile.label, tile.value) for tile in tiles] == [
        ("To pay in all", NONE),
        ("Agreed", Missing("no running project has a fee or a cap")),
    ]


def test_a_review_of_hours_alone_still_has_figures_and_an_opening():
    hours = pd.DataFrame({"hours": [197.5, 487.5]})
    work = pd.DataFrame(
        {"work_type": ["Test", "Build"], "tasks": [20, 30], "tasks_done": [2, 20], "hours_in_period": [87.5, 400.0]}
    )
    tile, tasks = summary.hours_tile(hours), summary.tasks_tile(work)
    assert (tile.value, tile.against, tile.trend) == ("488\xa0h", "quarter before 198\xa0h", (197.5, 487.5))
    assert tasks.value == "22 of 50"
    tiles = [summary.fees_tile(NONE, "GBP"), summary.goals_tile(NONE), tile, tasks]
    assert [tile.label for tile in summary.most_telling(tiles, 3)] == [
        "Fees invoiced this quarter",
        "Billable hours this quarter",
        "Tasks done",
    ]
    assert summary.work_lead(work, NONE) == "**Build took 400\xa0h of the 488\xa0h worked this quarter.**"
    assert summary.work_lead(work.iloc[1:], NONE) == "**All 400\xa0h worked this quarter went into Build.**"


@pytest.mark.parametrize(
    ("fees", "said"),
    [
        ([200.0, 150.0], "**Fees are 25\xa0% below the quarter before.**"),
        ([200.0, 201.0], "**Fees are as in the quarter before.**"),
        ([0.0, 150.0], ""),
        ([150.0], ""),
    ],
)
def test_a_review_of_invoices_alone_opens_with_how_they_moved(fees, said):
    assert summary.work_lead(NONE, pd.DataFrame({"fees": fees})) == said


def test_a_quarter_without_work_opens_with_nothing():
    work = pd.DataFrame({"work_type": ["Build"], "hours_in_period": [np.nan]})
    assert summary.work_lead(work, NONE) == ""


def test_a_plan_opens_with_the_renewal_at_risk():
    renewing = pd.DataFrame(
        {"contract": ["RET"], "annual_value": [222e3], "end": [pd.Timestamp("2026-10-31")], "signal": ["at risk"]}
    )
    gaps = pd.DataFrame({"gap": ["no sponsor"]})
    overdue = pd.DataFrame({"outstanding": [26.4e3], "days_overdue": [103]})
    assert summary.plan_lead(renewing, gaps, NONE, overdue, "USD") == (
        "**RET ($222k a year) ends on 31 Oct 2026; the signs say at risk.** Gaps in the relationship: no sponsor. "
        "$26.4k is overdue, the oldest by 103 days."
    )
    assert summary.plan_lead(NONE, NONE, NONE, NONE, "USD") == ""


ODDS = SimpleNamespace(
    target=340e3, chance=0.62, gap_even=0.0, gap_sure=34e3, confidence=0.8, moves=pd.DataFrame({"item": ["RET renewed"]})
)


def test_plan_tiles_hold_the_odds_of_the_target_and_what_is_earned_and_signed():
    health = SimpleNamespace(score=22, coverage=1.0, state="off track")
    year = pd.DataFrame({"fees": [88e3, 82e3]})
    tiles = summary.plan_tiles(ODDS, year, pd.DataFrame({"committed": [55.5e3]}), health, "USD")
    assert [(tile.value, tile.against) for tile in tiles] == [
        ("62\xa0%", "missing for even odds $0, to be 80\xa0% sure $34k"),
        ("$170k", "target of the year $340k"),
        ("$55.5k", "retainers and licences to their signed end; projects come on top"),
        ("22 of 100", "100\xa0% of it measured"),
    ]
    assert tiles[0].state == "at risk"
    unknown = summary.plan_tiles(NONE, year.assign(fees=[88e3, np.nan]), pd.DataFrame({"committed": [np.nan]}), NONE, "USD")
    assert all(isinstance(tile.value, Missing) for tile in unknown)  # half a year's fees are not the year's


@pytest.mark.parametrize(("chance", "state"), [(0.49, "off track"), (0.5, "at risk"), (0.79, "at risk"), (0.8, "on track")])
def test_a_target_is_at_risk_below_the_wanted_confidence_and_off_track_below_even_odds(chance, state):
    odds = SimpleNamespace(**vars(ODDS) | {"chance": chance})
    assert summary.plan_tiles(odds, NONE, NONE, NONE, "USD")[0].state == state


def test_the_plans_lead_says_the_odds_and_what_moves_them():
    assert summary.plan_lead(NONE, NONE, NONE, NONE, "USD", ODDS) == (
        "**The year's target of $340k is reached with a chance of 62\xa0%; RET renewed moves that most.**"
    )


@pytest.mark.parametrize(
    ("last", "said"),
    [(-30e3, "More was credited than invoiced this quarter."), (0.0, "No fees were invoiced this quarter.")],
)
def test_a_quarter_of_credits_is_not_so_many_per_cent_below_the_one_before(last, said):
    fees = pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "fees": [100e3, last]})
    assert said in summary.work_lead(Missing("no plan"), fees)


LATE = pd.DataFrame({"deliverable": ["Form"], "stage": ["overdue"], "days_late": [19]})
UNPAID = pd.DataFrame({"outstanding": [26.4e3, 18.5e3], "days_overdue": [103, 62]})
CRITICAL = pd.DataFrame({"summary": ["Shop is down."], "severity": ["critical"], "age_days": [2]})
TODAY = date(2026, 9, 30)


def asked(*rows):
    frame = pd.DataFrame(rows, columns=["what", "kind", "due", "days_overdue"])
    return frame.assign(due=pd.to_datetime(frame["due"]))


def test_a_brief_opens_with_money_then_what_is_critical_late_and_near_its_notice():
    renewal = asked(("Renewal of R1", "renewal", "2026-11-01", 0))
    said = summary.brief_lead(UNPAID, CRITICAL, LATE, renewal, "GBP", TODAY)
    assert said == (
        "**£44.9k is overdue, the oldest by 103 days.** A critical issue is open for 2 days: Shop is down. "
        "Form is 19 days past its agreed date. Renewal of R1: notice is due in 32 days."
    )


@pytest.mark.parametrize(
    ("due", "says"),
    [
        ("2026-09-30", "**Renewal of R1: notice is due today.**"),
        ("2026-10-01", "**Renewal of R1: notice is due in 1 day.**"),
        ("2026-09-29", "**Renewal of R1: the notice date passed 1 day ago.**"),
    ],
)
def test_a_notice_date_is_counted_from_the_day_of_the_meeting(due, says):
    assert summary.brief_lead(NONE, NONE, NONE, asked(("Renewal of R1", "renewal", due, 0)), "GBP", TODAY) == says


def test_a_brief_says_that_all_is_well_only_of_what_it_knows():
    none_late = LATE.assign(stage="accepted")
    assert (
        summary.brief_lead(UNPAID[:0], NONE, none_late, NONE, "GBP", TODAY)
        == "**No invoice is overdue.** No deliverable is late."
    )
    assert summary.brief_lead(NONE, NONE, NONE, NONE, "GBP", TODAY) == ""


def test_the_figures_of_a_meeting_say_whose_turn_it_is():
    owed = pd.DataFrame({"party": ["agency", "client", "client"], "days_overdue": [0, 5, 0]})
    decisions = asked(("Freeze", "decision", "2026-10-09", 0), ("Change", "change request", None, 0))
    tiles = summary.meeting_tiles(44.9e3, 26.4e3, date(2026, 9, 24), owed, decisions, "Fern & Harrow", "Kestrel", "EUR")
    assert [(tile.label, tile.value, tile.against, tile.state) for tile in tiles] == [
        ("Money overdue", "€44.9k", "€26.4k on 24 Sep 2026", "off track"),
        ("Open with Fern & Harrow", "1", "none overdue", "on track"),
        ("Open with Kestrel", "2", "1 overdue", "off track"),
        ("Decisions needed", "2", "the first by 9 Oct 2026", ""),
    ]
    unknown = summary.meeting_tiles(NONE, NONE, TODAY, NONE, NONE, "Fern", "Kestrel", "EUR")
    assert [tile.value for tile in unknown] == [NONE] * 4
    assert summary.meeting_tiles(0.0, NONE, TODAY, owed, decisions, "Fern", "Kestrel", "EUR")[0].state == "on track"


def test_an_agenda_says_what_is_late_and_what_is_asked():
    late = asked(("Freeze", "decision", "2026-09-04", 26), ("Change", "change request", None, 0))
    said = summary.agenda_lead(LATE, late, "Kestrel")
    assert said == "**Form is 19 days past its agreed date.** 2 decisions are asked of Kestrel, 1 overdue."
    assert summary.agenda_lead(NONE, late.iloc[1:], "Kestrel") == "**1 decision is asked of Kestrel.**"
    assert summary.agenda_lead(NONE, late[:0], "Kestrel") == ""


def test_the_basis_of_a_target_names_the_owners_odds_and_that_no_deal_is_known():
    kinds = pd.DataFrame({"kind": ["renewal"]})
    slip = SimpleNamespace(basis="43 decisions of the firm came", learned=True)
    outlook = SimpleNamespace(slip=slip, common_factor=0.1, draws=1024, prospects=kinds)
    odds = SimpleNamespace(chance=0.038, drawn=0.04, error=0.0)
    assert target_basis(odds, outlook, pd.DataFrame({"item": ["KM-DATA"]}), SimpleNamespace(chance=0.004)) == (
        "Decisions come as late as 43 decisions of the firm came. Deals and renewals move together a little (correlation 0.1). "
        "Exact chance 3.8\xa0%; drawn 1,024 times: 4.0\xa0%, standard error 0.1\xa0%. "
        "At the odds that owners give their deals it is <\xa01\xa0%. No open deal is known. "
        "Not counted, and listed below: 1 item."
    )
