"""The prompts that the arena knows: what a random one is drawn from, and what is known of a typed one."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from palestra.prompts.load import load_prompts
from palestra.records.keys import digest
from palestra.records.prompt import Message, Prompt

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from palestra.config.schema import Config


class PromptBook:
    """Prompts of a single user turn, by their text."""

    def __init__(self, prompts: Iterable[Prompt], *, seed: int | None = None) -> None:
        """`seed` makes the draws repeatable."""
        self._by_text = {prompt.text.strip(): prompt for prompt in prompts if len(prompt.messages) == 1}
        self._texts = list(self._by_text)
        self._random = random.Random(seed)

    def __len__(self) -> int:
        return len(self._texts)

    def draw(self) -> Prompt | None:
        """A random prompt; None if there are none."""
        return self._by_text[self._random.choice(self._texts)] if self._texts else None

    def recognise(self, text: str) -> Prompt:
        """The known prompt of this text, else one whose id derives from the text."""
        return self._by_text.get(text.strip()) or plain_prompt(text)


def plain_prompt(text: str) -> Prompt:
    """A prompt of which nothing is known but its text."""
    question_id = f"typed-{digest(['typed', text.strip()])[:20]}"
    return Prompt(question_id=question_id, messages=(Message(role="user", content=text),))


def read_book(config: Config, base_dir: Path) -> PromptBook:
    """The prompts of a config, and its example prompts.

    Raises:
        DataError: a source cannot be used.
        UsageError: a hub dataset is wanted, and the extra `hub` is not installed.
    """
    listed = load_prompts(config.prompts, seed=config.seed, base_dir=base_dir)
    examples = [plain_prompt(text) for text in config.serve.example_prompts if text.strip()]
    return PromptBook([*examples, *listed])
