from datetime import date

import pandas as pd
import pytest

from acctlib.account import Account
from acctlib.measures.stakeholders import (
    days_since_contact,
    sponsor_left,
    stakeholder_changes,
    stakeholder_coverage,
    stakeholder_gaps,
    stakeholder_map,
)
from acctlib.missing import Missing
from acctlib.places import from_root

DAY, BEFORE = date(2026, 9, 30), date(2026, 6, 30)


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


def states(*rows, day=DAY):
    columns = ["name", "decision_role", "influence", "sentiment", "owner", "reports_to", "left_on"]
    frame = pd.DataFrame(rows, columns=columns)
    frame = frame.assign(left_on=pd.to_datetime(frame["left_on"]), as_of=pd.Timestamp(day))
    text = ["decision_role", "owner", "reports_to"]
    return frame.astype({"influence": "Int64", "sentiment": "Int64", **dict.fromkeys(text, "str")})


THEN = states(
    ("Ama", "sponsor", 5, 1, "Kim", None, None),
    ("Ben", "champion", 4, 2, "Lee", "Ama", None),
    ("Cat", "user", 2, None, None, "Ama", None),
    ("Old", "user", 2, 0, None, None, "2026-01-01"),
    day=BEFORE,
)
NOW = states(
    ("Ama", "sponsor", 5, -1, "Kim", None, None),
    ("Ben", "decision_maker", 5, 2, "Kim", None, None),
    ("Cat", "user", 2, 0, "Lee", "Ama", "2026-08-01"),
    ("Dan", "champion", 3, 1, "Kim", "Ama", None),
    ("Old", "user", 2, 0, None, None, "2026-01-01"),
)


def test_what_changed_since_the_last_quarter_is_named_the_most_influential_first():
    found = stakeholder_changes(THEN, NOW, BEFORE, DAY)
    assert found.astype(object).where(found.notna(), None).values.tolist() == [
        ["Ama", "sentiment", "1", "-1"],
        ["Ben", "role", "champion", "decision_maker"],
        ["Ben", "influence", "4", "5"],
        ["Ben", "owner", "Lee", "Kim"],
        ["Ben", "superior", "Ama", None],
        ["Dan", "joined", None, None],
        ["Cat", "left", None, None],
    ]


def test_nothing_changes_against_itself_and_back_is_the_mirror():
    assert stakeholder_changes(NOW, NOW, DAY, DAY).empty
    forth, back = stakeholder_changes(THEN, NOW, BEFORE, DAY), stakeholder_changes(NOW, THEN, DAY, DAY)
    changed = ~forth["change"].isin(["joined", "left"])
    mirrored = back[~back["change"].isin(["joined", "left"])].rename(columns={"was": "now", "now": "was"})
    columns = ["name", "change", "was", "now"]
    pd.testing.assert_frame_equal(
        forth.loc[changed, columns].sort_values(columns[:2], ignore_index=True),
        mirrored[columns].sort_values(columns[:2], ignore_index=True),
    )


def test_the_type_of_a_column_is_no_change():
    floats = NOW.assign(influence=NOW["influence"].astype(float), sentiment=NOW["sentiment"].astype(float))
    assert stakeholder_changes(NOW, floats, DAY, DAY).empty


def test_without_dated_states_a_change_is_not_defined():
    undated = NOW.drop(columns="as_of")
    assert stakeholder_changes(undated, undated, BEFORE, DAY).reason == "before has no column as_of"
    gone = Missing("stakeholders has no row that was known on 2026-06-30")
    assert stakeholder_changes(gone, NOW, BEFORE, DAY) == gone


def test_days_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match="since must not be after as_of, got 2026-09-30 and 2026-06-30; exchange the two"):
        stakeholder_changes(THEN, NOW, DAY, BEFORE)


def test_changes_of_a_demo_account_are_those_in_its_file():
    if not from_root("data").joinpath("harbour-foods").is_dir():
        pytest.skip("the demo account harbour-foods is not here")
    view = Account.read("harbour-foods", "2026-Q3")
    then = view.at(view.period.previous)
    found = stakeholder_changes(then.stakeholders, view.stakeholders, then.as_of, view.as_of)
    rows = view.recorded["stakeholders"]
    rows = rows[(rows["name"] == "Piers Holloway") & (rows["as_of"] <= pd.Timestamp(view.as_of))].sort_values("as_of")
    assert found.values.tolist() == [["Piers Holloway", "sentiment", *rows["sentiment"].astype(str).tolist()[-2:]]]
