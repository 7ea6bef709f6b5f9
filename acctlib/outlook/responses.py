"""Which responses to risks are worth their money, and which set of them to take.

A response costs something whether or not its risk happens, and leaves a smaller risk behind. Before and after are drawn
from the same numbers: where a risk is at its worst before, so is what is left of it after. Their difference is therefore that
of the response, not of the draws, and a response that does nothing changes nothing.

The best set is the one with the least expected shortfall, the cost of the responses counted in: the average of the worst
cases answers to every response that eases them, where a percentile may look past one. For given draws it is linear in the
choice (Rockafellar and Uryasev, 2000, "Optimization of conditional value-at-risk", Journal of Risk 2), so that integer
programming finds it without trying all sets.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.model import Risk
from acctlib.outlook.simulate import REPLICATES, SimulatedCost

__all__ = ["Responses", "best_set", "responses"]

#: Draws from which the best set is chosen: each is a row of the integer program. It is judged on all draws.
CHOSEN_FROM = 8_192
#: Most responses of which every set is tried: the solver begins to be quicker above.
TRIED = 8


@dataclass(frozen=True, eq=False)
class Responses:
    """What each response brings, and the set to take.

    Attributes
    ----------
    table : DataFrame
        A row a response, the most worthwhile first: risk, project, response_cost, mean_saved and percentile_saved (by how
        much it lowers the mean and the percentile of the total when it is the only one, its own cost not counted), net
        (percentile saved less cost) and chosen (bool). In the unit of the model; plus = the total gets cheaper.
    steps : DataFrame
        From the percentile of today to that after the chosen responses: step, amount. The first row is the percentile
        of today, the last the one after; those between sum to the difference.
    confidence : float
        Which percentile, as a fraction.
    before, after : float
        The percentile of the total today and with the chosen responses, what they cost counted in.
    shortfall_before, shortfall_after : float
        The mean of the worst ``1 - confidence`` of the cases.
    cost : float
        Of the chosen responses.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    confidence: float
    before: float
    after: float
    shortfall_before: float
    shortfall_after: float
    cost: float


@requires(simulated="")
def responses(
    simulated: SimulatedCost | Missing, budget: float | Missing | None = None, confidence: float = 0.8
) -> Responses | Missing:
    """Return what each response of a cost model brings and which to take.

    Parameters
    ----------
    simulated : SimulatedCost
        Of a model whose risks have a `residual`.
    budget : float, Missing or None
        What the responses may cost together, in the unit of the model; None or `Missing`: no limit.
    confidence : float, default 0.8

    Returns
    -------
    Responses or Missing
        `Missing` where no risk has a response.

    Raises
    ------
    ValueError
        If `confidence` lies outside (0, 1) or the budget is negative.

    Examples
    --------
    Late content costs 100 in half of the cases; a content editor for 15 makes that 1 in 10. Is the editor worth it?

    >>> from acctlib.outlook.distributions import point, uniform
    >>> from acctlib.outlook.model import CostModel, Line
    >>> from acctlib.outlook.simulate import simulate
    >>> late = Risk("late content", 0.5, point(100.0), residual=Risk("late content", 0.1, point(100.0)), response_cost=15)
    >>> taken = responses(simulate(CostModel([Line("build", uniform(400, 440))], [late])))
    >>> taken.table[["risk", "mean_saved", "chosen"]].values.tolist()
    [['late content', 40.0, True]]
    >>> [round(taken.before), round(taken.after)]
    [524, 451]
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 80 % as 0.8")
    limit = math.inf if budget is None or isinstance(budget, Missing) else float(budget)
    if not limit >= 0:
        raise ValueError(f"the budget for responses must be 0 or more, got {budget}; leave it out for no limit")
    risks = [risk for risk in simulated.model.risks if risk.residual is not None]
    if not risks:
        return Missing("no open risk has a response with what is left after it", "add residual_probability to risks")
    total, saved = _drawn(simulated, risks)
    costs = np.array([risk.response_cost for risk in risks])
    few = min(CHOSEN_FROM // REPLICATES, simulated.draws // REPLICATES)
    # The first draws of each replicate are spread evenly; every eighth one would not be.
    first = (np.arange(simulated.draws) % (simulated.draws // REPLICATES)) < few
    chosen = best_set(total[first], saved[:, first], costs, limit, confidence)

    today = _percentile(total, confidence)
    alone = np.array([today - _percentile(total - change, confidence) for change in saved])
    table = pd.DataFrame(
        {
            "risk": [risk.name for risk in risks],
            "project": [risk.project for risk in risks],
            "response_cost": costs,
            "mean_saved": [risk.mean - risk.residual.mean for risk in risks],
            "percentile_saved": alone,
            "net": alone - costs,
            "chosen": chosen,
        }
    ).astype({"risk": "str", "project": "str"})
    order = np.argsort(-(alone - costs), kind="stable")
    taken = [i for i in order if chosen[i]]
    steps, after = [today], total
    for i in taken:
        after = after - saved[i] + costs[i]
        steps.append(_percentile(after, confidence))
    return Responses(
        table.iloc[order].reset_index(drop=True),
        pd.DataFrame({"step": ["today", *table["risk"].iloc[taken], "after"], "amount": [today, *np.diff(steps), steps[-1]]}),
        confidence,
        today,
        steps[-1],
        _shortfall(total, confidence),
        _shortfall(after, confidence),
        float(costs[taken].sum()),
    )


def best_set(total: np.ndarray, saved: np.ndarray, costs: np.ndarray, budget: float, confidence: float) -> np.ndarray:
    """Return the set of responses with the least expected shortfall of the total within a budget.

    Parameters
    ----------
    total : array of float, shape (n_draws,)
        The total without any response.
    saved : array of float, shape (n_responses, n_draws)
        By how much each response lowers the total in each draw.
    costs : array of float, shape (n_responses,)
        What each response costs; it is part of the total once the response is taken.
    budget : float
        Most that the responses may cost together; infinity for no limit.
    confidence : float
        The shortfall is the mean of the worst ``1 - confidence`` of the draws.

    Returns
    -------
    array of bool, shape (n_responses,)

    Notes
    -----
    Least ``t + sum(z) / ((1 - confidence) n)`` with ``z >= 0`` and ``z >= total - saved @ x + costs @ x - t`` in each draw,
    ``x`` being 0 or 1. Every set is tried of up to eight responses; of more, `scipy.optimize.milp` (HiGHS) solves it.
    """
    if len(costs) <= TRIED:
        return _best_of_all(total, saved, costs, budget, confidence)
    from scipy import optimize, sparse  # a slow import, and only this needs it

    n_responses, n_draws = saved.shape
    scale = float(np.max(np.abs(total))) or 1.0
    changes = (costs[:, None] - saved).T / scale
    # Unknowns: the choice x, the percentile t, each draw's excess z.
    worst = optimize.LinearConstraint(
        sparse.hstack([changes, np.full((n_draws, 1), -1.0), -sparse.eye(n_draws)]).tocsc(), -np.inf, -total / scale
    )
    limits = [worst]
    if math.isfinite(budget):
        # The solver lets a row pass by a millionth: of the dearest response's cost, therefore, and not of the total.
        dearest = float(np.max(costs)) / 1e3 or 1.0
        within = np.concatenate([costs / dearest, np.zeros(1 + n_draws)])[None, :]
        limits.append(optimize.LinearConstraint(within, -np.inf, budget / dearest * (1 + 1e-12)))
    low, high = np.zeros(n_responses + 1 + n_draws), np.full(n_responses + 1 + n_draws, np.inf)
    low[n_responses], high[:n_responses] = -np.inf, costs <= budget
    found = optimize.milp(
        np.concatenate([np.zeros(n_responses), [1.0], np.full(n_draws, 1 / ((1 - confidence) * n_draws))]),
        integrality=np.arange(len(low)) < n_responses,
        bounds=optimize.Bounds(low, high),
        constraints=limits,
        options={"mip_rel_gap": 1e-6},
    )
    if found.x is None:
        raise RuntimeError(f"the best set of responses was not found: {found.message}")
    return found.x[:n_responses] > 0.5


def _best_of_all(total: np.ndarray, saved: np.ndarray, costs: np.ndarray, budget: float, confidence: float) -> np.ndarray:
    """Return `best_set` by trying every set, the smaller ones first, so that of equals the one with fewer responses stays."""
    sets = np.array(sorted(itertools.product([False, True], repeat=len(costs)), key=sum))
    sets = sets[sets @ costs <= budget * (1 + 1e-12)]
    worst = (1 - confidence) * len(total)
    whole = math.floor(worst + 1e-9)
    shortfalls = []
    for taken in sets:
        outcome = np.sort(total - taken @ saved + taken @ costs)[::-1]
        part = (worst - whole) * outcome[whole] if worst - whole > 1e-9 else 0.0  # of the draw that is partly among the worst
        shortfalls.append((outcome[:whole].sum() + part) / worst)
    best = min(shortfalls)
    return sets[next(i for i, reached in enumerate(shortfalls) if reached <= best + 1e-9 * abs(best))]


def _drawn(simulated: SimulatedCost, risks: list[Risk]) -> tuple[np.ndarray, np.ndarray]:
    """Return the total of each draw, and by how much each response lowers it."""
    model = simulated.model
    residual = [risk.residual if risk.residual is not None else risk for risk in model.risks]
    first, count = len(model.uncertain), len(model.risks)
    answered = [i for i, risk in enumerate(model.risks) if risk.residual is not None]
    totals, saved = [], []
    for block in simulated.parts(beside=residual):
        totals.append(block[: first + count].sum(axis=0))
        saved.append((block[first : first + count] - block[first + count :])[answered])
    return np.concatenate(totals) + model.fixed, np.concatenate(saved, axis=1)


def _percentile(total: np.ndarray, confidence: float) -> float:
    return float(np.quantile(total, confidence, method="inverted_cdf"))


def _shortfall(total: np.ndarray, confidence: float) -> float:
    return float(np.sort(total)[min(math.ceil(confidence * len(total)), len(total) - 1) :].mean())
