import json
import os
import re
import socket
import sys
import threading
from types import SimpleNamespace
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest
from example_pages import example_charts

from acctlib.show import pictures
from acctlib.show.drawing import sparkline, specification, svg
from acctlib.show.theme import LETTERS, MUTED, ORANGE, STATES, WIDTH

HOSTILE = [
    "</script><script>alert(1)</script>",
    "nul\x00 esc\x1b[31m bell\x07",
    "🧑‍🚀" * 500,
    "مرحبا \u202eبالعالم",
    "<img src=x onerror=alert(1)>",
    "a\nb\tc",
    "'); DROP TABLE fees; --",
    "\u2028\ufeff\uffff",
    "",
]


def bar_chart(**columns: list) -> alt.Chart:
    return alt.Chart(pd.DataFrame(columns)).mark_bar().encode(x="fee:Q", y="name:N")


def test_only_drawn_columns_are_in_the_chart():
    spec = specification(bar_chart(name=["a"], fee=[1], cost=[48213.37], note=["redone since the sponsor changed his mind"]))
    assert spec["datasets"] == {"data": [{"name": "a", "fee": 1}]}
    assert "48213" not in json.dumps(spec)


def test_a_column_drawn_only_by_a_tooltip_or_a_filter_stays():
    chart = bar_chart(name=["a"], fee=[1], who=["b"], open=[True]).encode(tooltip="who:N").transform_filter("datum.open")
    assert specification(chart)["datasets"]["data"] == [{"name": "a", "fee": 1, "who": "b", "open": True}]


def test_a_chart_that_reads_from_an_address_is_refused():
    with pytest.raises(ValueError, match="a chart must carry its data"):
        specification(alt.Chart("fees.csv").mark_bar().encode(x="fee:Q"))


def test_marks_link_nowhere():
    chart = bar_chart(name=["a"], fee=[1], link=["javascript:alert(1)"]).encode(href="link:N")
    assert "javascript" not in json.dumps(specification(chart))


def test_the_theme_is_used_for_our_charts_and_left_alone_elsewhere():
    chart = bar_chart(name=["a"], fee=[1])
    assert specification(chart)["width"] == WIDTH
    assert alt.theme.active == "default"
    assert "width" not in chart.to_dict()


@pytest.mark.parametrize("name", sorted(example_charts()))
def test_every_chart_is_one_picture_with_one_text_alternative(name):
    picture = svg(specification(example_charts()[name]), 'Fees rose "fast" & far')
    assert picture.startswith("<svg aria-label='Fees rose \"fast\" &amp; far' font-family=")
    assert picture.count("aria-") == 1
    assert 'width="440"' in picture
    assert not re.search(r"NaN|undefined|<title|<image|href|class=", picture)
    ElementTree.fromstring(picture)
    assert len(picture) < 16_000


@pytest.mark.parametrize("name", sorted(example_charts()))
def test_the_same_figures_give_the_same_bytes(name):
    first, again = (svg(specification(example_charts()[name]), "alt") for _ in range(2))
    assert first == again


def test_ids_of_two_pictures_differ():
    def clipped(fee: int) -> str:
        return svg(specification(bar_chart(name=["a"], fee=[fee]).encode(x=alt.X("fee:Q")).interactive()), "alt")

    one, two = (set(re.findall(r'id="([^"]+)"', clipped(fee))) for fee in (1, 2))
    assert one
    assert one.isdisjoint(two)


def test_a_name_that_is_a_method_of_the_drawing_program_is_drawn(capfd):
    picture = svg(specification(bar_chart(name=["constructor", "hasOwnProperty"], fee=[1, 2])), "alt")
    assert "hasOwnProperty" in picture
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_draw(text):
    picture = svg(specification(bar_chart(name=[text], fee=[1])), text or "empty")
    ElementTree.fromstring(picture)
    assert "<script" not in picture
    assert "<img" not in picture


def test_a_sparkline_ends_in_the_colour_of_its_state_and_rises_with_its_values():
    line = sparkline([52, 148, 213, 344], "at risk")
    assert STATES["at risk"][1] in line
    heights = [float(point.split(",")[1]) for point in re.search(r'points="([^"]+)"', line)[1].split()]
    assert heights == sorted(heights, reverse=True)


def test_a_sparkline_skips_gaps_and_needs_two_values():
    assert len(re.search(r'points="([^"]+)"', sparkline([1, None, float("nan"), 2]))[1].split()) == 2
    assert sparkline([]) == sparkline([None, 3.0]) == ""


def contrast(colour: str, ground: str = "#ffffff") -> float:
    """Return the contrast ratio of WCAG 2.2, from its definition of relative luminance."""

    def luminance(code: str) -> float:
        parts = [int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [MUTED, ORANGE, *(colour for _, colour in STATES.values())])
def test_every_colour_of_letters_has_a_contrast_of_at_least_four_and_a_half(colour):
    assert contrast("#000000") == pytest.approx(21)
    assert contrast(colour) >= 4.5


def test_letters_stay_readable_when_a_chart_shrinks_to_a_telephone():
    telephone = 360 - 2 * 12
    assert LETTERS * telephone / WIDTH >= 10


def test_a_drawing_process_whose_thread_is_gone_ends_and_the_chart_is_drawn_by_the_next(monkeypatch):
    spec, tries = {"mark": "bar"}, []

    def convert(asked, **_):
        tries.append(asked)
        if len(tries) == 1:
            raise ValueError("conversion failed:\nFailed to retrieve conversion result: oneshot canceled")
        raise ValueError("conversion failed:\nno such mark")

    monkeypatch.setitem(sys.modules, "vl_convert", SimpleNamespace(vegalite_to_svg=convert))
    address = f"test-{os.urandom(8).hex()}"
    monkeypatch.setenv(pictures.ADDRESS, address)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0{address}")
        listening.listen()
        first = threading.Thread(target=pictures._serve, args=(listening,), daemon=True)
        first.start()
        asking = threading.Thread(target=lambda: answers.append(refused(spec)), daemon=True)
        answers = []
        asking.start()
        first.join(20)
        assert not first.is_alive()
        threading.Thread(target=pictures._serve, args=(listening,), daemon=True).start()
        asking.join(20)
    assert answers == ["a chart can't be drawn: conversion failed: no such mark"]
    assert tries == [spec, spec]


def refused(spec):
    with pytest.raises(ValueError, match="can't be drawn") as error:
        pictures.drawn(spec)
    return str(error.value)
