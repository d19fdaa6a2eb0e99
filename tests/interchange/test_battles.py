from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from palestra.errors import DataError
from palestra.interchange.battles import read_battles, write_battles
from palestra.records.battle import Battle
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BATTLES = [
    Battle(model_a="A", model_b="B", winner=Winner.A, pref=0.75, flags=("identity_leak",), prompt="a\nb"),
    Battle(model_a="NaN", model_b="🦙", winner=Winner.BOTH_BAD, style={"tokens_a": 3.0}),
]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "battles.jsonl"
    assert write_battles(path, iter(BATTLES)) == 2
    assert list(read_battles(path)) == BATTLES
    assert [file.name for file in tmp_path.iterdir()] == ["battles.jsonl"]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "battles.jsonl"
    write_battles(path, BATTLES)

    def broken() -> Iterator[Battle]:
        yield BATTLES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_battles(path, broken())
    assert list(read_battles(path)) == BATTLES
    assert [file.name for file in tmp_path.iterdir()] == ["battles.jsonl"]


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_battles(tmp_path / "none" / "battles.jsonl", BATTLES)


@pytest.mark.parametrize(
    ("line", "key"),
    [('{"model_a": "A", "model_b": "B", "winner": "C"}', "winner"), ('{"model_a": "A"}', "model_b")],
)
def test_a_row_that_is_no_battle_is_named(line: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "battles.jsonl"
    path.write_text(BATTLES[0].json_line() + "\n" + line + "\n")
    with pytest.raises(DataError) as caught:
        list(read_battles(path))
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(path), 2, key)
