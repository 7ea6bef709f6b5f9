"""Do the ranges of a pipeline hold, and how long does the outlook of 500 accounts take?

Two public sales records are forecast quarter by quarter, each from what was known on the day before the quarter began: which
deals were open, how old they were, and how earlier deals had come out by age. The forecast is the value won in the quarter from
the deals that were open then, as an 80 % range; the peer is the usual weighted sum, amount times the win rate so far, which has
no range and no date. "Corrected" forecasts take the record of the earlier ones into account: each chance is multiplied by what
was won in the quarters before as a share of what had been forecast for them. Coverage is the share of ranges that held, with
its standard error; forecasts of one quarter share that quarter's luck, so the true error is larger than that of independent
ones. To run: ``python benchmarks/pipeline.py [folder]``, where the folder holds crm_maven and crm_olist; without it only the
speed is measured.
"""

from __future__ import annotations

import sys
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from acctlib.missing import Missing
from acctlib.outlook.decision_dates import Slip, won_by_age
from acctlib.outlook.prospect_totals import Outcomes, total
from acctlib.outlook.prospects import prospects
from acctlib.outlook.revenue_outlook import revenue_outlook
from acctlib.outlook.win_odds import win_odds, with_odds
from acctlib.periods import Quarter

ACCOUNTS, DEALS = 500, 10
FACTORS = (0.0, 0.05, 0.1)


def maven(folder: Path) -> pd.DataFrame:
    """Return the deals of crm_maven: a fictitious company. Before it is won a deal is worth the price of its product.

    Deals without a date of opening (stage Prospecting) are left out: nobody can say since when they were open.
    """
    deals = pd.read_csv(folder / "crm_maven" / "maven_sales_pipeline.csv", dtype=str)
    prices = pd.read_csv(folder / "crm_maven" / "maven_products.csv").set_index("product")["sales_price"]
    teams = pd.read_csv(folder / "crm_maven" / "maven_sales_teams.csv", dtype=str).set_index("sales_agent")
    deals = deals[deals["engage_date"].notna()]
    return pd.DataFrame(
        {
            "created": pd.to_datetime(deals["engage_date"], format="%d-%m-%y"),
            "closed_on": pd.to_datetime(deals["close_date"], format="%d-%m-%y"),
            "status": deals["deal_stage"].map({"Won": "won", "Lost": "lost"}).fillna("open"),
            "amount": deals["product"].replace("GTXPro", "GTX Pro").map(prices).astype(float),
            "value": deals["close_value"].astype(float),
            "agent": deals["sales_agent"],
            "office": deals["sales_agent"].map(teams["regional_office"]),
        }
    ).reset_index(drop=True)


def olist(folder: Path) -> pd.DataFrame:
    """Return the leads of crm_olist, real and anonymised. It has no values worth the name, so a lead counts 1; none is lost."""
    leads = pd.read_csv(folder / "crm_olist" / "olist_mql.csv", dtype=str)
    won = pd.read_csv(folder / "crm_olist" / "olist_closed.csv", dtype=str).set_index("mql_id")["won_date"]
    closed = pd.to_datetime(leads["mql_id"].map(won), format="%d-%m-%Y %H:%M").dt.normalize()
    return pd.DataFrame(
        {
            "created": pd.to_datetime(leads["first_contact_date"], format="%d-%m-%Y"),
            "closed_on": closed,
            "status": closed.notna().map({True: "won", False: "open"}),
            "amount": 1.0,
            "value": 1.0,
            "origin": leads["origin"].fillna("unknown"),
        }
    )


def forecasts(
    deals: pd.DataFrame, quarters: list[Quarter], by: str | None, observed_from: date, factors: tuple[float, ...] = FACTORS
) -> pd.DataFrame:
    """Return, for each quarter and group, what was won beside its 80 % range, for each common factor, and the weighted sum."""
    rows, forecast, came = [], 0.0, 0.0
    for quarter in quarters:
        start, end = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
        eve = start - pd.Timedelta(days=1)
        known = deals[deals["created"] <= eve]
        decided = known[known["closed_on"] <= eve]
        # Where no loss is on record, the share of all that were seen stands in for the win rate.
        rate = (decided["status"] == "won").sum() / len(decided if (decided["status"] == "lost").any() else known)
        curve = won_by_age(known, eve.date(), observed_from)
        still_open = known[~(known["closed_on"] <= eve)]
        won = (still_open["status"] == "won") & (still_open["closed_on"] <= end)
        ages = (eve - still_open["created"]).dt.days.to_numpy()
        still_open = still_open.assign(
            chance=curve.within(ages, (end - start).days + 1), won=won.to_numpy() * still_open["value"].fillna(0.0)
        )
        ratio = came / forecast if forecast else np.nan
        # Only forecasts whose quarter is over by now may correct this one.
        forecast, came = forecast + (still_open["chance"] * still_open["amount"]).sum(), came + still_open["won"].sum()
        corrected = (still_open["chance"] * (1.0 if np.isnan(ratio) else ratio)).clip(upper=1.0)
        still_open = still_open.assign(corrected=corrected, first=np.isnan(ratio))
        groups = still_open.groupby(by) if by else [("all", still_open)]
        for name, group in groups:
            pairs = group[["corrected", "amount"]].itertuples(index=False)
            items = [Outcomes(chance, np.array([amount]), np.ones(1)) for chance, amount in pairs]
            row = {"quarter": quarter.label, "group": name, "deals": len(group), "won": group["won"].sum()}
            row |= {"first": group["first"].iloc[0], "by age": (group["chance"] * group["amount"]).sum()}
            row |= {"corrected": (group["corrected"] * group["amount"]).sum(), "weighted": rate * group["amount"].sum()}
            for factor in factors:
                values, odds = total(items, factor)
                low, high = values[np.searchsorted(odds.cumsum(), [0.1, 0.9 - 1e-12])]
                row |= {f"low {factor}": low, f"high {factor}": high}
            rows.append(row)
    return pd.DataFrame(rows)


def coverage(found: pd.DataFrame, factor: float) -> tuple[float, float]:
    """Return the share of 80 % ranges that held, and its standard error as if they were independent."""
    held = ((found["won"] >= found[f"low {factor}"] - 0.01) & (found["won"] <= found[f"high {factor}"] + 0.01)).mean()
    return float(held), float(np.sqrt(held * (1 - held) / len(found)))


def error(found: pd.DataFrame, column: str) -> float:
    """Return the mean absolute error of a forecast as a share of what was won."""
    return float((found[column] - found["won"]).abs().sum() / found["won"].sum())


def account_tables(number: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the open deals and the commitments of one invented account."""
    closes = pd.Timestamp("2026-10-01") + pd.to_timedelta(rng.integers(0, 300, DEALS), unit="D")
    starts = closes + pd.to_timedelta(rng.integers(5, 60, DEALS), unit="D")
    deals = pd.DataFrame(
        {
            "opportunity": [f"deal {number}-{deal}" for deal in range(DEALS)],
            "stage": rng.choice(["talk", "needs", "offer", "terms"], DEALS),
            "status": "open",
            "amount": np.round(rng.lognormal(10.5, 0.8, DEALS), -2),
            "probability": np.round(rng.uniform(0.05, 0.9, DEALS), 2),
            "close_date": closes,
            "starts": starts,
            "ends": starts + pd.to_timedelta(rng.integers(30, 300, DEALS), unit="D"),
        }
    )
    committed = pd.DataFrame(
        {"contract": ["R1"], "kind": "retainer", "starts": pd.Timestamp("2026-10-01"), "until": pd.Timestamp("2027-06-30"),
         "committed": 180e3}
    )  # fmt: skip
    return deals, committed


def one_account(deals: pd.DataFrame, committed: pd.DataFrame, odds) -> float:
    """Make the whole outlook of an account, and return its chance to reach a target."""
    none = Missing("not kept")
    found = prospects(date(2026, 9, 30), "GBP", none, none, committed, none, none, none, with_odds(deals, odds), none, none, {})
    quarters = [Quarter(2026, 4), Quarter(2027, 1), Quarter(2027, 2), Quarter(2027, 3)]
    outlook = revenue_outlook(found.table, quarters, date(2026, 9, 30), Slip(tuple(range(-20, 100, 5)), "invented"))
    outlook.by_period()
    outlook.moves(400e3)
    return outlook.chance_to_reach(400e3) - outlook.gap(400e3, 0.8)


def speed() -> None:
    """Print how long the outlook of one account takes, and that of all."""
    rng = np.random.default_rng(20261124)
    tables = [account_tables(number, rng) for number in range(ACCOUNTS)]
    odds = win_odds(pd.concat([deals for deals, _ in tables], ignore_index=True))
    started = time.perf_counter()
    one_account(*tables[0], odds)
    first = time.perf_counter() - started
    started, cpu = time.perf_counter(), time.process_time()
    for deals, committed in tables:
        one_account(deals, committed, odds)
    everything, cpu = time.perf_counter() - started, time.process_time() - cpu
    size = f"{ACCOUNTS} accounts with {DEALS} open deals each"
    print(f"{size}: the first {first:.2f} s, all {everything:.1f} s, of them {cpu:.1f} s of CPU")


def main() -> None:
    """Print calibration and speed."""
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        y = 2017
        cases = [("maven", maven(folder), [Quarter(y, 2), Quarter(y, 3), Quarter(y, 4)], by, date(y, 3, 1))
                 for by in (None, "office", "agent")]  # fmt: skip
        y = 2018
        cases += [("olist", olist(folder), [Quarter(y, 2), Quarter(y, 3), Quarter(y, 4)], by, date(y - 1, 12, 5))
                  for by in (None, "origin")]  # fmt: skip
        for name, deals, quarters, by, observed_from in cases:
            found = forecasts(deals, quarters, by, observed_from)
            if not by:
                print(found.round(0).to_string(index=False))
            for label, some in (("first quarter, nothing to correct by", found["first"]), ("corrected", ~found["first"])):
                part = found[some]
                errors = ", ".join(f"{column} {error(part, column):.0%} off" for column in ("weighted", "by age", "corrected"))
                size = f"{len(part)} forecasts of {part['deals'].mean():.0f} deals"
                print(f"{name} by {by or 'quarter'}, {label}: {size}; {errors}")
                for factor in FACTORS:
                    held, sure = coverage(part, factor)
                    print(f"    common factor {factor:.2f}: 80 % ranges held in {held:.0%} ± {sure:.0%}")
            print(f"    the weighted sum, taken as a range of ±0: {(abs(found['weighted'] - found['won']) < 0.5).mean():.0%}")
    speed()


if __name__ == "__main__":
    main()
