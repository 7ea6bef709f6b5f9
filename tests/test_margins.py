"""Margins against the published case of a fixed fee, by hand, and as relations between the forms of contract."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.distributions import normal, point, triangular
from acctlib.outlook.estimate_at_completion import estimate_at_completion
from acctlib.outlook.exact import exact
from acctlib.outlook.margins import income, margin_risk, margins
from acctlib.outlook.model import CostModel, Line, Risk
from acctlib.outlook.risk import expected_overrun
from acctlib.outlook.simulate import simulate

NONE = Missing("not recorded")
BELL = CostModel([Line("all", normal(100, 10))])
COST = np.array([60.0, 80.0, 100.0, 140.0])
COSTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=40).map(np.array)

# A fee against a cost


def test_fixed_fee_of_the_published_case():
    # Fee 120 against a cost of N(100, 10), drawn in eight replicates: their spread gives the standard error of a chance.
    drawn = simulate(BELL, 65_536)
    margin = margin_risk(120, drawn.totals.ravel(), floor=0.10)
    for found, limit, published in (
        (margin.chance_of_loss, 120, 0.0227501),
        (margin.chance_below_floor, 108, 0.2118554),
    ):
        over = (drawn.totals > limit).mean(axis=1)
        assert abs(found - published) <= 4 * over.std(ddof=1) / math.sqrt(8)
    assert margin.expected_loss == pytest.approx(0.0849070, abs=1e-3)
    assert margin.expected == pytest.approx(20, abs=0.01)
    # The P10 and P90 of a bell lie 1.2815516 standard deviations off.
    assert (margin.low, margin.high) == pytest.approx((20 - 12.815516, 20 + 12.815516), abs=0.01)


def test_margin_of_four_outcomes_by_hand():
    margin = margin_risk(110.0, COST, floor=0.2)
    # 50, 30, 10 and -30; a fifth of 110 is 22.
    assert (margin.expected, margin.low, margin.high) == (15, -30, 50)
    assert (margin.chance_of_loss, margin.expected_loss, margin.chance_below_floor) == (0.25, 7.5, 0.5)


def test_margin_exactly_at_nought_or_at_the_floor_is_neither_loss_nor_below():
    assert margin_risk(100.0, np.array([100.0]), 0.0).chance_of_loss == 0
    assert margin_risk(100.0, np.array([80.0]), 0.2).chance_below_floor == 0


def test_without_income_any_cost_is_below_any_floor():
    assert margin_risk(0.0, np.array([5.0, 0.0]), floor=0.3).chance_below_floor == 0.5


def test_without_a_floor_no_chance_is_told():
    assert margin_risk(120.0, COST, NONE).chance_below_floor is NONE


@given(COSTS, st.floats(0, 1e6), st.floats(0, 1e5), st.floats(0, 0.9))
@settings(max_examples=60, deadline=None)
def test_raising_the_fee_never_raises_the_chance_of_loss(cost, fee, more, floor):
    lower, higher = margin_risk(fee, cost, floor), margin_risk(fee + more, cost, floor)
    for margin in (lower, higher):
        assert 0 <= margin.chance_of_loss <= 1
        assert margin.expected_loss >= 0
        assert margin.low <= margin.high
        assert margin.chance_of_loss <= margin.chance_below_floor
        assert (margin.expected_loss > 0) == (margin.chance_of_loss > 0)
    assert higher.chance_of_loss <= lower.chance_of_loss
    assert higher.expected_loss <= lower.expected_loss
    assert higher.expected == pytest.approx(lower.expected + more)


# Income by form of contract


@given(COSTS, st.floats(1, 3), st.floats(0, 2e6))
@settings(max_examples=60, deadline=None)
def test_under_a_cap_savings_are_the_clients_and_overrun_is_ours(cost, price, cap):
    value = cost * price
    capped, free = income("capped", value, cap=cap), income("time_and_materials", value)
    assert (capped - cost <= free - cost).all()
    assert (capped[value <= cap] == value[value <= cap]).all()
    # Beyond the cap it is a fixed fee of the cap.
    assert (capped[value > cap] == income("fixed_fee", value, fee=cap)).all()


@given(COSTS)
@settings(max_examples=30, deadline=None)
def test_cap_that_never_binds_is_time_and_materials(value):
    free = income("time_and_materials", value)
    assert (income("capped", value, cap=math.inf) == free).all()
    assert (income("capped", value) == free).all()
    assert (free == value).all()


@given(COSTS.filter(lambda cost: cost.min() > 1))
@settings(max_examples=30, deadline=None)
def test_cap_below_everything_is_a_fixed_fee_of_the_cap(value):
    cap = float(value.min()) / 2
    assert margin_risk(income("capped", value, cap=cap), value, 0.1) == margin_risk(
        np.broadcast_to(income("fixed_fee", value, fee=cap), value.shape), value, 0.1
    )


def test_a_fee_is_the_same_whatever_the_hours_are_worth():
    assert income("fixed_fee", COST, fee=90.0) == 90
    assert income("retainer", COST, fee=90.0) == 90
    assert income("retainer", COST, fee=90.0, over=np.array([0.0, 5.0])).tolist() == [90, 95]


# The projects of an account

TASKS = pd.DataFrame(
    {"project": ["p"], "task": ["t"], "role": ["r"], "low_hours": [80.0], "likely_hours": [100.0], "high_hours": [180.0]}
)
CERTAIN = TASKS.assign(low_hours=100.0, high_hours=100.0)
BOOKED = pd.DataFrame({"project": ["p"], "task": ["t"], "role": ["r"], "hours": [40.0]})
LEFT = pd.DataFrame({"project": ["p"], "task": ["t"], "as_of": [pd.Timestamp("2026-09-30")], "remaining_hours": [60.0]})
RATE, PRICE = pd.Series({("p", "r"): 50.0}), pd.Series({("p", "r"): 100.0})
UNWORKED = pd.DataFrame({"project": pd.Series(dtype=str), "value": pd.Series(dtype=float)})


def scope(billing_type="fixed_fee", **changes):
    row = {"project": "p", "name": "P", "billing_type": billing_type, "status": "active", "fee": np.nan, "cap": np.nan}
    return pd.DataFrame([row | {"budget_hours": np.nan, "overage": None} | changes])


def forecast(*asked, risks=(), **given):
    """Return the margins of an account: what is asked is its scope, or the columns of one."""
    given = {"tasks": TASKS, "time": NONE, "left": NONE, "prices": PRICE, "value": UNWORKED, "floor": NONE} | given
    work = estimate_at_completion(given["tasks"], given["time"], given["left"], RATE, risks)
    simulated = simulate(work.model, 8192)
    return margins(work, simulated, *asked, given["prices"], given["value"], given["floor"])


def the_project(*asked, **given):
    return forecast(*asked, **given).iloc[0]


def test_fee_less_cost_by_hand():
    row = the_project(scope(fee=6000.0), tasks=CERTAIN, floor=0.2)
    # 100 hours at 50 cost 5 000; a margin of 1 000 is a sixth of the fee.
    assert row[["income", "final_cost", "margin", "low", "high"]].tolist() == pytest.approx([6000, 5000, 1000, 1000, 1000])
    assert row[["chance_of_loss", "expected_loss", "chance_below_floor"]].tolist() == [0, 0, 1]
    assert (row["bears"], row["basis"]) == ("we do", "")


def test_table_of_a_fee_is_that_of_its_curve():
    row = the_project(scope(fee=6000.0), floor=0.1)
    model = estimate_at_completion(TASKS, NONE, NONE, RATE).model
    cost = exact(model)
    by_curve = [6000 - cost.mean, 6000 - cost.quantile(0.9), 6000 - cost.quantile(0.1)]
    assert row[["margin", "low", "high"]].tolist() == pytest.approx(by_curve, rel=0.03)
    assert row["chance_of_loss"] == pytest.approx(1 - cost.cdf(6000), abs=0.01)
    assert row["chance_below_floor"] == pytest.approx(1 - cost.cdf(0.9 * 6000), abs=0.01)
    assert row["expected_loss"] == pytest.approx(expected_overrun(cost, 6000), rel=0.05)


def test_time_and_materials_at_twice_the_cost_always_have_half_the_income_as_margin():
    # 40 hours are worked and valued at 100, what is to come varies: every hour costs 50 and brings 100.
    value = pd.DataFrame({"project": ["p", "p"], "value": [3000.0, 1000.0]})
    given = {"time": BOOKED, "left": LEFT, "value": value}
    row = the_project(scope("time_and_materials"), **given, floor=0.499)
    assert row["margin"] == pytest.approx(row["income"] / 2)
    assert row["margin"] == pytest.approx(row["final_cost"])
    assert row["low"] < row["margin"] < row["high"]
    assert (row["chance_of_loss"], row["chance_below_floor"]) == (0, 0)
    assert the_project(scope("time_and_materials"), **given, floor=0.501)["chance_below_floor"] == 1
    assert row["bears"] == "the client"


def test_worked_hours_count_at_what_they_were_worth():
    given = {"tasks": CERTAIN, "time": BOOKED, "left": LEFT}
    value = pd.DataFrame({"project": ["p", "other"], "value": [3200.0, 999.0]})
    # 40 hours were worth 3 200, and the 60 that are certain to come bring 6 000.
    row = the_project(scope("time_and_materials"), **given, value=value)
    assert row[["income", "final_cost"]].tolist() == pytest.approx([9200, 5000])


def test_a_cap_takes_from_the_margin_and_adds_to_the_risk():
    free = the_project(scope("time_and_materials"))
    loose, tight = the_project(scope("capped", cap=1e9)), the_project(scope("capped", cap=9000.0))
    figures = ["income", "final_cost", "margin", "low", "high", "chance_of_loss", "expected_loss"]
    assert loose[figures].tolist() == free[figures].tolist()
    assert the_project(scope("capped"))[figures].tolist() == free[figures].tolist()
    assert tight["margin"] < free["margin"]
    assert tight["income"] <= 9000
    below = the_project(scope("capped", cap=4100.0))
    assert below[figures].tolist() == the_project(scope(fee=4100.0))[figures].tolist()
    assert below["bears"] == "the client up to the cap, then we"


def test_retainer_that_bills_what_goes_beyond_its_allowance():
    usual = {"fee": 8000.0, "budget_hours": 80.0}
    absorbed = the_project(scope("retainer", overage="absorbed", **usual), tasks=CERTAIN)
    billed = the_project(scope("retainer", overage="billed", **usual), tasks=CERTAIN)
    unsaid = the_project(scope("retainer", **usual), tasks=CERTAIN)
    # 20 hours beyond the allowance at 100 each.
    assert [row["income"] for row in (absorbed, billed, unsaid)] == pytest.approx([8000, 10_000, 8000])
    assert [row["margin"] for row in (absorbed, billed)] == pytest.approx([3000, 5000])
    assert (absorbed["bears"], billed["bears"]) == ("we do", "we up to the allowance, then the client")


def test_retainer_within_its_allowance_brings_its_fee():
    row = the_project(scope("retainer", overage="billed", fee=8000.0, budget_hours=500.0))
    assert row["income"] == 8000


def test_hours_already_worked_use_up_the_allowance():
    value = pd.DataFrame({"project": ["p"], "value": [4000.0]})
    wanted = scope("retainer", overage="billed", fee=8000.0, budget_hours=80.0)
    row = the_project(wanted, tasks=CERTAIN, time=BOOKED, left=LEFT, value=value)
    assert row[["income", "final_cost"]].tolist() == pytest.approx([8000 + 20 * 100, 5000])


def test_only_a_retainer_bills_what_goes_beyond():
    assert the_project(scope(fee=8000.0, budget_hours=80.0, overage="billed"), tasks=CERTAIN)["income"] == 8000


def test_a_risk_reduces_the_margin_of_its_project_by_what_it_costs_on_average():
    risks = [Risk("late", 0.5, triangular(400, 600, 800), "p")]
    calm, risky = the_project(scope(fee=6000.0)), the_project(scope(fee=6000.0), risks=risks)
    assert risky["margin"] == pytest.approx(calm["margin"] - 300, abs=5)
    assert risky["income"] == calm["income"]
    assert risky["chance_of_loss"] > calm["chance_of_loss"]
    assert risky["expected_loss"] > calm["expected_loss"]
    # No hours are behind a risk, so that time and materials do not bring it back.
    by_hour = the_project(scope("time_and_materials"), risks=risks)
    assert by_hour["margin"] == pytest.approx(by_hour["income"] / 2 - 300, abs=5)


def test_risk_of_another_project_leaves_the_margin_alone():
    risks = [Risk("late", 1.0, point(1000.0), "q")]
    calm, risky = the_project(scope(fee=6000.0)), the_project(scope(fee=6000.0), risks=risks)
    assert risky["final_cost"] == pytest.approx(calm["final_cost"], rel=1e-3)


def test_without_a_floor_the_column_is_blank():
    assert math.isnan(the_project(scope(fee=6000.0))["chance_below_floor"])


@pytest.mark.parametrize(
    ("wanted", "given", "basis"),
    [
        (scope(), {}, "the fee is not known"),
        (scope("retainer"), {}, "the fee is not known"),
        (scope("time_and_materials"), {"prices": NONE}, "the price of an hour is not known"),
        (scope("time_and_materials"), {"prices": pd.Series({("p", "other"): 90.0})}, "the price of an hour is not known"),
        (scope("capped", cap=9000.0), {"prices": NONE}, "the price of an hour is not known"),
        (
            scope("retainer", fee=8000.0, budget_hours=80.0, overage="billed"),
            {"prices": NONE},
            "the price of an hour is not known",
        ),
    ],
)
def test_income_that_is_not_known_gives_words_and_no_figure(wanted, given, basis):
    row = the_project(wanted, **given)
    assert row["basis"] == basis
    assert row["final_cost"] == pytest.approx(50 * (80 + 400 + 180) / 6, rel=1e-3)
    assert row[["income", "margin", "low", "high", "chance_of_loss", "expected_loss"]].isna().all()


def test_a_fee_needs_no_price():
    assert the_project(scope(fee=6000.0), prices=NONE, value=NONE)["income"] == 6000


@pytest.mark.parametrize(
    ("billing_type", "basis"),
    [("fixed_fee", "the fee is not known"), ("retainer", "the fee is not known"), ("capped", ""), ("time_and_materials", "")],
)
def test_columns_that_the_scope_does_not_have_are_blank(billing_type, basis):
    bare = pd.DataFrame({"project": ["p"], "name": ["P"], "billing_type": [billing_type]})
    assert the_project(bare)["basis"] == basis
    assert the_project(bare.assign(overage="billed"))["basis"] == basis


def test_each_running_project_has_a_row_and_one_without_work_says_so():
    several = pd.concat(
        [scope(fee=6000.0), scope(project="q", status="closed"), scope(project="s", status=None), scope(project="t")]
    )
    table = forecast(several)
    assert table["project"].tolist() == ["p", "s", "t"]
    assert table["basis"].tolist() == ["", *["no hours are planned or spent"] * 2]
    assert table.columns.tolist() == [
        *("project", "name", "billing_type", "income", "final_cost", "margin", "low", "high"),
        *("chance_of_loss", "expected_loss", "chance_below_floor", "bears", "basis"),
    ]


def test_what_is_missing_stays_missing():
    work = estimate_at_completion(TASKS, NONE, NONE, RATE)
    simulated = simulate(work.model, 16)
    assert margins(NONE, simulated, scope(), PRICE, UNWORKED, NONE) is NONE
    assert margins(work, NONE, scope(), PRICE, UNWORKED, NONE) is NONE
    assert margins(work, simulated, NONE, PRICE, UNWORKED, NONE) is NONE
    assert margins(work, simulated, scope(status="closed"), PRICE, UNWORKED, NONE) == Missing("no project is running")


def test_forecast_in_hours_has_no_margin():
    work = estimate_at_completion(TASKS, NONE, NONE)
    assert margins(work, simulate(work.model, 16), scope(), PRICE, UNWORKED, NONE) == Missing(
        "the cost of an hour is not known", "add the roles and their cost_rate to rate_card"
    )


@given(st.floats(1000, 12_000), st.floats(0, 3000), st.sampled_from(["fixed_fee", "capped", "retainer"]))
@settings(max_examples=10, deadline=None)
def test_raising_what_a_contract_brings_never_raises_its_chance_of_loss(amount, more, billing_type):
    rows = [the_project(scope(billing_type, fee=paid, cap=paid), floor=0.1) for paid in (amount, amount + more)]
    assert 0 <= rows[1]["chance_of_loss"] <= rows[0]["chance_of_loss"] <= 1
    assert 0 <= rows[1]["expected_loss"] <= rows[0]["expected_loss"]
