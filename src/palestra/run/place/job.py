"""A placement, ready to go: the arena, the drawn battles, and the plan that the pipeline plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.config.endpoint import EndpointType, ModelConfig
from palestra.errors import ConfigError, nearest
from palestra.models.answers import Answer, Answers
from palestra.models.recorded import RecordedModel
from palestra.run.place.arena import read_arena
from palestra.run.place.draw import Draw, draw, models_in
from palestra.run.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from palestra.config.schema import Config
    from palestra.judges.base import Judge
    from palestra.models.base import Model
    from palestra.records.prompt import Prompt
    from palestra.run.pairing import Pair
    from palestra.run.place.arena import Arena
    from palestra.run.place.draw import Drawn


@dataclass(frozen=True, slots=True)
class Job:
    """What a placement needs."""

    config: Config
    """Resolved; what `config.yaml` holds."""
    arena: Arena
    drawn: Draw
    plan: Plan
    """Model 0 is the one that is placed; the others are the arena's, with their recorded answers."""

    @property
    def label(self) -> str:
        """The placed model's."""
        return self.plan.models[0].label

    def opponents(self) -> dict[str, int]:
        """How many battles the new model has with whom."""
        met: dict[str, int] = {}
        for pairs in self.plan.pairs:
            for one, other in pairs:
                if one == 0:
                    name = self.plan.models[other].label
                    met[name] = met.get(name, 0) + 1
        return met

    @property
    def n_calibrating(self) -> int:
        """Human battles that the judge decides, too."""
        return sum(one != 0 for pairs in self.plan.pairs for one, _ in pairs)


def make_job(
    config: Config,
    base_dir: Path,
    env: Mapping[str, str] | None = None,
    *,
    files: Sequence[str] | None = None,
) -> Job:
    """Read the arena, draw from it, and make the model and the judges; `config` is resolved.

    `files` stand in for `schedule.into` where those had to be converted first.

    Raises:
        ConfigError: the model's label is one of the arena's.
        DataError: the arena cannot be read, or nothing can be drawn from it.
        EndpointError: a key is missing.
    """
    from palestra.config.schema import Swap
    from palestra.judges.registry import make_judge
    from palestra.models.registry import make_model

    model = make_model(config.models[0], env=env, base_dir=base_dir)
    once = config.schedule.swap is Swap.ONCE
    judges = [make_judge(judge, any_order=once, env=env, base_dir=base_dir) for judge in config.judges]
    arena = read_arena(
        files or config.schedule.into,
        seed=config.seed,
        min_battles=config.place.min_battles,
        labels="hard" if config.place.labels == "hard" else None,
    )
    return assemble(config, arena, model, judges)


def assemble(config: Config, arena: Arena, model: Model, judges: Sequence[Judge]) -> Job:
    """A job from parts that are already made."""
    if model.label in arena.rows.models or model.label in arena.left_out:
        raise ConfigError(
            f"the arena has a model of the name {model.label!r} already",
            key="schedule.model",
            hint=f"give yours a label, as in new-{model.label}=ollama:…",
        )
    for name in config.ranking.anchor or {}:
        if name not in (*arena.rows.models, model.label):
            raise ConfigError(
                f"the anchor {name!r} is no model of the arena",
                key="ranking.anchor",
                hint=nearest(name, arena.rows.models),
            )
    drawn = draw(arena, config.place, config.seed)
    names = models_in(drawn.battles, config.seed)
    recorded = _recorded(names, drawn.battles)
    prompts, pairs = _paired(drawn.battles, names, config.seed)
    entries = [
        ModelConfig(label=name, endpoint_type=EndpointType.RECORDED, path=_first_path(config))
        for name in names
    ]
    played = config.model_copy(update={"models": (*config.models, *entries)})
    return Job(config, arena, drawn, Plan(played, prompts, (model, *recorded), tuple(judges), pairs))


def _first_path(config: Config) -> Path:
    from pathlib import Path

    return Path(config.schedule.into[0])


def _recorded(names: Sequence[str], battles: Sequence[Drawn]) -> list[Model]:
    """The arena's models as models that give their recorded answers."""
    said: dict[str, dict[str, dict[int, Answer]]] = {name: {} for name in names}
    for battle in battles:
        for name, turns in ((battle.model_a, battle.said_a), (battle.model_b, battle.said_b)):
            if name in said:
                said[name][battle.prompt.question_id] = {0: _answer(turns)}
    return [RecordedModel(name, Answers(by_id, {})) for name, by_id in said.items()]


def _answer(turns: tuple[str, ...]) -> Answer:
    return Answer(
        turns=turns,
        thinking=None,
        failure=None,
        finish_reason=None,
        latency_ms=None,
        tokens_in=None,
        tokens_out=None,
        prompt=None,
    )


def _paired(
    battles: Sequence[Drawn], names: Sequence[str], seed: int
) -> tuple[tuple[Prompt, ...], tuple[tuple[Pair, ...], ...]]:
    """Each prompt once, with the pairs that the judge sees on it: those of the new model first."""
    place = {name: number for number, name in enumerate(names, 1)}
    prompts: dict[str, Prompt] = {}
    new: dict[str, dict[Pair, None]] = {}
    old: dict[str, dict[Pair, None]] = {}
    for battle in battles:
        name = battle.prompt.question_id
        prompts.setdefault(name, battle.prompt)
        if battle.places:
            new.setdefault(name, {})[0, place[battle.opponent(seed)]] = None
        if battle.calibrates:
            pair = place[battle.model_a], place[battle.model_b]
            known = old.setdefault(name, {})
            if pair[::-1] not in known:
                known[pair] = None
    pairs = tuple((*new.get(name, {}), *old.get(name, {})) for name in prompts)
    return tuple(prompts.values()), pairs
