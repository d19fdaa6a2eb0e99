"""What EvalScope's arena mode does, row by row: candidates against a baseline."""

from __future__ import annotations

import asyncio
import csv
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.behaviour import Behaviour, Fault, Reply
from tests.support.cli import rows, write_config
from tests.support.evalscope import prediction, review, write_lines
from tests.support.ports import wait_until

from palestra.config.load import load_config
from palestra.config.write import dump_config
from palestra.run.artifacts import write_artifacts
from palestra.run.folder import prepare
from palestra.run.pipeline import Run
from palestra.run.plan import make_plan
from palestra.server.boards.board import Rules
from palestra.server.boards.runs import RunShelf
from palestra.store.arena_battle_filter import Search, Selection
from palestra.store.arena_battle_pages import find, page, subsets, verdicts_of
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.chat_server import ChatServer

    from palestra.run.boards import Boards


@dataclass(frozen=True)
class Played:
    """A run's folder and what it printed."""

    folder: Path
    boards: Boards
    asked: int
    """Calls over HTTP."""

    def rates(self) -> dict[str, dict[str, Any]]:
        """The overall board by model."""
        return {row["model"]: row for row in self.data()["boards"][0]["rows"]}

    def data(self) -> dict[str, Any]:
        """`win_rates.json`."""
        data: dict[str, Any] = json.loads((self.folder / "win_rates.json").read_text())
        return data

    def metrics(self) -> list[dict[str, str]]:
        """`metrics.csv`."""
        return list(csv.DictReader((self.folder / "metrics.csv").read_text(encoding="utf-8").splitlines()))


def play(config: dict[str, Any] | Path, folder: Path) -> Played:
    """Run a config as `palestra run` does, in this process; its database and results are in `folder`."""
    path = write_config(folder / "arena.yaml", config) if isinstance(config, dict) else config
    loaded = load_config(path, env={}).config

    async def run() -> Played:
        plan = make_plan(loaded, folder, {})
        out = folder / "out"
        prepare(out, dump_config(loaded))
        with Database(folder / "palestra.db") as database:
            run = Run(plan, database)
            try:
                await run.ask()
                _, boards = await write_artifacts(run, out, time.time())
            finally:
                await run.aclose()
        return Played(out, boards, run.progress.asked)

    return asyncio.run(run())


def served(chat: ChatServer, model: str, **fields: Any) -> dict[str, Any]:
    return {"endpoint_type": "openai", "base_url": f"{chat.url}/v1", "model": model, **fields}


def answer_file(folder: Path, name: str, questions: Sequence[str]) -> dict[str, Any]:
    """A model whose answers are in a file."""
    said = [{"query": question, "response": f"{name} on {question}"} for question in questions]
    write_lines(folder / f"{name}.jsonl", said)
    return {"label": name, "endpoint_type": "recorded", "path": f"{name}.jsonl"}


def against_base(
    folder: Path, models: Sequence[str], judge: Mapping[str, Any], n: int = 6, **sections: Any
) -> dict[str, Any]:
    """A config of answers from files, `base` being the baseline."""
    questions = [f"Question {number}?" for number in range(n)]
    write_lines(folder / "prompts.jsonl", [{"query": question, "id": question} for question in questions])
    return {
        "models": [answer_file(folder, name, questions) for name in models],
        "judges": [dict(judge)],
        "prompts": [{"path": "prompts.jsonl", "dataset": "qa", "subset": "easy"}],
        "schedule": {"kind": "baseline", "baseline": "base"},
        **sections,
    }


def test_stage_1_answers_to_datasets_with_subsets_and_reference_metrics(
    chat: ChatServer, tmp_path: Path
) -> None:
    """Answers to `{"query"[, "response"]}`; Rouge-1/2/L (R, P, F), BLEU-1..4 and exact match where there is
    a reference, per model and subset; the baseline echoes the question, which is the reference of one."""
    chat.behave(
        {
            "echo": Behaviour(reply=Reply.ECHO),
            "words": Behaviour(),
            "judge": Behaviour(reply=Reply.VERDICT),
        }
    )
    write_lines(tmp_path / "arena.jsonl", [{"query": "How can I sleep better?"}])
    references = [
        {"query": "The capital is Paris", "response": "The capital is Paris"},
        {"query": "Who wrote it?", "response": "The capital is Paris"},
    ]
    write_lines(tmp_path / "example.jsonl", references)
    played = play(
        {
            "models": [served(chat, "echo"), served(chat, "words")],
            "judges": [served(chat, "judge")],
            "prompts": [
                {"path": f"{subset}.jsonl", "dataset": "general_qa", "subset": subset}
                for subset in ("arena", "example")
            ],
            "schedule": {"kind": "baseline", "baseline": "echo"},
        },
        tmp_path,
    )
    answers = rows(played.folder / "responses.jsonl")
    assert {(row["model"], row["text"]) for row in answers} >= {("echo", row["query"]) for row in references}
    table = {
        (row["Model"], row["Metric"]): (row["Dataset"], row["Subset"], row["Num"], float(row["Score"]))
        for row in played.metrics()
        if row["Model"] != "Arena"
    }
    names = {
        *(f"Rouge-{n}-{part}" for n in "12L" for part in "RPF"),
        *(f"bleu-{n}" for n in (1, 2, 3, 4)),
        "exact_match",
    }
    assert set(table) == {(model, name) for model in ("echo", "words") for name in names}
    assert table["echo", "exact_match"] == ("general_qa", "example", "2", 0.5)
    assert table["echo", "Rouge-L-F"][3] == pytest.approx(0.5)
    assert table["echo", "bleu-4"][3] == pytest.approx(0.5)
    printed = played.boards.text()
    assert re.search(r"^Model +\| Dataset +\| Metric +\| Subset +\| Num \| +Score$", printed, re.M)
    assert re.search(r"^echo +\| general_qa +\| exact_match +\| example +\| +2 \| 0\.5000$", printed, re.M)


OUTPUT = """\
datasets: [general_arena]
dataset_args:
  general_arena:
    system_prompt: Be fair.
    prompt_template: "On {question} compare {answer_1} with {answer_2}"
    extra_params:
      models:
        - {name: small, report_path: outputs/1/reports/small-instruct}
        - {name: large, report_path: outputs/2/reports/large-instruct}
      baseline: large
judge_model_args:
  model_id: judge
  api_url: URL/v1/chat/completions
  api_key: sk-test
  generation_config: {temperature: 0.0, max_tokens: 64}
judge_worker_num: 3
use_cache: outputs/3
"""


def evalscope_outputs(folder: Path) -> list[str]:
    """Two runs over the same questions; their indices differ, and each lacks one."""
    questions = [f"What is {number}?" for number in range(6)]
    for run, model, order in (("1", "small", [5, 3, 1, 0, 2]), ("2", "large", [0, 1, 2, 3, 4])):
        root = folder / "outputs" / run
        place = f"{model}-instruct/general_qa_example.jsonl"
        told = [prediction(i, questions[q], f"{model}: {q}") for i, q in enumerate(order)]
        write_lines(root / "predictions" / place, told)
        judged = [
            review(i, questions[q], f"{model}: {q}", target=f"{model}: {q}") for i, q in enumerate(order)
        ]
        write_lines(root / "reviews" / place, judged)
    return questions


def test_stage_2_reads_an_output_folder_joins_by_prompt_and_asks_no_model(
    chat: ChatServer, tmp_path: Path
) -> None:
    """Each candidate meets the baseline on the prompts both answered, judged in both orders."""
    questions = evalscope_outputs(tmp_path)
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = tmp_path / "task.yaml"
    config.write_text(OUTPUT.replace("URL", chat.url))
    played = play(config, tmp_path)
    assert set(chat.log()["models"]) == {"judge"}
    battles = rows(played.folder / "battles.jsonl")
    met = {(row["prompt"][-1]["content"], row["order"]) for row in battles}
    assert met == {(questions[q], order) for q in (0, 1, 2, 3) for order in ("ab", "ba")}
    for row in battles:
        q = questions.index(row["prompt"][-1]["content"])
        assert {row["response_a"], row["response_b"]} == {f"small: {q}", f"large: {q}"}
    assert {(row["dataset"], row["subset"]) for row in battles} == {("general_qa", "example")}
    (covered,) = played.data()["coverage"]
    assert (covered["prompts"], covered["both_answered"]) == (5, 4)
    assert covered["unanswered"] == {"missing": 1}
    near = {
        row["Model"]: (row["Num"], float(row["Score"]))
        for row in played.metrics()
        if row["Metric"] == "bleu-1"
    }
    assert near == {"large": ("5", 1.0), "small": ("4", pytest.approx(2 / 3))}


def test_every_pair_may_meet_instead(chat: ChatServer, tmp_path: Path) -> None:
    evalscope_outputs(tmp_path)
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = tmp_path / "task.yaml"
    config.write_text(OUTPUT.replace("URL", chat.url).replace("      baseline: large\n", ""))
    played = play(config, tmp_path)
    assert not (played.folder / "win_rates.json").exists()
    assert len(rows(played.folder / "battles.jsonl")) == 8


@pytest.mark.parametrize(
    ("reply", "label", "weight", "score"),
    [
        ("A is right. [[A>>B]]", "A>>B", 3.0, 0.5),
        ("<think>[[B>>A]]</think>First [[A>B]], no: [[A=B]]", "A=B", 1.0, 0.5),
        ("[[A>B]]", "A>B", 1.0, 0.5),
        ("[[B>A]]", "B>A", 1.0, 0.5),
        ("[[B>>A]]", "B>>A", 3.0, 0.5),
    ],
)
def test_the_last_verdict_outside_thinking_counts_and_strong_ones_weigh_three(
    reply: str, label: str, weight: float, score: float, chat: ChatServer, tmp_path: Path
) -> None:
    """A judge that only looks at places gives each sample the mean ½, whatever it says."""
    chat.behave({"judge": Behaviour(reply=Reply.TEXT, text=reply)})
    judge = served(chat, "judge", strong_weight=3)
    config = against_base(tmp_path, ["base", "new"], judge, n=2)
    config["schedule"]["swap"] = "both-keep"
    played = play(config, tmp_path)
    for verdict in rows(played.folder / "verdicts.jsonl"):
        as_shown = {"A>>B": "B>>A", "A>B": "B>A", "A=B": "A=B", "B>A": "A>B", "B>>A": "A>>B"}[label]
        assert verdict["label"] == (label if verdict["order"] == "ab" else as_shown)
    assert {row["weight"] for row in rows(played.folder / "battles.jsonl")} == {weight}
    assert played.rates()["new"]["score"] == score
    (covered,) = played.data()["coverage"]
    assert covered["flips"] == (0 if label == "A=B" else 2)


LABELS = {"win": "B>A", "loss": "A>B", "tie": "A=B", "strong": "B>>A", "rout": "A>>B"}


def recorded_judge(folder: Path, ends: Sequence[str]) -> dict[str, Any]:
    """Verdicts on `new` against `base`, the same in both orders."""
    pair = {"model_a": "base", "model_b": "new"}
    told = [
        {**pair, "question_id": f"Question {n}?", "order": order, "label": LABELS[end]}
        for n, end in enumerate(ends)
        for order in ("ab", "ba")
    ]
    write_lines(folder / "verdicts.jsonl", told)
    return {"label": "J", "endpoint_type": "recorded", "path": "verdicts.jsonl"}


def of_ends(folder: Path, ends: Sequence[str], **sections: Any) -> Played:
    folder.mkdir(exist_ok=True)
    return play(
        against_base(folder, ["base", "new"], recorded_judge(folder, ends), n=len(ends), **sections), folder
    )


def test_the_mean_of_the_two_games_is_the_sample_s_score(tmp_path: Path) -> None:
    """1, .75, .5, .25 and 0: strong, plain, tie, and a sample whose games are ¾ and 0."""
    played = of_ends(tmp_path, ["strong", "win", "tie", "loss", "rout"])
    shares = [1 - row["pref"] for row in rows(played.folder / "battles.jsonl")]
    assert shares == [1.0, 0.75, 0.5, 0.25, 0.0]
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    judge = recorded_judge(mixed, ["win"])
    lines = rows(mixed / "verdicts.jsonl")
    lines[1]["label"] = "A>>B"
    write_lines(mixed / "verdicts.jsonl", lines)
    found = play(against_base(mixed, ["base", "new"], judge, n=1), mixed)
    assert found.rates()["new"]["score"] == pytest.approx((0.75 + 0.0) / 2)


def test_30_wins_10_losses_and_5_ties_are_a_win_rate_of_7222(tmp_path: Path) -> None:
    ends = ["win"] * 30 + ["loss"] * 10 + ["tie"] * 5
    played = of_ends(tmp_path, ends, seed=3)
    new = played.rates()["new"]
    assert new["rate"] == pytest.approx(0.7222, abs=5e-5)
    assert new["rate"] == pytest.approx(1 / (1 + 10 ** ((1000 - new["elo"]) / 400)), abs=1e-12)
    assert played.data()["interval"] == {
        "kind": "bootstrap", "cluster": "question_id", "level": 0.95, "rounds": 1000, "seed": 3,
    }  # fmt: skip
    assert 0.55 < new["low"] < 0.65 < 0.8 < new["high"] < 0.87


def test_intervals_come_from_prompts_with_both_games_together(tmp_path: Path) -> None:
    """Kept as two battles each, the same verdicts give the same interval, not one narrower by √2."""
    ends = ["win"] * 30 + ["loss"] * 10 + ["tie"] * 5
    combined = of_ends(tmp_path / "combined", ends)
    kept = of_ends(
        tmp_path / "kept", ends, schedule={"kind": "baseline", "baseline": "base", "swap": "both-keep"}
    )
    one, two = combined.rates()["new"], kept.rates()["new"]
    assert (two["n_battles"], two["n_prompts"]) == (90, one["n_prompts"])
    assert (two["rate"], two["low"], two["high"]) == pytest.approx((one["rate"], one["low"], one["high"]))


def test_a_sweep_is_finite_and_more_wins_never_give_a_lower_rate(tmp_path: Path) -> None:
    """Theirs says 9.09 % for 0 of 50 and 2.0 % for 1 of 50."""
    rates = []
    for wins in (0, 1, 50):
        played = of_ends(tmp_path / str(wins), ["win"] * wins + ["loss"] * (50 - wins))
        rates.append(played.rates()["new"]["rate"])
        assert abs(played.rates()["new"]["elo"]) < 3000
    assert rates == sorted(rates)
    assert 0 < rates[0] < rates[1] == pytest.approx(0.02)


def test_leaderboard_and_metrics_are_in_their_layout(tmp_path: Path) -> None:
    played = of_ends(tmp_path, ["win"] * 30 + ["loss"] * 10 + ["tie"] * 5)
    text = (played.folder / "leaderboard.txt").read_text()
    blocks = {part.split("\n")[0]: part.split("\n")[1:] for part in text.split("\n\n")}
    for heading in (
        "=== OVERALL LEADERBOARD ===",
        "=== DATASET LEADERBOARD: qa ===",
        "=== SUBSET LEADERBOARD: qa - easy ===",
    ):
        head, rule, first, second = blocks[heading]
        assert re.split(r"  +", head) == ["Model", "WinRate (%)", "CI (%)"]
        assert set(rule) == {"-", " "}
        assert re.fullmatch(r"new +72\.2  \(-1\d\.\d / \+1\d\.\d\)", first)
        assert re.fullmatch(r"base +50\.0  \(\+0\.0 / \+0\.0\)", second)
    assert re.search(r"^new +1166\.0 ", "\n".join(blocks["=== ELO ==="]), re.M)
    rows_of = [row for row in played.metrics() if row["Model"] == "Arena"]
    assert list(rows_of[0]) == ["Model", "Dataset", "Metric", "Subset", "Num", "Score"]
    assert [(row["Metric"], row["Subset"], row["Num"]) for row in rows_of] == [
        (metric, subset, "45")
        for metric in ("winrate", "winrate_lower", "winrate_upper")
        for subset in ("qa&easy@new&base", "OVERALL")
    ]
    new = played.rates()["new"]
    assert [float(row["Score"]) for row in rows_of[::2]] == [new["rate"], new["low"], new["high"]]


def test_their_settings_load_and_reach_the_judge(chat: ChatServer, tmp_path: Path) -> None:
    evalscope_outputs(tmp_path)
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = tmp_path / "task.yaml"
    config.write_text(OUTPUT.replace("URL", chat.url))
    loaded = load_config(config, env={})
    (judge,) = loaded.config.judges
    assert (judge.concurrency, judge.strong_weight, judge.temperature) == (3, 3, 0.0)
    assert any("use_cache" in warning for warning in loaded.warnings)
    play(config, tmp_path)
    body = chat.requests()[0]["body"]
    system, user = body["messages"]
    assert "Be fair." in system["content"]
    assert user["content"].startswith("On ")
    assert " compare " in user["content"]
    assert (body["model"], body["temperature"]) == ("judge", 0.0)


def test_a_new_candidate_costs_only_its_own_pairs_and_another_judge_template_or_order_is_another_key(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave({"*": Behaviour(reply=Reply.VERDICT)})
    judge = served(chat, "judge")

    def asked(models: Sequence[str], who: Mapping[str, Any] = judge, swap: str = "both-combine") -> int:
        before = chat.log()["total"]
        config = against_base(tmp_path, models, who)
        config["schedule"]["swap"] = swap
        played = play(config, tmp_path)
        assert chat.log()["total"] - before == played.asked
        return played.asked

    assert asked(["base", "new"]) == 12
    assert asked(["base", "new"]) == 0
    assert asked(["base", "new", "newer"]) == 12
    assert asked(["newer", "base", "new"]) == 0, "the order of the models is no part of a key"
    assert asked(["base", "new", "newer"], swap="both-keep") == 0
    assert asked(["base", "new"], served(chat, "other")) == 12
    template = "{question} {answer_1} {answer_2}"
    assert asked(["base", "new"], served(chat, "judge", template_text=template)) == 12
    assert asked(["base", "new"], served(chat, "judge", temperature=0.5)) == 12


def test_the_other_order_is_another_key(chat: ChatServer, tmp_path: Path) -> None:
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = against_base(tmp_path, ["base", "new"], served(chat, "judge"))
    config["schedule"]["swap"] = "once"
    assert play(config, tmp_path).asked == 6
    config["schedule"]["swap"] = "both-combine"
    assert play(config, tmp_path).asked == 6


def test_resuming_asks_again_only_for_what_failed(chat: ChatServer, tmp_path: Path) -> None:
    """Of two candidates one is judged; the judge then loses its tongue over the other, and finds it again."""
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = against_base(tmp_path, ["base", "new"], served(chat, "judge"))
    assert play(config, tmp_path).asked == 12
    chat.behave({"judge": Behaviour(reply=Reply.TEXT, text="I would rather not say.")})
    config = against_base(tmp_path, ["base", "new", "newer"], served(chat, "judge"))
    first = play(config, tmp_path)
    (_, newer) = first.data()["coverage"]
    assert newer["failed_verdicts"] == {"unreadable": 12}
    assert newer["decided"] == 0
    assert "newer" not in first.rates()
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    again = play(config, tmp_path)
    assert again.asked == 12
    assert again.data()["coverage"][1]["decided"] == 6
    assert play(config, tmp_path).asked == 0


def test_the_viewer_shows_samples_by_subset_pair_and_score_with_both_verdicts(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave({"judge": Behaviour(reply=Reply.VERDICT)})
    config = against_base(tmp_path, ["base", "new", "newer"], served(chat, "judge"), n=20)
    write_lines(tmp_path / "more.jsonl", [{"query": "Question 0?", "id": "other"}])
    config["prompts"].append({"path": "more.jsonl", "dataset": "web", "subset": "hard"})
    played = play(config, tmp_path)
    shelf = RunShelf([played.folder], Rules())
    shelf.start()
    try:
        assert wait_until(lambda: all(run["state"] != "reading" for run in shelf.listing()), 30)
        table = shelf.book("out").table
        assert subsets(table, Selection(dataset="qa")) == [("easy", 40)]
        pair: dict[str, Any] = {
            "model": "new",
            "opponent": "base",
            "selection": Selection(dataset="qa"),
            "subset": "easy",
        }
        everything = page(table, Search(**pair), limit=100)
        better = page(table, Search(**pair, score_min=0.51), limit=100)
        even = page(table, Search(**pair, score_min=0.5, score_max=0.5), limit=100)
        worse = page(table, Search(**pair, score_max=0.49), limit=100)
        assert len(everything) == 20 == len(better) + len(even) + len(worse)
        assert {row.winner for row in better} == {"model_b"}, "the baseline is model A"
        assert {row.winner for row in worse} == {"model_a"}
        found = find(table, better[0].battle_id)
        assert found is not None
        assert found.battle.prompt
        assert found.battle.response_a
        assert found.battle.response_b
        both = verdicts_of(table, found.battle)
        assert [verdict.order for verdict in both] == ["ab", "ba"]
        assert all(verdict.raw and "[[" in verdict.raw for verdict in both)
    finally:
        shelf.close()


def test_coverage_failures_position_consistency_and_flips_are_reported(
    chat: ChatServer, tmp_path: Path
) -> None:
    chat.behave(
        {
            "judge": Behaviour(reply=Reply.TEXT, text="The first is better. [[A>B]]"),
            "broken": Behaviour(faults=(Fault.FILTERED,), for_good=True, ignore_seed=True),
        }
    )
    config = against_base(tmp_path, ["base", "new"], served(chat, "judge"))
    config["models"].append(served(chat, "broken", retries=0))
    played = play(config, tmp_path)
    new, broken = played.data()["coverage"]
    assert new == {
        "model": "new",
        "prompts": 6,
        "both_answered": 6,
        "decided": 6,
        "unanswered": {},
        "failed_verdicts": {},
        "in_both_orders": 6,
        "position_consistency": 0.0,
        "flips": 6,
    }
    assert (broken["both_answered"], broken["decided"]) == (0, 0)
    assert broken["unanswered"] == {"content_filter": 6}
    text = (played.folder / "leaderboard.txt").read_text()
    assert re.search(r"^new +6 +6 +6 +0\.0 % +6$", text, re.M)
    assert "Note: broken: not judged: 6 content_filter" in text


def test_baselines_may_differ_per_category(tmp_path: Path) -> None:
    questions = [f"Question {number}?" for number in range(4)]
    kinds = ["math", "art", "math", None]
    lines = [
        {"query": question, "response": question, "id": question, "category": kind}
        for question, kind in zip(questions, kinds, strict=True)
    ]
    write_lines(tmp_path / "prompts.jsonl", lines)
    played = play(
        {
            "models": [answer_file(tmp_path, name, questions) for name in ("base", "expert", "new")],
            "judges": [{"metric": "chrf"}],
            "prompts": [{"path": "prompts.jsonl"}],
            "schedule": {"kind": "baseline", "baseline": "base", "baselines": {"math": "expert"}},
        },
        tmp_path,
    )
    met = {(row["category"], row["model_a"]) for row in rows(played.folder / "battles.jsonl")}
    assert met == {("math", "expert"), ("art", "base"), (None, "base")}
    names = {row["Subset"] for row in played.metrics() if row["Metric"] == "winrate"}
    assert "prompts&default@new&expert" in names
    assert "prompts&default@new&base" in names


def test_a_run_of_several_candidates_ends_with_a_sentence_for_each(tmp_path: Path) -> None:
    folder = tmp_path
    config = against_base(folder, ["base", "new"], recorded_judge(folder, ["win"] * 20), n=20)
    config["models"].append(answer_file(folder, "absent", ["Another question?"]))
    first, second = play(config, folder).boards.sentences
    assert re.fullmatch(r"new beats base on 100 % \(\d\d–100\) of 20 prompts; likely better\.", first)
    assert second == "absent and base have no decided prompt in common, so nothing can be said."
