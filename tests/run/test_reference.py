"""Reference metrics: against the packages that define them, and by hand."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu import sentence_bleu
from tests.judges.making import prompt

from palestra.records.failure import Failure, FailureKind
from palestra.records.response import Response
from palestra.run.reference import NAMES, ReferenceScores, common_length, scores

REFERENCE = "The quick brown fox jumps over the lazy dog"
ANSWER = "The quick brown dog jumps on the log."

ascii_texts = st.text(alphabet=st.characters(max_codepoint=127), max_size=80)


def response(model: str, text: str | None) -> Response:
    failure = None if text is not None else Failure(kind=FailureKind.MISSING, message="none")
    return Response(key="k", question_id="q1", model=model, text=text, failure=failure)


def test_a_worked_example() -> None:
    """8 words against 9: 6 in common, 2 pairs of them, a common subsequence of 5. For BLEU the full stop is a
    word, too."""
    found = scores(REFERENCE, ANSWER)
    assert list(found) == list(NAMES)
    assert (found["Rouge-1-R"], found["Rouge-1-P"]) == pytest.approx((6 / 9, 6 / 8))
    assert found["Rouge-1-F"] == pytest.approx(2 * 6 / 17)
    assert (found["Rouge-2-R"], found["Rouge-2-P"]) == pytest.approx((2 / 8, 2 / 7))
    assert (found["Rouge-L-R"], found["Rouge-L-P"]) == pytest.approx((5 / 9, 5 / 8))
    assert [found[f"bleu-{n}"] for n in (1, 2, 3, 4)] == pytest.approx([6 / 9, 2 / 8, 1 / 7, 0.0])
    assert found["exact_match"] == 0.0


@given(ascii_texts, ascii_texts)
@settings(max_examples=50)
def test_on_ascii_rouge_is_what_its_package_says(reference: str, answer: str) -> None:
    plain = RougeScorer(["rouge1", "rouge2", "rougeL"]).score(reference, answer)
    found = scores(reference, answer)
    for name, ours in (("rouge1", "Rouge-1"), ("rouge2", "Rouge-2"), ("rougeL", "Rouge-L")):
        told = plain[name]
        assert (found[f"{ours}-R"], found[f"{ours}-P"], found[f"{ours}-F"]) == pytest.approx(
            (told.recall, told.precision, told.fmeasure), abs=1e-12
        )


def test_the_four_bleu_precisions_make_bleu() -> None:
    answer = "A quick brown fox jumps over the lazy dog and runs"
    found = scores(REFERENCE, answer)
    product = 1.0
    for n in (1, 2, 3, 4):
        product *= found[f"bleu-{n}"]
    assert product**0.25 == pytest.approx(sentence_bleu(answer, [REFERENCE]).score / 100)


def test_the_same_text_scores_one_and_an_empty_one_nothing() -> None:
    same = scores(REFERENCE, REFERENCE.upper())
    assert same["exact_match"] == same["Rouge-L-F"] == 1.0
    assert all(value == 1.0 for value in scores(REFERENCE, REFERENCE).values())
    assert set(scores(REFERENCE, "").values()) == {0.0}


def test_scripts_without_spaces_are_compared_by_character() -> None:
    found = scores("巴黎是法国的首都", "法国的首都是巴黎")
    assert found["Rouge-1-F"] == 1.0
    assert 0 < found["Rouge-L-F"] < 1


def test_the_common_subsequence_of_long_texts_is_found_quickly() -> None:
    rng = random.Random(0)
    one, other = ([f"w{rng.randrange(300)}" for _ in range(6000)] for _ in range(2))
    start = time.process_time()
    found = common_length(one, other)
    assert time.process_time() - start < 1.0  # the table, cell by cell, takes half a minute
    assert 500 < found < 900  # 2/√300 of the length, in the limit


def test_means_leave_out_what_failed_and_what_has_no_reference() -> None:
    table = ReferenceScores()
    known = prompt(reference=REFERENCE).model_copy(update={"dataset": "d", "subset": None})
    table.add(known, [response("a", REFERENCE), response("b", None)])
    table.add(known, [response("a", "nothing of it"), response("b", ANSWER)])
    table.add(prompt(reference=None), [response("a", "x")])
    rows = list(table.rows(["b", "a"]))
    assert [row.model for row in rows] == ["b"] * len(NAMES) + ["a"] * len(NAMES)
    assert {(row.dataset, row.subset) for row in rows} == {("d", "default")}
    assert {row.model: row.num for row in rows} == {"b": 1, "a": 2}
    exact = {row.model: row.score for row in rows if row.metric == "exact_match"}
    assert exact == {"a": 0.5, "b": 0.0}
