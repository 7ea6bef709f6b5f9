from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctlib.measures.budget import approved_scope
from acctlib.measures.earned_value import work_done
from acctlib.measures.rates import rated_by_project
from acctlib.measures.revenue import (
    agency_gross_income,
    average_billable_rate,
    backlog,
    concentration,
    income_by_period,
    income_by_project,
    incomes_by_project,
    recognised,
    unbilled,
)
from acctlib.missing import Missing
from acctlib.periods import FiscalYear, Quarter

DAY = date(2026, 9, 30)
NONE = Missing("not kept")
THIRD = Quarter(2026, 3)


def test_income_of_the_published_case():
    # published case "agency_gross_income": the mark-up of 2 700 stays in; 70 000 would be wrong
    assert agency_gross_income(100_000, 27_300) == 72_700


def test_freelancers_are_taken_off_where_house_policy_says_so():
    assert agency_gross_income(100_000, 27_300, freelancers=2_700) == 70_000


def test_income_with_an_unknown_part_is_missing():
    assert agency_gross_income(NONE, 1.0) == agency_gross_income(1.0, NONE) == NONE


def test_over_servicing_lowers_the_average_rate():
    assert average_billable_rate(72_700, 727) == 100
    assert average_billable_rate(72_700, 1_454) == 50
    assert average_billable_rate(72_700, 0) == Missing("no hours were worked in the period")


def project(billing_type, **changes):
    row = {
        "project": ["app"],
        "name": ["App"],
        "billing_type": [billing_type],
        "status": ["active"],
        "start": pd.to_datetime(["2026-07-01"]),
        "end": pd.to_datetime(["2026-12-31"]),
        "fee": [60_000.0],
        "cap": [None],
    }
    return pd.DataFrame(row | changes).astype({"cap": float, "fee": float})


def earned(projects, time=NONE, work=NONE, day=DAY):
    return recognised(approved_scope(projects, NONE, day), time, work, day).iloc[0]


TIME = pd.DataFrame({"project": ["app"], "value": [45_000.0]})
WORK = pd.DataFrame({"project": ["app"], "work_done": [0.25]})


@pytest.mark.parametrize(
    ("projects", "amount"),
    [
        (project("fixed_fee"), 15_000),  # 60 000 x 25 % done
        (project("time_and_materials"), 45_000),  # hours x rate
        (project("capped", cap=[40_000.0]), 40_000),  # never above the cap
        (project("capped", cap=[90_000.0]), 45_000),
        (project("retainer"), 30_000),  # three of six months
        (project("fixed_fee", status=["proposed"]), 0),
        (project("fixed_fee", status=["closed"], end=pd.to_datetime(["2026-09-01"])), 60_000),
    ],
)
def test_each_billing_type_earns_in_its_own_way(projects, amount):
    assert earned(projects, TIME, WORK)["recognised"] == amount


def test_a_fixed_fee_is_never_earned_by_spending():
    assert earned(project("fixed_fee"), TIME.assign(value=1e6), WORK)["recognised"] == 15_000


def test_a_fixed_fee_without_progress_is_not_defined_and_says_why():
    row = earned(project("fixed_fee"), TIME, NONE)
    assert pd.isna(row["recognised"])
    assert row["basis"] == "no fee, or no progress on tasks with hours"


def test_capped_work_without_a_value_is_not_the_cap():
    assert pd.isna(earned(project("capped", cap=[40_000.0]), NONE)["recognised"])


def test_work_that_has_not_begun_has_earned_nothing():
    later = project("fixed_fee", start=pd.to_datetime(["2026-10-15"]))
    assert earned(later, NONE, NONE)["recognised"] == 0


def test_a_retainer_earns_each_month_alike_and_ends_with_its_fee():
    months = [
        earned(project("retainer"), day=day.date())["recognised"] for day in pd.date_range("2026-07-31", periods=7, freq="ME")
    ]
    assert months == [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 60_000]


def test_backlog_is_what_is_contracted_and_not_earned_on_running_projects():
    each = pd.DataFrame({"project": list("abc"), "status": ["active", "closed", "on_hold"], "backlog": [45e3, 9e3, -5e3]})
    assert backlog(each) == 40_000
    assert not backlog(each.iloc[[1]])


def invoices(*rows):
    frame = pd.DataFrame(rows, columns=["project", "kind", "issued", "amount", "pass_through"])
    return frame.assign(issued=pd.to_datetime(frame["issued"]))


def test_unbilled_and_deferred_by_hand():
    # app: earned 15 000, billed 12 000 + 2 000 media - 1 000 credit; a deposit of 6 000 on site is not earned yet
    bills = invoices(
        ("app", "invoice", "2026-08-01", 14_000, 2_000),
        ("app", "credit_note", "2026-09-01", -1_000, None),
        ("site", "deposit", "2026-09-01", 6_000, None),
        ("app", "invoice", "2026-10-01", 99_000, None),
        (None, "invoice", "2026-09-01", 500, None),
    )
    each = unbilled(pd.DataFrame({"project": ["app", "site"], "recognised": [15e3, 0.0]}), bills, DAY)
    assert each.values.tolist() == [
        ["app", 15_000, 11_000, 4_000, 0],
        ["site", 0, 6_000, 0, 6_000],
        ["whole account", 0, 500, 0, 500],
    ]


def test_unbilled_work_of_an_unknown_revenue_is_blank():
    each = unbilled(
        pd.DataFrame({"project": ["app"], "recognised": [None]}, dtype=object).astype({"recognised": float}), invoices(), DAY
    )
    assert each[["unbilled", "deferred"]].isna().all(axis=None)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(-2_000, 10_000)), min_size=1, max_size=6))
@settings(deadline=None, max_examples=15)
def test_unbilled_less_deferred_is_earned_less_billed(pairs):
    names = [f"p{i}" for i in range(len(pairs))]
    revenue = pd.DataFrame({"project": names, "recognised": [float(a) for a, _ in pairs]})
    bills = invoices(*((name, "invoice", "2026-08-01", b, None) for name, (_, b) in zip(names, pairs, strict=True)))
    each = unbilled(revenue, bills, DAY)
    assert each["unbilled"].sum() - each["deferred"].sum() == sum(a for a, _ in pairs) - sum(b for _, b in pairs)


def income(periods, projects, time=NONE, card=NONE, day=DAY, **extra):
    return income_by_period(periods, projects, NONE, NONE, NONE, time, card, "bay", "GBP", day, **extra)


TM_TIME = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-05-10", "2026-08-10", "2026-09-10"]),
        "project": "app",
        "role": "designer",
        "hours": [10.0, 20.0, 5.0],
        "billable": [True, True, False],
    }
)
CARD = pd.DataFrame(
    {"role": ["designer"], "account": pd.Series([None], dtype="str"), "currency": "GBP", "bill_rate": [100.0],
     "cost_rate": [60.0], "valid_from": pd.to_datetime(["2026-01-01"])}
)  # fmt: skip
BOUGHT = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-08-01", "2026-08-02", "2026-08-03", "2026-04-05"]),
        "project": "app",
        "kind": ["pass_through", "freelancer", "client_specific", "pass_through"],
        "cost": [900.0, 200.0, 50.0, 1.0],
        "charged": [1_000.0, None, None, 1.0],
    }
)


def test_a_quarter_by_hand():
    # fees 20 h x 100; revenue + 1 000 charged; income - 900; delivery 25 h x 60 + 200 of freelancers
    tm = project("time_and_materials", start=pd.to_datetime(["2026-05-01"]))
    row = income([THIRD], tm, TM_TIME, CARD, expenses=BOUGHT).iloc[0]
    assert (row["fees"], row["revenue"], row["income"]) == (2_000, 3_000, 2_100)
    assert (row["delivery_cost"], row["client_cost"], row["hours"]) == (1_700, 50, 25)
    assert row["margin"] == pytest.approx(400 / 2_100)


def test_freelancers_count_once_under_either_policy():
    tm = project("time_and_materials", start=pd.to_datetime(["2026-05-01"]))
    row = income([THIRD], tm, TM_TIME, CARD, expenses=BOUGHT, freelancers_in="agi").iloc[0]
    assert (row["income"], row["delivery_cost"]) == (1_900, 1_500)


def test_months_of_a_quarter_add_up_to_it():
    tm = project("time_and_materials", start=pd.to_datetime(["2026-05-01"]))
    months, quarter = (income(periods, tm, TM_TIME, CARD, expenses=BOUGHT) for periods in (THIRD.months, [THIRD]))
    for column in ("fees", "charged", "revenue", "income", "delivery_cost", "hours"):
        assert months[column].sum() == pytest.approx(quarter[column].sum())


def test_a_quarter_without_work_is_zero_and_has_no_margin():
    row = income([THIRD.next], project("fixed_fee", start=pd.to_datetime(["2027-01-01"])), TM_TIME, CARD, date(2026, 12, 31))
    assert row["fees"].tolist() == [0]
    assert row["margin"].isna().all()


def test_a_period_in_the_future_is_blank_and_the_present_one_so_far():
    each = income([THIRD, THIRD.next], project("retainer"), day=date(2026, 8, 31))
    assert each["fees"].tolist()[0] == 20_000
    assert each.loc[1, ["fees", "income"]].isna().all()


def test_a_sum_with_an_unknown_part_is_blank_and_names_the_project():
    both = pd.concat([project("retainer"), project("fixed_fee", project=["site"])], ignore_index=True)
    row = income([THIRD], both).iloc[0]
    assert pd.isna(row["fees"])
    assert row["not_defined"] == "site"


def test_without_cost_rates_there_is_income_and_no_margin():
    tm = project("time_and_materials", start=pd.to_datetime(["2026-05-01"]))
    row = income([THIRD], tm, TM_TIME, CARD.assign(cost_rate=0.0)).iloc[0]
    assert row["income"] == 2_000
    assert pd.isna(row["margin"])


def test_fiscal_quarters_follow_the_account():
    second = Quarter(2027, 2, FiscalYear(4, "end"))  # July to September 2026
    assert income([second], project("retainer"))[["period", "fees"]].values.tolist() == [["2027-Q2", 30_000]]


def test_a_project_that_ends_in_mid_quarter_earns_no_more_after_it():
    short = project("retainer", end=pd.to_datetime(["2026-08-31"]))
    assert income(THIRD.months, short)["fees"].tolist() == [30_000, 30_000, 0]


def test_an_unknown_policy_is_refused():
    with pytest.raises(ValueError, match="freelancers_in must be delivery_cost or agi, got 'both'"):
        income([THIRD], project("retainer"), freelancers_in="both")


def test_concentration_by_hand():
    # shares .5, .3, .15, .05: HHI .25 + .09 + .0225 + .0025
    parts = concentration(pd.Series({"d": 5.0, "a": 50.0, "c": 15.0, "b": 30.0, "credited": -9.0}))
    assert (parts.largest, parts.top_1, parts.parts) == ("a", 0.5, 4)
    assert (parts.top_3, parts.hhi) == (pytest.approx(0.95), pytest.approx(0.365))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_equal_parts_have_a_concentration_of_one_in_n(n):
    assert concentration(pd.Series(1.0, index=[f"p{i}" for i in range(n)])).hhi == pytest.approx(1 / n)


def test_nothing_above_zero_has_no_concentration():
    assert concentration(pd.Series({"a": 0.0, "b": -5.0})) == Missing("no part has an amount above zero")
    assert concentration(NONE) == NONE


BILLING = ("fixed_fee", "time_and_materials", "capped", "retainer")
SOME_DAY = st.dates(date(2026, 5, 1), date(2026, 12, 1)).map(pd.Timestamp)


@st.composite
def accounts(draw):
    """Projects of every kind, changes, tasks, progress and rated time, each with what may be blank."""
    n = len(BILLING)
    projects = pd.DataFrame(
        {
            "project": list("abcd"),
            "name": list("ABCD"),
            "billing_type": BILLING,
            "status": pd.Series(
                draw(st.lists(st.sampled_from(["active", "closed", "proposed", None]), min_size=n, max_size=n))
            ),
            "start": pd.to_datetime(["2026-06-01", "2026-07-15", "2026-07-01", "2026-09-01"]),
            "end": pd.to_datetime(["2026-08-31", "2026-12-31", "2026-10-10", "2026-11-30"]),
            "fee": draw(st.lists(st.sampled_from([60e3, 11.1, np.nan]), min_size=n, max_size=n)),
            "cap": [np.nan, np.nan, 900.0, np.nan],
        }
    ).astype({"status": "str"})
    each = st.sampled_from("abcd")
    changes = pd.DataFrame(
        draw(st.lists(st.tuples(each, SOME_DAY, st.sampled_from(["approved", "submitted"]), st.sampled_from([5e3, np.nan])))),
        columns=["project", "raised", "status", "fee"],
    ).assign(hours=1.0, decided=pd.NaT)
    changes = changes.astype({"raised": "datetime64[us]", "decided": "datetime64[us]", "fee": float})
    time = pd.DataFrame(
        draw(st.lists(st.tuples(each, SOME_DAY, st.booleans(), *(st.sampled_from([0.1, 70.3, np.nan]) for _ in range(3))))),
        columns=["project", "date", "billable", "hours", "bill_rate", "cost_rate"],
    ).assign(role="designer")
    time = time.astype(
        {"date": "datetime64[us]", "hours": float, "bill_rate": float, "cost_rate": float, "billable": "boolean"}
    )
    tasks = pd.DataFrame({"project": list("aab"), "task": list("xyx"), "likely_hours": [7.0, 5.5, np.nan]})
    progress = pd.DataFrame({"project": "a", "task": ["x", "x"], "percent_complete": [0.3, 0.7]}).assign(
        as_of=pd.to_datetime(["2026-07-10", "2026-08-20"])
    )
    return projects, changes, tasks, draw(st.sampled_from([progress, NONE])), draw(st.sampled_from([time, NONE]))


@given(accounts())
@settings(max_examples=60, deadline=None)
def test_what_a_quarter_earned_is_the_difference_of_its_ends_each_on_its_own(books):
    projects, changes, tasks, progress, rated = books

    def until(day):
        time = rated_by_project(rated, day)
        scope = approved_scope(projects, changes, day)
        each = recognised(scope, time, work_done(tasks, progress, day), day).set_index("project")
        if isinstance(time, Missing):
            return each["recognised"], np.full(len(each), np.nan)
        hours = time.set_index("project")["hours"].reindex(each.index).fillna(0.0)
        return each["recognised"], hours

    (fees_before, hours_before), (fees, hours) = until(date(2026, 6, 30)), until(DAY)
    found = income_by_project(THIRD, *books, NONE, DAY).set_index("project")
    np.testing.assert_array_equal(found["fees"], fees - fees_before)
    np.testing.assert_array_equal(found["hours"], hours - hours_before)


@given(accounts())
@settings(max_examples=20, deadline=None)
def test_several_quarters_at_once_are_each_quarter_on_its_own(books):
    quarters = THIRD.last(3)
    for quarter, found in zip(quarters, incomes_by_project(quarters, *books, NONE, DAY), strict=True):
        pd.testing.assert_frame_equal(found, income_by_project(quarter, *books, NONE, DAY))
