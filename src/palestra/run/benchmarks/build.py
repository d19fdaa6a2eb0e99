"""From `--benchmark` and its files to a config like any other."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.config.document import Document, Spot
from palestra.config.flags import Flags, apply_flags, apply_overrides
from palestra.config.load import check_document
from palestra.config.schema import PromptSource
from palestra.errors import DataError, UsageError
from palestra.prompts.load import load_prompts
from palestra.run.benchmarks.answers import Held, models_in
from palestra.run.benchmarks.specs import Spec, find_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.config.schema import Config


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says of a benchmark."""

    name: str
    files: Sequence[Path] = ()
    """Answers."""
    models: Sequence[str] = ()
    """Models that are asked, as `--model` has them."""
    judges: Sequence[str] = ()
    """In place of the authors' judge."""
    prompts: Sequence[Path] = ()
    """In place of those on the hub."""
    baseline: str | None = None
    """In place of the authors' baseline or baselines."""
    overrides: Sequence[str] = ()
    difficulty: Path | None = None
    gamed: Path | None = None
    """For AlpacaEval's own length control; see `interchange/length_controlled.py`."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A benchmark, ready to run."""

    spec: Spec
    config: Config
    turns: Mapping[str, int]
    """The judged turn by the judge's label."""
    difficulty: Path | None = None
    gamed: Path | None = None


def make_benchmark(wishes: Wishes, cwd: Path) -> Benchmark:
    """The config of a benchmark. Relative paths start from `cwd`.

    Raises:
        ConfigError: an override that leads nowhere.
        DataError: prompts or answers that cannot be read, or are of another language.
        UsageError: an unknown benchmark, or a baseline whose answers are not there.
    """
    spec = find_spec(wishes.name)
    if (wishes.difficulty is None) != (wishes.gamed is None):
        raise UsageError("--difficulty and --gamed go together", hint="give both, or neither")
    sources = _sources(spec, wishes.prompts, cwd)
    models = _models(wishes, cwd)
    value: dict[str, Any] = {
        "arena": {"name": spec.name},
        "prompts": sources,
        "schedule": dict(spec.schedule),
        "ranking": dict(spec.ranking),
    }
    categories = _categories(spec, sources)
    if spec.schedule["kind"] == "baseline":
        value["schedule"] |= _against(spec, wishes, categories, models, cwd)
    value["models"] = list(models.values())
    judges, turns = _judges(spec, wishes.judges, cwd)
    value["judges"] = judges
    if len(models) < (1 if spec.metric == "mt-bench" else 2):
        raise UsageError(
            f"{spec.name}: there {'is but one model' if models else 'are no models'}",
            hint="give files with answers, or --model",
        )
    document = Document(value, {(): Spot(f"--benchmark {wishes.name}", None, "", cwd)})
    config = check_document(apply_overrides(document, wishes.overrides, cwd))
    return Benchmark(spec, config, turns, wishes.difficulty, wishes.gamed)


def _sources(spec: Spec, prompts: Sequence[Path], cwd: Path) -> list[dict[str, Any]]:
    # AlpacaEval's file has the baseline's answers, which are no references.
    told = {"references": False} if spec.metric == "alpaca-eval" else {}
    if not prompts:
        return [{**spec.hub, **told}]
    return [{"path": _absolute(path, cwd), **told} for path in prompts]


def _absolute(path: Path, cwd: Path) -> str:
    return os.path.abspath(cwd / path.expanduser())


def _categories(spec: Spec, sources: list[dict[str, Any]]) -> set[str]:
    """The prompts' categories, where baselines depend on them; the language is looked at on the way."""
    if not spec.baselines and spec.language is None:
        return set()
    loaded = [PromptSource.model_validate(source) for source in sources]
    prompts = load_prompts(loaded, seed=0, base_dir=Path())
    for prompt in prompts:
        if spec.language is not None and prompt.language not in (None, spec.language):
            raise DataError(
                f"question {prompt.question_id!r} is in {prompt.language!r}, not in {spec.language!r}",
                path=sources[0].get("path") or sources[0].get("name"),
                hint="give prompts of one language, and name it in --benchmark",
            )
    return {prompt.category for prompt in prompts if prompt.category is not None}


def _models(wishes: Wishes, cwd: Path) -> dict[str, dict[str, Any]]:
    """The config's entries by label: answers from files, then models that are asked."""
    entries: dict[str, dict[str, Any]] = {}
    for file in wishes.files:
        for held in models_in(Path(_absolute(file, cwd))):
            _add(entries, held.label, held.entry(), str(file))
    for entry in _flag_entries("models", wishes.models, cwd):
        label = str(entry.get("label") or entry.get("model") or Path(str(entry.get("path"))).stem)
        _add(entries, label, {**entry, "label": label}, "--model")
    return entries


def _add(entries: dict[str, dict[str, Any]], label: str, entry: dict[str, Any], place: str) -> None:
    if label in entries:
        raise UsageError(f"{label!r} is there twice", path=place, hint="give each model once, or a label")
    entries[label] = entry


def _flag_entries(section: str, written: Sequence[str], cwd: Path) -> list[dict[str, Any]]:
    flags = Flags(models=tuple(written)) if section == "models" else Flags(judges=tuple(written))
    found = apply_flags(Document({}, {(): Spot("the command line", None, "", cwd)}), flags, cwd)
    entries = found.value.get(section, [])
    return [
        {**entry, "path": _absolute(Path(entry["path"]), cwd)} if "path" in entry else entry
        for entry in entries
    ]


def _against(
    spec: Spec, wishes: Wishes, categories: set[str], models: dict[str, dict[str, Any]], cwd: Path
) -> dict[str, Any]:
    """Whom the candidates meet; adds a baseline's answers to the models where the prompts' file has them."""
    main = wishes.baseline or spec.baseline
    if main is None:
        raise UsageError(
            f"{spec.name} has no baseline of its own",
            key="--baseline",
            hint="name the model that the others meet; its answers come with the rest",
        )
    others = {} if wishes.baseline else {c: name for c, name in spec.baselines.items() if c in categories}
    if others and categories <= set(others):  # none but prompts with a baseline of their own
        main = next(iter(others.values()))
    names = list(dict.fromkeys((main, *others.values())))
    for name in names:
        if name not in models:
            models[name] = _from_prompts(name, wishes.prompts, cwd, spec)
    schedule: dict[str, Any] = {"baseline": main}
    if others:
        schedule["baselines"] = others
    candidates = [label for label in models if label not in names]
    if len(names) > 1 and candidates:
        schedule["candidates"] = candidates
    return schedule


def _from_prompts(name: str, prompts: Sequence[Path], cwd: Path, spec: Spec) -> dict[str, Any]:
    """The baseline's answers where the prompts' file holds them, as AlpacaEval's does."""
    for path in prompts:
        for held in models_in(Path(_absolute(path, cwd))):
            if held.name_in_file == name:
                return Held(name, held.path, name).entry()
    raise UsageError(
        f"there are no answers of {name!r}, the baseline of {spec.name}",
        hint="give a file that holds them, ask the model with --model, or name another with --baseline",
    )


def _judges(spec: Spec, written: Sequence[str], cwd: Path) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The config's entries, one for each judged turn, and the turns by label."""
    settings = dict(spec.protocol)
    if not written:
        settings |= spec.sampling
    judges: list[dict[str, Any]] = []
    turns: dict[str, int] = {}
    for entry in _flag_entries("judges", written or [spec.judge], cwd):
        label = str(
            entry.get("label")
            or entry.get("metric")
            or entry.get("model")
            or Path(str(entry.get("path"))).stem
        )
        for turn in spec.turns or (None,):
            name = label if turn is None else f"{label}, turn {turn}"
            judges.append({**settings, **entry, "label": name, **({} if turn is None else {"turn": turn})})
            if turn is not None:
                turns[name] = turn
    return judges, turns
