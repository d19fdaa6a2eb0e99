"""What Palestra adds to the calls themselves.

A judge is asked over HTTP about 5,000 matchups of recorded answers, at 100 calls at once; the server is a
process of its own. Three questions, each put to a fresh process:

- With a server that takes a second for each call: how far from the ideal, calls / 100 seconds?
- With a server that answers at once: how many calls a second, beside a bare loop over the same client
  library that keeps nothing?
- How much memory after 5,000 matchups, beside that after 1,000?
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.support.behaviour import Behaviour, Reply
from tests.support.chat_server import chat_in_process

MATCHUPS = 5000
AT_ONCE = 100
PAIRS = 5
"""What one pair shares is the machine's mood, which changes by more than the ratio does."""


def write_arena(folder: Path, n: int) -> None:
    """Prompts and the answers of two models."""
    prompts = [
        {"question_id": f"q{i}", "query": f"Question number {i}: what is {i} and why?"} for i in range(n)
    ]
    _write(folder / "prompts.jsonl", prompts)
    for model in ("one", "two"):
        answers = [
            {"question_id": f"q{i}", "text": f"Model {model} says of {i}: " + "so it is. " * 60}
            for i in range(n)
        ]
        _write(folder / f"{model}.jsonl", answers)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def run_palestra(folder: Path, url: str) -> dict[str, float]:
    """One run of the arena in `folder`, without what comes before and after the calls."""
    from palestra.config.schema import Config
    from palestra.run.pipeline import Run
    from palestra.run.plan import make_plan
    from palestra.store.database import Database

    config = Config.model_validate(
        {
            "models": [{"endpoint_type": "recorded", "path": f"{name}.jsonl"} for name in ("one", "two")],
            "judges": [{"endpoint_type": "openai", "model": "judge", "base_url": f"{url}/v1"}],
            "prompts": [{"path": "prompts.jsonl"}],
            "schedule": {"swap": "once"},
            "concurrency": AT_ONCE,
        }
    )

    async def ask() -> tuple[float, float]:
        plan = make_plan(config, folder, {})
        with Database(folder / "palestra.db") as database:
            run = Run(plan, database)
            watch = asyncio.create_task(_memory_after(run, 1000))
            began = time.perf_counter()
            await run.ask()
            taken = time.perf_counter() - began
            await run.aclose()
            assert run.progress.verdicts.done == len(plan.prompts)
            assert run.progress.verdicts.n_failed == 0
        return taken, await watch

    taken, early = asyncio.run(ask())
    return {"seconds": taken, "early_mb": early, "late_mb": memory_mb()}


async def _memory_after(run: Any, verdicts: int) -> float:
    while run.progress.verdicts.done < verdicts:
        await asyncio.sleep(0.01)
    return memory_mb()


def memory_mb() -> float:
    """This process's resident memory at this moment."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def run_bare(folder: Path, url: str) -> dict[str, float]:
    """The same requests in a bare loop: the client library and nothing else."""
    from pydantic_ai import ModelRequest
    from pydantic_ai.direct import model_request
    from pydantic_ai.messages import SystemPromptPart, UserPromptPart
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    judge = OpenAIChatModel("judge", provider=OpenAIProvider(base_url=f"{url}/v1", api_key="none"))
    waiting = iter(judge_requests(folder))

    async def work() -> None:
        for system, user in waiting:
            request = ModelRequest([SystemPromptPart(system), UserPromptPart(user)])
            await model_request(judge, [request], model_settings={"seed": 1})

    async def ask() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return time.perf_counter() - began

    return {"seconds": asyncio.run(ask())}


def judge_requests(folder: Path) -> list[tuple[str, str]]:
    """What the judge is sent about each matchup: the system text and the user text."""
    from palestra.judges.fence import Fence
    from palestra.judges.protocols import make_protocol
    from palestra.records.matchup import Matchup, Order
    from palestra.records.prompt import Message, Prompt
    from palestra.records.response import Response

    protocol = make_protocol("pairwise")
    files = [(folder / name).open() for name in ("prompts.jsonl", "one.jsonl", "two.jsonl")]
    requests = []
    for number, lines in enumerate(zip(*files, strict=True)):
        asked, *answers = map(json.loads, lines)
        prompt = Prompt(question_id=f"q{number}", messages=(Message(role="user", content=asked["query"]),))
        one, two = (Response(key="", question_id="", model="", text=row["text"]) for row in answers)
        matchup = Matchup(prompt=prompt, response_a=one, response_b=two)
        fence = Fence.draw(0, str(number), 0, [])
        system, user = protocol.render(matchup, Order.AB, fence)
        requests.append((system.content, user.content))
    for file in files:
        file.close()
    return requests


def measure(what: str, n: int, delay: float) -> dict[str, float]:
    """Run `palestra` or `bare` in a fresh process, with a fresh server and store."""
    plan = {"judge": Behaviour(reply=Reply.VERDICT, delay=delay)}
    with tempfile.TemporaryDirectory() as folder, chat_in_process(plan) as chat:
        write_arena(Path(folder), n)
        command = [sys.executable, "-m", "benchmarks.orchestration", what, folder, chat.url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        result: dict[str, float] = json.loads(done.stdout)
        return result


def main() -> None:
    """Measure and print."""
    slow = measure("palestra", MATCHUPS, delay=1.0)
    ideal = MATCHUPS / AT_ONCE
    print(f"{MATCHUPS} matchups, {AT_ONCE} calls at once, a server that takes 1 s")
    print(f"  ideal                    {ideal:8.1f} s")
    print(f"  palestra                 {slow['seconds']:8.1f} s")
    print(f"  ratio                    {slow['seconds'] / ideal:8.3f}   (wanted: at most 1.15)")
    rates: dict[str, list[float]] = {"palestra": [], "bare": []}
    memory: list[float] = []
    for _ in range(PAIRS):
        for what, found in rates.items():
            result = measure(what, MATCHUPS, delay=0.0)
            found.append(MATCHUPS / result["seconds"])
            if what == "palestra":
                memory.append(result["late_mb"] - result["early_mb"])
    shares = [ours / bare for ours, bare in zip(*rates.values(), strict=True)]
    print(f"A server that answers at once, medians of {PAIRS} pairs of runs, one after the other")
    print(f"  bare loop                {median(rates['bare']):8.0f} calls/s")
    print(f"  palestra                 {median(rates['palestra']):8.0f} calls/s")
    print(f"  ratio of a pair          {median(shares):8.3f}   (wanted: at least 0.70)")
    print(f"  from the least to most   {min(shares):8.3f} to {max(shares):.3f}")
    print(f"Memory after {MATCHUPS} matchups beyond that after 1000")
    print(f"  palestra                 {max(memory):8.1f} MB  (wanted: within 20)")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("what", choices=("palestra", "bare"))
        parser.add_argument("folder", type=Path)
        parser.add_argument("url")
        given = parser.parse_args()
        run = run_palestra if given.what == "palestra" else run_bare
        print(json.dumps(run(given.folder, given.url)))
