"""What was found of judges as text, Markdown, CSV, JSON, and rows for a data frame."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from palestra.analysis.agreement.findings import Coverage, Estimate
from palestra.records.plain import json_text
from palestra.records.tables import aligned
from palestra.report.agreement_tables import PEOPLE, tables_of
from palestra.report.words import number, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.analysis.agreement.findings import Findings, Group

FIELDS = ("category", "judge", "measure", "value", "ci_low", "ci_high", "standard_error", "n", "hits")
"""The columns of a data frame; `category` is empty overall, `n` and `hits` as in `Estimate`."""
_SPECIAL = frozenset("\\`*_[]<>#|~&$")


def agreement_text(found: Findings) -> str:
    """Aligned tables, ending with a line break. Nothing in a name can reach the terminal as an escape."""
    blocks = ["\n".join(["=== AGREEMENT ===", *_about(found)])]
    for table in tables_of(found):
        left = frozenset({0, 1}) if table.rows[0][1] == "Judge" else frozenset({0})
        blocks.append("\n".join([table.title, *aligned(table.rows, left=left), *table.notes]))
    kappas = _kappas(found.overall)
    blocks += ["\n".join(kappas)] if kappas else []
    warnings = [f"Warning: {visible(warning)}" for warning in found.warnings]
    blocks += ["\n".join(warnings)] if warnings else []
    return "\n\n".join(blocks) + "\n"


def agreement_markdown(found: Findings) -> str:
    """The same as Markdown, with pipe tables."""
    lines = ["# Agreement", "", " · ".join(_markdown(line) for line in _about(found)), ""]
    for table in tables_of(found):
        rows = [[_markdown(cell) for cell in row] for row in table.rows]
        rule = ["---", *("---:" for _ in table.rows[0][1:])]
        lines += [f"## {_markdown(table.title)}", ""]
        lines += [f"| {' | '.join(row)} |" for row in [rows[0], rule, *rows[1:]]]
        lines += ["", *(f"- {_markdown(note)}" for note in table.notes), *([""] if table.notes else [])]
    notes = [*_kappas(found.overall), *(f"Warning: {warning}" for warning in found.warnings)]
    lines += [f"- {_markdown(note)}" for note in notes]
    return "\n".join(lines).rstrip("\n") + "\n"


def agreement_csv(found: Findings) -> str:
    """One number a row, with full precision; what is missing is empty."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in agreement_rows(found):
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    return out.getvalue()


def agreement_json(found: Findings) -> str:
    """Everything; NaN and infinity are null."""
    return json_text(found.to_dict())


def agreement_rows(found: Findings) -> list[dict[str, Any]]:
    """One row a number, by `FIELDS`; None where there is none."""
    groups = [("", found.overall), *found.categories.items()]
    rows = [row for category, group in groups for row in _group_rows(category, group)]
    weights = [_row("", judge, "panel_weight", weight) for judge, weight in found.panel_weights.items()]
    return [*rows, *weights]


def _group_rows(category: str, group: Group) -> Iterator[dict[str, Any]]:
    for one in group.judges:
        for name, value in _numbers("", one):
            yield _row(category, one.judge, name, value)
    people = group.people
    yield _row(category, PEOPLE, "n_votes", float(people.n_votes))
    yield _row(category, PEOPLE, "n_matchups", float(people.n_matchups))
    yield _row(category, PEOPLE, "first_share", people.first_share)
    if people.fleiss_kappa is not None:
        yield _row(category, PEOPLE, "fleiss_kappa", people.fleiss_kappa)
    if group.fleiss_kappa is not None:
        yield _row(category, "judges", "fleiss_kappa", group.fleiss_kappa)


def _numbers(prefix: str, thing: Any) -> Iterator[tuple[str, Estimate | float]]:
    """Every number within a dataclass, by its path."""
    for one in fields(thing):
        value, path = getattr(thing, one.name), f"{prefix}{one.name}"
        if isinstance(value, Estimate):
            yield path, value
        elif is_dataclass(value):
            yield from _numbers(f"{path}.", value)
        elif isinstance(value, int | float):
            yield path, float(value)
    if isinstance(thing, Coverage) and thing.cost_per_thousand is not None:
        yield f"{prefix}cost_per_thousand", thing.cost_per_thousand


def _row(category: str, judge: str, measure: str, value: Estimate | float) -> dict[str, Any]:
    one = value if isinstance(value, Estimate) else Estimate(value, n=math.nan)
    numbers = (one.value, one.low, one.high, one.error, one.n, one.hits)
    told = [None if number is None or math.isnan(number) else number for number in numbers]
    return dict(zip(FIELDS, (category, judge, measure, *told), strict=True))


def _about(found: Findings) -> list[str]:
    people, made = found.overall.people, found.interval
    voters = "" if people.n_voters is None else f" of {_some(people.n_voters, 'person', 'people')}"
    label = "gold label" if found.reference == "gold" else "vote"
    return [
        f"{_some(len(found.overall.judges), 'judge')} against {_some(people.n_votes, label)}{voters} on "
        f"{_some(people.n_matchups, 'matchup')}; {_some(found.n_models, 'model')}, "
        f"{_some(found.n_prompts, 'prompt')}, joined on {found.joined_on}",
        f"{100 * made.level:g} % intervals by {made.kind} of each {made.cluster}, {made.rounds} rounds, "
        f"seed {made.seed}; after ± stands a standard error",
    ]


def _some(count: int, one: str, several: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _kappas(group: Group) -> list[str]:
    told = []
    for who, kappa in (("people", group.people.fleiss_kappa), ("the judges", group.fleiss_kappa)):
        if kappa is not None and not math.isnan(kappa.value):
            span = "" if math.isnan(kappa.low) else f" ({number(kappa.low, 2)} to {number(kappa.high, 2)})"
            told.append(
                f"Fleiss' kappa among {who}: {number(kappa.value, 2)}{span}, of {kappa.n:,.0f} matchups"
            )
    return told


def _markdown(text: str) -> str:
    return "".join(f"\\{char}" if char in _SPECIAL else char for char in visible(text))
