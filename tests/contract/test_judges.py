"""What every judge keeps to, whoever it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.judges.making import FunctionModel, game, matchup, mirrored, prompt

from palestra.config.judge import Criterion
from palestra.judges.base import Judge
from palestra.judges.grading import GradingJudge
from palestra.judges.llm import LLMJudge
from palestra.judges.metric import MetricJudge
from palestra.judges.protocols import make_protocol
from palestra.judges.protocols.grade import Single
from palestra.judges.recorded import RecordedJudge
from palestra.records.failure import Failure, FailureKind
from palestra.records.matchup import Order
from palestra.records.response import Response, TokenChances
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from pathlib import Path

    from palestra.models.base import Request

ASKED = prompt("Which city?", reference="Paris")
PAIR = matchup("Paris", "Berlin", ASKED)

REPLIES = {
    "pairwise": ("[[A>B]]", "[[B>A]]"),
    "scores": ("Score-A: 8\nScore-B: 6", "Score-A: 6\nScore-B: 8"),
    "json": ('{"explanation": "e", "verdict": "A>B"}', '{"explanation": "e", "verdict": "B>A"}'),
    "arena-hard": ("[[A>B]]", "[[B>A]]"),
    "mt-bench": ("[[A]]", "[[B]]"),
    "judgearena": ("score_A: 8\nscore_B: 6", "score_A: 6\nscore_B: 8"),
    "evalscope": ('{"reasoning": "r", "verdict": "A>B"}', '{"reasoning": "r", "verdict": "B>A"}'),
    "openarena": ("Score-A: 8\nScore-B: 6", "Score-A: 6\nScore-B: 8"),
    "rubric": ("quality: A=8 B=6", "quality: A=6 B=8"),
    "llmbar": ("Therefore, Output (a) is better.", "Therefore, Output (b) is better."),
}


def llm(protocol: str) -> LLMJudge:
    """Prefers Paris."""
    first, second = REPLIES[protocol]

    def answer(request: object) -> str:
        text = request.messages[-1].content  # type: ignore[attr-defined]
        return first if text.index("\nParis\n<<END ANSWER") < text.index("\nBerlin\n") else second

    criteria = (Criterion(name="quality"),) if protocol == "rubric" else ()
    return LLMJudge(FunctionModel(answer), make_protocol(protocol, criteria=criteria), label="judge")


def grading() -> GradingJudge:
    """Grades Paris higher."""

    def answer(request: object) -> str:
        text = request.messages[-1].content  # type: ignore[attr-defined]
        return "[[8]]" if "\nParis\n<<END ANSWER" in text else "[[6]]"

    return GradingJudge(FunctionModel(answer), Single(), label="judge")


def by_chances() -> LLMJudge:
    """Prefers Paris, by its chances."""

    def answer(request: object) -> str:
        text = request.messages[-1].content  # type: ignore[attr-defined]
        return "m" if text.index("\nParis\n<<END ANSWER") < text.index("\nBerlin\n") else "M"

    return LLMJudge(ChanceModel(answer), make_protocol("alpaca-eval"), label="judge")


class ChanceModel(FunctionModel):
    """Is three quarters sure of what it says."""

    async def generate(self, request: Request) -> Response:
        response = await super().generate(request)
        top = (("m", -0.3), ("M", -1.4)) if response.text == "m" else (("M", -0.3), ("m", -1.4))
        chances = (TokenChances(token=str(response.text), logprob=-0.3, top=top),)
        return response.model_copy(update={"chances": chances})


def recorded(folder: Path) -> RecordedJudge:
    row: dict[str, object] = {"question_id": "q1", "model_a": "X", "model_b": "Y", "winner": "model_a"}
    rows = [row | {"order": order, "repeat": repeat} for order in ("ab", "ba") for repeat in (0, 1)]
    (folder / "v.jsonl").write_text("\n".join(json.dumps(one) for one in rows))
    return RecordedJudge.read(folder / "v.jsonl", label="judge")


@pytest.fixture(
    params=[*REPLIES, "single", "chances", "recorded", "exact", "rouge1", "rougeL", "bleu", "chrf"]
)
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Judge:
    if request.param in REPLIES:
        return llm(request.param)
    if request.param in ("single", "chances"):
        return grading() if request.param == "single" else by_chances()
    return recorded(tmp_path) if request.param == "recorded" else MetricJudge(request.param, label="judge")


def failing(folder: Path) -> list[Judge]:
    down = Failure(kind=FailureKind.TIMEOUT, message="too slow")
    return [
        LLMJudge(FunctionModel(lambda _: down), make_protocol("pairwise"), label="judge"),
        LLMJudge(FunctionModel(lambda _: "no verdict"), make_protocol("scores"), label="judge"),
        recorded(folder),
        MetricJudge("bleu", label="judge"),
    ]


def test_it_is_a_judge(judge: Judge) -> None:
    assert isinstance(judge, Judge)
    assert judge.label == "judge"
    assert isinstance(judge.template, str | None)


@pytest.mark.parametrize("order", [Order.AB, Order.BA])
async def test_its_verdict_is_told_of_model_a_and_model_b(judge: Judge, order: Order) -> None:
    for pair, winner in ((PAIR, Winner.A), (mirrored(PAIR), Winner.B)):
        verdict = await judge.judge(game(pair, order, repeat=1))
        assert verdict.winner is winner
        assert (verdict.model_a, verdict.model_b) == (pair.response_a.model, pair.response_b.model)
        assert (verdict.order, verdict.repeat, verdict.question_id) == (order, 1, "q1")
        assert (verdict.judge_model, verdict.failure) == ("judge", None)


async def test_the_same_game_gets_the_same_verdict(judge: Judge) -> None:
    one, two = [await judge.judge(game(PAIR)) for _ in range(2)]
    assert one.model_copy(update={"tstamp": None}) == two.model_copy(update={"tstamp": None})


async def test_the_key_is_copied_into_the_verdict(judge: Judge) -> None:
    import dataclasses

    asked = game(PAIR)
    assert (await judge.judge(asked)).key == judge.key(asked)
    assert (await judge.judge(dataclasses.replace(asked, key="given"))).key == "given"


def test_the_key_knows_texts_order_and_repeat_and_no_run_seed(judge: Judge) -> None:
    keys = {
        judge.key(game(PAIR)),
        judge.key(game(PAIR, Order.BA)),
        judge.key(game(PAIR, repeat=1)),
        judge.key(game(matchup("Paris", "Rome", ASKED))),
    }
    assert len(keys) == 4
    assert judge.key(game(PAIR, seed=5)) == judge.key(game(PAIR))


async def test_a_verdict_survives_its_line_of_json(judge: Judge) -> None:
    verdict = await judge.judge(game(PAIR))
    line = verdict.json_line()
    assert "\n" not in line
    assert Verdict.model_validate_json(line) == verdict


async def test_a_verdict_that_could_not_be_had_is_a_failure_and_nothing_else(tmp_path: Path) -> None:
    """Never a tie, a loss or a zero, and never raised."""
    for each in failing(tmp_path):
        verdict = await each.judge(game(matchup("a", "b", prompt(question_id="unknown"))))
        assert verdict.failure is not None
        assert verdict.failure.message
        assert (verdict.winner, verdict.label, verdict.pref) == (None, None, None)
        assert (verdict.score_a, verdict.score_b, verdict.explanation) == (None, None, None)


async def test_it_can_be_closed(judge: Judge) -> None:
    await judge.aclose()
