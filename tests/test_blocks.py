import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from example_pages import example_blocks, example_charts, example_report

from acctlib.missing import Missing
from acctlib.show.blocks import BLOCK, RESULTS, Figure, Tile

NOTHING = Missing("nobody was asked", "add surveys.csv")


def html(block) -> str:
    return block.payload["html"]


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_every_block_says_for_whom_it_was_made(audience):
    assert {block.payload["audience"] for block in example_blocks(audience)} == {audience}


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_a_block_is_json_and_its_preview_needs_no_script_and_no_network(audience):
    for block in example_blocks(audience):
        bundle = block._repr_mimebundle_()
        assert json.loads(json.dumps(bundle)) == bundle
        assert set(bundle) == {block.mime, "text/html", "text/plain"}
        assert "<script" not in bundle["text/html"]
        assert "http" not in bundle["text/html"]


@pytest.mark.parametrize("audience", ["client", "internal"])
def test_charts_show_themselves_as_pictures_in_jupyterlab(audience):
    block = example_report(audience).chart(example_charts()["bars"], "Fees", alt="Fees by quarter.")
    assert '<svg aria-label="Fees by quarter."' in block._repr_mimebundle_()["text/html"]


def test_a_client_s_chart_carries_no_data():
    client, internal = (
        example_report(audience).chart(example_charts()["bars"], "Fees", alt="Fees.") for audience in ("client", "internal")
    )
    assert "spec" not in client.payload
    assert "<svg" in html(client)
    assert "datasets" in internal.payload["spec"]
    assert "<svg" not in html(internal)


def test_what_is_missing_is_a_hint_for_us_and_nothing_for_a_client():
    for method, more in (("table", {}), ("chart", {"alt": "x"}), ("text", {})):
        assert html(getattr(example_report("client"), method)(NOTHING, "Satisfaction", **more)) == ""
        hint = html(getattr(example_report("internal"), method)(NOTHING, "Satisfaction", **more))
        assert hint == '<p class="hint"><b>Not shown:</b> nobody was asked. To add it: add surveys.csv.</p>'


def test_a_table_without_rows_and_a_text_without_words_are_missing():
    for audience, shown in (("client", 0), ("internal", 1)):
        report = example_report(audience)
        assert (
            html(report.table(pd.DataFrame({"a": []}), "Actions", empty="nothing is open")).count("Nothing is open.") == shown
        )
        assert html(report.text("", "Words")).count("Nothing was written.") == shown


def test_a_table_of_names_with_nothing_beside_them_is_missing():
    rows = pd.DataFrame({"name": ["Site", "App"], "hours": [None, None], "cost": [None, None]})
    columns = {"name": ("Name", "text"), "hours": ("Hours", "hours"), "cost": ("Cost", "money")}
    report = example_report("internal")
    assert html(report.table(rows, section="Budget", columns=columns)) == '<p class="hint">Its columns are empty.</p>'
    assert "Site" in html(report.table(rows.assign(hours=[1.0, None]), section="Budget", columns=columns))
    assert "Site" in html(report.table(rows, section="Names", columns={"name": ("Name", "text")}))


def test_a_missing_tile_is_left_out_for_a_client_and_says_why_to_us():
    tiles = [Tile("Score", NOTHING), Tile("Fee", "£1k")]
    assert html(example_report("client").headline(tiles)).count('class="tile"') == 1
    assert "nobody was asked" in html(example_report("internal").headline(tiles))


def test_a_title_alone_heads_its_own_section():
    payload = example_report("client").text("Words.", "Decisions").payload
    assert (payload["section"], payload["title"]) == ("Decisions", "")


def test_a_block_without_section_and_title_is_refused():
    with pytest.raises(ValueError, match="a text needs a section or a title"):
        example_report("client").text("Words.")


def test_a_chart_without_words_for_it_is_refused():
    with pytest.raises(ValueError, match="the chart 'Fees' needs alt"):
        example_report("client").chart(example_charts()["bars"], "Fees")


def test_an_unknown_state_of_a_tile_is_refused():
    with pytest.raises(ValueError, match="must be one of on track, at risk, off track; got 'green'"):
        Tile("Fee", "£1k", state="green")


def test_markup_in_any_text_is_shown_as_letters():
    bad = "</script><img src=x onerror=alert(1)>"
    report = example_report("client", name=bad, firm=bad)
    table = pd.DataFrame({bad: [bad]})
    blocks = [
        report.cover(bad),
        report.headline([Tile(bad, bad, bad, (1, 2), "at risk")], lead=bad, section=bad),
        report.table(table, bad, bad, caption=bad, source=bad),
        report.chart(example_charts()["bars"], bad, bad, alt=bad, caption=bad, source=bad),
        report.text(bad, bad, bad),
        report.text([f"- {bad}", f"1. **{bad}**"], section=bad),
    ]
    for block in blocks:
        bundle = block._repr_mimebundle_()
        assert "<img" not in bundle["text/html"] + html(block)
        assert "<script" not in bundle["text/html"] + html(block)


def test_a_block_run_twice_is_counted_once():
    report = example_report("client")
    report.text("First.", "Words")
    report.text("Again.", "Words")
    report.cover()
    assert report.end().payload["blocks"] == 2


def test_the_plain_text_of_a_block_holds_none_of_its_figures():
    assert repr(example_report("client").text("£48,213", "Words")) == "<text for client>"


def test_results_keep_value_unit_date_and_quantiles():
    figures = {
        "cost": Figure(np.float64(430e3), "GBP", quantiles={0.8: np.float64(453e3), 0.5: 430e3}, due=date(2026, 12, 31)),
        "late": np.int64(2),
        "on_plan": np.bool_(True),
        "go_live": pd.Timestamp("2026-11-20"),
        "nps": NOTHING,
        "ratio": float("nan"),
    }
    block = example_report("internal").results(figures)
    assert block.mime == RESULTS != BLOCK
    assert json.loads(json.dumps(block.payload))["figures"] == {
        "cost": {
            "value": 430e3,
            "unit": "GBP",
            "as_of": "2026-09-30",
            "quantiles": {"0.5": 430e3, "0.8": 453e3},
            "due": "2026-12-31",
        },
        "late": {"value": 2, "unit": "", "as_of": "2026-09-30"},
        "on_plan": {"value": True, "unit": "", "as_of": "2026-09-30"},
        "go_live": {"value": "2026-11-20", "unit": "", "as_of": "2026-09-30"},
        "nps": {"missing": "nobody was asked", "unit": "", "as_of": "2026-09-30"},
        "ratio": {"missing": "not defined", "unit": "", "as_of": "2026-09-30"},
    }


def test_what_an_edition_leaves_out_on_purpose_is_not_called_missing():
    for audience in ("client", "internal"):
        report = example_report(audience)
        assert report.table(Missing(""), section="Agenda").payload["html"] == ""
        assert report.text(Missing(""), section="Agenda").payload["html"] == ""
