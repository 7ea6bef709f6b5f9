"""What comes next: the days that a director must not miss, from renewals, deliverables, decisions and actions in one list."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.undefined import complete
from acctlib.missing import Missing

__all__ = ["next_dates"]

#: What ends or is decided within so many days goes before actions and deliverables.
SOON = 120


def next_dates(
    renewals: pd.DataFrame | Missing,
    deliverables: pd.DataFrame | Missing,
    opportunities: pd.DataFrame | Missing,
    actions: pd.DataFrame | Missing,
    as_of: date,
    most: int = 8,
) -> pd.DataFrame | Missing:
    """Return the next days of an account on which something is due, the nearest first.

    Notices, ends of terms and decisions of deals within 120 days are always among them, before actions and deliverables;
    so are deals whose expected decision has passed.

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
    most : int, default 8
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
    listed["on"] = pd.to_datetime(listed["on"])
    late = (listed["what"] == "decision of a deal") & (listed["on"] <= day)
    listed = listed.assign(what=listed["what"].mask(late, "decision of a deal, overdue"))[late | (listed["on"] > day)]
    # What ends or is decided comes before small things that are due sooner; those fill what is left.
    small = listed["what"].isin(["action", "deliverable"])
    near = listed["on"] <= day + pd.Timedelta(days=SOON)
    listed = listed.assign(rank=np.where(~small & near, 0, np.where(small, 1, 2)))
    kept = listed.sort_values(["rank", "on", "what", "thing"], kind="stable").head(most)
    kept = kept.sort_values(["on", "what", "thing"], kind="stable", ignore_index=True).drop(columns="rank")
    return kept if len(kept) else Missing("nothing is dated ahead")
