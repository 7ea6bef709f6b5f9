from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.rates import hourly_rates, rated_by_project, task_rates, time_by_project, total
from acctlib.missing import Missing

QUICK = settings(deadline=None, max_examples=15)


def days(*texts):
    return pd.to_datetime(list(texts)).astype("datetime64[us]")


def card(**changes):
    rows = {
        "role": ["designer", "writer"],
        "account": pd.Series([None, None], dtype="str"),
        "currency": "GBP",
        "bill_rate": [100.0, 80.0],
        "cost_rate": [61.35, 48.2],
        "valid_from": days("2026-01-01", "2026-01-01"),
    }
    return pd.DataFrame(rows | changes)


def entries(rows):
    frame = pd.DataFrame(rows, columns=["date", "project", "role", "hours", "billable"])
    return frame.astype({"project": "str", "role": "str"}).assign(date=pd.to_datetime(frame["date"]).astype("datetime64[us]"))


TIME = st.lists(
    st.tuples(
        st.dates(date(2026, 1, 1), date(2026, 9, 30)).map(str),
        st.sampled_from(["app", "site", "care"]),
        st.sampled_from(["designer", "writer"]),
        st.integers(1, 32).map(lambda quarters: quarters / 4),
        st.booleans(),
    ),
    min_size=1,
    max_size=30,
)


def test_value_is_billable_hours_at_bill_rate_and_cost_is_all_hours_at_cost_rate():
    # by hand: 6 h x 100 and 3 h x 80 are billable; 2 h of design are not, and cost all the same
    time = entries(
        [
            ("2026-07-01", "app", "designer", 6.0, True),
            ("2026-07-02", "app", "designer", 2.0, False),
            ("2026-07-03", "app", "writer", 3.0, True),
        ]
    )
    by_project = time_by_project(time, card(), "bay", "GBP")
    assert by_project[["hours", "billable_hours", "value"]].values.tolist() == [[11.0, 9.0, 840.0]]
    assert by_project["cost"].tolist() == [pytest.approx(8 * 61.35 + 3 * 48.2)]


def test_the_accounts_own_rate_goes_before_a_newer_standard_rate():
    rates = card(account=["bay", None], role="designer", valid_from=days("2026-01-01", "2026-06-01"))
    time = entries([("2026-07-01", "app", "designer", 1.0, True)])
    assert hourly_rates(time, rates, "bay", "GBP")["bill_rate"].tolist() == [100.0]
    assert hourly_rates(time, rates, "other", "GBP")["bill_rate"].tolist() == [80.0]


def test_an_hour_takes_the_rate_of_its_day():
    rates = card(role="designer", valid_from=days("2026-01-01", "2026-07-01"))
    time = entries([(day, "app", "designer", 1.0, True) for day in ("2026-06-30", "2026-07-01", "2025-12-31")])
    assert hourly_rates(time, rates, "bay", "GBP")["bill_rate"].tolist()[:2] == [100.0, 80.0]
    assert hourly_rates(time, rates, "bay", "GBP")["bill_rate"].isna().tolist() == [False, False, True]


def test_a_rate_in_another_currency_is_no_rate():
    time = entries([("2026-07-01", "app", "designer", 1.0, True)])
    by_project = time_by_project(time, card(), "bay", "EUR")
    assert by_project["value"].isna().all()
    assert by_project["without_bill_rate"].tolist() == ["designer"]


@pytest.mark.parametrize("cost_rate", [0.0, None])
def test_a_zero_or_blank_cost_rate_never_becomes_a_zero_cost(cost_rate):
    time = entries([("2026-07-01", "app", "designer", 6.0, True), ("2026-07-01", "site", "writer", 1.0, True)])
    by_project = time_by_project(time, card(cost_rate=[cost_rate, 48.2]), "bay", "GBP")
    assert by_project["cost"].isna().tolist() == [True, False]
    assert total(by_project, "cost") == Missing(
        "the rate card has no cost rate for designer (project app)", "add designer to data/firm/rate_card"
    )
    assert total(by_project, "value") == 680.0


def test_a_non_billable_hour_needs_no_bill_rate():
    time = entries([("2026-07-01", "app", "intern", 6.0, False), ("2026-07-01", "app", "writer", 1.0, True)])
    assert time_by_project(time, card(), "bay", "GBP")["value"].tolist() == [80.0]


def test_without_a_rate_card_hours_are_known_and_money_is_not():
    time = entries([("2026-07-01", "app", "designer", 6.0, True)])
    by_project = time_by_project(time, Missing("there is no file rate_card"), "bay", "GBP")
    assert by_project["hours"].tolist() == [6.0]
    assert by_project[["value", "cost"]].isna().all(axis=None)


def test_an_entry_without_a_role_is_named():
    time = entries([("2026-07-01", "app", None, 6.0, True)])
    assert "no role given" in str(total(time_by_project(time, card(), "bay", "GBP"), "value"))


def test_entries_after_the_day_are_not_counted():
    time = entries([("2026-07-01", "app", "designer", 6.0, True), ("2026-10-01", "app", "designer", 1.0, True)])
    assert time_by_project(time, card(), "bay", "GBP", date(2026, 9, 30))["hours"].tolist() == [6.0]


def test_missing_time_is_passed_on():
    assert time_by_project(Missing("not kept"), card(), "bay", "GBP") == Missing("not kept")


def test_an_unknown_amount_is_refused():
    with pytest.raises(ValueError, match="amount must be value or cost, got 'price'"):
        total(pd.DataFrame(), "price")


def test_task_rates_are_those_of_the_day():
    tasks = pd.DataFrame({"project": ["site", "app", "app"], "role": ["writer", "designer", None]})
    rates = task_rates(tasks, card(), "bay", "GBP", date(2026, 9, 30), "bill_rate")
    assert rates.to_dict() == {("app", "designer"): 100.0, ("site", "writer"): 80.0}


@QUICK
@given(TIME, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    one, other = (time_by_project(entries(r), card(), "bay", "GBP") for r in (rows, shuffled))
    pd.testing.assert_frame_equal(one, other)


@QUICK
@given(TIME)
def test_splitting_every_entry_changes_nothing(rows):
    halves = [(*row[:3], row[3] / 2, row[4]) for row in rows for _ in range(2)]
    whole, split = (time_by_project(entries(r), card(), "bay", "GBP") for r in (rows, halves))
    pd.testing.assert_frame_equal(whole, split)


@QUICK
@given(TIME)
def test_doubling_all_rates_doubles_value_and_cost(rows):
    double = card(bill_rate=[200.0, 160.0], cost_rate=[122.7, 96.4])
    once, twice = (time_by_project(entries(rows), c, "bay", "GBP") for c in (card(), double))
    pd.testing.assert_series_equal(twice["value"], 2 * once["value"], check_names=False)
    pd.testing.assert_series_equal(twice["cost"], 2 * once["cost"], check_names=False)


@QUICK
@given(TIME)
def test_projects_add_up_to_the_account(rows):
    rated = hourly_rates(entries(rows), card(), "bay", "GBP")
    parts = rated_by_project(rated)
    assert parts["cost"].sum() == pytest.approx((rated["hours"] * rated["cost_rate"]).sum())
    assert parts["hours"].sum() == pytest.approx(rated["hours"].sum())
