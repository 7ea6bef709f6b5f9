from datetime import date

import pandas as pd
import pytest

from acctlib.measures.delivery import (
    first_time_acceptance,
    issues_by_severity,
    milestones,
    most_pressing,
    on_time,
    open_issues,
    revision_rounds,
)
from acctlib.measures.proportion import Proportion
from acctlib.missing import Missing
from acctlib.periods import Quarter

DAY = date(2026, 9, 30)
THIRD = Quarter(2026, 3)
DATES = ["original_due", "due", "submitted", "accepted"]


def deliverables(*rows):
    frame = pd.DataFrame(rows, columns=[*DATES, "rounds"])
    frame = frame.assign(**{c: pd.to_datetime(frame[c]) for c in DATES}).astype({"rounds": "Int64"})
    frame.insert(0, "project", "app")
    frame.insert(1, "deliverable", [f"D{i}" for i in range(len(frame))])
    return frame


SENT = deliverables(
    ("2026-07-10", None, "2026-07-10", "2026-07-20", 1),  # on the day
    ("2026-07-10", "2026-07-31", "2026-07-31", "2026-08-10", 2),  # on the re-agreed day only
    ("2026-08-01", "2026-08-10", "2026-08-12", None, 1),  # late by both, not answered
    ("2026-09-30", None, "2026-06-30", "2026-07-01", 1),  # the quarter before
    ("2026-08-01", None, None, None, None),  # not delivered
)


@pytest.mark.parametrize(("against", "kept"), [("due", 2), ("original_due", 1)])
def test_on_time_counts_what_was_delivered_in_the_quarter_against_either_date(against, kept):
    assert on_time(SENT, THIRD, against) == Proportion(kept, 3)


def test_nothing_delivered_is_not_zero_per_cent_on_time():
    assert on_time(SENT, THIRD.next) == Missing("nothing was delivered in the period")


def test_an_unknown_date_is_refused():
    with pytest.raises(ValueError, match="against must be due or original_due, got 'agreed'"):
        on_time(SENT, THIRD, "agreed")


def test_first_time_acceptance_leaves_out_what_the_client_has_not_answered():
    assert first_time_acceptance(SENT, THIRD) == Proportion(1, 2)


def test_more_than_one_round_is_not_first_time_even_before_it_is_accepted():
    sent = deliverables(("2026-08-01", None, "2026-08-01", None, 3))
    assert first_time_acceptance(sent, THIRD) == Proportion(0, 1)


def test_milestones_by_stage():
    table = milestones(SENT, DAY).set_index("deliverable")
    assert table["stage"].to_dict() == {
        "D0": "accepted",
        "D1": "accepted",
        "D2": "with the client",
        "D3": "accepted",
        "D4": "overdue",
    }
    assert table["days_late"].to_dict() == {"D0": 0, "D1": 0, "D2": 2, "D3": -92, "D4": 60}
    assert table["days_late_original"].to_dict() == {"D0": 0, "D1": 21, "D2": 11, "D3": -92, "D4": 60}
    assert table["state"].dropna().to_dict() == {"D4": "off track"}


def test_a_milestone_ahead_is_at_risk_once_its_date_was_moved_later():
    ahead = deliverables(("2026-10-10", None, None, None, None), ("2026-10-10", "2026-10-30", None, None, None))
    table = milestones(ahead, DAY)
    assert table["stage"].tolist() == ["planned", "planned"]
    assert table["state"].tolist() == ["on track", "at risk"]
    assert table["days_late"].isna().all()


def test_what_was_delivered_after_the_day_was_not_there_on_it():
    later = deliverables(("2026-09-20", None, "2026-10-05", "2026-10-06", 1))
    assert milestones(later, DAY)[["stage", "days_late"]].values.tolist() == [["overdue", 10]]


def test_rounds_beyond_those_agreed():
    sent = deliverables(*[("2026-08-01", None, None, None, n) for n in (2, 4, None)]).assign(rounds_agreed=[2, 2, 2])
    assert revision_rounds(sent)[["deliverable", "over"]].values.tolist() == [["D1", 2]]


def issues(*rows):
    columns = ["issue", "raised", "severity", "escalated", "status", "responded", "closed"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in ("raised", "responded", "closed")}, summary="…")


TROUBLE = issues(
    ("1", "2026-06-01", "high", True, "open", "2026-06-02", None),
    ("2", "2026-07-01", "high", False, "closed", "2026-07-03", "2026-07-11"),
    ("3", "2026-08-01", "high", False, "closed", "2026-08-09", "2026-08-31"),
    ("4", "2026-09-20", "critical", None, "open", None, None),
    ("5", "2026-09-01", "low", False, "closed", None, "2026-10-10"),
)


def test_issues_of_a_quarter_by_hand():
    table = issues_by_severity(TROUBLE, THIRD).set_index("severity")
    assert list(table.index) == ["critical", "high", "medium", "low"]
    assert table.loc["high"].tolist() == [2, 2, 1, 1, 5, 20, 121]  # medians of 2 and 8, of 10 and 30; 1 June to 30 September
    assert table.loc["medium", ["raised", "closed", "open", "escalated"]].tolist() == [0, 0, 0, 0]
    assert table.loc["medium", ["days_to_respond", "days_to_resolve", "oldest_days"]].isna().all()


def test_open_issues_come_worst_and_oldest_first_and_closing_later_does_not_count():
    assert open_issues(TROUBLE, DAY)["issue"].tolist() == ["4", "1", "5"]


def test_tables_that_are_not_kept_are_passed_on():
    gone = Missing("there is no file")
    assert milestones(gone, DAY) == on_time(gone, THIRD) == open_issues(gone, DAY) == gone


def test_a_page_has_room_for_what_is_late_first_and_then_for_what_is_near():
    days = pd.date_range("2026-07-01", periods=180)
    plan = pd.DataFrame({"project": "app", "deliverable": [f"D{i}" for i in range(180)], "original_due": days})
    plan["submitted"] = days.where(days < "2026-09-30")
    plan.loc[[3, 40], "submitted"] += pd.Timedelta(days=5)
    plan.loc[[7, 50], "submitted"] = pd.NaT
    table = milestones(plan, DAY)
    shown = most_pressing(table, DAY, most=24)
    assert {"D3", "D7", "D40", "D50"} <= set(shown["deliverable"])
    assert shown["due"].is_monotonic_increasing
    near = shown[shown["days_late"].fillna(0) <= 0]["due"]
    assert near.min() == pd.Timestamp("2026-09-20")  # ten days to either side of 30 September, the nearer half first
    assert near.max() == pd.Timestamp("2026-10-09")
    pd.testing.assert_frame_equal(most_pressing(table, DAY, most=180), table)
    assert most_pressing(table.sample(frac=1, random_state=1), DAY)["deliverable"].sort_values().tolist() == sorted(
        shown["deliverable"]
    )


def test_the_latest_go_first_where_even_the_late_are_too_many():
    days = pd.date_range("2024-01-01", periods=400)
    table = milestones(pd.DataFrame({"project": "app", "deliverable": days.astype(str), "original_due": days}), DAY)
    assert most_pressing(table, DAY)["deliverable"].tolist() == [f"2024-01-{day:02d}" for day in range(1, 25)]
