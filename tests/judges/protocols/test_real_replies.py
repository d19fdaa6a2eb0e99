"""The parsers on what real judges wrote: LLMBar's chain-of-thought replies, which have another ending."""

from __future__ import annotations

import json

import pytest
from tests.support import require

from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.records.winner import Winner


@pytest.fixture(scope="module")
def replies() -> list[tuple[str, Winner]]:
    """Each reply with the winner that its authors read in it."""
    import duckdb

    source = require.shared_data("llmbar") / "raw_completions_cot.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT completion, parsed_winner FROM read_parquet('{source}') "
            "WHERE parsed_winner IN ('1', '2')"
        ).fetchall()
    assert len(rows) > 2000
    return [(text, {"1": Winner.A, "2": Winner.B}[winner]) for text, winner in rows]


@pytest.mark.parametrize("name", ["pairwise", "scores", "json"])
def test_prose_alone_is_never_taken_for_a_verdict(replies: list[tuple[str, Winner]], name: str) -> None:
    protocol = make_protocol(name)
    assert all(isinstance(protocol.parse(text), Unreadable) for text, _ in replies)


@pytest.mark.parametrize("name", ["pairwise", "scores", "json"])
def test_with_our_ending_each_is_read_as_it_ends(replies: list[tuple[str, Winner]], name: str) -> None:
    protocol = make_protocol(name)
    for text, winner in replies:
        better = winner is Winner.A
        reply = {
            "pairwise": f"{text}\n\n[[{'A>B' if better else 'B>A'}]]",
            "scores": f"{text}\n\nScore-A: {8 if better else 6}\nScore-B: {6 if better else 8}",
            "json": json.dumps({"explanation": text, "verdict": "A>B" if better else "B>A"}),
        }[name]
        reading = protocol.parse(reply)
        assert isinstance(reading, Reading)
        assert reading.winner is winner
        assert reading.explanation is not None
        assert reading.explanation.strip("*_`# \n") == text.strip().strip("*_`# \n")
