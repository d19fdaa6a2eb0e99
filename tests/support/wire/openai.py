"""OpenAI's chat completions, at any path that ends so; vLLM, OpenRouter and others speak it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.wire.base import Answer, Ask, Refusal, sse, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FINISH = {"stop": "stop", "length": "length", "filtered": "content_filter", "refusal": "stop"}
TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error"}


class OpenAI:
    name = "openai"
    stream_kind = "text/event-stream"

    def takes(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def ask(self, path: str, body: Mapping[str, Any]) -> Ask:
        schema = (body.get("response_format") or {}).get("json_schema") or {}
        return Ask(
            model=body["model"],
            turns=tuple((message["role"], text_of(message.get("content"))) for message in body["messages"]),
            seed=body.get("seed"),
            stream=bool(body.get("stream")),
            schema=schema.get("schema"),
        )

    def whole(self, ask: Ask, answer: Answer) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
        if answer.thinking:
            message["reasoning_content"] = answer.thinking
        if answer.finish == "refusal":
            message |= {"content": None, "refusal": answer.text}
        return {
            **_frame(ask, "chat.completion"),
            "choices": [
                {"index": 0, "message": message, "finish_reason": FINISH[answer.finish], "logprobs": None}
            ],
            "usage": _usage(answer),
        }

    def events(self, ask: Ask, answer: Answer) -> list[bytes]:
        said = "refusal" if answer.finish == "refusal" else "content"
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        if answer.thinking:
            deltas.append({"reasoning_content": answer.thinking})
        deltas += [{said: piece} for piece in answer.pieces()]
        chunks = [
            *({"index": 0, "delta": delta, "finish_reason": None} for delta in deltas),
            {"index": 0, "delta": {}, "finish_reason": FINISH[answer.finish]},
        ]
        frame = _frame(ask, "chat.completion.chunk")
        return [
            *(sse({**frame, "choices": [chunk]}) for chunk in chunks),
            sse({**frame, "choices": [], "usage": _usage(answer)}),
            b"data: [DONE]\n\n",
        ]

    def error(self, refusal: Refusal) -> dict[str, Any]:
        kind = TYPES.get(refusal.status, "server_error")
        return {
            "error": {
                "message": refusal.message,
                "type": kind,
                "param": None,
                "code": refusal.code or None,
            }
        }

    def stream_error(self, refusal: Refusal) -> bytes:
        return sse(self.error(refusal))

    def filtered(self, ask: Ask) -> tuple[int, dict[str, Any]]:
        detail = {"violence": {"filtered": True, "severity": "high"}}
        return 400, {
            "error": {
                "message": "The prompt triggered the content management policy.",
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": detail},
            }
        }


def _frame(ask: Ask, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-test", "object": kind, "created": 1_700_000_000, "model": ask.model}


def _usage(answer: Answer) -> dict[str, int]:
    return {
        "prompt_tokens": answer.tokens_in,
        "completion_tokens": answer.tokens_out,
        "total_tokens": answer.tokens_in + answer.tokens_out,
    }
