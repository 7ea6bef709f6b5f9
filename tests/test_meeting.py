"""What to know before a meeting, by hand from small tables, and as relations that must hold whatever the tables say."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.account import Account
from acctlib.measures import meeting, receivables
from acctlib.missing import Missing
from acctlib.places import from_root

DAY, BEFORE = date(2026, 9, 30), date(2026, 9, 24)
NONE = Missing("not kept")


def typed(columns, rows, dates):
    frame = pd.DataFrame(rows, columns=columns.split())
    return frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates.split()})


ACTIONS = typed(
    "action kind agreed_on owner party due status closed_on client_visible",
    [
        ("Name a reviewer", "action", "2026-04-16", "Ama", "client", "2026-04-30", "done", "2026-04-21", True),
        ("Supply the rules", "action", "2026-07-16", "Ben", "client", "2026-08-31", "open", None, True),
        ("Book a developer", "action", "2026-09-28", "Kim", "agency", "2026-10-02", "open", None, False),
        ("Price sign-in", "action", "2026-09-24", "Lee", "agency", "2026-10-09", "open", None, True),
        ("Freeze the rules", "decision", "2026-09-24", "Ben", "client", "2026-09-29", "open", None, True),
        ("Hold new work", "decision", "2026-09-24", "Kim", "agency", None, "open", None, False),
        ("Send minutes", "action", "2026-09-24", None, None, None, "done", "2026-09-26", True),
        ("Share the plan", "action", "2026-09-24", None, None, None, "open", None, True),
    ],
    "agreed_on due closed_on",
)
DELIVERABLES = typed(
    "project deliverable original_due due submitted accepted",
    [
        ("portal", "Form", "2026-06-26", "2026-09-11", None, None),
        ("portal", "Pages", "2026-08-28", None, "2026-09-20", None),
        ("portal", "Toolkit", "2026-06-26", None, "2026-07-10", "2026-09-28"),
        ("portal", "Audit log", "2026-10-16", None, None, None),
        ("portal", "Live", "2027-01-29", None, None, None),
    ],
    "original_due due submitted accepted",
)
CHANGES = typed(
    "change project title raised fee status decided",
    [
        ("C1", "portal", "Audit log", "2026-05-19", 12600.0, "approved", "2026-09-26"),
        ("C4", "portal", "Joint policies", "2026-08-27", 24500.0, "submitted", None),
        ("C6", "portal", "Payment tests", "2026-09-23", 8900.0, "draft", None),
    ],
    "raised decided",
)


def term(contract, end, notice, status="active", auto=False, call=None):
    return (contract, "retainer", "2026-01-01", end, 82800.0, notice, auto, status, call)


def terms(*rows):
    return typed("contract kind start end annual_value notice_days auto_renew status renewal_call", rows, "start end").astype(
        {"auto_renew": "boolean"}
    )


def test_the_last_meeting_is_the_newest_day_on_which_the_client_agreed_something():
    assert meeting.last_meeting(ACTIONS, DAY) == date(2026, 9, 24)  # what was agreed on 28 September is among us
    assert meeting.last_meeting(ACTIONS, date(2026, 9, 24)) == date(2026, 7, 16)  # today's meeting is not the last one
    assert meeting.last_meeting(ACTIONS.drop(columns="client_visible"), DAY) == date(2026, 9, 28)
    assert "no earlier meeting" in meeting.last_meeting(ACTIONS, date(2026, 4, 16)).reason
    assert meeting.last_meeting(NONE, DAY) is NONE


def test_what_was_agreed_last_time_has_its_state_and_nothing_of_ours():
    agreed = meeting.agreed_last_time(ACTIONS, DAY).set_index("action")["stage"].to_dict()
    wanted = {"Freeze the rules": "overdue", "Price sign-in": "open", "Share the plan": "open", "Send minutes": "done"}
    assert agreed == wanted


def test_each_side_owes_its_actions_and_what_waits_for_it():
    owed = meeting.owed(ACTIONS, DELIVERABLES, CHANGES, DAY)
    ours, theirs = (meeting.of_side(owed, party)["what"].tolist() for party in ("agency", "client"))
    assert ours == ["Form", "Book a developer", "Price sign-in", "Hold new work", "Share the plan"]
    assert theirs == ["Supply the rules", "Freeze the rules", "Joint policies", "Pages"]
    late = owed.set_index("what")[["age_days", "days_overdue", "state"]]
    # by the calendar: 31 August to 30 September, and 26 June to 30 September
    assert late.loc["Supply the rules"].tolist() == [76, 30, "off track"]
    assert late.loc["Form"].tolist() == [96, 19, "off track"]
    assert late.loc["Joint policies"].isna().tolist() == [False, False, True]


def test_nothing_owed_is_no_row_and_no_tables_are_missing():
    assert meeting.owed(NONE, DELIVERABLES.iloc[4:], NONE, DAY).empty
    assert meeting.owed(NONE, NONE, NONE, DAY).remedy == "add the table actions"
    with pytest.raises(ValueError, match="party must be agency or client, got 'us'; write party='client'"):
        meeting.of_side(meeting.owed(ACTIONS, NONE, NONE, DAY), "us")


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
actions = st.lists(
    st.tuples(days, st.none() | days, st.sampled_from(["client", "agency", None]), st.sampled_from(["open", "done"])),
    max_size=12,
).map(
    lambda rows: typed(
        "action agreed_on due party status", [(f"action {n}", *row) for n, row in enumerate(rows)], "agreed_on due"
    ).astype({"party": "str"})
)


@settings(max_examples=40, deadline=None)
@given(actions)
def test_every_open_action_is_owed_by_one_side_and_the_overdue_come_first(table):
    owed = meeting.owed(table, NONE, NONE, DAY)
    sides = [meeting.of_side(owed, party) for party in ("agency", "client")]
    known = table[(table["status"] == "open") & (table["agreed_on"] <= pd.Timestamp(DAY))]
    assert sorted(what for side in sides for what in side["what"]) == sorted(known["action"])
    assert (owed["days_overdue"] > 0).tolist() == sorted(owed["days_overdue"] > 0, reverse=True)
    assert ((owed["days_overdue"] > 0) == (owed["due"] < pd.Timestamp(DAY))).all()


def test_decisions_are_the_clients_the_changes_and_the_renewals():
    asked = meeting.decisions_to_obtain(ACTIONS, CHANGES, terms(term("CARE", "2026-12-31", 60)), DAY)
    assert asked["what"].tolist() == ["Freeze the rules", "Renewal of CARE", "Joint policies"]
    assert asked["amount"].tolist()[1:] == [82800.0, 24500.0]
    assert asked["due"].iloc[1] == pd.Timestamp("2026-11-01")  # sixty days before the year ends
    assert asked["state"].iloc[0] == "off track"


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        (term("A", "2027-03-29", 90), 1),  # notice on 29 December, 90 days from now
        (term("A", "2027-03-30", 90), 0),
        (term("A", "2026-10-31", 120), 1),  # the notice date passed, nobody has renewed
        (term("A", "2026-10-31", 120, auto=True), 0),  # it has renewed itself
        (term("A", "2026-12-31", 60, auto=True), 1),
        (term("A", "2026-12-31", 60, status="renewed"), 0),
        (term("A", "2026-12-31", 60, status="notice_given"), 0),
        (term("A", "2026-12-31", None), 0),
        (term("A", "2026-09-29", 0), 0),
    ],
)
def test_a_renewal_is_decided_on_until_its_notice_date_has_done_its_work(row, asked):
    assert len(meeting.decisions_to_obtain(NONE, NONE, terms(row), DAY)) == asked


def test_the_agenda_speaks_of_what_is_late_and_then_of_what_is_to_be_decided():
    asked = meeting.decisions_to_obtain(ACTIONS, CHANGES, NONE, DAY)
    spoken = meeting.topics(DELIVERABLES, asked, DAY)
    assert spoken["what"].tolist() == ["Form", "Freeze the rules", "Joint policies"]
    assert spoken["kind"].tolist() == ["late deliverable", "decision", "change request"]
    assert isinstance(meeting.topics(NONE, NONE, DAY), Missing)


def test_next_steps_end_after_sixty_days():
    assert meeting.coming(DELIVERABLES, DAY)["what"].tolist() == ["Audit log"]
    assert meeting.coming(DELIVERABLES, DAY, days=15)["what"].tolist() == []
    assert meeting.coming(DELIVERABLES, DAY, days=16)["what"].tolist() == ["Audit log"]


ISSUES = typed(
    "issue raised severity summary status closed client_visible",
    [
        ("I1", "2026-09-25", "high", "Figures differ", "open", None, True),
        ("I2", "2026-08-20", "low", "Test system away", "closed", "2026-09-25", True),
        ("I3", "2026-08-20", "low", "Two were ill", "open", None, False),
    ],
    "raised closed",
)
INVOICES = typed(
    "invoice issued due paid_on amount paid",
    [
        ("1", "2026-08-01", "2026-08-31", "2026-09-28", 100.0, 100.0),
        ("2", "2026-08-25", "2026-09-24", None, 100.0, 40.0),
        ("3", "2026-08-31", "2026-09-30", None, 100.0, 0.0),
        ("4", "2026-09-01", "2026-09-01", "2026-09-28", -20.0, -20.0),
    ],
    "issued due paid_on",
)


def test_what_moved_is_what_bears_a_date_after_the_last_meeting():
    moved = meeting.events(ACTIONS, DELIVERABLES, CHANGES, ISSUES, INVOICES, BEFORE, DAY)
    told = [(f"{row.date:%d}", row.what, row.stage) for row in moved.itertuples()]
    assert told == [
        ("28", "Invoice 1", "paid"),
        ("28", "Toolkit", "accepted"),
        ("26", "Send minutes", "done"),
        ("26", "Audit log", "change approved"),
        ("25", "Figures differ", "high issue"),
        ("25", "Invoice 2", "overdue"),
        ("25", "Test system away", "issue resolved"),
    ]
    assert moved["state"].tolist()[4:] == ["off track", "off track", "on track"]


def test_a_date_is_missed_on_the_day_after_it():
    def missed(day):
        return (
            meeting.events(NONE, DELIVERABLES, NONE, NONE, NONE, date(2026, 9, 1), day)["stage"].tolist().count("date missed")
        )

    assert [missed(date(2026, 9, 11)), missed(date(2026, 9, 12))] == [0, 1]


def test_nothing_moves_within_a_day_and_days_come_in_order():
    assert meeting.events(ACTIONS, DELIVERABLES, CHANGES, ISSUES, INVOICES, DAY, DAY).empty
    assert isinstance(meeting.events(NONE, NONE, NONE, NONE, NONE, BEFORE, DAY), Missing)
    with pytest.raises(ValueError, match="since must not be after as_of, got 2026-09-30 and 2026-09-24; exchange the two"):
        meeting.events(ACTIONS, NONE, NONE, NONE, NONE, DAY, BEFORE)


@settings(max_examples=25, deadline=None)
@given(days, days, days)
def test_what_moved_in_two_spans_is_what_moved_in_both_together(a, b, c):
    first, middle, last = sorted([a, b, c])
    tables = ACTIONS, DELIVERABLES, CHANGES.iloc[:2], ISSUES, NONE
    spans = [len(meeting.events(*tables, *span)) for span in ((first, middle), (middle, last), (first, last))]
    # a date missed by the middle day may have been met by the last one; nothing else is forgotten
    assert spans[0] + spans[1] >= spans[2]
    assert spans[2] >= spans[1]


PEOPLE = pd.DataFrame(
    {
        "name": ["Ama Boye", "Ben Ash", "Cat Ash", "Dr Dan Orr"],
        "influence": [3, 5, 4, 1],
        "sentiment": pd.array([1, -1, None, -2], dtype="Int64"),
    }
)


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ("Ama Boye and Ben  Ash", ["Ben Ash", "Ama Boye"]),
        ("BOYE; orr", ["Ama Boye", "Dr Dan Orr"]),
        ("Ms Ash", ["Ben Ash", "Cat Ash"]),  # two are called so, so nobody is named: the two most influential
        ("Boyega", ["Ben Ash", "Cat Ash"]),
        (NONE, ["Ben Ash", "Cat Ash"]),
    ],
)
def test_those_attend_whom_the_director_named_else_the_most_influential(words, who):
    people = meeting.attendees(PEOPLE, words, DAY, most=2)
    assert people["name"].tolist() == who
    assert people["invited"].tolist() == [who != ["Ben Ash", "Cat Ash"]] * 2


def test_what_is_ours_is_not_to_be_said_and_what_the_client_knows_may_be():
    risks = pd.DataFrame(
        {
            "risk": ["R1", "R2", "R3"],
            "description": ["If Kim leaves", "If texts are late", "If it rained"],
            "status": ["open", "open", "closed"],
            "client_visible": [False, True, False],
        }
    )
    contracts = terms(term("CARE", "2026-12-31", 60, call="doubtful"))
    unsaid = meeting.not_to_say(ACTIONS, risks, ISSUES, CHANGES, contracts, PEOPLE, INVOICES, DAY)
    assert unsaid.groupby("subject", sort=False)["what"].agg(list).to_dict() == {
        "Money": [meeting.NEVER],
        "Our call on renewals": ["CARE: doubtful"],
        "Where people stand": ["Ben Ash: −1", "Dr Dan Orr: −2"],
        "Risks": ["If Kim leaves"],
        "Issues": ["Two were ill"],
        "Plans of ours": ["Book a developer", "Hold new work"],
        "Drafts of changes": ["Payment tests"],
        "Invoices in dispute": ["2, paid in part"],
    }


def test_cost_and_margin_are_never_said_whatever_is_kept():
    assert meeting.not_to_say(NONE, NONE, NONE, NONE, NONE, NONE, NONE, DAY)["what"].tolist() == [meeting.NEVER]


def test_a_register_that_never_says_what_the_client_may_see_is_all_ours():
    risks = pd.DataFrame({"risk": ["R1"], "description": ["If Kim leaves"]})
    assert "If Kim leaves" in meeting.not_to_say(NONE, risks, NONE, NONE, NONE, NONE, NONE, DAY)["what"].tolist()


def test_no_money_is_overdue_where_no_invoice_is():
    assert meeting.amount_overdue(receivables.overdue(INVOICES, DAY)) == 60.0
    assert meeting.amount_overdue(receivables.overdue(INVOICES, date(2026, 8, 2))) == 0.0
    assert meeting.amount_overdue(NONE) is NONE


def test_between_two_quarters_the_day_counts_and_not_the_periods_end():
    view = Account.read("sorrel-health", "2026-Q2", "2026-09-14", "internal", from_root("data"))
    last = meeting.last_meeting(view.actions, view.as_of)
    moved = meeting.events(view.actions, view.deliverables, view.change_requests, view.issues, view.invoices, last, view.as_of)
    assert (last, moved["date"].max().date()) == (date(2026, 7, 28), date(2026, 9, 10))
    assert view.on(last).as_of == last
    assert view.on(date(2026, 12, 1)).as_of == view.as_of  # never later than what the report may know
    # in August it was not yet known that the invoice of June would be paid on 10 September
    assert view.on(date(2026, 8, 1)).invoices["paid_on"].max() < pd.Timestamp("2026-08-01")
