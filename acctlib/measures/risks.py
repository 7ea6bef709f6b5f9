"""Risks and their responses as a page tells them: in the words of the register, the weightiest first.

A forecast knows its drivers by short names; a reader knows them by what may happen, so each is given the register's words.
What goes to a client is marked for the client in the register, in either edition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from acctlib.measures.undefined import some
from acctlib.missing import Missing, requires
from acctlib.money import rounded_to_foot

__all__ = [
    "largest_risks",
    "margin_ranges",
    "named",
    "response_steps",
    "response_table",
    "shared_out",
    "shared_risks",
    "swings",
    "visible_risks",
]


@requires(risks="risk description status?")
def visible_risks(risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the risks that are open, as this audience sees them; what has occurred is no risk any more.

    >>> register = pd.DataFrame({"risk": ["a", "b"], "description": ["x", "y"], "status": ["closed", "open"]})
    >>> visible_risks(register)["risk"].tolist()
    ['b']
    """
    return some(risks[risks["status"].fillna("open") == "open"], "no risk is open")


@requires(risks="risk description status? probability? likely?")
def largest_risks(risks: pd.DataFrame | Missing, most: int = 3) -> pd.DataFrame | Missing:
    """Return the open risks that weigh most, chance times likely amount; those without an amount come after them, by chance.

    >>> register = pd.DataFrame({"risk": ["a", "b", "c"], "description": "…", "probability": [0.9, 0.1, 0.5],
    ...                          "likely": [None, 50e3, 9e3]})
    >>> largest_risks(register)["risk"].tolist()
    ['b', 'c', 'a']
    """
    rows = visible_risks(risks)
    if isinstance(rows, Missing):
        return rows
    chance = rows["probability"].astype(float)
    rows = rows.assign(_weight=chance * rows["likely"].astype(float), _chance=chance)
    ordered = rows.sort_values(["_weight", "_chance"], ascending=False, na_position="last", kind="stable", ignore_index=True)
    return ordered.drop(columns=["_weight", "_chance"]).head(most)


@requires(risks="risk description status? client_visible")
def shared_risks(risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the open risks that are marked for the client, in either edition.

    >>> register = pd.DataFrame({"risk": ["a", "b"], "description": ["x", "y"], "client_visible": [True, False]})
    >>> shared_risks(register)["risk"].tolist()
    ['a']
    """
    open_risks = visible_risks(risks)
    if isinstance(open_risks, Missing):
        return Missing("no open risk is shared")
    return some(open_risks[open_risks["client_visible"].fillna(False).astype(bool)], "no open risk is shared")


@requires(drivers="driver kind low high share")
def named(
    drivers: pd.DataFrame | Missing, risks: pd.DataFrame | Missing, scope: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return drivers of a forecast with a risk by its description, and a task with its project where there are several.

    What a project shares is "the project as a whole"; a task that is known by a bare number is called "task 7".

    >>> moved = pd.DataFrame({"driver": ["R1", "7368"], "kind": ["risk", "line"], "low": 1.0, "high": 2.0, "share": 0.5})
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"]})
    >>> named(moved, register, Missing("there is one"))["driver"].tolist()
    ['Late content', 'task 7368']
    """
    # A bare number reads as a figure in a sentence.
    bare = (drivers["kind"] != "risk") & drivers["driver"].astype("str").str.isdigit()
    drivers = drivers.assign(driver=drivers["driver"].where(~bare, "task " + drivers["driver"].astype("str")))
    if not isinstance(scope, Missing) and "project" in drivers.columns:
        project = drivers["project"].map(scope.set_index("project")["name"])
        whole, task = (drivers["kind"] == "project") & project.notna(), (drivers["kind"] == "line") & project.notna()
        said = drivers["driver"].where(~whole, project.fillna("") + " as a whole")
        drivers = drivers.assign(driver=said.where(~(task & (len(scope) > 1)), said + ", " + project.fillna("")))
    if isinstance(risks, Missing):
        return drivers
    told = drivers["driver"].map(dict(zip(risks["risk"], risks["description"], strict=True)))
    return drivers.assign(driver=drivers["driver"].where((drivers["kind"] != "risk") | told.isna(), told))


@requires(parts="driver share amount")
def shared_out(parts: pd.DataFrame | Missing, most: int = 10) -> pd.DataFrame | Missing:
    """Return the largest parts of an amount and all others as one row, in whole units that foot to the whole.

    >>> parts = {"driver": ["a", "b", "c"], "kind": "line", "share": [0.5, 0.3, 0.2], "amount": [50.4, 30.3, 20.3]}
    >>> shared_out(pd.DataFrame(parts), most=1)[["driver", "amount"]].values.tolist()
    [['a', 50.0], ['all 2 others', 51.0]]
    """
    shown, rest = parts.head(most), parts.iloc[most:]
    if len(rest):
        others = {"driver": f"all {len(rest)} others", "share": rest["share"].sum(), "amount": rest["amount"].sum()}
        shown = pd.concat([shown, pd.DataFrame([others])], ignore_index=True)
    return shown.assign(amount=rounded_to_foot(shown["amount"]))


@requires(drivers="driver low high")
def swings(drivers: pd.DataFrame | Missing, most: int = 10) -> pd.DataFrame | Missing:
    """Return the ends of the total that the strongest drivers swing it to, the widest first: driver, low, high.

    >>> moved = pd.DataFrame({"driver": ["Build"], "kind": ["line"], "low": [1.0], "high": [2.0], "share": [1.0]})
    >>> swings(moved).values.tolist()
    [['Build', 1.0, 2.0]]
    """
    strongest = drivers.head(most)
    width = (strongest["high"] - strongest["low"]).abs()
    return strongest.loc[width.sort_values(ascending=False, kind="stable").index, ["driver", "low", "high"]].reset_index(
        drop=True
    )


def response_table(taken: Any, risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return what each response brings, with its risk and the response in words; `chosen` says take or leave.

    >>> from types import SimpleNamespace
    >>> taken = SimpleNamespace(table=pd.DataFrame({"risk": ["R1"], "chosen": [True]}))
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"], "response": ["An editor"]})
    >>> response_table(taken, register)[["description", "response", "chosen"]].values.tolist()
    [['Late content', 'An editor', 'take']]
    """
    if isinstance(taken, Missing) or isinstance(risks, Missing):
        return taken if isinstance(taken, Missing) else risks
    register = risks.drop_duplicates("risk", keep="last").set_index("risk").reindex(taken.table["risk"])
    words = {name: register[name].fillna("").to_numpy() for name in ("description", "response") if name in register.columns}
    return taken.table.assign(**words, chosen=np.where(taken.table["chosen"], "take", "leave"))


def response_steps(taken: Any, risks: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the way from today's percentile to the one after the chosen responses: step (in words), amount.

    >>> from types import SimpleNamespace
    >>> taken = SimpleNamespace(steps=pd.DataFrame({"step": ["today", "R1", "after"], "amount": [9.0, -2.0, 7.0]}))
    >>> register = pd.DataFrame({"risk": ["R1"], "description": ["Late content"], "response": ["An editor"]})
    >>> response_steps(taken, register)["step"].tolist()
    ['today', 'An editor', 'after']
    """
    if isinstance(taken, Missing) or isinstance(risks, Missing):
        return taken if isinstance(taken, Missing) else risks
    if len(taken.steps) == 2:
        return Missing("no response is worth its money")
    said = risks.drop_duplicates("risk", keep="last").set_index("risk")
    said = said["response"].fillna(said["description"]) if "response" in said.columns else said["description"]
    return taken.steps.assign(step=taken.steps["step"].map(said).fillna(taken.steps["step"]))


@requires(margins="name low margin high")
def margin_ranges(margins: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the margins of the projects as a chart wants them: label, low, value, high.

    >>> margin_ranges(pd.DataFrame({"name": ["Portal"], "low": [-5.0], "margin": [10.0], "high": [20.0]})).values.tolist()
    [['Portal', -5.0, 10.0, 20.0]]
    """
    known = margins.dropna(subset=["margin"]).rename(columns={"name": "label", "margin": "value"})
    return some(known[["label", "low", "value", "high"]], "the margin of no project is known")
