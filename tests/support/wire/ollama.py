"""Ollama's own chat."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.wire.base import Answer, Ask, Refusal, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

WHEN = "2026-01-01T00:00:00Z"


class Ollama:
    name = "ollama"
    stream_kind = "application/x-ndjson"

    def takes(self, path: str) -> bool:
        return path.endswith("/api/chat")

    def ask(self, path: str, body: Mapping[str, Any]) -> Ask:
        form = body.get("format")
        return Ask(
            model=body["model"],
            turns=tuple((message["role"], text_of(message.get("content"))) for message in body["messages"]),
            seed=(body.get("options") or {}).get("seed"),
            stream=bool(body.get("stream", True)),
            schema=form if isinstance(form, dict) else None,
        )

    def whole(self, ask: Ask, answer: Answer) -> dict[str, Any]:
        message = {"role": "assistant", "content": answer.text}
        if answer.thinking:
            message["thinking"] = answer.thinking
        return {"model": ask.model, "created_at": WHEN, "message": message, **_end(answer)}

    def events(self, ask: Ask, answer: Answer) -> list[bytes]:
        messages = (
            [{"role": "assistant", "content": "", "thinking": answer.thinking}] if answer.thinking else []
        )
        messages += [{"role": "assistant", "content": piece} for piece in answer.pieces()]
        frame = {"model": ask.model, "created_at": WHEN}
        last = {**frame, "message": {"role": "assistant", "content": ""}, **_end(answer)}
        lines = [*({**frame, "message": message, "done": False} for message in messages), last]
        return [json.dumps(line).encode() + b"\n" for line in lines]

    def error(self, refusal: Refusal) -> dict[str, Any]:
        return {"error": refusal.message}

    def stream_error(self, refusal: Refusal) -> bytes:
        return json.dumps(self.error(refusal)).encode() + b"\n"

    def filtered(self, ask: Ask) -> tuple[int, dict[str, Any]]:
        return 400, self.error(Refusal(400, "the content filter blocked this prompt"))


def _end(answer: Answer) -> dict[str, Any]:
    return {
        "done": True,
        "done_reason": "length" if answer.finish == "length" else "stop",
        "total_duration": 1,
        "load_duration": 0,
        "prompt_eval_count": answer.tokens_in,
        "prompt_eval_duration": 0,
        "eval_count": answer.tokens_out,
        "eval_duration": 1,
    }
