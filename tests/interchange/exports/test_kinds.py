"""What each kind of export makes of battles, in the shapes that TRL documents."""

from __future__ import annotations

from typing import Any

import pytest
from tests.interchange.exports.making import battle, made, model, rows, system, user


def test_a_pair_of_plain_texts() -> None:
    assert rows([battle("model_b")]) == [{"prompt": "p", "chosen": "bad", "rejected": "good"}]
    assert rows([battle("model_b")], "reward") == rows([battle("model_b")])


def test_a_pair_of_messages() -> None:
    assert rows([battle()], style="conversational") == [
        {"prompt": [user("p")], "chosen": [model("good")], "rejected": [model("bad")]}
    ]


def test_an_implicit_prompt_begins_both_answers() -> None:
    assert rows([battle()], prompted="implicit") == [{"chosen": "p\n\ngood", "rejected": "p\n\nbad"}]
    assert rows([battle()], prompted="implicit", style="conversational") == [
        {"chosen": [user("p"), model("good")], "rejected": [user("p"), model("bad")]}
    ]


def test_a_winner_is_wanted_and_a_loser_is_not() -> None:
    assert rows([battle()], "kto") == [
        {"prompt": "p", "completion": "bad", "label": False},
        {"prompt": "p", "completion": "good", "label": True},
    ]
    assert rows([battle()], "kto", style="conversational")[0] == {
        "prompt": [user("p")],
        "completion": [model("bad")],
        "label": False,
    }


@pytest.mark.parametrize(("winner", "label"), [("tie", True), ("tie (bothbad)", False)])
def test_of_a_tie_both_are_wanted_and_of_both_bad_neither(winner: str, label: bool) -> None:
    assert [row["label"] for row in rows([battle(winner)], "kto")] == [label, label]


def test_answers_that_won_more_than_they_lost_are_to_be_learnt() -> None:
    won = [battle(), battle("model_b", "good", "best"), battle("tie", "so", "la", prompt="q")]
    assert rows(won, "sft") == [{"prompt": "p", "completion": "best"}]
    assert rows(won, "sft", prompted="implicit") == [{"text": "p\n\nbest"}]
    assert rows(won, "sft", prompted="implicit", style="conversational") == [
        {"messages": [user("p"), model("best")]}
    ]


def test_a_ranked_list_is_by_the_share_of_the_win() -> None:
    fought = [
        battle(),
        battle("tie", "good", "ok", model_b="C"),
        battle("model_b", "bad", "ok", model_a="B", model_b="C"),
    ]
    assert rows(fought, "ranked") == [
        {
            "prompt": "p",
            "ranked_models": [
                {"model_name": "A", "avg_score": 0.75, "response": "good"},
                {"model_name": "C", "avg_score": 0.75, "response": "ok"},
                {"model_name": "B", "avg_score": 0.0, "response": "bad"},
            ],
        }
    ]


def test_a_ranked_list_is_by_the_judges_scores_where_all_battles_have_them() -> None:
    scored = battle(score_a=8, score_b=3)
    (row,) = rows([scored, battle(score_a=6, score_b=4)], "ranked")
    assert [(one["model_name"], one["avg_score"]) for one in row["ranked_models"]] == [("A", 7.0), ("B", 3.5)]
    (row,) = rows([scored, battle()], "ranked")
    assert [one["avg_score"] for one in row["ranked_models"]] == [1.0, 0.0]


def test_a_conversation_parts_where_a_model_first_speaks_differently() -> None:
    a = [user("1"), model("hi"), user("2"), model("yes")]
    b = [user("1"), model("hi"), user("2"), model("no")]
    talk = battle(a=a, b=b, prompt=[user("1"), user("2")])
    assert rows([talk], style="conversational") == [{"prompt": a[:3], "chosen": a[3:], "rejected": b[3:]}]
    assert rows([talk], "sft", style="conversational") == [{"prompt": a[:1], "completion": a[1:]}]


def test_a_system_prompt_is_part_of_the_prompt() -> None:
    asked = [system("Be brief."), user("p")]
    assert rows([battle(prompt=asked)], style="conversational")[0]["prompt"] == asked


def test_what_a_model_said_before_it_was_asked_is_part_of_the_prompt() -> None:
    greeted = [model("Hello."), user("p")]
    (row,) = rows([battle(prompt=greeted)], style="conversational")
    assert (row["prompt"], row["chosen"]) == (greeted, [model("good")])


@pytest.mark.parametrize("kind", ["dpo", "kto", "sft", "ranked"])
def test_plain_text_holds_one_question_and_one_answer(kind: str) -> None:
    talk = battle(prompt=[system("Be brief."), user("p")])
    found, report = made([talk, battle(prompt="q")], kind)
    assert {row["prompt"] for row in found["train"]} == {"q"}
    assert report.dropped_pairs == {"of several turns, which plain text cannot hold": 1}


def test_details_say_who_wrote_it_who_decided_and_how_clearly() -> None:
    facts = {"question_id": "7", "source": "human", "dataset": "d", "category": "c", "language": "en"}
    fought = [battle(voter="x", **facts), battle(voter="y", **facts), battle("tie", voter="y", **facts)]
    decided = {"battles": 3, "judges": 2}
    told: dict[str, Any] = {**decided, **facts}
    assert rows(fought, details=True) == [
        {"prompt": "p", "chosen": "good", "rejected": "bad", "chosen_model": "A", "rejected_model": "B"}
        | {"share": round(2.5 / 3, 12)}
        | told
    ]
    assert rows(fought, "sft", details=True) == [
        {"prompt": "p", "completion": "good", "model": "A", "share": round(2.5 / 3, 12)} | told
    ]
    assert rows(fought, "ranked", details=True)[0]["battles"] == 3


def test_what_a_battle_does_not_say_is_null() -> None:
    assert rows([battle()], details=True)[0]["language"] is None
