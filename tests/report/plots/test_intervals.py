from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.report.plots.drawn import HOSTILE, assert_tidy, counts, rendered, size, texts
from tests.report.sample import board, rating

from palestra.errors import UsageError
from palestra.ranking.counts import Counts
from palestra.ranking.leaderboard import rank_counts
from palestra.records.rating import Interval, Leaderboard
from palestra.report.plots.intervals import draw_intervals
from palestra.report.plots.intervals_layout import Plan
from palestra.report.plots.ruler import Ruler
from palestra.report.plots.theme import DARK, LIGHT
from palestra.report.words import visible

if TYPE_CHECKING:
    from palestra.report.plots.theme import Theme


def picture(of: Leaderboard, theme: Theme = LIGHT, **options: Any) -> bytes:
    return rendered(lambda: draw_intervals(of, theme=theme, **options))


def words(svg: bytes) -> list[str]:
    return [text.text for text in texts(svg)]


@pytest.mark.parametrize("models", [1, 2, 5, 25, 60, 130, 200])
def test_names_stand_best_first_and_nothing_overlaps(models: int) -> None:
    ranked = rank_counts(counts(max(models, 2), 30 * max(models, 2)))
    svg = picture(ranked, top=models)
    assert_tidy(svg)
    names = [rating.model for rating in ranked.ratings][:models]
    where = {text.text: text for text in texts(svg)}
    assert [name for name in where if name in names] == names
    assert all(where[name].bottom - where[name].top >= 7 for name in names)


@pytest.mark.parametrize("width", [360, 500, 900, 2000, None])
def test_every_width_is_tidy(width: int | None) -> None:
    svg = picture(rank_counts(counts(len(HOSTILE), 600, names=HOSTILE)), width=width)
    assert_tidy(svg)
    assert width is None or size(svg)[0] == width


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_names_are_shown_as_they_are(theme: Theme) -> None:
    svg = picture(rank_counts(counts(len(HOSTILE), 600, names=HOSTILE)), theme)
    shown = words(svg)
    expected = [visible(name).replace("\uffff\ufffe", "\ufffd\ufffd") for name in HOSTILE]
    assert [name for name in expected if name not in shown] == []


def test_long_names_make_the_picture_wider_and_lose_their_middle_only_when_told() -> None:
    long = "start" + "m" * 50 + "end"
    ranked = rank_counts(counts(2, 100, names=[long, "b"]))
    free = picture(ranked)
    assert size(free)[0] > 900
    assert long in words(free)
    narrow = [word for word in words(picture(ranked, width=500)) if word.startswith("start")]
    assert len(narrow) == 1
    assert "…" in narrow[0]
    assert narrow[0].endswith("end")


def test_the_small_print_tells_how_it_was_made() -> None:
    made = rank_counts(counts(4, 200), ci="bootstrap", rounds=50, level=0.9, seed=3)
    text = " ".join(words(picture(made)))
    for part in ("Bradley-Terry", "90\u00a0% intervals by bootstrap", "50 rounds", "seed 3", "4 models"):
        assert part in text


def test_ranks_are_those_that_the_intervals_allow() -> None:
    rows = [rating("a", 1, 1100.0, rank_high=2), rating("b", 2, 1050.0, rank_low=1), rating("c", 3, 900.0)]
    shown = words(picture(board(rows)))
    assert shown.count("1–2") == 2
    assert "3" in shown


def test_flags_have_a_mark_each_and_a_legend() -> None:
    flags = [
        (),
        ("undefeated",),
        ("winless", "few_battles"),
        ("one_way",),
        ("few_battles",),
        ("no_battles",),
        ("odd_flag",),
    ]
    rows = [rating(f"m{n}", n + 1, 1000.0 - n, flags=kind) for n, kind in enumerate(flags)]
    shown = words(picture(board(rows)))
    for part in ("never lost", "never won", "only won or only lost", "few battles", "no battles", "odd flag"):
        assert any(part in word for word in shown), part
    assert not any("weak prior" in word for word in words(picture(board([rating("a", 1)]))))


def test_parts_that_never_met_are_kept_apart() -> None:
    first, second = counts(3, 90, names=["a", "b", "c"]), counts(2, 60, names=["x", "y"])
    alone = Counts.empty(["z"])
    ranked = rank_counts(Counts.merge([first, second, alone]))
    svg = picture(ranked)
    assert_tidy(svg)
    assert_tidy(picture(ranked, width=360))
    shown = words(svg)
    heads = [index for index, word in enumerate(shown) if word.startswith("Part ")]
    assert [shown[index] for index in heads] == ["Part 1 of 3", "Part 2 of 3", "Part 3 of 3"]
    assert heads[0] < shown.index("a") < heads[1] < shown.index("x") < heads[2] < shown.index("z")
    assert not any(word.startswith("Part ") for word in words(picture(rank_counts(first))))


def test_a_flagged_models_endless_interval_does_not_squeeze_the_others() -> None:
    rows = [rating(f"m{n}", n + 1, 1200.0 - 100 * n) for n in range(4)]
    wild = rating("wild", 5, 700.0, ci_low=-3000.0, ci_high=4000.0, flags=("winless",))
    plan = Plan.of(board([*rows, wild]), Ruler(), None)
    assert (plan.axis.low, plan.axis.high) == pytest.approx((700, 1240), abs=60)
    assert plan.clipped
    svg = picture(board([*rows, wild]))
    assert "goes on beyond the scale" in " ".join(words(svg))
    known = rating("known", 5, 700.0, ci_low=-3000.0, ci_high=4000.0)
    assert Plan.of(board([*rows, known]), Ruler(), None).axis.low < -3000


def test_boards_without_intervals_and_of_win_rates() -> None:
    bare = [
        rating("a", 1, 71.25, ci_low=None, ci_high=None),
        rating("b", 2, 28.75, ci_low=None, ci_high=None),
    ]
    svg = picture(board(bare, method="win-rate", interval=Interval("none", 0.95)))
    assert_tidy(svg)
    shown = words(svg)
    assert "Win rates" in shown
    assert "71.2" in shown
    assert "Interval" not in shown
    assert "no intervals" in " ".join(shown)


def test_one_model_and_equal_ratings_have_a_scale() -> None:
    same = [rating(name, 1, 1000.0, ci_low=None, ci_high=None) for name in "ab"]
    for rows in (same, same[:1], [rating("a", 1, float("nan"), ci_low=None, ci_high=None)]):
        assert_tidy(picture(board(rows)))


def test_what_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(UsageError, match="no battles"):
        picture(board([]))
    with pytest.raises(UsageError, match="pixels wide, not 10"):
        picture(board([rating("a", 1)]), width=10)
    many = board([rating(f"m{n}", n + 1, float(-n)) for n in range(1001)])
    with pytest.raises(UsageError, match="1,001 models are too many"):
        picture(many)


def test_the_description_lists_the_board() -> None:
    with_words = draw_intervals(board([rating("a & b", 1, 1100.0), rating("c", 2)]), theme=LIGHT)
    assert "1. a & b 1100.0 (1060.0 to 1140.0); 2. c 1000.0" in with_words.description
