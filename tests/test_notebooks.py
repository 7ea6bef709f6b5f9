"""The notebooks as they are committed: short, without logic, with the same parameters everywhere."""

import ast
import statistics
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
PARAMETERS = ["account", "period", "as_of", "audience", "confidence", "draws", "seed", "data", "results"]
FORBIDDEN = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With, ast.If)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook):
    return [cell for cell in code_cells(notebook) if "parameters" in cell.metadata.get("tags", [])]


def assignments(source):
    """Return name -> literal of each line of a parameters cell; ValueError for anything but a literal scalar."""
    values = {}
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise ValueError(f"line {statement.lineno} is not `name = literal`")
        value = ast.literal_eval(statement.value)
        if not isinstance(value, (str, int, float)):
            raise ValueError(f"line {statement.lineno} is not a scalar")
        values[statement.targets[0].id] = value
    return values


def logic(source):
    """Return the kinds of statement that belong into the package, not into a cell."""
    return [type(node).__name__ for node in ast.walk(ast.parse(source)) if isinstance(node, FORBIDDEN)]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_the_four_notebooks_are_there():
    assert {"account_plan", "budget_risk", "meeting_brief", "quarterly_business_review"} <= {path.stem for path in NOTEBOOKS}


def test_one_cell_declares_the_same_literal_parameters(notebook):
    (cell,) = tagged(notebook)
    assert list(assignments(cell.source)) == PARAMETERS


def test_the_default_account_is_a_demo_account(notebook):
    values = assignments(tagged(notebook)[0].source)
    assert (ROOT / "data" / values["account"] / "account.yaml").is_file()


def test_cells_hold_no_logic(notebook):
    for cell in code_cells(notebook):
        assert logic(cell.source) == []


def test_cells_are_few_and_short(notebook):
    cells = code_cells(notebook)
    assert len(cells) <= 42
    assert statistics.median(len(cell.source.splitlines()) for cell in cells) <= 4


def test_the_notebook_ends_with_results_and_the_end_mark(notebook):
    last = [cell.source for cell in code_cells(notebook)[-2:]]
    assert "report.results(" in last[0]
    assert last[1].rstrip().endswith("report.end()")


def test_each_section_says_in_words_what_it_answers(notebook):
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") >= 6


def test_no_output_no_execution_count_and_stable_ids(notebook):
    for number, cell in enumerate(notebook.cells):
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert cell.id == f"cell-{number:02d}"


def test_the_editions_are_named_in_the_notebook(notebook):
    assert set(notebook.metadata["acctlib"]["editions"]) <= {"client", "internal"}


@pytest.mark.parametrize("source", ["a = 1 + len('x')", "a = [1]", "import os", "a, b = 1, 2", "a = b = 1"])
def test_the_parameters_guard_fails_on_what_is_no_literal(source):
    with pytest.raises((ValueError, AttributeError)):
        assignments(source)


@pytest.mark.parametrize(
    "source", ["def f(): pass", "for x in y: pass", "try:\n    pass\nexcept E: pass", "if a: b", "with a: b"]
)
def test_the_logic_guard_fails_on_a_bad_cell(source):
    assert logic(source)
