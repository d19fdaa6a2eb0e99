"""Each outside format: a file in its published columns, and every field where it belongs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.interchange.outside import made

from palestra.interchange.outside.base import Options
from palestra.interchange.outside.convert import convert
from palestra.interchange.outside.talks import NO_ANSWER
from palestra.records.keys import digest

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.interchange.outside.tally import Tally

    Row = dict[str, Any]

BIRD = digest([["user", "Name a bird."]])[:16]
TURNS = [{"role": "user", "content": "Name a bird."}, {"role": "user", "content": "Another."}]


class Case:
    """Converts rows, and keeps what came of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tally: Tally

    def __call__(self, *rows: Any, name: str = "in.jsonl", options: Options | None = None) -> list[Row]:
        path = made.write_jsonl(self._folder / name, rows)
        out = self._folder / "out.jsonl"
        self.tally = convert(path, out, options=options)
        return made.read_jsonl(out)

    def verdicts(self, *rows: Any) -> list[Row]:
        path = made.write_jsonl(self._folder / "in.jsonl", rows)
        convert(path, verdicts=self._folder / "v.jsonl")
        return made.read_jsonl(self._folder / "v.jsonl")

    def responses(self, *rows: Any) -> list[Row]:
        path = made.write_jsonl(self._folder / "in.jsonl", rows)
        convert(path, responses=self._folder / "r.jsonl")
        return made.read_jsonl(self._folder / "r.jsonl")

    @property
    def reasons(self) -> dict[str, int]:
        return {reason: known.count for reason, known in self.tally.reasons.items()}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def without(row: Row, *names: str) -> Row:
    assert all(row.get(name) for name in names)
    return {name: value for name, value in row.items() if name not in names}


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


def test_alpaca_eval(case: Case) -> None:
    (row,) = case(made.alpaca_annotation())
    assert without(row, "battle_id") == {
        "question_id": BIRD,
        "model_a": "base",
        "model_b": "ant",
        "winner": "model_b",
        "source": "llm-judge",
        "judge_model": "weighted_judge",
        "dataset": "alpaca-eval",
        "subset": "koala",
        "soft": True,
        "pref": 0.25,
        "prompt": "Name a bird.",
        "response_a": "Owl",
        "response_b": "Robin",
    }


@pytest.mark.parametrize(
    ("preference", "winner", "pref"),
    [(1, "model_a", 1.0), (2, "model_b", 0.0), (1.5, "tie", 0.5), (0, "tie", 0.5), (1.25, "model_a", 0.75)],
)
def test_alpaca_eval_preferences(case: Case, preference: float, winner: str, pref: float) -> None:
    (row,) = case(made.alpaca_annotation(preference=preference))
    assert (row["winner"], row.get("pref", 0.0)) == (winner, pref)
    assert row.get("soft", False) == (pref not in (0, 0.5, 1))


def test_alpaca_eval_without_a_preference_is_a_failed_verdict(case: Case) -> None:
    rows = made.alpaca_annotation(), made.alpaca_annotation(preference=None)
    assert len(case(*rows)) == 1
    assert case.reasons == {"the judge's reply names no winner": 1}
    good, failed = case.verdicts(*rows)
    assert (good["winner"], good["pref"], good["raw"]) == ("model_b", 0.25, "m")
    assert failed["failure"]["kind"] == "unreadable"
    assert (failed["question_id"], failed["model_b"]) == (BIRD, "ant")


def test_alpaca_eval_outputs(case: Case) -> None:
    good, empty = case.responses(made.alpaca_output(), made.alpaca_output(output=""))
    assert without(good, "key") == {"question_id": BIRD, "model": "ant", "repeat": 0, "text": "Robin"}
    assert empty["failure"]["kind"] == "empty"
    assert "text" not in empty


def test_arena_hard_first_version(case: Case) -> None:
    ab, ba = case(made.arena_hard_old(), options=Options(baseline="base", strong_weight=3))
    assert without(ab, "battle_id") == {
        "question_id": "hard-1",
        "model_a": "base",
        "model_b": "ant",
        "winner": "model_b",
        "source": "llm-judge",
        "judge_model": "judge-x",
        "dataset": "arena-hard-v0.1",
        "order": "ab",
        "weight": 3.0,
        "prompt": "Name a bird.",
        "response_a": "Owl",
        "response_b": "Robin",
        "pref": 0.0,
    }
    assert (ba["winner"], ba["order"], ba["pref"], ba["model_a"]) == ("tie", "ba", 0.5, "base")
    assert case.tally.notes == ["the judgements do not name the baseline; it is base (as --baseline says)"]
    case(made.arena_hard_old())
    assert "gpt-4-0314 (Arena-Hard v0.1's" in case.tally.notes[0]


def test_arena_hard_second_version(case: Case) -> None:
    ab, ba = case(made.arena_hard_new())
    assert (ab["question_id"], ab["category"], ab["dataset"]) == (
        "u-1",
        "creative_writing",
        "arena-hard-v2.0",
    )
    assert (ab["winner"], ab["pref"], ab["response_b"]) == ("model_a", 0.75, "Robin")
    assert (ba["winner"], ba["pref"], ba["order"]) == ("model_b", 0.25, "ba")
    (both,) = case(made.arena_hard_new(), options=Options(swap="both-combine"))
    assert (both["order"], both["winner"], both["pref"]) == ("both", "tie", 0.5)
    assert both["flags"] == ["order_disagreement"]


def test_arena_hard_verdicts_and_failed_games(case: Case) -> None:
    games = [made.arena_hard_new()["games"][0], None]
    ab, ba = case.verdicts(made.arena_hard_new(games=games))
    assert (ab["label"], ab["raw"], ab["order"], ab["protocol"]) == (
        "A>B",
        "First [[A>B]]",
        "ab",
        "arena-hard",
    )
    assert ba["failure"]["kind"] == "unreadable"
    assert len(case(made.arena_hard_new(games=games))) == 1
    rows = made.arena_hard_new(games=games), made.arena_hard_new()
    assert len(case(*rows, options=Options(swap="both-combine"))) == 1
    assert case.reasons == {"one of the two orders failed, so they are not combined": 1}


def test_mt_bench_pairs(case: Case) -> None:
    ab, ba = case(made.mt_bench_pair())
    assert without(ab, "battle_id") == {
        "question_id": "81",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_a",
        "source": "llm-judge",
        "judge_model": "judge-x",
        "dataset": "mt-bench",
        "subset": "turn-2",
        "tstamp": 1687000000.5,
        "order": "ab",
        "pref": 1.0,
    }
    assert (ba["winner"], ba["order"]) == ("tie", "ba")
    (both,) = case(made.mt_bench_pair(), options=Options(swap="both-combine"))
    assert (both["winner"], both["pref"]) == ("model_a", 0.75)
    (one, failed) = case.verdicts(made.mt_bench_pair(g2_winner="error"))
    assert (one["protocol"], one["raw"]) == ("pair-v2", "better: [[A]]")
    assert failed["failure"]["kind"] == "unreadable"


def test_mt_bench_pairs_that_were_graded_alone(case: Case) -> None:
    (row,) = case(made.mt_bench_pair(m1_score=8, m2_score=3, g2_winner="model_1"))
    assert (row["winner"], row["score_a"], row["score_b"]) == ("model_a", 8.0, 3.0)
    assert "order" not in row


def test_mt_bench_grades_are_compared_by_question_and_turn(case: Case) -> None:
    rows = case(
        made.mt_bench_single(model="bee", score=8),
        made.mt_bench_single(model="ant", score=7.95),
        made.mt_bench_single(model="cat", score=3, tstamp=1687000009.0),
        made.mt_bench_single(model="ant", score=9, turn=2),
        made.mt_bench_single(model="bee", score=-1, turn=2),
    )
    told = [(row["model_a"], row["model_b"], row["winner"], row["subset"]) for row in rows]
    assert told == [
        ("ant", "bee", "tie", "turn-1"),
        ("ant", "cat", "model_a", "turn-1"),
        ("bee", "cat", "model_a", "turn-1"),
    ]
    assert (rows[1]["score_a"], rows[1]["score_b"], rows[1]["tstamp"]) == (7.95, 3.0, 1687000009.0)
    assert case.reasons == {
        "the judge's reply has no score": 1,
        "no other model was graded on this question and turn by this judge": 1,
    }
    assert "each answer was graded alone" in case.tally.notes[0]


def test_answers_of_benchmarks(case: Case) -> None:
    hard = made.model_answer(choices=[{"index": 1, "turns": [{"content": "Robin", "token_len": 4}]}])
    error = made.model_answer(choices=[{"index": 0, "turns": ["$ERROR$"]}])
    two, one, failed = case.responses(made.model_answer(), hard, error)
    assert two["text"] == [{"role": "assistant", "content": turn} for turn in ("Robin", "Wren")]
    assert (two["question_id"], two["model"], two["tstamp"]) == ("81", "ant", 1687000000.5)
    assert (one["text"], one["repeat"], one["tokens_out"]) == ("Robin", 1, 4)
    assert failed["failure"]["kind"] == "other"
    (new,) = case.responses(made.arena_hard_answer())
    assert (new["question_id"], new["model"], new["text"], new["tokens_out"]) == ("u-1", "ant", "Robin", 4)


def test_evalscope_reviews(case: Case) -> None:
    name = "general_arena_general_qa&example@ant&base.jsonl"
    ab, ba = case(made.evalscope_review(), name=name)
    assert without(ab, "battle_id") == {
        "question_id": BIRD,
        "model_a": "ant",
        "model_b": "base",
        "winner": "model_a",
        "source": "llm-judge",
        "dataset": "general_qa",
        "subset": "example",
        "order": "ab",
        "pref": 1.0,
        "prompt": "Name a bird.",
        "response_a": "Robin",
        "response_b": "Owl",
    }
    assert (ba["winner"], ba["order"], ba["pref"], ba["model_a"]) == ("model_b", "ba", 0.25, "ant")
    alone = made.evalscope_review()
    alone["sample_score"]["score"]["metadata"] = {}
    assert len(case(made.evalscope_review(), alone)) == 2
    assert list(case.reasons.values()) == [1]


def test_judgearena_battles_count_the_share_from_the_other_side(case: Case) -> None:
    (row,) = case(made.judgearena_battle())
    assert row == {
        "question_id": "q-1",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_a",
        "source": "llm-judge",
        "judge_model": "judge-x",
        "dataset": "judgearena",
        "language": "fr",
        "order": "ba",
        "soft": True,
        "pref": 0.75,
    }
    human = {"judge_model": None, "pref": None, "pref_hard": None, "orientation": None, "source": "human"}
    assert "soft" not in case(made.judgearena_battle(**human))[0]
    assert len(case(made.judgearena_battle(), made.judgearena_battle(winner=None, pref=None))) == 1
    case(made.judgearena_battle(), made.judgearena_battle(pref=0.9))
    assert case.reasons == {"pref: contradicts the winner (0 says that A won)": 1}


def test_judgearena_annotations(case: Case) -> None:
    (row,) = case(made.judgearena_annotation())
    assert without(row, "battle_id", "pref") == {
        "question_id": "5",
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_a",
        "source": "llm-judge",
        "judge_model": "judge-x",
        "dataset": "judgearena",
        "order": "ab",
        "soft": True,
        "score_a": 8.0,
        "score_b": 6.0,
        "prompt": "Name a bird.",
        "response_a": "Robin",
        "response_b": "Owl",
    }
    assert row["pref"] == pytest.approx(0.645656, abs=5e-7)


@pytest.mark.parametrize(
    ("reply", "scores"),
    [
        ("Score_a: 0\nScore_b: 1", (0.0, 1.0)),
        ("**score A**: 10, **score B**: -5", (10.0, -5.0)),
        ('{"score_A": 7.5, "score_B": 7.5}', (7.5, 7.5)),
        ("score A: 1, score B: 2. On reflection score A: 9, score B: 2", (9.0, 2.0)),
    ],
)
def test_scores_of_judgearena_are_read(case: Case, reply: str, scores: tuple[float, float]) -> None:
    (row,) = case(made.judgearena_annotation(judge_completion=reply))
    assert (row["score_a"], row["score_b"]) == scores


def test_judgearena_replies_with_a_label_or_nothing(case: Case) -> None:
    label = made.judgearena_annotation(judge_completion="So [[B>>A]]")
    (row,) = case(label, made.judgearena_annotation(judge_completion="I cannot say."))
    assert row["winner"] == "model_b"
    assert case.reasons == {"the judge's reply names no winner": 1}


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


def test_openarena(case: Case) -> None:
    (row,) = case(made.openarena())
    assert row == {
        "question_id": BIRD,
        "model_a": "ant",
        "model_b": "bee",
        "winner": "model_b",
        "source": "llm-judge",
        "dataset": "openarena",
        "pref": pytest.approx(6 / 14),
        "score_a": 6.0,
        "score_b": 8.0,
        "prompt": "Name a bird.",
        "response_a": "Robin",
        "response_b": "Owl",
    }
    zero = [{"model_name": name, "avg_score": 0, "response": "…"} for name in ("ant", "bee")]
    assert case(made.openarena(ranked_models=zero))[0]["winner"] == "tie"


def test_own_battles_pass_through_whole(case: Case) -> None:
    row = made.own(
        battle_id="b", prompt=made.talk("Hi"), response_a="Ho", style={"tokens_a": 2.0}, flags=["x"], repeat=1
    )
    assert case(row) == [row]


@pytest.mark.parametrize("name", made.EXAMPLES)
def test_each_format_says_whose_it_is(name: str, case: Case, tmp_path: Path) -> None:
    path = made.write_jsonl(tmp_path / "in.jsonl", made.EXAMPLES[name][:1] * 2)
    if name == "mt-bench-single":
        made.write_jsonl(path, [made.mt_bench_single(), made.mt_bench_single(model="bee")])
    tally = convert(
        path, tmp_path / "out.jsonl", verdicts=tmp_path / "v.jsonl", responses=tmp_path / "r.jsonl"
    )
    (file,) = tally.files
    assert (file.format, file.detected, file.rows, file.converted) == (name, True, 2, 2)
    for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines():
        assert json.loads(line)["model_a"]
