"""Who decides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    model_validator,
)

from palestra.config.endpoint import Endpoint, EndpointType
from palestra.config.section import Section, as_tuple


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable() or ":" in text:
        raise ValueError(f"{text!r} cannot be a criterion's name: one line of text without a colon")
    return text.strip()


class Criterion(Section):
    """What a rubric grades answers on."""

    name: Annotated[str, AfterValidator(_one_line)]
    description: str = ""
    """What a good answer does; the judge reads it."""
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Of its grade in the mean."""


Protocol = Literal[
    "pairwise",
    "scores",
    "json",
    "arena-hard",
    "mt-bench",
    "mt-bench-single",
    "alpaca-eval",
    "judgearena",
    "evalscope",
    "openarena",
    "rubric",
    "llmbar",
]


class JudgeConfig(Endpoint):
    """Whoever decides. With `metric` set, no model is asked."""

    endpoint_type: EndpointType = EndpointType.RECORDED
    protocol: Protocol = "pairwise"
    template: Path | None = None
    """A template file of your own; default: the protocol's."""
    template_text: str | None = None
    """The template itself, instead of a file."""
    repeats: Annotated[int, Field(gt=0)] = 1
    metric: Literal["exact", "rouge1", "rouge2", "rougeL", "bleu", "chrf"] | None = None
    """Compare with each prompt's reference answer instead of asking a model."""
    score_temperature: Annotated[float, Field(gt=0)] = 0.3
    """T in pref = e^(T·a) / (e^(T·a) + e^(T·b)) for protocols with scores."""
    soft: bool = False
    """Let ratings read the judge's share of the win in place of its winner."""
    strong_weight: Annotated[float, Field(ge=1e-12, le=1e12)] = 1.0
    """Weight of a kept single-order battle whose label was A>>B or B>>A."""
    criteria: Annotated[tuple[Criterion, ...], BeforeValidator(as_tuple)] = ()
    """For `rubric`: what both answers are graded on."""
    scale: Annotated[tuple[float, float], BeforeValidator(as_tuple)] = (1.0, 10.0)
    """For `rubric`: the lowest and the highest grade."""
    turn: Annotated[int | None, Field(gt=0)] = None
    """Judge a conversation up to this user turn only. Default: all of it."""
    panel_weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Of this judge's say in a panel."""
    judge_own_family: bool = False
    """Also judge matchups with a model of the judge's own family; see `judges/family.py`."""

    @model_validator(mode="after")
    def _one_template(self) -> Self:
        if self.template is not None and self.template_text is not None:
            raise ValueError("give either `template` (a file) or `template_text`")
        return self

    @model_validator(mode="after")
    def _rubric(self) -> Self:
        names = [criterion.name.lower() for criterion in self.criteria]
        if self.protocol == "rubric" and not names:
            raise ValueError("protocol rubric needs `criteria`, a list of {name, description, weight}")
        if self.protocol != "rubric" and names:
            raise ValueError(f"`criteria` are for protocol rubric, not for {self.protocol}")
        if len(set(names)) < len(names):
            raise ValueError("two `criteria` have the same name")
        if not self.scale[0] < self.scale[1]:
            raise ValueError("`scale` is the lowest and the highest grade, as in [1, 10]")
        return self

    def _check_reachable(self) -> None:
        if self.metric is not None:
            return
        if self.path is None and "endpoint_type" not in self.model_fields_set:
            raise ValueError("a judge needs `endpoint_type` (or `metric`, or `path` to replay verdicts)")
        super()._check_reachable()
