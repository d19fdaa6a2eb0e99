"""`palestra.place`: a placement from Python."""

from __future__ import annotations

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.config.flags import Flags
from palestra.config.load import environment, load_config
from palestra.errors import StoreError, UsageError
from palestra.run.place.result import Placement
from palestra.run.place.settings import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from palestra.config.schema import Config
    from palestra.run.place.job import Job

_SECTIONS = {
    "swap": "schedule.swap",
    "ci": "ranking.ci",
    "rounds": "ranking.rounds",
    "level": "ranking.level",
    "anchor": "ranking.anchor",
    "seed": "seed",
    "concurrency": "concurrency",
    "name": "arena.name",
}
"""Setting → where it stands in a config; all others are of the section `place`."""
_RECORDED = "recorded:"


def place(
    model: str | None = None,
    into: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    judge: str | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    db: str | os.PathLike[str] | None = None,
    max_cost: float | None = None,
    retry_failed: bool = True,
    **settings: Any,
) -> Placement:
    """Place a model into an arena of human battles.

    `model` and `judge` are written as on the command line (`ollama:llama3.2`, `openai:gpt-4o`,
    `recorded:FILE`); a model may also be the path of a file with its answers. `into`: files of human battles.
    `config` is a config file of kind `place`; what is given here wins. `settings` are those of the section
    `place` (`battles`, `per_language`, `languages`, `max_prompt_chars`, `max_turns`, `min_battles`, `labels`,
    `temperature`, `calibrate`), and `swap`, `ci`, `rounds`, `level`, `anchor`, `seed`, `concurrency`, `name`.

    Answers and verdicts are kept in `db` (default: `palestra.db`) and never asked for twice; results go to
    `out` (default: `runs/<name>`). Nothing is printed.

    Raises:
        BudgetReached: another call might cost more than `max_cost` USD.
        ConfigError, DataError, EndpointError, StoreError, UsageError: as on the command line.
    """
    found = load(model, into, judge, config=config, settings=settings)
    return _in_own_loop(found, out, db, max_cost, retry_failed)


def load(
    model: str | None,
    into: Any,
    judge: str | None,
    *,
    config: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Config:
    """The resolved config of a placement: the file's, then what is given here."""
    if config is None and (model is None or into is None or judge is None):
        raise UsageError(
            "there is nothing to place",
            hint="give a config of kind place, or a model, the files with the arena's battles and a judge",
        )
    written = [] if into is None else _files(into)
    told = ["schedule.kind=place", *([f"schedule.into={json.dumps(written)}"] if written else [])]
    for name, value in (settings or {}).items():
        if value is not None:
            told.append(f"{_SECTIONS.get(name, f'place.{name}')}={json.dumps(value)}")
    flags = Flags(() if model is None else (as_flag(model),), () if judge is None else (judge,))
    loaded = load_config(None if config is None else Path(config), flags=flags, overrides=[*told, *overrides])
    found = resolve(loaded.config)
    named = "name" in found.arena.model_fields_set
    if config is None and not named:
        name = "place-" + "".join(c if c.isalnum() or c in "-_." else "-" for c in found.models[0].label)
        found = found.model_copy(update={"arena": found.arena.model_copy(update={"name": name})})
    return found


def as_flag(model: str) -> str:
    """The path of a file of answers as a recorded model; anything else as it is."""
    path = Path(model).expanduser()
    kind = model.partition("=")[2] or model
    return f"{_RECORDED}{model}" if ":" not in kind and path.is_file() else model


def _files(into: Any) -> list[str]:
    one = isinstance(into, str | os.PathLike)
    return [os.fspath(path) for path in ([into] if one else into)]


def _in_own_loop(config: Config, *rest: Any) -> Placement:
    """Run it; in a thread where this one has an event loop already, as a notebook's."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_place(config, *rest))
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(_place(config, *rest))).result()


async def _place(
    config: Config,
    out: str | os.PathLike[str] | None,
    db: str | os.PathLike[str] | None,
    max_cost: float | None,
    retry_failed: bool,
) -> Placement:
    from palestra.run.place.job import make_job
    from palestra.run.place.perform import is_whole, make_run, perform
    from palestra.run.place.sources import arena_files
    from palestra.run.whole import refuse_unpriced
    from palestra.store.database import Database

    folder = Path("runs") / config.arena.name if out is None else Path(out)
    place = os.fspath(db) if db is not None else os.environ.get("PALESTRA_DB") or "palestra.db"
    with arena_files(config.schedule.into) as files, Database(place) as database:
        job = make_job(config, Path.cwd(), environment(Path.cwd()), files=files)
        run = make_run(job, database, max_cost=max_cost, retry_failed=retry_failed)
        if max_cost is not None:
            refuse_unpriced(job.plan, max_cost)
        done = await perform(run, job, folder, quiet=True)
        is_whole(run, done)
    if done.placed is None:
        raise StoreError("the run was stopped before anything could be said", path=place)
    return Placement(done.placed, done.manifest, folder)


def announcement(job: Job) -> str:
    """What is about to be asked for, in a sentence or two."""
    calls = job.plan.calls()
    arena, out = job.arena, len(job.arena.left_out)
    drawn = sum(battle.places for battle in job.drawn.battles)
    text = (
        f"{arena.name}: {int(arena.rows.n.sum()):,} human battles of {len(arena.rows.models)} models"
        f"{f', {out} models left out' if out else ''}; {drawn:,} drawn\n"
        f"{job.label}: at most {calls.answers - calls.free_answers:,} calls for answers and "
        f"{calls.verdicts - calls.free_verdicts:,} for verdicts"
    )
    if job.n_calibrating and calls.verdicts > calls.free_verdicts:
        games = job.plan.games * sum(judge.repeats for judge in job.config.judges)
        share = games * job.n_calibrating // max(job.plan.n_matchups, 1)
        text += f", {share:,} of which calibrate the temperature on {job.n_calibrating:,} human battles"
    return text
