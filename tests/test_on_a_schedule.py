"""The recipes for schedules in the README are tried as they stand, on a small workbook, with no more than a schedule gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import types
from pathlib import Path

import papermill
import pytest
from ruamel.yaml import YAML
from small_workbook import make_workbook
from test_notebooks import PARAMETERS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("\n## On a schedule") : README.index("\n## On a cluster")]
#: What cron gives to a command; a service gets about as little.
BARE = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "reports"}


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)


@pytest.fixture
def root(tmp_path):
    """Return a workbook with an environment at the place where the recipes have it."""
    root = make_workbook(tmp_path / "workbook", editions=("client",))
    (root / ".venv").symlink_to(Path(sysconfig.get_path("scripts")).parent)
    return root


def run_bare(command, root, **variables):
    """Run a command by sh, elsewhere, as a schedule does: no terminal, and hardly any environment."""
    home = root.parent / "home"
    home.mkdir(exist_ok=True)
    command = command.replace("/srv/workbook", str(root))
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=home, env={**BARE, "HOME": str(home), **variables},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def pages(root):
    return sorted(path.relative_to(root / "outputs").as_posix() for path in (root / "outputs").rglob("spend.html"))


def break_account(root):
    (root / "data" / "borealis" / "projects.csv").write_text("project,nme\nsite,Überblick …\n", encoding="utf-8")


def test_cron_s_line_makes_the_pages_and_prints_failures_only(root):
    (text,) = blocks("crontab")
    assert text.endswith("\n")  # else cron passes over the last line
    *settings, line = text.splitlines()
    when, command = " ".join(line.split()[:5]), line.split(maxsplit=5)[5]
    assert when == "0 5 * * 1-5"
    assert "%" not in command  # which would end the command there
    zone = dict(setting.split("=") for setting in settings)["TZ"]
    done = run_bare(command, root, TZ=zone)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(pages(root)) == 2
    break_account(root)
    done = run_bare(command, root, TZ=zone)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("\nborealis:\n  projects.csv: column 'billing_type' is missing")
    assert "Traceback" not in done.stderr
    assert len(pages(root)) == 2


def test_a_service_s_command_makes_the_pages(root):
    service, timer = blocks("ini")
    said = dict(line.split("=", 1) for line in service.splitlines() if "=" in line and not line.startswith("#"))
    done = run_bare(
        f"cd {said['WorkingDirectory']} && exec {said['ExecStart']}", root, TZ=said["Environment"].removeprefix("TZ=")
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^made        aurora \d{4}-Q\d spend \(client\)$", done.stdout, re.MULTILINE)
    assert int(said["SuccessExitStatus"]) == 128 + 15  # what a run that is asked to end answers; test_many_accounts
    assert "Persistent=true" in timer


@pytest.mark.parametrize(("at", "name"), [(0, "acctlib.service"), (1, "acctlib.timer")])
def test_systemd_finds_nothing_wrong_with_the_units(root, tmp_path, at, name):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    units = [unit.replace("/srv/workbook", str(root)) for unit in blocks("ini")]
    for unit, file in zip(units, ("acctlib.service", "acctlib.timer"), strict=True):
        (tmp_path / file).write_text(unit)

    def verified():
        command = ["systemd-analyze", "verify", "--man=no", tmp_path / name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        ours = [line for line in done.stderr.splitlines() if "acctlib." in line or "Failed" in line]
        return done.returncode, ours

    assert verified() == (0, [])
    (tmp_path / name).write_text(re.sub(r"^(Type|Persistent)=", r"\1x=", units[at], flags=re.MULTILINE))
    assert verified()[1]  # it does look


def test_the_build_s_steps_run_and_its_artifact_is_kept_also_when_an_account_failed(root):
    (text,) = blocks("yaml")
    (job,) = YAML(typ="safe").load(text)["jobs"].values()
    *_, before, install, run, save, keep = job["steps"]
    assert install == {"run": "python -m pip install -c constraints.txt -e ."}
    assert "pip install --quiet -c constraints.txt -e .\n" in (ROOT / "Makefile").read_text()  # which every make report runs
    path = f"{sysconfig.get_path('scripts')}:{BARE['PATH']}"
    script = f"cd {root}\nset -e -o pipefail\n{run['run']}\n"  # as a build runs it
    done = run_bare(f"exec bash -c '{script}'", root, PATH=path, CI="true", **job["env"])
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 made, 0 up to date, 0 failed" in done.stdout
    break_account(root)
    assert run_bare(f"exec bash -c '{script}'", root, PATH=path, CI="true", **job["env"]).returncode == 1
    assert save["if"] == keep["if"] == "always()"
    assert before["with"]["path"] == save["with"]["path"] == keep["with"]["path"]
    assert save["with"]["key"].startswith(before["with"]["restore-keys"])
    assert (root / keep["with"]["path"] / "index.html").is_file()


def loaded_dags(monkeypatch, root):
    """Return task -> its arguments, as Airflow's own classes would be given them; and the order of tasks."""
    tasks, order = {}, []

    class Operator:
        def __init__(self, **arguments):
            self.name = arguments["task_id"]
            tasks[self.name] = arguments

        def __rshift__(self, other):
            order.append((self.name, other.name))

    class Dag:
        def __init__(self, dag_id, *, schedule, start_date=None, catchup=False, max_active_runs=16):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    operators = {"airflow.providers.papermill.operators.papermill": "PapermillOperator"}
    operators["airflow.providers.standard.operators.bash"] = "BashOperator"
    modules = {name: types.SimpleNamespace(**{operator: Operator}) for name, operator in operators.items()}
    modules |= {"airflow.sdk": types.SimpleNamespace(DAG=Dag), "pendulum": types.SimpleNamespace(datetime=lambda *_, tz: None)}
    for name in [*modules, *(".".join(name.split(".")[:n]) for name in operators for n in range(1, 5))]:
        monkeypatch.setitem(sys.modules, name, modules.get(name, types.SimpleNamespace()))
    (text,) = blocks("python")
    exec(compile(text.replace("/srv/workbook", str(root)), "dags.py", "exec"), {})
    return tasks, order


def test_airflow_s_tasks_do_what_they_say(root, monkeypatch, tmp_path):
    tasks, order = loaded_dags(monkeypatch, root)
    assert order == [("execute", "page")]
    done = run_bare(f"cd {tasks['run']['cwd']} && {tasks['run']['bash_command']}", root)
    assert (done.returncode, done.stderr) == (0, "")
    execute = tasks["execute"]
    assert Path(execute["input_nb"].replace(str(root), str(ROOT))).is_file()
    assert set(execute["parameters"]) <= set(PARAMETERS)
    # our small notebook in place of theirs, as the operator runs it: with a kernel that finds the workbook by ACCTLIB_HOME
    monkeypatch.setenv("ACCTLIB_HOME", str(root))
    monkeypatch.chdir(tmp_path)
    papermill.execute_notebook(
        root / "notebooks" / "spend.ipynb", execute["output_nb"], parameters={"account": "aurora", "period": "2026-Q3"},
        progress_bar=False, report_mode=True, kernel_name="python3",
    )  # fmt: skip
    done = run_bare(f"cd {tasks['page']['cwd']} && {tasks['page']['bash_command']}", root)
    assert done.returncode == 0, done.stderr
    page = Path(execute["output_nb"]).with_suffix(".html").read_text(encoding="utf-8")
    assert "Agreed fee 64,000" in page


def test_airflow_itself_runs_the_tasks(root, tmp_path):
    airflow = shutil.which("airflow")
    if airflow is None:
        pytest.skip("there is no Airflow on the path")
    (text,) = blocks("python")
    (tmp_path / "dags").mkdir()
    text = text.replace("/srv/workbook", str(root)).replace("budget_risk", "spend").replace("harbour-foods", "aurora")
    (tmp_path / "dags" / "dags.py").write_text(text)
    kernel = [sys.executable, "-m", "ipykernel", "install", "--prefix", tmp_path, "--name", "acctlib"]
    subprocess.run([*kernel, "--env", "ACCTLIB_HOME", root], check=True, capture_output=True)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "JUPYTER_PATH": str(tmp_path / "share" / "jupyter"),
    }
    for command in (["db", "migrate"], ["dags", "test", "reports"], ["dags", "test", "one_notebook"]):
        dags = ["-f", tmp_path / "dags" / "dags.py"] if command[0] == "dags" else []
        done = subprocess.run(
            [airflow, *command, *dags], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert len(pages(root)) == 2
    assert "Agreed fee 64,000" in (root / "outputs" / "aurora.html").read_text(encoding="utf-8")


def test_no_recipe_names_this_machine_or_a_registry():
    assert not re.search(r"/(?:work|home|tmp|root)/|https?://(?!github)", SECTION)
