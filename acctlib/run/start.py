"""The files of a new account: what to run, who it is, and an empty table of each kind.

Everything is made in a folder beside the place and moved there whole; what exists is never overwritten.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from pathlib import Path

from acctlib.periods import FiscalYear
from acctlib.profile import ACCOUNT_ID
from acctlib.run.orders import Workbook, WrongUse
from acctlib.tables.templates import write_templates

__all__ = ["start_account"]

_PARAMETERS = """\
# What to run for this account. Every notebook takes these keys; papermill -f reads this file as it is.
account: {account}
period: "{period}"      # the account's fiscal quarter
as_of: ""              # use only what was known on this day, such as "2026-09-30"; empty = the period's end
confidence: 0.8        # 0.8 = "8 in 10", the P80 of the risk tables
draws: 16384           # of each simulation
seed: 1                # the same seed gives the same report
"""
_PROFILE = """\
# Who the account is, and how it is counted. Lines that start with # are optional; take the sign away to use one.
name: "{name}"
currency: GBP                    # ISO code in which the account is kept
fiscal_year_start: 1             # month in which the client's fiscal year starts, 4 = April
fiscal_year_named_by: start      # start or end: April 2026 to March 2027 is named 2026 or 2027
# aliases: ["Other name", "ABC"] # names that must never stand in another client's report
# parent_group: ""
# industry: ""
# agi_label: net revenue         # or gross profit, agency gross income
# targets:                       # for a fiscal year
#   revenue: 250000              # in the account's currency
#   margin: 0.35                 # a fraction
#   nps: 40
#   csat: 0.85                   # a fraction
# response_days: {{critical: 1, high: 2}}  # in how many days an issue is answered, by severity
# response_budget: 20000         # what responses to risks may cost together; without it there is no limit
# tables:                        # tables that come from a database; without a url it is data/firm/tables.sqlite
#   time_entries:
#     url: postgresql://${{DB_USER}}:${{DB_PASSWORD}}@db.example.com/agency   # user and password: from the environment
#     sql: SELECT day AS date, project, hours, billable FROM booked WHERE client = :account
# rag:                           # how far from plan before a figure is amber or red, as a fraction
#   amber: 0.05
#   red: 0.10
"""


def start_account(book: Workbook, account: str, today: date) -> list[Path]:
    """Make the files of a new account.

    Parameters
    ----------
    book : Workbook
    account : str
        The id: lower-case letters, digits, - and _.
    today : date
        The parameters name the last quarter that was complete on this day.

    Returns
    -------
    list of Path
        The parameters file and the account's folder.

    Raises
    ------
    WrongUse
        If the id can't be one, or any of the files exists.
    """
    if not ACCOUNT_ID.fullmatch(account) or account == "firm":
        raise WrongUse(
            f"an account must be lower-case letters, digits, - and _ (at most 63) and not firm, got {account!r}; "
            "write for example harbour-foods"
        )
    parameters, folder = book.parameters / f"{account}.yaml", book.data / account
    for path in (parameters, folder):
        if path.exists():
            raise WrongUse(f"{path.parent.name}/{path.name} must not exist yet; choose another name, or edit what is there")
    book.data.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{account}-", dir=book.data))
    try:
        building.chmod(0o755)
        name = account.replace("-", " ").replace("_", " ").title()
        (building / "account.yaml").write_text(_PROFILE.format(name=name), encoding="utf-8")
        write_templates(building)
        building.rename(folder)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    period = FiscalYear().quarter_of(today).previous.label
    parameters.write_text(_PARAMETERS.format(account=account, period=period), encoding="utf-8")
    return [parameters, folder]
