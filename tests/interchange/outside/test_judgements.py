"""Formats of judges' verdicts: a file in its published columns, and every field where it belongs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.interchange.outside import made
from tests.interchange.outside.case import BIRD, without

from palestra.interchange.outside.base import Options

if TYPE_CHECKING:
    from tests.interchange.outside.case import Case


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
