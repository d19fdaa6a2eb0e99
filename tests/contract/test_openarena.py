"""OpenArena, row by row: its config runs as it is, and gives what it gave, and what it wished for.

That a run remembers what is done when it dies is `tests/e2e/test_openarena.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Reply
from tests.support.chat_server import ChatServer, chat_in_thread
from tests.support.cli import clean_environment, command, palestra, rows
from tests.support.fronts import fronts_app
from tests.support.hub_server import TOKEN, hub_running
from tests.support.require import ROOT
from tests.support.serve import serve

from palestra.config.endpoint import EndpointType
from palestra.config.load import load_config
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.registry import make_judge
from palestra.models.registry import make_model
from palestra.records.prompt import Message, Prompt
from palestra.run.artifacts import write_artifacts
from palestra.run.pipeline import Run
from palestra.run.plan import assemble
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODELS = ("Open hermes", "Llama", "Gemma")
QUESTIONS = [f"What is {n} times {n}?" for n in range(4)]
CONFIG = """\
default_endpoint:
  url: "{url}"
  api_key: "{key}"
judge_model:
  name: "JudgeModel"
  model_id: "judge"
models:
  - name: "Open hermes"
    model_id: "openhermes"
  - name: "Llama"
    model_id: "llama3"
    endpoint:
      url: "{other}"
  - name: "Gemma"
    model_id: "gemma"
datasets:
  - name: "{dataset}"
    description: "Hard questions"
    split: "train"
    field: "instruction"
    limit: {limit}
"""


def write_arena(folder: Path, url: str, other: str = "", *, limit: int = 4) -> Path:
    """OpenArena's file, and a dataset's folder, which it takes as it takes a name on the hub."""
    dataset = folder / "reasoning"
    dataset.mkdir()
    questions = [{"instruction": text, "other": "x"} for text in [*QUESTIONS, "One beyond the limit?"]]
    (dataset / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions))
    config = folder / "arena_config.yaml"
    config.write_text(
        CONFIG.format(url=url, other=other or url, key="sk-canary", dataset=dataset, limit=limit)
    )
    return config


@dataclass(frozen=True)
class Finished:
    """A run of OpenArena's config."""

    config: Path
    folder: Path
    log: dict[str, Any]
    requests: list[dict[str, Any]]
    done: subprocess.CompletedProcess[str]
    rankings: Path

    def data(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    folder = tmp_path_factory.mktemp("openarena")
    plan = {"judge": Behaviour(reply=Reply.SCORES), "*": Behaviour(delay=0.5)}
    with chat_in_thread(plan) as chat:
        url = f"{chat.url}/deep/v1/chat/completions"
        config = write_arena(folder, url, f"{chat.url}/v1/chat/completions")
        rankings = folder / "rankings.jsonl"
        env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hf")}
        done = palestra("run", config, "--rankings", rankings, cwd=folder, env=env)
        yield Finished(config, folder / "runs" / "arena", chat.log(), chat.requests(), done, rankings)


def test_the_config_is_accepted_as_it_is(finished: Finished) -> None:
    found = load_config(finished.config)
    assert (found.shape, found.warnings) == ("openarena", ())
    assert [model.label for model in found.config.models] == list(MODELS)
    assert [model.model for model in found.config.models] == ["openhermes", "llama3", "gemma"]
    (source,) = found.config.prompts
    assert (source.split, source.field, source.limit, source.description) == (
        "train",
        "instruction",
        4,
        "Hard questions",
    )
    assert load_config(ROOT / "examples" / "openarena.yaml").shape == "openarena"


def test_each_url_is_posted_to_exactly_as_written(finished: Finished) -> None:
    paths = {(request["body"]["model"], request["path"]) for request in finished.requests}
    assert paths == {
        ("openhermes", "/deep/v1/chat/completions"),
        ("llama3", "/v1/chat/completions"),
        ("gemma", "/deep/v1/chat/completions"),
        ("judge", "/deep/v1/chat/completions"),
    }
    for request in finished.requests:
        own = request["body"]["model"] == "llama3"
        key = {name.lower(): value for name, value in request["headers"].items()}.get("authorization")
        assert key == (None if own else "Bearer sk-canary"), "a key goes where its endpoint says"


def test_without_a_url_it_is_the_local_ollamas_chat_completions(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text("judge_model: {model_id: j}\nmodels: [{model_id: a}, {model_id: b}]\n")
    found = load_config(config).config
    assert {e.url for e in (*found.models, *found.judges)} == {"http://localhost:11434/v1/chat/completions"}


def test_an_endpoint_with_a_key_alone_keeps_the_default_address(tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "default_endpoint: {url: 'http://mine/v1/chat/completions', api_key: one}\n"
        "models: [{model_id: a, endpoint: {api_key: two}}, {model_id: b, endpoint: {url: 'http://b/api/chat'}}]\n"
    )
    first, second = load_config(config).config.models
    assert (first.url, second.url) == ("http://mine/v1/chat/completions", "http://b/api/chat")
    assert first.api_key is not None
    assert first.api_key.get_secret_value() == "two"
    assert second.api_key is None, "the default address' key is for that address"
    assert first.endpoint_type is second.endpoint_type is EndpointType.VLLM


def test_every_pair_meets_on_every_prompt_and_all_calls_are_concurrent(finished: Finished) -> None:
    battles = rows(finished.folder / "battles.jsonl")
    met = {(row["prompt"], *sorted((row["model_a"], row["model_b"]))) for row in battles}
    pairs = [("Llama", "Open hermes"), ("Gemma", "Open hermes"), ("Gemma", "Llama")]
    assert met == {(question, *pair) for question in QUESTIONS for pair in pairs}
    assert len(battles) == 12
    assert finished.log["models"] == {"openhermes": 4, "llama3": 4, "gemma": 4, "judge": 12}
    assert finished.log["peak"] >= 10, "answers do not wait for one another, nor for other prompts"


@pytest.mark.parametrize(
    ("reply", "a", "b"),
    [
        ("Explanation: A is right.\nScore-A: 8\nScore-B: 6", 8, 6),
        ("Score-A: 7.5\nScore-B: 6.25", 7.5, 6.25),
        ("Score-A: 8/10\nScore-B: 6/10", 8, 6),
        ("Score-A: [8]\nScore-B: [6]", 8, 6),
        ("**Score-A:** 8\n**Score-B:** 6", 8, 6),
        ("**Score-A: 8**\n**Score-B: 6**", 8, 6),
        ("score-a: 8\nscore-b: 6", 8, 6),
        ("Score-B: 6\nScore-A: 8", 8, 6),
        ("Both fail. Score-A: 0\nScore-B: 0", 0, 0),
    ],
)
def test_the_judges_scores_are_read_in_all_their_variants(reply: str, a: float, b: float) -> None:
    reading = make_protocol("openarena").parse(reply)
    assert isinstance(reading, Reading)
    assert (reading.score_first, reading.score_second) == (a, b)
    assert reading.pref == pytest.approx(a / (a + b) if a + b else 0.5, abs=1e-12)


@pytest.mark.parametrize("reply", ["", "A is better.", "Score-A: 8", "Score-A: 12\nScore-B: 6", "Score-A: x"])
def test_what_holds_no_scores_is_not_read(reply: str) -> None:
    assert isinstance(make_protocol("openarena").parse(reply), Unreadable)


def played(folder: Path, chat: ChatServer, n_models: int = 2, k: int = 32) -> Any:
    """One prompt's run of the config in this process: what `elo_ratings.json` holds, in the folder."""
    path = write_arena(folder, f"{chat.url}/v1/chat/completions")
    config = load_config(path, overrides=[] if k == 32 else [f"ranking.k={k}"]).config
    config = config.model_copy(update={"models": config.models[:n_models]})
    prompt = Prompt(question_id="q", messages=(Message(role="user", content="Why?"),))
    models = [make_model(model, env={}) for model in config.models]
    judges = [make_judge(judge, any_order=True, env={}) for judge in config.judges]

    async def play() -> None:
        await run.ask()
        await write_artifacts(run, folder, 0.0)
        await run.aclose()

    with Database(str(folder / "palestra.db")) as database:
        run = Run(assemble(config, [prompt], models, judges), database)
        asyncio.run(play())
    return json.loads((folder / "elo_ratings.json").read_text())["ratings"]


@pytest.mark.parametrize(
    ("scores", "first", "second"), [((8, 6), 1002.2857, 997.7143), ((10, 0), 1016, 984), ((0, 0), 1000, 1000)]
)
def test_elo_starts_at_1000_with_k_32_and_shares_of_the_scores(
    scores: tuple[int, int], first: float, second: float, chat: ChatServer, tmp_path: Path
) -> None:
    a, b = scores
    chat.behave({"judge": Behaviour(Reply.TEXT, f"Good.\nScore-A: {a}\nScore-B: {b}"), "*": Behaviour()})
    found = {row["model"]: row["rating"] for row in played(tmp_path, chat)}
    (verdict,) = rows(tmp_path / "verdicts.jsonl")
    shown = MODELS[:2] if verdict["order"] == "ab" else MODELS[1::-1]
    assert found == pytest.approx(dict(zip(shown, (first, second), strict=True)), abs=5e-5)
    (battle,) = rows(tmp_path / "battles.jsonl")
    assert (battle["winner"] == "tie") == (a == b)


def test_what_cannot_be_read_is_asked_once_more_then_a_failure_and_the_run_goes_on(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave({"judge": Behaviour(Reply.TEXT, "Both are fine."), "*": Behaviour()})
    assert played(tmp_path, chat, n_models=3) == []
    assert chat.log()["models"]["judge"] == 3 * 2
    verdicts = rows(tmp_path / "verdicts.jsonl")
    assert [row["failure"]["kind"] for row in verdicts] == ["unreadable"] * 3
    assert {row["winner"] for row in verdicts} == {None}, "no tie, no loss"
    assert all(row["text"] for row in rows(tmp_path / "responses.jsonl"))


def replayed(battles: list[dict[str, Any]], k: float = 32.0) -> dict[str, float]:
    """Elo by hand: each battle once, in order."""
    ratings: dict[str, float] = {}
    for row in battles:
        a, b = row["model_a"], row["model_b"]
        mine, theirs = ratings.get(a, 1000.0), ratings.get(b, 1000.0)
        actual = row["score_a"] / (row["score_a"] + row["score_b"])
        move = k * (actual - 1 / (1 + 10 ** ((theirs - mine) / 400)))
        ratings[a], ratings[b] = mine + move, theirs - move
    return ratings


def test_each_battle_is_applied_once(finished: Finished) -> None:
    by_hand = replayed(rows(finished.folder / "battles.jsonl"))
    found = {row["model"]: row["rating"] for row in finished.data("elo_ratings.json")["ratings"]}
    assert found == pytest.approx(by_hand, abs=1e-9)
    assert len(set(found.values())) == 3


def test_k_is_a_setting(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave({"judge": Behaviour(reply=Reply.SCORES), "*": Behaviour()})
    found = {row["model"]: row["rating"] for row in played(tmp_path, chat, n_models=3, k=16)}
    assert found == pytest.approx(replayed(rows(tmp_path / "battles.jsonl"), k=16), abs=1e-9)


def test_rankings_are_told_after_each_prompt_while_it_runs(finished: Finished) -> None:
    lines = [line for line in finished.done.stderr.splitlines() if line.startswith("after prompt ")]
    assert [line.split()[2] for line in lines] == ["1/4", "2/4", "3/4", "4/4"]
    told = rows(finished.rankings)
    battles = rows(finished.folder / "battles.jsonl")
    for number, (step, line) in enumerate(zip(told, lines, strict=True), start=1):
        by_hand = replayed(battles[: 3 * number])
        assert {row["model"]: row["rating"] for row in step["ratings"]} == pytest.approx(by_hand, abs=1e-9)
        ratings = [row["rating"] for row in step["ratings"]]
        assert ratings == sorted(ratings, reverse=True)
        assert (step["prompts"], step["of"], step["battles"]) == (number, 4, 3 * number)
        best = step["ratings"][0]
        assert line.startswith(f"after prompt {number}/4 · {best['model']} {best['rating']:.1f}, ")
    moments = [step["tstamp"] for step in told]
    assert moments == sorted(moments)


def test_a_terminal_shows_a_live_table(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave({"judge": Behaviour(reply=Reply.SCORES, delay=0.4), "*": Behaviour(delay=0.1)})
    config = write_arena(tmp_path, f"{chat.url}/v1/chat/completions")
    screen, side = pty.openpty()
    env = clean_environment(HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "hf"), TERM="xterm", COLUMNS="100")
    arguments = command("run", config, "--concurrency", "3")
    with subprocess.Popen(
        arguments, cwd=tmp_path, env=env, stdout=subprocess.DEVNULL, stderr=side
    ) as process:
        os.close(side)
        seen = b""
        while chunk := _read(screen):
            seen += chunk
    os.close(screen)
    assert process.returncode == 0, seen.decode()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())
    assert re.search(r"prompts +━+.*[1-3]/4", text), text
    for model in MODELS:
        assert re.search(rf"[123]  {model} +(9|10)\d\d\.\d", text), model


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # Linux: the other side is closed
        return b""


def test_each_models_progression_is_kept(finished: Finished) -> None:
    found = finished.data("progressions.json")
    assert (found["method"], found["k"], found["start"]) == ("elo", 32, 1000)
    assert [(point["prompts"], point["battles"]) for point in found["after"]] == [
        (1, 3),
        (2, 6),
        (3, 9),
        (4, 12),
    ]
    told = rows(finished.rankings)
    for number, step in enumerate(told):
        points = {model: ratings[number] for model, ratings in found["models"].items()}
        assert points == pytest.approx({row["model"]: row["rating"] for row in step["ratings"]}, abs=1e-9)
        assert found["after"][number]["question_id"] == step["question_id"]
    assert list(found["models"]) == [row["model"] for row in told[-1]["ratings"]], "best first"


def test_training_data_ranks_each_prompts_answers_with_the_explanations(finished: Finished) -> None:
    training = finished.data("training_data.json")
    assert [entry["prompt"] for entry in training] == QUESTIONS
    battles = rows(finished.folder / "battles.jsonl")
    verdicts = rows(finished.folder / "verdicts.jsonl")
    answers = {
        (row["question_id"], row["model"]): row["text"] for row in rows(finished.folder / "responses.jsonl")
    }
    for entry in training:
        mine = [row for row in battles if row["prompt"] == entry["prompt"]]
        scores: dict[str, list[float]] = {}
        for row in mine:
            scores.setdefault(row["model_a"], []).append(row["score_a"])
            scores.setdefault(row["model_b"], []).append(row["score_b"])
        ranked = entry["ranked_models"]
        assert {row["model_name"]: row["avg_score"] for row in ranked} == {
            model: pytest.approx(sum(each) / 2) for model, each in scores.items()
        }
        assert [row["avg_score"] for row in ranked] == sorted((r["avg_score"] for r in ranked), reverse=True)
        question = mine[0]["question_id"]
        for row in ranked:
            assert row["response"] == answers[question, row["model_name"]]
            words = [
                verdict["explanation"]
                for verdict in verdicts
                if verdict["question_id"] == question
                and row["model_name"] in (verdict["model_a"], verdict["model_b"])
            ]
            assert row["explanations"] == words
            assert len(words) == 2
            assert all(words)


def test_the_final_ratings_and_the_total_time_are_told(finished: Finished) -> None:
    for row in finished.data("elo_ratings.json")["ratings"]:
        line = re.search(rf"^.*\b{row['model']} .*$", finished.done.stdout, re.MULTILINE)
        assert line is not None, row
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line[0])]
        assert any(number == pytest.approx(row["rating"], abs=0.051) for number in numbers), line[0]
    assert re.search(r"^Total time: \d+\.\d s$", finished.done.stdout, re.MULTILINE)
    manifest = finished.data("manifest.json")
    assert manifest["finished"] - manifest["started"] > 0.3
    assert (
        "sk-canary"
        not in "".join(path.read_text() for path in finished.folder.iterdir())
        + finished.done.stdout
        + finished.done.stderr
    )


def test_missing_ollama_models_are_pulled(chat: ChatServer, tmp_path: Path) -> None:
    names = ("openhermes", "llama3", "gemma", "judge")
    chat.behave({name: Behaviour(Reply.SCORES if name == "judge" else Reply.WORDS) for name in names})
    env = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    with serve(fronts_app(chat.openai_url, unpulled=["llama3", "judge"])) as url:
        config = write_arena(tmp_path, f"{url}/api/chat", limit=1)
        done = palestra("run", config, "--pull", cwd=tmp_path, env=env)
    pulled = {line.split()[1] for line in done.stderr.splitlines() if line.startswith("pulling ")}
    assert pulled == {"llama3:", "judge:"}
    assert len(rows(tmp_path / "runs" / "arena" / "battles.jsonl")) == 3


def test_datasets_and_results_are_uploaded(finished: Finished, tmp_path: Path) -> None:
    env = {"HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
    with hub_running() as hub:
        palestra(
            "push", finished.folder, "--to", "ann/openarena", "--endpoint", hub.url, cwd=tmp_path, env=env
        )
        files = dict(hub.repos["ann/openarena"].files)
    card = files.pop("README.md").decode()
    assert files == {path.name: path.read_bytes() for path in finished.folder.iterdir()}
    assert "JudgeModel: vllm judge, protocol openarena" in card
