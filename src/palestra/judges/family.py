"""Which house a model comes from, so that a judge need not judge its own kin. Pure functions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FAMILIES: Mapping[str, str] = {
    "openai": r"gpt(?!-?(?:neo|j|2\b))|chatgpt|o[134](?:-(?:mini|preview|pro))?(?=-\d|$)|openai|davinci",
    "anthropic": r"claude|anthropic",
    "google": r"gemini|gemma|palm-?2|bison|google",
    "meta": r"(?:code)?llama|meta(?![a-z])",
    "qwen": r"qwen|qwq|alibaba",
    "mistral": r"(?:open-)?mi[sx]tral|codestral|ministral|magistral|devstral|pixtral|mistralai",
    "deepseek": r"deepseek",
    "xai": r"grok|xai(?![a-z])",
    "cohere": r"command(?:-(?:r|a|light|nightly))?(?=-|$|\d)|aya(?![a-z])|cohere(?:labs|forai)?",
    "microsoft": r"phi(?=-?\d)|wizardlm|microsoft",
    "nvidia": r"nemotron|nvidia",
    "zhipu": r"(?:chat)?glm|zhipu|zai(?![a-z])|thudm",
    "moonshot": r"kimi|moonshot(?:ai)?",
    "01-ai": r"yi(?=-\d|-large|-lightning)|01-ai",
    "allenai": r"olmo|tulu|allenai",
    "ibm": r"granite|ibm(?![a-z])",
    "tii": r"falcon|tii(?:uae)?(?![a-z])",
    "databricks": r"dbrx|dolly|databricks",
    "ai21": r"jamba|jurassic|ai21",
    "amazon": r"nova(?=-(?:micro|lite|pro|premier))|amazon",
    "minimax": r"minimax|abab(?![a-z])",
    "huggingface": r"smollm|zephyr|huggingface(?:tb|h4)?",
    "lmsys": r"vicuna|lmsys",
}
"""A family and how its models' and its makers' names begin."""

_PATTERNS = {
    name: re.compile(rf"(?:^|[/:_.\s-])(?:{pattern})", re.IGNORECASE) for name, pattern in _FAMILIES.items()
}


def families(name: str, organisation: str | None = None) -> frozenset[str]:
    """The families that a model's name shows, as `openai` of `gpt-4o`; empty if it shows none.

    A model distilled from one house into the weights of another belongs to both
    (`DeepSeek-R1-Distill-Qwen-7B`). An organisation that is given is one too: its family if it is known,
    else its name in lower case.
    """
    found = {family for family, pattern in _PATTERNS.items() if pattern.search(name)}
    if organisation:
        known = {family for family, pattern in _PATTERNS.items() if pattern.search(organisation)}
        found |= known or {organisation.strip().lower()}
    return frozenset(found)
