"""Health: a weighted score that a fire cannot hide in.

A mean of factors hides the one that burns, and the worst of them cries wolf. So there are three parts. The *score* is the
weighted mean of the factors that have data, each scored 0–100 by a rule that is printed beside it. *Overrides* are facts so
grave that no good score may cover them: each caps the band and says so. *Coverage* is the share of the weight that has data;
below 60 % there is no score, since an unmeasured account is not a healthy one.

Bands: 0–50 off track, 51–75 at risk, 76–100 on track, on the score rounded to a whole number.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from acctlib.account import Account
from acctlib.measures import rag
from acctlib.measures.contracts import Retention, retention
from acctlib.measures.delivery import on_time, open_issues
from acctlib.measures.proportion import Proportion
from acctlib.measures.receivables import ageing, in_currency, overdue
from acctlib.measures.relationship import objectives_status
from acctlib.measures.satisfaction import Score, newest_score
from acctlib.measures.stakeholders import days_since_contact, sponsor_left, stakeholder_coverage
from acctlib.missing import Missing, requires

__all__ = ["LEAST_COVERAGE", "WEIGHTS", "Health", "health", "health_factors", "health_overrides", "of_account", "score_of"]

WEIGHTS = {"delivery": 25, "relationship": 20, "results": 20, "commercial": 15, "satisfaction": 10, "growth": 10}
LEAST_COVERAGE = 0.60
#: An invoice this many days late, and a silence this long, cap the band.
OVERDUE_DAYS, SILENT_DAYS = 60, 30
_STATE_POINTS = {rag.ON_TRACK: 100.0, rag.AT_RISK: 50.0, rag.OFF_TRACK: 0.0}
_RULES = {
    "delivery": "share delivered on or before the agreed date × 100",
    "relationship": "share of the client's influence in touch with us × 100",
    "results": "mean over the goals: on track 100, at risk 50, off track 0",
    "commercial": "share of what is owed that is not overdue × 100",
    "satisfaction": "NPS from −100 to 100 laid on 0–100; CSAT × 100 where there is no NPS",
    "growth": "net retention from 80 % to 120 % laid on 0–100",
}


def health_factors(
    on_time: Proportion | Missing,
    coverage: float | Missing,
    objectives: pd.DataFrame | Missing,
    ageing: pd.DataFrame | Missing,
    nps: Score | Missing,
    csat: Score | Missing,
    retention: Retention | Missing,
    weights: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Return the six factors with weight, score, rule and the figure behind each.

    Parameters
    ----------
    on_time : Proportion or Missing
        As from `delivery.on_time`.
    coverage : float or Missing
        As from `stakeholders.stakeholder_coverage`.
    objectives : DataFrame or Missing
        As from `relationship.objectives_status`.
    ageing : DataFrame or Missing
        As from `receivables.ageing`.
    nps, csat : Score or Missing
        As from `satisfaction`.
    retention : Retention or Missing
        As from `contracts.retention`.
    weights : mapping of str to float, optional
        Replaces the weight of the factors it names.

    Returns
    -------
    DataFrame
        `factor`, `weight`, `score` (0–100, blank without data), `rule`, `why` (the figure, or why there is none).

    Raises
    ------
    ValueError
        If a weight names no factor or is negative.

    Examples
    --------
    >>> none = Missing("not kept")
    >>> factors = health_factors(Proportion(9, 10), 0.6, none, none, none, none, none)
    >>> factors[["factor", "weight", "score"]].dropna().values.tolist()
    [['delivery', 25.0, 90.0], ['relationship', 20.0, 60.0]]
    """
    scored = {
        "delivery": _delivery(on_time),
        "relationship": _relationship(coverage),
        "results": _results(objectives),
        "commercial": _commercial(ageing),
        "satisfaction": _satisfaction(nps, csat),
        "growth": _growth(retention),
    }
    weighed = {**WEIGHTS, **_checked(weights or {})}
    rows = [
        (factor, float(weighed[factor]), math.nan, _RULES[factor], got.reason)
        if isinstance(got, Missing)
        else (factor, float(weighed[factor]), float(got[0]), _RULES[factor], got[1])
        for factor, got in scored.items()
    ]
    return pd.DataFrame(rows, columns=["factor", "weight", "score", "rule", "why"])


def _checked(weights: Mapping[str, float]) -> Mapping[str, float]:
    for name, weight in weights.items():
        if name not in WEIGHTS:
            near = difflib.get_close_matches(name, WEIGHTS, n=1)
            remedy = f"did you mean {near[0]}?" if near else f"write one of {', '.join(WEIGHTS)}"
            raise ValueError(f"health_weights must name factors, got {name!r}; {remedy}")
        if weight < 0:
            raise ValueError(f"health_weights: {name} must not be negative, got {weight:g}; write 0 to leave it out")
    return weights


Scored = tuple[float, str] | Missing


def _delivery(on_time: Proportion | Missing) -> Scored:
    return on_time if isinstance(on_time, Missing) else (100 * on_time.value, f"{on_time} delivered on time")


def _relationship(coverage: float | Missing) -> Scored:
    if isinstance(coverage, Missing):
        return coverage
    return 100 * coverage, f"in touch with {100 * coverage:.0f} % of the influence"


def _results(objectives: pd.DataFrame | Missing) -> Scored:
    if isinstance(objectives, Missing):
        return objectives
    points = objectives["state"].map(_STATE_POINTS).dropna()
    if points.empty:
        return Missing("no goal has a state", "add actual values to objectives")
    on_track = int((objectives["state"] == rag.ON_TRACK).sum())
    return float(points.mean()), f"{on_track} of {len(points)} goals on track"


def _commercial(ageing: pd.DataFrame | Missing) -> Scored:
    if isinstance(ageing, Missing):
        return ageing
    owed = ageing["outstanding"].clip(lower=0)
    if owed.sum() == 0:
        return 100.0, "nothing is owed"
    late = owed[~ageing["bucket"].isin(["not due", "no due date"])].sum() / owed.sum()
    return 100 * (1 - late), f"{100 * late:.0f} % of what is owed is overdue"


def _satisfaction(nps: Score | Missing, csat: Score | Missing) -> Scored:
    if isinstance(nps, Score):
        return 50 * (1 + nps.value), f"NPS {100 * nps.value:+.0f} of {nps.n} answers".replace("-", "−")
    if isinstance(csat, Score):
        return 100 * csat.value, f"{100 * csat.value:.0f} % of {csat.n} answers satisfied"
    return nps


def _growth(retention: Retention | Missing) -> Scored:
    net = retention if isinstance(retention, Missing) else retention.net
    if isinstance(net, Missing):
        return net
    return min(max((net - 0.8) / 0.4, 0.0), 1.0) * 100, f"net retention {100 * net:.0f} %"


def health_overrides(
    issues: pd.DataFrame | Missing, stakeholders: pd.DataFrame | Missing, invoices: pd.DataFrame | Missing, as_of: date
) -> pd.DataFrame:
    """Return the facts that no score may cover, and which of them hold.

    Parameters
    ----------
    issues, stakeholders, invoices : DataFrame or Missing
        The tables; invoices in one currency. What is not kept is not known, and caps nothing.
    as_of : date

    Returns
    -------
    DataFrame
        `override`, `applies` (boolean; blank = not known), `cap` (the best state it leaves).

    Examples
    --------
    >>> none = Missing("not kept")
    >>> people = pd.DataFrame({"name": ["Ama"], "last_contact": pd.to_datetime(["2026-06-01"])})
    >>> health_overrides(none, people, none, date(2026, 9, 30)).dropna().values.tolist()
    [['no contact for 30 days', True, 'at risk']]
    """
    unsolved = open_issues(issues, as_of)
    late = overdue(invoices, as_of, OVERDUE_DAYS)
    silent = days_since_contact(stakeholders, as_of)
    rows = [
        ("open critical issue", unsolved if isinstance(unsolved, Missing) else "critical" in set(unsolved["severity"])),
        ("sponsor left", sponsor_left(stakeholders, as_of)),
        (f"invoice more than {OVERDUE_DAYS} days overdue", late if isinstance(late, Missing) else len(late) > 0),
        (f"no contact for {SILENT_DAYS} days", silent if isinstance(silent, Missing) else silent > SILENT_DAYS),
    ]
    caps = [rag.OFF_TRACK, rag.AT_RISK, rag.AT_RISK, rag.AT_RISK]
    return pd.DataFrame(
        {
            "override": pd.Series([name for name, _ in rows], dtype="str"),
            "applies": pd.array([pd.NA if isinstance(holds, Missing) else holds for _, holds in rows], dtype="boolean"),
            "cap": pd.Series(caps, dtype="str"),
        }
    )


@dataclass(frozen=True)
class Health:
    """The health of an account.

    Parameters
    ----------
    score : int
        Weighted mean of the factors with data, 0–100.
    band : str
        State that the score alone gives.
    state : str
        The band, or the cap of the gravest override where that is worse.
    coverage : float
        Share of the weight that has data.
    capped_by : tuple of str
        The overrides that make the state worse than the band.
    """

    score: int
    band: str
    state: str
    coverage: float
    capped_by: tuple[str, ...]


def of_account(account: Account) -> tuple[pd.DataFrame, Health | Missing]:
    """Return the health of an account from its tables: the factors, and what they come to.

    The same in the plan and in the review, and for past quarters with ``account.at(quarter)``.
    """
    invoices = in_currency(account.invoices, account.currency, account.exchange_rates)
    rag = account.profile.rag
    factors = health_factors(
        on_time(account.deliverables, account.period),
        stakeholder_coverage(account.stakeholders, account.as_of),
        objectives_status(account.objectives, account.as_of, rag.amber, rag.red),
        ageing(invoices, account.as_of),
        newest_score(account.survey_summary, "nps"),
        newest_score(account.survey_summary, "csat"),
        retention(account.contracts, account.period.a_year_before, account.as_of),
        account.profile.health_weights,
    )
    return factors, health(factors, health_overrides(account.issues, account.stakeholders, invoices, account.as_of))


def score_of(state: Health | Missing) -> int | Missing:
    """Return the score alone, 0-100, as a named result; `Missing` is passed on."""
    return state if isinstance(state, Missing) else state.score


@requires(factors="factor weight score", overrides="override applies cap")
def health(factors: pd.DataFrame | Missing, overrides: pd.DataFrame | Missing) -> Health | Missing:
    """Return the health of an account, or say that too little of it is measured.

    Parameters
    ----------
    factors : DataFrame
        As from `health_factors`.
    overrides : DataFrame
        As from `health_overrides`.

    Returns
    -------
    Health or Missing

    Examples
    --------
    A good score under an invoice that nobody pays:

    >>> factors = pd.DataFrame({"factor": ["delivery", "results"], "weight": [60.0, 40.0], "score": [90.0, 70.0]})
    >>> overrides = pd.DataFrame({"override": ["invoice more than 60 days overdue"], "applies": [True], "cap": ["at risk"]})
    >>> account = health(factors, overrides)
    >>> account.score, account.band, account.state, account.capped_by
    (82, 'on track', 'at risk', ('invoice more than 60 days overdue',))
    """
    known = factors[factors["score"].notna() & (factors["weight"] > 0)]
    weight = factors["weight"].sum()
    coverage = float(known["weight"].sum() / weight) if weight > 0 else 0.0
    if coverage < LEAST_COVERAGE or known.empty:
        absent = ", ".join(factors.loc[factors["score"].isna(), "factor"])
        return Missing(
            f"insufficient data: {100 * coverage:.0f} % of the weight is measured, {100 * LEAST_COVERAGE:.0f} % is needed "
            f"(nothing on {absent})"
        )
    mean = (known["weight"] * known["score"]).sum() / known["weight"].sum()
    score = math.floor(mean + 0.5)
    band = rag.OFF_TRACK if score <= 50 else rag.AT_RISK if score <= 75 else rag.ON_TRACK
    holding = overrides[overrides["applies"].fillna(False).astype(bool)]
    rank = holding["cap"].map(rag.STATES.index)
    worst = max([rag.STATES.index(band), *rank])
    capping = holding.loc[rank > rag.STATES.index(band), "override"]
    return Health(score, band, rag.STATES[worst], coverage, tuple(capping))
