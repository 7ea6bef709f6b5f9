from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.relationship import (
    actions_ahead,
    actions_status,
    objective_forecast,
    objectives_status,
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


MEASURED = [("2026-01-01", 1), ("2026-01-02", 3), ("2026-01-03", 2), ("2026-01-04", 4)]


def test_a_goal_is_carried_on_to_its_due_date_as_worked_by_hand():
    # The days 0 to 3 with 1, 3, 2, 4: a pace of 1 a day, so 4 + 2 on day 5. The steps 2, -1, 2 stray by 1, -2, 1, so
    # s² = 6 / 2; two days ahead s² · 2 (1 + 2/3) = 10, and Student's t(2) is 1.886 at 90 %.
    row = objective_forecast(goal(*MEASURED, target=13, due="2026-01-06"), DAY).iloc[0]
    assert row["forecast"] == pytest.approx(6)
    assert row["high"] - row["forecast"] == pytest.approx(1.886 * 10**0.5, rel=1e-3)
    assert row["forecast"] - row["low"] == pytest.approx(row["high"] - row["forecast"])
    assert (row["measurements"], row["outlook"], row["basis"]) == (4, "misses the target", "pace of 4 measurements")


@pytest.mark.parametrize(
    ("target", "baseline", "outlook"),
    [
        (0.03, -1, "reaches the target"),
        (6, 0, "open"),
        (12.1, 0, "misses the target"),
        (12.1, 20, "reaches the target"),  # a goal that falls is reached from above
        (5, 20, "open"),
        (0.03, 20, "misses the target"),
        (5, 5, None),  # a value to hold has no side
    ],
)
def test_the_whole_range_decides_whether_a_target_is_reached(target, baseline, outlook):
    found = objective_forecast(goal(*MEASURED, target=target, baseline=baseline, due="2026-01-06"), DAY).at[0, "outlook"]
    assert found == outlook if outlook else pd.isna(found)


@pytest.mark.parametrize(
    ("n", "target", "forecast", "outlook"),
    [(2, 11, 11, "on pace"), (2, 12, 11, "behind pace"), (3, 3, 3.5, "on pace"), (3, 5, 3.5, "behind pace")],
)
def test_two_or_three_measurements_have_a_pace_and_no_range(n, target, forecast, outlook):
    row = objective_forecast(goal(*MEASURED[:n], target=target, due="2026-01-06"), DAY).iloc[0]
    assert row["forecast"] == pytest.approx(forecast)
    assert row[["low", "high"]].isna().all()
    assert (row["outlook"], row["basis"]) == (outlook, f"pace of {n} measurements; a range needs 4")


@pytest.mark.parametrize(
    ("rows", "due", "basis"),
    [
        ([("2026-01-01", None)], "2026-12-31", "it was never measured"),
        ([("2026-01-01", 1)], "2026-12-31", "one measurement has no pace"),
        (MEASURED, None, "it has no due date"),
        (MEASURED, "2026-01-04", "its due date has come: the value measured stands"),
    ],
)
def test_where_there_is_no_forecast_the_basis_says_why(rows, due, basis):
    row = objective_forecast(goal(*rows, due=due), DAY).iloc[0]
    assert row["basis"] == basis
    assert row[["forecast", "low", "high", "outlook"]].isna().all()


def test_what_was_measured_after_the_day_is_not_known_to_the_forecast():
    rows = [*MEASURED, ("2026-10-05", 99)]
    assert objective_forecast(goal(*rows), DAY).at[0, "measurements"] == 4


def test_a_confidence_of_80_is_refused():
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got 80"):
        objective_forecast(goal(("2026-01-01", 1)), DAY, confidence=80)


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


AHEAD = actions(
    ("Yesterday", "2026-07-10", "2026-09-29", "open", None),
    ("Today", "2026-09-30", "2026-09-30", "open", None),
    ("Thirty", "2026-09-10", "2026-10-30", "open", None),
    ("Thirty-one", "2026-09-10", "2026-10-31", "open", None),
    ("Ninety", "2026-09-10", "2026-12-29", "open", None),
    ("Next year", "2026-09-10", "2027-12-29", "open", None),
    ("Some day", "2025-09-30", None, "open", None),
    ("Done", "2026-09-10", "2026-10-30", "done", "2026-09-20"),
    ("Done later", "2026-09-10", "2026-11-30", "done", "2026-10-20"),
    ("Agreed later", "2026-10-01", None, "open", None),
)


def test_actions_ahead_are_sorted_by_when_they_are_due():
    table = actions_ahead(AHEAD.assign(owner=["Kim"] * 6 + [None] * 4), DAY).set_index("action")
    assert table["when"].to_dict() == {
        "Yesterday": "overdue",
        "Today": "within 30 days",
        "Thirty": "within 30 days",
        "Thirty-one": "31 to 60 days",
        "Done later": "61 to 90 days",
        "Ninety": "61 to 90 days",
        "Next year": "later",
        "Some day": "no date",
    }
    assert table["days_left"].dropna().tolist() == [-1, 0, 30, 31, 61, 90, 455]
    assert table.at["Yesterday", "age_days"] == 82
    assert table.at["Some day", "age_days"] == 365
    assert table["lacks"].dropna().to_dict() == {"Done later": "owner", "Some day": "owner, due date"}


def test_what_is_open_is_the_same_in_both_lists():
    both = actions_status(AHEAD, THIRD, DAY)
    assert set(both.loc[both["stage"].isin(["open", "overdue"]), "action"]) == set(actions_ahead(AHEAD, DAY)["action"])


def test_tables_that_are_not_kept_are_passed_on():
    gone = Missing("there is no file")
    assert objectives_status(gone, DAY) == objective_forecast(gone, DAY) == gone
    assert actions_status(gone, THIRD, DAY) == actions_ahead(gone, DAY) == gone


def test_a_goal_says_which_of_our_projects_serve_it_as_last_written_down():
    rows = goal(("2026-01-01", 1), ("2026-07-01", 2)).assign(served_by=["site", "site;app"])
    assert objectives_status(rows, DAY).at[0, "served_by"] == "site;app"
    assert objective_forecast(rows, DAY).at[0, "served_by"] == "site;app"
    assert pd.isna(objective_forecast(goal(("2026-01-01", 1)), DAY).at[0, "served_by"])


def test_a_forecast_is_no_more_than_a_value_can_be():
    rising = goal(("2026-01-01", 40), ("2026-04-01", 50), ("2026-07-01", 60), ("2026-09-30", 90), target=95, due="2027-12-31")
    row = objective_forecast(rising.assign(unit="%"), DAY).iloc[0]
    assert (row["forecast"], row["high"]) == (100, 100)
    falling = goal(("2026-01-01", 40), ("2026-04-01", 30), ("2026-07-01", 20), ("2026-09-30", 5), target=5, due="2027-12-31")
    row = objective_forecast(falling.assign(unit="days"), DAY).iloc[0]
    assert (row["forecast"], row["low"]) == (0, 0)
