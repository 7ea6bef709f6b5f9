from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.account import Account
from acctlib.measures.white_space import plays, white_space_matrix
from acctlib.missing import Missing
from acctlib.money import convert
from acctlib.places import from_root

DAY = date(2026, 9, 30)
NONE = Missing("not kept")


def contracts(*rows):
    frame = pd.DataFrame(rows, columns=["contract", "business_unit", "service_line", "start", "end", "annual_value", "status"])
    return frame.assign(kind="retainer", **{side: pd.to_datetime(frame[side]) for side in ("start", "end")})


def deals(*rows):
    frame = pd.DataFrame(rows, columns=["business_unit", "service_line", "amount", "probability", "status", "created"])
    blank = pd.to_datetime(pd.Series([None] * len(frame)))
    return frame.assign(created=pd.to_datetime(frame["created"]), closed_on=blank, stage="Offer", owner="Kim")


def listed(*rows):
    columns = ["business_unit", "service_line", "state", "low_value", "likely_value", "high_value", "propensity", "next_step"]
    return pd.DataFrame(rows, columns=columns)


def states(cells):
    return {tuple(cell): state for *cell, state in cells[["business_unit", "service_line", "state"]].values}


def test_each_state_comes_from_its_source_and_the_rest_is_unknown():
    cells = white_space_matrix(
        listed(
            ("Legal", "Data", "gap", 20e3, 40e3, 60e3, 0.25, "Call"),
            ("Legal", "Media", "not_eligible", None, None, None, None, None),
        ),
        contracts(("R1", "Grocery", "Design", "2026-01-01", None, 90e3, None)),
        deals(("Grocery", "Data", 50e3, 0.4, "open", "2026-09-01")),
        DAY,
    )
    assert states(cells) == {
        ("Grocery", "Data"): "pipeline",
        ("Grocery", "Design"): "owned",
        ("Grocery", "Media"): "unknown",
        ("Legal", "Data"): "gap",
        ("Legal", "Design"): "unknown",
        ("Legal", "Media"): "not eligible",
    }
    cells = cells.set_index(["business_unit", "service_line"])
    assert cells.at[("Grocery", "Design"), "likely_value"] == 90e3
    assert cells.loc[("Grocery", "Data"), ["likely_value", "propensity", "weighted", "next_step"]].tolist() == [
        50e3, 0.4, 20e3, "Offer"
    ]  # fmt: skip
    gap = cells.loc[("Legal", "Data")]
    assert gap[["low_value", "likely_value", "high_value", "weighted", "next_step"]].tolist() == [
        20e3,
        40e3,
        60e3,
        10e3,
        "Call",
    ]
    rest = cells["state"].isin(["owned", "unknown", "not eligible"])
    assert cells.loc[rest, "weighted"].isna().all()


@pytest.mark.parametrize(
    ("start", "end", "status", "state"),
    [
        ("2026-01-01", "2026-09-30", None, "owned"),  # to the end of its last day
        ("2026-01-01", "2026-09-29", None, "unknown"),
        ("2026-09-30", None, None, "owned"),
        ("2026-10-01", None, None, "unknown"),  # signed, and not running yet
        ("2026-01-01", "2026-12-31", "lost", "owned"),  # not renewed: ours to its end
        ("2026-01-01", None, "lost", "unknown"),
    ],
)
def test_owned_is_what_a_contract_covers_on_the_day(start, end, status, state):
    cells = white_space_matrix(
        listed(("Legal", "Data", "not_eligible", None, None, None, None, None)),
        contracts(("R1", "Grocery", "Data", start, end, 1.0, status)),
        deals(("Grocery", "Data", 1.0, 0.5, "won", "2026-01-01"), ("Grocery", "Design", 1.0, 0.5, "open", "2026-01-01")),
        DAY,
    )
    assert states(cells)[("Grocery", "Data")] == state


@pytest.mark.parametrize("status", ["won", "lost"])
def test_a_decided_deal_is_no_pipeline_and_one_not_opened_yet_neither(status):
    gone = deals(("Grocery", "Data", 1.0, 0.5, status, "2026-01-01"), ("Grocery", "Design", 1.0, 0.5, "open", "2026-10-01"))
    assert not white_space_matrix(NONE, NONE, gone, DAY)


def test_a_contract_goes_before_a_deal_and_a_deal_before_the_table_and_both_are_said():
    cells = white_space_matrix(
        listed(
            ("Grocery", "Data", "gap", 1.0, 2.0, 3.0, 0.5, "Call"),
            ("Grocery", "Media", "not_eligible", None, None, None, None, None),
        ),
        contracts(("R1", "Grocery", "Data", "2026-01-01", None, 90e3, None)),
        deals(("Grocery", "Data", 50e3, 0.4, "open", "2026-09-01"), ("Grocery", "Media", 5e3, 0.4, "open", "2026-09-01")),
        DAY,
    )
    assert cells[["service_line", "state", "note"]].values.tolist() == [
        ["Data", "owned", "also an open deal, listed as a gap"],
        ["Media", "pipeline", "listed as not eligible"],
    ]
    assert isinstance(plays(cells), Missing)  # the gap was filled


def test_deals_of_one_cell_are_added_and_an_unknown_chance_leaves_none():
    two = deals(("Grocery", "Data", 50e3, 0.4, "open", "2026-09-01"), ("Grocery", "Data", 30e3, 0.2, "open", "2026-09-01"))
    cell = white_space_matrix(NONE, NONE, two, DAY).iloc[0]
    assert (cell["likely_value"], cell["weighted"]) == (80e3, pytest.approx(26e3))
    two.loc[1, "probability"] = None
    cell = white_space_matrix(NONE, NONE, two, DAY).iloc[0]
    assert cell["likely_value"] == 80e3
    assert pd.isna(cell["weighted"])


def test_contracts_of_one_cell_are_added_and_one_without_a_unit_keeps_its_place():
    cells = white_space_matrix(
        NONE,
        contracts(
            ("R1", "Grocery", "Data", "2026-01-01", None, 90e3, None),
            ("R2", "Grocery", "Data", "2026-01-01", None, 10e3, None),
            ("R3", None, "Data", "2026-01-01", None, 5e3, None),
        ),
        NONE,
        DAY,
    )
    assert cells[["business_unit", "state", "likely_value"]].values.tolist() == [
        ["Grocery", "owned", 100e3],
        ["not stated", "owned", 5e3],
    ]


def test_a_spelling_that_splits_a_cell_in_two_is_pointed_at():
    cells = white_space_matrix(
        listed(("Grocery", "GTX Pro", "gap", 1.0, 2.0, 3.0, 0.5, None)),
        contracts(("R1", "Grocery", "Design", "2026-01-01", None, 90e3, None)),
        deals(("Legal", "GTXPro", 50e3, 0.4, "open", "2026-09-01")),
        DAY,
    ).set_index(["business_unit", "service_line"])
    assert cells["note"].dropna().to_dict() == {
        ("Grocery", "GTXPro"): "spelled like Grocery, GTX Pro",
        ("Legal", "GTX Pro"): "spelled like Legal, GTXPro",
    }


WORDS = st.sampled_from(["a", "b", "c"])


@settings(deadline=None, max_examples=40)
@given(
    st.dictionaries(st.tuples(WORDS, WORDS), st.sampled_from(["gap", "not_eligible"])),
    st.lists(st.tuples(WORDS, WORDS), max_size=4),
    st.lists(st.tuples(WORDS, WORDS), max_size=4),
)
def test_every_pair_has_one_state_and_a_gap_is_only_what_somebody_called_so(judged, signed, hoped):
    cells = white_space_matrix(
        listed(*[(*cell, state, 1.0, 2.0, 3.0, 0.5, None) for cell, state in judged.items()]) if judged else NONE,
        contracts(*[(f"R{i}", *cell, "2026-01-01", None, 1.0, None) for i, cell in enumerate(signed)]) if signed else NONE,
        deals(*[(*cell, 1.0, 0.5, "open", "2026-09-01") for cell in hoped]) if hoped else NONE,
        DAY,
    )
    if not (judged or signed or hoped):
        assert isinstance(cells, Missing)
        return
    found = states(cells)
    units, lines = ({cell[i] for cell in [*judged, *signed, *hoped]} for i in (0, 1))
    assert set(found) == {(unit, line) for unit in units for line in lines}
    assert len(cells) == len(found)
    for cell, state in found.items():
        expected = "owned" if cell in signed else "pipeline" if cell in hoped else judged.get(cell, "unknown")
        assert state == expected.replace("_", " ")


def test_plays_are_ranked_by_expected_value_and_one_without_stands_last():
    table = listed(
        ("A", "x", "gap", None, 10e3, None, 0.5, None),
        ("B", "x", "gap", None, None, None, 0.9, None),
        ("C", "x", "gap", None, 50e3, None, 0.2, None),
        ("D", "x", "not_eligible", None, 99e3, None, 0.9, None),
    )
    ranked = plays(table)
    assert ranked["business_unit"].tolist() == ["C", "A", "B"]
    assert ranked["weighted"].tolist()[:2] == [10e3, 5e3]
    assert plays(white_space_matrix(table, NONE, NONE, DAY))["business_unit"].tolist() == ["C", "A", "B"]


@pytest.mark.parametrize(
    ("name", "period"), [("harbour-foods", "2026-Q3"), ("kestrel-mutual", "2027-Q2"), ("sorrel-health", "2026-Q2")]
)
def test_in_the_demo_accounts_every_open_deal_and_running_contract_has_its_cell(name, period):
    if not from_root("data").joinpath(name).is_dir():
        pytest.skip(f"the demo account {name} is not here")
    view = Account.read(name, period)
    opportunities = convert(view.opportunities, ["amount"], "created", view.currency, view.exchange_rates)
    cells = white_space_matrix(view.white_space, view.contracts, opportunities, view.as_of)
    found = states(cells)
    open_now = opportunities[opportunities["status"] == "open"]
    for cell in open_now[["business_unit", "service_line"]].itertuples(index=False, name=None):
        assert found[cell] in ("pipeline", "owned")
    listed_gaps = {tuple(cell) for cell in view.white_space[["business_unit", "service_line"]].values}
    assert {cell for cell, state in found.items() if state in ("gap", "not eligible")} <= listed_gaps
    assert cells["note"].str.contains("spelled").fillna(False).sum() == 0


def test_tables_that_are_not_kept_are_missing():
    assert white_space_matrix(NONE, NONE, NONE, DAY).reason.startswith("no contract, open deal or row of white_space")
    assert plays(NONE) == NONE
