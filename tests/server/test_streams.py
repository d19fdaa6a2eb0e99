"""What is shown of an answer while it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.server.puppets import Puppet, arena
from tests.server.visitor import Visitor, texts
from tests.support.serve import serve

from palestra.models.base import Delta
from palestra.server.live.slots import letter, letters
from palestra.server.live.stream import Stream, whole_characters

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "whole", "half"),
    [
        ("", "", ""),
        ("plain", "plain", ""),
        ("nul \0", "nul \ufffd", ""),
        ("عربي 😀", "عربي 😀", ""),
        ("\ud83d\ude00", "😀", ""),
        ("x\ud83d", "x", "\ud83d"),
        ("\ude00x", "\ufffdx", ""),
        ("\ud83d, x", "\ufffd, x", ""),
        ("\ufeffmark", "\ufeffmark", ""),
    ],
)
def test_what_is_no_character_is_replaced(text: str, whole: str, half: str) -> None:
    assert whole_characters(text) == (whole, half)


def test_halves_of_a_character_in_two_pieces_become_one() -> None:
    stream = Stream(0, 0, 0)
    for piece in ("a\ud83d", "\ude00b", "\ud83d"):
        stream.receive(Delta(text=piece))
    assert stream.text() == "a😀b"


@pytest.mark.parametrize("pad", [0.0, 0.05])
def test_broken_text_reaches_the_visitor_and_the_database_as_text(tmp_path: Path, pad: float) -> None:
    words = ["a\0b ", "\ud83d", "\ude00 ", "\udc00 ", "\r\n\u2028 ", "event: end\n\ndata: x"]
    puppets = [Puppet(name, words, thinking="\ud800?") for name in ("red", "blue")]
    with serve(arena(tmp_path, puppets, pad_start=pad)) as url, Visitor(url) as visitor:
        made = visitor.begin()
        shown = texts(visitor.events(made["id"]))
        expected = "a\ufffdb 😀 \ufffd \r\n\u2028 event: end\n\ndata: x"
        assert shown == {"a": expected, "b": expected}
        assert visitor.vote(visitor.matchup(made["id"]), "tie").status_code == 200
        again = visitor.matchup(made["id"])["turns"][0]["answers"][0]
        assert (again["text"], again["thinking"]) == (expected, "\ufffd?")


def test_a_very_long_answer_comes_whole(tmp_path: Path) -> None:
    words = ["x" * 100_000] * 10
    with serve(arena(tmp_path, [Puppet("red", words), Puppet("blue")])) as url, Visitor(url) as visitor:
        shown = texts(visitor.events(visitor.begin()["id"]))
    assert max(map(len, shown.values())) == 1_000_000


def test_slots_have_letters() -> None:
    assert letters(4) == ["a", "b", "c", "d"]
    assert [letter(slot) for slot in (25, 26, 27, 701, 702)] == ["z", "aa", "ab", "zz", "aaa"]


def test_an_answer_has_not_begun_with_blanks() -> None:
    stream = Stream(0, 0, 0)
    stream.receive(Delta(text=" \n"))
    assert not stream.begun
    stream.receive(Delta(text="a"))
    assert stream.begun


def test_a_blank_answer_is_a_failure(tmp_path: Path) -> None:
    with serve(arena(tmp_path, [Puppet("red", [" ", "\n"]), Puppet("blue")])) as url, Visitor(url) as visitor:
        told = visitor.played(models=["red", "blue"])
    blank, said = told["turns"][0]["answers"]
    assert (blank["status"], said["status"]) == ("failed", "done")
