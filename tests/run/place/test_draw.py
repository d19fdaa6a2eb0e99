"""What is drawn depends on the seed and the limits, and not on how the file is ordered."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.run.place.arenas import battles, write_jsonl

from palestra.config.schema import Place
from palestra.errors import DataError
from palestra.run.place.arena import read_arena
from palestra.run.place.draw import Drawn, draw

if TYPE_CHECKING:
    from pathlib import Path


def drawn(path: Path, seed: int = 0, **limits: Any) -> list[Drawn]:
    arena = read_arena([str(path)], seed=seed, min_battles=1)
    return draw(arena, Place.model_validate(limits), seed).battles


def ids(found: list[Drawn]) -> list[str]:
    return [battle.prompt.question_id for battle in found]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "arena.jsonl", battles(400))


def test_a_draw_follows_the_seed_and_not_the_order_of_the_file(path: Path, tmp_path: Path) -> None:
    turned = write_jsonl(tmp_path / "turned.jsonl", battles(400)[::-1])
    assert ids(drawn(path, battles=30)) == ids(drawn(turned, battles=30))
    assert ids(drawn(path, battles=30)) != ids(drawn(path, seed=1, battles=30))


def test_a_larger_draw_holds_the_smaller_one(path: Path) -> None:
    assert ids(drawn(path, battles=80))[:30] == ids(drawn(path, battles=30))
    assert len(drawn(path, battles=0)) == 400


def test_limits_of_language_length_and_turns_are_kept(path: Path) -> None:
    some = drawn(path, battles=0, per_language=20)
    assert Counter(battle.prompt.language for battle in some) == {"en": 20, "de": 20, "fr": 20}
    assert {battle.prompt.language for battle in drawn(path, battles=50, languages=["de"])} == {"de"}
    assert not any(battle.prompt.is_multi_turn for battle in drawn(path, battles=0, max_turns=1))
    short = drawn(path, battles=0, max_prompt_chars=11)
    assert short
    assert all(len(battle.prompt.text) <= 11 for battle in short)
    with pytest.raises(DataError, match=r"no battle is in the language 'ger'"):
        drawn(path, languages=["ger"])
    with pytest.raises(DataError, match="no battle meets the limits"):
        drawn(path, max_prompt_chars=3)


def test_conversations_come_with_what_each_model_said(path: Path) -> None:
    talk = next(battle for battle in drawn(path, battles=0) if battle.prompt.is_multi_turn)
    number = talk.prompt.question_id[1:]
    assert [message.content for message in talk.prompt.messages] == [
        f"What of {number}?",
        f"And then, {number}?",
    ]
    assert talk.said_a == (
        f"{talk.model_a} on What of {number}?",
        f"{talk.model_a} on And then, {number}?",
    )


def test_calibration_takes_the_first_without_a_tie_and_more_if_more_are_wanted(path: Path) -> None:
    found = drawn(path, battles=20, calibrate=60)
    assert sum(battle.places for battle in found) == 20
    checked = [battle for battle in found if battle.calibrates]
    assert len(checked) == 60
    assert all(battle.winner.share != 0.5 for battle in checked)
    assert all(battle.calibrates for battle in found[:20] if battle.winner.share != 0.5)
    assert ids(found)[:20] == ids(drawn(path, battles=20))


def test_the_opponent_is_either_of_the_two_by_a_fair_coin(path: Path) -> None:
    found = drawn(path, battles=0)
    sides = Counter(battle.opponent(0) == battle.model_a for battle in found)
    assert 150 < sides[True] < 250
    assert [battle.opponent(0) for battle in found] != [battle.opponent(1) for battle in found]


def test_answers_that_do_not_fit_their_prompt_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = battles(40)
    rows[5]["response_a"] = rows[5]["response_a"][:2]
    rows[6]["response_b"] = "<think>only this"
    rows[7]["prompt"] = "  "
    rows[8]["response_a"] = "<think>hm</think>Well."
    arena = read_arena([str(write_jsonl(tmp_path / "a.jsonl", rows))], seed=0, min_battles=1)
    found = draw(arena, Place(battles=0), 0)
    assert (len(found.battles), found.n_misfit) == (37, 3)
    cut = next(battle for battle in found.battles if battle.prompt.question_id == "q8")
    assert cut.said_a == ("Well.",)


def test_an_arena_without_texts_says_which_columns_it_needs(tmp_path: Path) -> None:
    bare = [{name: row[name] for name in ("model_a", "model_b", "winner")} for row in battles(40)]
    with pytest.raises(DataError, match="needs the columns prompt, response_a and response_b"):
        drawn(write_jsonl(tmp_path / "a.jsonl", bare))
