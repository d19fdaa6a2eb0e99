"""What a visitor asks of models, as the row of a matchup."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from palestra.store.arena_matchups import OPEN, MatchupRow

if TYPE_CHECKING:
    from palestra.records.prompt import Prompt
    from palestra.server.live.pairing import Drawn


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt, or the turns of a conversation, and what is known of it."""

    prompts: tuple[str, ...]
    """The turns of the conversation."""
    known: Prompt
    """What is known of the first of them."""
    system: str | None = None
    language: str | None = None


def new_id() -> str:
    """A name that nobody guesses: 22 letters, digits, - and _."""
    return secrets.token_urlsafe(16)


def new_row(
    voter: str, kind: str, models: tuple[str, ...], asked: Asked, propensity: float | None = None
) -> MatchupRow:
    """The row of a matchup that begins now."""
    known = asked.known
    return MatchupRow(
        id=new_id(),
        voter=voter,
        kind=kind,
        models=models,
        question_id=known.question_id,
        created=time.time(),
        system=asked.system,
        dataset=known.dataset,
        category=known.category,
        language=known.language or asked.language,
        propensity=propensity,
    )


def succeeding_row(old: MatchupRow, drawn: Drawn) -> MatchupRow:
    """The row of a matchup on the same prompt, which takes the place of an old one."""
    return replace(
        old,
        id=new_id(),
        models=drawn.models,
        propensity=drawn.propensity,
        created=time.time(),
        state=OPEN,
        reason=None,
        replaced_by=None,
        share_id=None,
        decided=None,
        leaks=(),
    )
