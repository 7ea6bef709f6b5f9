"""The cost forecast of an account by both engines, side by side.

The exact engine has no sampling error and the simulation no restrictions; a reader is told both and their difference. Beside
them stands the forecast that treats every line as independent: what the shared factor of a project adds to the P80 is
the part of the risk that spreadsheets leave out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from acctlib.missing import Missing
from acctlib.outlook.estimate_at_completion import EstimateAtCompletion
from acctlib.outlook.exact import ExactCost, exact
from acctlib.outlook.model import CostModel
from acctlib.outlook.simulate import SimulatedCost, simulate
from acctlib.periods import Month, add_months

__all__ = ["Forecast", "beside_earned_value", "cost_forecast", "curve", "mean", "quantile"]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What the work will cost, from the plan, the time and the progress on a day.

    Every attribute is `Missing` where there is nothing to forecast from, so that a page can pass it on.

    Attributes
    ----------
    exactly : ExactCost or Missing
        Missing where only a simulation can answer.
    simulated : SimulatedCost or Missing
    unit : str
        The account's currency, or "h".
    spent, sum_of_likely : float or Missing
        In `unit`.
    correlation_adds : float or Missing
        P80 with the shared factors less P80 of independent lines, in `unit`.
    tasks : DataFrame or Missing
        A row a task: how it entered the forecast.
    timing : DataFrame or Missing
        When each remaining line is worked on.
    rank_correlation : float or Missing
        Spearman correlation that the shared factors give two lines of one project, on average.
    by_project : dict of str to ExactCost or SimulatedCost
        Of each project alone; risks of no project are in the whole only.
    findings : tuple of str
        What a reader must know, as sentences.
    """

    exactly: ExactCost | Missing
    simulated: SimulatedCost | Missing
    unit: str
    spent: float | Missing
    sum_of_likely: float | Missing
    correlation_adds: float | Missing
    tasks: pd.DataFrame | Missing
    timing: pd.DataFrame | Missing
    rank_correlation: float | Missing
    by_project: dict[str, ExactCost | SimulatedCost]
    findings: tuple[str, ...]

    @property
    def cost(self) -> ExactCost | SimulatedCost | Missing:
        """Return the exact distribution where there is one, else the simulated one."""
        return self.simulated if isinstance(self.exactly, Missing) else self.exactly

    def quantiles(self) -> dict[float, float]:
        """Return the percentiles that a later report scores this forecast by; empty where there is no forecast."""
        if isinstance(self.cost, Missing):
            return {}
        return {p: float(self.cost.quantile(p)) for p in (0.05, 0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95)}

    def due(self, as_of: date) -> date:
        """Return the day on which the forecast can be compared with what happened: the last month's end."""
        return self.months(as_of)[-1].end

    def months(self, as_of: date) -> list[Month]:
        """Return the months from the one after a day to the last finish of a task, at least three and at most 24."""
        known = pd.Series(dtype="datetime64[us]") if isinstance(self.timing, Missing) else self.timing["finish"].dropna()
        last = known.max().date() if len(known) else as_of
        ahead = (last.year - as_of.year) * 12 + last.month - as_of.month
        return [Month(add_months(as_of, i)) for i in range(1, min(max(ahead, 3), 24) + 1)]


def cost_forecast(work: EstimateAtCompletion | Missing, currency: str, draws: int, seed: int) -> Forecast:
    """Return the forecast of a cost model by both engines.

    Parameters
    ----------
    work : EstimateAtCompletion or Missing
        The account's work as a cost model.
    currency : str
        ISO code of a model in money.
    draws, seed : int
        Of the simulation.

    Examples
    --------
    Nothing is planned, so nothing is forecast:

    >>> cost_forecast(Missing("there is no plan"), "GBP", 1024, 1).cost
    Missing(reason='there is no plan', remedy='')
    """
    if isinstance(work, Missing):
        return Forecast(work, work, currency, work, work, work, work, work, work, {}, ())
    exactly, simulated = exact(work.model), simulate(work.model, draws, seed)
    alone = exact(replace(work.model, correlation=0.0))
    cost = simulated if isinstance(exactly, Missing) else exactly
    return Forecast(
        exactly,
        simulated,
        currency if work.unit == "money" else "h",
        work.model.fixed,
        work.model.sum_of_likely,
        alone if isinstance(alone, Missing) else float(cost.quantile(0.8) - alone.quantile(0.8)),
        work.tasks,
        work.timing,
        _within_project(simulated),
        {project: exact(model) or simulate(model, draws, seed) for project, model in _projects(work.model).items()},
        (*work.findings, *work.model.notes),
    )


def _projects(model: CostModel) -> dict[str, CostModel]:
    """Return the model of each project that has lines."""
    names = dict.fromkeys(line.project for line in model.lines)
    return {
        name: replace(
            model,
            lines=[line for line in model.lines if line.project == name],
            risks=[risk for risk in model.risks if risk.project == name],
        )
        for name in names
    }


def _within_project(simulated: SimulatedCost) -> float | Missing:
    """Return the mean Spearman correlation of two uncertain lines of one project in the draws."""
    table = simulated.rank_correlation()
    lines = [simulated.model.lines[simulated.model.uncertain[place]].project for place in simulated.compared()]
    same = np.equal.outer(np.array(lines, dtype=object), np.array(lines, dtype=object)) & ~np.eye(len(lines), dtype=bool)
    return float(table.to_numpy()[same].mean()) if same.any() else Missing("no project has two uncertain lines")


def beside_earned_value(
    earned: pd.DataFrame | Missing, by_project: dict[str, ExactCost | SimulatedCost], confidence: float = 0.8
) -> pd.DataFrame | Missing:
    """Return the estimates at completion that earned value gives, each beside the distribution of its project.

    Parameters
    ----------
    earned : DataFrame
        As from `earned_value_by_project`, in the unit of the forecast.
    by_project : dict
        As in `Forecast`.
    confidence : float, default 0.8

    Returns
    -------
    DataFrame
        project, name, bac; eac_atypical, eac, eac_combined; middle (P50) and sure (the percentile at `confidence`), all in
        the unit of the forecast; holds (the chance that the budget holds, a fraction). `Missing` where no project has both.
    """
    if isinstance(earned, Missing):
        return earned
    rows = earned[earned["project"].isin(list(by_project))]
    if rows.empty:
        return Missing("no project has both earned value and a forecast")
    costs = [by_project[project] for project in rows["project"]]
    return rows[["project", "name", "bac", "eac_atypical", "eac", "eac_combined"]].assign(
        middle=[cost.quantile(0.5) for cost in costs],
        sure=[cost.quantile(confidence) for cost in costs],
        holds=[np.nan if np.isnan(bac) else cost.cdf(bac) for cost, bac in zip(costs, rows["bac"], strict=True)],
    )


def quantile(cost: Any, p: float) -> float | Missing:
    """Return a percentile of a forecast or a pipeline; `Missing` is passed on.

    >>> quantile(Missing("there is no plan"), 0.8)
    Missing(reason='there is no plan', remedy='')
    """
    return cost if isinstance(cost, Missing) else float(cost.quantile(p))


def mean(cost: Any) -> float | Missing:
    """Return the mean of a forecast or a pipeline; `Missing` is passed on."""
    return cost if isinstance(cost, Missing) else float(cost.mean)


def curve(cost: Any) -> pd.DataFrame | Missing:
    """Return the cumulative curve of a forecast or a pipeline: probability, value; `Missing` is passed on."""
    return cost if isinstance(cost, Missing) else cost.curve()
