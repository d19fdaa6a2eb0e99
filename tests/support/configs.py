"""A config that shows every section, and configs drawn at random."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from palestra.config.schema import Config

GOOD = """\
arena: {name: my-arena}
models:
  - {label: GPT-4o, endpoint_type: openai, model: gpt-4o, temperature: 0.7, price: {input: 2.5, output: 10}}
  - {label: Llama,  endpoint_type: ollama, model: llama3.2, base_url: http://localhost:11434, size_b: 3}
judges:
  - {label: Judge, endpoint_type: anthropic, model: claude-sonnet-4-6, template: null, repeats: 1}
panel: majority
prompts:
  - {path: arena.jsonl}
  - {name: skunkworksAI/reasoning-0.01, split: train, field: instruction, limit: 10}
schedule: {kind: round-robin, swap: both-combine}
ranking: {method: bradley-terry, ci: sandwich, rounds: 1000, anchor: null}
serve: {host: 127.0.0.1, port: 8000, example_prompts: []}
seed: 0
concurrency: 32
"""
"""The guide's config."""

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
_WORD = st.one_of(
    st.sampled_from(
        ["no", "1e3", "2024-01-01", "null", "~", "12:30", "0x1f", "- a", "a: b", "#", "'", "<<", "="]
    ),
    _TEXT.filter(bool),
)
_NUMBER = st.floats(allow_nan=False, allow_infinity=False)
_POSITIVE = st.floats(min_value=1e-6, max_value=1e12)
_COUNT = st.integers(1, 10**6)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_PATH = st.sampled_from(["/a/b.jsonl", "/tmp/x y.csv", "/no", "/d/ü.parquet"])
_ADDRESS = st.sampled_from(["http://localhost:8000/v1", "https://h/x?y=z", "http://[::1]:80"])


def _sampling() -> dict[str, st.SearchStrategy[Any]]:
    return {
        "base_url": _ADDRESS,
        "url": _ADDRESS,
        "api_key_env": _WORD,
        "system_prompt": _TEXT,
        "temperature": st.floats(0, 10),
        "top_p": st.floats(0.01, 1),
        "max_tokens": _COUNT,
        "seed": st.integers(-(2**62), 2**62),
        "stop": st.lists(_TEXT, max_size=3),
        "reasoning_effort": st.sampled_from(["none", "low", "max"]),
        "extra_body": st.dictionaries(_TEXT, _JSON, max_size=3),
        "price": st.fixed_dictionaries({"input": st.floats(0, 100), "output": st.floats(0, 100)}),
        "concurrency": _COUNT,
        "requests_per_minute": _POSITIVE,
        "timeout": _POSITIVE,
        "retries": st.integers(0, 9),
    }


def _endpoints(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    asked = st.fixed_dictionaries(
        {"endpoint_type": st.sampled_from(["openai", "ollama", "vllm", "bedrock"]), "model": _WORD},
        optional={**_sampling(), **more},
    )
    recorded = st.fixed_dictionaries(
        {"endpoint_type": st.just("recorded"), "path": _PATH}, optional={"model": _WORD, **more}
    )
    return asked | recorded


def _judges() -> st.SearchStrategy[dict[str, Any]]:
    metric = st.fixed_dictionaries({"metric": st.sampled_from(["exact", "rougeL", "bleu"])})
    return metric | _endpoints(
        protocol=st.sampled_from(["pairwise", "scores", "json", "arena-hard", "mt-bench", "mt-bench-single"]),
        turn=st.integers(1, 9),
        panel_weight=st.floats(1e-6, 1e6),
        judge_own_family=st.booleans(),
        template=_PATH,
        repeats=_COUNT,
        score_temperature=_POSITIVE,
        soft=st.booleans(),
        strong_weight=_POSITIVE,
    )


def _sources() -> st.SearchStrategy[dict[str, Any]]:
    more: dict[str, st.SearchStrategy[Any]] = {
        "split": _WORD, "field": _WORD, "limit": _COUNT, "sample": _COUNT, "dataset": _WORD, "subset": _TEXT,
    }  # fmt: skip
    return st.fixed_dictionaries({"path": _PATH}, optional=more) | st.fixed_dictionaries(
        {"name": _WORD}, optional={**more, "config": _WORD, "revision": _WORD}
    )


@st.composite
def config_data(draw: st.DrawFn) -> dict[str, Any]:
    """Plain data of a valid config."""
    labels = draw(st.lists(_WORD, min_size=1, max_size=4, unique=True))
    models = [draw(_endpoints(size_b=_POSITIVE, licence=_TEXT)) | {"label": label} for label in labels]
    judges = [draw(_judges()) | {"label": f"judge {i}"} for i in range(draw(st.integers(0, 2)))]
    data = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "panel": st.sampled_from(["majority", "mean"]),
                "prompts": st.lists(_sources(), max_size=2),
                "ranking": st.fixed_dictionaries(
                    {},
                    optional={
                        "method": st.sampled_from(["elo", "win-rate"]),
                        "ci": st.sampled_from(["bootstrap", "none"]),
                        "rounds": _COUNT,
                        "k": _POSITIVE,
                        "anchor": st.dictionaries(st.sampled_from(labels), _NUMBER, min_size=1, max_size=1),
                    },
                ),
                "schedule": st.sampled_from(
                    [
                        {"kind": "baseline", "baseline": labels[0]},
                        {"kind": "sampled", "per_pair": 3, "swap": "once"},
                        {"repeats": 2, "swap": "both-keep"},
                    ]
                ),
                "serve": st.fixed_dictionaries({"example_prompts": st.lists(_TEXT, max_size=2)}),
                "seed": st.integers(0, 2**62),
                "concurrency": _COUNT,
            },
        )
    )
    return {"models": models, "judges": judges, **data}


def configs() -> st.SearchStrategy[Config]:
    """Valid configs without inline keys, their paths absolute."""
    return config_data().map(Config.model_validate)
