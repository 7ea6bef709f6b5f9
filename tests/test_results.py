"""The JSON beside a report: the same for the same input, anywhere; different where anything changed."""

from __future__ import annotations

import json
import shutil
from datetime import date
from types import SimpleNamespace

import pytest
from small_workbook import make_workbook

from acctlib.run import known_files, results
from acctlib.run.known_files import KnownFiles
from acctlib.run.results import Edition, document, fingerprints, last_results, why_stale

SOURCES = {"projects": SimpleNamespace(file="projects.csv", rows=1)}


def account_of(as_of=date(2026, 9, 30)):
    return SimpleNamespace(name="Aurora Foods", as_of=as_of, sources=SOURCES)


def aurora(as_of, period):
    return SimpleNamespace(id="aurora", audience="client", as_of=as_of, period=SimpleNamespace(label=period))


def edition_of(root, **parameters):
    said = {"account": "aurora", "period": "2026-Q3", "audience": "client", "data": "data", "results": "outputs", "seed": 1}
    return Edition(root, root / "notebooks" / "spend.ipynb", {**said, **parameters}, root / "outputs")


def publish(edition, html="<p>page</p>", figures=None, as_of=date(2026, 9, 30)):
    edition.html.parent.mkdir(parents=True, exist_ok=True)
    edition.html.write_text(html)
    made_from = fingerprints(edition, as_of.isoformat())
    edition.json.write_text(document(edition, account_of(as_of), figures or {"fee": {"value": 64000.0}}, made_from, html))


@pytest.fixture
def edition(tmp_path):
    return edition_of(make_workbook(tmp_path))


def test_the_document_holds_figures_and_provenance_and_neither_path_nor_time(edition, tmp_path):
    publish(edition)
    text = edition.json.read_text()
    said = json.loads(text)
    assert said["figures"] == {"fee": {"value": 64000.0}}
    assert said["sources"] == {"projects": {"file": "projects.csv", "rows": 1}}
    assert said["name"] == "Aurora Foods"
    assert (said["account"], said["period"], said["as_of"], said["audience"]) == ("aurora", "2026-Q3", "2026-09-30", "client")
    assert said["parameters"] == {"account": "aurora", "period": "2026-Q3", "audience": "client", "seed": 1}
    assert {"numpy", "pandas", "scipy", "altair", "papermill", "great-tables", "vl-convert-python"} <= said["versions"].keys()
    assert str(tmp_path) not in text
    assert text.endswith("}\n")
    assert list(said) == sorted(said)


def test_a_figure_that_is_not_a_number_is_refused(edition):
    with pytest.raises(ValueError, match="not JSON compliant"):
        document(edition, account_of(), {"x": {"value": float("nan")}}, {}, "")


def test_a_workbook_elsewhere_has_the_same_fingerprints(edition, tmp_path_factory):
    other = shutil.copytree(edition.root, tmp_path_factory.mktemp("elsewhere") / "copy")
    assert fingerprints(edition_of(other), "2026-09-30") == fingerprints(edition, "2026-09-30")


def test_a_report_that_was_just_made_is_up_to_date(edition):
    assert why_stale(edition) == "it was never made"
    publish(edition)
    assert why_stale(edition) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda root: (root / "data/aurora/projects.csv").write_text("project\n"), "changed: data"),
        (lambda root: (root / "data/aurora/commentary.md").write_text("Late."), "changed: data"),
        (lambda root: (root / "data/firm").mkdir() or (root / "data/firm/people.csv").write_text("x"), "changed: data"),
        (lambda root: (root / "notebooks/spend.ipynb").write_text("{}"), "changed: notebook"),
        (lambda root: (root / "outputs/client/aurora/2026-Q3/spend.json").unlink(), "its figures are not there"),
        (lambda root: (root / "outputs/client/aurora/2026-Q3/spend.json").write_text("[1"), "its figures are not there"),
        (
            lambda root: (root / "outputs/client/aurora/2026-Q3/spend.html").write_text("old"),
            "its page and its figures do not belong together",
        ),
        (lambda root: (root / "outputs/client/aurora/2026-Q3/spend.html").unlink(), "it was never made"),
    ],
)
def test_whatever_changed_is_named(edition, change, why):
    publish(edition)
    change(edition.root)
    assert why_stale(edition) == why


def test_a_changed_parameter_is_named(edition):
    publish(edition)
    assert why_stale(edition_of(edition.root, seed=2)) == "changed: parameters"


def test_a_changed_package_and_version_are_named(edition, monkeypatch):
    publish(edition)
    monkeypatch.setattr(results, "_package", lambda: "another")
    monkeypatch.setattr(results, "_versions", lambda: {"pandas": "99"})
    assert why_stale(edition) == "changed: package, versions"


@pytest.mark.parametrize("name", [".~lock.projects.csv#", "~$tables.xlsx", ".DS_Store"])
def test_lock_files_of_editors_change_nothing(edition, name):
    publish(edition)
    (edition.root / "data" / "aurora" / name).write_text("x")
    assert why_stale(edition) == ""


def test_another_accounts_data_change_nothing(edition):
    publish(edition)
    (edition.root / "data" / "borealis" / "projects.csv").write_text("x")
    assert why_stale(edition) == ""


@pytest.mark.parametrize("name", ["projects.csv", "time_entries.csv", "account.yaml"])
def test_with_files_that_are_known_the_same_is_said_as_without(edition, name, monkeypatch):
    monkeypatch.setattr(known_files.time, "time_ns", lambda: 2**62)  # so that files count as rested
    publish(edition)
    kept = edition.out / known_files.KNOWN
    before = KnownFiles(kept)
    assert why_stale(edition, before) == ""
    before.save()
    with (edition.root / "data" / "aurora" / name).open("a") as file:
        file.write("\n")
    assert why_stale(edition, KnownFiles(kept)) == why_stale(edition) == "changed: data"


def test_files_of_the_firm_are_looked_at_once_a_run(edition, monkeypatch):
    (edition.root / "data" / "firm").mkdir()
    (edition.root / "data" / "firm" / "people.csv").write_text("person,role\n")
    seen, sha = [], KnownFiles.sha
    monkeypatch.setattr(KnownFiles, "sha", lambda self, path: seen.append(path.name) or sha(self, path))
    known = KnownFiles()
    for account in ("aurora", "borealis", "aurora"):
        fingerprints(edition_of(edition.root, account=account), "2026-09-30", known)
    assert seen.count("people.csv") == 1


def test_the_last_report_is_the_newest_with_an_earlier_as_of_of_another_period(edition):
    for period, as_of in (("2026-Q1", date(2026, 3, 31)), ("2026-Q2", date(2026, 6, 30)), ("2026-Q3", date(2026, 8, 31))):
        publish(edition_of(edition.root, period=period), as_of=as_of, figures={"of": {"value": period}})
    publish(edition_of(edition.root, period="2026-Q4"), as_of=date(2026, 12, 31))
    publish(edition_of(edition.root, period="2025-Q4", audience="internal"), as_of=date(2026, 9, 1))
    last = last_results(edition.out, aurora(date(2026, 9, 30), "2026-Q3"), "spend")
    assert last["figures"]["of"]["value"] == "2026-Q2"
    first = last_results(edition.out, aurora(date(2026, 3, 31), "2026-Q1"), "spend")
    assert first.reason == "there is no earlier report to compare with"


def test_a_later_report_changes_nothing_and_an_earlier_one_does(edition):
    publish(edition)
    publish(edition_of(edition.root, period="2026-Q4"), as_of=date(2026, 12, 31))
    assert why_stale(edition) == ""
    publish(edition_of(edition.root, period="2026-Q2"), as_of=date(2026, 6, 30))
    assert why_stale(edition) == "changed: earlier results"
