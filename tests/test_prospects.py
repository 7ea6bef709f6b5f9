"""Each thing that may bring revenue stands in the list once, and what cannot be counted says why."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from acctlib.account import Account
from acctlib.measures import budget, contracts, earned_value, rates, renewals, revenue
from acctlib.measures.contracts import committed_revenue, renewal_calendar
from acctlib.missing import Missing
from acctlib.outlook.fees import fees_to_come
from acctlib.outlook.prospects import by_project, prospects, with_unpriced
from acctlib.outlook.win_odds import win_odds, with_odds

DAY = date(2026, 9, 30)
NONE = Missing("not kept")
ODDS = {"commit": 0.95, "likely": 0.8, "doubtful": 0.4, "lost": 0.0}


def contract(contract="R1", kind="retainer", start="2026-01-01", end="2026-12-31", annual_value=240e3, **more):
    blank = {"business_unit": "Shop", "service_line": "Care", "notice_days": 90, "auto_renew": False, "status": "active",
             "renewal_call": "likely"}  # fmt: skip
    return blank | more | {"contract": contract, "kind": kind, "annual_value": annual_value,
                           "start": pd.Timestamp(start), "end": pd.Timestamp(end)}  # fmt: skip


def deal(
    opportunity="Website", amount=50e3, chance=0.4, close_date="2026-11-02", starts="2026-12-01", ends="2027-03-31", **more
):
    return {"opportunity": opportunity, "amount": amount, "currency": None, "chance": chance, "basis": "the owner's",
            "business_unit": "Shop", "service_line": "Design", "close_date": pd.Timestamp(close_date),
            "starts": pd.Timestamp(starts), "ends": pd.Timestamp(ends)} | more  # fmt: skip


def found(*terms, deals=(), white=(), projects=NONE, signed=NONE, earned=NONE, fx=NONE, signal=NONE):
    table = pd.DataFrame(list(terms)) if terms else NONE
    calendar = renewals.renewals(renewal_calendar(table, DAY, days=400), signal)
    return prospects(
        DAY, "GBP", earned, signed, committed_revenue(table, DAY), calendar, table, projects,
        pd.DataFrame(list(deals)) if deals else NONE, pd.DataFrame(list(white)) if white else NONE, fx, ODDS,
    )  # fmt: skip


def kinds(result):
    return dict(zip(result.table["item"], result.table["kind"], strict=True))


def test_a_term_is_committed_to_its_end_and_renewed_for_as_long_at_the_calls_odds():
    table = found(contract(), signal="at risk").table.set_index("item")
    assert table.loc["R1", ["kind", "chance", "likely"]].tolist() == ["committed", 1.0, 60e3]  # published case
    assert table.loc["R1", ["starts", "ends"]].tolist() == [pd.Timestamp("2026-10-01"), pd.Timestamp("2026-12-31")]
    renewed = table.loc["R1 renewed"]
    assert renewed[["kind", "chance", "likely"]].tolist() == ["renewal", 0.8, pytest.approx(240e3)]
    assert renewed[["starts", "ends"]].tolist() == [pd.Timestamp("2027-01-01"), pd.Timestamp("2027-12-31")]
    assert renewed["why"] == "the call is likely; the signal is at risk"
    assert pd.isna(renewed["closes"])


@pytest.mark.parametrize(
    ("more", "chance", "why"),
    [
        ({"status": "lost"}, 0.0, "already lost"),
        ({"renewal_call": "lost"}, 0.0, "the call is lost"),
        ({"status": "notice_given"}, 0.0, "notice was given, although the call is likely"),
        ({"status": "renewed"}, 1.0, "renewed; the new term is not in contracts yet"),
        ({"auto_renew": True, "notice_days": 120}, 1.0, "it renews by itself and the day to give notice has passed"),
        ({"auto_renew": True, "notice_days": 30}, 0.8, "the call is likely"),
    ],
)
def test_the_chance_of_a_renewal_and_its_reason(more, chance, why):
    row = found(contract(**more)).table.set_index("item").loc["R1 renewed"]
    assert (row["chance"], row["why"]) == (chance, why)


def test_a_renewal_without_a_call_is_left_out_whatever_the_signal():
    result = found(contract(renewal_call=None), signal="secure")
    assert "R1 renewed" not in kinds(result)
    assert result.left_out.values.tolist() == [["R1 renewed", "renewal", "there is no renewal_call; the signal is secure"]]


def test_a_term_signed_anew_is_no_renewal_under_either_number():
    same = found(contract(status="renewed"), contract(start="2027-01-01", end="2028-12-31"))
    # The new term ends too late to be renewed in 400 days.
    assert kinds(same) == {"R1": "committed", "R1 from 01 Jan 2027": "committed"}
    other = found(contract(), contract("R2", start="2027-01-01", end="2028-12-31"))
    assert kinds(other) == {"R1": "committed", "R2 from 01 Jan 2027": "committed"}
    elsewhere = found(contract(), contract("R2", start="2027-01-01", end="2028-12-31", service_line="Media"))
    assert "R1 renewed" in kinds(elsewhere)


def test_the_offer_for_a_renewal_is_counted_once_with_its_amount_and_the_directors_call():
    offer = deal("Care 2027", 255e3, 0.6, starts="2027-01-01", ends="2027-12-31", service_line="Care")
    result = found(contract(), deals=[offer, deal()])
    assert kinds(result) == {"R1": "committed", "R1 renewed": "renewal", "Website": "deal"}
    row = result.table.set_index("item").loc["R1 renewed"]
    assert (row["chance"], row["likely"]) == (0.8, 255e3)
    assert row["why"] == "the call is likely; amount of the open offer Care 2027"
    assert result.left_out.values.tolist() == [["Care 2027", "deal", "it is the offer for a renewal and counted there"]]


def test_a_deal_that_starts_weeks_later_or_follows_a_project_is_no_offer_for_a_renewal():
    later = deal("Tracker", starts="2027-02-01", ends="2027-12-31", service_line="Care")
    assert kinds(found(contract(), deals=[later])) == {"R1": "committed", "R1 renewed": "renewal", "Tracker": "deal"}
    next_day = deal("Second site", starts="2027-01-01", ends="2027-12-31", service_line="Care")
    assert kinds(found(contract("P1", "project"), deals=[next_day]))["Second site"] == "deal"


def test_an_offer_to_a_client_who_gave_notice_is_a_deal():
    offer = deal("Care 2027", 255e3, 0.6, starts="2027-01-01", ends="2027-12-31", service_line="Care")
    assert kinds(found(contract(status="notice_given"), deals=[offer]))["Care 2027"] == "deal"


def test_a_rolling_contract_is_committed_to_its_notice_and_goes_on_at_the_calls_odds():
    table = found(contract(end=None)).table.set_index("item")
    assert table.at["R1", "ends"] == pd.Timestamp("2026-12-29")
    assert table.loc["R1 goes on", ["kind", "chance", "likely"]].tolist() == ["renewal", 0.8, 240e3]
    assert table.at["R1 goes on", "starts"] == pd.Timestamp("2026-12-30")
    left = found(contract(end=None, notice_days=None)).left_out
    assert left.values.tolist() == [["R1", "committed", "rolling without notice_days"]]


def test_a_project_of_a_recurring_contract_is_counted_with_the_contract_and_others_by_project():
    scope = pd.DataFrame({"project": ["care", "site", "loose"], "billing_type": "fixed_fee", "service_line": "Care"})
    numbers = scope.assign(contract=["R1", "P1", None])
    terms = pd.DataFrame([contract(), contract("P1", "project", annual_value=50e3)])
    committed = committed_revenue(terms, DAY)
    assert by_project(scope, numbers, committed)["project"].tolist() == ["site", "loose"]
    listed = found(contract(), contract("P1", "project", annual_value=50e3, renewal_call=None), projects=numbers)
    assert kinds(listed) == {"R1": "committed", "R1 renewed": "renewal"}
    # Nobody carries P1's number: it is counted by itself.
    assert kinds(found(contract("P1", "project", annual_value=50e3, renewal_call=None))) == {"P1": "committed"}


def test_a_contract_without_a_value_leaves_its_projects_to_be_counted():
    scope = pd.DataFrame({"project": ["care"], "billing_type": "retainer", "service_line": "Care"})
    committed = committed_revenue(pd.DataFrame([contract(annual_value=None)]).astype({"annual_value": float}), DAY)
    assert by_project(scope, scope.assign(contract="R1"), committed)["project"].tolist() == ["care"]


def test_what_cannot_be_counted_says_why():
    deals = [deal("a", amount=None), deal("b", chance=None), deal("c", close_date=None), deal("d", currency="USD"),
             deal("e", amount=None, close_date=None)]  # fmt: skip
    result = found(deals=deals)
    assert result.table.empty
    assert result.left_out[["item", "reason"]].values.tolist() == [
        ["a", "it has no amount"],
        ["b", "it has no probability"],
        ["c", "it has no close_date"],
        ["d", "there is no average rate from USD to GBP for 2026-09-30"],
        ["e", "it has no amount and no close_date"],
    ]


def test_another_currency_is_converted_at_the_rate_of_the_day():
    fx = pd.DataFrame({"date": pd.to_datetime(["2026-09-30"]), "from": "USD", "to": "GBP", "kind": "average", "rate": [0.8],
                       "source": "bank"})  # fmt: skip
    assert found(deals=[deal(currency="USD")], fx=fx).table["likely"].tolist() == [40e3]


def test_the_owners_probability_stands_beside_the_learned_chance():
    assert found(deals=[deal(owner_chance=0.2)]).table["why"].tolist() == ["the owner's; the owner says 20%"]
    assert found(deals=[deal(owner_chance=0.4)]).table["why"].tolist() == ["the owner's"]


def cell(unit="Shop", line="Data", **more):
    return {"business_unit": unit, "service_line": line, "state": "gap", "low_value": 10e3, "likely_value": 20e3,
            "high_value": 45e3, "propensity": 0.3} | more  # fmt: skip


def test_white_space_is_a_range_with_its_propensity_and_only_where_nothing_runs_or_is_offered():
    white = [cell(), cell(line="Design"), cell(line="Care"), cell(line="Media", state="not_eligible"),
             cell(line="Film", propensity=None)]  # fmt: skip
    result = found(contract(), deals=[deal()], white=white)
    row = result.table.set_index("item").loc["Data for Shop"]
    assert row[["kind", "chance", "low", "likely", "high"]].tolist() == ["white space", 0.3, 10e3, 20e3, 45e3]
    assert result.left_out[["item", "reason"]].values.tolist() == [
        ["Design for Shop", "a deal is open there"],
        ["Care for Shop", "a contract runs there"],
        ["Film for Shop", "it has no propensity"],
    ]


def test_what_is_earned_and_signed_lies_in_its_own_days():
    earned = pd.DataFrame({"period": ["2026-Q2", "2026-Q3", "2026-Q4"], "fees": [50e3, None, None],
                           "ends": pd.to_datetime(["2026-06-30", "2026-09-30", "2026-12-31"])})  # fmt: skip
    signed = pd.DataFrame({"month": ["2026-10", "2026-11"], "fees": [9e3, 0.0]})
    result = found(earned=earned, signed=signed)
    assert kinds(result) == {"Earned 2026-Q2": "earned", "Signed fees 2026-10": "signed"}
    assert result.table["ends"].dt.strftime("%d %b").tolist() == ["30 Jun", "31 Oct"]
    assert result.left_out.values.tolist() == [["Earned 2026-Q3", "earned", "what was earned is not known"]]


@pytest.mark.parametrize(("name", "period"), [("harbour-foods", "2026-Q3"), ("kestrel-mutual", "2027-Q2")])
def test_the_demo_counts_no_money_twice(name, period):
    account = Account.read(name, period, data=Path(__file__).parents[1] / "data")
    scope = budget.approved_scope(account.projects, account.change_requests, account.as_of)
    committed = contracts.committed_revenue(account.contracts, account.as_of)
    own = by_project(scope, account.projects, committed)
    time = rates.time_by_project(account.time_entries, account.rate_card, account.id, account.currency, account.as_of)
    work = earned_value.work_done(account.tasks, account.progress, account.as_of)
    recognised = revenue.recognised(scope, time, work, account.as_of)
    untimed = pd.DataFrame({column: [] for column in ("project", "state", "likely_hours", "role", "start", "finish")})
    months = [month for quarter in (account.period.next, account.period.next.next) for month in quarter.months]
    signed = fees_to_come(recognised, own, untimed, NONE, months, account.as_of).by_month
    calendar = renewals.renewals(contracts.renewal_calendar(account.contracts, account.as_of), NONE)
    deals = with_odds(account.opportunities, win_odds(account.opportunities))
    result = prospects(
        account.as_of, account.currency, NONE, signed, committed, calendar, account.contracts, account.projects, deals,
        account.white_space, account.exchange_rates, account.firm.renewal_odds,
    )  # fmt: skip
    assert result.table["item"].is_unique
    counted = set(account.projects.set_index("project").loc[own["project"], "contract"])
    assert not counted & set(result.table.loc[result.table["kind"] == "committed", "item"])
    # Each open deal is either counted or listed with its reason.
    listed = set(result.table["item"]) | set(result.left_out["item"])
    assert set(deals["opportunity"]) <= listed
    assert not set(result.table["item"]) & set(result.left_out["item"])


def test_where_a_quarter_is_not_known_or_nothing_lies_ahead_there_is_nothing_to_add_up():
    ends = pd.to_datetime(["2026-09-30"])
    basis = "invoiced; what was earned is not known"
    earned = pd.DataFrame({"period": ["2026-Q3"], "ends": ends, "fees": [12e3], "basis": basis})
    alone = prospects(DAY, "GBP", earned, *[NONE] * 8, {})
    assert alone.counted == Missing("nothing is known of what may come", "add contracts, opportunities or white_space")
    assert alone.table["why"].tolist() == [basis]
    unknown = prospects(DAY, "GBP", earned.assign(fees=[None]), *[NONE] * 5, pd.DataFrame([deal()]), NONE, NONE, {})
    assert unknown.counted.reason == "what was earned is not known: 2026-Q3"
    known = prospects(DAY, "GBP", earned, *[NONE] * 5, pd.DataFrame([deal()]), NONE, NONE, {})
    assert known.counted["kind"].tolist() == ["earned", "deal"]


def test_without_signed_amounts_all_projects_count_by_project():
    scope = pd.DataFrame({"project": ["care"], "billing_type": "retainer", "service_line": "Care"})
    assert by_project(scope, scope.assign(contract="R1"), Missing("contracts has no column annual_value")) is scope


@pytest.mark.parametrize("lost", [{"status": "lost"}, {"renewal_call": "lost"}])
def test_the_offer_for_a_renewal_that_is_lost_is_lost_with_it(lost):
    offer = deal("Care 2027", starts="2027-01-01", ends="2027-12-31", service_line="Care")
    terms = pd.DataFrame([contract(**lost)])
    calendar = renewals.renewals(renewal_calendar(terms, DAY), "watch")
    found = prospects(
        DAY, "GBP", NONE, NONE, committed_revenue(terms, DAY), calendar, terms, NONE, pd.DataFrame([offer]), NONE, NONE, ODDS
    )
    assert "Care 2027" not in set(found.table.loc[found.table["kind"] == "deal", "item"])


def test_a_rolling_contract_under_notice_does_not_go_on():
    rolling = pd.DataFrame([contract(end=None, status="notice_given", renewal_call="likely")])
    calendar = renewals.renewals(renewal_calendar(rolling, DAY), "watch")
    committed = committed_revenue(rolling, DAY)
    found = prospects(DAY, "GBP", NONE, NONE, committed, calendar, rolling, NONE, NONE, NONE, NONE, ODDS)
    goes_on = found.table[found.table["item"] == "R1 goes on"]
    assert goes_on["chance"].tolist() == [0.0]


def test_changes_that_wait_and_work_without_a_price_are_named_as_not_counted():
    pending = pd.DataFrame({"title": ["Joint policies"], "raised": pd.to_datetime(["2026-08-27"]), "fee": [24500.0]})
    unknown = pd.DataFrame({"name": ["Data support"], "reason": ["an hour of it has no price"]})
    found = with_unpriced(prospects(DAY, "GBP", *[NONE] * 9, {}), pending, unknown)
    assert found.left_out.values.tolist() == [
        ["Joint policies", "change request", "waits for a decision since 27 Aug 2026; 24,500"],
        ["Data support", "signed", "an hour of it has no price"],
    ]
