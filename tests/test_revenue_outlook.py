"""The distribution of revenue by quarter and year: closed forms, relations that must hold, and the two ways side by side."""

from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from acctlib.missing import Missing
from acctlib.outlook.decision_dates import Slip
from acctlib.outlook.prospect_totals import Outcomes, reached, reached_if, total
from acctlib.outlook.revenue_outlook import revenue_outlook
from acctlib.periods import FiscalYear, Quarter

DAY = date(2026, 9, 30)
ON_TIME = Slip((0,), "on time")
YEAR = [Quarter(2026, 4), Quarter(2027, 1), Quarter(2027, 2), Quarter(2027, 3), Quarter(2027, 4)]


def row(item="deal A", kind="deal", chance=0.5, amount=100e3, closes="2026-10-15", starts="2026-11-01", ends="2026-12-31"):
    low, likely, high = amount if isinstance(amount, tuple) else (amount,) * 3
    return {"item": item, "kind": kind, "chance": chance, "low": low, "likely": likely, "high": high,
            "closes": pd.Timestamp(closes), "starts": pd.Timestamp(starts), "ends": pd.Timestamp(ends)}  # fmt: skip


def table(*rows):
    frame = pd.DataFrame(list(rows), columns=list(row()))
    return frame.astype(dict.fromkeys(("closes", "starts", "ends"), "datetime64[us]"))


def outlook(*rows, periods=YEAR, slip=ON_TIME, **settings):
    return revenue_outlook(table(*rows), periods, DAY, slip, **settings)


SURE = row("R1", "committed", 1.0, 60e3, None, "2026-10-01", "2026-12-31")
SLIPS = Slip((0, 10, 40, 100), "invented")
MIXED = (
    SURE,
    row("A", chance=0.6, amount=90e3, ends="2027-04-30"),
    row("B", chance=0.3, amount=150e3, closes="2026-12-20", starts="2027-01-10", ends="2027-06-30"),
    row("R1 renewed", "renewal", 0.8, 240e3, None, "2027-01-01", "2027-12-31"),
    row("gap", "white space", 0.25, (20e3, 40e3, 90e3), None, None, None),
)

# -- closed forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("p", "q", "rho"), [(0.5, 0.5, 0.5), (0.3, 0.7, 0.2), (0.1, 0.2, 0.6), (0.9, 0.4, 0.05)])
def test_two_correlated_deals_are_the_bivariate_normals(p, q, rho):
    thresholds = special.ndtri([p, q])
    both = stats.multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf(thresholds)
    found = outlook(row("A", chance=p, amount=100e3), row("B", chance=q, amount=40e3), common_factor=rho)
    assert found.chance_to_reach(140e3, "2026-Q4") == pytest.approx(both, abs=1e-5)
    assert found.chance_to_reach(100e3, "2026-Q4") == pytest.approx(p, abs=1e-6)
    assert found.chance_to_reach(40e3, "2026-Q4") == pytest.approx(p + q - both, abs=1e-5)
    moves = found.moves(140e3, "2026-Q4").set_index("item")
    assert moves.at["A", "if_won"] == pytest.approx(both / p, abs=1e-5)
    assert moves.at["A", "if_lost"] == pytest.approx(0, abs=1e-9)
    assert found.moves(100e3, "2026-Q4").set_index("item").at["B", "if_lost"] == pytest.approx((p - both) / (1 - q), abs=1e-5)


def test_independent_deals_are_the_published_weighted_pipeline():
    # worked_examples.yaml, pipeline: mean 121, standard deviation 62
    deals = [row(f"D{n}", chance=p, amount=a) for n, (a, p) in enumerate([(80, 0.7), (50, 0.4), (120, 0.15), (30, 0.9)])]
    found = outlook(*deals, periods=[Quarter(2026, 4)], common_factor=0.0)
    assert found.by_period()["mean"].tolist() == pytest.approx([121])
    values, odds = total(found._outcomes[0], 0.0)
    assert np.sqrt(odds @ values**2 - 121**2) == pytest.approx(62, abs=0.5)


def test_a_delay_moves_money_into_the_next_quarter_by_hand():
    # 92 days from 1 October to 31 December bring 92; a delay of 46 days, as likely as none, leaves 46 for the quarter.
    deal = row(chance=1.0, amount=92.0, closes="2026-10-01", starts="2026-10-02", ends="2027-01-01")
    found = outlook(deal, slip=Slip((0, 46), "two"), periods=[Quarter(2026, 4), Quarter(2027, 1)])
    periods = found.by_period().set_index("period")
    assert periods.loc["2026-Q4", ["certain", "mean", "p10", "p90"]].tolist() == pytest.approx([45, 68, 45, 91])
    assert periods.loc["2027-Q1", ["certain", "mean"]].tolist() == pytest.approx([1, 24])


def test_a_range_of_amounts_is_the_pert_of_the_three():
    found = outlook(row("gap", "white space", 1.0, (20e3, 40e3, 90e3), None, "2026-10-01", "2026-12-31"), periods=[YEAR[0]])
    line = found.by_period().iloc[0]
    assert line["mean"] == pytest.approx(45e3)
    assert line["p90"] == pytest.approx(line["drawn_p90"], rel=0.03)


# -- relations ---------------------------------------------------------------------------------------------------------

CHANCES = st.just(0.0) | st.just(1.0) | st.floats(0.001, 0.999)
DEALS = st.lists(
    st.tuples(CHANCES, st.integers(1, 400), st.integers(-20, 250), st.integers(0, 60), st.integers(0, 300)),
    min_size=1, max_size=6,
)  # fmt: skip


def drawn_rows(deals):
    rows = []
    for n, (chance, amount, closes, until_start, length) in enumerate(deals):
        close = pd.Timestamp(DAY) + pd.Timedelta(days=closes)
        start = close + pd.Timedelta(days=until_start)
        rows.append(row(f"D{n}", chance=chance, amount=amount * 1e3, closes=close, starts=start,
                        ends=start + pd.Timedelta(days=length)))  # fmt: skip
    return rows


@settings(deadline=None, max_examples=25)
@given(DEALS, st.integers(10, 900))
def test_parts_sum_to_the_whole_and_each_item_splits_the_chance(deals, target):
    found = outlook(SURE, *drawn_rows(deals), slip=SLIPS, draws=64)
    periods = found.by_period().set_index("period")
    quarters = [period.label for period in YEAR[1:]]
    assert periods.loc[quarters, "mean"].sum() == pytest.approx(periods.at["2027", "mean"], abs=1e-3)
    chance = found.chance_to_reach(target * 1e3, "2027")
    for move in found.moves(target * 1e3, "2027").itertuples():
        assert move.chance * move.if_won + (1 - move.chance) * move.if_lost == pytest.approx(chance, abs=1e-6)
        assert move.difference >= -1e-6


@settings(deadline=None, max_examples=25)
@given(DEALS, st.integers(10, 900), st.integers(0, 5), st.floats(0, 1))
def test_a_higher_chance_never_lowers_the_chance_of_the_target(deals, target, which, share):
    which %= len(deals)
    better = [(p + (1 - p) * share, *rest) if n == which else (p, *rest) for n, (p, *rest) in enumerate(deals)]
    before, after = (outlook(*drawn_rows(some), slip=SLIPS).chance_to_reach(target * 1e3, "2027") for some in (deals, better))
    assert after >= before - 1e-7


@settings(deadline=None, max_examples=20)
@given(DEALS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(deals, shuffle):
    rows = [SURE, *drawn_rows(deals)]
    mixed = list(rows)
    shuffle.shuffle(mixed)
    one, other = outlook(*rows, slip=SLIPS, draws=64), outlook(*mixed, slip=SLIPS, draws=64)
    columns = ["certain", "mean", "p10", "p50", "p90"]
    assert np.allclose(one.by_period()[columns], other.by_period()[columns], atol=0.02)
    first, second = (each.moves(200e3, "2027").drop(columns="drawn_difference") for each in (one, other))
    assert first["item"].tolist() == second["item"].tolist()
    assert np.allclose(first[["if_won", "if_lost"]], second[["if_won", "if_lost"]], atol=1e-9, equal_nan=True)


def test_a_sure_deal_is_certain_and_an_impossible_one_brings_nothing():
    sure, never = outlook(row(chance=1.0)), outlook(row(chance=0.0))
    assert sure.by_period().loc[0, ["certain", "mean", "p10", "p90"]].tolist() == [100e3] * 4
    assert never.by_period().loc[0, ["certain", "mean", "p10", "p90"]].tolist() == [0.0] * 4
    assert sure.chance_to_reach(100e3, "2026-Q4") == 1.0
    assert sure.moves(100e3, "2026-Q4").empty


def test_exact_and_drawn_agree_within_four_standard_errors():
    found = outlook(*MIXED, slip=SLIPS, draws=65_536)
    for target, period in product((80e3, 120e3, 200e3, 300e3, 400e3), found.stretches["period"]):
        drawn, error = found.drawn_chance(target, period)
        assert abs(found.chance_to_reach(target, period) - drawn) <= 4 * error + 1e-3, (target, period)
    means = found.drawn.totals.mean(axis=(0, 1))
    assert means == pytest.approx(found.by_period()["mean"].to_numpy(), rel=2e-3)
    moves = found.moves(350e3, "2027")
    assert np.abs(moves["difference"] - moves["drawn_difference"]).max() < 0.02


def test_the_two_ways_are_seen_to_disagree_where_one_is_wrong():
    found = outlook(*MIXED, slip=SLIPS, draws=65_536)
    drawn, error = outlook(*MIXED, slip=SLIPS, draws=65_536, common_factor=0.6).drawn_chance(300e3, "2027")
    assert abs(found.chance_to_reach(300e3, "2027") - drawn) > 4 * error + 1e-3


@pytest.mark.parametrize("factor", [0.0, 0.3])
def test_the_grid_gives_what_listing_gives(factor):
    rng = np.random.default_rng(4)
    items = [
        Outcomes(p, np.array([float(a)]), np.ones(1)) for a, p in zip(rng.integers(1, 200, 11), rng.random(11), strict=True)
    ]
    spread = Outcomes(0.5, np.array([10.0, 20.0, 33.3]), np.array([0.2, 0.5, 0.3]))
    listed, more = total(items, factor), total([*items, spread, spread], factor)
    outcomes = [(0.5, 0.0), (0.1, 10.0), (0.25, 20.0), (0.15, 33.3)]
    if factor == 0:
        by_hand = sum(p * q * reached(*listed, 500 - a - b) for (p, a), (q, b) in product(outcomes, outcomes))
        assert reached(*more, 500) == pytest.approx(by_hand, abs=2e-3)
    assert more[0] @ more[1] == pytest.approx(listed[0] @ listed[1] + 2 * spread.mean, rel=1e-4)
    won, lost = reached_if([*items, spread, spread], 500, factor)
    chances = np.array([item.chance for item in [*items, spread, spread]])
    assert chances * won + (1 - chances) * lost == pytest.approx(np.full(13, reached(*more, 500)), abs=1e-9)


@pytest.mark.parametrize("factor", [0.0, 0.1])
def test_hundreds_of_items_keep_mean_and_spread_and_split_the_chance(factor):
    rng = np.random.default_rng(5)
    amounts, chances = rng.uniform(1e3, 1e5, 300), rng.uniform(0, 1, 300)
    items = [Outcomes(p, np.array([a]), np.ones(1)) for a, p in zip(amounts, chances, strict=True)]
    values, odds = total(items, factor)
    won, lost = reached_if(items, 7.6e6, factor)
    assert chances * won + (1 - chances) * lost == pytest.approx(np.full(300, reached(values, odds, 7.6e6)), abs=1e-3)
    assert (won > lost).all()
    if factor:
        return
    assert values @ odds == pytest.approx(amounts @ chances, rel=1e-4)
    assert np.sqrt(odds @ values**2 - (values @ odds) ** 2) == pytest.approx(
        (amounts**2 @ (chances * (1 - chances))) ** 0.5, rel=2e-3
    )


# -- edges -------------------------------------------------------------------------------------------------------------


def test_a_retainer_that_ends_inside_the_period_stops_there():
    care = row("care", "committed", 1.0, 31e3, None, "2026-10-01", "2026-10-31")
    assert outlook(care).by_period().set_index("period")["p50"].tolist() == [31e3, 0, 0, 0, 0, 0]


def test_a_lost_renewal_brings_nothing_and_moves_nothing():
    found = outlook(SURE, row("R1 renewed", "renewal", 0.0, 240e3, None, "2027-01-01", "2027-12-31"))
    assert found.by_period().set_index("period").at["2027", "mean"] == 0
    assert found.moves(10.0, "2027").empty


def test_a_deal_that_closes_on_the_last_day_brings_nothing_before_the_next_one():
    deal = row(chance=1.0, amount=182.0, closes="2026-12-31", starts=None, ends=None)
    periods = outlook(deal).by_period().set_index("period")["mean"]
    # Half a year from 1 January: 90 days in the first quarter, 91 in the second, one in the third.
    assert periods.loc[["2026-Q4", "2027-Q1", "2027-Q2", "2027-Q3"]].tolist() == pytest.approx([0, 90, 91, 1])


def test_an_overdue_decision_is_taken_tomorrow_at_the_earliest():
    deal = row(chance=1.0, amount=92.0, closes="2026-06-30", starts="2026-07-01", ends="2026-09-30")
    assert outlook(deal, slip=Slip((-30, 0), "two")).by_period()["mean"].iloc[0] == pytest.approx(91)


def test_no_work_starts_before_its_decision():
    # Decided on 1 December, planned from 1 November: 46 days of work from 2 December on, 30 of them in the quarter.
    deal = row(chance=1.0, amount=46.0, closes="2026-12-01", starts="2026-11-01", ends="2026-12-16")
    assert outlook(deal).by_period()["mean"].iloc[0] == pytest.approx(30)


def test_years_are_fiscal_and_an_incomplete_one_says_which_quarters():
    year = FiscalYear(4, "end")
    quarters = [Quarter(2027, 3, year), Quarter(2027, 4, year), *(Quarter(2028, n, year) for n in (1, 2, 3, 4))]
    found = outlook(SURE, periods=quarters)
    assert found.stretches["period"].tolist()[-2:] == ["2027 Q3–Q4", "2028"]
    assert found.stretches[["start", "end"]].iloc[-1].tolist() == [date(2027, 4, 1), date(2028, 3, 31)]
    assert found.chance_to_reach(60e3) == 1.0  # of none, the first fiscal year


def test_the_gap_is_what_is_missing_at_a_confidence_and_never_below_nought():
    found = outlook(SURE, row(chance=0.6, amount=40e3))
    assert found.gap(100e3, 0.5, "2026-Q4") == 0
    assert found.gap(100e3, 0.8, "2026-Q4") == pytest.approx(40e3)
    assert found.gap(50e3, 0.99, "2026-Q4") == 0
    with pytest.raises(ValueError, match=r"confidence must lie between 0 and 1, got 80; write 80 % as 0\.8"):
        found.gap(100e3, 80)


def test_agi_is_revenue_times_its_share_and_says_so():
    found = outlook(*MIXED, slip=SLIPS, draws=64)
    income = found.in_agi(0.8, "AGI / fees of the last four quarters")
    assert income.by_period()["mean"].to_numpy() == pytest.approx(0.8 * found.by_period()["mean"].to_numpy())
    assert income.chance_to_reach(0.8 * 300e3, "2027") == pytest.approx(found.chance_to_reach(300e3, "2027"), abs=2e-3)
    assert (income.measure, income.basis) == ("AGI", "fees times 80.0%, AGI / fees of the last four quarters")
    gone = Missing("nothing was earned")
    assert found.in_agi(gone) is gone
    with pytest.raises(ValueError, match=r"must lie above 0 and below 10, got 82; write 82 % as 0\.82"):
        found.in_agi(82)


def test_the_same_seed_gives_the_same_figures():
    one, other = (outlook(*MIXED, slip=SLIPS, draws=1024, seed=3).by_period() for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_impossible_rows_are_named_all_at_once():
    rows = [row("A", chance=40), row("B", amount=(5.0, 3.0, 9.0)), row("C", starts="2026-12-01", ends="2026-11-01")]
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is what is tested
        outlook(*rows, periods=[Quarter(2026, 4), Quarter(2027, 2)], common_factor=1)
    assert str(error.value).splitlines() == [
        "periods must follow each other, got 2026-Q4 before 2027-Q2; leave no quarter out",
        "common_factor must lie from 0 to below 1, got 1; write 0 for independent deals",
        "A: chance must lie from 0 to 1, got 40; write 30 % as 0.3",
        "B: amounts must rise from low over likely to high, from 0 on, got 5, 3, 9",
        "C: it must not end before it starts, got 2026-12-01 to 2026-11-01",
    ]
    with pytest.raises(ValueError, match=r"period must be one of .*2027, got '2031'; write 2027"):
        outlook(SURE).gap(1.0, 0.5, "2031")
    assert revenue_outlook(Missing("none"), YEAR, DAY) == Missing("none")
