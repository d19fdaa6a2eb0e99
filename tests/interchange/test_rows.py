from __future__ import annotations

import csv
import gzip
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.errors import DataError
from palestra.interchange.rows import Row, read_rows

Write = Callable[[str, str | bytes], Path]

NOBODY = 65534


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return to_file


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything; tests of permissions run as somebody else."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def failure(path: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        list(read_rows(path))
    assert caught.value.path == str(path)
    return caught.value


def test_jsonl_rows_carry_their_line_and_blank_lines_count(write: Write) -> None:
    path = write("a.jsonl", '\ufeff{"x": 1}\n\n  \r\n{"x": "é\u2028"}\r\n')
    assert list(read_rows(path)) == [Row(1, {"x": 1}), Row(4, {"x": "é\u2028"})]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[\n{"x": 1},\n\n{"x": 2}\n]', [2, 4]),
        ('{\n"name": "n", "rows": 3, "data": [{"x": 1},\n{"x": 2}], "more": [1]}\n', [2, 3]),
        ('{"x": 1}\n{"x": 2}\n', [1, 2]),
        ('{"x": 1}', [1]),
    ],
)
def test_json_may_be_a_list_a_list_under_data_or_objects_in_a_row(
    write: Write, text: str, lines: list[int]
) -> None:
    rows = list(read_rows(write("a.json", text)))
    assert [row.line for row in rows] == lines
    assert [row.data for row in rows] == [{"x": i + 1} for i in range(len(lines))]


def test_csv_text_stays_text_and_a_row_begins_where_its_first_line_is(write: Write) -> None:
    path = write("a.csv", '\ufeffid,text,other\n007,"two\nlines, ""quoted""",null\n\nNaN,None,\n')
    assert list(read_rows(path)) == [
        Row(2, {"id": "007", "text": 'two\nlines, "quoted"', "other": "null"}),
        Row(5, {"id": "NaN", "text": "None", "other": ""}),
    ]


def test_csv_columns_without_a_name_are_left_out(write: Write) -> None:
    """As pandas writes its index."""
    assert list(read_rows(write("a.csv", ",x\n0,a\n"))) == [Row(2, {"x": "a"})]


def test_a_csv_cell_may_be_long(write: Write) -> None:
    (row,) = read_rows(write("a.csv", "x\n" + "y" * 300_000 + "\n"))
    assert len(row.data["x"]) == 300_000


def test_tsv_is_cut_at_tabs(write: Write) -> None:
    assert list(read_rows(write("a.tsv", "x\ty\n1,5\t2\n"))) == [Row(2, {"x": "1,5", "y": "2"})]


@pytest.mark.parametrize(("name", "text"), [("a.jsonl.gz", '{"x": "1"}\n'), ("a.csv.GZ", "x\n1\n")])
def test_text_files_may_be_gzipped(write: Write, name: str, text: str) -> None:
    (row,) = read_rows(write(name, gzip.compress(text.encode())))
    assert row.data == {"x": "1"}


def test_parquet_values_become_json_data(tmp_path: Path) -> None:
    path = tmp_path / "we[i]rd*name.parquet"
    day = datetime(2025, 5, 6, 7, 8, tzinfo=UTC)
    values = {
        "number": pa.array([1, None]),
        "share": pa.array([0.5, float("nan")]),
        "decimal": pa.array([Decimal("1.5"), None]),
        "when": pa.array([day, None], pa.timestamp("us", tz="Europe/Rome")),
        "turns": pa.array([["a", "b"], []]),
        "messages": pa.array([[{"role": "user", "content": "é"}], None]),
        "map": pa.array([[("k", day)], []], pa.map_(pa.string(), pa.timestamp("us"))),
        "binary": pa.array([b"text", b"\xff"]),
        "word": pa.array(["null", ""]).dictionary_encode(),
    }
    pq.write_table(pa.table(values), path)
    first, second = read_rows(path)
    assert first == Row(
        1,
        {
            "number": 1,
            "share": 0.5,
            "decimal": 1.5,
            "when": "2025-05-06 07:08:00+00",
            "turns": ["a", "b"],
            "messages": [{"role": "user", "content": "é"}],
            "map": {"k": "2025-05-06 07:08:00"},
            "binary": "text",
            "word": "null",
        },
    )
    assert second.line == 2
    assert second.data["share"] is None
    assert second.data["messages"] is None
    assert second.data["binary"] == b"\xff"


def test_rows_are_read_as_they_are_asked_for(write: Write) -> None:
    rows = read_rows(write("a.jsonl", '{"x": 1}\nnot json\n'))
    assert next(rows) == Row(1, {"x": 1})
    with pytest.raises(DataError, match="bad JSON"):
        next(rows)


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("a.jsonl", '{"x": 1}\n{"x": }\n', 2, "bad JSON: Expecting value at column 7"),
        ("a.jsonl", '{"x": 1}\n[1]\n', 2, "expected an object, found a list"),
        ("a.jsonl", '{"x": Infinity}\n', 1, "Infinity is not a JSON number"),
        ("a.jsonl", '{"x": 1e999}\n', 1, "1e999 is too large"),
        ("a.jsonl", '{"x": "\\ud800"}\n', 1, "half of a surrogate pair"),
        ("a.jsonl", '{"x": ' + "9" * 5000 + "}\n", 1, "bad JSON"),
        ("a.jsonl", "[" * 100_000 + "\n", 1, "nested too deeply"),
        ("a.jsonl", b'{"x": 1}\n{"x": "\xe9"}\n', 2, "not UTF-8: byte 0xe9 at column 8"),
        ("a.jsonl", '{"x": 1}\n'.encode("utf-16"), 1, "not UTF-8"),
        ("a.jsonl", "", None, "holds no rows"),
        ("a.jsonl", "\n \n", None, "holds no rows"),
        ("a.jsonl.gz", b"not gzip", None, "gzip data is damaged"),
        ("a.jsonl.gz", gzip.compress(b'{"x": 1}\n' * 99, mtime=0)[:-9], None, "gzip data is damaged"),
        ("a.json", '[\n{"x": 1}\n{"x": 2}]', 3, "expected ',' or ']', found '{' at column 1"),
        ("a.json", '[\n{"x": 1}', 2, "',' or ']' is missing"),
        ("a.json", '[\n{"x": 1},\n"text"]', 3, "expected an object, found a text"),
        ("a.json", '{"x": 1}\n]', 2, "bad JSON"),
        ("a.json", "[" * 100_000, 1, "nested too deeply"),
        ("a.json", "[]", None, "holds no rows"),
        ("a.csv", "x,y\n", None, "holds no rows"),
        ("a.csv", 'x,y\n1,2\n"a\nb",4\n5\n', 5, "1 cells, but the header names 2 columns"),
        ("a.csv", "x,y\n1,2,3\n", 2, "3 cells, but the header names 2 columns"),
        ("a.csv", 'x\n1\n"open\n', 3, "bad CSV: unexpected end of data"),
        ("a.csv", "x,y,x\n1,2,3\n", 1, "names column 'x' twice"),
        ("a.parquet", b"PAR1 and nothing more", None, "not readable as Parquet"),
        ("a.parquet", b"", None, "not readable as Parquet"),
        ("a.txt", "x\n", None, ".txt is no kind of file"),
        ("a.parquet.gz", b"", None, "is no kind of file"),
        ("a", "x\n", None, "a file without an ending is no kind of file"),
    ],
)
def test_damage_is_named_with_its_line(
    write: Write, name: str, content: str | bytes, line: int | None, message: str
) -> None:
    error = failure(write(name, content))
    assert message in error.message
    assert error.line == line


def test_a_hint_says_what_utf16_looks_like(write: Write) -> None:
    assert "UTF-16" in (failure(write("a.csv", "x\n1\n".encode("utf-16"))).hint or "")


def test_a_truncated_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"x": list(range(1000))}), path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "not readable as Parquet" in failure(path).message


def test_what_is_no_plain_file_is_an_error(tmp_path: Path) -> None:
    assert failure(tmp_path / "nothing.jsonl").message == "no such file"
    assert failure(tmp_path).message == "a folder, not a file"
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    assert failure(pipe).message == "not a plain file"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv.gz", "a.parquet"])
def test_a_file_without_permission_is_an_error(open_folder: Path, name: str) -> None:
    path = open_folder / name
    path.touch(mode=0)
    with without_privileges():
        assert failure(path).message == "no permission to read it"


def test_a_file_in_a_closed_folder_is_an_error(open_folder: Path) -> None:
    folder = open_folder / "closed"
    folder.mkdir(mode=0)
    with without_privileges():
        assert failure(folder / "a.jsonl").message == "no permission to read it"


columns = st.dictionaries(st.text("abc", min_size=1), st.text(st.characters(codec="utf-8")), min_size=1)


@given(data=st.lists(columns, min_size=1, max_size=5))
def test_any_text_survives_jsonl(
    data: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in data), encoding="utf-8")
    assert [row.data for row in read_rows(path)] == data


@given(cells=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1, max_size=5))
def test_any_text_survives_csv(cells: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["x"])
        writer.writerows([cell] for cell in cells)
    assert [row.data["x"] for row in read_rows(path)] == cells


def test_the_end_of_a_cut_off_line_is_its_last_column(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"x": 1}\n{"x": 1\n{"x": 1}\n')
    error = failure(path)
    assert (error.line, error.message) == (2, "bad JSON: Expecting ',' delimiter at column 8")
