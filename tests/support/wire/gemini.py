"""Google's generateContent, under any version prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.wire.base import Answer, Ask, Refusal, sse, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "filtered": "SAFETY", "refusal": "PROHIBITED_CONTENT"}
STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


class Gemini:
    name = "gemini"
    stream_kind = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path.endswith((":generateContent", ":streamGenerateContent"))

    def ask(self, path: str, body: Mapping[str, Any]) -> Ask:
        model, _, call = path.rpartition("/models/")[2].rpartition(":")
        config = body.get("generationConfig") or {}
        instruction = body.get("systemInstruction")
        system = [("system", text_of(instruction["parts"]))] if instruction else []
        roles = {"model": "assistant"}
        turns = [
            (roles.get(content.get("role", "user"), "user"), text_of(content["parts"]))
            for content in body["contents"]
        ]
        return Ask(
            model=model,
            turns=(*system, *turns),
            seed=config.get("seed"),
            stream=call.startswith("stream"),
            schema=config.get("responseJsonSchema") or config.get("responseSchema"),
        )

    def whole(self, ask: Ask, answer: Answer) -> dict[str, Any]:
        said = [{"text": answer.text}] if answer.text else []
        parts = _thoughts(answer) + said
        return _reply(ask, answer, parts, FINISH[answer.finish])

    def events(self, ask: Ask, answer: Answer) -> list[bytes]:
        parts = _thoughts(answer) + [{"text": piece} for piece in answer.pieces()]
        if not parts:
            return [sse(_reply(ask, answer, [], FINISH[answer.finish]))]
        ends = [None] * (len(parts) - 1) + [FINISH[answer.finish]]
        return [sse(_reply(ask, answer, [part], end)) for part, end in zip(parts, ends, strict=True)]

    def error(self, refusal: Refusal) -> dict[str, Any]:
        status = STATUS.get(refusal.status, "UNKNOWN")
        return {"error": {"code": refusal.status, "message": refusal.message, "status": status}}

    def stream_error(self, refusal: Refusal) -> bytes:
        return sse(self.error(refusal))

    def filtered(self, ask: Ask) -> tuple[int, dict[str, Any]]:
        usage = {"promptTokenCount": 1, "totalTokenCount": 1}
        return 200, {
            "promptFeedback": {"blockReason": "SAFETY"},
            "usageMetadata": usage,
            "modelVersion": ask.model,
        }


def _thoughts(answer: Answer) -> list[dict[str, Any]]:
    return [{"text": answer.thinking, "thought": True}] if answer.thinking else []


def _reply(ask: Ask, answer: Answer, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    if finish:
        candidate["finishReason"] = finish
    thought = len(answer.thinking.split())
    usage = {
        "promptTokenCount": answer.tokens_in,
        "candidatesTokenCount": answer.tokens_out - thought,
        "thoughtsTokenCount": thought,
        "totalTokenCount": answer.tokens_in + answer.tokens_out,
    }
    return {"candidates": [candidate], "modelVersion": ask.model, "usageMetadata": usage}
