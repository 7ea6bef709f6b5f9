"""The revenue that an account is heading for, quarter by quarter, as a distribution.

What is earned, signed and committed comes in every case. Renewals, open deals and white space come or do not, whole, and move
together a little: one new sponsor or one budget freeze moves them all. When a deal is decided late its work starts late, and
part of its money falls into the next quarter or year. What comes of all that is a chance to reach the target, the money that
is missing at a wanted confidence, and the deals and renewals on which it hangs.

An amount is spread evenly over its days. The sums are exact, delays and ranges included (`prospect_totals`); the same is drawn
as well, and both are shown with the standard error of the drawn figure. Agency gross income is revenue times the account's
usual share, for what a single deal will pass through is not known.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from acctlib.missing import Missing, requires
from acctlib.outlook.decision_dates import Slip
from acctlib.outlook.prospect_days import parts_of
from acctlib.outlook.prospect_draws import Draws, draw
from acctlib.outlook.prospect_totals import HALF_CENT, Outcomes, Part, reached, reached_if, total
from acctlib.periods import Quarter

__all__ = ["COMMON_FACTOR", "RevenueOutlook", "revenue_outlook"]

#: Correlation of the scores behind "comes" and "does not" where the firm has not measured its own.
COMMON_FACTOR = 0.1
#: What a director can still move.
MOVED = ("deal", "renewal")


@dataclass(frozen=True, eq=False)
class RevenueOutlook:
    """What an account's revenue may come to.

    Attributes
    ----------
    prospects : DataFrame
        A row an item, as in `prospects.Prospects.table`.
    periods : tuple of Quarter
    as_of : date
    slip : Slip
        How late decisions come.
    common_factor : float
    draws, seed : int
        Of the drawn figures.
    measure, basis : str
        "revenue", or "AGI" with the share it was made by, in words.
    """

    prospects: pd.DataFrame
    periods: tuple[Quarter, ...]
    as_of: date
    slip: Slip
    common_factor: float
    draws: int = 16_384
    seed: int = 1
    measure: str = "revenue"
    basis: str = "amounts spread evenly over their days"

    @functools.cached_property
    def stretches(self) -> pd.DataFrame:
        """Return the stretches of days told about: `period`, `start`, `end`; each quarter, then each fiscal year.

        Of a year whose quarters are not all given, the quarters that are make the row, and its name says which.
        """
        rows = [(quarter.label, quarter.start, quarter.end) for quarter in self.periods]
        for year in sorted({quarter.year for quarter in self.periods}):
            quarters = [quarter for quarter in self.periods if quarter.year == year]
            part = "" if len(quarters) == 4 else f" Q{quarters[0].number}–Q{quarters[-1].number}"
            if len(quarters) > 1:
                rows.append((f"{year}{part}", quarters[0].start, quarters[-1].end))
        return pd.DataFrame(rows, columns=["period", "start", "end"])

    @functools.cached_property
    def _days(self) -> tuple[np.ndarray, np.ndarray]:
        return tuple(self.stretches[name].to_numpy("datetime64[D]").astype(np.int64) for name in ("start", "end"))

    @functools.cached_property
    def _parts(self) -> list[Part]:
        return parts_of(self.prospects, self.as_of, self.slip)

    @functools.cached_property
    def _outcomes(self) -> list[list[Outcomes]]:
        """Return, for each stretch, what each item brings there."""
        shares = [part.shares(*self._days) for part in self._parts]
        return [
            [part.outcomes(share[:, stretch]) for part, share in zip(self._parts, shares, strict=True)]
            for stretch in range(len(self.stretches))
        ]

    @functools.cached_property
    def _totals(self) -> list[tuple[np.ndarray, np.ndarray]]:
        return [total(items, self.common_factor) for items in self._outcomes]

    @functools.cached_property
    def drawn(self) -> Draws:
        """Return the same by drawing."""
        return draw(self._parts, *self._days, self.common_factor, self.draws, self.seed)

    def _stretch(self, period: str | None) -> int:
        """Return the place of a period; of none, the first fiscal year, or the only quarter."""
        labels = list(self.stretches["period"])
        if period is None:
            return min(len(self.periods), len(labels) - 1)
        if period not in labels:
            raise ValueError(f"period must be one of {', '.join(labels)}, got {period!r}; write {labels[-1]}")
        return labels.index(period)

    def by_period(self) -> pd.DataFrame:
        """Return the distribution of each quarter and fiscal year.

        Returns
        -------
        DataFrame
            `period`; `certain` (comes in every case), `mean`, `p10`, `p50`, `p90` (exact); `drawn_p10`, `drawn_p50`,
            `drawn_p90` and their standard errors `error_p10`, `error_p50`, `error_p90`. Amounts in the currency of the
            prospects. Means add up over the quarters of a year; percentiles do not.
        """
        rows = []
        for stretch, (items, (values, odds)) in enumerate(zip(self._outcomes, self._totals, strict=True)):
            row = {"period": self.stretches["period"].iat[stretch], "certain": sum(item.certain for item in items)}
            row["mean"] = sum(item.mean for item in items)
            tail = odds.cumsum()
            for name, p in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
                row[name] = _quantile(values, tail, p)
                row[f"drawn_{name}"], row[f"error_{name}"] = self.drawn.quantile(stretch, p)
            rows.append(row)
        names = ("p10", "p50", "p90")
        columns = ["period", "certain", "mean", *names, *(f"{way}_{name}" for way in ("drawn", "error") for name in names)]
        return pd.DataFrame(rows, columns=columns)

    def quantile(self, p: float, period: str | None = None) -> float:
        """Return the amount that is not exceeded with probability `p` in a period; of none, in the first fiscal year."""
        values, odds = self._totals[self._stretch(period)]
        return _quantile(values, odds.cumsum(), p)

    def chance_to_reach(self, target: float, period: str | None = None) -> float:
        """Return the chance of `target` or more in a period, exact; of none, the first fiscal year given."""
        return reached(*self._totals[self._stretch(period)], target)

    def drawn_chance(self, target: float, period: str | None = None) -> tuple[float, float]:
        """Return the same chance as drawn, and its standard error."""
        return self.drawn.reached(self._stretch(period), target)

    def gap(self, target: float, confidence: float = 0.8, period: str | None = None) -> float:
        """Return the money that is missing: the target less the amount that is reached with `confidence`; never below 0."""
        if not 0 < confidence < 1:
            raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; write 80 % as 0.8")
        values, odds = self._totals[self._stretch(period)]
        return max(target - _quantile(values, odds.cumsum(), 1 - confidence), 0.0)

    def moves(self, target: float, period: str | None = None) -> pd.DataFrame:
        """Return how far each deal and renewal moves the chance to reach the target, the furthest first.

        Returns
        -------
        DataFrame
            `item`, `kind`, `chance`, `if_won`, `if_lost` (chance to reach the target then, exact), `difference`, and
            `drawn_difference`. Fractions. ``chance * if_won + (1 - chance) * if_lost`` is the chance to reach the target.
        """
        stretch = self._stretch(period)
        if_won, if_lost = reached_if(self._outcomes[stretch], target, self.common_factor)
        met = self.drawn.totals[:, :, stretch].ravel() >= target - HALF_CENT
        came = self.drawn.came.reshape(met.size, -1)
        open_to = self.prospects["chance"].between(0, 1, inclusive="neither").to_numpy()
        open_to = open_to & self.prospects["kind"].isin(MOVED).to_numpy()
        drawn = [met[came[:, place]].mean() - met[~came[:, place]].mean() if ok and 0 < came[:, place].sum() < met.size
                 else np.nan for place, ok in enumerate(open_to)]  # fmt: skip
        table = self.prospects[["item", "kind", "chance"]].assign(
            if_won=if_won, if_lost=if_lost, difference=if_won - if_lost, drawn_difference=np.array(drawn, dtype=float)
        )
        # Rounded, so that the last bits of two equal differences do not decide their order.
        table = table[open_to].assign(order=lambda frame: -frame["difference"].round(9))
        return table.sort_values(["order", "item"], kind="stable", ignore_index=True).drop(columns="order")

    def in_agi(self, share: float | Missing, basis: str = "the account's usual share") -> RevenueOutlook | Missing:
        """Return the outlook of agency gross income: fees times `share`, above 0, whose `basis` is printed.

        It may exceed 1: what is earned on purchases is income beside the fees.
        """
        if isinstance(share, Missing):
            return share
        if not 0 < share < 10:
            raise ValueError(f"the share of AGI in fees must lie above 0 and below 10, got {share}; write 82 % as 0.82")
        scaled = {name: self.prospects[name] * share for name in ("low", "likely", "high")}
        return replace(self, prospects=self.prospects.assign(**scaled), measure="AGI",
                       basis=f"fees times {share:.1%}, {basis}")  # fmt: skip


@requires(prospects="item kind chance low likely high closes starts ends")
def revenue_outlook(
    prospects: pd.DataFrame | Missing,
    periods: Sequence[Quarter],
    as_of: date,
    slip: Slip | None = None,
    common_factor: float = COMMON_FACTOR,
    draws: int = 16_384,
    seed: int = 1,
) -> RevenueOutlook | Missing:
    """Return what an account's revenue may come to in each quarter and fiscal year.

    Parameters
    ----------
    prospects : DataFrame
        As in `prospects.Prospects.table`: chance (fraction), low, likely, high (amounts in one currency over all their days),
        closes (expected decision; blank = none is awaited), starts, ends (blank = from the decision on, half a year).
    periods : sequence of Quarter
        Successive, the first first.
    as_of : date
        What is not decided by then is decided later: no decision is dated on or before it.
    slip : Slip, optional
        As from `decision_dates.decision_slip`; without it the stated delays. A late decision moves the
        work by as many days; an early one does not.
    common_factor : float, default 0.1
        Correlation of the scores behind "comes" and "does not", from 0 to below 1.
    draws, seed : int
        Of the drawn figures beside the exact ones.

    Returns
    -------
    RevenueOutlook or Missing

    Raises
    ------
    ValueError
        If the periods do not follow each other or a number is impossible; all are named at once.

    Examples
    --------
    60 000 are committed, and an even deal of 40 000 would be done within the quarter. How likely are 100 000?

    >>> rows = [("R1", "committed", 1.0, 60e3, None), ("Website", "deal", 0.5, 40e3, "2026-10-05")]
    >>> table = pd.DataFrame(rows, columns=["item", "kind", "chance", "likely", "closes"])
    >>> table = table.assign(low=table["likely"], high=table["likely"], closes=pd.to_datetime(table["closes"]),
    ...                      starts=pd.Timestamp("2026-10-12"), ends=pd.Timestamp("2026-12-20"))
    >>> outlook = revenue_outlook(table, [Quarter(2026, 4)], date(2026, 9, 30), Slip((0,), "on time"))
    >>> round(outlook.chance_to_reach(100e3), 6), outlook.gap(100e3, 0.8)
    (0.5, 40000.0)
    """
    _check(prospects, periods, common_factor)
    table = prospects.reset_index(drop=True)
    return RevenueOutlook(table, tuple(periods), as_of, slip or Slip(), common_factor, draws, seed)


def _check(prospects: pd.DataFrame, periods: Sequence[Quarter], common_factor: float) -> None:
    wrong = []
    if not periods:
        wrong.append("periods must name at least one quarter, got none; write for example the next four")
    wrong += [f"periods must follow each other, got {a.label} before {b.label}; leave no quarter out"
              for a, b in itertools.pairwise(periods) if a.next != b]  # fmt: skip
    if not 0 <= common_factor < 1:
        wrong.append(f"common_factor must lie from 0 to below 1, got {common_factor}; write 0 for independent deals")
    numbers = prospects[["chance", "low", "likely", "high"]].to_numpy(float)
    for row, (name, first, last) in enumerate(zip(prospects["item"], prospects["starts"], prospects["ends"], strict=True)):
        chance, low, likely, high = numbers[row]
        if not 0 <= chance <= 1:
            wrong.append(f"{name}: chance must lie from 0 to 1, got {chance:g}; write 30 % as 0.3")
        if not 0 <= low <= likely <= high:
            wrong.append(
                f"{name}: amounts must rise from low over likely to high, from 0 on, got {low:g}, {likely:g}, {high:g}"
            )
        if pd.notna(first) and pd.notna(last) and last < first:
            wrong.append(f"{name}: it must not end before it starts, got {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    if wrong:
        raise ValueError("\n".join(wrong))


def _quantile(values: np.ndarray, tail: np.ndarray, p: float) -> float:
    return float(values[min(np.searchsorted(tail, p * (1 - 1e-9)), len(values) - 1)])
