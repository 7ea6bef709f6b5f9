"""Why the margin moved from one period to the next.

Margin is fees earned, plus what is earned on pass-through, less the cost of delivery. Between two periods it moves for five
reasons that call for different answers:

- scope: more or fewer hours were worked, at the margin an hour of the earlier period;
- mix: the hours went to projects with a better or a worse margin an hour;
- price: an hour brought more or less in fees;
- efficiency: an hour cost more or less;
- pass-through: more or less was earned on what was bought.

They are taken in this order, each with what came before it already moved and what comes after it not yet, so that they add up
to the difference. Projects of one contract count as one, so that a renewed retainer is compared with the one before; one
without hours in the earlier period is measured against the average of all.
"""

from __future__ import annotations

import pandas as pd

from acctlib.missing import Missing, requires

__all__ = ["margin_bridge"]

_NEEDED = "project fees hours delivery_cost pass_through"


@requires(before=_NEEDED, after=_NEEDED)
def margin_bridge(
    before: pd.DataFrame | Missing, after: pd.DataFrame | Missing, labels: tuple[str, str] = ("before", "after")
) -> pd.DataFrame | Missing:
    """Return the steps from the margin of one period to that of the next.

    Parameters
    ----------
    before, after : DataFrame
        As from `revenue.income_by_project`: a row a project.
    labels : (str, str)
        What the two periods are called.

    Returns
    -------
    DataFrame or Missing
        step, amount (money; plus = the margin rises). The first row is the margin of the earlier period, the last that of the
        later, those between sum to the difference. `Missing` where a part is not known or nothing was worked in one of the two.

    Examples
    --------
    A project earned 10 000 in 100 hours that cost 6 000; now it earns 10 000 in 125 hours that cost 7 500. A fixed fee has
    not grown with the hours:

    >>> one = {"project": ["site"], "pass_through": [0.0]}
    >>> then = pd.DataFrame(one | {"fees": [10e3], "hours": [100.0], "delivery_cost": [6e3]})
    >>> now = pd.DataFrame(one | {"fees": [10e3], "hours": [125.0], "delivery_cost": [7500.0]})
    >>> margin_bridge(then, now, ("Q2", "Q3")).values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['Q2', 4000.0], ['scope', 1000.0], ['mix', 0.0], ['price', -2500.0], ['efficiency', 0.0], ['pass-through', 0.0],
     ['Q3', 2500.0]]
    """
    columns = _NEEDED.split()[1:]
    then, now = (frame.groupby(_contract(frame), sort=True)[columns].sum(min_count=1) for frame in (before, after))
    each = then.index.union(now.index)
    then, now = then.reindex(each, fill_value=0.0), now.reindex(each, fill_value=0.0)
    unknown = [str(project) for project in each[(then.isna() | now.isna()).any(axis=1)]]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        return Missing(f"fees, hours or cost of {', '.join(unknown[:3])}{more} are not known")
    total = then.sum()
    for period, hours in (("earlier", total["hours"]), ("later", now["hours"].sum())):
        if hours <= 0:
            return Missing(f"no hours were worked in the {period} period")
    average = total / total["hours"]
    worked = then["hours"] > 0
    fees_an_hour = (then["fees"] / then["hours"].where(worked)).fillna(average["fees"])
    cost_an_hour = (then["delivery_cost"] / then["hours"].where(worked)).fillna(average["delivery_cost"])
    an_hour = average["fees"] - average["delivery_cost"]
    earned = (total["fees"] - total["delivery_cost"], float((now["hours"] * (fees_an_hour - cost_an_hour)).sum()))
    scope = (now["hours"].sum() - total["hours"]) * an_hour
    steps = {
        labels[0]: earned[0] + total["pass_through"],
        "scope": scope,
        "mix": earned[1] - earned[0] - scope,
        "price": float((now["fees"] - now["hours"] * fees_an_hour).sum()),
        "efficiency": float((now["hours"] * cost_an_hour - now["delivery_cost"]).sum()),
        "pass-through": now["pass_through"].sum() - total["pass_through"],
        labels[1]: now["fees"].sum() - now["delivery_cost"].sum() + now["pass_through"].sum(),
    }
    return pd.DataFrame({"step": list(steps), "amount": [float(amount) for amount in steps.values()]})


def _contract(frame: pd.DataFrame) -> pd.Series:
    """Return the contract of each project; a project without one stands for itself."""
    if "contract" not in frame.columns:
        return frame["project"].astype(object)
    return frame["contract"].astype(object).where(frame["contract"].notna(), frame["project"].astype(object))
