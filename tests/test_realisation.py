"""How much of the work's worth is earned, and how much of the invoices is paid."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acctlib.measures.delivery import answered_in_time
from acctlib.measures.earned_value import with_earned_schedule
from acctlib.measures.realisation import billing_realisation, collection_realisation
from acctlib.missing import Missing
from acctlib.periods import Quarter

DAY = date(2026, 9, 30)


def test_billing_realisation_counts_projects_of_which_both_are_known():
    earned = pd.DataFrame({"project": list("abc"), "billing_type": "fixed_fee", "recognised": [40e3, 10e3, None]})
    time = pd.DataFrame({"project": list("abcd"), "value": [50e3, None, 9e3, 7e3]})
    assert billing_realisation(earned, time) == pytest.approx(0.8)
    assert isinstance(billing_realisation(earned, time.tail(1)), Missing)


def invoices(**changes):
    table = {
        "issued": ["2026-07-01", "2026-08-01", "2026-10-01"],
        "amount": [1000.0, 3000.0, 9e3],
        "tax": [200.0, 600.0, 0.0],
        "paid_on": ["2026-08-10", "2026-10-02", None],
        "paid": [600.0, None, None],
    }
    frame = pd.DataFrame(table | changes)
    return frame.assign(issued=pd.to_datetime(frame["issued"]), paid_on=pd.to_datetime(frame["paid_on"]))


def test_a_part_payment_counts_for_its_part_net_of_tax():
    # 600 of 1,200 gross are 500 of 1,000 net; the second was paid after the day, the third not invoiced by then.
    assert collection_realisation(invoices(), DAY) == pytest.approx(500 / 4000)


def test_a_payment_without_an_amount_is_in_full_and_nothing_invoiced_is_not_defined():
    assert collection_realisation(invoices(paid=None), date(2026, 10, 5)) == pytest.approx(4000 / 13_000)
    assert isinstance(collection_realisation(invoices(), date(2026, 6, 1)), Missing)


def test_answers_count_against_the_days_promised():
    issues = pd.DataFrame(
        {
            "raised": ["2026-07-01", "2026-07-01", "2026-09-29", "2026-07-01", "2026-04-01"],
            "severity": ["critical", "high", "high", "low", "critical"],
            "responded": ["2026-07-02", None, None, "2026-07-30", "2026-04-02"],
        }
    )
    issues = issues.assign(raised=pd.to_datetime(issues["raised"]), responded=pd.to_datetime(issues["responded"]))
    found = answered_in_time(issues, Quarter(2026, 3), {"critical": 1, "high": 2})
    assert (found.count, found.n) == (1, 2)  # the second was never answered, the third may still be
    assert isinstance(answered_in_time(issues, Quarter(2026, 3), {}), Missing)
    assert isinstance(answered_in_time(issues, Quarter(2025, 3), {"high": 2}), Missing)


def schedule(done, day, *rows):
    tasks = pd.DataFrame(rows, columns=["project", "task", "baseline_start", "baseline_finish", "baseline_hours"])
    tasks = tasks.assign(**{name: pd.to_datetime(tasks[name]) for name in ("baseline_start", "baseline_finish")})
    earned = pd.DataFrame({"project": ["p"], "bac": [100.0], "ev": [100.0 * done]})
    return with_earned_schedule(earned, tasks, day)[["days_behind", "spi_t"]].iloc[0].tolist()


TEN_DAYS = ("p", "a", "2026-09-01", "2026-09-10", 40.0)


@pytest.mark.parametrize(
    ("done", "day", "behind", "index"),
    [
        (0.4, date(2026, 9, 5), 1, 0.8),
        (0.55, date(2026, 9, 5), -0.5, 1.1),
        (1.0, date(2026, 9, 20), 10, 0.5),  # done, ten days late: SPI would say 1
    ],
)
def test_earned_schedule_by_hand(done, day, behind, index):
    assert schedule(done, day, TEN_DAYS) == pytest.approx([behind, index])


def test_a_pause_in_the_plan_is_passed_once_more_is_earned():
    # Half is planned by the 10th, the rest from the 21st on: 50 % and a bit are earned after day 20.
    paused = ("p", "b", "2026-09-21", "2026-09-30", 40.0)
    assert schedule(0.525, date(2026, 9, 30), TEN_DAYS, paused) == pytest.approx([9.5, 20.5 / 30])


def test_an_earlier_project_moves_nothing():
    earlier = ("other", "z", "2026-01-01", "2026-12-31", 500.0)
    assert schedule(0.05, date(2026, 9, 5), TEN_DAYS, earlier) == pytest.approx([4.5, 0.1])


def test_nothing_earned_nothing_planned_or_not_begun_is_blank():
    assert np.isnan(schedule(0.0, DAY, TEN_DAYS)).all()
    assert np.isnan(schedule(0.5, date(2026, 8, 1), TEN_DAYS)).all()
    assert np.isnan(schedule(0.5, DAY, ("p", "a", None, None, 40.0))).all()
    assert np.isnan(schedule(0.5, DAY, ("other", "a", "2026-09-01", "2026-09-10", 40.0))).all()
