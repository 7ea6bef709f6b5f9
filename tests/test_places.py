"""The workbook is found upward from the working directory, or where ACCTLIB_HOME says."""

from __future__ import annotations

import pytest

from acctlib.places import from_root, workbook_root


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.delenv("ACCTLIB_HOME", raising=False)
    root = tmp_path / "workbook"
    for name in ("notebooks", "parameters", "data/aurora"):
        (root / name).mkdir(parents=True)
    return root


def test_the_root_is_found_from_every_folder_below_it(root):
    assert workbook_root(root) == workbook_root(root / "notebooks") == workbook_root(root / "data" / "aurora") == root.resolve()


def test_there_is_no_root_where_a_folder_is_missing(root):
    assert workbook_root(root.parent) is None
    (root / "parameters").rmdir()
    assert workbook_root(root) is None


def test_the_environment_wins(root, tmp_path, monkeypatch):
    monkeypatch.setenv("ACCTLIB_HOME", str(root))
    assert workbook_root(tmp_path) == root.resolve()
    monkeypatch.setenv("ACCTLIB_HOME", str(tmp_path))
    assert workbook_root(root) is None


def test_a_parameter_means_the_same_folder_from_everywhere(root, tmp_path, monkeypatch):
    for folder in (root, root / "notebooks"):
        monkeypatch.chdir(folder)
        assert from_root("data") == root.resolve() / "data"
        assert from_root(tmp_path) == tmp_path
    monkeypatch.chdir(tmp_path)
    assert from_root("data").as_posix() == "data"
