"""Folders in a store: only what changed is brought, what was made is sent whole, and the last good report stays there."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import fsspec
import pytest
from conftest import run_command
from dask_cluster import pages, running
from small_workbook import make_workbook

from acctlib.run.mirror import Mirror
from acctlib.run.orders import WrongUse
from acctlib.run.report import ReportFailed
from acctlib.run.results import Edition


@pytest.fixture(scope="module")
def s3():
    """Return the variables with which a store that answers like S3 is found; it holds an empty bucket."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    names = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_DEFAULT_REGION": "us-east-1"}
    yield names | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def store(request, tmp_path, monkeypatch):
    """Return a store and the address of a folder in it, each test its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if request.param == "s3":
        return bucket(request.getfixturevalue("s3"), monkeypatch, tmp_path.name)
    address = f"file://{tmp_path}/store/out" if request.param == "file" else f"memory://{tmp_path.name}/out"
    store = fsspec.filesystem(request.param)
    store.makedirs(address.split("//")[1], exist_ok=True)
    return store, address


def bucket(variables, monkeypatch, name):
    for each, value in variables.items():
        monkeypatch.setenv(each, value)
    store = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
    name = name.replace("_", "-").strip("-").lower()[-40:].strip("-")
    if not store.exists(name):
        store.mkdir(name)
    return store, f"s3://{name}/out"


def put(store, address, name, content):
    place = f"{address.split('//')[1]}/{name}"
    if "file" in store.protocol:
        store.makedirs(place.rpartition("/")[0], exist_ok=True)
    store.pipe_file(place, content)


def held(store, address):
    store.invalidate_cache()
    root = address.split("//")[1]
    return {path.split(root.strip("/") + "/", 1)[1]: store.cat_file(path) for path in store.find(root)}


def looks(folder):
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def write(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


def test_only_what_changed_is_brought_and_what_is_gone_there_goes_here(store):
    fs, address = store
    for name in ("aurora/a.csv", "aurora/deep/b.csv", "firm/c.csv", "borealis/d.csv"):
        put(fs, address, name, name.encode())
    folder = Mirror(address).bring()
    before = looks(folder)
    assert set(before) == {"aurora/a.csv", "aurora/deep/b.csv", "firm/c.csv", "borealis/d.csv"}
    assert (folder / "aurora/deep/b.csv").read_bytes() == b"aurora/deep/b.csv"
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    put(fs, address, "aurora/a.csv", b"another")
    fs.rm_file(f"{address.split('//')[1]}/firm/c.csv")
    assert Mirror(address).bring() == folder
    after = looks(folder)
    assert (folder / "aurora/a.csv").read_bytes() == b"another"
    assert {name for name in before if before[name] != after.get(name)} == {"aurora/a.csv", "firm/c.csv"}
    assert "firm/c.csv" not in after


def test_parts_are_brought_without_the_rest(store):
    fs, address = store
    for name in ("aurora/a.csv", "firm/tables.sqlite", "firm/c.csv", "borealis/d.csv", "aurora-2/e.csv"):
        put(fs, address, name, b"x")
    folder = Mirror(address).bring("aurora", "firm", without=".sqlite")
    assert set(looks(folder)) == {"aurora/a.csv", "firm/c.csv"}
    Mirror(address).bring()
    assert len(looks(Mirror(address).bring("aurora"))) == 5  # what lies elsewhere stays


def test_what_was_made_here_is_sent_once_and_not_brought_again(store):
    fs, address = store
    mirror = Mirror(address)
    folder = mirror.bring()
    for name in ("index.html", "client/a/2026-Q3/spend.html", "client/a/2026-Q3/spend.json", ".lock", ".tmp/x", "y.tmp"):
        write(folder, name, name.encode())
    assert [path.name for path in mirror.unsent()] == ["spend.html", "spend.json", "index.html"]
    mirror.send_unsent()
    assert set(held(fs, address)) == {"index.html", "client/a/2026-Q3/spend.html", "client/a/2026-Q3/spend.json"}
    assert mirror.unsent() == []
    before = looks(folder)
    Mirror(address).bring()
    assert looks(folder) == before
    write(folder, "index.html", b"later")
    assert [path.name for path in Mirror(address).unsent()] == ["index.html"]


def test_what_was_not_sent_stays_and_what_another_machine_changed_wins(store):
    fs, address = store
    put(fs, address, "a", b"old")
    put(fs, address, "b", b"old")
    folder = Mirror(address).bring()
    write(folder, "a", b"made here")
    write(folder, "b", b"made here")
    put(fs, address, "b", b"made elsewhere")
    fs.rm_file(f"{address.split('//')[1]}/a")
    Mirror(address).bring()
    assert ((folder / "a").read_bytes(), (folder / "b").read_bytes()) == (b"made here", b"made elsewhere")
    assert Mirror(address).unsent() == [folder / "a"]


@pytest.mark.parametrize("at", [0, 1])
def test_a_send_that_fails_is_a_sentence_leaves_the_last_good_page_and_is_repeated(store, monkeypatch, at):
    fs, address = store
    mirror = Mirror(address)
    folder = mirror.bring()
    report = Edition(folder, Path("spend.ipynb"), {"account": "a", "period": "2026-Q3", "audience": "client"}, folder)
    for content in (b"old", b"new"):
        write(folder, "client/a/2026-Q3/spend.html", content + b" page")
        write(folder, "client/a/2026-Q3/spend.json", content + b" figures")
        if content == b"old":
            mirror.send_report(report)
    true, calls = mirror._store.put_file, []

    def broken(*arguments, **options):
        calls.append(arguments)
        if len(calls) == at + 1:
            raise RuntimeError("the line is cut\nby a digger")
        return true(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(mirror._store, "put_file", broken)
        with pytest.raises(ReportFailed, match=r"made but not sent: .* could not be written: the line is cut; the next run"):
            mirror.send_report(report)
    expected = {"spend.html": b"new page" if at else b"old page", "spend.json": b"old figures"}
    assert {name.rpartition("/")[2]: content for name, content in held(fs, address).items()} == expected
    again = Mirror(address)
    again.bring()
    assert len(again.unsent()) == 2 - at
    again.send_unsent()
    assert {*held(fs, address).values()} == {b"new page", b"new figures"}


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("s3://no-such-bucket/data", "can't be read"),
        ("nonsense://x/y", "must be an address"),
        ("gs://x/y", "library that is missing"),
    ],
)
def test_a_store_that_can_t_be_used_is_a_sentence(address, says, s3, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    bucket(s3, monkeypatch, "there")
    with pytest.raises(WrongUse, match=says):
        Mirror(address).bring("aurora")


def test_runs_from_a_store_give_the_same_bytes_here_and_from_a_cluster(tmp_path, s3, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = make_workbook(tmp_path / "workbook", editions=("client",))
    fs, out = bucket(s3, monkeypatch, "accounts")
    data, parameters = "s3://accounts/data", "s3://accounts/parameters"
    assert run_command("acctlib", "run", cwd=root).returncode == 0
    right = pages(root)
    fs.put(f"{root}/data", "accounts/data", recursive=True)
    fs.put(f"{root}/parameters", "accounts/parameters", recursive=True)
    shutil.rmtree(root / "outputs")
    for folder in (root / "data", root / "parameters"):
        shutil.rmtree(folder)
    (root / "parameters").mkdir()
    places = "--data", data, "--parameters", parameters, "--out", out
    done = run_command("acctlib", "run", *places, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(f"Open {out}/index.html\n")
    assert held(fs, out) == right
    assert "up to date" in run_command("acctlib", "status", *places, cwd=root).stdout
    assert "no problem" in run_command("acctlib", "check", *places, cwd=root).stdout
    fs.rm(out, recursive=True)
    with running(tmp_path / "cluster", workers=1) as cluster:
        done = run_command("acctlib", "run", "--cluster", cluster.address, *places, cwd=root)
        assert (done.returncode, done.stderr) == (0, "")
        assert held(fs, out) == right
    for command in (("watch", "aurora"), ("new", "corona")):
        refused = run_command("acctlib", *command, "--data", data, cwd=root)
        assert refused.returncode == 2
        assert "this command must have folders of this machine" in refused.stderr


def test_an_address_with_a_password_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(WrongUse, match="an address must hold no password") as refused:
        Mirror("sftp://reports:hunter2@10.0.0.5/out", tmp_path)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(("data", "out"), [("x", "x/out"), ("x/data", "x"), ("x", "x")])
def test_reports_have_an_address_apart_from_the_data(tmp_path, data, out):
    places = [f"memory://{place}" for place in (data, out)]
    refused = run_command("acctlib", "run", "--data", places[0], "--out", places[1], cwd=make_workbook(tmp_path))
    assert refused.returncode == 2
    assert f"--out must be an address of its own, apart from {places[0]}" in refused.stderr
