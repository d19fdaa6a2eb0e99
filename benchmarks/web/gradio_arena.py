"""The smallest fair arena in Gradio: two hidden models stream side by side, four buttons vote, the names are
told, and each vote is on disk before that. Needs Gradio and nothing of Palestra.

`python gradio_arena.py DATABASE PORT SECONDS WORDS`: answers of so many words that take so many seconds.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MODELS = ("ant", "bee", "cat", "dog")
BATCH_SECONDS = 0.1
"""Between two updates of the page. Gradio's usual way, one for each word, would cost it far more."""
THREADS = 200
"""As many handlers may run at once as there are voters."""


async def answer(words: int, seconds: float) -> AsyncIterator[str]:
    """A scripted answer, word by word."""
    for number in range(words):
        yield f"word{number} "
        await asyncio.sleep(seconds / words)


class Arena:
    """What the page calls."""

    def __init__(self, database: str, words: int, seconds: float) -> None:
        self._words, self._seconds = words, seconds
        self._lock = threading.Lock()
        self._votes = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
        self._votes.execute("PRAGMA journal_mode = WAL")
        self._votes.execute("PRAGMA synchronous = FULL")
        self._votes.execute(
            "CREATE TABLE votes (session, model_a, model_b, winner, prompt, answer_a, answer_b, tstamp)"
        )

    async def begin(self, prompt: str) -> AsyncIterator[tuple[Any, ...]]:
        """Both answers as they come, every `BATCH_SECONDS`; then what the vote will need."""
        models = random.sample(MODELS, 2)
        said = ["", ""]
        tasks = [asyncio.create_task(self._say(said, side)) for side in (0, 1)]
        while True:
            done, pending = await asyncio.wait(tasks, timeout=BATCH_SECONDS)
            for task in done:
                task.result()
            if not pending:
                break
            yield None, *said, ""
        yield (prompt, *models, *said), *said, ""

    async def _say(self, said: list[str], side: int) -> None:
        async for word in answer(self._words, self._seconds):
            said[side] += word

    def voter(self, winner: str) -> Callable[..., tuple[None, str]]:
        """What a button does."""

        def vote(battle: tuple[str, ...] | None, request: Any) -> tuple[None, str]:
            if battle is None:
                raise ValueError("there is nothing to vote on")
            prompt, model_a, model_b, answer_a, answer_b = battle
            row = (
                request.session_hash, model_a, model_b, winner, prompt, answer_a, answer_b, time.time()
            )  # fmt: skip
            with self._lock:
                self._votes.execute("INSERT INTO votes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
            return None, f"You voted {winner}: {model_a} met {model_b}."

        vote.__annotations__["request"] = import_module("gradio").Request
        return vote


def page(arena: Arena) -> Any:
    """The page."""
    gradio: Any = import_module("gradio")
    with gradio.Blocks(title="Arena", analytics_enabled=False) as blocks:
        battle = gradio.State()
        with gradio.Row():
            left, right = gradio.Textbox(label="A"), gradio.Textbox(label="B")
        prompt = gradio.Textbox(label="Prompt")
        told = gradio.Markdown()
        prompt.submit(
            arena.begin, [prompt], [battle, left, right, told], api_name="answer", show_progress="hidden"
        )
        with gradio.Row():
            for winner in ("a", "b", "tie", "both_bad"):
                gradio.Button(winner).click(
                    arena.voter(winner),
                    [battle],
                    [battle, told],
                    api_name=f"vote_{winner}",
                    show_progress="hidden",
                )
    return blocks.queue(default_concurrency_limit=None)


def main() -> None:
    """Serve until it is ended."""
    database, port, seconds, words = sys.argv[1:]
    page(Arena(database, int(words), float(seconds))).launch(
        server_name="127.0.0.1",
        server_port=int(port),
        max_threads=THREADS,
        share=False,
        inbrowser=False,
        ssr_mode=False,
        enable_monitoring=False,
        quiet=True,
    )


if __name__ == "__main__":
    main()
