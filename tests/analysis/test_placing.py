"""A placement's numbers: against the ranking engine, a bootstrap, and what must not change them."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from tests.analysis.placements import NEW, TRUTH, row_of, world

from palestra.analysis.placing import Judged, place
from palestra.analysis.placing_need import MOST
from palestra.errors import UsageError
from palestra.ranking.counts import Outcome, Rows
from palestra.ranking.leaderboard import rank_counts


def test_ratings_and_errors_are_those_of_the_engine_on_all_battles_together() -> None:
    drawn = world(1)
    placed = drawn.place(ci="sandwich")
    share = drawn.judged.shares("soft", 0.3)
    size = drawn.human.a.size
    rows = Rows.from_codes(
        [*drawn.human.models, NEW],
        np.r_[drawn.human.a, np.full(share.size, TRUTH.size)],
        np.r_[drawn.human.b, drawn.judged.opponent],
        np.r_[drawn.human.outcome, np.full(share.size, int(Outcome.SOFT))],
        share=np.r_[np.zeros(size), share],
        cluster=np.r_[drawn.human.cluster, drawn.judged.cluster],
    )
    board = rank_counts(rows.counts())
    assert [row.model for row in placed.board.ratings] == [row.model for row in board.ratings]
    for own, other in zip(placed.board.ratings, board.ratings, strict=True):
        assert own.rating == pytest.approx(other.rating, abs=1e-6)
        assert other.ci_high is not None
        assert own.ci_high == pytest.approx(other.ci_high, rel=1e-3)  # Student's quantile by prompts of each


def test_sandwich_and_bootstrap_say_the_same_with_a_fitted_temperature() -> None:
    drawn = world(2, heat=0.6, calibrate=400)
    one, two = (drawn.place(ci=ci, rounds=400) for ci in ("sandwich", "bootstrap"))
    for a, b in zip(one.board.ratings, two.board.ratings, strict=True):
        assert a.rating == b.rating
        assert a.ci_low is not None
        assert b.ci_low is not None
        assert a.ci_high is not None
        assert b.ci_high is not None
        assert b.ci_high - b.ci_low == pytest.approx(a.ci_high - a.ci_low, rel=0.2)
    for p, q in zip(one.rank_probabilities, two.rank_probabilities, strict=True):
        assert p == pytest.approx(q, abs=0.08)


def test_the_same_seed_gives_the_same_bootstrap_and_another_one_another() -> None:
    drawn = world(3, calibrate=100)
    bounds = [row_of(drawn.place(rounds=20, seed=seed, details=False)).ci_low for seed in (5, 5, 6)]
    assert bounds[0] == bounds[1] != bounds[2]


def test_the_order_of_models_and_battles_changes_nothing() -> None:
    drawn = world(4, calibrate=200)
    checked = drawn.checked
    assert checked is not None
    human, judged = drawn.human, drawn.judged
    back = np.arange(human.a.size)[::-1]
    assert human.cluster is not None
    mirrored = Rows.from_codes(
        human.models, human.b[back], human.a[back], 1 - human.outcome[back], cluster=human.cluster[back]
    )
    turned = place(
        NEW,
        mirrored,
        Judged(*(getattr(judged, name)[::-1] for name in ("opponent", "won", "share", "gaps", "cluster"))),
        checked=replace(checked, a=checked.b, b=checked.a, gaps=-checked.gaps, won=1 - checked.won),
        ci="sandwich",
    )
    straight = drawn.place(ci="sandwich")
    for one, two in zip(straight.board.ratings, turned.board.ratings, strict=True):
        assert one.rating == pytest.approx(two.rating, abs=1e-7)
        assert one.ci_low == pytest.approx(two.ci_low, abs=1e-6)
    assert straight.neighbours[0].more_prompts == pytest.approx(turned.neighbours[0].more_prompts, rel=0.02)


def test_an_anchor_moves_a_rating_and_its_bounds_together() -> None:
    drawn = world(5)
    free, held = drawn.place(ci="sandwich"), drawn.place(ci="sandwich", anchor={"m00": 800.0})
    by_name = {row.model: row for row in held.board.ratings}
    assert by_name["m00"].rating == pytest.approx(800.0)
    shifts = {round(by_name[row.model].rating - row.rating, 6) for row in free.board.ratings}
    assert len(shifts) == 1
    widths = [
        (b.ci_high or 0) - (b.ci_low or 0)
        for b in (row_of(free), row_of(held))
    ]  # fmt: skip
    assert widths[0] == pytest.approx(widths[1])


def test_the_error_against_the_human_board_is_that_of_the_two_boards() -> None:
    placed = world(6).place(ci="none")
    before = {row.model: row.rating for row in placed.human_board.ratings}
    after = {row.model: row.rating for row in placed.board.ratings if row.model != NEW}
    gaps = np.array([after[name] - before[name] for name in before])
    assert placed.mean_absolute_error == pytest.approx(np.abs(gaps - gaps.mean()).mean())
    assert 0 < placed.mean_absolute_error < 10


def test_so_many_more_prompts_as_are_stated_make_the_difference_sure_enough() -> None:
    """Then (z of 95 % + z of 80 %) standard errors fit into the difference that the number was stated for."""
    drawn = world(7, prompts=150)
    placed = drawn.place(ci="sandwich")
    near = next(each for each in placed.neighbours if math.isfinite(each.more_prompts) and each.more_prompts)
    times = 1 + near.more_prompts / 150
    assert 1 < times < MOST
    copies = round(times)
    shift = 10_000 * np.repeat(np.arange(copies), 150)
    judged = drawn.judged
    more = Judged(
        np.tile(judged.opponent, copies),
        np.tile(judged.won, copies),
        np.tile(judged.share, copies),
        np.tile(judged.gaps, (copies, 1)),
        np.tile(judged.cluster, copies) + shift,
    )
    grown = replace(drawn, judged=more).place(ci="sandwich")
    again = next(each for each in grown.neighbours if each.model == near.model)
    assert again.told_apart
    error = again.gap / NormalDist().inv_cdf(again.chance_better)
    assert near.gap / error == pytest.approx(math.copysign(1.959964 + 0.841621, near.gap), rel=0.1)


def test_a_judge_that_tosses_a_coin_is_told_of() -> None:
    drawn = world(8, calibrate=400)
    checked = drawn.checked
    assert checked is not None
    rng = np.random.default_rng(0)
    noise = replace(checked, gaps=rng.permutation(checked.gaps) * np.sign(rng.normal(size=(400, 1))))
    placed = drawn.place(checked=noise, ci="none")
    assert placed.steepness is not None
    assert placed.steepness.high < 0.5
    assert any("flatter than people's votes" in warning for warning in placed.board.warnings)


def test_an_honest_judge_is_seldom_called_flat_or_steep() -> None:
    """In about one of twenty arenas, as a 95 % interval has it; and neither more nor less steep on the
    whole."""
    found = [world(seed, calibrate=400).place(ci="none", details=False).steepness for seed in range(60)]
    assert sum(each is not None and each.is_off for each in found) <= 8
    assert np.mean([each.value for each in found if each is not None]) == pytest.approx(1.0, abs=0.05)


def test_wins_losses_and_ties_are_counted_by_winner() -> None:
    drawn = world(9, prompts=60)
    judged = replace(drawn.judged, won=np.repeat([1.0, 0.0, 0.5], 20))
    placed = replace(drawn, judged=judged).place(ci="none", labels="hard")
    assert (placed.wins, placed.losses, placed.ties, placed.win_rate) == (20, 20, 20, 0.5)
    row = row_of(placed)
    assert (row.wins, row.losses, row.ties) == (20.0, 20.0, 20.0)


def test_a_model_that_won_every_battle_stays_finite_and_unsure() -> None:
    drawn = world(10, prompts=40)
    placed = replace(drawn, judged=replace(drawn.judged, won=np.ones(40))).place(labels="hard", ci="sandwich")
    row = row_of(placed)
    assert row.rank == 1
    assert "undefeated" in row.flags
    assert row.ci_high is not None
    assert row.ci_high - row.rating > 100
    assert math.isnan(placed.neighbours[0].more_prompts) or placed.neighbours[0].told_apart


def test_a_model_of_the_arena_cannot_be_placed_and_neither_can_one_without_battles() -> None:
    drawn = world(11, prompts=20)
    with pytest.raises(UsageError, match="of the arena already"):
        place("m01", drawn.human, drawn.judged)
    empty = Judged(
        np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros((0, 1)), np.zeros(0, dtype=np.int64)
    )
    with pytest.raises(UsageError, match="no battle"):
        place(NEW, drawn.human, empty)
