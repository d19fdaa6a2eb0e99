"""Rankings while a run is under way follow the order of the prompts, whichever is done first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from palestra.config.schema import Ranking
from palestra.ranking.counts import Rows
from palestra.ranking.leaderboard import rank_counts, rank_rows
from palestra.records.battle import Battle
from palestra.records.winner import Winner
from palestra.report.progressions import MOST_FITTED, MOST_PLAYED, Progressions
from palestra.run.live import Live
from palestra.run.progress import Progress, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

MODELS = ("a", "b", "c")
WINNERS = (Winner.A, Winner.B, Winner.TIE, Winner.BOTH_BAD)


def battles_of(n_prompts: int, seed: int = 0, *, soft: bool = False) -> list[list[Battle]]:
    """Each two models on each prompt."""
    rng = np.random.default_rng(seed)
    return [
        [
            Battle(
                model_a=one,
                model_b=other,
                winner=WINNERS[rng.integers(4)],
                soft=soft,
                pref=float(rng.random()) if soft else None,
            )
            for one, other in (("a", "b"), ("a", "c"), ("b", "c"))
        ]
        for _ in range(n_prompts)
    ]


def rows_of(prompts: Sequence[Sequence[Battle]]) -> Rows:
    played = [battle for battles in prompts for battle in battles]
    return Rows.from_names(
        [battle.model_a for battle in played],
        [battle.model_b for battle in played],
        [battle.winner.value for battle in played],
        pref=[battle.pref if battle.soft and battle.pref is not None else np.nan for battle in played],
    )


@pytest.mark.parametrize("method", ["elo", "bradley-terry", "win-rate"])
def test_steps_come_in_the_order_of_the_prompts_and_match_the_leaderboard(method: str) -> None:
    ranking = Ranking.model_validate({"method": method, "k": 32})
    prompts = battles_of(8)
    live = Live(ranking, MODELS, [f"q{n}" for n in range(8)])
    steps = []
    live.listeners.append(lambda: steps.append(live.step()))
    for index in (3, 1, 2):
        live.finish(index, prompts[index])
    assert steps == [], "the first prompt is not done"
    live.finish(0, prompts[0])
    assert [step.prompts for step in steps] == [1, 2, 3, 4]
    for index in (7, 6, 5, 4):
        live.finish(index, prompts[index])
    assert [step.prompts for step in steps] == list(range(1, 9))
    for number, step in enumerate(steps, start=1):
        rows = rows_of(prompts[:number])
        board = (
            rank_rows(rows, k=32) if method == "elo" else rank_counts(rows.counts(), method=method, ci="none")
        )
        assert dict(step.ratings) == pytest.approx({row.model: row.rating for row in board.ratings}, abs=1e-9)
        assert (step.question_id, step.battles, step.of) == (f"q{number - 1}", 3 * number, 8)


def test_elo_with_an_anchor_stands_as_on_the_leaderboard() -> None:
    ranking = Ranking(method="elo", k=32, anchor={"b": 1200.0})
    prompts = battles_of(5, soft=True)
    live = Live(ranking, MODELS, ["q"] * 5)
    for index, battles in enumerate(prompts):
        live.finish(index, battles)
    board = rank_rows(rows_of(prompts), k=32, anchor={"b": 1200.0})
    assert dict(live.elo()) == pytest.approx({row.model: row.rating for row in board.ratings}, abs=1e-9)


def test_the_display_shows_elo_by_prompts_and_other_ratings_by_battles() -> None:
    prompts = battles_of(3)
    for method, n_shown in (("elo", 0), ("bradley-terry", 3)):
        progress = Progress(live=Live(Ranking.model_validate({"method": method}), MODELS, ["q"] * 3))
        assert progress.standings() == []
        for battle in prompts[1]:
            progress.add_battle(battle)
        assert progress.live is not None
        progress.live.finish(1, prompts[1])
        assert len(progress.standings()) == n_shown


@pytest.mark.parametrize(
    ("method", "n_prompts", "n_points"),
    [
        ("elo", 5, 5),
        ("elo", MOST_PLAYED + 200, MOST_PLAYED),
        ("bradley-terry", 20, 20),
        ("bradley-terry", 100, MOST_FITTED),
        ("size-elo", 5, 5),
    ],
)
def test_progressions_end_at_the_leaderboard(method: str, n_prompts: int, n_points: int) -> None:
    prompts = battles_of(n_prompts, seed=1)
    collected = Progressions()
    for number, battles in enumerate(prompts):
        collected.add(f"q{number}", battles)
    found = collected.data(Ranking.model_validate({"method": method, "k": 16, "start": 1500}))
    assert len(found["after"]) <= n_points
    assert len(found["after"]) >= n_points * 0.9
    assert found["after"][-1] == {
        "prompts": n_prompts,
        "question_id": f"q{n_prompts - 1}",
        "battles": 3 * n_prompts,
    }
    assert all(point["battles"] == 3 * point["prompts"] for point in found["after"])
    rows = rows_of(prompts)
    board = rank_rows(rows, k=16, start=1500) if method == "elo" else rank_counts(rows.counts())
    last = {model: points[-1] for model, points in found["models"].items()}
    assert last == pytest.approx({row.model: row.rating for row in board.ratings}, abs=1e-6)
    assert list(last) == [row.model for row in board.ratings]
    assert bool(found["notes"]) == (method == "size-elo")


def test_a_prompt_without_a_battle_has_no_point_and_no_battle_no_models() -> None:
    collected = Progressions()
    assert collected.data(Ranking(method="elo")) == {
        "method": "elo",
        "k": 4.0,
        "start": 1000.0,
        "notes": [],
        "after": [],
        "models": {},
    }
    for number, battles in enumerate(battles_of(3)):
        collected.add(f"q{number}", [] if number == 1 else battles)
    assert [point["prompts"] for point in collected.data(Ranking(method="elo"))["after"]] == [1, 3]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (187, "3 min 07 s"), (7500, "2 h 05 min")],
)
def test_times_are_told_in_words(seconds: float, told: str) -> None:
    assert duration(seconds) == told
