"""What the page shows, gathered in one pass over a result folder."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from palestra.report.axis import Axis, axis_for
from palestra.report.book import Book
from palestra.report.sentence import sentence
from palestra.report.tally import Failures, Latencies, Meetings, Orders, OrderTally, PromptShares, ordered
from palestra.report.words import number, visible

if TYPE_CHECKING:
    from palestra.records.manifest import Manifest, Spend
    from palestra.records.rating import Leaderboard
    from palestra.report.read import RunFolder

_FREE = ("recorded", "scripted", "metric")
"""Endpoint types that call no server."""


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the template reads."""

    title: str
    lead: str
    board: Leaderboard
    axis: Axis | None
    groups: dict[str, dict[str, Leaderboard]]
    """Only kinds with more than one value: a single one repeats the whole."""
    models: list[str]
    """Best first."""
    meetings: Meetings
    orders: dict[str, Orders]
    failed_answers: Failures
    failed_verdicts: Failures
    latencies: Latencies
    manifest: Manifest
    config: str
    """As YAML, without keys."""
    battles: dict[str, Any]

    @property
    def n_failed(self) -> int:
        """Failed calls of models and judges."""
        return self.failed_answers.total + self.failed_verdicts.total

    @property
    def cost(self) -> float | None:
        """USD over all models and judges whose price is known; None if calls were made and none is."""
        known = [spend.cost_usd for spend in self.manifest.spend if spend.cost_usd is not None]
        return None if self.cost_is_partial and not known else sum(known)

    @property
    def cost_is_partial(self) -> bool:
        """Whether someone made calls at no known price."""
        return any(spend.cost_usd is None and spend.calls for spend in self._paid)

    @property
    def seedless(self) -> list[str]:
        """Those whose provider takes no seed."""
        return [visible(spend.label) for spend in self._paid if not spend.takes_seed]

    @property
    def _paid(self) -> list[Spend]:
        return [spend for spend in self.manifest.spend if spend.endpoint_type not in _FREE]


def gather(folder: RunFolder) -> Page:
    """Read the folder once and count.

    Raises:
        DataError: a row file is damaged; its line is named.
    """
    book = Book(_judge_repeats(folder.config))
    meetings, orders, latencies = Meetings(), OrderTally(), Latencies()
    failed_answers, failed_verdicts, shares = Failures(), Failures(), PromptShares()
    for prompt in folder.prompts():
        book.add_prompt(prompt)
    for response in folder.responses():
        book.add_response(response)
        latencies.add(response)
        if response.failure is not None:
            failed_answers.add(response.model, response.question_id, response.failure)
    for verdict in folder.verdicts():
        book.add_verdict(verdict)
        orders.add(verdict)
        if verdict.failure is not None:
            failed_verdicts.add(verdict.judge_model, verdict.question_id, verdict.failure)
    for battle in folder.battles():
        book.add_battle(battle)
        meetings.add(battle)
        shares.add(battle)
    models = ordered(meetings.models(), [rating.model for rating in folder.board.ratings])
    return Page(
        title=visible(folder.manifest.arena),
        lead=duel_sentence(shares, *models) if len(models) == 2 else lead(folder.board),
        board=folder.board,
        axis=axis_for(folder.board.ratings),
        groups={by: boards for by, boards in folder.groups.items() if len(boards) > 1},
        models=models,
        meetings=meetings,
        orders=dict(orders.of),
        failed_answers=failed_answers,
        failed_verdicts=failed_verdicts,
        latencies=latencies,
        manifest=folder.manifest,
        config=_yaml(folder.config),
        battles=book.data(),
    )


def lead(board: Leaderboard) -> str:
    """Who is ahead, and who else could be first as far as the intervals say."""
    if not board.ratings:
        return "No battle was decided, so there is no ranking."
    names = [visible(rating.model) for rating in board.ratings]
    if len(board.components) > 1:
        return (
            f"The models fall into {len(board.components)} groups that never met, "
            "so there is no single ranking of them all."
        )
    if len(names) == 1:
        return f"{names[0]} is the only model with a battle."
    start = f"{names[0]} leads {len(names) - 1} other model{'' if len(names) == 2 else 's'}"
    rivals = [visible(rating.model) for rating in board.ratings[1:] if rating.rank_low == 1]
    if board.interval.kind == "none":
        return f"{start}; no intervals were asked for, so this may be chance."
    if not rivals:
        return f"{start}, clear of them all."
    if len(rivals) == len(names) - 1 and len(rivals) > 1:
        return f"{start}, but the intervals allow any of them to be first."
    return f"{start}; {_list(rivals)} could also be first."


def duel_sentence(shares: PromptShares, one: str, other: str) -> str:
    """What a run of two models comes to, as a sentence with its full stop."""
    from palestra.analysis.duel import duel

    means = shares.means(one, other)
    return f"{sentence(duel(means) if means else None, one, other)}."


def _list(names: list[str], most: int = 4) -> str:
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def moment(epoch: float) -> str:
    """A time as `22 November 2026, 14:47 UTC`; the number itself if it is no time."""
    try:
        when = datetime.datetime.fromtimestamp(epoch, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return number(epoch, 0)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def duration(seconds: float) -> str:
    """A length of time as `48 s`, `12 min` or `3.4 h`; below ten seconds with one decimal."""
    if seconds < 90:
        return f"{number(max(0.0, seconds), 1 if seconds < 10 else 0)} s"
    return f"{number(seconds / 60, 0)} min" if seconds < 5400 else f"{number(seconds / 3600, 1)} h"


def money(usd: float | None) -> str:
    """USD with as many decimals as a small sum needs."""
    if usd is None:
        return number(None)
    return f"${number(usd, 2 if usd >= 1 or usd == 0 else 4, thousands=True)}"


def _judge_repeats(config: dict[str, Any]) -> dict[str, int]:
    """How often each judge was asked about the same matchup, from the resolved config."""
    judges = config.get("judges")
    return {
        judge["label"]: judge["repeats"]
        for judge in (judges if isinstance(judges, list | tuple) else [])
        if isinstance(judge, dict)
        and isinstance(judge.get("label"), str)
        and isinstance(judge.get("repeats"), int)
        and judge["repeats"] > 0
    }


def _yaml(config: dict[str, Any]) -> str:
    import yaml

    from palestra.config.reader import Dumper

    return yaml.dump(_without_keys(config), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)


def _without_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(item) for key, item in value.items() if key != "api_key"}
    return [_without_keys(item) for item in value] if isinstance(value, list) else value
