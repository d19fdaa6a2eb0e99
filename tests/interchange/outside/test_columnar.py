"""The quick way column by column gives what the way row by row gives."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.conversion import make
from tests.interchange.outside import made

from palestra.errors import DataError
from palestra.interchange.counts import count_battles
from palestra.interchange.outside.columnar import columnar
from palestra.interchange.outside.convert import convert
from palestra.interchange.outside.detect import detect
from palestra.interchange.outside.files import open_source
from palestra.interchange.outside.registry import format_named
from palestra.interchange.outside.talks import NO_ANSWER

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.interchange.outside.tally import Tally

MULTI = made.parts("Name a bird.", "Robin", "Another.", "Wren")
PICTURE = made.parts("What is this?", "A bird.")
PICTURE[0]["content"].append({"type": "image", "text": None, "image": "https://…", "mimeType": "image/png"})
BRIEF = {"role": "system", "content": "Be brief."}
SILENT = made.parts("Hi", "Ho")
SILENT[1]["content"] = None
MUTE = [*made.talk("Hi", "Ho", "And?"), {"role": "assistant", "content": None}]
EMPTY_COUNTS = {**made.METADATA, "bold_count_b": None}
ROWS: dict[str, list[dict[str, Any]]] = {
    "lmarena-140k": [
        made.lmarena_140k(),
        made.lmarena_140k(id="v2", winner="model_a", conversation_a=MULTI, conversation_b=MULTI),
        made.lmarena_140k(id="v3", winner="tie", is_code=True, conversation_a=PICTURE),
        made.lmarena_140k(id="v4", winner="draw"),
        made.lmarena_140k(id="v5", model_b=""),
        made.lmarena_140k(id="v6", conv_metadata=EMPTY_COUNTS, category_tag=None, language=None),
        made.lmarena_140k(id="v7", conversation_a=[], conversation_b=made.parts("Hi", "[{\"role\": 1}]")),
        made.lmarena_140k(id="v8", conversation_a=made.parts("only asked"), conv_metadata=None),
        made.lmarena_140k(id=None),
        made.lmarena_140k(id="v9", conversation_b=[{"role": "robot", "content": []}]),
        made.lmarena_140k(id="v10", winner="draw"),
        made.lmarena_140k(id="v11", conversation_a=SILENT),
        made.lmarena_140k(id="v12", winner="draw", conversation_b=SILENT),
    ],
    "lmarena-100k": [
        made.lmarena_100k(),
        made.lmarena_100k(question_id="q2", anony=None, winner="model_b", judge_hash=""),
        made.lmarena_100k(question_id="q3", conversation_a=made.talk("é \"quoted\"\n", "\\ back")),
        made.lmarena_100k(question_id="q4", conversation_a=[BRIEF, *made.talk("Hi", "Ho")]),
        made.lmarena_100k(question_id="q5", winner=None),
        made.lmarena_100k(question_id="q7", conversation_b=MUTE),
        made.lmarena_100k(question_id="q6", category_tag=made.tags("if", criteria=7)),
    ],
    "comparia": [
        made.comparia(),
        made.comparia(both_equal=True, chosen_model_name=None),
        made.comparia(both_equal=None, chosen_model_name="ant", selected_category=None),
        made.comparia(chosen_model_name=None),
        made.comparia(chosen_model_name="cat"),
        made.comparia(conversation_a=[{"role": "robot", "content": "?"}]),
        made.comparia(model_a_name=None),
        made.comparia(conversation_b=MUTE),
        made.comparia(chosen_model_name=None, conversation_b=MUTE),
    ],
}  # fmt: skip


def parquet(path: Path, rows: list[dict[str, Any]], *, row_group: int = 4) -> Path:
    """As `datasets` writes it, with times as such."""
    timed = [
        {name: _time(value) if name == "timestamp" else value for name, value in row.items()} for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(timed), path, row_group_size=row_group)
    return path


def _time(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def account(tally: Tally) -> dict[str, tuple[int, list[int], bool]]:
    return {
        reason: (known.count, [line for _, line in known.first], known.damaged)
        for reason, known in tally.reasons.items()
    }


@pytest.mark.parametrize("name", ROWS)
def test_columns_and_rows_give_the_same_battles_and_the_same_account(name: str, tmp_path: Path) -> None:
    columns, lines = tmp_path / "columns.jsonl", tmp_path / "lines.jsonl"
    source = parquet(tmp_path / "in.parquet", ROWS[name])
    assert columnar(open_source(source, ExitStack()), format_named(name)) is not None
    quick = convert(source, columns)
    slow = convert(made.write_jsonl(tmp_path / "in.jsonl", ROWS[name]), lines)
    assert made.read_jsonl(columns) == made.read_jsonl(lines)
    assert account(quick) == account(slow)
    assert (quick.rows, quick.skipped, quick.battles) == (slow.rows, slow.skipped, slow.battles)
    assert slow.reasons[NO_ANSWER].count == 1


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_every_output_holds_the_same_battles(name: str, ending: str, tmp_path: Path) -> None:
    """Through columns and through rows; read back, each is what JSONL is."""
    for source in (
        parquet(tmp_path / "in.parquet", ROWS[name]),
        made.write_jsonl(tmp_path / "in.jsonl", ROWS[name]),
    ):
        convert(source, tmp_path / "direct.jsonl")
        convert(source, tmp_path / f"out.{ending}")
        convert(tmp_path / f"out.{ending}", tmp_path / "back.jsonl", format="palestra")
        back, direct = (made.read_jsonl(tmp_path / f"{one}.jsonl") for one in ("back", "direct"))
        assert back == direct


def test_columns_of_other_types_go_row_by_row(tmp_path: Path) -> None:
    """Here conversations and counts are JSON text, as in files that were once CSV."""
    import json

    row = made.lmarena_140k()
    nested = ("conversation_a", "conversation_b", "conv_metadata", "category_tag", "full_conversation")
    texts = row | {name: json.dumps(row[name]) for name in nested}
    source = parquet(tmp_path / "in.parquet", [texts])
    assert columnar(open_source(source, ExitStack()), format_named("lmarena-140k")) is None
    convert(source, tmp_path / "out.jsonl")
    convert(made.write_jsonl(tmp_path / "in.jsonl", [row]), tmp_path / "lines.jsonl")
    assert made.read_jsonl(tmp_path / "out.jsonl") == made.read_jsonl(tmp_path / "lines.jsonl")


def test_a_time_may_be_a_timestamp(tmp_path: Path) -> None:
    row = made.lmarena_140k(timestamp=datetime(2025, 5, 1, 12, tzinfo=UTC))
    convert(parquet(tmp_path / "in.parquet", [row]), tmp_path / "out.jsonl")
    assert made.read_jsonl(tmp_path / "out.jsonl")[0]["tstamp"] == 1746100800.0


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "csv"])
def test_two_runs_give_the_same_bytes(ending: str, tmp_path: Path) -> None:
    few = pa.Table.from_pylist([made.lmarena_100k(question_id=f"v{n}") for n in range(100)])
    source = tmp_path / "in.parquet"
    pq.write_table(pa.concat_tables([few] * 250), source, row_group_size=1000)
    outs = [tmp_path / f"{n}.{ending}" for n in range(2)]
    for out in outs:
        convert(source, out)
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_rows_keep_their_order_and_files_theirs(tmp_path: Path) -> None:
    one = parquet(tmp_path / "1.parquet", [made.lmarena_140k(id=f"a{n}") for n in range(500)], row_group=100)
    two = made.write_jsonl(tmp_path / "2.jsonl", [made.lmarena_100k(question_id=f"b{n}") for n in range(9)])
    wanted = [f"a{n}" for n in range(500)] + [f"b{n}" for n in range(9)] + [f"a{n}" for n in range(500)]
    for ending in ("jsonl", "parquet", "csv"):
        out = tmp_path / f"out.{ending}"
        tally = convert([one, two, one], out)
        convert(out, tmp_path / "back.jsonl", format="palestra")
        assert [row["battle_id"] for row in made.read_jsonl(tmp_path / "back.jsonl")] == wanted
        assert [file.format for file in tally.files] == ["lmarena-140k", "lmarena-100k", "lmarena-140k"]
    assert count_battles(tmp_path / "out.parquet").battles.n.sum() == 1009


def test_strict_ends_at_the_first_damaged_row(tmp_path: Path) -> None:
    source = parquet(tmp_path / "in.parquet", ROWS["lmarena-140k"])
    with pytest.raises(DataError, match="winner: unknown winner") as caught:
        convert(source, tmp_path / "out.parquet", strict=True)
    assert (caught.value.path, caught.value.line) == (str(source), 4)
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_the_benchmark_measures_the_quick_way(tmp_path: Path) -> None:
    make(tmp_path / "votes.parquet", 200)
    source = open_source(tmp_path / "votes.parquet", ExitStack())
    assert columnar(source, detect(source)) is not None
    tally = convert(tmp_path / "votes.parquet", tmp_path / "out.jsonl")
    assert (tally.files[0].format, tally.battles) == ("lmarena-100k", 200)
    assert all(row["response_b"] for row in made.read_jsonl(tmp_path / "out.jsonl"))
