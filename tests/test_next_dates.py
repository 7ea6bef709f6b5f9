"""The next days of an account, from every table that has some."""

from datetime import date

import pandas as pd

from acctlib.measures.next_dates import next_dates
from acctlib.missing import Missing

DAY, NONE = date(2026, 9, 30), Missing("not kept")


def dated(**columns):
    table = pd.DataFrame(columns)
    return table.assign(**{n: pd.to_datetime(table[n]) for n in columns if n in
                           ("end", "notice_by", "due", "original_due", "submitted", "close_date")})  # fmt: skip


RENEWALS = dated(contract=["R1", "R2", "R3"], end=["2026-12-31", "2026-10-20", "2026-11-15"],
                 notice_by=["2026-10-02", "2026-09-01", None])  # fmt: skip
DELIVERABLES = dated(deliverable=["Beta", "Plan", "Late"], original_due=["2026-10-05", "2026-10-01", "2026-09-01"],
                     due=[None, "2026-10-09", None], submitted=[None, "2026-09-29", None])  # fmt: skip
DEALS = dated(opportunity=["Site", "Old"], close_date=["2026-10-05", "2026-10-04"], status=["open", "lost"])
ACTIONS = dated(action=["Send rates", "Done"], due=["2026-09-30", "2026-10-03"], status=["open", "done"])


def test_days_ahead_come_in_order_and_settled_things_are_gone():
    table = next_dates(RENEWALS, DELIVERABLES, DEALS, ACTIONS, DAY)
    assert table[["what", "thing"]].values.tolist() == [
        ["notice", "R1"], ["decision of a deal", "Site"], ["deliverable", "Beta"], ["end of term", "R2"], ["end of term", "R3"],
    ]  # fmt: skip
    assert table["on"].is_monotonic_increasing
    assert len(next_dates(RENEWALS, DELIVERABLES, DEALS, ACTIONS, DAY, most=2)) == 2


def test_an_action_due_today_is_not_ahead_and_without_tables_there_is_a_reason():
    assert (
        next_dates(NONE, NONE, NONE, ACTIONS, DAY)
        == next_dates(NONE, NONE, NONE, NONE, DAY)
        == Missing("nothing is dated ahead")
    )


def test_a_notice_is_not_pushed_out_by_small_actions_and_an_overdue_decision_is_named():
    many = dated(action=[f"A{i}" for i in range(9)], due=["2026-10-01"] * 9, status=["open"] * 9)
    late = dated(opportunity=["Slow"], close_date=["2026-06-01"], status=["open"])
    table = next_dates(RENEWALS, NONE, late, many, DAY, most=5)
    assert table[["what", "thing"]].values.tolist()[0] == ["decision of a deal, overdue", "Slow"]
    assert {"R1", "R2", "R3"} <= set(table["thing"])
    assert len(table) == 5
