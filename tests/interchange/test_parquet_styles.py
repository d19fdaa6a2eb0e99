from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from palestra.errors import DataError
from palestra.interchange.parquet_styles import read_parquet_styles
from palestra.interchange.styled import rank_styled, styled_rows
from palestra.ranking.style import FEATURES, differences

if TYPE_CHECKING:
    from pathlib import Path

pa = pytest.importorskip("pyarrow", reason="the extra palestra[fast] is not installed")
pq = pytest.importorskip("pyarrow.parquet", reason="the extra palestra[fast] is not installed")

FIELDS = [f"{feature}_{side}" for feature in FEATURES for side in "ab"]
WINNERS = ("model_a", "model_b", "tie", "tie (bothbad)", "both_bad")


def columns(n: int = 500, seed: int = 0, models: int = 6) -> dict[str, list[Any]]:
    rng = np.random.default_rng(seed)
    a = rng.integers(models, size=n)
    b = (a + rng.integers(1, models, size=n)) % models
    styles = [dict(zip(FIELDS, row, strict=True)) for row in rng.integers(0, 9, (n, 8)).tolist()]
    return {
        "model_a": [f"m{code}" for code in a],
        "model_b": [f"m{code}" for code in b],
        "winner": [WINNERS[code] for code in rng.integers(len(WINNERS), size=n)],
        "style": styles,
    }


def struct(kind: Any = None, names: list[str] = FIELDS) -> Any:
    return pa.struct([(name, kind or pa.int32()) for name in names])


def write(path: Path, given: dict[str, Any], kind: Any = None, **options: Any) -> Path:
    arrays = {name: column for name, column in given.items() if name != "style"}
    if "style" in given:
        arrays["style"] = pa.array(given["style"], kind or struct())
    pq.write_table(pa.table(arrays), path, **options)
    return path


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint16(), pa.int64(), pa.float32(), pa.float64()])
@pytest.mark.parametrize("transform", ["lmarena", "arena-hard"])
def test_a_plain_file_is_what_duckdb_reads(tmp_path: Path, kind: Any, transform: Any) -> None:
    """In many row groups, whose dictionaries differ, and with a model against itself."""
    given = columns()
    given["model_b"][7] = given["model_a"][7]
    path = write(tmp_path / "b.parquet", given, struct(kind, [*FIELDS[::-1]]), row_group_size=37)
    found, expected = read_parquet_styles(path, transform), styled_rows(path)
    assert found is not None
    assert expected.style_a is not None
    assert expected.style_b is not None
    for name in ("models", "a", "b", "outcome", "share", "weight", "n", "cluster"):
        assert np.array_equal(getattr(found.rows, name), getattr(expected.rows, name)), name
    of_style = differences(expected.style_a, expected.style_b, transform)
    assert found.differences == pytest.approx(of_style, abs=1e-15)


def test_the_board_is_that_of_the_rows(tmp_path: Path) -> None:
    given = columns(900)
    rows = [dict(zip(given, row, strict=True)) for row in zip(*given.values(), strict=True)]
    parts = [write(tmp_path / f"{n}.parquet", {k: v[n::2] for k, v in given.items()}) for n in (0, 1)]
    expected = rank_styled(rows).to_dict()
    for form in (write(tmp_path / "whole.parquet", given), parts):
        board = rank_styled(form)
        assert [row.model for row in board.ratings] == [row["model"] for row in expected["ratings"]]
        assert [row.rating for row in board.ratings] == pytest.approx(
            [row["rating"] for row in expected["ratings"]], abs=1e-9
        )
        assert board.warnings == expected["warnings"]
        assert board.parameters["n_counted_here"] == 0


def changed(given: dict[str, list[Any]], column: str, row: int, value: Any) -> dict[str, list[Any]]:
    return {**given, column: [*given[column][:row], value, *given[column][row + 1 :]]}


def styled(given: dict[str, list[Any]], **fields: Any) -> dict[str, list[Any]]:
    return changed(given, "style", 3, {**given["style"][3], **fields})


UNUSUAL: dict[str, Any] = {
    "no style": lambda given: {name: column for name, column in given.items() if name != "style"},
    "a row without style": lambda given: changed(given, "style", 3, None),
    "a row without a count": lambda given: styled(given, bold_a=None),
    "a count below 0": lambda given: styled(given, tokens_b=-1),
    "no winner": lambda given: changed(given, "winner", 3, None),
    "an unknown winner": lambda given: changed(given, "winner", 3, "nobody"),
    "a model without a name": lambda given: changed(given, "model_a", 3, ""),
    "a weight": lambda given: given | {"weight": [1.0, 2.0] * 250},
    "soft rows": lambda given: given | {"soft": [True, False] * 250, "pref": [0.4] * 500},
    "no rows": lambda given: {name: column[:0] for name, column in given.items()},
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_an_unusual_file_is_left_to_duckdb(tmp_path: Path, what: str) -> None:
    given = UNUSUAL[what](columns())
    if what == "no rows":
        given |= {name: pa.array([], pa.string()) for name in ("model_a", "model_b", "winner")}
    path = write(tmp_path / "b.parquet", given)
    assert read_parquet_styles(path, "lmarena") is None


@pytest.mark.parametrize(
    ("kind", "value"), [(pa.float64(), np.nan), (pa.float64(), np.inf), (pa.string(), "many")]
)
def test_a_count_that_is_no_number_is_left_to_duckdb(tmp_path: Path, kind: Any, value: Any) -> None:
    given = columns()
    if kind == pa.string():
        given["style"] = [{name: str(count) for name, count in row.items()} for row in given["style"]]
    path = write(tmp_path / "b.parquet", styled(given, lists_a=value), struct(kind))
    assert read_parquet_styles(path, "lmarena") is None
    with pytest.raises(DataError, match="style"):
        rank_styled(path)


def test_a_struct_that_lacks_a_count_and_a_style_as_text_are_left_to_duckdb(tmp_path: Path) -> None:
    given = columns()
    assert (
        read_parquet_styles(write(tmp_path / "a.parquet", given, struct(None, FIELDS[1:])), "lmarena") is None
    )
    text = {**given, "style": [str(row).replace("'", '"') for row in given["style"]]}
    path = write(tmp_path / "b.parquet", text, pa.string())
    assert read_parquet_styles(path, "lmarena") is None
    assert rank_styled(path).n_battles == 500


def test_what_is_no_parquet_file_is_left_to_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    path.write_text("model_a,model_b,winner\n")
    assert read_parquet_styles(path, "lmarena") is None
    assert read_parquet_styles(tmp_path / "nowhere.parquet", "lmarena") is None
