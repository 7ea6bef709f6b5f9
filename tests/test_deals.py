"""Deals of three CRMs: whatever their columns, languages and letter case, each deal once and at its own worth."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from thing_imports import GOLDEN, data_of, deals_of, imported, said

from acctlib.imports.conventions import Conventions
from acctlib.imports.deals import meet, read
from acctlib.imports.formats import formats_of
from acctlib.imports.readings import About, Asked, Found, Row
from acctlib.tables.dictionary import TABLES
from acctlib.tables.read import read_table
from acctlib.tables.typed import typed_table


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return data_of(tmp_path)


def _one(data: Path, header: str, *rows: str, name: str = "deals.csv", **asked):
    return imported(data, Path(name), "\n".join([header, *rows]) + "\n", **asked)


# HubSpot


def test_hubspot_deals_are_counted_in_their_own_currency_and_never_twice(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "hubspot-en.csv")
    assert naive[["Amount", "Amount in company currency"]].sum().sum() == pytest.approx(445440.96)  # the wrong sum
    outcome = imported(data, "hubspot-en.csv")
    deals = deals_of(data)
    assert outcome.accounts["kestrel-mutual"][1] == {"USD": 173000.0, "EUR": 30000.5}
    assert deals["amount"].tolist() == ["20000", "125000", "48000", "30000.50"]
    assert deals["currency"].tolist() == ["USD", "USD", "USD", "EUR"]


def test_hubspot_stages_of_any_spelling_say_how_a_deal_ended(data: Path) -> None:
    imported(data, "hubspot-en.csv")
    deals = deals_of(data)
    ended = deals[["status", "closed_on"]].to_dict("index")
    assert ended == {
        "Loyalty app pilot (1005)": {"status": "won", "closed_on": "2026-10-01"},
        "Member portal phase 2 (1001)": {"status": "open", "closed_on": ""},
        "Care desk, renewal (1002)": {"status": "won", "closed_on": "2026-09-15"},
        'Claims "fast track" (1003)': {"status": "lost", "closed_on": "2026-08-20"},
    }


def test_chances_as_shares_become_percentages(data: Path) -> None:
    assert pd.read_csv(GOLDEN / "hubspot-en.csv")["Deal probability"].max() == 1.0  # 0.6 would be read as 0.6 %
    imported(data, "hubspot-en.csv")
    assert deals_of(data)["probability"].tolist() == ["100", "60", "100", "0"]


def test_hubspot_rows_that_cannot_be_taken_wait_with_a_reason(data: Path) -> None:
    outcome = imported(data, "hubspot-en.csv")
    why = {line: reason for line, reason, _ in outcome.waiting}
    assert set(why) == {5, 8}
    assert "amount is blank" in why[5]
    assert why[8] == "no account is called 'Unknown Traders'"
    assert "Robert'); DROP TABLE deals;--" in outcome.waiting_file.read_text(encoding="utf-8")
    assert "client 'Unknown Traders': 1 row, 9,000.00 USD" in said(outcome, data)


def test_hubspot_in_german_with_decimal_commas_and_points_for_thousands(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "hubspot-de.csv", sep=";", encoding="cp1252")["Betrag"]
    assert pd.to_numeric(naive, errors="coerce").sum() == 0  # a naive reader finds no number at all
    outcome = imported(data, "hubspot-de.csv")
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 173000.5}
    deals = deals_of(data)
    assert deals.loc["Portal Stufe 2 (2001)", ["created", "close_date", "probability", "owner", "status"]].tolist() == [
        "2026-07-01", "2026-11-30", "60", "Jürgen Groß", "open",
    ]  # fmt: skip
    assert deals.loc["Wartung 2027 (2002)", "status"] == "won"


def test_hubspot_with_few_columns_in_another_case_and_dollar_signs(data: Path) -> None:
    outcome = imported(data, "hubspot-short.csv")
    deals = deals_of(data)
    assert deals["amount"].to_dict() == {"Member portal phase 2": "125000", "Care desk": "1250.75"}
    assert deals["currency"].unique().tolist() == ["USD"]
    assert deals["created"].to_dict() == {"Member portal phase 2": "2026-11-24", "Care desk": "2026-09-15"}
    printed = said(outcome, data)
    assert "2 amounts in $ were taken as USD" in printed
    assert "2 deals have no day on which they were opened" in printed


def test_a_firm_says_which_dollar_and_which_stages_are_lost(data: Path) -> None:
    firm = "hubspot:\n  values:\n    currency: {$: AUD}\n    status: {contractsent: lost}\n"
    (data / "firm" / "imports.yaml").write_text(firm, encoding="utf-8")
    imported(data, "hubspot-short.csv")
    assert deals_of(data)["currency"].unique().tolist() == ["AUD"]
    assert deals_of(data).loc["Member portal phase 2", "status"] == "lost"


def test_a_deal_of_two_of_our_accounts_waits(data: Path) -> None:
    outcome = _one(
        data, "Record ID,Deal Name,Deal Stage,Amount,Associated Company", '1,Fair,open,5,"Harbour Foods; Kestrel Mutual"'
    )
    assert outcome.waiting[0][1] == "it is of several accounts of ours: harbour-foods, kestrel-mutual"


def test_flags_decide_before_the_names_of_stages(data: Path) -> None:
    header = "Record ID,Deal Name,Deal Stage,Amount,Company Name,Currency,Is Closed Won,Is Deal Closed?"
    rows = ["1,A,Signed,1,Harbour Foods,GBP,true,true", "2,B,No budget,1,Harbour Foods,GBP,false,true"]
    _one(data, header, *rows, "3,C,Signed,1,Harbour Foods,GBP,false,false")
    assert deals_of(data)["status"].tolist() == ["won", "lost", "open"]


# Pipedrive


def test_pipedrive_value_is_not_the_weighted_value_and_deleted_deals_are_aside(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "pipedrive-en.csv")
    assert naive["Deal - Weighted value"].sum() == 41500  # the wrong column, and a deleted deal in it
    assert naive["Deal - Value"].sum() == 82000  # two currencies and a deleted deal
    outcome = imported(data, "pipedrive-en.csv")
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 65000.0}
    assert outcome.accounts["kestrel-mutual"][1] == {"EUR": 12000.0}
    assert outcome.set_aside == {"a deal that was deleted there": 1}


def test_pipedrive_won_and_lost_times_are_the_days_of_decision(data: Path) -> None:
    imported(data, "pipedrive-en.csv")
    deals = deals_of(data)
    assert deals["closed_on"].to_dict() == {
        "Store locator (31)": "", "Brand film (32)": "2026-07-08", "Member survey (33)": "2026-05-09",
    }  # fmt: skip
    assert deals["close_date"].tolist() == ["2026-12-15", "2026-06-30", "2026-05-01"]


def test_pipedrive_in_french_with_narrow_blanks_between_thousands(data: Path) -> None:
    imported(data, "pipedrive-fr.csv")
    deals = deals_of(data)
    assert deals["amount"].tolist() == ["1250.50", "25000"]
    assert deals[["status", "created", "closed_on"]].to_numpy().tolist() == [
        ["open", "2026-06-13", ""], ["won", "2026-03-01", "2026-07-08"],
    ]  # fmt: skip


def test_pipedrive_with_its_newer_headers_meets_the_same_deals(data: Path) -> None:
    imported(data, "pipedrive-en.csv")
    outcome = imported(data, "pipedrive-new.csv")
    merged = outcome.accounts["harbour-foods"][2]
    assert (merged.new, merged.gone) == (0, [])
    assert {column for _, column, _, _ in merged.changed} == {"stage"}


# Salesforce


def test_salesforce_amounts_are_the_deals_own_not_the_converted_ones(data: Path) -> None:
    naive = pd.read_csv(GOLDEN / "salesforce-en.csv")
    assert naive["Amount (converted)"].sum() == pytest.approx(334200)  # a row that is a total doubles everything
    outcome = imported(data, "salesforce-en.csv")
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 60000.0}
    assert outcome.accounts["sorrel-health"][1] == {"USD": 80000.0, "EUR": 10000.0}
    assert outcome.set_aside == {"a total": 1, "a heading or a remark": 4}


def test_one_per_cent_is_not_a_certainty_where_the_header_says_per_cent(data: Path) -> None:
    imported(data, "salesforce-en.csv")
    assert deals_of(data)["probability"].tolist() == ["1", "100", "0"]


def test_salesforce_in_german_names_no_currency_and_the_accounts_count(data: Path) -> None:
    outcome = imported(data, "salesforce-de.csv")
    assert outcome.accounts["sorrel-health"][1] == {"USD": 80000.0}
    deals = deals_of(data)
    assert deals["status"].to_dict() == {"Grocery E-Shop": "open", "Media 2027": "won"}
    assert deals.loc["Media 2027", "created"] == "2026-09-15"  # decided before the export: it was open by then
    assert "2 amounts have no currency" in said(outcome, data)


def test_a_row_for_each_product_is_one_deal_and_a_fiscal_quarter_no_date(data: Path) -> None:
    assert pd.read_csv(GOLDEN / "salesforce-products.csv")["Amount"].sum() == 125000  # the deal twice
    outcome = imported(data, "salesforce-products.csv")
    assert outcome.accounts["harbour-foods"][1] == {"GBP": 65000.0}
    deals = deals_of(data)
    assert deals.index.tolist() == ["Grocery e-shop (0065g00000AbCdE)", "Menu boards (0065g00000AbCdH)"]
    assert deals["close_date"].tolist() == ["2026-11-13", ""]
    assert "1 dates are no days of the calendar ('FY26-Q3')" in said(outcome, data)


def test_long_and_short_numbers_of_salesforce_are_one_deal(data: Path) -> None:
    imported(data, "salesforce-en.csv")
    outcome = imported(data, "salesforce-products.csv")
    assert outcome.accounts["harbour-foods"][2].new == 1  # Menu boards; the e-shop was met by its number


def test_rows_of_one_number_that_differ_wait(data: Path) -> None:
    header = "Opportunity ID,Opportunity Name,Account Name,Stage,Amount"
    outcome = _one(data, header, "1,Shop,Harbour Foods,Proposal,10", "1,Shop,Harbour Foods,Proposal,20")
    assert [line for line, _, _ in outcome.waiting] == [2, 3]
    assert "2 rows are called '1' and differ" in outcome.waiting[0][1]


def test_a_deal_whose_title_begins_with_total_is_a_deal(data: Path) -> None:
    _one(data, "Opportunity ID,Opportunity Name,Account Name,Stage,Amount", "1,Total rebrand,Harbour Foods,Proposal,10")
    assert deals_of(data).index.tolist() == ["Total rebrand (1)"]


def test_a_workbook_with_cells_that_are_numbers_and_dates(data: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Pipeline report"])
    book.active.append([])
    book.active.append(["Opportunity ID", "Opportunity Name", "Account Name", "Stage", "Amount", "Close Date", "Created Date"])
    day = pd.Timestamp("2026-04-03").to_pydatetime()
    book.active.append(["1", "Shop", "Harbour Foods", "Closed Won", 1234.5, day, pd.Timestamp("2026-01-02").to_pydatetime()])
    book.save(data.parent / "deals.xlsx")
    imported(data, data.parent / "deals.xlsx")
    assert deals_of(data).loc["Shop (1)", ["amount", "created", "closed_on"]].tolist() == [
        "1234.50",
        "2026-01-02",
        "2026-04-03",
    ]


def test_deals_of_a_grouped_report_that_lack_their_stage_wait_rather_than_count_as_open(data: Path) -> None:
    header = "Stage,Opportunity Name,Account Name,Amount,Close Date"
    outcome = _one(data, header, "Closed Won,A,Harbour Foods,1,2026-01-02", ",B,Harbour Foods,2,2026-01-03", "Subtotal,,,3,")
    assert [(line, why.split(";")[0]) for line, why, _ in outcome.waiting] == [(3, "it has no stage")]
    assert (outcome.right_totals, outcome.wrong_totals) == (1, [])


def test_a_total_counts_also_the_deals_that_wait(data: Path) -> None:
    header = "Stage,Opportunity Name,Account Name,Amount,Close Date"
    outcome = _one(data, header, "Closed Won,A,Harbour Foods,1,2026-01-02", "Offer,B,Nobody,2,2026-01-03", "Total,,,3,")
    assert (outcome.right_totals, len(outcome.waiting)) == (1, 1)


# What holds for all of them


@pytest.mark.parametrize(
    "file", sorted(path.name for path in GOLDEN.glob("*.csv") if path.name[:4] in ("hubs", "pipe", "sale"))
)
def test_the_same_deals_twice_change_nothing_and_the_table_passes_its_checks(data: Path, file: str) -> None:
    imported(data, file)
    before = (data / "firm" / "opportunities.csv").read_bytes()
    outcome = imported(data, file)
    assert not any(merged.differs for _, _, merged in outcome.accounts.values())
    assert (data / "firm" / "opportunities.csv").read_bytes() == before
    assert typed_table(TABLES["opportunities"], read_table(data / "firm", "opportunities"))[1] == []


def test_a_corrected_export_shows_the_difference_by_column_and_leaves_what_was_typed(data: Path) -> None:
    imported(data, "pipedrive-en.csv")
    path = data / "firm" / "opportunities.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame["service_line"], frame["starts"], frame["ends"] = "Design", "2027-01-01", "2027-06-30"
    frame.to_csv(path, index=False)
    text = (GOLDEN / "pipedrive-en.csv").read_text(encoding="utf-8")
    text = text.replace('"40000"', '"44000"').replace("Proposal made", "Negotiation").replace("Store locator", "Shop finder")
    outcome = imported(data, Path("later.csv"), text)
    assert outcome.accounts["harbour-foods"][2].changed == [
        ("harbour-foods Store locator (31)", "stage", "Proposal made", "Negotiation"),
        ("harbour-foods Store locator (31)", "amount", "40000", "44000"),
    ]
    assert "'Store locator (31)' is now 'Shop finder'" in said(outcome, data)
    assert deals_of(data)[["service_line", "starts", "ends"]].drop_duplicates().to_numpy().tolist() == [
        ["Design", "2027-01-01", "2027-06-30"]
    ]


def test_a_deal_that_is_opened_again_was_decided_on_no_day(data: Path) -> None:
    imported(data, "pipedrive-en.csv")
    text = (
        (GOLDEN / "pipedrive-en.csv")
        .read_text(encoding="utf-8")
        .replace('"Won","2026-03-01 09:00:00","2026-07-08 16:20:11"', '"Open","2026-03-01 09:00:00",""')
    )
    imported(data, Path("later.csv"), text)
    assert deals_of(data).loc["Brand film (32)", ["status", "closed_on"]].tolist() == ["open", ""]


def test_the_day_of_opening_of_an_earlier_import_stays(data: Path) -> None:
    header = "Record ID,Deal Name,Deal Stage,Amount,Company Name,Close Date"
    _one(data, header, "1,Shop,Proposal,10,Harbour Foods,2026-12-31", as_of=pd.Timestamp("2026-06-01").date())
    _one(data, header, "1,Shop,Proposal,12,Harbour Foods,2026-12-31", as_of=pd.Timestamp("2026-09-01").date())
    assert deals_of(data).loc["Shop (1)", "created"] == "2026-06-01"


def test_a_deal_typed_by_title_is_met_and_has_the_number_from_then_on(data: Path) -> None:
    typed = (
        "opportunity,account,service_line,stage,amount,created,status\n"
        "Shop,harbour-foods,Design,First talk,10.00,2026-01-05,open\n"
    )
    (data / "firm" / "opportunities.csv").write_text(typed, encoding="utf-8")
    outcome = _one(data, "Record ID,Deal Name,Deal Stage,Amount,Company Name", "7,Shop,First talk,10,Harbour Foods")
    deals = deals_of(data)
    assert deals.index.tolist() == ["Shop (7)"]
    assert deals.loc["Shop (7)", ["service_line", "created", "amount"]].tolist() == ["Design", "2026-01-05", "10.00"]
    assert outcome.accounts["harbour-foods"][2].changed == [("Shop (7)", "opportunity", "Shop", "Shop (7)")]


def test_an_export_without_numbers_meets_deals_that_came_with_them(data: Path) -> None:
    _one(data, "Record ID,Deal Name,Deal Stage,Amount,Company Name", "7,Shop,First talk,10,Harbour Foods")
    outcome = _one(data, "Deal Name,Deal Stage,Amount,Company Name", "Shop,Offer,10,Harbour Foods")
    assert outcome.accounts["harbour-foods"][2].changed == [("harbour-foods Shop (7)", "stage", "First talk", "Offer")]


def test_two_deals_of_one_title_are_told_apart_by_their_numbers_only(data: Path) -> None:
    rows = ["7,Shop,Offer,10,Harbour Foods", "8,Shop,Offer,20,Harbour Foods"]
    assert not _one(data, "Record ID,Deal Name,Deal Stage,Amount,Company Name", *rows).waiting
    outcome = _one(data, "Deal Name,Deal Stage,Amount,Company Name", *(row[2:] for row in rows), name="bare.csv")
    assert len(outcome.waiting) == 2


def test_deals_that_the_tool_lost_stay_unless_the_export_is_the_whole(data: Path) -> None:
    rows = ["7,Shop,Offer,10,Harbour Foods", "8,Fair,Offer,20,Harbour Foods", "9,Desk,Offer,20,Kestrel Mutual"]
    header = "Record ID,Deal Name,Deal Stage,Amount,Company Name"
    _one(data, header, *rows)
    assert _one(data, header, rows[0]).accounts["harbour-foods"][2].gone == []
    outcome = _one(data, header, rows[0], whole=True)
    assert outcome.accounts["harbour-foods"][2].gone == ["harbour-foods Fair (8)"]
    assert deals_of(data).index.tolist() == ["Shop (7)", "Desk (9)"]  # of an account that the file does not name nothing goes


def test_nothing_is_taken_away_while_rows_wait(data: Path) -> None:
    header = "Record ID,Deal Name,Deal Stage,Amount,Company Name"
    _one(data, header, "7,Shop,Offer,10,Harbour Foods", "8,Fair,Offer,20,Harbour Foods")
    outcome = _one(data, header, "7,Shop,Offer,10,Harbour Foods", "8,Fair,Offer,,Harbour Foods", whole=True)
    assert deals_of(data).index.tolist() == ["Shop (7)", "Fair (8)"]
    assert "nothing was taken away in spite of --whole" in said(outcome, data)


def test_negative_amounts_and_chances_above_a_hundred_wait_with_what_to_write(data: Path) -> None:
    header = "Record ID,Deal Name,Deal Stage,Amount,Company Name,Deal Probability"
    outcome = _one(data, header, "7,Shop,Offer,-10,Harbour Foods,50", "8,Fair,Offer,20,Harbour Foods,120")
    assert [why.split(":")[0] for _, why, _ in sorted(outcome.waiting)] == ["amount '-10'", "probability '120'"]


@pytest.mark.parametrize("tool", ["hubspot", "pipedrive", "salesforce"])
def test_a_header_without_rows_is_an_export_of_nothing(data: Path, tool: str) -> None:
    header = next(GOLDEN.glob(f"{tool}-en.csv")).read_text(encoding="utf-8").splitlines()[0]
    outcome = imported(data, Path("none.csv"), header + "\n")
    assert (outcome.read, outcome.accounts, outcome.waiting) == (0, {}, [])
    assert not (data / "firm" / "opportunities.csv").exists()


def test_hostile_titles_are_names_like_others(data: Path) -> None:
    titles = ['=HYPERLINK("x")', "'; DROP TABLE x;--", "a, b", "naïve 🚀 plan", "tab\tand\x07bell", "x" * 5000]
    rows = [
        {"id": str(n), "title": title, "stage": "Offer", "amount": "1", "client": "Harbour Foods"}
        for n, title in enumerate(titles)
    ]
    pd.DataFrame(rows).rename(
        columns={"id": "Record ID", "title": "Deal Name", "stage": "Deal Stage", "amount": "Amount", "client": "Company Name"}
    ).to_csv(data.parent / "d.csv", index=False)
    outcome = imported(data, data.parent / "d.csv")
    assert not outcome.waiting
    names = deals_of(data).index.tolist()
    assert names[:5] == ['=HYPERLINK("x") (0)', "'; DROP TABLE x;-- (1)", "a, b (2)", "naïve 🚀 plan (3)", "tab and bell (4)"]
    assert len(names[5]) == 104


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3", ""]),
            st.text(max_size=6),
            st.sampled_from(["", "1", "2.50", "x"]),
            st.sampled_from(["", "won", "new"]),
        ),
        max_size=8,
    )
)
def test_every_row_is_found_waits_or_is_aside_once(cells: list[tuple[str, str, str, str]]) -> None:
    rows = [Row(n, n + 2, dict(zip(("id", "title", "amount", "stage"), row, strict=True)), row) for n, row in enumerate(cells)]
    tool = formats_of(Path("nowhere"))["hubspot"]
    made = read(rows, tool, Conventions(), About((), "", Asked()))
    ended = [*(at for thing in made.found for at in thing.at), *made.waiting, *made.set_aside]
    assert sorted(ended) == list(range(len(rows)))


def test_meeting_deals_changes_only_names_and_days(data: Path) -> None:
    old = pd.DataFrame([{"opportunity": "A (1)", "created": "2026-01-01"}])
    deal = Found("", {"opportunity": "A (1)", "amount": "5", "closed_on": "2025-12-01"}, (0,), number="1")
    meet([deal], old, Asked())
    assert deal.cells == {"opportunity": "A (1)", "amount": "5", "closed_on": "2025-12-01", "created": "2025-12-01"}
