"""What a distribution of cost means for the budget.

Three readings of one curve: how sure a given budget is (`percentile_of`), what must be added to it to be as sure as wanted
(`contingency`), and how bad the bad cases are (`expected_shortfall`, `expected_overrun`). Then where the uncertainty comes
from (`drivers`) and where the reserve therefore belongs (`allocation`), and when the money goes out (`phasing`).

Percentiles do not add up: the sum of each line's P80 lies far above the P80 of the total. What adds up is the covariance of
each part with the total, so both the drivers and the allocation go by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.exact import ExactCost
from acctlib.outlook.simulate import SimulatedCost

__all__ = [
    "allocation",
    "compared_percentiles",
    "contingency",
    "drivers",
    "expected_overrun",
    "expected_shortfall",
    "percentile_of",
    "phasing",
]


@requires(cost="", amount="")
def percentile_of(cost: ExactCost | SimulatedCost | Missing, amount: float | Missing) -> float | Missing:
    """Return the chance that the cost is `amount` or less: where a budget sits on the curve.

    Parameters
    ----------
    cost : ExactCost or SimulatedCost
    amount : float
        In the unit of `cost`: a budget, or the sum of the likely values.

    Returns
    -------
    float
        A fraction. `Missing` where the cost or the amount is not known.

    Examples
    --------
    How sure is the plan that adds up the likely values?

    >>> from acctlib.outlook.distributions import triangular
    >>> from acctlib.outlook.exact import exact
    >>> from acctlib.outlook.model import CostModel, Line
    >>> cost = exact(CostModel([Line("design", triangular(80, 100, 150)), Line("build", triangular(200, 240, 390))]))
    >>> round(percentile_of(cost, cost.model.sum_of_likely), 2)
    0.17
    """
    return Missing("the amount is not known") if np.isnan(amount) else cost.cdf(amount)


@requires(cost="", budget="")
def contingency(cost: ExactCost | SimulatedCost | Missing, budget: float | Missing, confidence: float = 0.8) -> float | Missing:
    """Return the reserve that makes the budget hold with the given confidence.

    It is the cost at `confidence` less `budget`, and zero where the budget already holds.

    Parameters
    ----------
    cost : ExactCost or SimulatedCost
    budget : float
        Approved budget for the same scope, in the same unit.
    confidence : float, default 0.8
        Wanted chance that the cost stays within budget plus reserve, as a fraction: 0.8 is the P80.

    Returns
    -------
    float
        Reserve in the unit of `cost`, never negative. `Missing` where the cost or the budget is not known.

    Raises
    ------
    ValueError
        If `confidence` lies outside (0, 1).

    Examples
    --------
    A cost of 100 000, give or take 10 000, against a budget of 105 000:

    >>> from acctlib.outlook.distributions import normal
    >>> from acctlib.outlook.exact import exact
    >>> from acctlib.outlook.model import CostModel, Line
    >>> cost = exact(CostModel([Line("all", normal(100e3, 10e3))]))
    >>> round(contingency(cost, budget=105e3)), contingency(cost, budget=120e3)
    (3416, 0.0)
    """
    _between(confidence)
    if np.isnan(budget):
        return Missing("the budget is not known")
    return max(cost.quantile(confidence) - budget, 0.0)


@requires(cost="")
def expected_shortfall(cost: ExactCost | SimulatedCost | Missing, confidence: float = 0.8) -> float | Missing:
    """Return the mean cost of the worst ``1 - confidence`` of the cases: "the average of the worst 20 %".

    Parameters
    ----------
    cost : ExactCost or SimulatedCost
    confidence : float, default 0.8

    Returns
    -------
    float
        In the unit of `cost`; never below the percentile itself.

    Examples
    --------
    >>> from acctlib.outlook.distributions import normal
    >>> from acctlib.outlook.exact import exact
    >>> from acctlib.outlook.model import CostModel, Line
    >>> round(expected_shortfall(exact(CostModel([Line("all", normal(1000, 100))])), 0.8))
    1140
    """
    _between(confidence)
    return cost.tail_mean(confidence)


@requires(cost="", budget="")
def expected_overrun(cost: ExactCost | SimulatedCost | Missing, budget: float | Missing) -> float | Missing:
    """Return by how much the cost exceeds the budget on average, counting the cases in which it does not as zero.

    Against a fixed fee it is the expected loss.

    Examples
    --------
    A fee of 120 for work that costs 100, give or take 10:

    >>> from acctlib.outlook.distributions import normal
    >>> from acctlib.outlook.exact import exact
    >>> from acctlib.outlook.model import CostModel, Line
    >>> round(expected_overrun(exact(CostModel([Line("all", normal(100, 10))])), 120), 4)
    0.0849
    """
    if np.isnan(budget):
        return Missing("the budget is not known")
    within = cost.cdf(budget)
    if within >= 1:
        return 0.0
    return max((cost.tail_mean(within) - budget) * (1 - within), 0.0)


@requires(simulated="")
def compared_percentiles(
    exactly: ExactCost | Missing, simulated: SimulatedCost | Missing, at: Sequence[float] = (0.1, 0.5, 0.8, 0.9)
) -> pd.DataFrame | Missing:
    """Return the percentiles of both engines side by side, with the simulation's standard error.

    Parameters
    ----------
    exactly : ExactCost or Missing
        `Missing` where the model can only be simulated.
    simulated : SimulatedCost
    at : sequence of float
        Fractions.

    Returns
    -------
    DataFrame
        Columns probability (fraction), exact, simulated, standard_error, difference (simulated less exact), in the unit of
        the model. Exact and difference are blank for "simulation only".
    """
    table = pd.DataFrame({"probability": list(at)})
    table["exact"] = exactly.quantile(np.array(at)) if exactly else np.nan
    table["simulated"] = simulated.quantile(np.array(at))
    table["standard_error"] = [simulated.standard_error(p) for p in at]
    table["difference"] = table["simulated"] - table["exact"]
    return table


@requires(simulated="")
def drivers(simulated: SimulatedCost | Missing, apart: bool = False) -> pd.DataFrame | Missing:
    """Return where the uncertainty of the total comes from, largest first: one row a line and one a risk.

    Parameters
    ----------
    simulated : SimulatedCost
    apart : bool, default False
        Give the shared factors rows of their own, and a line only what it adds by itself. Otherwise a line brings along what
        it shares with others.

    Returns
    -------
    DataFrame
        Columns driver, kind (line, risk; account, project or work type for a shared factor), project, mean, share, low,
        high. `share` is the covariance of the part with the total over the total's variance; the shares sum to 1. `low` and
        `high` are the mean total when a line or factor is in its best and worst fifth, or when a risk does not happen and
        happens. `Missing` where nothing is uncertain.

    Examples
    --------
    A line of sd 3 and one of sd 4: their variances of 9 and 16 make up 36 % and 64 % of the total's.

    >>> from acctlib.outlook.distributions import normal
    >>> from acctlib.outlook.model import CostModel, Line
    >>> from acctlib.outlook.simulate import simulate
    >>> model = CostModel([Line("design", normal(10, 3)), Line("build", normal(20, 4))], correlation=0)
    >>> drivers(simulate(model))[["driver", "share"]].round(2).to_dict("records")
    [{'driver': 'build', 'share': 0.64}, {'driver': 'design', 'share': 0.36}]
    """
    model = simulated.model
    lines = [model.lines[i] for i in model.uncertain]
    if simulated.sd == 0:
        return Missing("nothing in the model is uncertain")
    parts = [("line", line.name, line.project) for line in lines]
    parts += [(kind, f"all of {name or 'the account'}", name) for kind, name in simulated.factors if apart]
    parts += [("risk", risk.name, risk.project) for risk in model.risks]
    is_risk = np.array([kind == "risk" for kind, _, _ in parts])
    centre = simulated.mean - model.fixed
    sums, covariance = np.zeros((2, len(parts)))
    bad, bad_total, good, good_total = np.zeros((4, len(parts)))
    lowest = highest = None
    for block in simulated.parts(apart=apart):
        total = block.sum(axis=0) - centre
        if lowest is None:
            lowest, highest = np.quantile(block, [0.2, 0.8], axis=1)
            lowest[is_risk] = 0.0
        worst = np.where(is_risk[:, None], block != 0, block >= highest[:, None])
        best = np.where(is_risk[:, None], block == 0, block <= lowest[:, None])
        sums += block.sum(axis=1)
        # einsum, not @: a product this small is only slowed by the threads of a matrix library.
        covariance += np.einsum("ij,j->i", block, total)
        bad += worst.sum(axis=1)
        good += best.sum(axis=1)
        bad_total += np.einsum("ij,j->i", worst, total)
        good_total += np.einsum("ij,j->i", best, total)
    table = pd.DataFrame(
        {
            "driver": [name for _, name, _ in parts],
            "kind": [kind for kind, _, _ in parts],
            "project": [project for _, _, project in parts],
            "mean": sums / simulated.draws,
            "share": covariance / covariance.sum(),
            "low": simulated.mean + good_total / np.maximum(good, 1),
            "high": simulated.mean + bad_total / np.maximum(bad, 1),
        }
    ).astype({"driver": "str", "kind": "str", "project": "str"})
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


@requires(reserve="", by="driver share")
def allocation(reserve: float | Missing, by: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the reserve shared out to lines and risks in proportion to what each adds to the uncertainty.

    Parameters
    ----------
    reserve : float
        The contingency, in the unit of the model.
    by : DataFrame
        What `drivers` returned.

    Returns
    -------
    DataFrame
        Columns driver, kind, project, share, amount; the amounts sum to `reserve`. A part that moves against the
        total (negative correlation) takes a negative amount.

    Examples
    --------
    >>> by = pd.DataFrame({"driver": ["build", "design"], "kind": "line", "project": "site", "share": [0.64, 0.36]})
    >>> allocation(50_000, by)["amount"].tolist()
    [32000.0, 18000.0]
    """
    columns = [name for name in ("driver", "kind", "project", "share") if name in by.columns]
    return by[columns].assign(amount=by["share"] * reserve)


@requires(simulated="", timing="name project start finish")
def phasing(
    simulated: SimulatedCost | Missing,
    timing: pd.DataFrame | Missing,
    months: Sequence,
    confidence: float = 0.8,
    planned: Sequence[float] | Missing | None = None,
) -> pd.DataFrame | Missing:
    """Return the spend still to come by month, cumulated, as a fan, and the chance that it stays within the plan.

    Each line's cost is spread evenly over the days from its start to its finish; a risk's, and a line's whose dates are not
    known, over all the months. The fixed amounts are spent already and count from the start.

    Parameters
    ----------
    simulated : SimulatedCost
    timing : DataFrame
        Columns name, project, start, finish (dates): when each line is worked on.
    months : sequence of Month
        Anything with label, start and end (dates), in order.
    confidence : float, default 0.8
        The fan's width: its low and high enclose this share of the draws in each month.
    planned : sequence of float, Missing or None
        What was to be spent by the end of each month, in the unit of the model.

    Returns
    -------
    DataFrame
        Columns month, low, likely (the median), high and plan, in the unit of the model, and chance (of spending no more than
        the plan by then, a fraction); both blank without a plan. Cost after the last month is not shown.

    Raises
    ------
    ValueError
        If there are no months or `confidence` lies outside (0, 1).
    """
    _between(confidence)
    if not len(months):
        raise ValueError("phasing needs at least one month, got none")
    model = simulated.model
    lines = [model.lines[i] for i in model.uncertain]
    dated = timing.dropna(subset=["start", "finish"]).drop_duplicates(["project", "name"]).set_index(["project", "name"])
    first, last = months[0].start, months[-1].end
    done = np.empty((len(months), len(lines) + len(model.risks)))
    for column, part in enumerate([*lines, *model.risks]):
        known = column < len(lines) and (part.project, part.name) in dated.index
        start, finish = dated.loc[(part.project, part.name), ["start", "finish"]] if known else (first, last)
        done[:, column] = _elapsed(months, max(pd.Timestamp(start).date(), first), pd.Timestamp(finish).date())
    spent = np.concatenate([done @ block for block in simulated.parts()], axis=1) + model.fixed
    edge = (1 - confidence) / 2
    low, likely, high = np.quantile(spent, [edge, 0.5, 1 - edge], axis=1, method="inverted_cdf")
    fan = pd.DataFrame({"month": [month.label for month in months], "low": low, "likely": likely, "high": high})
    if planned is None or isinstance(planned, Missing):
        return fan.assign(plan=np.nan, chance=np.nan)
    limit = np.asarray(planned, dtype=float)
    return fan.assign(plan=limit, chance=np.where(np.isnan(limit), np.nan, (spent <= limit[:, None]).mean(axis=1)))


def _elapsed(months: Sequence, start: date, finish: date) -> list[float]:
    """Return the share of the days from start to finish (both worked) that have passed at each month's end."""
    finish = max(start, finish)
    days = (finish - start).days + 1
    return [min(max((month.end - start).days + 1, 0), days) / days for month in months]


def _between(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 80 % as 0.8")
