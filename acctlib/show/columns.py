"""The words at the head of a table's columns, and how each column is printed: one vocabulary for all reports.

A notebook names the columns it wants; what they are called and whether they are money, hours or dates is decided here once, so
that the same figure looks the same in the plan, the risk report and the review.
"""

from __future__ import annotations

__all__ = ["COLUMNS", "chosen"]

#: Name of a column in a frame -> its label and one of `numerals.FORMATS`.
COLUMNS: dict[str, tuple[str, str]] = {
    "account": ("Account", "text"),
    "action": ("Action", "text"),
    "actual": ("Now", "number"),
    "age_days": ("Age, days", "number"),
    "agreed": ("Agreed", "money"),
    "agreed_on": ("Agreed on", "date"),
    "ahead": ("Used ahead of work", "percent"),
    "amount": ("Amount", "money"),
    "annual_value": ("A year", "money"),
    "answered": ("Answers", "number"),
    "applies": ("Applies", "text"),
    "approved_changes": ("Approved changes", "money"),
    "baseline": ("Start", "number"),
    "basis": ("Basis", "text"),
    "better_when": ("Better when", "word"),
    "billed": ("Invoiced", "money"),
    "billing_type": ("Billing", "word"),
    "bucket": ("Overdue", "text"),
    "budget_cost": ("Cost budget", "money"),
    "budget_hours": ("Hours budget", "hours"),
    "burn": ("Budget used", "percent"),
    "business_unit": ("Unit", "text"),
    "cap": ("Cap", "money"),
    "carried_out": ("Carried on", "hours"),
    "change": ("Change", "text"),
    "client_response": ("What we do about it", "text"),
    "close_date": ("Decision", "date"),
    "closed": ("Closed", "number"),
    "closed_on": ("Closed on", "date"),
    "committed": ("Committed", "money"),
    "contract": ("Contract", "text"),
    "contract_value": ("Contract value", "money"),
    "cost": ("Cost to date", "money"),
    "cpi": ("CPI", "number"),
    "date": ("Date", "date"),
    "days": ("Days later", "number"),
    "days_late": ("Days late", "number"),
    "days_overdue": ("Days overdue", "number"),
    "days_since": ("Days since contact", "number"),
    "days_to_notice": ("Days to notice", "number"),
    "days_to_resolve": ("Days to resolve", "number"),
    "days_to_respond": ("Days to respond", "number"),
    "deferred": ("Invoiced ahead", "money"),
    "deliverable": ("Deliverable", "text"),
    "delivery_cost": ("Delivery cost", "money"),
    "description": ("What may happen", "text"),
    "difference": ("Difference", "money"),
    "disagree": ("Disagree", "text"),
    "done": ("Delivered", "date"),
    "driver": ("Driver", "text"),
    "due": ("Due", "date"),
    "eac": ("Forecast (CPI)", "money"),
    "end": ("Ends", "date"),
    "exact": ("Exact", "money"),
    "expected": ("Expected", "money"),
    "expenses": ("Expenses charged", "money"),
    "factor": ("Factor", "text"),
    "fee": ("Fee", "money"),
    "fees": ("Fees", "money"),
    "file": ("File", "text"),
    "finding": ("What stands out", "text"),
    "flag": ("Sign", "text"),
    "gap": ("Gap", "text"),
    "gap_hours": ("Gap to progress", "hours"),
    "high": ("High", "money"),
    "high_hours": ("Remaining, high", "hours"),
    "high_value": ("High", "money"),
    "hours": ("Hours", "hours"),
    "income": ("Income", "money"),
    "included": ("Included", "hours"),
    "influence": ("Influence", "number"),
    "invited": ("Invited", "number"),
    "invoice": ("Invoice", "text"),
    "invoiced": ("Invoiced", "money"),
    "invoices": ("Invoices", "number"),
    "issue": ("Issue", "text"),
    "issued": ("Issued", "date"),
    "kind": ("Kind", "word"),
    "last_contact": ("Last contact", "date"),
    "left": ("Left to invoice", "money"),
    "likely": ("Likely", "money"),
    "likely_hours": ("Remaining, likely", "hours"),
    "likely_value": ("Likely", "money"),
    "low": ("Low", "money"),
    "low_hours": ("Remaining, low", "hours"),
    "low_value": ("Low", "money"),
    "margin": ("Margin", "percent"),
    "measure": ("Measure", "text"),
    "month": ("Month", "text"),
    "name": ("Name", "text"),
    "next_step": ("Next step", "text"),
    "notice_by": ("Notice by", "date"),
    "objective": ("Goal", "text"),
    "open": ("Open", "number"),
    "opportunity": ("Opportunity", "text"),
    "original_due": ("First agreed", "date"),
    "outstanding": ("Outstanding", "money"),
    "over": ("Over", "hours"),
    "override": ("Override", "text"),
    "owner": ("Owner", "text"),
    "party": ("Side", "word"),
    "pass_through": ("Pass-through", "money"),
    "pending": ("Pending changes", "money"),
    "pending_changes": ("Pending changes", "money"),
    "people": ("People", "text"),
    "percentile": ("Percentile", "text"),
    "period": ("Quarter", "text"),
    "probability": ("Chance", "percent"),
    "project": ("Project", "text"),
    "propensity": ("Chance", "percent"),
    "quarter": ("Quarter", "text"),
    "raised": ("Raised", "date"),
    "recognised": ("Earned", "money"),
    "renewal_call": ("Director's call", "word"),
    "response": ("Response", "text"),
    "response_rate": ("Response rate", "percent"),
    "revenue": ("Revenue", "money"),
    "review_on": ("Next review", "date"),
    "risk": ("Risk", "text"),
    "role": ("Role", "word"),
    "rounds": ("Rounds", "number"),
    "rounds_agreed": ("Agreed", "number"),
    "rows": ("Rows", "number"),
    "rule": ("Rule", "text"),
    "score": ("Score", "whole"),
    "sentiment": ("Sentiment", "number"),
    "service_line": ("Service", "text"),
    "severity": ("Severity", "word"),
    "share": ("Share", "percent"),
    "signal": ("Signal", "text"),
    "simulated": ("Simulated", "money"),
    "source": ("Source", "text"),
    "spent": ("Spent", "money"),
    "spent_hours": ("Spent", "hours"),
    "spi": ("SPI", "number"),
    "stage": ("State", "text"),
    "standard_error": ("Standard error", "money"),
    "state": ("State", "state"),
    "status": ("State", "word"),
    "submitted": ("Submitted", "date"),
    "summary": ("What happened", "text"),
    "table": ("Table", "text"),
    "target": ("Target", "number"),
    "task": ("Task", "text"),
    "time_elapsed": ("Time elapsed", "percent"),
    "title": ("Title", "text"),
    "trend": ("Trend", "text"),
    "unbilled": ("Earned, not invoiced", "money"),
    "unit": ("Unit", "text"),
    "used": ("Used", "hours"),
    "value": ("Value to date", "money"),
    "variance": ("To target", "number"),
    "weight": ("Weight", "number"),
    "weighted": ("Weighted", "money"),
    "why": ("Rests on", "text"),
    "work_done": ("Work done", "percent"),
}


def chosen(names: str, **formats: str) -> dict[str, tuple[str, str]]:
    """Return columns with their labels and formats, in the order named.

    Parameters
    ----------
    names : str
        Names of columns, separated by blanks.
    **formats : str
        A column's format where this table prints it another way: ``used="money"``.

    Raises
    ------
    KeyError
        If a column has no label yet; add it to `COLUMNS`.

    Examples
    --------
    >>> chosen("deliverable due")
    {'deliverable': ('Deliverable', 'text'), 'due': ('Due', 'date')}
    >>> chosen("used", used="money")
    {'used': ('Used', 'money')}
    """
    return {name: (COLUMNS[name][0], formats.get(name, COLUMNS[name][1])) for name in names.split()}
