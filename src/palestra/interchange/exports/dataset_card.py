"""The card of a dataset folder: a README.md as the Hugging Face hub reads it, YAML above Markdown.

It states facts and nothing else: what is not known is said to be not known.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
_CODE = re.compile(r"[a-z]{2,3}")
"""ISO 639, the only languages that the hub's front matter takes."""
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~&])")


@dataclass(frozen=True, slots=True)
class CardColumn:
    """A column of a subset."""

    name: str
    type: str
    """As `datasets` names it, such as `string` or `list of {role: string, content: string}`."""
    meaning: str


@dataclass(frozen=True, slots=True)
class CardSubset:
    """What the hub calls a config: files of the same columns."""

    files: Mapping[str, str]
    """Split → path or pattern inside the folder, such as `data/train-*.parquet`."""
    rows: Mapping[str, int]
    """Split → rows."""
    columns: Sequence[CardColumn] = ()
    name: str = "default"


@dataclass(frozen=True, slots=True)
class CardModel:
    """A model whose answers the data holds."""

    label: str
    identity: str | None = None
    """How it was reached, such as `openai gpt-4o`; None if that is not known."""
    licence: str | None = None
    """Of its outputs or weights, in the words of whoever stated it; None if nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFacts:
    """What a card says. Texts are plain; whatever would be Markdown in them is escaped."""

    title: str
    summary: str
    """What the data is; paragraphs parted by empty lines."""
    subsets: Sequence[CardSubset] = ()
    sources: Sequence[str] = ()
    """Files, run folders and stores that the data was made of, a line each."""
    judges: Sequence[str] = ()
    """Who decided, a line each."""
    models: Sequence[CardModel] = ()
    languages: Sequence[str] = ()
    """As the data spells them; those that are ISO 639 codes get into the front matter."""
    filters: Sequence[str] = ()
    """What was let through and what was not, a line each."""
    counts: Sequence[tuple[str, int]] = ()
    """(what, how many), in order."""
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)
    """Seeds and thresholds."""
    versions: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None
    """Of the dataset, as the hub spells it (`cc-by-4.0`, `other`); None if nobody stated it."""
    tags: Sequence[str] = ()
    tasks: Sequence[str] = ()
    """Task categories of the hub, such as `text-generation`."""
    notes: Sequence[str] = ()
    """What a reader should know, a line each."""


def card(facts: CardFacts) -> str:
    """The text of a README.md. The same facts give the same text."""
    front = yaml.safe_dump(_front(facts), sort_keys=False, allow_unicode=True, width=1000)
    parts = [f"# {plain(facts.title)}", *_paragraphs(facts.summary), *_bodies(facts)]
    return f"---\n{front}---\n\n" + "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """`text` as Markdown that shows it as it is, on one line."""
    line = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    return _MARKS.sub(r"\\\1", line).strip()


def _front(facts: CardFacts) -> dict[str, Any]:
    codes = sorted({code for code in facts.languages if _CODE.fullmatch(code)})
    n_rows = sum(sum(subset.rows.values()) for subset in facts.subsets)
    front: dict[str, Any] = {"pretty_name": facts.title}
    if facts.licence:
        front["license"] = facts.licence
    if codes:
        front["language"] = codes
    if facts.tasks:
        front["task_categories"] = list(facts.tasks)
    front["tags"] = list(dict.fromkeys(["palestra", *facts.tags]))
    if facts.subsets:
        front["size_categories"] = [next((name for most, name in _SIZES if n_rows < most), "n>1B")]
        front["configs"] = [_config(subset) for subset in facts.subsets]
    return front


def _config(subset: CardSubset) -> dict[str, Any]:
    files = [{"split": split, "path": path} for split, path in subset.files.items()]
    return {"config_name": subset.name, "data_files": files}


def _bodies(facts: CardFacts) -> Iterable[str]:
    for subset in facts.subsets:
        yield from _subset(subset, alone=len(facts.subsets) == 1)
    yield "## Where it came from"
    yield from _list("Sources", facts.sources)
    yield from _list("Decided by", facts.judges)
    if facts.models:
        yield "Models:"
        yield _table(
            ("model", "reached as", "licence"),
            [
                (model.label, model.identity or "not known", model.licence or "not known")
                for model in facts.models
            ],
        )
    if facts.languages:
        yield f"Languages, as the battles name them: {', '.join(map(plain, facts.languages))}."
    yield f"Licence of the dataset: {plain(facts.licence) if facts.licence else 'not stated'}."
    if facts.filters or facts.counts:
        yield "## What was kept"
        yield from _list("Rules", facts.filters)
        if facts.counts:
            yield _table(("what", "count"), [(what, f"{n:,}") for what, n in facts.counts])
    if facts.parameters or facts.versions:
        yield "## How to make it again"
        told = {**facts.parameters, **{f"{name} version": number for name, number in facts.versions.items()}}
        yield _table(("parameter", "value"), [(name, str(value)) for name, value in told.items()])
    if facts.notes:
        yield "## Notes"
        yield _lines(facts.notes)


def _subset(subset: CardSubset, *, alone: bool) -> Iterable[str]:
    yield "## Data" if alone else f"## Data: {plain(subset.name)}"
    yield _table(
        ("split", "files", "rows"),
        [(split, path, f"{subset.rows.get(split, 0):,}") for split, path in subset.files.items()],
    )
    if subset.columns:
        yield _table(
            ("column", "type", "meaning"),
            [(column.name, column.type, column.meaning) for column in subset.columns],
        )


def _paragraphs(text: str) -> list[str]:
    return [plain(part) for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]


def _list(title: str, lines: Sequence[str]) -> Iterable[str]:
    if lines:
        yield f"{title}:"
        yield _lines(lines)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([plain(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
