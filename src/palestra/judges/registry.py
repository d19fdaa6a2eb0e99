"""From a judge's config to the judge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from palestra.config.schema import EndpointType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from palestra.config.schema import JudgeConfig
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
    from palestra.judges.llm import LLMJudge
    from palestra.judges.protocols import make_protocol
    from palestra.models.registry import make_model

    protocol = make_protocol(
        config.protocol,
        template=None if config.template is None else base_dir / config.template,
        score_temperature=config.score_temperature,
    )
    # Two system messages in a row are more than some servers take: the judge puts its own in front.
    bare = config.model_copy(update={"system_prompt": None})
    model = make_model(bare, env=env, base_dir=base_dir)
    return LLMJudge(model, protocol, label=config.label, system_prompt=config.system_prompt)
