"""Rows of damaged files: each fault is told with its line, and hides nothing after it."""

from __future__ import annotations

import gzip
import io
import json
import random
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.errors import DataError
from palestra.interchange.outside import json_stream
from palestra.interchange.outside.files import open_source, read
from palestra.interchange.outside.json_stream import Broken, JsonStream

if TYPE_CHECKING:
    from pathlib import Path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(st.text(max_size=4), VALUES, max_size=3)
OBJECTS = st.lists(OBJECT, max_size=6)


def rows(path: Path, content: str | bytes) -> list[tuple[int, Any]]:
    """(line, row or problem) of each row."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [
        (row.line, row.problem if row.data is None else row.data)
        for row in read(open_source(path, ExitStack()))
    ]


def stream(text: str, chunk: int) -> list[tuple[int, Any]]:
    source = io.StringIO(text)
    return [
        (line, value.reason if isinstance(value, Broken) else value)
        for line, value in JsonStream(lambda _: source.read(chunk))
    ]


def test_jsonl_faults_are_told_by_line(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"a":1}\n\n{"a":\n[1]\n{"a":"\xff"}\n{"a":2}')
    assert found == [
        (1, {"a": 1}),
        (3, "bad JSON: Expecting value at column 6"),
        (4, "expected an object"),
        (5, "not UTF-8: byte 0xff"),
        (6, {"a": 2}),
    ]


def test_csv_faults_are_told_by_line(tmp_path: Path) -> None:
    found = rows(tmp_path / "a.csv", b'a,b\n1,2\n3\n"x\ny",4\n\xff,5\n6,"7"8\n9,10\n')
    assert found == [
        (2, {"a": "1", "b": "2"}),
        (3, "1 cells, but the header names 2 columns"),
        (4, {"a": "x\ny", "b": "4"}),
        (6, "not UTF-8"),
        (7, "bad CSV: ',' expected after '\"'"),
        (8, {"a": "9", "b": "10"}),
    ]


def test_a_damaged_member_of_a_json_list_does_not_hide_the_next(tmp_path: Path) -> None:
    text = '[\n {"a": 1},\n {"a": oops},\n {"a": [1, 2}, \n {"a": 2}\n]\n'
    assert rows(tmp_path / "a.json", text) == [
        (2, {"a": 1}),
        (3, "bad JSON: Expecting value at column 7"),
        (4, "bad JSON: Expecting ',' delimiter at column 12"),
        (5, {"a": 2}),
    ]


@pytest.mark.parametrize("chunk", [20, 50, 10_000])
def test_what_is_no_object_in_a_list_hides_nothing_after_it(chunk: int) -> None:
    found = stream('[{"a": 1}, 7, "a, {text}", null, {"a": 2}]', chunk)
    told = "expected an object"
    assert [value for _, value in found] == [{"a": 1}, told, told, told, {"a": 2}]


def test_json_that_is_cut_off_says_so_after_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert rows(path, '[{"a": 1},\n {"a": ') == [
        (1, {"a": 1}),
        (2, "bad JSON: the file ends within a value (cut off?)"),
        (2, "bad JSON: the file ends within a list (cut off?)"),
    ]
    assert rows(path, '[{"a": 1}') == [(1, {"a": 1}), (1, "bad JSON: the file ends within a list (cut off?)")]


def test_a_json_file_may_hold_lines_or_rows_under_a_key(tmp_path: Path) -> None:
    assert rows(tmp_path / "conv.json", '{"a": 1}\n{oops\n{"a": 2}\n') == [
        (1, {"a": 1}),
        (2, "bad JSON: Expecting property name enclosed in double quotes at column 2"),
        (3, {"a": 2}),
    ]
    assert rows(tmp_path / "b.json", '{"data": [{"a": 1}, {"a": 2}]}') == [(1, {"a": 1}), (1, {"a": 2})]


@pytest.mark.parametrize("chunk", [3, 50, 10_000])
@given(values=OBJECTS, indent=st.sampled_from([None, 1]))
def test_json_is_read_the_same_in_pieces(chunk: int, values: list[Any], indent: int | None) -> None:
    text = json.dumps(values, indent=indent)
    assert [value for _, value in stream(text, chunk)] == values
    assert [value for _, value in stream("\n".join(map(json.dumps, values)), chunk)] == values


@pytest.mark.parametrize("chunk", [3, 50, 10_000])
@given(values=st.lists(OBJECT, min_size=2, max_size=5), data=st.data())
def test_one_damaged_object_of_a_list_costs_no_other(
    chunk: int, values: list[Any], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    parts = [json.dumps(value) for value in values]
    parts[place] = '{"a" 1, "b": {"c": []}}'
    found = [value for _, value in stream(f"[{', '.join(parts)}]", chunk)]
    assert isinstance(found[place], str)
    assert [value for n, value in enumerate(found) if n != place] == values[:place] + values[place + 1 :]


def test_a_long_list_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "_CHUNK", 1000)
    whole = "[" + ",\n".join(json.dumps({"text": "x" * 90}) for _ in range(5000)) + "]"
    source, longest, count = io.StringIO(whole), 0, 0
    held = JsonStream(source.read)
    for _ in held:
        longest, count = max(longest, len(held._text)), count + 1
    assert count == 5000
    assert longest < 10_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "the file is empty"),
        ("a.jsonl", b" \n", "the file is empty"),
        ("a.json", '[{"a": 1}]'.encode("utf-16"), "not UTF-8 but UTF-16"),
        ("a.parquet", b"PAR1 and no more", "not readable as Parquet"),
        ("a.parquet", b"no Parquet at all", "not readable as Parquet"),
        ("a.csv", "größe,b\n1,2\n".encode("latin-1"), "the header is not UTF-8"),
        ("a.csv", b"a,a\n1,2\n", "the header names column 'a' twice"),
        ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 99999)[:-20], "the gzip data is damaged or cut off"),
    ],
)
def test_a_file_that_is_damaged_as_a_whole_gets_one_message(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        list(read(open_source(path, ExitStack())))
    assert caught.value.path == str(path)


@pytest.mark.parametrize("name", ["votes", "votes.csv", "votes.json", "votes.jsonl"])
@pytest.mark.parametrize("size", [500, 50_000])
@given(seed=st.integers(0, 2**32))
def test_bytes_that_are_no_text_are_told_as_such(
    name: str, size: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(random.Random(seed).randbytes(size))
    with pytest.raises(DataError, match=r"the file is no text|UTF-16") as caught:
        open_source(path, ExitStack())
    assert caught.value.path == str(path)


def test_a_stray_control_character_costs_its_row_alone(tmp_path: Path) -> None:
    sound = b'{"text": "' + b"x" * 200 + b'"}\n'
    found = rows(tmp_path / "a.jsonl", sound + b'{"text": "\0"}\n' + sound)
    assert [isinstance(row, dict) for _, row in found] == [True, False, True]


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    for path, message in ((tmp_path, "a folder, not a file"), (tmp_path / "none.csv", "No such file")):
        with pytest.raises(DataError, match=message):
            open_source(path, ExitStack())


def test_kinds_are_known_by_content_where_the_name_says_nothing(tmp_path: Path) -> None:
    assert rows(tmp_path / "export", '[{"a": 1}]') == [(1, {"a": 1})]
    assert rows(tmp_path / "table", "a\n1\n") == [(2, {"a": "1"})]
    path = tmp_path / "b.tsv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    assert [row.data for row in read(open_source(path, ExitStack()))] == [{"a": "1", "b": "2"}]
