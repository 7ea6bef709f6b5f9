"""What the client will pay, by form of contract."""

import numpy as np
import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.outlook.contracts import client_pays, total_to_pay

NONE = Missing("not recorded")


def scope(billing_type="fixed_fee", **changes):
    row = {"project": "p", "name": "P", "billing_type": billing_type, "status": "active", "fee": 100e3, "cap": np.nan}
    return pd.DataFrame([row | {"contract_value": 100e3, "pending_changes": 0.0} | changes])


TASKS = pd.DataFrame(
    {"project": ["p"], "task": ["t"], "role": ["r"], "low_hours": [80.0], "likely_hours": [100.0], "high_hours": [180.0]}
)
RATES = pd.Series([100.0], index=pd.MultiIndex.from_tuples([("p", "r")], names=["project", "role"]))


def pays(frame, tasks=TASKS, time=NONE, rates=RATES, value=NONE, charged=NONE, confidence=0.8):
    return client_pays(frame, tasks, time, NONE, rates, value, charged, confidence)


@pytest.mark.parametrize("billing_type", ["fixed_fee", "retainer"])
def test_a_fee_is_paid_whatever_the_work_takes(billing_type):
    row = pays(scope(billing_type)).iloc[0]
    assert (row["low"], row["expected"], row["high"]) == (100e3, 100e3, 100e3)
    assert row["basis"] == "the agreed fee"


def test_pending_changes_are_only_in_the_high_end_and_expenses_in_all():
    charged = pd.DataFrame({"project": ["p", "p"], "charged": [1000.0, 500.0]})
    row = pays(scope(pending_changes=8e3), charged=charged).iloc[0]
    assert (row["low"], row["expected"], row["high"]) == (101.5e3, 101.5e3, 109.5e3)


def test_time_and_materials_are_hours_at_their_rates_as_a_range():
    row = pays(scope("time_and_materials", fee=np.nan, contract_value=np.nan)).iloc[0]
    assert 8e3 < row["low"] < row["expected"] < row["high"] < 20e3
    assert row["expected"] == pytest.approx(11_000, rel=1e-3)  # PERT(80, 100, 180) has mean (80 + 400 + 180) / 6 = 110


def test_a_cap_cuts_the_high_end_and_leaves_the_low_one():
    free = pays(scope("time_and_materials")).iloc[0]
    capped = pays(scope("capped", cap=11e3)).iloc[0]
    assert capped["high"] == 11e3
    assert capped["low"] == pytest.approx(free["low"])


def test_a_client_without_open_rates_gets_no_range_but_the_reason():
    row = pays(scope("time_and_materials"), rates=NONE).iloc[0]
    assert np.isnan(row["expected"])
    assert row["basis"] == "hours at their rates, which are not part of this report"
    assert total_to_pay(pays(scope("capped"), rates=NONE)) == Missing("the price of P is not known")


def test_worked_time_counts_at_the_rate_of_its_day():
    time = pd.DataFrame({"project": ["p"], "task": ["t"], "role": ["r"], "hours": [40.0]})
    at_today = pays(scope("time_and_materials"), time=time, value=pd.DataFrame({"project": ["p"], "value": [4000.0]}))
    at_lower = pays(scope("time_and_materials"), time=time, value=pd.DataFrame({"project": ["p"], "value": [3600.0]}))
    assert at_today["expected"].iloc[0] - at_lower["expected"].iloc[0] == pytest.approx(400)


def test_the_total_is_narrower_than_the_sum_of_the_ranges_and_foots_for_fees():
    two = pd.concat([scope("time_and_materials"), scope("time_and_materials", project="q", name="Q")], ignore_index=True)
    tasks = pd.concat([TASKS, TASKS.assign(project="q")], ignore_index=True)
    rates = pd.concat([RATES, pd.Series([100.0], index=pd.MultiIndex.from_tuples([("q", "r")]))])
    table = client_pays(two, tasks, NONE, NONE, rates, NONE, NONE)
    low, expected, high = total_to_pay(table)
    assert table["low"].sum() < low < expected < high < table["high"].sum()
    assert total_to_pay(pays(scope())) == pytest.approx((100e3, 100e3, 100e3))


def test_closed_projects_are_left_out():
    assert pays(scope(status="closed")) == Missing("no project is running")
    assert total_to_pay(Missing("no project")) == Missing("no project")


def test_what_a_task_costs_us_by_the_month_is_no_part_of_its_price():
    dated = TASKS.assign(start=pd.Timestamp("2026-10-01"), finish=pd.Timestamp("2026-12-31"))
    plain, monthly = (pays(scope("time_and_materials"), dated.assign(cost_per_month=cost)) for cost in (0.0, 5000.0))
    assert monthly["expected"].tolist() == plain["expected"].tolist()
