"""The parsers on what real judges wrote: LLMBar's chain-of-thought replies."""

from __future__ import annotations

import json
import re

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


VERDICT_BEFORE_REASONS = """\
A106s A108s A110s A112 A112s A115 A116s A118 A119s A120 A127s A128 A130 A130s A131 A132 A132s A25s
A40 A40s A66 A84 A88s A90 A92 A95 A96s A98s A99 A99s N0s N11 N13 N18 N2s N32 N34s N35s N40 N50 N57
N64s N68 N6s N7 N71 N74 N79s N85s N86 N95 N95s
"""
"""PaLM 2's replies that are read otherwise: subset (N: Natural, A: Adversarial/Neighbor), instance, and s if
the outputs were swapped. For PaLM 2 alone the authors take the first line that begins with "Output (a)", and
without one a line that begins with "Output (b)". These replies say "Output (b) is better." and then give
reasons in a line that begins with "Output (a)"; or, two of them, begin with "Output (b)" and conclude (a).
"""

TAKEN_BACK = frozenset(("A23s", "N7", "N74"))
"""Falcon's replies that are read otherwise. The authors take "Output (a) is better" wherever it stands, even
in a sentence that weighs ("is better if the goal is …"). These three go on to conclude that (b) is better.
"""


def test_every_reply_is_read_as_its_authors_did_or_as_it_concludes() -> None:
    """2,340 replies of five judges; 55 differ, and each of those says in its last sentence what is read."""
    import duckdb

    source = require.shared_data("llmbar") / "raw_completions_cot.parquet"
    columns = "evaluator, subset, instance_id, swapped, completion, parsed_winner"
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT {columns} FROM read_parquet('{source}')").fetchall()
    assert len(rows) == 2340
    protocol = make_protocol("llmbar")
    differ: dict[str, set[str]] = {}
    for evaluator, subset, instance, swapped, text, told in rows:
        parsed = {"1": Winner.A, "2": Winner.B}.get(told)
        authors = parsed.swapped() if parsed is not None and swapped else parsed
        reading = protocol.parse(text)
        read = reading.winner if isinstance(reading, Reading) else None
        if read is not authors:
            name = f"{subset[0]}{instance}{'s' if swapped else ''}"
            differ.setdefault(evaluator, set()).add(name)
            letter = {Winner.A: "a", Winner.B: "b", None: ""}[read]
            sentences = re.findall(r"Output \(([ab])\) is better\.", text)
            assert sentences[-1] == letter, text
    assert differ == {"PaLM2": set(VERDICT_BEFORE_REASONS.split()), "Falcon": TAKEN_BACK}


def test_a_reply_that_names_no_winner_is_unreadable_as_with_its_authors() -> None:
    import duckdb

    source = require.shared_data("llmbar") / "raw_completions_cot.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT completion FROM read_parquet('{source}') WHERE parsed_winner IS NULL"
        ).fetchall()
    assert len(rows) == 8
    assert all(isinstance(make_protocol("llmbar").parse(text), Unreadable) for (text,) in rows)
