from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.contracts import (
    Retention,
    committed_revenue,
    contract_terms,
    months_between,
    recurring_revenue,
    renewal_calendar,
    retention,
)
from acctlib.missing import Missing

DAY = date(2026, 9, 30)


def contracts(*rows):
    frame = pd.DataFrame(rows, columns=["contract", "kind", "start", "end", "annual_value", "notice_days", "status"])
    frame = frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))
    return frame.astype({"annual_value": float, "notice_days": "Int64"})


FIXED = ("R1", "retainer", "2026-01-01", "2026-12-31", 240_000, 90, "active")


def test_a_fixed_term_commits_to_its_end():
    # published case "committed_revenue": 20 000 a month, ends 31 Dec 2026, 90 days' notice, as of 30 Sep 2026
    assert committed_revenue(contracts(FIXED), DAY)["committed"].tolist() == [60_000]


def test_a_rolling_contract_commits_for_its_notice():
    # by hand: 30 September and 91 days are 30 December: October, November and 30 of 31 days of December
    rolling = contracts(("R1", "retainer", "2026-01-01", None, 120_000, 91, "active"))
    row = committed_revenue(rolling, DAY).iloc[0]
    assert row["until"] == pd.Timestamp("2026-12-30")
    assert row["committed"] == pytest.approx(10_000 * (2 + 30 / 31))


def test_a_rolling_contract_without_notice_has_no_commitment():
    rolling = contracts(("R1", "retainer", "2026-01-01", None, 120_000, None, "active"))
    assert committed_revenue(rolling, DAY)["committed"].isna().all()


def test_a_signed_term_that_starts_later_counts_whole_and_an_ended_one_not():
    terms = contracts(FIXED, ("R1", "retainer", "2027-01-01", "2027-06-30", 240_000, 90, "active"))
    found = committed_revenue(terms, DAY)
    assert found["committed"].tolist() == [60_000, 120_000]
    # A running term counts from the day after, one that is yet to come from its start.
    assert found["starts"].tolist() == [pd.Timestamp(DAY) + pd.Timedelta(days=1), terms["start"].max()]
    assert committed_revenue(terms, date(2027, 6, 30)).empty


def test_a_lost_renewal_still_pays_to_its_end_and_a_lost_rolling_contract_does_not():
    lost = contracts((*FIXED[:6], "lost"), ("R2", "retainer", "2026-01-01", None, 120_000, 30, "lost"))
    assert committed_revenue(lost, DAY)["contract"].tolist() == ["R1"]


def test_an_amendment_replaces_the_running_term_without_counting_twice():
    terms = contracts(FIXED, ("R1", "retainer", "2026-11-01", "2026-12-31", 300_000, 90, "active"))
    assert contract_terms(terms)["holds_to"].tolist() == [pd.Timestamp("2026-10-31"), pd.Timestamp("2026-12-31")]
    assert committed_revenue(terms, DAY)["committed"].sum() == 20_000 + 2 * 25_000


@given(st.integers(2000, 2050), st.integers(1, 12), st.integers(1, 36))
def test_whole_months_count_as_one_each(year, month, count):
    eve = pd.Timestamp(year, month, 1) - pd.Timedelta(days=1)
    until = eve + pd.offsets.MonthEnd(count)
    assert months_between(pd.Series([eve]), pd.Series([until])).tolist() == [pytest.approx(count)]


def test_no_months_lie_before():
    assert months_between(pd.Series([pd.Timestamp("2026-09-30")]), pd.Series([pd.Timestamp("2026-01-01")])).tolist() == [0]


def test_only_retainers_and_licences_are_recurring():
    terms = contracts(FIXED, ("P1", "project", "2026-01-01", "2026-12-31", 99_000, None, "active"))
    assert recurring_revenue(terms, DAY).to_dict() == {"R1": 240_000}
    assert recurring_revenue(terms, date(2027, 1, 1)).empty


def test_retention_by_hand():
    # start 300: A 100 -> 130 (+30), B 120 -> 90 (-30), C 80 ends (-80), D 50 is new
    terms = contracts(
        ("A", "retainer", "2025-01-01", "2025-12-31", 100, None, "renewed"),
        ("A", "retainer", "2026-01-01", "2026-12-31", 130, None, "active"),
        ("B", "retainer", "2025-01-01", "2025-12-31", 120, None, "renewed"),
        ("B", "retainer", "2026-01-01", "2026-12-31", 90, None, "active"),
        ("C", "licence", "2025-01-01", "2025-12-31", 80, None, "lost"),
        ("D", "licence", "2026-03-01", "2026-12-31", 50, None, "active"),
    )
    moved = retention(terms, date(2025, 9, 30), DAY)
    assert moved == Retention(start=300, expansion=30, contraction=30, churn=80, new=50)
    assert moved.bridge()["amount"].tolist() == [300, 30, 50, -30, -80, 270]
    assert (moved.end, moved.gross, moved.net) == (270, pytest.approx(190 / 300), pytest.approx(220 / 300))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=6))
def test_gross_retention_never_exceeds_one_and_the_bridge_closes(pairs):
    rows = []
    for i, (before, after) in enumerate(pairs):
        rows.append((f"C{i}", "retainer", "2025-01-01", "2025-12-31", before, None, "renewed"))
        rows.append((f"C{i}", "retainer", "2026-01-01", "2026-12-31", after, None, "active"))
    moved = retention(contracts(*rows), date(2025, 6, 30), date(2026, 6, 30))
    assert moved.end == pytest.approx(sum(after for _, after in pairs))
    if moved.start:
        assert moved.gross <= 1
        assert moved.gross <= moved.net


def test_no_recurring_base_has_no_retention():
    moved = Retention(start=0, expansion=0, contraction=0, churn=0, new=50)
    assert moved.gross == moved.net == Missing("there was no recurring revenue at the start")


def test_a_recurring_contract_without_value_is_named():
    terms = contracts(("R9", "retainer", "2025-01-01", "2026-12-31", None, None, "active"))
    assert retention(terms, date(2025, 9, 30), DAY) == Missing(
        "there is no annual_value for R9", "add annual_value to contracts"
    )


def test_the_calendar_lists_the_last_term_by_its_notice_date():
    terms = contracts(
        ("LATE", "retainer", "2026-01-01", "2027-03-31", 1, 30, "active"),
        FIXED,
        ("OLD", "retainer", "2025-01-01", "2026-08-31", 1, 30, "lost"),
        ("FAR", "retainer", "2026-01-01", "2029-12-31", 1, 30, "active"),
        ("ROLL", "retainer", "2026-01-01", None, 1, 30, "active"),
    )
    calendar = renewal_calendar(terms, DAY)
    assert calendar["contract"].tolist() == ["R1", "LATE"]
    assert calendar["notice_by"].tolist() == [pd.Timestamp("2026-10-02"), pd.Timestamp("2027-03-01")]
    assert calendar["days_to_notice"].tolist() == [2, 152]


def test_a_passed_notice_date_is_negative():
    assert renewal_calendar(contracts(FIXED), date(2026, 10, 12))["days_to_notice"].tolist() == [-10]


def test_missing_contracts_are_passed_on():
    gone = Missing("there is no file contracts")
    assert committed_revenue(gone, DAY) == renewal_calendar(gone, DAY) == retention(gone, DAY, DAY) == gone
