"""All prompts of a config."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from palestra.errors import DataError
from palestra.prompts.files import read_prompts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from palestra.config.schema import PromptSource
    from palestra.records.prompt import Prompt


def load_prompts(sources: Iterable[PromptSource], *, seed: int, base_dir: Path) -> list[Prompt]:
    """The prompts of all sources, in the sources' order, each with its own question_id.

    An id that stands for different prompts in several sources becomes `dataset/id` in each of them,
    whatever their order. A prompt that is the same in every respect counts once.

    Raises:
        DataError: a source cannot be used; or two prompts of one dataset name share an id.
        UsageError: a hub dataset is wanted, and the extra `hub` is not installed.
    """
    prompts: dict[Prompt, None] = {}
    for source in sources:
        prompts.update(dict.fromkeys(read_prompts(source, seed=seed, base_dir=base_dir)))
    by_id: defaultdict[str, list[Prompt]] = defaultdict(list)
    for prompt in prompts:
        by_id[prompt.question_id].append(prompt)
    named = [_named(prompt, shared=len(by_id[prompt.question_id]) > 1) for prompt in prompts]
    seen: set[str] = set()
    for prompt in named:
        if prompt.question_id in seen:
            raise DataError(
                f"question_id {prompt.question_id!r} stands for different prompts in two sources",
                hint="give each of the sources its own `dataset` name",
            )
        seen.add(prompt.question_id)
    return named


def _named(prompt: Prompt, *, shared: bool) -> Prompt:
    if not shared:
        return prompt
    return prompt.model_copy(update={"question_id": f"{prompt.dataset}/{prompt.question_id}"})
