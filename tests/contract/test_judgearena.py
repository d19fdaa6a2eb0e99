"""JudgeArena's behaviour, row by row: one new model into a human arena, with its check values."""

from __future__ import annotations

import asyncio
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaml
from tests.run.place.arenas import MODELS, battles, settings, write_jsonl
from tests.support.cli import palestra, rows, write_config

import palestra as library
from palestra.analysis.calibration import calibrate, shares
from palestra.config.schema import Config
from palestra.interchange.battles import read_battles
from palestra.judges.llm import LLMJudge
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading
from palestra.models.scripted import ScriptedModel
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.run.place.arena import read_arena
from palestra.run.place.job import assemble
from palestra.run.place.perform import make_run, perform
from palestra.run.place.settings import resolve
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from palestra.analysis.placing import Placed
    from palestra.models.base import Request

SEED = 7


def scores(a: float, b: float) -> str:
    return f"<think>score_A: 0\nscore_B: 10</think>A is apt.\nscore_A: {a:g}\nscore_B: {b:g}"


def placed(
    folder: Path,
    say: Callable[[Request], str],
    *,
    n: int = 300,
    data: dict[str, Any] | None = None,
    **place: Any,
) -> tuple[Placed, Path]:
    """A placement whose judge is a function of what it is shown."""
    arena_file = write_jsonl(folder / "arena.jsonl", data_rows := battles(n))
    assert data_rows
    config = resolve(Config.model_validate({**settings(arena_file, **place), "seed": SEED, **(data or {})}))
    arena = read_arena([str(arena_file)], seed=SEED, min_battles=config.place.min_battles)
    model = ScriptedModel("new", function=lambda request: f"new on {request.messages[-1].content}")
    judge = LLMJudge(ScriptedModel("judge", function=say), make_protocol("judgearena"), label="judge")
    out = folder / "out"

    async def go() -> Placed:
        with Database(folder / "store.db") as database:
            job = assemble(config, arena, model, [judge])
            done = await perform(make_run(job, database), job, out, quiet=True)
        assert done.placed is not None
        return done.placed

    return asyncio.run(go()), out


def by_length(request: Request) -> str:
    """Longer names get more."""
    shown = request.messages[-1].content
    at = {name: shown.find(f"{name} on") for name in (*MODELS, "new")}
    a, b = sorted((name for name in at if at[name] >= 0), key=at.__getitem__)[:2]
    return scores(5 + len(a) / 2, 5 + len(b) / 2)


def judged(out: Path) -> list[dict[str, Any]]:
    return [row for row in rows(out / "battles.jsonl") if row["source"] == "llm-judge"]


def human(out: Path) -> list[dict[str, Any]]:
    return [row for row in rows(out / "battles.jsonl") if row["source"] == "human"]


# Given a human arena: sample, answer, judge against one of the two recorded answers, fit together


def test_battles_are_sampled_by_the_seed_per_language_and_within_limits(tmp_path: Path) -> None:
    _, one = placed(tmp_path, lambda _: scores(8, 6), per_language=5, max_turns=1, battles=0)
    languages = Counter(row["language"] for row in judged(one))
    assert languages == {"en": 5, "de": 5, "fr": 5}
    assert all(isinstance(row["prompt"], str) for row in judged(one))
    drawn = [row["question_id"] for row in judged(one)]
    (tmp_path / "again").mkdir()
    _, two = placed(tmp_path / "again", lambda _: scores(8, 6), per_language=5, max_turns=1, battles=0)
    assert drawn == [row["question_id"] for row in judged(two)]


def test_the_new_answer_meets_one_of_the_two_recorded_ones_on_a_random_side(tmp_path: Path) -> None:
    first: list[bool] = []

    def say(request: Request) -> str:
        shown = request.messages[-1].content
        first.append(shown.index("new on") < max(shown.find(f"{name} on") for name in MODELS))
        return scores(8, 6)

    _, out = placed(tmp_path, say, battles=120, data={"schedule": _schedule(tmp_path, "once")})
    recorded = {row["question_id"]: row for row in battles(300)}
    opponents: Counter[str] = Counter()
    for row in judged(out):
        original = recorded[row["question_id"]]
        side = "a" if row["model_b"] == original["model_a"] else "b"
        assert row["model_a"] == "new"
        assert row["model_b"] == original[f"model_{side}"]
        assert row["response_b"] == original[f"response_{side}"]
        opponents[side] += 1
    assert min(opponents.values()) > 35
    assert 35 < sum(first) < 85
    assert {row["order"] for row in judged(out)} == {"ab", "ba"}


def test_human_and_judged_battles_are_fitted_together(tmp_path: Path) -> None:
    result, _ = placed(tmp_path, lambda _: scores(8, 6), battles=50)
    names = {row.model for row in result.board.ratings}
    assert names == {*MODELS, "new"}
    assert result.board.n_battles == 300 + 50


def test_arena_models_with_fewer_than_500_battles_are_left_out_and_that_is_a_setting(tmp_path: Path) -> None:
    assert Config().place.min_battles == 500
    few = [{**row, "model_a": "rare", "question_id": f"r{n}"} for n, row in enumerate(battles(6, seed=3))]
    path = write_jsonl(tmp_path / "a.jsonl", battles(1500) + few)
    assert "rare" not in read_arena([str(path)], seed=0, min_battles=500).rows.models
    assert "rare" in read_arena([str(path)], seed=0, min_battles=1).rows.models


def test_conversations_of_several_turns_are_answered_turn_by_turn(tmp_path: Path) -> None:
    _, out = placed(tmp_path, lambda _: scores(8, 6), battles=0)
    talk = next(row for row in judged(out) if isinstance(row["prompt"], list))
    number = talk["question_id"][1:]
    assert [message["content"] for message in talk["response_a"]] == [
        f"What of {number}?",
        f"new on What of {number}?",
        f"And then, {number}?",
        f"new on And then, {number}?",
    ]


# Judge: scores 0-10, softmax with T, soft labels by default, swap, thinking cut


def test_eight_against_six_is_0_645656_for_a() -> None:
    reading = make_protocol("judgearena").parse(scores(8, 6))
    assert isinstance(reading, Reading)
    assert reading.pref == pytest.approx(0.645656, abs=5e-7)
    assert shares(np.array([[2.0]]), 0.3)[0] == pytest.approx(reading.pref, abs=1e-12)


def test_scores_from_0_to_10_are_read_and_others_are_not() -> None:
    protocol = make_protocol("judgearena")
    assert isinstance(protocol.parse("score_A: 0\nscore_B: 10"), Reading)
    assert not isinstance(protocol.parse("score_A: 11\nscore_B: 10"), Reading)


def test_thinking_is_cut_before_reading() -> None:
    reading = make_protocol("judgearena").parse(scores(8, 6))
    assert isinstance(reading, Reading)
    assert (reading.score_first, reading.score_second) == (8, 6)


def test_labels_are_soft_by_default_and_hard_by_choice(tmp_path: Path) -> None:
    def say(request: Request) -> str:
        shown = request.messages[-1].content
        return scores(8, 6) if shown.index("new on") < shown.index("ANSWER B") else scores(6, 8)

    soft, out = placed(tmp_path, say, battles=60)
    assert (soft.labels, soft.temperature) == ("soft", 0.3)
    assert all(row["soft"] and row["pref"] == pytest.approx(0.645656, abs=5e-7) for row in judged(out))
    (tmp_path / "hard").mkdir()
    hard, out = placed(tmp_path / "hard", say, battles=60, labels="hard")
    assert hard.wins == 60
    assert not any(row["soft"] for row in judged(out))
    by_name = {row.model: row.rating for row in soft.board.ratings}
    assert by_name["new"] < next(row.rating for row in hard.board.ratings if row.model == "new")


def test_the_temperature_is_fitted_to_human_battles_without_ties(tmp_path: Path) -> None:
    """The judge tells the stronger model by its name; its scores are 4 apart, so e^(4T) is the odds of being
    right."""

    def say(request: Request) -> str:
        shown = request.messages[-1].content
        at = {name: shown.find(f"{name} on") for name in (*MODELS, "new")}
        a, b = sorted((name for name in at if at[name] >= 0), key=at.__getitem__)[:2]
        return scores(7, 3) if (*MODELS, "new").index(a) > (*MODELS, "new").index(b) else scores(3, 7)

    result, out = placed(
        tmp_path, say, battles=40, calibrate=150, data={"schedule": _schedule(tmp_path, "once")}
    )
    found = result.calibration
    assert found is not None
    assert found.n == 150
    assert found.temperature == pytest.approx(math.log(found.agreement / (1 - found.agreement)) / 4, abs=1e-6)
    assert found.low < found.temperature < found.high
    told = json.loads((out / "placement.json").read_text())["calibration"]
    assert told["temperature"] == found.temperature
    assert max(each["log_likelihood"] for each in told["curve"]) <= told["log_likelihood"] + 1e-9
    fitted = shares(np.array([[4.0]]), found.temperature)[0]
    assert all(min(row["pref"], 1 - row["pref"]) == pytest.approx(1 - fitted) for row in judged(out))
    assert len(judged(out)) == 40


def test_a_temperature_is_fitted_to_verdicts_that_are_there_already(tmp_path: Path) -> None:
    found = calibrate(np.full((40, 1), 2.0), np.array([1.0] * 30 + [0.0] * 10))
    assert found.temperature == pytest.approx(math.log(3) / 2)
    _, out = placed(tmp_path, by_length, battles=40, calibrate=60)
    replay = {
        **settings(tmp_path / "arena.jsonl", battles=40, calibrate=60),
        "judges": [{"label": "judge", "endpoint_type": "recorded", "path": str(out / "verdicts.jsonl")}],
        "models": [{"label": "new", "endpoint_type": "recorded", "path": str(out / "responses.jsonl")}],
        "seed": SEED,
    }
    again = library.place(
        config=write_config(tmp_path / "replay.yaml", replay), out=tmp_path / "replayed", db=tmp_path / "r.db"
    )
    assert again.calibration is not None
    before = json.loads((out / "placement.json").read_text())
    assert again.calibration.temperature == pytest.approx(before["temperature"], abs=1e-9)
    assert [row["rating"] for row in again.rows()] == pytest.approx(
        [row["rating"] for row in json.loads((out / "elo_ratings.json").read_text())["ratings"]]
    )


@pytest.mark.parametrize(
    ("swap", "per_prompt", "orders"),
    [("once", 1, {"ab", "ba"}), ("both-combine", 1, {"both"}), ("both-keep", 2, {"ab", "ba"})],
)
def test_swap_once_or_both_orders_each_kept_as_a_row(
    tmp_path: Path, swap: str, per_prompt: int, orders: set[str]
) -> None:
    _, out = placed(
        tmp_path, lambda _: scores(8, 6), battles=30, data={"schedule": _schedule(tmp_path, swap)}
    )
    counted = Counter(row["question_id"] for row in judged(out))
    assert set(counted.values()) == {per_prompt}
    assert {row["order"] for row in judged(out)} == orders
    if swap == "both-combine":
        assert all(row["pref"] == 0.5 and "order_disagreement" in row["flags"] for row in judged(out))


def _schedule(folder: Path, swap: str) -> dict[str, Any]:
    return {"kind": "place", "into": str(folder / "arena.jsonl"), "swap": swap}


# Files


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_ratings_are_recomputed_from_battles_alone(tmp_path: Path, labels: str) -> None:
    result, out = placed(tmp_path, lambda _: scores(8, 5.5), battles=60, calibrate=0, labels=labels)
    assert len(human(out)) == 300
    again = library.rank(out / "battles.jsonl")
    for one, two in zip(result.board.ratings, again.ratings, strict=True):
        assert (one.model, one.n_battles) == (two.model, two.n_battles)
        assert one.rating == pytest.approx(two.rating, abs=1e-6)
    assert library.rank(out).n_failed == 0


def test_elo_ratings_json_has_its_shape_with_bounds_from_the_bootstrap(tmp_path: Path) -> None:
    result, out = placed(tmp_path, lambda _: scores(8, 5.5), battles=60)
    found = json.loads((out / "elo_ratings.json").read_text())
    assert list(found) == ["arena", "model", "judge_model", "n_bootstraps", "seed", "ratings"]
    assert (found["arena"], found["model"], found["judge_model"]) == ("arena", "new", "judge")
    assert (found["n_bootstraps"], found["seed"]) == (40, SEED)
    assert result.board.interval.kind == "bootstrap"
    for row, rating in zip(found["ratings"], result.board.ratings, strict=True):
        assert list(row) == ["model", "rating", "ci_low", "ci_high", "n_battles", "source"]
        assert row["source"] == ("evaluated" if row["model"] == "new" else "human")
        assert (row["ci_low"], row["ci_high"]) == (rating.ci_low, rating.ci_high)
        assert row["ci_low"] < row["rating"] < row["ci_high"]


def test_old_files_with_unknown_or_missing_optional_fields_load(tmp_path: Path) -> None:
    old = [
        {
            **{
                name: row[name]
                for name in ("model_a", "model_b", "winner", "prompt", "response_a", "response_b")
            },
            "judge_explanation": "of a field that is gone",
        }
        for row in battles(200)
    ]
    path = write_jsonl(tmp_path / "old.jsonl", old)
    assert len(list(read_battles(path))) == 200
    found = library.place(
        config=write_config(tmp_path / "c.yaml", settings(path)), out=tmp_path / "out", db=tmp_path / "a.db"
    )
    assert found.board.n_battles == 240


# Bradley-Terry


def test_bradley_terry_has_scale_400_base_10_and_mean_1000() -> None:
    board = rank_counts(_games({("A", "B"): (8, 2, 0), ("B", "C"): (7, 3, 0), ("A", "C"): (9, 1, 0)}))
    assert (board.scale, board.base) == (400.0, 10.0)
    ratings = {row.model: row.rating for row in board.ratings}
    assert ratings["A"] == pytest.approx(1207.978, abs=5e-4)
    assert ratings["B"] == pytest.approx(968.929, abs=5e-4)
    assert ratings["C"] == pytest.approx(823.093, abs=5e-4)
    assert np.mean(list(ratings.values())) == pytest.approx(1000.0)


@pytest.mark.parametrize("tie", ["tie", "tie (bothbad)"])
def test_seven_wins_three_losses_and_two_ties_of_either_kind_are_a_gap_of_120_412(tie: str) -> None:
    board = rank_counts(_games({("A", "B"): (7, 3, 2)}, tie))
    assert board.ratings[0].rating - board.ratings[1].rating == pytest.approx(120.412, abs=5e-4)


def test_one_model_may_be_anchored(tmp_path: Path) -> None:
    data = {"ranking": {"rounds": 20, "anchor": {"elm": 1200.0}}}
    result, _ = placed(tmp_path, lambda _: scores(8, 6), battles=30, data=data)
    assert next(row.rating for row in result.board.ratings if row.model == "elm") == pytest.approx(1200.0)


def _games(record: dict[tuple[str, str], tuple[int, int, int]], tie: str = "tie") -> Counts:
    a: list[str] = []
    b: list[str] = []
    winner: list[str] = []
    for (one, two), (won, lost, tied) in record.items():
        outcomes = ["model_a"] * won + ["model_b"] * lost + [tie] * tied
        a += [one] * len(outcomes)
        b += [two] * len(outcomes)
        winner += outcomes
    return Counts.from_rows(a, b, winner)


# Printed, and config


def test_battles_wins_win_rate_the_marked_board_and_the_error_are_printed(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "place.yaml", settings(write_jsonl(tmp_path / "arena.jsonl", battles(300)))
    )
    said = palestra("place", "--config", config, "--quiet", cwd=tmp_path).stdout
    found = json.loads((tmp_path / "runs" / "placed" / "placement.json").read_text())
    record = f"{found['wins']} wins, {found['losses']} losses, {found['ties']} ties"
    rate = f"win rate {100 * found['win_rate']:.1f} %"
    assert f"new: 40 battles on 40 prompts, {record}, {rate}" in said
    assert found["wins"] + found["losses"] + found["ties"] == 40
    assert sum("← placed" in line for line in said.splitlines()) == 1
    error = found["mean_absolute_error"]
    assert f"Mean absolute error of the refit against the human-only board: {error:.2f} points" in said
    assert "Rank: " in said
    assert "more prompts would tell" in said or "told apart" in said
    assert sum(found["rank_probabilities"]) == pytest.approx(1.0)


def test_flags_win_over_the_config_and_the_resolved_config_is_written_and_fed_back(tmp_path: Path) -> None:
    config = write_config(
        tmp_path / "place.yaml", settings(write_jsonl(tmp_path / "arena.jsonl", battles(300)))
    )
    flags = ["--battles", "25", "--labels", "hard", "--swap", "once", "--seed", "3", "--rounds", "30"]
    palestra("place", "--config", config, *flags, "-q", "--out", "one", cwd=tmp_path)
    resolved = yaml.safe_load((tmp_path / "one" / "config.yaml").read_text())
    assert (resolved["place"]["battles"], resolved["place"]["labels"]) == (25, "hard")
    assert (resolved["schedule"]["swap"], resolved["seed"], resolved["ranking"]["ci"]) == (
        "once",
        3,
        "bootstrap",
    )
    assert resolved["judges"][0]["protocol"] == "judgearena"
    palestra("run", "one/config.yaml", "-q", "--out", "two", cwd=tmp_path)
    for name in ("config.yaml", "elo_ratings.json", "placement.json", "leaderboard.csv"):
        assert (tmp_path / "one" / name).read_text() == (tmp_path / "two" / name).read_text()
