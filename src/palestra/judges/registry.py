"""From a judge's config to the judge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from palestra.config.endpoint import EndpointType
from palestra.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.judge import JudgeConfig
    from palestra.judges.base import Judge


def make_judge(
    config: JudgeConfig,
    *,
    any_order: bool = False,
    env: Mapping[str, str] | None = None,
    base_dir: Path = Path(),
) -> Judge:
    """The judge that a config describes.

    `any_order` is for `swap: once`: a recorded judge then takes whichever order its file has. `env`
    holds the API keys (default: the process's environment); paths are relative to `base_dir`.

    Raises:
        ConfigError: the template, or the endpoint, cannot be used.
        DataError: the file of a recorded judge cannot be read.
    """
    if config.metric is not None:
        from palestra.judges.metric import MetricJudge

        return MetricJudge(config.metric, label=config.label)
    if config.endpoint_type is EndpointType.RECORDED and config.path is not None:
        from palestra.judges.recorded import RecordedJudge

        return RecordedJudge.read(
            base_dir / config.path, label=config.label, judge=config.model or None, any_order=any_order
        )
    return _llm_judge(config, env, base_dir)


def _llm_judge(config: JudgeConfig, env: Mapping[str, str] | None, base_dir: Path) -> Judge:
    from palestra.judges.grading import GradingJudge
    from palestra.judges.llm import LLMJudge
    from palestra.judges.protocols import SINGLE, make_protocol, make_single
    from palestra.models.registry import make_model

    template = config.template_text if config.template is None else base_dir / config.template
    # Two system messages in a row are more than some servers take: the judge puts its own in front.
    changed: dict[str, object] = {"system_prompt": None}
    how: _How = {"label": config.label, "system_prompt": config.system_prompt, "turn": config.turn}
    if config.protocol == SINGLE:
        bare = config.model_copy(update=changed)
        return GradingJudge(make_model(bare, env=env, base_dir=base_dir), make_single(template), **how)
    protocol = make_protocol(
        config.protocol,
        template=template,
        score_temperature=config.score_temperature,
        criteria=config.criteria,
        scale=config.scale,
    )
    if protocol.top_logprobs is not None:
        changed |= _one_token(config)
    model = make_model(config.model_copy(update=changed), env=env, base_dir=base_dir)
    return LLMJudge(model, protocol, **how)


class _How(TypedDict):
    label: str
    system_prompt: str | None
    turn: int | None


_NO_CHANCES = (EndpointType.ANTHROPIC, EndpointType.GEMINI, EndpointType.OLLAMA, EndpointType.BEDROCK)


def _one_token(config: JudgeConfig) -> dict[str, object]:
    """What a judge that is read by the chances of its first token is asked for, unless the config says.

    Raises:
        ConfigError: the endpoint tells no log-probabilities.
    """
    if config.endpoint_type in _NO_CHANCES and config.url is None:
        raise ConfigError(
            f"{config.label}: protocol {config.protocol} reads log-probabilities of tokens, which "
            f"endpoint_type {config.endpoint_type.value} does not give",
            hint="use a server that speaks OpenAI's chat completions with logprobs, such as openai or vllm",
        )
    wanted = {"max_tokens": 1, "temperature": 1.0}
    return {name: value for name, value in wanted.items() if getattr(config, name) is None}
