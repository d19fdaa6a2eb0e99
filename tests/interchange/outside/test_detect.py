"""A format is found by its keys where they are unmistakable, and asked for where they are not."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.interchange.outside import made

from palestra.errors import DataError
from palestra.interchange.counts import count_battles
from palestra.interchange.outside.detect import detect
from palestra.interchange.outside.files import open_source
from palestra.interchange.outside.registry import formats

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = [(name, row) for name, rows in made.EXAMPLES.items() for row in rows]
EVERY_KEY = sorted({key for name, row in SHAPES if name != "gpu-poor" for key in row})


def found(row: dict[str, Any]) -> list[str]:
    return [one.name for one in formats().values() if one.fits(row)]


@pytest.mark.parametrize(("name", "row"), SHAPES, ids=[name for name, _ in SHAPES])
def test_a_row_fits_its_own_format_alone(name: str, row: dict[str, Any]) -> None:
    assert found(row) == [name]


@given(st.data())
def test_further_keys_never_make_it_another_single_format(data: st.DataObject) -> None:
    """Beside keys that other formats have, a row is still its own, or doubtful, or nobody's; the exception is
    what has all the keys of another format, too, and lacks none: then it may be that one.
    """
    name, row = data.draw(st.sampled_from(SHAPES))
    extra = data.draw(st.lists(st.sampled_from(EVERY_KEY), max_size=3, unique=True))
    others = [other for other, theirs in SHAPES if other != name and set(extra) & theirs.keys()]
    fits = found({**dict.fromkeys(extra), **row})
    assert set(fits) <= {name, *others}
    if name not in fits:
        assert fits == [] or {name, *fits} & {"judgearena", "palestra", "clean-battle", "gpu-poor"}


@given(st.data())
def test_a_row_without_some_keys_is_never_taken_for_a_stranger(data: st.DataObject) -> None:
    """What is left of a row by losing keys is its own format, nobody's, or one with a part of its keys."""
    name, row = data.draw(st.sampled_from(SHAPES))
    lost = data.draw(st.lists(st.sampled_from(sorted(row)), max_size=len(row), unique=True))
    left = {key: value for key, value in row.items() if key not in lost}
    parts = {
        "lmarena-140k": {"palestra"},
        "lmarena-100k": {"clean-battle", "palestra"},
        "clean-battle": {"palestra"},
        "judgearena": {"palestra"},
        "palestra": {"judgearena"},
        "lmarena-55k": {"palestra"},
        "gpu-poor": {"gpu-poor"},
    }
    assert set(found(left)) <= {name} | parts.get(name, set())


@given(st.dictionaries(st.text(max_size=12), st.none() | st.integers() | st.text(max_size=5), max_size=8))
def test_rows_of_nobody_fit_nothing(row: dict[str, Any]) -> None:
    assert found(row) == []


def test_what_two_formats_have_in_common_is_asked_for(tmp_path: Path) -> None:
    row = {"model_a": "ant", "model_b": "bee", "winner": "tie", "pref": 0.5, "source": "llm-judge"}
    path = made.write_jsonl(tmp_path / "b.jsonl", [row, row])
    with pytest.raises(DataError) as caught:
        detect(open_source(path, ExitStack()))
    text = str(caught.value)
    assert "it could be judgearena or palestra; seen: model_a, model_b, winner, pref, source" in text
    assert "--from judgearena: JudgeArena battles" in text
    assert "--from palestra: Palestra battles" in text


@pytest.mark.parametrize(("pref", "name"), [(0.1, "judgearena"), (0.9, "palestra")])
def test_a_later_row_that_tells_them_apart_decides(tmp_path: Path, pref: float, name: str) -> None:
    row = {"model_a": "ant", "model_b": "bee", "winner": "tie", "pref": 0.5, "source": "llm-judge"}
    path = made.write_jsonl(tmp_path / "b.jsonl", [row, {**row, "winner": "model_a", "pref": pref}])
    assert detect(open_source(path, ExitStack())).name == name


def test_unknown_columns_are_listed_with_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text("left,right,vote\nant,bee,left\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        detect(open_source(path, ExitStack()))
    text = str(caught.value)
    assert text.startswith(f"{path}: no known format has these columns; seen: left, right, vote\n")
    assert "--from NAME" in text
    assert "--map left=model_a" in text
    for name in made.EXAMPLES:
        assert f"  {name}: " in text


def test_a_damaged_first_row_does_not_hide_the_format(tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "b.jsonl", [{"x": 1}, made.comparia()])
    path.write_text("{broken\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert detect(open_source(path, ExitStack())).name == "comparia"


def test_every_format_has_an_example() -> None:
    assert set(made.EXAMPLES) == set(formats()) - {"columns"}


@pytest.mark.parametrize("name", ["comparia", "open-webui", "mt-bench-pair", "gpu-poor", "fastchat-log"])
def test_ranking_a_foreign_file_names_the_command_that_helps(name: str, tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", made.EXAMPLES[name])
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert f"({name}): `palestra convert {path} -o battles.jsonl`" in str(caught.value.hint)


def test_ranking_a_file_of_nobody_keeps_its_advice(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("model_a,model_b,winer\nant,bee,tie\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert caught.value.hint == "did you mean 'winer'?"
