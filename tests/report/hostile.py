"""A result folder full of what a report must only ever show as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.report.sample import Sample, battle, board, failed_response, rating, response, verdict

from palestra.records.battle import Flag
from palestra.records.failure import FailureKind
from palestra.records.matchup import Order
from palestra.records.prompt import Message, Prompt
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from palestra.records.response import Response

SCRIPT = "</script><script>window.pwned = 1</script>"
HANDLER = '<img src="https://evil.example/x.png" onerror="window.pwned = 2">'
STYLE = "</style><style>body{display:none}</style><!-- <script>"
RTL = "مرحبا بالعالم \u202eevil\u202c שלום"
EMOJI = "👨‍👩‍👧‍👦 🏳️‍🌈 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \u2028 \u2029 \x07"
LONG = "word " * 20_000
TEMPLATE = "{{ 7*7 }} {% raw %} ${window.pwned = 3}"

MODEL_A = "\"><svg onload=alert(1)> & 'A'"
MODEL_B = "B\u202e\x1b[31m</bdi><script>window.pwned = 4</script>"
JUDGE = "<b>Judge</b>|`J`"
TEXTS = (SCRIPT, HANDLER, STYLE, RTL, EMOJI, LONG, TEMPLATE)


def sample() -> Sample:
    """One battle for each hostile text, a matchup without a decision, and a failure of each kind."""
    made = Sample(arena=f"arena {SCRIPT}")
    for number, text in enumerate(TEXTS):
        _add(made, f"q{number}{HANDLER}", text)
    _add_undecided(made)
    for kind in FailureKind:
        made.responses.append(failed_response(f"f-{kind}", MODEL_A, kind, f"{kind}: {HANDLER}{SCRIPT}"))
    ratings = [
        rating(MODEL_A, 1, 1040.0, rank_high=2, flags=("few_battles",)),
        rating(MODEL_B, 2, 960.0, rank_low=1),
    ]
    made.board = board(ratings, len(made.battles), warnings=[f"warning {SCRIPT}"], n_failed=1)
    halves = {f"sub {SCRIPT}": made.board, 'sub "b"': made.board}
    made.groups = {"subset": halves}
    made.manifest = {"notes": (f"note {HANDLER}",), "complete": False, "n_unjudged": 2}
    return made


def _add(made: Sample, question: str, text: str) -> None:
    a = response(question, MODEL_A, text, thinking=f"thinking {SCRIPT}")
    b = response(question, MODEL_B, f"{text} from b", finish_reason="length")
    prompt = (Message(role="user", content=text), Message(role="user", content="And then?"))
    known = {"dataset": "d", "subset": f"sub {SCRIPT}", "language": "en"}
    made.prompts.append(Prompt(question_id=question, messages=prompt, reference=f"ref {text}", **known))
    made.responses += [a, b]
    for order, winner in ((Order.AB, Winner.A), (Order.BA, Winner.B)):
        said = f"{text}\n[[A>B]] in {order}"
        made.verdicts.append(verdict(question, MODEL_A, MODEL_B, order, winner, said, judge=JUDGE))
    flags = (Flag.ORDER_DISAGREEMENT.value,)
    made.battles.append(
        battle(question, a, b, Winner.TIE, prompt=prompt, judge_model=JUDGE, flags=flags, **known)
    )


def _add_undecided(made: Sample) -> None:
    answers: list[Response] = [response("open", model, f"{model} {SCRIPT}") for model in (MODEL_A, MODEL_B)]
    made.responses += answers
    made.verdicts += [
        verdict("open", MODEL_A, MODEL_B, Order.AB, Winner.A, "[[A>B]]", judge=JUDGE),
        verdict("open", MODEL_A, MODEL_B, Order.BA, None, f"no idea {SCRIPT}", judge=JUDGE),
    ]
