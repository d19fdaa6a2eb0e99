from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ranking.boards import Row, boards, counted, tallied

from palestra.errors import DataError, UsageError
from palestra.ranking.counts import Counts, Outcome, Rows, outcome_of
from palestra.ranking.pairs import Pairs, Records


def same(one: Counts, other: Counts) -> bool:
    return (
        one.models == other.models
        and (one.n_self, one.n_weightless) == (other.n_self, other.n_weightless)
        and all(
            np.array_equal(getattr(one, name), getattr(other, name))
            for name in ("a", "b", "outcome", "share", "weight", "n")
        )
    )


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("model_a", Outcome.A),
        ("model_b", Outcome.B),
        ("tie", Outcome.TIE),
        ("tie (bothbad)", Outcome.BOTH_BAD),
        ("both_bad", Outcome.BOTH_BAD),
        ("bothbad", Outcome.BOTH_BAD),
    ],
)
def test_every_spelling_of_a_winner_has_its_number(word: str, outcome: Outcome) -> None:
    assert outcome_of(word) is outcome


@pytest.mark.parametrize("word", ["", "A", "Tie", "model_c", "error"])
def test_an_unknown_winner_raises_and_is_never_a_tie(word: str) -> None:
    with pytest.raises(DataError, match="unknown winner"):
        Counts.from_rows(["x"], ["y"], [word])


def test_equal_rows_are_counted_together() -> None:
    counts = counted([Row("b", "a", "model_a")] * 3 + [Row("a", "b", "tie")])
    assert counts.models == ("a", "b")
    assert counts.n_battles == 4
    assert list(zip(counts.a, counts.b, counts.outcome, counts.share, counts.n, strict=True)) == [
        (0, 1, Outcome.TIE, 0.5, 1),
        (1, 0, Outcome.A, 1.0, 3),
    ]


def test_a_pref_is_read_in_place_of_the_winner() -> None:
    counts = counted([Row("a", "b", "model_b", pref=0.75, weight=2.0)])
    assert (counts.outcome[0], counts.share[0], counts.weight[0]) == (Outcome.SOFT, 0.75, 2.0)


def test_a_model_against_itself_and_weightless_rows_are_left_out_and_counted() -> None:
    counts = counted([Row("a", "a", "model_a"), Row("a", "b", "tie", weight=0.0), Row("a", "b", "tie")])
    assert (counts.n_battles, counts.n_self, counts.n_weightless) == (1, 1, 1)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (Row("", "b", "tie"), "model_a or model_b"),
        (Row("a", "b", "tie", pref=1.5), "pref"),
        (Row("a", "b", "tie", pref=-0.1), "pref"),
        (Row("a", "b", "tie", weight=-1.0), "weight"),
        (Row("a", "b", "tie", weight=math.inf), "weight"),
        (Row("a", "b", "tie", weight=math.nan), "weight"),
    ],
)
def test_rows_that_make_no_sense_raise(row: Row, key: str) -> None:
    with pytest.raises(DataError) as caught:
        counted([row])
    assert caught.value.key == key


def test_an_outcome_code_outside_the_table_raises() -> None:
    with pytest.raises(DataError, match="unknown outcome"):
        Counts.from_codes(["a", "b"], [0], [1], [5])
    with pytest.raises(DataError, match="unknown outcome"):
        Counts.from_codes(["a", "b"], [0], [1], [-1])


@given(boards(), st.randoms(use_true_random=False), st.integers(0, 30))
def test_order_and_splitting_do_not_matter(rows: list[Row], random: object, cut: int) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    whole = counted(rows)
    assert same(whole, counted(shuffled))
    assert same(whole, Counts.merge([counted(rows[:cut]), counted(rows[cut:])]))


@given(boards())
def test_renaming_there_and_back_changes_nothing(rows: list[Row]) -> None:
    counts = counted(rows)
    forth = {name: f"z{len(counts.models) - index}" for index, name in enumerate(counts.models)}
    back = {new: old for old, new in forth.items()}
    assert same(counts, counts.rename(forth).rename(back))


def test_two_models_of_one_new_name_become_one() -> None:
    counts = tallied(("a", "b", "model_a", 3), ("a", "c", "tie", 2), ("b", "c", "model_b", 1))
    merged = counts.rename({"b": "a"})
    assert merged.models == ("a", "c")
    assert (merged.n_battles, merged.n_self) == (3, 3)


def test_a_dropped_model_takes_its_battles_along() -> None:
    counts = tallied(("a", "b", "model_a", 3), ("a", "c", "tie", 2))
    kept = counts.drop(["b"])
    assert (kept.models, kept.n_battles) == (("a", "c"), 2)


@pytest.mark.parametrize("change", ["drop", "rename"])
def test_an_unknown_model_is_named_with_the_nearest(change: str) -> None:
    counts = tallied(("llama", "qwen", "tie", 1))
    with pytest.raises(UsageError, match="lama") as caught:
        counts.drop(["lama"]) if change == "drop" else counts.rename({"lama": "x"})
    assert caught.value.hint == "did you mean 'llama'?"


def test_nothing_is_counts_too() -> None:
    assert Counts.merge([]).models == ()
    assert Counts.empty(["a"]).n_battles == 0
    assert Rows.concat([]).counts().n_battles == 0


@given(boards())
def test_the_pair_table_adds_up(rows: list[Row]) -> None:
    counts = counted(rows)
    pairs = Pairs.of(counts)
    mine = dict.fromkeys(counts.models, 0.0)
    for row in rows:
        mine[row.a] += row.weight * row.share
        mine[row.b] += row.weight * (1 - row.share)
    wins = np.bincount(pairs.i, pairs.wins_i, pairs.n_models) + np.bincount(
        pairs.j, pairs.wins_j, pairs.n_models
    )
    assert wins == pytest.approx([mine[name] for name in counts.models], abs=1e-9)
    records = Records.of(counts)
    assert records.n_battles.sum() == 2 * len(rows)
    assert records.wins + records.ties / 2 == pytest.approx(wins, abs=1e-9)
    assert records.wins.sum() == pytest.approx(records.losses.sum(), abs=1e-9)


def test_taking_rows_keeps_their_order_and_only_their_models() -> None:
    rows = Rows.from_names(["c", "a", "c"], ["b", "b", "a"], ["model_a", "tie", "model_b"])
    taken = rows.take(np.array([True, False, True]))
    assert taken.models == ("a", "b", "c")
    assert [taken.models[index] for index in taken.a] == ["c", "c"]
    assert taken.take(np.array([True, False])).models == ("b", "c")
