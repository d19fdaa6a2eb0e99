from __future__ import annotations

import json
import math

import pytest
from tests.support import require

from palestra.judges.protocols.alpaca_eval import AlpacaEval, preference, weighted_share
from palestra.judges.protocols.base import Reading, Unreadable
from palestra.records.response import Response, TokenChances
from palestra.records.winner import Winner

PROTOCOL = AlpacaEval()


def reply(*top: tuple[str, float], text: str = "m") -> Response:
    chances = (TokenChances(token=text, logprob=dict(top).get(text, -1.0), top=top),)
    return Response(key="k", question_id="q", model="j", text=text, chances=chances)


def read(*top: tuple[str, float]) -> Reading:
    reading = PROTOCOL.parse(PROTOCOL.words(reply(*top)))
    assert isinstance(reading, Reading), reading
    return reading


def test_the_share_is_the_first_letters_chance_among_both() -> None:
    reading = read(("M", math.log(0.2)), ("m", math.log(0.6)), ("The", math.log(0.2)))
    assert reading.pref == pytest.approx(0.75)
    assert reading.winner is Winner.A


def test_a_letter_that_is_not_told_has_no_chance() -> None:
    assert read(("M", -0.1), ("A", -3.0)).pref == 0
    assert read(("m", -0.1), ("A", -3.0)).pref == 1


def test_letters_with_a_space_stand_in_only_where_neither_is_bare() -> None:
    assert read((" m", math.log(0.3)), ("\u2581M", math.log(0.1))).pref == pytest.approx(0.75)
    assert read(("M", -0.1), (" m", -0.2)).pref == 0


def test_nothing_is_read_without_log_probabilities() -> None:
    bare = Response(key="k", question_id="q", model="j", text="m")
    found = PROTOCOL.parse(PROTOCOL.words(bare))
    assert isinstance(found, Unreadable)
    assert found.hopeless
    assert "no log-probabilities" in found.reason


def test_nothing_is_read_of_other_tokens() -> None:
    found = PROTOCOL.parse(PROTOCOL.words(reply(("A", -0.1), ("B", -0.2), text="A")))
    assert isinstance(found, Unreadable)
    assert not found.hopeless
    assert "neither m nor M" in found.reason


def test_what_alpacaeval_keeps_of_a_reply_is_read() -> None:
    content = [
        {
            "token": "M",
            "bytes": [77],
            "logprob": -0.017597131,
            "top_logprobs": [
                {"token": "M", "bytes": [77], "logprob": -0.017597131},
                {"token": "m", "bytes": [109], "logprob": -4.048847},
            ],
        }
    ]
    kept = {"finish_reason": "length", "index": 0, "logprobs": {"content": content}, "text": "M"}
    for raw in (json.dumps(kept), json.dumps([kept])):
        reading = PROTOCOL.parse(raw)
        assert isinstance(reading, Reading)
        assert reading.pref is not None
        assert preference(reading.pref) == pytest.approx(2 - 1 / (1 + math.exp(4.048847 - 0.017597131)))


@pytest.mark.parametrize(
    "raw", ["", "{", "[]", "null", '{"logprobs": null}', '{"logprobs": {"content": [1]}}']
)
def test_parsing_never_raises(raw: str) -> None:
    assert isinstance(PROTOCOL.parse(raw), Unreadable)


def test_published_preferences_follow_from_published_log_probabilities() -> None:
    """All 12,027 rows that have both, to 1e-9 (they are rounded to ten places); the other 6 with one, too.

    `preference` is told of the baseline as first output: where the model was shown first, its share is
    that of `m`, else that of `M`.
    """
    import duckdb

    source = require.shared_data("alpacaeval") / "ae2_annotations.parquet"
    with duckdb.connect() as connection:
        # DuckDB does not tell logprob_m from logprob_M: columns are taken by their place.
        names = [row[0] for row in connection.sql(f"DESCRIBE SELECT * FROM '{source}'").fetchall()]
        rows = connection.sql(f"SELECT * FROM '{source}'").fetchall()
    at = {name: names.index(name) for name in ("preference", "model_first", "logprob_m", "logprob_M_1")}
    both, one, worst = 0, 0, 0.0
    orders: dict[int, set[bool]] = {}
    for row in rows:
        first, second = row[at["logprob_m"]], row[at["logprob_M_1"]]
        told = {letter: chance for letter, chance in (("m", first), ("M", second)) if chance is not None}
        if not told:
            continue
        share = weighted_share(told)
        assert share is not None
        model_share = share if row[at["model_first"]] else 1 - share
        orders.setdefault(row[names.index("instruction_id")], set()).add(row[at["model_first"]])
        worst = max(worst, abs(1 + model_share - row[at["preference"]]))
        both, one = both + (len(told) == 2), one + (len(told) == 1)
    assert (both, one) == (12027, 6)
    assert worst < 1e-9
    # Every model was shown in the same place on a prompt: the order is drawn from the prompt alone.
    assert [len(seen) for seen in orders.values()].count(2) <= 8
