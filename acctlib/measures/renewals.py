"""Will they renew? What the records say, and what the director says, side by side.

The signal is a list of flags that anybody can check: a notice date ahead, a sponsor gone, money overdue, silence, falling
spend, an escalation, a low score. It is no probability; until enough renewals were seen there is nothing to calibrate one by.
The director's call is kept apart and never averaged with it: where the two disagree is what to talk about.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.contracts import renewal_calendar
from acctlib.measures.delivery import open_issues
from acctlib.measures.receivables import invoiced_by_period, overdue
from acctlib.measures.satisfaction import newest_score
from acctlib.measures.stakeholders import days_since_contact, sponsor_left
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter
from acctlib.tables.dictionary import RECURRING

__all__ = ["SIGNALS", "renewal_flags", "renewal_signal", "renewals"]

#: From good to bad.
SIGNALS = ("secure", "watch", "at risk")
#: So many days before its notice date a renewal is in play.
NOTICE_WINDOW = 90
#: An invoice this many days late, and a silence this long, is a flag.
OVERDUE_DAYS = SILENT_DAYS = 30
#: Spend that falls by more than this share from one half-year to the next is a flag.
FALLING = 0.10
#: Scores below these are low: NPS from −1 to 1, CSAT as the share satisfied.
LOW_SCORES = {"nps": 0.0, "csat": 0.70}
#: With fewer flags known than this, there is no signal.
FEWEST_FLAGS = 4


def renewal_flags(
    period: Quarter,
    as_of: date,
    contracts: pd.DataFrame | Missing,
    stakeholders: pd.DataFrame | Missing,
    invoices: pd.DataFrame | Missing,
    issues: pd.DataFrame | Missing,
    survey_summary: pd.DataFrame | Missing,
) -> pd.DataFrame:
    """Return the seven flags, which of them are raised, and on what that rests.

    Parameters
    ----------
    period : Quarter
        The last quarter whose spend counts.
    as_of : date
    contracts, stakeholders, invoices, issues, survey_summary : DataFrame or Missing
        The tables; invoices in one currency. A flag whose table is not kept is not known.

    Returns
    -------
    DataFrame
        `flag`, `raised` (boolean; blank = not known), `why` (in words; where not known, what is missing).

    Examples
    --------
    >>> none = Missing("not kept")
    >>> people = pd.DataFrame({"name": ["Ama"], "decision_role": ["sponsor"], "left_on": pd.to_datetime(["2026-08-15"]),
    ...                        "last_contact": pd.to_datetime(["2026-08-10"])})
    >>> flags = renewal_flags(Quarter(2026, 3), date(2026, 9, 30), none, people, none, none, none)
    >>> flags.dropna()[["flag", "why"]].values.tolist()
    [['sponsor', 'the sponsor left'], ['silence', 'days since the last contact: 51']]
    """
    found = {
        "notice window": _notice_window(contracts, as_of),
        "sponsor": _sponsor(stakeholders, as_of),
        "overdue": _overdue(invoices, as_of),
        "silence": _silence(stakeholders, as_of),
        "falling spend": _falling_spend(invoices, period),
        "escalation": _escalation(issues, as_of),
        "low score": _low_score(survey_summary),
    }
    rows = [(flag, pd.NA, got.reason) if isinstance(got, Missing) else (flag, *got) for flag, got in found.items()]
    frame = pd.DataFrame(rows, columns=["flag", "raised", "why"])
    return frame.astype({"flag": "str", "raised": "boolean", "why": "str"})


Flag = tuple[bool, str] | Missing


def _notice_window(contracts: pd.DataFrame | Missing, as_of: date) -> Flag:
    calendar = renewal_calendar(contracts, as_of)
    if isinstance(calendar, Missing):
        return calendar
    ahead = calendar["kind"].isin(RECURRING) & ~calendar["auto_renew"].fillna(False).astype(bool)
    ahead &= calendar["status"].isna() | (calendar["status"] != "renewed")
    near = calendar[ahead & (calendar["days_to_notice"].fillna(calendar["days_to_end"]) <= NOTICE_WINDOW)]
    if near.empty:
        return False, f"no notice date within {NOTICE_WINDOW} days, apart from terms that renew by themselves"
    first = near.iloc[0]
    if pd.isna(first["notice_by"]) or first["days_to_notice"] < 0:
        return True, f"{first['contract']} ends in {first['days_to_end']} days"
    return True, f"notice on {first['contract']} is due in {first['days_to_notice']} days"


def _sponsor(stakeholders: pd.DataFrame | Missing, as_of: date) -> Flag:
    left = sponsor_left(stakeholders, as_of)
    return left if isinstance(left, Missing) else (left, "the sponsor left" if left else "the sponsor is in place")


def _overdue(invoices: pd.DataFrame | Missing, as_of: date) -> Flag:
    late = overdue(invoices, as_of, OVERDUE_DAYS)
    if isinstance(late, Missing):
        return late
    if late.empty:
        return False, f"nothing is more than {OVERDUE_DAYS} days overdue"
    noun = "invoice is" if len(late) == 1 else "invoices are"
    return True, f"{len(late)} {noun} more than {OVERDUE_DAYS} days overdue"


def _silence(stakeholders: pd.DataFrame | Missing, as_of: date) -> Flag:
    days = days_since_contact(stakeholders, as_of)
    return days if isinstance(days, Missing) else (days > SILENT_DAYS, f"days since the last contact: {days}")


def _falling_spend(invoices: pd.DataFrame | Missing, period: Quarter) -> Flag:
    quarters = [period.previous.previous.previous, period.previous.previous, period.previous, period]
    billed = invoiced_by_period(invoices, quarters)
    if isinstance(billed, Missing):
        return billed
    before, lately = billed["fees"].iloc[:2].sum(), billed["fees"].iloc[2:].sum()
    if before <= 0:
        return Missing("nothing was billed in the half-year before the last one")
    change = lately / before - 1
    way = "up" if change >= 0 else "down"
    return bool(change < -FALLING), f"fees billed in the last half-year are {way} {abs(100 * change):.0f} % on the one before"


def _escalation(issues: pd.DataFrame | Missing, as_of: date) -> Flag:
    unsolved = open_issues(issues, as_of)
    if isinstance(unsolved, Missing):
        return unsolved
    escalated = unsolved["escalated"].fillna(False).astype(bool)
    severe = unsolved[(unsolved["severity"] == "critical") | (escalated & (unsolved["severity"] == "high"))]
    if severe.empty:
        return False, "no critical issue and no escalation is open"
    noun = "issue is" if len(severe) == 1 else "issues are"
    return True, f"{len(severe)} critical or escalated {noun} open"


def _low_score(survey_summary: pd.DataFrame | Missing) -> Flag:
    newest = {kind: newest_score(survey_summary, kind) for kind in LOW_SCORES}
    known = {kind: score.value for kind, score in newest.items() if not isinstance(score, Missing)}
    if not known:
        return newest["nps"]
    low = [kind.upper() for kind, value in known.items() if value < LOW_SCORES[kind]]
    if not low:
        return False, "the newest scores are not low"
    return True, f"{' and '.join(low)} {'is' if len(low) == 1 else 'are'} low"


@requires(flags="flag raised")
def renewal_signal(flags: pd.DataFrame | Missing) -> str | Missing:
    """Return what the flags say together: secure with none raised, watch with one or two, at risk from three on.

    Parameters
    ----------
    flags : DataFrame or Missing
        As from `renewal_flags`.

    Returns
    -------
    str or Missing
        One of `SIGNALS`. Missing where fewer than four flags are known.

    Examples
    --------
    >>> flags = pd.DataFrame({"flag": list("abcd"), "raised": pd.array([True, False, False, False], dtype="boolean")})
    >>> renewal_signal(flags)
    'watch'
    """
    known = flags["raised"].dropna()
    if len(known) < FEWEST_FLAGS:
        noun = "flag is" if len(known) == 1 else "flags are"
        return Missing(f"only {len(known)} renewal {noun} known, {FEWEST_FLAGS} are needed")
    raised = int(known.sum())
    return SIGNALS[0] if raised == 0 else SIGNALS[1] if raised <= 2 else SIGNALS[2]


@requires(calendar="contract renewal_call")
def renewals(calendar: pd.DataFrame | Missing, signal: str | Missing) -> pd.DataFrame | Missing:
    """Return the renewal calendar with the signal beside the director's call, and where the two disagree.

    Parameters
    ----------
    calendar : DataFrame
        As from `contracts.renewal_calendar`.
    signal : str or Missing
        As from `renewal_signal`; it speaks of the account as a whole.

    Returns
    -------
    DataFrame
        The calendar with `signal` and `disagree` (boolean; blank where one of the two is not known): a call of commit or
        likely against "at risk", of doubtful or lost against "secure".

    Examples
    --------
    >>> calendar = pd.DataFrame({"contract": ["R1"], "renewal_call": ["commit"]})
    >>> renewals(calendar, "at risk")["disagree"].tolist()
    [True]
    """
    against = {"at risk": ["commit", "likely"], "watch": [], "secure": ["doubtful", "lost"]}
    if isinstance(signal, Missing):
        return calendar.assign(
            signal=pd.Series(None, calendar.index, dtype="str"), disagree=pd.Series(pd.NA, calendar.index, dtype="boolean")
        )
    disagree = calendar["renewal_call"].isin(against[signal]).astype("boolean").mask(calendar["renewal_call"].isna())
    return calendar.assign(signal=signal, disagree=disagree)
