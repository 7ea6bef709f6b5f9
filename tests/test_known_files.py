"""What is remembered of files saves reading and decides nothing: with it and without it everything comes out the same."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from small_workbook import make_workbook

from acctlib.places import RESTED
from acctlib.profile import read_profile, read_yaml
from acctlib.run import known_files
from acctlib.run.known_files import KNOWN, KnownFiles, sha_of
from acctlib.run.orders import Workbook, names_of_accounts, plan

LONG_AGO = 1_700_000_000_000_000_000


@pytest.fixture
def clock(monkeypatch):
    """Let an hour pass before every look, so that files count as rested."""
    monkeypatch.setattr(known_files.time, "time_ns", lambda: 2**62)


@pytest.fixture
def reads(monkeypatch):
    """Return the names of the files that are read whole, as they are read."""
    noted = []
    whole = Path.read_bytes

    def read(path):
        noted.append(path.name)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    return noted


def write(path, text):
    path.write_text(text)
    return path


def test_names_that_are_not_utf_8_have_a_fingerprint():
    assert sha_of("caf\udce9") != sha_of("caf")


def test_a_file_that_did_not_change_is_read_once_also_by_the_next_run(tmp_path, clock, reads):
    file, kept = write(tmp_path / "a.csv", "one"), tmp_path / KNOWN
    first = KnownFiles(kept)
    assert first.sha(file) == first.sha(file) == sha_of("one")
    first.save()
    assert KnownFiles(kept).sha(file) == sha_of("one")
    assert reads == ["a.csv"]


def _same_size_and_time(file):
    then = file.stat()
    file.write_text("two")
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))


def _replaced_with_its_times(file):
    other = write(file.with_name("other"), "two")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    other.replace(file)


@pytest.mark.parametrize("change", [lambda file: file.write_text("two"), _same_size_and_time, _replaced_with_its_times])
def test_a_change_is_seen_even_where_size_and_time_are_put_back(tmp_path, clock, change):
    file = write(tmp_path / "a.csv", "one")
    known = KnownFiles()
    assert known.sha(file) == sha_of("one")
    change(file)
    assert known.sha(file) == sha_of("two")


def test_a_file_that_was_young_when_it_was_read_is_read_again(tmp_path, monkeypatch, reads):
    """Two writes within a tick of the file system's clock leave the same time."""
    file = write(tmp_path / "a.csv", "one")
    changed = max(file.stat().st_mtime_ns, file.stat().st_ctime_ns)
    known = KnownFiles()
    for now, expected in ((changed, 1), (changed + RESTED, 2), (changed - 10**12, 3), (changed + 10**12, 4)):
        monkeypatch.setattr(known_files.time, "time_ns", lambda now=now: now)
        known.sha(file)
        assert len(reads) == expected
    known.sha(file)
    assert len(reads) == 4  # now it had rested


def test_a_file_that_is_written_while_it_is_read_is_not_remembered(tmp_path, clock, monkeypatch, reads):
    file = write(tmp_path / "a.csv", "one")
    known, whole = KnownFiles(), Path.read_bytes

    def slow(path):
        content = whole(path)
        path.write_text("three")
        return content

    monkeypatch.setattr(Path, "read_bytes", slow)
    assert known.sha(file) == sha_of("one")
    monkeypatch.setattr(Path, "read_bytes", whole)
    assert known.sha(file) == sha_of("three")


def test_a_value_is_made_again_when_the_content_or_the_code_changed(tmp_path, clock):
    file, kept, made = write(tmp_path / "a.yaml", "one"), tmp_path / KNOWN, []

    def make(path):
        made.append(path.read_text())
        return made[-1]

    for code, text in (("1", "one"), ("1", "one"), ("1", "two"), ("2", "two"), ("2", "two")):
        if file.read_text() != text:
            file.write_text(text)
        known = KnownFiles(kept, code)
        assert known.value(file, "text", make) == text
        known.save()
    assert made == ["one", "two", "two"]


def test_a_value_made_of_another_content_than_was_fingerprinted_is_not_remembered(tmp_path, clock):
    file, known = write(tmp_path / "a.yaml", "one"), KnownFiles()

    def make(path):
        path.write_text("two")
        return path.read_text()

    assert known.value(file, "text", make) == "two"
    file.write_text("one")
    assert known.value(file, "text", lambda path: path.read_text()) == "one"


def test_an_error_is_not_remembered(tmp_path, clock):
    file, known = write(tmp_path / "a.yaml", "a: 1\na: 2\n"), KnownFiles()
    for _ in range(2):
        with pytest.raises(ValueError, match=r"a\.yaml:2"):
            known.yaml(file)
    with pytest.raises(ValueError, match=r"b\.yaml must exist"):
        known.yaml(tmp_path / "b.yaml")


@pytest.mark.parametrize(
    "text",
    ["", "[1", "[]", '{"files": 1, "values": 2}', '{"files": {"x": 1}, "values": {"y": 2}, "code": ""}', "\xff", "[" * 10**5],
)
def test_what_can_not_be_read_counts_as_nothing(tmp_path, clock, text):
    kept, file = tmp_path / KNOWN, write(tmp_path / "a.yaml", "a: 1\n")
    kept.write_bytes(text.encode("latin-1"))
    assert KnownFiles(kept).yaml(file) == read_yaml(file)


@pytest.mark.parametrize("entry", [None, 1, [], [1, 2], ["x"] * 5, {"a": 1}])
def test_an_entry_that_can_not_be_read_counts_as_nothing(tmp_path, clock, entry):
    kept, file = tmp_path / KNOWN, write(tmp_path / "a.yaml", "a: 1\n")
    said = {"code": "", "files": {str(tmp_path): {"a.yaml": entry}}, "values": {"yaml": {str(file): entry}}}
    kept.write_text(json.dumps(said))
    assert KnownFiles(kept).yaml(file) == read_yaml(file)


def test_it_is_written_whole_only_where_something_is_new_and_forgets_what_is_gone(tmp_path, clock):
    kept, file, gone = tmp_path / KNOWN, write(tmp_path / "a.csv", "one"), write(tmp_path / "b.csv", "two")
    known = KnownFiles(kept)
    known.sha(file), known.sha(gone)
    known.save()
    before = kept.stat().st_mtime_ns
    again = KnownFiles(kept)
    again.sha(file)
    again.save()
    assert kept.stat().st_mtime_ns == before
    gone.unlink()
    again.sha(write(tmp_path / "c.csv", "three"))
    again.save()
    assert set(json.loads(kept.read_text())["files"][str(tmp_path)]) == {"a.csv", "c.csv"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [KNOWN, "a.csv", "c.csv"]


def test_a_folder_that_can_not_be_written_costs_time_only(tmp_path, clock):
    file = write(tmp_path / "a.csv", "one")
    known = KnownFiles(tmp_path / "absent" / KNOWN)
    assert known.sha(file) == sha_of("one")
    known.save()
    assert not (tmp_path / "absent").exists()


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**25), 10**25), st.floats(), st.text(max_size=8), st.dates(),
    st.sampled_from(["no", "1e3", "12:30:00", "0x1f", "~", "2026-09-30", "on", ".inf", "1_000", "é", "\u2028"]),
)  # fmt: skip
contents = st.dictionaries(
    st.one_of(st.text("abc_é1", min_size=1, max_size=5), st.integers(0, 9), st.sampled_from(["no", "1.5"])),
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner)),
    max_size=5,
)
lines = st.lists(
    st.sampled_from(
        ["a: 1", "b: 'x'", "c: !!set {x}", "d: [1, 2.5, yes]", "e: 2026-09-30", "f: !!binary aGk=", "g: .nan", "h: !x y",
         "i: !!omap [k: 1]", "j:", "k: {l: 1e400}", "m: 0o17", "n: |", "  text", "a: 2", "- x", "o: &p 1", "q: *p", "---"]
    ),
    max_size=6,
)  # fmt: skip


def outcome(read, path):
    """Return what reading a file gives, with the type of every part, or the error."""
    try:
        content, places = read(path)
    except ValueError as error:
        return type(error), str(error)
    return _typed(content), places


def _typed(value):
    if isinstance(value, dict):
        return type(value), [(type(key), key, _typed(inner)) for key, inner in value.items()]
    if isinstance(value, (list, set)):
        return type(value), [_typed(inner) for inner in value]
    return type(value), repr(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(contents, lines))
def test_yaml_that_is_remembered_is_what_would_be_read(tmp_path, clock, content):
    file, kept = tmp_path / "a.yaml", tmp_path / KNOWN
    kept.unlink(missing_ok=True)
    if isinstance(content, list):
        file.write_text("\n".join(content), encoding="utf-8")
    else:
        with file.open("w", encoding="utf-8") as stream:
            YAML().dump(content, stream)
    expected = outcome(read_yaml, file)
    for _ in range(3):
        known = KnownFiles(kept)
        first = outcome(known.yaml, file)
        assert first == outcome(known.yaml, file) == expected
        known.save()


changes = st.lists(
    st.tuples(
        st.sampled_from(["parameters/aurora.yaml", "data/aurora/account.yaml", "data/borealis/account.yaml"]),
        st.sampled_from(["seed: 2\n", "name: Other\n", "fiscal_year_start: 4\n", "aliases: [AB]\n", "", "x", None]),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes)
def test_plans_and_names_are_those_without_memory_whatever_was_edited(tmp_path_factory, clock, edits):
    root = make_workbook(tmp_path_factory.mktemp("book"))
    book = Workbook(root, root / "data", root / "parameters", root / "outputs")
    book.out.mkdir()
    said = {"period": "latest", "as_of": "2026-09-30"}
    for place, text in [("", ""), *edits]:
        if text is None:
            (root / place).unlink(missing_ok=True)
        elif place:
            with (root / place).open("a") as file:
                file.write(text)
        known = KnownFiles(book.out / KNOWN)
        for known_or_none in (known, known):
            assert plan(book, said=said, known=known_or_none) == plan(book, said=said)
            assert names_of_accounts(book.data, known_or_none) == names_of_accounts(book.data)
        known.save()
    shutil.rmtree(root)


def test_what_a_caller_does_to_a_parsed_file_stays_with_him(tmp_path, clock):
    file, known = write(tmp_path / "account.yaml", "name: A\ncurrency: GBP\naliases: [x]\n"), KnownFiles()
    content, _ = known.yaml(file)
    content["aliases"].append("y")
    content["name"] = "B"
    assert read_profile(file, known.yaml) == read_profile(file)
