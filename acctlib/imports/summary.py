"""What an import did, as whoever ran it reads it."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from pathlib import Path

from acctlib.imports.merge import Merged
from acctlib.imports.placing import Outcome
from acctlib.tables.problems import shown

__all__ = ["lines_of"]

#: Differences and names printed of one account; the rest is counted.
_LISTED = 8
#: Unknown clients and projects printed, those with most rows first.
_NAMED = 40


def lines_of(outcome: Outcome, data: Path) -> Iterator[str]:
    """Yield the lines that say what became of a file: what it is, each account, what waits, and whether the sums foot."""
    yield f"{outcome.file}: {outcome.tool} ({outcome.reason})"
    if outcome.how:
        yield f"  written with {outcome.how}"
    width = max((len(account) for account in (*outcome.accounts, "in all")), default=0)
    for account, (rows, quantity, merged) in sorted(outcome.accounts.items()):
        yield f"  {account:<{width}}  {_counted(rows):>14}  {_quantity(quantity):>16}  {_became(merged)}"
        yield from _differences(merged)
    yield from _waiting(outcome, data)
    yield from (f"  {note}" for note in outcome.notes)
    total = collections.Counter({outcome.unit: 0.0})
    for _, quantity, _ in outcome.accounts.values():
        total.update(quantity)  # not +, which drops what is below 0
    aside = "".join(f" + {count:,} aside ({why})" for why, count in sorted(outcome.set_aside.items()))
    cut = f" + {outcome.parts:,} for entries in parts" if outcome.parts else ""
    kept = f"{outcome.kept:,} in accounts + {len(outcome.waiting):,} waiting{aside}"
    yield f"  {_counted(outcome.read)} read{cut} = {kept}"
    worth = "".join(
        f", which the tool prices at {amount:,.2f} {code}".rstrip() for code, amount in sorted(outcome.amounts.items())
    )
    yield f"  {_quantity(total)} in accounts{worth}"
    if outcome.right_totals:
        yield f"  totals stated by the file, which its rows make too: {outcome.right_totals}"
    yield from (
        f"  DOES NOT FOOT: {sentence}; export it again, or look for rows that are hidden there"
        for sentence in outcome.wrong_totals
    )


def _counted(rows: int) -> str:
    return f"{rows:,} row{'s' if rows != 1 else ''}"


def _quantity(quantity: collections.Counter[str]) -> str:
    """Return amounts with their units side by side, since two currencies have no sum."""
    amounts = {unit: value for unit, value in sorted(quantity.items()) if value} or {max(quantity, default=""): 0.0}
    return " and ".join(f"{value:,.2f} {unit}" if unit else f"{value:,.0f}" for unit, value in amounts.items())


def _became(merged: Merged) -> str:
    if not merged.differs and not merged.elsewhere:
        return "nothing new"
    counts = {
        "new": merged.new,
        "changed": len(merged.changed),
        "gone": len(merged.gone),
        "as before": merged.same,
        "typed here before": merged.adopted,
        "of another tool": len(merged.elsewhere),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _differences(merged: Merged) -> Iterator[str]:
    changes = [f"{what}: {column} {before or 'blank'} -> {after or 'blank'}" for what, column, before, after in merged.changed]
    gone = [f"{what}: gone" for what in merged.gone]
    for line in _first([*changes, *gone]):
        yield f"      {line}"
    if merged.elsewhere:
        rows = f"{_counted(len(merged.elsewhere))} stand here from another tool"
        yield f"      {rows} and are not counted again ({merged.elsewhere[0]})"
    if merged.twice:
        yield "      MAY BE COUNTED TWICE, because two tools have hours of the same day and project:"
        yield from (f"        {line}" for line in _first(merged.twice))
        yield "        if one tool is enough, put back this import with --undo, or delete the rows of the other"
    if merged.kept:
        kept = f"{_counted(len(merged.kept))} of these days stay"
        yield f"      {kept}: the file names no such person or project ({merged.kept[0]})"


def _first(lines: list[str]) -> list[str]:
    rest = len(lines) - _LISTED
    return lines[:_LISTED] + ([f"and {rest:,} more"] if rest > 0 else [])


def _waiting(outcome: Outcome, data: Path) -> Iterator[str]:
    if not outcome.waiting:
        return
    yield f"  waiting: {_counted(len(outcome.waiting))} in {outcome.waiting_file.relative_to(data.parent).as_posix()}"
    unmets = sorted(outcome.unmet.values(), key=lambda unmet: (-unmet.rows, unmet.name))
    for unmet in unmets[:_NAMED]:
        what = f"project {shown(unmet.name)}" if unmet.account else f"client {shown(unmet.name)}"
        what = what if unmet.name else f"no {what.split()[0]} named"
        what += f" of {unmet.account}" if unmet.account else ""
        near = f"; nearest: {unmet.near}" if unmet.near else ""
        yield f"      {what}: {_counted(unmet.rows)}, {_quantity(unmet.quantity)}{near}; {unmet.line}"
    if len(unmets) > _NAMED:
        yield f"      and {len(unmets) - _NAMED:,} more names, each with its rows in that file"
    names = {repr(unmet.name) for unmet in unmets}
    others = [
        f"row {line}: {why}"
        for line, why, _ in sorted(outcome.waiting)
        if why not in ("it names no client", "it names no project")
        and not names & {why.partition("called ")[2], why.partition(" is not known to be ")[0]}
    ]
    yield from (f"      {line}" for line in _first(others))
