"""The fees that running work is likely to earn."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.outlook.fees import fees_to_come
from acctlib.periods import Month

DAY = date(2026, 9, 30)
MONTHS = [Month(date(2026, month, 1)) for month in (10, 11, 12)]
PRICES = pd.Series([100.0], index=pd.MultiIndex.from_tuples([("p", "r")]))


def fees(form, recognised, value, *tasks, end="2026-12-31", status="active", prices=PRICES):
    earned = pd.DataFrame({"project": ["p"], "billing_type": [form], "recognised": [recognised], "contract_value": [value]})
    scope = pd.DataFrame({"project": ["p"], "name": ["P"], "end": pd.to_datetime([end]), "status": [status]})
    work = pd.DataFrame(tasks, columns=["project", "state", "likely_hours", "role", "start", "finish"])
    work = work.assign(start=pd.to_datetime(work["start"]), finish=pd.to_datetime(work["finish"]))
    found = fees_to_come(earned, scope, work, prices, MONTHS, DAY).by_month
    return found if isinstance(found, Missing) else found["fees"].tolist()


OCTOBER = ("p", "planned", 40.0, "r", "2026-10-01", "2026-10-31")
DECEMBER = ("p", "planned", 60.0, "r", "2026-12-01", "2026-12-31")


def test_a_fixed_fee_is_earned_with_the_work_that_remains():
    assert fees("fixed_fee", 30e3, 40e3, OCTOBER, DECEMBER) == pytest.approx([4000, 0, 6000])


def test_a_fixed_fee_without_tasks_and_a_retainer_are_earned_evenly_to_their_end():
    assert fees("fixed_fee", 30e3, 40e3, end="2026-11-30") == pytest.approx([10e3 * 31 / 61, 10e3 * 30 / 61, 0])
    assert fees("retainer", 20e3, 12e3) == Missing("nothing is left to earn on running projects")


def test_what_is_overdue_is_earned_in_the_next_month():
    assert fees("fixed_fee", 30e3, 40e3, ("p", "under way", 5.0, "r", "2026-07-01", "2026-08-31")) == pytest.approx(
        [10e3, 0, 0]
    )
    assert fees("retainer", 30e3, 40e3, end="2026-08-31") == pytest.approx([10e3, 0, 0])


def test_time_and_materials_are_hours_at_their_prices_and_a_cap_ends_them():
    assert fees("time_and_materials", 1e3, np.nan, OCTOBER, DECEMBER) == pytest.approx([4000, 0, 6000])
    assert fees("capped", 35e3, 40e3, OCTOBER, DECEMBER) == pytest.approx([4000, 0, 1000])


def test_a_task_without_dates_is_worked_over_all_the_months():
    assert sum(fees("time_and_materials", 1e3, np.nan, ("p", "planned", 92.0, "r", None, None))) == pytest.approx(9200)


def test_what_is_proposed_closed_unpriced_or_not_known_is_left_out():
    nothing = Missing("nothing is left to earn on running projects")
    assert fees("fixed_fee", 30e3, 40e3, status="proposed") == nothing
    assert fees("fixed_fee", np.nan, 40e3) == nothing
    assert fees("time_and_materials", 0.0, np.nan, OCTOBER, prices=Missing("no rates")) == nothing


def test_projects_of_which_nobody_can_say_what_they_will_earn_are_named():
    forms = ["time_and_materials", "time_and_materials", "retainer", "fixed_fee", "capped"]
    earned = pd.DataFrame({"project": list("abcde"), "billing_type": forms, "recognised": [1.0, 1.0, 1.0, np.nan, 1.0],
                           "contract_value": [np.nan, np.nan, 9.0, 9.0, 9.0]})  # fmt: skip
    scope = pd.DataFrame({"project": list("abcde"), "name": list("ABCDE"), "status": "active",
                          "end": pd.to_datetime(["2026-12-31", "2026-12-31", None, "2026-12-31", "2026-12-31"])})  # fmt: skip
    work = pd.DataFrame({"project": ["a", "e"], "likely_hours": [10.0, 5.0], "role": ["dev", "dev"]})
    prices = pd.Series({("a", "dev"): np.nan, ("e", "dev"): 100.0})
    found = fees_to_come(earned, scope, work, prices, MONTHS, DAY)
    assert found.unknown.values.tolist() == [
        ["A", "an hour of it has no price"],
        ["B", "no planned hours are left on it"],
        ["C", "it has no end over which its fee could be spread"],
        ["D", "what it has earned so far is not known"],
    ]
    # Whoever is not named is counted: E's 500 hours' worth, up to the 8 that its cap leaves.
    assert found.by_month["fees"].sum() == pytest.approx(8)
    nobody = fees_to_come(Missing("not known"), scope, work, prices, MONTHS, DAY)
    assert nobody.unknown["name"].tolist() == list("ABCDE")
    assert nobody.by_month == Missing("not known")


@pytest.mark.parametrize("form", ["fixed_fee", "retainer", "capped"])
def test_a_contract_of_unknown_worth_is_named_and_never_silently_left_out(form):
    earned = pd.DataFrame({"project": ["p"], "billing_type": [form], "recognised": [1.0], "contract_value": [np.nan]})
    work = pd.DataFrame({"project": ["p"], "likely_hours": [5.0], "role": ["r"]})
    found = fees_to_come(earned, pd.DataFrame({"project": ["p"], "name": ["P"]}), work, PRICES, MONTHS, DAY)
    assert found.unknown.values.tolist() == [["P", "what it is worth in all is not known"]]
