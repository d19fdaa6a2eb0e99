"""A Parquet file is counted the same whether by its codes, by DuckDB or row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.interchange.forms import COLUMNS, Row, parquet, records, table

from palestra.errors import DataError
from palestra.interchange import parquet_counts
from palestra.interchange.counts import count_battles
from palestra.interchange.parquet_counts import count_parquet
from palestra.ranking.counts import Counts

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["null", "NaN", "None", "a,b", 'say "hi"', "two\nlines", "🦙", "Llama", "llama", " ", "é", "é", "\0"]
WINNERS = ["model_a", "model_b", "tie", "tie (bothbad)", "both_bad", "bothbad"]
ROWS: list[Row] = [
    (NAMES[one % 13], NAMES[(one * 5 + one // 13) % 13], WINNERS[one * 7 % 6]) for one in range(400)
]
ROW = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(WINNERS))


def same(one: Counts, other: Counts) -> bool:
    """To the bit, in every field."""
    arrays = ("a", "b", "outcome", "share", "weight", "n")
    equal = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    kinds = all(getattr(one, name).dtype == getattr(other, name).dtype for name in arrays)
    rest = [(x.models, x.n_self, x.n_weightless, x.cluster) for x in (one, other)]
    return equal and kinds and rest[0] == rest[1]


def by_codes(path: Path) -> Counts | None:
    counted = count_parquet(path)
    return None if counted is None else counted.counts


def by_query(path: Path) -> Counts:
    return count_battles(path, filter="TRUE").battles


def row_by_row(rows: list[Row]) -> Counts:
    return Counts.from_rows(*([row[place] for row in rows] for place in range(3)))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=1, max_size=40), group=st.integers(1, 9), coded=st.booleans())
def test_every_route_gives_the_same_counts(rows: list[Row], group: int, coded: bool, tmp_path: Path) -> None:
    """Whatever the row groups are, each with a dictionary of its own, and with or without dictionaries."""
    pq.write_table(table(rows), tmp_path / "b.parquet", row_group_size=group, use_dictionary=coded)
    found = by_codes(tmp_path / "b.parquet")
    assert found is not None
    assert same(found, row_by_row(rows))
    assert same(found, by_query(tmp_path / "b.parquet"))
    assert same(found, count_battles(records(rows)).battles)


def categories(rows: list[Row], index: Any) -> pa.Table:
    """As categories, some of which never occur."""
    columns = []
    for place in range(3):
        words = sorted({row[place] for row in rows}) + (["a ghost", ""] if place < 2 else [])
        codes = pa.array([words.index(row[place]) for row in rows], index)
        columns.append(pa.DictionaryArray.from_arrays(codes, pa.array(words, pa.string())))
    return pa.table(dict(zip(COLUMNS, columns, strict=True)))


PLAIN = {
    "large strings": lambda: table(ROWS).cast(pa.schema([(name, pa.large_string()) for name in COLUMNS])),
    "categories": lambda: categories(ROWS, pa.int8()),
    "unsigned categories": lambda: categories(ROWS, pa.uint16()),
    "every weight 1": lambda: table(ROWS, weight=pa.array([1.0] * 400)),
    "whole weights of 1": lambda: table(ROWS, weight=pa.array([1] * 400)),
    "weights of 1 or none": lambda: table(ROWS, weight=pa.array([1.0, None] * 200)),
    "no weights": lambda: table(ROWS, weight=pa.array([None] * 400, pa.float64())),
    "no soft row": lambda: table(ROWS, soft=pa.array([False] * 400), pref=pa.array([0.3] * 400)),
    "not said whether soft": lambda: table(ROWS, soft=pa.array([None, False] * 200)),
    "other columns": lambda: table(ROWS, prompt=pa.array(["x"] * 400), style=pa.array([{"a": 1}] * 400)),
}


@pytest.mark.parametrize("make", PLAIN.values(), ids=PLAIN)
def test_plain_files_are_counted_by_their_codes(make: Any, tmp_path: Path) -> None:
    pq.write_table(make(), tmp_path / "b.parquet", row_group_size=90)
    found = by_codes(tmp_path / "b.parquet")
    assert found is not None
    assert same(found, row_by_row(ROWS))
    assert same(found, by_query(tmp_path / "b.parquet"))


UNUSUAL = {
    "a weight": {"weight": pa.array([1.0] * 399 + [2.0])},
    "a weight of 0": {"weight": pa.array([1.0] * 399 + [0.0])},
    "weights that are all 2": {"weight": pa.array([2.0] * 400)},
    "weights as text": {"weight": pa.array(["1"] * 400)},
    "a soft row": {"soft": pa.array([False] * 399 + [True]), "pref": pa.array([0.3] * 400)},
}


@pytest.mark.parametrize("more", UNUSUAL.values(), ids=UNUSUAL)
def test_files_in_which_more_matters_are_left_to_the_query(more: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(table(ROWS, **more), path, row_group_size=90)
    assert by_codes(path) is None
    assert same(count_battles(path).battles, count_battles(pq.read_table(path).to_pylist()).battles)


def test_without_statistics_nothing_is_known_of_the_weights(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(table(ROWS, weight=pa.array([1.0] * 400)), path, write_statistics=False)
    assert by_codes(path) is None
    assert same(count_battles(path).battles, row_by_row(ROWS))


FAULTS = {
    "an unknown winner": (2, "won", "winner"),
    "no winner": (2, None, "winner"),
    "no model": (0, None, "model_a"),
    "a model without a name": (1, "", "model_b"),
}


@pytest.mark.parametrize(("place", "value", "key"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named_with_its_row(place: int, value: Any, key: str, tmp_path: Path) -> None:
    rows: list[Any] = [list(row) for row in ROWS]
    rows[250][place] = value
    path = tmp_path / "b.parquet"
    pq.write_table(table(rows), path, row_group_size=90)
    assert by_codes(path) is None
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(path), 251, key)


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.float16()], ids=str)
@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_a_weight_that_is_none_is_an_error(weight: float, kind: Any, tmp_path: Path) -> None:
    """NaN, too, which statistics pass over."""
    path = tmp_path / "b.parquet"
    weights = pa.array(np.array([1.0] * 399 + [weight]).astype(kind.to_pandas_dtype()), kind)
    pq.write_table(table(ROWS, weight=weights), path)
    assert by_codes(path) is None
    with pytest.raises(DataError, match="weight"):
        count_battles(path)


def test_a_column_that_is_there_twice_is_left_to_the_query(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    twice = table(ROWS).append_column("weight", [[1.0] * 400]).append_column("weight", [[1.0] * 400])
    pq.write_table(twice, path)
    assert by_codes(path) is None
    assert same(count_battles(path).battles, row_by_row(ROWS))


def test_a_file_without_rows_has_no_battles(tmp_path: Path) -> None:
    assert by_codes(parquet([], tmp_path)) is None
    assert count_battles(parquet([], tmp_path)).battles.n_battles == 0


def test_columns_that_are_no_text_are_left_to_the_query(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(pa.table({"model_a": [1, 2], "model_b": [2, 3], "winner": ["tie", "model_a"]}), path)
    assert by_codes(path) is None
    assert count_battles(path).battles.models == ("1", "2", "3")


def test_more_names_than_a_table_holds_are_left_to_the_query(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(ROWS, tmp_path)
    monkeypatch.setattr(parquet_counts, "_TABLE", 13 * 13 * 6)
    assert by_codes(path) is not None
    monkeypatch.setattr(parquet_counts, "_TABLE", 13 * 13 - 1)
    assert by_codes(path) is None
    assert same(count_battles(path).battles, row_by_row(ROWS))


def test_several_files_add_up_to_the_whole(tmp_path: Path) -> None:
    for number, start in enumerate(range(0, 400, 100)):
        pq.write_table(table(ROWS[start : start + 100]), tmp_path / f"{number}.parquet")
    files = sorted(tmp_path.glob("*.parquet"))
    assert same(count_battles(files).battles, row_by_row(ROWS))
    assert same(count_battles(files, filter="TRUE").battles, row_by_row(ROWS))


def test_what_is_no_parquet_is_said_by_the_reader_for_all(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    path.write_bytes(b"PAR1 or so")
    assert count_parquet(path) is None
    assert count_parquet(tmp_path / "none.parquet") is None
