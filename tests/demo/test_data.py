from __future__ import annotations

import json
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rouge_score.rouge_scorer import RougeScorer

from palestra.config.schema import Config
from palestra.demo.data import ANSWERS, SAMPLES, demo_config, sample_file
from palestra.errors import UsageError
from palestra.prompts.load import load_prompts
from palestra.records.failure import Failure, FailureKind

if TYPE_CHECKING:
    from palestra.records.prompt import Prompt

MODELS = [f"sample-{name}" for name in SAMPLES]


def prompts(folder: Path) -> list[Prompt]:
    config = Config.model_validate(demo_config(folder))
    return load_prompts(config.prompts, seed=0, base_dir=Path("/nowhere"))


def answers() -> dict[tuple[str, str], str | Failure]:
    rows = [json.loads(line) for line in sample_file(ANSWERS).decode().splitlines()]
    return {
        (row["question_id"], row["model"]): row["text"] or Failure.model_validate(row["failure"])
        for row in rows
    }


def test_the_config_is_whole_and_says_that_these_are_samples(tmp_path: Path) -> None:
    config = Config.model_validate(demo_config(tmp_path / "new" / "folder"))
    assert [model.label for model in config.models] == MODELS
    assert all(model.path == tmp_path / "new/folder/samples/answers.jsonl" for model in config.models)
    assert [judge.metric for judge in config.judges] == ["rougeL"]
    assert config.schedule.swap == "both-combine"


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "samples").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        demo_config(tmp_path)


def test_prompts_are_varied_and_each_has_a_reference(tmp_path: Path) -> None:
    found = prompts(tmp_path)
    assert len(found) == 20
    assert all(prompt.reference and prompt.category and prompt.subset for prompt in found)
    assert len({prompt.category for prompt in found}) >= 8
    assert {prompt.language for prompt in found} >= {"en", "it", "de"}


def test_every_model_answers_or_fails_on_every_prompt(tmp_path: Path) -> None:
    asked = {(prompt.question_id, model) for prompt in prompts(tmp_path) for model in MODELS}
    assert set(answers()) == asked
    kinds = Counter(answer.kind for answer in answers().values() if isinstance(answer, Failure))
    assert kinds == {FailureKind.TIMEOUT: 1, FailureKind.CONTENT_FILTER: 1}


def test_no_answer_but_a_list_of_names_is_the_reference_itself(tmp_path: Path) -> None:
    references = {prompt.question_id: prompt.reference for prompt in prompts(tmp_path)}
    same = [key for key, answer in answers().items() if answer == references[key[0]]]
    assert same == []


def test_the_order_is_plain_and_not_without_upsets(tmp_path: Path) -> None:
    """By rougeL, each model beats the next one on most prompts, and loses some to it."""
    scorer = RougeScorer(["rougeL"])
    given = answers()
    scores = {
        (prompt.question_id, model): scorer.score(prompt.reference, text)["rougeL"].fmeasure
        for prompt in prompts(tmp_path)
        for model in MODELS
        if isinstance(text := given[prompt.question_id, model], str)
    }
    questions = {question for question, _ in scores}
    wins = Counter(
        (first, second) if scores[q, first] > scores[q, second] else (second, first)
        for q in questions
        for first, second in combinations(MODELS, 2)
        if (q, first) in scores and (q, second) in scores
    )
    for better, worse in pairwise(MODELS):
        assert wins[better, worse] > 1.5 * wins[worse, better] > 0
