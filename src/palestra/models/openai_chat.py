"""OpenAI's chat completions, from servers that do not always keep to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_ai.models.openai import OpenAIChatModel

from palestra.models.failures import told_fault

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion
    from pydantic_ai.models.openai._chat_completions import LenientChatCompletion


class ForgivingChatModel(OpenAIChatModel):
    """Reads the error that gateways put where an answer should be, under a status of 200."""

    def _validate_completion(self, response: ChatCompletion) -> LenientChatCompletion:
        if error := (response.model_extra or {}).get("error"):
            raise told_fault(error)
        return super()._validate_completion(response)
