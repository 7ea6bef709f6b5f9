"""What a chart says in words: its title, and the text for those who do not see it.

A text alternative that repeats the title helps nobody, and one that lists every point helps nobody either. It says the
figures a reader would take away.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from acctlib.missing import Missing
from acctlib.money import CURRENCIES
from acctlib.periods import long_date
from acctlib.show.numerals import chance, day, hours, number, percent, short_money
from acctlib.show.sentences import count, in_cases, listed, met
from acctlib.show.text import shorten

__all__ = [
    "BRIDGE",
    "allowance",
    "amount",
    "amounts",
    "and_more",
    "answers",
    "asked_for",
    "attending",
    "begins_late",
    "both_held",
    "bridged",
    "concentration",
    "correlation",
    "coverage",
    "curve",
    "dated",
    "decided_in",
    "deliverables",
    "driven",
    "drivers",
    "engines",
    "expected_fees",
    "finishing",
    "formats",
    "gaps",
    "goal_outlook",
    "health",
    "held",
    "last_expected",
    "limits",
    "margin_basis",
    "margin_odds",
    "moved_since",
    "on_time",
    "others",
    "outlook",
    "owes",
    "payment",
    "people",
    "pipeline",
    "prices",
    "quality",
    "quarters",
    "raised_issues",
    "ranges",
    "realised",
    "response_basis",
    "retained",
    "room",
    "satisfied",
    "scope_moved",
    "scores",
    "signal",
    "spending",
    "stage_odds",
    "stands",
    "sure_of",
    "target",
    "target_basis",
    "three_estimates",
    "timing",
    "unsaid",
    "waiting",
    "white_space",
    "white_space_title",
    "with_kind",
    "with_stage",
    "with_wait",
    "worst_cases",
]

Table = pd.DataFrame | Missing
_NONE = Missing("there is none")


def _nothing(table: Table) -> bool:
    return isinstance(table, Missing) or not len(table)


def amount(value: float | Missing, unit: str) -> str | Missing:
    """Return a figure as a tile prints it: short money for a currency, hours for ``h``; what is not defined stays so.

    >>> amount(344120, "GBP"), amount(14.88, "h"), amount(Missing("no rate"), "GBP")
    ('£344k', '14.9\\xa0h', Missing(reason='no rate', remedy=''))
    """
    if isinstance(value, Missing):
        return value
    # A hundredth of an hour is more than any estimate carries.
    return short_money(value, unit) if unit in CURRENCIES else hours(round(value, 1))


def waiting(changes: Table) -> str:
    """Return how many change requests wait for a decision.

    >>> waiting(pd.DataFrame({"change": ["C4", "C5"]})), waiting(Missing("not recorded"))
    ('2 change requests wait for a decision', 'Change requests that wait for a decision')
    """
    if isinstance(changes, Missing):
        return "Change requests that wait for a decision"
    if changes.empty:
        return "No change request waits for a decision"
    return f"{count(len(changes), 'change request')} {'waits' if len(changes) == 1 else 'wait'} for a decision"


def deliverables(milestones: Table) -> str:
    """Return how the deliverables stand, in words.

    >>> plan = pd.DataFrame({"deliverable": ["Form"], "stage": ["overdue"], "due": [pd.Timestamp("2026-09-11")]})
    >>> deliverables(plan)
    '1 deliverable: 1 overdue. Overdue: Form (11\\xa0Sep\\xa02026).'
    """
    if _nothing(milestones):
        return "No deliverable to show."
    stages = milestones["stage"].value_counts(sort=False)
    parts = ", ".join(
        f"{stages[stage]} {stage}" for stage in ("accepted", "with the client", "overdue", "planned") if stage in stages
    )
    late = milestones[milestones["stage"] == "overdue"]
    named = [f"{name} ({day(due)})" for name, due in zip(late["deliverable"], late["due"], strict=True)]
    tail = f" Overdue: {listed(named)}." if named else ""
    return f"{count(len(milestones), 'deliverable')}: {parts}.{tail}"


def others(near: Table, shown: Table) -> str:
    """Return how many deliverables a page has no room for and whether one of them is late, as the end of a caption.

    >>> near = pd.DataFrame({"days_late": [9, 3, 0, None]})
    >>> others(near, near.head(2)), others(near, near.head(1)), others(near, near)
    ('And 2 more, all in time.', 'And 3 more, 1 of them late.', '')
    """
    if _nothing(near) or isinstance(shown, Missing) or len(shown) >= len(near):
        return ""
    late = [int((table["days_late"].fillna(0) > 0).sum()) for table in (near, shown)]
    tail = f"{late[0] - late[1]:,} of them late" if late[0] > late[1] else "all in time"
    return f"And {len(near) - len(shown):,} more, {tail}."


def on_time(share: object, milestones: Table = _NONE) -> str:
    """Return how many deliverables of the quarter came on the agreed date, and how many have not come that should have.

    >>> late = pd.DataFrame({"stage": ["overdue", "accepted"]})
    >>> on_time(Missing("nothing was delivered"), late), on_time(Missing("nothing was delivered"))
    ('1 deliverable is overdue', 'What was promised, and when it came')
    """
    overdue = 0 if isinstance(milestones, Missing) else int((milestones["stage"] == "overdue").sum())
    waits = f"{count(overdue, 'deliverable')} {'is' if overdue == 1 else 'are'} overdue" if overdue else ""
    if isinstance(share, Missing):
        return waits or "What was promised, and when it came"
    came = met(share.count, share.n, "deliverable", "came on the agreed date")
    return f"{came}; {overdue} {'is' if overdue == 1 else 'are'} overdue" if overdue else came


def health(state: object, trend: Sequence[float] = ()) -> str:
    """Return the health of an account in words, with what holds it down and what it was a quarter ago.

    >>> health(Missing("only 40 % of it is measured"))
    'Health is not scored: only 40 % of it is measured'
    """
    if isinstance(state, Missing):
        return f"Health is not scored: {state.reason}"
    held = f", held down by {listed(state.capped_by)}" if state.capped_by else ""
    before = f"; a quarter ago it was {trend[-2]:.0f}" if len(trend) > 1 and trend[-2] == trend[-2] else ""
    return f"Health is {state.score} of 100, {state.state}{held}{before}"


def held(share: object) -> str:
    """Return how often the ranges of earlier forecasts held, as a title.

    >>> held(Missing("no earlier forecast is due yet"))
    'How earlier forecasts came out'
    """
    if isinstance(share, Missing):
        return "How earlier forecasts came out"
    return (
        f"Our 80\N{NO-BREAK SPACE}% ranges held {share} times"
        if share.n > 1
        else f"Our last range {'held' if share.count else 'did not hold'}"
    )


def quarters(by_quarter: Table, currency: str) -> str:
    """Return how the newest quarter's fees stand beside the one before, as a title.

    >>> quarters(pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "fees": [80e3, 95e3]}), "GBP")
    'Fees invoiced: £95k, £15k more than the quarter before'
    """
    if _nothing(by_quarter) or len(by_quarter) < 2:
        return "Fees invoiced by quarter"
    before, last = by_quarter["fees"].iloc[-2:]
    if abs(last - before) < 0.01 * max(abs(before), 1.0):
        return f"Fees invoiced: {short_money(last, currency)}, as in the quarter before"
    moved = f"{short_money(abs(last - before), currency)} {'more' if last > before else 'less'}"
    return f"Fees invoiced: {short_money(last, currency)}, {moved} than the quarter before"


#: What the steps of the margin bridge mean.
BRIDGE = (
    "Dark: the quarter before and this one. Scope: hours, at the margin an hour of before. Mix: hours between projects. Price: "
    "fees an hour. Efficiency: cost an hour. Blue raises the margin, orange lowers it."
)


def bridged(bridge: Table, currency: str, what: str = "Margin") -> str:
    """Return how an amount moved and which step moved it most, as a title.

    >>> steps = {"step": ["2026-Q2", "scope", "price", "2026-Q3"], "amount": [4000.0, 1000.0, -2500.0, 2500.0]}
    >>> bridged(pd.DataFrame(steps), "GBP")
    'Margin fell by £1.5k to £2.5k, chiefly by price'
    """
    if _nothing(bridge):
        return f"Why the {what.lower()} moved"
    moved = bridge["amount"].iloc[-1] - bridge["amount"].iloc[0]
    to = short_money(bridge["amount"].iloc[-1], currency)
    steps = bridge.iloc[1:-1]
    if abs(moved) < 0.005:
        return f"{what} stayed at {to}"
    # The largest step in the direction in which the margin went.
    chief = steps.loc[(steps["amount"] * (1 if moved > 0 else -1)).idxmax(), "step"]
    return f"{what} {'rose' if moved > 0 else 'fell'} by {short_money(abs(moved), currency)} to {to}, chiefly by {chief}"


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
    basis = outlook.slip.basis
    learned = basis.startswith("how late")
    said = [f"Decisions come as late as {basis.removeprefix('how late ')}." if learned else f"Delays of decisions: {basis}."]
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
    if not _nothing(left_out):
        said.append(f"Not counted, and listed below: {count(len(left_out), 'item')}.")
    return " ".join(said)


def goal_outlook(goals: Table) -> Table:
    """Return goals whose outlook says why there is none where there is none.

    >>> goals = pd.DataFrame({"outlook": ["open", None], "basis": ["pace of 8 measurements", "it was never measured"]})
    >>> goal_outlook(goals)["outlook"].tolist()
    ['open', 'it was never measured']
    """
    return goals if isinstance(goals, Missing) else goals.assign(outlook=goals["outlook"].fillna(goals["basis"]))


def outlook(ahead: Table, currency: str) -> str:
    """Return the text of what each quarter and year may bring.

    >>> outlook(pd.DataFrame({"period": ["2026-Q4"], "p10": [80e3], "p50": [95e3], "p90": [120e3]}), "GBP")
    '2026-Q4: £95k, 8 in 10 between £80k and £120k.'
    """
    if _nothing(ahead):
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


def retained(kept: Any) -> str:
    """Return how much of the recurring base was kept and how it grew, as a sentence.

    >>> from types import SimpleNamespace
    >>> retained(SimpleNamespace(gross=0.96, net=1.12)), retained(Missing("no contract"))
    ('Of what recurred a year ago 96\xa0% was kept (GRR); with expansion it is 112\xa0% (NRR).', '')
    """
    if isinstance(kept, Missing) or isinstance(kept.gross, Missing):
        return ""
    gross, net = percent(kept.gross, 0), percent(kept.net, 0)
    return f"Of what recurred a year ago {gross} was kept (GRR); with expansion it is {net} (NRR)."


def decided_in(cycle: Table) -> str:
    """Return how long deals take to a decision, open ones counted for as long as they have been open, as a caption.

    >>> cycle = pd.DataFrame({"decision": ["won", "lost", "any decision"], "deals": [3, 1, 4], "median": [57.0, 14.0, 69.0]})
    >>> decided_in(cycle)
    'Half of all deals are decided within 69 days, open ones counted; those won took 57 days, those lost 14.'
    """
    days = {} if _nothing(cycle) else dict(zip(cycle["decision"], cycle["median"], strict=True))
    if pd.isna(days.get("any decision")):
        return ""
    told = [f"those {which} took {days[which]:.0f}" for which in ("won", "lost") if not pd.isna(days.get(which))]
    if told:
        told[0] += " days"
    return f"Half of all deals are decided within {days['any decision']:.0f} days, open ones counted" + (
        f"; {', '.join(told).replace('lost took', 'lost')}." if told else "."
    )


def begins_late(projects: Table, start: date) -> str:
    """Return that the earlier of two periods is not whole, since the account's projects begin within it.

    >>> begins_late(pd.DataFrame({"start": pd.to_datetime(["2024-11-01"])}), date(2024, 8, 1))
    ' Projects are on record from 1 Nov 2024: the year before is not whole, and part of every step is that.'
    """
    if _nothing(projects) or not projects["start"].min() > pd.Timestamp(start):
        return ""
    first = long_date(projects["start"].min())
    return f" Projects are on record from {first}: the year before is not whole, and part of every step is that."


def coverage(share: float | Missing, found: Table) -> str:
    """Return how much of the client's influence is in touch with us, and what the relationship lacks, as a title.

    >>> coverage(0.64, Missing("no gap"))
    '64\xa0% of the influence is in touch with us'
    """
    told = gaps(found)
    if isinstance(share, Missing):
        return told
    lacks = "" if _nothing(found) else f"; {told[0].lower()}{told[1:]}"
    return f"{percent(share, 0)} of the influence is in touch with us{lacks}"


def room(floor: float | None) -> str:
    """Return what room to negotiate means.

    >>> room(None)
    ''
    """
    if floor is None:
        return ""
    return f"Floor price: at it the expected margin is the target, {percent(floor)} of the price. Minus: it is below already."


def allowance(months: Table) -> str:
    """Return how the newest month or quarter of the retainers stands against what their fees include.

    >>> ends = pd.to_datetime(["2026-09-30"])
    >>> one = pd.DataFrame({"month": ["2026-09"], "ends": ends, "used": 55.0, "included": 50.0, "carried_in": 10.0})
    >>> one["over"] = 5.0
    >>> allowance(one)
    'September 2026 used 55\xa0h of 40\xa0h included and 10\xa0h carried over: 5\xa0h over'
    >>> allowance(one.assign(used=30.0, carried_in=0.0))
    'September 2026 used 30\xa0h of 50\xa0h included: 5\xa0h over, for unused hours of one retainer pay for none of another'
    """
    if _nothing(months):
        return "Hours against the allowance"
    last = months.iloc[-1]
    carried = f" and {hours(last['carried_in'])} carried over" if last["carried_in"] > 0 else ""
    verdict = f": {hours(last['over'])} over" if last["over"] > 0 else ""
    if last["over"] > max(last["used"] - last["included"], 0) + 1e-9:
        verdict += ", for unused hours of one retainer pay for none of another"
    first, ends = pd.Timestamp(last["month"]), pd.Timestamp(last["ends"])
    period = f"{first:%B} to {ends:%B %Y}" if ends.month != first.month else f"{first:%B %Y}"
    return f"{period} used {hours(last['used'])} of {hours(last['included'] - last['carried_in'])} included{carried}{verdict}"


def spending(
    what: str, used: float | Missing, planned: float | Missing, budget: float | Missing, done: float | Missing = _NONE
) -> str:
    """Return the text of a curve of what was used.

    >>> spending("hours", 1200.0, 1100.0, 2000.0, 1150.0)
    'Used so far: 1,200 hours; planned by now: 1,100; budget of the work done: 1,150; budget: 2,000.'
    """
    if isinstance(used, Missing):
        return f"No {what} are recorded."
    beside = {"planned by now": planned, "budget of the work done": done, "budget": budget}
    known = [f"{name}: {value:,.0f}" for name, value in beside.items() if not isinstance(value, Missing) and not pd.isna(value)]
    return "; ".join([f"Used so far: {used:,.0f} {what}", *known]) + "."


def amounts(table: Table, name: str, value: str, currency: str) -> str:
    """Return the text of columns or bars: the newest or last, and the largest.

    >>> fees = pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "fees": [80e3, 95e3]})
    >>> amounts(fees, "period", "fees", "GBP")
    '2026-Q2: £80k; 2026-Q3: £95k.'
    """
    if _nothing(table):
        return "There is nothing to show."
    rows = table.dropna(subset=[value]).tail(8)
    return "; ".join(f"{n}: {short_money(v, currency)}" for n, v in zip(rows[name], rows[value], strict=True)) + "."


def scores(table: Table, kind: str) -> str:
    """Return the text of satisfaction scores with their intervals; CSAT in per cent, NPS in points.

    >>> scores(pd.DataFrame({"label": ["2026-Q3"], "low": [0.53], "value": [0.875], "high": [0.98]}), "csat")
    '2026-Q3: 88\\xa0%, between 53\\xa0% and 98\\xa0%.'
    """
    if _nothing(table):
        return "No score to show."

    def told(value: float) -> str:
        return percent(value, 0) if kind == "csat" else number(value, 0)

    known = table.dropna(subset=["value"]).to_dict("records")
    return " ".join(f"{r['label']}: {told(r['value'])}, between {told(r['low'])} and {told(r['high'])}." for r in known)


def satisfied(table: Table, kind: str) -> str:
    """Return the newest score with its quarter and the number of answers, beside the score before, as a title.

    >>> table = pd.DataFrame({"quarter": ["Q1 FY2027", "Q2 FY2027"], "value": [0.8, 0.5], "answered": [5, 6]})
    >>> satisfied(table, "csat")
    '50\xa0% of 6 answers satisfied in Q2 FY2027, 80\xa0% the quarter before'
    >>> satisfied(table.assign(value=[25.0, -37.5]), "nps")
    'Net promoter score −38 from 6 answers in Q2 FY2027, +25 the quarter before'
    """
    known = table if isinstance(table, Missing) else table.reset_index(drop=True).dropna(subset=["value"])
    if _nothing(known):
        return "Satisfied answers" if kind == "csat" else "Net promoter score"

    def told(value: float) -> str:
        return percent(value, 0) if kind == "csat" else f"{value:+.0f}".replace("-", "−")

    last = known.iloc[-1]
    answers = count(int(last["answered"]), "answer")
    said = f"{told(last['value'])} of {answers} satisfied" if kind == "csat" else ""
    said = said or f"Net promoter score {told(last['value'])} from {answers}"
    said += f" in {last['quarter']}"
    if len(known) < 2:
        return said
    when = "the quarter before" if known.index[-2] == known.index[-1] - 1 else f"in {known['quarter'].iloc[-2]}"
    return f"{said}, {told(known['value'].iloc[-2])} {when}"


def ranges(table: Table, currency: str) -> str:
    """Return the text of amounts with their ranges.

    >>> ranges(pd.DataFrame({"label": ["Site"], "low": [90e3], "value": [100e3], "high": [120e3]}), "GBP")
    'Site: £100k, between £90k and £120k.'
    """
    if _nothing(table):
        return "There is nothing to show."
    rows = table.head(8).to_dict("records")
    return " ".join(
        f"{r['label']}: {short_money(r['value'], currency)}"
        + (
            "."
            if r["low"] == r["high"]
            else f", between {short_money(r['low'], currency)} and {short_money(r['high'], currency)}."
        )
        for r in rows
    )


def prices(pays: Table) -> str:
    """Return how to read the table of what is paid; nothing about a range where no price is known.

    >>> prices(pd.DataFrame({"low": [None], "expected": [None], "high": [None]}))
    ''
    """
    if _nothing(pays) or pays["expected"].isna().all():
        return ""
    said = ["Low to high: 8 of 10 outcomes of the work agreed."]
    if (pays["expenses"] > 0).any():
        said.append("Expenses so far are in all three.")
    if (pays["pending"] > 0).any():
        said.append("High counts pending changes as well.")
    return " ".join(said)


def with_stage(table: Table) -> Table:
    """Return a table whose state says the stage in words behind the state's symbol and colour: "overdue" in red.

    >>> with_stage(pd.DataFrame({"stage": ["overdue", "done"], "state": ["off track", None]}))["state"].tolist()
    ['off track: overdue', 'done']
    """
    if isinstance(table, Missing):
        return table
    told = table["state"] + ": " + table["stage"]
    return table.assign(state=told.where(table["state"].notna(), table["stage"]))


def with_wait(table: Table) -> Table:
    """Return a table whose state says by when something is due, or how long it has waited where no date is agreed.

    >>> rows = {"kind": ["decision", "renewal", "change request"], "state": ["off track", "on track", None],
    ...         "days_overdue": [19, 0, 0], "age_days": [96, None, 34],
    ...         "due": pd.to_datetime(["2026-09-11", "2026-11-01", None])}
    >>> [text.replace("\xa0", " ") for text in with_wait(pd.DataFrame(rows))["state"]]
    ['off track: 19 days late', 'on track: notice by 1 Nov 2026', 'for 34 days']
    """
    if isinstance(table, Missing):
        return table
    told = [_wait(*row) for row in table[["kind", "due", "days_overdue", "age_days"]].itertuples(index=False)]
    return table.assign(state=pd.Series(told, table.index, dtype="str"))


def _wait(kind: object, due: pd.Timestamp, late: int, age: object) -> str | None:
    if kind == "renewal":
        return f"off track: notice was {day(due)}" if late else f"on track: notice by {day(due)}"
    if pd.isna(due):
        return None if pd.isna(age) else f"for {count(int(age), 'day')}" if age else "since today"
    return f"off track: {count(int(late), 'day')} late" if late else f"on track: by {day(due)}"


def with_kind(table: Table) -> Table:
    """Return a table in which a thing that is no action, and does not say itself what it is, says so.

    A long text is cut, so that a row takes two lines of half a sheet.

    >>> rows = pd.DataFrame({"what": ["Send rates", "Second language"], "kind": ["action", "change request"]})
    >>> with_kind(rows)["what"].tolist()
    ['Send rates', 'Second language (change request)']
    """
    if isinstance(table, Missing):
        return table
    agreed = table["kind"].isna() | table["kind"].isin(["action", "decision", "recommendation", "renewal"])
    what = table["what"].map(lambda text: shorten(text, _TWO_LINES)).astype("str")
    return table.assign(what=what.where(agreed, what + " (" + table["kind"] + ")"))


_TWO_LINES = 64  # letters


def and_more(table: Table, shown: int) -> str:
    """Return how many rows a table has beyond those shown, as its caption.

    >>> and_more(pd.DataFrame({"what": ["a", "b", "c"]}), 2), and_more(pd.DataFrame({"what": ["a"]}), 2)
    ('And 1 more.', '')
    """
    left = 0 if isinstance(table, Missing) else len(table) - shown
    return f"And {left} more." if left > 0 else ""


def moved_since(met: date | Missing, since: date) -> str:
    """Return the title of what happened since the last meeting, or since a day where no meeting is recorded.

    >>> moved_since(date(2026, 9, 24), date(2026, 9, 24)), moved_since(Missing("none"), date(2026, 6, 30))
    ('Since the last meeting, 24 Sep 2026', 'Since 30 Jun 2026')
    """
    return f"Since {long_date(since)}" if isinstance(met, Missing) else f"Since the last meeting, {long_date(met)}"


def dated(title: str, day: date) -> str:
    """Return a title with the day of the meeting.

    >>> dated("Agenda", date(2026, 9, 30))
    'Agenda, 30 Sep 2026'
    """
    return f"{title}, {long_date(day)}"


def owes(side: str) -> str:
    """Return the title of what one side still has to do, in words that both sides may read.

    >>> owes("Fern & Harrow")
    'Open with Fern & Harrow'
    """
    return f"Open with {side}"


#: Where a person stands, by sentiment.
STANDS = {-2: "against us", -1: "doubtful", 0: "neutral", 1: "for us", 2: "strongly for us"}


def stands(people: Table, before: Table) -> Table:
    """Return people with where they stand in words, and where they stood at the last meeting if that was elsewhere.

    Parameters
    ----------
    people : DataFrame or Missing
        name, sentiment (−2 to 2).
    before : DataFrame or Missing
        The same on the day of the last meeting.

    Examples
    --------
    >>> now, then = (pd.DataFrame({"name": ["Ama"], "sentiment": [felt]}) for felt in (-1, 0))
    >>> stands(now, then)["sentiment"].tolist()
    ['off track: doubtful, was neutral']
    """
    if isinstance(people, Missing):
        return people
    unknown = isinstance(before, Missing) or "sentiment" not in before.columns
    was = {} if unknown else before.drop_duplicates("name", keep="last").set_index("name")["sentiment"].dropna().to_dict()
    told = []
    for name, felt in zip(people["name"], people["sentiment"], strict=True):
        if pd.isna(felt):
            told.append(None)
            continue
        then = was.get(name, felt)
        moved = f", was {STANDS[int(then)]}" if then != felt else ""
        told.append(f"{'off track: ' if felt < 0 else ''}{STANDS[int(felt)]}{moved}")
    return people.assign(sentiment=pd.Series(told, people.index, dtype="str"))


def attending(people: Table) -> str:
    """Return whether those listed are the ones the director named, as a caption; empty where they are.

    >>> attending(pd.DataFrame({"name": ["Ama"], "invited": [False]}))
    'Nobody of the client is named under Attendees; these are the most influential.'
    """
    named = isinstance(people, Missing) or people["invited"].any()
    return "" if named else "Nobody of the client is named under Attendees; these are the most influential."


def unsaid(rows: Table) -> list[str]:
    """Return what must not be said as a list, one subject a line.

    >>> unsaid(pd.DataFrame({"subject": ["Money", "People", "People"], "what": ["our cost", "Ama", "Ben"]}))
    ['- **Money:** our cost', '- **People:** Ama; Ben']
    """
    if isinstance(rows, Missing):
        return []
    subjects = rows.groupby("subject", sort=False)["what"]
    return [f"- **{subject}:** {'; '.join([*what[:_SAID], *_rest(what)])}" for subject, what in subjects]


_SAID = 3  # things of one subject that are named; the others are counted


def _rest(what: pd.Series) -> list[str]:
    return [f"and {len(what) - _SAID} more"] if len(what) > _SAID else []


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


def drivers(table: Table) -> str:
    """Return the text of a tornado: the strongest drivers with their shares.

    >>> drivers(pd.DataFrame({"driver": ["Build", "Late content"], "share": [0.6, 0.3]}))
    'Build (60\\xa0%) and Late content (30\\xa0%) move the total most.'
    """
    if _nothing(table):
        return "No driver to show."
    top = [f"{name} ({percent(share, 0)})" for name, share in zip(table["driver"], table["share"], strict=True)]
    return f"{listed(top)} move the total most."


def people(table: Table) -> str:
    """Return the text of the stakeholder grid: who decides most and where they stand.

    >>> people(pd.DataFrame({"name": ["A. Reid"], "influence": [5], "sentiment": [-1]}))
    '1 person; of influence 4 or 5: A. Reid (against us).'
    """
    if _nothing(table):
        return "No person to show."
    strong = table[table["influence"].fillna(0) >= 4]
    words = [f"{name} ({_stance(sentiment)})" for name, sentiment in zip(strong["name"], strong["sentiment"], strict=True)]
    return f"{count(len(table), 'person', 'people')}; of influence 4 or 5: {listed(words, 5) if words else 'nobody'}."


def white_space_title(cells: Table, currency: str) -> str:
    """Return what the gaps are worth together, as a title.

    >>> white_space_title(pd.DataFrame({"state": ["gap", "owned"], "weighted": [1e4, None]}), "GBP")
    'The one gap is worth £10k a year, weighted with its chance'
    """
    gaps = None if _nothing(cells) else cells[cells["state"] == "gap"]
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
    if _nothing(cells):
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


def _stance(sentiment: float) -> str:
    if pd.isna(sentiment):
        return "no stance known"
    return "against us" if sentiment < 0 else "for us" if sentiment > 0 else "neutral"


def concentration(share: Any) -> str:
    """Return how much of the fees hangs on the largest service.

    >>> concentration(Missing("no invoice"))
    'Fees by service'
    """
    if isinstance(share, Missing):
        return "Fees by service"
    return (
        f"{share.largest} brings {percent(share.top_1, 0)} of the fees"
        if share.parts > 1
        else f"All fees come from {share.largest}"
    )


def gaps(found: Table) -> str:
    """Return what the relationship lacks.

    >>> gaps(pd.DataFrame({"gap": ["no champion", "against us"], "people": [None, "Piers Holloway"]}))
    'Gaps in the relationship: no champion and against us (Piers Holloway)'
    """
    if _nothing(found):
        return "Who decides, and where they stand"
    people = found["people"] if "people" in found.columns else [None] * len(found)
    told = [gap if pd.isna(who) else f"{gap} ({who})" for gap, who in zip(found["gap"], people, strict=True)]
    return f"Gaps in the relationship: {listed(told)}"


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


def timing(unit: str) -> str:
    """Return the title of spend by month in a forecast's unit, money or hours.

    >>> timing("GBP"), timing("h")
    ('When the money goes out', 'When the hours are worked')
    """
    return "When the hours are worked" if unit == "h" else "When the money goes out"


def driven(drivers: Table) -> str:
    """Return which driver moves the total most.

    >>> driven(pd.DataFrame({"driver": ["Build"], "share": [0.6]}))
    '60\xa0% of the spread comes from one driver: Build'
    """
    if _nothing(drivers):
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


def finishing(finishes: Table) -> str:
    """Return how sure the least sure project is to hold both its date and its budget.

    >>> finishing(pd.DataFrame({"name": ["Portal"], "both": [0.2], "in_time": [0.3], "in_budget": [0.5]}))
    'Portal holds date and budget together in 2 in 10 cases'
    """
    if _nothing(finishes) or pd.isna(finishes["both"].iloc[0]):
        return "When the work is finished"
    return f"{finishes['name'].iloc[0]} holds date and budget together {in_cases(finishes['both'].iloc[0])}"


def both_held(finishes: Table) -> str:
    """Return the chances of date, budget and both for the least sure project, in words.

    >>> both_held(pd.DataFrame({"name": ["Portal"], "both": [0.2], "in_time": [0.3], "in_budget": [0.5]}))
    'Portal: in time in 30 %, within budget in 50 %, both in 20 % of the cases.'
    """
    if _nothing(finishes) or pd.isna(finishes["both"].iloc[0]):
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


def margin_basis(margins: Table, floor: float | Missing | None) -> str:
    """Return what the table of margin risk rests on, and which projects have no figure.

    >>> margin_basis(pd.DataFrame({"name": ["Care"], "basis": ["the fee is not known"]}), 0.35)
    'Target margin: 35 % of the income. No figure for Care: the fee is not known.'
    """
    if _nothing(margins):
        return ""
    aim = "No target margin is set in account.yaml." if floor is None else f"Target margin: {percent(floor)} of the income."
    unknown = margins[margins["basis"].fillna("") != ""]
    gaps = [f" No figure for {name}: {why}." for name, why in zip(unknown["name"], unknown["basis"], strict=True)]
    return aim + "".join(gaps)


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


def margin_odds(margins: Table) -> str:
    """Return which contract is likeliest to lose money.

    >>> margin_odds(pd.DataFrame({"name": ["Portal", "Care"], "chance_of_loss": [0.25, 0.0]}))
    'Portal loses money in 1 in 4 cases'
    >>> margin_odds(pd.DataFrame({"name": ["Care"], "chance_of_loss": [0.001]}))
    'No contract is likely to lose money'
    """
    if _nothing(margins) or margins["chance_of_loss"].isna().all():
        return "What is left of each contract"
    worst = margins.loc[margins["chance_of_loss"].idxmax()]
    if worst["chance_of_loss"] < 0.01:
        return "No contract is likely to lose money"
    return f"{worst['name']} loses money {in_cases(worst['chance_of_loss'])}"


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


def expected_fees(ahead: Table, currency: str) -> str:
    """Return what the work at hand will earn in the next months, as a title.

    >>> expected_fees(pd.DataFrame({"month": ["2026-10", "2026-11"], "fees": [10e3, 5e3]}), "GBP")
    'The work at hand will earn about £15k in the next 2 months'
    """
    if _nothing(ahead):
        return "What the work at hand will earn"
    months = count(len(ahead), "month")
    return f"The work at hand will earn about {short_money(ahead['fees'].sum(), currency)} in the next {months}"


def last_expected(last: Any, income: Table, currency: str) -> str:
    """Return what the last review expected of the quarter's fees, beside what was earned, as a caption.

    >>> income = pd.DataFrame({"fees": [100e3, 128e3]})
    >>> last_expected({"figures": {"fees_expected": {"value": 120e3, "unit": "GBP"}}}, income, "GBP")
    'The last review expected £120k of fees for this quarter; £128k were earned.'
    """
    said = {} if isinstance(last, Missing) else last.get("figures", {}).get("fees_expected", {})
    if said.get("value") is None or said.get("unit") != currency or _nothing(income) or pd.isna(income["fees"].iloc[-1]):
        return ""
    then, earned = short_money(said["value"], currency), short_money(income["fees"].iloc[-1], currency)
    return f"The last review expected {then} of fees for this quarter; {earned} were earned."


def realised(billing: float | Missing, collection: float | Missing, as_of: date) -> str:
    """Return how much of the work's worth was earned and how much of the invoices was paid, as a caption.

    >>> realised(0.93, Missing("nothing was invoiced"), date(2026, 9, 30))
    'Fees earned are 93\xa0% of the hours at standard rates, since the start.'
    """
    parts = (
        []
        if isinstance(billing, Missing)
        else [f"Fees earned are {percent(billing)} of the hours at standard rates, since the start."]
    )
    if not isinstance(collection, Missing):
        parts.append(f"Of what was invoiced {percent(collection)} was paid by {long_date(as_of)}.")
    return " ".join(parts)


def quality(accepted: Any) -> str:
    """Return how the quarter's deliverables were received, as the beginning of a caption.

    >>> quality(Missing("nothing was submitted"))
    ''
    """
    return "" if isinstance(accepted, Missing) else f"Accepted at first submission: {accepted}."


def asked_for(changes: Any, rate: float | Missing) -> str:
    """Return what was asked for in the quarter beyond the contract and what became of it, as a caption.

    >>> asked_for(Missing("no change"), Missing("no change"))
    ''
    """
    if isinstance(changes, Missing):
        return ""
    pace = "" if isinstance(rate, Missing) else f" ({number(rate, 1)} for each month a project ran)"
    said = [f"In the quarter: {changes.raised} raised{pace}"]
    if decided := changes.approved + changes.rejected:
        said.append(f"{changes.approved} of {decided} decided {'was' if changes.approved == 1 else 'were'} approved")
        said.append(f"a decision took {count(round(changes.days_to_decide), 'day')} (median)")
    return ", ".join(said) + "."


def scope_moved(creep: Table) -> str:
    """Return how far approved changes moved the contracts that had any, all together.

    >>> scope_moved(pd.DataFrame({"original": [40e3, 60e3], "approved_changes": [5e3, 0.0]}))
    'Approved changes add 5\xa0% to the contracts they belong to'
    >>> scope_moved(pd.DataFrame({"original": [40e3], "approved_changes": [0.0]}))
    'No change to the scope is approved'
    """
    if _nothing(creep):
        return "Changes to the scope"
    known = creep.dropna(subset=["original"])
    whole, moved = known["original"].sum(), known["approved_changes"].sum()
    if not whole > 0:
        return "Changes to the scope"
    if (known["approved_changes"] == 0).all():
        return "No change to the scope is approved"
    add, to = ("add", "to") if moved >= 0 else ("take", "from")
    return f"Approved changes {add} {percent(abs(moved) / whole, 0)} {to} the contracts they belong to"


def raised_issues(by_severity: Table, answered: object = _NONE) -> str:
    """Return what was raised in the quarter by severity, the worst first, and how many were answered in time, as a caption.

    >>> raised_issues(pd.DataFrame({"severity": ["critical", "high"], "raised": [0, 2], "closed": [0, 1]}))
    'Raised in the quarter: 2 high. Closed: 1.'
    """
    if _nothing(by_severity):
        return ""
    raised = [f"{n} {word}" for word, n in zip(by_severity["severity"], by_severity["raised"], strict=True) if n]
    in_time = "" if isinstance(answered, Missing) else f" Answered within the days promised: {answered}."
    return f"Raised in the quarter: {', '.join(raised) or 'none'}. Closed: {by_severity['closed'].sum()}.{in_time}"


def payment(days: float | Missing, outstanding: float | Missing) -> str:
    """Return how the client pays, as a caption: weighted days to pay, and days of billing outstanding.

    >>> payment(41.4, 18.6)
    'Paid 41 days after issue, weighted by amount; 19 days of billing are outstanding (receivables over the last 90 days).'
    >>> payment(41.4, Missing("no invoice says what was paid")), payment(Missing("none"), Missing("none"))
    ('Paid 41 days after issue, weighted by amount.', '')
    """
    parts = [] if isinstance(days, Missing) else [f"Paid {days:.0f} days after issue, weighted by amount"]
    if not isinstance(outstanding, Missing):
        parts.append(f"{outstanding:.0f} days of billing are outstanding (receivables over the last 90 days)")
    return "; ".join(parts) + "." if parts else ""


def worst_cases(shortfall: float | Missing, confidence: float, unit: str) -> str:
    """Return the expected shortfall in words.

    >>> worst_cases(130e3, 0.8, "GBP")
    'In the worst 20\xa0% of the cases the work costs £130k on average.'
    """
    if isinstance(shortfall, Missing):
        return ""
    return f"In the worst {percent(1 - confidence, 0)} of the cases the work costs {amount(shortfall, unit)} on average."


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
    if not _nothing(uncounted):
        ours.append(f"- Not in the curve for want of a chance or a cost: {listed(uncounted['description'].tolist(), 5)}.")
    return shared + ours + [f"- {finding}" for finding in forecast.findings]
