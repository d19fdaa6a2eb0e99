from __future__ import annotations

import gzip
import io
import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from palestra.errors import DataError, PalestraError, UsageError
from palestra.interchange.counts import count_battles, order_battles
from palestra.ranking.counts import Counts
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NAMES = ["null", "NaN", "None", "a,b", 'say "hi"', "it's", "🦙", "Llama", "llama", "[x]", "{y}", " z "]
WINNERS = ["model_a", "model_b", "tie", "tie (bothbad)", "both_bad", "bothbad"]
ROWS: list[dict[str, Any]] = [
    {
        "model_a": NAMES[index % len(NAMES)],
        "model_b": NAMES[(index * 5 + 1) % len(NAMES)],
        "winner": WINNERS[index % len(WINNERS)],
        "weight": [None, 2.0, 0.5][index % 3],
        "soft": index % 4 == 0,
        "pref": None if index % 8 == 0 else index / 40,
        "language": ["en", "de", None][index % 3],
        "extra": {"x": [index]},
        "prompt": 'two\nlines, "quoted"',
    }
    for index in range(40)
]


def cells(counts: Counts) -> list[tuple[Any, ...]]:
    return [
        (counts.models[a], counts.models[b], o, round(s, 12), w, n)
        for a, b, o, s, w, n in zip(
            *(getattr(counts, name).tolist() for name in ("a", "b", "outcome", "share", "weight", "n")),
            strict=True,
        )
    ]


def as_jsonl(path: Path) -> Path:
    path = path / "b.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


def as_csv(path: Path, suffix: str = ".csv") -> Path:
    path = path / f"b{suffix}"
    frame = pd.DataFrame(ROWS)
    frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",", lineterminator="\r\n")
    return path


def as_parquet(path: Path) -> Path:
    path = path / "b.parquet"
    pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


def as_json(path: Path) -> Path:
    path = path / "b.json"
    path.write_text(json.dumps(ROWS, indent=1), encoding="utf-8")
    return path


def as_gzip(path: Path) -> Path:
    packed = path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(as_jsonl(path).read_bytes()))
    return packed


def as_bom(path: Path) -> Path:
    marked = path / "bom.jsonl"
    marked.write_bytes(b"\xef\xbb\xbf" + as_jsonl(path).read_bytes())
    return marked


def as_pattern(path: Path) -> Path:
    odd = path / "[b]*.jsonl"
    as_jsonl(path).rename(odd)
    (path / "b2.jsonl").write_text('{"model_a": "other", "model_b": "file", "winner": "tie"}\n')
    return odd


def as_plain_name(path: Path) -> Path:
    return as_parquet(path).rename(path / "battles")


FORMS: list[Callable[[Path], Any]] = [
    as_csv,
    lambda path: as_csv(path, ".tsv"),
    as_parquet,
    as_json,
    as_gzip,
    as_bom,
    as_pattern,
    as_plain_name,
    lambda _: ROWS,
    lambda _: iter(ROWS),
    lambda _: [Battle.model_validate({k: v for k, v in row.items() if v is not None}) for row in ROWS],
    lambda _: pd.DataFrame(ROWS),
    lambda _: pa.Table.from_pylist(ROWS),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_same_battles_gives_the_same_counts(
    form: Callable[[Path], Any], tmp_path: Path
) -> None:
    expected = count_battles(as_jsonl(tmp_path))
    assert expected.battles.n_battles + expected.battles.n_self == len(ROWS)
    given = form(tmp_path)
    found = count_battles(given).battles
    assert cells(found) == cells(expected.battles)
    assert found.n_self == expected.battles.n_self
    if not hasattr(given, "__next__"):
        assert cells(order_battles(given).battles.counts()) == cells(expected.battles)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_can_be_filtered(form: Callable[[Path], Any], tmp_path: Path) -> None:
    wanted = [row for row in ROWS if row["language"] == "en" and "lines" in row["prompt"]]
    found = count_battles(form(tmp_path), filter="language = 'en' AND prompt LIKE '%lines%'").battles
    assert cells(found) == cells(count_battles(wanted).battles)


@pytest.mark.parametrize("form", FORMS)
def test_rows_keep_their_order(form: Callable[[Path], Any], tmp_path: Path) -> None:
    rows = order_battles(form(tmp_path)).battles
    assert [rows.models[a] for a in rows.a.tolist()] == [row["model_a"] for row in ROWS]
    assert rows.weight.tolist() == [row["weight"] or 1.0 for row in ROWS]


def test_a_model_called_nothing_is_refused_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text('model_a,model_b,winner\nx,y,tie\nx,"",tie\n')
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert (caught.value.line, caught.value.key) == (3, "model_b")


def test_several_files_add_up(tmp_path: Path) -> None:
    one, other = as_jsonl(tmp_path), as_parquet(tmp_path)
    assert count_battles([one, other]).battles.n.sum() == 2 * count_battles(one).battles.n.sum()


def test_standard_input_is_read_once_by_what_it_holds(tmp_path: Path, monkeypatch: Any) -> None:
    expected = cells(count_battles(as_jsonl(tmp_path)).battles)
    for path in (as_jsonl(tmp_path), as_csv(tmp_path), as_parquet(tmp_path), as_json(tmp_path)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
        assert cells(count_battles("-").battles) == expected
    with pytest.raises(UsageError, match="once"):
        count_battles(["-", "-"])


def test_a_run_folder_gives_its_battles_and_its_failed_verdicts(tmp_path: Path) -> None:
    as_jsonl(tmp_path).rename(tmp_path / "battles.jsonl")
    assert count_battles(tmp_path).n_failed is None
    verdicts = [{"winner": "tie", "failure": None}, {"winner": None, "failure": {"kind": "timeout"}}]
    (tmp_path / "verdicts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in verdicts))
    assert count_battles(tmp_path).n_failed == 1
    assert count_battles([tmp_path, tmp_path]).n_failed == 2
    assert count_battles([tmp_path, tmp_path / "battles.jsonl"]).n_failed is None
    assert count_battles(tmp_path, filter="language = 'en'").n_failed is None
    assert count_battles(tmp_path / "battles.jsonl").n_failed is None


def test_nothing_at_all_is_no_battles(tmp_path: Path) -> None:
    header = tmp_path / "header.csv"
    header.write_text("model_a,model_b,winner\n")
    none: list[Any] = [[], header, pd.DataFrame(ROWS[:0], columns=list(ROWS[0]))]
    for source in none:
        assert count_battles(source).battles.n_battles == 0
        assert order_battles(source).battles.models == ()
    assert count_battles(ROWS, filter="FALSE").battles.models == ()


def test_text_longer_than_a_reader_expects_is_no_hindrance(tmp_path: Path) -> None:
    row = {"model_a": "A", "model_b": "B", "winner": "tie", "response_a": "x" * 9_000_000}
    (tmp_path / "b.jsonl").write_text(json.dumps(row) + "\n")
    pd.DataFrame([row]).to_csv(tmp_path / "b.csv", index=False)
    for name in ("b.jsonl", "b.csv"):
        assert count_battles(tmp_path / name).battles.n_battles == 1


GOOD = '{"model_a": "A", "model_b": "B", "winner": "tie"}\n'
BAD_LINES = {
    "unknown winner": ('{"model_a": "A", "model_b": "B", "winner": "model_c"}', "winner"),
    "winner of another kind": ('{"model_a": "A", "model_b": "B", "winner": ["tie"]}', "winner"),
    "no winner": ('{"model_a": "A", "model_b": "B"}', "winner"),
    "no model": ('{"model_a": "A", "winner": "tie"}', "model_b"),
    "null model": ('{"model_a": null, "model_b": "B", "winner": "tie"}', "model_a"),
    "empty model": ('{"model_a": "A", "model_b": "", "winner": "tie"}', "model_b"),
    "a list as model": ('{"model_a": ["A"], "model_b": "B", "winner": "tie"}', "model_a"),
    "an object as model": ('{"model_a": "A", "model_b": {"n": 1}, "winner": "tie"}', "model_b"),
    "weight as words": ('{"model_a": "A", "model_b": "B", "winner": "tie", "weight": "much"}', "weight"),
    "negative weight": ('{"model_a": "A", "model_b": "B", "winner": "tie", "weight": -1}', "weight"),
    "weight beyond measure": ('{"model_a": "A", "model_b": "B", "winner": "tie", "weight": 1e13}', "weight"),
    "weight that is no float": (
        '{"model_a": "A", "model_b": "B", "winner": "tie", "weight": 1' + "0" * 400 + "}",
        "weight",
    ),
    "weight next to nothing": (
        '{"model_a": "A", "model_b": "B", "winner": "tie", "weight": 1e-99}',
        "weight",
    ),
    "pref out of range": (
        '{"model_a": "A", "model_b": "B", "winner": "tie", "soft": true, "pref": 1.5}',
        "pref",
    ),
    "soft as words": ('{"model_a": "A", "model_b": "B", "winner": "tie", "soft": "maybe"}', "soft"),
    "bad JSON": ('{"model_a": "A", ', None),
    "a list": ("[1, 2]", None),
    "a number": ("3", None),
    "text": ("hello", None),
}


@pytest.mark.parametrize(("line", "key"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_of_jsonl_is_named(line: str, key: str | None, tmp_path: Path) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(GOOD + "\n" + GOOD + line + "\n" + GOOD)
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(path), 4, key)
    with pytest.raises(DataError) as caught:
        order_battles(path)
    assert caught.value.line == 4


BAD_FILES: dict[str, tuple[str, bytes, int | None]] = {
    "not UTF-8": ("b.jsonl", GOOD.encode() + GOOD.replace("A", "é").encode("latin-1"), 2),
    "empty": ("b.jsonl", b"", None),
    "blank": ("b.jsonl", b"\n \n", None),
    "NUL bytes": ("b.jsonl", b"\0\0\0", 1),
    "empty CSV": ("b.csv", b"", None),
    "CSV of too few cells": ("b.csv", b"model_a,model_b,winner\nA,B,tie\nA,B\n", 3),
    "CSV of too many cells": ("b.csv", b"model_a,model_b,winner\nA,B,tie,1\n", 2),
    "CSV with an open quote": ("b.csv", b'model_a,model_b,winner\nA,"B,tie\n', 2),
    "CSV that is not UTF-8": ("b.csv", "model_a,model_b,winner\né,B,tie\n".encode("latin-1"), 2),
    "CSV with an unknown winner": ("b.csv", b'model_a,model_b,winner\n"A\nA",B,tie\nA,B,win\n', 4),
    "CSV with a bad weight": ("b.csv", b"model_a,model_b,winner,weight\nA,B,tie,x\n", 2),
    "CSV without a column": ("b.csv", b"model_a,model_b,winer\nA,B,tie\n", None),
    "CSV with a column twice": ("b.csv", b"model_a,model_a,model_b,winner\nA,A,B,tie\n", 1),
    "empty Parquet": ("b.parquet", b"", None),
    "Parquet that is none": ("b.parquet", b"PAR1 or so", None),
    "damaged gzip": ("b.jsonl.gz", gzip.compress(GOOD.encode() * 99, mtime=0)[:-9], None),
    "no gzip": ("b.jsonl.gz", GOOD.encode(), None),
    "binary": ("b.jsonl", bytes(range(256)), 1),
}


@pytest.mark.parametrize(("name", "content", "line"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_one_clear_error(name: str, content: bytes, line: int | None, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert caught.value.path == str(path)
    assert caught.value.line == line


def test_truncated_parquet_is_one_clear_error(tmp_path: Path) -> None:
    path = as_parquet(tmp_path)
    whole = path.read_bytes()
    for keep in (len(whole) - 10, len(whole) // 2, 8):
        path.write_bytes(whole[:keep])
        with pytest.raises(DataError, match="Parquet"):
            count_battles(path)


def test_parquet_names_the_row_of_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(pa.Table.from_pylist([ROWS[0], ROWS[1] | {"winner": "both"}]), path)
    with pytest.raises(DataError) as caught:
        count_battles(path)
    assert (caught.value.path, caught.value.line, caught.value.key) == (str(path), 2, "winner")


@pytest.mark.parametrize("wrong", [{"winner": "won"}, {"model_b": None}, {"weight": -2.0}, {"pref": 7.0}])
def test_a_fault_in_memory_names_the_row(wrong: dict[str, Any]) -> None:
    rows = [ROWS[1], ROWS[2] | wrong | ({"soft": True} if "pref" in wrong else {})]
    with pytest.raises(DataError, match="record 2"):
        count_battles(rows)
    with pytest.raises(DataError, match="row 2"):
        count_battles(pd.DataFrame(rows))


def test_a_frame_without_a_column_names_it() -> None:
    with pytest.raises(DataError, match="winner"):
        count_battles(pd.DataFrame(ROWS).drop(columns="winner"))


@pytest.mark.parametrize("given", [3, None, b"bytes", {"model_a": "A"}, [3], [object()]])
def test_what_holds_no_battles_is_refused(given: Any) -> None:
    with pytest.raises(UsageError):
        count_battles(given)


def test_places_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        count_battles(tmp_path / "none.jsonl")
    with pytest.raises(DataError, match=r"without battles\.jsonl"):
        count_battles(tmp_path)
    with pytest.raises(DataError, match="null"):
        count_battles("a\0b")


def test_no_permission_says_so(tmp_path: Path) -> None:
    path = as_jsonl(tmp_path)
    path.chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        with pytest.raises(DataError, match="Permission denied"):
            count_battles(path)
    finally:
        os.seteuid(me)


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    expected = cells(count_battles(as_jsonl(tmp_path)).battles)
    reader, writer = os.pipe()
    with open(writer, "wb") as file:
        file.write(as_jsonl(tmp_path).read_bytes())
    try:
        assert cells(count_battles(f"/dev/fd/{reader}").battles) == expected
    finally:
        os.close(reader)


def test_a_filter_may_use_any_column_of_a_battle_whether_it_is_there_or_not() -> None:
    rows = [ROWS[1] | {"flags": ["identity_leak"], "style": {"tokens_a": 9.0}, "tstamp": 5}, ROWS[2]]
    for wanted in (
        "list_contains(flags, 'identity_leak')",
        "(style->>'tokens_a')::INT > 3",
        "tstamp > 4 -- late",
        "TSTAMP BETWEEN 1 AND 9",
    ):
        assert count_battles(rows, filter=wanted).battles.n_battles == 1
    assert count_battles(rows, filter='"order" IS NULL AND voter IS NULL').battles.n_battles == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("langauge = 'en'", "did you mean 'language'"),
        ("", "not a condition"),
        ("language =", "not a condition"),
        ("TRUE) UNION (SELECT 1", "not a condition"),
        ("TRUE; DROP TABLE battles_in_memory", "not a condition"),
        ("winner, language", "not a condition"),
        ("count(*) > 1", "not a condition"),
        ("no_such_function(winner)", "not a condition"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused(wrong: str, words: str, tmp_path: Path) -> None:
    for source in (ROWS, as_jsonl(tmp_path), as_csv(tmp_path), as_parquet(tmp_path)):
        with pytest.raises(UsageError, match="filter") as caught:
            count_battles(source, filter=wrong)
        assert words in str(caught.value)


def test_a_filter_reaches_no_file_and_no_variable(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden")
    frame = pd.DataFrame({"x": [1]})
    assert len(frame) == 1
    for place in (f"read_text('{secret}')", f"'{secret}'", "read_csv('/etc/passwd')", "frame"):
        for source in (ROWS, as_jsonl(tmp_path)):
            with pytest.raises(UsageError):
                count_battles(source, filter=f"(SELECT count(*) FROM {place}) > 0")
    with pytest.raises(PalestraError):
        count_battles(ROWS, filter="getenv('HOME') <> ''")


def test_a_filter_that_breaks_on_a_value_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PalestraError, match="filter"):
        count_battles(as_jsonl(tmp_path), filter="CAST(language AS INTEGER) = 1")


def test_large_files_are_counted_in_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "b.parquet"
    duckdb.execute(
        f"COPY (SELECT 'm' || (i % 7) AS model_a, 'm' || (7 + i % 5) AS model_b, "
        "['model_a', 'model_b', 'tie'][1 + i % 3] AS winner FROM range(300000) t(i)) "
        f"TO '{path}' (FORMAT parquet)"
    )
    counts = count_battles(path).battles
    assert (counts.n_battles, len(counts.models), counts.n.size) == (300_000, 12, 105)


CELL = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=5)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["model_a", "model_b", "winner", "weight", "soft", "pref", "x"]),
            CELL | st.sampled_from(WINNERS) | st.lists(CELL, max_size=2),
        )
        | st.fixed_dictionaries({"model_a": CELL, "model_b": st.text(), "winner": st.sampled_from(WINNERS)}),
        min_size=1,
        max_size=4,
    ),
    junk=st.binary(max_size=6),
    at=st.integers(0, 200),
)
def test_any_file_is_counted_or_gives_one_error(
    rows: list[dict[str, Any]], junk: bytes, at: int, tmp_path: Path
) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = tmp_path / "fuzz.jsonl"
    path.write_bytes(text[:at] + junk + text[at:])
    told = ""
    counts = Counts.empty()
    try:
        counts = count_battles(path).battles
    except DataError as error:
        told = error.path or ""
    assert (counts.n_battles + counts.n_self + counts.n_weightless >= 1) == (told == "")
    assert told in ("", str(path))
    assert all(math.isfinite(weight) for weight in counts.weight)
