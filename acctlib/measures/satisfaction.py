"""Satisfaction: NPS and CSAT from counts, with the range that so few answers leave open.

Net promoter score is the share of promoters (9–10) less that of detractors (0–6), from −1 to 1. Eight answers with four
promoters and one detractor score +38 points, give or take 48: a move of ten points between two such quarters is noise. Below
a set number of answers there is no score at all; fewer than that would also tell who said what.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from acctlib.measures.proportion import Proportion, normal_score
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter

__all__ = [
    "FEWEST_ANSWERS",
    "Score",
    "customer_satisfaction",
    "net_promoter_score",
    "newest_score",
    "satisfaction_by_quarter",
    "score_in",
    "scores_of",
]

FEWEST_ANSWERS = 5


@dataclass(frozen=True)
class Score:
    """A score with its interval and the number of answers behind it; fractions: +38 points are 0.38."""

    value: float
    low: float
    high: float
    n: int


def _enough(answered: int, fewest: int) -> Missing | None:
    if answered == 0:
        return Missing("nobody answered")
    if answered < fewest:
        noun = "answer is" if answered == 1 else "answers are"
        return Missing(f"{answered} {noun} too few for a score; {fewest} are needed")
    return None


def net_promoter_score(
    promoters: int, passives: int, detractors: int, confidence: float = 0.95, fewest: int = FEWEST_ANSWERS
) -> Score | Missing:
    """Return the net promoter score with its interval.

    Parameters
    ----------
    promoters, passives, detractors : int
        Answers of 9–10, 7–8 and 0–6.
    confidence : float, default 0.95
    fewest : int, default 5
        Below so many answers there is no score.

    Returns
    -------
    Score or Missing
        From −1 to 1; the interval is cut at both.

    Notes
    -----
    With p₊, p₀, p₋ the shares: NPS = p₊ − p₋, variance of one answer = p₊(1−NPS)² + p₀ NPS² + p₋(1+NPS)².

    Examples
    --------
    Four promoters, three passives, one detractor:

    >>> score = net_promoter_score(4, 3, 1)
    >>> score.value, round(score.value - score.low, 3)
    (0.375, 0.482)
    """
    if min(promoters, passives, detractors) < 0:
        raise ValueError(f"counts of answers must not be negative, got {promoters}, {passives}, {detractors}")
    n = int(promoters + passives + detractors)
    too_few = _enough(n, fewest)
    if too_few is not None:
        return too_few
    nps = (promoters - detractors) / n
    variance = (promoters * (1 - nps) ** 2 + passives * nps**2 + detractors * (1 + nps) ** 2) / n
    half = normal_score(confidence) * math.sqrt(variance / n)
    return Score(float(nps), max(nps - half, -1.0), min(nps + half, 1.0), n)


def customer_satisfaction(
    satisfied: int, answered: int, confidence: float = 0.95, fewest: int = FEWEST_ANSWERS
) -> Score | Missing:
    """Return the share of answers that are 4 or 5 of 5, with Wilson's interval.

    Parameters
    ----------
    satisfied, answered : int
    confidence : float, default 0.95
    fewest : int, default 5

    Returns
    -------
    Score or Missing
        From 0 to 1.

    Examples
    --------
    >>> score = customer_satisfaction(7, 8)
    >>> score.value, round(score.low, 2), round(score.high, 2)
    (0.875, 0.53, 0.98)
    """
    too_few = _enough(int(answered), fewest)
    if too_few is not None:
        return too_few
    share = Proportion(int(satisfied), int(answered))
    return Score(share.value, *share.interval(confidence), share.n)


_COUNTS = "quarter kind invited answered promoters passives detractors satisfied"


@requires(survey_summary=_COUNTS)
def satisfaction_by_quarter(survey_summary: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the scores of each quarter, with interval, number of answers and response rate.

    Parameters
    ----------
    survey_summary : DataFrame
        Counts by quarter and kind (nps, csat), as an account keeps them.

    Returns
    -------
    DataFrame
        `quarter`, `kind`, `score`, `low`, `high` (fractions; blank where too few answered), `answered`, `invited`,
        `response_rate`; sorted by kind and quarter.

    Examples
    --------
    >>> counts = pd.DataFrame({"quarter": ["2026-Q3"], "kind": "nps", "invited": 16, "answered": 8, "promoters": 4,
    ...                        "passives": 3, "detractors": 1, "satisfied": 0})
    >>> satisfaction_by_quarter(counts)[["score", "answered", "response_rate"]].values.tolist()
    [[0.375, 8.0, 0.5]]
    """
    rows = survey_summary.sort_values(["kind", "quarter"], kind="stable").reset_index(drop=True)
    scores = [_score(row) for row in rows.itertuples()]
    figures = {
        name: pd.Series([math.nan if isinstance(s, Missing) else getattr(s, of) for s in scores], dtype=float)
        for name, of in (("score", "value"), ("low", "low"), ("high", "high"))
    }
    rate = rows["answered"] / rows["invited"].where(rows["invited"] > 0)
    return rows[["quarter", "kind"]].assign(
        **figures, answered=rows["answered"], invited=rows["invited"], response_rate=rate.astype(float)
    )


def _score(counts: tuple) -> Score | Missing:
    """Return the score of one row of counts, of whichever kind it is."""
    if counts.kind == "nps":
        return net_promoter_score(counts.promoters, counts.passives, counts.detractors)
    return customer_satisfaction(counts.satisfied, counts.answered)


@requires(survey_summary=_COUNTS)
def newest_score(survey_summary: pd.DataFrame | Missing, kind: str) -> Score | Missing:
    """Return the score of the newest quarter in which enough people answered.

    Parameters
    ----------
    survey_summary : DataFrame
        As for `satisfaction_by_quarter`.
    kind : {"nps", "csat"}

    Returns
    -------
    Score or Missing
        Missing where no quarter has enough answers, with the reason of the newest one.

    Examples
    --------
    >>> counts = pd.DataFrame({"quarter": ["2026-Q2", "2026-Q3"], "kind": "nps", "invited": 9, "answered": [8, 1],
    ...                        "promoters": [4, 1], "passives": [3, 0], "detractors": [1, 0], "satisfied": 0})
    >>> newest_score(counts, "nps").value, newest_score(counts, "csat").reason
    (0.375, 'nobody was asked (csat)')
    """
    if kind not in ("nps", "csat"):
        raise ValueError(f"kind must be nps or csat, got {kind!r}; write kind='nps'")
    rows = survey_summary[survey_summary["kind"] == kind].sort_values("quarter", ascending=False, kind="stable")
    scores = [_score(row) for row in rows.itertuples()]
    enough = [score for score in scores if not isinstance(score, Missing)]
    return enough[0] if enough else scores[0] if scores else Missing(f"nobody was asked ({kind})")


@requires(scores="quarter kind score low high answered")
def scores_of(scores: pd.DataFrame | Missing, kind: str, period: Quarter, quarters: int = 4) -> pd.DataFrame | Missing:
    """Return the newest scores of one kind for a chart, a row a quarter up to the report's own, those without a score too.

    CSAT stays a fraction; the net promoter score is told in points from -100 to 100, as everybody quotes it.

    Parameters
    ----------
    scores : DataFrame
        As from `satisfaction.satisfaction_by_quarter`.
    kind : {"nps", "csat"}
    period : Quarter
        The report's quarter.
    quarters : int, default 4
        So many scores, at most as far back as twice as many quarters.

    Returns
    -------
    DataFrame
        `quarter` (its name), `label` (with the number of answers), `low`, `value`, `high`, `answered`, `note` ("no score",
        where nobody or too few answered; such a row is blank otherwise).

    Examples
    --------
    >>> scores = pd.DataFrame({"quarter": ["2026-Q1", "2026-Q3"], "kind": "nps", "score": [0.2, 0.5], "low": [-0.3, 0.25],
    ...                        "high": [0.7, 0.75], "answered": [5, 8]})
    >>> scores_of(scores, "nps", Quarter(2026, 3))[["label", "value"]].values.tolist()
    [['Q1 2026, n = 5', 20.0], ['Q2 2026', nan], ['Q3 2026, n = 8', 50.0]]
    """
    known = scores[(scores["kind"] == kind) & scores["score"].notna()].set_index("quarter").tail(quarters)
    if known.empty:
        return Missing(f"too few answered for a score of {kind.upper()}")
    last = period
    while last.label < known.index.max():
        last = last.next
    window = last.last(2 * quarters)
    known = known[known.index.isin([quarter.label for quarter in window])]
    if known.empty:
        return Missing(f"no score of {kind.upper()} is recent")
    shown = [quarter for quarter in window if quarter.label >= known.index.min()]
    table = known.reindex([quarter.label for quarter in shown])
    points = table[["low", "score", "high"]] * (100 if kind == "nps" else 1)
    names = pd.Series([quarter.name for quarter in shown], index=table.index, dtype="str")
    scored = table["score"].notna()
    label = names.where(~scored, names + ", n = " + table["answered"].astype("Int64").astype("str"))
    note = pd.Series("no score", index=table.index, dtype="str").where(~scored)
    table = points.rename(columns={"score": "value"}).assign(quarter=names, label=label, answered=table["answered"], note=note)
    return table[["quarter", "label", "low", "value", "high", "answered", "note"]].reset_index(drop=True)


@requires(scores="label value")
def score_in(scores: pd.DataFrame | Missing, quarter: str) -> float | Missing:
    """Return the score of one quarter, as from `scores_of`; an older one is no substitute.

    >>> score_in(pd.DataFrame({"label": ["2026-Q2", "2026-Q3"], "value": [0.8, None]}), "2026-Q3")
    Missing(reason='too few answered in 2026-Q3', remedy='')
    """
    known = scores[scores["label"] == quarter]["value"].dropna()
    return float(known.iloc[-1]) if len(known) else Missing(f"too few answered in {quarter}")
