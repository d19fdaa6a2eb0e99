"""Judges and models of one family: what is left unjudged for it, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.judges.family import families
from palestra.judges.grading import GradingJudge
from palestra.judges.llm import LLMJudge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.config.endpoint import Endpoint
    from palestra.config.schema import Config
    from palestra.judges.base import Judge


def kin_of(config: Config, judges: Sequence[Judge]) -> frozenset[tuple[int, int]]:
    """The judges and models, by place, that share a family where the judge is not told to judge its own."""
    return frozenset(
        (number, place)
        for number, judge in enumerate(judges)
        if not config.judges[number].judge_own_family
        for place in _relatives(config, number, judge)
    )


def kin_notes(config: Config, judges: Sequence[Judge], left: Sequence[int], total: int) -> list[str]:
    """What judges leave unjudged because of their family, and which judge it all the same; a sentence each.

    `left`: of `total` matchups, how many each judge leaves.
    """
    notes = []
    for number, judge in enumerate(judges):
        places = _relatives(config, number, judge)
        if not places:
            continue
        own = ", ".join(sorted(_families(config.judges[number])))
        names = ", ".join(config.models[place].label for place in places)
        who = f"{judge.label} is of the family {own}, as {'are' if places[1:] else 'is'} {names}"
        if config.judges[number].judge_own_family:
            notes.append(f"{who}; it judges them all the same, as judge_own_family says")
        else:
            unless = "unless judge_own_family is true"
            notes.append(f"{who}; it leaves {left[number]} of {total} matchups unjudged, {unless}")
    return notes


def _relatives(config: Config, number: int, judge: Judge) -> list[int]:
    if not isinstance(judge, LLMJudge | GradingJudge):
        return []
    own = _families(config.judges[number])
    return [place for place, model in enumerate(config.models) if own & _families(model)]


def _families(endpoint: Endpoint) -> frozenset[str]:
    """Of a file's model, by what the file or the arena calls it."""
    organisation = getattr(endpoint, "organisation", None)
    name = endpoint.model or getattr(endpoint, "name_in_file", None) or endpoint.label
    return families(name, organisation)
