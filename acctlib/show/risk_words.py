"""What the pages say of the forecast of cost and time: its range, what drives it, and what responses bring.

A percentile is said in cases of ten, as readers picture it, and beside each forecast stands what it assumes.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import amount, number, percent
from acctlib.show.sentences import count, in_cases, listed, nothing_in

__all__ = [
    "answers",
    "both_held",
    "correlation",
    "curve",
    "driven",
    "drivers",
    "engines",
    "finishing",
    "formats",
    "limits",
    "margin_basis",
    "margin_odds",
    "response_basis",
    "room",
    "sure_of",
    "three_estimates",
    "timing",
    "worst_cases",
]

Table = pd.DataFrame | Missing
_NONE = Missing("there is none")


def curve(cost: object, unit: str) -> str:
    """Return the text of a cumulative curve: the middle and the range of 8 in 10.

    Parameters
    ----------
    cost : ExactCost, SimulatedCost or Missing
        Anything with ``quantile``.
    unit : str
        Currency code, or "h".
    """
    if isinstance(cost, Missing):
        return "There is no forecast to show."
    low, middle, high = (amount(cost.quantile(p), unit) for p in (0.1, 0.5, 0.9))
    return f"Half of the outcomes stay within {middle}; 8 in 10 lie between {low} and {high}."


def worst_cases(shortfall: float | Missing, confidence: float, unit: str) -> str:
    """Return the expected shortfall in words.

    >>> worst_cases(130e3, 0.8, "GBP")
    'In the worst 20\xa0% of the cases the work costs £130k on average.'
    """
    if isinstance(shortfall, Missing):
        return ""
    return f"In the worst {percent(1 - confidence, 0)} of the cases the work costs {amount(shortfall, unit)} on average."


def drivers(table: Table) -> str:
    """Return the text of a tornado: the strongest drivers with their shares.

    >>> drivers(pd.DataFrame({"driver": ["Build", "Late content"], "share": [0.6, 0.3]}))
    'Build (60\\xa0%) and Late content (30\\xa0%) move the total most.'
    """
    if nothing_in(table):
        return "No driver to show."
    top = [f"{name} ({percent(share, 0)})" for name, share in zip(table["driver"], table["share"], strict=True)]
    return f"{listed(top)} move the total most."


def driven(drivers: Table) -> str:
    """Return which driver moves the total most.

    >>> driven(pd.DataFrame({"driver": ["Build"], "share": [0.6]}))
    '60\xa0% of the spread comes from one driver: Build'
    """
    if nothing_in(drivers):
        return "What drives the spread"
    return f"{percent(drivers['share'].iloc[0], 0)} of the spread comes from one driver: {drivers['driver'].iloc[0]}"


def correlation(adds: float | Missing, unit: str, rank: float | Missing = _NONE) -> str:
    """Return what the shared factor of a project adds to the P80, and the rank correlation that it gives.

    >>> correlation(12_400.0, "GBP", 0.31)
    'Work of one project is late together (rank correlation 0.31); taken as independent, the P80 would be £12.4k lower.'
    """
    shared = "" if isinstance(rank, Missing) else f" (rank correlation {rank:.2f})"
    if isinstance(adds, Missing):
        return f"Work of one project is late together{shared}: it shares one factor."
    side = "lower" if adds >= 0 else "higher"
    independent = f"taken as independent, the P80 would be {amount(abs(adds), unit)} {side}"
    return f"Work of one project is late together{shared}; {independent}."


def timing(unit: str) -> str:
    """Return the title of spend by month in a forecast's unit, money or hours.

    >>> timing("GBP"), timing("h")
    ('When the money goes out', 'When the hours are worked')
    """
    return "When the hours are worked" if unit == "h" else "When the money goes out"


def finishing(finishes: Table) -> str:
    """Return how sure the least sure project is to hold both its date and its budget.

    >>> finishing(pd.DataFrame({"name": ["Portal"], "both": [0.2], "in_time": [0.3], "in_budget": [0.5]}))
    'Portal holds date and budget together in 2 in 10 cases'
    """
    if nothing_in(finishes) or pd.isna(finishes["both"].iloc[0]):
        return "When the work is finished"
    return f"{finishes['name'].iloc[0]} holds date and budget together {in_cases(finishes['both'].iloc[0])}"


def both_held(finishes: Table) -> str:
    """Return the chances of date, budget and both for the least sure project, in words.

    >>> both_held(pd.DataFrame({"name": ["Portal"], "both": [0.2], "in_time": [0.3], "in_budget": [0.5]}))
    'Portal: in time in 30 %, within budget in 50 %, both in 20 % of the cases.'
    """
    if nothing_in(finishes) or pd.isna(finishes["both"].iloc[0]):
        return "No project has both a budget and an agreed end."
    row = finishes.iloc[0]
    in_time, in_budget, both = (percent(row[name], 0) for name in ("in_time", "in_budget", "both"))
    return f"{row['name']}: in time in {in_time}, within budget in {in_budget}, both in {both} of the cases."


def sure_of(confidence: float) -> str:
    """Return what "sure" means in a table of finish dates.

    >>> sure_of(0.8)
    'Sure: 80 % of the cases. Date and budget: both at once. A risk delays all of its project. Retainers are left out.'
    """
    sure = f"Sure: {percent(confidence)} of the cases."
    return f"{sure} Date and budget: both at once. A risk delays all of its project. Retainers are left out."


def three_estimates(confidence: float) -> str:
    """Return what the estimates at completion of earned value assume, beside the forecast.

    >>> three_estimates(0.8).endswith("from the tasks and risks; sure: 80\xa0% of the cases.")
    True
    """
    ways = "As planned: the rest costs what was planned. At this pace: budget / CPI. Pace and delay: the rest / (CPI × SPI)."
    return f"{ways} Forecast: from the tasks and risks; sure: {percent(confidence)} of the cases."


def margin_odds(margins: Table) -> str:
    """Return which contract is likeliest to lose money.

    >>> margin_odds(pd.DataFrame({"name": ["Portal", "Care"], "chance_of_loss": [0.25, 0.0]}))
    'Portal loses money in 1 in 4 cases'
    >>> margin_odds(pd.DataFrame({"name": ["Care"], "chance_of_loss": [0.001]}))
    'No contract is likely to lose money'
    """
    if nothing_in(margins) or margins["chance_of_loss"].isna().all():
        return "What is left of each contract"
    worst = margins.loc[margins["chance_of_loss"].idxmax()]
    if worst["chance_of_loss"] < 0.01:
        return "No contract is likely to lose money"
    return f"{worst['name']} loses money {in_cases(worst['chance_of_loss'])}"


def margin_basis(margins: Table, floor: float | Missing | None) -> str:
    """Return what the table of margin risk rests on, and which projects have no figure.

    >>> margin_basis(pd.DataFrame({"name": ["Care"], "basis": ["the fee is not known"]}), 0.35)
    'Target margin: 35 % of the income. No figure for Care: the fee is not known.'
    """
    if nothing_in(margins):
        return ""
    aim = "No target margin is set in account.yaml." if floor is None else f"Target margin: {percent(floor)} of the income."
    unknown = margins[margins["basis"].fillna("") != ""]
    gaps = [f" No figure for {name}: {why}." for name, why in zip(unknown["name"], unknown["basis"], strict=True)]
    return aim + "".join(gaps)


def room(floor: float | None) -> str:
    """Return what room to negotiate means.

    >>> room(None)
    ''
    """
    if floor is None:
        return ""
    return f"Floor price: at it the expected margin is the target, {percent(floor)} of the price. Minus: it is below already."


def answers(taken: Any, unit: str) -> str:
    """Return what the chosen responses bring for what they cost.

    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"chosen": [True, False]})
    >>> taken = SimpleNamespace(table=table, cost=3e3, before=400e3, after=380e3, confidence=0.8)
    >>> answers(taken, "GBP")
    '1 of 2 responses is worth its money: £3k of responses lower the P80 from £400k to £380k, their cost counted in'
    """
    if isinstance(taken, Missing):
        return "Which responses are worth their money"
    chosen, of = int(taken.table["chosen"].sum()), count(len(taken.table), "response")
    if not chosen:
        return f"None of {of} is worth its money" if len(taken.table) > 1 else "The one response is not worth its money"
    verb = "is worth its money" if chosen == 1 else "are worth their money"
    of = f"{chosen} of {of}" if chosen < len(taken.table) else f"All {of}" if chosen > 1 else "The one response"
    p = f"P{100 * taken.confidence:.0f}"
    if taken.after >= taken.before:
        return f"{of} {verb}: {amount(taken.cost, unit)} of responses ease the worst cases, not the {p}"
    return (
        f"{of} {verb}: {amount(taken.cost, unit)} of responses lower the {p} from {amount(taken.before, unit)} "
        f"to {amount(taken.after, unit)}, their cost counted in"
    )


def response_basis(taken: Any, budget: float | None) -> str:
    """Return how the responses were chosen.

    >>> response_basis(Missing("none"), None)
    ''
    """
    if isinstance(taken, Missing):
        return ""
    p = f"P{100 * taken.confidence:.0f}"
    limit = "no limit on what they cost" if budget is None else f"at most {number(budget)} for all"
    return (
        f"Taken: the set with the least cost on average in the worst {percent(1 - taken.confidence)} of the cases, {limit}. "
        f"Saves when it is bad: by how much it alone lowers the {p}. Before and after are the same draws."
    )


def engines(simulated: Any, seed: int) -> str:
    """Return how the two engines were run."""
    if isinstance(simulated, Missing):
        return ""
    note = f" {simulated.note}." if simulated.note else ""
    return f"Exact: convolution, no sampling error. Simulated: {simulated.draws:,} scrambled Sobol draws, seed {seed}.{note}"


def formats(unit: str) -> dict[str, str]:
    """Return the formats of a table of amounts in a forecast's unit, money or hours.

    >>> formats("h")["exact"]
    'hours'
    """
    how = "hours" if unit == "h" else "money"
    amounts_in_unit = "exact simulated standard_error difference amount low likely high plan middle sure"
    amounts_in_unit += " bac pv ev ac eac vac eac_atypical eac_combined"
    return dict.fromkeys(amounts_in_unit.split(), how)


def limits(forecast: Any, audience: str, uncounted: Table = _NONE) -> list[str]:
    """Return what a forecast assumes and does not cover, as a list of sentences.

    Parameters
    ----------
    forecast : Forecast
        With ``findings``.
    audience : {"client", "internal"}
        The client reads only what concerns the price.
    uncounted : DataFrame or Missing
        Open risks without a probability or a cost: they are in no curve, so they are named.
    """
    shared = [
        "- The range covers the work, changes and risks that are listed here; what nobody has thought of is not in it.",
        "- Expenses are counted as charged to date; later ones come on top.",
    ]
    if audience == "client":
        return shared
    ours = [
        "- A task estimated as one number is given the usual spread; a task's own range goes before it.",
        "- Work of one project shares a factor (sd of the log 0.15): projects run late as a whole.",
        "- Risks are independent of each other and of the work, and enter before the response.",
    ]
    if not nothing_in(uncounted):
        ours.append(f"- Not in the curve for want of a chance or a cost: {listed(uncounted['description'].tolist(), 5)}.")
    return shared + ours + [f"- {finding}" for finding in forecast.findings]
