from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.report.sample import Sample, arena, battle, failed_response, response, verdict

from palestra.records.battle import Source
from palestra.records.failure import FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message, Prompt
from palestra.records.winner import Winner
from palestra.report.book import Book

if TYPE_CHECKING:
    from collections.abc import Mapping

A, B = response("q", "a", "text of a"), response("q", "b", "text of b")


def _data(sample: Sample, judge_repeats: Mapping[str, int] | None = None) -> dict[str, Any]:
    book = Book(judge_repeats)
    for prompt in sample.prompts:
        book.add_prompt(prompt)
    for answer in sample.responses:
        book.add_response(answer)
    for reply in sample.verdicts:
        book.add_verdict(reply)
    for row in sample.battles:
        book.add_battle(row)
    return book.data()


def _text(data: dict[str, Any], row: dict[str, Any], side: str) -> Any:
    return data["texts"][data["answers"][row[side]]["t"]]


def test_each_text_is_written_once() -> None:
    data = _data(arena(["a", "b", "c", "d"], 6))
    assert len(data["rows"]) == 36
    assert len(data["answers"]) == 24
    assert len(data["texts"]) == len({str(text) for text in data["texts"]})


def test_a_battle_finds_its_answers_and_both_of_its_verdicts() -> None:
    made = Sample(responses=[A, B])
    made.verdicts = [
        verdict("q", "a", "b", Order.AB, Winner.A, "first"),
        verdict("q", "a", "b", Order.BA, Winner.B, "second"),
        verdict("other", "a", "b", Order.AB, Winner.B, "elsewhere"),
    ]
    made.battles = [battle("q", A, B, Winner.TIE)]
    data = _data(made)
    row = data["rows"][0]
    assert (_text(data, row, "ra"), _text(data, row, "rb")) == ("text of a", "text of b")
    assert [(v["o"], v["w"], data["texts"][v["t"]]) for v in row["v"]] == [
        ("ab", "a", "first"),
        ("ba", "b", "second"),
    ]


def test_verdicts_are_told_from_the_side_of_the_battles_own_model_a() -> None:
    made = Sample(responses=[A, B], battles=[battle("q", B, A, Winner.A)])
    made.verdicts = [verdict("q", "a", "b", Order.AB, Winner.B, label="B>>A", score_a=2, score_b=9, pref=0.1)]
    (told,) = _data(made)["rows"][0]["v"]
    assert (told["w"], told["l"], told["o"], told["sa"], told["sb"], told["pr"]) == (
        "a",
        "A>>B",
        "ba",
        9,
        2,
        0.9,
    )


def test_a_kept_order_has_only_its_own_verdict() -> None:
    made = Sample(responses=[A, B])
    made.verdicts = [verdict("q", "a", "b", order, Winner.A, order.value) for order in (Order.AB, Order.BA)]
    made.battles = [battle("q", A, B, Winner.A, order=order) for order in (Order.AB, Order.BA)]
    rows = _data(made)["rows"]
    assert [[v["o"] for v in row["v"]] for row in rows] == [["ab"], ["ba"]]


def test_each_judge_and_repeat_has_its_own_verdicts() -> None:
    made = Sample(responses=[A, B])
    for judge in ("J", "K"):
        for repeat in (0, 1):
            said = f"{judge}{repeat}"
            made.verdicts.append(verdict("q", "a", "b", Order.AB, Winner.A, said, judge, repeat=repeat))
            made.battles.append(battle("q", A, B, Winner.A, judge_model=judge, repeat=repeat, order=None))
    data = _data(made)
    assert [[data["texts"][v["t"]] for v in row["v"]] for row in data["rows"]] == [
        ["J0"],
        ["J1"],
        ["K0"],
        ["K1"],
    ]


def test_a_panels_battle_shows_every_judge() -> None:
    made = Sample(responses=[A, B], battles=[battle("q", A, B, Winner.A, judge_model="panel:majority")])
    made.verdicts = [verdict("q", "a", "b", Order.AB, Winner.A, judge=judge) for judge in ("J", "K", "L")]
    data = _data(made)
    assert [data["judges"][v["j"]] for v in data["rows"][0]["v"]] == ["J", "K", "L"]


def test_a_persons_vote_has_no_judges_words() -> None:
    made = Sample(responses=[A, B], verdicts=[verdict("q", "a", "b", Order.AB, Winner.A)])
    made.battles = [battle("q", A, B, Winner.B, source=Source.HUMAN, judge_model=None)]
    person, judged = _data(made)["rows"]
    assert "v" not in person
    assert judged["w"] == "-"


def test_a_metric_reads_in_no_order() -> None:
    made = Sample(responses=[A, B], battles=[battle("q", A, B, Winner.A)])
    made.verdicts = [
        verdict("q", "a", "b", Order.AB, Winner.A).model_copy(update={"protocol": "metric:bleu"})
    ]
    (told,) = _data(made)["rows"][0]["v"]
    assert "o" not in told


def test_a_matchup_without_a_decision_stands_at_the_end_with_its_reason() -> None:
    made = Sample(responses=[A, B])
    made.prompts = [Prompt(question_id="q", messages=(Message(role="user", content="Why?"),), subset="law")]
    made.verdicts = [
        verdict("q", "a", "b", Order.AB, Winner.A, "[[A>B]]"),
        verdict("q", "a", "b", Order.BA, None, "hm"),
    ]
    data = _data(made)
    (row,) = data["rows"]
    assert (row["w"], row["sub"], data["texts"][row["p"]]) == ("-", "law", "Why?")
    assert [v.get("x") for v in row["v"]] == [None, "unreadable"]
    assert "w" not in row["v"][1]
    assert _text(data, row, "ra") == "text of a"


def test_a_repeat_of_a_matchup_shows_that_repeats_answer() -> None:
    a, b = (answer.model_copy(update={"repeat": 1, "text": f"{answer.text}, again"}) for answer in (A, B))
    made = Sample(responses=[A, B, a, b])
    made.verdicts = [verdict("q", "a", "b", Order.AB, None, repeat=3)]
    made.battles = [battle("q", a, b, Winner.A, repeat=2)]
    data = _data(made, {"Judge": 2})
    decided, undecided = data["rows"]
    assert _text(data, decided, "ra") == _text(data, undecided, "ra") == "text of a, again"


def test_a_battle_whose_texts_are_elsewhere_still_has_a_row() -> None:
    bare = battle("q", A, B, Winner.A).model_copy(update={"response_b": None, "question_id": None})
    data = _data(Sample(battles=[bare]))
    (row,) = data["rows"]
    assert _text(data, row, "ra") == "text of a"
    assert "rb" not in row


def test_a_failed_answer_keeps_its_kind_and_has_no_text() -> None:
    (answer,) = _data(Sample(responses=[failed_response("q", "a", FailureKind.TIMEOUT, "late")]))["answers"]
    assert answer == {"x": "timeout", "m": "late"}


def test_a_conversation_keeps_its_turns() -> None:
    talk = (Message(role="user", content="Hi"), Message(role="assistant", content="Hello"))
    long = A.model_copy(update={"text": talk})
    data = _data(Sample(responses=[long, B], battles=[battle("q", long, B, Winner.A, prompt=talk[:1])]))
    assert _text(data, data["rows"][0], "ra") == [["user", "Hi"], ["assistant", "Hello"]]
