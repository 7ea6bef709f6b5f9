import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.account import Account
from acctlib.measures.contracts import Retention
from acctlib.measures.growth import (
    agi_share,
    concentrations,
    earned_or_invoiced,
    earned_retention,
    income_by,
    revenue_bridge,
)
from acctlib.measures.rates import hourly_rates
from acctlib.measures.revenue import income_by_project
from acctlib.missing import Missing
from acctlib.places import from_root

NONE = Missing("not kept")


def test_a_base_retention_worked_by_hand():
    # DOMAIN §3: GRR = (start − contraction − churn) / start; NRR adds expansion. 100 = 60 + 30 + 10; the first grows to 75,
    # the second shrinks to 20, the third is lost, a fourth of 12 is new: GRR .80, NRR .95, and the new one is in neither.
    projects = pd.DataFrame({"project": list("abcd"), "contract": ["A", "B", "C", "D"], "billing_type": "fixed_fee"})
    contracts = pd.DataFrame({"contract": ["A", "B", "C", "D"], "kind": ["retainer", "licence", "retainer", "retainer"],
                              "start": pd.Timestamp("2026-01-01")})  # fmt: skip
    then, now = earned([60, 30, 10, 0]), earned([75, 20, 0, 12])
    kept = earned_retention(then, now, projects, contracts)
    assert kept == Retention(start=100, expansion=15, contraction=10, churn=10, new=12)
    assert (kept.gross, kept.net, kept.end) == (0.80, 0.95, 107)
    steps = revenue_bridge(then, now, projects, contracts, ("Q2", "Q3")).set_index("step")
    assert steps["amount"].loc[["expansion", "contraction", "churn", "new contracts"]].tolist() == [15, -10, -10, 12]
    assert steps["made_of"].loc[["expansion", "churn"]].tolist() == ["A", "C"]


def earned(fees, bought=None, names="abcdefgh"):
    return pd.DataFrame(
        {"project": list(names[: len(fees)]), "fees": fees, "pass_through": bought or [0.0] * len(fees)}
    ).astype({"fees": float, "pass_through": float})


def amounts(steps):
    return dict(zip(steps["step"], steps["amount"], strict=True))


def test_a_renewed_retainer_is_the_same_one_and_a_project_that_ends_is_no_churn():
    projects = pd.DataFrame({"project": ["a", "b", "c"], "contract": ["R", "R", "P"],
                             "billing_type": ["retainer", "retainer", "fixed_fee"]})  # fmt: skip
    contracts = pd.DataFrame({"contract": ["R", "P"], "kind": ["retainer", "project"], "start": pd.Timestamp("2025-01-01")})
    steps = amounts(revenue_bridge(earned([50, 0, 20]), earned([0, 55, 0]), projects, contracts))
    assert steps["expansion"] == 5
    assert steps["ended projects"] == -20
    assert steps["churn"] == steps["new contracts"] == steps["new projects"] == 0


@pytest.mark.parametrize(
    ("kind", "billing_type", "step"),
    [
        ("retainer", "fixed_fee", "expansion"),  # the kind of the contract goes first
        ("licence", "fixed_fee", "expansion"),
        ("project", "retainer", "running projects"),
        (None, "retainer", "expansion"),
        (None, "capped", "running projects"),
    ],
)
def test_what_is_recurring_follows_the_contract_and_then_the_billing(kind, billing_type, step):
    projects = pd.DataFrame({"project": ["a"], "contract": ["X"], "billing_type": [billing_type]})
    contracts = pd.DataFrame({"contract": ["X"], "kind": [kind], "start": pd.Timestamp("2025-01-01")}) if kind else NONE
    assert amounts(revenue_bridge(earned([10]), earned([12]), projects, contracts))[step] == 2


def test_pass_through_has_a_step_of_its_own():
    projects = pd.DataFrame({"project": ["a"], "billing_type": ["capped"]})
    steps = amounts(revenue_bridge(earned([10], [4]), earned([10], [1]), projects, NONE, ("Q2", "Q3")))
    assert (steps["Q2"], steps["pass-through"], steps["Q3"]) == (14, -3, 11)


def test_fees_that_are_not_known_are_named():
    projects = pd.DataFrame({"project": ["a", "b"], "billing_type": "capped"})
    assert revenue_bridge(earned([10, None]), earned([1, 2]), projects, NONE).reason == "fees of b are not known"
    assert revenue_bridge(NONE, earned([1]), projects, NONE) == NONE


def test_a_credited_contract_has_no_retention_but_a_bridge():
    projects = pd.DataFrame({"project": ["a", "b"], "billing_type": "retainer"})
    then, now = earned([100, -10]), earned([100, 0])
    assert earned_retention(then, now, projects, NONE).reason == "more was credited than earned under b"
    assert amounts(revenue_bridge(then, now, projects, NONE))["expansion"] == 10


FEES = st.lists(st.tuples(*[st.floats(-1e6, 1e7) | st.just(0.0)] * 4, st.sampled_from(["retainer", "fixed_fee"])), max_size=8)


@settings(deadline=None, max_examples=80)
@given(FEES)
def test_steps_sum_to_the_end_exactly_and_no_more_than_all_is_kept(rows):
    then, now = (earned([r[i] for r in rows], [r[i + 2] for r in rows]) for i in (0, 1))
    projects = pd.DataFrame({"project": list("abcdefgh"[: len(rows)]), "billing_type": [row[4] for row in rows]})
    steps = revenue_bridge(then, now, projects, NONE)
    cents = (steps["amount"] * 100).round().astype("int64")
    assert cents.iloc[:-1].sum() == cents.iloc[-1]
    assert steps.iloc[-1]["amount"] == pytest.approx(now[["fees", "pass_through"]].sum().sum(), abs=0.01 * (len(rows) + 1))
    assert (steps.loc[steps["step"].isin(["contraction", "churn", "ended projects"]), "amount"] <= 0).all()
    kept = earned_retention(then, now, projects, NONE)
    if not isinstance(kept, Missing) and not isinstance(kept.gross, Missing):
        assert -1e-12 <= kept.gross <= 1 + 1e-12  # in floats a loss of all is not exactly all
        assert kept.net >= kept.gross


def income_of(name, period):
    view = Account.read(name, period)
    rated = hourly_rates(view.time_entries, view.rate_card, view.id, view.currency)
    tables = (view.projects, view.change_requests, view.tasks, view.progress, rated, view.expenses)
    return view, [income_by_project(quarter, *tables, view.as_of) for quarter in (view.period.previous, view.period)]


@pytest.mark.parametrize(
    ("name", "period"), [("harbour-foods", "2026-Q3"), ("kestrel-mutual", "2027-Q2"), ("sorrel-health", "2026-Q2")]
)
def test_the_demo_accounts_have_a_bridge_that_foots(name, period):
    if not from_root("data").joinpath(name).is_dir():
        pytest.skip(f"the demo account {name} is not here")
    view, (then, now) = income_of(name, period)
    steps = revenue_bridge(then, now, view.projects, view.contracts)
    assert steps.iloc[-1]["amount"] == pytest.approx((now["fees"] + now["pass_through"]).sum(), abs=0.1)
    parts = concentrations(now, view.projects, view.contracts)
    assert parts[["by", "of"]].values.tolist() == [
        ["service line", "income"],
        ["service line", "margin"],
        ["business unit", "income"],
        ["business unit", "margin"],
    ]
    assert parts["top_1"].between(0, 1).all()
    total = income_by(now, view.projects, view.contracts, "business_unit")["income"].sum()
    assert total == pytest.approx((now["fees"] + now["pass_through"]).sum())


def test_an_unknown_part_blanks_its_sum_and_is_named():
    income = earned([20, 30, 5]).assign(delivery_cost=[10.0, np.nan, 9.0])
    projects = pd.DataFrame({"project": list("abc"), "service_line": ["Design", "Media", None]})
    by = income_by(income, projects, NONE, "service_line").set_index("service_line")
    assert by["income"].to_dict() == {"Media": 30, "Design": 20, "not stated": 5}
    assert np.isnan(by.at["Media", "margin_amount"])
    found = concentrations(income, projects, NONE)
    assert found["left_out"].tolist()[1] == "Media (not known), not stated (below zero)"
    assert found.loc[2, ["parts", "largest", "top_1"]].tolist() == [1, "not stated", 1.0]


def test_a_part_in_which_nothing_was_earned_is_not_worth_a_word():
    income = earned([20, 0]).assign(delivery_cost=[10.0, 0.0])
    projects = pd.DataFrame({"project": list("ab"), "service_line": ["Design", "Media"]})
    assert concentrations(income, projects, NONE)["left_out"].isna().all()


def test_a_unit_is_the_contract_s_and_a_line_the_project_s_before_the_contract_s():
    income = earned([20, 30]).assign(delivery_cost=0.0)
    projects = pd.DataFrame({"project": list("ab"), "contract": ["X", "X"], "service_line": ["Design", None]})
    contracts = pd.DataFrame({"contract": ["X"], "business_unit": ["Grocery"], "service_line": ["Media"]})
    assert income_by(income, projects, contracts, "business_unit").values.tolist() == [["Grocery", 50, 50]]
    assert income_by(income, projects, contracts, "service_line")["service_line"].tolist() == ["Media", "Design"]


def test_a_wrong_part_is_refused():
    with pytest.raises(ValueError, match="by must be service_line or business_unit, got 'owner'"):
        income_by(earned([1]).assign(delivery_cost=0.0), pd.DataFrame({"project": ["a"]}), NONE, "owner")


def test_all_loss_has_no_concentration():
    income = earned([1]).assign(delivery_cost=5.0)
    row = concentrations(income, pd.DataFrame({"project": ["a"]}), NONE).iloc[1]
    assert (row["of"], row["left_out"]) == ("margin", "not stated (below zero)")
    assert row[["parts", "largest", "top_1"]].isna().all()


def test_what_was_invoiced_stands_in_only_where_what_was_earned_is_not_known():
    ends = pd.to_datetime(["2026-06-30", "2026-09-30"])
    income = pd.DataFrame({"period": ["2026-Q2", "2026-Q3"], "ends": ends, "fees": [10e3, np.nan]})
    bills = income.assign(fees=[7e3, 8e3])
    both = earned_or_invoiced(income, bills)
    assert both["fees"].tolist() == [10e3, 8e3]
    assert both["basis"].tolist() == ["earned", "invoiced; what was earned is not known"]
    gone = Missing("no invoices")
    assert earned_or_invoiced(income, gone)["fees"].isna().tolist() == [False, True]
    assert earned_or_invoiced(gone, bills)["fees"].tolist() == [7e3, 8e3]
    assert earned_or_invoiced(gone, gone) == gone


def test_the_share_of_agi_counts_what_is_earned_on_purchases_and_is_not_partial():
    assert agi_share(pd.DataFrame({"fees": [20e3, 5e3], "pass_through": [None, 1e3]})) == pytest.approx(1.04)
    assert isinstance(agi_share(pd.DataFrame({"fees": [20e3, None], "pass_through": 0.0})), Missing)
    assert isinstance(agi_share(pd.DataFrame({"fees": [0.0], "pass_through": 5.0})), Missing)
