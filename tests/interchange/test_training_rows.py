"""Battles become training rows in TRL's shapes."""

from __future__ import annotations

from typing import Any

import pytest

from palestra.interchange.training_rows import dpo_rows, kto_rows, ranked_rows
from palestra.records.battle import Battle

Talk = list[dict[str, str]]


def battle(winner: str, a: Any = "good", b: Any = "bad", prompt: Any = "p", **more: Any) -> Battle:
    data = {"model_a": "A", "model_b": "B", "winner": winner, "prompt": prompt}
    return Battle.model_validate(data | {"response_a": a, "response_b": b} | more)


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def test_a_pair_of_texts() -> None:
    assert list(dpo_rows([battle("model_b")])) == [
        {"prompt": "p", "chosen": "bad", "rejected": "good", "winner": "B", "loser": "A"}
    ]
    assert list(dpo_rows([battle("model_a")], labels=False)) == [
        {"prompt": "p", "chosen": "good", "rejected": "bad"}
    ]


@pytest.mark.parametrize("winner", ["tie", "tie (bothbad)"])
def test_what_is_as_good_as_each_other_makes_no_pair(winner: str) -> None:
    assert list(dpo_rows([battle(winner)])) == []


def test_battles_over_the_same_texts_are_averaged_whichever_way_round_they_are_told() -> None:
    turned = {"model_a": "B", "model_b": "A"}
    one, other = battle("model_a"), battle("model_a", "bad", "good", **turned)
    assert list(dpo_rows([one, other])) == []
    assert next(iter(dpo_rows([one, other, other])))["chosen"] == "bad"
    assert list(dpo_rows([one, other, battle("tie")])) == []
    assert next(iter(dpo_rows([one, battle("model_b", weight=3)])))["chosen"] == "bad"
    assert next(iter(dpo_rows([battle("model_b", soft=True, pref=0.6)])))["chosen"] == "good"


def test_equal_answers_and_missing_texts_make_no_pair() -> None:
    nothing = [battle("model_a", "same", "same"), battle("model_a", None), battle("model_a", prompt=None)]
    assert list(dpo_rows(nothing)) == []
    assert list(kto_rows(nothing[1:])) == []
    assert list(ranked_rows(nothing[1:])) == []


def test_conversations_part_where_a_model_first_speaks_differently() -> None:
    a: Talk = [user("1"), model("hi"), user("2"), model("yes")]
    b: Talk = [user("1"), model("hello"), user("2"), model("no")]
    (row,) = dpo_rows([battle("model_a", a, b, prompt=[user("1"), user("2")])], labels=False)
    assert row == {"prompt": a[:1], "chosen": a[1:], "rejected": b[1:]}
    alike = [*a[:3], model("no")]
    (row,) = dpo_rows([battle("model_b", a, alike, prompt=[user("1"), user("2")])], labels=False)
    assert row == {"prompt": a[:3], "chosen": alike[3:], "rejected": a[3:]}


def test_a_system_prompt_makes_a_conversation() -> None:
    asked = [{"role": "system", "content": "be brief"}, user("p")]
    (row,) = dpo_rows([battle("model_a", prompt=asked)], labels=False)
    assert row == {"prompt": asked, "chosen": [model("good")], "rejected": [model("bad")]}
    (one, two) = kto_rows([battle("model_a", prompt=asked)], labels=False)
    assert one == {"prompt": asked, "completion": [model("good")], "label": True}
    assert two["label"] is False


def test_conversations_that_share_nothing_make_no_pair() -> None:
    assert list(dpo_rows([battle("model_a", [user("1"), model("x")], [user("2"), model("y")])])) == []


@pytest.mark.parametrize(
    ("winner", "labels"),
    [
        ("model_a", {"good": True, "bad": False}),
        ("model_b", {"good": False, "bad": True}),
        ("tie", {"good": True, "bad": True}),
        ("tie (bothbad)", {"good": False, "bad": False}),
    ],
)
def test_each_answer_is_wanted_or_not(winner: str, labels: dict[str, bool]) -> None:
    rows = list(kto_rows([battle(winner)]))
    assert {row["completion"]: row["label"] for row in rows} == labels
    assert [row["model"] for row in rows] == ["A", "B"]


def test_an_answer_on_which_votes_are_even_is_left_out() -> None:
    rows = list(kto_rows([battle("model_a"), battle("model_b", b="worse")]))
    assert {row["completion"] for row in rows} == {"bad", "worse"}


def test_a_conversations_completion_begins_where_the_model_speaks() -> None:
    a: Talk = [user("1"), model("hi"), user("2"), model("yes")]
    b: Talk = [user("1"), model("hi"), user("2"), model("no")]
    rows = list(kto_rows([battle("model_a", a, b, prompt=[user("1"), user("2")])]))
    assert [(row["prompt"], row["completion"]) for row in rows] == [(a[:1], a[1:]), (b[:1], b[1:])]


def test_answers_are_ranked_by_their_share_of_the_wins() -> None:
    rows = [
        battle("model_a"),
        battle("tie", b="fair", model_b="C"),
        battle("model_a", "fair", "bad", model_a="C"),
        battle("model_a", prompt="other"),
    ]
    first, second = ranked_rows(rows)
    assert first["prompt"] == "p"
    assert [(one["model_name"], one["avg_score"], one["response"]) for one in first["ranked_models"]] == [
        ("A", 0.75, "good"),
        ("C", 0.75, "fair"),
        ("B", 0.0, "bad"),
    ]
    assert second["prompt"] == "other"
    assert "model_name" not in next(ranked_rows(rows, labels=False))["ranked_models"][0]


def test_an_answer_in_which_no_model_speaks_takes_no_others_share() -> None:
    silent, spoken = [user("p")], [user("p"), model("yes")]
    rows = [
        battle("model_b", silent, spoken, prompt=[user("p")]),
        battle("model_b", silent, [user("p"), model("no")], prompt=[user("p")], model_b="C"),
    ]
    (found,) = ranked_rows(rows)
    ranked = [(one["model_name"], one["avg_score"]) for one in found["ranked_models"]]
    assert ranked == [("B", 1.0), ("C", 1.0)]
