"""However a file is damaged, reading it ends in prompts or in a `DataError`."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from palestra.config.schema import PromptSource
from palestra.errors import DataError
from palestra.prompts.files import read_prompts

ROWS: list[dict[str, Any]] = [
    {"question_id": "a", "messages": [{"role": "user", "content": "é"}], "category": "x"},
    {"question_id": "b", "messages": [{"role": "user", "content": "two\nlines"}], "category": None},
]
SPLICES = [b'"', b"{", b"[", b"\\ud800", b"null", b"NaN", b"1e999", b"\xff", b"\0", b"\n", b",", b"[" * 5000]


def _jsonl() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def _csv() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(ROWS[0])
    writer.writerows([row["question_id"], json.dumps(row["messages"]), row["category"]] for row in ROWS)
    return text.getvalue().encode()


def _parquet() -> bytes:
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(ROWS), buffer)
    return bytes(buffer.getvalue().to_pybytes())


WHOLE = {
    "a.jsonl": _jsonl(),
    "a.jsonl.gz": gzip.compress(_jsonl()),
    "a.json": json.dumps({"data": ROWS}, indent=1).encode(),
    "a.csv": _csv(),
    "a.parquet": _parquet(),
}
# Where (a share of the length), how many bytes to drop, and what to put there.
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 30), st.sampled_from(SPLICES) | st.binary(max_size=4)),
    min_size=1,
    max_size=4,
)


def read(path: Path) -> int:
    return len(read_prompts(PromptSource(path=path), seed=0, base_dir=Path()))


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(WHOLE[name])
    assert read(tmp_path / name) == 2


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=60, deadline=None)
@given(edits=EDITS)
def test_damaged_files_end_in_prompts_or_one_error(
    name: str, edits: list[tuple[float, int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = WHOLE[name]
    for share, drop, splice in edits:
        place = int(share * len(content))
        content = content[:place] + splice + content[place + drop :]
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        count = read(path)
    except DataError as error:
        raised = error
    else:
        assert count >= 1
        return
    assert raised.path == str(path)
    assert "\n" not in raised.message
