"""A run from its plan to its result folder."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.config.write import dump_config
from palestra.errors import BudgetReached, StoreError, UsageError
from palestra.run.artifacts import write_artifacts
from palestra.run.display import showing
from palestra.run.folder import prepare

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from palestra.config.endpoint import Endpoint
    from palestra.records.manifest import Manifest
    from palestra.run.boards import Boards
    from palestra.run.pipeline import Run
    from palestra.run.plan import Plan


@dataclass(frozen=True, slots=True)
class Ended:
    """What a run came to."""

    folder: Path
    manifest: Manifest
    boards: Boards


async def run_whole(
    run: Run,
    folder: Path,
    *,
    quiet: bool = False,
    rankings: Path | None = None,
    asking: AbstractContextManager[object] | None = None,
) -> Ended:
    """Ask for what is missing, rank, and write `folder`; the connections are closed at the end.

    `quiet` shows no progress. `rankings`: a file for those after each prompt. `asking` lasts as long as
    calls may go out.

    Raises:
        StoreError: the database or the folder cannot be written.
    """
    started = time.time()
    prepare(folder, dump_config(run.plan.config))
    try:
        async with showing(run, quiet=quiet, rankings=rankings):
            with asking or nullcontext():
                await run.ask()
        manifest, boards = await write_artifacts(run, folder, started)
    finally:
        await run.aclose()
    from palestra.report.html import write_report

    write_report(folder)
    return Ended(folder, manifest, boards)


def check_ended(run: Run, folder: Path, manifest: Manifest) -> bool:
    """Whether all that was wanted is there; not so if the run was stopped by hand. `folder` has the results.

    Raises:
        BudgetReached: the money limit stopped it.
        StoreError: rows are gone from the database.
    """
    limit = run.max_cost
    if run.progress.stopping == "budget" and limit is not None:
        raise BudgetReached(
            f"stopped with ${run.progress.cost_usd:.4f} of --max-cost {limit:g} spent, as another call might "
            f"overrun it; what was paid for is kept, and {folder} shows it",
            hint="run it again with a higher --max-cost and it goes on",
        )
    if manifest.complete:
        return True
    if run.progress.stopping is not None:
        return False
    raise StoreError(
        "some answers or verdicts are not in the database after all",
        path=run.database.place,
        hint="did something else change it meanwhile? Run it again and it goes on",
    )


def announcement(plan: Plan) -> str:
    """What a run of the plan will take, said before it begins."""
    calls = plan.calls()
    needed = f"at most {_some(calls.paid, 'call')}" if calls.paid else "no calls are needed"
    size = (
        f"{_some(len(plan.models), 'model')}, {_some(len(plan.prompts), 'prompt')}, "
        f"{_some(plan.n_matchups, 'matchup')}: {_some(calls.answers, 'answer')} and "
        f"{_some(calls.verdicts, 'verdict')}, {needed}"
    )
    return "\n".join([size, *(f"Warning: {warning}" for warning in plan.warnings())])


def _some(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def refuse_unpriced(plan: Plan, limit: float) -> None:
    """A money limit is only as good as the prices.

    Raises:
        UsageError: a model that is paid for has no known price.
    """
    from palestra.models.pricing import expected_cost, has_list_price

    endpoints: tuple[Endpoint, ...] = (*plan.config.models, *plan.config.judges)
    for part, endpoint in zip(plan.parts, endpoints, strict=True):
        if not part.is_free and has_list_price(endpoint) and expected_cost(endpoint, 1, 1) is None:
            raise UsageError(
                f"--max-cost {limit:g} cannot be kept: no price is known for {part.label} ({endpoint.model})",
                hint="give it one in the config, in USD per million tokens: price: {input: 2.5, output: 10}",
            )
