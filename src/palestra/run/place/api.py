"""`palestra.place`: a placement from Python."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.config.load import environment, load_config
from palestra.errors import ConfigError, StoreError, UsageError
from palestra.run.apart import Apart
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
    model: str | Mapping[str, Any] | None = None,
    into: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | None = None,
    judge: str | Mapping[str, Any] | None = None,
    *,
    config: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    db: str | os.PathLike[str] | None = None,
    max_cost: float | None = None,
    retry_failed: bool = True,
    quiet: bool = False,
    **settings: Any,
) -> Placement:
    """Place a model into an arena of human battles.

    `model` and `judge` are written as on the command line (`ollama:llama3.2`, `openai:gpt-4o`,
    `recorded:FILE`), or as mappings in the config's form; a model may also be the path of a file with its
    answers. `into`: files of human battles. `config` is a config file of kind `place`; what is given here
    wins. `settings` are those of the section `place` (`battles`, `per_language`, `languages`,
    `max_prompt_chars`, `max_turns`, `min_battles`, `labels`, `temperature`, `calibrate`), and `swap`, `ci`,
    `rounds`, `level`, `anchor`, `seed`, `concurrency`, `name`.

    Answers and verdicts are kept in `db` (default: `palestra.db`) and never asked for twice; results go to
    `out` (default: `runs/<name>`). Progress goes to standard error unless `quiet`, beginning with the number
    of calls. Ctrl-C finishes and keeps the calls under way; the next placement goes on.

    Raises:
        BudgetReached: another call might cost more than `max_cost` USD.
        ConfigError, DataError, EndpointError, StoreError, UsageError: as on the command line.
    """
    found = load(model, into, judge, config=config, settings=settings)
    wish = _Wish(
        folder=Path("runs") / found.arena.name if out is None else Path(out),
        database=os.fspath(db) if db is not None else os.environ.get("PALESTRA_DB") or "palestra.db",
        max_cost=max_cost,
        retry_failed=retry_failed,
        quiet=quiet,
    )
    return Apart().run(lambda apart: _place(apart, found, wish))


def load(
    model: str | Mapping[str, Any] | None,
    into: Any,
    judge: str | Mapping[str, Any] | None,
    *,
    config: str | os.PathLike[str] | None = None,
    overrides: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Config:
    """The resolved config of a placement: the file's, then what is given here."""
    if config is None and (model is None or into is None or judge is None):
        given = (("a model", model), ("the arena's battles (--into)", into), ("a judge (--judge)", judge))
        raise UsageError(
            f"there is no {' and no '.join(what.split(' ', 1)[1] for what, there in given if there is None)}",
            hint="give a config of kind place, or a model, the files with the arena's battles and a judge",
        )
    written = [] if into is None else _files(into)
    told: dict[str, tuple[str, Any]] = {"schedule.kind": ("place", "place")}
    if written:
        told["schedule.into"] = ("--into", written)
    for name, value in _whole(settings or {}).items():
        told[_SECTIONS.get(name, f"place.{name}")] = (f"--{name.replace('_', '-')}", value)
    values: dict[str, Any] = {}
    for section, entry in (("models", model), ("judges", judge)):
        if entry is not None:
            values[section] = [as_flag(entry) if section == "models" and isinstance(entry, str) else entry]
    loaded = load_config(
        None if config is None else Path(config), settings=told, overrides=overrides, values=values
    )
    try:
        found = resolve(loaded.config)
    except ConfigError as error:
        error.path = error.path or (None if config is None else os.fspath(config))
        raise
    named = "name" in found.arena.model_fields_set
    if config is None and not named:
        name = "place-" + "".join(c if c.isalnum() or c in "-_." else "-" for c in found.models[0].label)
        found = found.model_copy(update={"arena": found.arena.model_copy(update={"name": name})})
    return found


def _whole(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that are given, and what follows from them: where labels, a temperature or calibration is
    given, what a config says to the contrary gives way.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if "temperature" in given or given.get("labels") == "hard":
        given.setdefault("calibrate", 0)
    elif given.get("calibrate"):
        given["temperature"] = None
    return given


def as_flag(model: str) -> str:
    """The path of a file of answers as a recorded model; anything else as it is."""
    path = Path(model).expanduser()
    kind = model.partition("=")[2] or model
    return f"{_RECORDED}{model}" if ":" not in kind and path.is_file() else model


def _files(into: Any) -> list[str]:
    one = isinstance(into, str | os.PathLike)
    return [os.fspath(path) for path in ([into] if one else into)]


@dataclass(frozen=True, slots=True)
class _Wish:
    """What `place` was given beside the config."""

    folder: Path
    database: str
    max_cost: float | None
    retry_failed: bool
    quiet: bool


async def _place(apart: Apart, config: Config, wish: _Wish) -> Placement:
    from palestra.run.place.job import make_job
    from palestra.run.place.perform import make_run, perform
    from palestra.run.place.sources import arena_files
    from palestra.run.whole import check_ended, refuse_unpriced
    from palestra.store.database import Database

    with arena_files(config.schedule.into) as files, Database(wish.database) as database:
        job = make_job(config, Path.cwd(), environment(Path.cwd()), files=files)
        if wish.max_cost is not None:
            refuse_unpriced(job.plan, wish.max_cost)
        going = make_run(job, database, max_cost=wish.max_cost, retry_failed=wish.retry_failed)
        apart.stop = going.stop
        if not wish.quiet:
            print(announcement(job), file=sys.stderr)
        done = await perform(going, job, wish.folder, quiet=wish.quiet)
        check_ended(going, done.folder, done.manifest)
    if done.placed is None:
        raise StoreError("it was stopped before anything could be said", path=wish.database)
    return Placement(done.placed, done.manifest, wish.folder)


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
