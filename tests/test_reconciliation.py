"""Where two records of the same money disagree."""

from datetime import date

import pandas as pd
import pytest

from acctlib.measures.reconciliation import disagreements
from acctlib.missing import Missing

NONE, DAY = Missing("not kept"), date(2026, 9, 30)


def scope(billing_type="fixed_fee", value=40e3, status="active"):
    return pd.DataFrame(
        {
            "project": ["p"],
            "name": ["P"],
            "billing_type": [billing_type],
            "contract_value": [value],
            "status": [status],
            "end": pd.to_datetime(["2026-08-31"]),
        }
    )


def bills(*rows):
    table = pd.DataFrame(rows, columns=["project", "issued", "amount", "pass_through"])
    return table.assign(issued=pd.to_datetime(table["issued"]))


def hours(*rows):
    table = pd.DataFrame(rows, columns=["date", "project", "hours", "billable", "bill_rate"])
    return table.assign(date=pd.to_datetime(table["date"]))


def found(projects, time=NONE, invoices=NONE, changes=NONE, expenses=NONE):
    table = disagreements(projects, time, invoices, changes, expenses, DAY)
    return table if isinstance(table, Missing) else table[["what", "here", "there", "rows"]].values.tolist()


AGREE = Missing("the records agree")


def test_a_contract_may_be_invoiced_in_full_and_not_beyond():
    assert found(scope(), invoices=bills(("p", "2026-08-01", 40e3, 0))) == AGREE
    assert found(scope(), invoices=bills(("p", "2026-08-01", 40e3, 0), ("p", "2026-10-01", 9e3, 0))) == AGREE
    assert found(scope(), invoices=bills(("p", "2026-08-01", 40e3, 0), ("p", "2026-09-01", 2e3, 0))) == [
        ["invoiced beyond the contract value", 42e3, 40e3, "2 invoices"]
    ]


def test_pass_through_is_no_fee():
    bought = pd.DataFrame({"project": ["p"], "date": pd.to_datetime(["2026-08-01"]), "charged": [5e3]})
    assert found(scope(), invoices=bills(("p", "2026-08-01", 45e3, 5e3)), expenses=bought) == AGREE


def test_time_and_materials_is_hours_at_their_rates():
    time = hours(("2026-08-03", "p", 8, True, 100), ("2026-08-04", "p", 2, False, 100), ("2026-10-04", "p", 8, True, 100))
    form = scope("time_and_materials", None)
    assert found(form, time, bills(("p", "2026-09-01", 800, 0))) == AGREE
    assert found(form, time, bills(("p", "2026-09-01", 700, 0))) == [
        ["hours at their rates, and fees invoiced", 800, 700, "1 time entry, 1 invoice"]
    ]
    assert found(form, time) == AGREE  # the invoices are not known, which is not the same as none
    assert found(form, time, bills(("q", "2026-09-01", 5, 0))) == [
        ["hours at their rates, and fees invoiced", 800, 0, "1 time entry, 0 invoices"]
    ]


def test_hours_without_a_rate_are_not_compared():
    assert found(scope("time_and_materials", None), hours(("2026-08-03", "p", 8, True, None))) == AGREE


def test_expenses_charged_are_the_pass_through_invoiced():
    bought = pd.DataFrame({"project": "p", "date": pd.to_datetime(["2026-08-01", "2026-08-02"]), "charged": [500.0, None]})
    assert found(scope(), invoices=bills(("p", "2026-08-31", 1500, 450)), expenses=bought) == [
        ["expenses charged, and pass-through invoiced", 500, 450, "1 expense"]
    ]
    assert found(scope(), invoices=bills(("p", "2026-08-31", 1500, 450))) == [
        ["expenses charged, and pass-through invoiced", 0, 450, "0 expenses"]
    ]


def test_an_approved_change_without_a_fee_is_named_and_a_pending_one_is_not():
    changes = pd.DataFrame(
        {
            "project": "p",
            "raised": pd.to_datetime(["2026-08-01"] * 3),
            "status": ["approved", "submitted", "approved"],
            "fee": [None, None, 5e3],
            "hours": 8.0,
            "decided": pd.to_datetime(["2026-08-05", None, "2026-08-05"]),
        }
    )
    assert found(scope(), changes=changes) == [["approved changes without a fee", 0, 0, "1 change request"]]


@pytest.mark.parametrize(("status", "end"), [("closed", "the end of a closed project"), ("active", "the agreed end")])
def test_billable_time_after_the_end_of_a_project_is_named(status, end):
    time = hours(("2026-08-31", "p", 8, True, 100), ("2026-09-01", "p", 3, True, 100), ("2026-09-02", "p", 1, False, 100))
    lines = found(scope(status=status), time)
    assert lines == [[f"billable time after {end}", 300, 0, "1 time entry"]]


def test_an_invoice_of_the_whole_account_disagrees_with_nothing_and_the_largest_difference_comes_first():
    invoices = bills((None, "2026-08-01", 900, 0), ("p", "2026-08-01", 60e3, 0))
    time = hours(("2026-09-01", "p", 3, True, 100))
    assert found(scope(status="closed"), time, invoices) == [
        ["invoiced beyond the contract value", 60e3, 40e3, "1 invoice"],
        ["billable time after the end of a closed project", 300, 0, "1 time entry"],
    ]
