import importlib.util
import os
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acctlib.missing import Missing
from acctlib.outlook.pipeline import weighted_pipeline
from acctlib.periods import Quarter

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / os.environ.get("ACCTLIB_SHARED", "../shared") / "data"
needs_records = pytest.mark.skipif(
    not (RECORDS / "crm_maven").is_dir() or not (RECORDS / "crm_olist").is_dir(),
    reason="crm_maven and crm_olist are not here; point ACCTLIB_SHARED at the folder that holds data",
)


def deals(*pairs, **columns):
    amounts, chances = zip(*pairs, strict=True) if pairs else ((), ())
    return pd.DataFrame({"amount": pd.Series(amounts, dtype=float), "probability": chances, "status": "open"} | columns)


PUBLISHED = deals((80, 0.70), (50, 0.40), (120, 0.15), (30, 0.90))


def test_mean_and_spread_of_the_published_case():
    pipeline = weighted_pipeline(PUBLISHED)
    assert pipeline.mean == pytest.approx(121)
    assert pipeline.sd == pytest.approx(62, abs=0.5)


@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=6), st.integers(1, 1500))
def test_chance_to_reach_a_target_is_that_of_all_outcomes_listed(pairs, target):
    reached = 0.0
    for won in product([0, 1], repeat=len(pairs)):
        chance = np.prod([p if w else 1 - p for w, (_, p) in zip(won, pairs, strict=True)])
        reached += chance * (sum(w * a for w, (a, _) in zip(won, pairs, strict=True)) >= target)
    assert weighted_pipeline(deals(*pairs)).chance_to_reach(target) == pytest.approx(reached, abs=1e-9)


def test_three_small_chances_bring_nothing_in_half_of_the_cases():
    pipeline = weighted_pipeline(deals((100, 0.2), (100, 0.2), (100, 0.2)))
    assert pipeline.mean == pytest.approx(60)
    assert pipeline.cdf(0) == pytest.approx(0.512)
    assert pipeline.quantile([0.5, 0.9]).tolist() == [0, 200]


def test_only_open_deals_count():
    table = deals((80, 0.7), (50, 0.4), (30, 1.0)).assign(status=["open", "lost", "won"])
    assert weighted_pipeline(table).mean == pytest.approx(56)


def test_deal_without_odds_is_left_out_and_named():
    pipeline = weighted_pipeline(deals((80, 0.7), (50, float("nan"))).assign(opportunity=["A", "B"]))
    assert pipeline.mean == pytest.approx(56)
    assert pipeline.left_out["opportunity"].tolist() == ["B"]


def test_hundreds_of_deals_stay_exact_in_mean_and_close_in_spread():
    rng = np.random.default_rng(5)
    amounts, chances = rng.uniform(1e3, 1e5, 300), rng.uniform(0, 1, 300)
    pipeline = weighted_pipeline(deals(*zip(amounts, chances, strict=True)))
    assert pipeline.won.mean == pytest.approx(pipeline.mean, rel=1e-9)
    assert pipeline.sd == pytest.approx((amounts**2 @ (chances * (1 - chances))) ** 0.5, rel=1e-3)


def test_currencies_are_never_added_in_silence():
    answer = weighted_pipeline(deals((80, 0.7), (50, 0.4)).assign(currency=["GBP", "EUR"]))
    assert answer == Missing("the open deals are in EUR, GBP", "convert them to one currency first")


def test_no_open_deal_is_not_a_pipeline_of_nought():
    assert weighted_pipeline(deals()).reason == "no open deal has an amount and a probability"
    assert weighted_pipeline(deals((80, 0.7)).drop(columns="probability")).reason == "opportunities has no column probability"
    nothing = Missing("no file")
    assert weighted_pipeline(nothing) is nothing


def test_impossible_odds_say_what_to_write():
    with pytest.raises(ValueError, match=r"probabilities must lie between 0 and 1, got 70; write 30 % as 0\.3"):
        weighted_pipeline(deals((80, 70)))


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("pipeline_benchmark", ROOT / "benchmarks" / "pipeline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_records
def test_ranges_hold_on_a_sales_record_once_earlier_forecasts_correct_them(benchmark):
    # Quarters of 2017 by sales agent. The record starts on 1 March, so the first quarter forecast has seen one month and is
    # far off; from then on chances are corrected by the forecasts before.
    quarters = [Quarter(2017, 2), Quarter(2017, 3), Quarter(2017, 4)]
    found = benchmark.forecasts(benchmark.maven(RECORDS), quarters, "agent", date(2017, 3, 1), (0.0, 0.1))
    corrected = found[~found["first"]]
    assert len(corrected) == 60
    held, sure = benchmark.coverage(corrected, 0.1)
    assert abs(held - 0.8) <= 3 * sure
    # Independent deals promise too narrow a range, and a weighted sum has none and is more than twice too high.
    assert benchmark.coverage(corrected, 0.0)[0] < 0.7
    assert benchmark.coverage(found[found["first"]], 0.1)[0] < 0.6
    assert benchmark.error(corrected, "weighted") > 2 * benchmark.error(corrected, "corrected")


@needs_records
def test_ranges_hold_on_leads_of_which_no_loss_is_on_record(benchmark):
    quarters = [Quarter(2018, 2), Quarter(2018, 3), Quarter(2018, 4)]
    found = benchmark.forecasts(benchmark.olist(RECORDS), quarters, "origin", date(2017, 12, 5), (0.0, 0.1))
    held, sure = benchmark.coverage(found, 0.1)
    assert len(found) == 30
    assert abs(held - 0.8) <= 3 * sure
    assert benchmark.coverage(found, 0.0)[0] < 0.7
