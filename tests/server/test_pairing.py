"""Who meets: few battles and wide intervals first, recent opponents rarely, sides even."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.server.boards.making import battle

from palestra.errors import UsageError
from palestra.records.battle import Source
from palestra.server.live.pairing import Pairing
from palestra.store.arena_battles import BattleTable
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABELS = ("a", "b", "c", "d")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "arena.db") as opened:
        yield opened


def pairing(database: Database) -> Pairing:
    made = Pairing(database, np.random.default_rng(7))
    made.count()
    return made


def even(*labels: str) -> dict[str, float]:
    return dict.fromkeys(labels, 1.0)


def drawn(made: Pairing, n: int = 3000, recent: tuple[tuple[str, ...], ...] = ()) -> Counter[frozenset[str]]:
    return Counter(frozenset(made.draw(even(*LABELS), 2, recent).models) for _ in range(n))


def test_pairs_and_sides_are_even_before_the_first_battle(database: Database) -> None:
    made = pairing(database)
    found = Counter(made.draw(even(*LABELS), 2, ()).models for _ in range(6000))
    assert len(found) == 12
    assert all(400 < n < 600 for n in found.values())


def test_a_pair_with_few_battles_comes_first(database: Database) -> None:
    table = BattleTable(database)
    number = 0
    for i, a in enumerate(LABELS):
        for b in LABELS[i + 1 :]:
            for _ in range(2 if (a, b) == ("c", "d") else 100):
                number += 1
                table.insert([battle(number, a, b, "model_a" if number % 2 else "model_b")])
    found = drawn(pairing(database))
    assert found.most_common(1)[0][0] == {"c", "d"}
    assert found[frozenset("cd")] > 0.7 * 3000
    assert len(found) == 6


def test_only_blind_battles_of_people_count(database: Database) -> None:
    table = BattleTable(database)
    judged = {"source": Source.JUDGE}
    named = {"anonymous": False}
    table.insert([battle(n, "a", "b", **(judged if n % 2 else named)) for n in range(400)])
    assert 0.1 * 3000 < drawn(pairing(database))[frozenset("ab")] < 0.23 * 3000


def test_battles_that_come_count_at_once(database: Database) -> None:
    made = pairing(database)
    made.add([battle(n, "a", "b") for n in range(200)])
    assert drawn(made)[frozenset("ab")] < 0.05 * 3000


def test_recent_opponents_are_rare_but_not_gone(database: Database) -> None:
    found = drawn(pairing(database), recent=(("a", "b"),))
    assert 0 < found[frozenset("ab")] < 0.03 * 3000
    assert found.most_common(1)[0][0] == {"c", "d"}


def test_with_two_models_they_meet_whatever_was_recent(database: Database) -> None:
    made = pairing(database)
    found = made.draw(even("a", "b"), 2, (("a", "b"),) * 3)
    assert (set(found.models), found.propensity) == ({"a", "b"}, 1.0)


def test_weights_favour_and_remove(database: Database) -> None:
    made = pairing(database)
    weights = {"a": 5.0, "b": 1.0, "c": 1.0, "d": 0.0}
    found = Counter(label for _ in range(1000) for label in made.draw(weights, 2, ()).models)
    assert "d" not in found
    assert found["a"] > 1.3 * found["b"]
    with pytest.raises(UsageError):
        made.draw({"a": 1.0, "b": 0.0}, 2, ())


@pytest.mark.parametrize("size", [2, 3, 4])
def test_the_propensity_is_how_often_models_are_drawn(database: Database, size: int) -> None:
    table = BattleTable(database)
    table.insert([battle(n, "a", "b") for n in range(3)] + [battle(10, "b", "c", "model_b")])
    made = pairing(database)
    recent = (("a", "e"),)
    told: dict[frozenset[str], float] = {}
    found: Counter[frozenset[str]] = Counter()
    for _ in range(4000):
        one = made.draw(even(*LABELS, "e"), size, recent)
        assert len(set(one.models)) == size
        found[frozenset(one.models)] += 1
        told[frozenset(one.models)] = one.propensity
    for models, propensity in told.items():
        error = 5 * np.sqrt(propensity * (1 - propensity) / 4000)
        assert abs(found[models] / 4000 - propensity) < error + 1e-9
    assert sum(told.values()) == pytest.approx(1, abs=0.01)
