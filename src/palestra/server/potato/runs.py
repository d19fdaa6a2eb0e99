"""One prompt to every model at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from palestra.server.live.asking import Asked
from palestra.server.sessions import Session

if TYPE_CHECKING:
    from palestra.server.context import Context
    from palestra.server.live.matchup import LiveMatchup
    from palestra.store.arena_matchups import AnswerRow

NO_TEXT = "the reply holds no text"


def admin_voter(context: Context) -> str:
    """Whose the preferences are: whoever holds the admin's key is one and the same."""
    return context.sessions.voter_hash(Session("admin", ""))


async def run(context: Context, prompt: str) -> list[dict[str, Any]]:
    """Ask every model; what each replied, in the order of the config.

    Raises:
        Problem: no model can be asked.
    """
    asked = Asked((prompt,), context.prompts.recognise(prompt))
    live = await context.hub.ask_all(admin_voter(context), asked)
    return [_result(context, live, slot) for slot in range(live.size)]


def _result(context: Context, live: LiveMatchup, slot: int) -> dict[str, Any]:
    label = live.row.models[slot]
    entry = context.roster.get(label)
    answer = live.stream(live.turns[0].turn, slot).answer
    assert answer is not None
    return {
        "label": label,
        "model": (entry.config.model if entry else "") or label,
        "response": answer.text if answer.ok else None,
        "latency_ms": round(_latency(answer, live.row.created)),
        "error": _error(answer),
    }


def _latency(answer: AnswerRow, begun: float) -> float:
    """Milliseconds; where the model measured none, to the end of the attempt."""
    measured = answer.latency_ms
    return max(0.0, 1000.0 * (answer.tstamp - begun)) if measured is None else measured


def _error(answer: AnswerRow) -> str | None:
    if answer.ok:
        return None
    return NO_TEXT if answer.failure is None else answer.failure.message or answer.failure.kind.value
