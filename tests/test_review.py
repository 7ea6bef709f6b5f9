"""The second review of the demo account: what changed, and how the first one's forecast came out."""

from __future__ import annotations

import pytest
from conftest import run_command

from acctlib.account import Account
from acctlib.measures import budget, receivables
from acctlib.run.results import read_results

ACCOUNT = "kestrel-mutual"


def test_a_second_review_shows_what_changed(demo_workbook, tmp_path):
    out = tmp_path / "out"
    for period in ("2027-Q1", "2027-Q2"):
        made = run_command(
            "acctlib", "run", ACCOUNT, "--audience", "client", "--notebook", "quarterly_business_review", "--period", period,
            "--out", out, cwd=demo_workbook,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
    first, second = (
        read_results(out / "client" / ACCOUNT / period / "quarterly_business_review.json") for period in ("2027-Q1", "2027-Q2")
    )
    page = (out / "client" / ACCOUNT / "2027-Q2" / "quarterly_business_review.html").read_text(encoding="utf-8")
    assert "What moved since the last report, as of 30 Jun 2026 (2027-Q1)" in page
    view = Account.read(ACCOUNT, "2027-Q2")
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    for said, quarter in ((first, view.period.previous), (second, view.period)):
        own = invoices[invoices["issued"].between(str(quarter.start), str(quarter.end))]
        assert said["figures"]["invoiced_in_period"]["value"] == pytest.approx((own["amount"]).sum())
    # The forecast of the first review is due at the end of the second quarter, and is scored there.
    expected = first["figures"]["hours_forecast"]
    assert expected["due"] == "2026-09-30"
    worked = view.time_entries[view.time_entries["billable"] & view.time_entries["project"].isin(
        first["figures"]["hours_forecast_projects"]["value"].split("; "))]["hours"].sum()  # fmt: skip
    held = expected["quantiles"]["0.1"] <= worked <= expected["quantiles"]["0.9"]
    assert ("Our last range held" if held else "Our last range did not hold") in page


def test_scope_of_the_second_review_counts_what_was_approved_between():
    view = Account.read(ACCOUNT, "2027-Q2")
    before, now = (
        budget.approved_scope(view.projects, view.change_requests, day) for day in (view.period.previous.end, view.as_of)
    )
    decided = view.change_requests[(view.change_requests["status"] == "approved")]
    between = decided[decided["decided"].between(str(view.period.start), str(view.as_of))]
    assert now["fee"].sum() - before["fee"].sum() == pytest.approx(between["fee"].sum())
