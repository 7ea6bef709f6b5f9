"""Sales: how many deals are won, by number and by value, and how long a decision takes.

The win rate is won / (won + lost): an open deal is not a lost one. Counted by number it says how often clients say yes, by
value how much of the money asked for they say yes to; a firm that wins small deals and loses large ones has two different
rates. A rate of a dozen deals leaves much open, so each comes with Wilson's interval.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from acctlib.measures.proportion import wilson
from acctlib.measures.undefined import NOT_STATED
from acctlib.missing import Missing, requires

__all__ = ["DECIDED", "by_number", "cycle_time", "deals_on", "decided_within", "no_losses", "win_rate"]

#: Who wins seven of ten deals loses none of ten in three of a hundred cases: losses are not recorded.
MOST_WITHOUT_LOSS = 10
DECIDED = ("won", "lost")


@requires(opportunities="status amount")
def win_rate(opportunities: pd.DataFrame | Missing, by: str | None = None) -> pd.DataFrame | Missing:
    """Return the win rate by number and by value, of all deals or of each group.

    Parameters
    ----------
    opportunities : DataFrame
        A row a deal, amounts in one currency (see `money.convert`).
    by : str, optional
        A column of opportunities to group by: service_line, business_unit, owner. A blank is "not stated", so that groups
        add up to all deals.

    Returns
    -------
    DataFrame
        `group` ("all deals" without `by`; the largest number of deals first), `deals`, `won`, `lost`, `open` (numbers);
        `rate`, `low`, `high` (won / (won + lost) with Wilson's interval, fractions); `won_value`, `lost_value` (money);
        `value_rate`, `value_low`, `value_high`; `warning` in words. Blank where no deal is decided, or, by value, where all
        deals won or all deals lost carry no amount: half a record is not a rate.

    Raises
    ------
    ValueError
        If `by` is no column of opportunities.

    Notes
    -----
    The interval by value is Wilson's at Kish's effective number of deals, n = (Σa)² / Σa² for amounts a: were every deal won
    with the same chance p whatever its size, the rate by value has the variance p(1−p) / n. One large deal among small ones
    counts as hardly more than one deal. Where the chance of winning depends on the size the interval is too narrow. Kish,
    Survey Sampling (1965), §11.7.

    Examples
    --------
    Three small deals won and one large one lost: clients say yes often, but not to much.

    >>> deals = pd.DataFrame({"status": ["won", "won", "won", "lost", "open"], "amount": [10e3, 10e3, 10e3, 70e3, 50e3]})
    >>> win_rate(deals)[["won", "lost", "open", "rate", "value_rate"]].to_dict("records")
    [{'won': 3, 'lost': 1, 'open': 1, 'rate': 0.75, 'value_rate': 0.3}]
    """
    if by is not None and by not in opportunities.columns:
        known = ", ".join(map(str, opportunities.columns))
        raise ValueError(f"by must be a column of opportunities, got {by!r}; write one of {known}")
    if opportunities.empty:
        return Missing("no deal is recorded", "add rows to opportunities")
    group = pd.Series("all deals", opportunities.index) if by is None else opportunities[by].astype("str").fillna(NOT_STATED)
    rows = pd.DataFrame([{"group": name, **_rates(deals)} for name, deals in opportunities.groupby(group, sort=True)])
    return rows.sort_values(["deals", "group"], ascending=[False, True], kind="stable", ignore_index=True)


def _rates(deals: pd.DataFrame) -> dict[str, object]:
    """Return numbers, rates and intervals of some deals."""
    amount = deals["amount"].astype(float).fillna(0.0)
    won, lost = (deals["status"] == outcome for outcome in DECIDED)
    value, counts = _by_value(amount[won], amount[lost]), by_number(int(won.sum()), int(lost.sum()))
    without = int((amount[won | lost] <= 0).sum())
    warnings = [
        no_losses(int(won.sum()), int(lost.sum())),
        _without_amount(without, int((won | lost).sum()), value["value_rate"]),
    ]
    return {
        "deals": len(deals),
        "won": int(won.sum()),
        "lost": int(lost.sum()),
        "open": int((deals["status"] == "open").sum()),
        **counts,
        "won_value": float(amount[won].sum()),
        "lost_value": float(amount[lost].sum()),
        **value,
        "warning": "; ".join(filter(None, warnings)) or None,
    }


def no_losses(won: int, lost: int) -> str:
    """Return a warning where so many deals are won and none lost that losses are not recorded; else an empty text.

    >>> no_losses(12, 0), no_losses(3, 0)
    ('no deal is recorded as lost: open may mean lost', '')
    """
    return "no deal is recorded as lost: open may mean lost" if won >= MOST_WITHOUT_LOSS and not lost else ""


def _without_amount(without: int, decided: int, value_rate: float) -> str:
    if not without:
        return ""
    which = f"{without:,} of {decided:,} decided deals {'carries' if without == 1 else 'carry'} no amount"
    return f"{which}: no rate by value" if np.isnan(value_rate) else f"{which} and are not in the rate by value"


def by_number(won: int, lost: int) -> dict[str, float]:
    """Return `rate`, `low` and `high`: won / (won + lost) with Wilson's interval; NaN where nothing is decided.

    >>> {name: round(value, 2) for name, value in by_number(7, 1).items()}
    {'rate': 0.88, 'low': 0.53, 'high': 0.98}
    """
    n = won + lost
    low, high = wilson(won / n, n) if n else (np.nan, np.nan)
    return {"rate": won / n if n else np.nan, "low": low, "high": high}


def _by_value(won: pd.Series, lost: pd.Series) -> dict[str, float]:
    amounts = np.concatenate([won, lost])
    half_a_record = any(len(side) and side.max() <= 0 for side in (won, lost))
    if half_a_record or not amounts.sum() > 0:
        return dict.fromkeys(("value_rate", "value_low", "value_high"), np.nan)
    rate = min(float(won.sum() / amounts.sum()), 1.0)
    scaled = amounts / amounts.max()  # the squares of very large or small amounts would leave the range of a float
    low, high = wilson(rate, float(scaled.sum() ** 2 / (scaled**2).sum()))
    return {"value_rate": rate, "value_low": low, "value_high": high}


def deals_on(opportunities: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Return the deals as of a day, with `days` from opening to decision: blank while open, or where a day is wrong.

    >>> deals = pd.DataFrame({"status": ["won", "won"], "created": pd.to_datetime(["2026-08-01"] * 2),
    ...                       "closed_on": pd.to_datetime(["2026-08-11", "2026-10-01"])})
    >>> deals_on(deals, date(2026, 9, 30))[["status", "days"]].values.tolist()
    [['won', 10.0], ['open', nan]]
    """
    day = pd.Timestamp(as_of)
    deals = opportunities[~(opportunities["created"] > day)].reset_index(drop=True)
    deals = deals.assign(status=deals["status"].mask(deals["closed_on"] > day, "open"))
    days = (deals["closed_on"] - deals["created"]).dt.days.astype(float)
    return deals.assign(days=days.where(deals["status"].isin(DECIDED) & (days >= 0)))


@requires(opportunities="status created closed_on")
def cycle_time(opportunities: pd.DataFrame | Missing, as_of: date) -> pd.DataFrame | Missing:
    """Return how many days deals take from their opening to the decision.

    Won and lost deals have their own row; they alone would say that decisions are quick, since the slow ones are not made
    yet. The third row therefore counts open deals for as long as they have been open.

    Parameters
    ----------
    opportunities : DataFrame
        A row a deal.
    as_of : date
        A deal closed later is open.

    Returns
    -------
    DataFrame
        Rows "won", "lost" and "any decision": `decision`, `deals` (decided), `open` (counted as not decided yet; 0 in the
        first two rows), `lower_quartile`, `median`, `upper_quartile` (days; blank where fewer than that share of the deals
        has been decided), `undated` (decided, but without a day of closing or closed before they were opened).

    Notes
    -----
    The last row is Kaplan and Meier's estimate (J. Am. Stat. Assoc. 53, 1958): the quartile is the first day by which the
    estimated share of decisions reaches it. Without open deals it is the empirical distribution.

    Examples
    --------
    Two deals were won within 10 and 20 days, and a third has been open for 60:

    >>> deals = pd.DataFrame({"status": ["won", "won", "open"], "created": pd.to_datetime(["2026-08-01"] * 3),
    ...                       "closed_on": pd.to_datetime(["2026-08-11", "2026-08-21", None])})
    >>> cycle_time(deals, date(2026, 9, 30))[["decision", "deals", "open", "median"]].values.tolist()
    [['won', 2, 0, 10.0], ['lost', 0, 0, nan], ['any decision', 2, 1, 20.0]]
    """
    deals = deals_on(opportunities, as_of)
    deals = deals[deals["created"].notna()]
    if deals.empty:
        return Missing(f"no deal was opened by {as_of}", "add rows to opportunities")
    age = (pd.Timestamp(as_of) - deals.loc[deals["status"] == "open", "created"]).dt.days
    rows = []
    for outcome, own, running in [
        *((each, deals[deals["status"] == each], age.iloc[:0]) for each in DECIDED),
        ("any decision", deals[deals["status"].isin(DECIDED)], age),
    ]:
        taken = own["days"].dropna()
        quartiles = dict(zip(("lower_quartile", "median", "upper_quartile"), _quartiles(taken, running), strict=True))
        counted = {"decision": outcome, "deals": len(taken), "open": len(running), **quartiles}
        rows.append({**counted, "undated": len(own) - len(taken)})
    return pd.DataFrame(rows)


def _quartiles(taken: pd.Series, running: pd.Series) -> list[float]:
    """Return the quartiles of times of which some still run."""
    if taken.empty:
        return [np.nan] * 3
    days, decided = decided_within(taken.to_numpy(float), running.to_numpy(float))
    reached = [days[decided >= share - 1e-12] for share in (0.25, 0.5, 0.75)]
    return [float(days[0]) if len(days) else np.nan for days in reached]


def decided_within(taken: np.ndarray, running: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the days after which something was seen, and the share decided by each, as Kaplan and Meier (1958) estimate it.

    Parameters
    ----------
    taken, running : array of float
        Days that decided deals took, and days for which open ones have run: those will take longer.

    Examples
    --------
    Of four deals one was decided after ten days; one has run for twenty, and two were decided after thirty:

    >>> [part.tolist() for part in decided_within(np.array([10.0, 30.0, 30.0]), np.array([20.0]))]
    [[10.0, 20.0, 30.0], [0.25, 0.25, 1.0]]
    """
    days = np.unique(np.concatenate([taken, running]))
    decided = np.searchsorted(np.sort(taken), days, side="right")
    there = len(taken) + len(running) - np.searchsorted(np.sort(np.concatenate([taken, running])), days, side="left")
    now = np.diff(decided, prepend=0)
    return days, 1 - np.cumprod((there - now) / there)
