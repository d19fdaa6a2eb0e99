"""One file per protocol: what the judge is told, and how its reply is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from palestra.config.judge import Criterion
    from palestra.judges.protocols.grade import Single
    from palestra.judges.protocols.template import Templated

SINGLE = "mt-bench-single"
"""The protocol that grades one answer at a time."""


def make_protocol(
    name: str,
    *,
    template: Path | str | None = None,
    score_temperature: float = 0.3,
    criteria: Sequence[Criterion] = (),
    scale: tuple[float, float] = (1.0, 10.0),
) -> Templated:
    """The protocol of that name, with your own template if a file or a text is given.

    `score_temperature` is for those that soften scores, `criteria` and `scale` are for `rubric`.

    Raises:
        ConfigError: the template cannot be used.
    """
    from palestra.judges.protocols.custom import read_template

    kind = _kind(name)
    options: dict[str, Any] = {}
    if name in ("scores", "judgearena", "rubric"):
        options["temperature"] = score_temperature
    if name == "rubric":
        options |= {"criteria": tuple(criteria), "lowest": scale[0], "highest": scale[1]}
    made = kind(**options)
    return made if template is None else kind(read_template(template, made), **options)


def make_single(template: Path | str | None = None) -> Single:
    """The protocol `mt-bench-single`, with your own template if a file or a text is given.

    Raises:
        ConfigError: the template cannot be used.
    """
    from palestra.judges.protocols.custom import read_template
    from palestra.judges.protocols.grade import Single

    return Single() if template is None else Single(read_template(template, Single()))


def _kind(name: str) -> type[Templated]:
    from palestra.judges.protocols.alpaca_eval import AlpacaEval
    from palestra.judges.protocols.arena_hard import ArenaHard
    from palestra.judges.protocols.evalscope import EvalScope
    from palestra.judges.protocols.grade import Single
    from palestra.judges.protocols.json import Json
    from palestra.judges.protocols.judgearena import JudgeArena
    from palestra.judges.protocols.llmbar import LLMBar
    from palestra.judges.protocols.mt_bench import MTBench
    from palestra.judges.protocols.openarena import OpenArena
    from palestra.judges.protocols.pairwise import Pairwise
    from palestra.judges.protocols.rubric import Rubric
    from palestra.judges.protocols.scores import Scores

    kinds: tuple[type[Templated], ...] = (
        Pairwise,
        Scores,
        Json,
        ArenaHard,
        MTBench,
        Single,
        AlpacaEval,
        JudgeArena,
        EvalScope,
        OpenArena,
        Rubric,
        LLMBar,
    )
    return {kind.name: kind for kind in kinds}[name]
