"""What an outlook says about a target: closed forms, and what is not known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acctlib.missing import Missing
from acctlib.outlook.decision_dates import Slip
from acctlib.outlook.revenue_outlook import revenue_outlook
from acctlib.outlook.target_odds import by_quarter, target_odds, year_curve
from acctlib.periods import Quarter

DAY, LAST = date(2026, 9, 30), [Quarter(2026, 4)]


def outlook(*items, factor=0.0):
    table = pd.DataFrame(items, columns=["item", "kind", "chance", "likely"])
    days = {"closes": pd.Timestamp("2026-10-05"), "starts": pd.Timestamp("2026-10-12"), "ends": pd.Timestamp("2026-12-20")}
    table = table.assign(low=table["likely"], high=table["likely"], **days)
    return revenue_outlook(table, LAST, DAY, Slip((0,), "on time"), factor)


PUBLISHED = [("A", "deal", 0.7, 80.0), ("B", "deal", 0.4, 50.0), ("C", "deal", 0.15, 120.0), ("D", "deal", 0.9, 30.0)]


def test_the_published_pipeline_against_every_outcome_counted_by_hand():
    # 80 at .7, 50 at .4, 120 at .15, 30 at .9, independent: all sixteen outcomes
    totals, odds = np.zeros(1), np.ones(1)
    for _, _, chance, amount in PUBLISHED:
        totals = np.concatenate([totals, totals + amount])
        odds = np.concatenate([odds * (1 - chance), odds * chance])
    found = target_odds(outlook(*PUBLISHED), 150.0)
    assert found.chance == pytest.approx(odds[totals >= 150].sum())
    assert abs(found.drawn - found.chance) <= 4 * found.error + 1e-12
    rising = np.argsort(totals)
    reached = totals[rising][np.searchsorted(odds[rising].cumsum(), 0.2 - 1e-12)]  # exceeded with a chance of 80 %
    assert found.gap_sure == pytest.approx(150 - reached)
    assert found.gap_even <= found.gap_sure
    won_a = odds[(totals >= 150)].sum()
    assert (0.7 * found.moves.set_index("item").at["A", "if_won"] + 0.3 * found.moves.set_index("item").at["A", "if_lost"]
            == pytest.approx(won_a))  # fmt: skip


def test_a_target_below_what_is_certain_is_sure_and_misses_nothing():
    found = target_odds(outlook(("R", "committed", 1.0, 100.0), ("A", "deal", 0.5, 50.0)), 90.0)
    assert (found.chance, found.gap_even, found.gap_sure) == (pytest.approx(1), 0, 0)
    assert found.low == found.middle == 100


def test_without_target_or_outlook_there_is_a_reason():
    assert target_odds(outlook(*PUBLISHED), None).reason == "there is no target for the year"
    gone = Missing("no period")
    assert target_odds(gone, 100.0) == by_quarter(gone) == year_curve(gone) == gone


def test_the_curve_rises_and_holds_the_chances_asked_for():
    curve = year_curve(outlook(*PUBLISHED, factor=0.1))
    assert len(curve) == 99
    assert curve["value"].is_monotonic_increasing
    assert by_quarter(outlook(*PUBLISHED))["mean"].iloc[0] == pytest.approx(121)
