from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.judges.making import game

from palestra.config.judge import JudgeConfig
from palestra.errors import ConfigError, DataError
from palestra.judges.llm import LLMJudge
from palestra.judges.metric import MetricJudge
from palestra.judges.recorded import RecordedJudge
from palestra.judges.registry import make_judge
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from pathlib import Path


def config(**fields: Any) -> JudgeConfig:
    return JudgeConfig.model_validate(fields)


def test_a_metric_judge() -> None:
    judge = make_judge(config(metric="rougeL"))
    assert isinstance(judge, MetricJudge)
    assert judge.label == "rougeL"


async def test_a_recorded_judge_is_found_from_the_base_folder(tmp_path: Path) -> None:
    row = {"question_id": "q1", "model_a": "X", "model_b": "Y", "winner": "tie", "order": "ba"}
    (tmp_path / "mine.jsonl").write_text(json.dumps(row))
    strict = make_judge(config(path="mine.jsonl"), base_dir=tmp_path)
    assert isinstance(strict, RecordedJudge)
    assert strict.label == "mine"
    assert not (await strict.judge(game(order=Order.AB))).ok
    once = make_judge(config(path="mine.jsonl"), base_dir=tmp_path, any_order=True)
    assert (await once.judge(game(order=Order.AB))).ok
    with pytest.raises(DataError):
        make_judge(config(path="mine.jsonl"))


@pytest.mark.parametrize("protocol", ["pairwise", "scores", "json"])
def test_an_llm_judge(protocol: str) -> None:
    judge = make_judge(config(label="S", endpoint_type="scripted", protocol=protocol))
    assert isinstance(judge, LLMJudge)
    assert judge.label == "S"
    assert judge.is_free


def test_the_judge_sends_its_system_prompt_itself() -> None:
    judge = make_judge(config(endpoint_type="scripted", system_prompt="Be harsh."))
    assert judge.template is not None
    assert judge.template.startswith("Be harsh.")


def test_a_template_is_found_from_the_base_folder(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("My way: {answer_a} {answer_b}")
    scripted = config(endpoint_type="scripted", template="t.txt")
    judge = make_judge(scripted, base_dir=tmp_path)
    assert judge.template is not None
    assert "My way" in judge.template
    with pytest.raises(ConfigError, match=r"t\.txt"):
        make_judge(scripted)
