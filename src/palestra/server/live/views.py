"""What is told of a matchup. The one place that decides what a visitor may know before the vote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.server.live.slots import letter, letters
from palestra.store.arena_matchups import FAILED, FAILED_OFTEN, GIVEN_UP, VOTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.live.stream import Stream
    from palestra.server.roster import Roster
    from palestra.store.arena_matchups import AnswerRow

HIDDEN_FAILURE = {"kind": "failed", "message": "This model could not answer."}
REASONS = {
    FAILED: "One of the models could not answer, so others were asked.",
    FAILED_OFTEN: "Several models in a row could not answer. Try again, or try another prompt.",
    GIVEN_UP: "Other models were asked by wish.",
}


def may_name(live: LiveMatchup) -> bool:
    """Whether the models may be told: they were chosen by name, or the vote is counted."""
    return not live.is_blind or live.row.state == VOTED


def matchup_view(live: LiveMatchup, roster: Roster, token: str | None) -> dict[str, Any]:
    """A matchup as its visitor sees it; `token` lets the visitor vote."""
    row = live.row
    return {
        "id": row.id,
        "kind": row.kind,
        "token": token if live.is_open else None,
        "state": row.state,
        "size": live.size,
        "system": row.system,
        "created": row.created,
        "slots": letters(live.size),
        "models": models_view(live, roster) if may_name(live) else None,
        "turns": [
            {
                "turn": turn.turn,
                "prompt": turn.prompt,
                "answers": [answer_view(live, stream) for stream in live.streams(turn.turn)],
            }
            for turn in live.turns
        ],
        **flags_view(live),
        "replaced_by": row.replaced_by,
        "reason": reason_view(live),
        "reveal": reveal_view(live, roster),
        "share": share_path(live),
    }


def flags_view(live: LiveMatchup) -> dict[str, bool]:
    """Whether a vote is taken."""
    return {"can_vote": live.can_vote, "vote_now": live.vote_now}


def reason_view(live: LiveMatchup) -> str | None:
    """Why a matchup was replaced, in words."""
    return None if live.row.reason is None else REASONS.get(live.row.reason, live.row.reason)


def share_path(live: LiveMatchup) -> str | None:
    """Where a decided matchup can be seen by others."""
    return None if live.row.share_id is None else f"/shared/{live.row.share_id}"


def answer_view(live: LiveMatchup, stream: Stream) -> dict[str, Any]:
    """One answer as far as it is shown."""
    view: dict[str, Any] = {
        "slot": letter(stream.slot),
        "status": _status(stream),
        "text": stream.text(),
        "thinking": stream.thinking(),
    }
    answer = stream.answer if stream.done else None
    failed = answer is not None and answer.failure is not None and not answer.stopped
    if not may_name(live):
        return view | ({"failure": HIDDEN_FAILURE} if failed else {})
    view |= {name: None if answer is None else getattr(answer, name) for name in _MEASURED}
    view["failure"] = _failure(answer) if failed and answer is not None else None
    return view


_MEASURED = ("latency_ms", "first_token_ms", "tokens_in", "tokens_out", "cost_usd")


def models_view(live: LiveMatchup, roster: Roster) -> list[dict[str, Any]]:
    """Who meets, by slot."""
    return [{"slot": letter(slot), **roster.facts(label)} for slot, label in enumerate(live.row.models)]


def reveal_view(live: LiveMatchup, roster: Roster) -> dict[str, Any] | None:
    """What the voter is told once the vote is counted; None before."""
    vote = live.vote
    if vote is None or live.row.state != VOTED:
        return None
    told = vote.reveal or {}
    standings = told.get("standings", {})
    models = []
    for slot, facts in enumerate(models_view(live, roster)):
        before, after = standings.get(facts["label"]) or (None, None)
        answers = [live.stream(turn.turn, slot).answer for turn in live.turns]
        sums = {name: _sum(answers, name) for name in ("latency_ms", "tokens_out", "cost_usd")}
        models.append({**facts, "before": before, "after": after, **sums})
    return {
        "winner": vote.winner,
        "ranking": None if vote.ranking is None else list(vote.ranking),
        "models": models,
        "counted": bool(told.get("counted", True)),
        "note": told.get("note"),
        "share": share_path(live),
    }


def _status(stream: Stream) -> str:
    answer = stream.answer
    if answer is None or not stream.done:
        return "streaming" if stream.shown else "waiting"
    if answer.stopped:
        return "stopped"
    return "done" if answer.failure is None else "failed"


def _failure(answer: AnswerRow) -> dict[str, str] | None:
    failure = answer.failure
    return None if failure is None else {"kind": failure.kind.value, "message": failure.message}


def _sum(answers: Sequence[AnswerRow | None], name: str) -> float | None:
    """The sum over all turns; None if it is not known of each."""
    values = [getattr(answer, name) for answer in answers if answer is not None]
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(answers) else None
