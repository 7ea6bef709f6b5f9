"""The client's review holds nothing of ours: planted in every internal column, and derived from what stands side by side."""

from __future__ import annotations

import base64
import csv
import html
import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from conftest import ROOT, run_command

from acctlib.account import Account
from acctlib.measures import budget, rates, receivables, revenue
from acctlib.run.results import read_results
from acctlib.tables.dictionary import INTERNAL, TABLES

ACCOUNT, PERIOD = "kestrel-mutual", "2027-Q2"
#: Rows that a client may not see -> which of them, as written in the file.
HIDDEN_ROWS = {
    "risks": lambda row: row["client_visible"] != "yes",
    "issues": lambda row: row["client_visible"] != "yes",
    "actions": lambda row: row["client_visible"] != "yes",
    "change_requests": lambda row: row["status"] == "draft",
    "time_entries": lambda row: row["billable"] != "yes",
}


def planted(folder: Path, first: int) -> dict[str, str]:
    """Write a value that occurs nowhere else into every internal cell of a folder; return canary -> table.column."""
    canaries: dict[str, str] = {}
    for table in TABLES.values():
        path = folder / f"{table.name}.csv"
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row_number, row in enumerate(rows):
            hidden = HIDDEN_ROWS.get(table.name, lambda row: False)(row)
            for number, column in enumerate(table.columns):
                internal = INTERNAL in (column.sees, table.sees)
                words = column.kind == "text" and not column.refers and column.name not in table.key
                if row.get(column.name) and (internal or hidden) and words and column.name != "person":
                    canary = f"Zq{table.name[:4]}{number}x{row_number}vw"
                elif row.get(column.name) and internal and column.kind in ("money", "hours") and column.high is None:
                    canary = f"{first + 11 * len(canaries) + 0.37:.2f}"
                else:
                    continue
                row[column.name] = canary
                canaries[canary] = f"{table.name}.{column.name}"
        if rows:
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    return canaries


def decoded(page: str) -> str:
    """Return a page with everything that may be written another way written plainly as well."""
    plain = html.unescape(page)
    once = [plain, unquote(plain), plain.replace("\\u002d", "-")]
    for chunk in re.findall(r"[A-Za-z0-9+/]{16,}={0,2}", plain):
        try:
            once.append(base64.b64decode(chunk + "=" * (-len(chunk) % 4)).decode("utf-8", "ignore"))
        except ValueError:
            continue
    return "\n".join(once)


def shown(page: str, canaries: dict[str, str]) -> set[str]:
    """Return the columns whose canaries stand in a page, in any form in which a figure is printed."""
    text = decoded(page)
    bare = re.sub(r"(?<=\d)[,\u202f\u00a0 ](?=\d)", "", text)
    forms = {c: (c, c.split(".")[0]) if c[0].isdigit() else (c,) for c in canaries}
    return {canaries[canary] for canary, written in forms.items() if any(form in text or form in bare for form in written)}


@pytest.fixture(scope="module")
def workbook(tmp_path_factory):
    root = tmp_path_factory.mktemp("canaries")
    for folder in ("notebooks", "parameters"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".*", "harbour*", "sorrel*"))
    for folder in (ACCOUNT, "firm"):
        shutil.copytree(ROOT / "data" / folder, root / "data" / folder)
    return root, planted(root / "data" / ACCOUNT, 7_000_000) | planted(root / "data" / "firm", 8_000_000)


@pytest.fixture(scope="module")
def client_page(workbook):
    root, _ = workbook
    made = run_command("acctlib", "run", ACCOUNT, "--audience", "client", "--notebook", "quarterly_business_review", cwd=root)
    assert made.returncode == 0, made.stdout + made.stderr
    folder = root / "outputs" / "client" / ACCOUNT / PERIOD
    return "".join((folder / f"quarterly_business_review{ending}").read_text(encoding="utf-8") for ending in (".html", ".json"))


def test_canaries_stand_in_every_internal_column_that_is_filled(workbook):
    root, canaries = workbook
    columns = set(canaries.values())
    assert len(canaries) > 1000
    for wanted in (
        "projects.budget_cost", "projects.contingency", "tasks.cost_per_month", "time_entries.note", "rate_card.cost_rate",
        "expenses.cost", "risks.response", "risks.low", "risks.description", "stakeholders.title", "white_space.next_step",
        "opportunities.amount", "issues.root_cause", "history.estimate_hours", "bookings.hours_per_week",
    ):  # fmt: skip
        assert wanted in columns or TABLES[wanted.split(".")[0]].column(wanted.split(".")[1]).high is not None, wanted
    Account.read(ACCOUNT, PERIOD, data=root / "data")  # they are no mistakes


def test_no_canary_stands_in_the_clients_review(workbook, client_page):
    assert shown(client_page, workbook[1]) == set()


@pytest.mark.parametrize(
    "leak",
    [
        "<p>{}</p>",
        '<td data-label="{}">',
        "<!-- {} -->",
        "<style>p:after{{content:'{}'}}</style>",
        "<text>&#{};</text>",
        "<i>{}</i>",
    ],
)
def test_a_canary_that_is_there_is_found(workbook, leak):
    _, canaries = workbook
    word = next(canary for canary in canaries if canary.startswith("Zqrisk"))
    amount = next(canary for canary, column in canaries.items() if column == "projects.budget_cost")
    written = leak.format(word) if "&#" not in leak else "".join(f"&#{ord(letter)};" for letter in word)
    assert shown(written, canaries) == {canaries[word]}
    assert shown(f"<p>{base64.b64encode(f'cost {amount} of all'.encode()).decode()}</p>", canaries) == {"projects.budget_cost"}
    assert shown(f"<td>€{float(amount):,.0f}</td>", canaries) == {"projects.budget_cost"}


def figures_side_by_side(page: str) -> list[tuple[list[float], list[float]]]:
    """Return the ratios and the amounts of each table row, tile and sentence of a page."""
    parts = re.findall(r"<tr.*?</tr>|<div class=\"tile.*?</div>|<p.*?</p>|<figcaption.*?</figcaption>", page, re.DOTALL)
    found = []
    for part in parts:
        text = html.unescape(re.sub(r"<[^>]+>", " ", part))
        ratios = [float(share) / 100 for share in re.findall(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)\s?%", text)]
        amounts = [float(amount.replace(",", "")) for amount in re.findall(r"[€£$](\d[\d,]*(?:\.\d+)?)(?![\d.]*[kmb])", text)]
        found.append((ratios, amounts))
    return found


def derivable(page: str, internal: dict[str, float]) -> list[str]:
    """Return each internal amount that follows from a ratio and an amount that stand side by side."""
    said = []
    for ratios, amounts in figures_side_by_side(page):
        for ratio in (ratio for ratio in ratios if 0 < ratio < 1):
            for amount in amounts:
                for name, value in internal.items():
                    # A ratio is printed in whole per cent: what follows from it is as wide as that.
                    if any(abs(value - reached) <= 0.005 * amount for reached in (amount * ratio, amount * (1 - ratio))):
                        said.append(f"{name} = {amount:g} and {ratio:.0%}")
    return said


def internal_amounts(account: str, period: str) -> dict[str, float]:
    view = Account.read(account, period)
    rated = rates.hourly_rates(view.time_entries, view.rate_card, view.id, view.currency)
    spent = rates.rated_by_project(rated, view.as_of).set_index("project")["cost"]
    planned_cost = view.projects.set_index("project")[["budget_cost", "contingency"]].stack()
    books = (view.projects, view.change_requests, view.tasks, view.progress, rated, view.expenses, view.as_of)
    each = revenue.income_by_project(view.period, *books).set_index("project")
    margins = each["fees"] - each["delivery_cost"]
    named = {f"cost of {name}": value for name, value in spent.items()}
    named |= {f"{column} of {name}": value for (name, column), value in planned_cost.items()}
    named |= {f"margin of {name}": value for name, value in margins.items()}
    return {name: abs(float(value)) for name, value in named.items() if abs(value) >= 1000}


@pytest.mark.parametrize(
    ("account", "period"), [("kestrel-mutual", "2027-Q2"), ("harbour-foods", "2026-Q3"), ("sorrel-health", "2026-Q2")]
)
@pytest.mark.parametrize("notebook", ["quarterly_business_review", "budget_risk"])
def test_nothing_of_ours_follows_from_what_stands_side_by_side(demo_reports, account, period, notebook):
    page = (demo_reports / "client" / account / period / f"{notebook}.html").read_text(encoding="utf-8")
    assert sum(len(amounts) for _, amounts in figures_side_by_side(page)) > 10
    assert derivable(page, internal_amounts(account, period)) == []


def test_a_price_beside_its_margin_gives_the_cost_away():
    page = "<table><tr><td>Portal</td><td>€100,000</td><td>37 %</td></tr></table>"
    assert derivable(page, {"cost": 63_000.0}) == ["cost = 100000 and 37%"]
    assert derivable(page, {"cost": 70_000.0}) == []


def test_a_second_review_shows_what_changed(demo_workbook, tmp_path):
    out = tmp_path / "out"
    for period in ("2027-Q1", "2027-Q2"):
        made = run_command(
            "acctlib", "run", ACCOUNT, "--audience", "client", "--notebook", "quarterly_business_review", "--period", period,
            "--out", out, cwd=demo_workbook,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr
    first, second = (
        read_results(out / "client" / ACCOUNT / period / "quarterly_business_review.json") for period in ("2027-Q1", "2027-Q2")
    )
    page = (out / "client" / ACCOUNT / "2027-Q2" / "quarterly_business_review.html").read_text(encoding="utf-8")
    assert "What moved since the last report, as of 30 Jun 2026 (2027-Q1)" in page
    view = Account.read(ACCOUNT, "2027-Q2")
    invoices = receivables.in_currency(view.invoices, view.currency, view.exchange_rates)
    for said, quarter in ((first, view.period.previous), (second, view.period)):
        own = invoices[invoices["issued"].between(str(quarter.start), str(quarter.end))]
        assert said["figures"]["invoiced_in_period"]["value"] == pytest.approx((own["amount"]).sum())
    # The forecast of the first review is due at the end of the second quarter, and is scored there.
    expected = first["figures"]["hours_forecast"]
    assert expected["due"] == "2026-09-30"
    worked = view.time_entries[view.time_entries["billable"] & view.time_entries["project"].isin(
        first["figures"]["hours_forecast_projects"]["value"].split("; "))]["hours"].sum()  # fmt: skip
    held = expected["quantiles"]["0.1"] <= worked <= expected["quantiles"]["0.9"]
    assert ("Our last range held" if held else "Our last range did not hold") in page


def test_scope_of_the_second_review_counts_what_was_approved_between():
    view = Account.read(ACCOUNT, "2027-Q2")
    before, now = (
        budget.approved_scope(view.projects, view.change_requests, day) for day in (view.period.previous.end, view.as_of)
    )
    decided = view.change_requests[(view.change_requests["status"] == "approved")]
    between = decided[decided["decided"].between(str(view.period.start), str(view.as_of))]
    assert now["fee"].sum() - before["fee"].sum() == pytest.approx(between["fee"].sum())
