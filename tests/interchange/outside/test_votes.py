"""Formats of people's votes: a file in its published columns, and every field where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.interchange.outside import made
from tests.interchange.outside.case import BIRD, TURNS

from palestra.interchange.outside.base import Options
from palestra.interchange.outside.talks import NO_ANSWER

if TYPE_CHECKING:
    from tests.interchange.outside.case import Case, Row


def test_lmarena_140k(case: Case) -> None:
    (row,) = case(made.lmarena_140k())
    assert row == {
        "battle_id": "vote-1",
        "question_id": "vote-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "tie (bothbad)",
        "source": "human",
        "dataset": "lmarena-140k",
        "category": "math",
        "language": "en",
        "tstamp": 1746100800.25,
        "order": "ab",
        "voter": "session-9",
        "prompt": "How tall is a giraffe?",
        "response_a": "Five metres.",
        "response_b": "**Very** tall.",
        "style": made.STYLE,
    }


def test_lmarena_100k(case: Case) -> None:
    (row,) = case(made.lmarena_100k())
    whole = made.talk("Name a bird.", "Robin", "Another.", "Wren")
    assert row == {
        "battle_id": "q-1",
        "question_id": "q-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "tie (bothbad)",
        "source": "human",
        "dataset": "lmarena-100k",
        "category": "hard",
        "language": "English",
        "tstamp": 1718000000.5,
        "order": "ab",
        "voter": "a1b2",
        "anonymous": True,
        "prompt": TURNS,
        "response_a": whole,
        "response_b": made.talk("Name a bird.", "Owl", "Another.", "Gull"),
        "style": made.STYLE,
    }


@pytest.mark.parametrize(
    ("changes", "category"),
    [
        ({"is_code": True}, "code"),
        ({"category_tag": made.tags("creative_writing", "if")}, "creative_writing"),
        ({"category_tag": made.tags("if")}, "if"),
        ({"category_tag": made.tags(criteria=6)}, "hard"),
        ({"category_tag": made.tags(criteria=5)}, None),
        ({"category_tag": None}, None),
    ],
)
def test_the_first_category_of_lmarena_that_holds_is_kept(
    case: Case, changes: Row, category: str | None
) -> None:
    assert case(made.lmarena_140k(**changes))[0].get("category") == category


def test_pictures_are_left_out_and_flagged(case: Case) -> None:
    talk = made.parts("What is this?", "A bird.")
    talk[0]["content"].append({"type": "image", "text": None, "image": "https://…", "mimeType": "image/png"})
    (row,) = case(made.lmarena_140k(conversation_a=talk))
    assert (row["prompt"], row["flags"]) == ("What is this?", ["images_left_out"])


def test_clean_battle(case: Case) -> None:
    assert case(made.clean_battle()) == [
        {
            "model_a": "ant",
            "model_b": "bee",
            "winner": "model_b",
            "source": "human",
            "dataset": "clean-battle",
            "language": "Dutch",
            "tstamp": 1690000000.25,
            "order": "ab",
            "voter": "arena_user_7",
        }
    ]


def test_clean_battle_with_conversations_keeps_no_address(case: Case) -> None:
    talks = {"conversation_a": made.talk("Hi", "Ho"), "conversation_b": made.talk("Hi", "Hey")}
    row = made.clean_battle(question_id="c-1", judge="arena_user_198.51.100.7", anony=True, **talks)
    (found,) = case(row)
    assert found["question_id"] == "c-1"
    assert "voter" not in found
    assert (found["prompt"], found["response_a"], found["response_b"]) == ("Hi", "Ho", "Hey")


def test_lmarena_55k(case: Case) -> None:
    (row,) = case(made.lmarena_55k())
    assert row == {
        "battle_id": "30192",
        "question_id": "30192",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "source": "human",
        "dataset": "lmarena-55k",
        "order": "ab",
        "prompt": TURNS,
        "response_a": made.talk("Name a bird.", "Robin", "Another.", "Wren"),
        "response_b": made.talk("Name a bird.", "Owl", "Another.", "Gull"),
    }


@pytest.mark.parametrize("answers", ["[null]", '["Robin",null]', '[null,"Wren"]'])
@pytest.mark.parametrize("side", ["response_a", "response_b"])
def test_a_null_answer_of_the_55k_is_a_failure_and_no_empty_text(case: Case, side: str, answers: str) -> None:
    empty = made.lmarena_55k(id=3, **{side: '["Robin",""]'})
    rows = case(made.lmarena_55k(), made.lmarena_55k(id=2, **{side: answers}), empty)
    assert [row["battle_id"] for row in rows] == ["30192", "3"]
    assert case.reasons == {NO_ANSWER: 1}
    assert case.tally.damaged == 0


def test_comparia(case: Case) -> None:
    (row,) = case(made.comparia())
    assert row == {
        "battle_id": "77",
        "question_id": "pair-5",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "source": "human",
        "dataset": "comparia",
        "category": "culture",
        "tstamp": 1738576800.0,
        "order": "ab",
        "voter": "0cc175b9",
        "anonymous": True,
        "prompt": "Bonjour ?",
        "response_a": "Salut.",
        "response_b": "Bonjour !",
    }


def test_comparia_without_a_vote_is_left_out(case: Case) -> None:
    equal = made.comparia(both_equal=True, chosen_model_name=None)
    rows = case(equal, made.comparia(chosen_model_name=None), made.comparia(chosen_model_name="cat"))
    assert [row["winner"] for row in rows] == ["tie"]
    assert case.reasons == {
        "no model was chosen and they are not said to be equal": 1,
        "chosen_model_name: expected one of the two models": 1,
    }
    assert case.tally.damaged == 1


@pytest.mark.parametrize(
    ("word", "winner"),
    [
        ("leftvote", "model_a"),
        ("rightvote", "model_b"),
        ("tievote", "tie"),
        ("bothbad_vote", "tie (bothbad)"),
    ],
)
def test_fastchat_votes(case: Case, word: str, winner: str) -> None:
    (row,) = case(made.fastchat_chat(), made.fastchat_vote(type=word))
    assert row == {
        "question_id": "c-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": winner,
        "source": "human",
        "dataset": "fastchat",
        "tstamp": 1684000000.1234,
        "order": "ab",
        "voter": "arena_user_0",
        "anonymous": True,
        "prompt": "Name a bird.",
        "response_a": "Robin",
        "response_b": "Owl",
    }
    assert case.reasons == {"no vote, but another event of the log": 1}


def test_fastchat_voters_are_numbered_and_named_battles_are_told(case: Case) -> None:
    named = made.fastchat_vote(models=["ant", "bee"], ip="198.51.100.1")
    rows = case(made.fastchat_vote(), named, made.fastchat_vote())
    assert [row["voter"] for row in rows] == ["arena_user_0", "arena_user_1", "arena_user_0"]
    assert [row.get("anonymous") for row in rows] == [True, None, True]


def test_fastchat_votes_that_make_no_battle(case: Case) -> None:
    broken = made.fastchat_state("bee", "Name a bird.", "**API REQUEST ERROR** Reason: unknown")
    empty = [made.fastchat_state("ant"), made.fastchat_state("bee")]
    assert (
        len(
            case(
                made.fastchat_vote(),
                made.fastchat_vote(models=["", "bee"]),
                made.fastchat_vote(models=["ant", "cat"]),
                made.fastchat_vote(models=[None, None]),
                made.fastchat_vote(states=[made.fastchat_vote()["states"][0], broken]),
                made.fastchat_vote(states=empty),
                made.fastchat_vote(states="none"),
            )
        )
        == 1
    )
    assert list(case.reasons.values()) == [1] * 6
    assert case.tally.damaged == 1


def test_the_leak_rule_keeps_flags_or_drops(case: Case) -> None:
    leak = [
        made.fastchat_state("ant", "Who are you?", "I am ChatGPT."),
        made.fastchat_state("bee", "Who are you?", "A bee."),
    ]
    rows = made.fastchat_vote(), made.fastchat_vote(states=leak)
    assert [row.get("flags") for row in case(*rows)] == [None, None]
    assert [row.get("flags") for row in case(*rows, options=Options(leaks="flag"))] == [
        None,
        ["identity_leak"],
    ]
    assert len(case(*rows, options=Options(leaks="drop"))) == 1
    assert case.reasons == {"a model's or maker's name was said (identity leak)": 1}


def test_open_webui(case: Case) -> None:
    (row,) = case(made.open_webui())
    assert row == {
        "battle_id": "f-1",
        "question_id": BIRD,
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "source": "human",
        "dataset": "open-webui",
        "category": "animals",
        "tstamp": 1730000000.0,
        "voter": row["voter"],
        "anonymous": True,
        "prompt": "Name a bird.",
        "response_a": "Gull",
        "response_b": "Owl",
    }
    assert len(row["voter"]) == 16
    assert row["voter"] not in made.open_webui()["user_id"]


def test_open_webuis_arena_votes_keep_both_answers(case: Case) -> None:
    named = case(made.open_webui())
    (row,) = case(made.open_webui_arena())
    assert (row["response_a"], row["response_b"]) == ("Gull", "Owl")
    assert [row] == named


def test_open_webui_ratings_that_make_no_battle_and_those_that_make_several(case: Case) -> None:
    data = made.open_webui()["data"]
    rows = case(
        made.open_webui(
            data=data | {"rating": "-1", "sibling_model_ids": ["ant", "cat", "bee"]}, snapshot=None
        ),
        made.open_webui(data=data | {"sibling_model_ids": None}),
        made.open_webui(data=data | {"rating": 0}),
        made.open_webui(type="comment"),
        made.open_webui(data=data | {"sibling_model_ids": "ant"}),
    )
    assert [(row["model_a"], row["model_b"], row["winner"]) for row in rows] == [
        ("ant", "bee", "model_a"),
        ("bee", "cat", "model_b"),
    ]
    assert [row["question_id"] for row in rows] == ["chat-1:2"] * 2
    assert list(case.reasons.values()) == [1] * 4
    assert case.tally.damaged == 1


def test_potato_rankings_and_bare_winners(case: Case) -> None:
    rows = case(made.potato())
    assert [(row["model_a"], row["model_b"], row["winner"]) for row in rows] == [
        ("bee", "cat", "model_a"),
        ("ant", "bee", "model_b"),
        ("ant", "cat", "model_b"),
    ]
    assert rows[1] == {
        "question_id": BIRD,
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "source": "human",
        "dataset": "potato",
        "prompt": "Name a bird.",
        "response_a": "Robin",
        "response_b": "Owl",
    }
    bare = case(made.potato(ranking=None, rejected={"cat": "", "ant": "Robin"}))
    assert [(row["model_a"], row["model_b"]) for row in bare] == [("ant", "bee")]
    assert case.reasons == {"a model without an answer (it failed, so it is in no battle)": 1}


def test_potato_exports_and_damage(case: Case) -> None:
    export = made.potato_export()
    (row,) = case(export)
    assert (row["model_a"], row["model_b"], row["winner"], row["response_b"]) == (
        "ant",
        "bee",
        "model_b",
        "Owl",
    )
    export["pairs"] += [{"prompt": "?", "winner": "bee"}, export["pairs"][0]]
    assert len(case(export)) == 2
    assert case.reasons == {"loser: missing or empty": 1}
    case(made.potato(), made.potato(winner="ant"), made.potato(ranking=None, rejected=None))
    assert case.tally.damaged == 2


def test_gpu_poor_totals_become_battles(case: Case) -> None:
    rows = case(made.gpu_poor(), name="leaderboard.json")
    told = [(row["model_a"], row["model_b"], row["winner"]) for row in rows]
    assert sorted(told) == [
        ("ant", "bee", "model_a"),
        ("ant", "bee", "model_b"),
        ("ant", "bee", "model_b"),
        ("bee", "cat", "model_a"),
    ]
    assert case.tally.notes[1] == "1 games of the totals (often ties) name no opponent; they are in no battle"


def test_gpu_poor_records_that_contradict_each_other(case: Case) -> None:
    board = made.gpu_poor()
    board["ant"]["opponents"]["bee"]["wins"] = 5
    assert len(case(board)) == 1
    assert case.reasons == {"opponents: the two sides' records differ": 1}
    board["ant"]["opponents"]["bee"]["wins"] = 10**12
    assert len(case(board)) == 1
    assert case.reasons == {"wins: expected a whole number from 0 to 10000000": 1}
