import base64
import hashlib
import json
import re
from itertools import pairwise

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from example_pages import example_blocks, example_charts, example_report, notebook_of
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import HTMLExporter
from nbformat import v4

from acctlib.missing import Missing
from acctlib.show import charts, page
from acctlib.show.page import incomplete, render

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {audience: render(notebook_of(example_blocks(audience))) for audience in ("client", "internal")}


def test_a_client_s_page_is_static_and_its_policy_comes_first(pages):
    head = BeautifulSoup(pages["client"], "html.parser").head
    assert head.find()["http-equiv"] == "Content-Security-Policy"
    assert head.find()["content"] == POLICY
    assert "<script" not in pages["client"]


def test_an_internal_page_runs_one_script_allowed_by_its_hash(pages):
    soup = BeautifulSoup(pages["internal"], "html.parser")
    scripts = [script for script in soup("script") if script.get("type") != "application/json"]
    digest = base64.b64encode(hashlib.sha256(scripts[0].string.encode()).digest()).decode()
    assert len(scripts) == 1
    assert soup.meta["content"] == POLICY.replace("style-src", f"script-src 'sha256-{digest}'; style-src", 1)


def test_sizes_stay_within_what_can_be_mailed(pages):
    assert len(pages["client"].encode()) < 300_000
    assert len(pages["internal"].encode()) < 1_300_000


def test_the_same_blocks_give_the_same_bytes(pages):
    for audience in pages:
        assert render(notebook_of(example_blocks.__wrapped__(audience))) == pages[audience]


def test_only_internal_pages_have_the_band_the_contents_and_hints(pages):
    for words in ("not for the client", "<nav", "Not shown:"):
        assert words in pages["internal"]
        assert words not in pages["client"]


def test_a_section_with_nothing_in_it_vanishes(pages):
    assert "Satisfaction</h2>" not in pages["client"]
    assert "Satisfaction</h2>" not in pages["internal"]
    assert (
        '<h3>Satisfaction</h3>\n<p class="hint"><b>Not shown:</b>' in pages["internal"].split("Not in this report yet</h2>")[1]
    )


def test_what_a_page_lacks_is_said_once_and_last():
    report = example_report("internal")
    asked, open_work = Missing("nobody was asked", "add surveys.csv"), Missing("there is no table tasks", "add tasks.csv")
    blocks = [
        report.cover(),
        report.chart(asked, "Satisfied answers", "Satisfaction", alt="x"),
        report.chart(asked, "Net promoter score", "Satisfaction", alt="x"),
        report.text("Delivered.", section="Delivery"),
        report.table(open_work, "Tasks", "Delivery"),
        report.table(open_work, "Hours", "Delivery"),
        report.table(asked, section="Comments"),
        report.table(Missing("nothing is overdue"), section="Overdue"),
        report.text("Ours.", section="Sources").with_words("Kept."),
        report.end(),
    ]
    soup = BeautifulSoup(render(notebook_of(blocks)), "html.parser")
    assert [[part.get_text() for part in card(["h2", "h3", "p"])] for card in soup("section")] == [
        ["Delivery", "Delivered.", "Tasks; Hours", "Not shown: there is no table tasks. To add it: add tasks.csv."],
        ["Overdue", "Nothing is overdue."],
        ["Sources", "Kept.", "Ours."],
        ["Not in this report yet", "Satisfaction, Comments", "Not shown: nobody was asked. To add it: add surveys.csv."],
    ]
    assert [link.get_text() for link in soup("a")] == [card.h2.get_text() for card in soup("section")]


def test_blocks_of_one_section_stand_in_one_card_in_the_order_of_first_appearance():
    report = example_report("client")
    blocks = [report.cover(), report.text("1", "a", "X"), report.text("2", "b", "Y"), report.text("3", "c", "X"), report.end()]
    soup = BeautifulSoup(render(notebook_of(blocks)), "html.parser")
    assert [[h.get_text() for h in card(["h2", "h3"])] for card in soup("section")] == [["X", "a", "c"], ["Y", "b"]]


def test_charts_in_a_row_stand_side_by_side():
    report = example_report("client")
    chart = example_charts()["bars"]
    blocks = [
        report.chart(chart, "a", "X", alt="x"),
        report.chart(chart, "b", "X", alt="x"),
        report.text("t", "c", "X"),
        report.chart(chart, "d", "X", alt="x"),
    ]
    soup = BeautifulSoup(render(notebook_of(blocks)), "html.parser")
    assert [len(pair("figure")) for pair in soup(class_="pair")] == [2]
    assert [len(solo("figure")) for solo in soup(class_="solo")] == [1]


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_only_blocks_are_rendered(audience):
    notebook = notebook_of(example_blocks(audience))
    stray = [
        v4.new_output("stream", name="stdout", text="CANARY printed"),
        v4.new_output("stream", name="stderr", text="CANARY warned"),
        v4.new_output("display_data", {"text/html": "<b>CANARY frame</b>", "text/plain": "CANARY"}),
        v4.new_output(
            "display_data", {"application/vnd.other.v1+json": {"html": "CANARY"}, "image/svg+xml": "<svg>CANARY</svg>"}
        ),
    ]
    notebook.cells[3].outputs += stray
    notebook.cells[3].source = "print('CANARY source')"
    notebook.cells.insert(2, v4.new_markdown_cell("# CANARY <script>alert(1)</script>"))
    notebook.cells.insert(2, v4.new_raw_cell("CANARY raw"))
    notebook.metadata["title"] = "CANARY title"
    assert render(notebook) == render(notebook_of(example_blocks(audience)))


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_nbconvert_gives_the_same_page(audience):
    notebook = notebook_of(example_blocks(audience))
    converted, _ = HTMLExporter(template_name="acctlib").from_notebook_node(notebook)
    assert converted == render(notebook)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), min_size=1, max_size=40).filter(str.strip))
def test_a_parser_writes_a_page_of_any_text_back_unchanged(text):
    report = example_report("client", name=text, firm=text)
    blocks = [report.cover(text), report.text(f"{text}\n\n- {text}", text, text), report.end()]
    notebook = notebook_of(blocks)
    assert str(BeautifulSoup(page._page(notebook), "html.parser")) == render(notebook)


def test_data_of_a_chart_cannot_end_its_script():
    bad = "</script><!--x"
    chart = charts.bars(pd.DataFrame({"name": [bad], "fee": [1.0]}), "name", "fee", "GBP")
    html = render(notebook_of([example_report("internal").chart(chart, "Fees", alt="x")]))
    data = BeautifulSoup(html, "html.parser").find("script", type="application/json").string
    assert "<!--" not in data
    assert json.loads(data)["datasets"]["data"][0]["name"] == bad


def without(position: int, **changes: object):
    notebook = notebook_of(example_blocks("client"))
    for name, value in changes.items():
        notebook.cells[position][name] = value
    return notebook


def test_a_whole_report_has_no_band():
    notebook = notebook_of(example_blocks("client"))
    assert incomplete(notebook) == []
    assert "Incomplete" not in render(notebook)


def test_a_report_that_is_not_whole_says_so_in_a_red_band():
    error = v4.new_output("error", ename="ValueError", evalue="secret", traceback=["secret"])
    cases = {
        "cell 3 was not run": without(2, execution_count=None),
        "cell 3 stopped with an error": without(2, outputs=[error]),
        "the report does not reach its end": without(-1, outputs=[]),
        "it made 16 blocks and shows 15": without(4, outputs=[]),
        "it has no cover": without(0, outputs=[]),
    }
    for reason, notebook in cases.items():
        assert reason in incomplete(notebook)
        band = BeautifulSoup(render(notebook), "html.parser").find(class_="broken").get_text()
        assert band.startswith("Incomplete:")
        assert reason in band
        assert "secret" not in render(notebook)


def test_cells_without_code_need_not_run():
    notebook = notebook_of(example_blocks("client"))
    notebook.cells += [v4.new_code_cell("  \n"), v4.new_markdown_cell("note")]
    assert incomplete(notebook) == []


def test_one_block_for_a_client_makes_it_a_client_s_page_without_the_internal_ones():
    client, internal = example_report("client"), example_report("internal")
    notebook = notebook_of([client.cover(), internal.text("CANARY margin", "Margin"), client.text("fee", "Fee"), client.end()])
    html = render(notebook)
    assert "CANARY" not in html
    assert "it mixes blocks for a client with internal ones, which are left out" in html


def test_landmarks_headings_and_tables_are_in_order(pages):
    for html in pages.values():
        soup = BeautifulSoup(html, "html.parser")
        levels = [int(heading.name[1]) for heading in soup(re.compile(r"^h\d$"))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert soup.html["lang"] == "en"
        assert soup.find("header")
        assert soup.find("main")
        assert soup.title.string == "Quarterly business review: Harbour Foods, 2026-Q3"
        assert all(head["scope"] == "col" for head in soup("th"))
        assert not soup(attrs={"tabindex": True})
        assert all(soup.find(id=section["aria-labelledby"]) for section in soup("section"))
        ids = [element["id"] for element in soup(id=True)]
        assert len(ids) == len(set(ids))


def test_the_script_is_made_once_and_kept_whole(tmp_path, monkeypatch):
    made = []

    def bundle(snippet: str) -> str:
        made.append(snippet)
        return "let x = '</script>';"

    monkeypatch.setattr("vl_convert.javascript_bundle", bundle)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    scripts = []
    for _ in range(2):
        page.bundle.cache_clear()
        scripts.append(page.bundle())
    page.bundle.cache_clear()
    assert scripts == ["let x = '<\\/script>';"] * 2
    assert len(made) == 1
    assert [file.suffix for file in (tmp_path / "acctlib").iterdir()] == [".js"]


def test_a_home_that_cannot_be_written_still_gives_the_script(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("vl_convert.javascript_bundle", lambda snippet: "draw()")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    page.bundle.cache_clear()
    assert page.bundle() == "draw()"
    page.bundle.cache_clear()


def test_the_director_s_words_head_a_card_and_follow_a_headline():
    report = example_report("client")
    blocks = [
        report.cover(),
        report.headline([], "Late.", section="Summary").with_words("Our **words** on <it>."),
        report.text("The table.", section="Summary", title="More"),
        report.text("Delivered.", section="Delivery").with_words("Before the figures."),
        report.text(Missing("nothing is written"), section="Scope").with_words("Alone."),
        report.end(),
    ]
    text = BeautifulSoup(render(notebook_of(blocks)), "html.parser").get_text(" ", strip=True)
    assert "Summary Late. Our words on <it>. More The table." in text
    assert "Delivery Before the figures. Delivered." in text
    assert "Scope Alone." in text


def test_the_words_stand_in_jupyterlab_where_they_stand_on_the_page():
    report = example_report("client")
    headline = report.headline([], "Late.", section="Summary").with_words("Ours.").preview()
    text = report.text("Delivered.", section="Delivery").with_words("Ours.").preview()
    assert headline.index("Late.") < headline.index("Ours.")
    assert text.index("Ours.") < text.index("Delivered.")


def test_words_that_were_not_written_change_nothing():
    block = example_report("client").text("Delivered.", section="Delivery")
    assert block.with_words(Missing("nothing is written")) is block
    assert block.with_words("") is block


def test_a_report_for_one_sheet_of_paper_says_so_on_its_cover():
    report = example_report("client")
    assert "sheet" not in report.cover().payload
    blocks = [report.cover(one_sheet=True), report.text("Words.", section="Agenda"), report.end()]
    assert '<body class="acct client sheet">' in render(notebook_of(blocks))
