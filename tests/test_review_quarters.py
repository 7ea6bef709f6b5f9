"""The review of two successive quarters of real accounts, and of quarters in which little or something odd happened.

The real accounts are what suppliers billed public bodies; every expected sum is made here straight from the source's rows. The
odd quarters are small accounts whose figures are worked out by hand beside them.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, run_command
from real_accounts import GCLOUD, gcloud_account, gcloud_pairs, gcloud_rows, month_end
from review_accounts import write_profile, write_table

from acctlib.account import Account
from acctlib.measures import burn, delivery, position, rates, receivables, retainers, revenue, selections, tasks
from acctlib.missing import Missing
from acctlib.periods import FiscalYear
from acctlib.show import charts, revenue_words, summary

REVIEW = "quarterly_business_review"

# Two successive quarters of real accounts

needs_gcloud = pytest.mark.skipif(
    not GCLOUD.is_file(), reason="the real data is not there; set ACCTLIB_SHARED to the folder that has data/gcloud2013"
)
#: One billed in most months, one with credit notes, one with many services, one with letters beyond ASCII.
PAIRS = ("months", "credits", "services", "letters")


def charges(rows: list[dict], start: date, end: date, **wanted: str) -> float:
    """Return the sum of the source's own rows from one month to another."""
    of = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return sum(float(row["Total_Charge"]) for row in of if start <= month_end(row["For_Month"]) <= end)


@pytest.fixture(scope="module")
def source() -> dict[str, list[dict]]:
    rows, pairs = gcloud_rows(), gcloud_pairs()
    return {name: [row for row in rows if (row["Supplier"], row["Customer"]) == pairs[name]] for name in PAIRS}


@pytest.fixture(scope="module")
def quarters(source) -> dict[str, tuple]:
    """Return pair -> the last two successive quarters, of a year from April, in both of which something was charged."""
    chosen = {}
    for name, rows in source.items():
        billed = sorted(
            {FiscalYear(4).quarter_of(month_end(row["For_Month"])) for row in rows}, key=lambda quarter: quarter.start
        )
        chosen[name] = [(one, two) for one, two in pairwise(billed) if one.next == two][-1]
    return chosen


@pytest.fixture(scope="module")
def reviews(quarters, tmp_path_factory) -> Path:
    """Return the folder of the client's reviews: first all of the earlier quarter, then all of the later one."""
    root = tmp_path_factory.mktemp("gcloud")
    shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name, pair in gcloud_pairs().items():
        if name in PAIRS:
            gcloud_account(*pair, root / "data" / f"gcloud-{name}")
    for turn in (0, 1):
        (root / "parameters").mkdir(exist_ok=True)
        for name, of in quarters.items():
            lines = [f"account: gcloud-{name}", f'period: "{of[turn].label}"', "draws: 1024", "seed: 1", ""]
            (root / "parameters" / f"gcloud-{name}.yaml").write_text("\n".join(lines))
        made = run_command("acctlib", "run", "--audience", "client", "--notebook", REVIEW, cwd=root)
        assert made.returncode == 0, made.stdout + made.stderr
        assert f"{len(PAIRS)} made" in made.stdout
    return root / "outputs" / "client"


def figures_of(reviews: Path, name: str, quarter) -> dict[str, float]:
    stored = json.loads((reviews / f"gcloud-{name}" / quarter.label / f"{REVIEW}.json").read_text(encoding="utf-8"))
    return {figure: said.get("value") for figure, said in stored["figures"].items()}


def page_of(reviews: Path, name: str, quarter) -> str:
    return html.unescape((reviews / f"gcloud-{name}" / quarter.label / f"{REVIEW}.html").read_text(encoding="utf-8"))


def stands_for(printed: str, amount: float) -> bool:
    """Return whether a printed amount is what an amount is rounded to.

    >>> stands_for("£31.1k", 31_149.0), stands_for("−£31.1k", -31_149.0), stands_for("£31.1k", 31_151.0)
    (True, True, False)
    """
    sign, digits, scale = re.fullmatch(r"(−?)£([\d,]+(?:\.\d+)?)([km]?)", printed).groups()
    unit = {"": 1, "k": 1e3, "m": 1e6}[scale]
    half = 0.5 * 10 ** -len(digits.partition(".")[2]) * unit
    return abs((-1 if sign else 1) * float(digits.replace(",", "")) * unit - amount) <= half + 1e-6


@needs_gcloud
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", PAIRS)
def test_the_figures_beside_the_page_equal_the_sources_sums(reviews, quarters, source, name, turn):
    rows, quarter = source[name], quarters[name][turn]
    said, in_quarter = figures_of(reviews, name, quarter), charges(rows, quarter.start, quarter.end)
    assert in_quarter != 0
    assert said["invoiced_in_period"] == pytest.approx(in_quarter)
    assert said["fees_in_period"] == pytest.approx(in_quarter)  # the source knows no pass-through
    assert said["invoiced_to_date"] == pytest.approx(charges(rows, date.min, quarter.end))


@needs_gcloud
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", PAIRS)
def test_the_page_prints_the_sources_sums(reviews, quarters, source, name, turn):
    rows, quarter = source[name], quarters[name][turn]
    page = page_of(reviews, name, quarter)
    printed = dict(re.findall(r"(\d{4}-Q\d): (−?£[\d.]+[km]?)", page))
    assert set(printed) == {one.label for one in quarter.last(4)}
    for one in quarter.last(4):
        assert stands_for(printed[one.label], charges(rows, one.start, one.end)), one
    tile, before = re.search(
        r'Fees invoiced this quarter</h3>\s*<p class="val">(.*?)</p>.*?quarter before ([^<]+)<', page, re.S
    ).groups()
    assert stands_for(tile, charges(rows, quarter.start, quarter.end))
    assert stands_for(before, charges(rows, quarter.previous.start, quarter.previous.end))


@needs_gcloud
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", PAIRS)
def test_the_page_prints_for_each_service_what_the_source_charged_to_date(reviews, quarters, source, name, turn):
    rows, quarter = source[name], quarters[name][turn]
    page = page_of(reviews, name, quarter)
    cells = re.findall(r'data-label="Name">(.*?)</td>.*?data-label="Invoiced">(.*?)</td>', page, re.S)
    printed, parts = defaultdict(float), defaultdict(int)
    for service, amount in cells:
        printed[service] += float(amount.replace("−", "-").replace("£", "").replace(",", ""))
        parts[service] += 1  # one service in two lots stands in two rows
    names = {row["Product_Service_Description"] for row in rows}
    assert set(printed) == {service.strip() for service in names}
    for service in printed:
        spelt = [one for one in names if one.strip() == service]
        expected = sum(charges(rows, date.min, quarter.end, Product_Service_Description=one) for one in spelt)
        assert printed[service] == pytest.approx(expected, abs=0.5 * parts[service] + 1e-6), service


@needs_gcloud
@pytest.mark.parametrize("name", PAIRS)
def test_the_second_review_says_what_moved_since_the_first(reviews, quarters, source, name):
    first, second = quarters[name]
    assert "What moved since the last report, as of" not in page_of(reviews, name, first)
    page = page_of(reviews, name, second)
    assert f"as of {first.end.day} {first.end:%b %Y} ({first.label})" in page
    row = re.search(r'data-label="Measure">Fees in the quarter</td>(.*?)</tr>', page, re.S)[1]
    then, now, change = (re.search(rf'data-label="{label}">(.*?)</td>', row)[1] for label in ("Then", "Now", "Change"))
    was, is_now = (charges(source[name], one.start, one.end) for one in (first, second))
    assert stands_for(then, was)
    assert stands_for(now, is_now)
    assert change[0] == ("+" if is_now > was else "−")
    assert stands_for(change[1:], abs(is_now - was))


def test_a_wrong_sum_would_be_seen():
    assert not stands_for("£436k", 436_501.0)
    assert not stands_for("£436k", -436_000.0)
    rows = [{"For_Month": "2013-06-01", "Total_Charge": "5"}, {"For_Month": "2013-07-01", "Total_Charge": "-2"}]
    assert charges(rows, date(2013, 4, 1), date(2013, 6, 30)) == 5
    assert charges(rows, date.min, date(2013, 7, 31)) == 3


# Quarters in which little or something odd happened

PROJECT = {"project": "site", "name": "Site", "billing_type": "time_and_materials", "start": "2025-01-06", "end": "2026-12-18"}
RATE = {"role": "designer", "account": "", "currency": "GBP", "bill_rate": "100", "cost_rate": "60", "valid_from": "2025-01-01"}


def entry(day: str, hours: float, **more: str) -> dict:
    return {"date": day, "project": "site", "role": "designer", "hours": hours, "billable": "yes"} | more


def invoice(number: str, day: str, amount: float, **more: object) -> dict:
    kind = "credit_note" if amount < 0 else "invoice"
    return {"invoice": number, "project": "site", "kind": kind, "issued": day, "amount": amount} | more


@pytest.fixture
def account(tmp_path):
    """Return a function that writes an account of a few rows and reads it for a quarter."""

    def made(period: str, audience: str = "internal", profile: dict | None = None, **tables: list[dict]) -> Account:
        write_profile(
            tmp_path / "data" / "bay" / "account.yaml", **({"name": "Bay Foods", "currency": "GBP"} | (profile or {}))
        )
        for name, rows in ({"projects": [PROJECT], "rate_card": [RATE]} | tables).items():
            write_table(
                tmp_path / "data" / ("firm" if name in ("rate_card", "exchange_rates") else "bay") / f"{name}.csv", rows
            )
        return Account.read("bay", period, audience=audience, data=tmp_path / "data")

    return made


def fees(view: Account) -> pd.DataFrame | Missing:
    """Return the fees invoiced in the last four quarters, as the notebook counts them."""
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    return receivables.invoiced_by_period(invoices, view.period.last(4))


def income(view: Account) -> pd.DataFrame:
    """Return income and margin of the last four quarters, as the notebook counts them, by quarter."""
    return revenue.income_by_period(
        view.period.last(4), view.projects, view.change_requests, view.tasks, view.progress, view.time_entries, view.rate_card,
        view.id, view.currency, view.as_of, view.expenses, view.firm.freelancers_in,
    ).set_index("period")  # fmt: skip


def test_a_quarter_with_no_work_says_nought_or_why_not(account):
    view = account(
        "2026-Q2",
        time_entries=[entry("2026-02-10", 6, task="pages"), entry("2026-03-31", 4), entry("2026-07-01", 8)],
        invoices=[invoice("1", "2026-03-31", 1000)],
        tasks=[
            {
                "project": "site",
                "task": "pages",
                "work_type": "build",
                "role": "designer",
                "likely_hours": 40,
                "status": "planned",
            }
        ],
        deliverables=[{"project": "site", "deliverable": "Pages", "original_due": "2026-08-14", "submitted": ""}],
    )
    worked = selections.billable(view.time_entries)
    assert position.recorded_hours(view.time_entries, view.period.end, view.period.start) == 0
    assert position.recorded_hours(view.time_entries, view.as_of) == 10
    hours = tasks.hours_by_period(worked, view.period.last(4))
    assert hours.values.tolist() == [["2026-Q1", 10.0], ["2026-Q2", 0.0]]
    tile = summary.hours_tile(hours)
    assert (tile.value, tile.against) == ("0\N{NO-BREAK SPACE}h", "quarter before 10\N{NO-BREAK SPACE}h")
    assert fees(view)["fees"].tolist() == [0, 0, 1000, 0]
    assert summary.fees_tile(fees(view), "GBP").value == "£0"
    assert revenue_words.quarters(fees(view), "GBP") == "Fees invoiced: £0, £1k less than the quarter before"
    work = tasks.work_by_type(view.tasks, worked, view.period)
    assert work["hours_in_period"].sum() == 0
    assert work["hours_to_date"].sum() == 10
    assert summary.work_lead(work, fees(view)) == "**No fees were invoiced this quarter.**"
    assert str(delivery.on_time(view.deliverables, view.period)) == "not defined: nothing was delivered in the period"
    ours = income(view).loc["2026-Q2"]
    assert (ours["fees"], ours["income"], ours["delivery_cost"], ours["hours"]) == (0, 0, 0, 0)
    assert pd.isna(ours["margin"])  # a margin of no income is not defined, and is blank


def test_an_account_that_never_worked_says_so(account):
    view = account("2026-Q2")
    assert str(position.recorded_hours(view.time_entries, view.as_of)) == "not defined: there is no table time_entries"
    assert str(fees(view)) == "not defined: there is no table invoices"
    assert str(summary.fees_tile(fees(view), "GBP").value) == "not defined: there is no table invoices"
    assert revenue_words.quarters(fees(view), "GBP") == "Fees invoiced by quarter"
    assert summary.work_lead(Missing("no plan"), fees(view)) == ""
    assert income(view)["hours"].isna().all()


CREDITED = (
    invoice("1", "2026-04-30", 9000),
    invoice("2", "2026-06-30", 3000, pass_through=2000),
    invoice("3", "2026-07-31", 1500),
    invoice("4", "2026-09-15", -4000),
    invoice("5", "2026-09-30", -500, pass_through=-500),
)


def test_credit_notes_make_a_quarter_negative_and_it_is_said_so(account):
    view = account("2026-Q3", invoices=list(CREDITED))
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    # Q2: 9000 + (3000 - 2000 of pass-through); Q3: 1500 - 4000 + (-500 + 500)
    assert fees(view)["fees"].tolist() == [0, 0, 10_000, -2_500]
    assert position.invoiced(invoices, view.period.end, view.period.start) == -3_000
    assert position.invoiced(invoices, view.as_of) == 9_000
    tile = summary.fees_tile(fees(view), "GBP")
    assert (tile.value, tile.against) == ("−£2.5k", "quarter before £10k")
    assert revenue_words.quarters(fees(view), "GBP") == "Fees invoiced: −£2.5k, £12.5k less than the quarter before"
    assert revenue_words.amounts(fees(view), "period", "fees", "GBP").endswith("2026-Q2: £10k; 2026-Q3: −£2.5k.")
    # "125 % below" would be true of nothing
    assert summary.work_lead(Missing("no plan"), fees(view)) == "**More was credited than invoiced this quarter.**"
    billed = position.with_billed(view.projects[["project"]], invoices, view.as_of)
    assert billed["billed"].tolist() == [7_500]
    assert "−" in json.dumps(charts.columns(fees(view), "period", "fees", "GBP").to_dict(), ensure_ascii=False, default=str)


def test_the_quarter_after_a_negative_one_is_compared_in_money_not_in_per_cent(account):
    view = account("2026-Q4", invoices=[*CREDITED, invoice("6", "2026-10-31", 5000)])
    assert fees(view)["fees"].tolist() == [0, 10_000, -2_500, 5_000]
    assert summary.work_lead(Missing("no plan"), fees(view)) == ""
    assert revenue_words.quarters(fees(view), "GBP") == "Fees invoiced: £5k, £7.5k more than the quarter before"
    assert summary.fees_tile(fees(view), "GBP").against == "quarter before −£2.5k"


ENDS = PROJECT | {"billing_type": "retainer", "start": "2026-01-01", "end": "2026-08-15", "fee": 116_000, "contract": "R1"}


def test_a_project_that_ends_within_the_quarter_earns_up_to_its_end(account):
    times = [entry("2026-07-10", 8), entry("2026-08-14", 7), entry("2026-08-20", 2, billable="no")]
    view = account("2026-Q3", projects=[ENDS], time_entries=times)
    # Seven whole months and 15 of the 31 days of August: 7.4839 months of 116,000 / 7.4839 = 15,500 each.
    earned = income(view)["fees"]
    assert earned.tolist() == pytest.approx([0, 46_500, 46_500, 23_000])
    ours = income(view).loc["2026-Q3"]
    assert (ours["hours"], ours["delivery_cost"]) == (17, 17 * 60)
    assert ours["margin"] == pytest.approx(1 - 1_020 / 23_000)
    burnt = burn.burn_by_month(
        view.projects.assign(budget_hours=45.0), view.change_requests, view.tasks, view.time_entries, view.as_of
    )
    by_month = burnt.set_index("month")
    assert by_month.loc["2026-08", ["actual", "plan"]].tolist() == pytest.approx([15, 45])
    assert by_month["plan"].max() == pytest.approx(45)  # nothing is planned after the end


def test_a_contract_that_ends_within_the_quarter_has_no_allowance_after_it(account):
    terms = {"contract": "R1", "kind": "retainer", "start": "2026-01-01", "end": "2026-07-31", "included_hours": 10}
    times = [entry("2026-07-10", 8), entry("2026-07-31", 7), entry("2026-08-14", 7)]
    view = account("2026-Q3", projects=[ENDS], contracts=[terms], time_entries=times)
    each = retainers.hours_against_allowance(view.contracts, view.projects, view.time_entries, view.as_of)
    assert each["month"].tolist() == [f"2026-0{month}" for month in range(1, 8)]
    assert each[["used", "included", "over"]].iloc[-1].tolist() == [15, 10, 5]


def test_a_contract_that_ends_within_a_month_includes_its_share_of_the_hours(account):
    terms = {"contract": "R1", "kind": "retainer", "start": "2026-06-01", "end": "2026-08-15", "included_hours": 31}
    times = [entry("2026-08-03", 20), entry("2026-08-20", 4)]
    view = account("2026-Q3", projects=[ENDS], contracts=[terms], time_entries=times)
    last = retainers.hours_against_allowance(view.contracts, view.projects, view.time_entries, view.as_of).iloc[-1]
    assert (last["included"], last["used"], last["over"]) == (15, 20, 5)  # 15 of August's 31 days
    assert last["ends"] == pd.Timestamp("2026-08-15")
    # the day of the report cuts nothing: the month has begun and is agreed
    early = retainers.hours_against_allowance(view.contracts, view.projects, view.time_entries, date(2026, 7, 10)).iloc[-1]
    assert (early["month"], early["included"]) == ("2026-07", 31)


def test_after_the_last_project_ended_late_credit_notes_are_reviewed(account):
    late = invoice("C-9", "2026-11-02", -250.0)
    view = account("2026-Q4", projects=[ENDS], invoices=[invoice("I-1", "2026-07-31", 1000.0), late])
    assert fees(view)["fees"].tolist()[-2:] == [1000, -250]


def test_after_the_last_project_ended_there_is_no_quarter_to_review(account):
    with pytest.raises(ValueError, match=r"got 2026-Q4 .*; write a quarter from 2026-Q1 to 2026-Q3"):
        account("2026-Q4", projects=[ENDS])


EDGES = {
    "2026-01-31": 1, "2026-02-01": 2, "2026-03-31": 4, "2026-04-01": 8, "2026-04-30": 16, "2026-05-01": 32, "2026-06-30": 64,
    "2026-07-01": 128, "2026-07-31": 256, "2026-08-01": 512,
}  # fmt: skip


@pytest.mark.parametrize(
    ("start", "named_by", "period", "says", "inside"),
    [
        (1, "start", "2026-Q2", "Q2 2026 (1 Apr – 30 Jun 2026)", 8 + 16 + 32 + 64),
        (4, "start", "2026-Q1", "Q1 FY2026 (1 Apr – 30 Jun 2026)", 8 + 16 + 32 + 64),
        (4, "end", "2027-Q1", "Q1 FY2027 (1 Apr – 30 Jun 2026)", 8 + 16 + 32 + 64),
        (4, "end", "2026-Q4", "Q4 FY2026 (1 Jan – 31 Mar 2026)", 1 + 2 + 4),
        (2, "start", "2026-Q1", "Q1 FY2026 (1 Feb – 30 Apr 2026)", 2 + 4 + 8 + 16),
        (2, "start", "2025-Q4", "Q4 FY2025 (1 Nov 2025 – 31 Jan 2026)", 1),
        (2, "end", "2027-Q2", "Q2 FY2027 (1 May – 31 Jul 2026)", 32 + 64 + 128 + 256),
        (2, "end", "2027-Q3", "Q3 FY2027 (1 Aug – 31 Oct 2026)", 512),
    ],
)
def test_a_fiscal_year_decides_which_days_a_quarter_has(account, start, named_by, period, says, inside):
    """Each edge day has an amount of its own, a power of two, so that a sum tells which days are in it."""
    view = account(
        period,
        profile={"fiscal_year_start": start, "fiscal_year_named_by": named_by},
        invoices=[invoice(day, day, amount) for day, amount in EDGES.items()],
        time_entries=[entry(day, amount / 64) for day, amount in EDGES.items()],
        deliverables=[{"project": "site", "deliverable": day, "original_due": day, "submitted": day} for day in EDGES],
    )
    assert str(view.period) == says
    assert position.invoiced(view.invoices, view.period.end, view.period.start) == inside
    assert fees(view)["fees"].iloc[-1] == inside
    assert fees(view)["period"].iloc[-1] == period
    assert position.recorded_hours(view.time_entries, view.period.end, view.period.start) == pytest.approx(inside / 64)
    assert delivery.on_time(view.deliverables, view.period).n == bin(inside).count("1")
    assert income(view).loc[period, "fees"] == pytest.approx(100 * inside / 64)
    before = sum(amount for day, amount in EDGES.items() if day < view.period.start.isoformat())
    assert position.invoiced(view.invoices, view.as_of) == before + inside


def test_the_year_so_far_begins_where_the_fiscal_year_does(account):
    view = account("2027-Q2", profile={"fiscal_year_start": 4, "fiscal_year_named_by": "end"})
    assert [month.label for month in view.period.year_so_far_months] == [f"2026-0{month}" for month in range(4, 10)]
    view = account("2026-Q4", profile={"fiscal_year_start": 2})
    months = [month.label for month in view.period.year_so_far_months]
    assert (months[0], months[-1], len(months)) == ("2026-02", "2027-01", 12)


TWO = [
    invoice("1", "2026-07-31", 1000),
    invoice("2", "2026-08-31", 500, currency="EUR"),
    invoice("3", "2026-09-30", -100, currency="EUR"),
]


def rate(day: str, value: float) -> dict:
    return {"date": day, "from": "EUR", "to": "GBP", "kind": "average", "rate": value, "source": "a bank"}


def test_two_currencies_are_added_at_the_rate_of_each_month(account):
    view = account("2026-Q3", invoices=TWO, exchange_rates=[rate("2026-08-31", 0.8), rate("2026-09-30", 0.9)])
    # 1000 + 500 × 0.80 - 100 × 0.90
    assert fees(view)["fees"].iloc[-1] == pytest.approx(1_310)
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    assert position.invoiced(invoices, view.as_of) == pytest.approx(1_310)
    assert summary.fees_tile(fees(view), "GBP").value == "£1.31k"
    assert position.with_billed(view.projects[["project"]], invoices, view.as_of)["billed"].tolist() == pytest.approx([1_310])


@pytest.mark.parametrize(
    ("known", "lacks"),
    [
        ([], "2026-08-31"),
        ([rate("2026-10-31", 0.8)], "2026-08-31"),
        ([rate("2026-01-31", 0.8)], "2026-08-31"),
        ([rate("2026-08-31", 0.8) | {"to": "USD"}], "2026-08-31"),
    ],
)
@pytest.mark.parametrize("audience", ["client", "internal"])
def test_two_currencies_without_a_rate_are_never_added(account, audience, known, lacks):
    tables = {"exchange_rates": known} if known else {}
    view = account("2026-Q3", audience, invoices=TWO, **tables)
    said = str(fees(view))
    assert said == f"not defined: there is no average rate from EUR to GBP for {lacks}"
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    assert str(position.invoiced(invoices, view.as_of)) == said
    assert str(summary.fees_tile(fees(view), "GBP").value) == said
    assert revenue_words.quarters(fees(view), "GBP") == "Fees invoiced by quarter"
    # and where nobody converted them first
    assert isinstance(receivables.invoiced_by_period(view.invoices, view.period.last(4)), Missing)


def test_hours_at_rates_in_another_currency_have_no_value_rather_than_a_wrong_one(account):
    view = account("2026-Q3", rate_card=[RATE | {"currency": "EUR"}], time_entries=[entry("2026-07-10", 8)])
    value = rates.time_by_project(view.time_entries, view.rate_card, view.id, view.currency, view.as_of)
    assert isinstance(value, Missing) or value["value"].isna().all()
    assert income(view)["fees"].isna().iloc[-1]
