from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.budget import (
    NO_EXPENSES,
    approved_scope,
    contribution_margin,
    delivery_margin,
    expenses_by_kind,
    project_status,
)
from acctlib.missing import Missing
from acctlib.periods import Quarter

QUARTER = Quarter(2026, 3)
DAY = date(2026, 9, 30)
NONE = Missing("not kept")


def projects(**changes):
    row = {
        "project": ["app"],
        "name": ["App"],
        "billing_type": ["fixed_fee"],
        "status": ["active"],
        "start": pd.to_datetime(["2026-07-01"]),
        "end": pd.to_datetime(["2026-12-31"]),
        "fee": [40_000.0],
        "cap": [None],
        "budget_hours": [400.0],
        "budget_cost": [24_000.0],
    }
    return pd.DataFrame(row | changes).astype({"cap": float, "fee": float})


def changes(*rows):
    frame = pd.DataFrame(rows, columns=["project", "raised", "decided", "status", "fee", "hours"])
    return frame.astype({"fee": float, "hours": float}).assign(
        raised=pd.to_datetime(frame["raised"]), decided=pd.to_datetime(frame["decided"])
    )


def test_only_changes_approved_by_the_day_move_fee_hours_and_cost():
    # by hand: +5 000 and +50 h; cost 24 000 / 400 h = 60 an hour, so +3 000
    ledger = changes(
        ("app", "2026-08-01", "2026-08-10", "approved", 5_000, 50),
        ("app", "2026-09-01", "2026-10-01", "approved", 9_000, 90),
        ("app", "2026-08-01", "2026-08-10", "rejected", 7_000, 70),
        ("app", "2026-09-20", None, "submitted", 3_000, 30),
        ("app", "2026-09-21", None, "submitted", None, 10),
        ("app", "2026-09-21", None, "draft", 2_000, 20),
    )
    scope = approved_scope(projects(), ledger, DAY)
    assert scope[["original_fee", "fee", "budget_hours", "budget_cost"]].values.tolist() == [[40_000, 45_000, 450, 27_000]]
    assert scope[["approved_changes", "pending_changes", "unpriced_changes"]].values.tolist() == [[5_000, 12_000, 1]]


def test_an_approved_change_without_a_date_counts_from_the_day_it_was_raised():
    ledger = changes(("app", "2026-08-01", None, "approved", 5_000, None))
    assert approved_scope(projects(), ledger, date(2026, 7, 31))["fee"].tolist() == [40_000]
    assert approved_scope(projects(), ledger, date(2026, 8, 1))["fee"].tolist() == [45_000]


def test_a_change_decided_later_was_pending_on_the_day():
    ledger = changes(("app", "2026-09-01", "2026-10-01", "approved", 9_000, 90))
    assert approved_scope(projects(), ledger, DAY)["pending_changes"].tolist() == [9_000]
    assert approved_scope(projects(), ledger, date(2026, 8, 31))["pending_changes"].tolist() == [0]


def test_a_change_may_take_away():
    ledger = changes(("app", "2026-08-01", "2026-08-10", "approved", -5_000, -50))
    assert approved_scope(projects(), ledger, DAY)[["fee", "budget_hours"]].values.tolist() == [[35_000, 350]]


def test_a_change_lifts_the_cap_of_capped_work_and_the_cap_is_its_contract_value():
    capped = projects(billing_type=["capped"], fee=[None], cap=[30_000.0])
    ledger = changes(("app", "2026-08-01", "2026-08-10", "approved", 5_000, None))
    assert approved_scope(capped, ledger, DAY)[["cap", "contract_value"]].values.tolist() == [[35_000, 35_000]]


def test_without_change_requests_the_original_contract_holds():
    scope = approved_scope(projects(), NONE, DAY)
    assert scope[["fee", "approved_changes", "pending_changes"]].values.tolist() == [[40_000, 0, 0]]


def test_missing_projects_are_passed_on():
    assert approved_scope(NONE, NONE, DAY) == NONE


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["app", "site"]), st.integers(-5_000, 5_000)), max_size=8))
def test_approved_changes_of_the_projects_add_up_to_the_ledger(rows):
    ledger = changes(
        *(
            ("app", "2026-08-01", "2026-08-10", "approved", 0, 0),
            *((p, "2026-08-01", "2026-08-10", "approved", f, 0) for p, f in rows),
        )
    )
    both = pd.concat([projects(), projects(project=["site"])], ignore_index=True)
    assert approved_scope(both, ledger, DAY)["approved_changes"].sum() == sum(fee for _, fee in rows)


def status(scope=None, time=NONE, work=NONE, expenses=NO_EXPENSES, day=DAY, **thresholds):
    scope = approved_scope(projects(), NONE, day) if scope is None else scope
    return project_status(scope, time, work, expenses, day, **thresholds)


TIME = pd.DataFrame({"project": ["app"], "hours": [330.0], "billable_hours": [320.0], "value": [30_000.0], "cost": [19_800.0]})
WORK = pd.DataFrame({"project": ["app"], "work_done": [0.5]})


def test_burn_stands_beside_work_and_time():
    row = status(time=TIME, work=WORK).iloc[0]
    assert (row["hours_burn"], row["fee_burn"], row["cost_burn"]) == (0.8, 0.75, 0.825)
    assert (row["work_done"], row["time_elapsed"]) == (0.5, 0.5)
    assert (row["hours_left"], row["fee_left"]) == (80.0, 10_000.0)
    assert row["ahead"] == pytest.approx(0.3)
    assert row["state"] == "off track"


def test_what_is_left_of_an_overspent_budget_is_negative():
    row = status(time=TIME.assign(billable_hours=500.0)).iloc[0]
    assert (row["hours_left"], row["hours_burn"]) == (-100.0, 1.25)


def test_freelancers_are_delivery_cost_and_pass_through_is_not():
    bought = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-08-01", "2026-08-01", "2026-10-01"]),
            "project": "app",
            "kind": ["freelancer", "pass_through", "freelancer"],
            "cost": [1_000.0, 5_000.0, 9_000.0],
        }
    )
    assert status(time=TIME, expenses=bought)["cost"].tolist() == [20_800.0]


def test_a_started_project_without_entries_has_no_hours_and_an_unstarted_one_has_zero():
    other = TIME.assign(project="site")
    later = approved_scope(projects(start=pd.to_datetime(["2026-10-15"])), NONE, DAY)
    assert status(time=other)["hours"].isna().all()
    assert status(later, time=other)[["hours", "value", "cost"]].values.tolist() == [[0, 0, 0]]


def test_a_freelancer_without_cost_is_not_free():
    bought = pd.DataFrame({"date": pd.to_datetime(["2026-08-01"]), "project": "app", "kind": "freelancer", "cost": [None]})
    assert status(time=TIME, expenses=bought.astype({"cost": float}))["cost"].isna().all()


def test_unknown_cost_stays_unknown_with_freelancers():
    bought = pd.DataFrame({"date": pd.to_datetime(["2026-08-01"]), "project": "app", "kind": "freelancer", "cost": 1_000.0})
    assert status(time=TIME.assign(cost=None), expenses=bought)["cost"].isna().all()


def test_a_retainer_is_judged_by_the_time_elapsed():
    scope = approved_scope(projects(billing_type=["retainer"]), NONE, DAY)
    row = status(scope, time=TIME.assign(billable_hours=208.0), work=WORK.assign(work_done=0.1)).iloc[0]
    assert row["ahead"] == pytest.approx(0.02)
    assert row["state"] == "on track"


def test_work_left_after_the_last_agreed_day_is_off_track():
    scope = approved_scope(projects(end=pd.to_datetime(["2026-09-20"])), NONE, DAY)
    row = status(scope, time=TIME.assign(billable_hours=40.0), work=WORK).iloc[0]
    assert (row["overdue_days"], row["state"]) == (10, "off track")


def test_a_closed_project_is_not_overdue_and_a_proposed_one_has_no_state():
    closed = approved_scope(projects(end=pd.to_datetime(["2026-09-20"]), status=["closed"]), NONE, DAY)
    proposed = approved_scope(projects(status=["proposed"]), NONE, DAY)
    assert status(closed, time=TIME, work=WORK)["overdue_days"].tolist() == [0]
    assert status(proposed, time=TIME, work=WORK)["state"].isna().all()


def test_thresholds_come_from_the_profile():
    assert status(time=TIME, work=WORK, amber=0.25, red=0.35)["state"].tolist() == ["at risk"]


def test_a_project_without_budgets_is_still_a_row():
    scope = approved_scope(projects()[["project", "name", "billing_type", "start", "end"]], NONE, DAY)
    row = status(scope, time=TIME, work=WORK)
    assert len(row) == 1
    assert row[["hours_burn", "fee_burn", "cost_burn", "state"]].isna().all(axis=None)


def test_mark_up_is_what_was_charged_beyond_cost():
    # published case "agency_gross_income": billed 30 000, cost 27 300
    bought = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-07-01", "2026-09-30", "2026-10-01"]),
            "kind": "pass_through",
            "cost": [20_000.0, 7_300.0, 99.0],
            "charged": [22_000.0, 8_000.0, 99.0],
        }
    )
    each = expenses_by_kind(bought, QUARTER).set_index("kind")
    assert each.loc["pass_through"].tolist() == [27_300.0, 30_000.0, 2_700.0]
    assert each.loc["freelancer"].tolist() == [0.0, 0.0, 0.0]


def test_an_expense_without_cost_leaves_its_kind_without_cost():
    bought = pd.DataFrame({"date": pd.to_datetime(["2026-07-01"] * 2), "kind": "freelancer", "cost": [1.0, None]})
    each = expenses_by_kind(bought).set_index("kind")
    assert each["cost"].isna().to_dict() == {"pass_through": False, "freelancer": True, "client_specific": False}


def test_margins_by_hand():
    # (72 700 - 50 890) / 72 700 = 0.30; a further 3 635 for this client only leaves 0.25
    assert delivery_margin(72_700, 50_890) == 0.3
    assert contribution_margin(72_700, 50_890, 3_635) == 0.25


def test_a_loss_is_a_negative_margin():
    assert delivery_margin(100.0, 120.0) == -0.2


def test_an_unknown_cost_is_no_margin_of_100_per_cent():
    unknown = Missing("the rate card has no cost rate for tester")
    assert delivery_margin(72_700, unknown) == unknown
    assert contribution_margin(72_700, unknown, 0.0) == unknown
    assert contribution_margin(72_700, 1.0, unknown) == unknown


def test_no_income_has_no_margin():
    assert delivery_margin(0.0, 10.0) == Missing("there is no income in the period")


@given(st.floats(1, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_contribution_never_exceeds_delivery_margin(income, delivery, client):
    assert contribution_margin(income, delivery, client) <= delivery_margin(income, delivery)
