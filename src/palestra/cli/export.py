from __future__ import annotations

from typing import Annotated, Literal

import typer

from palestra.cli._options import Seed

_SELECTION = "Which battles"
_PAIRS = "Which pairs of answers"
_ROWS = "Which rows"
_CARD = "The card"


def _several(name: str, help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        name,
        metavar="NAME",
        help=f"{help} May be given several times.",
        show_default=False,
        rich_help_panel=_SELECTION,
    )
    return option


def export(
    kind: Annotated[
        Literal["dpo", "kto", "sft", "reward", "ranked"],
        typer.Argument(
            help="Pairs (dpo, reward), labelled answers (kto), answers that won (sft), or ranked lists.",
            show_default=False,
        ),
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILES",
            help="Battles as JSONL, CSV or Parquet, a run folder, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PLACE",
            help="What to write: a file (.jsonl, .json or .parquet), - for standard output, or a folder as "
            "the Hugging Face hub has it: Parquet files and a card.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; write nothing.")] = False,
    db: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE",
            help="Also the votes of a web arena: its database, a file or a URL.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        Literal["conversational", "plain"] | None,
        typer.Option(
            help="Messages, or plain texts of one question and one answer. Default: messages; ranked: plain.",
            show_default=False,
        ),
    ] = None,
    prompt: Annotated[
        Literal["explicit", "implicit"],
        typer.Option(
            help="The prompt in a column of its own, or as the beginning of the answers (dpo, reward, sft)."
        ),
    ] = "explicit",
    details: Annotated[
        bool, typer.Option("--details", help="Further columns: who wrote it, who decided, and how clearly.")
    ] = False,
    seed: Seed = 0,
    source: Annotated[
        list[str] | None, _several("--source", "Only battles decided by human, llm-judge or metric.")
    ] = None,
    judge: Annotated[list[str] | None, _several("--judge", "Only battles of this judge.")] = None,
    dataset: Annotated[list[str] | None, _several("--dataset", "Only prompts of this dataset.")] = None,
    category: Annotated[list[str] | None, _several("--category", "Only prompts of this category.")] = None,
    language: Annotated[list[str] | None, _several("--language", "Only prompts in this language.")] = None,
    model: Annotated[list[str] | None, _several("--model", "Only battles between these models.")] = None,
    without_model: Annotated[
        list[str] | None, _several("--without-model", "No battles of this model.")
    ] = None,
    without_flag: Annotated[
        list[str] | None, _several("--without-flag", "No battles with this flag, such as order_disagreement.")
    ] = None,
    leaks: Annotated[
        bool,
        typer.Option(
            "--leaks", help="Also battles in which an answer tells who wrote it.", rich_help_panel=_SELECTION
        ),
    ] = False,
    named: Annotated[
        bool,
        typer.Option(
            "--named", help="Also battles whose voter knew which models met.", rich_help_panel=_SELECTION
        ),
    ] = False,
    no_ties: Annotated[
        bool, typer.Option("--no-ties", help="No battles that nobody won.", rich_help_panel=_SELECTION)
    ] = False,
    min_battles: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Pairs of answers over which so many battles were fought.",
            rich_help_panel=_PAIRS,
        ),
    ] = 1,
    min_agreement: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Pairs on whose outcome this share of the people and judges agree.",
            rich_help_panel=_PAIRS,
        ),
    ] = 0.0,
    min_judges: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Pairs on whose outcome so many people and judges agree.",
            rich_help_panel=_PAIRS,
        ),
    ] = 1,
    min_pref: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Pairs whose better answer has this share of the win.",
            rich_help_panel=_PAIRS,
        ),
    ] = 0.0,
    min_margin: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="POINTS",
            help="Pairs whose better answer has a score higher by so much.",
            rich_help_panel=_PAIRS,
        ),
    ] = 0.0,
    contradictions: Annotated[
        Literal["majority", "drop"],
        typer.Option(
            help="Of pairs of which some say one is better and some the other.", rich_help_panel=_PAIRS
        ),
    ] = "majority",
    near: Annotated[
        float | None,
        typer.Option(
            metavar="SIMILARITY",
            help="Leave out what is nearly equal: shares so many of its word triples, as in 0.9. "
            "Default: only what differs in nothing but case and spaces.",
            show_default=False,
            rich_help_panel=_PAIRS,
        ),
    ] = None,
    per_prompt: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="At most so many rows of a prompt, the clearest.", rich_help_panel=_ROWS
        ),
    ] = None,
    balance_length: Annotated[
        bool,
        typer.Option(
            "--balance-length",
            help="The better answer is longer as often as shorter: leave out the rest.",
            rich_help_panel=_ROWS,
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="At most so many rows, drawn at random.", rich_help_panel=_ROWS
        ),
    ] = None,
    test_share: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="This share of the prompts makes a test split; no prompt is in both.",
            rich_help_panel=_ROWS,
        ),
    ] = 0.0,
    title: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The card's title.", show_default=False, rich_help_panel=_CARD),
    ] = None,
    license: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The dataset's licence, as the hub spells it: cc-by-4.0, …",
            show_default=False,
            rich_help_panel=_CARD,
        ),
    ] = None,
    model_license: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL=LICENSE",
            help="A model's licence, for the card. May be given several times.",
            show_default=False,
            rich_help_panel=_CARD,
        ),
    ] = None,
) -> None:
    """Battles in, training data out, in the formats of TRL."""
    from palestra.cli import _export
    from palestra.interchange.exports.wishes import Wishes

    wishes = Wishes(
        kind=kind,
        style=style or ("plain" if kind == "ranked" else "conversational"),
        prompted=prompt,
        details=details,
        sources=tuple(source or ()),
        judges=tuple(judge or ()),
        datasets=tuple(dataset or ()),
        categories=tuple(category or ()),
        languages=tuple(language or ()),
        models=tuple(model or ()),
        without_models=tuple(without_model or ()),
        without_flags=tuple(without_flag or ()),
        leaks=leaks,
        named=named,
        ties=not no_ties,
        min_battles=min_battles,
        min_agreement=min_agreement,
        min_judges=min_judges,
        min_pref=min_pref,
        min_margin=min_margin,
        contradictions=contradictions,
        near=near,
        balance=balance_length,
        per_prompt=per_prompt,
        limit=limit,
        test_share=test_share,
        seed=seed,
    )
    card = _export.CardWords(title, license, tuple(model_license or ()))
    _export.export(files or [], db, wishes, None if dry_run else out, dry_run=dry_run, card=card)
