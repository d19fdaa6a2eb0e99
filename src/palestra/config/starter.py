"""The config that `palestra init` writes, and the few prompts beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

MOST_LISTED = 8
"""So many local models compete at once; the others are listed as comments."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model that a local Ollama serves."""

    name: str
    size_b: float | None = None
    """Billions of parameters, where Ollama says."""
    base_url: str | None = None
    """Ollama's address, if it is not the usual one."""


STARTER_PROMPTS = "".join(
    json.dumps({"query": query, "response": response}) + "\n"
    for query, response in (
        ("What is the capital of Australia?", "The capital of Australia is Canberra."),
        (
            "A train leaves at 14:35 and arrives at 16:10. How long is the journey?",
            "The journey takes 1 hour and 35 minutes.",
        ),
        (
            "Explain in two sentences why the sky is blue.",
            "Air scatters short wavelengths of sunlight more than long ones. "
            "Blue light therefore reaches our eyes from all over the sky.",
        ),
        (
            "Write a Python function that says whether a word is a palindrome.",
            "def is_palindrome(word):\n    word = word.lower()\n    return word == word[::-1]",
        ),
        (
            "Rewrite politely: I need this by tomorrow.",
            "Could you please send me this by tomorrow? Thank you.",
        ),
    )
)
"""Prompts with reference answers, one JSON object a line."""


def starter_config(local: Sequence[LocalModel], prompts: str) -> str:
    """A commented config that is valid as it stands.

    `local` are the models found; `prompts` is the path of a prompt file, as the config names it.
    """
    listed = "".join(_entry(model) for model in local[:MOST_LISTED])
    more = "".join(f"  # {_entry(model)[2:]}" for model in local[MOST_LISTED:])
    found = f"{listed}{more}" if local else _NOTHING_FOUND
    return _TEXT.replace("@MODELS@", found).replace("@PROMPTS@", json.dumps(prompts))


def _entry(model: LocalModel) -> str:
    parts = ["endpoint_type: ollama", f"model: {json.dumps(model.name)}"]
    if model.base_url is not None:
        parts.append(f"base_url: {json.dumps(model.base_url)}")
    if model.size_b is not None:
        parts.append(f"size_b: {model.size_b:g}")
    return f"  - {{{', '.join(parts)}}}\n"


_NOTHING_FOUND = "  # No local Ollama was found. Take the # from two or more of the lines below.\n"

_TEXT = """\
# A config for Palestra. `palestra check` says whether it is right, `palestra run` runs it.
# Every key is explained in docs/config.md.

arena:
  name: my-arena            # results go to runs/my-arena/

# Who competes: two models or more. A key comes from the provider's usual variable (OPENAI_API_KEY,
# ANTHROPIC_API_KEY, GEMINI_API_KEY, OPENROUTER_API_KEY, HF_TOKEN, …), from the environment or a .env
# file in the working folder; `api_key_env` names another variable. Keys never belong in this file.
models:
@MODELS@  # - {endpoint_type: ollama, model: llama3.2}
  # - {label: GPT, endpoint_type: openai, model: gpt-4o, temperature: 0.7}
  # - {label: Claude, endpoint_type: anthropic, model: claude-sonnet-4-6}
  # - {label: Gemini, endpoint_type: gemini, model: gemini-2.5-flash}
  # - {label: Mine, endpoint_type: vllm, model: my-model, base_url: "http://localhost:8000/v1"}
  # - {label: Recorded, endpoint_type: recorded, path: answers.jsonl}

# Who decides. A metric compares with the prompts' reference answers and costs nothing; a language
# model reads both answers. With several judges, `panel: majority` makes one decision of theirs.
judges:
  - {metric: rougeL}
  # - {label: Judge, endpoint_type: anthropic, model: claude-sonnet-4-6, protocol: pairwise}

# What they are asked: files (JSONL, JSON, CSV, Parquet) or Hugging Face datasets.
prompts:
  - path: @PROMPTS@
  # - {name: skunkworksAI/reasoning-0.01, split: train, field: instruction, limit: 10}

schedule:
  kind: round-robin         # or baseline (with `baseline: LABEL`), or sampled (with `per_pair: N`)
  swap: both-combine        # judge both orders; or both-keep, or once

ranking:
  method: bradley-terry     # or elo, or win-rate
  ci: sandwich              # or bootstrap, or none

seed: 0
concurrency: 8              # most calls at once
"""
