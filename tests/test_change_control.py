from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.budget import approved_scope
from acctlib.measures.change_control import change_rate, change_summary, pending_changes, scope_creep
from acctlib.measures.proportion import Proportion
from acctlib.missing import Missing
from acctlib.periods import Month, Quarter

DAY = date(2026, 9, 30)
THIRD = Quarter(2026, 3)


def changes(*rows):
    frame = pd.DataFrame(rows, columns=["change", "raised", "decided", "status", "fee"])
    frame = frame.assign(raised=pd.to_datetime(frame["raised"]), decided=pd.to_datetime(frame["decided"]))
    return frame.astype({"fee": float}).assign(project="app", title="More")


LEDGER = changes(
    ("1", "2026-06-20", "2026-07-10", "approved", 4_000),
    ("2", "2026-08-01", "2026-08-11", "approved", 1_000),
    ("3", "2026-08-01", "2026-08-31", "rejected", 9_000),
    ("4", "2026-09-20", None, "submitted", 3_000),
    ("5", "2026-09-25", None, "submitted", None),
    ("6", "2026-09-25", None, "draft", 7_000),
    ("7", "2026-05-01", "2026-06-30", "approved", 8_000),
    ("8", "2026-10-01", None, "submitted", 500),
)


def test_change_requests_of_a_quarter_by_hand():
    summary = change_summary(LEDGER, THIRD)
    assert (summary.raised, summary.approved, summary.rejected, summary.approved_fee) == (4, 2, 1, 5_000)
    assert summary.approved_share == Proportion(2, 3)
    assert (summary.pending, summary.pending_fee, summary.unpriced) == (2, 3_000, 1)
    assert summary.days_to_decide == 20  # median of 20, 10 and 30


def test_a_quarter_without_decisions_says_so():
    summary = change_summary(LEDGER.iloc[[3]], THIRD)
    assert summary.days_to_decide == summary.approved_share == Missing("no change request was decided in the period")


def test_pending_changes_are_listed_the_oldest_first_with_their_age():
    assert pending_changes(LEDGER, DAY)[["change", "age_days"]].values.tolist() == [["4", 10], ["5", 5]]


def test_tables_that_are_not_kept_are_passed_on():
    gone = Missing("there is no file")
    assert change_summary(gone, THIRD) == pending_changes(gone, DAY) == change_rate(RUNNING, gone, THIRD) == gone
    assert scope_creep(SCOPE, gone, gone, DAY) == gone


RUNNING = pd.DataFrame(
    {
        "project": ["app", "site", "later"],
        "start": pd.to_datetime(["2026-01-01", "2026-08-01", "2026-11-01"]),
        "end": pd.to_datetime(["2026-12-31", "2026-08-31", "2026-12-31"]),
    }
)


def test_changes_are_counted_for_each_month_that_a_project_ran():
    # 92 + 31 + 0 days of a quarter of 92 days and three months
    assert change_rate(RUNNING, LEDGER, THIRD) == pytest.approx(4 / (3 * 123 / 92))
    assert change_rate(RUNNING, LEDGER, Month(date(2026, 9, 1))) == 2  # one project ran; 6 is a draft
    assert change_rate(RUNNING.iloc[[2]], LEDGER, THIRD) == Missing("no project ran in the period")


def project(name, fee, kind="fixed_fee", cap=None):
    return {"project": name, "name": name.title(), "billing_type": kind, "fee": fee, "cap": cap}


def change(of, fee, hours, status="approved", day="2026-08-10"):
    decided = day if status in ("approved", "rejected") else None
    return {"project": of, "fee": fee, "hours": hours, "status": status, "raised": day, "decided": decided}


def moved(projects, changes, time=None, day=DAY):
    table = pd.DataFrame(changes)
    table = table.assign(**{name: pd.to_datetime(table[name]) for name in ("raised", "decided")})
    scope = approved_scope(pd.DataFrame(projects), table, day)
    return scope_creep(scope, table, pd.DataFrame(time) if time else Missing("none"), day)


SCOPE = approved_scope(pd.DataFrame([project("app", 40e3)]), Missing("none"), DAY)


def test_scope_creep_of_capped_work_is_over_the_cap_and_only_changes_that_stand_are_unpriced():
    projects = [project("app", 40e3), project("care", None, "capped", 10e3), project("quiet", 5e3), project("open", None)]
    changes = [
        change("app", 4e3, 20), change("app", -1e3, 0), change("app", None, 7, "rejected"), change("app", None, 9, "draft"),
        change("care", 2e3, 10), change("care", 0.0, 12), change("care", None, 3, "submitted"), change("open", 1e3, 5),
        change("app", 9e3, 1, day="2026-10-05"),
    ]  # fmt: skip
    table = moved(projects, changes, {"project": ["care"], "hours": [60.0]}).set_index("project")
    assert list(table.index) == ["app", "care", "open"]
    assert table.loc["app", ["original", "approved_changes", "creep", "unpriced_hours"]].tolist() == [40e3, 3e3, 0.075, 0]
    assert table.loc["care", ["original", "approved_changes", "creep", "unpriced_hours"]].tolist() == [10e3, 2e3, 0.2, 15]
    assert table.loc["care", "unpriced_share"] == 0.25
    assert table.loc["open", ["original", "creep"]].isna().all()  # nothing was agreed that could have grown
    assert table["unpriced_share"].isna().tolist() == [True, False, True]


def test_hours_that_nobody_wrote_down_are_not_nought():
    table = moved([project("app", 40e3)], [change("app", None, None, "submitted")])
    assert table["unpriced_hours"].isna().all()
    assert moved([project("app", 40e3)], [change("app", None, 5, "draft")]) == Missing("no change was asked for")


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(-5000, 5000), st.integers(0, 50)), min_size=1, max_size=6), st.randoms())
def test_the_order_of_changes_and_splitting_one_move_the_scope_as_far(rows, draw):
    whole = [change("app", fee, hours) for fee, hours in rows]
    halves = [change("app", fee / 2, hours / 2) for fee, hours in rows for _ in range(2)]
    draw.shuffle(halves)
    one, other = (moved([project("app", 40e3)], changes)["creep"].iloc[0] for changes in (whole, halves))
    assert one == pytest.approx(other, abs=1e-12)
