"""Prompts of one source: a file, or a folder or hub dataset through `hub.py`."""

from __future__ import annotations

import heapq
import os
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.interchange.evalscope_outputs import output_files
from palestra.interchange.rows import read_rows
from palestra.prompts.shapes import Defaults, prompt_of_row
from palestra.records.keys import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from palestra.config.schema import PromptSource
    from palestra.interchange.rows import Row
    from palestra.records.prompt import Prompt


def read_prompts(source: PromptSource, *, seed: int, base_dir: Path) -> list[Prompt]:
    """The prompts of one source, in file order, with ids that are unique among them.

    `limit` takes the first so many, then `sample` draws so many of those (all, if there are fewer);
    the draw depends on `seed` and the ids alone. A relative path is taken from `base_dir`. Two rows
    that are the same in every respect and name an id are one prompt; contents that repeat without an
    id of their own get `-2`, `-3`, … after it.

    Raises:
        DataError: the file, or a row in it, cannot be used; the message names the line.
        UsageError: a hub dataset is wanted, and the extra `hub` is not installed.
    """
    prompts: Iterable[Prompt] = _prompts(source, base_dir)
    if source.limit is not None:
        prompts = islice(prompts, source.limit)
    return list(prompts) if source.sample is None else draw(prompts, source.sample, seed)


def draw(prompts: Iterable[Prompt], count: int, seed: int) -> list[Prompt]:
    """`count` prompts at random without repetition, in their order.

    Each id is hashed with the seed and the smallest hashes win, so that the draw is the same on every
    platform and barely moves when prompts are added.
    """
    tickets = ((digest(["sample", seed, p.question_id]), place, p) for place, p in enumerate(prompts))
    drawn = heapq.nsmallest(count, tickets, key=lambda ticket: ticket[:2])
    return [prompt for _, _, prompt in sorted(drawn, key=lambda ticket: ticket[1])]


def _prompts(source: PromptSource, base_dir: Path) -> Iterator[Prompt]:
    if source.path is None:
        from palestra.prompts.hub import hub_rows

        place = source.name or ""
        return _unique(((row, place) for row in hub_rows(source)), _defaults(source, place))
    path = base_dir / source.path.expanduser()
    outputs = output_files(path)
    if outputs:
        rows = ((row, str(file.path)) for file in outputs for row in file.rows())
        return _unique(rows, _defaults(source, path.name))
    if os.path.isdir(path):  # which, unlike pathlib, says no where it may not look
        from palestra.prompts.folder import split_files

        files = split_files(path, source.split, source.config)
        return _unique(_rows(files), _defaults(source, path.resolve().name))
    return _unique(_rows([path]), _defaults(source, path.name.split(".")[0]))


def _defaults(source: PromptSource, dataset: str) -> Defaults:
    return Defaults(
        dataset=dataset,
        forced_dataset=source.dataset,
        forced_subset=source.subset,
        field=source.field,
        references=source.references,
    )


def _rows(files: Iterable[Path]) -> Iterator[tuple[Row, str]]:
    for file in files:
        for row in read_rows(file):
            yield row, str(file)


def _unique(rows: Iterable[tuple[Row, str]], defaults: Defaults) -> Iterator[Prompt]:
    """Prompts with an id each: repeated rows are dropped, repeated contents numbered."""
    seen: dict[str, Prompt] = {}
    copies: Counter[str] = Counter()
    for row, place in rows:
        prompt, named = prompt_of_row(row, place, defaults)
        own_id = prompt.question_id
        if not named:
            copies[own_id] += 1
            if copies[own_id] > 1:
                prompt = prompt.model_copy(update={"question_id": f"{own_id}-{copies[own_id]}"})
        elif seen.get(own_id) == prompt:
            continue
        if prompt.question_id in seen:
            raise DataError(
                f"question_id {prompt.question_id!r} stands above for a different prompt",
                path=place,
                line=row.line,
                hint="give each prompt its own id, or leave the ids out",
            )
        seen[prompt.question_id] = prompt
        yield prompt
