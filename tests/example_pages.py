"""An invented account and its blocks, put into a notebook without running one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
from nbformat import v4

from acctlib.missing import Missing
from acctlib.periods import quarter
from acctlib.show import charts, risk_charts
from acctlib.show.blocks import Block, Report, Tile


def example_report(audience: str, name: str = "Harbour Foods", firm: str = "Fern & Harrow") -> Report:
    """Return a report of an invented account."""
    account = SimpleNamespace(
        name=name,
        audience=audience,
        currency="GBP",
        period=quarter("2026-Q3"),
        as_of=date(2026, 9, 30),
        firm=SimpleNamespace(name=firm),
    )
    return Report(account, "Quarterly business review", "quarterly_business_review")


def spend() -> pd.DataFrame:
    """Return a year of fees: nine months past, a plan, a forecast from September on."""
    blank = [np.nan]
    return pd.DataFrame(
        {
            "month": [f"2026-{month:02d}" for month in range(1, 13)],
            "actual": [26e3, 57e3, 92e3, 133e3, 176e3, 219e3, 262e3, 304e3, 344e3, *blank * 3],
            "plan": [28e3, 58e3, 90e3, 126e3, 164e3, 204e3, 244e3, 282e3, 318e3, 350e3, 378e3, 400e3],
            "low": [*blank * 8, 344e3, 370e3, 398e3, 422e3],
            "likely": [*blank * 8, 344e3, 378e3, 412e3, 440e3],
            "high": [*blank * 8, 344e3, 384e3, 426e3, 465e3],
        }
    )


def deliverables() -> pd.DataFrame:
    """Return three deliverables: one in time, one late, one open."""
    return pd.DataFrame(
        {
            "deliverable": ["Content model", "Search beta", "Booking flow, first release with payment"],
            "original_due": pd.to_datetime(["2026-07-12", "2026-08-20", "2026-10-02"]),
            "due": pd.to_datetime(["2026-07-12", "2026-09-03", "2026-10-16"]),
            "done": pd.to_datetime(["2026-07-08", "2026-09-10", None]),
        }
    )


def example_charts() -> dict[str, object]:
    """Return one chart of each kind."""
    curve = pd.DataFrame({"value": [350e3, 400e3, 430e3, 460e3, 520e3], "probability": [0.0, 0.14, 0.5, 0.86, 1.0]})
    drivers = pd.DataFrame({"driver": ["Late content", "Build"], "low": [410e3, 420e3], "high": [470e3, 450e3]})
    steps = pd.DataFrame({"step": ["Q2", "Price", "Scope", "Q3"], "amount": [100e3, 8e3, -35e3, 73e3]})
    months = pd.DataFrame(
        {"month": ["2026-07", "2026-08", "2026-09"], "used": [30, 55, 40], "included": [40, 50, 40], "over": [0, 5, 0]}
    )
    people = pd.DataFrame({"name": ["A. Reid", "B. Lind", "C. Ode"], "influence": [5, 4, 4], "sentiment": [2, -1, -1]})
    cells = pd.DataFrame({"business_unit": "Food service",
                          "service_line": ["Content", "Data", "Design", "Media", "Products"],
                          "state": ["gap", "owned", "pipeline", "not eligible", "unknown"],
                          "low_value": [124.5e3] + [None] * 4, "high_value": [226.5e3] + [None] * 4})  # fmt: skip
    scores = pd.DataFrame({"label": ["Q2", "Q3"], "low": [0.4, 0.53], "value": [0.8, 0.875], "high": [0.95, 0.98]})
    fees = pd.DataFrame({"quarter": ["2026-Q1", "2026-Q2", "2026-Q3"], "fee": [80e3, -12e3, 120e3]})
    return {
        "spend_curve": charts.spend_curve(spend(), 400e3, "GBP"),
        "milestones": charts.milestones(deliverables(), date(2026, 9, 30)),
        "s_curve": risk_charts.s_curve(curve, {"Budget": 400e3, "P80": 453e3}, "GBP"),
        "tornado": risk_charts.tornado(drivers, "GBP"),
        "waterfall": charts.waterfall(steps, "GBP"),
        "columns": charts.columns(fees, "quarter", "fee", "GBP", target=100e3),
        "bars": charts.bars(fees, "quarter", "fee", "GBP"),
        "intervals": charts.intervals(scores, "%", target=0.85),
        "hours_against_allowance": charts.hours_against_allowance(months),
        "stakeholder_grid": charts.stakeholder_grid(people),
        "white_space_grid": charts.white_space_grid(cells, "GBP"),
    }


@cache
def example_blocks(audience: str) -> tuple[Block, ...]:
    """Return a whole report with blocks of every kind."""
    report = example_report(audience)
    goals = pd.DataFrame({"goal": ["Sell more online"], "now": [0.025], "fee": [12345.6], "state": ["on track"]})
    columns = {"goal": ("Goal", "text"), "now": ("Now", "percent"), "fee": ("Fee", "money"), "state": ("State", "state")}
    tiles = [
        Tile("Fee used", "£344k", "of £400k agreed", (52, 148, 213, 344), "at risk"),
        Tile("Work complete", "71\N{NO-BREAK SPACE}%", "planned 76 %", (18, 37, 55, 71), "at risk"),
        Tile("On the agreed date", "2 of 3", "milestones", (3, 3, 2, 2), "off track"),
        Tile("Satisfaction", "4.4 / 5", "7 of 8 satisfied", (4.1, 4.2, 4.3, 4.4), "on track"),
    ]
    return (
        report.cover(),
        report.headline(tiles, "**The programme needs a decision.** Search is ahead."),
        *(
            report.chart(chart, f"Title of {name}", "Charts", alt=f"What {name} says.", caption="How to read it.")
            for name, chart in example_charts().items()
        ),
        report.table(goals, "One goal is on track", "Results", columns, "Against January.", "objectives.csv, 1 row"),
        report.table(Missing("nobody was asked", "add surveys.csv"), "What clients say", "Satisfaction"),
        report.text(["1. **Scope** of the release", "2. One decision maker"], section="Decisions we need"),
        report.results({"fee_used": 344120.0}),
        report.end(),
    )


def notebook_of(blocks: Iterable[Block]) -> nbformat.NotebookNode:
    """Return a notebook whose cells showed these blocks, one each."""
    notebook = v4.new_notebook()
    for position, block in enumerate(blocks, start=1):
        output = v4.new_output("execute_result", block._repr_mimebundle_(), execution_count=position)
        cell = v4.new_code_cell("report.block()", execution_count=position, outputs=[output])
        cell.id = f"cell-{position:03}"
        notebook.cells.append(cell)
    return notebook
