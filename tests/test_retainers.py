from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.retainers import hours_against_allowance, over_servicing, rollover
from acctlib.missing import Missing

HOURS = st.lists(st.integers(0, 400).map(lambda quarters: quarters / 4), min_size=1, max_size=24)
CAP = st.integers(0, 40).map(float)
QUICK = settings(deadline=None, max_examples=40)
PERIODS = st.integers(0, 4)


@pytest.mark.parametrize(("periods", "over"), [(0, 15), (1, 15), (2, 5)])
def test_hours_over_of_the_published_case(periods, over):
    # published case "retainer_rollover": 40 h a month, used 30, 40, 55, cap 10 h
    assert rollover([30, 40, 55], 40, cap=10, periods=periods)["over"].sum() == over


def test_the_oldest_carried_hours_are_used_first():
    # by hand: 10 carried from period 1 (live to 3) and 10 from 2 (live to 4); period 3 draws 10 of the older lot, so that
    # period 4 still has the younger one
    hours = rollover([30, 30, 50, 50], 40, cap=20, periods=2)
    assert hours["drawn"].tolist() == [0, 0, 10, 10]
    assert hours["over"].tolist() == [0, 0, 0, 0]


def test_no_more_than_the_cap_is_carried():
    hours = rollover([0, 0, 60], 40, cap=10, periods=5)
    assert hours["carried_in"].tolist() == [0, 10, 10]
    assert hours["over"].tolist() == [0, 0, 10]


def test_the_allowance_may_change_between_periods():
    assert rollover([50, 50], [40, 50])["over"].tolist() == [10, 0]


@QUICK
@given(HOURS, CAP, PERIODS)
def test_every_hour_is_included_drawn_or_over(used, cap, periods):
    hours = rollover(used, 40, cap, periods)
    inside = hours["used"].clip(upper=40)
    assert (inside + hours["drawn"] + hours["over"]).tolist() == pytest.approx(used)
    assert (hours[["drawn", "over", "carried_in", "carried_out"]] >= 0).all(axis=None)
    assert (hours["carried_in"] <= cap + 1e-9).all()


@QUICK
@given(HOURS, CAP, PERIODS)
def test_a_longer_life_never_means_more_hours_over(used, cap, periods):
    shorter, longer = (rollover(used, 40, cap, p)["over"].sum() for p in (periods, periods + 1))
    assert longer <= shorter + 1e-9


@QUICK
@given(HOURS)
def test_nothing_is_over_within_the_allowance(used):
    assert rollover(used, max(used), 0, 0)["over"].sum() == 0


@pytest.mark.parametrize(("cap", "periods"), [(-1, 1), (1, -1)])
def test_a_negative_rule_is_refused(cap, periods):
    with pytest.raises(ValueError, match="must not be negative, got"):
        rollover([40], 40, cap, periods)


def retainer(**changes):
    row = {
        "contract": ["R1"],
        "kind": ["retainer"],
        "start": pd.to_datetime(["2026-07-01"]),
        "end": pd.to_datetime(["2027-06-30"]),
        "included_hours": [40.0],
        "per": ["month"],
        "overage": ["absorbed"],
    }
    return pd.DataFrame(row | changes)


PROJECTS = pd.DataFrame({"project": ["care", "app"], "contract": ["R1", "P1"]})


def time(*rows):
    frame = pd.DataFrame(rows, columns=["date", "project", "hours", "billable", "bill_rate"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def test_only_billable_hours_of_the_contracts_projects_count():
    hours = time(
        ("2026-07-01", "care", 30.0, True, 100.0),
        ("2026-07-31", "care", 20.0, True, 100.0),
        ("2026-07-15", "care", 9.0, False, 100.0),
        ("2026-07-15", "app", 9.0, True, 100.0),
        ("2026-06-30", "care", 9.0, True, 100.0),
    )
    allowance = hours_against_allowance(retainer(), PROJECTS, hours, date(2026, 7, 31))
    assert allowance[["month", "used", "over_serviced", "over_value"]].values.tolist() == [["2026-07", 50.0, 10.0, 1000.0]]


def test_hours_that_are_billed_are_not_over_serviced():
    hours = time(("2026-07-01", "care", 50.0, True, 100.0))
    allowance = hours_against_allowance(retainer(overage=["billed"]), PROJECTS, hours, date(2026, 7, 31))
    assert allowance[["over", "over_serviced", "over_value"]].values.tolist() == [[10.0, 0.0, 0.0]]


def test_a_quarterly_allowance_has_one_row_a_quarter():
    hours = time(("2026-08-20", "care", 50.0, True, None), ("2026-10-01", "care", 1.0, True, 90.0))
    allowance = hours_against_allowance(retainer(per=["quarter"]), PROJECTS, hours, date(2026, 10, 31))
    assert allowance[["month", "used", "over"]].values.tolist() == [["2026-07", 50.0, 10.0], ["2026-10", 1.0, 0.0]]
    assert allowance["over_value"].isna().tolist() == [True, False]


def test_an_amendment_changes_the_allowance_from_its_start():
    contracts = pd.concat([retainer(), retainer(start=pd.to_datetime(["2026-09-01"]), included_hours=[60.0])])
    hours = time(("2026-09-20", "care", 50.0, True, 100.0))
    allowance = hours_against_allowance(contracts, PROJECTS, hours, date(2026, 9, 30))
    assert allowance[["included", "used", "over"]].values.tolist() == [[40.0, 0.0, 0.0], [40.0, 0.0, 0.0], [60.0, 50.0, 0.0]]


def test_months_after_the_day_are_not_shown():
    allowance = hours_against_allowance(retainer(), PROJECTS, time(), date(2026, 8, 10))
    assert allowance["month"].tolist() == ["2026-07", "2026-08"]


def test_contracts_without_included_hours_say_so():
    hours = hours_against_allowance(retainer(included_hours=[None]), PROJECTS, time(), date(2026, 8, 10))
    assert hours == Missing("no retainer includes hours", "add included_hours to contracts")


def test_over_servicing_without_included_hours_is_missing():
    nothing = pd.DataFrame({"included": [0.0], "over_serviced": [0.0]})
    assert over_servicing(nothing) == Missing("no hours are included in the period")
