"""What one audience may see of an account, cell by cell, and what was known on a day."""

import shutil
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from acctlib import account as module
from acctlib.account import Account, read_once
from acctlib.missing import Missing
from acctlib.profile import account_ids
from acctlib.tables import dictionary
from acctlib.tables.dictionary import INTERNAL, TABLES, Column

BILLING_TYPES = ("fixed_fee", "retainer", "time_and_materials", "capped")

FILES = {
    "projects.csv": "project,name,contract,billing_type,client_sees,start,end,fee,cap,"
    """budget_hours,budget_cost,contingency,manager
ff,Website,C-ff,fixed_fee,,2026-01-01,2026-12-31,100000,,800,61234.5,7123.4,Ada Lind
re,Care,C-re,retainer,,2026-01-01,2026-12-31,120000,,960,71234.5,8123.4,Ada Lind
tm,Advice,C-tm,time_and_materials,,2026-01-01,2026-12-31,50000,,400,31234.5,3123.4,Ada Lind
ca,Audit,C-ca,capped,,2026-01-01,2026-12-31,40000,45000,320,21234.5,2123.4,Ada Lind
""",
    "tasks.csv": "project,task,work_type,role,low_hours,likely_hours,high_hours,"
    """baseline_hours,start,finish,status,done_on,cost_per_month
ff,t,design,Designer,10,20,40,20,2026-07-01,2026-08-01,done,2026-10-05,111.1
re,t,design,Designer,10,20,40,20,2026-07-01,2026-08-01,in_progress,,111.2
tm,t,design,Designer,10,20,40,20,2026-07-01,2026-08-01,planned,,111.3
ca,t,design,Auditor,10,20,40,20,2026-07-01,2026-08-01,planned,,111.4
""",
    "progress.csv": """project,task,as_of,percent_complete,remaining_hours
ff,t,2026-09-30,80,4
re,t,2026-09-30,80,4
tm,t,2026-09-30,80,4
ca,t,2026-09-30,80,4
""",
    "time_entries.csv": """date,project,task,person,role,hours,billable,note
2026-07-02,ff,t,Bo Kern,Designer,7.5,yes,private words
2026-07-02,re,t,Bo Kern,Designer,7.5,yes,private words
2026-07-02,tm,t,Bo Kern,Designer,7.5,yes,private words
2026-07-02,ca,t,Bo Kern,Auditor,7.5,yes,private words
2026-07-03,tm,t,Bo Kern,Designer,2.5,no,correcting our own error
2026-10-03,tm,t,Bo Kern,Designer,3.5,yes,after the quarter
""",
    "expenses.csv": """date,project,description,kind,cost,charged
2026-07-05,ff,Photographs,pass_through,912.34,1000
2026-07-05,ff,Our own hotel,client_specific,345.67,
""",
    "contracts.csv": """contract,kind,start,end,annual_value,included_hours,per,rollover_cap,status,renewal_call
C-ff,project,2026-01-01,2026-12-31,100000,,,,active,likely
C-re,retainer,2026-01-01,2026-12-31,120000,80,month,10,active,doubtful
C-tm,project,2026-01-01,2026-12-31,50000,33,month,5,active,likely
C-ca,project,2026-01-01,2026-12-31,40000,22,month,4,active,likely
C-none,retainer,2026-01-01,2026-12-31,1000,44,month,6,active,likely
""",
    "change_requests.csv": """change,project,title,raised,hours,days,fee,status,decided
CR1,ff,More pages,2026-08-01,30,5,4000,approved,2026-10-02
CR2,re,Our idea,2026-08-01,31,5,4100,draft,
CR3,re,More care,2026-08-01,32,5,4200,submitted,
""",
    "risks.csv": """risk,project,description,probability,low,likely,high,response,client_response,status,client_visible
R1,ff,Late content,30,1000,2000,4500,our plan,We meet weekly,open,yes
R2,ff,Key person leaves,20,1000,2000,4500,our plan,,open,no
R3,ff,Blank means hidden,20,1000,2000,4500,our plan,,open,
""",
    "surveys.csv": "date,kind,score,respondent,comment\n"
    + "".join(f"2026-08-0{i},nps,{score},Person {i},words\n" for i, score in enumerate((9, 10, 9, 7, 3), start=1))
    + "2026-08-09,csat,5,Person 9,words\n",
    "stakeholders.csv": "name,decision_role,influence,sentiment\nMia Holm,sponsor,5,-1\n",
    "account.yaml": "name: Harbour Foods\ncurrency: GBP\n",
}
RATES = """role,account,currency,bill_rate,cost_rate,valid_from
Designer,,GBP,125,61.35,2025-01-01
Designer,harbour,GBP,120,61.35,2025-01-01
Auditor,,GBP,150,71.35,2025-01-01
Director,,GBP,200,91.35,2025-01-01
Designer,other,GBP,99,61.35,2025-01-01
"""


def written(tmp_path):
    folder = tmp_path / "data" / "harbour"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    firm = tmp_path / "data" / "firm"
    firm.mkdir()
    (firm / "rate_card.csv").write_text(RATES)
    (firm / "firm.yaml").write_text("name: Fern & Harrow\n")
    return tmp_path / "data"


@pytest.fixture
def data(tmp_path):
    return written(tmp_path)


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    """The same account as the client and as we see it; read once, for tests that change nothing."""
    data = written(tmp_path_factory.mktemp("editions"))
    return read(data), read(data, "internal")


def read(data, audience="client", **kwargs):
    return Account.read("harbour", kwargs.pop("period", "2026-Q3"), audience=audience, data=data, **kwargs)


def cell(account, table, column, **where):
    """Return a cell of an account's table, or None where it is gone: table, row, column or value."""
    frame = getattr(account, table)
    if isinstance(frame, Missing) or column not in frame.columns:
        return None
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return None if frame.empty or pd.isna(frame[column].iloc[0]) else frame[column].iloc[0]


#: table, column, and for which billing types a client sees the cell (the whole of "Audience" in the README).
SEEN = [
    ("projects", "name", "fixed_fee retainer time_and_materials capped"),
    ("projects", "fee", "fixed_fee retainer time_and_materials capped"),
    ("projects", "manager", "fixed_fee retainer time_and_materials capped"),
    ("projects", "budget_hours", "retainer time_and_materials capped"),
    ("projects", "budget_cost", ""),
    ("projects", "contingency", ""),
    ("tasks", "status", "fixed_fee retainer time_and_materials capped"),
    ("tasks", "role", "retainer time_and_materials capped"),
    ("tasks", "low_hours", "retainer time_and_materials capped"),
    ("tasks", "likely_hours", "retainer time_and_materials capped"),
    ("tasks", "high_hours", "retainer time_and_materials capped"),
    ("tasks", "baseline_hours", "retainer time_and_materials capped"),
    ("tasks", "cost_per_month", ""),
    ("tasks", "imported_from", ""),
    ("progress", "percent_complete", "fixed_fee retainer time_and_materials capped"),
    ("progress", "remaining_hours", "retainer time_and_materials capped"),
    ("time_entries", "hours", "retainer time_and_materials capped"),
    ("time_entries", "date", "retainer time_and_materials capped"),
    ("time_entries", "person", ""),
    ("time_entries", "note", ""),
]
PROJECT = dict(zip(BILLING_TYPES, ("ff", "re", "tm", "ca"), strict=True))


@pytest.mark.parametrize("billing_type", BILLING_TYPES)
@pytest.mark.parametrize(("table", "column", "seen_by"), SEEN)
def test_a_client_sees_what_his_contract_opens(editions, table, column, seen_by, billing_type):
    client, internal = editions
    where = {"project": PROJECT[billing_type]}
    expected = cell(internal, table, column, **where) if billing_type in seen_by.split() else None
    assert cell(client, table, column, **where) == expected
    if column not in ("cost_per_month", "imported_from"):  # these tasks have none
        assert cell(internal, table, column, **where) is not None


def test_every_column_of_the_tables_above_is_in_the_list_or_open_to_all():
    listed = {(table, column) for table, column, _ in SEEN}
    for table in ("projects", "tasks", "progress"):
        closed = {(table, c.name) for c in TABLES[table].columns if c.sees != dictionary.CLIENT}
        assert closed <= listed


@pytest.mark.parametrize(
    ("sees", "hours", "rates"),
    [("schedule", False, False), ("hours", True, False), ("hours_and_rates", True, True)],
)
def test_client_sees_overrides_the_default_of_the_billing_type(data, sees, hours, rates):
    path = data / "harbour" / "projects.csv"
    lines = path.read_text().splitlines()
    only = lines[1].replace("fixed_fee,,", f"fixed_fee,{sees},")
    path.write_text("\n".join([lines[0], only]) + "\n")
    for name in ("tasks", "progress", "time_entries", "change_requests"):
        table = data / "harbour" / f"{name}.csv"
        rows = table.read_text().splitlines()
        table.write_text("\n".join([rows[0]] + [r for r in rows if ",ff," in r or r.startswith("ff,")]) + "\n")
    (data / "harbour" / "contracts.csv").unlink()
    client = read(data)
    assert (cell(client, "projects", "budget_hours") is not None) is hours
    assert (cell(client, "time_entries", "hours") is not None) is hours
    assert (cell(client, "change_requests", "hours") is not None) is hours
    assert (cell(client, "rate_card", "bill_rate") is not None) is rates


def test_rates_show_for_the_roles_that_work_at_open_rates_and_only_the_agreed_one(data):
    rates = read(data).rate_card
    assert rates[["role", "bill_rate"]].values.tolist() == [["Designer", 120.0], ["Auditor", 150.0]]
    assert "cost_rate" not in rates.columns


def test_another_accounts_rates_are_in_neither_edition(data):
    assert "other" not in read(data, "internal").rate_card["account"].tolist()


def test_rows_that_are_ours_are_gone(data):
    client = read(data)
    assert client.time_entries["hours"].tolist() == [7.5, 7.5, 7.5]  # no fixed fee, no non-billable hours
    assert client.expenses["description"].tolist() == ["Photographs"]
    assert client.change_requests["change"].tolist() == ["CR1", "CR3"]  # no draft
    assert client.risks["risk"].tolist() == ["R1"]
    assert {"probability", "low", "response", "response_cost"}.isdisjoint(client.risks.columns)
    assert client.risks["client_response"].tolist() == ["We meet weekly"]
    assert "cost" not in client.expenses.columns


def test_open_book_hours_of_a_contract_follow_its_projects(data):
    contracts = read(data).contracts.set_index("contract")
    assert contracts["included_hours"].to_dict() == {
        "C-ff": pytest.approx(float("nan"), nan_ok=True),
        "C-re": 80,
        "C-tm": 33,
        "C-ca": 22,
        "C-none": pytest.approx(float("nan"), nan_ok=True),
    }
    assert "renewal_call" not in contracts.columns


def test_stakeholders_and_answers_never_reach_a_client_but_five_answers_do_as_counts(data):
    client = read(data)
    assert isinstance(client.stakeholders, Missing)
    assert isinstance(client.surveys, Missing)
    summary = client.survey_summary
    assert summary["kind"].tolist() == ["nps"]  # the one csat answer would name its respondent
    assert summary[["invited", "answered", "promoters", "passives", "detractors"]].values.tolist() == [[5, 5, 3, 1, 1]]
    assert read(data, "internal").survey_summary["kind"].tolist() == ["csat", "nps"]


def test_four_answers_are_too_few_for_a_client(data):
    path = data / "harbour" / "surveys.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:5]) + "\n")
    assert read(data).survey_summary == Missing("a score needs 5 answers or more")


def test_a_table_without_the_column_of_its_row_rule_shows_a_client_nothing(data):
    path = data / "harbour" / "risks.csv"
    path.write_text("risk,description\nR1,Late content\n")
    assert isinstance(read(data).risks, Missing)
    assert len(read(data, "internal").risks) == 1


def test_a_column_added_to_the_dictionary_as_internal_is_absent_for_the_client(data, monkeypatch):
    table = TABLES["projects"]
    wider = replace(table, columns=(*table.columns, Column("write_off", "money", "what we gave away", sees=INTERNAL)))
    monkeypatch.setitem(TABLES, "projects", wider)
    path = data / "harbour" / "projects.csv"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([rows[0] + ",write_off"] + [r + ",4321.5" for r in rows[1:]]) + "\n")
    assert "write_off" not in read(data).projects.columns
    assert read(data, "internal").projects["write_off"].tolist() == [4321.5] * 4


def test_a_column_with_an_unknown_mark_is_kept_from_the_client(data, monkeypatch):
    table = TABLES["projects"]
    odd = tuple(replace(c, sees="friends") if c.name == "manager" else c for c in table.columns)
    monkeypatch.setitem(TABLES, "projects", replace(table, columns=odd))
    assert "manager" not in read(data).projects.columns


def test_the_client_account_holds_no_internal_value_anywhere(data):
    text = repr([(t.to_dict() if isinstance(t, pd.DataFrame) else t) for t in read(data).recorded.values()]) + repr(read(data))
    for internal in (
        "61234.5",
        "7123.4",
        "61.35",
        "91.35",
        "private words",
        "Bo Kern",
        "912.34",
        "Mia Holm",
        "Person 1",
        "doubtful",
    ):
        assert internal not in text
    assert "61234.5" in repr(read(data, "internal").projects.to_dict())  # the guard can fail


def test_nothing_later_than_the_as_of_date_is_known(data):
    internal = read(data, "internal")
    assert internal.as_of == date(2026, 9, 30)
    assert internal.time_entries["date"].max() == pd.Timestamp("2026-07-03")
    assert internal.tasks["status"].tolist()[0] == "in_progress"  # done on 5 October
    assert internal.change_requests["status"].tolist()[0] == "submitted"  # approved on 2 October
    later = read(data, "internal", as_of="2026-10-31")
    assert later.tasks["status"].tolist()[0] == "done"
    assert later.change_requests["status"].tolist()[0] == "approved"
    assert len(later.time_entries) == 6


def test_the_latest_state_not_after_the_day_counts(data):
    path = data / "harbour" / "stakeholders.csv"
    path.write_text(
        "name,influence,sentiment,as_of\nMia Holm,5,-1,2026-09-01\nMia Holm,5,2,2026-10-01\n"
        "Mia Holm,5,1,\nJo Berg,2,0,2026-10-01\n"
    )
    assert read(data, "internal").stakeholders[["name", "sentiment"]].values.tolist() == [["Mia Holm", -1]]


def test_an_earlier_quarter_is_made_again_and_the_trend_ends_today(data):
    internal = read(data, "internal")

    def hours(account):
        return Missing("none") if isinstance(account.time_entries, Missing) else account.time_entries["hours"].sum()

    assert isinstance(internal.at(internal.period.previous).time_entries, Missing)
    assert internal.trend(hours, 2)[1] == 32.5
    assert pd.isna(internal.trend(hours, 2)[0])


def test_a_client_account_made_again_for_an_earlier_quarter_is_still_a_clients(data):
    earlier = read(data, as_of="2026-10-31").at(read(data).period)
    assert earlier.audience == "client"
    assert "note" not in earlier.time_entries.columns


def test_sources_count_the_rows_this_audience_sees(data):
    assert read(data).sources["time_entries"].rows == 3
    assert read(data, "internal").sources["time_entries"].rows == 5


def test_commentary_of_the_period_is_read_and_ours_only_for_us(data):
    folder = data / "harbour" / "commentary"
    folder.mkdir()
    (folder / "2026-Q3.md").write_text("# Q3\n\n## Summary\nA good quarter.\n\n## Delivery\nOn time.\n")
    (folder / "2026-Q3.internal.md").write_text("## Summary\nMargin is thin.\n")
    assert read(data).commentary == {"Summary": "A good quarter.", "Delivery": "On time."}
    assert read(data, "internal").commentary["Summary"] == "A good quarter.\n\nMargin is thin."


@pytest.mark.parametrize("account", ["../x", "/etc", "Harbour", "", "a/b", "x" * 64, "harbour\n", None, ".hidden"])
def test_an_id_that_is_no_folder_name_is_refused(data, account):
    with pytest.raises(ValueError, match="account must be lower-case letters, digits, - and _"):
        Account.read(account, "2026-Q3", data=data)


def test_a_misspelt_account_is_told_its_nearest_name(data):
    with pytest.raises(ValueError, match="did you mean harbour"):
        Account.read("harbor", "2026-Q3", data=data)
    with pytest.raises(ValueError, match="make it with: acctlib new zzz"):
        Account.read("zzz", "2026-Q3", data=data)
    with pytest.raises(ValueError, match="account must not be firm"):
        Account.read("firm", "2026-Q3", data=data)


def test_a_period_without_projects_says_which_quarters_exist(data):
    with pytest.raises(ValueError, match=r"got 2031-Q1 .* write a quarter from 2026-Q1 to 2026-Q4"):
        read(data, period="2031-Q1")


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("20260930", "as_of must be a date such as 2026-09-30, got '20260930'"),
        ("2026-W40-3", "as_of must be a date such as 2026-09-30, got '2026-W40-3'"),
        ("30.09.2026", "as_of must be a date such as 2026-09-30, got '30.09.2026'; write year-month-day"),
        ("2026-06-30", "as_of must not be before the period Q3 2026"),
    ],
)
def test_a_wrong_as_of_is_refused(data, as_of, message):
    with pytest.raises(ValueError, match=message):
        read(data, as_of=as_of)


def test_a_wrong_audience_is_refused(data):
    with pytest.raises(ValueError, match="audience must be client or internal, got 'all'"):
        read(data, "all")


def test_a_misspelt_table_is_told_the_tables(data):
    with pytest.raises(AttributeError, match="an account has no 'time_entry'; its tables are projects"):
        read(data).time_entry  # noqa: B018


def test_accounts_are_listed_without_the_firm(data):
    assert account_ids(data) == ["harbour"]
    assert account_ids(data / "none") == []
    assert module.AUDIENCES == ("client", "internal")


def test_a_row_withdrawn_from_the_client_does_not_come_back_in_an_older_state(data):
    path = data / "harbour" / "risks.csv"
    path.write_text(
        "risk,description,status,client_visible,as_of\n"
        "R1,Late content,open,yes,2026-07-01\nR1,Late content,open,no,2026-08-01\n"
        "R2,Strike,open,yes,2026-07-01\nR2,Strike,closed,yes,2026-08-01\nR3,Later shown,open,no,2026-07-01\n"
        "R3,Later shown,open,yes,2026-10-01\n"
    )
    client = read(data)
    assert client.risks[["risk", "status"]].values.tolist() == [["R2", "closed"]]
    assert client.at(client.period.previous).risks.reason == "risks has no row that was known on 2026-06-30"


def test_hours_worked_before_the_agreed_rate_still_have_the_standard_one(data):
    path = data / "firm" / "rate_card.csv"
    path.write_text(
        path.read_text().replace("Designer,harbour,GBP,120,61.35,2025-01-01", "Designer,harbour,GBP,120,61.35,2026-08-01")
    )
    rates = read(data).rate_card
    assert rates.loc[rates["role"] == "Designer", "bill_rate"].tolist() == [125.0, 120.0]


def test_our_targets_and_odds_are_not_in_the_clients_profile(data):
    (data / "harbour" / "account.yaml").write_text("name: Harbour Foods\ncurrency: GBP\ntargets:\n  margin: 0.37\n")
    (data / "firm" / "firm.yaml").write_text("name: Fern & Harrow\nrenewal_odds:\n  commit: 0.95\n")
    assert read(data).profile.targets.margin is None
    assert read(data).firm.renewal_odds == {}
    assert read(data, "internal").profile.targets.margin == 0.37


def test_leave_stays_among_the_bookings(data):
    (data / "firm" / "people.csv").write_text("person,role\nBo Kern,Designer\n")
    (data / "firm" / "bookings.csv").write_text(
        "person,account,project,start,end,hours_per_week,status\nBo Kern,harbour,tm,2026-07-01,2026-07-31,20,confirmed\n"
        "Bo Kern,other,x,2026-07-01,2026-07-31,20,confirmed\nBo Kern,,,2026-08-01,2026-08-14,37.5,leave\n"
    )
    assert read(data, "internal").bookings["status"].tolist() == ["confirmed", "leave"]


def test_answers_after_the_as_of_date_do_not_hide_the_earlier_ones(data):
    path = data / "harbour" / "surveys.csv"
    path.write_text(path.read_text() + "2026-09-29,nps,9,Person 6,words\n")
    assert read(data, as_of="2026-09-28").survey_summary["answered"].tolist() == [5]
    assert isinstance(read(data, "internal", as_of="2026-07-31").survey_summary, Missing)


def test_what_is_not_to_be_said_is_refused_where_the_client_reads(data):
    folder = data / "harbour" / "commentary"
    folder.mkdir(exist_ok=True)
    (folder / "2026-Q3.internal.md").write_text("## Not to say\n\nThe margin.\n", encoding="utf-8")
    assert read(data, "internal").words("Not to say") == "The margin."
    assert isinstance(read(data).words("Not to say"), Missing)
    (folder / "2026-Q3.md").write_text("## Not to say\n\nThe margin.\n", encoding="utf-8")
    for audience in ("client", "internal"):
        with pytest.raises(ValueError, match=r"commentary/2026-Q3.md must not hold `## Not to say`.*write it in .*internal.md"):
            read(data, audience)


def test_what_is_the_clients_alone_is_left_out_of_ours_without_a_word(data):
    assert read(data).theirs("agenda") == "agenda"
    assert read(data, "internal").theirs("agenda") == Missing("")


def test_commentary_without_a_heading_is_refused_not_dropped(data):
    folder = data / "harbour" / "commentary"
    folder.mkdir()
    (folder / "2026-Q3.md").write_text("# Third quarter\n\nA good quarter.\n\n## Delivery\nOn time.\n")
    with pytest.raises(
        ValueError, match=r"commentary/2026-Q3.md: text must stand under a heading; write `## Summary` above it"
    ):
        read(data)


def test_a_task_that_starts_later_is_still_planned(data):
    path = data / "harbour" / "tasks.csv"
    path.write_text(path.read_text().replace("2026-07-01,2026-08-01,in_progress", "2026-10-01,2026-11-01,in_progress"))
    assert read(data, "internal").tasks["status"].tolist()[1] == "planned"


def test_what_is_ours_is_missing_for_the_client(editions):
    client, internal = editions
    assert internal.ours(3.0) == 3.0
    assert isinstance(client.ours(3.0), Missing)


def test_the_open_projects_follow_the_billing_type(editions):
    client, internal = editions
    assert client.open_projects("hours")["project"].tolist() == ["re", "tm", "ca"]
    assert client.open_projects("hours_and_rates")["project"].tolist() == ["tm", "ca"]
    assert internal.open_projects("hours_and_rates")["project"].tolist() == ["ff", "re", "tm", "ca"]


def test_a_source_is_named_with_its_rows_and_its_day(data):
    client = read(data)
    assert client.source("expenses", "projects") == "expenses.csv, 1 row; projects.csv, 4 rows, as of 30 Sep 2026"
    assert client.source("stakeholders") == ""
    assert "projects.csv (4)" in client.traced()


def test_standard_rates_serve_an_account_that_has_none_of_its_own(data):
    path = data / "firm" / "rate_card.csv"
    path.write_text("\n".join(row for row in path.read_text().splitlines() if "harbour" not in row) + "\n")
    rates = read(data).rate_card
    assert rates[["role", "bill_rate"]].values.tolist() == [["Designer", 125.0], ["Auditor", 150.0]]


def test_a_report_reads_its_files_once_and_everybody_else_reads_them_anew(data):
    projects = data / "harbour" / "projects.csv"
    renamed = projects.read_text().replace("\nff,", "\nff,Renamed ", 1)
    with read_once():
        before = read(data, "internal")
        projects.write_text(renamed)
        assert read(data, "internal").projects.equals(before.projects)
    assert not read(data, "internal").projects.equals(before.projects)


def test_what_one_edition_does_to_its_tables_is_not_in_the_other(data):
    with read_once():
        one, other = read(data, "internal"), read(data, "internal")
        one.projects.loc[:, "name"] = "changed in place"
        one.tables["projects"]["name"] = "changed in place"
        assert "changed in place" not in {*other.projects["name"], *read(data, "internal").projects["name"]}


def test_another_account_read_in_between_is_its_own(data):
    shutil.copytree(data / "harbour", data / "other")
    projects = data / "other" / "projects.csv"
    projects.write_text(projects.read_text().replace("\nff,", "\nff,Renamed ", 1))
    with read_once():
        one = read(data, "internal")
        other = Account.read("other", "2026-Q3", audience="internal", data=data)
        assert "Renamed" in " ".join(other.projects["name"])
        assert read(data, "internal").projects.equals(one.projects)
