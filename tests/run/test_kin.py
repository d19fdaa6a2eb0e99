"""A judge leaves matchups with a model of its own family to others, unless told."""

from __future__ import annotations

import pytest

from palestra.config.schema import Config
from palestra.errors import ConfigError
from palestra.judges.registry import make_judge
from palestra.models.registry import make_model
from palestra.records.prompt import Message, Prompt
from palestra.run.plan import Plan, assemble

MODELS = ("gpt-4o", "qwen2.5", "llama3.2")


def plan_of(*judges: dict[str, object], models: tuple[str, ...] = MODELS) -> Plan:
    config = Config.model_validate(
        {
            "models": [{"endpoint_type": "scripted", "model": model} for model in models],
            "judges": [
                {"endpoint_type": "scripted", "label": f"J{i}", **judge} for i, judge in enumerate(judges)
            ],
        }
    )
    prompts = [
        Prompt(question_id=str(n), messages=(Message(role="user", content=f"{n}?"),)) for n in range(5)
    ]
    return assemble(
        config,
        prompts,
        [make_model(model) for model in config.models],
        [make_judge(judge) for judge in config.judges],
    )


def test_matchups_with_kin_are_left_unjudged_and_told_of() -> None:
    plan = plan_of({"model": "gpt-4-turbo"})
    assert [plan.judges_of(pair) for pair in plan.pairs[0]] == [[], [], [0]]
    assert plan.calls().verdicts == 5 * 2
    [warning] = plan.warnings()
    assert warning == (
        "J0 is of the family openai, as is gpt-4o; it leaves 10 of 15 matchups unjudged, "
        "unless judge_own_family is true"
    )


def test_other_judges_take_them() -> None:
    plan = plan_of({"model": "gpt-4-turbo"}, {"model": "claude-sonnet-4-6"})
    assert [plan.judges_of(pair) for pair in plan.pairs[0]] == [[1], [1], [0, 1]]
    assert len(plan.warnings()) == 1


def test_told_to_it_judges_all_and_that_is_said() -> None:
    plan = plan_of({"model": "gpt-4-turbo", "judge_own_family": True})
    assert plan.calls().verdicts == 5 * 3 * 2
    [warning] = plan.warnings()
    assert "judges them all the same" in warning


def test_a_run_in_which_nothing_would_be_judged_is_refused() -> None:
    with pytest.raises(ConfigError, match="no matchup would be judged") as caught:
        plan_of({"model": "gpt-4-turbo"}, models=("gpt-4o", "qwen2.5"))
    assert "judge_own_family" in str(caught.value.hint)


def test_metrics_and_unknown_families_judge_everyone() -> None:
    assert not plan_of({"metric": "bleu"}, {"model": "my-judge"}).warnings()


def test_without_prompts_there_is_nothing_to_refuse() -> None:
    config = plan_of({"model": "gpt-4-turbo"}).config
    models = [make_model(model) for model in config.models[:1]] * 2
    assert assemble(config, [], models, [make_judge(judge) for judge in config.judges]).n_matchups == 0
