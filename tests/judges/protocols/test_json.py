from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palestra.judges.protocols.base import Reading, Unreadable
from palestra.judges.protocols.json import Json
from palestra.judges.protocols.labels import LABEL_SHARES
from palestra.records.winner import Winner

PROTOCOL = Json()
PLAIN = '{"explanation": "A adds.", "verdict": "A>B"}'


def test_a_reply_by_the_schema() -> None:
    reading = Reading(winner=Winner.A, label="A>B", pref=0.75, explanation="A adds.")
    assert PROTOCOL.parse(PLAIN) == reading


@pytest.mark.parametrize(
    "raw",
    [
        f"```json\n{PLAIN}\n```",
        f"```\n{PLAIN}\n```\n",
        f"Here it is: {PLAIN} I hope it helps.",
        f'<think>{{"verdict": "B>>A"}}</think>{PLAIN}',
        f'{{"verdict": "B>>A"}} or rather {PLAIN}',
        '{"explanation": "A adds.", "verdict": "[[a > b]]", "more": {"verdict": "B>A"}}',
        '{"note": "{", "explanation": "A adds.", "verdict": "A>B"}',
    ],
)
def test_what_stands_around_the_object_is_passed_over(raw: str) -> None:
    found = PROTOCOL.parse(raw)
    assert isinstance(found, Reading)
    assert (found.label, found.explanation) == ("A>B", "A adds.")


def test_a_quoted_answer_does_not_speak_for_the_judge() -> None:
    """Neither an object nor a closing tag inside the explanation counts."""
    words = 'It says {"verdict": "A>>B"} and </think>.'
    found = PROTOCOL.parse(json.dumps({"explanation": words, "verdict": "B>A"}))
    assert isinstance(found, Reading)
    assert (found.label, found.explanation) == ("B>A", words)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "no JSON object"),
        ("[[A>B]]", "no JSON object"),
        ('{"verdict": "A>B"', "no JSON object"),
        ('["A>B"]', "no JSON object"),
        ('{"explanation": "…"}', "verdict: Field required"),
        ('{"verdict": "A"}', "expected one of A>>B"),
        ('{"verdict": 1}', "expected one of A>>B"),
        ('{"verdict": null}', "expected one of A>>B"),
        ('{"verdict": "A>B", "explanation": ["…"]}', "explanation"),
        ('{"verdict": "A>B"} {"verdict": "?"}', "expected one of A>>B"),
    ],
)
def test_anything_else_is_unreadable(raw: str, reason: str) -> None:
    found = PROTOCOL.parse(raw)
    assert isinstance(found, Unreadable)
    assert reason in found.reason


def test_the_schema_admits_the_labels_and_nothing_else() -> None:
    schema = PROTOCOL.json_schema
    assert schema is not None
    assert schema["properties"]["verdict"]["enum"] == list(LABEL_SHARES)
    assert set(schema["required"]) == set(schema["properties"])
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("raw", ['{"a":' * 20_000, "{" * 100_000, '{"verdict": ' + "[" * 50_000])
def test_a_hostile_reply_is_read_in_little_time(raw: str) -> None:
    started = time.monotonic()
    assert isinstance(PROTOCOL.parse(raw), Unreadable)
    assert time.monotonic() - started < 5


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v), max_leaves=5
)


@given(
    st.one_of(
        st.text(), st.dictionaries(st.sampled_from(["verdict", "explanation"]), json_values).map(json.dumps)
    )
)
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Reading | Unreadable)
