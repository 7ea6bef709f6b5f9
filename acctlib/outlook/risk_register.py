"""The risk register as events of a cost model.

A register is text, scores and, for some risks, a chance and a cost. Only those can stand in a curve; the rest must be named
beside it, since a curve that looks complete and is not misleads more than none. Scores of 1 to 5 are never turned into money.
"""

from __future__ import annotations

import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.distributions import triangular
from acctlib.outlook.model import Risk
from acctlib.periods import CALENDAR_PER_WORKING_DAY

__all__ = ["risk_events", "unquantified_risks"]


@requires(
    risks="risk probability low likely high project? bearer? status? residual_probability? "
    "residual_low? residual_likely? residual_high? response_cost? days_low? days_likely? days_high?"
)
def risk_events(risks: pd.DataFrame | Missing, bearer: str = "agency") -> tuple[Risk, ...] | Missing:
    """Return the open risks of the register that are quantified, each as one compound event.

    Parameters
    ----------
    risks : DataFrame
        The register: risk, probability (fraction), low, likely, high (money), days_low, days_likely, days_high (working days
        by which it puts its project off), and what is left after the response.
    bearer : str, default "agency"
        Whose risks: a blank bearer is the agency.

    Returns
    -------
    tuple of Risk
        Impacts are triangular. A residual value that is blank is what it was before the response. `Missing`
        where no open risk has probability, low, likely and high.

    Examples
    --------
    >>> register = pd.DataFrame({"risk": ["late content"], "probability": [0.3], "low": [10e3], "likely": [20e3],
    ...                          "high": [45e3], "status": ["open"]})
    >>> risk_events(register)[0].mean
    7500.0
    """
    open_risks = _open(risks, bearer)
    quantified = open_risks[open_risks[["probability", "low", "likely", "high"]].notna().all(axis=1)]
    if quantified.empty:
        return Missing("no open risk has a probability and a cost", "add probability, low, likely and high to risks")
    return tuple(_event(row) for row in quantified.to_dict("records"))


@requires(risks="risk description? probability? low? likely? high? project? bearer? status?")
def unquantified_risks(risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the open risks that no curve contains, for want of a probability or a cost: columns risk, project, description."""
    open_risks = _open(risks, "agency")
    unknown = open_risks[["probability", "low", "likely", "high"]].isna().any(axis=1)
    return open_risks.loc[unknown, ["risk", "project", "description"]].reset_index(drop=True)


def _open(risks: pd.DataFrame, bearer: str) -> pd.DataFrame:
    latest = risks.drop_duplicates(["risk"], keep="last")
    return latest[(latest["status"].fillna("open") == "open") & (latest["bearer"].fillna("agency") == bearer)]


def _event(row: dict) -> Risk:
    name, project = str(row["risk"]), "" if pd.isna(row["project"]) else str(row["project"])
    impact = triangular(row["low"], row["likely"], row["high"])
    cost = 0.0 if pd.isna(row["response_cost"]) else float(row["response_cost"])
    days = [row[f"days_{column}"] for column in ("low", "likely", "high")]
    delay = None if any(pd.isna(days)) else triangular(*(float(part) * CALENDAR_PER_WORKING_DAY for part in days))
    left = [row[f"residual_{column}"] for column in ("low", "likely", "high")]
    residual = None
    if not pd.isna(row["residual_probability"]) or not any(pd.isna(left)):
        probability = row["probability"] if pd.isna(row["residual_probability"]) else row["residual_probability"]
        residual = Risk(name, float(probability), impact if any(pd.isna(left)) else triangular(*left), project, delay=delay)
    return Risk(name, float(row["probability"]), impact, project, residual, cost, delay)
