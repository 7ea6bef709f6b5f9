"""Sentences that depend on data: what a title or a lead says, chosen from the figures.

A title states the message ("Fee used runs 8 % ahead of plan"), so it cannot be typed into a notebook that serves every
account. Each function here takes the figures and says no more than they hold: where one is Missing it falls back to naming
the subject, where two are as good as equal it says so, and bad news comes before good.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import percent, short_money
from acctlib.show.theme import STATES

__all__ = [
    "against_plan",
    "and_more",
    "budget_holds",
    "count",
    "in_cases",
    "lead",
    "listed",
    "met",
    "nothing_in",
    "odds",
    "used_for_work",
]

_CLOSE = 0.02  # two figures that differ by less are said to be the same: estimates do not carry more


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(0, "milestone"), count(1, "milestone"), count(3, "query", "queries")
    ('no milestone', '1 milestone', '3 queries')
    """
    return f"no {noun}" if number == 0 else f"1 {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names as a list in words, the rest counted.

    Examples
    --------
    >>> listed(["Ann", "Bo"]), listed(["Ann", "Bo", "Cy", "Di", "Ed"])
    ('Ann and Bo', 'Ann, Bo, Cy and 2 more')
    """
    names = [str(name) for name in names]
    shown = names if len(names) <= most else [*names[:most], f"{len(names) - most} more"]
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def and_more(table: pd.DataFrame | Missing, shown: int) -> str:
    """Return how many rows a table has beyond those shown, as its caption.

    >>> and_more(pd.DataFrame({"what": ["a", "b", "c"]}), 2), and_more(pd.DataFrame({"what": ["a"]}), 2)
    ('And 1 more.', '')
    """
    left = 0 if isinstance(table, Missing) else len(table) - shown
    return f"And {left} more." if left > 0 else ""


def nothing_in(table: pd.DataFrame | Missing) -> bool:
    """Tell whether a table has no rows, or is not there at all.

    >>> nothing_in(Missing("not recorded")), nothing_in(pd.DataFrame({"hours": [1.0]}))
    (True, False)
    """
    return isinstance(table, Missing) or not len(table)


def odds(chance: float | Missing) -> str:
    """Return a probability in words a reader can picture.

    Examples
    --------
    >>> odds(0.8), odds(0.14), odds(0.497), odds(0.003), odds(0.999)
    ('8 in 10', '1 in 7', 'even odds', 'fewer than 1 in 100', 'more than 99 in 100')
    >>> odds(0.93), odds(Missing("no risk was estimated"))
    ('93 in 100', 'unknown odds')
    """
    if isinstance(chance, Missing):
        return "unknown odds"
    if not 0 <= chance <= 1:
        raise ValueError(f"a chance must lie between 0 and 1, got {chance}; write 80 % as 0.8")
    if chance < 0.01 or chance > 0.99:
        return "fewer than 1 in 100" if chance < 0.01 else "more than 99 in 100"
    if abs(chance - 0.5) < 0.02:
        return "even odds"
    tenths = round(chance * 10)
    if 0 < tenths < 10 and abs(chance * 10 - tenths) < 0.1:
        return f"{tenths} in 10"
    if chance < 0.34:
        return f"1 in {round(1 / chance)}"
    return f"{round(chance * 100)} in 100"


def in_cases(chance: float) -> str:
    """Return how often something happens, as the end of a sentence.

    >>> in_cases(0.8), in_cases(0.5)
    ('in 8 in 10 cases', 'at even odds')
    """
    said = odds(chance)
    return f"at {said}" if said == "even odds" else f"in {said} cases"


def against_plan(subject: str, actual: float | Missing, plan: float | Missing) -> str:
    """Return how far a figure that grows with time is ahead of its plan or behind it.

    Parameters
    ----------
    subject : str
        What is counted, as the sentence's subject: "Fee used".
    actual, plan : float or Missing
        Both to the same date and in the same unit. Variance is actual minus plan, as a fraction of plan.

    Examples
    --------
    >>> against_plan("Fee used", 344e3, 318e3), against_plan("Hours", 100, 101), against_plan("Hours", 70, 100)
    ('Fee used runs 8\\xa0% ahead of plan', 'Hours is on plan', 'Hours runs 30\\xa0% behind plan')
    >>> against_plan("Fee used", 344e3, Missing("no plan"))
    'Fee used against plan'
    """
    if isinstance(actual, Missing) or isinstance(plan, Missing) or plan <= 0:
        return f"{subject} against plan"
    pace = _pace(actual, plan)
    return f"{subject} {'is' if pace == 'on plan' else 'runs'} {pace}"


def used_for_work(used: float | Missing, done: float | Missing, planned: float | Missing) -> str:
    """Return what was used beside what the work done was budgeted at, and beside the plan where that is not known.

    Parameters
    ----------
    used, done, planned : float or Missing
        Hours to the same date: recorded, budgeted for the work that is done, and planned by then.

    Examples
    --------
    >>> used_for_work(1024.0, 1060.5, 1103.0)
    'Hours used are 3\xa0% under the budget of the work done, which is 4\xa0% behind plan'
    >>> used_for_work(1024.0, 1020.0, 1000.0)
    'Hours used are as budgeted for the work done, which is 2\xa0% ahead of plan'
    >>> used_for_work(1024.0, Missing("no progress"), 1103.0)
    'Use of hours runs 7\xa0% behind plan'
    """
    if isinstance(used, Missing) or isinstance(done, Missing) or done <= 0:
        return against_plan("Use of hours", used, planned)
    beside, said = used / done - 1, "as budgeted for"
    if abs(beside) >= _CLOSE:
        said = f"{percent(abs(beside), digits=0)} {'over' if beside > 0 else 'under'} the budget of"
    pace = "" if isinstance(planned, Missing) or planned <= 0 else f", which is {_pace(done, planned)}"
    return f"Hours used are {said} the work done{pace}"


def _pace(actual: float, plan: float) -> str:
    ahead = actual / plan - 1
    return "on plan" if abs(ahead) < _CLOSE else f"{percent(abs(ahead), digits=0)} {'ahead of' if ahead > 0 else 'behind'} plan"


def met(done: int | Missing, due: int | Missing, noun: str, what: str) -> str:
    """Return how many of those that were due did what was agreed.

    Examples
    --------
    >>> met(2, 3, "milestone", "met the agreed date"), met(4, 4, "milestone", "met the agreed date")
    ('2 of 3 milestones met the agreed date', 'All 4 milestones met the agreed date')
    >>> met(0, 0, "milestone", "met the agreed date")
    'No milestone was due'
    """
    if isinstance(done, Missing) or isinstance(due, Missing) or due == 0:
        return f"No {noun} was due"
    if due == 1:
        return f"The one {noun} due {what}" if done else f"0 of 1 {noun} {what}"
    return f"All {due} {noun}s {what}" if done == due else f"{done} of {due} {noun}s {what}"


def budget_holds(chance: float | Missing, budget: float | Missing, currency: str) -> str:
    """Return the message of a cost curve: how often the budget holds.

    Examples
    --------
    >>> budget_holds(0.14, 400e3, "GBP")
    'The budget of £400k holds in 1 in 7 cases'
    >>> budget_holds(Missing("no budget"), Missing("no budget"), "GBP")
    'What the work may cost'
    """
    if isinstance(chance, Missing) or isinstance(budget, Missing):
        return "What the work may cost"
    return f"The budget of {short_money(budget, currency)} holds {in_cases(chance)}"


def lead(findings: Iterable[tuple[str, str]], most: int = 3) -> str:
    """Return the opening of a report: the findings that matter, bad news first, the first of them bold.

    Parameters
    ----------
    findings : iterable of (state, sentence)
        Each with one of the three states and a whole sentence. Those of one state keep their order; empty ones are left out.
    most : int
        How many are said.

    Examples
    --------
    >>> lead([("on track", "Search is ahead of target."), ("off track", "Booking needs a decision.")])
    '**Booking needs a decision.** Search is ahead of target.'
    """
    worst_first = list(STATES)[::-1]
    said = sorted((pair for pair in findings if pair[1]), key=lambda pair: worst_first.index(pair[0]))[:most]
    return " ".join(f"**{sentence}**" if i == 0 else sentence for i, (_, sentence) in enumerate(said))
