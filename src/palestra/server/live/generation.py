"""Asking one model for one answer, and keeping what comes."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from palestra.config.endpoint import EndpointType
from palestra.models.base import Delta, Request
from palestra.records.failure import Failure, FailureKind
from palestra.records.prompt import Message
from palestra.store.arena_matchups import AnswerRow

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from palestra.records.response import Response
    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.live.stream import Stream
    from palestra.server.roster import Contestant

SAMPLE_REPLY = "sample"
"""The `finish_reason` of a reply of the sample arena that is no answer."""
NOT_ASKED = "it did not answer the turn before"
NOTHING = "it answered nothing"
GONE = "this model is no longer in the arena"


async def generate(live: LiveMatchup, stream: Stream, contestant: Contestant | None) -> AnswerRow:
    """Have one slot answer one turn. Pieces go to `stream` as they come; returns how it ended.

    A model that answers nothing, or is not there, gives a row with a failure. Cancellation passes through.
    """
    messages = _messages(live, stream)
    if messages is None:
        return _failed(stream, FailureKind.MISSING, NOT_ASKED)
    if contestant is None:
        return _failed(stream, FailureKind.MISSING, GONE)
    recorded = contestant.config.endpoint_type is EndpointType.RECORDED
    request = Request(
        question_id=live.row.question_id,
        messages=messages,
        repeat=0 if recorded else stream.attempt,
    )
    response: Response | None = None
    pieces = cast("AsyncGenerator[Delta | Response, None]", contestant.model.stream(request))
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Delta):
                begins = not stream.received
                stream.receive(piece)
                if begins:
                    live.changed()
                else:
                    live.signal.send()
            else:
                response = piece
    if response is None:
        return _failed(stream, FailureKind.OTHER, "the stream ended without an answer")
    return _row(stream, response)


def conversation(live: LiveMatchup, slot: int) -> tuple[Message, ...]:
    """What was said in a slot so far, from the system prompt, if any, to the last answer."""
    said = [Message(role="system", content=live.row.system)] if live.row.system else []
    for turn in live.turns:
        said.append(Message(role="user", content=turn.prompt))
        text = live.stream(turn.turn, slot).text()
        if text:
            said.append(Message(role="assistant", content=text))
    return tuple(said)


def asked(live: LiveMatchup) -> tuple[Message, ...]:
    """What all models were asked: the system prompt, if any, and the visitor's turns."""
    system = (Message(role="system", content=live.row.system),) if live.row.system else ()
    return (*system, *(Message(role="user", content=turn.prompt) for turn in live.turns))


def _messages(live: LiveMatchup, stream: Stream) -> tuple[Message, ...] | None:
    """The conversation up to a turn, with the slot's own answers; None if one of them is missing."""
    said = [Message(role="system", content=live.row.system)] if live.row.system else []
    for turn in live.turns:
        said.append(Message(role="user", content=turn.prompt))
        if turn.turn == stream.turn:
            return tuple(said)
        answer = live.stream(turn.turn, stream.slot).answer
        if answer is None or not answer.ok:
            return None
        said.append(Message(role="assistant", content=answer.text or ""))
    raise AssertionError("a stream's turn is one of its matchup's")


def _row(stream: Stream, response: Response) -> AnswerRow:
    text = response.text if isinstance(response.text, str) else None
    failure = response.failure
    if failure is None and not (text or "").strip():
        text, failure = None, Failure(kind=FailureKind.EMPTY, message=NOTHING)
    return AnswerRow(
        turn=stream.turn,
        slot=stream.slot,
        attempt=stream.attempt,
        text=text,
        thinking=response.thinking,
        failure=failure,
        finish_reason=response.finish_reason,
        latency_ms=response.latency_ms,
        first_token_ms=response.first_token_ms,
        tokens_in=response.tokens_in,
        tokens_out=response.tokens_out,
        cost_usd=response.cost_usd,
        tstamp=response.tstamp or time.time(),
    )


def _failed(stream: Stream, kind: FailureKind, message: str) -> AnswerRow:
    return AnswerRow(
        turn=stream.turn,
        slot=stream.slot,
        attempt=stream.attempt,
        failure=Failure(kind=kind, message=message),
        tstamp=time.time(),
    )
