"""Files appear whole, twice the same, and in nobody's way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.interchange.exports.making import battle

from palestra.errors import DataError, UsageError
from palestra.interchange.exports import BattleSource, Stated, Target, Wishes, exported

if TYPE_CHECKING:
    from pathlib import Path

MANY = [battle(prompt=f"p{n} \u2028 ü", a=f"good {n}", question_id=str(n)) for n in range(50)]


def write(out: Path, battles: Any = MANY, stated: Stated | None = None, **wishes: Any) -> list[Path]:
    told = Wishes(**({"kind": "dpo", "style": "plain"} | wishes))
    target = Target.of(out, splits=told.test_share > 0)
    with exported([BattleSource("a test", battles)], told) as export:
        return export.write(target, stated)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_every_form_holds_the_same_rows(tmp_path: Path) -> None:
    for name in ("b.jsonl", "b.json", "b.parquet"):
        assert write(tmp_path / name) == [tmp_path / name]
    rows = lines(tmp_path / "b.jsonl")
    assert len(rows) == 50
    assert json.loads((tmp_path / "b.json").read_text(encoding="utf-8")) == rows
    found = duckdb.execute(f"SELECT prompt, chosen, rejected FROM '{tmp_path}/b.parquet'").fetchall()
    assert found == [tuple(row.values()) for row in rows]


def test_two_splits_are_two_files_with_every_row_once(tmp_path: Path) -> None:
    files = write(tmp_path / "b.jsonl", test_share=0.3)
    assert [path.name for path in files] == ["b-train.jsonl", "b-test.jsonl"]
    train, test = map(lines, files)
    assert len(train) + len(test) == 50
    assert 5 < len(test) < 25


@pytest.mark.parametrize("name", ["b.jsonl", "b.json", "b.parquet", "folder"])
@pytest.mark.parametrize("style", ["plain", "conversational"])
def test_the_same_battles_in_any_order_give_the_same_bytes(name: str, style: str, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for place, battles in ((one, MANY), (other, MANY[::-1])):
        place.mkdir()
        write(place / name, battles, style=style, test_share=0.2, near=0.95, details=True)
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(files) == (3 if name == "folder" else 2)
    for file in files:
        assert (one / file).read_bytes() == (other / file).read_bytes()


def test_a_folder_is_made_anew_without_what_is_no_longer_in_it(tmp_path: Path) -> None:
    out = tmp_path / "set"
    write(out, test_share=0.3)
    assert (out / "data" / "test-00000-of-00001.parquet").exists()
    files = write(out, stated=Stated("My pairs", "cc-by-4.0", {"A": "apache-2.0"}))
    assert sorted(path for path in out.rglob("*") if path.is_file()) == sorted(files)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "pretty_name: My pairs" in card
    assert "license: cc-by-4.0" in card
    assert "| A | not known | apache-2.0 |" in card
    assert "- a test: 50 battles" in card
    assert "| train | data/train-\\*.parquet | 50 |" in card


@pytest.mark.parametrize("other", ["notes.txt", "data/mine.parquet", "README.md"])
def test_a_folder_with_something_else_in_it_is_left_alone(other: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / other).write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        write(tmp_path)
    assert (tmp_path / other).read_text() == "mine"


def test_a_file_where_the_folder_would_be_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("mine")
    with pytest.raises(UsageError, match="is a folder, and this is a file"):
        write(tmp_path / "plain")
    assert (tmp_path / "plain").read_text() == "mine"


@pytest.mark.parametrize("name", ["b.jsonl", "b.json", "b.parquet"])
def test_a_file_that_cannot_be_written_is_named_as_it_was_asked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: No such file or directory") as caught:
        write(tmp_path / "nowhere" / name)
    assert caught.value.path == str(tmp_path / "nowhere" / name)


def test_an_ending_that_is_not_known_and_a_split_of_standard_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.csv is no kind of file that is written"):
        Target.of(tmp_path / "b.csv", splits=False)
    with pytest.raises(UsageError, match="no two splits"):
        Target.of("-", splits=True)


def test_nothing_is_written_where_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no row is left") as error:
        write(tmp_path / "b.jsonl", [battle("tie"), battle("tie", a=None)], ties=False)
    assert error.value.hint == "most were left out as without their texts: 1"
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: No such file"):
        write(tmp_path / "missing" / "b.jsonl")


def test_a_bad_row_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    out = tmp_path / "b.jsonl"
    write(out)
    before = out.read_bytes()

    def broken() -> Any:
        yield MANY[0]
        raise DataError("bad JSON", line=2)

    with pytest.raises(DataError, match="bad JSON"):
        write(out, broken())
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_a_very_long_answer_gets_into_parquet(tmp_path: Path) -> None:
    long = "ü" * 9_000_000
    write(tmp_path / "b.parquet", [battle(a=long)])
    assert duckdb.execute(f"SELECT length(chosen) FROM '{tmp_path}/b.parquet'").fetchall() == [(9_000_000,)]
