"""What the uncertainty of our cost does to the margin of each contract.

The same overrun means different things. Of a fixed fee and of a retainer that absorbs what goes beyond it, we bear all of it.
At time and materials the client pays for every hour, so an overrun brings income with its cost. A cap is time and materials
up to the cap and a fixed fee beyond it: the client keeps the savings, we bear the overrun. Income and cost are therefore
taken from the same draws, and their difference from each draw.

A loss is a margin under nought. Pass-through is in neither income nor cost; freelancers are in the cost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.estimate_at_completion import EstimateAtCompletion
from acctlib.outlook.families import Point
from acctlib.outlook.simulate import SimulatedCost

__all__ = ["MarginRisk", "income", "margin_risk", "margins", "room_to_negotiate"]

#: Form of contract -> who bears what goes beyond the estimate.
BEARS = {
    "fixed_fee": "we do",
    "capped": "the client up to the cap, then we",
    "time_and_materials": "the client",
    "retainer": "we do",
}


@dataclass(frozen=True)
class MarginRisk:
    """How a margin may turn out.

    Attributes
    ----------
    expected : float
        Mean of income less cost, in the account's currency; minus = a loss.
    low, high : float
        Eight of ten outcomes lie between them.
    chance_of_loss : float
        Chance that the cost exceeds the income, a fraction.
    expected_loss : float
        The loss on average, counting the cases without one as nought; never negative.
    chance_below_floor : float or Missing
        Chance that the margin is less than the floor, a fraction of the income. `Missing` without a floor.
    """

    expected: float
    low: float
    high: float
    chance_of_loss: float
    expected_loss: float
    chance_below_floor: float | Missing


def margin_risk(income: np.ndarray | float, cost: np.ndarray, floor: float | Missing) -> MarginRisk:
    """Return the margin where income and cost come from the same draws.

    Parameters
    ----------
    income : float or array of float, shape (n_draws,)
    cost : array of float, shape (n_draws,)
        In the same unit.
    floor : float or Missing
        Least margin that is wanted, a fraction of the income. A draw without income is below any floor if it costs something.

    Examples
    --------
    Four equally likely outcomes under a cap of 110:

    >>> cost = np.array([60.0, 80.0, 100.0, 140.0])
    >>> margin = margin_risk(np.minimum(1.25 * cost, 110.0), cost, floor=0.15)
    >>> margin.chance_of_loss, margin.expected_loss, margin.chance_below_floor
    (0.25, 7.5, 0.5)
    """
    margin = income - cost
    low, high = np.quantile(margin, [0.1, 0.9], method="inverted_cdf")
    return MarginRisk(
        float(margin.mean()),
        float(low),
        float(high),
        float((margin < 0).mean()),
        float(np.maximum(-margin, 0.0).mean()),
        floor if isinstance(floor, Missing) else float((margin < floor * income).mean()),
    )


def income(
    billing_type: str,
    value: np.ndarray | float,
    fee: float = math.nan,
    cap: float = math.nan,
    over: np.ndarray | float = 0.0,
) -> np.ndarray | float:
    """Return what a contract brings, draw by draw.

    Parameters
    ----------
    billing_type : {"fixed_fee", "retainer", "capped", "time_and_materials"}
    value : float or array of float
        Hours at the client's rates, spent and to come.
    fee : float, optional
        Of a fixed fee or a retainer.
    cap : float, optional
        Most that capped work is paid; without one it is time and materials.
    over : float or array of float, default 0
        Value of the hours beyond a retainer's allowance, where the contract bills them.

    Examples
    --------
    >>> income("capped", np.array([90.0, 130.0]), cap=110.0).tolist()
    [90.0, 110.0]
    """
    if billing_type in ("fixed_fee", "retainer"):
        return fee + over
    return np.minimum(value, cap) if billing_type == "capped" and not math.isnan(cap) else value


@requires(simulated="", scope="project name billing_type fee? cap? status? budget_hours? overage?")
def margins(
    work: EstimateAtCompletion | Missing,
    simulated: SimulatedCost | Missing,
    scope: pd.DataFrame | Missing,
    prices: pd.Series | Missing,
    value: pd.DataFrame | Missing,
    floor: float | Missing,
) -> pd.DataFrame | Missing:
    """Return the margin risk of each running project.

    Parameters
    ----------
    work : EstimateAtCompletion
    simulated : SimulatedCost
        Of its model.
    scope : DataFrame
        A row a project, approved changes included; `overage` ("billed" or "absorbed") says what a retainer's hours beyond
        `budget_hours` bring.
    prices : Series or Missing
        Price of an hour to come by (project, role).
    value : DataFrame or Missing
        project, value: billable time to date at its rates.
    floor : float or Missing
        Least margin that is wanted, a fraction of the income.

    Returns
    -------
    DataFrame or Missing
        project, name, billing_type, income (expected), final_cost (expected), margin (expected), low, high, chance_of_loss,
        expected_loss, chance_below_floor, bears (who bears an overrun, in words) and basis (why there is no figure). Money in
        the account's currency. `Missing` where costs are not known in money.
    """
    if isinstance(work, Missing):
        return work
    if work.unit != "money":
        return Missing("the cost of an hour is not known", "add the roles and their cost_rate to rate_card")
    cost, worth, hours = _drawn(work, simulated, prices)
    so_far = pd.Series(dtype=float) if isinstance(value, Missing) else value.groupby("project")["value"].sum()
    unknown = np.nan if isinstance(value, Missing) else 0.0
    scope = scope.assign(**{name: pd.to_numeric(scope[name]).astype(float) for name in ("fee", "cap", "budget_hours")})
    rows = []
    for row in scope[scope["status"].fillna("active") != "closed"].to_dict("records"):
        project = row["project"]
        told = {"project": project, "name": row["name"], "billing_type": row["billing_type"], "bears": _bears(row)}
        if project in cost:
            total = worth[project] + float(so_far.get(project, unknown))
            told |= _margin(row, cost[project], total, hours[project], floor)
        else:
            told["basis"] = "no hours are planned or spent"
        rows.append(told)
    columns = "project name billing_type income final_cost margin low high chance_of_loss expected_loss chance_below_floor"
    columns += " bears basis"
    return pd.DataFrame(rows, columns=columns.split()) if rows else Missing("no project is running")


@requires(margins="project name income final_cost")
def room_to_negotiate(margins: pd.DataFrame | Missing, floor: float | Missing) -> pd.DataFrame | Missing:
    """Return how far the income of each project could fall before its expected margin reaches the floor.

    Parameters
    ----------
    margins : DataFrame
        As from `margins`.
    floor : float, Missing or None
        Least margin that is wanted, a fraction of the income.

    Returns
    -------
    DataFrame or Missing
        project, name, income, final_cost, floor_price (the income at which the margin is the floor) and room (income less
        that; minus = it is below already). Money.

    Examples
    --------
    Work that brings 100 000 and costs 60 000, where a fifth must stay:

    >>> one = pd.DataFrame({"project": ["site"], "name": ["Site"], "income": [100e3], "final_cost": [60e3]})
    >>> room_to_negotiate(one, 0.20)[["floor_price", "room"]].values.tolist()
    [[75000.0, 25000.0]]
    """
    if floor is None or isinstance(floor, Missing) or floor >= 1:
        return Missing("no target margin is set", "add targets: margin to account.yaml")
    known = margins.dropna(subset=["income"])
    if known.empty:
        return Missing("the income of no project is known")
    price = known["final_cost"] / (1 - floor)
    return known[["project", "name", "income", "final_cost"]].assign(floor_price=price, room=known["income"] - price)


def _bills_overage(row: dict) -> bool:
    return row["billing_type"] == "retainer" and str(row["overage"]) == "billed" and row["budget_hours"] > 0


def _bears(row: dict) -> str:
    if row["billing_type"] == "capped" and pd.isna(row["cap"]):
        return BEARS["time_and_materials"]
    return "we up to the allowance, then the client" if _bills_overage(row) else BEARS.get(row["billing_type"], "")


def _margin(row: dict, cost: np.ndarray, value: np.ndarray, hours: np.ndarray, floor: float | Missing) -> dict:
    """Return the figures of one project; where its income is not known, why."""
    beyond = np.maximum(hours - row["budget_hours"], 0.0) if _bills_overage(row) else 0.0
    over = beyond * value / np.maximum(hours, 1e-9) if _bills_overage(row) else 0.0
    brought = np.broadcast_to(income(row["billing_type"], value, row["fee"], row["cap"], over), cost.shape)
    if np.isnan(brought).any():
        by_hour = row["billing_type"] in ("capped", "time_and_materials") or not np.isnan(row["fee"])
        return {"final_cost": float(cost.mean()), "basis": f"the {'price of an hour' if by_hour else 'fee'} is not known"}
    found = margin_risk(brought, cost, floor)
    below = np.nan if isinstance(found.chance_below_floor, Missing) else found.chance_below_floor
    return {
        "income": float(brought.mean()),
        "final_cost": float(cost.mean()),
        "margin": found.expected,
        "low": found.low,
        "high": found.high,
        "chance_of_loss": found.chance_of_loss,
        "expected_loss": found.expected_loss,
        "chance_below_floor": below,
        "basis": "",
    }


def _drawn(
    work: EstimateAtCompletion, simulated: SimulatedCost, prices: pd.Series | Missing
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return by project, draw by draw: the cost, the value of the hours to come at the client's rates, and all hours."""
    model, tasks = work.model, work.tasks
    uncertain = [model.lines[i] for i in model.uncertain]
    parts = np.concatenate(list(simulated.parts()), axis=1)
    owners = np.array([part.project for part in [*uncertain, *model.risks]], dtype=object)
    task = tasks.set_index(["project", "task"])
    priced = {} if isinstance(prices, Missing) else prices.to_dict()
    # A task without a role costs, and brings, the average of its project.
    average = {} if isinstance(prices, Missing) else prices.dropna().groupby(level=0).mean().to_dict()
    cost, worth, hours = {}, {}, {}
    for project in dict.fromkeys([*(line.project for line in model.lines), *tasks["project"]]):
        mine = np.flatnonzero(owners == project)
        fixed = [line for line in model.lines if isinstance(line.cost, Point) and line.project == project]
        cost[project] = parts[mine].sum(axis=0) + math.fsum(line.cost.value for line in fixed)
        worth[project] = np.zeros(parts.shape[1])
        hours[project] = np.full(parts.shape[1], float(work.hours.get(project, 0.0)))
        for amount, line in [(parts[row], uncertain[row]) for row in mine if row < len(uncertain)] + [
            (line.cost.value, line) for line in fixed
        ]:
            if (project, line.name) not in task.index:
                continue
            own = task.loc[(project, line.name)]
            to_come = amount / own["cost_per_hour"]
            hours[project] = hours[project] + to_come
            price = priced.get((project, own["role"]), np.nan) if own["role"] else average.get(project, np.nan)
            worth[project] = worth[project] + to_come * price
    return cost, worth, hours
