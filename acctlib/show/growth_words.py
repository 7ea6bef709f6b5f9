"""What the pages say of the revenue that may come: the target, deals, renewals and white space.

What may come is told as a middle with the range of 8 in 10 cases, a target with its chance, and every chance with what it
rests on.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.show.numerals import chance, number, percent, short_money
from acctlib.show.sentences import count, listed, nothing_in

__all__ = [
    "decided_in",
    "outlook",
    "pipeline",
    "signal",
    "stage_odds",
    "target",
    "target_basis",
    "white_space",
    "white_space_title",
]

Table = pd.DataFrame | Missing
_NONE = Missing("there is none")


def target(odds: Any, currency: str) -> str:
    """Return how likely the year's target is, as a title.

    >>> target(Missing("there is no target for the year"), "GBP")
    'What the year may bring'
    """
    if isinstance(odds, Missing):
        return "What the year may bring"
    aim = f"The target of {short_money(odds.target, currency)} is reached with a chance of {chance(odds.chance)}"
    if odds.gap_sure <= 0:
        return f"{aim}: nothing is missing to be {percent(odds.confidence, 0)} sure"
    return f"{aim}; {short_money(odds.gap_sure, currency)} are missing to be {percent(odds.confidence, 0)} sure"


def target_basis(odds: Any, outlook: Any, left_out: Table, own: Any = _NONE) -> str:
    """Return what the odds of the target rest on, and how far the drawn chance is from the exact one, as a caption.

    >>> target_basis(Missing("no target"), Missing("nothing"), Missing("none"))
    ''
    """
    if isinstance(outlook, Missing):
        return ""
    slip = outlook.slip
    said = [f"{'Decisions come as late as' if slip.learned else 'Delays of decisions:'} {slip.basis}."]
    said.append(f"Deals and renewals move together a little (correlation {number(outlook.common_factor, 1)}).")
    if not isinstance(odds, Missing):
        error = f"standard error {percent(max(odds.error, 0.001), 1)}"
        said.append(
            f"Exact chance {percent(odds.chance, 1)}; drawn {outlook.draws:,} times: {percent(odds.drawn, 1)}, {error}."
        )
    if not isinstance(own, Missing):
        said.append(f"At the odds that owners give their deals it is {chance(own.chance)}.")
    if not (outlook.prospects["kind"] == "deal").any():
        said.append("No open deal is known.")
    if not nothing_in(left_out):
        said.append(f"Not counted, and listed below: {count(len(left_out), 'item')}.")
    return " ".join(said)


def outlook(ahead: Table, currency: str) -> str:
    """Return the text of what each quarter and year may bring.

    >>> outlook(pd.DataFrame({"period": ["2026-Q4"], "p10": [80e3], "p50": [95e3], "p90": [120e3]}), "GBP")
    '2026-Q4: £95k, 8 in 10 between £80k and £120k.'
    """
    if nothing_in(ahead):
        return "Nothing is known of what may come."
    said = []
    for row in ahead.to_dict("records"):
        low, middle, high = (short_money(row[name], currency) for name in ("p10", "p50", "p90"))
        said.append(f"{row['period']}: {middle}" + ("" if low == high else f", 8 in 10 between {low} and {high}"))
    return "; ".join(said) + "."


def stage_odds(odds: Any) -> str:
    """Return what the odds of the stages rest on, or why there are none.

    >>> stage_odds(Missing("no deal is recorded"))
    'no deal is recorded'
    """
    if isinstance(odds, Missing):
        return odds.reason
    if isinstance(odds.rate, Missing):
        return f"{odds.rate.reason}; until then the owner's own probability counts"
    return f"{count(odds.closed, 'closed deal')}; the stages are in the order of {odds.order_from}."


def decided_in(cycle: Table) -> str:
    """Return how long deals take to a decision, open ones counted for as long as they have been open, as a caption.

    >>> cycle = pd.DataFrame({"decision": ["won", "lost", "any decision"], "deals": [3, 1, 4], "median": [57.0, 14.0, 69.0]})
    >>> decided_in(cycle)
    'Half of all deals are decided within 69 days, open ones counted; those won took 57 days, those lost 14.'
    """
    days = {} if nothing_in(cycle) else dict(zip(cycle["decision"], cycle["median"], strict=True))
    if pd.isna(days.get("any decision")):
        return ""
    told = [f"those {which} took {days[which]:.0f}" for which in ("won", "lost") if not pd.isna(days.get(which))]
    if told:
        told[0] += " days"
    return f"Half of all deals are decided within {days['any decision']:.0f} days, open ones counted" + (
        f"; {', '.join(told).replace('lost took', 'lost')}." if told else "."
    )


def pipeline(deals: Any, currency: str) -> str:
    """Return what the open deals are worth, as a range.

    >>> pipeline(Missing("no open deal"), "GBP")
    'What the open deals may bring'
    """
    if isinstance(deals, Missing):
        return "What the open deals may bring"
    low, high = deals.quantile(0.1), deals.quantile(0.9)
    worth = short_money(deals.mean, currency)
    between = f"{short_money(low, currency)} to {short_money(high, currency)}"
    return f"Open deals are worth {worth} on average, {between} in 8 of 10 cases"


def signal(word: str | Missing) -> str:
    """Return the renewal signal as a title.

    >>> signal("watch")
    'The signs say: watch'
    """
    return "Terms that end within a year" if isinstance(word, Missing) else f"The signs say: {word}"


def white_space_title(cells: Table, currency: str) -> str:
    """Return what the gaps are worth together, as a title.

    >>> white_space_title(pd.DataFrame({"state": ["gap", "owned"], "weighted": [1e4, None]}), "GBP")
    'The one gap is worth £10k a year, weighted with its chance'
    """
    gaps = None if nothing_in(cells) else cells[cells["state"] == "gap"]
    if gaps is None or not gaps["weighted"].sum() > 0:
        return "What each unit buys, and what it might"
    worth = f"worth {short_money(gaps['weighted'].sum(), currency)} a year, weighted with"
    return f"The one gap is {worth} its chance" if len(gaps) == 1 else f"{len(gaps)} gaps are {worth} their chances"


def white_space(cells: Table, currency: str) -> str:
    """Return the text of the white-space grid: how many cells are in each state, and the gap worth most.

    >>> cells = pd.DataFrame({"business_unit": "Legal", "service_line": ["Data", "Design"], "state": ["gap", "owned"],
    ...                       "weighted": [1e4, None]})
    >>> white_space(cells, "GBP")
    'Of 2 cells 1 is owned and 1 is a gap. The gap worth most is Data for Legal: £10k a year, weighted with its chance.'
    """
    if nothing_in(cells):
        return "No white space to show."
    counted = cells["state"].value_counts().reindex(["owned", "pipeline", "gap", "not eligible", "unknown"], fill_value=0)
    parts = []
    for state, (one, many) in _IN_WORDS.items():
        if counted[state]:
            parts.append(f"{counted[state]} {one if counted[state] == 1 else many}")
    gaps = cells[cells["state"] == "gap"].dropna(subset=["weighted"]).sort_values("weighted", ascending=False, kind="stable")
    text = f"Of {count(len(cells), 'cell')} {listed(parts)}."
    if gaps.empty:
        return text
    best = gaps.iloc[0]
    worth = f"{short_money(best['weighted'], currency)} a year, weighted with its chance"
    return f"{text} The gap worth most is {best['service_line']} for {best['business_unit']}: {worth}."


_IN_WORDS = {
    "owned": ("is owned", "are owned"),
    "pipeline": ("is in the pipeline", "are in the pipeline"),
    "gap": ("is a gap", "are gaps"),
    "not eligible": ("is not eligible", "are not eligible"),
    "unknown": ("is unknown", "are unknown"),
}
