"""What `--benchmark` wires, before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.run.benchmark_files import arena_hard_answers, arena_hard_questions, mt_bench_answers, write

from palestra.config.schema import Swap
from palestra.errors import DataError, UsageError
from palestra.run.benchmarks.answers import models_in
from palestra.run.benchmarks.build import Wishes, make_benchmark
from palestra.run.benchmarks.specs import NAMES, find_spec
from palestra.run.plan import make_plan

if TYPE_CHECKING:
    from pathlib import Path

O3, FLASH = "o3-mini-2025-01-31", "gemini-2.0-flash-001"


def arena_hard(folder: Path, categories: dict[str, int], *models: str) -> tuple[Path, list[Path]]:
    questions = arena_hard_questions(folder / "question.jsonl", categories)
    return questions, [arena_hard_answers(folder / f"{name}.jsonl", name, questions) for name in models]


def test_arena_hard_2_meets_each_categorys_baseline_in_both_games(tmp_path: Path) -> None:
    questions, answers = arena_hard(tmp_path, {"hard_prompt": 3, "creative_writing": 2}, "mine", O3, FLASH)
    made = make_benchmark(Wishes("arena-hard", answers, prompts=[questions]), tmp_path)
    schedule, judge = made.config.schedule, made.config.judges[0]
    assert (schedule.baseline, schedule.baselines) == (O3, {"creative_writing": FLASH})
    assert (schedule.candidates, schedule.swap) == (("mine",), Swap.BOTH_KEEP)
    assert (judge.label, judge.protocol, judge.strong_weight) == ("gpt-4.1", "arena-hard", 3)
    assert (judge.temperature, judge.max_tokens, judge.judge_own_family) == (0, 16000, True)
    plan = make_plan(made.config, tmp_path, {"OPENAI_API_KEY": "k"})
    assert plan.calls().verdicts == 5 * 2
    labels = [model.label for model in plan.models]
    met = [{labels[i] for pair in pairs for i in pair} for pairs in plan.pairs]
    assert met == [{"mine", O3}] * 3 + [{"mine", FLASH}] * 2


def test_a_category_that_does_not_occur_needs_no_baseline(tmp_path: Path) -> None:
    questions, answers = arena_hard(tmp_path, {"hard_prompt": 2}, "mine", O3)
    schedule = make_benchmark(Wishes("arena-hard", answers, prompts=[questions]), tmp_path).config.schedule
    assert (schedule.baseline, schedule.baselines, schedule.candidates) == (O3, {}, ())
    questions, answers = arena_hard(tmp_path, {"creative_writing": 2}, "mine", FLASH)
    schedule = make_benchmark(Wishes("arena-hard", answers, prompts=[questions]), tmp_path).config.schedule
    assert schedule.baseline == FLASH


def test_prompts_baseline_and_judge_can_be_others(tmp_path: Path) -> None:
    questions, answers = arena_hard(tmp_path, {"creative_writing": 2}, "mine", "other")
    wishes = Wishes(
        "arena-hard",
        answers,
        models=["Live=openai:gpt-4o"],
        judges=["ollama:qwen3"],
        prompts=[questions],
        baseline="other",
        overrides=["seed=7", "judges.0.temperature=0.5"],
    )
    config = make_benchmark(wishes, tmp_path).config
    assert (config.schedule.baseline, config.schedule.baselines, config.seed) == ("other", {}, 7)
    assert [model.label for model in config.models] == ["mine", "other", "Live"]
    assert (config.judges[0].model, config.judges[0].temperature) == ("qwen3", 0.5)
    assert config.judges[0].max_tokens is None


def test_alpaca_eval_takes_the_baseline_from_the_prompts_file(tmp_path: Path) -> None:
    rows = [{"instruction": f"{n}?", "output": f"b{n}", "generator": "gpt4_1106_preview"} for n in range(3)]
    prompts = write(tmp_path / "eval.jsonl", rows)
    mine = write(tmp_path / "mine.jsonl", [{**row, "output": "m", "generator": "mine"} for row in rows])
    made = make_benchmark(Wishes("alpaca-eval", [mine], prompts=[prompts]), tmp_path)
    assert [model.label for model in made.config.models] == ["mine", "gpt4_1106_preview"]
    assert made.config.schedule.swap is Swap.ONCE
    judge = made.config.judges[0]
    assert (judge.protocol, judge.soft, judge.max_tokens) == ("alpaca-eval", True, 1)
    plan = make_plan(made.config, tmp_path, {"OPENAI_API_KEY": "k"})
    assert plan.calls().paid == 3
    assert [warning.split(";")[0] for warning in plan.warnings()] == [
        "gpt-4-1106-preview is of the family openai, as is gpt4_1106_preview"
    ]


def test_mt_bench_has_a_judge_for_each_turn(tmp_path: Path) -> None:
    questions = [
        {"question_id": n, "category": "math", "turns": ["a?", "b?"], "reference": ["r", "s"]} for n in (1, 2)
    ]
    prompts = write(tmp_path / "question.jsonl", questions)
    answers = [mt_bench_answers(tmp_path / f"{name}.jsonl", name, questions) for name in ("x", "y", "z")]
    made = make_benchmark(Wishes("mt-bench", answers, prompts=[prompts]), tmp_path)
    assert made.turns == {"gpt-4, turn 1": 1, "gpt-4, turn 2": 2}
    assert [judge.turn for judge in made.config.judges] == [1, 2]
    plan = make_plan(made.config, tmp_path, {"OPENAI_API_KEY": "k"})
    assert plan.calls().verdicts == 3 * 2 * 2
    assert plan.prompts[0].references == ("r", "s")


def test_m_arena_hard_names_its_language_and_wants_a_baseline(tmp_path: Path) -> None:
    spec = find_spec("m-arena-hard-de")
    assert spec.hub == {"name": "CohereLabs/m-ArenaHard", "config": "de", "split": "test"}
    rows = [{"question_id": "1", "prompt": "Wer?", "language": "de"}]
    prompts = write(tmp_path / "p.jsonl", rows)
    answers = write(tmp_path / "a.jsonl", [{"question_id": "1", "model": m, "output": m} for m in ("x", "y")])
    with pytest.raises(UsageError, match="no baseline of its own"):
        make_benchmark(Wishes("m-arena-hard-de", [answers], prompts=[prompts]), tmp_path)
    made = make_benchmark(Wishes("m-arena-hard-de", [answers], prompts=[prompts], baseline="y"), tmp_path)
    assert made.config.schedule.baseline == "y"
    with pytest.raises(DataError, match="is in 'de', not in 'fr'"):
        make_benchmark(Wishes("m-arena-hard-fr", [answers], prompts=[prompts], baseline="y"), tmp_path)


def test_without_prompts_they_come_from_the_hub(tmp_path: Path) -> None:
    answers = write(tmp_path / "a.jsonl", [{"question_id": "1", "model": m, "output": m} for m in ("x", "y")])
    config = make_benchmark(Wishes("mt-bench", [answers]), tmp_path).config
    assert config.prompts[0].name == "HuggingFaceH4/mt_bench_prompts"


@pytest.mark.parametrize("name", ["alpaca", "arena-hard-v3", "m-arena-hard", "m-arena-hard-german!"])
def test_an_unknown_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no benchmark"):
        make_benchmark(Wishes(name), tmp_path)
    assert "arena-hard" in NAMES


def test_a_baseline_without_answers_is_refused(tmp_path: Path) -> None:
    questions, answers = arena_hard(tmp_path, {"hard_prompt": 2}, "mine", "other")
    with pytest.raises(UsageError, match=f"no answers of '{O3}'"):
        make_benchmark(Wishes("arena-hard", answers, prompts=[questions]), tmp_path)


def test_a_single_model_is_refused_where_models_meet(tmp_path: Path) -> None:
    answers = write(tmp_path / "a.jsonl", [{"question_id": "1", "model": "x", "output": "x"}])
    wishes = Wishes("mt-bench-pairwise", [answers], baseline="x")
    with pytest.raises(UsageError, match="there is but one model"):
        make_benchmark(wishes, tmp_path)


def test_mt_bench_grades_a_single_model_too(tmp_path: Path) -> None:
    questions = [{"question_id": n, "turns": ["a?", "b?"]} for n in (1, 2, 3)]
    prompts = write(tmp_path / "question.jsonl", questions)
    answers = mt_bench_answers(tmp_path / "x.jsonl", "x", questions)
    made = make_benchmark(Wishes("mt-bench", [answers], prompts=[prompts]), tmp_path)
    plan = make_plan(made.config, tmp_path, {"OPENAI_API_KEY": "k"})
    assert (plan.alone, plan.n_matchups, plan.calls().verdicts) == (True, 0, 3 * 2)


def test_the_same_model_twice_is_refused(tmp_path: Path) -> None:
    answers = write(tmp_path / "a.jsonl", [{"question_id": "1", "model": "x", "output": "x"}])
    with pytest.raises(UsageError, match="'x' is there twice"):
        make_benchmark(Wishes("mt-bench", [answers], models=["x=openai:x"]), tmp_path)


def test_models_of_a_file(tmp_path: Path) -> None:
    named = write(tmp_path / "a.jsonl", [{"id": "1", "generator": m, "output": "o"} for m in ("x", "y", "x")])
    assert [(held.label, held.name_in_file) for held in models_in(named)] == [("x", "x"), ("y", "y")]
    bare = write(tmp_path / "My model.jsonl", [{"id": "1", "output": "o"}])
    assert [(held.label, held.name_in_file) for held in models_in(bare)] == [("My model", None)]
