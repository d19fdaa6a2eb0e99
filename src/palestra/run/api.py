"""`palestra.run`: a whole run from Python."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from palestra.config.load import environment, load_config
from palestra.config.schema import Config
from palestra.errors import UsageError
from palestra.run.apart import Apart
from palestra.run.results import Results

if TYPE_CHECKING:
    from collections.abc import Sequence

_GIVEN = "given.jsonl"
"""Prompts that were given as texts, in the result folder, so that its config can be run again."""


@dataclass(frozen=True, slots=True)
class _Wish:
    config: Config
    folder: Path
    database: str
    max_cost: float | None
    retry_failed: bool
    quiet: bool


def run(
    config: str | os.PathLike[str] | Mapping[str, Any] | Config | None = None,
    *,
    models: Sequence[str | Mapping[str, Any]] = (),
    judges: Sequence[str | Mapping[str, Any]] = (),
    prompts: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | Mapping[str, Any]] = (),
    out: str | os.PathLike[str] | None = None,
    db: str | os.PathLike[str] | None = None,
    max_cost: float | None = None,
    retry_failed: bool = True,
    quiet: bool = False,
    **settings: Any,
) -> Results:
    """Pair, generate, judge, rank.

    `config`: a file, or its content as a mapping; what else is given here wins. `models` and `judges`: as on
    the command line (`ollama:llama3.2`, `metric:rougeL`) or as mappings in the config's form. `prompts`:
    paths (a text that ends in .jsonl, .json, .csv or .parquet is one), or the prompts themselves, as texts or
    as mappings such as `{"query": …, "response": …}`; those are kept in the result folder. `settings` are
    the config's other sections, as in `seed=7` or `schedule={"swap": "once"}`.

    Answers and verdicts are kept in `db` (default: `palestra.db`) and never asked for twice; results go to
    `out` (default: `runs/<name>`). Progress goes to standard error unless `quiet`, beginning with the number
    of calls. Ctrl-C finishes and keeps the calls under way; the next run goes on.

    Raises:
        BudgetReached: another call might cost more than `max_cost` USD; what was reached is in `out`.
        ConfigError, DataError, EndpointError, StoreError, UsageError: as on the command line.
    """
    values: dict[str, Any] = {**settings}
    for section, entries in (("models", models), ("judges", judges)):
        if entries:
            values[section] = list(entries)
    found, folder = _resolved(config, values, prompts, None if out is None else Path(out))
    place = os.fspath(db) if db is not None else os.environ.get("PALESTRA_DB") or "palestra.db"
    wish = _Wish(found, folder, place, max_cost, retry_failed, quiet)
    return Apart().run(lambda apart: _run(apart, wish))


async def _run(apart: Apart, wish: _Wish) -> Results:
    from palestra.run.pipeline import Run
    from palestra.run.plan import make_plan
    from palestra.run.summary import summary
    from palestra.run.whole import announcement, check_ended, refuse_unpriced, run_whole
    from palestra.store.database import Database

    plan = make_plan(wish.config, Path.cwd(), environment(Path.cwd()))
    if wish.max_cost is not None:
        refuse_unpriced(plan, wish.max_cost)
    with Database(wish.database) as database:
        going = Run(plan, database, max_cost=wish.max_cost, retry_failed=wish.retry_failed)
        apart.stop = going.stop
        if not wish.quiet:
            print(announcement(plan), file=sys.stderr)
        ended = await run_whole(going, wish.folder, quiet=wish.quiet)
        check_ended(going, ended.folder, ended.manifest)
    boards = ended.boards
    sentences = tuple(summary(going, ended.manifest, ended.folder, boards.sentences))
    return Results(boards.overall, boards.groups, ended.manifest, ended.folder, sentences)


def _resolved(
    config: str | os.PathLike[str] | Mapping[str, Any] | Config | None,
    values: dict[str, Any],
    prompts: str | os.PathLike[str] | Sequence[str | os.PathLike[str] | Mapping[str, Any]],
    out: Path | None,
) -> tuple[Config, Path]:
    """The config, and the result folder."""
    paths, given = _sorted_prompts(prompts)
    if isinstance(config, Config):
        beside = [*values, *(["prompts"] if paths or given else [])]
        if beside:
            raise UsageError(f"a finished Config takes no {beside[0]!r} beside it", hint="give a file")
        return config, out or Path("runs") / config.arena.name
    path = None if config is None or isinstance(config, Mapping) else Path(config)
    values = {**(config if isinstance(config, Mapping) else {}), **values}
    if paths:
        values["prompts"] = paths
    if given:
        folder = out or Path("runs") / _name(path, values)
        values["prompts"] = [*paths, {"path": str(_keep(given, folder)), "dataset": "given"}]
    found = load_config(path, values=values).config
    return found, out or Path("runs") / found.arena.name


def _name(path: Path | None, values: Mapping[str, Any]) -> str:
    return load_config(path, values={k: v for k, v in values.items() if k != "prompts"}).config.arena.name


def _sorted_prompts(prompts: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Sources, and prompts that are there already."""
    if isinstance(prompts, str | os.PathLike):
        return [{"path": os.fspath(prompts)}], []
    sources: list[dict[str, Any]] = []
    given: list[dict[str, Any]] = []
    for one in prompts:
        if isinstance(one, os.PathLike) or (isinstance(one, str) and _is_path(one)):
            sources.append({"path": os.fspath(one)})
        elif isinstance(one, str):
            given.append({"query": one})
        else:
            (sources if {"path", "name"} & set(one) else given).append(dict(one))
    return sources, given


def _is_path(text: str) -> bool:
    return "\n" not in text and text.endswith((".jsonl", ".json", ".csv", ".parquet"))


def _keep(given: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    from palestra.run.folder import make, replacing

    make(folder)
    path = folder / _GIVEN
    with replacing(path) as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in given)
    return path.absolute()
