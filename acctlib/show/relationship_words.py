"""What the pages say of the relationship: health, the client's goals, the people and how satisfied they are.

A score is told with the number who answered and beside the one before; a gap with the person it is about, since a gap
without a name asks nobody to act.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import number, percent
from acctlib.show.sentences import count, listed, nothing_in

__all__ = [
    "coverage",
    "gaps",
    "goal_outlook",
    "health",
    "people",
    "satisfied",
    "scores",
]

Table = pd.DataFrame | Missing


def health(state: object, trend: Sequence[float] = ()) -> str:
    """Return the health of an account in words, with what holds it down and what it was a quarter ago.

    >>> health(Missing("only 40 % of it is measured"))
    'Health is not scored: only 40 % of it is measured'
    """
    if isinstance(state, Missing):
        return f"Health is not scored: {state.reason}"
    held = f", held down by {listed(state.capped_by)}" if state.capped_by else ""
    before = f"; a quarter ago it was {trend[-2]:.0f}" if len(trend) > 1 and trend[-2] == trend[-2] else ""
    return f"Health is {state.score} of 100, {state.state}{held}{before}"


def goal_outlook(goals: Table) -> Table:
    """Return goals whose outlook says why there is none where there is none.

    >>> goals = pd.DataFrame({"outlook": ["open", None], "basis": ["pace of 8 measurements", "it was never measured"]})
    >>> goal_outlook(goals)["outlook"].tolist()
    ['open', 'it was never measured']
    """
    return goals if isinstance(goals, Missing) else goals.assign(outlook=goals["outlook"].fillna(goals["basis"]))


def coverage(share: float | Missing, found: Table) -> str:
    """Return how much of the client's influence is in touch with us, and what the relationship lacks, as a title.

    >>> coverage(0.64, Missing("no gap"))
    '64\xa0% of the influence is in touch with us'
    """
    told = gaps(found)
    if isinstance(share, Missing):
        return told
    lacks = "" if nothing_in(found) else f"; {told[0].lower()}{told[1:]}"
    return f"{percent(share, 0)} of the influence is in touch with us{lacks}"


def gaps(found: Table) -> str:
    """Return what the relationship lacks.

    >>> gaps(pd.DataFrame({"gap": ["no champion", "against us"], "people": [None, "Piers Holloway"]}))
    'Gaps in the relationship: no champion and against us (Piers Holloway)'
    """
    if nothing_in(found):
        return "Who decides, and where they stand"
    people = found["people"] if "people" in found.columns else [None] * len(found)
    told = [gap if pd.isna(who) else f"{gap} ({who})" for gap, who in zip(found["gap"], people, strict=True)]
    return f"Gaps in the relationship: {listed(told)}"


def people(table: Table) -> str:
    """Return the text of the stakeholder grid: who decides most and where they stand.

    >>> people(pd.DataFrame({"name": ["A. Reid"], "influence": [5], "sentiment": [-1]}))
    '1 person; of influence 4 or 5: A. Reid (against us).'
    """
    if nothing_in(table):
        return "No person to show."
    strong = table[table["influence"].fillna(0) >= 4]
    words = [f"{name} ({_stance(sentiment)})" for name, sentiment in zip(strong["name"], strong["sentiment"], strict=True)]
    return f"{count(len(table), 'person', 'people')}; of influence 4 or 5: {listed(words, 5) if words else 'nobody'}."


def _stance(sentiment: float) -> str:
    if pd.isna(sentiment):
        return "no stance known"
    return "against us" if sentiment < 0 else "for us" if sentiment > 0 else "neutral"


def scores(table: Table, kind: str) -> str:
    """Return the text of satisfaction scores with their intervals; CSAT in per cent, NPS in points.

    >>> scores(pd.DataFrame({"label": ["2026-Q3"], "low": [0.53], "value": [0.875], "high": [0.98]}), "csat")
    '2026-Q3: 88\\xa0%, between 53\\xa0% and 98\\xa0%.'
    """
    if nothing_in(table):
        return "No score to show."

    def told(value: float) -> str:
        return percent(value, 0) if kind == "csat" else number(value, 0)

    known = table.dropna(subset=["value"]).to_dict("records")
    return " ".join(f"{r['label']}: {told(r['value'])}, between {told(r['low'])} and {told(r['high'])}." for r in known)


def satisfied(table: Table, kind: str) -> str:
    """Return the newest score with its quarter and the number of answers, beside the score before, as a title.

    >>> table = pd.DataFrame({"quarter": ["Q1 FY2027", "Q2 FY2027"], "value": [0.8, 0.5], "answered": [5, 6]})
    >>> satisfied(table, "csat")
    '50\xa0% of 6 answers satisfied in Q2 FY2027, 80\xa0% the quarter before'
    >>> satisfied(table.assign(value=[25.0, -37.5]), "nps")
    'Net promoter score −38 from 6 answers in Q2 FY2027, +25 the quarter before'
    """
    known = table if isinstance(table, Missing) else table.reset_index(drop=True).dropna(subset=["value"])
    if nothing_in(known):
        return "Satisfied answers" if kind == "csat" else "Net promoter score"

    def told(value: float) -> str:
        return percent(value, 0) if kind == "csat" else f"{value:+.0f}".replace("-", "−")

    last = known.iloc[-1]
    answers = count(int(last["answered"]), "answer")
    said = f"{told(last['value'])} of {answers} satisfied" if kind == "csat" else ""
    said = said or f"Net promoter score {told(last['value'])} from {answers}"
    said += f" in {last['quarter']}"
    if len(known) < 2:
        return said
    when = "the quarter before" if known.index[-2] == known.index[-1] - 1 else f"in {known['quarter'].iloc[-2]}"
    return f"{said}, {told(known['value'].iloc[-2])} {when}"
