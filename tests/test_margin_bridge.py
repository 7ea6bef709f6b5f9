"""Why the margin moved, and what each project earned in a period."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.margin_bridge import margin_bridge
from acctlib.measures.rates import hourly_rates
from acctlib.measures.revenue import income_by_period, income_by_project
from acctlib.missing import Missing
from acctlib.periods import Quarter

NONE = Missing("not kept")
AMOUNT = st.floats(0, 1e6).map(lambda amount: round(amount, 2))
ROWS = st.lists(
    st.tuples(st.sampled_from("abcd"), AMOUNT, st.floats(1, 900), AMOUNT, st.floats(-1e4, 1e4)), min_size=1, max_size=6
)


def frame(*rows):
    return pd.DataFrame(rows, columns=["project", "fees", "hours", "delivery_cost", "pass_through"])


def steps(before, after):
    return margin_bridge(before, after).set_index("step")["amount"].to_dict()


def test_two_projects_by_hand():
    # Before: a 100 h at 100 and 60 an hour, b 100 h at 80 and 60. After: a 50 h at 110 and 60, b 200 h at 80 and 65.
    # Margin an hour 30 on average. Scope: (250 - 200) * 30. Mix: 50 * 40 + 200 * 20 - 250 * 30. Price: 50 * 10.
    # Efficiency: -200 * 5.
    before = frame(("a", 10e3, 100, 6e3, 0), ("b", 8e3, 100, 6e3, 200))
    after = frame(("a", 5.5e3, 50, 3e3, 300), ("b", 16e3, 200, 13e3, 0))
    assert steps(before, after) == pytest.approx(
        {"before": 6200, "scope": 1500, "mix": -1500, "price": 500, "efficiency": -1000, "pass-through": 100, "after": 5800}
    )


def test_a_new_project_is_measured_against_the_average():
    before, after = frame(("a", 10e3, 100, 6e3, 0)), frame(("a", 10e3, 100, 6e3, 0), ("new", 9e3, 100, 7e3, 0))
    found = steps(before, after)
    assert (found["scope"], found["mix"], found["price"], found["efficiency"]) == pytest.approx((4000, 0, -1000, -1000))


def test_a_renewed_retainer_is_compared_with_the_one_before():
    before = frame(("care-2025", 10e3, 100, 6e3, 0)).assign(contract="CARE")
    after = frame(("care-2026", 12e3, 100, 6e3, 0)).assign(contract="CARE")
    assert steps(before, after)["price"] == pytest.approx(2000)


def test_a_project_that_ended_takes_its_hours_and_its_mix_with_it():
    before, after = frame(("a", 10e3, 100, 6e3, 0), ("gone", 6e3, 100, 6e3, 0)), frame(("a", 10e3, 100, 6e3, 0))
    found = steps(before, after)
    assert (found["scope"], found["mix"], found["price"], found["efficiency"]) == pytest.approx((-2000, 2000, 0, 0))


@given(ROWS, ROWS)
@settings(max_examples=50, deadline=None)
def test_the_steps_sum_to_the_difference_whatever_the_order_of_rows(before, after):
    found = margin_bridge(frame(*before), frame(*after))
    assert found["amount"].iloc[:-1].sum() == pytest.approx(found["amount"].iloc[-1], abs=0.01)
    turned = margin_bridge(frame(*before[::-1]), frame(*after[::-1]))
    assert turned["amount"].tolist() == pytest.approx(found["amount"].tolist(), abs=0.01)


@given(ROWS)
@settings(max_examples=25, deadline=None)
def test_doubling_all_fees_is_all_price(rows):
    before = frame(*rows)
    found = steps(before, before.assign(fees=2 * before["fees"]))
    assert found["price"] == pytest.approx(before["fees"].sum(), abs=0.01)
    assert (found["scope"], found["mix"], found["efficiency"]) == pytest.approx((0, 0, 0), abs=0.01)


def test_what_is_not_known_is_named():
    before = frame(("a", None, 100, 6e3, 0), ("b", 1.0, 1, 1, 0))
    assert margin_bridge(before, before).reason == "fees, hours or cost of a are not known"
    assert margin_bridge(frame(("a", 1.0, 0, 0, 0)), before.tail(1)).reason == "no hours were worked in the earlier period"
    assert margin_bridge(NONE, before) is NONE


def account(hours=(10.0, 20.0)):
    projects = pd.DataFrame(
        {
            "project": ["app", "care"],
            "name": ["App", "Care"],
            "billing_type": ["time_and_materials", "retainer"],
            "fee": [None, 12e3],
            "start": pd.to_datetime(["2026-01-01"] * 2),
            "end": pd.to_datetime(["2026-12-31"] * 2),
        }
    )
    time = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-08-03", "2026-08-04"]),
            "project": ["app", "care"],
            "role": "designer",
            "hours": hours,
            "billable": True,
        }
    )
    card = pd.DataFrame(
        {
            "role": ["designer"],
            "account": None,
            "currency": "GBP",
            "bill_rate": 100.0,
            "cost_rate": 60.0,
            "valid_from": pd.to_datetime(["2026-01-01"]),
        }
    )
    bought = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-08-05"] * 3),
            "project": ["app", "app", "care"],
            "charged": [300.0, None, None],
            "kind": ["pass_through", "freelancer", "client_specific"],
            "cost": [270.0, 500.0, 40.0],
        }
    )
    return projects, time, card, bought


def test_income_by_project_by_hand():
    projects, time, card, bought = account()
    third, day = Quarter(2026, 3), date(2026, 9, 30)
    each = income_by_project(third, projects, NONE, NONE, NONE, hourly_rates(time, card, "bay", "GBP"), bought, day)
    assert each.set_index("project")[["fees", "hours", "delivery_cost", "pass_through"]].T.to_dict("list") == {
        "app": pytest.approx([1000, 10, 600 + 500, 30]),
        "care": pytest.approx([3000, 20, 1200, 0]),
    }


def test_projects_sum_to_the_income_of_the_period():
    projects, time, card, bought = account()
    third, day = Quarter(2026, 3), date(2026, 9, 30)
    each = income_by_project(third, projects, NONE, NONE, NONE, hourly_rates(time, card, "bay", "GBP"), bought, day)
    whole = income_by_period([third], projects, NONE, NONE, NONE, time, card, "bay", "GBP", day, bought).iloc[0]
    assert each[["fees", "hours", "delivery_cost"]].sum().tolist() == pytest.approx(
        whole[["fees", "hours", "delivery_cost"]].tolist()
    )
    earned = whole["charged"] - whole["pass_through"]
    assert each["pass_through"].sum() == pytest.approx(earned)
