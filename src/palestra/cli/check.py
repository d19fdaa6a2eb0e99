"""`palestra check`: is a config right, do its endpoints answer, and what would a run cost?"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.config.endpoint import Endpoint
    from palestra.config.load import LoadedConfig
    from palestra.config.schema import Config
    from palestra.records.prompt import Prompt
    from palestra.run.plan import Plan

    E = TypeVar("E", bound=Endpoint)

_SECONDS = 60.0
"""The longest wait for one endpoint's answer: a local server may have to load the model first."""

_FILES = {
    "palestra": "",
    "potato": ", read as Potato's arena block",
    "openarena": ", read as OpenArena's config",
    "evalscope": ", read as EvalScope's arena settings",
    "gpu-poor": ", read as GPU-Poor's arena_config.py",
}


def check(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="A config file.", readable=False)],
    offline: Annotated[bool, typer.Option("--offline", help="Call no endpoint.")] = False,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one setting, as in schedule.swap=once."),
    ] = None,
) -> None:
    """Validate a config, reach each endpoint, say what a run would cost in calls."""
    from palestra.config.load import environment, load_config

    env = environment()
    loaded = load_config(config, overrides=set_ or (), env=env)
    for warning in loaded.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    typer.echo(f"{config}: valid{_FILES[loaded.shape]}: {_contents(loaded)}")
    if loaded.config.schedule.kind == "place":
        _say_placement(loaded.config, offline=offline)
    else:
        _say_size(loaded.config, _read_prompts(loaded.config, offline=offline))
    if not offline:
        _reach_all(loaded.config, env)


def _contents(loaded: LoadedConfig) -> str:
    config = loaded.config
    return (
        f"{_n(len(config.models), 'model')}, {_n(len(config.judges), 'judge')}, "
        f"{_n(len(config.prompts), 'source')} of prompts"
    )


def _n(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _read_prompts(config: Config, *, offline: bool) -> list[Prompt] | None:
    """Read the prompts and say how many there are; null if hub datasets are among them, offline."""
    from palestra.prompts.load import load_prompts

    on_hub = [source.name for source in config.prompts if source.name is not None] if offline else []
    here = [source for source in config.prompts if source.name not in on_hub]
    prompts = load_prompts(here, seed=config.seed, base_dir=Path())
    if prompts:
        typer.echo(f"Prompts: {_described(prompts)}")
    for name in on_hub:
        typer.echo(f"Prompts: {name} is on the Hugging Face hub and not read offline")
    return None if on_hub else prompts


def _described(prompts: Sequence[Prompt]) -> str:
    datasets = Counter(prompt.dataset or "without a dataset" for prompt in prompts)
    parts = [f"{len(prompts):,} ({', '.join(f'{name} {count:,}' for name, count in datasets.items())})"]
    referenced = sum(prompt.reference is not None for prompt in prompts)
    several = sum(prompt.is_multi_turn for prompt in prompts)
    parts += [f"{referenced:,} with a reference answer"] if referenced else []
    parts += [f"{several:,} of several turns"] if several else []
    return ", ".join(parts)


def _say_size(config: Config, prompts: Sequence[Prompt] | None) -> None:
    """Say what a run would take, or what it lacks. Without the prompts, files are only read."""
    lacks = [
        what
        for what, there in (
            ("two models", len(config.models) > 1),
            ("a judge", bool(config.judges)),
            ("prompts", bool(config.prompts)),
        )
        if not there
    ]
    if lacks:
        listed = " and ".join(part for part in (", ".join(lacks[:-1]), lacks[-1]) if part)
        typer.echo(f"A run needs {listed}, which this config does not name.")
        return
    plan = _planned(config, prompts or ())
    if prompts is None:
        return
    calls = plan.calls()
    free = calls.free_answers + calls.free_verdicts
    typer.echo(
        f"A run takes {_n(calls.answers, 'answer')} and {_n(calls.verdicts, 'verdict')}: "
        f"{_n(calls.paid, 'call')}" + (f" ({free:,} need none)." if free else ".")
    )
    for warning in plan.warnings():
        typer.echo(f"Warning: {warning}")


def _planned(config: Config, prompts: Sequence[Prompt]) -> Plan:
    """The run. Recorded files and templates are read on the way; keys are not needed."""
    from palestra.judges.registry import make_judge
    from palestra.models.registry import make_model
    from palestra.run.plan import assemble

    models = [make_model(_keyed(model), env={}) for model in config.models]
    judges = [make_judge(_keyed(judge), env={}) for judge in config.judges]
    return assemble(config, prompts, models, judges)


def _say_placement(config: Config, *, offline: bool) -> None:
    """Read the arena, and say what a placement would take."""
    from palestra.run.place.api import announcement
    from palestra.run.place.job import make_job
    from palestra.run.place.settings import resolve
    from palestra.run.place.sources import HUB, arena_files

    resolved = resolve(config)
    for text in resolved.schedule.into if offline else ():
        if text.startswith(HUB):
            typer.echo(f"{text} is on the Hugging Face hub and not read offline")
            return
    keyed = {"models": tuple(map(_keyed, resolved.models)), "judges": tuple(map(_keyed, resolved.judges))}
    with arena_files(resolved.schedule.into) as files:
        typer.echo(announcement(make_job(resolved.model_copy(update=keyed), Path(), {}, files=files)))


def _keyed(endpoint: E) -> E:
    from pydantic import SecretStr

    return endpoint.model_copy(update={"api_key": SecretStr("not-needed-for-counting")})


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of one endpoint."""

    endpoint: Endpoint
    problem: str | None
    latency_ms: float | None = None

    def __str__(self) -> str:
        who = f"{self.endpoint.label} ({self.endpoint.endpoint_type.value} {self.endpoint.model})"
        if self.problem is not None:
            return f"  failed  {who}: {self.problem}"
        return f"  ok      {who}: {self.latency_ms or 0:,.0f} ms"


def _reach_all(config: Config, env: Mapping[str, str]) -> None:
    """Call each endpoint once, all at the same time.

    Raises:
        EndpointError: one of them does not answer.
    """
    from palestra.errors import EndpointError

    judges = [judge for judge in config.judges if judge.metric is None]
    asked = [endpoint for endpoint in (*config.models, *judges) if _makes_calls(endpoint)]
    if not asked:
        typer.echo("There is no endpoint to reach: everything is recorded, scripted or a metric.")
        return
    typer.echo(f"Reaching {_n(len(asked), 'endpoint')} with {_n(len(asked), 'tiny call')} …")
    failed = asyncio.run(_reach_and_tell(asked, env))
    if failed:
        from palestra.run.pull import missing_models, not_there

        missing = asyncio.run(missing_models(asked, env))
        raise EndpointError(
            f"{failed} of {_n(len(asked), 'endpoint')} cannot be used",
            hint=not_there(missing).hint if missing else None,
        )


def _makes_calls(endpoint: Endpoint) -> bool:
    from palestra.config.endpoint import EndpointType

    return endpoint.endpoint_type not in (EndpointType.RECORDED, EndpointType.SCRIPTED)


async def _reach_and_tell(asked: Sequence[Endpoint], env: Mapping[str, str]) -> int:
    """Print each endpoint's outcome in order; returns how many failed."""
    failed = 0
    async with asyncio.TaskGroup() as group:
        for task in [group.create_task(_reach(endpoint, env)) for endpoint in asked]:
            found = await task
            typer.echo(str(found))
            failed += found.problem is not None
    return failed


async def _reach(endpoint: Endpoint, env: Mapping[str, str]) -> _Found:
    from palestra.errors import PalestraError
    from palestra.models.reach import reach
    from palestra.models.registry import make_model

    patient = endpoint.model_copy(update={"timeout": min(endpoint.timeout, _SECONDS)})
    try:
        model = make_model(patient, env=env)
    except PalestraError as error:
        return _Found(endpoint, "; ".join(part for part in (error.message, error.hint) if part))
    try:
        response = await reach(model)
    finally:
        await model.aclose()
    if response.failure is not None:
        return _Found(endpoint, f"{response.failure.kind.value}: {response.failure.message}")
    return _Found(endpoint, None, response.latency_ms)
