"""What to invoice now, by form of contract."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acctlib.measures.billing import to_invoice
from acctlib.missing import Missing

NONE, DAY = Missing("not kept"), date(2026, 9, 30)


def earned(billing_type="time_and_materials", amount=9000.0):
    return pd.DataFrame({"project": ["p"], "name": ["P"], "billing_type": [billing_type], "recognised": [amount]})


def bills(*rows):
    table = pd.DataFrame(rows, columns=["project", "issued", "amount", "pass_through"])
    return table.assign(issued=pd.to_datetime(table["issued"]))


def lines(*arguments):
    return to_invoice(*arguments, DAY)[["what", "billable", "billed", "amount"]].values.tolist()


@pytest.mark.parametrize(
    ("form", "what"), [("time_and_materials", "hours worked"), ("capped", "hours worked"), ("retainer", "retainer")]
)
def test_what_is_earned_and_not_invoiced_is_to_be_invoiced(form, what):
    invoices = bills(("p", "2026-08-01", 5000, 0), ("p", "2026-10-01", 4000, 0), ("other", "2026-08-01", 4000, 0))
    assert lines(earned(form), NONE, NONE, invoices) == [[what, 9000, 5000, 4000]]


def test_a_fixed_fee_is_billed_by_what_was_accepted_and_not_by_what_is_earned():
    milestones = pd.DataFrame(
        {
            "project": "p",
            "amount": [2000.0, 3000.0, 4000.0],
            "accepted": pd.to_datetime(["2026-07-01", "2026-09-30", "2026-10-01"]),
        }
    )
    assert lines(earned("fixed_fee"), milestones, NONE, bills(("p", "2026-07-05", 2000, 0))) == [
        ["milestones accepted", 5000, 2000, 3000]
    ]


def test_a_fixed_fee_without_milestones_says_nothing():
    assert to_invoice(earned("fixed_fee"), NONE, NONE, bills(), DAY) == Missing("nothing is to be invoiced")


def test_without_knowing_the_invoices_nothing_is_said_to_be_left():
    unknown = Missing("there is no average rate from CHF to GBP for 2026-08-05")
    assert to_invoice(earned("time_and_materials"), NONE, NONE, unknown, DAY) == unknown


def test_expenses_are_billed_as_charged_and_apart_from_fees():
    bought = pd.DataFrame({"project": "p", "date": pd.to_datetime(["2026-08-01", "2026-10-01"]), "charged": [700.0, 50.0]})
    invoices = bills(("p", "2026-08-31", 9400, 400))
    assert lines(earned(), NONE, bought, invoices) == [["expenses", 700, 400, 300]]


def test_an_invoice_taken_back_whole_may_be_sent_again_and_a_granted_reduction_may_not():
    sent = ("p", "2026-08-01", 9000, 0)
    back = ("p", "2026-09-01", -9000, 0)
    assert lines(earned(), NONE, NONE, bills(sent, back))[0][-1] == 9000
    # one invoice is taken back once: the second note of the same amount is a reduction
    assert lines(earned(), NONE, NONE, bills(sent, back, back))[0][-1] == 9000
    assert isinstance(to_invoice(earned(), NONE, NONE, bills(sent, ("p", "2026-09-01", -1000, 0)), DAY), Missing)


def test_what_was_invoiced_ahead_or_is_not_known_is_not_there():
    assert isinstance(to_invoice(earned(), NONE, NONE, bills(("p", "2026-08-01", 9500, 0)), DAY), Missing)
    assert isinstance(to_invoice(earned(amount=np.nan), NONE, NONE, NONE, DAY), Missing)
    assert to_invoice(NONE, NONE, NONE, NONE, DAY) is NONE
