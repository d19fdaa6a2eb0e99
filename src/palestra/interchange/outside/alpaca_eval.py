"""AlpacaEval's annotations and model outputs (tatsu-lab/alpaca_eval).

* `annotations.json`, a list (also of `results/…/weighted_alpaca_eval_gpt4_turbo/`): `instruction, output_1,
  generator_1, output_2, generator_2, dataset, annotator, preference`, often `raw_completion`,
  `price_per_example`, `time_per_example`. A preference is from 1 (the first is better) to 2 (the second),
  1.5 a tie; older files write a tie as 0. On the leaderboard's files the baseline is generator_1.
* `model_outputs.json`, a list: `instruction, output, generator`, often `dataset` and `datasplit`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.outside.answers import answer
from palestra.interchange.outside.base import DamagedError, Format, Rowwise
from palestra.interchange.outside.cells import number, question_of, required, said, text
from palestra.interchange.outside.judged import Case, Game, pieces, share_winner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import Data, Options, Piece

_PAIR = {"instruction", "output_1", "generator_1", "output_2", "generator_2", "preference"}


def _fits_annotations(data: Data) -> bool:
    return data.keys() >= _PAIR - {"generator_1", "generator_2"} and "generator_2" in data


def _fits_outputs(data: Data) -> bool:
    return data.keys() >= {"instruction", "output", "generator"} and "preference" not in data


def _annotations(options: Options) -> Rowwise:
    def convert(data: Data) -> Iterator[Piece]:
        asked = required(data, "instruction")
        facts = {
            "dataset": "alpaca-eval",
            "subset": text(data, "dataset"),
            "prompt": asked,
            "response_a": said(data, "output_1"),
            "response_b": said(data, "output_2"),
        }
        raw = data.get("raw_completion")
        share = _share(data)
        game = Game(
            order=None,
            winner=None if share is None else share_winner(share),
            share=share,
            raw=raw if isinstance(raw, str) else None,
            soft=share not in (None, 0.0, 0.5, 1.0),
        )
        case = Case(
            question_id=question_of(asked),
            model_a=required(data, "generator_1"),
            model_b=required(data, "generator_2"),
            judge=text(data, "annotator"),
            protocol="alpaca-eval",
            facts=facts,
        )
        yield from pieces(case, [game], options)

    return Rowwise(
        convert,
        "preferences between 1 and 2 became shares (pref) and count as such (soft); "
        "`palestra rank --labels hard` takes the winner alone",
        "AlpacaEval shows the answers in an order that its files do not tell",
    )


def _share(data: Data) -> float | None:
    """A's share of the win; None if the annotator did not decide."""
    preference = number(data, "preference")
    if preference is None:
        return None
    if preference == 0:
        return 0.5
    if not 1 <= preference <= 2:
        raise DamagedError("expected a preference from 1 to 2", key="preference", seen=preference)
    return 2.0 - preference


def _convert_output(data: Data) -> Iterator[Piece]:
    asked = required(data, "instruction")
    yield answer(question_of(asked), required(data, "generator"), [said(data, "output")])


FORMATS = (
    Format(
        name="alpaca-eval",
        title="AlpacaEval annotations",
        shape="instruction, output_1, output_2, generator_2, preference",
        fits=_fits_annotations,
        make=_annotations,
        gives=frozenset({"battles", "verdicts"}),
    ),
    Format(
        name="alpaca-eval-outputs",
        title="AlpacaEval model outputs",
        shape="instruction, output, generator",
        fits=_fits_outputs,
        make=lambda _: Rowwise(
            _convert_output,
            "question_id derives from the instruction, as where Palestra reads prompts",
        ),
        gives=frozenset({"responses"}),
    ),
)
