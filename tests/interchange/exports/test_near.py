"""Which texts are nearly equal."""

from __future__ import annotations

import random
import sys

import pytest

from palestra.errors import UsageError
from palestra.interchange.exports.near import NearIndex, similarity

WORDS = [f"w{number}" for number in range(2000)]


def triples(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[place : place + 3]) for place in range(len(words) - 2)}


def test_the_similarity_is_the_share_of_common_word_triples() -> None:
    rng = random.Random(0)
    for _ in range(50):
        words = rng.choices(WORDS, k=rng.randrange(3, 200))
        other = [rng.choice(WORDS) if rng.random() < 0.1 else word for word in words]
        a, b = " ".join(words), " ".join(other)
        want = len(triples(a) & triples(b)) / len(triples(a) | triples(b))
        assert similarity(a, b) == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b", "value"), [("Yes", " yes\n", 1), ("4", "5", 0), ("", "a", 0), ("", " ", 1)]
)
def test_short_texts_are_equal_or_not(a: str, b: str, value: float) -> None:
    assert similarity(a, b) == value


def test_the_index_finds_what_comparing_all_with_all_finds() -> None:
    rng = random.Random(1)
    rows: list[list[str]] = []
    for _ in range(150):
        words = rng.choices(WORDS, k=80)
        rows += [[" ".join(words), "x y z"]]
        for share in (0.01, 0.03):
            rows += [
                [" ".join(rng.choice(WORDS) if rng.random() < share else word for word in words), "x y z"]
            ]
    rng.shuffle(rows)
    index = NearIndex(0.85)
    kept: list[list[str]] = []
    for row in rows:
        tagged = [{(place, *triple) for place, text in enumerate(row) for triple in triples(text)}]
        double = any(
            len(tagged[0] & seen) / len(tagged[0] | seen) >= 0.85
            for earlier in kept
            for seen in [{(place, *triple) for place, text in enumerate(earlier) for triple in triples(text)}]
        )
        assert index.add(row) is not double
        if not double:
            kept.append(row)
    assert 150 < len(kept) < len(rows)


def test_texts_in_other_places_have_nothing_in_common() -> None:
    index = NearIndex(0.5)
    assert index.add(["a b c d", "e f g h"])
    assert not index.holds(["e f g h", "a b c d"])
    assert index.holds(["a b c d", "e f g h"])


def test_without_datasketch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(UsageError, match=r"palestra\[export\]"):
        NearIndex(0.9)
