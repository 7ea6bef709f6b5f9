"""The first page of each report: the sentence that matters most and at most four figures.

Readers decide in half a minute whether to read on, so the figures are few, each stands against something, and the sentences
put bad news first. What is said is chosen here from the tables of the report, by rules that a test can reach: where the data
are not there nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.periods import long_date
from acctlib.show import delivery_words, relationship_words
from acctlib.show.blocks import Tile
from acctlib.show.numerals import amount, chance, percent, percent_range, short_money
from acctlib.show.sentences import count, in_cases, lead, listed, odds

__all__ = [
    "agenda_lead",
    "brief_lead",
    "deliverables_tile",
    "fees_tile",
    "forecast_lead",
    "forecast_tiles",
    "goals_tile",
    "hours_tile",
    "meeting_tiles",
    "most_telling",
    "others",
    "plan_lead",
    "plan_tiles",
    "price_lead",
    "price_tiles",
    "review_lead",
    "satisfaction_tile",
    "tasks_tile",
    "work_lead",
]

Table = pd.DataFrame | Missing
NONE = Missing("not recorded")

#: Share of deliverables on their agreed date: from the first on track, from the second at risk.
ON_TIME = (0.9, 0.7)


def fees_tile(by_quarter: Table, currency: str) -> Tile:
    """Return the fees invoiced in the quarter against the quarter before, with the trend."""
    label = "Fees invoiced this quarter"
    if isinstance(by_quarter, Missing):
        return Tile(label, by_quarter)
    fees = by_quarter["fees"].tolist()
    before = f"quarter before {short_money(fees[-2], currency)}" if len(fees) > 1 else ""
    return Tile(label, short_money(fees[-1], currency), before, tuple(fees))


def deliverables_tile(on_time: Any, trend: Sequence[float] = (), milestones: Table = NONE) -> Tile:
    """Return how many deliverables of the quarter came on the date agreed; what is overdue keeps it from being on track."""
    label = "On the agreed date"
    if isinstance(on_time, Missing):
        return Tile(label, on_time)
    good, fair = ON_TIME
    state = "on track" if on_time.value >= good else "at risk" if on_time.value >= fair else "off track"
    late = len(delivery_words.overdue(milestones))
    if late and state == "on track":
        state = "at risk"
    waits = f"; {late} overdue" if late else ""
    return Tile(label, str(on_time), f"delivered this quarter{waits}; on track from {percent(good)}", tuple(trend), state)


def goals_tile(objectives: Table) -> Tile:
    """Return how many of the client's goals are on track, in the state of the worst."""
    label = "Goals on track"
    if isinstance(objectives, Missing):
        return Tile(label, objectives)
    states = objectives["state"].dropna().tolist()
    if not states:
        return Tile(label, Missing("no goal has a target and a value"))
    worst = next(state for state in ("off track", "at risk", "on track") if state in states)
    return Tile(label, f"{states.count('on track')} of {len(states)}", _others(states), (), worst)


def _others(states: list[str]) -> str:
    named = [f"{states.count(state)} {state}" for state in ("at risk", "off track") if state in states]
    return ", ".join(named) or "all of them"


def satisfaction_tile(scores: Table, period: str) -> Tile:
    """Return the satisfaction score of a quarter with its interval and how many answered; CSAT goes before NPS.

    Where too few answered in that quarter the newest score before it is shown with the quarter it is of.
    """
    label = "Satisfaction"
    if isinstance(scores, Missing):
        return Tile(label, scores)
    known = scores[scores["score"].notna() & (scores["quarter"] <= period)]
    for kind, name in (("csat", "Satisfied clients"), ("nps", "Net promoter score")):
        rows = known[known["kind"] == kind]
        if len(rows):
            last = rows.iloc[-1]
            value = percent(last["score"]) if kind == "csat" else f"{100 * last['score']:+.0f}".replace("-", "−")
            between = percent_range(last["low"], last["high"]) if kind == "csat" else _points(last["low"], last["high"])
            when = "" if last["quarter"] == period else f"in {last['quarter']}, since then too few answered; "
            note = f"{when}{last['answered']:.0f} answers, range {between}"
            return Tile(name, value, note, tuple(rows["score"].tail(4)))
    return Tile(label, Missing("too few answered"))


def _points(low: float, high: float) -> str:
    return f"{100 * low:+.0f} to {100 * high:+.0f}".replace("-", "−")


def hours_tile(by_quarter: Table, projects: Table = NONE, open_book: Table = NONE) -> Tile:
    """Return the billable hours of the quarter against the quarter before, with the trend.

    `projects` are all that run and `open_book` those whose hours this edition sees; where they are fewer the figure says so.
    """
    label = "Billable hours this quarter"
    if isinstance(by_quarter, Missing):
        return Tile(label, by_quarter)
    if not isinstance(open_book, Missing) and not isinstance(projects, Missing) and len(open_book) < len(projects):
        label = "Billable hours this quarter, where open to you"
    worked = by_quarter["hours"].tolist()
    before = f"quarter before {amount(worked[-2], 'h')}" if len(worked) > 1 else ""
    return Tile(label, amount(worked[-1], "h"), before, tuple(worked))


def tasks_tile(work: Table) -> Tile:
    """Return how many tasks are done, of all that are not cancelled."""
    label = "Tasks done"
    if isinstance(work, Missing):
        return Tile(label, work)
    return Tile(label, f"{work['tasks_done'].sum():,} of {work['tasks'].sum():,}", "to date")


def most_telling(tiles: Sequence[Tile], most: int = 4) -> list[Tile]:
    """Return the first few figures that are known, in their order; unknown ones only fill what is left.

    Examples
    --------
    >>> tiles = [Tile("Fees", Missing("no invoices")), Tile("Hours", "488 h"), Tile("Tasks done", "22 of 50")]
    >>> [tile.label for tile in most_telling(tiles, most=2)]
    ['Hours', 'Tasks done']
    """
    unknown = [isinstance(tile.value, Missing) for tile in tiles]
    kept = sorted(range(len(tiles)), key=unknown.__getitem__)[:most]
    return [tiles[position] for position in sorted(kept)]


def others(tiles: Sequence[Tile], first: int, most: int = 4) -> list[Tile]:
    """Return the figures that follow the first few of `most_telling`, those that are known.

    >>> tiles = [Tile("Fees", "£1k"), Tile("Hours", "488 h"), Tile("Goals", Missing("none")), Tile("Tasks done", "22 of 50")]
    >>> [tile.label for tile in others(tiles, 2)]
    ['Tasks done']
    """
    shown = most_telling(tiles, first)
    return [tile for tile in tiles if tile not in shown and not isinstance(tile.value, Missing)][:most]


def work_lead(work: Table, fees: Table) -> str:
    """Return the opening of a review where nothing is known to be late, owed, off target or waiting: what was done.

    Parameters
    ----------
    work : DataFrame or Missing
        work_type, hours_in_period.
    fees : DataFrame or Missing
        fees by quarter, the newest last.

    Examples
    --------
    >>> work = pd.DataFrame({"work_type": ["Build", "Test"], "hours_in_period": [30.0, 10.0]})
    >>> work_lead(work, pd.DataFrame({"fees": [80e3, 100e3]}))
    '**Build took 30\\xa0h of the 40\\xa0h worked this quarter.** Fees are 25\\xa0% above the quarter before.'
    """
    return lead([("on track", _largest(work)), ("on track", _moved(fees))])


def _largest(work: Table) -> str:
    if isinstance(work, Missing) or not work["hours_in_period"].sum() > 0:
        return ""
    most = work.loc[work["hours_in_period"].idxmax()]
    total = amount(work["hours_in_period"].sum(), "h")
    if most["hours_in_period"] == work["hours_in_period"].sum():
        return f"All {total} worked this quarter went into {most['work_type']}."
    return f"{most['work_type']} took {amount(most['hours_in_period'], 'h')} of the {total} worked this quarter."


def _moved(fees: Table) -> str:
    if isinstance(fees, Missing) or len(fees) < 2 or not fees["fees"].iloc[-2] > 0:
        return ""
    if not fees["fees"].iloc[-1] > 0:  # "130 % below" would be true of nothing
        return (
            "More was credited than invoiced this quarter."
            if fees["fees"].iloc[-1] < 0
            else "No fees were invoiced this quarter."
        )
    change = fees["fees"].iloc[-1] / fees["fees"].iloc[-2] - 1
    if abs(change) < 0.02:
        return "Fees are as in the quarter before."
    return f"Fees are {percent(abs(change), 0)} {'above' if change > 0 else 'below'} the quarter before."


def review_lead(milestones: Table, actions: Table, objectives: Table, pending: Table, on_time: Any, client: str,
                issues: Table = NONE, scores: Table = NONE, period: str = "") -> str:  # fmt: skip
    """Return the opening of a review from what is wrong, late, owed, off target and waiting.

    Parameters
    ----------
    milestones : DataFrame or Missing
        deliverable, stage, days_late.
    actions : DataFrame or Missing
        stage, party.
    objectives : DataFrame or Missing
        objective, state.
    pending : DataFrame or Missing
        change, fee: change requests that wait for a decision.
    on_time : Proportion or Missing
        Deliverables of the quarter on their agreed date.
    client : str
        The client's name.
    issues : DataFrame or Missing
        summary, severity, age_days: open issues, the worst first.
    scores : DataFrame or Missing
        As from `satisfaction.satisfaction_by_quarter`.
    period : str
        The quarter that is reviewed.

    Examples
    --------
    >>> late = pd.DataFrame({"deliverable": ["Claims form"], "stage": ["overdue"], "days_late": [19]})
    >>> none = Missing("not recorded")
    >>> review_lead(late, none, none, none, none, "Kestrel")
    '**Claims form is 19 days past its agreed date.**'
    """
    wrong, fell = _critical(issues), _fell(scores, period)
    told = [_late(milestones), _owed(actions, client), _off_target(objectives), _waiting(pending), _delivered(on_time)]
    return lead([wrong, told[0], fell, *told[1:]], most=4)


def _critical(issues: Table) -> tuple[str, str]:
    if isinstance(issues, Missing):
        return "on track", ""
    critical = issues[issues["severity"] == "critical"]
    if critical.empty:
        return "on track", ""
    first = critical.iloc[0]
    more = f", and {len(critical) - 1} more" if len(critical) > 1 else ""
    return (
        "off track",
        f"A critical issue is open for {count(int(first['age_days']), 'day')}: {first['summary'].rstrip('.')}{more}.",
    )


def _fell(scores: Table, period: str) -> tuple[str, str]:
    """Return that satisfaction fell by more than chance explains: neither score lies in the other's range."""
    if isinstance(scores, Missing):
        return "on track", ""
    known = scores[(scores["kind"] == "csat") & scores["score"].notna() & (scores["quarter"] <= period)]
    if len(known) < 2 or known["quarter"].iloc[-1] != period:
        return "on track", ""
    before, now = known.iloc[-2], known.iloc[-1]
    if not (now["high"] < before["score"] and now["score"] < before["low"]):
        return "on track", ""
    fell = f"from {percent(before['score'], 0)} in {before['quarter']} to {percent(now['score'], 0)}"
    return "off track", f"Satisfied answers fell {fell}, by more than chance explains."


def _late(milestones: Table) -> tuple[str, str]:
    late = delivery_words.overdue(milestones)
    if late.empty:
        return "on track", ""
    late = late.sort_values("days_late", ascending=False, kind="stable")
    days = int(late["days_late"].iloc[0])
    if len(late) == 1:
        return "off track", f"{late['deliverable'].iloc[0]} is {count(days, 'day')} past its agreed date."
    return (
        "off track",
        f"{len(late)} deliverables are past their agreed dates, {late['deliverable'].iloc[0]} by {count(days, 'day')}.",
    )


def _owed(actions: Table, client: str) -> tuple[str, str]:
    if isinstance(actions, Missing):
        return "on track", ""
    overdue = actions[actions["stage"] == "overdue"]
    if overdue.empty:
        return "on track", ""
    theirs = int((overdue["party"] == "client").sum())
    share = f", {theirs} of them with {client}" if theirs < len(overdue) else f", with {client}"
    verb = "is" if len(overdue) == 1 else "are"
    return "at risk", f"{count(len(overdue), 'agreed action')} {verb} overdue{share if theirs else ''}."


def _off_target(objectives: Table) -> tuple[str, str]:
    if isinstance(objectives, Missing):
        return "on track", ""
    off = objectives.loc[objectives["state"] == "off track", "objective"].tolist()
    known = objectives["state"].notna().sum()
    if not known:
        return "on track", ""
    if not off:
        behind = int((objectives["state"] == "at risk").sum())
        if behind:
            return "at risk", f"{count(behind, 'goal')} of {known} {_are(range(behind))} at risk."
        return "on track", "The one goal is on track." if known == 1 else f"All {known} goals are on track."
    return "off track", f"Of {known} goals, {count(len(off), 'goal').split()[0]} {_are(off)} off track: {listed(off)}."


def _are(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _waiting(pending: Table) -> tuple[str, str]:
    if isinstance(pending, Missing) or pending.empty:
        return "on track", ""
    verb = "waits" if len(pending) == 1 else "wait"
    return "at risk", f"{count(len(pending), 'change request')} {verb} for a decision."


def _delivered(on_time: Any) -> tuple[str, str]:
    if isinstance(on_time, Missing):
        return "on track", ""
    state = deliverables_tile(on_time).state
    return state, f"{on_time} deliverables came on the agreed date."


def forecast_tiles(cost: Any, budget: float | Missing, holds: float | Missing, reserve: float | Missing, spent: float | Missing,
                   unit: str, confidence: float) -> list[Tile]:  # fmt: skip
    """Return the figures of a cost forecast: median, the odds of the budget, the reserve it needs and what is spent.

    Parameters
    ----------
    cost : ExactCost, SimulatedCost or Missing
        Anything with ``quantile``.
    budget, reserve, spent : float or Missing
        In `unit`.
    holds : float or Missing
        Chance that the cost stays within the budget, as a fraction.
    unit : str
        Currency code, or "h".
    confidence : float
        Wanted chance, as a fraction.
    """
    if isinstance(cost, Missing):
        return [Tile("Forecast at completion", cost)]
    low, middle, high = (cost.quantile(p) for p in (0.1, 0.5, 0.9))
    state = (
        "" if isinstance(holds, Missing) else "on track" if holds >= confidence else "at risk" if holds >= 0.5 else "off track"
    )
    against = "there is no budget" if isinstance(budget, Missing) else f"budget {amount(budget, unit)}"
    return [
        Tile("Forecast at completion", amount(middle, unit), f"8 in 10: {amount(low, unit)} to {amount(high, unit)}"),
        Tile(
            "Budget holds",
            holds if isinstance(holds, Missing) else odds(holds).replace("fewer than ", "< "),
            against,
            (),
            state,
        ),
        Tile(f"Reserve to be {percent(confidence)} sure", amount(reserve, unit), "on top of the budget"),
        Tile(
            "Spent so far",
            amount(spent, unit),
            "" if isinstance(spent, Missing) else f"{percent(spent / middle)} of the forecast",
        ),
    ]


def forecast_lead(cost: Any, budget: float | Missing, holds: float | Missing, unit: str, drivers: Table) -> str:
    """Return what a cost forecast says in two sentences: how it stands against the budget, and why."""
    if isinstance(cost, Missing):
        return ""
    middle = cost.quantile(0.5)
    findings = []
    if not isinstance(budget, Missing) and not isinstance(holds, Missing):
        over = middle / budget - 1
        place = "on the budget" if abs(over) < 0.02 else f"{percent(abs(over))} {'over' if over > 0 else 'under'} the budget"
        state = "off track" if holds < 0.5 else "at risk" if holds < 0.8 else "on track"
        heading = f"The work is heading for {amount(middle, unit)}, {place} of {amount(budget, unit)}"
        findings.append((state, f"{heading}; it holds {in_cases(holds)}."))
    else:
        findings.append(("at risk", f"The work is heading for {amount(middle, unit)}; there is no budget to hold it against."))
    if not isinstance(drivers, Missing) and len(drivers):
        top = drivers.iloc[0]
        findings.append(("on track", f"{percent(top['share'], 0)} of the uncertainty comes from one driver: {top['driver']}."))
    return lead(findings)


def price_tiles(pays: Table, total: tuple[float, float, float] | Missing, currency: str) -> list[Tile]:
    """Return what the client will pay: expected, as a range, agreed so far, and what waits for a decision."""
    if isinstance(pays, Missing):
        return [Tile("To pay", pays)]
    agreed = pays["agreed"].sum(min_count=1)
    agreed = Missing("no running project has a fee or a cap") if pd.isna(agreed) else agreed
    tiles = []
    if isinstance(total, Missing):
        tiles.append(Tile("To pay in all", total))
    else:
        low, expected, high = total
        # The upper end holds changes that wait for a decision, which have no chance of their own.
        what = "with pending changes: " if pays["pending"].fillna(0.0).any() else "8 in 10: "
        between = "fixed" if low == high else f"{what}{short_money(low, currency)} to {short_money(high, currency)}"
        tiles.append(Tile("To pay in all", short_money(expected, currency), between))
    tiles.append(Tile("Agreed", amount(agreed, currency), "fees and caps of running projects"))
    tiles += _known(pays["pending"], "Waiting for a decision", "pending change requests", currency)
    tiles += _known(pays["expenses"], "Expenses charged", "to date", currency)
    return tiles


def _known(amounts: pd.Series, label: str, against: str, currency: str) -> list[Tile]:
    return [] if amounts.isna().all() else [Tile(label, short_money(amounts.sum(), currency), against)]


def price_lead(pays: Table, pending: Table) -> str:
    """Return what a client must know about the price: what is fixed, what moves and what waits."""
    if isinstance(pays, Missing):
        return ""
    open_ended = pays["high"] - pays["pending"].fillna(0.0) > pays["low"] + 0.5
    # Time and materials without rates has no range, and is anything but fixed.
    by_the_hour = pays["billing_type"].isin(["time_and_materials", "capped"]) & pays["expected"].isna()
    moving = pays.loc[open_ended | by_the_hour, "name"].tolist()
    if moving:
        price = ("at risk", f"The price of {listed(moving)} depends on the hours worked.")
    elif pays["expected"].notna().all():
        price = ("on track", f"The price of {_every(len(pays))} is fixed.")
    else:
        price = ("on track", "")
    return lead([price, _waiting(pending)])


def _every(number: int) -> str:
    return "the running project" if number == 1 else f"all {number} running projects"


def plan_tiles(odds: Any, year: Table, committed: Table, health: Any, currency: str) -> list[Tile]:
    """Return the figures of an account plan: the odds of the target, earned so far, committed, and health.

    Parameters
    ----------
    odds : TargetOdds or Missing
        target, chance, gap_even, gap_sure, confidence.
    year : DataFrame or Missing
        fees by quarter of the fiscal year so far.
    committed : DataFrame or Missing
        committed: what each contract still brings.
    health : Health or Missing
        score, state, coverage.
    currency : str
    """
    tiles = [_odds_tile(odds, currency)]
    fees = year if isinstance(year, Missing) else year["fees"].sum(skipna=False)
    fees = Missing("the fees of a quarter are not known") if not isinstance(fees, Missing) and pd.isna(fees) else fees
    against = "" if isinstance(odds, Missing) else f"target of the year {short_money(odds.target, currency)}"
    trend = () if isinstance(year, Missing) else tuple(year["fees"])
    invoiced = not isinstance(year, Missing) and "basis" in year.columns and (year["basis"] != "earned").any()
    tiles.append(Tile(f"Fees {'invoiced' if invoiced else 'earned'} this fiscal year", amount(fees, currency), against, trend))
    signed = committed if isinstance(committed, Missing) else committed["committed"].sum(min_count=1)
    signed = Missing("no contract has a value") if not isinstance(signed, Missing) and pd.isna(signed) else signed
    told = "retainers and licences to their signed end; projects come on top"
    tiles.append(Tile("Committed from here", amount(signed, currency), told))
    if isinstance(health, Missing):
        tiles.append(Tile("Health", health))
    else:
        tiles.append(Tile("Health", f"{health.score} of 100", f"{percent(health.coverage)} of it measured", (), health.state))
    return tiles


def _odds_tile(odds: Any, currency: str) -> Tile:
    if isinstance(odds, Missing):
        return Tile("Chance of the year's target", odds)
    state = "on track" if odds.chance >= odds.confidence else "at risk" if odds.chance >= 0.5 else "off track"
    gaps = f"missing for even odds {short_money(odds.gap_even, currency)}, to be {percent(odds.confidence, 0)} sure "
    return Tile("Chance of the year's target", chance(odds.chance), gaps + short_money(odds.gap_sure, currency), (), state)


def plan_lead(renewals: Table, gaps: Table, health: Any, overdue: Table, currency: str, odds: Any = NONE) -> str:
    """Return the opening of an account plan: the target's odds, renewals at risk, gaps, money overdue."""
    findings = []
    if not isinstance(odds, Missing):
        year = (
            f"The year's target of {short_money(odds.target, currency)} is reached with a chance of {percent(odds.chance, 0)}"
        )
        chief = f"; {odds.moves['item'].iloc[0]} moves that most" if len(odds.moves) else ""
        findings.append((_odds_tile(odds, currency).state, f"{year}{chief}."))
    if not isinstance(renewals, Missing) and len(renewals):
        # The largest of those whose signs are worst: a licence of a few thousand is not the news.
        order = renewals["signal"].map({"at risk": 0, "watch": 1}).fillna(2)
        valued = renewals.assign(order=order).dropna(subset=["annual_value"])
        valued = valued.sort_values(["order", "annual_value"], ascending=[True, False], kind="stable")
        for row in valued.head(1).to_dict("records"):
            state = {"at risk": "off track", "watch": "at risk"}.get(row["signal"], "on track")
            value = short_money(row["annual_value"], currency)
            alone = row.get("auto_renew")
            verb = "renews by itself after" if alone is True or alone == "yes" else "ends on"
            ends = f"{row['contract']} ({value} a year) {verb} {long_date(row['end'])}"
            findings.append(
                (state, f"{ends}; the signs say {row['signal']}." if isinstance(row["signal"], str) else f"{ends}.")
            )
    if not isinstance(gaps, Missing) and len(gaps):
        findings.append(("at risk", f"{relationship_words.gaps(gaps)}."))
    findings.append(("at risk", _overdue(overdue, currency)))
    if not isinstance(health, Missing) and health.capped_by:
        findings.append((health.state, f"Health is held down by: {listed(health.capped_by)}."))
    return lead(findings, most=4)


def _overdue(overdue: Table, currency: str) -> str:
    """Return how much money is overdue and for how long; empty where nothing is."""
    if isinstance(overdue, Missing) or overdue.empty:
        return ""
    owed = short_money(overdue["outstanding"].sum(), currency)
    return f"{owed} is overdue, the oldest by {count(int(overdue['days_overdue'].max()), 'day')}."


def meeting_tiles(overdue: float | Missing, before: float | Missing, since: date, owed: Table, decisions: Table, agency: str,
                  client: str, currency: str) -> list[Tile]:  # fmt: skip
    """Return the figures of a meeting: overdue money beside that of the last meeting, what each side owes, and decisions.

    Parameters
    ----------
    overdue, before : float or Missing
        What is overdue, and what was on the day `since`, in `currency`.
    since : date
    owed : DataFrame or Missing
        party, days_overdue.
    decisions : DataFrame or Missing
        due, days_overdue.
    agency, client : str
        What the two sides are called.
    currency : str
    """
    if isinstance(overdue, Missing):
        money = Tile("Money overdue", overdue)
    else:
        then = "" if isinstance(before, Missing) else f"{short_money(before, currency)} on {long_date(since)}"
        money = Tile("Money overdue", short_money(overdue, currency), then, (), "off track" if overdue > 0 else "on track")
    sides = [_side_tile(f"Open with {name}", owed, party) for name, party in ((agency, "agency"), (client, "client"))]
    if isinstance(decisions, Missing):
        return [money, *sides, Tile("Decisions needed", decisions)]
    return [money, *sides, Tile("Decisions needed", f"{len(decisions)}", _first(decisions))]


def _first(decisions: Table) -> str:
    """Return how many decisions are overdue, else by when the first is needed; empty without dates."""
    late = int((decisions["days_overdue"] > 0).sum())
    dates = decisions["due"].dropna()
    return f"{late} overdue" if late else f"the first by {long_date(dates.min())}" if len(dates) else ""


def _side_tile(label: str, owed: Table, party: str) -> Tile:
    if isinstance(owed, Missing):
        return Tile(label, owed)
    own = owed[owed["party"] == party]
    late = int((own["days_overdue"] > 0).sum())
    return Tile(label, f"{len(own)}", f"{late} overdue" if late else "none overdue", (), "off track" if late else "on track")


def brief_lead(overdue: Table, issues: Table, milestones: Table, decisions: Table, currency: str, as_of: date) -> str:
    """Return the opening of a meeting brief: overdue money, a critical issue, a late deliverable, a notice date that comes.

    Parameters
    ----------
    overdue : DataFrame or Missing
        outstanding, days_overdue.
    issues : DataFrame or Missing
        summary, severity, age_days: open issues, the worst first.
    milestones : DataFrame or Missing
        deliverable, stage, days_late.
    decisions : DataFrame or Missing
        what, kind, due: those of the kind renewal are due on their notice date.
    currency : str
    as_of : date

    Returns
    -------
    str
        Where all of that is well, what is known to be well.

    Examples
    --------
    >>> none = Missing("not recorded")
    >>> owed = pd.DataFrame({"outstanding": [18e3], "days_overdue": [61]})
    >>> renewal = pd.DataFrame({"what": ["Renewal of R1"], "kind": ["renewal"], "due": pd.to_datetime(["2026-11-01"])})
    >>> brief_lead(owed, none, none, renewal, "GBP", date(2026, 9, 30))
    '**£18k is overdue, the oldest by 61 days.** Renewal of R1: notice is due in 32 days.'
    >>> brief_lead(owed[:0], none, none, none, "GBP", date(2026, 9, 30))
    '**No invoice is overdue.**'
    """
    unpaid = _overdue(overdue, currency)
    money = ("off track", unpaid) if unpaid else ("on track", "" if isinstance(overdue, Missing) else "No invoice is overdue.")
    late = _late(milestones)
    if not late[1] and not isinstance(milestones, Missing):
        late = ("on track", "No deliverable is late.")
    return lead([money, _critical(issues), late, _notice(decisions, as_of)], most=4)


def _notice(decisions: Table, as_of: date) -> tuple[str, str]:
    if isinstance(decisions, Missing):
        return "on track", ""
    ending = decisions[decisions["kind"] == "renewal"].sort_values("due", kind="stable")
    if ending.empty:
        return "on track", ""
    left = (ending["due"].iloc[0] - pd.Timestamp(as_of)).days
    more = f", and {len(ending) - 1} more" if len(ending) > 1 else ""
    what = ending["what"].iloc[0]
    if left < 0:
        return "off track", f"{what}: the notice date passed {count(-left, 'day')} ago{more}."
    when = f"in {count(left, 'day')}" if left else "today"
    return "at risk", f"{what}: notice is due {when}{more}."


def agenda_lead(milestones: Table, decisions: Table, client: str) -> str:
    """Return the opening of a client's agenda: what is late, and what is to be decided.

    Examples
    --------
    >>> asked = pd.DataFrame({"what": ["Freeze date"], "due": pd.to_datetime(["2026-10-09"]), "days_overdue": 0})
    >>> agenda_lead(Missing("not kept"), asked, "Kestrel")
    '**1 decision is asked of Kestrel, the first by 9 Oct 2026.**'
    """
    asked = ("on track", "")
    if not isinstance(decisions, Missing) and len(decisions):
        verb = "is" if len(decisions) == 1 else "are"
        said = ", ".join(filter(None, (f"{count(len(decisions), 'decision')} {verb} asked of {client}", _first(decisions))))
        asked = ("at risk", f"{said}.")
    return lead([_late(milestones), asked])
