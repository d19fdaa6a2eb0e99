"""The one config schema. `load.py` reads files into it; `shapes/` maps other tools' files onto it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from palestra.config.endpoint import ModelConfig
from palestra.config.judge import JudgeConfig
from palestra.config.section import Section, Texts, as_tuple


class Swap(StrEnum):
    """Which orders a judge sees, and what becomes of them."""

    ONCE = "once"
    """One order, drawn at random per prompt and pair."""
    BOTH_COMBINE = "both-combine"
    """Both orders; one battle from their mean."""
    BOTH_KEEP = "both-keep"
    """Both orders; a battle each."""


def _listed(value: Any) -> Any:
    """A single text where several may stand."""
    return (value,) if isinstance(value, str) else as_tuple(value)


def _folder_name(text: str) -> str:
    if text in (".", "..") or any(c in text for c in "/\\\0\n\r"):
        raise ValueError(f"{text!r} cannot be the name of a folder, which it becomes")
    return text


class PromptSource(Section):
    """A file (`path`) or a Hugging Face dataset (`name`) of prompts."""

    path: Path | None = None
    """JSONL, JSON, CSV or Parquet; or a local folder in the layout of a Hugging Face dataset."""
    name: str | None = None
    """A dataset on the Hugging Face hub (needs `palestra[hub]`)."""
    config: str | None = None
    """The hub dataset's configuration."""
    split: str = "train"
    revision: str | None = None
    field: str | None = None
    """Which column holds the prompt. Default: the first known one that is there."""
    references: bool = True
    """Whether the answers beside the prompts are references, to compare with."""
    limit: Annotated[int | None, Field(gt=0)] = None
    """Take the first so many."""
    sample: Annotated[int | None, Field(gt=0)] = None
    """Draw so many at random, by the run's seed, kept in file order."""
    dataset: str | None = None
    """What to call it in leaderboards. Default: the file's stem or the dataset's name."""
    subset: str | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.name is None):
            raise ValueError("give either `path` (a file) or `name` (a Hugging Face dataset)")
        return self


class Schedule(Section):
    """Who meets whom, and how the judges see it."""

    kind: Literal["round-robin", "baseline", "sampled", "place"] = "round-robin"
    baseline: str | None = None
    """For `baseline`: the label that every other model meets."""
    baselines: dict[str, str] = Field(default_factory=dict)
    """For `baseline`: another one for the prompts of a category, as in {math: Llama}."""
    candidates: Texts = ()
    """For `baseline`: only these meet it. Default: all others."""
    per_pair: Annotated[int | None, Field(gt=0)] = None
    """For `sampled`: prompts drawn per pair."""
    model: str | None = None
    """For `place`: the label of the model under test. Default: the only one there is."""
    into: Annotated[Texts, BeforeValidator(_listed)] = ()
    """For `place`: files of human battles, or datasets on the Hugging Face hub as `hub:owner/name`."""
    swap: Swap = Swap.BOTH_COMBINE
    repeats: Annotated[int, Field(gt=0)] = 1
    """Answers per model and prompt."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "baseline" and not self.baseline:
            raise ValueError("kind baseline needs `baseline`, the label of the model that all others meet")
        if self.kind != "baseline" and self.baselines:
            raise ValueError("`baselines` belongs to kind baseline")
        if self.kind != "baseline" and self.candidates:
            raise ValueError("`candidates` belongs to kind baseline")
        if self.kind == "sampled" and self.per_pair is None:
            raise ValueError("kind sampled needs `per_pair`, the number of prompts per pair of models")
        if self.kind == "place" and not self.into:
            raise ValueError("kind place needs `into`, the files with the arena's human battles")
        return self


class Place(Section):
    """How a model is placed into an arena of human battles, for `schedule: {kind: place}`."""

    battles: Annotated[int, Field(ge=0)] = 200
    """Human battles to draw; the model answers their prompts. 0: all there are."""
    per_language: Annotated[int | None, Field(gt=0)] = None
    """At most so many of each language."""
    languages: Texts = ()
    """Only battles in these languages. Default: all."""
    max_prompt_chars: Annotated[int | None, Field(gt=0)] = None
    """Leave longer prompts out."""
    max_turns: Annotated[int | None, Field(gt=0)] = None
    """Leave longer conversations out: user turns."""
    min_battles: Annotated[int, Field(ge=0)] = 500
    """Models of the arena with fewer human battles are left out."""
    labels: Literal["soft", "hard"] = "soft"
    """Whether the judge's share of the win counts, or who won."""
    temperature: Annotated[float | None, Field(gt=0)] = None
    """T in pref = e^(T·a) / (e^(T·a) + e^(T·b)). Default: the judge's `score_temperature`."""
    calibrate: Annotated[int, Field(ge=0)] = 0
    """Let the judge decide so many human battles without ties, too, and fit T to what people said."""


class Ranking(Section):
    """How the run's leaderboard is made."""

    method: Literal[
        "bradley-terry", "davidson", "rao-kupper", "win-rate", "gladiator", "elo", "elo-average", "size-elo"
    ] = "bradley-terry"
    ci: Literal["sandwich", "bootstrap", "none"] = "sandwich"
    """Intervals of `bradley-terry` are clustered by prompt."""
    rounds: Annotated[int, Field(gt=0)] = 1000
    """Of the bootstrap."""
    level: Annotated[float, Field(gt=0, lt=1)] = 0.95
    """Of the intervals."""
    anchor: dict[str, float] | None = None
    """One model's label and the rating it is given; default: the mean is 1000."""
    k: Annotated[float, Field(gt=0)] = 4.0
    """For `elo`."""
    start: float = 1000.0
    """For `elo`."""


class Arena(Section):
    """The arena's own facts."""

    name: Annotated[str, Field(min_length=1), AfterValidator(_folder_name)] = "arena"
    """Also the name of the result folder, `runs/<name>/`."""


class Serve(Section):
    """The web arena."""

    host: str = "127.0.0.1"
    """The address to listen on. Only this machine reaches 127.0.0.1."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """0: any that is free."""
    example_prompts: Texts = ()
    """What a random prompt is drawn from, beside the prompts of the config."""
    panel: Literal[2, 3, 4] = 2
    """How many hidden models meet in a battle, unless the visitor chooses."""
    pad_start: Annotated[float, Field(ge=0, le=600)] = 0.0
    """Seconds. Above 0, the answers of a blind battle begin together, not before so long, and go on in equal
    steps, so that no model is known by its delay."""
    min_votes: Annotated[int, Field(ge=0)] = 30
    """Battles that a model needs before its rating is called enough."""
    max_prompt_chars: Annotated[int, Field(gt=0, le=1_000_000)] = 20_000
    max_turns: Annotated[int, Field(gt=0, le=100)] = 8
    """Of a conversation."""
    max_models: Annotated[int, Field(ge=2, le=100)] = 40
    """That a visitor may ask side by side."""
    votes_per_minute: Annotated[int, Field(ge=0)] = 60
    """Of one voter; of one address, 20 times as many. 0: no limit."""
    battles_per_minute: Annotated[int, Field(ge=0)] = 20
    """Battles and turns that one voter may begin; of one address, 20 times as many. 0: no limit. Side by
    side, each two models count as a battle."""
    proxy: bool = False
    """Whether a reverse proxy stands before the server, so that `X-Forwarded-For` and
    `X-Forwarded-Proto` are believed."""
    leaderboard_json: Path | None = None
    """A file that is kept current after each vote, in the shape of GPU-Poor's `leaderboard.json`."""
    admin_api_key: Annotated[SecretStr | None, Field(repr=False, exclude=True)] = None
    """The admin's key. Used, and never written anywhere. Better: the variable PALESTRA_ADMIN_KEY."""


class Config(Section):
    """A whole config."""

    arena: Arena = Arena()
    models: tuple[ModelConfig, ...] = ()
    judges: tuple[JudgeConfig, ...] = ()
    panel: Literal["majority", "mean"] | None = None
    """With several judges: combine them into one battle. Default: each judge's battles are kept."""
    prompts: tuple[PromptSource, ...] = ()
    schedule: Schedule = Schedule()
    place: Place = Place()
    ranking: Ranking = Ranking()
    serve: Serve = Serve()
    seed: Annotated[int, Field(ge=0)] = 0
    concurrency: Annotated[int, Field(gt=0)] = 32
    """Most calls at once in all."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, entries in (("models", self.models), ("judges", self.judges)):
            seen: set[str] = set()
            for i, entry in enumerate(entries):
                if entry.label in seen:
                    text = f"the label {entry.label!r} is used twice; give each its own `label`"
                    raise _wrong(text, what, i, "label")
                seen.add(entry.label)
        if self.ranking.anchor is not None and len(self.ranking.anchor) != 1:
            raise _wrong("give exactly one model and its rating, as in {Llama: 1000}", "ranking", "anchor")
        if self.schedule.baseline is not None:
            self._has_model(self.schedule.baseline, "schedule", "baseline")
        if self.schedule.model is not None:
            self._has_model(self.schedule.model, "schedule", "model")
        for category, label in self.schedule.baselines.items():
            self._has_model(label, "schedule", "baselines", category)
        for label in self.schedule.candidates:
            self._has_model(label, "schedule", "candidates")
        for label in self.ranking.anchor or {} if self.schedule.kind != "place" else ():
            self._has_model(label, "ranking", "anchor")
        return self

    def _has_model(self, label: str, *at: str) -> None:
        labels = [model.label for model in self.models]
        if labels and label not in labels:
            raise _wrong(f"no model is labelled {label!r}; there are: {', '.join(labels)}", *at)


def _wrong(text: str, *at: str | int) -> PydanticCustomError:
    """An error about one key of a whole config, `at` which it is."""
    return PydanticCustomError("palestra", "{key}: {text}", {"key": at[-1], "text": text, "at": at})
