"""The card of an export."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra._version import __version__
from palestra.interchange.exports.columns import columns
from palestra.interchange.exports.dataset_card import CardColumn, CardFacts, CardModel, CardSubset, card

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.interchange.exports.provenance import Provenance
    from palestra.interchange.exports.report import ExportReport
    from palestra.interchange.exports.wishes import Kind, Wishes

_WHAT: dict[Kind, tuple[str, str]] = {
    "dpo": ("Preference pairs", "Each row is a prompt with two answers, the better one and the worse one."),
    "reward": (
        "Preference pairs",
        "Each row is a prompt with two answers, the better one and the worse one.",
    ),
    "kto": ("Labelled answers", "Each row is a prompt with an answer, and whether that answer is wanted."),
    "sft": ("Answers that won", "Each row is a prompt with an answer that won more than it lost."),
    "ranked": ("Ranked answers", "Each row is a prompt with the answers of several models, best first."),
}
_BATTLES = (
    "They come from battles: two models answered the same prompt, and a person or a judge said which answer "
    "is better."
)
_NOTES = (
    "The rows are in a random order that the seed decides. They do not depend on the order of the battles, "
    "nor on which side an answer was shown.",
    "Answers are as the models gave them. Nobody looked through them for private, wrong or harmful content.",
)
_SPLIT_NOTE = (
    "A prompt is for training or for testing by its text and the seed alone: conversations that begin with "
    "the same turn are on the same side, and stay there when battles are added."
)
_TYPE: dict[Kind, str] = {
    "dpo": "preference",
    "reward": "preference",
    "kto": "unpaired preference",
    "sft": "prompt-completion",
}


@dataclass(frozen=True, slots=True)
class Stated:
    """What a card says that no battle tells."""

    title: str | None = None
    licence: str | None = None
    """Of the dataset, as the hub spells it."""
    model_licences: Mapping[str, str] = field(default_factory=dict)
    """Label → licence."""
    model_identities: Mapping[str, str] = field(default_factory=dict)
    """Label → how the model was reached."""
    runs: tuple[str, ...] = ()
    """What is known of run folders, a line each."""


def described(
    wishes: Wishes, report: ExportReport, provenance: Provenance, stated: Stated | None = None
) -> str:
    """The card's text."""
    stated = stated or Stated()
    what, summary = _WHAT[wishes.kind]
    told = "messages" if wishes.style == "conversational" else "plain texts"
    return card(
        CardFacts(
            title=stated.title or f"{what} of an arena of language models",
            summary=f"{summary} {_BATTLES}\n\n{_shape(wishes)}, as {told}.",
            subsets=[_subset(wishes, report)],
            sources=[*provenance.source_lines(), *stated.runs],
            judges=provenance.judge_lines(),
            models=[
                CardModel(label, stated.model_identities.get(label), stated.model_licences.get(label))
                for label in sorted(provenance.models)
            ],
            languages=sorted(provenance.languages),
            filters=wishes.rules(),
            counts=report.counts(),
            parameters=_parameters(wishes),
            versions={"palestra": __version__},
            licence=stated.licence,
            tags=[wishes.kind, *(["preference"] if wishes.kind != "sft" else [])],
            tasks=["text-generation"],
            notes=[*_NOTES, *([_SPLIT_NOTE] if wishes.test_share else [])],
        )
    )


def _shape(wishes: Wishes) -> str:
    if wishes.kind == "ranked":
        return "A list of answers for each prompt"
    name = _TYPE[wishes.kind]
    if wishes.prompted == "implicit":
        name = "language modeling" if wishes.kind == "sft" else f"{name} with the prompt inside the answers"
    return f"The type that TRL calls {name}"


def _subset(wishes: Wishes, report: ExportReport) -> CardSubset:
    splits = [name for name, split in report.splits.items() if split.rows]
    return CardSubset(
        files={name: f"data/{name}-*.parquet" for name in splits},
        rows={name: report.splits[name].rows for name in splits},
        columns=[CardColumn(column.name, column.type, column.meaning) for column in columns(wishes)],
    )


def _parameters(wishes: Wishes) -> dict[str, str | int | float]:
    told: dict[str, str | int | float] = {
        "kind": wishes.kind,
        "style": wishes.style,
        "prompt": wishes.prompted,
        "seed": wishes.seed,
        "test share": wishes.test_share,
    }
    if wishes.near is not None:
        told["near"] = wishes.near
    if wishes.limit is not None:
        told["limit"] = wishes.limit
    return told
