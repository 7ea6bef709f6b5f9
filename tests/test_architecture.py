"""The picture in the README is true: imports go down only, and the tree lists the files that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

#: From top to bottom; units on one line do not import each other.
LAYERS = (
    {"cli"},
    {"run"},
    {"show", "measures", "outlook", "imports"},
    {"account"},
    {"profile", "audience"},
    {"tables"},
    {"money"},
    {"currencies", "periods", "missing", "places"},
)


def _unit(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def _level(unit: str) -> int:
    return next(level for level, units in enumerate(LAYERS) if unit in units)


def _imported(source: str) -> set[str]:
    """Return the units of acctlib that a file imports, wherever in the file."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            modules |= {f"acctlib.{alias.name}" for alias in node.names} if node.module == "acctlib" else {node.module}
    return {_unit(module) for module in modules if module.startswith("acctlib.")}


def upward(unit: str, source: str) -> set[str]:
    """Return what a file of this unit imports though it must not."""
    return {other for other in _imported(source) - {unit} if _level(other) <= _level(unit)}


def _package_files(root: Path) -> dict[str, Path]:
    folder = root / "acctlib"
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.py"))}


@pytest.mark.parametrize("name", [name for name in _package_files(ROOT) if name != "__init__.py"])
def test_imports_go_down_only(name):
    unit = Path(name).parts[0].removesuffix(".py")
    assert upward(unit, _package_files(ROOT)[name].read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    ("unit", "source", "found"),
    [
        ("tables", "from acctlib.account import Account", {"account"}),
        ("measures", "def f():\n    from acctlib.show import charts", {"show"}),
        ("outlook", "import acctlib.measures.budget", {"measures"}),
        ("periods", "from acctlib import missing", {"missing"}),
        ("run", "if True:\n    from acctlib import cli", {"cli"}),
        ("run", "from acctlib.show.page import render", set()),
    ],
)
def test_an_upward_import_is_noticed(unit, source, found):
    assert upward(unit, source) == found


def files_in_tree(text: str) -> set[str]:
    """Return the files that the fenced block headed ``acctlib/`` names, each with its folder."""
    block = re.search(r"^```\w*\nacctlib/\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert block, "README.md must have a fenced block whose first line is acctlib/"
    files, folders = set(), {0: ""}
    for line in block[1].splitlines():
        depth = len(line) - len(line.lstrip())
        above = folders[max((d for d in folders if d < depth), default=0)]
        if folder := re.match(r"\s*(\w+)/", line):
            folders = {d: name for d, name in folders.items() if d < depth} | {depth: f"{above}{folder[1]}/"}
        else:
            files |= {above + name for name in re.findall(r"\b\w+\.py\b", line)}
    return files


def test_the_tree_in_the_readme_lists_the_files_that_are_there():
    listed = files_in_tree((ROOT / "README.md").read_text(encoding="utf-8"))
    assert listed == {name for name in _package_files(ROOT) if not name.endswith("__init__.py")}


def test_a_tree_that_is_wrong_is_noticed():
    text = "```\nacctlib/\n  cli.py   the commands\n  run/     reports\n    batch.py  gate.py\n  money.py\n```\n"
    assert files_in_tree(text) == {"cli.py", "run/batch.py", "run/gate.py", "money.py"}
    with pytest.raises(AssertionError, match="first line is acctlib/"):
        files_in_tree("no tree")


def test_environment_yml_installs_the_project_with_the_pinned_versions():
    from ruamel.yaml import YAML

    environment = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[lab]"]
    assert [e for e in environment["dependencies"] if isinstance(e, str)] == ["python>=3.11,<3.14", "pip"]


def test_constraints_are_names_and_exact_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in pins)
    assert len(pins) > 100
