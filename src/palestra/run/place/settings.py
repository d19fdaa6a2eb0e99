"""A placement's config with all that was left open filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.config.endpoint import EndpointType
from palestra.errors import ConfigError

if TYPE_CHECKING:
    from palestra.config.endpoint import ModelConfig
    from palestra.config.judge import JudgeConfig
    from palestra.config.schema import Config

PROTOCOL = "judgearena"
"""How a judge is asked unless its config says."""
CI = "bootstrap"
"""How intervals are made unless the config says."""


def resolve(config: Config) -> Config:
    """The config that the placement goes by, and that repeats it when it is fed back.

    Raises:
        ConfigError: it does not say which model to place, lacks a judge, or asks for what a placement has
        not.
    """
    if config.schedule.kind != "place":
        raise ConfigError("expected kind place", key="schedule.kind")
    model = _model(config)
    if not config.judges:
        raise ConfigError("nothing is listed here, and a placement needs a judge", key="judges")
    if config.schedule.repeats != 1:
        raise ConfigError("a placement takes one answer per prompt", key="schedule.repeats")
    if config.ranking.method != "bradley-terry":
        raise ConfigError("a placement is rated by bradley-terry", key="ranking.method")
    judges = tuple(map(_judge, config.judges))
    if config.place.calibrate:
        _check_calibration(config, judges)
    told = {} if "ci" in config.ranking.model_fields_set else {"ci": CI}
    return config.model_copy(
        update={
            "models": (model,),
            "judges": judges,
            "schedule": config.schedule.model_copy(update={"model": model.label}),
            "ranking": config.ranking.model_copy(update=told),
            "place": config.place.model_copy(update={"temperature": _temperature(config, judges)}),
        }
    )


def _model(config: Config) -> ModelConfig:
    label = config.schedule.model
    found = [model for model in config.models if label is None or model.label == label]
    if len(found) == 1:
        return found[0]
    if not config.models:
        raise ConfigError("nothing is listed here, and a placement needs the model to place", key="models")
    listed = ", ".join(model.label for model in config.models)
    raise ConfigError(f"which model is to be placed? There are: {listed}", key="schedule.model")


def _judge(judge: JudgeConfig) -> JudgeConfig:
    asks = judge.metric is None and judge.endpoint_type is not EndpointType.RECORDED
    told: dict[str, Any] = {}
    if asks and "protocol" not in judge.model_fields_set:
        told = {"protocol": PROTOCOL}
    return judge.model_copy(update=told)


def _check_calibration(config: Config, judges: tuple[JudgeConfig, ...]) -> None:
    if len(judges) > 1 or config.panel is not None:
        raise ConfigError(
            "a temperature is fitted to one judge",
            key="place.calibrate",
            hint="place the model once with each",
        )
    if config.place.labels == "hard":
        raise ConfigError(
            "hard labels need no temperature", key="place.calibrate", hint="leave it out, or use labels: soft"
        )
    if config.place.temperature is not None:
        raise ConfigError(
            "the temperature is either given or fitted", key="place.calibrate", hint="leave one of them out"
        )


def _temperature(config: Config, judges: tuple[JudgeConfig, ...]) -> float | None:
    """None where it is fitted."""
    if config.place.calibrate:
        return None
    return config.place.temperature or judges[0].score_temperature
