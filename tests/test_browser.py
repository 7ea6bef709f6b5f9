"""Pages as a reader opens them: in Chromium, with no network, on a wide screen, a telephone and paper."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import altair as alt
import pandas as pd
import pytest
from example_pages import example_blocks, example_charts, example_report, notebook_of

from acctlib.show import charts, risk_charts
from acctlib.show.blocks import Tile
from acctlib.show.page import render
from acctlib.show.text import visible

SHARED = Path(os.environ.get("ACCTLIB_SHARED", Path(__file__).parents[2] / "shared"))
NASTY = [
    "</script><script>console.log('ran')</script>",
    "<img src=x onerror=console.log('ran')>",
    "<svg/onload=alert(1)>",
    "<!-- <base href=https://example.org> -->",
    "javascript:alert(1)",
    "url(https://example.org/x.png)",
    "nul\x00 esc\x1b[31m bell\x07 del\x7f",
    "مرحبا \u202eبالعالم\u202c שלום",
    "🧑‍🚀" * 500,
    "W" * 400,
    "{{7*7}} ${7*7} <%= 7 %>",
    "datum.value + '1'",
    "a\nb\tc\r\nd",
    "\"'`&quot;&#39;&amp;",
    "\u2028\u2029\ufeff\u200b",
]
LETTERS_ON_SCREEN = """() => [...document.querySelectorAll('figure svg')].map(svg => {
  const drawn = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Math.min(...[...svg.querySelectorAll('text')].map(text => parseFloat(getComputedStyle(text).fontSize))) * drawn;
})"""
WIDEST = "document.documentElement.scrollWidth"


def _sheets(page, texts: list[str]) -> list[int]:
    """Return on which sheet of paper each text is printed, from the PDF read by pdftotext."""
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext found; on Debian and Ubuntu: apt-get install poppler-utils")
    pdf = page.pdf(prefer_css_page_size=True)
    told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
    return [next(i for i, sheet in enumerate(told.split("\f")) if re.search(rf"{text}\b", sheet)) for text in texts]


def example(audience: str) -> str:
    return render(notebook_of(example_blocks(audience)))


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("audience", ["client", "internal"])
def test_a_page_draws_all_its_charts_without_a_message_or_a_request(open_page, audience, width):
    opened = open_page(example(audience), width)
    assert opened.page.locator("figure svg").count() == len(example_charts())
    assert opened.page.evaluate(
        "[...document.querySelectorAll('figure svg')].every(s => s.getBoundingClientRect().height > 40)"
    )
    assert opened.messages == []
    assert opened.requests == []


def test_the_slider_moves_the_reserve_without_a_kernel(open_page):
    curve = pd.DataFrame({"value": [80e3 + 500.0 * i for i in range(99)], "probability": [(i + 1) / 100 for i in range(99)]})
    report = example_report("internal")
    chart = risk_charts.s_curve(curve, {}, "GBP", confidence=0.8, budget=110e3)
    opened = open_page(
        render(notebook_of([report.cover(), report.chart(chart, "How sure", alt="How sure"), report.end()])), 1280
    )
    said = opened.page.locator("figure svg text", has_text="sure at")
    assert said.all_text_contents() == ["80\xa0% sure at £120k: budget + £9.5k reserve"]
    opened.page.locator("input[type=range]").fill("95")
    assert said.all_text_contents() == ["95\xa0% sure at £127k: budget + £17k reserve"]
    opened.page.locator("input[type=range]").fill("20")
    assert said.all_text_contents() == ["20\xa0% sure at £89.5k: within the budget"]
    assert opened.messages == []


def test_a_telephone_shows_readable_letters_and_no_sideways_scroll(open_page):
    page = open_page(example("client"), 360).page
    assert page.evaluate(WIDEST) == 360
    assert min(page.evaluate(LETTERS_ON_SCREEN)) >= 10


def test_on_a_telephone_a_row_becomes_a_card_in_which_each_value_is_named(open_page):
    page = open_page(example("client"), 360).page
    cell = page.locator("td[data-label='Fee']")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Fee"'
    first, later = (page.locator("tbody td").nth(i).bounding_box()["y"] for i in (0, 1))
    assert later > first


def test_on_a_wide_screen_and_on_paper_tiles_stand_in_one_row_and_charts_in_pairs(open_page):
    for width, media in ((1280, "screen"), (688, "print")):
        page = open_page(example("client"), width).page
        page.emulate_media(media=media)
        tiles = [tile.bounding_box() for tile in page.locator(".tile").all()]
        figures = [figure.bounding_box() for figure in page.locator("figure").all()]
        assert len({tile["y"] for tile in tiles}) == 1
        assert figures[0]["x"] + figures[0]["width"] <= figures[1]["x"]
        assert figures[0]["y"] < figures[1]["y"] + figures[1]["height"]
        assert page.evaluate(WIDEST) <= width


def test_on_paper_heads_repeat_and_rows_do_not_break(open_page):
    page = open_page(example("client"), 688).page
    page.emulate_media(media="print")
    assert page.locator("thead").first.evaluate("head => getComputedStyle(head).display") == "table-header-group"
    assert page.locator("tbody tr").first.evaluate("row => getComputedStyle(row).breakInside") == "avoid"
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_on_paper_the_director_s_words_stand_with_the_rows_they_are_about(open_page):
    """However full the sheet is, no table leaves its words, nor its first or last row alone; without the rule some do."""
    page = open_page("", 688).page
    frame = pd.DataFrame({name: [f"{name} {i}" for i in range(30)] for name in ("goal", "measure", "owner")})
    alone = []
    for lines in range(22, 34):
        report = example_report("client")
        filler = report.text([f"Line {i}." for i in range(lines)], section="Before")
        table = report.table(frame, section="Results").with_words("Told in one line.")
        html = render(notebook_of([report.cover(), filler, table, report.end()]))
        for css in (html, html.replace("break-after:avoid", "")):
            page.set_content(css)
            words, first, second, next_to_last, last = _sheets(page, ["Told", "goal 0", "goal 1", "goal 28", "goal 29"])
            alone.append((css == html, words < first or first < second or next_to_last < last))
    assert {(True, False), (False, True)} <= set(alone)
    assert (True, True) not in alone


def test_on_a_telephone_blanks_are_left_out_and_short_values_stand_two_in_a_line(open_page):
    report = example_report("client")
    names = ["Policy pages on test", "Translation toolkit"]
    days = pd.to_datetime(["2026-09-30", None])
    frame = pd.DataFrame({"name": names, "agreed": days[[0, 0]], "due": days[[0, 0]], "done": days, "rounds": [1, 2]})
    columns = {name: (name.title(), "date") for name in ("agreed", "due", "done")} | {"rounds": ("Rounds", "number")}
    table = report.table(frame, section="Delivery", columns={"name": ("Name", "text")} | columns)
    page = open_page(render(notebook_of([report.cover(), table, report.end()])), 360).page
    cells = [[cell.bounding_box() for cell in row.locator("td").all()] for row in page.locator("tbody tr").all()]
    assert [box is not None for box in cells[1]] == [True, True, True, False, True]
    assert cells[0][1]["y"] == cells[0][2]["y"] < cells[0][3]["y"] == cells[0][4]["y"]


def test_on_a_telephone_a_table_of_short_columns_stays_a_table(open_page):
    report = example_report("client")
    frame = pd.DataFrame({"kind": ["build"], "tasks": [16], "done": [11], "hours": [165.0]})
    blocks = [report.cover(), report.table(frame, section="Delivery"), report.end()]
    page = open_page(render(notebook_of(blocks)), 360).page
    assert len({cell.bounding_box()["y"] for cell in page.locator("tbody td").all()}) == 1


def test_an_internal_chart_answers_to_the_pointer(open_page):
    page = open_page(example("internal")).page
    page.locator(".vega").nth(5).locator("path[fill='#0b6e99'], path[fill='#0B6E99']").first.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert "80000" in page.locator("#vg-tooltip-element").inner_text().replace(",", "")


def nasty_page(audience: str, texts: list[str]) -> str:
    """Return a page with every text in every kind of place."""
    report = example_report(audience, name=texts[0], firm=texts[1])
    blocks = [report.cover(texts[2])]
    for start in range(0, len(texts), 40):
        group = texts[start : start + 40]
        first, name = group[0], f"{start} {group[0]}"
        frame = pd.DataFrame({"name": group, "fee": [float(i) for i in range(len(group))]})
        picture = charts.bars(frame, "name", "fee", "GBP")
        whole = alt.Chart(frame).mark_bar().encode(x="fee:Q", y="name:N", tooltip="name:N")
        blocks += [
            report.headline([Tile(text, text, text, (1, 2), "at risk") for text in group], " ".join(group), name),
            report.table(frame, name, name, {"name": (first, "text"), "fee": (first, "money")}, first, first),
            report.text([line for text in group for line in (text, f"- {text}", f"**{text}**")], f"{name} words", name),
            report.chart(picture, f"{name} chart", name, first or "none", first, first),
            report.chart(whole, f"{name} whole", name, "names as they are"),
        ]
    return render(notebook_of([*blocks, report.end()]))


def check_nasty(opened, texts: list[str]) -> None:
    shown = opened.page.locator("tbody td:first-child").all_text_contents()
    assert opened.messages == []
    assert opened.requests == []
    assert [" ".join(cell.split()) for cell in shown] == [" ".join(visible(text).split()) or "–" for text in texts]
    assert (
        opened.page.locator("main img, main base, main script:not([type='application/json']), main iframe, header img").count()
        == 0
    )


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_hostile_text_in_every_place_is_shown_and_never_run(open_page, audience):
    opened = open_page(nasty_page(audience, NASTY), 360)
    check_nasty(opened, NASTY)
    assert opened.page.evaluate(WIDEST) == 360


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_the_big_list_of_naughty_strings_is_shown_and_never_run(open_page, audience):
    listed = SHARED / "data" / "text" / "blns" / "blns.json"
    if not listed.exists():
        pytest.skip("the list of naughty strings is not there; set ACCTLIB_SHARED to the folder that holds data/text/blns")
    texts = json.loads(listed.read_text(encoding="utf-8"))
    opened = open_page(nasty_page(audience, texts))
    check_nasty(opened, texts)


def test_the_browser_sees_what_the_pages_must_not_do(open_page):
    """The checks above can fail: a page that logs and asks for an address is noticed."""
    opened = open_page("<script>console.log('ran')</script><img src='https://example.org/x.png'>")
    opened.page.wait_for_timeout(200)
    assert "ran" in opened.messages
    assert opened.requests == ["https://example.org/x.png"]
