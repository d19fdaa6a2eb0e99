"""Anthropic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.wire.base import Answer, Ask, Refusal, sse, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STOP = {"stop": "end_turn", "length": "max_tokens", "filtered": "refusal", "refusal": "refusal"}
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Anthropic:
    name = "anthropic"
    stream_kind = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path.endswith("/messages")

    def ask(self, path: str, body: Mapping[str, Any]) -> Ask:
        system = [("system", text_of(body["system"]))] if body.get("system") else []
        turns = [(message["role"], text_of(message["content"])) for message in body["messages"]]
        form = body.get("output_format") or (body.get("output_config") or {}).get("format") or {}
        return Ask(
            model=body["model"],
            turns=(*system, *turns),
            seed=None,
            stream=bool(body.get("stream")),
            schema=form.get("schema"),
        )

    def whole(self, ask: Ask, answer: Answer) -> dict[str, Any]:
        return {
            **_frame(ask, answer),
            "content": [{**block, **filling} for block, filling in _blocks(answer)],
            "stop_reason": STOP[answer.finish],
            "usage": {"input_tokens": answer.tokens_in, "output_tokens": answer.tokens_out},
        }

    def events(self, ask: Ask, answer: Answer) -> list[bytes]:
        events: list[dict[str, Any]] = [{"type": "message_start", "message": _frame(ask, answer)}]
        for index, (block, filling) in enumerate(_blocks(answer)):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            part = {"type": "content_block_delta", "index": index}
            events += [{**part, "delta": delta} for delta in _deltas(answer, filling)]
            events.append({"type": "content_block_stop", "index": index})
        end = {"stop_reason": STOP[answer.finish], "stop_sequence": None}
        usage = {"output_tokens": answer.tokens_out}
        events.append({"type": "message_delta", "delta": end, "usage": usage})
        events.append({"type": "message_stop"})
        return [sse(event, event["type"]) for event in events]

    def error(self, refusal: Refusal) -> dict[str, Any]:
        kind = TYPES.get(refusal.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}

    def stream_error(self, refusal: Refusal) -> bytes:
        return sse(self.error(refusal), "error")

    def filtered(self, ask: Ask) -> tuple[int, dict[str, Any]]:
        return 400, self.error(Refusal(400, "Output blocked by content filtering policy"))


def _frame(ask: Ask, answer: Answer) -> dict[str, Any]:
    return {
        "id": "msg_test",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": answer.tokens_in, "output_tokens": 1},
    }


def _blocks(answer: Answer) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each block as it starts, and what fills it."""
    blocks: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if answer.thinking:
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        blocks.append((empty, {"thinking": answer.thinking, "signature": "c2lnbmVk"}))
    if answer.text:
        blocks.append(({"type": "text", "text": ""}, {"text": answer.text}))
    return blocks


def _deltas(answer: Answer, filling: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "text" in filling:
        return [{"type": "text_delta", "text": piece} for piece in answer.pieces()]
    return [
        {"type": "thinking_delta", "thinking": filling["thinking"]},
        {"type": "signature_delta", "signature": filling["signature"]},
    ]
