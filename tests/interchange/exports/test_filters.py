"""What an export leaves out, why, and how many of it are counted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.interchange.exports.making import battle, made, model, rows, user

from palestra.errors import UsageError
from palestra.interchange.exports import Wishes


@pytest.mark.parametrize(
    ("dropped", "wishes", "reason"),
    [
        ({"prompt": None}, {}, "without their texts"),
        ({"a": None}, {}, "without their texts"),
        ({"a": " "}, {}, "with a failed or empty text"),
        ({"prompt": "\n"}, {}, "with a failed or empty text"),
        ({"b": "$ERROR$"}, {}, "with a failed or empty text"),
        ({"a": [user("1")], "b": [user("1")]}, {}, "with a failed or empty text"),
        (
            {"a": [user("1"), model("x")], "b": [user("2"), model("y")]},
            {},
            "whose answers are to different prompts",
        ),
        ({"a": "Same  text", "b": "same text\n"}, {}, "with the same answer twice"),
        ({"flags": ["identity_leak"]}, {}, "in which an answer tells who wrote it"),
        ({"anonymous": False}, {}, "whose voter knew which models met"),
        (
            {"flags": ["order_disagreement"]},
            {"without_flags": ("order_disagreement",)},
            "flagged order_disagreement",
        ),
        ({"winner": "tie"}, {"ties": False}, "ties"),
        ({"source": "metric"}, {"sources": ("human",)}, "of another source"),
        ({"judge_model": "J"}, {"judges": ("K",)}, "of another judge"),
        ({"dataset": "x"}, {"datasets": ("y",)}, "of another dataset"),
        ({"category": "x"}, {"categories": ("y",)}, "of another category"),
        ({"language": "pl"}, {"languages": ("en", "de")}, "of another language"),
        ({"model_a": "C"}, {"models": ("A", "B")}, "of other models"),
        ({"model_b": "C"}, {"without_models": ("C",)}, "of other models"),
    ],
)
def test_battles_that_are_left_out_are_counted_by_reason(
    dropped: dict[str, Any], wishes: dict[str, Any], reason: str
) -> None:
    kept = battle(prompt="kept", source="human", judge_model="K", dataset="y", category="y", language="en")
    found, report = made([battle(**dropped), kept], style="conversational", **wishes)
    assert [row["prompt"] for row in found["train"]] == [[user("kept")]]
    assert report.dropped_battles == {reason: 1}
    assert report.battles == 2


def test_leaks_and_named_battles_are_in_where_they_are_wanted() -> None:
    assert rows([battle(flags=["identity_leak"])], leaks=True)
    assert rows([battle(anonymous=False)], named=True)


def judged(*winners: str, **more: Any) -> list[Any]:
    return [battle(winner, judge_model=f"J{place}", **more) for place, winner in enumerate(winners)]


@pytest.mark.parametrize(
    ("winners", "wishes", "is_kept"),
    [
        (("model_a",), {"min_battles": 2}, False),
        (("model_a", "model_a"), {"min_battles": 2}, True),
        (("model_a", "model_a", "model_b"), {"min_agreement": 0.7}, False),
        (("model_a", "model_a", "model_b"), {"min_agreement": 0.6}, True),
        (("model_a", "model_a", "tie"), {"min_judges": 3}, False),
        (("model_a", "model_a", "tie"), {"min_judges": 2}, True),
        (("model_a", "model_a", "model_b"), {"contradictions": "drop"}, False),
        (("model_a", "model_a", "tie"), {"contradictions": "drop"}, True),
        (("model_a", "model_a", "model_b"), {"min_pref": 0.7}, False),
        (("model_a", "model_a", "model_b"), {"min_pref": 0.6}, True),
        (("model_a", "model_b"), {}, False),
        (("tie",), {}, False),
    ],
)
def test_pairs_are_kept_by_who_agrees(
    winners: tuple[str, ...], wishes: dict[str, Any], is_kept: bool
) -> None:
    found, report = made(judged(*winners), **wishes)
    assert bool(found["train"]) is is_kept
    assert report.pairs == 1
    assert report.dropped_pairs.total() == (not is_kept)


def test_a_judge_who_decides_often_has_one_vote() -> None:
    often = [battle("model_a", judge_model="J")] * 3 + [battle("model_b", judge_model="K")]
    assert rows(often)
    assert rows(often, min_judges=2) == []
    unknown = [battle(), battle(), battle("model_b")]
    assert rows(unknown, min_judges=2)


def test_the_majority_decides_and_is_counted() -> None:
    found, report = made(judged("model_a", "model_b", "model_b"))
    assert found["train"][0]["chosen"] == "bad"
    assert report.resolved == 1


def test_a_margin_is_between_scores_told_from_the_winner() -> None:
    scored = battle("model_b", score_a=3, score_b=5)
    assert rows([scored], min_margin=2)
    assert rows([scored], min_margin=2.5) == []
    assert rows([battle()], min_margin=0.1) == []


def test_the_share_that_the_judge_gave_decides_where_a_least_share_is_asked_for() -> None:
    assert rows([battle(pref=0.8)], min_pref=0.75)
    assert rows([battle(pref=0.7)], min_pref=0.75) == []
    assert rows([battle("model_b", pref=0.2)], min_pref=0.75)


def test_texts_that_differ_in_case_and_spaces_only_are_one_pair() -> None:
    one, other = battle(), battle("model_b", "GOOD ", " Bad", prompt="P\n")
    found, report = made([one, other, other])
    assert report.pairs == 1
    assert found["train"][0]["chosen"].strip().lower() == "bad"


LONG = (
    "the quick brown fox jumps over the lazy dog and then it runs on through the dark green wood until night "
)


def test_nearly_equal_answers_make_no_pair() -> None:
    near = battle(a=LONG * 3, b=LONG * 3 + "falls")
    assert rows([near])
    found, report = made([near], near=0.9)
    assert found["train"] == []
    assert report.dropped_pairs == {"nearly equal": 1}


def test_of_nearly_equal_rows_one_is_kept_and_the_contrary_of_one_is_not() -> None:
    words = " ".join(f"w{n}" for n in range(60))
    other = " ".join(f"v{n}" for n in range(60))
    first = battle(a=words, b=other, prompt=LONG)
    again = battle(a=words + " more", b=other, prompt=LONG)
    contrary = battle("model_b", a=words, b=other + " more", prompt=LONG)
    found, report = made([first, again, battle(prompt="q")], near=0.9)
    assert len(found["train"]) == 2
    assert report.dropped_rows == {"nearly equal to another row": 1}
    found, report = made([first, contrary], near=0.9)
    assert len(found["train"]) == 1
    assert report.dropped_rows == {"the contrary of a nearly equal row": 1}


def test_of_a_prompt_the_clearest_rows_are_kept() -> None:
    fought = [battle(pref=0.6), battle("model_b", "worst", "fine", pref=0.1), battle(a="x", b="y", pref=0.7)]
    assert [row["chosen"] for row in rows(fought, per_prompt=1)] == ["fine"]


def test_better_answers_are_longer_as_often_as_shorter() -> None:
    longer = [battle(a="long answer", b="short", prompt=f"p{n}") for n in range(30)]
    shorter = [battle(a="short", b="long answer", prompt=f"q{n}") for n in range(7)]
    found, report = made([*longer, *shorter], balance=True)
    split = report.splits["train"]
    assert (split.longer, split.shorter, len(found["train"])) == (7, 7, 14)
    assert report.dropped_rows == {"so that the better answer is longer as often as shorter": 23}
    limited = made([*longer, *shorter], balance=True, limit=9)[1].splits["train"]
    assert (limited.longer, limited.shorter) == (4, 4)


def test_the_first_rows_of_the_random_order_are_the_sample() -> None:
    many = [battle(prompt=f"p{n}") for n in range(40)]
    whole, few = made(many)[0]["train"], made(many, limit=10)[0]["train"]
    assert whole[:10] == few
    assert made(many, seed=1)[0]["train"] != whole
    assert made(many, limit=10)[1].dropped_rows == {"beyond the limit": 30}


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"kind": "dp"}, "did you mean 'dpo'"),
        ({"sources": ("humans",)}, "did you mean 'human'"),
        ({"min_agreement": 1.5}, "--min-agreement"),
        ({"test_share": -0.1}, "--test-share"),
        ({"test_share": 1}, "nothing is left to train on"),
        ({"near": 0}, "--near"),
        ({"min_margin": -1}, "--min-margin"),
        ({"kind": "kto", "prompted": "implicit"}, "--prompt"),
        ({"kind": "sft", "balance": True}, "--balance-length"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(wishes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        Wishes(**({"kind": "dpo"} | wishes)).check()
    assert said in str(error.value)
