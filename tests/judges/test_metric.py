from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu import sentence_bleu, sentence_chrf
from tests.judges.making import game, matchup, prompt

from palestra.judges.metric import MetricJudge, Name, score
from palestra.records.failure import FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message
from palestra.records.winner import Winner

NAMES: list[Name] = ["exact", "rouge1", "rouge2", "rougeL", "bleu", "chrf"]
REFERENCE = "The quick brown fox jumps over the lazy dog"
ANSWER = "The quick brown dog jumps on the log."


def test_rouge_of_a_worked_example() -> None:
    """8 words against 9: 6 in common, the longest common subsequence has 5, 2 pairs of words agree."""
    assert score("rouge1", REFERENCE, ANSWER) == pytest.approx(2 * 6 / 17)
    assert score("rougeL", REFERENCE, ANSWER) == pytest.approx(2 * 5 / 17)
    assert score("rouge2", REFERENCE, ANSWER) == pytest.approx(2 * 2 / 15)


ascii_texts = st.text(alphabet=st.characters(max_codepoint=127), max_size=80)


@given(ascii_texts, ascii_texts)
@settings(max_examples=50)
def test_on_ascii_they_are_what_the_packages_say(reference: str, answer: str) -> None:
    plain = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, answer)
    for name in ("rouge1", "rouge2", "rougeL"):
        assert score(name, reference, answer) == pytest.approx(plain[name].fmeasure, abs=1e-11)
    bleu, chrf = sentence_bleu(answer, [reference]).score, sentence_chrf(answer, [reference]).score
    assert score("bleu", reference, answer) == pytest.approx(bleu / 100, abs=1e-11)
    assert score("chrf", reference, answer) == pytest.approx(chrf / 100, abs=1e-11)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text",
    [
        "Paris is the capital of France.",
        "Ο Όλυμπος είναι το ψηλότερο βουνό.",
        "北京是中国的首都。",
        "富士山は日本一高い山です。",
        "กรุงเทพมหานครเป็นเมืองหลวง",
        "दिल्ली भारत की राजधानी है",
        "القاهرة عاصمة مصر",
    ],
)
def test_the_reference_itself_scores_one_in_every_script(name: Name, text: str) -> None:
    assert score(name, text, text) == 1.0
    assert score(name, text, "zzz qqq") < 0.05


@pytest.mark.parametrize("name", ["rouge1", "rougeL", "bleu", "chrf"])
def test_scripts_without_spaces_share_characters(name: Name) -> None:
    near, far = score(name, "我喜欢吃苹果。", "我喜欢吃香蕉。"), score(name, "我喜欢吃苹果。", "他不会游泳!")
    assert 0.3 < near < 1
    assert far < near / 2


def test_vowel_signs_belong_to_their_words() -> None:
    """Devanagari's are marks, not letters, and must not cut words in pieces."""
    assert score("rouge1", "दिल्ली की", "दाल की") == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("answer", "same"),
    [
        ("  forty TWO\n", 1.0),
        ("Forty\ttwo", 1.0),
        ("forty-two", 0.0),
        ("forty two.", 0.0),
        ("The answer is forty two", 0.0),
        ("", 0.0),
    ],
)
def test_exact_leaves_out_case_and_white_space_and_nothing_else(answer: str, same: float) -> None:
    assert score("exact", "forty two", answer) == same


@pytest.mark.parametrize("name", NAMES)
def test_how_accents_are_encoded_does_not_matter(name: Name) -> None:
    text = "Un café très serré à Paris"
    assert score(name, text, unicodedata.normalize("NFD", text)) == 1.0


@given(st.sampled_from(NAMES), st.text(), st.text())
@settings(max_examples=200)
def test_every_score_is_a_share(name: Name, reference: str, answer: str) -> None:
    assert 0 <= score(name, reference, answer) <= 1


async def test_the_nearer_answer_wins_in_either_order() -> None:
    pair = matchup(
        "The capital is Paris.", "Berlin, I think.", prompt(reference="The capital is Paris, of course.")
    )
    for order in (Order.AB, Order.BA):
        verdict = await MetricJudge("rougeL").judge(game(pair, order, repeat=1))
        assert verdict.winner is Winner.A
        assert verdict.score_a is not None
        assert verdict.score_b is not None
        assert 1 > verdict.score_a > verdict.score_b >= 0
        assert (verdict.order, verdict.repeat, verdict.model_a) == (order, 1, "X")
        assert (verdict.judge_model, verdict.protocol, verdict.pref) == ("rougeL", "metric:rougeL", None)


async def test_equal_scores_tie() -> None:
    pair = matchup("PARIS", " paris ", prompt(reference="Paris"))
    verdict = await MetricJudge("exact").judge(game(pair))
    assert (verdict.winner, verdict.score_a, verdict.score_b) == (Winner.TIE, 1.0, 1.0)


@pytest.mark.parametrize("reference", [None, "", " \n"])
async def test_without_a_reference_there_is_no_verdict(reference: str | None) -> None:
    verdict = await MetricJudge("chrf").judge(game(matchup(asked=prompt(reference=reference))))
    assert verdict.failure is not None
    assert verdict.failure.kind is FailureKind.MISSING
    assert (verdict.winner, verdict.score_a, verdict.score_b) == (None, None, None)


async def test_of_a_conversation_the_last_turn_is_compared() -> None:
    asked = prompt("One?", "Two?", reference="two")
    turns = [Message(role="assistant", content=text) for text in ("two", "no")]
    pair = matchup(
        (asked.messages[0], turns[0], asked.messages[1], turns[1]),
        (asked.messages[0], turns[1], asked.messages[1], turns[0]),
        asked,
    )
    assert (await MetricJudge("exact").judge(game(pair))).winner is Winner.B


def test_metric_and_reference_are_in_the_key() -> None:
    def key(name: Name, reference: str) -> str:
        return MetricJudge(name).key(game(matchup(asked=prompt(reference=reference))))

    assert len({key("bleu", "a"), key("bleu", "b"), key("chrf", "a")}) == 3
