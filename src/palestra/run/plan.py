"""What a config asks for, made concrete: the prompts, models, judges and pairs of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.config.schema import Swap
from palestra.errors import ConfigError
from palestra.judges.grading import GradingJudge
from palestra.models.recorded import RecordedModel
from palestra.prompts.chat import rounds
from palestra.records.matchup import Order
from palestra.run.kin import kin_notes, kin_of
from palestra.run.pairing import Pair, pairs_by_prompt, shows_b_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from palestra.config.schema import Config
    from palestra.judges.base import Judge
    from palestra.models.base import Model
    from palestra.records.prompt import Prompt


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls a run makes if nothing is stored and nothing fails."""

    answers: int
    verdicts: int
    """Recorded models and judges, and metrics, are counted too; see `free_*`."""
    free_answers: int
    free_verdicts: int

    @property
    def paid(self) -> int:
        """Calls to a model server."""
        return self.answers + self.verdicts - self.free_answers - self.free_verdicts


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, ready to go. Rows are written in the order of these tuples."""

    config: Config
    prompts: tuple[Prompt, ...]
    models: tuple[Model, ...]
    judges: tuple[Judge, ...]
    pairs: tuple[tuple[Pair, ...], ...]
    """Per prompt."""
    kin: frozenset[tuple[int, int]] = frozenset()
    """Judges and the models whose matchups they do not judge, being of the same family."""
    alone: bool = False
    """Whether a single model is graded, without anybody to meet."""

    def judges_of(self, pair: Pair) -> list[int]:
        """The judges that judge a pair, in config order."""
        return [
            judge
            for judge in range(len(self.judges))
            if not any((judge, model) in self.kin for model in pair)
        ]

    @property
    def parts(self) -> tuple[Model | Judge, ...]:
        """All that may be asked: the models, then the judges."""
        return (*self.models, *self.judges)

    def competitors(self, index: int) -> list[int]:
        """The models that prompt `index` needs answers from, in config order."""
        return [0] if self.alone else sorted({model for pair in self.pairs[index] for model in pair})

    def graded(self, index: int, judge: int) -> list[int]:
        """The models whose answers to prompt `index` a judge grades, if it grades single answers."""
        if not isinstance(self.judges[judge], GradingJudge):
            return []
        if self.alone:
            return [0] if (judge, 0) not in self.kin else []
        return sorted(
            {model for pair in self.pairs[index] if judge in self.judges_of(pair) for model in pair}
        )

    def orders(self, prompt: Prompt, pair: Pair) -> tuple[Order, ...]:
        """In which orders the judges see a pair."""
        if self.config.schedule.swap is not Swap.ONCE:
            return (Order.AB, Order.BA)
        a, b = (self.models[i].label for i in pair)
        b_first = shows_b_first(self.config.seed, prompt.question_id, a, b)
        return (Order.BA,) if b_first else (Order.AB,)

    def judge_repeats(self, judge: int) -> int:
        """How often a judge is asked about one matchup in one order."""
        return self.config.judges[judge].repeats

    @property
    def n_matchups(self) -> int:
        """Pairs over all prompts and repeats."""
        return sum(map(len, self.pairs)) * self.config.schedule.repeats

    @property
    def games(self) -> int:
        """Matchups times orders: the verdicts of a judge that is asked once."""
        return self.n_matchups * (1 if self.config.schedule.swap is Swap.ONCE else 2)

    def calls(self) -> Calls:
        """The size of the run. A multi-turn prompt takes a call per turn."""
        repeats = self.config.schedule.repeats
        answers = free_answers = 0
        for index, prompt in enumerate(self.prompts):
            per_model = rounds(prompt) * repeats
            competitors = self.competitors(index)
            answers += per_model * len(competitors)
            free_answers += per_model * sum(self.models[i].is_free for i in competitors)
        verdicts = [self.calls_of_judge(number) for number in range(len(self.judges))]
        free = sum(n for n, judge in zip(verdicts, self.judges, strict=True) if judge.is_free)
        return Calls(answers, sum(verdicts), free_answers, free)

    def calls_of_judge(self, number: int) -> int:
        """How often a judge is asked. One that grades single answers is asked about each once."""
        repeats = self.config.schedule.repeats * self.config.judges[number].repeats
        if isinstance(self.judges[number], GradingJudge):
            return repeats * sum(len(self.graded(index, number)) for index in range(len(self.prompts)))
        orders = 1 if self.config.schedule.swap is Swap.ONCE else 2
        judged = sum(number in self.judges_of(pair) for pairs in self.pairs for pair in pairs)
        return repeats * orders * judged

    def warnings(self) -> list[str]:
        """What to say before anything is spent: whom judges leave unjudged, or judge, of their own family;
        whose recorded answers are to other prompts.
        """
        met = [pair for pairs in self.pairs for pair in pairs]
        repeats = self.config.schedule.repeats
        left = [
            sum(number not in self.judges_of(pair) for pair in met) * repeats
            for number in range(len(self.judges))
        ]
        strangers = [
            f"the recorded answers of {model.label} are to none of these prompts, neither by id nor by text"
            for model in self.models
            if isinstance(model, RecordedModel) and not model.answers_any(self.prompts)
        ]
        return [*kin_notes(self.config, self.judges, left, self.n_matchups), *strangers]


def make_plan(config: Config, base_dir: Path, env: Mapping[str, str] | None = None) -> Plan:
    """Read the prompts, make the models and judges, and pair them.

    `base_dir` is where the config's relative paths start; `env` is where API keys are looked up.

    Raises:
        ConfigError: the config lacks models, judges or prompts.
        DataError: a prompt or answer file cannot be read.
        EndpointError: a key is missing.
    """
    from palestra.judges.registry import make_judge
    from palestra.models.registry import make_model
    from palestra.prompts.load import load_prompts

    for key, entries in (("models", config.models), ("judges", config.judges), ("prompts", config.prompts)):
        if not entries:
            raise ConfigError("nothing is listed here, and a run needs it", key=key)
    prompts = load_prompts(config.prompts, seed=config.seed, base_dir=base_dir)
    models = tuple(make_model(model, env=env, base_dir=base_dir) for model in config.models)
    once = config.schedule.swap is Swap.ONCE
    judges = tuple(make_judge(judge, any_order=once, env=env, base_dir=base_dir) for judge in config.judges)
    return assemble(config, prompts, models, judges)


def assemble(
    config: Config, prompts: Sequence[Prompt], models: Sequence[Model], judges: Sequence[Judge]
) -> Plan:
    """A plan from parts that are already made."""
    labels = [model.label for model in models]
    ids = [prompt.question_id for prompt in prompts]
    categories = [prompt.category for prompt in prompts]
    alone = len(models) == 1 and bool(judges) and all(isinstance(judge, GradingJudge) for judge in judges)
    pairs: list[list[Pair]] = [[] for _ in ids]
    if not alone:
        pairs = pairs_by_prompt(config.schedule, labels, ids, config.seed, categories)
    kin = kin_of(config, judges)
    plan = Plan(config, tuple(prompts), tuple(models), tuple(judges), tuple(map(tuple, pairs)), kin, alone)
    met = {pair for each in pairs for pair in each}
    if kin and met and not any(map(plan.judges_of, met)):
        raise ConfigError(
            "no matchup would be judged: " + "; ".join(plan.warnings()),
            key="judges",
            hint="add a judge of another family, or say `judge_own_family: true` in the judge",
        )
    return plan
