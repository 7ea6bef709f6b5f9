"""What comes next: the days that a director must not miss, from renewals, deliverables, decisions and actions in one list."""

from __future__ import annotations

from datetime import date

import pandas as pd

from acctlib.measures.undefined import complete
from acctlib.missing import Missing

__all__ = ["next_dates"]


def next_dates(
    renewals: pd.DataFrame | Missing,
    deliverables: pd.DataFrame | Missing,
    opportunities: pd.DataFrame | Missing,
    actions: pd.DataFrame | Missing,
    as_of: date,
    most: int = 6,
) -> pd.DataFrame | Missing:
    """Return the next days of an account on which something is due, the nearest first.

    Parameters
    ----------
    renewals : DataFrame or Missing
        contract, notice_by, end: as from `contracts.renewal_calendar`. The notice counts, and the end where notice is past.
    deliverables : DataFrame or Missing
        deliverable, due (blank = original_due), submitted: those not submitted.
    opportunities : DataFrame or Missing
        opportunity, close_date, status: open ones.
    actions : DataFrame or Missing
        action, due, status: open ones.
    as_of : date
        Days after it are listed.
    most : int, default 6
        How many.

    Returns
    -------
    DataFrame or Missing
        `on` (day), `what` (kind of thing: notice, end of term, deliverable, decision of a deal, action), `thing` (its name).

    Examples
    --------
    >>> actions = pd.DataFrame({"action": ["Send rates"], "due": pd.to_datetime(["2026-10-09"]), "status": "open"})
    >>> none = Missing("not kept")
    >>> next_dates(none, none, none, actions, date(2026, 9, 30))[["what", "thing"]].values.tolist()
    [['action', 'Send rates']]
    """
    day = pd.Timestamp(as_of)
    terms = complete(renewals, "contracts", "contract end")
    notice = terms["notice_by"] if "notice_by" in terms.columns else pd.Series(pd.NaT, terms.index)
    ahead = notice > day
    promised = complete(deliverables, "deliverables", "deliverable original_due due submitted")
    promised = promised[promised["submitted"].isna()]
    deals = complete(opportunities, "opportunities", "opportunity close_date status")
    owed = complete(actions, "actions", "action due status")
    found = [
        (notice[ahead], "notice", terms["contract"]),
        (terms["end"][~ahead], "end of term", terms["contract"]),
        (promised["due"].fillna(promised["original_due"]), "deliverable", promised["deliverable"]),
        (deals["close_date"][deals["status"] == "open"], "decision of a deal", deals["opportunity"]),
        (owed["due"][owed["status"] == "open"], "action", owed["action"]),
    ]
    parts = [pd.DataFrame({"on": days, "what": what, "thing": names[days.index]}) for days, what, names in found if len(days)]
    listed = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["on", "what", "thing"])
    listed = listed[pd.to_datetime(listed["on"]) > day].sort_values(["on", "what", "thing"], kind="stable").head(most)
    return listed.reset_index(drop=True) if len(listed) else Missing("nothing is dated ahead")
