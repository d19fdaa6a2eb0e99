"""How long `palestra convert` takes for a million votes with conversations.

The file is made up, always the same, and kept in `.cache/bench`: LMArena's 100k columns, conversations of one
turn or two, answers of 50 to 190 words.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import duckdb

ROWS = 1_000_000
LIMIT = 60.0
"""Seconds."""
FOLDER = Path(__file__).resolve().parents[1] / ".cache" / "bench"
_WORDS = (
    "['the', 'model', 'answers', 'a', 'question', 'with', 'some', 'words', 'and', '`code`', '**bold**', 'é']"
)
_METADATA = """{
    'sum_assistant_a_tokens': (100 + i % 300)::INT, 'sum_assistant_b_tokens': (120 + i % 200)::INT,
    'header_count_a': {'h1': i % 2, 'h2': 1}, 'header_count_b': {'h1': 0, 'h2': i % 3},
    'list_count_a': {'ordered': i % 5, 'unordered': 2}, 'list_count_b': {'ordered': 1, 'unordered': i % 4},
    'bold_count_a': {'**': i % 4, '__': 0}, 'bold_count_b': {'**': i % 6, '__': 0}}"""


def _text(words: str, salt: int) -> str:
    pick = f"lambda x: ({_WORDS})[1 + (hash(i * 31 + x * 7 + {salt}) % 12)::INT]"
    return f"array_to_string(list_transform(range({words}), {pick}), ' ')"


def _talk(answer: str) -> str:
    asked = _text("12 + i % 20", 0)
    turn = f"{{'role': 'user', 'content': {asked}}}, {{'role': 'assistant', 'content': {answer}}}"
    return f"CASE WHEN i % 10 = 0 THEN [{turn}, {turn}] ELSE [{turn}] END"


def make(path: Path, rows: int = ROWS) -> None:
    """Write the file, if it is not there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    winners = "(['model_a', 'model_b', 'tie', 'tie (bothbad)'])[1 + (hash(i * 5) % 4)::INT]"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'q' || i AS question_id, 'model-' || hash(i) % 60 AS model_a, "
            f"'model-' || (60 + hash(i * 3) % 60) AS model_b, {winners} AS winner, "
            f"{_talk(_text('60 + (i * 7) % 120', 1))} AS conversation_a, "
            f"{_talk(_text('50 + (i * 13) % 140', 2))} AS conversation_b, 1 AS turn, true AS anony, "
            f"'English' AS language, (1.7e9 + i)::DOUBLE AS tstamp, {_METADATA} AS conv_metadata, "
            f"i % 9 = 0 AS is_code, md5((i % 5000)::VARCHAR) AS judge_hash FROM range({rows}) AS t(i)) "
            f"TO '{draft}' (FORMAT parquet, ROW_GROUP_SIZE 50000)"
        )
    draft.replace(path)


def measure(source: Path, out: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and peak memory in GB of one conversion in a process of its own."""
    command = [sys.executable, "-m", "palestra", "convert", "--quiet", str(source), "-o", str(out)]
    began = time.perf_counter()
    child = os.posix_spawn(sys.executable, command, dict(os.environ))
    _, status, used = os.wait4(child, 0)
    taken = time.perf_counter() - began
    out.unlink(missing_ok=True)
    if status:
        raise SystemExit(f"palestra convert failed with {os.waitstatus_to_exitcode(status)}")
    return taken, used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6


def main() -> None:
    """Convert to Parquet and to JSONL, a quarter of the rows and all of them."""
    print(
        f"palestra convert, votes with conversations (wanted: {ROWS:,} in under {LIMIT:.0f} s, flat memory)"
    )
    for rows in (ROWS // 4, ROWS):
        source = FOLDER / f"votes-{rows}.parquet"
        make(source, rows)
        for ending in ("parquet", "jsonl"):
            wall, cpu, memory = measure(source, FOLDER / f"converted.{ending}")
            print(f"  {rows:>9,} to {ending:<8}{wall:7.1f} s, {cpu:5.1f} s of processor, {memory:5.2f} GB")


if __name__ == "__main__":
    main()
