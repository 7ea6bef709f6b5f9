"""Every table and column of the workbook: meaning, type, unit, allowed values and who may see it.

This is the one schema. The checks type and refuse by it, `acctlib new` writes its templates from it, the README's data
section is printed from it, and `Account` keeps from a client what it marks. A column added here as `internal` is absent
from every client page without another line of code.

Who may see a column follows the contract, not only the column. `CLIENT` cells show to everyone. Open-book cells show a
client only what the project's `client_sees` allows: `HOURS` and then `HOURS_AND_RATES`. `INTERNAL` cells never leave the
agency.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "AUDIENCES",
    "CLIENT",
    "CLIENT_SEES",
    "HOURS",
    "HOURS_AND_RATES",
    "INTERNAL",
    "RECURRING",
    "TABLES",
    "Column",
    "Rows",
    "Table",
    "markdown",
]

CLIENT = "client"
HOURS = "hours"
HOURS_AND_RATES = "hours_and_rates"
INTERNAL = "internal"
AUDIENCES = (CLIENT, INTERNAL)

#: What a client sees of a project, from least to most, and the default by billing type.
SEES_LEVELS = ("schedule", HOURS, HOURS_AND_RATES)
CLIENT_SEES = {
    "fixed_fee": "schedule",
    "retainer": HOURS,
    "time_and_materials": HOURS_AND_RATES,
    "capped": HOURS_AND_RATES,
}

#: Kinds of contract that commit an amount whatever work is done.
RECURRING = ("retainer", "licence")

#: Kind of a column -> how a cell is written in a file. Percentages are written 0-100 and held as fractions.
KINDS = {
    "text": "text",
    "key": "a short name without blanks at its ends",
    "date": "a date as 2026-09-30",
    "number": "a number as 1234.5",
    "whole": "a whole number",
    "hours": "hours as 7.5",
    "money": "an amount as 1234.50, no currency sign, no thousands separator",
    "percent": "a percentage 0-100, no sign",
    "yes_no": "yes or no",
    "choice": "one of the listed words",
    "currency": "an ISO currency code such as GBP",
    "list": "names separated by semicolons",
}


@dataclass(frozen=True)
class Column:
    """One column: how it is written, what it means, who may see it.

    `low` and `high` bound a number inclusively. `refers` names the `table.column` in which the value must stand.
    """

    name: str
    kind: str
    meaning: str
    sees: str = CLIENT
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    refers: str = ""


@dataclass(frozen=True)
class Rows:
    """Which rows a client may see: the rule in words, and as a test on the typed table."""

    rule: str
    test: Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Table:
    """One table: its columns and what must be true between them.

    Parameters
    ----------
    key : tuple of str
        Columns that together name a row once.
    firm : bool
        True where the file lies in ``data/firm/`` and serves all accounts.
    sees : str
        `INTERNAL` where a client sees no row at all; open-book level where rows follow the project's `client_sees`.
    client_rows : Rows, optional
        The rows a client may see; a table without the columns of the rule shows a client nothing.
    ordered : tuple of tuples of str
        Columns that must not fall from left to right: low <= likely <= high, start <= end.
    known_on : str
        The date on which a row comes to be known: a report as of an earlier day does not have it.
    settles : tuple of (date column, column, value before that date)
        Later facts of an older row: as of an earlier day the date is blank and the column holds the value before.
    begins : (date column, column, value before that date), optional
        What had not begun on an earlier day: the date is a plan and stays, the column holds the value before.
    of_state : bool
        True where several `as_of` rows may describe one thing, the latest of which counts.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    firm: bool = False
    sees: str = CLIENT
    client_rows: Rows | None = None
    ordered: tuple[tuple[str, ...], ...] = ()
    known_on: str = ""
    settles: tuple[tuple[str, str, str | None], ...] = ()
    begins: tuple[str, str, str] | None = None
    of_state: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError where there is none."""
        return next((c for c in self.columns if c.name == name), None) or self._unknown(name)

    def _unknown(self, name: str) -> Column:
        raise KeyError(f"{self.name} has no column {name}; it has {', '.join(c.name for c in self.columns)}")

    @property
    def names(self) -> list[str]:
        """Return the names of the columns, in the order of the templates."""
        return [c.name for c in self.columns]

    @property
    def typed(self) -> list[Column]:
        """Return the columns that people type; `imported_from` is written by imports."""
        return [c for c in self.columns if c.name != "imported_from"]


_PROJECT = Column("project", "key", "the project, as named in projects", required=True, refers="projects.project")
_ACCOUNT = Column("account", "key", "the account's id", required=True)
_STATE_AS_OF = Column("as_of", "date", "the day on which this row was true; blank = always")
_VISIBLE = Column("client_visible", "yes_no", "yes where the client may read this row; blank = no")
#: Tools whose exports are imported; a row's `imported_from` says which of them it came from.
TOOLS = (
    "harvest", "toggl", "clockify", "kimai", "tempo", "hubspot", "pipedrive", "salesforce", "xero", "quickbooks", "msproject",
    "risks", "plain",
)  # fmt: skip
_IMPORTED = Column("imported_from", "choice", "the tool it was imported from; blank = typed here", sees=INTERNAL, choices=TOOLS)
_CURRENCY = Column("currency", "currency", "ISO code; blank = the account's currency")


def _shown_to_client(table: pd.DataFrame) -> pd.Series:
    return table["client_visible"].fillna(False).astype(bool)


_VISIBLE_ROWS = Rows("rows with client_visible = yes", _shown_to_client)

_TABLES = (
    Table(
        "projects",
        "The work the account has bought. Fee, budgets and dates are the original contract; approved change requests are "
        "added by the measures, never typed in.",
        (
            Column("project", "key", "short id, used in every other table", required=True),
            Column("name", "text", "the name the client uses", required=True),
            Column("contract", "key", "the contract it belongs to", refers="contracts.contract"),
            Column("service_line", "text", "strategy, design, media, …"),
            Column(
                "billing_type",
                "choice",
                "how it is billed",
                required=True,
                choices=("fixed_fee", "time_and_materials", "capped", "retainer"),
            ),
            Column(
                "client_sees",
                "choice",
                "how open the book is; blank = schedule for a fixed fee, hours for a retainer, hours and rates otherwise",
                choices=SEES_LEVELS,
            ),
            Column("start", "date", "first day", required=True),
            Column("end", "date", "last agreed day", required=True),
            Column("fee", "money", "agreed fee for the whole project, without pass-through", low=0),
            Column("cap", "money", "the most the client pays (capped work)", low=0),
            Column("budget_hours", "hours", "hours the fee was based on", sees=HOURS, low=0),
            Column("budget_cost", "money", "our cost budget", sees=INTERNAL, low=0),
            Column("contingency", "money", "our reserve on top of the cost budget", sees=INTERNAL, low=0),
            Column("manager", "text", "who leads it"),
            Column("status", "choice", "its state", choices=("proposed", "active", "on_hold", "closed")),
        ),
        key=("project",),
        ordered=(("start", "end"),),
    ),
    Table(
        "tasks",
        "The plan of each project, task by task, with an estimate as a range.",
        (
            _PROJECT,
            Column("task", "key", "the task, unique within its project", required=True),
            Column("work_type", "text", "kind of work: design, build, test, …"),
            Column("role", "text", "who does it, as in the rate card", sees=HOURS),
            Column("low_hours", "hours", "hours if all goes well", sees=HOURS, low=0),
            Column("likely_hours", "hours", "most likely hours", sees=HOURS, low=0),
            Column("high_hours", "hours", "hours if it goes badly", sees=HOURS, low=0),
            Column("baseline_start", "date", "start in the original plan"),
            Column("baseline_finish", "date", "finish in the original plan"),
            Column("baseline_hours", "hours", "hours in the original plan", sees=HOURS, low=0),
            Column("start", "date", "start as planned now, or when it began"),
            Column("finish", "date", "finish as planned now"),
            Column("depends_on", "list", "tasks of the same project that must finish first", refers="tasks.project+task"),
            Column("status", "choice", "its state", choices=("planned", "in_progress", "done", "cancelled")),
            Column("done_on", "date", "the day it was finished"),
            Column("low_days", "number", "working days if all goes well", low=0),
            Column("likely_days", "number", "most likely working days", low=0),
            Column("high_days", "number", "working days if it goes badly", low=0),
            Column("cost_per_month", "money", "cost that grows with duration", sees=INTERNAL, low=0),
            _IMPORTED,
        ),
        key=("project", "task"),
        ordered=(
            ("low_hours", "likely_hours", "high_hours"),
            ("baseline_start", "baseline_finish"),
            ("start", "finish"),
            ("low_days", "likely_days", "high_days"),
        ),
        settles=(("done_on", "status", "in_progress"),),
        begins=("start", "status", "planned"),
    ),
    Table(
        "progress",
        "How far each task was on several dates, so that planned value, earned schedule and past reports can be made again.",
        (
            _PROJECT,
            Column("task", "key", "the task, as in tasks", required=True, refers="tasks.project+task"),
            Column("as_of", "date", "the day of the assessment", required=True),
            Column("percent_complete", "percent", "share of the task that is done", low=0, high=100),
            Column("remaining_hours", "hours", "hours still needed, as judged by those who do it", sees=HOURS, low=0),
        ),
        key=("project", "task", "as_of"),
        known_on="as_of",
    ),
    Table(
        "time_entries",
        "Hours worked, one row for a person, task and day.",
        (
            Column("date", "date", "the day worked", required=True),
            _PROJECT,
            Column("task", "key", "the task, as in tasks; blank = none in particular", refers="tasks.project+task"),
            Column("person", "text", "who worked", sees=INTERNAL),
            Column("role", "text", "in which role, as in the rate card"),
            Column("hours", "hours", "hours worked that day", required=True, low=0, high=24),
            Column("billable", "yes_no", "yes where the hours count for the client", required=True),
            Column("note", "text", "what for", sees=INTERNAL),
            _IMPORTED,
        ),
        sees=HOURS,
        client_rows=Rows("billable entries", lambda table: table["billable"].fillna(False).astype(bool)),
        known_on="date",
    ),
    Table(
        "expenses",
        "Costs other than our own time.",
        (
            Column("date", "date", "the day it was incurred", required=True),
            _PROJECT,
            Column("description", "text", "what was bought", required=True),
            Column(
                "kind",
                "choice",
                "pass_through is bought for the client; freelancer is delivery; client_specific is a cost of serving",
                required=True,
                choices=("pass_through", "freelancer", "client_specific"),
            ),
            Column("cost", "money", "what it cost us", sees=INTERNAL, low=0),
            Column("charged", "money", "what the client is charged for it; blank or 0 = nothing", low=0),
        ),
        client_rows=Rows("expenses charged to the client", lambda table: table["charged"].fillna(0) > 0),
        known_on="date",
    ),
    Table(
        "rate_card",
        "Hourly rates by role; a row for the account goes before the standard one.",
        (
            Column("role", "text", "the role", required=True),
            Column("account", "key", "the account the rate was agreed with; blank = standard"),
            Column("currency", "currency", "ISO code", required=True),
            Column("bill_rate", "money", "price of an hour", sees=HOURS_AND_RATES, low=0),
            Column("cost_rate", "money", "our cost of an hour", sees=INTERNAL, low=0),
            Column("valid_from", "date", "first day on which it holds", required=True),
        ),
        key=("role", "account", "currency", "valid_from"),
        firm=True,
    ),
    Table(
        "people",
        "Those who work for clients.",
        (
            Column("person", "text", "name as in time_entries", required=True),
            Column("role", "text", "usual role", required=True),
            Column("manager", "text", "reports to"),
            Column("weekly_hours", "hours", "contracted hours a week", low=0, high=80),
            Column("target_utilisation", "percent", "target share of billable hours", low=0, high=100),
            Column("skills", "list", "skills"),
            Column("start", "date", "first day"),
            Column("end", "date", "last day"),
        ),
        key=("person",),
        firm=True,
        sees=INTERNAL,
        ordered=(("start", "end"),),
    ),
    Table(
        "bookings",
        "Who is booked on what, and who is away.",
        (
            Column("person", "text", "name as in people", required=True, refers="people.person"),
            Column("role", "text", "role in this booking"),
            Column("account", "key", "the account's id; blank for leave"),
            Column("project", "key", "the project; blank for leave"),
            Column("start", "date", "first day", required=True),
            Column("end", "date", "last day", required=True),
            Column("hours_per_week", "hours", "hours a week", required=True, low=0, high=80),
            Column("status", "choice", "how sure", required=True, choices=("tentative", "confirmed", "leave")),
        ),
        firm=True,
        sees=INTERNAL,
        ordered=(("start", "end"),),
    ),
    Table(
        "invoices",
        "What was invoiced and paid. A credit note has a negative amount.",
        (
            Column("invoice", "key", "number", required=True),
            Column("project", "key", "the project; blank = the whole account", refers="projects.project"),
            Column("kind", "choice", "kind of document", required=True, choices=("invoice", "credit_note", "deposit")),
            Column("issued", "date", "date of issue", required=True),
            Column("due", "date", "date due"),
            Column("paid_on", "date", "the day it was paid in full"),
            Column("amount", "money", "net amount", required=True),
            Column("tax", "money", "tax on top"),
            Column("paid", "money", "paid so far, with tax"),
            Column("pass_through", "money", "part of the net amount that is pass-through"),
            _CURRENCY,
            _IMPORTED,
        ),
        key=("invoice",),
        ordered=(("issued", "due"),),
        known_on="issued",
        settles=(("paid_on", "paid", None),),
    ),
    Table(
        "contracts",
        "A row for each term or amendment.",
        (
            Column("contract", "key", "number or name", required=True),
            Column("business_unit", "text", "the client's unit"),
            Column("service_line", "text", "what it covers"),
            Column("kind", "choice", "kind", required=True, choices=("retainer", "project", "licence")),
            Column("start", "date", "first day of the term", required=True),
            Column("end", "date", "last day of the term; blank = rolling"),
            Column("annual_value", "money", "value of twelve months", low=0),
            Column("included_hours", "hours", "hours included per month or quarter", sees=HOURS, low=0),
            Column("per", "choice", "the period of the included hours", choices=("month", "quarter")),
            Column("rollover_cap", "hours", "most unused hours carried over", sees=HOURS, low=0),
            Column("rollover_periods", "whole", "periods an unused hour lives on", low=0),
            Column("overage", "choice", "hours beyond the allowance are", choices=("billed", "absorbed")),
            Column("notice_days", "whole", "days of notice", low=0),
            Column("auto_renew", "yes_no", "yes where it renews by itself"),
            Column("status", "choice", "its state", choices=("active", "notice_given", "renewed", "lost")),
            Column(
                "renewal_call",
                "choice",
                "the director's own judgement",
                sees=INTERNAL,
                choices=("commit", "likely", "doubtful", "lost"),
            ),
            _STATE_AS_OF,
        ),
        key=("contract", "start", "as_of"),
        ordered=(("start", "end"),),
        of_state=True,
    ),
    Table(
        "opportunities",
        "Deals we hope to win, of all accounts.",
        (
            Column("opportunity", "key", "number or name", required=True),
            _ACCOUNT,
            Column("service_line", "text", "what we would do"),
            Column("business_unit", "text", "for which unit"),
            Column("stage", "text", "stage in the funnel", required=True),
            Column("amount", "money", "value if won", required=True, low=0),
            _CURRENCY,
            Column("probability", "percent", "chance of winning, as judged", low=0, high=100),
            Column("created", "date", "the day it was opened", required=True),
            Column("close_date", "date", "expected decision"),
            Column("starts", "date", "work would start"),
            Column("ends", "date", "work would end"),
            Column("status", "choice", "its state", required=True, choices=("open", "won", "lost")),
            Column("closed_on", "date", "the day it was won or lost"),
            Column("owner", "text", "who leads it"),
            _IMPORTED,
        ),
        key=("account", "opportunity"),
        firm=True,
        sees=INTERNAL,
        ordered=(("starts", "ends"), ("created", "closed_on")),
        known_on="created",
        # what its stage and its owner's chance were on a day before it was decided nobody wrote down
        settles=(("closed_on", "status", "open"), ("closed_on", "stage", None), ("closed_on", "probability", None)),
    ),
    Table(
        "white_space",
        "What each business unit does not buy from us yet. Owned and pipeline follow from contracts and opportunities.",
        (
            Column("business_unit", "text", "the client's unit", required=True),
            Column("service_line", "text", "what we could do", required=True),
            Column("state", "choice", "gap, or not eligible", required=True, choices=("gap", "not_eligible")),
            Column("low_value", "money", "a year's value, low", low=0),
            Column("likely_value", "money", "a year's value, likely", low=0),
            Column("high_value", "money", "a year's value, high", low=0),
            Column("propensity", "percent", "chance that they buy within a year", low=0, high=100),
            Column("next_step", "text", "what we do next"),
            Column("owner", "text", "who does it"),
            _STATE_AS_OF,
        ),
        key=("business_unit", "service_line", "as_of"),
        sees=INTERNAL,
        ordered=(("low_value", "likely_value", "high_value"),),
        of_state=True,
    ),
    Table(
        "objectives",
        "The client's goals, with a row for each date on which they were measured.",
        (
            Column("objective", "text", "the goal in the client's words", required=True),
            Column("measure", "text", "how it is measured", required=True),
            Column("unit", "text", "unit of the measure: %, min, £ thousand, …"),
            Column("baseline", "number", "value at the start"),
            Column("target", "number", "value agreed as the goal", required=True),
            Column("actual", "number", "value measured on as_of"),
            Column("as_of", "date", "the day of the measurement", required=True),
            Column("due", "date", "by when the target is to be met"),
            Column("owner", "text", "who answers for it"),
            Column("source", "text", "where the value comes from"),
            Column("served_by", "list", "projects of ours that serve it", refers="projects.project"),
        ),
        key=("objective", "as_of"),
        known_on="as_of",
    ),
    Table(
        "stakeholders",
        "The people at the client, and where they stand.",
        (
            Column("name", "text", "name", required=True),
            Column("title", "text", "position"),
            Column("business_unit", "text", "unit"),
            Column(
                "decision_role",
                "choice",
                "part in a decision",
                choices=("sponsor", "decision_maker", "champion", "influencer", "user", "blocker"),
            ),
            Column("influence", "whole", "1 (little) to 5 (decides)", low=1, high=5),
            Column("sentiment", "whole", "-2 (against us) to 2 (for us)", low=-2, high=2),
            Column("owner", "text", "who of us keeps in touch"),
            Column("last_contact", "date", "last conversation"),
            Column("reports_to", "text", "name of the superior"),
            Column("left_on", "date", "the day this person left"),
            _STATE_AS_OF,
        ),
        key=("name", "as_of"),
        sees=INTERNAL,
        settles=(("left_on", "", None),),
        of_state=True,
    ),
    Table(
        "deliverables",
        "What was promised, when it was due and how it was received.",
        (
            _PROJECT,
            Column("deliverable", "key", "name", required=True),
            Column("kind", "choice", "kind", choices=("milestone", "deliverable")),
            Column("original_due", "date", "date first agreed", required=True),
            Column("due", "date", "date agreed now; blank = as first agreed"),
            Column("submitted", "date", "the day we delivered"),
            Column("accepted", "date", "the day the client accepted"),
            Column("rounds", "whole", "rounds of revision used", low=0),
            Column("rounds_agreed", "whole", "rounds of revision agreed", low=0),
            Column("client_days", "number", "days of delay that the client caused", low=0),
            Column("amount", "money", "amount that may be invoiced on acceptance", low=0),
        ),
        key=("project", "deliverable"),
        ordered=(("submitted", "accepted"),),
        # rounds are counted until acceptance: what they were on a day before it nobody wrote down
        settles=(
            ("submitted", "rounds", None),
            ("accepted", "rounds", None),
            ("submitted", "client_days", None),
            ("accepted", "client_days", None),
        ),
    ),
    Table(
        "change_requests",
        "Changes to the agreed scope.",
        (
            Column("change", "key", "number", required=True),
            _PROJECT,
            Column("title", "text", "what changes", required=True),
            Column("raised", "date", "the day it was raised", required=True),
            Column("hours", "hours", "hours more (or less)", sees=HOURS),
            Column("days", "number", "days later (or earlier)"),
            Column("fee", "money", "fee more (or less); blank = not priced yet"),
            Column(
                "status",
                "choice",
                "its state",
                required=True,
                choices=("draft", "submitted", "approved", "rejected", "withdrawn"),
            ),
            Column("decided", "date", "the day it was approved or rejected"),
        ),
        key=("change",),
        client_rows=Rows("all but drafts", lambda table: table["status"] != "draft"),
        ordered=(("raised", "decided"),),
        known_on="raised",
        settles=(("decided", "status", "submitted"),),
    ),
    Table(
        "risks",
        "What may happen, with its chance and its cost to us before and after our response.",
        (
            Column("risk", "key", "number or short name", required=True),
            Column("project", "key", "the project; blank = the whole account", refers="projects.project"),
            Column("description", "text", "if … then …", required=True),
            Column("category", "text", "kind of risk"),
            Column("bearer", "choice", "who pays if it happens", choices=("agency", "client")),
            Column("probability", "percent", "chance that it happens", sees=INTERNAL, low=0, high=100),
            Column("low", "money", "cost if it happens, low", sees=INTERNAL, low=0),
            Column("likely", "money", "cost if it happens, likely", sees=INTERNAL, low=0),
            Column("high", "money", "cost if it happens, high", sees=INTERNAL, low=0),
            Column("days_low", "number", "delay if it happens, low", sees=INTERNAL, low=0),
            Column("days_likely", "number", "delay if it happens, likely", sees=INTERNAL, low=0),
            Column("days_high", "number", "delay if it happens, high", sees=INTERNAL, low=0),
            Column("response", "text", "what we do about it", sees=INTERNAL),
            Column("client_response", "text", "what the client reads about our response"),
            Column("response_cost", "money", "cost of the response", sees=INTERNAL, low=0),
            Column("residual_probability", "percent", "chance after the response", sees=INTERNAL, low=0, high=100),
            Column("residual_low", "money", "cost after the response, low", sees=INTERNAL, low=0),
            Column("residual_likely", "money", "cost after the response, likely", sees=INTERNAL, low=0),
            Column("residual_high", "money", "cost after the response, high", sees=INTERNAL, low=0),
            Column("owner", "text", "who watches it"),
            Column("status", "choice", "its state", choices=("open", "occurred", "closed")),
            Column("review_on", "date", "next review"),
            Column("rating", "text", "how the register rates it, on a scale; not counted", sees=INTERNAL),
            _VISIBLE,
            _STATE_AS_OF,
            _IMPORTED,
        ),
        key=("risk", "as_of"),
        client_rows=_VISIBLE_ROWS,
        ordered=(
            ("low", "likely", "high"),
            ("days_low", "days_likely", "days_high"),
            ("residual_low", "residual_likely", "residual_high"),
        ),
        of_state=True,
    ),
    Table(
        "issues",
        "What went wrong, who dealt with it and when.",
        (
            Column("issue", "key", "number", required=True),
            Column("project", "key", "the project; blank = the whole account", refers="projects.project"),
            Column("raised", "date", "the day it was raised", required=True),
            Column("severity", "choice", "how grave", required=True, choices=("critical", "high", "medium", "low")),
            Column("escalated", "yes_no", "yes where it went to management"),
            Column("summary", "text", "what happened", required=True),
            Column("owner", "text", "who deals with it"),
            Column("status", "choice", "its state", required=True, choices=("open", "closed")),
            Column("responded", "date", "the day of our first answer"),
            Column("closed", "date", "the day it was resolved"),
            Column("root_cause", "text", "why it happened", sees=INTERNAL),
            _VISIBLE,
            _STATE_AS_OF,
        ),
        key=("issue", "as_of"),
        client_rows=_VISIBLE_ROWS,
        ordered=(("raised", "responded"), ("raised", "closed")),
        known_on="raised",
        settles=(("closed", "status", "open"), ("responded", "", None)),
        of_state=True,
    ),
    Table(
        "surveys",
        "Answers to satisfaction surveys; clients see them only as aggregates of five answers or more.",
        (
            Column("date", "date", "the day of the invitation", required=True),
            Column("kind", "choice", "nps (0-10) or csat (1-5)", required=True, choices=("nps", "csat")),
            Column("score", "whole", "the answer; blank = invited, no answer", low=0, high=10),
            Column("respondent", "text", "who was asked"),
            Column("comment", "text", "what they wrote"),
        ),
        sees=INTERNAL,
        known_on="date",
    ),
    Table(
        "actions",
        "What was agreed, who owes it and by when.",
        (
            Column("action", "text", "what is to be done or decided", required=True),
            Column("kind", "choice", "kind", choices=("action", "decision", "recommendation")),
            Column("agreed_on", "date", "the day it was agreed", required=True),
            Column("owner", "text", "who does it"),
            Column("party", "choice", "whose it is", choices=("client", "agency")),
            Column("due", "date", "by when"),
            Column("status", "choice", "its state", required=True, choices=("open", "done", "dropped")),
            Column("closed_on", "date", "the day it was done"),
            _VISIBLE,
        ),
        key=("action", "agreed_on"),
        client_rows=_VISIBLE_ROWS,
        ordered=(("agreed_on", "closed_on"),),
        known_on="agreed_on",
        settles=(("closed_on", "status", "open"),),
    ),
    Table(
        "history",
        "Estimates and actuals of finished tasks, of all accounts; typed only for what is older than the tables.",
        (
            Column("project", "key", "the project", required=True),
            Column("task", "key", "the task", required=True),
            Column("work_type", "text", "kind of work"),
            Column("estimate_hours", "hours", "hours estimated", required=True, low=0),
            Column("actual_hours", "hours", "hours it took", required=True, low=0),
            Column("estimated_on", "date", "the day of the estimate", required=True),
            Column("done_on", "date", "the day it was finished"),
            Column("status", "choice", "its state", choices=("done", "cancelled")),
        ),
        key=("project", "task"),
        firm=True,
        sees=INTERNAL,
        known_on="done_on",
    ),
    Table(
        "exchange_rates",
        "Rates between currencies; without one, amounts in two currencies are never added.",
        (
            Column("date", "date", "the day, or the last day of the month", required=True),
            Column("from", "currency", "one unit of this currency …", required=True),
            Column("to", "currency", "… is worth `rate` units of this one", required=True),
            Column("kind", "choice", "which rate", required=True, choices=("average", "closing", "budget")),
            Column("rate", "number", "units of `to` for one unit of `from`", required=True, low=0),
            Column("source", "text", "where the rate comes from", required=True),
        ),
        key=("date", "from", "to", "kind"),
        firm=True,
        known_on="date",
    ),
)

#: Name -> table, in the order of the README.
TABLES: dict[str, Table] = {table.name: table for table in _TABLES}

_WHO = {
    CLIENT: "client",
    HOURS: "client, from hours up",
    HOURS_AND_RATES: "client, hours and rates",
    INTERNAL: "internal",
}


def _values(column: Column) -> str:
    if column.choices:
        return ", ".join(column.choices)
    bounds = [f"{b:g}" for b in (column.low, column.high) if b is not None]
    unit = KINDS[column.kind]
    if len(bounds) == 2:
        return f"{unit}, from {bounds[0]} to {bounds[1]}"
    return f"{unit}, at least {bounds[0]}" if bounds else unit


def markdown() -> str:
    """Return the README's data section: a Markdown table for each table, made from the dictionary."""
    parts = []
    for table in TABLES.values():
        where = "`data/firm/`" if table.firm else "the account's folder"
        notes = [f"{table.meaning} In {where}."]
        if table.key:
            notes.append(f"A row is named by {' + '.join(table.key)}.")
        if table.sees == INTERNAL:
            notes.append("Never shown to a client.")
        elif table.client_rows:
            notes.append(f"Clients see {table.client_rows.rule}.")
        rows = [
            f"| {c.name}{'*' if c.required else ''} | {c.meaning} | {_values(c)} | "
            f"{_WHO[INTERNAL if table.sees == INTERNAL else c.sees]} |"
            for c in table.columns
        ]
        head = "| column (* required) | meaning | written as | who sees it |\n|---|---|---|---|"
        parts.append(f"#### {table.name}\n{' '.join(notes)}\n\n{head}\n" + "\n".join(rows))
    return "\n\n".join(parts) + "\n"
