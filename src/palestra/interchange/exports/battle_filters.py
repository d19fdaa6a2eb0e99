"""Which battles an export reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.exports.normal import normal, normal_talk
from palestra.interchange.exports.turns import opening, whole
from palestra.records.battle import Flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.interchange.exports.turns import Talk
    from palestra.interchange.exports.wishes import Wishes
    from palestra.records.battle import Battle, Text

ERROR_TEXTS = (
    "$ERROR$",
    "**NETWORK ERROR DUE TO HIGH TRAFFIC. PLEASE REGENERATE OR REFRESH THIS PAGE.**",
)
"""What FastChat's server writes where an answer should be; old arena files hold it."""

NO_TEXTS = "without their texts"
FAILED = "with a failed or empty text"
NOT_ALIKE = "whose answers are to different prompts"
SAME = "with the same answer twice"
TIED = "ties"


def unwanted(battle: Battle, wishes: Wishes) -> str | None:
    """Why a battle is left out; None if it is not. The words follow a number of battles."""
    if battle.prompt is None or battle.response_a is None or battle.response_b is None:
        return NO_TEXTS
    a, b = whole(battle.prompt, battle.response_a), whole(battle.prompt, battle.response_b)
    if _failed(a) or _failed(b):
        return FAILED
    reason = _of_rows(battle, wishes) or _of_models(battle, wishes)
    if reason:
        return reason
    if isinstance(battle.response_a, str) and isinstance(battle.response_b, str):
        return SAME if normal(battle.response_a) == normal(battle.response_b) else None
    if normal_talk(a[: opening(a)]) != normal_talk(b[: opening(b)]):
        return NOT_ALIKE
    return SAME if normal_talk(a) == normal_talk(b) else None


def opened(prompt: Text, answer: Text) -> str:
    """How a conversation opens, normalised: what belongs together, and is in train or in test together."""
    talk = whole(prompt, answer)
    return normal_talk(talk[: opening(talk)])


def _failed(talk: Talk) -> bool:
    """Whether no model speaks in it, or a turn of one is empty or an error."""
    said = [message.content.strip() for message in talk if message.role == "assistant"]
    asked = [message for message in talk[: opening(talk)] if normal(message.content)]
    return not said or not asked or any(not text or text in ERROR_TEXTS for text in said)


def _of_rows(battle: Battle, wishes: Wishes) -> str | None:
    wanted: tuple[tuple[str, str | None, Sequence[str]], ...] = (
        ("source", battle.source, wishes.sources),
        ("judge", battle.judge_model, wishes.judges),
        ("dataset", battle.dataset, wishes.datasets),
        ("category", battle.category, wishes.categories),
        ("language", battle.language, wishes.languages),
    )
    for name, value, values in wanted:
        if values and value not in values:
            return f"of another {name}"
    if not wishes.leaks and Flag.IDENTITY_LEAK in battle.flags:
        return "in which an answer tells who wrote it"
    if not wishes.named and battle.anonymous is False:
        return "whose voter knew which models met"
    for flag in wishes.without_flags:
        if flag in battle.flags:
            return f"flagged {flag}"
    return TIED if not wishes.ties and battle.share() == 0.5 else None


def _of_models(battle: Battle, wishes: Wishes) -> str | None:
    met = {battle.model_a, battle.model_b}
    if (wishes.models and not met <= set(wishes.models)) or met & set(wishes.without_models):
        return "of other models"
    return None
