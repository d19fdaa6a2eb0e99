"""Which meetings an export makes rows of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.exports.near import similarity
from palestra.interchange.exports.wishes import PAIRED

if TYPE_CHECKING:
    from palestra.interchange.exports.meetings import Meeting
    from palestra.interchange.exports.turns import Talk
    from palestra.interchange.exports.wishes import Wishes

EVEN = "as good as each other"
CONTRADICTED = "judged both ways"
NEAR = "nearly equal"
TALKS = "of several turns, which plain text cannot hold"


def unfit(meeting: Meeting, wishes: Wishes) -> str | None:
    """Why two answers make no row; None if they do. The words follow a number of pairs of answers."""
    if len(meeting.games) < wishes.min_battles:
        return f"with fewer than {wishes.min_battles} battles"
    if wishes.contradictions == "drop" and meeting.is_contradicted:
        return CONTRADICTED
    if wishes.kind in PAIRED and meeting.share == 0.5:
        return EVEN
    if _too_few_agree(meeting, wishes):
        return "on which too few agree"
    sign = 1.0 if meeting.share >= 0.5 else -1.0
    if 0.5 + sign * (meeting.pref - 0.5) < wishes.min_pref:
        return "with too small a share of the win"
    if wishes.min_margin > 0 and (meeting.score is None or sign * meeting.score < wishes.min_margin):
        return "with too small a margin, or without scores"
    if wishes.style == "plain" and not (is_plain(meeting.one.talk) and is_plain(meeting.other.talk)):
        return TALKS
    if wishes.near is not None and similarity(_said(meeting, 0), _said(meeting, 1)) >= wishes.near:
        return NEAR
    return None


def _too_few_agree(meeting: Meeting, wishes: Wishes) -> bool:
    if wishes.min_judges <= 1 and wishes.min_agreement <= 0:
        return False
    agreeing, deciding = meeting.agreeing()
    return agreeing < wishes.min_judges or agreeing < wishes.min_agreement * deciding


def is_plain(talk: Talk) -> bool:
    """Whether a conversation is one question and one answer."""
    return [message.role for message in talk] == ["user", "assistant"]


def _said(meeting: Meeting, side: int) -> str:
    talk = (meeting.one, meeting.other)[side].talk
    return "\n".join(message.content for message in talk if message.role == "assistant")
