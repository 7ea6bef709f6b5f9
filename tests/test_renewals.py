from datetime import date

import pandas as pd
import pytest

from acctlib.measures.renewals import renewal_flags, renewal_signal, renewals
from acctlib.missing import Missing
from acctlib.periods import Quarter

DAY = date(2026, 9, 30)
THIRD = Quarter(2026, 3)
NONE = Missing("not kept")


def flag(name, **tables):
    given = dict.fromkeys(("contracts", "stakeholders", "invoices", "issues", "survey_summary"), NONE) | tables
    flags = renewal_flags(THIRD, DAY, **given).set_index("flag")
    return flags.loc[name, "raised"], flags.loc[name, "why"]


def contract(**changes):
    row = {
        "contract": ["R1"],
        "kind": ["retainer"],
        "start": pd.to_datetime(["2026-01-01"]),
        "end": pd.to_datetime(["2027-01-31"]),
        "notice_days": [60],
        "status": ["active"],
        "auto_renew": [False],
    }
    return pd.DataFrame(row | changes)


@pytest.mark.parametrize(
    ("changes", "raised", "why"),
    [
        ({}, True, "notice on R1 is due in 63 days"),
        ({"notice_days": [150]}, True, "R1 ends in 123 days"),
        ({"notice_days": [30]}, False, "no notice date within 90 days, apart from terms that renew by themselves"),
        ({"auto_renew": [True]}, False, "no notice date within 90 days, apart from terms that renew by themselves"),
        ({"status": ["renewed"]}, False, "no notice date within 90 days, apart from terms that renew by themselves"),
        (
            {"kind": ["project"]},
            False,
            "no notice date within 90 days, apart from terms that renew by themselves",
        ),  # projects end by design
    ],
)
def test_the_notice_window(changes, raised, why):
    assert flag("notice window", contracts=contract(**changes)) == (raised, why)


def bills(*rows):
    frame = pd.DataFrame(rows, columns=["issued", "due", "amount"])
    return frame.assign(issued=pd.to_datetime(frame["issued"]), due=pd.to_datetime(frame["due"]), invoice="1", paid=0.0)


def test_money_more_than_thirty_days_overdue():
    assert flag("overdue", invoices=bills(("2026-07-01", "2026-08-30", 10))) == (True, "1 invoice is more than 30 days overdue")
    assert flag("overdue", invoices=bills(("2026-07-01", "2026-08-31", 10)))[0] == False  # noqa: E712


@pytest.mark.parametrize(
    ("lately", "raised", "why"),
    [
        (89, True, "fees billed in the last half-year are down 11 % on the one before"),
        (90, False, "fees billed in the last half-year are down 10 % on the one before"),
        (140, False, "fees billed in the last half-year are up 40 % on the one before"),
    ],
)
def test_falling_spend(lately, raised, why):
    paid = bills(("2025-11-01", "2025-11-30", 100), ("2026-05-01", "2026-05-30", lately))
    assert flag("falling spend", invoices=paid) == (raised, why)


def test_spend_without_a_half_year_before_is_not_known():
    raised, why = flag("falling spend", invoices=bills(("2026-05-01", "2026-05-30", 100)))
    assert pd.isna(raised)
    assert why == "nothing was billed in the half-year before the last one"


@pytest.mark.parametrize(("last", "raised"), [("2026-08-31", False), ("2026-08-30", True)])
def test_silence_of_more_than_thirty_days(last, raised):
    assert flag("silence", stakeholders=pd.DataFrame({"name": ["Ama"], "last_contact": pd.to_datetime([last])}))[0] == raised


@pytest.mark.parametrize(
    ("severity", "escalated", "raised"),
    [("critical", False, True), ("high", True, True), ("high", False, False), ("low", True, False)],
)
def test_severe_escalations(severity, escalated, raised):
    issues = pd.DataFrame(
        {
            "issue": ["1"],
            "raised": pd.to_datetime(["2026-09-01"]),
            "severity": [severity],
            "escalated": [escalated],
            "summary": ["…"],
            "status": ["open"],
        }
    )
    assert flag("escalation", issues=issues)[0] == raised


def survey(*rows):
    return pd.DataFrame(
        rows, columns=["quarter", "kind", "invited", "answered", "promoters", "passives", "detractors", "satisfied"]
    )


def test_the_newest_score_with_enough_answers_decides():
    low, good = ("2026-Q2", "nps", 9, 6, 1, 1, 4, 0), ("2026-Q1", "nps", 9, 6, 5, 1, 0, 0)
    few = ("2026-Q3", "nps", 9, 2, 2, 0, 0, 0)
    assert flag("low score", survey_summary=survey(good, low, few)) == (True, "NPS is low")
    assert flag("low score", survey_summary=survey(good))[0] == False  # noqa: E712
    assert pd.isna(flag("low score", survey_summary=survey(few))[0])


def test_two_low_scores_are_named_together():
    rows = survey(("2026-Q2", "nps", 9, 6, 1, 1, 4, 0), ("2026-Q2", "csat", 9, 6, 0, 0, 0, 2))
    assert flag("low score", survey_summary=rows) == (True, "NPS and CSAT are low")


def test_a_flag_whose_table_is_not_kept_is_not_known():
    flags = renewal_flags(THIRD, DAY, NONE, NONE, NONE, NONE, NONE)
    assert len(flags) == 7
    assert flags["raised"].isna().all()
    assert set(flags["why"]) == {"not kept"}


@pytest.mark.parametrize(
    ("raised", "signal"),
    [([0, 0, 0, 0], "secure"), ([1, 0, 0, 0], "watch"), ([1, 1, 0, 0], "watch"), ([1, 1, 1, 0], "at risk")],
)
def test_the_signal_counts_the_flags(raised, signal):
    flags = pd.DataFrame({"flag": list("abcd"), "raised": pd.array(raised, dtype="boolean")})
    assert renewal_signal(flags) == signal


def test_too_few_known_flags_give_no_signal():
    flags = pd.DataFrame({"flag": list("abcd"), "raised": pd.array([True, True, True, None], dtype="boolean")})
    assert renewal_signal(flags) == Missing("only 3 renewal flags are known, 4 are needed")


@pytest.mark.parametrize(
    ("signal", "disagree"),
    [
        ("at risk", [True, True, False, False, None]),
        ("watch", [False, False, False, False, None]),
        ("secure", [False, False, True, True, None]),
    ],
)
def test_call_and_signal_are_kept_apart_and_compared(signal, disagree):
    calls = pd.DataFrame({"contract": list("abcde"), "renewal_call": ["commit", "likely", "doubtful", "lost", None]})
    table = renewals(calls, signal)
    assert [None if pd.isna(d) else bool(d) for d in table["disagree"]] == disagree
    assert table["renewal_call"].tolist()[:4] == ["commit", "likely", "doubtful", "lost"]


def test_without_a_signal_nothing_disagrees():
    table = renewals(pd.DataFrame({"contract": ["a"], "renewal_call": ["commit"]}), Missing("too few flags"))
    assert table[["signal", "disagree"]].isna().all(axis=None)
