from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.relationship import (
    actions_status,
    days_since_contact,
    objectives_status,
    sponsor_left,
    stakeholder_coverage,
    stakeholder_gaps,
    stakeholder_map,
)
from acctlib.missing import Missing
from acctlib.periods import Quarter

DAY = date(2026, 9, 30)
THIRD = Quarter(2026, 3)


def goal(*values, baseline=0.0, target=100.0, due="2026-12-31", objective="Grow"):
    frame = pd.DataFrame(values, columns=["as_of", "actual"])
    return frame.assign(
        objective=objective, as_of=pd.to_datetime(frame["as_of"]), baseline=baseline, target=target, due=pd.Timestamp(due)
    ).astype({"actual": float, "baseline": float, "target": float})


def test_a_goal_is_judged_by_a_steady_pace_to_its_due_date():
    # 1 January to 31 December are 364 days; 182 of them are gone on 2 July: half of the way is expected
    half = objectives_status(goal(("2026-01-01", 0), ("2026-07-02", 49)), DAY).iloc[0]
    assert (half["expected_share"], half["share_of_way"], half["state"]) == (0.5, 0.49, "on track")
    assert (half["variance"], half["variance_share"]) == (-51, -0.51)


@pytest.mark.parametrize(
    ("actual", "state"), [(45, "on track"), (44, "at risk"), (40, "at risk"), (39, "off track"), (120, "on track")]
)
def test_states_of_a_goal_follow_the_lag(actual, state):
    assert objectives_status(goal(("2026-01-01", 0), ("2026-07-02", actual)), DAY)["state"].tolist() == [state]


def test_a_goal_that_falls_is_better_lower():
    row = objectives_status(goal(("2026-01-01", 8), ("2026-07-02", 5), baseline=8, target=4), DAY).iloc[0]
    assert (row["better_when"], row["share_of_way"], row["trend"], row["change"]) == ("lower", 0.75, "better", -3)


@pytest.mark.parametrize(
    ("baseline", "target", "actual", "variance"),
    [(18, 45, 26, -19), (23, 14, 22.2, -8.2), (18, 45, 48, 3), (23, 14, 12, 2), (-5, -1, -2, -1), (14, 14, 12, -2)],
)
def test_plus_is_better_than_the_target_whichever_way_is_better(baseline, target, actual, variance):
    row = objectives_status(goal(("2026-07-02", actual), baseline=baseline, target=target), DAY).iloc[0]
    assert row["variance"] == pytest.approx(variance)
    assert row["variance_share"] == pytest.approx(variance / abs(target))


def test_a_goal_that_was_met_stays_on_track_after_its_due_date():
    row = objectives_status(goal(("2026-01-01", 0), ("2026-09-01", 101), due="2026-08-01"), DAY).iloc[0]
    assert (row["expected_share"], row["state"]) == (1.0, "on track")


def test_without_a_due_date_the_whole_way_is_expected():
    row = objectives_status(goal(("2026-01-01", 0), ("2026-09-01", 50), due=None), DAY).iloc[0]
    assert (row["expected_share"], row["state"]) == (1.0, "off track")


def test_without_a_baseline_the_first_value_stands_for_it():
    row = objectives_status(goal(("2026-01-01", 20), ("2026-07-02", 60), baseline=None), DAY).iloc[0]
    assert row["share_of_way"] == 0.5
    assert pd.isna(row["baseline"])


def test_a_goal_to_hold_a_value_has_no_way_to_go():
    row = objectives_status(goal(("2026-01-01", 100), ("2026-07-02", 98), baseline=100), DAY).iloc[0]
    assert row["variance"] == -2
    assert row[["share_of_way", "better_when", "state", "trend"]].isna().all()


def test_the_last_four_values_up_to_the_day_are_the_trend():
    values = [(f"2026-0{month}-01", month) for month in (1, 3, 5, 7, 9)] + [("2026-10-01", 99)]
    row = objectives_status(goal(*values), DAY).iloc[0]
    assert row["last_four"] == (3, 5, 7, 9)
    assert (row["actual"], row["previous"], row["trend"]) == (9, 7, "better")


def test_a_goal_that_was_never_measured_is_listed_without_a_state():
    row = objectives_status(goal(("2026-07-01", None)), DAY).iloc[0]
    assert row["target"] == 100
    assert row["last_four"] == ()
    assert row[["actual", "variance", "state", "as_of"]].isna().all()


def test_no_goal_by_the_day_is_missing():
    assert objectives_status(goal(("2026-10-01", 1)), DAY).reason == "no goal was measured by 2026-09-30"


@settings(deadline=None, max_examples=15)
@given(st.permutations(range(5)))
def test_the_order_of_measurements_does_not_matter(order):
    rows = pd.concat(
        [
            goal(("2026-01-01", 0), ("2026-03-01", 30), ("2026-07-02", 20)),
            goal(("2026-01-01", 1), ("2026-07-02", 2), objective="Hold"),
        ]
    ).reset_index(drop=True)
    pd.testing.assert_frame_equal(objectives_status(rows, DAY), objectives_status(rows.iloc[order], DAY))


def people(*rows):
    columns = ["name", "decision_role", "influence", "sentiment", "owner", "last_contact", "left_on"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(**{c: pd.to_datetime(frame[c]) for c in ("last_contact", "left_on")})
    return frame.astype({"influence": "Int64", "sentiment": "Int64", "decision_role": "str", "owner": "str"})


TEAM = people(
    ("Ama", "sponsor", 5, 1, "Kim", "2026-09-20", None),
    ("Ben", "decision_maker", 4, -1, "Lee", "2026-06-01", None),
    ("Cat", "user", 2, 0, "Lee", "2026-09-01", None),
    ("Dan", "champion", 5, 2, None, "2026-09-29", None),
    ("Eve", "decision_maker", 5, 2, "Kim", "2026-09-01", "2026-09-10"),
)


def test_coverage_by_hand():
    # influence of Ama 5 and Cat 2 of 16; Ben was silent for 121 days, Dan has no owner, Eve left
    assert stakeholder_coverage(TEAM, DAY) == 7 / 16
    assert stakeholder_coverage(TEAM, DAY, days=200) == 11 / 16


def test_coverage_without_influence_is_missing():
    assert not stakeholder_coverage(people(("Ama", None, None, None, "Kim", "2026-09-20", None)), DAY)


def test_gaps_are_named_with_the_people():
    gaps = stakeholder_gaps(TEAM, DAY)
    assert gaps.values.tolist() == [
        ["a decider left", "Eve"],
        ["no owner", "Dan"],
        ["no recent contact", "Ben"],
        ["against us", "Ben"],
    ]


def test_nobody_in_a_part_is_a_gap_and_one_contact_hangs_by_a_thread():
    gaps = stakeholder_gaps(people(("Ama", "user", 3, 0, "Kim", "2026-09-20", None)), DAY)
    assert gaps["gap"].tolist() == ["no sponsor", "no decision maker", "no champion", "single-threaded"]
    assert gaps["people"].tolist()[3] == "Ama"
    assert gaps["people"].isna().tolist() == [True, True, True, False]


def test_what_is_not_kept_is_not_a_gap():
    assert stakeholder_gaps(pd.DataFrame({"name": ["Ama"]}), DAY).empty


def test_the_map_leaves_out_who_left_and_puts_influence_first():
    assert stakeholder_map(TEAM, DAY)["name"].tolist() == ["Ama", "Dan", "Ben", "Cat"]
    assert stakeholder_map(TEAM, DAY)["days_since"].tolist() == [10, 1, 121, 29]


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([("Ama", "sponsor", 5, 1, "Kim", None, None)], False),
        ([("Ama", "sponsor", 5, 1, "Kim", None, "2026-09-10")], True),
        ([("Ama", "sponsor", 5, 1, "Kim", None, "2026-10-10")], False),  # leaves after the day
        ([("Ama", "sponsor", 5, 1, "Kim", None, "2025-01-10")], True),  # never replaced
        ([("Ama", "sponsor", 5, 1, "Kim", None, "2025-01-10"), ("Bo", "sponsor", 5, 1, "Kim", None, None)], False),
        ([("Ama", "sponsor", 5, 1, "Kim", None, "2026-09-10"), ("Bo", "sponsor", 5, 1, "Kim", None, None)], True),
    ],
)
def test_a_sponsor_left_lately_or_without_successor(rows, left):
    assert sponsor_left(people(*rows), DAY) is left


def test_an_account_that_never_had_a_sponsor_has_not_lost_one():
    assert sponsor_left(TEAM[TEAM["name"] == "Cat"], DAY).reason == "no sponsor is named"


def test_the_last_contact_with_anybody_counts():
    assert days_since_contact(TEAM, DAY) == 1
    assert days_since_contact(TEAM, date(2026, 5, 1)).reason == "no contact is recorded"


def actions(*rows):
    columns = ["action", "agreed_on", "due", "status", "closed_on"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.assign(**{c: pd.to_datetime(frame[c]) for c in ("agreed_on", "due", "closed_on")})


AGREED = actions(
    ("Carried", "2026-06-10", "2026-08-31", "open", None),
    ("Done in the quarter", "2026-06-10", "2026-07-31", "done", "2026-07-10"),
    ("Done before", "2026-05-10", "2026-06-20", "done", "2026-06-20"),
    ("Done later", "2026-09-10", "2026-10-20", "done", "2026-10-20"),
    ("Dropped", "2026-07-10", None, "dropped", "2026-08-01"),
    ("Agreed later", "2026-10-01", None, "open", None),
)


def test_actions_agreed_last_time_and_their_state():
    table = actions_status(AGREED, THIRD, DAY)
    assert table[["action", "stage", "days_overdue", "carried_over"]].values.tolist() == [
        ["Carried", "overdue", 30, True],
        ["Done later", "open", 0, False],
        ["Done in the quarter", "done", 0, True],
        ["Dropped", "dropped", 0, False],
    ]
    assert table["age_days"].tolist() == [112, 20, 30, 22]
    assert table["state"].isna().tolist() == [False, False, True, True]


def test_tables_that_are_not_kept_are_passed_on():
    gone = Missing("there is no file")
    assert objectives_status(gone, DAY) == stakeholder_coverage(gone, DAY) == actions_status(gone, THIRD, DAY) == gone
