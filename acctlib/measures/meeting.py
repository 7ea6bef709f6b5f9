"""What to know in the ten minutes before a meeting: what happened, who owes what, what to have decided, what not to say.

A meeting is known by what was agreed in it: its day is the newest day on which actions that the client may read were agreed.
What moved since then is read from the dates in the tables, not from the last brief, which may be a quarter old.

Things wait in several tables. A late deliverable is owed like an action; one that waits to be accepted and a change request
that waits for a decision are owed by the client, though nobody wrote an action for them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures import rag
from acctlib.measures.change_control import pending_changes
from acctlib.measures.contracts import renewal_calendar
from acctlib.measures.delivery import milestones
from acctlib.measures.receivables import overdue
from acctlib.measures.relationship import actions_ahead, actions_status
from acctlib.measures.stakeholders import stakeholder_map
from acctlib.measures.undefined import complete
from acctlib.missing import Missing, requires
from acctlib.periods import Month

__all__ = [
    "NOTICE_DAYS",
    "agreed_last_time",
    "amount_overdue",
    "attendees",
    "coming",
    "decisions_to_obtain",
    "events",
    "last_meeting",
    "not_to_say",
    "of_side",
    "owed",
    "topics",
]

Table = pd.DataFrame | Missing
#: A notice date is spoken of when it comes within so many days.
NOTICE_DAYS = 90
#: A milestone is a next step when it is due within so many days.
COMING_DAYS = 60

_ACTIONS = "kind owner party due closed_on client_visible"


def _visible(rows: pd.DataFrame) -> pd.Series:
    """Return which rows the client may read; where the column is not kept, as in his edition of a table, all."""
    said = rows["client_visible"]
    return said.fillna(False).astype(bool) if said.notna().any() else pd.Series(True, rows.index)


@requires(actions="action agreed_on status")
def last_meeting(actions: Table, as_of: date) -> date | Missing:
    """Return the day of the last meeting: the newest one before `as_of` on which something was agreed with the client.

    Parameters
    ----------
    actions : DataFrame
        Those that the client may not read were agreed among us, and make no meeting.
    as_of : date
        The day of the meeting that is prepared; what is agreed on it is not the last meeting's.

    Returns
    -------
    date or Missing

    Examples
    --------
    >>> actions = pd.DataFrame({"action": ["a", "b"], "status": "open", "client_visible": [True, False],
    ...                         "agreed_on": pd.to_datetime(["2026-07-16", "2026-09-24"])})
    >>> last_meeting(actions, date(2026, 9, 30))
    datetime.date(2026, 7, 16)
    """
    rows = complete(actions, "actions", _ACTIONS)
    days = rows.loc[_visible(rows) & (rows["agreed_on"] < pd.Timestamp(as_of)), "agreed_on"]
    if days.empty:
        return Missing("no earlier meeting is recorded", "add what was agreed to actions, with client_visible = yes")
    return days.max().date()


@requires(actions="action agreed_on status")
def agreed_last_time(actions: Table, as_of: date) -> Table:
    """Return what was agreed in the last meeting, with its state.

    Parameters
    ----------
    actions : DataFrame
    as_of : date

    Returns
    -------
    DataFrame
        As `relationship.actions_status` orders it, the most overdue first: `action`, `kind`, `owner`, `due`, `closed_on`,
        `stage` ("done", "dropped", "overdue", "open"), `state` (off track when overdue, on track when open; blank once closed).

    Examples
    --------
    >>> actions = pd.DataFrame({"action": ["Send rates"], "status": ["done"], "agreed_on": pd.to_datetime(["2026-07-16"])})
    >>> agreed_last_time(actions, date(2026, 9, 30))["stage"].tolist()
    ['done']
    """
    day = last_meeting(actions, as_of)
    if isinstance(day, Missing):
        return day
    rows = complete(actions, "actions", _ACTIONS)
    rows = rows[_visible(rows) & (rows["agreed_on"] == pd.Timestamp(day))]
    status = actions_status(rows, Month(day.replace(day=1)), as_of)
    return status["action kind owner due closed_on stage state".split()]


def owed(actions: Table, deliverables: Table, change_requests: Table, as_of: date) -> Table:
    """Return what each side owes the other, the most overdue first.

    Parameters
    ----------
    actions : DataFrame or Missing
        The open ones. One whose side is not stated counts as ours: we wrote it down.
    deliverables : DataFrame or Missing
        Those past their agreed date are owed by us, those that wait to be accepted by the client.
    change_requests : DataFrame or Missing
        Those that wait for a decision are owed by the client.
    as_of : date

    Returns
    -------
    DataFrame
        `party` ("agency", "client"), `what`, `kind` ("action", "decision", "recommendation", "deliverable", "acceptance",
        "change request"), `owner`, `since` (agreed, submitted, raised; of a late deliverable the date first agreed), `due`
        (blank where none is agreed), `age_days` (from `since`), `days_overdue` (0 = not), `state` (off track when overdue,
        else on track; blank without a date). Without rows where nothing is owed; `Missing` where none of the tables is there.

    Examples
    --------
    An action of ours is ten days late, and a change request has waited for sixteen:

    >>> actions = pd.DataFrame({"action": ["Price sign-in"], "agreed_on": pd.to_datetime(["2026-09-01"]), "status": "open",
    ...                         "party": "agency", "due": pd.to_datetime(["2026-09-20"])})
    >>> changes = pd.DataFrame({"change": ["C4"], "project": "app", "title": "Second language", "status": "submitted",
    ...                         "raised": pd.to_datetime(["2026-09-14"])})
    >>> rows = owed(actions, Missing("none"), changes, date(2026, 9, 30))
    >>> rows[["party", "what", "age_days", "days_overdue"]].values.tolist()
    [['agency', 'Price sign-in', 29, 10], ['client', 'Second language', 16, 0]]
    """
    promised, asked, waiting = (
        actions_ahead(actions, as_of),
        milestones(deliverables, as_of),
        pending_changes(change_requests, as_of),
    )
    parts = []
    if not isinstance(promised, Missing):
        party = promised["party"].fillna("agency")
        parts.append(promised.rename(columns={"action": "what", "agreed_on": "since"}).assign(party=party))
    if not isinstance(asked, Missing):
        late, sent = asked[asked["stage"] == "overdue"], asked[asked["stage"] == "with the client"]
        named = {"deliverable": "what"}
        parts.append(late.rename(columns={**named, "original_due": "since"}).assign(party="agency", kind="deliverable"))
        parts.append(
            sent.drop(columns="due").rename(columns={**named, "done": "since"}).assign(party="client", kind="acceptance")
        )
    if not isinstance(waiting, Missing):
        parts.append(waiting.rename(columns={"title": "what", "raised": "since"}).assign(party="client", kind="change request"))
    if not parts:
        return Missing("neither actions nor deliverables nor change requests are kept", "add the table actions")
    columns = ["party", "what", "kind", "owner", "since", "due"]
    rows = _dated(_stacked(parts, columns), as_of)
    rows.insert(6, "age_days", (pd.Timestamp(as_of) - rows["since"]).dt.days.astype("Int64"))
    order = ["days_overdue", "due", "since", "what"]
    return rows.sort_values(order, ascending=[False, True, True, True], kind="stable").reset_index(drop=True)


@requires(owed="party")
def of_side(owed: Table, party: str) -> Table:
    """Return what one side owes: "agency" or "client".

    >>> of_side(pd.DataFrame({"party": ["client", "agency"], "what": ["Texts", "Test"]}), "client")["what"].tolist()
    ['Texts']
    """
    if party not in ("agency", "client"):
        raise ValueError(f"party must be agency or client, got {party!r}; write party='client'")
    return owed[owed["party"] == party].reset_index(drop=True)


def decisions_to_obtain(actions: Table, change_requests: Table, contracts: Table, as_of: date) -> Table:
    """Return what the client has to decide, the first date first.

    Parameters
    ----------
    actions : DataFrame or Missing
        Open ones of the kind decision count, but for those of our own side.
    change_requests : DataFrame or Missing
        Those that wait for a decision.
    contracts : DataFrame or Missing
        Running terms whose notice date comes within 90 days, or has passed while the term goes on to an end that nobody has
        renewed; a term that renewed itself on that day, or was given notice, needs no decision any more.
    as_of : date

    Returns
    -------
    DataFrame
        `what`, `kind` ("decision", "change request", "renewal"), `owner`, `due` (of a renewal its notice date), `amount`
        (the fee of a change; of a renewal what it brings a year), `age_days` (since it was agreed or raised),
        `days_overdue` (0 = not), `state`. Without rows where nothing is to be decided; `Missing` without any of the tables.

    Examples
    --------
    >>> contracts = pd.DataFrame({"contract": ["R1"], "kind": "retainer", "annual_value": [240e3], "notice_days": [90],
    ...                           "start": pd.to_datetime(["2026-01-01"]), "end": pd.to_datetime(["2026-12-31"])})
    >>> none = Missing("not kept")
    >>> decisions_to_obtain(none, none, contracts, date(2026, 9, 30))[["what", "kind", "due"]].astype(str).values.tolist()
    [['Renewal of R1', 'renewal', '2026-10-02']]
    """
    promised, waiting, ending = (
        actions_ahead(actions, as_of),
        pending_changes(change_requests, as_of),
        renewal_calendar(contracts, as_of),
    )
    parts = []
    if not isinstance(promised, Missing):
        asked = promised[(promised["kind"] == "decision") & ~(promised["party"] == "agency")]
        parts.append(asked.rename(columns={"action": "what"}))
    if not isinstance(waiting, Missing):
        parts.append(waiting.rename(columns={"title": "what", "fee": "amount"}).assign(kind="change request"))
    if not isinstance(ending, Missing):
        left = ending["days_to_notice"]
        settled = ending["status"].isin(["renewed", "lost", "notice_given"]) | (
            (left < 0).fillna(False) & ending["auto_renew"].fillna(False).astype(bool)
        )
        near = ending[(left <= NOTICE_DAYS).fillna(False).astype(bool) & ~settled.astype(bool)]
        near = near.assign(what="Renewal of " + near["contract"].astype("str"), kind="renewal")
        parts.append(near.rename(columns={"notice_by": "due", "annual_value": "amount"}))
    if not parts:
        return Missing("neither actions nor change requests nor contracts are kept", "add the table actions")
    columns = ["what", "kind", "owner", "due", "amount", "age_days"]
    rows = _dated(_stacked(parts, columns), as_of)
    return rows.sort_values(["due", "what"], na_position="last", kind="stable").reset_index(drop=True)


def topics(deliverables: Table, decisions: Table, as_of: date) -> Table:
    """Return what there is to talk about: late deliverables first, then what is to be decided.

    Parameters
    ----------
    deliverables : DataFrame or Missing
    decisions : DataFrame or Missing
        As from `decisions_to_obtain`.
    as_of : date

    Returns
    -------
    DataFrame
        `what`, `kind` ("late deliverable" or that of the decision), `due`, `amount`, `age_days`, `days_overdue`, `state`.

    Examples
    --------
    >>> promised = pd.DataFrame({"project": ["app"], "deliverable": ["Form"], "original_due": pd.to_datetime(["2026-09-11"])})
    >>> topics(promised, Missing("none"), date(2026, 9, 30))[["what", "days_overdue"]].values.tolist()
    [['Form', 19]]
    """
    late = owed(Missing("not asked"), deliverables, Missing("not asked"), as_of)
    parts = [] if isinstance(late, Missing) else [late[late["kind"] == "deliverable"].assign(kind="late deliverable")]
    parts += [] if isinstance(decisions, Missing) else [decisions]
    if not parts:
        return Missing("neither deliverables nor decisions are kept", "add the table deliverables")
    return _dated(_stacked(parts, ["what", "kind", "due", "amount", "age_days"]), as_of)


#: What of a thing that waits is no text.
_TYPES = {"since": "datetime64[us]", "due": "datetime64[us]", "amount": "float64", "age_days": "Int64"}


def _stacked(parts: Iterable[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    """Return things of several tables below each other, blank where a table does not say."""
    rows = pd.concat([part.reindex(columns=columns).astype(object) for part in parts], ignore_index=True)
    return rows.astype({name: _TYPES.get(name, "str") for name in columns})


def _dated(rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return things with `days_overdue` and `state` by their due date."""
    late = (pd.Timestamp(as_of) - rows["due"]).dt.days.clip(lower=0).fillna(0).astype("int64")
    state = pd.Series(rag.ON_TRACK, rows.index, dtype="str").mask(late > 0, rag.OFF_TRACK).where(rows["due"].notna())
    return rows.assign(days_overdue=late, state=state)


@requires(deliverables="project deliverable original_due")
def coming(deliverables: Table, as_of: date, days: int = COMING_DAYS) -> Table:
    """Return the deliverables that are due next, the first date first: what, due.

    Parameters
    ----------
    deliverables : DataFrame
    as_of : date
    days : int, default 60
        Due within so many days, today included.

    Examples
    --------
    >>> plan = pd.DataFrame({"project": "app", "deliverable": ["Test", "Live"],
    ...                      "original_due": pd.to_datetime(["2026-10-16", "2027-02-01"])})
    >>> coming(plan, date(2026, 9, 30))["what"].tolist()
    ['Test']
    """
    plan = milestones(deliverables, as_of)
    near = plan[(plan["stage"] == "planned") & (plan["due"] <= pd.Timestamp(as_of) + pd.Timedelta(days=days))]
    return near.rename(columns={"deliverable": "what"})[["what", "due"]].reset_index(drop=True)


def amount_overdue(overdue: Table) -> float | Missing:
    """Return how much money is overdue, gross: 0 where no invoice is.

    Parameters
    ----------
    overdue : DataFrame or Missing
        As from `receivables.overdue`.

    Examples
    --------
    >>> amount_overdue(pd.DataFrame({"outstanding": [26.4e3, 18.5e3]}))
    44900.0
    """
    return overdue if isinstance(overdue, Missing) else float(overdue["outstanding"].sum())


def events(
    actions: Table, deliverables: Table, change_requests: Table, issues: Table, invoices: Table, since: date, as_of: date
) -> Table:
    """Return what happened after a day, the newest first.

    Parameters
    ----------
    actions, deliverables, change_requests, issues : DataFrame or Missing
        What was closed, submitted, accepted, decided, raised or resolved.
    invoices : DataFrame or Missing
        In one currency. What was paid, and what is newly overdue: its day is the first after the due date.
    since, as_of : date
        The day of the last meeting, which is left out, and the last day that counts.

    Returns
    -------
    DataFrame
        `date`, `what` (the thing), `stage` (what became of it: "accepted", "change approved", "overdue"), `state` (off track:
        bad news, on track: good news; blank = neither), the worst of a day first. Without rows where nothing happened;
        `Missing` where none of the tables is there.

    Raises
    ------
    ValueError
        If `since` is after `as_of`.

    Examples
    --------
    >>> sent = pd.DataFrame({"project": ["app"], "deliverable": ["Form"], "submitted": pd.to_datetime(["2026-09-28"])})
    >>> none = Missing("not kept")
    >>> events(none, sent, none, none, none, date(2026, 9, 24), date(2026, 9, 30))[["what", "stage"]].values.tolist()
    [['Form', 'delivered']]
    """
    if since > as_of:
        raise ValueError(f"since must not be after as_of, got {since} and {as_of}; exchange the two")
    tables = [actions, deliverables, change_requests, issues, invoices]
    if all(isinstance(table, Missing) for table in tables):
        return Missing("nothing with a date is kept", "add the table actions")
    done = complete(actions, "actions", "action status closed_on")
    sent = complete(deliverables, "deliverables", "deliverable submitted accepted due original_due")
    asked = complete(change_requests, "change_requests", "title status raised decided")
    wrong = complete(issues, "issues", "summary severity raised closed")
    billed = complete(invoices, "invoices", "invoice paid_on amount")
    agreed = sent["due"].fillna(sent["original_due"])
    missed = sent["submitted"].isna() & sent["accepted"].isna() & agreed.notna()
    late = complete(overdue(invoices, as_of), "invoices", "invoice due")
    after = pd.Timedelta(days=1)  # a date is missed on the day after it
    open_changes = asked["status"] == "submitted"
    told = [
        (done["closed_on"], done["action"], done["status"].where(done["status"] == "dropped", "done"), rag.ON_TRACK),
        (sent["submitted"], sent["deliverable"], "delivered", ""),
        (sent["accepted"], sent["deliverable"], "accepted", rag.ON_TRACK),
        ((agreed + after).where(missed), sent["deliverable"], "date missed", rag.OFF_TRACK),
        (asked["decided"], asked["title"], "change " + asked["status"], ""),
        (asked["raised"].where(open_changes), asked["title"], "change asked for", ""),
        (wrong["raised"], wrong["summary"], wrong["severity"] + " issue", rag.OFF_TRACK),
        (wrong["closed"], wrong["summary"], "issue resolved", rag.ON_TRACK),
        (billed["paid_on"].where(billed["amount"] > 0), "Invoice " + billed["invoice"], "paid", rag.ON_TRACK),
        (late["due"] + after, "Invoice " + late["invoice"], "overdue", rag.OFF_TRACK),
    ]
    frames = [pd.DataFrame({"date": day, "what": what, "stage": how, "state": state}) for day, what, how, state in told]
    rows = pd.concat([frame.astype(object) for frame in frames], ignore_index=True).dropna(subset=["date", "what"])
    rows = rows.astype({"date": "datetime64[us]", "what": "str", "stage": "str", "state": "str"})
    rows = rows[(rows["date"] > pd.Timestamp(since)) & (rows["date"] <= pd.Timestamp(as_of))]
    worst = rows["state"].map({rag.OFF_TRACK: 0, rag.ON_TRACK: 1}).fillna(2)
    rows = rows.assign(state=rows["state"].where(rows["state"] != ""), worst=worst)
    rows = rows.sort_values(["date", "worst", "what"], ascending=[False, True, True], kind="stable")
    return rows.drop(columns="worst").reset_index(drop=True)


@requires(stakeholders="name")
def attendees(stakeholders: Table, words: str | Missing, as_of: date, most: int = 5) -> Table:
    """Return who attends and where they stand: those whom the director named, else the most influential.

    Parameters
    ----------
    stakeholders : DataFrame
    words : str or Missing
        What stands under Attendees in the commentary. A person is named by the whole name, or by a last name that nobody
        else has, in any letter case.
    as_of : date
    most : int, default 5
        How many where nobody is named.

    Returns
    -------
    DataFrame
        As from `stakeholders.stakeholder_map`, with `invited` (boolean: named by the director).

    Examples
    --------
    >>> people = pd.DataFrame({"name": ["Ama Boye", "Ben Ash"], "influence": [3, 5]})
    >>> attendees(people, "Ms Boye and two of her team", date(2026, 9, 30))["name"].tolist()
    ['Ama Boye']
    >>> attendees(people, Missing("nothing is written"), date(2026, 9, 30), most=1)["name"].tolist()
    ['Ben Ash']
    """
    everyone = stakeholder_map(stakeholders, as_of)
    if isinstance(words, Missing) or not len(everyone):
        return everyone.head(most).assign(invited=False)
    said = " ".join(words.split()).casefold()
    last_names = Counter(name.split()[-1].casefold() for name in everyone["name"])

    def named(name: str) -> bool:
        last = name.split()[-1].casefold()
        spoken = [" ".join(name.split()).casefold(), *([last] if last_names[last] == 1 else [])]
        return any(re.search(rf"(?<!\w){re.escape(part)}(?!\w)", said) for part in spoken)

    invited = everyone[np.array([named(name) for name in everyone["name"]], dtype=bool)]
    return invited.reset_index(drop=True).assign(invited=True) if len(invited) else everyone.head(most).assign(invited=False)


#: What is never said to any client, whatever the tables hold.
NEVER = "our cost, cost rates, margin, reserve and floor price"


def not_to_say(
    actions: Table,
    risks: Table,
    issues: Table,
    change_requests: Table,
    contracts: Table,
    stakeholders: Table,
    invoices: Table,
    as_of: date,
) -> pd.DataFrame:
    """Return what is known here and must not be said in the room.

    Parameters
    ----------
    actions, risks, issues : DataFrame or Missing
        The open ones that the client may not read.
    change_requests : DataFrame or Missing
        Drafts.
    contracts : DataFrame or Missing
        What we think of each renewal.
    stakeholders : DataFrame or Missing
        Those with a sentiment below 0.
    invoices : DataFrame or Missing
        Those past due and paid in part: whoever pays a part disputes the rest, and that is settled outside the meeting.
    as_of : date

    Returns
    -------
    DataFrame
        A row a thing: `subject` ("Money", "Our call on renewals", "Where people stand", "Risks", "Issues", "Plans of ours",
        "Drafts of changes", "Invoices in dispute") and `what`. Money is always there, whatever else is kept.

    Examples
    --------
    >>> none = Missing("not kept")
    >>> people = pd.DataFrame({"name": ["Ama", "Ben"], "sentiment": [-1, 2]})
    >>> not_to_say(none, none, none, none, none, people, none, date(2026, 9, 30))["what"].tolist()
    ['our cost, cost rates, margin, reserve and floor price', 'Ama: −1']
    """
    day = pd.Timestamp(as_of)
    rows = [("Money", NEVER)]
    calendar = renewal_calendar(contracts, as_of)
    if not isinstance(calendar, Missing):
        calls = calendar.dropna(subset=["renewal_call"])
        rows += [("Our call on renewals", f"{c.contract}: {c.renewal_call}") for c in calls.itertuples()]
    people = stakeholder_map(stakeholders, as_of)
    if not isinstance(people, Missing):
        against = people[(people["sentiment"] < 0).fillna(False).astype(bool)]
        felt = zip(against["name"], against["sentiment"], strict=True)
        rows += [("Where people stand", f"{name}: −{abs(sentiment)}") for name, sentiment in felt]
    rows += _ours("Risks", complete(risks, "risks", "description status client_visible"), "description", ["occurred", "closed"])
    rows += _ours("Issues", complete(issues, "issues", "summary status client_visible"), "summary", ["closed"])
    rows += _ours("Plans of ours", complete(actions, "actions", "action status client_visible"), "action", ["done", "dropped"])
    drafts = complete(change_requests, "change_requests", "title status raised")
    drafts = drafts[(drafts["status"] == "draft") & ~(drafts["raised"] > day)]
    rows += [("Drafts of changes", title) for title in drafts["title"]]
    late = overdue(invoices, as_of)
    if not isinstance(late, Missing):
        paid = complete(invoices, "invoices", "invoice paid")
        part = late["invoice"].isin(paid.loc[paid["paid"] > 0, "invoice"])
        rows += [("Invoices in dispute", f"{name}, paid in part") for name in late.loc[part, "invoice"]]
    return pd.DataFrame(rows, columns=["subject", "what"], dtype="str")


def _ours(subject: str, table: pd.DataFrame, told: str, closed: Iterable[str]) -> list[tuple[str, str]]:
    """Return the open rows that the client may not read; blank is no, as in his edition."""
    hidden = ~table["client_visible"].fillna(False).astype(bool) & ~table["status"].isin(list(closed))
    return [(subject, what) for what in table.loc[hidden, told].dropna()]
