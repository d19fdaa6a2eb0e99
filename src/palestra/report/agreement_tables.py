"""What was found of judges as tables of words, for a terminal or for Markdown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.report.words import NONE, number, percent, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from palestra.analysis.agreement.findings import Agreement, Estimate, Findings, Group, JudgeFindings

Row = list[str]
PEOPLE = "people"
"""Who is shown beside the judges."""


@dataclass(frozen=True, slots=True)
class Table:
    """A heading row and others; the first column is a name."""

    title: str
    rows: list[Row]
    notes: tuple[str, ...] = ()


def tables_of(found: Findings) -> Iterator[Table]:
    """One table after another; those that have nothing to tell are left out."""
    label, who = ("gold label", "by the label") if found.reference == "gold" else ("vote", f"by {PEOPLE}")
    if found.reference != "gold":
        yield _agreement("With each vote", found.overall, lambda one: (one.votes, one.people_votes))
    title = "With the gold label" if found.reference == "gold" else "With the majority of people"
    yield _agreement(title, found.overall, lambda one: (one.majority, one.people_majority))
    judges = found.overall.judges
    yield from _some(_position(judges))
    yield from _some(_right(judges))
    yield from _some(_length(judges, who))
    yield from _some(_family(judges, who))
    yield _coverage(judges, label)
    yield from _some(_weights(found))
    if found.categories:
        yield _categories(found)


def _some(table: Table) -> Iterator[Table]:
    if len(table.rows) > 1:
        yield table


def _agreement(
    title: str, group: Group, pick: Callable[[JudgeFindings], tuple[Agreement, Agreement | None]]
) -> Table:
    rows = [["Judge", "With ties", "Of", "Without ties", "Of", "Kappa"]]
    ceilings = [pick(one)[1] for one in group.judges]
    shared = len({_key(ceiling) for ceiling in ceilings}) == 1
    for one in group.judges:
        own, people = pick(one)
        rows.append([visible(one.judge), *_agreed(own)])
        if people is not None and not shared:
            rows.append([f"  {PEOPLE}, on the same", *_agreed(people)])
    if shared and ceilings[0] is not None:
        rows.append([PEOPLE, *_agreed(ceilings[0])])
    return Table(title, rows)


def _key(agreement: Agreement | None) -> str:
    return "" if agreement is None else repr(agreement)


def _agreed(one: Agreement) -> Row:
    return [
        _share(one.with_ties),
        f"{one.with_ties.n:,.0f}",
        _share(one.without_ties),
        f"{one.without_ties.n:,.0f}",
        _plain(one.kappa),
    ]


def _share(one: Estimate) -> str:
    """`58.3 % (52.1–64.0)`."""
    if math.isnan(one.value):
        return NONE
    bounds = "" if math.isnan(one.low) else f" ({number(100 * one.low)}–{number(100 * one.high)})"
    return f"{percent(one.value)}{bounds}"


def _plain(one: Estimate) -> str:
    """`0.28 (0.25 to 0.31)`."""
    if math.isnan(one.value):
        return NONE
    bounds = "" if math.isnan(one.low) else f" ({number(one.low, 2)} to {number(one.high, 2)})"
    return f"{number(one.value, 2)}{bounds}"


def _error(one: Estimate, factor: float = 1.0, decimals: int = 2) -> str:
    """`0.50 ± 0.04`, a standard error, not an interval."""
    if math.isnan(one.value):
        return NONE
    error = "" if math.isnan(one.error) else f" ± {number(factor * one.error, decimals)}"
    return f"{number(factor * one.value, decimals)}{error}"


def _position(judges: Sequence[JudgeFindings]) -> Table:
    head = ["Judge", "Both orders", "Consistent", "Flips", "to first", "to second", "First wins", "Log-odds"]
    rows = [head]
    for one in judges:
        at = one.position
        if at.consistency.n or at.first_share.n:
            told = [_share(at.consistency), percent(at.flips.value)]
            flips = [percent(at.flips_to_first.value), percent(at.flips_to_second.value)]
            both = f"{at.consistency.n:,.0f}"
            rows.append(
                [visible(one.judge), both, *told, *flips, _share(at.first_share), _error(at.log_odds)]
            )
    return Table("Position", rows)


def _right(judges: Sequence[JudgeFindings]) -> Table:
    """Where people, or the label, prefer one of the answers."""
    rows = [["Judge", "Better shown first", "Better shown second", "In both orders"]]
    for one in judges:
        at = one.position
        if at.right_in_both.n:
            told = [at.right_when_first, at.right_when_second, at.right_in_both]
            rows.append([visible(one.judge), *map(_share, told)])
    return Table("Right in each order", rows)


def _length(judges: Sequence[JudgeFindings], who: str) -> Table:
    rows = [["Judge", "Longer wins", who, "Excess, points", "Log-odds", who]]
    for one in judges:
        if one.length is not None and one.length.longer_share.n:
            at = one.length
            shares = [_share(at.longer_share), percent(at.people_longer_share.value)]
            odds = [_error(at.log_odds), _error(at.people_log_odds)]
            rows.append([visible(one.judge), *shares, _error(at.excess, 100, 1), *odds])
    return Table("Length", rows)


def _family(judges: Sequence[JudgeFindings], who: str) -> Table:
    rows = [["Judge", "Own models", "Matchups", "Own wins", who, "Excess, points"]]
    for one in judges:
        if one.own_family is not None and one.own_family.share.n:
            at = one.own_family
            shares = [_share(at.share), percent(at.people_share.value)]
            rows.append(
                [
                    visible(one.judge),
                    str(len(at.models)),
                    f"{at.share.n:,.0f}",
                    *shares,
                    _error(at.excess, 100, 1),
                ]
            )
    return Table("Own family", rows)


def _coverage(judges: Sequence[JudgeFindings], label: str) -> Table:
    head = ["Judge", "Verdicts", "Failed", "Matchups", "Decided", f"With a {label}", "USD per 1,000"]
    rows = [head]
    notes = []
    for one in judges:
        at = one.coverage
        counts = [at.n_verdicts, at.n_failed, at.n_matchups, at.n_decided, at.n_joined]
        cost = number(at.cost_per_thousand, 2 if (at.cost_per_thousand or 0) >= 1 else 4)
        rows.append([visible(one.judge), *(f"{count:,}" for count in counts), cost])
        if at.failures:
            why = ", ".join(f"{count:,} {visible(kind)}" for kind, count in at.failures.items())
            notes.append(f"{visible(one.judge)} failed: {why}")
        notes += [f"{visible(one.judge)}: {note}" for note in one.notes]
    return Table("Coverage", rows, tuple(notes))


def _weights(found: Findings) -> Table:
    rows = [["Judge", "panel_weight"]]
    if len(found.overall.judges) > 1:
        rows += [[visible(judge), number(weight, 4)] for judge, weight in found.panel_weights.items()]
    return Table("Weights for a panel", rows)


def _categories(found: Findings) -> Table:
    gold = found.reference == "gold"
    with_people = [] if gold else ["People with each other", "without ties"]
    head = ["Category", "Judge", "Matchups", "Agreement", "without ties", *with_people, "Consistent"]
    rows = [head]
    for name, group in found.categories.items():
        for one in group.judges:
            own, people = (one.majority, None) if gold else (one.votes, one.people_votes)
            told = [_share(own.with_ties), _share(own.without_ties)]
            if people is not None:
                told += [percent(people.with_ties.value), percent(people.without_ties.value)]
            count = f"{one.coverage.n_joined:,}"
            consistent = percent(one.position.consistency.value)
            rows.append([visible(name), visible(one.judge), count, *told, consistent])
    with_what = "the gold label" if gold else "each vote"
    return Table(f"By {found.about.get('by') or 'category'}, with {with_what}", rows)
