"""What the brief of a meeting says: what each side owes, who attends and where they stand, what is not to be said.

It is read standing up, on one sheet: a row takes two lines at most, and what does not fit is counted.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.missing import Missing
from acctlib.periods import long_date
from acctlib.show.numerals import day
from acctlib.show.sentences import count
from acctlib.show.text import shorten

__all__ = [
    "STANDS",
    "attending",
    "dated",
    "moved_since",
    "owes",
    "stands",
    "unsaid",
    "with_kind",
    "with_wait",
]

Table = pd.DataFrame | Missing


def moved_since(met: date | Missing, since: date) -> str:
    """Return the title of what happened since the last meeting, or since a day where no meeting is recorded.

    >>> moved_since(date(2026, 9, 24), date(2026, 9, 24)), moved_since(Missing("none"), date(2026, 6, 30))
    ('Since the last meeting, 24 Sep 2026', 'Since 30 Jun 2026')
    """
    return f"Since {long_date(since)}" if isinstance(met, Missing) else f"Since the last meeting, {long_date(met)}"


def dated(title: str, day: date) -> str:
    """Return a title with the day of the meeting.

    >>> dated("Agenda", date(2026, 9, 30))
    'Agenda, 30 Sep 2026'
    """
    return f"{title}, {long_date(day)}"


def owes(side: str) -> str:
    """Return the title of what one side still has to do, in words that both sides may read.

    >>> owes("Fern & Harrow")
    'Open with Fern & Harrow'
    """
    return f"Open with {side}"


def with_wait(table: Table) -> Table:
    """Return a table whose state says by when something is due, or how long it has waited where no date is agreed.

    >>> rows = {"kind": ["decision", "renewal", "change request"], "state": ["off track", "on track", None],
    ...         "days_overdue": [19, 0, 0], "age_days": [96, None, 34],
    ...         "due": pd.to_datetime(["2026-09-11", "2026-11-01", None])}
    >>> [text.replace("\xa0", " ") for text in with_wait(pd.DataFrame(rows))["state"]]
    ['off track: 19 days late', 'on track: notice by 1 Nov 2026', 'for 34 days']
    """
    if isinstance(table, Missing):
        return table
    told = [_wait(*row) for row in table[["kind", "due", "days_overdue", "age_days"]].itertuples(index=False)]
    return table.assign(state=pd.Series(told, table.index, dtype="str"))


def _wait(kind: object, due: pd.Timestamp, late: int, age: object) -> str | None:
    if kind == "renewal":
        return f"off track: notice was {day(due)}" if late else f"on track: notice by {day(due)}"
    if pd.isna(due):
        return None if pd.isna(age) else f"for {count(int(age), 'day')}" if age else "since today"
    return f"off track: {count(int(late), 'day')} late" if late else f"on track: by {day(due)}"


def with_kind(table: Table) -> Table:
    """Return a table in which a thing that is no action, and does not say itself what it is, says so.

    A long text is cut, so that a row takes two lines of half a sheet.

    >>> rows = pd.DataFrame({"what": ["Send rates", "Second language"], "kind": ["action", "change request"]})
    >>> with_kind(rows)["what"].tolist()
    ['Send rates', 'Second language (change request)']
    """
    if isinstance(table, Missing):
        return table
    agreed = table["kind"].isna() | table["kind"].isin(["action", "decision", "recommendation", "renewal"])
    what = table["what"].map(lambda text: shorten(text, _TWO_LINES)).astype("str")
    return table.assign(what=what.where(agreed, what + " (" + table["kind"] + ")"))


_TWO_LINES = 64  # letters

#: Where a person stands, by sentiment.
STANDS = {-2: "against us", -1: "doubtful", 0: "neutral", 1: "for us", 2: "strongly for us"}


def stands(people: Table, before: Table) -> Table:
    """Return people with where they stand in words, and where they stood at the last meeting if that was elsewhere.

    Parameters
    ----------
    people : DataFrame or Missing
        name, sentiment (−2 to 2).
    before : DataFrame or Missing
        The same on the day of the last meeting.

    Examples
    --------
    >>> now, then = (pd.DataFrame({"name": ["Ama"], "sentiment": [felt]}) for felt in (-1, 0))
    >>> stands(now, then)["sentiment"].tolist()
    ['off track: doubtful, was neutral']
    """
    if isinstance(people, Missing):
        return people
    unknown = isinstance(before, Missing) or "sentiment" not in before.columns
    was = {} if unknown else before.drop_duplicates("name", keep="last").set_index("name")["sentiment"].dropna().to_dict()
    told = []
    for name, felt in zip(people["name"], people["sentiment"], strict=True):
        if pd.isna(felt):
            told.append(None)
            continue
        then = was.get(name, felt)
        moved = f", was {STANDS[int(then)]}" if then != felt else ""
        told.append(f"{'off track: ' if felt < 0 else ''}{STANDS[int(felt)]}{moved}")
    return people.assign(sentiment=pd.Series(told, people.index, dtype="str"))


def attending(people: Table) -> str:
    """Return whether those listed are the ones the director named, as a caption; empty where they are.

    >>> attending(pd.DataFrame({"name": ["Ama"], "invited": [False]}))
    'Nobody of the client is named under Attendees; these are the most influential.'
    """
    named = isinstance(people, Missing) or people["invited"].any()
    return "" if named else "Nobody of the client is named under Attendees; these are the most influential."


def unsaid(rows: Table) -> list[str]:
    """Return what must not be said as a list, one subject a line.

    >>> unsaid(pd.DataFrame({"subject": ["Money", "People", "People"], "what": ["our cost", "Ama", "Ben"]}))
    ['- **Money:** our cost', '- **People:** Ama; Ben']
    """
    if isinstance(rows, Missing):
        return []
    subjects = rows.groupby("subject", sort=False)["what"]
    return [f"- **{subject}:** {'; '.join([*what[:_SAID], *_rest(what)])}" for subject, what in subjects]


_SAID = 3  # things of one subject that are named; the others are counted


def _rest(what: pd.Series) -> list[str]:
    return [f"and {len(what) - _SAID} more"] if len(what) > _SAID else []
