"""The demo accounts' pages as their readers open them: in Chromium, with no network, on a wide screen and on a telephone."""

from __future__ import annotations

import re

import pytest
from test_notebook_runs import REPORTS, file_of

#: Charts in each report; the demo accounts' tables are all filled, so none is left out.
CHARTS = {
    ("client", "budget_risk"): 1,
    ("client", "meeting_brief"): 0,
    ("client", "quarterly_business_review"): 6,
    ("internal", "account_plan"): 6,
    ("internal", "budget_risk"): 7,
    ("internal", "meeting_brief"): 0,
    ("internal", "quarterly_business_review"): 8,
}
#: Of each chart: is it an svg of some size in which at least one bar, line or point has a size as well?
DRAWN = """() => [...document.querySelectorAll('figure')].map(figure => {
  const svg = figure.querySelector('svg');
  const size = element => element.getBoundingClientRect();
  return svg !== null && size(svg).width > 250 && size(svg).height > 40
    && [...svg.querySelectorAll('path:not(.background)')].some(mark => Math.max(size(mark).width, size(mark).height) > 2);
})"""
WIDEST = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize(("audience", "account", "notebook"), REPORTS)
def test_a_page_draws_all_its_charts_with_no_message_no_request_and_no_sideways_scroll(
    demo_reports, open_page, audience, account, notebook, width
):
    opened = open_page(file_of(demo_reports, audience, account, notebook), width)
    assert opened.page.evaluate(DRAWN) == [True] * CHARTS[audience, notebook]
    assert opened.page.locator(".vega").count() == (0 if audience == "client" else CHARTS[audience, notebook])
    assert opened.messages == []
    assert opened.requests == []
    assert opened.page.evaluate(WIDEST) <= width


#: Cells that stand out of the column of the sheet in which their table is set.
CUT_OFF = """() => [...document.querySelectorAll('.sheet section')].flatMap(section => {
  const edge = section.getBoundingClientRect().right + 1;
  const out = cell => cell.getBoundingClientRect().right > edge;
  return [...section.querySelectorAll('td, th')].filter(out).map(cell => cell.textContent);
})"""
SHEETS = [report for report in REPORTS if report[2] == "meeting_brief"]


def sheets_of(page) -> int:
    """Return how many sheets of A4 a page takes on paper."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


@pytest.mark.parametrize(("audience", "account", "notebook"), SHEETS)
def test_a_meeting_brief_is_one_sheet_of_paper_and_read_in_three_minutes(demo_reports, open_page, audience, account, notebook):
    page = open_page(file_of(demo_reports, audience, account, notebook)).page
    assert sheets_of(page) == 1
    assert len(page.locator("body").inner_text().split()) <= 3 * 230  # words a minute of silent reading
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 710, "height": 1040})  # A4 less its margins
    assert page.evaluate(CUT_OFF) == []


def test_a_second_sheet_and_a_table_that_is_too_wide_are_noticed(open_page):
    wide = "<table><td>a</td><td style='white-space:nowrap'>one long cell</td></table>"
    section = f"<section style='width:90px'>{wide}</section>"
    page = open_page(f"<!DOCTYPE html><body class='sheet'>{section}<div style='height:1500px'>much</div>").page
    assert sheets_of(page) == 2
    assert page.evaluate(CUT_OFF) == ["one long cell"]


@pytest.mark.parametrize("width", [1280, 360])
def test_the_index_leads_to_every_page(demo_reports, open_page, width):
    opened = open_page(demo_reports / "index.html", width)
    links = opened.page.evaluate("[...document.links].map(link => link.href)")
    assert {file_of(demo_reports, *report).as_uri() for report in REPORTS} <= set(links)
    assert opened.messages == []
    assert opened.requests == []
    assert opened.page.evaluate(WIDEST) <= width


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<svg width='300' height='200'></svg>",
        "<svg width='300' height='200'><text>0</text></svg>",
        "<svg width='300' height='200'><path d=''/></svg>",
        "<svg width='300' height='10'><path d='M0 0h90v9z'/></svg>",
    ],
    ids=["nothing", "empty", "no mark", "a mark of no size", "too low"],
)
def test_a_chart_that_is_not_drawn_is_noticed(open_page, inside):
    drawn = "<svg width='300' height='200'><path d='M0 0h90v90z'/></svg>"
    opened = open_page(f"<!DOCTYPE html><figure>{drawn}</figure><figure>{inside}</figure>")
    assert opened.page.evaluate(DRAWN) == [True, False]
