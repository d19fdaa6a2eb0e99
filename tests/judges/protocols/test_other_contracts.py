"""JudgeArena's, OpenArena's, EvalScope's and LLMBar's reply contracts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.records.winner import Winner


def read(name: str, raw: str) -> Reading:
    reading = make_protocol(name).parse(raw)
    assert isinstance(reading, Reading), reading
    return reading


def test_judgearena_8_against_6() -> None:
    """Predecessors, section 5: "8 against 6: 0.645656 for A", T = 0.3."""
    reading = read("judgearena", "Because.\nscore_A: 8\nscore_B: 6")
    assert (reading.score_first, reading.score_second, reading.winner) == (8, 6, Winner.A)
    assert reading.pref == pytest.approx(0.645656, abs=5e-7)
    assert read("judgearena", "score_A: 0\nscore_B: 10").winner is Winner.B


def test_judgearenas_temperature_is_a_setting() -> None:
    hot = make_protocol("judgearena", score_temperature=0.5).parse("score_A: 8\nscore_B: 6")
    assert isinstance(hot, Reading)
    assert hot.pref == pytest.approx(0.731059, abs=5e-7)


def test_judgearena_cuts_thinking_before_reading() -> None:
    """Predecessors, section 5: "Thinking blocks are cut before reading"."""
    assert read("judgearena", "<think>score_A: 1</think>score_A: 9\nscore_B: 2").score_first == 9


@pytest.mark.parametrize(
    ("a", "b", "share", "winner"),
    [(8, 6, 8 / 14, Winner.A), (10, 0, 1.0, Winner.A), (0, 0, 0.5, Winner.TIE), (2, 3, 0.4, Winner.B)],
)
def test_openarena_shares_the_sum(a: int, b: int, share: float, winner: Winner) -> None:
    """Predecessors, section 2: "actual = a/(a + b)" and "0 to 0 counts as a tie"."""
    reading = read("openarena", f"Explanation: so.\nScore-A: {a}\nScore-B: {b}")
    assert reading.pref == pytest.approx(share)
    assert reading.winner is winner


@pytest.mark.parametrize(
    ("raw", "change"), [("Score-A: 8\nScore-B: 6", 2.2857), ("Score-A: 10\nScore-B: 0", 16.0)]
)
def test_openarenas_share_moves_elo_as_there(raw: str, change: float) -> None:
    """Predecessors, section 2: K 32 from 1000, "8 to 6: 1002.2857 / 997.7143; 10 to 0: 1016 / 984"."""
    share = read("openarena", raw).pref
    assert share is not None
    assert 32 * (share - 0.5) == pytest.approx(change, abs=5e-5)


@pytest.mark.parametrize(
    "raw",
    [
        "Score-A: 7.5\nScore-B: 6,5",
        "Score-A: 7.5/10\nScore-B: 6.5/10",
        "Score-A: [7.5]\nScore-B: [6.5]",
        "**Score-A: 7.5**\n**Score-B: 6.5**",
        "score-a: 7.5\nscore-b: 6.5",
        "Score-B: 6.5\nScore-A: 7.5",
    ],
)
def test_openarena_scores_are_read_in_many_spellings(raw: str) -> None:
    """Predecessors, section 2: "Decimals, 8/10, [8], bold, lower case and B before A are read"."""
    reading = read("openarena", f"Explanation: so.\n{raw}")
    assert (reading.score_first, reading.score_second) == (7.5, 6.5)
    assert reading.explanation == "Explanation: so."


@pytest.mark.parametrize(
    ("raw", "label"),
    [
        ('{"reasoning": "r", "verdict": "A>>B"}', "A>>B"),
        ('Here: {"reasoning": "r", "verdict": "B>A", "more": {"x": 1}} Done.', "B>A"),
        ('<think>{"verdict": "A>B"}</think>\n```json\n{"reasoning": "r", "verdict": "A=B"}\n```', "A=B"),
    ],
)
def test_evalscope_reads_the_only_object(raw: str, label: str) -> None:
    reading = read("evalscope", raw)
    assert (reading.label, reading.explanation) == (label, "r")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no JSON object"),
        ('{"verdict": "A>B"} {"verdict": "B>A"}', "2 JSON objects"),
        ('{"verdict": "A"}', "verdict"),
        ('{"reasoning": "r"}', "verdict"),
        ('{"verdict": "A>B"', "no JSON object"),
    ],
)
def test_evalscope_takes_nothing_else(raw: str, reason: str) -> None:
    found = make_protocol("evalscope").parse(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_evalscope_asks_for_a_schema_it_can_read() -> None:
    protocol = make_protocol("evalscope")
    assert protocol.json_schema is not None
    for label in protocol.json_schema["properties"]["verdict"]["enum"]:
        assert read("evalscope", json.dumps({"reasoning": "", "verdict": label})).label == label


@pytest.mark.parametrize(
    ("raw", "winner"),
    [
        ("So. Therefore, Output (a) is better.", Winner.A),
        ("Output (a) is better at sums. Therefore, Output (b) is better.", Winner.B),
        ("<think>Output (a) is better</think>Output (b)  is better", Winner.B),
    ],
)
def test_llmbar_reads_the_last_sentence(raw: str, winner: Winner) -> None:
    assert read("llmbar", raw).winner is winner


@pytest.mark.parametrize("raw", ["", "Both Output (a) and Output (b) are good.", "Output (c) is better"])
def test_llmbar_takes_nothing_else(raw: str) -> None:
    assert isinstance(make_protocol("llmbar").parse(raw), Unreadable)


@given(st.text(alphabet=st.sampled_from('{}":AB<>=verdict, \n'), max_size=80))
def test_parsing_never_raises(raw: str) -> None:
    for name in ("evalscope", "llmbar", "judgearena", "openarena"):
        assert isinstance(make_protocol(name).parse(raw), Reading | Unreadable)
