"""What the pages say of the delivery: deliverables, changes to the scope and issues, as titles, captions and text alternatives.

A text alternative that repeats the title helps nobody, and one that lists every point helps nobody either. It says the
figures a reader would take away.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import day, number, percent
from acctlib.show.sentences import count, listed, met, nothing_in

__all__ = [
    "asked_for",
    "deliverables",
    "on_time",
    "others",
    "overdue",
    "quality",
    "raised_issues",
    "scope_moved",
    "waiting",
    "with_stage",
]

Table = pd.DataFrame | Missing
_NONE = Missing("there is none")


def waiting(changes: Table) -> str:
    """Return how many change requests wait for a decision.

    >>> waiting(pd.DataFrame({"change": ["C4", "C5"]})), waiting(Missing("not recorded"))
    ('2 change requests wait for a decision', 'Change requests that wait for a decision')
    """
    if isinstance(changes, Missing):
        return "Change requests that wait for a decision"
    if changes.empty:
        return "No change request waits for a decision"
    return f"{count(len(changes), 'change request')} {'waits' if len(changes) == 1 else 'wait'} for a decision"


def deliverables(milestones: Table) -> str:
    """Return how the deliverables stand, in words.

    >>> plan = pd.DataFrame({"deliverable": ["Form"], "stage": ["overdue"], "due": [pd.Timestamp("2026-09-11")]})
    >>> deliverables(plan)
    '1 deliverable: 1 overdue. Overdue: Form (11\\xa0Sep\\xa02026).'
    """
    if nothing_in(milestones):
        return "No deliverable to show."
    stages = milestones["stage"].value_counts(sort=False)
    parts = ", ".join(
        f"{stages[stage]} {stage}" for stage in ("accepted", "with the client", "overdue", "planned") if stage in stages
    )
    late = overdue(milestones)
    named = [f"{name} ({day(due)})" for name, due in zip(late["deliverable"], late["due"], strict=True)]
    tail = f" Overdue: {listed(named)}." if named else ""
    return f"{count(len(milestones), 'deliverable')}: {parts}.{tail}"


def overdue(milestones: Table) -> pd.DataFrame:
    """Return the deliverables that are past their date and not there; no row where no deliverable is recorded.

    >>> len(overdue(pd.DataFrame({"stage": ["overdue", "accepted"]}))), len(overdue(Missing("not recorded")))
    (1, 0)
    """
    return pd.DataFrame() if isinstance(milestones, Missing) else milestones[milestones["stage"] == "overdue"]


def others(near: Table, shown: Table) -> str:
    """Return how many deliverables a page has no room for and whether one of them is late, as the end of a caption.

    >>> near = pd.DataFrame({"days_late": [9, 3, 0, None]})
    >>> others(near, near.head(2)), others(near, near.head(1)), others(near, near)
    ('And 2 more, all in time.', 'And 3 more, 1 of them late.', '')
    """
    if nothing_in(near) or isinstance(shown, Missing) or len(shown) >= len(near):
        return ""
    late = [int((table["days_late"].fillna(0) > 0).sum()) for table in (near, shown)]
    tail = f"{late[0] - late[1]:,} of them late" if late[0] > late[1] else "all in time"
    return f"And {len(near) - len(shown):,} more, {tail}."


def on_time(share: object, milestones: Table = _NONE) -> str:
    """Return how many deliverables of the quarter came on the agreed date, and how many have not come that should have.

    >>> late = pd.DataFrame({"stage": ["overdue", "accepted"]})
    >>> on_time(Missing("nothing was delivered"), late), on_time(Missing("nothing was delivered"))
    ('1 deliverable is overdue', 'What was promised, and when it came')
    """
    late = len(overdue(milestones))
    are = "is" if late == 1 else "are"
    if isinstance(share, Missing):
        return f"{count(late, 'deliverable')} {are} overdue" if late else "What was promised, and when it came"
    came = met(share.count, share.n, "deliverable", "came on the agreed date")
    return f"{came}; {late} {are} overdue" if late else came


def with_stage(table: Table) -> Table:
    """Return a table whose state says the stage in words behind the state's symbol and colour: "overdue" in red.

    >>> with_stage(pd.DataFrame({"stage": ["overdue", "done"], "state": ["off track", None]}))["state"].tolist()
    ['off track: overdue', 'done']
    """
    if isinstance(table, Missing):
        return table
    told = table["state"] + ": " + table["stage"]
    return table.assign(state=told.where(table["state"].notna(), table["stage"]))


def quality(accepted: Any) -> str:
    """Return how the quarter's deliverables were received, as the beginning of a caption.

    >>> quality(Missing("nothing was submitted"))
    ''
    """
    return "" if isinstance(accepted, Missing) else f"Accepted at first submission: {accepted}."


def asked_for(changes: Any, rate: float | Missing) -> str:
    """Return what was asked for in the quarter beyond the contract and what became of it, as a caption.

    >>> asked_for(Missing("no change"), Missing("no change"))
    ''
    """
    if isinstance(changes, Missing):
        return ""
    pace = "" if isinstance(rate, Missing) else f" ({number(rate, 1)} for each month a project ran)"
    said = [f"In the quarter: {changes.raised} raised{pace}"]
    if decided := changes.approved + changes.rejected:
        said.append(f"{changes.approved} of {decided} decided {'was' if changes.approved == 1 else 'were'} approved")
        said.append(f"a decision took {count(round(changes.days_to_decide), 'day')} (median)")
    return ", ".join(said) + "."


def scope_moved(creep: Table) -> str:
    """Return how far approved changes moved the contracts that had any, all together.

    >>> scope_moved(pd.DataFrame({"original": [40e3, 60e3], "approved_changes": [5e3, 0.0]}))
    'Approved changes add 5\xa0% to the contracts they belong to'
    >>> scope_moved(pd.DataFrame({"original": [40e3], "approved_changes": [0.0]}))
    'No change to the scope is approved'
    """
    if nothing_in(creep):
        return "Changes to the scope"
    known = creep.dropna(subset=["original"])
    whole, moved = known["original"].sum(), known["approved_changes"].sum()
    if not whole > 0:
        return "Changes to the scope"
    if (known["approved_changes"] == 0).all():
        return "No change to the scope is approved"
    add, to = ("add", "to") if moved >= 0 else ("take", "from")
    return f"Approved changes {add} {percent(abs(moved) / whole, 0)} {to} the contracts they belong to"


def raised_issues(by_severity: Table, answered: object = _NONE) -> str:
    """Return what was raised in the quarter by severity, the worst first, and how many were answered in time, as a caption.

    >>> raised_issues(pd.DataFrame({"severity": ["critical", "high"], "raised": [0, 2], "closed": [0, 1]}))
    'Raised in the quarter: 2 high. Closed: 1.'
    """
    if nothing_in(by_severity):
        return ""
    raised = [f"{n} {word}" for word, n in zip(by_severity["severity"], by_severity["raised"], strict=True) if n]
    in_time = "" if isinstance(answered, Missing) else f" Answered within the days promised: {answered}."
    return f"Raised in the quarter: {', '.join(raised) or 'none'}. Closed: {by_severity['closed'].sum()}.{in_time}"
