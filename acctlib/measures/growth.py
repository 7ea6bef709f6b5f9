"""Growth: how the income of one period becomes that of another, and on how few parts it hangs.

Growth that repeats and growth that must be sold again are two things. Recurring is what is earned under a contract of kind
retainer or licence, and on a project without a contract that is billed as a retainer; it is followed by contract, so that a
renewed retainer is the same one. All else is project work, followed by project: it ends by design, so its end is no churn.
What was earned on media and other purchases moves with the client's budgets and has a step of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from acctlib.measures.contracts import Retention, contract_terms
from acctlib.measures.revenue import concentration, incomes_by_project
from acctlib.measures.undefined import NOT_STATED, complete, ratio
from acctlib.missing import Missing, requires
from acctlib.periods import Quarter
from acctlib.tables.dictionary import RECURRING

__all__ = [
    "agi_share",
    "concentrations",
    "earned_or_invoiced",
    "earned_retention",
    "income_by",
    "income_of",
    "revenue_bridge",
    "steps_that_moved",
]

_EARNED = "project fees pass_through"
#: The steps between two periods, each with whether it is recurring, and what it counts.
_STEPS = ("expansion", "contraction", "churn", "new contracts", "new projects", "running projects", "ended projects")


def income_of(periods: Sequence[Quarter], *books: pd.DataFrame | Missing | object) -> pd.DataFrame | Missing:
    """Return the income of several quarters by project, one below the other.

    Parameters
    ----------
    periods : sequence of Quarter
    *books
        As `revenue.income_by_project` takes them after the period.

    Returns
    -------
    DataFrame or Missing
        As from `revenue.income_by_project`; the first `Missing` where a quarter is not known.

    Examples
    --------
    >>> income_of([Quarter(2026, 3)], *[Missing("no projects")] * 6, None).reason
    'no projects'
    """
    parts = incomes_by_project(periods, *books)
    unknown = [part for part in parts if isinstance(part, Missing)]
    return unknown[0] if unknown else pd.concat(parts, ignore_index=True)


@requires(before=_EARNED, after=_EARNED, projects="project")
def revenue_bridge(
    before: pd.DataFrame | Missing,
    after: pd.DataFrame | Missing,
    projects: pd.DataFrame | Missing,
    contracts: pd.DataFrame | Missing,
    labels: tuple[str, str] = ("before", "after"),
) -> pd.DataFrame | Missing:
    """Return the steps from the income of one period to that of another.

    Parameters
    ----------
    before, after : DataFrame
        As from `revenue.income_by_project`: fees, and what was earned on purchases. Rows of one project are added up, so that
        the quarters of a year may be put below each other.
    projects, contracts : DataFrame or Missing
        Say what is recurring. Without contracts it is what is billed as a retainer.
    labels : (str, str)
        What the two periods are called.

    Returns
    -------
    DataFrame or Missing
        `step`, `amount` (account currency, in hundredths; plus = growth) and `made_of` (the contracts or projects behind it).
        From the first row to the last: the earlier total; expansion, contraction and churn of recurring contracts (more,
        less and nothing any more); new contracts; new, running and ended projects; pass-through; the later total. The
        steps sum to it exactly in hundredths. `Missing` where fees of a project are not known.

    Examples
    --------
    The retainer grew by 5 000, one project ended and a larger one began:

    >>> projects = pd.DataFrame({"project": ["care", "site", "app"], "billing_type": ["retainer", "fixed_fee", "fixed_fee"]})
    >>> then = projects.assign(fees=[30e3, 20e3, 0.0], pass_through=0.0)
    >>> now = projects.assign(fees=[35e3, 0.0, 26e3], pass_through=[1e3, 0.0, 0.0])
    >>> steps = revenue_bridge(then, now, projects, Missing("none"), ("Q2", "Q3"))
    >>> steps[steps["amount"] != 0][["step", "amount"]].values.tolist()  # doctest: +NORMALIZE_WHITESPACE
    [['Q2', 50000.0], ['expansion', 5000.0], ['new projects', 26000.0], ['ended projects', -20000.0],
     ['pass-through', 1000.0], ['Q3', 62000.0]]
    """
    parts = _parts(before, after, projects, contracts)
    if isinstance(parts, Missing):
        return parts
    bought = [_cents(frame["pass_through"].fillna(0.0)) for frame in (before, after)]
    moved = parts["after"] - parts["before"]
    start, end = (int(parts[side].sum() + sums.sum()) for side, sums in zip(("before", "after"), bought, strict=True))
    steps = [(labels[0], start, "")]
    steps += [(step, int(moved[own].sum()), _listed(parts.index[own])) for step in _STEPS for own in [parts["step"] == step]]
    steps += [("pass-through", int(bought[1].sum() - bought[0].sum()), ""), (labels[1], end, "")]
    frame = pd.DataFrame(steps, columns=["step", "amount", "made_of"])
    return frame.assign(amount=frame["amount"] / 100, made_of=frame["made_of"].mask(frame["made_of"] == "").astype("str"))


@requires(before=_EARNED, after=_EARNED, projects="project")
def earned_retention(
    before: pd.DataFrame | Missing,
    after: pd.DataFrame | Missing,
    projects: pd.DataFrame | Missing,
    contracts: pd.DataFrame | Missing,
) -> Retention | Missing:
    """Return how the recurring fees earned in one period moved to another: its `gross` is GRR, its `net` NRR.

    `contracts.retention` compares what is signed on two days; this compares what was earned. GRR can't exceed 1.

    Parameters
    ----------
    before, after, projects, contracts
        As for `revenue_bridge`.

    Returns
    -------
    Retention or Missing
        Amounts of the periods, not of a year. `Missing` where more was credited than earned under a contract: such a base
        has no share that was kept.

    Examples
    --------
    >>> projects = pd.DataFrame({"project": ["care", "help"], "billing_type": "retainer"})
    >>> then, now = (projects.assign(fees=fees, pass_through=0.0) for fees in ([30e3, 10e3], [36e3, 5e3]))
    >>> kept = earned_retention(then, now, projects, Missing("none"))
    >>> kept.gross, kept.net
    (0.875, 1.025)
    """
    parts = _parts(before, after, projects, contracts)
    if isinstance(parts, Missing):
        return parts
    recurring = parts[parts["recurring"]]
    credited = recurring.index[(recurring[["before", "after"]] < 0).any(axis=1)]
    if len(credited):
        return Missing(f"more was credited than earned under {_listed(credited)}")
    moved = (recurring["after"] - recurring["before"]) / 100
    by_step = {step: float(moved[recurring["step"] == step].sum()) for step in _STEPS[:4]}
    return Retention(
        start=float(recurring["before"].sum() / 100),
        expansion=by_step["expansion"],
        contraction=0.0 - by_step["contraction"],
        churn=0.0 - by_step["churn"],
        new=by_step["new contracts"],
    )


def _parts(
    before: pd.DataFrame, after: pd.DataFrame, projects: pd.DataFrame, contracts: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return each recurring contract and each project with its fees, in hundredths, and the step it belongs to."""
    unknown = sorted({str(name) for frame in (before, after) for name in frame.loc[frame["fees"].isna(), "project"]})
    if unknown:
        return Missing(f"fees of {_listed(unknown)} are not known")
    known = complete(projects, "projects", "contract billing_type").drop_duplicates("project").set_index("project")
    kinds = {} if isinstance(contracts, Missing) else contract_terms(contracts).groupby("contract")["kind"].last()
    kind = known["contract"].map(kinds)
    recurring = kind.isin(RECURRING) | (kind.isna() & (known["billing_type"] == "retainer"))
    followed = known["contract"].where(recurring & known["contract"].notna()).fillna(known.index.to_series())

    def fees(frame: pd.DataFrame) -> pd.Series:
        return _cents(frame["fees"]).groupby(frame["project"].map(followed).fillna(frame["project"])).sum()

    parts = pd.concat({"before": fees(before), "after": fees(after)}, axis=1).fillna(0).astype("int64").sort_index()
    parts["recurring"] = parts.index.isin(followed[recurring])
    moved, began = parts["after"] - parts["before"], parts["before"] == 0
    ended = (parts["after"] <= 0) & (moved < 0)
    by_contract = np.select([began & (moved > 0), moved > 0, ended], ["new contracts", "expansion", "churn"], "contraction")
    by_project = np.select([began, ended], ["new projects", "ended projects"], "running projects")
    return parts.assign(step=np.where(moved == 0, "", np.where(parts["recurring"], by_contract, by_project)))


def _cents(amounts: pd.Series) -> pd.Series:
    return (amounts.astype(float) * 100).round().astype("int64")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, names))


def earned_or_invoiced(income: pd.DataFrame | Missing, invoiced: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return the fees of each period: earned, or where that is not known, invoiced.

    Parameters
    ----------
    income : DataFrame or Missing
        As from `revenue.income_by_period`: period, ends, fees.
    invoiced : DataFrame or Missing
        As from `receivables.invoiced_by_period` of the same periods: period, ends, fees.

    Returns
    -------
    DataFrame or Missing
        `period`, `ends`, `fees`, `basis` ("earned", "invoiced; what was earned is not known").

    Examples
    --------
    >>> income = pd.DataFrame({"period": ["2026-Q3"], "ends": pd.to_datetime(["2026-09-30"]), "fees": [None]})
    >>> earned_or_invoiced(income, income.assign(fees=12e3))[["fees", "basis"]].values.tolist()
    [[12000.0, 'invoiced; what was earned is not known']]
    """
    if isinstance(income, Missing) and isinstance(invoiced, Missing):
        return income
    kept = invoiced if isinstance(income, Missing) else income
    fees = kept["fees"].astype(float).to_numpy()
    if isinstance(income, Missing):
        unknown = np.full(len(kept), True)
    else:
        unknown = np.isnan(fees)
        if not isinstance(invoiced, Missing):
            by_period = invoiced.set_index("period")["fees"].astype(float)
            fees = np.where(unknown, by_period.reindex(kept["period"]).to_numpy(), fees)
    basis = np.where(unknown, "invoiced; what was earned is not known", "earned")
    return kept[["period", "ends"]].assign(fees=fees, basis=basis)


@requires(income="fees pass_through")
def agi_share(income: pd.DataFrame | Missing) -> float | Missing:
    """Return agency gross income for each unit of fees: fees and what was earned on purchases, over fees.

    Freelancers are cost here, as in `income_by`.

    Examples
    --------
    >>> agi_share(pd.DataFrame({"fees": [20e3, 5e3], "pass_through": [0.0, 1e3]}))
    1.04
    """
    fees = income["fees"].sum(skipna=False)
    return ratio(fees + income["pass_through"].fillna(0.0).sum(), fees, "no fees were earned")


@requires(income="project fees pass_through delivery_cost", projects="project")
def income_by(
    income: pd.DataFrame | Missing, projects: pd.DataFrame | Missing, contracts: pd.DataFrame | Missing, by: str
) -> pd.DataFrame | Missing:
    """Return agency gross income and delivery margin by service line or business unit, the largest first.

    Parameters
    ----------
    income : DataFrame
        As from `revenue.income_by_project`. Rows of one project are added up.
    projects, contracts : DataFrame or Missing
        A project's service line is its own, else its contract's; its business unit is its contract's.
    by : {"service_line", "business_unit"}

    Returns
    -------
    DataFrame
        A column named as `by` ("not stated" where blank), `income` (AGI: fees and what was earned on purchases; freelancers
        are cost here), `margin_amount` (income less delivery cost). A sum with an unknown part is blank, never partial.

    Raises
    ------
    ValueError
        If `by` is neither of the two.

    Examples
    --------
    >>> earned = pd.DataFrame({"project": ["site", "ads"], "fees": [20e3, 5e3], "pass_through": [0.0, 3e3],
    ...                        "delivery_cost": [15e3, 2e3]})
    >>> projects = pd.DataFrame({"project": ["site", "ads"], "service_line": ["Design", "Media"]})
    >>> income_by(earned, projects, Missing("none"), "service_line").values.tolist()
    [['Design', 20000.0, 5000.0], ['Media', 8000.0, 6000.0]]
    """
    if by not in ("service_line", "business_unit"):
        raise ValueError(f"by must be service_line or business_unit, got {by!r}; write service_line")
    known = complete(projects, "projects", "contract service_line").drop_duplicates("project").set_index("project")
    signed = complete(contracts, "contracts", f"contract {by}").dropna(subset=[by]).groupby("contract")[by].last()
    part = known["contract"].map(signed).astype("str")
    part = known["service_line"].fillna(part) if by == "service_line" else part
    agi = income["fees"] + income["pass_through"]
    sums = pd.DataFrame({"income": agi, "margin_amount": agi - income["delivery_cost"]}).astype(float)
    grouped = sums.groupby(income["project"].map(part).fillna(NOT_STATED).rename(by))
    whole = grouped.sum().where(grouped.count().eq(grouped.size(), axis=0))  # blank where any part is
    return whole.reset_index().sort_values(["income", by], ascending=[False, True], kind="stable", ignore_index=True)


@requires(income="project fees pass_through delivery_cost", projects="project")
def concentrations(
    income: pd.DataFrame | Missing, projects: pd.DataFrame | Missing, contracts: pd.DataFrame | Missing
) -> pd.DataFrame | Missing:
    """Return how much of the income and of the margin hangs on the largest service lines and business units.

    Parameters
    ----------
    income, projects, contracts
        As for `income_by`.

    Returns
    -------
    DataFrame
        Four rows: `by` (service line, business unit), `of` (income, margin), and as in `revenue.Concentration` `parts`,
        `largest`, `top_1`, `top_3`, `hhi` (fractions); `left_out`: parts without a share, being unknown or below zero.
        Blank where no part has a share.

    Examples
    --------
    >>> earned = pd.DataFrame({"project": ["site", "ads"], "fees": [20e3, 5e3], "pass_through": [0.0, 0.0],
    ...                        "delivery_cost": [21e3, 2e3]})
    >>> projects = pd.DataFrame({"project": ["site", "ads"], "service_line": ["Design", "Media"]})
    >>> found = concentrations(earned, projects, Missing("none"))
    >>> found.loc[:1, ["by", "of", "largest", "top_1", "left_out"]].values.tolist()
    [['service line', 'income', 'Design', 0.8, nan], ['service line', 'margin', 'Media', 1.0, 'Design (below zero)']]
    """
    rows = []
    for by in ("service_line", "business_unit"):
        parts = income_by(income, projects, contracts, by).set_index(by)
        for of, amounts in (("income", parts["income"]), ("margin", parts["margin_amount"])):
            out = [f"{name} ({'not known' if pd.isna(amount) else 'below zero'})"
                   for name, amount in amounts.items() if not amount >= 0]  # fmt: skip
            rows.append({"by": by.replace("_", " "), "of": of} | _shares(amounts) | {"left_out": _listed(out) or None})
    return pd.DataFrame(rows).astype({"left_out": "str", "largest": "str", "parts": "Int64"})


def _shares(amounts: pd.Series) -> dict[str, object]:
    share = concentration(amounts)
    names = ("parts", "largest", "top_1", "top_3", "hhi")
    blank = {"parts": None, "largest": None, "top_1": np.nan, "top_3": np.nan, "hhi": np.nan}
    return blank if isinstance(share, Missing) else {name: getattr(share, name) for name in names}


@requires(bridge="step amount")
def steps_that_moved(bridge: pd.DataFrame | Missing) -> pd.DataFrame | Missing:
    """Return a bridge without the steps that are nought; its two ends stay.

    >>> bridge = pd.DataFrame({"step": ["Q2", "churn", "expansion", "Q3"], "amount": [0.0, 0.0, 5.0, 5.0]})
    >>> steps_that_moved(bridge)["step"].tolist()
    ['Q2', 'expansion', 'Q3']
    """
    inner = pd.Series(range(len(bridge)), bridge.index).between(1, len(bridge) - 2)
    return bridge[~inner | (bridge["amount"].abs() >= 0.005)].reset_index(drop=True)
